// SPDX-License-Identifier: Apache-2.0
/* Convolution primitives of oneDNN, kept per node. The data stays in TensorFlow's layout; only the
 * filter is brought into the layout that the kernel prefers. */
#include "engine/kernels/nn/onednn.h"

#include "engine/kernels/nn/onednn_prim.h"

enum { CACHE_MAX = 32 };

struct Onednn {
        pthread_mutex_t lock; /* guards: prims, count */
        OnednnPrim *prims[CACHE_MAX];
        int count;
        WeightsCache weights;
};

static void onednn_free(void *arg)
{
        Onednn *o = arg;
        for (int i = 0; i < o->count; i++)
                onednn_prim_free(o->prims[i]);
        weights_cache_done(&o->weights);
        pthread_mutex_destroy(&o->lock);
}

/* Primitives belong to the node, not to a step. Constant filters are known here, which spares the
 * waiting for proof that they stay. */
Status *onednn_prepare(PrepareCtx *p)
{
        Onednn *o = arena_calloc(p->arena, 1, sizeof *o);
        if (!o)
                return status_oom();
        pthread_mutex_init(&o->lock, NULL);
        weights_cache_init(&o->weights);
        o->weights.constant = p->node->n_in > 1 && p->constant && p->constant[1];
        Status *s = arena_on_free(p->arena, onednn_free, o);
        if (s)
                onednn_free(o);
        else
                p->state = o;
        return s;
}

WeightsCache *onednn_weights(Onednn *o)
{
        return &o->weights;
}

bool onednn_conv_usable(const Conv *v)
{
        int64_t x = v->batch * v->in_c, y = v->batch * v->out_c, f = v->in_c * v->out_c;
        if (v->depthwise && v->out_c != v->in_c)
                return false; /* only a slow reference kernel */
        for (int i = 0; i < WINDOW_AXES; i++) {
                const Window *w = &v->w[i];
                x *= w->in;
                y *= w->out;
                f *= w->size;
                if (w->stride > w->in + w->before + w->after || w->before >= INT16_MAX ||
                    w->after >= INT16_MAX || w->dilation > INT16_MAX)
                        return false;
                if (x > INT32_MAX || y > INT32_MAX || f > INT32_MAX)
                        return false;
        }
        return true;
}

static bool made_for(const OnednnPrim *p, ConvPass pass, const Conv *v, const ConvTail *t)
{
        return p->pass == pass && !memcmp(&p->conv, v, sizeof *v) && p->tail.shift == t->shift &&
               p->tail.sum == t->sum && p->tail.act == t->act;
}

/* Under the lock; NULL: there is none yet. */
static OnednnPrim *find(const Onednn *o, ConvPass pass, const Conv *v, const ConvTail *tail)
{
        for (int i = 0; i < o->count; i++)
                if (made_for(o->prims[i], pass, v, tail))
                        return o->prims[i];
        return NULL;
}

/* Finds the primitive or makes it. *ret_own: it did not fit into the cache and is the caller's.
 * Outside of the lock: threads need different ones at the same time, for the first, middle and last
 * rows of a picture, and each takes as long to make as to run for the first time. */
static Status *prim_get(Onednn *o, ConvPass pass, const Conv *v, const ConvTail *tail,
                        OnednnPrim **ret, OnednnPrim **ret_own)
{
        autoptr(OnednnPrim) made = NULL;
        pthread_mutex_lock(&o->lock);
        *ret = find(o, pass, v, tail);
        pthread_mutex_unlock(&o->lock);
        if (*ret)
                return NULL;
        TRY(onednn_prim_new(pass, v, tail, &made));
        pthread_mutex_lock(&o->lock);
        *ret = find(o, pass, v, tail); /* made by another thread meanwhile */
        if (!*ret && o->count < CACHE_MAX)
                *ret = o->prims[o->count++] = steal(&made);
        pthread_mutex_unlock(&o->lock);
        if (!*ret)
                *ret = *ret_own = steal(&made);
        return NULL;
}

static dnnl_memory_desc_t pad_of(const OnednnPrim *p)
{
        dnnl_memory_desc_t d;
        dnnl_memory_desc_init_by_tag(&d, 1, (dnnl_dims_t){ (dnnl_dim_t)p->scratch }, dnnl_u8,
                                     dnnl_a);
        return d;
}

/* The scratchpad is taken for each run: a primitive runs in many threads at once. */
Status *onednn_forward(Onednn *o, const Conv *v, const ConvTail *tail, ConvWeights *w,
                       const float *x, float *y)
{
        autoptr(OnednnPrim) own = NULL;
        OnednnPrim *p = NULL;
        const void *inside;
        TRY(prim_get(o, CONV_FORWARD, v, tail, &p, &own));
        TRY(weights_pack(w, &p->f, &p->f_inside, &inside));
        void *pad = block_alloc(p->scratch);
        if (!pad)
                return status_oom();
        dnnl_memory_desc_t pad_desc = pad_of(p);
        OnednnArg args[] = { { DNNL_ARG_SRC, &p->x, (void *)x },
                             { DNNL_ARG_WEIGHTS, &p->f_inside, (void *)inside },
                             { DNNL_ARG_DST, &p->y, y },
                             { DNNL_ARG_SCRATCHPAD, &pad_desc, pad },
                             { DNNL_ARG_BIAS, &p->shift, (void *)weights_shift(w) } };
        Status *s = onednn_execute(p->prim, args, tail->shift ? 5 : 4);
        block_free(pad, p->scratch);
        return s;
}

/* What a backward pass needs besides its operands: a filter in the kernel's layout, and a pad. */
static Status *backward_with(ConvPass pass, const OnednnPrim *p, float *x, float *f, float *inside,
                             float *y, void *pad)
{
        bool by_filter = pass == CONV_BACK_FILTER;
        dnnl_memory_desc_t pad_desc = pad_of(p);
        OnednnArg args[] = { { by_filter ? DNNL_ARG_SRC : DNNL_ARG_DIFF_SRC, &p->x, x },
                             { by_filter ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, &p->f_inside,
                               inside },
                             { DNNL_ARG_DIFF_DST, &p->y, y },
                             { DNNL_ARG_SCRATCHPAD, &pad_desc, pad } };
        if (!by_filter && inside != f)
                TRY(onednn_reorder(&p->f, f, &p->f_inside, inside));
        TRY(onednn_execute(p->prim, args, 4));
        return by_filter && inside != f ? onednn_reorder(&p->f_inside, inside, &p->f, f) : NULL;
}

Status *onednn_backward(Onednn *o, ConvPass pass, const Conv *v, float *x, float *f, float *y)
{
        autoptr(OnednnPrim) own = NULL;
        OnednnPrim *p = NULL;
        TRY(prim_get(o, pass, v, &(ConvTail){ 0 }, &p, &own));
        bool same = dnnl_memory_desc_equal(&p->f, &p->f_inside);
        size_t size = same ? 0 : dnnl_memory_desc_get_size(&p->f_inside);
        float *inside = same ? f : block_alloc(size);
        void *pad = block_alloc(p->scratch);
        Status *s = inside && pad ? backward_with(pass, p, x, f, inside, y, pad) : status_oom();
        if (!same)
                block_free(inside, size);
        block_free(pad, p->scratch);
        return s;
}
