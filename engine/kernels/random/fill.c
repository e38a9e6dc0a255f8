// SPDX-License-Identifier: Apache-2.0
/* The distributions, by groups of 16 bytes of random bits, and how groups fill a tensor. */
#include "engine/kernels/random/fill.h"

#include "engine/ops/sizes.h"

#include <math.h>

/* Makes the values of one group. */
typedef void (*GroupFn)(Philox *gen, RandomSpan span, void *out);

enum { GROUP_MAX_BYTES = 32 };

static Half half_uniform(uint32_t x)
{
        Half h = { (uint16_t)((x & 0x3ff) | 15u << 10) };
        return half_from_float(half_to_float(h) - 1.0f);
}

static BFloat16 bfloat16_uniform(uint32_t x)
{
        BFloat16 b = { (uint16_t)((x & 0x7f) | 127u << 7) };
        return bfloat16_from_float(bfloat16_to_float(b) - 1.0f);
}

/* Two uniform numbers to two normal ones (Box and Muller 1958). */
static void normal_pair(uint32_t x0, uint32_t x1, float ret[2])
{
        float u = fmaxf(philox_float(x0), 1.0e-7f);
        float v = (float)(2.0 * M_PI * (double)philox_float(x1));
        float r = sqrtf(-2.0f * logf(u));
        ret[0] = sinf(v) * r;
        ret[1] = cosf(v) * r;
}

static void normal_pair_double(const uint32_t x[4], double ret[2])
{
        double u = fmax(philox_double(x[0], x[1]), 1.0e-7);
        double v = 2.0 * M_PI * philox_double(x[2], x[3]);
        double r = sqrt(-2.0 * log(u));
        ret[0] = sin(v) * r;
        ret[1] = cos(v) * r;
}

static void normal4(Philox *gen, float ret[4])
{
        uint32_t x[4];
        philox_next(gen, x);
        normal_pair(x[0], x[1], ret);
        normal_pair(x[2], x[3], ret + 2);
}

/* Four normal numbers within (-2, 2): those outside are thrown away, as many pairs as it takes. */
static void truncated4(Philox *gen, float ret[4])
{
        PhiloxSingle s = philox_single(*gen);
        for (int n = 0; n < 4;) {
                uint32_t x0 = philox_take(&s), x1 = philox_take(&s);
                float f[2];
                normal_pair(x0, x1, f);
                for (int i = 0; i < 2 && n < 4; i++)
                        if (fabsf(f[i]) < 2.0f)
                                ret[n++] = f[i];
        }
}

#define NARROW_(ID, T, make)                                             \
        static void make##_##ID(Philox *gen, RandomSpan span, void *out) \
        {                                                                \
                (void)span;                                              \
                float f[4];                                              \
                make(gen, f);                                            \
                for (int i = 0; i < 4; i++)                              \
                        ((T *)out)[i] = from_##ID(f[i]);                 \
        }
#define from_FLOAT(f)    (f)
#define from_HALF(f)     half_from_float(f)
#define from_BFLOAT16(f) bfloat16_from_float(f)
NARROW_(FLOAT, float, normal4)
NARROW_(HALF, Half, normal4)
NARROW_(BFLOAT16, BFloat16, normal4)
NARROW_(FLOAT, float, truncated4)
NARROW_(HALF, Half, truncated4)
NARROW_(BFLOAT16, BFloat16, truncated4)

static void normal_DOUBLE(Philox *gen, RandomSpan span, void *out)
{
        (void)span;
        uint32_t x[4];
        philox_next(gen, x);
        normal_pair_double(x, out);
}

/* Beyond two deviations a number is drawn anew, as many times as it takes. */
static void truncated_DOUBLE(Philox *gen, RandomSpan span, void *out)
{
        (void)span;
        double *to = out, d[2];
        for (int n = 0; n < 2;) {
                normal_DOUBLE(gen, span, d);
                for (int i = 0; i < 2 && n < 2; i++)
                        if (fabs(d[i]) < 2.0)
                                to[n++] = d[i];
        }
}

/* e(x, i) makes element i of a group of `n` from the block x. */
#define GROUP_(fn, T, n, e)                                     \
        static void fn(Philox *gen, RandomSpan span, void *out) \
        {                                                       \
                (void)span;                                     \
                uint32_t x[4];                                  \
                philox_next(gen, x);                            \
                for (int i = 0; i < (n); i++)                   \
                        ((T *)out)[i] = e;                      \
        }
#define WIDE_ ((uint64_t)x[2 * i] | (uint64_t)x[2 * i + 1] << 32)
GROUP_(uniform_FLOAT, float, 4, philox_float(x[i]))
GROUP_(uniform_HALF, Half, 4, half_uniform(x[i]))
GROUP_(uniform_BFLOAT16, BFloat16, 4, bfloat16_uniform(x[i]))
GROUP_(uniform_DOUBLE, double, 2, philox_double(x[2 * i], x[2 * i + 1]))
GROUP_(integer_32, uint32_t, 4,
       (uint32_t)(span.lo + (span.range ? x[i] % (uint32_t)span.range : x[i])))
GROUP_(integer_64, uint64_t, 2, span.lo + (span.range ? WIDE_ % span.range : WIDE_))

static const GroupFn groups[RANDOM_KINDS][DT_MAX + 1] = {
        [RANDOM_UNIFORM] = { [DT_FLOAT] = uniform_FLOAT,
                             [DT_DOUBLE] = uniform_DOUBLE,
                             [DT_HALF] = uniform_HALF,
                             [DT_BFLOAT16] = uniform_BFLOAT16 },
        [RANDOM_NORMAL] = { [DT_FLOAT] = normal4_FLOAT,
                            [DT_DOUBLE] = normal_DOUBLE,
                            [DT_HALF] = normal4_HALF,
                            [DT_BFLOAT16] = normal4_BFLOAT16 },
        [RANDOM_TRUNCATED] = { [DT_FLOAT] = truncated4_FLOAT,
                               [DT_DOUBLE] = truncated_DOUBLE,
                               [DT_HALF] = truncated4_HALF,
                               [DT_BFLOAT16] = truncated4_BFLOAT16 },
        [RANDOM_INTEGER] = { [DT_INT32] = integer_32,
                             [DT_UINT32] = integer_32,
                             [DT_INT64] = integer_64,
                             [DT_UINT64] = integer_64 },
};

typedef struct Fill {
        RandomKind kind;
        GroupFn fn;
        Philox gen;
        RandomSpan span;
        Tensor *t;
        int64_t group; /* values in a group */
} Fill;

static void fill_groups(void *arg, int64_t from, int64_t to)
{
        const Fill *f = arg;
        size_t size = dtype_size(tensor_dtype(f->t)), bytes = (size_t)f->group * size;
        bool truncated = f->kind == RANDOM_TRUNCATED;
        /* A truncated group may use any number of blocks: each has a region of its own. */
        uint64_t step = truncated ? (uint64_t)f->group * RANDOM_RESERVED / 4 : 1;
        char *out = (char *)tensor_fill(f->t) + (size_t)from * bytes;
        Philox gen = f->gen;
        philox_skip(&gen, (uint64_t)from * step);
        for (int64_t i = from; i < to; i++, out += bytes) {
                _Alignas(16) char last[GROUP_MAX_BYTES];
                Philox at = gen;
                bool whole = (i + 1) * f->group <= tensor_count(f->t);
                f->fn(truncated ? &at : &gen, f->span, whole ? out : last);
                if (!whole)
                        memcpy(out, last, (size_t)(tensor_count(f->t) - i * f->group) * size);
                if (truncated)
                        philox_skip(&gen, step);
        }
}

/* Groups are numbered, and a group's numbers follow from its number: threads may share the work as
 * they like. */
void random_fill(OpCtx *c, RandomKind kind, Philox gen, RandomSpan span, Tensor *t)
{
        Fill f = { .kind = kind,
                   .fn = groups[kind][tensor_dtype(t)],
                   .gen = gen,
                   .span = span,
                   .t = t,
                   .group = dtype_size(tensor_dtype(t)) == 8 ? 2 : 4 };
        if (f.fn && tensor_count(t))
                ctx_parallel(c, (tensor_count(t) + f.group - 1) / f.group, 4096, fill_groups, &f);
}

void random_group(RandomKind kind, DType dtype, Philox *gen, void *ret)
{
        groups[kind][dtype](gen, (RandomSpan){ 0 }, ret);
}

Status *random_run(OpCtx *c, RandomSource source, RandomKind kind)
{
        Tensor *y = ctx_output(c, 0);
        Philox gen;
        TRY(source(c, y, &gen));
        random_fill(c, kind, gen, (RandomSpan){ 0 }, y);
        return NULL;
}

/* The difference is taken without a sign, so that the widest range of int64 does not overflow. */
Status *random_run_range(OpCtx *c, RandomSource source, int i)
{
        const Tensor *min = ctx_input(c, i), *max = ctx_input(c, i + 1);
        Tensor *y = ctx_output(c, 0);
        uint64_t lo = (uint64_t)tensor_int(min, 0), hi = (uint64_t)tensor_int(max, 0);
        bool ordered = tensor_dtype(min) == DT_UINT64 ? lo < hi : (int64_t)lo < (int64_t)hi;
        Philox gen;
        if (!ordered)
                return invalid_argument("Need minval < maxval, got %lld >= %lld", (long long)lo,
                                        (long long)hi);
        TRY(source(c, y, &gen));
        random_fill(c, RANDOM_INTEGER, gen, (RandomSpan){ lo, hi - lo }, y);
        return NULL;
}

Status *random_range_shape(const ShapeCtx *c, int i)
{
        for (int k = i; k < i + 2; k++)
                if (shape_in(c, k)->rank > 0)
                        return invalid_argument("%s must be 0-D, got shape %s",
                                                k == i ? "minval" : "maxval",
                                                shape_text(shape_in(c, k)).s);
        return NULL;
}

/* A negative size is found here only when it is constant. */
Status *random_shape_at(ShapeCtx *c, int i)
{
        return shape_sizes(c, i, &c->out[0]);
}

Status *random_shape(ShapeCtx *c)
{
        return random_shape_at(c, 0);
}

Status *random_stateless_shape(ShapeCtx *c)
{
        const Shape *seed = shape_in(c, 1);
        if (seed->rank >= 0 && (seed->rank != 1 || (seed->dim[0] >= 0 && seed->dim[0] != 2)))
                return invalid_argument("seed must have shape [2], not %s", shape_text(seed).s);
        return random_shape(c);
}

Status *random_stateless(OpCtx *c, const Tensor *y, Philox *ret)
{
        (void)y;
        *ret = philox_stateless(ctx_input(c, 1));
        return NULL;
}
