// SPDX-License-Identifier: Apache-2.0
/* ConvWeights: a filter, with what is folded into it (bias, batch normalization), in the layouts
 * that kernels want. Kept from step to step while its tensors stay the same. */
#pragma once
#include "engine/kernels/nn/conv.h"

#include <dnnl.h>
#include <pthread.h>

/* The tensors that the weights are made of, in this order; all but the filter may be NULL. */
enum {
        WEIGHTS_FILTER,
        WEIGHTS_BIAS,
        WEIGHTS_SCALE, /* of a FusedBatchNorm, with the three that follow */
        WEIGHTS_OFFSET,
        WEIGHTS_MEAN,
        WEIGHTS_VARIANCE,
        WEIGHTS_SOURCES
};
typedef struct WeightsSource {
        Tensor *t[WEIGHTS_SOURCES]; /* float; those of one number per channel have as many */
        const float *filter;        /* the filter's numbers: t[0]'s, or a copy's */
        float epsilon;
        bool measured; /* weights_measure() will be called, and weights_limit() asked for */
} WeightsSource;

typedef struct ConvWeights ConvWeights;
/* A node's memory of its weights. */
typedef struct WeightsCache {
        pthread_mutex_t lock;    /* guards: all */
        bool constant;           /* set by prepare: none of the sources ever changes */
        bool narrow;             /* set by prepare: the house's own kernels may have bfloat16 */
        struct Lasting *lasting; /* set by prepare: for the forms of constants; or NULL */
        ConvWeights *kept;
        const void *last[WEIGHTS_SOURCES]; /* what came last time, to be compared only */
        int same, patience; /* times in a row that the same came; how often until it is kept */
        int used;           /* times that `kept` served */
} WeightsCache;

void weights_cache_init(WeightsCache *w);
void weights_cache_done(WeightsCache *w);
/* Has the forms of a constant filter kept in the plan's memory. */
void weights_cache_lasts(WeightsCache *w, struct Lasting *l, const Tensor *filter);

/* The weights of these sources, made or found. *ret is a new reference. A tensor that comes again
 * is held from then on: so nobody can change its bytes unseen, and a variable that is written goes
 * on in a copy. */
Status *weights_get(WeightsCache *cache, const Conv *v, const WeightsSource *s,
                    ConvWeights **ret) MUST_USE;
/* The same weights with nothing packed, for one run of v; w must outlive them. */
Status *weights_bare(const ConvWeights *w, const Conv *v, ConvWeights **ret) MUST_USE;
void weights_unref(ConvWeights *w);
AUTOPTR_DEFINE(ConvWeights, weights_unref)

/* Can bias and norm be folded in? Not if any factor or sum is not finite. */
bool weights_foldable(const ConvWeights *w);
/* One number per output channel to be added; NULL: none. */
const float *weights_shift(const ConvWeights *w);
/* Are panels and Winograd's filters for this convolution kept as bfloat16? */
bool weights_narrow(const ConvWeights *w, const Conv *v);
/* The filter, what is folded into it multiplied in, in the layout that one of the house's own
 * kernels wants; made once. *ret lives as long as the weights. */
typedef enum WeightsForm {
        WEIGHTS_PLAIN,    /* TensorFlow's */
        WEIGHTS_PANELS,   /* panels.h */
        WEIGHTS_WINOGRAD, /* winograd.h, for tiles of 4 */
        WEIGHTS_WINOGRAD_2,
        WEIGHTS_FORMS /* none of them: oneDNN's kernel runs */
} WeightsForm;
/* To be called before weights_limit(): measures the weights and, in the same pass over them, makes
 * the form that will be asked for. */
Status *weights_measure(OpCtx *c, ConvWeights *w, const Conv *v, WeightsForm form) MUST_USE;
/* Has that been done, or will nobody ask? */
bool weights_measured(const ConvWeights *w);
Status *weights_form(OpCtx *c, ConvWeights *w, const Conv *v, WeightsForm form,
                     const void **ret) MUST_USE;
/* Takes every form of them that is packed out of the processor's caches. */
void weights_evict(ConvWeights *w);
/* Has that form of them no more kept for coming runs, if they are: these find weights anew. */
void weights_drop(WeightsCache *cache, ConvWeights *w, const Conv *v, WeightsForm form);
/* With inputs within [-limit, limit], outputs are within the returned number; infinite when that
 * is not known. */
float weights_limit(const ConvWeights *w, float limit);
/* The filter, what is folded into it multiplied in, in that layout; made once. *ret lives as long
 * as the weights. plain is TensorFlow's layout. */
Status *weights_pack(ConvWeights *w, const dnnl_memory_desc_t *plain,
                     const dnnl_memory_desc_t *layout, const void **ret) MUST_USE;
