// SPDX-License-Identifier: Apache-2.0
/* LowerBound, UpperBound: where each value would be put into its row of sorted inputs. */
#include "engine/ops/op.h"

static Status *bounds_shape(ShapeCtx *c)
{
        const Shape *sorted = shape_in(c, 0), *values = shape_in(c, 1);
        if (sorted->rank >= 0 && sorted->rank != 2)
                return invalid_argument("sorted input argument must be a matrix");
        TRY(shape_want_rank(c, 1, 2));
        if (sorted->rank == 2 && values->rank == 2 && sorted->dim[0] >= 0 && values->dim[0] >= 0 &&
            sorted->dim[0] != values->dim[0])
                return invalid_argument("Leading dim_size of both tensors must match.");
        c->out[0] = *values;
        return NULL;
}

/* The first place in s[0..n) whose element is not less than v; with `upper`, greater than v. */
#define SEARCH(ID, T, W, GET, PUT)                                                             \
        static int64_t search_##ID(const T *s, int64_t n, const T *v, bool upper)              \
        {                                                                                      \
                int64_t low = 0, high = n;                                                     \
                while (low < high) {                                                           \
                        int64_t mid = low + (high - low) / 2;                                  \
                        W a = GET(s[mid]), b = GET(*v);                                        \
                        if (upper ? !(b < a) : a < b)                                          \
                                low = mid + 1;                                                 \
                        else                                                                   \
                                high = mid;                                                    \
                }                                                                              \
                return low;                                                                    \
        }                                                                                      \
        static void search_all_##ID(const T *sorted, int64_t n, const T *values, int64_t rows, \
                                    int64_t m, bool upper, Tensor *y)                          \
        {                                                                                      \
                for (int64_t i = 0; i < rows * m; i++) {                                       \
                        int64_t at = search_##ID(sorted + i / m * n, n, &values[i], upper);    \
                        if (tensor_dtype(y) == DT_INT32)                                       \
                                ((int32_t *)tensor_fill(y))[i] = (int32_t)at;                  \
                        else                                                                   \
                                ((int64_t *)tensor_fill(y))[i] = at;                           \
                }                                                                              \
        }
REAL_TYPES(SEARCH)
#undef SEARCH

/* Each row is searched in its own row of sorted inputs. They are not checked for order: binary
 * search ends in any case. */
static Status *bounds(OpCtx *c)
{
        const Tensor *sorted = ctx_input(c, 0), *values = ctx_input(c, 1);
        bool upper = strcmp(ctx_node(c)->def->op, "UpperBound") == 0;
        DISPATCH(REAL_TYPES, tensor_dtype(values), search_all, tensor_data(sorted),
                 tensor_dim(sorted, 1), tensor_data(values), tensor_dim(values, 0),
                 tensor_dim(values, 1), upper, ctx_output(c, 0));
        return NULL;
}

#define REALS \
        "T:type in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]"

OP(LowerBound, .inputs = "sorted_inputs:T; values:T", .outputs = "output:out_type",
   .attrs = "T:type; out_type:type in [int32,int64] = int32", .shape = bounds_shape,
   .compute = bounds, .kernels = REALS);
OP(UpperBound, .inputs = "sorted_inputs:T; values:T", .outputs = "output:out_type",
   .attrs = "T:type; out_type:type in [int32,int64] = int32", .shape = bounds_shape,
   .compute = bounds, .kernels = REALS);
