// SPDX-License-Identifier: Apache-2.0
/* Where: the indices of the elements that are not zero, one row each, in row-major order. */
#include "engine/ops/op.h"

#define WHERE_TYPES(X, ...) NUMBER_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)
/* find for vectors, unfold for more dims: a flat place becomes coordinates from the last dim on. */
#define LOOPS(ID, T, W, GET, PUT)                                                    \
        static int64_t count_##ID(const T *x, int64_t n)                             \
        {                                                                            \
                int64_t k = 0;                                                       \
                for (int64_t i = 0; i < n; i++)                                      \
                        k += GET(x[i]) != 0;                                         \
                return k;                                                            \
        }                                                                            \
        static void find_##ID(const T *x, int64_t n, int64_t *at)                    \
        {                                                                            \
                for (int64_t i = 0; i < n; i++)                                      \
                        if (GET(x[i]) != 0)                                          \
                                *at++ = i;                                           \
        }                                                                            \
        static void unfold_##ID(const T *x, int64_t n, const Shape *s, int64_t *row) \
        {                                                                            \
                for (int64_t i = 0; i < n; i++) {                                    \
                        if (GET(x[i]) == 0)                                          \
                                continue;                                            \
                        int64_t rest = i;                                            \
                        for (int d = s->rank - 1; d >= 0; d--) {                     \
                                row[d] = rest % s->dim[d];                           \
                                rest /= s->dim[d];                                   \
                        }                                                            \
                        row += s->rank;                                              \
                }                                                                    \
        }
WHERE_TYPES(LOOPS)
#undef LOOPS

/* Quantized types are compared as the integers they are stored as. */
static DType stored_as(DType t)
{
        switch ((int)t) {
        case DT_QINT8: return DT_INT8;
        case DT_QUINT8: return DT_UINT8;
        case DT_QINT32: return DT_INT32;
        default: return t;
        }
}

static int64_t count(DType t, const void *x, int64_t n)
{
#define CASE(ID, T, W, GET, PUT) \
        case DT_##ID: return count_##ID(x, n);
        switch ((int)t) {
                WHERE_TYPES(CASE)
        default: return 0;
        }
#undef CASE
}

static Status *where_shape(ShapeCtx *c)
{
        if (shape_in(c, 0)->rank == 0 || shape_in(c, 0)->rank > SHAPE_MAX_RANK)
                return invalid_argument("WhereOp : Unhandled input dimensions: %d",
                                        shape_in(c, 0)->rank);
        c->out[0] = SHAPE(-1, shape_in(c, 0)->rank < 0 ? -1 : shape_in(c, 0)->rank);
        return NULL;
}

/* Counted first, so that the output is made once. NaN is not zero and counts. */
static Status *where(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        DType t = stored_as(tensor_dtype(x));
        int64_t n = tensor_count(x), rank = tensor_rank(x);
        Shape s = SHAPE(count(t, tensor_data(x), n), rank);
        Tensor *y;
        TRY(ctx_alloc(c, 0, &s, &y));
        if (rank == 1)
                DISPATCH(WHERE_TYPES, t, find, tensor_data(x), n, tensor_fill(y));
        else if (rank > 1)
                DISPATCH(WHERE_TYPES, t, unfold, tensor_data(x), n, tensor_shape(x),
                         tensor_fill(y));
        return NULL;
}

OP(Where, .inputs = "input:T", .outputs = "index:int64",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64,bool] = bool",
   .shape = where_shape, .compute = where, .late_shape = true);
