// SPDX-License-Identifier: Apache-2.0
/* TopK and TopKV2: the k largest of each row and where they are, largest first. Not sorted, they
 * come in the order in which TensorFlow's heap of candidates happens to hold them, which graphs
 * have come to expect. */
#include "engine/kernels/nn/top_k.h"

/* A heap of n indexes, the worst on top, kept as the C++ library does: a hole sinks to the bottom
 * along the worse children, then the index that is to be placed rises from there. */
#define UNSORTED(ID, T, W, GET, PUT)                                                              \
        static void rise_##ID(const T *x, int32_t *heap, int64_t top, int64_t hole, int32_t put)  \
        {                                                                                         \
                for (int64_t up; hole > top; hole = up) {                                         \
                        up = (hole - 1) / 2;                                                      \
                        if (!before_##ID(x, heap[up], put, false))                                \
                                break;                                                            \
                        heap[hole] = heap[up];                                                    \
                }                                                                                 \
                heap[hole] = put;                                                                 \
        }                                                                                         \
        static void place_##ID(const T *x, int32_t *heap, int64_t n, int64_t top, int32_t put)    \
        {                                                                                         \
                int64_t hole = top;                                                               \
                for (int64_t c; (c = 2 * hole + 1) < n; hole = c) {                               \
                        if (c + 1 < n && !before_##ID(x, heap[c + 1], heap[c], false))            \
                                c++;                                                              \
                        heap[hole] = heap[c];                                                     \
                }                                                                                 \
                rise_##ID(x, heap, top, hole, put);                                               \
        }                                                                                         \
        /* The k best of n, 0 < k < n; heap has room for k + 1. */                                \
        static void unsorted_##ID(const T *x, int64_t n, int64_t k, int32_t *heap)                \
        {                                                                                         \
                for (int64_t i = 0; i <= k; i++)                                                  \
                        heap[i] = (int32_t)i;                                                     \
                for (int64_t i = (k - 1) / 2; i >= 0; i--)                                        \
                        place_##ID(x, heap, k + 1, i, heap[i]);                                   \
                place_##ID(x, heap, k, 0, heap[k]);                                               \
                for (int64_t i = k + 1; (i = better_##ID(x, i, n, x[heap[0]], false)) < n; i++) { \
                        rise_##ID(x, heap, 0, k, (int32_t)i);                                     \
                        place_##ID(x, heap, k, 0, heap[k]);                                       \
                }                                                                                 \
        }
/* heap is given when the order does not matter, and then holds TensorFlow's. */
#define LOOP(ID, T, W, GET, PUT)                                                                   \
        static void rows_##ID(OpCtx *c, const T *x, T *y, int32_t *where, int64_t rows, int64_t n, \
                              int64_t k, int32_t *heap)                                            \
        {                                                                                          \
                for (int64_t r = 0; r < rows && !ctx_cut(c); r++, x += n, y += k, where += k) {    \
                        if (heap)                                                                  \
                                unsorted_##ID(x, n, k, heap);                                      \
                        else                                                                       \
                                top_k_##ID(c, x, n, k, where, false);                              \
                        for (int64_t i = 0; i < k; i++) {                                          \
                                where[i] = heap ? heap[i] : where[i];                              \
                                y[i] = x[where[i]];                                                \
                        }                                                                          \
                }                                                                                  \
        }
REAL_TYPES(TOP_K_LOOP)
REAL_TYPES(UNSORTED)
REAL_TYPES(LOOP)
#undef UNSORTED
#undef LOOP

/* k: -1 while unknown. */
static Status *top_k_shape_for(ShapeCtx *c, int64_t k)
{
        const Shape *x = shape_in(c, 0);
        if (x->rank == 0)
                return invalid_argument("input must be >= 1-D, got shape []");
        if (x->rank < 0)
                return NULL;
        int64_t n = x->dim[x->rank - 1];
        if (n >= 0 && k > n)
                return invalid_argument("input must have at least k columns. Had %lld, needed %lld",
                                        (long long)n, (long long)k);
        if (n > INT32_MAX)
                return invalid_argument("input has too many columns for int32 indices: %lld",
                                        (long long)n);
        c->out[0] = c->out[1] = *x;
        c->out[0].dim[x->rank - 1] = c->out[1].dim[x->rank - 1] = k;
        return NULL;
}

static Status *top_k_shape(ShapeCtx *c)
{
        int64_t k = node_int(c->node, "k", -1);
        if (k < 0)
                return invalid_argument("Need k >= 0, got %lld", (long long)k);
        return top_k_shape_for(c, k);
}

static Status *top_k_v2_shape(ShapeCtx *c)
{
        int64_t k = -1;
        if (shape_in(c, 1)->rank > 0)
                return invalid_argument("k must be scalar, got shape %s",
                                        shape_text(shape_in(c, 1)).s);
        if (shape_int_value(c, 1, &k) && k < 0)
                return invalid_argument("Need k >= 0, got %lld", (long long)k);
        return top_k_shape_for(c, k);
}

static Status *top_k(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0), *where = ctx_output(c, 1);
        int last = tensor_rank(x) - 1;
        int64_t n = tensor_dim(x, last), k = tensor_dim(y, last);
        int32_t *heap = NULL; /* for another order than largest first; all of n are always sorted */
        if (!tensor_count(y))
                return NULL;
        if (k < n && !node_bool(ctx_node(c), "sorted", true)) {
                heap = ctx_scratch(c, (size_t)(k + 1) * sizeof(*heap));
                if (!heap)
                        return status_oom();
        }
        DISPATCH(REAL_TYPES, tensor_dtype(x), rows, c, tensor_data(x), tensor_fill(y),
                 tensor_fill(where), tensor_count(x) / n, n, k, heap);
        return NULL;
}

OP(TopK, .inputs = "input:T", .outputs = "values:T; indices:int32",
   .attrs = "k:int >=0; sorted:bool = true; T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .flags = "deprecated@7", .shape = top_k_shape, .compute = top_k);
OP(TopKV2, .inputs = "input:T; k:int32", .outputs = "values:T; indices:int32",
   .attrs = "sorted:bool = true; T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = top_k_v2_shape, .compute = top_k);
