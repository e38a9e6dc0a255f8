// SPDX-License-Identifier: Apache-2.0
/* Strided copies: dimensions are merged first, then the two innermost are copied as a block. */
#include "engine/ops/box.h"

#include "engine/ops/box_block.h"

void box_strides(const Shape *s, int64_t ret[SHAPE_MAX_RANK])
{
        int64_t n = 1;
        for (int i = s->rank - 1; i >= 0; i--) {
                ret[i] = n;
                n *= s->dim[i];
        }
}

/* The same copy in fewer dims: those of one element dropped, neighbours that continue each other
 * merged. False when there is nothing to copy. */
static bool simplify(const Box *b, Box *ret)
{
        box_begin(ret, b->dst_at, b->src_at);
        for (int i = 0; i < b->rank; i++) {
                int p = ret->rank - 1;
                int64_t n = b->dim[i];
                if (n == 0)
                        return false;
                if (n == 1)
                        continue;
                if (p >= 0 && ret->dst[p] == n * b->dst[i] && ret->src[p] == n * b->src[i]) {
                        ret->dim[p] *= n;
                        ret->dst[p] = b->dst[i];
                        ret->src[p] = b->src[i];
                } else {
                        box_add(ret, n, b->dst[i], b->src[i]);
                }
        }
        return true;
}

static void swap_dims(Box *b, int i, int j)
{
        int64_t dim = b->dim[i], dst = b->dst[i], src = b->src[i];
        b->dim[i] = b->dim[j], b->dst[i] = b->dst[j], b->src[i] = b->src[j];
        b->dim[j] = dim, b->dst[j] = dst, b->src[j] = src;
}

/* Gives the box two dims at least, and where the inner one jumps in the source, a source-contiguous
 * dim next to it: together they make the square that is copied in tiles. */
static void pair_up(Box *b)
{
        while (b->rank < 2) {
                box_add(b, 1, 0, 0);
                if (b->rank == 2)
                        swap_dims(b, 0, 1);
        }
        int in = b->rank - 1;
        if (b->src[in] == 1 || b->src[in] == 0)
                return;
        for (int i = 0; i < in; i++)
                if (b->src[i] == 1 || b->src[i] == -1) {
                        swap_dims(b, i, in - 1);
                        return;
                }
}

static Status *copy_block_counted(Tensor *dst, int64_t d, const Tensor *src, int64_t s,
                                  const int64_t *n, const int64_t *ds, const int64_t *ss)
{
        for (int64_t i = 0; i < n[0]; i++)
                for (int64_t j = 0; j < n[1]; j++)
                        TRY(tensor_copy_elements(dst, d + i * ds[0] + j * ds[1], src,
                                                 s + i * ss[0] + j * ss[1], 1));
        return NULL;
}

/* The outer dimensions are counted through, the two inner ones go as one block. */
Status *box_copy(const Box *box, Tensor *dst, const Tensor *src)
{
        Box b;
        if (!simplify(box, &b))
                return NULL;
        pair_up(&b);
        int outer = b.rank - 2;
        int64_t at[BOX_MAX_RANK], d = b.dst_at, s = b.src_at;
        for (int i = 0; i < outer; i++)
                at[i] = 0;
        bool plain = dtype_is_plain(dst->dtype);
        int64_t size = (int64_t)dtype_size(dst->dtype);
        for (;;) {
                if (plain)
                        box_block(dst->dtype, (char *)dst->data + d * size,
                                  (const char *)src->data + s * size, b.dim + outer, b.dst + outer,
                                  b.src + outer);
                else
                        TRY(copy_block_counted(dst, d, src, s, b.dim + outer, b.dst + outer,
                                               b.src + outer));
                int i = outer - 1;
                for (; i >= 0; i--) { /* the next place, as an odometer counts */
                        d += b.dst[i], s += b.src[i];
                        if (++at[i] < b.dim[i])
                                break;
                        d -= b.dim[i] * b.dst[i], s -= b.dim[i] * b.src[i];
                        at[i] = 0;
                }
                if (i < 0)
                        return NULL;
        }
}

Status *box_fill(Tensor *dst, int64_t to, int64_t n, const Tensor *src, int64_t from)
{
        Box b;
        box_begin(&b, to, from);
        box_add(&b, n, 1, 0);
        return box_copy(&b, dst, src);
}
