// SPDX-License-Identifier: Apache-2.0
/* IteratorGetNext, IteratorGetNextSync, IteratorGetNextAsOptional: one element. OneShotIterator: an
 * iterator whose dataset a function makes, once. */
#include "engine/kernels/data/iterator.h"
#include "engine/kernels/data/optional.h"
#include "engine/kernels/data_flow/queue_handle.h"

/* ---- drawing ---- */

enum { STARTING, LEFT, MY_TURN };

typedef struct Draw {
        OpCtx *c;
        Cursor *cursor;
        bool optional;
        Status *status;   /* of the turn */
        atomic_int state; /* who goes on: the op's thread, or who passes the turn */
} Draw;

static Status *put_row(OpCtx *c, const Row *row)
{
        return row ? row_put(c, row) : out_of_range("End of sequence");
}

/* Takes row over, also on failure; NULL: the end. */
static Status *put_optional(OpCtx *c, Row *row)
{
        autoptr(Row) hold = row;
        Tensor *t = NULL;
        if (row)
                TRY(row_matches(c, row, "The given optional"));
        TRY(optional_new(steal(&hold), &t));
        ctx_set_output(c, 0, t);
        return NULL;
}

/* The turn goes on before the step does: the next draw need not wait for the rest of this step. */
static void drawn(void *arg, Status *s, Row *row)
{
        Draw *d = arg;
        OpCtx *c = d->c;
        Cursor *cursor = d->cursor;
        if (!s && d->optional)
                s = put_optional(c, steal(&row));
        else if (!s)
                s = put_row(c, row);
        row_free(row);
        turn_pass(&cursor->turn);
        cursor_unref(cursor);
        ctx_done(c, s);
}

static void pull(void *arg)
{
        Draw *d = arg;
        if (d->status) {
                cursor_unref(d->cursor);
                ctx_done(d->c, d->status);
        } else {
                pull_start(d->c, d->cursor->root, drawn, d);
        }
}

/* Who had to wait for the turn is called by the one before, who wants to get on: the pool draws. */
static void on_turn(void *arg, Status *s)
{
        Draw *d = arg;
        d->status = s;
        if (atomic_exchange(&d->state, MY_TURN) == LEFT && !ctx_later(d->c, pull, d))
                pull(d);
}

static Status *draw_new(OpCtx *c, bool optional, Draw **ret)
{
        Iterator *it = NULL;
        TRY(iterator_at(c, 0, &it));
        Draw *d = ctx_scratch(c, sizeof *d);
        if (!d)
                return status_oom();
        *d = (Draw){ .c = c, .optional = optional };
        TRY(iterator_cursor(it, &d->cursor));
        *ret = d;
        return NULL;
}

static void draw(OpCtx *c, bool optional)
{
        Draw *d = NULL;
        Status *s = draw_new(c, optional, &d);
        if (s) {
                ctx_done(c, s);
                return;
        }
        turn_take(&d->cursor->turn, ctx_cancel(c), on_turn, d);
        if (atomic_exchange(&d->state, LEFT) == MY_TURN)
                pull(d);
}

static void get_next(OpCtx *c)
{
        draw(c, false);
}

static void get_next_optional(OpCtx *c)
{
        draw(c, true);
}

/* ---- OneShotIterator ---- */

typedef struct OneShot {
        OpCtx *c;
        Resource *iterator;
        Tensor *dataset; /* what the function returned */
} OneShot;

/* Who comes while the function runs waits for it. When it fails the next one tries again. */
static void one_shot_end(OneShot *o, Status *s)
{
        OpCtx *c = o->c;
        if (!s)
                s = handle_output(c, o->iterator);
        turn_pass(&iterator_of(o->iterator)->init);
        resource_unref(o->iterator);
        ctx_done(c, s);
}

/* The factory has returned a dataset: the iterator begins. */
static Status *one_shot_make(OneShot *o)
{
        autoptr(Tensor) t = o->dataset;
        if (tensor_dtype(t) != DT_VARIANT || tensor_rank(t))
                return invalid_argument("The `dataset_factory` function must return a single "
                                        "scalar of dtype DT_VARIANT.");
        Resource *r = tensor_resource_at(t, 0);
        if (!r || r->kind != &dataset_kind)
                return invalid_argument("Tensor must be a Dataset object.");
        Iterator *it = iterator_of(o->iterator);
        TRY(iterator_make(it, CONTAINER_OF(r, Dataset, base)));
        /* by its own name as well, for handles as strings; from an earlier try it may be there */
        status_free(ctx_put_resource(o->c, &iterator_kind, it->container, it->name, o->iterator));
        return NULL;
}

static void on_factory(void *arg, Status *s)
{
        one_shot_end(arg, s ? s : one_shot_make(arg));
}

static void on_init_turn(void *arg, Status *s)
{
        OneShot *o = arg;
        OpCtx *c = o->c;
        const Function *const *f = ctx_state(c);
        if (s) {
                resource_unref(o->iterator);
                ctx_done(c, s);
        } else if (iterator_ready(iterator_of(o->iterator))) {
                one_shot_end(o, NULL);
        } else {
                ctx_call(c, f[0], NULL, 0, &o->dataset, 1, on_factory, o);
        }
}

static Status *one_shot_new(OpCtx *c, OneShot **ret)
{
        OneShot *o = ctx_scratch(c, sizeof *o);
        if (!o)
                return status_oom();
        if (*node_string(ctx_node(c), "shared_name", ""))
                return invalid_argument("OneShotIteratorOp does not currently support the "
                                        "'shared_name' attr.");
        *o = (OneShot){ .c = c };
        TRY(ctx_own_resource(c, &iterator_kind, false, iterator_new, &o->iterator));
        *ret = o;
        return NULL;
}

static void one_shot(OpCtx *c)
{
        OneShot *o = NULL;
        Status *s = one_shot_new(c, &o);
        if (s)
                ctx_done(c, s);
        else
                turn_take(&iterator_of(o->iterator)->init, ctx_cancel(c), on_init_turn, o);
}

#define GET_NEXT(op)                                                                          \
        OP(op, .inputs = "iterator:resource", .outputs = "components:output_types[]",         \
           .attrs = TYPES, .flags = "stateful", .shape = component_shapes, .start = get_next, \
           .late_shape = true)

GET_NEXT(IteratorGetNext);
GET_NEXT(IteratorGetNextSync);
OP(IteratorGetNextAsOptional, .inputs = "iterator:resource", .outputs = "optional:variant",
   .attrs = TYPES, .flags = "stateful", .shape = shape_scalars, .start = get_next_optional,
   .late_shape = true);
OP(OneShotIterator, .outputs = "handle:resource",
   .attrs = "dataset_factory:func; " TYPES "; container:string = \"\"; shared_name:string = \"\"",
   .flags = "stateful", .shape = shape_scalars, .prepare = dataset_prepare, .start = one_shot,
   .late_shape = true);
