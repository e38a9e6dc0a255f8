// SPDX-License-Identifier: Apache-2.0
/* The patterns of attention's softmax: scores times a number plus a mask, of which the softmax is
 * taken. Each row is scaled, masked and finished while it is in the cache. */
#include "engine/kernels/nn/pattern_float.h"
#include "engine/kernels/nn/row_exp.h"
#include "engine/kernels/nn/softmax.h"

typedef struct Masked {
        const float *x, *mask; /* mask NULL: none */
        float *y, scale;
        int64_t n;                    /* of a row */
        Shape shape;                  /* of x without its last dimension */
        int64_t line[SHAPE_MAX_RANK]; /* by dimension: how far on the mask's next row is; 0: the
                                         same */
} Masked;

HOT static void scaled(const float *x, float by, float *y, int64_t n)
{
        SAME_OR_APART
        for (int64_t i = 0; i < n; i++)
                y[i] = x[i] * by;
}

HOT static void scaled_masked(const float *x, float by, const float *mask, float *y, int64_t n)
{
        SAME_OR_APART
        for (int64_t i = 0; i < n; i++)
                y[i] = x[i] * by + mask[i];
}

static int64_t mask_row(const Masked *m, int64_t row)
{
        int64_t at = 0;
        for (int d = m->shape.rank - 1; d >= 0; d--) {
                at += row % m->shape.dim[d] * m->line[d];
                row /= m->shape.dim[d];
        }
        return at;
}

/* Some at a time: of short ones a softmax takes several at once. */
static void rows(void *arg, int64_t from, int64_t to)
{
        const Masked *m = arg;
        for (int64_t k; from < to; from += k) {
                k = MIN(to - from, (int64_t)FOLD_ROWS);
                for (int64_t row = from; row < from + k; row++) {
                        const float *x = m->x + row * m->n;
                        if (m->mask)
                                scaled_masked(x, m->scale, m->mask + mask_row(m, row),
                                              m->y + row * m->n, m->n);
                        else
                                scaled(x, m->scale, m->y + row * m->n, m->n);
                }
                softmax_floats(m->y + from * m->n, m->n, k);
        }
}

/* Can the mask be added to rows of x without making x larger? */
static bool mask_fits(const Tensor *mask, const Tensor *x, Masked *m)
{
        int ahead = tensor_rank(x) - tensor_rank(mask), rank = tensor_rank(mask);
        if (ahead < 0 || rank < 1 || tensor_dim(mask, rank - 1) != m->n)
                return false;
        int64_t line = m->n;
        for (int d = rank - 2; d >= 0; d--) {
                int64_t size = tensor_dim(mask, d);
                if (size != 1 && size != tensor_dim(x, ahead + d))
                        return false;
                m->line[ahead + d] = size == 1 ? 0 : line;
                line *= size;
        }
        m->mask = tensor_data(mask);
        return true;
}

static Status *run(OpCtx *c, int at, Masked *m, bool *ret_done)
{
        const Tensor *x = ctx_input(c, at);
        int64_t count = tensor_count(x);
        m->x = tensor_data(x);
        *ret_done = true;
        Tensor *y;
        TRY(output_over(c, at, &y));
        m->y = tensor_fill(y);
        if (count)
                ctx_parallel(c, count / m->n, MATH_GRAIN_DEAR / m->n + 1, rows, m);
        return NULL;
}

/* x without a last dimension, or one of nothing, is left to the members. */
static bool look_at(const Tensor *x, Masked *m)
{
        if (tensor_rank(x) < 1 || !tensor_count(x))
                return false;
        m->shape = *tensor_shape(x);
        m->n = m->shape.dim[--m->shape.rank];
        return true;
}

static Status *masked(OpCtx *c, bool *ret_done)
{
        Masked m = { .scale = 1 };
        const Node *n = ctx_node(c);
        int at = pattern_input(n, 'A'), mask = pattern_input(n, 'm');
        if (at < 0) {
                at = pattern_input(n, 'x');
                if (!pattern_scalar(c, 's', &m.scale))
                        return NULL;
        } else if (tensor_count(c->in[at]) < tensor_count(c->in[mask])) {
                int other = at; /* a sum does not say which is the mask */
                at = mask;
                mask = other;
        }
        if (!look_at(ctx_input(c, at), &m) || !mask_fits(ctx_input(c, mask), ctx_input(c, at), &m))
                return NULL;
        return run(c, at, &m, ret_done);
}

static Status *scaled_only(OpCtx *c, bool *ret_done)
{
        Masked m = { 0 };
        if (!pattern_scalar(c, 's', &m.scale) || !look_at(pattern_value(c, 'x'), &m))
                return NULL;
        return run(c, pattern_input(ctx_node(c), 'x'), &m, ret_done);
}

PATTERN(masked_softmax,
        .steps = { { "~Mul", "xs", .fits = step_by_number, .optional = true },
                   { "~Add,AddV2", "A0m", .fits = step_float },
                   { "Softmax", "B0" } },
        .compute = masked);
PATTERN(scaled_softmax, .steps = { { "~Mul", "xs", .fits = step_by_number }, { "Softmax", "A0" } },
        .compute = scaled_only);
