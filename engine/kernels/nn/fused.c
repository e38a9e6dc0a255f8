// SPDX-License-Identifier: Apache-2.0
/* The tails of fused ops, row of channels by row of channels. */
#include "engine/kernels/nn/fused.h"

#include "engine/kernels/math/types.h"

#include <math.h>

enum { FUSED_MAX = 4 };

typedef enum Tail {
        TAIL_BIAS,
        TAIL_NORM,
        TAIL_RELU,
        TAIL_RELU6,
        TAIL_ELU,
        TAIL_LEAKY,
        TAIL_PRELU,
        TAIL_SIGMOID,
        TAIL_TANH,
} Tail;

static const struct {
        const char *name;
        Tail tail;
        int operands;
} tails[] = {
        { "BiasAdd", TAIL_BIAS, 1 }, { "FusedBatchNorm", TAIL_NORM, 4 },
        { "Relu", TAIL_RELU, 0 },    { "Relu6", TAIL_RELU6, 0 },
        { "Elu", TAIL_ELU, 0 },      { "LeakyRelu", TAIL_LEAKY, 0 },
        { "Prelu", TAIL_PRELU, 1 },  { "Sigmoid", TAIL_SIGMOID, 0 },
        { "Tanh", TAIL_TANH, 0 },
};

/* The node's list as indexes of tails; *ret_operands is how many inputs it takes. */
static Status *read_list(const Node *n, int ret[FUSED_MAX], int *ret_n, int *ret_operands)
{
        const ProtobufCBinaryData *names;
        int count;
        *ret_operands = 0;
        TRY(node_attr_strings(n, "fused_ops", &names, &count));
        if (count > FUSED_MAX)
                return unimplemented("Fusion is not implemented: %d ops", count);
        for (int i = 0; i < count; i++) {
                size_t k = 0;
                while (k < COUNTOF(tails) && (strlen(tails[k].name) != names[i].len ||
                                              memcmp(tails[k].name, names[i].data, names[i].len)))
                        k++;
                if (k == COUNTOF(tails))
                        return unimplemented("Fusion is not implemented: [%.*s]",
                                             (int)MIN(names[i].len, (size_t)200),
                                             (const char *)names[i].data);
                ret[i] = (int)k;
                *ret_operands += tails[k].operands;
        }
        *ret_n = count;
        return NULL;
}

/* The operands of all tails follow the op's own inputs, in the order of fused_ops. */
Status *fused_check(const ShapeCtx *c, int first)
{
        int list[FUSED_MAX], n, operands;
        TRY(read_list(c->node, list, &n, &operands));
        if (operands != c->n_in - first)
                return invalid_argument("Fused %s must have %d extra argument(s), not %d",
                                        n ? tails[list[0]].name : "op", operands, c->n_in - first);
        return NULL;
}

HOT static void add_bias(float *y, int64_t rows, int64_t n, const float *b)
{
        for (int64_t r = 0; r < rows; r++, y += n)
                for (int64_t i = 0; i < n; i++)
                        y[i] += b[i];
}

static void normalize(float *y, int64_t rows, int64_t n, const float *const p[4], float epsilon)
{
        for (int64_t i = 0; i < n; i++) {
                float mul = p[0][i] / sqrtf(p[3][i] + epsilon), add = p[1][i] - p[2][i] * mul;
                for (int64_t r = 0; r < rows; r++)
                        y[r * n + i] = y[r * n + i] * mul + add;
        }
}

HOT static void clamp(float *y, int64_t n, float top)
{
        for (int64_t i = 0; i < n; i++) {
                float v = y[i] <= 0 ? 0 : y[i];
                y[i] = v >= top ? top : v;
        }
}

static void curve(float *y, int64_t n, Tail tail)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = tail == TAIL_ELU       ? (y[i] < 0 ? expm1f(y[i]) : y[i])
                       : tail == TAIL_SIGMOID ? 1 / (1 + expf(-y[i]))
                                              : tanhf(y[i]);
}

/* alpha repeats from element 0 of the output on, of which y is element `at`: one number, one per
 * channel, or one per element of an image. */
static void leak(float *y, int64_t at, int64_t n, const float *alpha, int64_t n_alpha)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = y[i] < 0 ? y[i] * alpha[(at + i) % n_alpha] : y[i];
}

/* Operand k of a tail: as many numbers as channels, or for Prelu as divide the output. */
static Status *want_count(const Tensor *t, int64_t channels, int64_t count, Tail tail)
{
        int64_t n = tensor_count(t);
        if (tail == TAIL_PRELU ? n > 0 && count % n == 0 : n == channels)
                return NULL;
        return invalid_argument("Fused operand of shape %s does not fit %lld channels",
                                shape_text(tensor_shape(t)).s, (long long)channels);
}

/* One tail with its operands. */
typedef struct Step {
        Tail tail;
        const float *operand[4];
        int64_t alphas; /* of Prelu */
} Step;

typedef struct Steps {
        Step step[FUSED_MAX];
        int n;
        float *y; /* the output is both source and target */
        int64_t channels;
        float alpha, epsilon;
} Steps;

static void apply_one(const Steps *all, const Step *s, int64_t from, int64_t to)
{
        int64_t n = all->channels, at = from * n, count = (to - from) * n;
        float *y = all->y + at;
        switch (s->tail) {
        case TAIL_BIAS: add_bias(y, to - from, n, s->operand[0]); break;
        case TAIL_NORM: normalize(y, to - from, n, s->operand, all->epsilon); break;
        case TAIL_RELU: clamp(y, count, INFINITY); break;
        case TAIL_RELU6: clamp(y, count, 6); break;
        case TAIL_LEAKY: leak(y, at, count, &all->alpha, 1); break;
        case TAIL_PRELU: leak(y, at, count, s->operand[0], s->alphas); break;
        default: curve(y, count, s->tail); break;
        }
}

/* The tails one after the other, while the rows are warm. */
static void apply_rows(void *arg, int64_t from, int64_t to)
{
        const Steps *all = arg;
        for (int i = 0; i < all->n; i++)
                apply_one(all, &all->step[i], from, to);
}

/* Operands from `first` on. */
static Status *read_step(OpCtx *c, int which, int first, const Steps *all, Step *s)
{
        int64_t count = tensor_count(ctx_output(c, 0));
        s->tail = tails[which].tail;
        for (int i = 0; i < tails[which].operands; i++) {
                TRY(want_count(ctx_input(c, first + i), all->channels, count, s->tail));
                s->operand[i] = tensor_data(ctx_input(c, first + i));
                s->alphas = tensor_count(ctx_input(c, first + i));
        }
        return NULL;
}

Status *fused_apply(OpCtx *c, int first)
{
        int list[FUSED_MAX], operands;
        Tensor *t = ctx_output(c, 0);
        Steps all = { .channels = tensor_dim(t, tensor_rank(t) - 1),
                      .alpha = node_float(ctx_node(c), "leakyrelu_alpha", 0.2f),
                      .epsilon = node_float(ctx_node(c), "epsilon", 1e-4f) };
        TRY(read_list(ctx_node(c), list, &all.n, &operands));
        if (!tensor_count(t))
                return NULL;
        for (int i = 0; i < all.n; i++) {
                TRY(read_step(c, list[i], first, &all, &all.step[i]));
                first += tails[list[i]].operands;
        }
        all.y = tensor_fill(t);
        ctx_parallel(c, tensor_count(t) / all.channels, MATH_GRAIN / all.channels + 1, apply_rows,
                     &all);
        return NULL;
}
