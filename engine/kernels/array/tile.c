// SPDX-License-Identifier: Apache-2.0
/* Tile: the tensor repeated multiples[i] times along dimension i. TileGrad sums the copies up
 * again.
 */
#include "engine/ops/box.h"
#include "engine/ops/late.h"
#include "engine/ops/op.h"

/* A multiple of 0 empties the tensor; negative ones are errors. */
static Status *tile_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        const Shape *m = shape_seen(c, 1);
        const Tensor *multiples = shape_value(c, 1);
        if (m->rank >= 0 && m->rank != 1)
                return invalid_argument("Expected multiples to be 1-D, but got shape %s",
                                        shape_text(m).s);
        if (s.rank < 0)
                return NULL;
        if (m->rank == 1 && m->dim[0] >= 0 && m->dim[0] != s.rank)
                return invalid_argument("Expected multiples argument to be a vector of length %d "
                                        "but got length %lld",
                                        s.rank, (long long)m->dim[0]);
        for (int i = 0; i < s.rank; i++) {
                int64_t n = multiples ? tensor_int(multiples, i) : -1;
                if (multiples && n < 0)
                        return invalid_argument("Expected multiples[%d] >= 0, but got %lld", i,
                                                (long long)n);
                if (s.dim[i] < 0 || n < 0)
                        s.dim[i] = -1;
                else if (__builtin_mul_overflow(s.dim[i], n, &s.dim[i]))
                        return invalid_argument("Tile: dimension %d is too large", i);
        }
        c->out[0] = s;
        return NULL;
}

static Status *tile(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *multiples = ctx_input(c, 1);
        const Shape *s = tensor_shape(ctx_output(c, 0));
        int64_t from[SHAPE_MAX_RANK], to[SHAPE_MAX_RANK];
        Box b;
        Tensor *y = ctx_output(c, 0);
        box_begin(&b, 0, 0);
        box_strides(tensor_shape(x), from);
        box_strides(s, to);
        for (int i = 0; i < s->rank; i++) { /* y[copy * dim + j] = x[j] */
                box_add(&b, tensor_int(multiples, i), to[i] * tensor_dim(x, i), 0);
                box_add(&b, tensor_dim(x, i), to[i], from[i]);
        }
        return box_copy(&b, y, x);
}

/* The way back: each dimension must be a whole number of copies. */
static Status *tile_grad_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        const Tensor *multiples = shape_value(c, 1);
        TRY(shape_want_rank_as(c, 1, 1, "Expected multiples to be 1-D, but got shape %s"));
        if (s.rank < 0)
                return NULL;
        if (shape_seen(c, 1)->rank == 1 && shape_seen(c, 1)->dim[0] >= 0 &&
            shape_seen(c, 1)->dim[0] != s.rank)
                return invalid_argument("Expected multiples argument to be a vector of length %d "
                                        "but got length %lld",
                                        s.rank, (long long)shape_seen(c, 1)->dim[0]);
        for (int i = 0; i < s.rank; i++) {
                int64_t n = multiples ? tensor_int(multiples, i) : -1;
                if (multiples && (n <= 0 || (s.dim[i] >= 0 && s.dim[i] % n)))
                        return invalid_argument("Expected input_dim %lld to be a multiple of "
                                                "multiples[%d] = %lld",
                                                (long long)s.dim[i], i, (long long)n);
                s.dim[i] = s.dim[i] < 0 || n < 0 ? -1 : s.dim[i] / n;
        }
        c->out[0] = s;
        return NULL;
}

/* y[j] = sum over copies of x[copy * dim + j]; index is x's, from its row-major number. */
#define SUM(ID, T, W, GET, PUT)                                                             \
        static void sum_##ID(const T *x, T *y, int64_t n, const Shape *xs, const Shape *ys, \
                             const int64_t *stride)                                         \
        {                                                                                   \
                for (int64_t k = 0; k < n; k++) {                                           \
                        int64_t rest = k, j = 0;                                            \
                        for (int d = xs->rank - 1; d >= 0; d--) {                           \
                                j += rest % xs->dim[d] % ys->dim[d] * stride[d];            \
                                rest /= xs->dim[d];                                         \
                        }                                                                   \
                        y[j] = PUT((W)(GET(y[j]) + GET(x[k])));                             \
                }                                                                           \
        }
NUMBER_TYPES(SUM)
#undef SUM

static Status *tile_grad(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        int64_t stride[SHAPE_MAX_RANK];
        Tensor *y = ctx_output(c, 0);
        if (tensor_bytes(y))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        box_strides(tensor_shape(y), stride);
        DISPATCH(NUMBER_TYPES, tensor_dtype(x), sum, tensor_data(x), tensor_fill(y),
                 tensor_count(x), tensor_shape(x), tensor_shape(y), stride);
        return NULL;
}

#define NUMBERS_ONLY                                                                               \
        "T:type in [bfloat16,half,float,double,int8,int16,int32,int64,uint8,uint16,uint32,uint64," \
        "complex64,complex128]"

OP(Tile, .inputs = "input:T; multiples:Tmultiples", .outputs = "output:T",
   .attrs = "T:type; Tmultiples:type in [int32,int64] = int32", .shape = tile_shape,
   .compute = tile);
OP(TileGrad, .inputs = "input:T; multiples:int32", .outputs = "output:T", .attrs = "T:type",
   .flags = "deprecated@3", .shape = tile_grad_shape, .compute = tile_grad,
   .kernels = NUMBERS_ONLY);
