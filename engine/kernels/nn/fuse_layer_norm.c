// SPDX-License-Identifier: Apache-2.0
/* The patterns of layer normalization (Ba, Kiros and Hinton 2016) over the last dimension: moments
 * and batch_normalization of TensorFlow 1.x, with or without the StopGradient between them, and
 * what people write by hand. A row is read twice and written once while it is in the cache. */
#include "engine/kernels/math/fold.h"
#include "engine/kernels/math/types.h"
#include "engine/kernels/nn/pattern_float.h"

enum { BLOCK = 64 * FOLD_LANES }; /* summed in the type, then in double */

typedef struct LayerNorm {
        const void *x, *gamma, *beta;
        void *y;
        double epsilon;
        int64_t n;
} LayerNorm;

static bool keeps_dims(const Node *n)
{
        DType t = node_type(n, "T", DT_INVALID);
        return (t == DT_FLOAT || t == DT_DOUBLE) && node_bool(n, "keep_dims", false);
}

#define PLUS(a, b) ((a) + (b))

/* What n values of a row, as an expression of v, make together. */
#define BLOCK_SUM(ID, T, fn, expr)                                        \
        HOT static double fn##_##ID(const T *x, T mean UNUSED, int64_t n) \
        {                                                                 \
                T lane[FOLD_LANES] = { 0 };                               \
                int64_t i = 0;                                            \
                for (; i + FOLD_LANES <= n; i += FOLD_LANES)              \
                        for (int l = 0; l < FOLD_LANES; l++) {            \
                                T v = x[i + l];                           \
                                lane[l] += expr;                          \
                        }                                                 \
                for (int l = 0; i < n; i++, l++) {                        \
                        T v = x[i];                                       \
                        lane[l] += expr;                                  \
                }                                                         \
                FOLD(lane, PLUS);                                         \
                return (double)lane[0];                                   \
        }
#define FINISH(ID, T)                                                                   \
        HOT static void finish_##ID(const LayerNorm *v, const T *x, T mean, T by, T *y) \
        {                                                                               \
                const T *gamma = v->gamma, *beta = v->beta;                             \
                SAME_OR_APART                                                           \
                for (int64_t i = 0; i < v->n; i++)                                      \
                        y[i] = (x[i] - mean) * (by * gamma[i]) + beta[i];               \
        }
#define ROWS(ID, T)                                                                               \
        static void rows_##ID(void *arg, int64_t from, int64_t to)                                \
        {                                                                                         \
                const LayerNorm *v = arg;                                                         \
                for (int64_t row = from; row < to; row++) {                                       \
                        const T *x = (const T *)v->x + row * v->n;                                \
                        double sum = 0, squares = 0;                                              \
                        for (int64_t i = 0; i < v->n; i += BLOCK)                                 \
                                sum += sum_##ID(x + i, 0, MIN(v->n - i, (int64_t)BLOCK));         \
                        T mean = (T)(sum / (double)v->n);                                         \
                        for (int64_t i = 0; i < v->n; i += BLOCK)                                 \
                                squares +=                                                        \
                                        squares_##ID(x + i, mean, MIN(v->n - i, (int64_t)BLOCK)); \
                        T variance = (T)(squares / (double)v->n);                                 \
                        finish_##ID(v, x, mean, 1 / sqrt(variance + (T)v->epsilon),               \
                                    (T *)v->y + row * v->n);                                      \
                }                                                                                 \
        }
#define LOOPS(ID, T)                                       \
        BLOCK_SUM(ID, T, sum, v)                           \
        BLOCK_SUM(ID, T, squares, (v - mean) * (v - mean)) \
        FINISH(ID, T)                                      \
        ROWS(ID, T)
LOOPS(FLOAT, float)
LOOPS(DOUBLE, double)

/* Does it name x's last axis, and no other? */
static bool is_last_axis(const Tensor *axis, const Tensor *x)
{
        if (tensor_count(axis) != 1 || !dtype_is_integer(tensor_dtype(axis)))
                return false;
        int64_t at = tensor_int(axis, 0);
        return at == -1 || at == tensor_rank(x) - 1;
}

static bool is_vector(const Tensor *t, int64_t n)
{
        return tensor_rank(t) == 1 && tensor_dim(t, 0) == n;
}

static Status *layer_norm(OpCtx *c, bool *ret_done)
{
        const Tensor *x = pattern_value(c, 'x'), *tiny = pattern_value(c, 'p');
        const Tensor *gamma = pattern_value(c, 'g'), *beta = pattern_value(c, 'b');
        if (tensor_rank(x) < 1 || !tensor_count(x) || tensor_rank(tiny) != 0 ||
            !is_last_axis(pattern_value(c, 'a'), x) || !is_last_axis(pattern_value(c, 'e'), x))
                return NULL;
        LayerNorm v = { .x = tensor_data(x),
                        .gamma = tensor_data(gamma),
                        .beta = tensor_data(beta),
                        .epsilon = tensor_double(tiny, 0),
                        .n = tensor_dim(x, tensor_rank(x) - 1) };
        if (!is_vector(gamma, v.n) || !is_vector(beta, v.n))
                return NULL;
        Tensor *y;
        *ret_done = true;
        bool wide = tensor_dtype(x) == DT_DOUBLE;
        TRY(output_over(c, pattern_input(ctx_node(c), 'x'), &y));
        v.y = tensor_fill(y);
        ctx_parallel(c, tensor_count(x) / v.n, MATH_GRAIN_DEAR / v.n + 1,
                     wide ? rows_DOUBLE : rows_FLOAT, &v);
        return NULL;
}

#define ADD "~Add,AddV2"
#define MEAN(in)                               \
        {                                      \
                "Mean", in, .fits = keeps_dims \
        }
/* x m + (b - mean m), where m = g rsqrt(variance + p). */
PATTERN(layer_norm_stop,
        .steps = { MEAN("xa"),
                   { "StopGradient", "A0" },
                   { "~SquaredDifference", "xB0" },
                   MEAN("C0e"),
                   { ADD, "D0p" },
                   { "Rsqrt", "E0" },
                   { "~Mul", "F0g" },
                   { "~Mul", "xG0" },
                   { "~Mul", "A0G0" },
                   { "Sub", "bI0" },
                   { ADD, "H0J0" } },
        .compute = layer_norm);
PATTERN(layer_norm,
        .steps = { MEAN("xa"),
                   { "~SquaredDifference", "xA0" },
                   MEAN("B0e"),
                   { ADD, "C0p" },
                   { "Rsqrt", "D0" },
                   { "~Mul", "E0g" },
                   { "~Mul", "xF0" },
                   { "~Mul", "A0F0" },
                   { "Sub", "bH0" },
                   { ADD, "G0I0" } },
        .compute = layer_norm);

/* d rsqrt(mean(d d) + p) g + b, where d = x - mean; or d / sqrt(...). */
#define BY_HAND(id, squares, in)                      \
        PATTERN(layer_norm_##id,                      \
                .steps = { MEAN("xa"),                \
                           { "Sub", "xA0" },          \
                           { squares, in },           \
                           MEAN("C0e"),               \
                           { ADD, "D0p" },            \
                           { "Rsqrt", "E0" },         \
                           { "~Mul", "B0F0" },        \
                           { "~Mul", "G0g" },         \
                           { ADD, "H0b" } },          \
                .compute = layer_norm);               \
        PATTERN(layer_norm_root_##id,                 \
                .steps = { MEAN("xa"),                \
                           { "Sub", "xA0" },          \
                           { squares, in },           \
                           MEAN("C0e"),               \
                           { ADD, "D0p" },            \
                           { "Sqrt", "E0" },          \
                           { "RealDiv,Div", "B0F0" }, \
                           { "~Mul", "G0g" },         \
                           { ADD, "H0b" } },          \
                .compute = layer_norm)
BY_HAND(square, "Square", "B0");
BY_HAND(product, "Mul", "B0B0");
BY_HAND(difference, "~SquaredDifference", "xA0");
