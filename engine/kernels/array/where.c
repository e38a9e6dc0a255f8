// SPDX-License-Identifier: Apache-2.0
/* Where: the indices of the elements that are not zero, one row each, in row-major order. */
#include "engine/kernels/math/types.h"

enum { BLOCK = 256 };

/* find: the places of some elements that are not zero. Each place is written, and stays when the
 * element is not zero: branches that nobody can foretell would cost more. unfold goes along the
 * last dimension and writes the other coordinates before each place. */
#define LOOPS(ID, T, W, GET, PUT)                                                        \
        HOT static int64_t count_##ID(const T *x, int64_t n)                             \
        {                                                                                \
                int64_t k = 0;                                                           \
                for (int64_t i = 0; i < n; i++)                                          \
                        k += GET(x[i]) != 0;                                             \
                return k;                                                                \
        }                                                                                \
        static int64_t find_##ID(const T *x, int64_t n, int32_t *at)                     \
        {                                                                                \
                int64_t k = 0;                                                           \
                for (int64_t i = 0; i < n; i++) {                                        \
                        at[k] = (int32_t)i;                                              \
                        k += GET(x[i]) != 0;                                             \
                }                                                                        \
                return k;                                                                \
        }                                                                                \
        static void unfold_##ID(const T *x, int64_t count, const Shape *s, int64_t *row) \
        {                                                                                \
                int64_t at[SHAPE_MAX_RANK] = { 0 }, *end = row + count * s->rank;        \
                int last = s->rank - 1;                                                  \
                int32_t found[BLOCK];                                                    \
                while (row < end) {                                                      \
                        for (int64_t i = 0; i < s->dim[last]; i += BLOCK) {              \
                                int64_t n = MIN(s->dim[last] - i, (int64_t)BLOCK);       \
                                int64_t k = find_##ID(x + i, n, found);                  \
                                for (int64_t j = 0; j < k; j++, row += s->rank) {        \
                                        for (int d = 0; d < last; d++)                   \
                                                row[d] = at[d];                          \
                                        row[last] = i + found[j];                        \
                                }                                                        \
                        }                                                                \
                        x += s->dim[last];                                               \
                        for (int d = last - 1; d >= 0 && ++at[d] == s->dim[d]; d--)      \
                                at[d] = 0;                                               \
                }                                                                        \
        }
NUMBER_TYPES(LOOPS)
#undef LOOPS

/* Quantized types and bools are compared as the integers they are stored as. */
static DType stored_as(DType t)
{
        switch ((int)t) {
        case DT_QINT8: return DT_INT8;
        case DT_BOOL:
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
                NUMBER_TYPES(CASE)
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
        if (rank > 0)
                DISPATCH(NUMBER_TYPES, t, unfold, tensor_data(x), s.dim[0], tensor_shape(x),
                         tensor_fill(y));
        return NULL;
}

OP(Where, .inputs = "input:T", .outputs = "index:int64",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64,bool] = bool",
   .shape = where_shape, .compute = where, .late_shape = true);
