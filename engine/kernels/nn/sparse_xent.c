// SPDX-License-Identifier: Apache-2.0
/* SparseSoftmaxCrossEntropyWithLogits: the labels are class numbers, checked before anything is
 * read with them. */
#include "engine/base/buf.h"
#include "engine/kernels/nn/row_exp.h"

/* The largest logit is taken off first, so that exp() cannot overflow. The gradient is softmax less
 * one at the label. */
#define LOOP(ID, T, W, GET, PUT)                                                                \
        HOT static void divide_##ID(T *x, int64_t n, T by)                                      \
        {                                                                                       \
                for (int64_t i = 0; i < n; i++)                                                 \
                        x[i] /= by;                                                             \
        }                                                                                       \
        static T row_##ID(const T *x, T *back, int64_t n, int64_t label)                        \
        {                                                                                       \
                T m = row_max_##ID(x, n), at = x[label] - m, sum = row_exp_##ID(x, back, n, m); \
                divide_##ID(back, n, sum);                                                      \
                back[label] -= 1;                                                               \
                return log(sum) - at;                                                           \
        }                                                                                       \
        static void rows_##ID(const T *x, const Tensor *labels, int64_t n, T *loss, T *back)    \
        {                                                                                       \
                for (int64_t r = 0; r < tensor_count(labels); r++)                              \
                        loss[r] = row_##ID(x + r * n, back + r * n, n, tensor_int(labels, r));  \
        }
WIDE_TYPES(LOOP)
#undef LOOP

/* A row of short floats at a time goes through room for n floats. */
static void rows_short(const Tensor *x, const Tensor *labels, Tensor *loss, Tensor *back,
                       float *room)
{
        DType t = tensor_dtype(x);
        int64_t n = tensor_dim(x, 1);
        size_t size = dtype_size(t), row = (size_t)n * size;
        for (int64_t r = 0; r < tensor_count(labels); r++) {
                size_t at = (size_t)r;
                short_widen(t, (const char *)tensor_data(x) + at * row, room, n);
                float v = row_FLOAT(room, room, n, tensor_int(labels, r));
                short_narrow(t, &v, (char *)tensor_fill(loss) + at * size, 1);
                short_narrow(t, room, (char *)tensor_fill(back) + at * row, n);
        }
}

static Status *sparse_xent_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *p = shape_in(c, 1);
        if (x->rank >= 0 && x->rank != 2)
                return invalid_argument("logits must be 2-D, but got shape %s", shape_text(x).s);
        if (p->rank >= 0 && p->rank != 1)
                return invalid_argument("labels must be 1-D, but got shape %s", shape_text(p).s);
        Shape both = x->rank < 0 ? shape_of_rank(2) : *x;
        if (both.dim[0] >= 0 && p->rank == 1 && p->dim[0] >= 0 && p->dim[0] != both.dim[0])
                return invalid_argument("logits and labels must have the same first dimension, "
                                        "got logits shape %s and labels shape %s",
                                        shape_text(x).s, shape_text(p).s);
        if (both.dim[1] == 0)
                return invalid_argument("Must have at least one class, but got logits shape %s",
                                        shape_text(x).s);
        c->out[0] = SHAPE(both.dim[0]);
        c->out[1] = both;
        return NULL;
}

/* TensorFlow names the labels in its message; the list is cut, as it may be long. */
static Status *check_labels(const Tensor *labels, int64_t classes)
{
        int64_t lo = 0, hi = 0;
        for (int64_t i = 0; i < tensor_count(labels); i++) {
                lo = MIN(lo, tensor_int(labels, i));
                hi = MAX(hi, tensor_int(labels, i));
        }
        if (lo >= 0 && hi < classes)
                return NULL;
        autobuf text = BUF(1 << 16);
        for (int64_t i = 0; i < MIN(tensor_count(labels), 1000); i++)
                buf_printf(&text, "%s%lld", i ? " " : "", (long long)tensor_int(labels, i));
        TRY(buf_status(&text));
        return invalid_argument("Received a label value of %lld which is outside the valid range "
                                "of [0, %lld).  Label values: %s",
                                (long long)(lo < 0 ? lo : hi), (long long)classes, buf_cstr(&text));
}

/* Labels are checked for the whole batch first, so a bad one leaves no half result. */
static Status *sparse_xent(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *labels = ctx_input(c, 1);
        int64_t n = tensor_dim(x, 1);
        if (!tensor_count(x))
                return NULL;
        TRY(check_labels(labels, n));
        if (!dtype_is_short(tensor_dtype(x))) {
                DISPATCH(WIDE_TYPES, tensor_dtype(x), rows, tensor_data(x), labels, n,
                         tensor_fill(ctx_output(c, 0)), tensor_fill(ctx_output(c, 1)));
                return NULL;
        }
        float *room = ctx_scratch(c, (size_t)n * sizeof(float));
        if (!room)
                return status_oom();
        rows_short(x, labels, ctx_output(c, 0), ctx_output(c, 1), room);
        return NULL;
}

OP(SparseSoftmaxCrossEntropyWithLogits, .inputs = "features:T; labels:Tlabels",
   .outputs = "loss:T; backprop:T",
   .attrs = "T:type in [half,bfloat16,float,double]; Tlabels:type in [int32,int64] = int64",
   .shape = sparse_xent_shape, .compute = sparse_xent);
