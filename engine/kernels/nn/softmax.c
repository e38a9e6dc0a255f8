// SPDX-License-Identifier: Apache-2.0
/* Softmax and LogSoftmax over the last dimension; the row's maximum is taken off first, so that
 * nothing overflows. */
#include "engine/kernels/nn/softmax.h"

#include "engine/kernels/nn/row_exp.h"

enum {
        STACK_FLOATS = 4096, /* room on the stack for two rows of short floats, widened */
        STACK_ROW = STACK_FLOATS / 2,
        LANES_ROW = 64, /* rows of less go together */
};

typedef struct Job {
        const void *x;
        void *y;
        float *wide; /* room for all elements, when rows of short floats are long */
        int64_t row; /* of it that a row takes */
        int64_t n;   /* of a row */
        bool is_log;
        DType dtype;
} Job;

/* The exponentials of a softmax are kept in y, where they only need scaling. */
#define LOOP(ID, T, W, GET, PUT)                                                                  \
        HOT static void scale_##ID(T *y, int64_t n, T by)                                         \
        {                                                                                         \
                for (int64_t i = 0; i < n; i++)                                                   \
                        y[i] *= by;                                                               \
        }                                                                                         \
        HOT static void shift_##ID(const T *x, T *y, int64_t n, T m, T by)                        \
        {                                                                                         \
                SAME_OR_APART                                                                     \
                for (int64_t i = 0; i < n; i++)                                                   \
                        y[i] = x[i] - m - by;                                                     \
        }                                                                                         \
        static void row_##ID(const T *x, T *y, int64_t n, bool is_log)                            \
        {                                                                                         \
                T m = row_max_##ID(x, n), sum = row_exp_##ID(x, is_log ? NULL : y, n, m);         \
                if (is_log)                                                                       \
                        shift_##ID(x, y, n, m, log(sum));                                         \
                else                                                                              \
                        scale_##ID(y, n, 1 / sum);                                                \
        }                                                                                         \
        /* Short rows together, long ones one by one. */                                          \
        static void some_##ID(const T *x, T *y, int64_t n, int64_t rows, bool is_log)             \
        {                                                                                         \
                T max[FOLD_ROWS], sum[FOLD_ROWS];                                                 \
                for (int64_t k, left = rows; left > 0; left -= k, x += k * n, y += k * n) {       \
                        k = n > ROWS_SHORT ? 1 : MIN(left, (int64_t)FOLD_ROWS);                   \
                        if (n > ROWS_SHORT) {                                                     \
                                row_##ID(x, y, n, is_log);                                        \
                                continue;                                                         \
                        }                                                                         \
                        rows_max_##ID(x, n, k, max);                                              \
                        rows_exp_##ID(x, is_log ? NULL : y, n, k, max, sum);                      \
                        for (int64_t r = 0; r < k; r++)                                           \
                                if (is_log)                                                       \
                                        shift_##ID(x + r * n, y + r * n, n, max[r], log(sum[r])); \
                                else                                                              \
                                        scale_##ID(y + r * n, n, 1 / sum[r]);                     \
                }                                                                                 \
        }                                                                                         \
        static void rows_##ID(void *arg, int64_t from, int64_t to)                                \
        {                                                                                         \
                const Job *j = arg;                                                               \
                int64_t n = j->n;                                                                 \
                some_##ID((const T *)j->x + from * n, (T *)j->y + from * n, n, to - from,         \
                          j->is_log);                                                             \
        }
WIDE_TYPES(LOOP)
#undef LOOP

void softmax_floats(float *y, int64_t n, int64_t rows)
{
        some_FLOAT(y, y, n, rows, false);
}

/* Rows of short floats, as floats. */
static void rows_short(void *arg, int64_t from, int64_t to)
{
        const Job *j = arg;
        float stack[STACK_FLOATS] __attribute__((aligned(64)));
        size_t size = dtype_size(j->dtype);
        int64_t most = MAX(STACK_FLOATS / j->n, 1);
        if (j->n >= LANES_ROW && softmax_short_usable()) {
                ShortRows rows = { .x = (const uint16_t *)j->x + from * j->n,
                                   .y = (uint16_t *)j->y + from * j->n,
                                   .n = j->n,
                                   .rows = to - from,
                                   .room = j->wide ? j->wide + from * j->row : stack };
                softmax_short(j->dtype, &rows, j->is_log);
                return;
        }
        for (int64_t k, r = from; r < to; r += k) {
                k = MIN(most, to - r);
                float *row = j->wide ? j->wide + r * j->row : stack;
                short_widen(j->dtype, (const char *)j->x + (size_t)(r * j->n) * size, row,
                            k * j->n);
                some_FLOAT(row, row, j->n, k, j->is_log);
                short_narrow(j->dtype, row, (char *)j->y + (size_t)(r * j->n) * size, k * j->n);
        }
}

static Status *softmax_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        if (x->rank == 0)
                return invalid_argument("logits must have >= 1 dimension, got %s", shape_text(x).s);
        c->out[0] = *x;
        return NULL;
}

/* Rows are independent and go to threads in pieces. */
static Status *softmax_run(OpCtx *c, bool is_log)
{
        const Tensor *x = ctx_input(c, 0);
        DType t = tensor_dtype(x);
        int64_t count = tensor_count(x);
        Job job = { .x = tensor_data(x),
                    .y = tensor_fill(ctx_output(c, 0)),
                    .n = tensor_dim(x, tensor_rank(x) - 1),
                    .is_log = is_log,
                    .dtype = t };
        if (!count)
                return NULL;
        if (dtype_is_short(t) && job.n > STACK_ROW) {
                job.row = softmax_short_room(job.n);
                job.wide = ctx_scratch(c, (size_t)(count / job.n * job.row) * sizeof(float));
                if (!job.wide)
                        return status_oom();
        }
        ctx_parallel(c, count / job.n, MATH_GRAIN_DEAR / job.n + 1,
                     dtype_is_short(t) ? rows_short
                     : t == DT_DOUBLE  ? rows_DOUBLE
                                       : rows_FLOAT,
                     &job);
        return NULL;
}

static Status *softmax(OpCtx *c)
{
        return softmax_run(c, false);
}

static Status *log_softmax(OpCtx *c)
{
        return softmax_run(c, true);
}

OP(Softmax, .inputs = "logits:T", .outputs = "softmax:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = softmax_shape, .compute = softmax,
   .inplace = 1);
OP(LogSoftmax, .inputs = "logits:T", .outputs = "logsoftmax:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = softmax_shape,
   .compute = log_softmax, .inplace = 1);
