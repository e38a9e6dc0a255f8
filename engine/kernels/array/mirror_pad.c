// SPDX-License-Identifier: Apache-2.0
/* MirrorPad: a border that mirrors the input at its edge (SYMMETRIC repeats the edge, REFLECT does
 * not). MirrorPadGrad folds the border's gradients back. */
#include "engine/kernels/array/padding.h"
#include "engine/ops/box.h"
#include "engine/ops/late.h"

/* 1 when the edge itself is left out of the mirror image. */
static int mirror_offset(const Node *n)
{
        return strcmp(node_string(n, "mode", "REFLECT"), "REFLECT") == 0;
}

static Status *mirror_pad_shape(ShapeCtx *c)
{
        return padding_shape(c, mirror_offset(c->node) ? PADDING_REFLECT : PADDING_SYMMETRIC);
}

/* Which input index output index k of a dimension shows. */
static int64_t mirrored(int64_t k, int64_t before, int64_t dim, int offset)
{
        int64_t i = k - before;
        if (i < 0)
                return -i - 1 + offset;
        return i < dim ? i : 2 * dim - 1 - offset - i;
}

/* Fills dimension d's border of y, whose inner dims are finished and whose middle holds the input:
 * from the middle, mirrored. */
static Status *mirror_dim(Tensor *y, int d, int64_t before, int64_t dim, int offset)
{
        const Shape *s = tensor_shape(y);
        int64_t outer = shape_product(s, 0, d), inner = shape_product(s, d + 1, s->rank);
        int64_t row = s->dim[d] * inner;
        for (int64_t o = 0; o < outer; o++)
                for (int64_t k = 0; k < s->dim[d]; k++) {
                        if (k >= before && k < before + dim)
                                continue;
                        int64_t from = before + mirrored(k, before, dim, offset);
                        TRY(tensor_copy_elements(y, o * row + k * inner, y, o * row + from * inner,
                                                 inner));
                }
        return NULL;
}

/* Copied to the middle, then each dimension mirrors what is there, border of the later ones
 * included: so corners come right. */
static Status *mirror_pad(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *paddings = ctx_input(c, 1);
        int64_t from[SHAPE_MAX_RANK], to[SHAPE_MAX_RANK];
        Box b;
        Tensor *y = ctx_output(c, 0);
        box_begin(&b, 0, 0);
        if (tensor_count(y) == 0)
                return NULL;
        box_strides(tensor_shape(x), from);
        box_strides(tensor_shape(y), to);
        if (dtype_is_plain(tensor_dtype(y)))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        for (int i = 0; i < tensor_rank(x); i++) {
                b.dst_at += tensor_int(paddings, 2 * i) * to[i];
                box_add(&b, tensor_dim(x, i), to[i], from[i]);
        }
        TRY(box_copy(&b, y, x));
        for (int i = tensor_rank(x) - 1; i >= 0; i--)
                TRY(mirror_dim(y, i, tensor_int(paddings, 2 * i), tensor_dim(x, i),
                               mirror_offset(ctx_node(c))));
        return NULL;
}

/* Paddings are compared with the output here: that is what forward mirrored. */
static Status *mirror_pad_grad_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        const Tensor *p = shape_value(c, 1);
        int offset = mirror_offset(c->node);
        TRY(padding_check(&s, shape_seen(c, 1)));
        for (int i = 0; i < s.rank; i++) {
                int64_t before = p ? tensor_int(p, 2 * i) : 0;
                int64_t after = p ? tensor_int(p, 2 * i + 1) : 0;
                if (!p || s.dim[i] < 0) {
                        s.dim[i] = -1;
                        continue;
                }
                if (before < 0 || after < 0)
                        return invalid_argument("Paddings must be non-negative: %lld, %lld",
                                                (long long)before, (long long)after);
                int64_t dim =
                        before > s.dim[i] || after > s.dim[i] ? -1 : s.dim[i] - before - after;
                if (dim < 0 || before > dim - offset || after > dim - offset)
                        return invalid_argument(
                                "Paddings must be %s than the output dimension size: %lld, %lld, "
                                "%lld",
                                offset ? "less" : "no greater", (long long)before, (long long)after,
                                (long long)dim);
                s.dim[i] = dim;
        }
        c->out[0] = s;
        return NULL;
}

/* dx[mirrored(k)] += dy[k], over all elements k of dy. */
#define FOLD(ID, T, W, GET, PUT)                                                                  \
        static void fold_##ID(const T *dy, T *dx, const Shape *ys, const Shape *xs,               \
                              const int64_t *before, int offset)                                  \
        {                                                                                         \
                int64_t n = shape_product(ys, 0, ys->rank);                                       \
                for (int64_t k = 0; k < n; k++) {                                                 \
                        int64_t rest = k, at = 0, stride = 1;                                     \
                        for (int d = ys->rank - 1; d >= 0; d--) {                                 \
                                at += stride *                                                    \
                                      mirrored(rest % ys->dim[d], before[d], xs->dim[d], offset); \
                                rest /= ys->dim[d];                                               \
                                stride *= xs->dim[d];                                             \
                        }                                                                         \
                        dx[at] = PUT((W)(GET(dx[at]) + GET(dy[k])));                              \
                }                                                                                 \
        }
NUMBER_TYPES(FOLD)
#undef FOLD

/* Each element of the input appears in the border as often as it was mirrored; all its gradients
 * add up. */
static Status *mirror_pad_grad(OpCtx *c)
{
        const Tensor *dy = ctx_input(c, 0);
        int64_t before[SHAPE_MAX_RANK];
        Tensor *dx = ctx_output(c, 0);
        if (tensor_count(dx) == 0)
                return NULL;
        memset(tensor_fill(dx), 0, tensor_bytes(dx));
        for (int i = 0; i < tensor_rank(dy); i++)
                before[i] = tensor_int(ctx_input(c, 1), 2 * i);
        DISPATCH(NUMBER_TYPES, tensor_dtype(dy), fold, tensor_data(dy), tensor_fill(dx),
                 tensor_shape(dy), tensor_shape(dx), before, mirror_offset(ctx_node(c)));
        return NULL;
}

#define NUMBERS_ONLY                                                                               \
        "T:type in [bfloat16,half,float,double,int8,int16,int32,int64,uint8,uint16,uint32,uint64," \
        "complex64,complex128]"

OP(MirrorPad, .inputs = "input:T; paddings:Tpaddings", .outputs = "output:T",
   .attrs = "T:type; Tpaddings:type in [int32,int64] = int32; mode:string in [REFLECT,SYMMETRIC]",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = mirror_pad_shape, .compute = mirror_pad);
OP(MirrorPadGrad, .inputs = "input:T; paddings:Tpaddings", .outputs = "output:T",
   .attrs = "T:type; Tpaddings:type in [int32,int64] = int32; mode:string in [REFLECT,SYMMETRIC]",
   .shape = mirror_pad_grad_shape, .compute = mirror_pad_grad, .kernels = NUMBERS_ONLY);
