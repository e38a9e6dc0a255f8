// SPDX-License-Identifier: Apache-2.0
/* SpaceToDepth moves blocks of pixels into channels, DepthToSpace back. */
#include "engine/ops/box.h"
#include "engine/ops/op.h"

/* Where height, width and channels are. */
typedef struct Layout {
        int h, w, c;
} Layout;

/* NCHW_VECT_C is for GPUs only, in TensorFlow as well. */
static Status *read_layout(const Node *n, const Shape *s, Layout *ret)
{
        const char *format = node_string(n, "data_format", "NHWC");
        if (strcmp(format, "NCHW_VECT_C") == 0)
                return unimplemented("Only NHWC and NCHW data_format supported on CPU. Got %s",
                                     format);
        if (s->rank >= 0 && s->rank != 4)
                return invalid_argument("Input rank should be: 4 instead of: %d", s->rank);
        *ret = strcmp(format, "NCHW") == 0 ? (Layout){ 2, 3, 1 } : (Layout){ 1, 2, 3 };
        return NULL;
}

/* The square of block_size is checked with the depth: only this product can overflow. */
static Status *space_to_depth_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        Layout l;
        int64_t block = node_int(c->node, "block_size", 2), area;
        TRY(read_layout(c->node, &s, &l));
        if (s.rank < 0)
                return NULL;
        if (__builtin_mul_overflow(block, block, &area) ||
            __builtin_mul_overflow(area, MAX(s.dim[l.c], 1), &area))
                return invalid_argument("block_size %lld is too large", (long long)block);
        if ((s.dim[l.h] >= 0 && s.dim[l.h] % block) || (s.dim[l.w] >= 0 && s.dim[l.w] % block))
                return invalid_argument("Image width %lld and height %lld should be divisible by "
                                        "block_size: %lld",
                                        (long long)s.dim[l.w], (long long)s.dim[l.h],
                                        (long long)block);
        s.dim[l.h] = s.dim[l.h] < 0 ? -1 : s.dim[l.h] / block;
        s.dim[l.w] = s.dim[l.w] < 0 ? -1 : s.dim[l.w] / block;
        s.dim[l.c] = s.dim[l.c] < 0 ? -1 : s.dim[l.c] * block * block;
        c->out[0] = s;
        return NULL;
}

static Status *depth_to_space_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        Layout l;
        int64_t block = node_int(c->node, "block_size", 2), area;
        TRY(read_layout(c->node, &s, &l));
        if (s.rank < 0)
                return NULL;
        if (__builtin_mul_overflow(block, block, &area) || (s.dim[l.c] >= 0 && s.dim[l.c] % area))
                return invalid_argument("Input depth dimension %lld should be divisible by: %lld",
                                        (long long)s.dim[l.c], (long long)area);
        int64_t *grow[2] = { &s.dim[l.h], &s.dim[l.w] };
        for (int i = 0; i < 2; i++)
                if (*grow[i] >= 0 && __builtin_mul_overflow(*grow[i], block, grow[i]))
                        return invalid_argument("block_size %lld is too large", (long long)block);
        s.dim[l.c] = s.dim[l.c] < 0 ? -1 : s.dim[l.c] / area;
        c->out[0] = s;
        return NULL;
}

/* deep[n, i, j, (p * block + q) * C + k] = wide[n, i * block + p, j * block + q, k] */
static Status *move_blocks(OpCtx *c, bool to_deep)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        const Shape *wide = tensor_shape(to_deep ? x : y), *deep = tensor_shape(to_deep ? y : x);
        int64_t block = node_int(ctx_node(c), "block_size", 2), ws[SHAPE_MAX_RANK],
                ds[SHAPE_MAX_RANK];
        Layout l;
        TRY(read_layout(ctx_node(c), wide, &l));
        if (tensor_count(y) == 0)
                return NULL;
        box_strides(wide, ws);
        box_strides(deep, ds);
        int64_t channels = wide->dim[l.c];
        const int64_t part[6][3] = { /* how many, stride in deep, stride in wide */
                                     { wide->dim[0], ds[0], ws[0] },
                                     { deep->dim[l.h], ds[l.h], block * ws[l.h] },
                                     { block, block * channels * ds[l.c], ws[l.h] },
                                     { deep->dim[l.w], ds[l.w], block * ws[l.w] },
                                     { block, channels * ds[l.c], ws[l.w] },
                                     { channels, ds[l.c], ws[l.c] }
        };
        Box b;
        box_begin(&b, 0, 0);
        for (int i = 0; i < 6; i++)
                box_add(&b, part[i][0], part[i][to_deep ? 1 : 2], part[i][to_deep ? 2 : 1]);
        return box_copy(&b, y, x);
}

static Status *space_to_depth(OpCtx *c)
{
        return move_blocks(c, true);
}

static Status *depth_to_space(OpCtx *c)
{
        return move_blocks(c, false);
}

OP(SpaceToDepth, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type; block_size:int >=2; data_format:string in [NHWC,NCHW,NCHW_VECT_C] = \"NHWC\"",
   .kernels = "T:type in [" VALUE_TYPES "]", .shape = space_to_depth_shape,
   .compute = space_to_depth);
OP(DepthToSpace, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type; block_size:int >=2; data_format:string in [NHWC,NCHW,NCHW_VECT_C] = \"NHWC\"",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = depth_to_space_shape,
   .compute = depth_to_space);
