// SPDX-License-Identifier: Apache-2.0
/* FusedBatchNorm, V2, V3: y = (x - mean) / sqrt(variance + epsilon) * scale + offset per channel.
 * Training takes mean and variance from the batch (the reported variance is the unbiased one) and
 * moves the running ones by exponential_avg_factor. */
#include "engine/kernels/nn/fused_batch_norm.h"
#include <math.h>

enum { LANES = 256 };

/* y = x * mul[c] + add[c]; sums add up in double. */
#define LOOP(ID, T, W, GET, PUT)                                                                   \
        HOT static void affine_##ID(const T *x, T *y, Channels n, const float *mul,                \
                                    const float *add)                                              \
        {                                                                                          \
                for (int64_t o = 0; o < n.outer; o++)                                              \
                        for (int64_t i = 0; i < n.inner; i++, x += n.count, y += n.count)          \
                                for (int64_t c = 0; c < n.count; c++)                              \
                                        y[c] = PUT(GET(x[c]) * mul[c] + add[c]);                   \
        }                                                                                          \
        HOT static void planes_##ID(const T *x, T *y, Channels n, const float *mul,                \
                                    const float *add)                                              \
        {                                                                                          \
                for (int64_t r = 0; r < n.outer * n.count; r++, x += n.inner, y += n.inner) {      \
                        float m = mul[r % n.count], a = add[r % n.count];                          \
                        for (int64_t i = 0; i < n.inner; i++)                                      \
                                y[i] = PUT(GET(x[i]) * m + a);                                     \
                }                                                                                  \
        }                                                                                          \
        /* sum[i % width] += (x[i] - shift[i % width]) ** power; n is a multiple of width or less  \
         */                                                                                        \
        HOT static void powers_##ID(const T *x, int64_t n, int64_t width, const double *shift,     \
                                    bool square, double *sum)                                      \
        {                                                                                          \
                for (int64_t at = 0; at < n; at += width, x += width)                              \
                        for (int64_t i = 0; i < MIN(width, n - at); i++) {                         \
                                double d = (double)GET(x[i]) - shift[i];                           \
                                sum[i] += square ? d * d : d;                                      \
                        }                                                                          \
        }                                                                                          \
        /* Few channels, or those of planes, go side by side in as many lanes as there is room. */ \
        static void moment_##ID(const T *x, Channels n, const double *shift, bool square,          \
                                double *sum)                                                       \
        {                                                                                          \
                double lane[LANES], by[LANES];                                                     \
                bool planes = n.inner > 1;                                                         \
                int64_t count = planes ? 1 : n.count, width = LANES / count * count;               \
                if (!width) {                                                                      \
                        powers_##ID(x, n.outer *n.count, n.count, shift, square, sum);             \
                        return;                                                                    \
                }                                                                                  \
                int64_t runs = planes ? n.outer * n.count : 1,                                     \
                        size = planes ? n.inner : n.outer * count;                                 \
                for (int64_t r = 0; r < runs; r++, x += size) {                                    \
                        for (int64_t i = 0; i < width; i++) {                                      \
                                lane[i] = 0;                                                       \
                                by[i] = shift[planes ? r % n.count : i % count];                   \
                        }                                                                          \
                        powers_##ID(x, size, width, by, square, lane);                             \
                        for (int64_t i = 0; i < width; i++)                                        \
                                sum[planes ? r % n.count : i % count] += lane[i];                  \
                }                                                                                  \
        }
NORM_TYPES(LOOP)
#undef LOOP

/* Training with a factor of 1 does not read the running mean and variance: they may be empty then.
 */
static Status *norm_shape(ShapeCtx *c)
{
        static const char *const names[] = { "x", "scale", "offset", "estimated_mean",
                                             "estimated_variance" };
        const Shape *x = shape_in(c, 0);
        bool training = node_bool(c->node, "is_training", true);
        bool blends = node_float(c->node, "exponential_avg_factor", 1) != 1;
        TRY(norm_want_image(c, x));
        int64_t channels = x->rank < 0 ? -1 : x->dim[channels_axis(c->node, x->rank)];
        for (int i = 1; i < 5; i++)
                TRY(norm_want_vector(c, i, names[i], i > 2 && training && !blends ? -1 : channels));
        c->out[0] = *x;
        for (int i = 1; i < c->n_out; i++)
                c->out[i] = i < 5 ? SHAPE(channels) : SHAPE_SCALAR;
        return NULL;
}

/* The statistics of one run; outputs 1..4. */
typedef struct Stats {
        const float *old_mean, *old_var;            /* inputs 3, 4 */
        float *mean, *var, *saved_mean, *saved_var; /* outputs 1..4 */
        double *sum, *shift;                        /* scratch, one per channel */
} Stats;

/* Two passes, mean first: the sum of squares less the square of the sum would lose all digits for
 * large means. With one row the unbiased variance divides by 1, not by 0. */
static void measure(const Tensor *x, Channels n, double factor, Stats *s)
{
        double rest = (double)(n.outer * n.inner), unbias = rest / MAX(1.0, rest - 1);
        memset(s->sum, 0, (size_t)n.count * sizeof(double));
        memset(s->shift, 0, (size_t)n.count * sizeof(double));
        DISPATCH(NORM_TYPES, tensor_dtype(x), moment, tensor_data(x), n, s->shift, false, s->sum);
        for (int64_t c = 0; c < n.count; c++) {
                s->shift[c] = s->sum[c] / rest;
                s->sum[c] = 0;
        }
        DISPATCH(NORM_TYPES, tensor_dtype(x), moment, tensor_data(x), n, s->shift, true, s->sum);
        for (int64_t c = 0; c < n.count; c++) {
                double var = s->sum[c] / rest;
                s->saved_mean[c] = (float)s->shift[c];
                s->saved_var[c] = (float)var;
                s->mean[c] = (float)s->shift[c];
                s->var[c] = (float)(var * unbias);
                if (factor != 1) {
                        s->mean[c] = (float)((1 - factor) * (double)s->old_mean[c] +
                                             factor * s->shift[c]);
                        s->var[c] = (float)((1 - factor) * (double)s->old_var[c] +
                                            factor * var * unbias);
                }
        }
}

/* Not training: the given statistics are used and handed on unchanged. */
static void take_over(Stats *s, int64_t channels)
{
        size_t bytes = (size_t)channels * sizeof(float);
        memcpy(s->mean, s->old_mean, bytes);
        memcpy(s->var, s->old_var, bytes);
        memcpy(s->saved_mean, s->old_mean, bytes);
        memcpy(s->saved_var, s->old_var, bytes);
}

/* Both factors fit into the space of the sums, which are no longer needed. */
static void normalize(const OpCtx *c, const Tensor *x, Tensor *y, Channels n, Stats *s)
{
        const float *scale = tensor_data(ctx_input(c, 1)), *offset = tensor_data(ctx_input(c, 2));
        float epsilon = node_float(ctx_node(c), "epsilon", 1e-4f);
        float *mul = (float *)s->sum, *add = (float *)s->shift;
        for (int64_t i = 0; i < n.count; i++) {
                mul[i] = scale[i] / sqrtf(s->saved_var[i] + epsilon);
                add[i] = offset[i] - s->saved_mean[i] * mul[i];
        }
        if (n.inner > 1)
                DISPATCH(NORM_TYPES, tensor_dtype(x), planes, tensor_data(x), tensor_fill(y), n,
                         mul, add);
        else
                DISPATCH(NORM_TYPES, tensor_dtype(x), affine, tensor_data(x), tensor_fill(y), n,
                         mul, add);
}

/* Outputs 3 and 4 are reserved for the gradient: mean and biased variance of the batch. The sixth
 * one of V3 means something on GPUs only. */
static Status *norm(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        const Node *node = ctx_node(c);
        Channels n = channels_of(node, tensor_shape(x));
        double *scratch = ctx_scratch(c, 2 * (size_t)n.count * sizeof(double));
        if (!scratch)
                return status_oom();
        Stats s = { .old_mean = tensor_data(ctx_input(c, 3)),
                    .old_var = tensor_data(ctx_input(c, 4)),
                    .mean = tensor_fill(ctx_output(c, 1)),
                    .var = tensor_fill(ctx_output(c, 2)),
                    .saved_mean = tensor_fill(ctx_output(c, 3)),
                    .saved_var = tensor_fill(ctx_output(c, 4)),
                    .sum = scratch,
                    .shift = scratch + n.count };
        if (ctx_outputs(c) > 5)
                memset(tensor_fill(ctx_output(c, 5)), 0, sizeof(float));
        if (node_bool(node, "is_training", true))
                measure(x, n, (double)node_float(node, "exponential_avg_factor", 1), &s);
        else
                take_over(&s, n.count);
        if (tensor_count(x))
                normalize(c, x, ctx_output(c, 0), n, &s);
        return NULL;
}

OP(FusedBatchNorm, .inputs = "x:T; scale:T; offset:T; mean:T; variance:T",
   .outputs = "y:T; batch_mean:T; batch_variance:T; reserve_space_1:T; reserve_space_2:T",
   .attrs =
           "T:type in [float]; epsilon:float = 9.999999747378752e-05; exponential_avg_factor:float "
           "= 1.0; data_format:string in [NHWC,NCHW] = \"NHWC\"; is_training:bool = true",
   .shape = norm_shape, .compute = norm, .inplace = 1);
OP(FusedBatchNormV2, .inputs = "x:T; scale:U; offset:U; mean:U; variance:U",
   .outputs = "y:T; batch_mean:U; batch_variance:U; reserve_space_1:U; reserve_space_2:U",
   .attrs = "T:type in [half,bfloat16,float]; U:type in [float]; epsilon:float = "
            "9.999999747378752e-05; exponential_avg_factor:float = 1.0; data_format:string in "
            "[NHWC,NCHW] = \"NHWC\"; is_training:bool = true",
   .shape = norm_shape, .compute = norm, .inplace = 1);
OP(FusedBatchNormV3, .inputs = "x:T; scale:U; offset:U; mean:U; variance:U",
   .outputs = "y:T; batch_mean:U; batch_variance:U; reserve_space_1:U; reserve_space_2:U; "
              "reserve_space_3:U",
   .attrs = "T:type in [half,bfloat16,float]; U:type in [float]; epsilon:float = "
            "9.999999747378752e-05; exponential_avg_factor:float = 1.0; data_format:string in "
            "[NHWC,NCHW,NDHWC,NCDHW] = \"NHWC\"; is_training:bool = true",
   .shape = norm_shape, .compute = norm, .inplace = 1);
