// SPDX-License-Identifier: Apache-2.0
/* Cumsum, Cumprod, CumulativeLogsumexp: running results along one axis, from either end, with or
 * without the element itself. */
#include "engine/kernels/math/types.h"

static Status *scan_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *axis = shape_in(c, 1);
        int64_t a;
        if (axis->rank > 0)
                return invalid_argument("ScanOp: axis must be a scalar, not %s",
                                        shape_text(axis).s);
        c->out[0] = *x;
        if (x->rank >= 0 && shape_int_value(c, 1, &a) && (a < -x->rank || a >= x->rank))
                return invalid_argument("ScanOp: Expected scan axis in the range [%d, %d), but "
                                        "got %lld",
                                        -x->rank, x->rank, (long long)a);
        return NULL;
}

typedef struct ScanJob {
        const void *x;
        void *y;
        int64_t n, inner;
        bool exclusive, reverse;
} ScanJob;

static inline double log_add(double a, double b)
{
        double hi = a > b ? a : b, lo = a > b ? b : a;
        return lo == -(double)INFINITY ? hi : hi + (log1p)((exp)(lo - hi));
}

/* Sums along a row, 64 bytes at a time: each element takes in those one, two, four and eight places
 * before it, then all of them take in what came before the block. */
#define FROM8(k)              k, k + 1, k + 2, k + 3, k + 4, k + 5, k + 6, k + 7
#define FROM16(k)             FROM8(k), FROM8(k + 8)
#define BACK8                 7, 6, 5, 4, 3, 2, 1, 0
#define BACK16                15, 14, 13, 12, 11, 10, 9, 8, BACK8
#define ADD_BEFORE(LANES, by) v += __builtin_shufflevector(zero, v, FROM##LANES(LANES - by))
#define ROW_LOOP(ID, T, U, LANES)                                                           \
        typedef U Lanes_##ID __attribute__((vector_size(64), aligned(sizeof(U))));          \
        static inline void lanes_##ID(const T *x, T *y, Lanes_##ID *before, bool exclusive, \
                                      bool reverse)                                         \
        {                                                                                   \
                Lanes_##ID zero = { 0 }, came = *before, v;                                 \
                memcpy(&v, x, sizeof v);                                                    \
                if (reverse)                                                                \
                        v = __builtin_shufflevector(v, v, BACK##LANES);                     \
                ADD_BEFORE(LANES, 1);                                                       \
                ADD_BEFORE(LANES, 2);                                                       \
                ADD_BEFORE(LANES, 4);                                                       \
                if (LANES > 8)                                                              \
                        ADD_BEFORE(LANES, LANES / 2);                                       \
                v += came;                                                                  \
                *before = zero + v[LANES - 1];                                              \
                if (exclusive)                                                              \
                        v = __builtin_shufflevector(came, v, FROM##LANES(LANES - 1));       \
                if (reverse)                                                                \
                        v = __builtin_shufflevector(v, v, BACK##LANES);                     \
                memcpy(y, &v, sizeof v);                                                    \
        }                                                                                   \
        HOT static void row_##ID(const T *x, T *y, int64_t n, bool exclusive, bool reverse) \
        {                                                                                   \
                Lanes_##ID before = { 0 };                                                  \
                int64_t i = 0, tail = n % LANES;                                            \
                for (; i + LANES <= n; i += LANES) {                                        \
                        int64_t at = reverse ? n - LANES - i : i;                           \
                        lanes_##ID(x + at, y + at, &before, exclusive, reverse);            \
                }                                                                           \
                if (!tail)                                                                  \
                        return;                                                             \
                T block[LANES] = { 0 }, *part = reverse ? block + LANES - tail : block;     \
                memcpy(part, reverse ? x : x + i, (size_t)tail * sizeof *x);                \
                lanes_##ID(block, block, &before, exclusive, reverse);                      \
                memcpy(reverse ? y : y + i, part, (size_t)tail * sizeof *y);                \
        }                                                                                   \
        static void rowsum_##ID(void *arg, int64_t from, int64_t to)                        \
        {                                                                                   \
                const ScanJob *s = arg;                                                     \
                for (int64_t o = from; o < to; o++)                                         \
                        row_##ID((const T *)s->x + o * s->n, (T *)s->y + o * s->n, s->n,    \
                                 s->exclusive, s->reverse);                                 \
        }
ROW_LOOP(FLOAT, float, float, 16)
ROW_LOOP(DOUBLE, double, double, 8)
ROW_LOOP(INT32, int32_t, uint32_t, 16)
ROW_LOOP(INT64, int64_t, uint64_t, 8)
static const RangeFn row_sums[DT_MAX + 1] = { [DT_FLOAT] = rowsum_FLOAT,
                                              [DT_DOUBLE] = rowsum_DOUBLE,
                                              [DT_INT32] = rowsum_INT32,
                                              [DT_INT64] = rowsum_INT64 };

/* x[o, j, i]; a is the result before, b the element that joins it */
#define LOOP(ID, T, W, GET, PUT, fn, start, expr)                                            \
        static void fn##_##ID(void *arg, int64_t from, int64_t to)                           \
        {                                                                                    \
                const ScanJob *s = arg;                                                      \
                typedef W V;                                                                 \
                int64_t step = s->reverse ? -s->inner : s->inner;                            \
                for (int64_t o = from; o < to; o++) {                                        \
                        int64_t first = (o * s->n + (s->reverse ? s->n - 1 : 0)) * s->inner; \
                        const T *x = (const T *)s->x + first;                                \
                        T *y = (T *)s->y + first;                                            \
                        for (int64_t i = 0; i < s->inner; i++)                               \
                                y[i] = s->exclusive ? PUT((V)(start)) : x[i];                \
                        for (int64_t j = 1; j < s->n; j++, x += step, y += step)             \
                                for (int64_t i = 0; i < s->inner; i++) {                     \
                                        V a = GET(y[i]);                                     \
                                        V b = GET(x[s->exclusive ? i : i + step]);           \
                                        y[i + step] = PUT((V)(expr));                        \
                                }                                                            \
                }                                                                            \
        }
INT_TYPES(LOOP, cumsum, 0, (uint64_t)a + (uint64_t)b)
FLOAT_COMPLEX_TYPES(LOOP, cumsum, 0, a + b)
INT_TYPES(LOOP, cumprod, 1, (uint64_t)a *(uint64_t)b)
FLOAT_COMPLEX_TYPES(LOOP, cumprod, 1, a *b)
FLOAT_TYPES(LOOP, cumlse, -INFINITY, log_add(a, b))
#undef LOOP
#define ROW(ID, T, W, GET, PUT, fn) [DT_##ID] = fn##_##ID,
static const RangeFn sum_loops[DT_MAX + 1] = { NUMBER_TYPES(ROW, cumsum) };
static const RangeFn prod_loops[DT_MAX + 1] = { NUMBER_TYPES(ROW, cumprod) };
static const RangeFn lse_loops[DT_MAX + 1] = { FLOAT_TYPES(ROW, cumlse) };

/* Items before the axis are independent, thus done side by side; along it there is an order. */
static Status *scan_run(OpCtx *c, const RangeFn *loops)
{
        const Tensor *x = ctx_input(c, 0);
        const Shape *s = tensor_shape(x);
        int64_t axis = tensor_int(ctx_input(c, 1), 0);
        if (tensor_count(x) == 0)
                return NULL;
        axis += axis < 0 ? s->rank : 0;
        ScanJob job = { .x = tensor_data(x),
                        .y = tensor_fill(ctx_output(c, 0)),
                        .n = s->dim[axis],
                        .inner = shape_product(s, (int)axis + 1, s->rank),
                        .exclusive = node_bool(ctx_node(c), "exclusive", false),
                        .reverse = node_bool(ctx_node(c), "reverse", false) };
        RangeFn fn = loops[tensor_dtype(x)];
        if (job.inner == 1 && loops == sum_loops && row_sums[tensor_dtype(x)])
                fn = row_sums[tensor_dtype(x)];
        ctx_parallel(c, shape_product(s, 0, (int)axis), MATH_GRAIN / (job.n * job.inner) + 1, fn,
                     &job);
        return NULL;
}
static Status *cumsum(OpCtx *c)
{
        return scan_run(c, sum_loops);
}
static Status *cumprod(OpCtx *c)
{
        return scan_run(c, prod_loops);
}
static Status *cumulative_logsumexp(OpCtx *c)
{
        return scan_run(c, lse_loops);
}

#define SCAN(list)                                                                \
        .inputs = "x:T; axis:Tidx", .outputs = "out:T",                           \
        .attrs = "exclusive:bool = false; reverse:bool = false; " list "; " TIDX, \
        .shape = scan_shape
OP(Cumsum, SCAN(T_NUMBER), .compute = cumsum, .kernels = KERNELS_NUMBER);
OP(Cumprod, SCAN(T_NUMBER), .compute = cumprod, .kernels = KERNELS_NUMBER);
OP(CumulativeLogsumexp, SCAN("T:type in [half,float,double]"), .compute = cumulative_logsumexp);
