// SPDX-License-Identifier: Apache-2.0
/* Tensors in JSON, straight into and out of tensor buffers (docs: "Tensors in JSON" of
 * openapi.yaml).
 *
 * Nothing here builds a tree: json_tensor_parse() makes one pass over the text of a value and
 * writes the elements where they belong; json_tensor_write() appends text to a buffer. Both are
 * exact: what is written reads back bit by bit. */
#pragma once
#include "api/json_scan.h"
#include "engine/base/buf.h"
#include "engine/tensor/tensor.h"

/* Threads for long texts: run() calls fn(arg, from, to) over [0, n), in pieces of at least grain,
 * on this thread and on those that help; returns when all is done. run NULL: nobody helps. */
typedef struct JsonHelp {
        void (*run)(void *with, int64_t n, int64_t grain, void (*fn)(void *, int64_t, int64_t),
                    void *arg);
        void *with;
} JsonHelp;

/* What a client may make us allocate, and who helps to read it. */
typedef struct TensorLimits {
        size_t max_bytes; /* of one tensor, strings' bytes included */
        JsonHelp help;    /* changes neither results nor errors */
} TensorLimits;

/* The raw bytes behind the JSON of a binary body. Values with binary_data_size take theirs in the
 * order in which they are parsed, so parse feeds in the order of the text. */
typedef struct BinaryInputs {
        const char *at;
        size_t len, used;
        Tensor *whole; /* the bytes are those of this tensor, of which others may be views; or NULL
                        */
} BinaryInputs;

/* INVALID_ARGUMENT when bytes are left that no tensor took. */
Status *binary_inputs_done(const BinaryInputs *b) MUST_USE;

/* Reads a tensor in any of its forms: bare value, {"dtype","shape","data"}, {"b64"},
 * {"binary_data_size"}, {"npy_b64"}.
 *
 * expected: dtype of what it feeds, never a ref; DT_INVALID when unknown. It is the dtype of values
 * that name none; without it the text decides: bool, string, int32 (int64 when one does not fit),
 * else float32. A value that does name a dtype keeps it: whether that one may be fed is for the
 * caller to say. hint: shape of what it feeds, may be NULL or partial. Only a complete one is used:
 * it stands in for a missing "shape" of b64 and binary values. bin: NULL when the body has no raw
 * tail.
 *
 * INVALID_ARGUMENT (status_pointer() is the path inside the value: "/1/2", "/data/0", "" - the
 * caller puts its own in front): not JSON, ragged nesting, an element of the wrong kind, a number
 * that does not fit the dtype, sizes that disagree. RESOURCE_EXHAUSTED beyond the limits.
 * UNIMPLEMENTED for rank above SHAPE_MAX_RANK. */
Status *json_tensor_parse(JsonSpan value, DType expected, const Shape *hint, BinaryInputs *bin,
                          const TensorLimits *limits, Tensor **ret) MUST_USE;

typedef enum JsonTensorStyle {
        JSON_PLAIN,  /* the nested value alone */
        JSON_TYPED,  /* {"dtype","shape","data"} */
        JSON_B64,    /* {"dtype","shape","b64"}; strings and resources as JSON_TYPED */
        JSON_BINARY, /* {"dtype","shape","binary_data_size"}, bytes into the other buffer; resources
                        as JSON_TYPED */
} JsonTensorStyle;

/* Appends the tensor's JSON to json, and its bytes to binary when the style says so (else binary
 * may be NULL). Floats are the shortest text that reads back to the same value in their own dtype.
 * Errors stay in the buffers: buf_status(). */
void json_tensor_write(const Tensor *t, JsonTensorStyle style, bool int64_as_string, Buf *json,
                       Buf *binary);
/* The same with others' help (NULL: none), which changes nothing in the text. */
void json_tensor_write_with(const Tensor *t, JsonTensorStyle style, bool int64_as_string,
                            const JsonHelp *help, Buf *json, Buf *binary);
