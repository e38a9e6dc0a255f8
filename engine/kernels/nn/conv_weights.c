// SPDX-License-Identifier: Apache-2.0
/* Bias and normalization become a factor for the filter and a shift per channel:
 * ((x*w + b) - mean) * k + offset = x*(w k) + (b - mean) k + offset, k = scale / sqrt(variance +
 * e).
 *
 * Constants are packed at once. Of variables nobody knows when they change: those that came twice
 * alike are held and packed; if they change soon all the same (training), ever later. */
#include "engine/kernels/nn/conv_weights.h"

#include "engine/base/mem_lasting.h"
#include "engine/kernels/nn/conv_pack.h"
#include "engine/kernels/nn/onednn_prim.h"
#include "engine/kernels/nn/winograd.h"
#include "engine/ops/lanes.h"
#include "engine/ops/panels.h"
#include <immintrin.h>
#include <math.h>

/* Sums of rounded weights are larger by less. */
#define NARROW_ROOM 1.1f
enum { PACKS_MAX = 4, PATIENCE_MAX = 1 << 12, USED_ENOUGH = 4, NARROW_PIXELS = 256 };
enum { LINE = 64 }; /* of a cache */

typedef struct Pack {
        dnnl_memory_desc_t layout;
        float *data;
        size_t bytes;
} Pack;

/* For a kernel of the house's own. */
typedef struct Form {
        void *data;
        size_t bytes;
} Form;

struct ConvWeights {
        atomic_int refs;
        pthread_mutex_t lock; /* guards: packs, n_packs, forms, measured, reach */
        Pack packs[PACKS_MAX];
        int n_packs;
        WeightsSource source; /* tensors are held when kept */
        bool kept, foldable, narrow;
        Lasting *lasting; /* where forms are; NULL: they are blocks */
        bool depthwise;
        int64_t channels, count;      /* of the output; of the filter */
        float *scale, *shift;         /* per channel; NULL: none */
        Form forms[2][WEIGHTS_FORMS]; /* [1]: weights_narrow() */
        atomic_bool measured;         /* or nobody will ask */
        float reach, most_shift;      /* largest sum of a channel's |w|; largest |shift| */
};

void weights_cache_init(WeightsCache *w)
{
        pthread_mutex_init(&w->lock, NULL);
        w->patience = 1;
}

void weights_cache_done(WeightsCache *w)
{
        if (w->kept)
                weights_unref(w->kept);
        pthread_mutex_destroy(&w->lock);
}

/* Of 3x3 filters a warm-up may drop the forms: these stay blocks. A panel has lines of its own for
 * what a filter lacks to a multiple of its columns. */
void weights_cache_lasts(WeightsCache *w, Lasting *l, const Tensor *filter)
{
        const Shape *s = tensor_shape(filter);
        bool tiled = s->rank == 4 && s->dim[0] == 3 && s->dim[1] == 3 && s->dim[3] >= PANEL;
        bool even = s->rank == 4 && (s->dim[3] < LANES || s->dim[3] % PANEL == 0);
        if (!l || tiled)
                return;
        w->lasting = l;
        lasting_expect(l, tensor_bytes(filter) * (even ? 1 : 2));
}

void weights_unref(ConvWeights *w)
{
        if (atomic_fetch_sub(&w->refs, 1) != 1)
                return;
        for (int i = 0; i < w->n_packs; i++)
                block_free(w->packs[i].data, w->packs[i].bytes);
        for (int i = 0; i < WEIGHTS_SOURCES && w->kept; i++)
                tensor_unref(w->source.t[i]);
        for (int i = 0; i < WEIGHTS_FORMS && !w->lasting; i++)
                for (int narrow = 0; narrow < 2; narrow++)
                        block_free(w->forms[narrow][i].data, w->forms[narrow][i].bytes);
        mem_free(w->scale);
        mem_free(w->shift);
        pthread_mutex_destroy(&w->lock);
        mem_free(w);
}

/* ---- what is folded ---- */

static const float *numbers(const ConvWeights *w, int i)
{
        return w->source.t[i] ? tensor_data(w->source.t[i]) : NULL;
}

/* The factor as FusedBatchNorm computes it. */
static bool fold(ConvWeights *w)
{
        const float *bias = numbers(w, WEIGHTS_BIAS), *gamma = numbers(w, WEIGHTS_SCALE);
        const float *offset = numbers(w, WEIGHTS_OFFSET), *mean = numbers(w, WEIGHTS_MEAN);
        const float *variance = numbers(w, WEIGHTS_VARIANCE);
        bool finite = true;
        for (int64_t i = 0; i < w->channels; i++) {
                float b = bias ? bias[i] : 0;
                if (gamma) {
                        w->scale[i] = gamma[i] / sqrtf(variance[i] + w->source.epsilon);
                        b = (b - mean[i]) * w->scale[i] + offset[i];
                        finite &= isfinite(w->scale[i]) != 0;
                }
                w->shift[i] = b;
                w->most_shift = MAX(w->most_shift, fabsf(b));
                finite &= isfinite(b) != 0;
        }
        return finite;
}

/* Without keep the sources are borrowed for one run, with it they are held: their memory cannot be
 * reused while we compare by address. */
static Status *make(const Conv *v, const WeightsSource *s, bool keep, ConvWeights **ret)
{
        autoptr(ConvWeights) w = mem_calloc(1, sizeof *w);
        if (!w)
                return status_oom();
        atomic_init(&w->refs, 1);
        pthread_mutex_init(&w->lock, NULL);
        w->source = *s;
        w->depthwise = v->depthwise;
        w->channels = v->out_c;
        w->count = v->out_c * (v->depthwise ? 1 : v->in_c);
        for (int i = 0; i < WINDOW_AXES; i++)
                w->count *= v->w[i].size;
        bool norm = s->t[WEIGHTS_SCALE], shift = norm || s->t[WEIGHTS_BIAS];
        if (norm && !(w->scale = mem_calloc((size_t)w->channels, sizeof *w->scale)))
                return status_oom();
        if (shift && !(w->shift = mem_calloc((size_t)w->channels, sizeof *w->shift)))
                return status_oom();
        w->foldable = !shift || fold(w);
        w->reach = INFINITY;
        atomic_init(&w->measured, !s->measured);
        for (int i = 0; keep && i < WEIGHTS_SOURCES; i++)
                if (w->source.t[i])
                        tensor_ref(w->source.t[i]);
        w->kept = keep;
        *ret = steal(&w);
        return NULL;
}

/* Its bound has been asked for. */
Status *weights_bare(const ConvWeights *w, const Conv *v, ConvWeights **ret)
{
        WeightsSource source = w->source;
        source.measured = false;
        TRY(make(v, &source, false, ret));
        (*ret)->narrow = w->narrow;
        return NULL;
}

bool weights_foldable(const ConvWeights *w)
{
        return w->foldable;
}

const float *weights_shift(const ConvWeights *w)
{
        return w->shift;
}

/* More pixels compute longer than they wait for weights: of 1x1 filters those that are more than a
 * quarter of what it takes with larger ones. */
bool weights_narrow(const ConvWeights *w, const Conv *v)
{
        int64_t pixels = v->batch * v->w[1].out * v->w[2].out;
        bool small = v->w[1].size * v->w[2].size == 1;
        return w->narrow && pixels * (small ? 4 : 1) <= NARROW_PIXELS;
}

float weights_limit(const ConvWeights *w, float limit)
{
        return limit * w->reach * (w->narrow ? NARROW_ROOM : 1) + w->most_shift;
}

/* ---- keeping ---- */

/* The bytes are held: the same place means the same content. */
static bool same_tensors(const ConvWeights *w, const WeightsSource *s)
{
        for (int i = 0; i < WEIGHTS_SOURCES; i++) {
                const Tensor *a = w->source.t[i], *b = s->t[i];
                if (!a != !b || (a && (tensor_data(a) != tensor_data(b) ||
                                       !shape_equal(tensor_shape(a), tensor_shape(b)))))
                        return false;
        }
        return true;
}

/* Under the lock: have the same bytes been seen often enough to be worth holding? */
static bool worth_keeping(WeightsCache *c, const WeightsSource *s)
{
        const void *now[WEIGHTS_SOURCES];
        if (!s->t[WEIGHTS_FILTER])
                return false;
        for (int i = 0; i < WEIGHTS_SOURCES; i++)
                now[i] = s->t[i] ? tensor_data(s->t[i]) : NULL;
        if (c->kept) { /* has changed */
                c->patience = c->used < USED_ENOUGH ? MIN(c->patience * 2, PATIENCE_MAX) : 1;
                weights_unref(steal(&c->kept));
        }
        c->same = memcmp(now, c->last, sizeof now) ? 0 : c->same + 1;
        memcpy(c->last, now, sizeof now);
        return c->constant || c->same >= c->patience;
}

/* Making them under the lock lets other runs wait for the same work instead of doing it again.
 * Weights not worth keeping are made outside. */
Status *weights_get(WeightsCache *cache, const Conv *v, const WeightsSource *s, ConvWeights **ret)
{
        Status *st = NULL;
        bool keep = false;
        pthread_mutex_lock(&cache->lock);
        if (cache->kept && same_tensors(cache->kept, s)) {
                cache->used++;
        } else if ((keep = worth_keeping(cache, s))) {
                st = make(v, s, true, &cache->kept);
                if (!st) {
                        cache->kept->narrow = cache->narrow;
                        cache->kept->lasting = steal(&cache->lasting); /* once: it only grows */
                }
                cache->used = 0;
        }
        ConvWeights *w = st ? NULL : cache->kept;
        if (w)
                atomic_fetch_add(&w->refs, 1);
        pthread_mutex_unlock(&cache->lock);
        if (w)
                *ret = w;
        return st || w ? st : make(v, s, false, ret);
}

/* ---- packing ---- */

/* When oneDNN wants the plain layout, the scaled filter is written in its place at once; otherwise
 * a scaled copy is reordered. */
static Status *pack(const ConvWeights *w, const dnnl_memory_desc_t *plain, const Pack *p)
{
        size_t bytes = (size_t)w->count * sizeof(float);
        const float *f = w->source.filter;
        float *scaled = NULL;
        bool direct = dnnl_memory_desc_equal(plain, &p->layout);
        if (w->scale) {
                scaled = direct ? p->data : block_alloc(bytes);
                if (!scaled)
                        return status_oom();
                conv_pack_scaled(f, w->count / w->channels, w->channels, w->scale, 0, w->channels,
                                 scaled);
                f = scaled;
        }
        if (direct && !scaled)
                memcpy(p->data, f, bytes);
        Status *s = direct ? NULL : onednn_reorder(plain, f, &p->layout, p->data);
        if (scaled && !direct)
                block_free(scaled, bytes);
        return s;
}

/* The layout depends on the input's size, so one filter may be packed several ways; the bound says
 * when that got out of hand. */
static Status *pack_locked(ConvWeights *w, const dnnl_memory_desc_t *plain,
                           const dnnl_memory_desc_t *layout, const void **ret)
{
        for (int i = 0; i < w->n_packs; i++)
                if (dnnl_memory_desc_equal(&w->packs[i].layout, layout)) {
                        *ret = w->packs[i].data;
                        return NULL;
                }
        if (w->n_packs == PACKS_MAX)
                return internal_error("oneDNN wants a filter in more than %d layouts", PACKS_MAX);
        Pack p = { .layout = *layout, .bytes = dnnl_memory_desc_get_size(layout) };
        p.data = block_alloc(p.bytes);
        Status *s = p.data ? pack(w, plain, &p) : status_oom();
        if (s) {
                block_free(p.data, p.bytes);
                return s;
        }
        w->packs[w->n_packs++] = p;
        *ret = p.data;
        return NULL;
}

/* A plain filter that needs no scaling is lent as it is: it lives as long as the weights. */
Status *weights_pack(ConvWeights *w, const dnnl_memory_desc_t *plain,
                     const dnnl_memory_desc_t *layout, const void **ret)
{
        if (!w->scale && dnnl_memory_desc_equal(plain, layout)) {
                *ret = w->source.filter;
                return NULL;
        }
        pthread_mutex_lock(&w->lock);
        Status *s = pack_locked(w, plain, layout, ret);
        pthread_mutex_unlock(&w->lock);
        return s;
}

/* ---- forms ---- */

static size_t form_bytes(const ConvWeights *w, const Conv *v, WeightsForm form)
{
        bool narrow = weights_narrow(w, v);
        switch (form) {
        case WEIGHTS_PANELS: return panels_bytes(w->count / v->out_c, v->out_c, narrow);
        case WEIGHTS_WINOGRAD: return winograd_filter_bytes(v, 4, narrow);
        case WEIGHTS_WINOGRAD_2: return winograd_filter_bytes(v, 2, narrow);
        default: return (size_t)w->count * sizeof(float);
        }
}

/* to: NULL: the filter is only measured. */
static void fill(OpCtx *c, ConvWeights *w, const Conv *v, WeightsForm form, void *to, float *sum)
{
        ConvPack p = { .conv = v,
                       .filter = w->source.filter,
                       .scale = w->scale,
                       .channels = w->channels,
                       .count = w->count,
                       .form = form,
                       .narrow = weights_narrow(w, v),
                       .to = to,
                       .bytes = to ? form_bytes(w, v, form) : 0,
                       .lasting = w->lasting,
                       .sum = sum };
        conv_pack(c, &p);
}

/* What needs no change is lent as it is. */
static bool lent(const ConvWeights *w, WeightsForm form)
{
        return form == WEIGHTS_PLAIN && !w->scale;
}

/* Under the lock: makes the form if there is none yet, and adds up sizes unless sum is NULL. */
static Status *make_form(OpCtx *c, ConvWeights *w, const Conv *v, WeightsForm form, float *sum)
{
        Form *f = &w->forms[weights_narrow(w, v)][form % WEIGHTS_FORMS];
        if (form == WEIGHTS_FORMS || lent(w, form) || f->data) {
                if (sum)
                        fill(c, w, v, WEIGHTS_FORMS, NULL, sum);
                return NULL;
        }
        f->bytes = form_bytes(w, v, form);
        f->data = w->lasting ? lasting_alloc(w->lasting, f->bytes) : block_alloc(f->bytes);
        if (!f->data)
                return status_oom();
        fill(c, w, v, form, f->data, sum);
        return NULL;
}

static Status *measure(OpCtx *c, ConvWeights *w, const Conv *v, WeightsForm form)
{
        autofree float *sum = mem_calloc((size_t)w->channels, sizeof *sum);
        float reach = 0;
        if (!sum)
                return status_oom();
        TRY(make_form(c, w, v, form, sum));
        for (int64_t i = 0; i < w->channels; i++)
                reach = sum[i] <= reach ? reach : sum[i]; /* a NaN gets in, and stays */
        w->reach = reach;
        atomic_store(&w->measured, true);
        return NULL;
}

bool weights_measured(const ConvWeights *w)
{
        return atomic_load(&w->measured);
}

Status *weights_measure(OpCtx *c, ConvWeights *w, const Conv *v, WeightsForm form)
{
        pthread_mutex_lock(&w->lock);
        Status *s = weights_measured(w) ? NULL : measure(c, w, v, form);
        pthread_mutex_unlock(&w->lock);
        return s;
}

Status *weights_form(OpCtx *c, ConvWeights *w, const Conv *v, WeightsForm form, const void **ret)
{
        if (lent(w, form)) {
                *ret = w->source.filter;
                return NULL;
        }
        pthread_mutex_lock(&w->lock);
        Status *s = make_form(c, w, v, form, NULL);
        *ret = w->forms[weights_narrow(w, v)][form].data;
        pthread_mutex_unlock(&w->lock);
        return s;
}

void weights_evict(ConvWeights *w)
{
        pthread_mutex_lock(&w->lock);
        for (int i = 0; i < 2 * WEIGHTS_FORMS; i++) {
                const Form *f = &w->forms[i / WEIGHTS_FORMS][i % WEIGHTS_FORMS];
                for (size_t at = 0; at < f->bytes; at += LINE)
                        _mm_clflush((const char *)f->data + at);
        }
        pthread_mutex_unlock(&w->lock);
}

void weights_drop(WeightsCache *cache, ConvWeights *w, const Conv *v, WeightsForm form)
{
        pthread_mutex_lock(&w->lock);
        bool packed = w->forms[weights_narrow(w, v)][form].data;
        pthread_mutex_unlock(&w->lock);
        pthread_mutex_lock(&cache->lock);
        bool kept = packed && cache->kept == w;
        if (kept)
                cache->kept = NULL;
        pthread_mutex_unlock(&cache->lock);
        if (kept)
                weights_unref(w);
}
