// SPDX-License-Identifier: Apache-2.0
/* The counted object that resource and variant elements point to: the first member of every
 * resource (variables, queues, tables, tensor lists). Its registry and lookup live in engine/state.
 */
#pragma once
#include "engine/tensor/dtype.h"
#include <stdatomic.h>

struct Tensor;

typedef struct ResourceKind {
        const char *name;            /* "Variable", "FIFOQueue": part of the resource's key */
        void (*destroy)(Resource *); /* called when the last reference goes */
        /* What a ref edge that carries one shows to who reads a value off it: a new tensor. NULL:
         * nothing. (Variables are the executor's own matter.) */
        Status *(*read)(Resource *, struct Tensor **ret);
        /* Called when a registry lets go of it (its session ends, its container is cleared): must
         * drop what might refer back to it, or a cycle of counts would never go. May be NULL. */
        void (*dropped)(Resource *);
        /* The text of a session tensor's handle, which clients see in its place. NULL: it is none.
         */
        const char *(*handle)(Resource *);
        /* False as long as only handles speak of it and TensorFlow would not have made it; called
         * under a registry's lock. NULL: it is there. */
        bool (*exists)(Resource *);
} ResourceKind;

struct Resource {
        const ResourceKind *kind;
        atomic_int refs;
};

static inline void resource_init(Resource *r,
                                 const ResourceKind *kind) /* one reference, the caller's */
{
        r->kind = kind;
        atomic_init(&r->refs, 1);
}
static inline Resource *resource_ref(Resource *r) /* NULL stays NULL */
{
        if (r)
                atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
        return r;
}
static inline void resource_unref(Resource *r) /* NULL is fine */
{
        if (r && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
                r->kind->destroy(r);
}
AUTOPTR_DEFINE(Resource, resource_unref)
