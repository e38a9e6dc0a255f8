// SPDX-License-Identifier: Apache-2.0
/* ArgMax, ArgMin: where along one dimension the extreme is; the first one when there are several.
 */
#include "engine/kernels/math/fold.h"
#include "engine/kernels/math/types.h"

/* Without a constant axis only the rank is known. An empty axis has no extreme: an error, even when
 * the result is empty, too. */
static Status *arg_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *dim = shape_in(c, 1);
        int64_t axis;
        if (dim->rank > 0)
                return invalid_argument("dim must be a scalar, but received tensor of shape: %s",
                                        shape_text(dim).s);
        if (x->rank < 0)
                return NULL;
        if (!shape_int_value(c, 1, &axis)) {
                c->out[0] = x->rank > 0 ? shape_of_rank(x->rank - 1) : SHAPE_SCALAR;
                return NULL;
        }
        if (axis < -x->rank || axis >= x->rank)
                return invalid_argument("Expected dimension in the range [%d, %d), but got %lld",
                                        -x->rank, x->rank, (long long)axis);
        axis += axis < 0 ? x->rank : 0;
        if (x->dim[axis] == 0)
                return invalid_argument("Reduction axis %lld is empty in shape %s", (long long)axis,
                                        shape_text(x).s);
        c->out[0] = *x;
        shape_remove(&c->out[0], (int)axis);
        return NULL;
}

typedef struct ArgJob {
        const void *x;
        int64_t *at; /* [outer, inner]: the answer */
        int64_t n, inner;
} ArgJob;

enum { COLUMNS = 256, ROWS = 1 << 30 };

/* A NaN is no extreme, wherever it stands. */
#define FIRST(ID, T, W, GET, PUT, fn, op)                                   \
        static int64_t fn##_first_##ID(const T *x, int64_t n, int64_t step) \
        {                                                                   \
                for (int64_t i = 0; i < n; i++) {                           \
                        W v = GET(x[i * step]), same = v;                   \
                        if (v == same)                                      \
                                return i;                                   \
                }                                                           \
                return 0;                                                   \
        }                                                                   \
        static inline W fn##_of_two_##ID(W a, W b)                          \
        {                                                                   \
                return a op b ? a : b;                                      \
        }
/* A row: its extreme in lanes, then the first place that has it. */
#define ALONG(ID, T, W, GET, PUT, fn, op)                                                     \
        HOT_##ID static W fn##_best_##ID(const T *x, int64_t n)                               \
        {                                                                                     \
                W lane[FOLD_LANES], first = GET(x[fn##_first_##ID(x, n, 1)]);                 \
                int64_t i = 0;                                                                \
                for (int l = 0; l < FOLD_LANES; l++)                                          \
                        lane[l] = first;                                                      \
                for (; i + FOLD_LANES <= n; i += FOLD_LANES)                                  \
                        for (int l = 0; l < FOLD_LANES; l++)                                  \
                                lane[l] = GET(x[i + l]) op lane[l] ? GET(x[i + l]) : lane[l]; \
                for (int l = 0; i < n; i++, l++)                                              \
                        lane[l] = GET(x[i]) op lane[l] ? GET(x[i]) : lane[l];                 \
                FOLD(lane, fn##_of_two_##ID);                                                 \
                return lane[0];                                                               \
        }                                                                                     \
        HOT_##ID static int64_t fn##_along_##ID(const T *x, int64_t n)                        \
        {                                                                                     \
                W best = fn##_best_##ID(x, n);                                                \
                int64_t i = 0;                                                                \
                for (int here = 0; i + FOLD_LANES <= n; i += FOLD_LANES) {                    \
                        for (int l = 0; l < FOLD_LANES; l++)                                  \
                                here |= GET(x[i + l]) == best;                                \
                        if (here)                                                             \
                                break;                                                        \
                }                                                                             \
                while (i < n && GET(x[i]) != best)                                            \
                        i++;                                                                  \
                return i < n ? i : 0;                                                         \
        }
/* The same in one pass: each lane keeps where its block began, in words as wide as its values (I).
 * The next row is asked for before the lanes become one, which would else be waited for. */
#define AHEAD        8 /* lines of 64 bytes */
#define LESSER(a, b) ((a) < (b) ? (a) : (b))
#define STEP_(op, v_, from_)                          \
        do {                                          \
                __typeof__(lane[0]) v = v_;           \
                at[l] = v op lane[l] ? from_ : at[l]; \
                lane[l] = v op lane[l] ? v : lane[l]; \
        } while (0)
#define ALONG_ONCE(ID, T, I, fn, op)                                            \
        HOT static int64_t fn##_part_##ID(const T *x, I n, int64_t none)        \
        {                                                                       \
                T lane[FOLD_LANES], best[FOLD_LANES], first = x[none];          \
                I at[FOLD_LANES] = { 0 }, whole = n - n % FOLD_LANES, far = n;  \
                for (int l = 0; l < FOLD_LANES; l++)                            \
                        lane[l] = first;                                        \
                for (I i = 0; i < whole; i += FOLD_LANES)                       \
                        for (int l = 0; l < FOLD_LANES; l++)                    \
                                STEP_(op, x[i + l], i);                         \
                for (int l = 0; l < n - whole; l++)                             \
                        STEP_(op, x[whole + l], whole);                         \
                for (int k = 0; k < AHEAD; k++)                                 \
                        __builtin_prefetch((const char *)(x + n) + 64 * k);     \
                memcpy(best, lane, sizeof(best));                               \
                FOLD(best, fn##_of_two_##ID);                                   \
                if (!(best[0] op first))                                        \
                        return none;                                            \
                for (int l = 0; l < FOLD_LANES; l++)                            \
                        at[l] = lane[l] == best[0] ? at[l] + l : far;           \
                FOLD(at, LESSER);                                               \
                return at[0];                                                   \
        }                                                                       \
        /* Of parts that I can count. */                                        \
        static int64_t fn##_along_##ID(const T *x, int64_t n)                   \
        {                                                                       \
                int64_t best = fn##_first_##ID(x, n, 1);                        \
                for (int64_t i = 0; i < n; i += ROWS) {                         \
                        int64_t m = MIN(n - i, (int64_t)ROWS), none = best - i; \
                        int64_t at = fn##_part_##ID(x + i, (I)m, none);         \
                        best = i + at;                                          \
                }                                                               \
                return best;                                                    \
        }
/* Columns: values and rows of the best so far of some neighbours; rows are counted in few bits, by
 * blocks. */
#define ACROSS(ID, T, W, GET, PUT, fn, op)                                                         \
        HOT_##ID static void fn##_block_##ID(const T *x, int32_t n, int64_t inner, int32_t *at,    \
                                             W *best, int64_t m)                                   \
        {                                                                                          \
                for (int32_t j = 0; j < n; j++)                                                    \
                        for (int64_t i = 0; i < m; i++) {                                          \
                                W v = GET(x[j * inner + i]);                                       \
                                bool better = v op best[i];                                        \
                                at[i] = better ? j : at[i];                                        \
                                best[i] = better ? v : best[i];                                    \
                        }                                                                          \
        }                                                                                          \
        static void fn##_across_##ID(const T *x, int64_t n, int64_t inner, int64_t *at, int64_t m) \
        {                                                                                          \
                W best[COLUMNS];                                                                   \
                int32_t row[COLUMNS];                                                              \
                for (int64_t i = 0; i < m; i++) {                                                  \
                        at[i] = fn##_first_##ID(x + i, n, inner);                                  \
                        best[i] = GET(x[at[i] * inner + i]);                                       \
                }                                                                                  \
                for (int64_t from = 0; from < n; from += ROWS) {                                   \
                        memset(row, -1, sizeof row);                                               \
                        fn##_block_##ID(x + from * inner, (int32_t)MIN(n - from, (int64_t)ROWS),   \
                                        inner, row, best, m);                                      \
                        for (int64_t i = 0; i < m; i++)                                            \
                                at[i] = row[i] < 0 ? at[i] : from + row[i];                        \
                }                                                                                  \
        }
/* x[o, j, i] */
#define LOOP(ID, T, W, GET, PUT, fn, op)                                                    \
        static void fn##_##ID(void *arg, int64_t from, int64_t to)                          \
        {                                                                                   \
                const ArgJob *job = arg;                                                    \
                for (int64_t o = from; o < to; o++) {                                       \
                        const T *x = (const T *)job->x + o * job->n * job->inner;           \
                        int64_t *at = job->at + o * job->inner;                             \
                        if (job->inner == 1)                                                \
                                *at = fn##_along_##ID(x, job->n);                           \
                        for (int64_t i = 0; i < job->inner && job->inner > 1; i += COLUMNS) \
                                fn##_across_##ID(x + i, job->n, job->inner, at + i,         \
                                                 MIN(job->inner - i, (int64_t)COLUMNS));    \
                }                                                                           \
        }
#define LIST(X, ...) REAL_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)
LIST(FIRST, arg_max, >)
LIST(FIRST, arg_min, <)
#define NARROW(X, ...)                  \
        TYPE_HALF(X, ##__VA_ARGS__)     \
        TYPE_BFLOAT16(X, ##__VA_ARGS__) \
        TYPE_INT8(X, ##__VA_ARGS__)     \
        TYPE_INT16(X, ##__VA_ARGS__) UNSIGNED_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)
NARROW(ALONG, arg_max, >)
NARROW(ALONG, arg_min, <)
#define BOTH(ID, T, I)                   \
        ALONG_ONCE(ID, T, I, arg_max, >) \
        ALONG_ONCE(ID, T, I, arg_min, <)
BOTH(FLOAT, float, int32_t)
BOTH(DOUBLE, double, int64_t)
BOTH(INT32, int32_t, int32_t)
BOTH(INT64, int64_t, int64_t)
LIST(ACROSS, arg_max, >)
LIST(ACROSS, arg_min, <)
LIST(LOOP, arg_max, >)
LIST(LOOP, arg_min, <)
#undef FIRST
#undef ALONG
#undef ACROSS
#undef LOOP
#define ROW(ID, T, W, GET, PUT, fn) [DT_##ID] = fn##_##ID,
static const RangeFn max_loops[DT_MAX + 1] = { LIST(ROW, arg_max) };
static const RangeFn min_loops[DT_MAX + 1] = { LIST(ROW, arg_min) };

/* Loops write int64; for int32 outputs there is a detour. */
static Status *arg_run(OpCtx *c, const RangeFn *loops)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        int64_t axis = tensor_int(ctx_input(c, 1), 0), m = tensor_count(y);
        const Shape *s = tensor_shape(x);
        axis += axis < 0 ? s->rank : 0;
        bool narrow = tensor_dtype(y) == DT_INT32;
        ArgJob job = { .x = tensor_data(x),
                       .at = narrow ? ctx_scratch(c, (size_t)m * sizeof(int64_t)) : tensor_fill(y),
                       .n = s->dim[axis],
                       .inner = shape_product(s, (int)axis + 1, s->rank) };
        if (!job.at)
                return status_oom();
        if (m > 0)
                ctx_parallel(c, m / job.inner, MATH_GRAIN / (job.n * job.inner) + 1,
                             loops[tensor_dtype(x)], &job);
        for (int64_t i = 0; narrow && i < m; i++)
                ((int32_t *)tensor_fill(y))[i] = (int32_t)job.at[i];
        return NULL;
}
static Status *arg_max(OpCtx *c)
{
        return arg_run(c, max_loops);
}
static Status *arg_min(OpCtx *c)
{
        return arg_run(c, min_loops);
}

#define SIGNATURE                                                                           \
        .inputs = "input:T; dimension:Tidx", .outputs = "output:output_type",               \
        .attrs = "T:type in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,"    \
                 "quint8,qint32,bfloat16,uint16,complex128,half,uint32,uint64,bool]; " TIDX \
                 "; output_type:type in [int32,int64] = int64",                             \
        .kernels = "T:type in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,"  \
                   "half,uint32,uint64,bool]",                                              \
        .shape = arg_shape
OP(ArgMax, SIGNATURE, .compute = arg_max);
OP(ArgMin, SIGNATURE, .compute = arg_min);
