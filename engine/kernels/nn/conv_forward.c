// SPDX-License-Identifier: Apache-2.0
/* Pieces are pictures, or rows of one, or for 1x1 filters just pixels; how many depends on sizes
 * and ctx_threads() alone. Each piece is a convolution of its own, with its own padding.
 *
 * oneDNN's relu turns NaN into 0, TensorFlow's does not. So it is used only where no NaN can come
 * up, because |y| is bounded; otherwise the activation is a pass of its own. */
#include "engine/kernels/nn/conv_forward.h"

#include "engine/kernels/nn/conv_choice.h"
#include "engine/kernels/nn/conv_rows.h"
#include "engine/kernels/nn/winograd.h"

#include <float.h>
#include <math.h>

/* Multiplications that are worth a second thread; bytes that a piece of a depthwise convolution,
 * which does little but move them, should have at most. */
enum { PARALLEL_MACS = 1 << 21, DEPTHWISE_BYTES = 768 << 10 };
/* Winograd's and other intermediate sums are larger than the result by less than this. */
#define LIMIT_ROOM 1e6f

typedef struct Cut {
        const ConvForward *f;
        Conv v;              /* f->conv, or the same as one row of pixels */
        ConvTail tail;       /* what oneDNN does of f->tail */
        int axis;            /* which window is cut */
        int64_t per_picture; /* pieces along it */
        _Atomic(Status *) failed;
} Cut;

HOT float conv_largest(const float *x, int64_t n)
{
        uint32_t most = 0;
        for (int64_t i = 0; i < n; i++) {
                uint32_t bits;
                memcpy(&bits, &x[i], sizeof bits);
                bits &= INT32_MAX; /* magnitudes of floats are in order as integers, NaN on top */
                most = bits > most ? bits : most;
        }
        float f;
        memcpy(&f, &most, sizeof f);
        return isfinite(f) ? f : INFINITY;
}

HOT static void relu(float *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = y[i] <= 0 ? 0 : y[i];
}

HOT static void relu6(float *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++) {
                float v = y[i] <= 0 ? 0 : y[i];
                y[i] = v >= 6 ? 6 : v;
        }
}

HOT static void leaky(float *y, int64_t n, float alpha)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = y[i] > 0 ? y[i] : alpha * y[i];
}

/* The activations as passes of their own. */
static void activate(const ConvTail *tail, float *y, int64_t n)
{
        switch (tail->act) {
        case CONV_ACT_RELU: relu(y, n); break;
        case CONV_ACT_RELU6: relu6(y, n); break;
        case CONV_ACT_LEAKY: leaky(y, n, tail->alpha); break;
        default: break;
        }
}

/* Output [from, to) of a window by what it reads of the input. *ret_at: where that begins. */
static Window part(const Window *w, int64_t from, int64_t to, int64_t *ret_at)
{
        int64_t start = from * w->stride - w->before;
        int64_t end = (to - 1) * w->stride - w->before + (w->size - 1) * w->dilation + 1;
        Window p = *w;
        *ret_at = MAX(start, (int64_t)0);
        p.before = *ret_at - start;
        p.after = MAX(end - w->in, (int64_t)0);
        p.in = MIN(end, w->in) - *ret_at;
        p.out = to - from;
        return p;
}

static int64_t plane(const Conv *v, bool out, int from)
{
        int64_t n = out ? v->out_c : v->in_c;
        for (int i = from; i < WINDOW_AXES; i++)
                n *= out ? v->w[i].out : v->w[i].in;
        return n;
}

/* The piece's window carries the padding that is left for its part of the rows. */
static Status *run_piece(const Cut *cut, int64_t i)
{
        const ConvForward *f = cut->f;
        const Window *w = &cut->v.w[cut->axis];
        int64_t picture = i / cut->per_picture, k = i % cut->per_picture, at;
        int64_t from = w->out * k / cut->per_picture, to = w->out * (k + 1) / cut->per_picture;
        Conv v = cut->v;
        v.batch = 1;
        v.w[cut->axis] = part(w, from, to, &at);
        const float *x = f->x + picture * plane(&cut->v, false, 0) +
                         at * plane(&cut->v, false, cut->axis + 1);
        float *y = f->y + picture * plane(&cut->v, true, 0) +
                   from * plane(&cut->v, true, cut->axis + 1);
        TRY(onednn_forward(f->onednn, &v, &cut->tail, f->weights, x, y));
        if (f->tail.act != cut->tail.act)
                activate(&f->tail, y, plane(&v, true, 0));
        return NULL;
}

static void run_pieces(void *arg, int64_t from, int64_t to)
{
        Cut *cut = arg;
        for (int64_t i = from; i < to; i++) {
                Status *s = run_piece(cut, i), *none = NULL;
                if (s && !atomic_compare_exchange_strong(&cut->failed, &none, s))
                        status_free(s);
        }
}

/* A 1x1 filter sees pixels, not pictures. */
static bool pixelwise(const Conv *v)
{
        for (int i = 0; i < WINDOW_AXES; i++)
                if (v->w[i].size != 1 || v->w[i].stride != 1 || v->w[i].before || v->w[i].after)
                        return false;
        return !v->depthwise;
}

/* One picture of one row. */
static void flatten(Conv *v)
{
        int64_t pixels = v->batch * v->w[0].out * v->w[1].out * v->w[2].out;
        for (int i = 0; i < WINDOW_AXES; i++)
                v->w[i] = (Window){ .in = 1, .size = 1, .stride = 1, .dilation = 1, .out = 1 };
        v->w[WINDOW_AXES - 1].in = v->w[WINDOW_AXES - 1].out = pixels;
        v->batch = 1;
}

/* Multiplications that take a tenth of a second or so. */
#define LONG_MACS 4e9

/* Into how many pieces, and along which axis. */
static void plan_cut(const Conv *v, int64_t threads, Cut *cut)
{
        int64_t pieces = 1, pictures = v->batch;
        double macs = (double)v->w[0].size * (double)v->w[1].size * (double)v->w[2].size *
                      (double)(v->depthwise ? 1 : v->in_c) * (double)plane(v, true, 0);
        if (pictures < threads && macs > PARALLEL_MACS)
                pieces = threads;
        if (macs > LONG_MACS * (double)threads) /* whoever waits for it may give up in between */
                pieces = ((int64_t)(macs / LONG_MACS) / threads + 1) * threads;
        if (v->depthwise) {
                int64_t bytes = 4 * (plane(v, true, 0) + plane(v, false, 0));
                int64_t more = (bytes + DEPTHWISE_BYTES - 1) / DEPTHWISE_BYTES;
                pieces = MAX(pieces, (more + threads - 1) / threads * threads);
        }
        cut->v = *v;
        cut->axis = WINDOW_AXES - (int)v->spatial;
        if (pixelwise(v)) {
                pieces *= pictures;
                flatten(&cut->v);
                cut->axis = WINDOW_AXES - 1;
        }
        cut->per_picture = MAX(MIN(pieces, cut->v.w[cut->axis].out), (int64_t)1);
}

static WeightsForm form_for(int tile)
{
        return tile == 2 ? WEIGHTS_WINOGRAD_2 : tile ? WEIGHTS_WINOGRAD : WEIGHTS_PANELS;
}

static Status *run_winograd(OpCtx *c, const ConvForward *f, int tile)
{
        Winograd w = { .conv = f->conv,
                       .tile = tile,
                       .tail = f->tail,
                       .narrow = weights_narrow(f->weights, &f->conv),
                       .shift = weights_shift(f->weights),
                       .x = f->x,
                       .y = f->y };
        TRY(weights_form(c, f->weights, &w.conv, form_for(tile), &w.u));
        return winograd_run(c, &w);
}

static bool by_rows(const ConvForward *f)
{
        return f->own && conv_rows_usable(&f->conv) && !(f->conv.depthwise && f->tail.sum);
}

static bool bounded(const ConvForward *f)
{
        return f->limit < FLT_MAX / LIMIT_ROOM;
}

/* The form that conv_forward() will ask for, if results are bounded. A trial packs filters for
 * itself. */
static Status *choose_form(OpCtx *c, const ConvForward *f, WeightsForm *ret)
{
        bool narrow = weights_narrow(f->weights, &f->conv);
        int tile = 0;
        *ret = WEIGHTS_FORMS;
        if (f->own && ctx_tunes(c) && conv_ways(&f->conv, ctx_threads(c), narrow).n > 1)
                return NULL;
        if (f->own)
                TRY(conv_choice(c, f, &tile));
        if (tile || by_rows(f))
                *ret = f->conv.depthwise ? WEIGHTS_PLAIN : form_for(tile);
        return NULL;
}

Status *conv_forward_measure(OpCtx *c, const ConvForward *f)
{
        WeightsForm form;
        if (weights_measured(f->weights))
                return NULL;
        TRY(choose_form(c, f, &form));
        return weights_measure(c, f->weights, &f->conv, form);
}

Status *conv_forward_by(OpCtx *c, const ConvForward *f, int tile)
{
        Cut cut = { .f = f, .tail = f->tail };
        if (tile)
                return run_winograd(c, f, tile);
        if (by_rows(f))
                return conv_rows(c, f);
        if (!bounded(f) || f->tail.act == CONV_ACT_LEAKY)
                cut.tail.act = CONV_ACT_NONE;
        plan_cut(&f->conv, ctx_threads(c), &cut);
        ctx_parallel(c, cut.v.batch * cut.per_picture, 1, run_pieces, &cut);
        return cut.failed;
}

void conv_forward_drop(const ConvForward *f, int tile)
{
        weights_drop(onednn_weights(f->onednn), f->weights, &f->conv, form_for(tile));
}

Status *conv_forward(OpCtx *c, const ConvForward *f)
{
        int tile = 0;
        if (f->own && bounded(f))
                TRY(conv_choice(c, f, &tile));
        return conv_forward_by(c, f, tile);
}

Status *conv_forward_pair(OpCtx *c, ConvForward *first, ConvForward *then)
{
        const Conv *v = &first->conv;
        if (by_rows(first) && by_rows(then) && conv_rows_pair_usable(v, &then->conv))
                return conv_rows_pair(c, first, then);
        first->y = ctx_scratch(c, (size_t)(v->batch * plane(v, true, 0)) * sizeof(float));
        if (!first->y)
                return status_oom();
        then->x = first->y;
        TRY(conv_forward(c, first));
        return conv_forward(c, then);
}
