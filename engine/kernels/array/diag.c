// SPDX-License-Identifier: Apache-2.0
/* Diag: a tensor spread along the diagonal of one of twice the rank; DiagPart takes it back. */
#include "engine/ops/box.h"
#include "engine/ops/op.h"

/* [a, b] becomes [a, b, a, b]. */
static Status *diag_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        if (s.rank == 0)
                return invalid_argument("Input must be at least rank 1, got 0");
        if (s.rank < 0)
                return NULL;
        int n = s.rank;
        if (2 * n > SHAPE_MAX_RANK)
                return shape_make(NULL, 2 * n, &s);
        for (int i = 0; i < n; i++)
                shape_append(&s, s.dim[i]);
        c->out[0] = s;
        return NULL;
}

static Status *diag(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        int64_t n = tensor_count(x);
        Box b = { .rank = 0 }; /* y[i, i] = x[i], i running over all elements */
        if (n)
                memset(tensor_fill(y), 0, tensor_bytes(y));
        box_add(&b, n, n + 1, 1);
        return box_copy(&b, y, x);
}

/* Both halves of the dims must agree; where one is unknown the other tells. */
static Status *diag_part_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        Shape s = { .rank = 0 };
        if (x->rank < 0)
                return NULL;
        if (x->rank == 0 || x->rank % 2)
                return invalid_argument("The rank of the tensor should be                 "
                                        "                         even and positive, got shape %s",
                                        shape_text(x).s);
        for (int i = 0, n = x->rank / 2; i < n; i++) {
                if (x->dim[i] >= 0 && x->dim[n + i] >= 0 && x->dim[i] != x->dim[n + i])
                        return invalid_argument("Invalid shape %s: dimensions %d and %d do not "
                                                "match.",
                                                shape_text(x).s, i, n + i);
                shape_append(&s, x->dim[i] < 0 ? x->dim[n + i] : x->dim[i]);
        }
        c->out[0] = s;
        return NULL;
}

static Status *diag_part(OpCtx *c)
{
        Tensor *y = ctx_output(c, 0);
        Box b = { .rank = 0 };
        box_add(&b, tensor_count(y), 1, tensor_count(y) + 1);
        return box_copy(&b, y, ctx_input(c, 0));
}

OP(Diag, .inputs = "diagonal:T", .outputs = "output:T",
   .attrs = "T:type in [bfloat16,half,float,double,int32,int64,complex64,complex128]",
   .shape = diag_shape, .compute = diag);
OP(DiagPart, .inputs = "input:T", .outputs = "diagonal:T",
   .attrs = "T:type in [bfloat16,half,float,double,int32,int64,complex64,complex128]",
   .shape = diag_part_shape, .compute = diag_part);
