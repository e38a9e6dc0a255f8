// SPDX-License-Identifier: Apache-2.0
/* What kernels make of an array's elements before they are read. */
#include "engine/kernels/data_flow/tensor_array.h"

void tensor_array_drop_ahead(TensorArray *t)
{
        for (Ahead *a = t->ahead, *next; a; a = next) {
                next = a->next;
                tensor_unref(a->with);
                tensor_unref(a->rows);
                mem_free(a);
        }
        t->ahead = NULL;
}

Tensor *tensor_array_peek(TensorArray *t, int64_t index)
{
        Tensor *value = NULL;
        pthread_mutex_lock(&t->lock);
        if (index >= 0 && index < t->size && !t->entries[index].cleared && !t->aggregate &&
            t->entries[index].value)
                value = tensor_ref(t->entries[index].value);
        pthread_mutex_unlock(&t->lock);
        return value;
}

static Ahead *ahead_of(TensorArray *t, const void *key)
{
        for (Ahead *a = t->ahead; a; a = a->next)
                if (a->key == key)
                        return a;
        return NULL;
}

Tensor *tensor_array_ahead(TensorArray *t, const void *key, const Tensor *with, int64_t index,
                           int64_t *ret_from)
{
        Tensor *rows = NULL;
        pthread_mutex_lock(&t->lock);
        const Ahead *a = ahead_of(t, key);
        if (a && a->with == with && index >= a->from && index - a->from < a->count) {
                rows = tensor_ref(a->rows);
                *ret_from = a->from;
        }
        pthread_mutex_unlock(&t->lock);
        return rows;
}

Status *tensor_array_keep(TensorArray *t, const Ahead *a)
{
        Ahead *old, *more = mem_calloc(1, sizeof *more);
        if (!more)
                return status_oom();
        tensor_ref(a->with);
        tensor_ref(a->rows);
        pthread_mutex_lock(&t->lock);
        old = ahead_of(t, a->key);
        Ahead *to = old ? old : more, before = *to;
        *to = *a;
        to->next = old ? before.next : t->ahead;
        t->ahead = old ? t->ahead : more;
        pthread_mutex_unlock(&t->lock);
        tensor_unref(before.with);
        tensor_unref(before.rows);
        if (old)
                mem_free(more);
        return NULL;
}
