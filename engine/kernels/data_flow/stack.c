// SPDX-License-Identifier: Apache-2.0
/* Stack: what forward loops push for their gradient loops to pop. Both versions' handles hold the
 * stack itself; it goes with the last of them. */
#include "engine/kernels/data_flow/nesting.h"
#include "engine/state/resource.h"
#include <pthread.h>

typedef struct Stack {
        Resource base;
        pthread_mutex_t lock; /* guards: items, n, cap, closed */
        char *name;           /* owned */
        DType elem_type;
        int64_t max_size; /* negative: no limit */
        Tensor **items;   /* owned references */
        int64_t n, cap;
        bool closed;
} Stack;

static void drop_items(Stack *s)
{
        for (int64_t i = 0; i < s->n; i++)
                tensor_unref(s->items[i]);
        mem_free(s->items);
        s->items = NULL;
        s->n = s->cap = 0;
}

static void stack_destroy(Resource *r)
{
        Stack *s = CONTAINER_OF(r, Stack, base);
        drop_items(s);
        pthread_mutex_destroy(&s->lock);
        mem_free(s->name);
        mem_free(s);
}

static Status *stack_read(Resource *r, Tensor **ret)
{
        return resource_name_tensor("_stacks", CONTAINER_OF(r, Stack, base)->name, ret);
}

const ResourceKind stack_kind = { .name = "N10tensorflow5StackE",
                                  .destroy = stack_destroy,
                                  .read = stack_read };

static Status *stack_shape(ShapeCtx *c)
{
        if (c->n_in && shape_in(c, 0)->rank > 0)
                return invalid_argument("Stack size must be a scalar, but had shape: %s",
                                        shape_text(shape_in(c, 0)).s);
        c->out[0] = c->n_in ? SHAPE_SCALAR : SHAPE(2);
        return NULL;
}

/* The name only shows in errors. A negative max_size means no limit. */
static Status *stack(OpCtx *c)
{
        const Node *n = ctx_node(c);
        const char *name = node_string(n, "stack_name", "");
        Tensor *handle;
        Stack *s = mem_calloc(1, sizeof *s);
        if (!s)
                return status_oom();
        resource_init(&s->base, &stack_kind);
        autoptr(Resource) held = &s->base;
        pthread_mutex_init(&s->lock, NULL);
        s->name = mem_printf("%s_%llu", *name ? name : n->name, (unsigned long long)ctx_unique());
        if (!s->name)
                return status_oom();
        s->elem_type = node_type(n, "elem_type", DT_INVALID);
        s->max_size = ctx_inputs(c) ? tensor_int(ctx_input(c, 0), 0) : -1;
        TRY(tensor_resource(DT_RESOURCE, &s->base, &handle));
        ctx_set_output(c, 0, handle);
        return NULL;
}

static Status *stack_of(OpCtx *c, Stack **ret)
{
        Resource *r;
        TRY(ctx_resource(c, 0, &stack_kind, &r));
        *ret = CONTAINER_OF(r, Stack, base);
        return NULL;
}

/* With the lock held. */
static Status *push_locked(Stack *s, Tensor *elem)
{
        if (s->closed)
                return invalid_argument("Stack[%s] has already been closed.", s->name);
        if (s->max_size >= 0 && s->n >= s->max_size)
                return invalid_argument("Stack[%s] overflowed its max_size (%lld)", s->name,
                                        (long long)s->max_size);
        if (s->n == s->cap) {
                int64_t cap = s->cap ? 2 * s->cap : 16;
                Tensor **more = mem_realloc(s->items, (size_t)cap * sizeof *more);
                if (!more)
                        return status_oom();
                s->items = more;
                s->cap = cap;
        }
        s->items[s->n++] = tensor_ref(elem);
        return NULL;
}

/* The element is shared, not copied; nesting is bounded, as handles may hold handles. TensorFlow's
 * message has the types' numbers. */
static Status *push(OpCtx *c)
{
        Stack *s;
        TRY(stack_of(c, &s));
        Tensor *elem = c->in[1];
        if (tensor_dtype(elem) != s->elem_type)
                return invalid_argument("Must have type %d but got %d", s->elem_type,
                                        tensor_dtype(elem));
        TRY(nesting_check(elem));
        pthread_mutex_lock(&s->lock);
        Status *failed = push_locked(s, elem);
        pthread_mutex_unlock(&s->lock);
        TRY(failed);
        ctx_forward(c, 1, 0);
        return NULL;
}

static Status *push_shape(ShapeCtx *c)
{
        c->out[0] = *shape_in(c, 1);
        return NULL;
}

/* The op's own elem_type must agree: its output's type was promised to the graph. */
static Status *pop(OpCtx *c)
{
        Stack *s;
        TRY(stack_of(c, &s));
        if (s->elem_type != node_type(ctx_node(c), "elem_type", DT_INVALID))
                return invalid_argument("Stack[%s] holds %s", s->name, dtype_name(s->elem_type));
        pthread_mutex_lock(&s->lock);
        bool closed = s->closed;
        Tensor *elem = s->n ? s->items[--s->n] : NULL;
        pthread_mutex_unlock(&s->lock);
        if (closed)
                return invalid_argument("Stack[%s] has already been closed.", s->name);
        if (!elem)
                return invalid_argument("Stack[%s] is empty when calling Pop().", s->name);
        ctx_set_output(c, 0, elem);
        return NULL;
}

/* The elements go at once; the closed stack stays, to say so to those who still use it. */
static Status *close_stack(OpCtx *c)
{
        Stack *s;
        TRY(stack_of(c, &s));
        pthread_mutex_lock(&s->lock);
        drop_items(s);
        s->closed = true;
        pthread_mutex_unlock(&s->lock);
        return NULL;
}

OP(Stack, .outputs = "handle:ref(string)", .attrs = "elem_type:type; stack_name:string = \"\"",
   .flags = "stateful", .shape = stack_shape, .compute = stack, .late_shape = true);
OP(StackV2, .inputs = "max_size:int32", .outputs = "handle:resource",
   .attrs = "elem_type:type; stack_name:string = \"\"", .flags = "stateful", .shape = stack_shape,
   .compute = stack, .late_shape = true);
OP(StackPush, .inputs = "handle:ref(string); elem:T", .outputs = "output:T",
   .attrs = "T:type; swap_memory:bool = false", .shape = push_shape, .compute = push,
   .late_shape = true);
OP(StackPushV2, .inputs = "handle:resource; elem:T", .outputs = "output:T",
   .attrs = "T:type; swap_memory:bool = false", .flags = "stateful", .shape = push_shape,
   .compute = push, .late_shape = true);
OP(StackPop, .inputs = "handle:ref(string)", .outputs = "elem:elem_type", .attrs = "elem_type:type",
   .shape = shape_unknown, .compute = pop, .late_shape = true);
OP(StackPopV2, .inputs = "handle:resource", .outputs = "elem:elem_type", .attrs = "elem_type:type",
   .flags = "stateful", .shape = shape_unknown, .compute = pop, .late_shape = true);
OP(StackClose, .inputs = "handle:ref(string)", .shape = shape_none, .compute = close_stack);
OP(StackCloseV2, .inputs = "handle:resource", .flags = "stateful", .shape = shape_none,
   .compute = close_stack);
