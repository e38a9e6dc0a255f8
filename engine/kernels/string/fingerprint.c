// SPDX-License-Identifier: Apache-2.0
/* Fingerprint: eight bytes of FarmHash per row. A row of several strings is hashed by its strings'
 * fingerprints. */
#include "engine/kernels/string/hash.h"
#include "engine/ops/op.h"

enum { BYTES = 8 };

/* farmhash64 is the only method there is. */
static Status *fingerprint_shape(ShapeCtx *c)
{
        const Shape *s = shape_in(c, 0);
        const Tensor *method = shape_value(c, 1);
        if (s->rank == 0)
                return invalid_argument("`data` should have at least one dimension.");
        TRY(shape_want_rank_as(c, 1, 0, "`method` should be a scalar string: %s"));
        if (method) {
                const TString *m = tensor_strings(method);
                if (m->len != 10 || memcmp(m->data, "farmhash64", 10) != 0)
                        return invalid_argument("Unsupported data fingerprint method: %.*s",
                                                (int)MIN(m->len, (size_t)64),
                                                m->data ? m->data : "");
        }
        c->out[0] = SHAPE(s->rank < 0 ? -1 : s->dim[0], BYTES);
        return NULL;
}

static void put(uint8_t *to, const void *bytes, size_t n)
{
        uint64_t h = hash_farm64(bytes, n);
        memcpy(to, &h, BYTES);
}

/* A vector's strings are rows of one: these need no second hash. */
static Status *fingerprint_strings(OpCtx *c, const Tensor *x, uint8_t *y)
{
        const TString *s = tensor_strings(x);
        int64_t rows = tensor_dim(x, 0), row = rows ? tensor_count(x) / rows : 0;
        bool vector = tensor_rank(x) == 1;
        uint8_t *each = vector ? y : ctx_scratch(c, (size_t)(tensor_count(x) + 1) * BYTES);
        if (!each)
                return status_oom();
        for (int64_t i = 0; i < tensor_count(x); i++)
                put(each + i * BYTES, s[i].data ? s[i].data : "", s[i].len);
        for (int64_t i = 0; i < rows && !vector; i++)
                put(y + i * BYTES, each + i * row * BYTES, (size_t)row * BYTES);
        return NULL;
}

/* A row is hashed as the bytes that it has in memory, as TensorFlow does. */
static Status *fingerprint(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        uint8_t *y = tensor_fill(ctx_output(c, 0));
        int64_t rows = tensor_dim(x, 0);
        size_t row = rows ? tensor_bytes(x) / (size_t)rows : 0;
        if (tensor_dtype(x) == DT_STRING)
                return fingerprint_strings(c, x, y);
        if (!dtype_is_plain(tensor_dtype(x)))
                return invalid_argument("Unsupported data type: %s", dtype_name(tensor_dtype(x)));
        for (int64_t i = 0; i < rows; i++)
                put(y + i * BYTES, (const char *)tensor_data(x) + (size_t)i * row, row);
        return NULL;
}

OP(Fingerprint, .inputs = "data:T; method:string", .outputs = "fingerprint:uint8",
   .attrs = "T:type", .kernels = "T:type in [" PLAIN_TYPES "]", .shape = fingerprint_shape,
   .compute = fingerprint);
