// SPDX-License-Identifier: Apache-2.0
/* Lists, counted and copied on change. */
#include "engine/kernels/data_flow/tensor_list.h"

static void tensor_list_destroy(Resource *r)
{
        TensorList *l = CONTAINER_OF(r, TensorList, base);
        for (int64_t i = 0; i < l->n; i++)
                tensor_unref(l->items[i]);
        mem_free(l->items);
        mem_free(l);
}

const ResourceKind tensor_list_kind = { .name = "tensorflow::TensorList",
                                        .destroy = tensor_list_destroy };

const TensorList *tensor_list_at(const Tensor *t, int64_t i)
{
        Resource *r = tensor_resource_at(t, i);
        return r && r->kind == &tensor_list_kind ? CONTAINER_OF(r, TensorList, base) : NULL;
}

/* A list's handle is a variant scalar. DT_INVALID: the op does not name a type. */
Status *tensor_list_of(const OpCtx *c, int i, DType dtype, const TensorList **ret)
{
        const Tensor *handle = ctx_input(c, i);
        if (tensor_rank(handle))
                return invalid_argument("Input list must be a scalar saw: %s",
                                        shape_text(tensor_shape(handle)).s);
        const TensorList *l = tensor_list_at(handle, 0);
        if (!l)
                return invalid_argument("Input handle is not a list. Saw: '%s'",
                                        variant_text(tensor_resource_at(handle, 0)).s);
        if (dtype != DT_INVALID && dtype != l->dtype)
                return invalid_argument("Invalid data types; op elements %s but list elements %s",
                                        dtype_name(dtype), dtype_name(l->dtype));
        *ret = l;
        return NULL;
}

Status *tensor_list_new(DType dtype, const Shape *element, int64_t n, TensorList **ret)
{
        if (dtype == DT_RESOURCE)
                return unimplemented("Lists of resources are not supported");
        TensorList *l = mem_calloc(1, sizeof *l);
        if (!l)
                return status_oom();
        resource_init(&l->base, &tensor_list_kind);
        autoptr(Resource) held = &l->base;
        l->dtype = dtype;
        l->element = *element;
        l->max = -1;
        l->depth = 1;
        TRY(tensor_list_resize(l, n));
        (void)steal(&held);
        *ret = l;
        return NULL;
}

void tensor_list_put(OpCtx *c, TensorList *list)
{
        Resource **slot = tensor_fill(ctx_output(c, 0)), *old = *slot;
        *slot = &list->base;
        resource_unref(old);
}

/* New places hold NULL: unset, which reads as zeros. Doubling makes a loop of pushes linear. */
Status *tensor_list_resize(TensorList *l, int64_t n)
{
        if (n > TENSOR_LIST_MAX)
                return resource_exhausted("%lld elements are more than the %d that a list may hold",
                                          (long long)n, TENSOR_LIST_MAX);
        if (n > l->cap) {
                int64_t cap = MAX(n, 2 * l->cap);
                Tensor **items = mem_realloc(l->items, (size_t)cap * sizeof *items);
                if (!items)
                        return status_oom();
                l->items = items;
                l->cap = cap;
        }
        for (int64_t i = n; i < l->n; i++)
                tensor_unref(l->items[i]);
        for (int64_t i = l->n; i < n; i++)
                l->items[i] = NULL;
        l->n = n;
        return NULL;
}

/* Lists within lists are freed by recursion, hence the bound on depth. */
Status *tensor_list_set(TensorList *l, int64_t i, Tensor *t)
{
        int depth = nesting_depth(t) + 1;
        if (depth > NESTING_MAX)
                return invalid_argument("Lists cannot be nested more than %d deep", NESTING_MAX);
        l->depth = MAX(l->depth, depth);
        Tensor *old = l->items[i];
        l->items[i] = tensor_ref(t);
        tensor_unref(old);
        return NULL;
}

Status *tensor_list_copy(const TensorList *from, int64_t n, TensorList **ret)
{
        TRY(tensor_list_new(from->dtype, &from->element, n, ret));
        (*ret)->max = from->max;
        (*ret)->depth = from->depth;
        for (int64_t i = 0; i < from->n && i < n; i++)
                (*ret)->items[i] = from->items[i] ? tensor_ref(from->items[i]) : NULL;
        return NULL;
}

/* Lists have value semantics: a change must not show in other handles. It is done in place when
 * this op holds the only one, else on a copy of the pointers. */
Status *tensor_list_change(OpCtx *c, DType dtype, TensorList **ret)
{
        const TensorList *from;
        TensorList *l;
        TRY(tensor_list_of(c, 0, dtype, &from));
        bool ours = ctx_output(c, 0) == ctx_input(c, 0);
        if (ours && atomic_load(&from->base.refs) == 1) {
                *ret = (TensorList *)from;
                return NULL;
        }
        TRY(tensor_list_copy(from, from->n, &l));
        tensor_list_put(c, l);
        *ret = l;
        return NULL;
}

/* -1 alone means nothing is known; a vector may have -1 for single dims. Ranks above ours fail in
 * shape_make(). */
Status *tensor_list_shape_input(const OpCtx *c, int i, Shape *ret)
{
        const Tensor *t = ctx_input(c, i);
        int64_t dims[SHAPE_MAX_RANK];
        if (tensor_rank(t) == 0) {
                if (tensor_int(t, 0) != -1)
                        return invalid_argument("The only valid scalar shape tensor is the fully "
                                                "unknown shape specified as -1.");
                *ret = SHAPE_UNKNOWN;
                return NULL;
        }
        if (tensor_rank(t) != 1)
                return invalid_argument("Shape must be at most rank 1 but is rank %d",
                                        tensor_rank(t));
        int n = (int)MIN(tensor_count(t), SHAPE_MAX_RANK + 1);
        for (int d = 0; d < n && d < SHAPE_MAX_RANK; d++)
                dims[d] = tensor_int(t, d);
        return shape_make(dims, n, ret);
}

Status *tensor_list_asked(const OpCtx *c, int i, const TensorList *l, Shape *ret)
{
        Shape asked;
        TRY(tensor_list_shape_input(c, i, &asked));
        return shape_refine(&asked, &l->element, ret);
}

Status *tensor_list_zeros(const TensorList *l, const Shape *s, Tensor **ret)
{
        TRY(tensor_new(l->dtype, s, ret));
        if (dtype_is_plain(l->dtype) && tensor_count(*ret))
                memset(tensor_fill(*ret), 0, tensor_bytes(*ret));
        return NULL;
}
