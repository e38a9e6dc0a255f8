// SPDX-License-Identifier: Apache-2.0
/* A convolution primitive of oneDNN with its layouts: inside onednn*.c only. */
#pragma once
#include "engine/kernels/nn/conv.h"
#include "engine/ops/conv_tail.h"

#include <dnnl.h>

/* A primitive and what it was made for. Immutable. */
typedef struct OnednnPrim {
        ConvPass pass;
        Conv conv;
        ConvTail tail;
        dnnl_primitive_t prim;
        dnnl_memory_desc_t x, f, y;  /* as TensorFlow has them */
        dnnl_memory_desc_t f_inside; /* the filter as the kernel wants it */
        dnnl_memory_desc_t shift;
        size_t scratch;
} OnednnPrim;

typedef struct OnednnArg {
        int name;
        const dnnl_memory_desc_t *desc;
        void *data;
} OnednnArg;

/* The one CPU engine; INTERNAL when there is none. */
Status *onednn_engine(dnnl_engine_t *ret) MUST_USE;
/* NULL, RESOURCE_EXHAUSTED or INTERNAL, by the library's answer. */
Status *onednn_check(dnnl_status_t s, const char *what) MUST_USE;
/* Runs a primitive on this thread. n is 8 at most. */
Status *onednn_execute(dnnl_primitive_t prim, const OnednnArg *args, int n) MUST_USE;
/* Copies from one layout to another. */
Status *onednn_reorder(const dnnl_memory_desc_t *from_desc, const void *from,
                       const dnnl_memory_desc_t *to_desc, void *to) MUST_USE;
/* Makes the primitive of a pass; owned by the caller. tail is of a forward pass. */
Status *onednn_prim_new(ConvPass pass, const Conv *v, const ConvTail *tail,
                        OnednnPrim **ret) MUST_USE;
void onednn_prim_free(OnednnPrim *p);
AUTOPTR_DEFINE(OnednnPrim, onednn_prim_free)
