// SPDX-License-Identifier: Apache-2.0
/* The life of iterators. */
#include "engine/kernels/data/iterator.h"

#include "engine/kernels/data_flow/queue_handle.h"

/* ---- cursors ---- */

Status *cursor_new(Dataset *d, Cursor **ret)
{
        autoptr(Iter) root = NULL;
        TRY(iter_new(d, &root));
        Cursor *c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        atomic_init(&c->refs, 1);
        turn_init(&c->turn);
        c->root = steal(&root);
        *ret = c;
        return NULL;
}

void cursor_unref(Cursor *c)
{
        if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
                return;
        iter_free(c->root);
        turn_done(&c->turn);
        mem_free(c);
}

/* ---- iterators ---- */

static Cursor *set_cursor(Iterator *it, Cursor *c)
{
        pthread_mutex_lock(&it->lock);
        Cursor *old = it->cursor;
        it->cursor = c;
        pthread_mutex_unlock(&it->lock);
        return old;
}

/* A dataset may hold, through what its functions captured, the iterator that runs over it. */
static void dropped(Resource *r)
{
        cursor_unref(set_cursor(iterator_of(r), NULL));
}

static void destroy(Resource *r)
{
        Iterator *it = iterator_of(r);
        cursor_unref(it->cursor);
        pthread_mutex_destroy(&it->lock);
        turn_done(&it->init);
        mem_free(it->shapes);
        mem_free(it->types);
        mem_free(it->name);
        mem_free(it->container);
        mem_free(it);
}

const ResourceKind iterator_kind = { .name = "Iterator", .destroy = destroy, .dropped = dropped };

/* What output_types and output_shapes say, as arrays for mem_free(). An empty list of types says
 * nothing. */
static Status *read_components(const Node *node, int *ret_n, DType **ret_types, Shape **ret_shapes)
{
        int n = dataset_list_len(node, "output_types"), n_shapes = 0;
        TRY(node_attr_shapes(node, "output_shapes", &n_shapes));
        if (n != n_shapes && (n || n_shapes))
                return invalid_argument("Number of components does not match: expected %d types "
                                        "but got %d.",
                                        n, n_shapes);
        autofree DType *types = mem_calloc((size_t)n + 1, sizeof *types);
        autofree Shape *shapes = mem_calloc((size_t)n + 1, sizeof *shapes);
        if (!types || !shapes)
                return status_oom();
        for (int i = 0; i < n; i++) {
                types[i] = (DType)node_attr(node, "output_types")->list->type[i];
                TRY(node_attr_shape_at(node, "output_shapes", i, &shapes[i]));
        }
        *ret_n = n;
        *ret_types = steal(&types);
        *ret_shapes = steal(&shapes);
        return NULL;
}

Status *iterator_new(const OpCtx *c, const char *name, Resource **ret)
{
        Iterator *it = mem_calloc(1, sizeof *it);
        if (!it)
                return status_oom();
        resource_init(&it->base, &iterator_kind);
        pthread_mutex_init(&it->lock, NULL);
        turn_init(&it->init);
        autoptr(Resource) hold = &it->base;
        it->name = mem_strdup(name);
        it->container = mem_strdup(ctx_container(c));
        if (!it->name || !it->container)
                return status_oom();
        TRY(read_components(ctx_node(c), &it->n, &it->types, &it->shapes));
        *ret = steal(&hold);
        return NULL;
}

Status *iterator_at(const OpCtx *c, int i, Iterator **ret)
{
        Resource *r = NULL;
        TRY(ctx_resource(c, i, &iterator_kind, &r));
        *ret = iterator_of(r);
        return NULL;
}

Status *iterator_fits(const OpCtx *c, const Iterator *it)
{
        int n = 0;
        autofree DType *types = NULL;
        autofree Shape *shapes = NULL;
        TRY(read_components(ctx_node(c), &n, &types, &shapes));
        if (!n)
                return NULL;
        return components_fit(n, types, shapes, it->n, it->types, it->shapes);
}

Status *iterator_cursor(Iterator *it, Cursor **ret)
{
        pthread_mutex_lock(&it->lock);
        Cursor *c = it->cursor;
        if (c)
                atomic_fetch_add(&c->refs, 1);
        pthread_mutex_unlock(&it->lock);
        if (!c)
                return failed_precondition(
                        "GetNext() failed because the iterator has not been initialized. Ensure "
                        "that you have run the initializer operation for this iterator before "
                        "getting the next element.");
        *ret = c;
        return NULL;
}

bool iterator_ready(Iterator *it)
{
        pthread_mutex_lock(&it->lock);
        bool ready = it->cursor;
        pthread_mutex_unlock(&it->lock);
        return ready;
}

/* Draws under way go on with the old cursor, of which they hold a reference. */
Status *iterator_make(Iterator *it, Dataset *d)
{
        Cursor *c = NULL;
        TRY(components_fit(it->n, it->types, it->shapes, d->n, d->types, d->shapes));
        TRY(cursor_new(d, &c));
        cursor_unref(set_cursor(it, c));
        return NULL;
}
