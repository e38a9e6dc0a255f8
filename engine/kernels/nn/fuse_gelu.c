// SPDX-License-Identifier: Apache-2.0
/* The patterns of Gelu (Hendrycks and Gimpel 2016) as Python code writes it, in one pass through
 * memory instead of five to eight: h (o + erf(x / r)) x, where r may be a factor, too, and
 * h (o + tanh(k (x + c x^3))) x. Its numbers are inputs, and may be any. */
#include "engine/kernels/math/erf.h"
#include "engine/kernels/nn/pattern_float.h"

enum { BLOCK = 512 };

typedef struct Gelu {
        const float *x;
        float *y;
        float half, one;
        float factor; /* erf: x is multiplied by it; tanh: the sum is */
        float cubic;  /* tanh only */
        bool is_tanh;
} Gelu;

HOT static void erf_block(const Gelu *g, const float *x, float *t, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                t[i] = erf_float(x[i] * g->factor);
}

/* A function of libm has a loop of its own, or nothing of it becomes a vector. */
HOT static void tanh_block(const Gelu *g, const float *x, float *t, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                t[i] = g->factor * (x[i] + g->cubic * (x[i] * x[i] * x[i]));
        for (int64_t i = 0; i < n; i++)
                t[i] = tanh(t[i]);
}

HOT static void end_block(const Gelu *g, const float *x, const float *t, float *y, int64_t n)
{
        SAME_OR_APART
        for (int64_t i = 0; i < n; i++)
                y[i] = x[i] * (g->half * (g->one + t[i]));
}

static void blocks(void *arg, int64_t from, int64_t to)
{
        float t[BLOCK] __attribute__((aligned(64)));
        const Gelu *g = arg;
        for (int64_t n; from < to; from += n) {
                n = MIN(to - from, (int64_t)BLOCK);
                (g->is_tanh ? tanh_block : erf_block)(g, g->x + from, t, n);
                end_block(g, g->x + from, t, g->y + from, n);
        }
}

static Status *run(OpCtx *c, Gelu *g, bool *ret_done)
{
        const Tensor *x = pattern_value(c, 'x');
        if (!pattern_scalar(c, 'h', &g->half) || !pattern_scalar(c, 'o', &g->one))
                return NULL;
        g->x = tensor_data(x);
        *ret_done = true;
        Tensor *y;
        TRY(output_over(c, pattern_input(ctx_node(c), 'x'), &y));
        g->y = tensor_fill(y);
        ctx_parallel(c, tensor_count(x), MATH_GRAIN_DEAR, blocks, g);
        return NULL;
}

/* A division by r is made a product, if r is no extreme. */
static Status *by_erf(OpCtx *c, bool *ret_done)
{
        const PatternNode *f = pattern_node(ctx_node(c));
        Gelu g = { 0 };
        bool times = false;
        for (int i = 0; i < f->n; i++) /* the step that takes x and r */
                if (f->pattern->steps[f->member[i].step].fits == step_by_number)
                        times = !strcmp(f->member[i].node->op->def->name, "Mul");
        if (!pattern_scalar(c, 'r', &g.factor))
                return NULL;
        g.factor = times ? g.factor : 1 / g.factor;
        return times || isnormal(g.factor) ? run(c, &g, ret_done) : NULL;
}

static Status *by_tanh(OpCtx *c, bool *ret_done)
{
        Gelu g = { .is_tanh = true };
        float power;
        if (!pattern_scalar(c, 'k', &g.factor) || !pattern_scalar(c, 'c', &g.cubic) ||
            !pattern_scalar(c, 'e', &power) || power != 3)
                return NULL;
        return run(c, &g, ret_done);
}

#define ADD "~Add,AddV2"
/* x (h (o + erf)), (h x) (o + erf) and h (x (o + erf)); an input's name is what makes x known. */
#define ERF(id, ops, in)                                        \
        PATTERN(gelu_erf_##id,                                  \
                .steps = { { ops, in, .fits = step_by_number }, \
                           { "Erf", "A0", .fits = step_float }, \
                           { ADD, "oB0" },                      \
                           { "~Mul", "hC0" },                   \
                           { "~Mul", "D0x" } },                 \
                .compute = by_erf);                             \
        PATTERN(gelu_erf_first_##id,                            \
                .steps = { { ops, in, .fits = step_by_number }, \
                           { "Erf", "A0", .fits = step_float }, \
                           { ADD, "oB0" },                      \
                           { "~Mul", "hx" },                    \
                           { "~Mul", "C0D0" } },                \
                .compute = by_erf);                             \
        PATTERN(gelu_erf_last_##id,                             \
                .steps = { { ops, in, .fits = step_by_number }, \
                           { "Erf", "A0", .fits = step_float }, \
                           { ADD, "oB0" },                      \
                           { "~Mul", "C0x" },                   \
                           { "~Mul", "hD0" } },                 \
                .compute = by_erf)
ERF(x, "RealDiv,Div,Mul", "xr");
ERF(r, "Mul", "rx");

#define TANH(id, ...)                                           \
        PATTERN(gelu_tanh_##id,                                 \
                .steps = { { "Pow", "xe", .fits = step_float }, \
                           { "~Mul", "cA0" },                   \
                           { ADD, "xB0" },                      \
                           { "~Mul", "kC0" },                   \
                           { "Tanh", "D0" },                    \
                           { ADD, "oE0" },                      \
                           __VA_ARGS__ },                       \
                .compute = by_tanh)
TANH(last, { "~Mul", "hF0" }, { "~Mul", "G0x" });
TANH(first, { "~Mul", "hx" }, { "~Mul", "F0G0" });
TANH(end, { "~Mul", "F0x" }, { "~Mul", "hG0" });
