// SPDX-License-Identifier: Apache-2.0
/* A batch is cut into as many parts as there are threads. Gradients by the input are apart then;
 * those by the filter are made for each part and added up. */
#include "engine/kernels/nn/conv_backward.h"

/* Multiplications of a part from which on another thread pays. */
enum { PART_GRAIN = 4 << 20 };

typedef struct Backward {
        Onednn *onednn;
        ConvPass pass;
        const Conv *v;
        float *x, *f, *y;
        float *filters;        /* of the parts but the first */
        int64_t parts, filter; /* floats of a filter */
        pthread_mutex_t lock;  /* guards: status */
        Status *status;
} Backward;

static Status *run_part(const Backward *b, int64_t part)
{
        const Window *w = b->v->w;
        Conv v = *b->v;
        int64_t from = v.batch * part / b->parts;
        int64_t x = w[0].in * w[1].in * w[2].in * v.in_c;
        int64_t y = w[0].out * w[1].out * w[2].out * v.out_c;
        bool apart = b->pass == CONV_BACK_FILTER && part > 0;
        v.batch = v.batch * (part + 1) / b->parts - from;
        return onednn_backward(b->onednn, b->pass, &v, b->x + from * x,
                               apart ? b->filters + (part - 1) * b->filter : b->f, b->y + from * y);
}

static void run_parts(void *arg, int64_t from, int64_t to)
{
        Backward *b = arg;
        for (int64_t part = from; part < to; part++) {
                Status *s = run_part(b, part);
                pthread_mutex_lock(&b->lock);
                Status *old = b->status;
                b->status = old ? old : s;
                pthread_mutex_unlock(&b->lock);
                if (old)
                        status_free(s);
        }
}

HOT static void add_parts(void *arg, int64_t from, int64_t to)
{
        const Backward *b = arg;
        for (int64_t part = 0; part + 1 < b->parts; part++) {
                const float *more = b->filters + part * b->filter;
                for (int64_t i = from; i < to; i++)
                        b->f[i] += more[i];
        }
}

/* How many parts are worth it. */
static int64_t parts_of(const OpCtx *c, const Conv *v, int64_t filter)
{
        const Window *w = v->w;
        double work = (double)v->batch * (double)(w[0].out * w[1].out * w[2].out) * (double)filter;
        int64_t most = MIN((int64_t)ctx_threads(c), v->batch);
        return work < (double)most * PART_GRAIN ? 1 : MAX(most, (int64_t)1);
}

Status *conv_backward(OpCtx *c, ConvPass pass, const Conv *v, float *x, float *f, float *y)
{
        const Window *w = v->w;
        Backward b = { .onednn = ctx_state(c), .pass = pass, .v = v, .x = x, .f = f, .y = y };
        b.filter = w[0].size * w[1].size * w[2].size * v->out_c * (v->depthwise ? 1 : v->in_c);
        b.parts = parts_of(c, v, b.filter);
        if (b.parts == 1)
                return onednn_backward(b.onednn, pass, v, x, f, y);
        bool by_filter = pass == CONV_BACK_FILTER;
        b.filters = by_filter ? ctx_scratch(c, (size_t)((b.parts - 1) * b.filter) * sizeof *f) : f;
        if (!b.filters)
                return status_oom();
        pthread_mutex_init(&b.lock, NULL);
        ctx_parallel(c, b.parts, 1, run_parts, &b);
        pthread_mutex_destroy(&b.lock);
        if (!b.status && by_filter)
                ctx_parallel(c, b.filter, 64 << 10, add_parts, &b);
        return b.status;
}
