// SPDX-License-Identifier: Apache-2.0
/* The geometry of convolutions, and which engine computes one. */
#include "engine/kernels/nn/conv.h"

#include "engine/kernels/nn/conv_backward.h"
#include "engine/kernels/nn/conv_forward.h"
#include "engine/kernels/nn/layout.h"

/* Groups are told by the filter alone: its depth divides the input's. Depthwise makes every channel
 * a group, with the last dim as multiplier. -1 is unknown, during inference. */
static Status *channels_resolve(bool depthwise, int64_t in_c, const Shape *filter, Conv *v)
{
        int rank = filter->rank;
        int64_t patch = filter->dim[rank - 2], last = filter->dim[rank - 1];
        v->in_c = in_c >= 0 ? in_c : depthwise ? patch : -1;
        v->out_c = !depthwise ? last : v->in_c < 0 || last < 0 ? -1 : 0;
        if (v->out_c == 0 && depthwise && __builtin_mul_overflow(v->in_c, last, &v->out_c))
                return invalid_argument("filter too large");
        if (in_c < 0 || patch < 0)
                return NULL;
        if (depthwise && in_c != patch)
                return invalid_argument("input and filter must have the same depth: %lld vs %lld",
                                        (long long)in_c, (long long)patch);
        if (!patch)
                return invalid_argument("filter must not have zero elements");
        if (in_c % patch)
                return invalid_argument("input depth must be evenly divisible by filter depth: "
                                        "%lld vs %lld",
                                        (long long)in_c, (long long)patch);
        return NULL;
}

/* Convolutions of fewer dims get leading axes of size 1, so that the engines know only one form. A
 * filter has no batch, hence the other count. */
Status *conv_resolve(const WindowAttrs *a, bool depthwise, const Shape *in, const Shape *filter,
                     Conv *ret)
{
        Conv v = { .spatial = a->spatial, .depthwise = depthwise, .batch = in->dim[0] };
        TRY(channels_resolve(depthwise, in->dim[window_channel_axis(a)], filter, &v));
        for (int w = 0; w < WINDOW_AXES; w++) {
                int axis = window_axis(a, w), tap = w - (WINDOW_AXES - a->spatial);
                v.w[w] = (Window){ .in = axis < 0 ? 1 : in->dim[axis],
                                   .size = axis < 0 ? 1 : filter->dim[tap],
                                   .stride = a->stride[w],
                                   .dilation = a->dilation[w],
                                   .before = a->before[w],
                                   .after = a->after[w] };
                TRY(window_resolve(a->padding, &v.w[w]));
        }
        *ret = v;
        return NULL;
}

Shape conv_out_shape(const WindowAttrs *a, const Conv *v)
{
        Shape s = shape_of_rank(a->spatial + 2);
        s.dim[0] = v->batch;
        s.dim[window_channel_axis(a)] = v->out_c;
        for (int w = 0; w < WINDOW_AXES; w++)
                if (window_axis(a, w) >= 0)
                        s.dim[window_axis(a, w)] = v->w[w].out;
        return s;
}

/* What the forward kernels say. */
static Status *want_forward_rank(const Shape *s, int rank, const char *what, const char *colon)
{
        if (s->rank < 0 || s->rank == rank)
                return NULL;
        return invalid_argument("%s must be %d-dimensional%s%s", what, rank, rank == 4 ? colon : "",
                                rank == 4 ? shape_text(s).s : "");
}

static Status *want_rank(const Shape *s, int rank, const char *label, const char *what)
{
        if (s->rank >= 0 && s->rank != rank)
                return invalid_argument("%s%s must be %d-dimensional: %s", label, what, rank,
                                        shape_text(s).s);
        return NULL;
}

/* An input of unknown rank stands as unknown dims: what the attributes and the other input say
 * still comes out. */
Status *conv_forward_shape(ShapeCtx *c, int spatial, bool depthwise)
{
        const Shape *in = shape_in(c, 0), *filter = shape_in(c, 1);
        int rank = spatial + 2;
        WindowAttrs a;
        Conv v;
        TRY(window_conv_attrs(c->node, spatial, &a));
        for (int i = 0; i < 2 && c->at_import; i++)
                TRY(shape_want_rank(c, i, rank));
        TRY(want_forward_rank(in, rank, "input", ""));
        TRY(want_forward_rank(filter, rank, "filter", ": "));
        Shape any = shape_of_rank(rank);
        TRY(conv_resolve(&a, depthwise, in->rank < 0 ? &any : in, filter->rank < 0 ? &any : filter,
                         &v));
        c->out[0] = conv_out_shape(&a, &v);
        return NULL;
}

/* Does out_backprop have the shape that the forward pass would have made? */
static Status *check_out(const WindowAttrs *a, const Conv *v, const Shape *out, const char *label)
{
        int64_t channels = out->dim[window_channel_axis(a)];
        if (out->dim[0] != v->batch)
                return invalid_argument("%s: input and out_backprop must have the same batch size."
                                        " Input batch: %lld, outbackprop batch: %lld",
                                        label, (long long)v->batch, (long long)out->dim[0]);
        if (channels != v->out_c)
                return invalid_argument("%s: filter and out_backprop must have the same out_depth",
                                        label);
        for (int w = 0; w < WINDOW_AXES; w++) {
                int axis = window_axis(a, w);
                const Window *d = &v->w[w];
                if (axis >= 0 && out->dim[axis] != d->out)
                        return invalid_argument(
                                "%s: Size of out_backprop doesn't match computed: actual = %lld, "
                                "computed = %lld spatial_dim: %d input: %lld filter: %lld output: "
                                "%lld stride: %lld dilation: %lld",
                                label, (long long)out->dim[axis], (long long)d->out, axis,
                                (long long)d->in, (long long)d->size, (long long)out->dim[axis],
                                (long long)d->stride, (long long)d->dilation);
        }
        return NULL;
}

/* input_sizes may give the spatial sizes alone: the rest is as in out_backprop and filter. */
static void complete_sizes(const WindowAttrs *a, const Shape *filter, const Shape *out,
                           Shape *sizes)
{
        Shape full = shape_of_rank(a->spatial + 2);
        if (sizes->rank != a->spatial || filter->rank < 0 || out->rank < 0)
                return;
        full.dim[0] = out->dim[0];
        full.dim[window_channel_axis(a)] = filter->dim[a->spatial];
        for (int i = 0; i < a->spatial; i++)
                full.dim[i + (a->channels_first ? 2 : 1)] = sizes->dim[i];
        *sizes = full;
}

/* The sizes of what is computed come as a tensor in the V2 ops, as the shape of a tensor in the
 * older ones. Gradients of grouped convolutions are refused, as TensorFlow does on a CPU. */
Status *conv_back_shape(ShapeCtx *c, int spatial, bool depthwise, ConvPass pass, bool by_value,
                        const char *label)
{
        Shape s[2] = { *shape_in(c, 0), *shape_in(c, 1) };
        const Shape *out = shape_in(c, 2);
        int sized = pass == CONV_BACK_INPUT ? 0 : 1, rank = spatial + 2;
        autofree char *prefix = mem_printf("%s: ", label);
        WindowAttrs a;
        Conv v;
        if (!prefix)
                return status_oom();
        TRY(window_conv_attrs(c->node, spatial, &a));
        if (by_value && s[sized].rank >= 0 && s[sized].rank != 1)
                return invalid_argument("%s: %s input must be 1-dim, not %d-dim", label,
                                        sized ? "filter_sizes" : "input_sizes", s[sized].rank);
        if (by_value)
                TRY(shape_from_input(c, sized, &s[sized]));
        if (by_value && !sized)
                complete_sizes(&a, &s[1], out, &s[0]);
        TRY(want_rank(&s[0], rank, prefix, "input"));
        TRY(want_rank(&s[1], rank, prefix, "filter"));
        TRY(want_rank(out, rank, prefix, "out_backprop"));
        c->out[0] = s[sized].rank < 0 ? shape_of_rank(rank) : s[sized];
        if (!shape_complete(&s[0]) || !shape_complete(&s[1]) || !shape_complete(out))
                return NULL;
        TRY(status_wrap(conv_resolve(&a, depthwise, &s[0], &s[1], &v), "%s", prefix));
        if (!depthwise && v.in_c != s[1].dim[spatial])
                return invalid_argument("%s: input and filter must have the same depth", label);
        return check_out(&a, &v, out, label);
}

/* Input, filter, output. */
typedef struct Arrays {
        void *x, *f, *y;
} Arrays;

static bool is_half(DType t)
{
        return t == DT_HALF || t == DT_BFLOAT16;
}

static void widen(const Tensor *t, float *to)
{
        for (int64_t i = 0; i < tensor_count(t); i++)
                to[i] = (float)tensor_double(t, i);
}

static void narrow(const float *from, Tensor *t)
{
        for (int64_t i = 0; i < tensor_count(t); i++)
                if (tensor_dtype(t) == DT_HALF)
                        ((Half *)tensor_fill(t))[i] = half_from_float(from[i]);
                else
                        ((BFloat16 *)tensor_fill(t))[i] = bfloat16_from_float(from[i]);
}

/* filter: the tensor that f's numbers are in, or NULL when they are a copy. */
static Status *run_forward(OpCtx *c, const Conv *v, Tensor *filter, const Arrays *a)
{
        autoptr(ConvWeights) w = NULL;
        ConvForward run = { .onednn = ctx_state(c), .conv = *v, .x = a->x, .y = a->y, .limit = 0 };
        WeightsSource source = { .t = { filter }, .filter = a->f };
        TRY(weights_get(onednn_weights(run.onednn), v, &source, &w));
        run.weights = w;
        return conv_forward(c, &run);
}

static Status *run_typed(OpCtx *c, ConvPass pass, const Conv *v, DType dtype, Tensor *filter,
                         const Arrays *a)
{
        if (dtype != DT_FLOAT || !onednn_conv_usable(v))
                conv_direct(c, pass, v, dtype, a->x, a->f, a->y);
        else if (pass == CONV_FORWARD)
                return run_forward(c, v, filter, a);
        else
                return conv_backward(c, pass, v, a->x, a->f, a->y);
        return NULL;
}

/* Halves: compute on float copies, round once at the end. */
static Status *run_half(OpCtx *c, ConvPass pass, const Conv *v, Tensor *t[3])
{
        int result = pass == CONV_FORWARD ? 2 : pass == CONV_BACK_INPUT ? 0 : 1;
        float *wide[3];
        for (int i = 0; i < 3; i++) {
                wide[i] = ctx_scratch(c, (size_t)tensor_count(t[i]) * sizeof(float));
                if (!wide[i])
                        return status_oom();
                if (i != result)
                        widen(t[i], wide[i]);
        }
        TRY(run_typed(c, pass, v, DT_FLOAT, NULL, &(Arrays){ wide[0], wide[1], wide[2] }));
        narrow(wide[result], t[result]);
        return NULL;
}

/* On channels last. */
static Status *run_last(OpCtx *c, int spatial, bool depthwise, ConvPass pass, Tensor *x, Tensor *f,
                        Tensor *y)
{
        Tensor *result = pass == CONV_FORWARD ? y : pass == CONV_BACK_INPUT ? x : f;
        WindowAttrs a;
        Conv v;
        TRY(window_conv_attrs(ctx_node(c), spatial, &a));
        a.channels_first = false;
        TRY(conv_resolve(&a, depthwise, tensor_shape(x), tensor_shape(f), &v));
        if (!tensor_count(x) || !tensor_count(f) || !tensor_count(y)) {
                memset(tensor_fill(result), 0, tensor_bytes(result));
                return NULL;
        }
        if (is_half(tensor_dtype(x)))
                return run_half(c, pass, &v, (Tensor *[3]){ x, f, y });
        return run_typed(c, pass, &v, tensor_dtype(x), f,
                         &(Arrays){ tensor_fill(x), tensor_fill(f), tensor_fill(y) });
}

/* NCHW is turned into NHWC and back: one layout for all engines. What a pass writes needs no copy
 * in, what it reads no copy out. */
Status *conv_run(OpCtx *c, int spatial, bool depthwise, ConvPass pass, Tensor *x, Tensor *f,
                 Tensor *y)
{
        autoptr(Tensor) x_last = NULL;
        autoptr(Tensor) y_last = NULL;
        TRY(layout_begin(ctx_node(c), x, pass != CONV_BACK_INPUT, &x_last));
        TRY(layout_begin(ctx_node(c), y, pass != CONV_FORWARD, &y_last));
        TRY(run_last(c, spatial, depthwise, pass, x_last, f, y_last));
        if (pass == CONV_FORWARD)
                layout_end(y_last, y);
        if (pass == CONV_BACK_INPUT)
                layout_end(x_last, x);
        return NULL;
}
