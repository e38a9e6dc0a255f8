// SPDX-License-Identifier: Apache-2.0
/* Multinomial: class numbers drawn by unnormalized log probabilities, by inverting the cumulative
 * distribution. */
#include "engine/kernels/random/fill.h"

#include <math.h>

/* cdf[j]: unnormalized, with the largest logit taken off; returns the total. Logits that are not
 * finite have no weight. */
static double accumulate(const Tensor *logits, int64_t row, int64_t classes, double *cdf)
{
        double max = -HUGE_VAL, total = 0;
        for (int64_t j = 0; j < classes; j++) {
                double v = tensor_double(logits, row * classes + j);
                if (isfinite(v) && v > max)
                        max = v;
        }
        for (int64_t j = 0; j < classes; j++) {
                double v = tensor_double(logits, row * classes + j);
                total += isfinite(v) ? exp(v - max) : 0;
                cdf[j] = total;
        }
        return total;
}

/* The first class whose cumulative weight is beyond v; `classes` when there is none. */
static int64_t find(const double *cdf, int64_t classes, double v)
{
        int64_t lo = 0, hi = classes;
        while (lo < hi) {
                int64_t mid = lo + (hi - lo) / 2;
                if (cdf[mid] > v)
                        hi = mid;
                else
                        lo = mid + 1;
        }
        return lo;
}

/* At least one class, or there is nothing to draw. */
static Status *multinomial_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *n = shape_in(c, 1);
        int64_t samples = -1;
        if (x->rank >= 0 && x->rank != 2)
                return invalid_argument("logits should be a matrix, got shape %s", shape_text(x).s);
        if (n->rank > 0)
                return invalid_argument("num_samples should be a scalar, got shape %s",
                                        shape_text(n).s);
        if (shape_int_value(c, 1, &samples) && samples < 0)
                return invalid_argument("num_samples should be nonnegative, got %lld",
                                        (long long)samples);
        if (x->rank == 2 && x->dim[1] == 0)
                return invalid_argument("num_classes should be positive, got 0");
        c->out[0] = SHAPE(x->rank < 0 ? -1 : x->dim[0], samples);
        return NULL;
}

/* Two words of the generator make one double, as in TensorFlow. */
static Status *sample(OpCtx *c, Philox gen)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        int64_t rows = tensor_dim(x, 0), classes = tensor_dim(x, 1), n = tensor_dim(y, 1);
        enum { LOOK_EVERY = 1 << 14 };
        double *cdf = ctx_scratch(c, (size_t)classes * sizeof *cdf);
        PhiloxSingle s = philox_single(gen);
        if (!cdf)
                return status_oom();
        for (int64_t r = 0; r < rows; r++) {
                double total = accumulate(x, r, classes, cdf);
                for (int64_t j = 0; j < n; j++) {
                        if (j % LOOK_EVERY == 0 && ctx_cut(c))
                                return NULL;
                        uint32_t hi = philox_take(&s), lo = philox_take(&s);
                        int64_t class = find(cdf, classes, philox_double(hi, lo) * total);
                        if (tensor_dtype(y) == DT_INT32)
                                ((int32_t *)tensor_fill(y))[r * n + j] = (int32_t) class;
                        else
                                ((int64_t *)tensor_fill(y))[r * n + j] = class;
                }
        }
        return NULL;
}

static Status *multinomial(OpCtx *c)
{
        uint64_t rows = (uint64_t)tensor_dim(ctx_input(c, 0), 0);
        uint64_t n = (uint64_t)tensor_dim(ctx_output(c, 0), 1);
        Philox gen;
        /* Doubles take two words each. */
        TRY(philox_reserve(c, rows * ((n + 3) / 4 * 4) * 2 * RANDOM_RESERVED, &gen));
        return sample(c, gen);
}

static Status *stateless_shape(ShapeCtx *c)
{
        const Shape *seed = shape_in(c, 2);
        if (seed->rank >= 0 && (seed->rank != 1 || (seed->dim[0] >= 0 && seed->dim[0] != 2)))
                return invalid_argument("seed must have shape [2], not %s", shape_text(seed).s);
        return multinomial_shape(c);
}

static Status *stateless(OpCtx *c)
{
        return sample(c, philox_stateless(ctx_input(c, 2)));
}

OP(Multinomial, .inputs = "logits:T; num_samples:int32", .outputs = "output:output_dtype",
   .attrs = "seed:int = 0; seed2:int = 0; T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]; "
            "output_dtype:type in [int32,int64] = int64",
   .flags = "stateful", .shape = multinomial_shape, .compute = multinomial);
OP(StatelessMultinomial, .inputs = "logits:T; num_samples:int32; seed:Tseed",
   .outputs = "output:output_dtype",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]; "
            "Tseed:type in [int32,int64] = int64; output_dtype:type in [int32,int64] = int64",
   .shape = stateless_shape, .compute = stateless);
