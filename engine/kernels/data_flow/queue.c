// SPDX-License-Identifier: Apache-2.0
/* FIFOQueue, RandomShuffleQueue, PaddingFIFOQueue, PriorityQueue: a queue of the session, found or
 * made by its name. */
#include "engine/state/queue.h"
#include "engine/kernels/data_flow/queue_handle.h"

/* A PaddingFIFOQueue brings rows to a common size, for which it must know their rank. */
static Status *check_components(const Node *n, QueueType type, const Components *parts)
{
        if (type == QUEUE_PADDING && parts->n != parts->n_shapes)
                return invalid_argument("Shapes must be provided for all components, but received "
                                        "%d dtypes and %d shapes.",
                                        parts->n, parts->n_shapes);
        if (parts->n_shapes && parts->n != parts->n_shapes)
                return invalid_argument("Different number of component types.  Queue %s has %d "
                                        "types and %d shapes",
                                        n->name, parts->n, parts->n_shapes);
        return NULL;
}

/* A PriorityQueue has one component more in front, the priority, an int64 scalar. */
static Status *prepare(PrepareCtx *c, QueueType type)
{
        const Node *n = c->node;
        Components parts;
        QueueSpec *spec = arena_calloc(c->arena, 1, sizeof *spec);
        if (!spec)
                return status_oom();
        *spec = (QueueSpec){ .type = type,
                             .op = n->def->op,
                             .seed = node_int(n, "seed", 0),
                             .seed2 = node_int(n, "seed2", 0) };
        TRY(attr_int32(n, "capacity", &spec->capacity));
        if (type == QUEUE_SHUFFLE)
                TRY(attr_int32(n, "min_after_dequeue", &spec->min_after_dequeue));
        TRY(components_read(c, type == QUEUE_PRIORITY, &parts));
        if (type == QUEUE_PRIORITY) {
                parts.dtypes[0] = DT_INT64;
                if (parts.shapes)
                        parts.shapes[0] = SHAPE_SCALAR;
        }
        TRY(check_components(n, type, &parts));
        spec->n = parts.n;
        spec->dtypes = parts.dtypes;
        spec->shapes = parts.shapes;
        c->state = spec;
        return NULL;
}

static Status *make(const OpCtx *c, const char *name, Resource **ret)
{
        QueueSpec spec = *(const QueueSpec *)ctx_state(c);
        spec.name = name;
        spec.container = ctx_container(c);
        return queue_new(&spec, ret);
}

static Status *queue(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        TRY(ctx_own_resource(c, &queue_kind, false, make, &r));
        TRY(queue_matches(queue_of(r), ctx_state(c)));
        return handle_output(c, r);
}

#define QUEUE(op, type, types, shapes, more)                                                      \
        static Status *prepare_##op(PrepareCtx *c)                                                \
        {                                                                                         \
                return prepare(c, type);                                                          \
        }                                                                                         \
        OP(op, .outputs = "handle:ref(string)",                                                   \
           .attrs = types shapes "capacity:int = -1; " more                                       \
                                 "container:string = \"\"; shared_name:string = \"\"",            \
           .flags = "stateful", .shape = handle_shape, .prepare = prepare_##op, .compute = queue, \
           .late_shape = true);                                                                   \
        OP(op##V2, .outputs = "handle:resource",                                                  \
           .attrs = types shapes "capacity:int = -1; " more                                       \
                                 "container:string = \"\"; shared_name:string = \"\"",            \
           .flags = "stateful", .shape = handle_shape, .prepare = prepare_##op, .compute = queue, \
           .late_shape = true)

#define TYPES  "component_types:list(type) >=1; "
#define SHAPES "shapes:list(shape) >=0 = []; "

QUEUE(FIFOQueue, QUEUE_FIFO, TYPES, SHAPES, "");
QUEUE(RandomShuffleQueue, QUEUE_SHUFFLE, TYPES, SHAPES,
      "min_after_dequeue:int = 0; seed:int = 0; seed2:int = 0; ");
QUEUE(PaddingFIFOQueue, QUEUE_PADDING, TYPES, SHAPES, "");
QUEUE(PriorityQueue, QUEUE_PRIORITY, "component_types:list(type) >=0 = []; ",
      "shapes:list(shape) >=0; ", "");
