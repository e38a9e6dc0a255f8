// SPDX-License-Identifier: Apache-2.0
/* FusedPadConv2D, FusedResizeAndPadConv2D: a convolution of an image that is first resized
 * (bilinear) and given a border that mirrors it. */
#include "engine/kernels/nn/conv.h"
#include "engine/kernels/nn/onednn.h"
#include "engine/ops/summarize.h"

#include <math.h>

/* The image between input and convolution. */
typedef struct Frame {
        int64_t in_h, in_w, depth;
        int64_t h, w, top, left, full_h, full_w; /* resized; its border; with it */
        float scale_h, scale_w;
        int edge; /* 1: the mirror image leaves the edge out */
} Frame;

static bool resizes(const Node *n)
{
        return strcmp(n->def->op, "FusedResizeAndPadConv2D") == 0;
}

/* Padding of dimension i, checked against its size. */
static Status *read_padding(const Node *n, const Tensor *paddings, int i, int64_t dim,
                            int64_t *ret_before, int64_t *ret_full)
{
        int64_t before = tensor_int(paddings, 2 * i), after = tensor_int(paddings, 2 * i + 1);
        bool reflect = strcmp(node_string(n, "mode", ""), "REFLECT") == 0;
        if (before < 0 || after < 0)
                return invalid_argument("paddings must be non-negative: %lld %lld",
                                        (long long)before, (long long)after);
        if (dim >= 0 && MAX(before, after) > dim - reflect)
                return invalid_argument("paddings must be %s the dimension size: %lld, %lld %s "
                                        "than %lld",
                                        reflect ? "less than" : "no greater than",
                                        (long long)before, (long long)after,
                                        reflect ? "not less" : "greater", (long long)dim);
        *ret_before = before;
        *ret_full = dim < 0 ? -1 : dim + before + after;
        return NULL;
}

/* Neither images nor channels have a border. */
static Status *check_border(const Tensor *paddings, int i, const char *what)
{
        autobuf text = BUF(1 << 10);
        if (!tensor_int(paddings, 2 * i) && !tensor_int(paddings, 2 * i + 1))
                return NULL;
        summarize(&text, paddings, 3);
        TRY(buf_status(&text));
        return invalid_argument("Fused mirror padding only support spatial padding, not %s: "
                                "Tensor<type: int32 shape: [4,2] values: %s>",
                                what, buf_cstr(&text));
}

static Status *check_paddings(const Shape *p, const Shape *resized)
{
        if (p->rank >= 0 && (p->rank != 2 || (p->dim[1] >= 0 && p->dim[1] != 2)))
                return invalid_argument("paddings must be a matrix with 2 columns: %s",
                                        shape_text(p).s);
        if (p->rank == 2 && resized->rank >= 0 && p->dim[0] >= 0 && p->dim[0] != resized->rank)
                return invalid_argument("The first dimension of paddings must be the rank of "
                                        "inputs: %d %s %s",
                                        resized->rank, shape_text(p).s, shape_text(resized).s);
        if (resized->rank >= 0 && resized->rank != 4)
                return invalid_argument("Fused mirror padding only supports four-dimensional "
                                        "inputs, but %d requested",
                                        resized->rank);
        return NULL;
}

/* What resizing makes of the input. */
static Status *resized_shape(const ShapeCtx *c, Shape *ret)
{
        const Shape *x = shape_in(c, 0), *to = shape_in(c, 1);
        const Tensor *size = shape_value(c, 1);
        Shape s = x->rank < 0 ? shape_of_rank(4) : *x;
        TRY(shape_want_rank_as(c, 0, 4, "input must be 4-dimensional%s"));
        TRY(shape_want_rank_as(c, 1, 1, "shape_t must be 1-dimensional%s"));
        if (to->rank == 1 && to->dim[0] >= 0 && to->dim[0] != 2)
                return invalid_argument("shape_t must have two elements%s", shape_text(to).s);
        for (int i = 0; i < 2; i++) {
                if (size && tensor_int(size, i) <= 0)
                        return invalid_argument("output dimensions must be positive");
                s.dim[i + 1] = size ? tensor_int(size, i) : -1;
        }
        *ret = s;
        return NULL;
}

/* The shape after resizing, and with its border; unknown sizes are -1. */
static Status *frame_shape(const ShapeCtx *c, Shape *ret_full)
{
        const Shape *x = shape_in(c, 0);
        int at = resizes(c->node) ? 2 : 1;
        const Tensor *pads = shape_value(c, at);
        Shape s = *x;
        int64_t n, before;
        if (at == 2)
                TRY(resized_shape(c, &s));
        TRY(check_paddings(shape_in(c, at), &s));
        s = s.rank < 0 ? shape_of_rank(4) : s;
        if (shape_complete(x)) {
                TRY(shape_count(x, &n));
                if (!n)
                        return invalid_argument("Input tensor can't be empty");
        }
        Shape full = s;
        for (int i = 0; i < 4; i++) {
                full.dim[i] = i == 1 || i == 2 ? -1 : s.dim[i];
                if (pads)
                        TRY(read_padding(c->node, pads, i, s.dim[i], &before, &full.dim[i]));
        }
        if (pads)
                TRY(check_border(pads, 0, "batches"));
        if (pads)
                TRY(check_border(pads, 3, "channels"));
        *ret_full = full;
        return NULL;
}

/* The filter sees the padded image, so its size is worked out first. */
static Status *fused_shape(ShapeCtx *c)
{
        const Shape *f = shape_in(c, c->n_in - 1);
        Shape full, any = shape_of_rank(4);
        WindowAttrs a;
        Conv v;
        TRY(window_conv_attrs(c->node, 2, &a));
        TRY(frame_shape(c, &full));
        TRY(shape_want_rank_as(c, c->n_in - 1, 4, "filter must be 4-dimensional: %s"));
        if (f->rank == 4 && f->dim[2] >= 0 && full.dim[3] >= 0 && f->dim[2] != full.dim[3])
                return invalid_argument("input and filter must have the same depth: %lld vs %lld",
                                        (long long)full.dim[3], (long long)f->dim[2]);
        TRY(conv_resolve(&a, false, &full, f->rank < 0 ? &any : f, &v));
        c->out[0] = conv_out_shape(&a, &v);
        for (int i = 0; i < 4; i++)
                if (c->out[0].dim[i] == 0)
                        return invalid_argument("Output tensor can't be empty");
        return NULL;
}

/* ---- the frame's pixels ---- */

/* Which pixel of n a pixel of the border mirrors. */
static int64_t mirrored(int64_t i, int64_t n, int edge)
{
        if (i < 0)
                return -i - 1 + edge;
        return i < n ? i : 2 * n - 1 - edge - i;
}

/* clang-format off */
#define FRAME_TYPES(X, ...) \
        TYPE_HALF(X, ##__VA_ARGS__) TYPE_FLOAT(X, ##__VA_ARGS__) TYPE_DOUBLE(X, ##__VA_ARGS__)
/* clang-format on */

/* Pixel (i, j) of the resized image. */
#define LOOP(ID, T, W, GET, PUT)                                                                   \
        static void pixel_##ID(const Frame *f, const T *x, int64_t i, int64_t j, T *y)             \
        {                                                                                          \
                float fi = (float)i * f->scale_h, fj = (float)j * f->scale_w;                      \
                int64_t top = MIN((int64_t)fi, f->in_h - 1), left = MIN((int64_t)fj, f->in_w - 1); \
                int64_t down = MIN(top + 1, f->in_h - 1), right = MIN(left + 1, f->in_w - 1);      \
                W r = (W)(fi - (float)top), c = (W)(fj - (float)left);                             \
                for (int64_t d = 0; d < f->depth; d++) {                                           \
                        W a = GET(x[(top * f->in_w + left) * f->depth + d]);                       \
                        W b = GET(x[(top * f->in_w + right) * f->depth + d]);                      \
                        W e = GET(x[(down * f->in_w + left) * f->depth + d]);                      \
                        W g = GET(x[(down * f->in_w + right) * f->depth + d]);                     \
                        W high = a + (b - a) * c, low = e + (g - e) * c;                           \
                        y[d] = PUT(high + (low - high) * r);                                       \
                }                                                                                  \
        }                                                                                          \
        static void frame_##ID(const Frame *f, const T *x, T *y)                                   \
        {                                                                                          \
                bool same = f->h == f->in_h && f->w == f->in_w;                                    \
                for (int64_t i = 0; i < f->full_h; i++)                                            \
                        for (int64_t j = 0; j < f->full_w; j++, y += f->depth) {                   \
                                int64_t r = mirrored(i - f->top, f->h, f->edge);                   \
                                int64_t c = mirrored(j - f->left, f->w, f->edge);                  \
                                if (same)                                                          \
                                        memcpy(y, x + (r * f->w + c) * f->depth,                   \
                                               (size_t)f->depth * sizeof *y);                      \
                                else                                                               \
                                        pixel_##ID(f, x, r, c, y);                                 \
                        }                                                                          \
        }
FRAME_TYPES(LOOP)
#undef LOOP

static float scale_of(int64_t in, int64_t out, bool align)
{
        return align && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
}

/* REFLECT leaves the border pixel out of the mirror, SYMMETRIC repeats it. */
static Status *make_frame(OpCtx *c, Frame *ret)
{
        const Node *n = ctx_node(c);
        const Tensor *x = ctx_input(c, 0), *pads = ctx_input(c, resizes(n) ? 2 : 1);
        bool align = node_bool(n, "resize_align_corners", false);
        Frame f = { .in_h = tensor_dim(x, 1),
                    .in_w = tensor_dim(x, 2),
                    .depth = tensor_dim(x, 3),
                    .edge = strcmp(node_string(n, "mode", ""), "REFLECT") == 0 };
        f.h = resizes(n) ? tensor_int(ctx_input(c, 1), 0) : f.in_h;
        f.w = resizes(n) ? tensor_int(ctx_input(c, 1), 1) : f.in_w;
        f.scale_h = scale_of(f.in_h, f.h, align);
        f.scale_w = scale_of(f.in_w, f.w, align);
        TRY(read_padding(n, pads, 1, f.h, &f.top, &f.full_h));
        TRY(read_padding(n, pads, 2, f.w, &f.left, &f.full_w));
        *ret = f;
        return NULL;
}

/* The fused op of TensorFlow never makes the padded image; here it is made, the result is the same.
 */
static Status *fused_conv(OpCtx *c)
{
        autoptr(Tensor) mid = NULL;
        const Tensor *x = ctx_input(c, 0);
        int64_t batch = tensor_dim(x, 0);
        size_t size = dtype_size(tensor_dtype(x));
        Frame f;
        TRY(make_frame(c, &f));
        TRY(tensor_new(tensor_dtype(x), &SHAPE(batch, f.full_h, f.full_w, f.depth), &mid));
        for (int64_t b = 0; b < batch && tensor_count(mid); b++) {
                const void *from = (const char *)tensor_data(x) +
                                   (size_t)(b * f.in_h * f.in_w * f.depth) * size;
                void *to = (char *)tensor_fill(mid) +
                           (size_t)(b * f.full_h * f.full_w * f.depth) * size;
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                DISPATCH(FRAME_TYPES, tensor_dtype(x), frame, &f, from, to);
        }
        return conv_run(c, 2, false, CONV_FORWARD, mid, c->in[ctx_inputs(c) - 1], ctx_output(c, 0));
}

OP(FusedPadConv2D, .inputs = "input:T; paddings:int32; filter:T", .outputs = "output:T",
   .attrs = "T:type in [half,float,double]; mode:string in [REFLECT,SYMMETRIC]; "
            "strides:list(int); padding:string in [SAME,VALID]",
   .shape = fused_shape, .prepare = onednn_prepare, .compute = fused_conv, .costly = true);
OP(FusedResizeAndPadConv2D, .inputs = "input:T; size:int32; paddings:int32; filter:T",
   .outputs = "output:T",
   .attrs = "T:type in [half,float,double]; resize_align_corners:bool = false; mode:string in "
            "[REFLECT,SYMMETRIC]; strides:list(int); padding:string in [SAME,VALID]",
   .shape = fused_shape, .prepare = onednn_prepare, .compute = fused_conv, .costly = true);
