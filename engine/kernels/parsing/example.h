// SPDX-License-Identifier: Apache-2.0
/* Examples in batches: what ParseExample and its kin want of each example, and what they make of
 * all. */
#pragma once
#include "engine/base/map.h"
#include "engine/kernels/parsing/feature.h"
#include "engine/ops/op.h"

/* One key. Dense ones have a shape, whose first dim may be -1 (as long as the longest example), and
 * a default: of that shape, empty (then examples must have the key), or one padding value. */
typedef struct Want {
        const char *key;
        size_t key_len;
        DType type; /* float, int64 or string */
        Shape shape;
        const Tensor *fallback;
} Want;

/* Which wants have a key: the last one, and from each the one before, or -1. */
typedef struct Keys {
        Map map;
        int *before;
} Keys;

/* Examples mostly have the same keys in the same order: each place remembers what was there in the
 * example before. Starts as zeros; one for each thread. */
enum { KEYS_SEEN = 128 };
typedef struct KeysSeen {
        struct KeyAt {
                Wire key;
                int want;
        } at[KEYS_SEEN];
} KeysSeen;

/* Room for n wants, which goes with the op. */
Status *keys_new(OpCtx *c, Keys *k, int n) MUST_USE;
void keys_done(Keys *k);
/* Want i, of increasing i. */
Status *keys_add(Keys *k, int i, const Want *w) MUST_USE;
/* The last want of that key, which is the example's entry number `place`; -1: nobody wants it. */
int keys_find(const Keys *k, KeysSeen *seen, size_t place, Wire key);

/* The op's outputs: indices, values and shapes of sparse keys; dense ones; values and splits of
 * ragged ones. */
typedef struct ExampleOp {
        const Tensor *serialized, *names; /* names may be NULL or empty */
        int n_sparse, n_dense, n_ragged;
        Want *want;     /* n_sparse, then n_dense, then n_ragged */
        int64_t batch;  /* examples; 1 for a scalar */
        bool batched;   /* outputs have a dim for the batch */
        bool single;    /* of ParseSingleExample: messages name keys only */
        bool context;   /* of sequences: messages say so */
        Keys keys;      /* of the wants */
        Feature *found; /* [batch][want]; DT_INVALID where the example has none */
} ExampleOp;

/* Makes the table of features and the keys, which example_done() frees in any case. */
Status *example_table(OpCtx *c, ExampleOp *e) MUST_USE;
void example_done(ExampleOp *e);
/* The bytes of example i. */
Wire example_bytes(const ExampleOp *e, int64_t i);
/* Forgets what was found of example i. */
void example_clear(const ExampleOp *e, int64_t i);
/* Notes where example i has the features that are wanted, of those in `all`. *ret_unknown becomes
 * true for one of an unknown kind. False for bytes that are no features. */
bool example_note(const ExampleOp *e, KeysSeen *seen, int64_t i, Wire all,
                  bool *ret_unknown) MUST_USE;
/* Reads what was noted of example i. INVALID_ARGUMENT for values of another type or none, and for
 * dense ones that are missing. */
Status *example_read(const ExampleOp *e, int64_t i) MUST_USE;
/* Makes all outputs from what was found. */
Status *example_put(OpCtx *c, const ExampleOp *e) MUST_USE;
/* How many of n things of so many bytes in all are worth a thread. */
int64_t example_grain(int64_t n, size_t bytes);
/* All of it, over memory that it frees; INVALID_ARGUMENT also for bytes that are no Example. */
Status *example_run(OpCtx *c, ExampleOp *e) MUST_USE;
/* The name of example i, for messages: "<unknown>" without names. Not NUL-terminated. */
const char *example_name(const ExampleOp *e, int64_t i, int *ret_len);
/* Sets a key that may be NULL when it is empty. */
void want_key(Want *w, const void *text, size_t len);
/* How much of a key a message shows. */
int want_key_shown(const Want *w);
/* "Name: n, Key: k, Index: i.  " with a reason. */
Status *example_error(const ExampleOp *e, int64_t example, const Want *w,
                      const char *reason) MUST_USE;
