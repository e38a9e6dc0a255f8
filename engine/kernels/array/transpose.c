// SPDX-License-Identifier: Apache-2.0
/* Transpose: dimensions in another order; ConjugateTranspose also conjugates complex elements. */
#include "engine/base/buf.h"
#include "engine/ops/box.h"
#include "engine/ops/late.h"
#include "engine/ops/op.h"

static Status *missing_dim(int dim, const int *order, int rank)
{
        autobuf list = BUF(SHAPE_MAX_RANK * 16);
        for (int i = 0; i < rank; i++)
                buf_printf(&list, "%s%d", i ? "," : "", order[i]);
        TRY(buf_status(&list));
        return invalid_argument("%d is missing from {%s}.", dim, buf_cstr(&list));
}

/* Negative dims count from the end. A repeated dim shows as another one
 * missing. */
static Status *read_perm(const Tensor *perm, int rank, int *ret)
{
        unsigned seen = 0;
        if (tensor_count(perm) != rank)
                return invalid_argument("transpose expects a vector of size %d. But input(1) is a "
                                        "vector of size %lld",
                                        rank, (long long)tensor_count(perm));
        for (int i = 0; i < rank; i++) {
                int64_t d = tensor_int(perm, i);
                d += d < 0 ? rank : 0;
                if (d < 0 || d >= rank)
                        return invalid_argument("%lld is out of range [0 .. %d)", (long long)d,
                                                rank);
                ret[i] = (int)d;
                seen |= 1u << ret[i];
        }
        for (int i = 0; i < rank; i++)
                if (!(seen >> i & 1))
                        return missing_dim(i, ret, rank);
        return NULL;
}

/* Without a constant perm the rank is still known, from the input or from perm's length. */
static Status *transpose_shape(ShapeCtx *c)
{
        const Shape *in = shape_in(c, 0), *p = shape_seen(c, 1);
        const Tensor *perm = shape_value(c, 1);
        int order[SHAPE_MAX_RANK], rank = in->rank;
        if (p->rank >= 0 && p->rank != 1)
                return invalid_argument("perm must be rank 1, got shape %s", shape_text(p).s);
        if (rank < 0 && p->rank == 1 && p->dim[0] >= 0 && p->dim[0] <= SHAPE_MAX_RANK)
                rank = (int)p->dim[0];
        if (rank < 0)
                return NULL;
        Shape s = shape_of_rank(rank);
        if (perm) {
                TRY(read_perm(perm, rank, order));
                for (int i = 0; i < rank && in->rank >= 0; i++)
                        s.dim[i] = in->dim[order[i]];
        }
        c->out[0] = s;
        return NULL;
}

static void conjugate(Tensor *y)
{
        if (tensor_dtype(y) == DT_COMPLEX64) {
                float complex *z = tensor_fill(y);
                for (int64_t i = 0; i < tensor_count(y); i++)
                        z[i] = conjf(z[i]);
        } else if (tensor_dtype(y) == DT_COMPLEX128) {
                double complex *z = tensor_fill(y);
                for (int64_t i = 0; i < tensor_count(y); i++)
                        z[i] = conj(z[i]);
        }
}

/* Does the order keep all dims of more than one element in sequence? Then no byte moves. */
static bool keeps_order(const Shape *in, const int *order)
{
        int last = -1;
        for (int i = 0; i < in->rank; i++) {
                if (in->dim[order[i]] == 1)
                        continue;
                if (order[i] < last)
                        return false;
                last = order[i];
        }
        return true;
}

/* The walk is left to Box: this only says how far apart neighbours are on either side. */
static Status *transpose_into(OpCtx *c, const Shape *shape, const int *order, Tensor **ret)
{
        const Tensor *x = ctx_input(c, 0);
        int64_t from[SHAPE_MAX_RANK], to[SHAPE_MAX_RANK];
        Box b;
        Tensor *y;
        box_begin(&b, 0, 0);
        TRY(ctx_alloc(c, 0, shape, &y));
        box_strides(tensor_shape(x), from);
        box_strides(shape, to);
        for (int i = 0; i < shape->rank; i++)
                box_add(&b, shape->dim[i], to[i], from[order[i]]);
        *ret = y;
        return box_copy(&b, y, x);
}

static Status *transpose(OpCtx *c)
{
        int order[SHAPE_MAX_RANK];
        const Shape *shape;
        Tensor *y;
        TRY(late_shapes(c, &shape));
        TRY(read_perm(ctx_input(c, 1), shape->rank, order));
        if (!keeps_order(tensor_shape(ctx_input(c, 0)), order))
                return transpose_into(c, shape, order, &y);
        /* Only dims of size 1 move: the bytes stay where they are. */
        TRY(tensor_view(c->in[0], shape, &y));
        ctx_set_output(c, 0, y);
        return NULL;
}

/* For real types it is Transpose. */
static Status *conjugate_transpose(OpCtx *c)
{
        int order[SHAPE_MAX_RANK];
        const Shape *shape;
        Tensor *y;
        if (!dtype_is_complex(tensor_dtype(ctx_input(c, 0))))
                return transpose(c);
        TRY(late_shapes(c, &shape));
        TRY(read_perm(ctx_input(c, 1), shape->rank, order));
        TRY(transpose_into(c, shape, order, &y));
        conjugate(y);
        return NULL;
}

OP(Transpose, .inputs = "x:T; perm:Tperm", .outputs = "y:T",
   .attrs = "T:type; Tperm:type in [int32,int64] = int32", .shape = transpose_shape,
   .compute = transpose, .late_shape = true);
OP(ConjugateTranspose, .inputs = "x:T; perm:Tperm", .outputs = "y:T",
   .attrs = "T:type; Tperm:type in [int32,int64] = int32", .shape = transpose_shape,
   .compute = conjugate_transpose, .late_shape = true);
