// SPDX-License-Identifier: Apache-2.0
/* SpaceToBatchND moves blocks of positions, after padding, into the batch; BatchToSpaceND back,
 * then crops. SpaceToBatch and BatchToSpace are those with one block size for the dims 1 and 2. */
#include "engine/kernels/array/clip.h"
#include "engine/ops/box.h"

/* The blocked dims 1..n: block sizes and what is padded or cropped at either end. */
typedef struct Blocks {
        int n;
        int64_t block[SHAPE_MAX_RANK], before[SHAPE_MAX_RANK], after[SHAPE_MAX_RANK], all;
} Blocks;

static Status *check_pads(const Tensor *pads, const char *name, int n)
{
        if (tensor_rank(pads) != 2 || tensor_dim(pads, 0) != n || tensor_dim(pads, 1) != 2)
                return invalid_argument("%s should have shape [%d, 2] instead of %s", name, n,
                                        shape_text(tensor_shape(pads)).s);
        for (int64_t i = 0; i < tensor_count(pads); i++)
                if (tensor_int(pads, i) < 0)
                        return invalid_argument("%s must be non-negative", name);
        return NULL;
}

/* block NULL: the block_size attribute, twice. */
static Status *read_blocks(const Node *node, const Tensor *block, const Tensor *pads,
                           const char *name, int rank, Blocks *ret)
{
        Blocks b = { .n = 2, .all = 1 };
        if (block && tensor_rank(block) > 1)
                return invalid_argument("rank of block_shape should be 1 instead of %d",
                                        tensor_rank(block));
        if (block)
                b.n = (int)MIN(tensor_count(block), SHAPE_MAX_RANK);
        if (rank < 1 + b.n)
                return invalid_argument("input rank should be >= %d instead of %d", 1 + b.n, rank);
        TRY(check_pads(pads, name, b.n));
        for (int i = 0; i < b.n; i++) {
                b.block[i] = block ? tensor_int(block, i) : node_int(node, "block_size", 2);
                b.before[i] = tensor_int(pads, 2 * i);
                b.after[i] = tensor_int(pads, 2 * i + 1);
                if (b.block[i] < 1)
                        return invalid_argument("All values in block_shape must be positive, got "
                                                "value, %lld at index %d.",
                                                (long long)b.block[i], i);
                if (__builtin_mul_overflow(b.all, b.block[i], &b.all))
                        return invalid_argument("The product of block_shape is too large");
        }
        *ret = b;
        return NULL;
}

/* The blocks, when block sizes and paddings are known; *ret_known tells. Otherwise only the rank of
 * the output is. pads: what the op calls its paddings. */
static Status *known_blocks(ShapeCtx *c, const char *pads, Blocks *ret, bool *ret_known)
{
        const Shape *s = shape_in(c, 0);
        const Tensor *block = c->n_in > 2 ? shape_value(c, 1) : NULL,
                     *pad = shape_value(c, c->n_in - 1);
        *ret_known = s->rank >= 0 && pad && (c->n_in == 2 || block);
        if (*ret_known)
                return read_blocks(c->node, block, pad, pads, s->rank, ret);
        if (s->rank >= 0)
                c->out[0] = shape_of_rank(s->rank);
        return NULL;
}

/* The sizes come from values: block and paddings must both be there, or only the rank is known. */
static Status *space_to_batch_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        Blocks b;
        bool known;
        TRY(known_blocks(c, "paddings", &b, &known));
        if (!known)
                return NULL;
        for (int i = 0; i < b.n; i++) {
                int64_t *dim = &s.dim[1 + i];
                if (*dim < 0)
                        continue;
                if (__builtin_add_overflow(*dim, b.before[i], dim) ||
                    __builtin_add_overflow(*dim, b.after[i], dim))
                        return invalid_argument("paddings are too large");
                if (*dim % b.block[i])
                        return invalid_argument("padded_shape[%d]=%lld is not divisible by "
                                                "block_shape[%d]=%lld",
                                                i, (long long)*dim, i, (long long)b.block[i]);
                *dim /= b.block[i];
        }
        if (s.dim[0] >= 0 && __builtin_mul_overflow(s.dim[0], b.all, &s.dim[0]))
                return invalid_argument("The product of batch and block_shape is too large");
        c->out[0] = s;
        return NULL;
}

/* The way back: the batch is split up first, then the crops are taken off. */
static Status *batch_to_space_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        Blocks b;
        bool known;
        TRY(known_blocks(c, "crops", &b, &known));
        if (!known)
                return NULL;
        if (s.dim[0] >= 0 && s.dim[0] % b.all)
                return invalid_argument("Input batch dimension (%lld) is not divisible by product "
                                        "of block sizes (%lld)",
                                        (long long)s.dim[0], (long long)b.all);
        s.dim[0] = s.dim[0] < 0 ? -1 : s.dim[0] / b.all;
        for (int i = 0; i < b.n; i++) {
                int64_t *dim = &s.dim[1 + i], crop;
                if (*dim < 0)
                        continue;
                if (__builtin_mul_overflow(*dim, b.block[i], dim) ||
                    __builtin_add_overflow(b.before[i], b.after[i], &crop))
                        return invalid_argument("block_shape or crops are too large");
                if (*dim - crop < 0)
                        return invalid_argument("cropped_shape[%d]=%lld must be non-negative", i,
                                                (long long)(*dim - crop));
                *dim -= crop;
        }
        c->out[0] = s;
        return NULL;
}

/* One residue p of the positions: batch[r * n + b, i, rest] goes with wide[b, i * block + p -
 * before, rest] where that lies inside. */
static Box residue_box(const Blocks *k, int64_t r, const Shape *wide, const Shape *batch,
                       bool to_batch)
{
        int64_t ws[SHAPE_MAX_RANK], bs[SHAPE_MAX_RANK], rest = r;
        Box b;
        int64_t w = 0, d = r * wide->dim[0];
        box_begin(&b, 0, 0);
        box_strides(wide, ws);
        box_strides(batch, bs);
        d *= bs[0];
        box_add(&b, wide->dim[0], bs[0], ws[0]);
        for (int i = 1; i < wide->rank; i++)
                box_add(&b, wide->dim[i], bs[i], ws[i]);
        for (int i = k->n; i >= 1; i--) {
                int64_t block = k->block[i - 1], p = rest % block, from, to;
                int64_t at = p - k->before[i - 1];
                rest /= block;
                clip_range(batch->dim[i], at, block, wide->dim[i], &from, &to);
                b.dim[i] = to - from;
                b.src[i] = block * ws[i];
                w += (at + from * block) * ws[i];
                d += from * bs[i];
        }
        b.dst_at = d, b.src_at = w;
        for (int i = 0; i < b.rank && !to_batch; i++) {
                int64_t t = b.dst[i];
                b.dst[i] = b.src[i], b.src[i] = t;
        }
        if (!to_batch)
                b.dst_at = w, b.src_at = d;
        return b;
}

/* One strided copy for each place within a block. Padding stays 0; what crops take off is never
 * copied. */
static Status *move_blocks(OpCtx *c, bool to_batch)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        Blocks k;
        TRY(read_blocks(ctx_node(c), ctx_inputs(c) > 2 ? ctx_input(c, 1) : NULL,
                        ctx_input(c, ctx_inputs(c) - 1), "paddings", tensor_rank(x), &k));
        if (dtype_is_plain(tensor_dtype(y)) && tensor_count(y))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        for (int64_t r = 0; r < k.all && tensor_count(y) && tensor_count(x); r++) {
                Box b = residue_box(&k, r, tensor_shape(to_batch ? x : y),
                                    tensor_shape(to_batch ? y : x), to_batch);
                TRY(box_copy(&b, y, x));
        }
        return NULL;
}

static Status *space_to_batch(OpCtx *c)
{
        return move_blocks(c, true);
}

static Status *batch_to_space(OpCtx *c)
{
        return move_blocks(c, false);
}

OP(SpaceToBatch, .inputs = "input:T; paddings:Tpaddings", .outputs = "output:T",
   .attrs = "T:type; Tpaddings:type in [int32,int64] = int32; block_size:int >=2",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = space_to_batch_shape,
   .compute = space_to_batch);
OP(SpaceToBatchND, .inputs = "input:T; block_shape:Tblock_shape; paddings:Tpaddings",
   .outputs = "output:T",
   .attrs = "T:type; Tblock_shape:type in [int32,int64] = int32; Tpaddings:type in [int32,int64] = "
            "int32",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = space_to_batch_shape,
   .compute = space_to_batch);
OP(BatchToSpace, .inputs = "input:T; crops:Tidx", .outputs = "output:T",
   .attrs = "T:type; block_size:int >=2; Tidx:type in [int32,int64] = int32",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = batch_to_space_shape,
   .compute = batch_to_space);
OP(BatchToSpaceND, .inputs = "input:T; block_shape:Tblock_shape; crops:Tcrops",
   .outputs = "output:T",
   .attrs = "T:type; Tblock_shape:type in [int32,int64] = int32; Tcrops:type in [int32,int64] = "
            "int32",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = batch_to_space_shape,
   .compute = batch_to_space);
