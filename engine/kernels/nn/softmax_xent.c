// SPDX-License-Identifier: Apache-2.0
/* SoftmaxCrossEntropyWithLogits: the loss of each row and its gradient to the logits. Logits and
 * labels broadcast against each other. */
#include "engine/kernels/math/fold.h"
#include "engine/kernels/nn/row_exp.h"

#define PLUS(a, b) ((a) + (b))

/* Row and column steps of an operand: 0 where it broadcasts. */
typedef struct Step {
        int64_t row, col;
} Step;

/* The labels need not add up to 1; the gradient is softmax less labels all the same. Rows that are
 * not there as they are computed with, short floats and repeated elements, are written out first.
 */
#define LOOP(ID, T, W, GET, PUT)                                                                 \
        HOT static W loss_##ID(const W *x, const W *p, W *back, int64_t n, W m, W sum)           \
        {                                                                                        \
                W lane[FOLD_LANES] = { 0 }, total = 0, shift = log(sum);                         \
                int64_t i = 0;                                                                   \
                for (; i + FOLD_LANES <= n; i += FOLD_LANES)                                     \
                        for (int l = 0; l < FOLD_LANES; l++)                                     \
                                lane[l] += p[i + l] * (shift - (x[i + l] - m));                  \
                for (; i < n; i++)                                                               \
                        total += p[i] * (shift - (x[i] - m));                                    \
                FOLD(lane, PLUS);                                                                \
                for (i = 0; i < n; i++)                                                          \
                        back[i] = back[i] / sum - p[i];                                          \
                return total + lane[0];                                                          \
        }                                                                                        \
        static const W *row_##ID(const T *x, int64_t step, int64_t n, W *room)                   \
        {                                                                                        \
                if (sizeof(T) == sizeof(W) && step)                                              \
                        return (const W *)(const void *)x;                                       \
                for (int64_t i = 0; i < n; i++)                                                  \
                        room[i] = GET(x[i * step]);                                              \
                return room;                                                                     \
        }                                                                                        \
        static void xent_##ID(const T *x, Step sx, const T *p, Step sp, int64_t rows, int64_t n, \
                              T *loss, T *back, void *scratch)                                   \
        {                                                                                        \
                W *room = scratch;                                                               \
                for (int64_t r = 0; r < rows; r++, back += n) {                                  \
                        const W *logits = row_##ID(x + r * sx.row, sx.col, n, room);             \
                        const W *labels = row_##ID(p + r * sp.row, sp.col, n, room + n);         \
                        W *to = sizeof(T) == sizeof(W) ? (W *)(void *)back : room + 2 * n;       \
                        W m = ROW_##ID(max)(logits, n), sum = ROW_##ID(exp)(logits, to, n, m);   \
                        loss[r] = PUT(loss_##ID(logits, labels, to, n, m, sum));                 \
                        for (int64_t i = 0; i < n && sizeof(T) != sizeof(W); i++)                \
                                back[i] = PUT(to[i]);                                            \
                }                                                                                \
        }
/* Short floats are computed with as floats. */
#define ROW_HALF(f)     row_##f##_FLOAT
#define ROW_BFLOAT16(f) row_##f##_FLOAT
#define ROW_FLOAT(f)    row_##f##_FLOAT
#define ROW_DOUBLE(f)   row_##f##_DOUBLE
FLOAT_TYPES(LOOP)
#undef LOOP

/* Only the broadcast shape must be a matrix, not each input. */
static Status *xent_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *p = shape_in(c, 1);
        Shape both = shape_of_rank(2);
        if (x->rank >= 0 && p->rank >= 0) {
                Status *s = shape_broadcast(x, p, &both);
                if (s) {
                        status_free(s);
                        return invalid_argument("logits and labels must be broadcastable: "
                                                "logits_size=%s labels_size=%s",
                                                shape_text(x).s, shape_text(p).s);
                }
                if (both.rank != 2)
                        return invalid_argument("logits and labels must be either 2-dimensional, "
                                                "or broadcasted to be 2-dimensional");
        }
        c->out[0] = SHAPE(both.dim[0]);
        c->out[1] = both;
        return NULL;
}

static Step step_of(const Shape *s)
{
        int64_t cols = s->rank > 0 ? s->dim[s->rank - 1] : 1;
        return (Step){ .row = s->rank == 2 && s->dim[0] != 1 ? cols : 0, .col = cols != 1 };
}

/* A row without classes has loss 0. */
static Status *xent(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *p = ctx_input(c, 1);
        Tensor *loss = ctx_output(c, 0), *back = ctx_output(c, 1);
        int64_t rows = tensor_dim(back, 0), n = tensor_dim(back, 1);
        if (!n)
                memset(tensor_fill(loss), 0, tensor_bytes(loss));
        if (!tensor_count(back))
                return NULL;
        void *room = ctx_scratch(c, 3 * (size_t)n * sizeof(double)); /* n elements are there */
        if (!room)
                return status_oom();
        DISPATCH(FLOAT_TYPES, tensor_dtype(x), xent, tensor_data(x), step_of(tensor_shape(x)),
                 tensor_data(p), step_of(tensor_shape(p)), rows, n, tensor_fill(loss),
                 tensor_fill(back), room);
        return NULL;
}

OP(SoftmaxCrossEntropyWithLogits, .inputs = "features:T; labels:T", .outputs = "loss:T; backprop:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = xent_shape, .compute = xent);
