// SPDX-License-Identifier: Apache-2.0
/* Checks and outputs that the CTC ops share. */
#include "engine/kernels/nn/ctc.h"

/* The largest logit is taken off first, so that exp() cannot overflow. */
double ctc_log_sum(const Tensor *x, int64_t t, int64_t b)
{
        double most = -INFINITY, sum = 0;
        for (int64_t k = 0; k < tensor_dim(x, 2); k++)
                most = fmax(most, ctc_input(x, t, b, k));
        for (int64_t k = 0; k < tensor_dim(x, 2); k++)
                sum += exp(ctc_input(x, t, b, k) - most);
        return most + log(sum);
}

/* The loss, which has labels, has another code for lengths that do not fit. */
static StatusCode length_code(const Node *n)
{
        return n->n_in > 2 ? SR_INVALID_ARGUMENT : SR_FAILED_PRECONDITION;
}

Status *ctc_lengths_shape(const ShapeCtx *c, int at)
{
        const Shape *x = shape_in(c, 0), *n = shape_in(c, at);
        if (x->rank >= 0 && x->rank != 3)
                return invalid_argument("inputs is not a 3-Tensor");
        if (n->rank >= 0 && n->rank != 1)
                return invalid_argument("sequence_length is not a vector");
        if (x->rank == 3 && n->rank == 1 && x->dim[1] >= 0 && n->dim[0] >= 0 &&
            x->dim[1] != n->dim[0])
                return status_new(length_code(c->node),
                                  "len(sequence_length) != batch_size.  "
                                  "len(sequence_length):  %lld batch_size: %lld",
                                  (long long)n->dim[0], (long long)x->dim[1]);
        if (x->rank == 3 && x->dim[2] > INT32_MAX)
                return invalid_argument("num_classes cannot exceed max int");
        return NULL;
}

/* Lengths are a client's numbers and steer loops: none may go beyond the time steps. */
Status *ctc_check_lengths(const OpCtx *c, int at)
{
        const Tensor *x = ctx_input(c, 0);
        const int32_t *n = tensor_data(ctx_input(c, at));
        bool loss = ctx_inputs(c) > 2;
        if (!tensor_dim(x, 0))
                return invalid_argument(loss ? "Max time or first dimension of input cannot be 0."
                                             : "max_time is 0");
        if (loss && !tensor_dim(x, 1))
                return invalid_argument("batch_size must not be 0");
        if (!tensor_dim(x, 2))
                return invalid_argument("inputs must not be empty");
        for (int64_t b = 0; b < tensor_dim(x, 1); b++)
                if (n[b] > tensor_dim(x, 0))
                        return status_new(length_code(ctx_node(c)), "sequence_length(%lld) <= %lld",
                                          (long long)b, (long long)tensor_dim(x, 0));
        return NULL;
}

void ctc_paths_shape(ShapeCtx *c, int64_t top)
{
        const Shape *x = shape_in(c, 0);
        for (int i = 0; i < c->n_out - 1; i++)
                c->out[i] = i < top ? SHAPE(-1, 2) : i < 2 * top ? SHAPE(-1) : SHAPE(2);
        c->out[c->n_out - 1] = SHAPE(x->rank < 0 ? -1 : x->dim[1], top);
}

/* A sparse matrix for each rank p of the paths, one row for each batch entry; the outputs come by
 * kind. */
static Status *put_path(OpCtx *c, const CtcPath *paths, int64_t batch, int64_t top, int64_t p)
{
        int64_t n = 0, longest = 0, at = 0;
        Tensor *indices, *values, *shape;
        for (int64_t b = 0; b < batch; b++) {
                n += paths[b * top + p].n;
                longest = MAX(longest, paths[b * top + p].n);
        }
        TRY(ctx_alloc(c, (int)p, &SHAPE(n, 2), &indices));
        TRY(ctx_alloc(c, (int)(top + p), &SHAPE(n), &values));
        TRY(ctx_alloc(c, (int)(2 * top + p), &SHAPE(2), &shape));
        for (int64_t b = 0; b < batch; b++)
                for (int64_t i = 0; i < paths[b * top + p].n; i++, at++) {
                        ((int64_t *)tensor_fill(indices))[2 * at] = b;
                        ((int64_t *)tensor_fill(indices))[2 * at + 1] = i;
                        ((int64_t *)tensor_fill(values))[at] = paths[b * top + p].label[i];
                }
        ((int64_t *)tensor_fill(shape))[0] = batch;
        ((int64_t *)tensor_fill(shape))[1] = longest;
        return NULL;
}

Status *ctc_put_paths(OpCtx *c, const CtcPath *paths, int64_t batch, int64_t top)
{
        for (int64_t p = 0; p < top; p++)
                TRY(put_path(c, paths, batch, top, p));
        return NULL;
}
