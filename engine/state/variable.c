// SPDX-License-Identifier: Apache-2.0
/* Variables: reads are counted snapshots, so writers copy only while somebody still looks. */
#include "engine/state/variable.h"

#include "engine/base/mem.h"

static void variable_destroy(Resource *r)
{
        Variable *v = variable_of(r);
        tensor_unref(v->value);
        pthread_mutex_destroy(&v->lock);
        mem_free((char *)v->name);
        mem_free((char *)v->container);
        mem_free(v);
}

static bool variable_made(Resource *r)
{
        return atomic_load(&variable_of(r)->made);
}

/* The name is that of TensorFlow's C++ type, which its messages show. */
const ResourceKind variable_kind = { .name = "N10tensorflow3VarE",
                                     .destroy = variable_destroy,
                                     .exists = variable_made };

Status *variable_new(DType dtype, const Shape *shape, const char *name, const char *container,
                     Resource **ret)
{
        Variable *v = mem_calloc(1, sizeof *v);
        if (!v)
                return status_oom();
        resource_init(&v->base, &variable_kind);
        pthread_mutex_init(&v->lock, NULL);
        v->dtype = dtype;
        v->shape = *shape;
        v->name = mem_strdup(name);
        v->container = mem_strdup(container);
        if (!v->name || !v->container) {
                variable_destroy(&v->base);
                return status_oom();
        }
        *ret = &v->base;
        return NULL;
}

Tensor *variable_read(Variable *v)
{
        pthread_mutex_lock(&v->lock);
        Tensor *t = v->value ? tensor_ref(v->value) : NULL;
        pthread_mutex_unlock(&v->lock);
        return t;
}

bool variable_initialized(Variable *v)
{
        pthread_mutex_lock(&v->lock);
        bool yes = v->value != NULL;
        pthread_mutex_unlock(&v->lock);
        return yes;
}

void variable_assign(Variable *v, Tensor *value)
{
        if (value) {
                tensor_ref(value);
                atomic_store(&v->made, true);
        }
        pthread_mutex_lock(&v->lock);
        Tensor *old = v->value;
        v->value = value;
        pthread_mutex_unlock(&v->lock);
        tensor_unref(old); /* outside: freeing may call other code */
}

/* Compare and set by identity: for who computed the new value from "read". */
bool variable_replace(Variable *v, const Tensor *read, Tensor *value)
{
        Tensor *old = NULL;
        pthread_mutex_lock(&v->lock);
        bool same = v->value == read;
        if (same) {
                old = v->value;
                v->value = tensor_ref(value);
                atomic_store(&v->made, true);
        }
        pthread_mutex_unlock(&v->lock);
        tensor_unref(old);
        return same;
}

/* In place when nobody else sees the value, else on a copy: readers keep what they read. */
static Status *update_locked(Variable *v, Status *(*fn)(void *arg, Tensor *value), void *arg,
                             Tensor **ret_old)
{
        if (!v->value)
                return failed_precondition("Attempting to use uninitialized value %s", v->name);
        if (tensor_sole_owner(v->value)) {
                tensor_set_limit(v->value, 0);
                return fn(arg, v->value);
        }
        autoptr(Tensor) copy = NULL;
        TRY(tensor_clone(v->value, &copy));
        TRY(fn(arg, copy));
        *ret_old = v->value;
        v->value = steal(&copy);
        return NULL;
}

Status *variable_update(Variable *v, Status *(*fn)(void *arg, Tensor *value), void *arg)
{
        Tensor *old = NULL;
        pthread_mutex_lock(&v->lock);
        Status *s = update_locked(v, fn, arg, &old);
        pthread_mutex_unlock(&v->lock);
        tensor_unref(old);
        return s;
}
