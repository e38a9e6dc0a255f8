// SPDX-License-Identifier: Apache-2.0
/* HashTable and its mutable kin: a table of the session, found or made by its name. */
#include "engine/state/table.h"
#include "engine/kernels/lookup/lookup.h"

/* Fixed tables are filled once, mutable ones at any time; dense ones bring their empty and deleted
 * keys, whose shape all keys share. */
static Status *read_spec(const OpCtx *c, TableSpec *ret)
{
        const Node *n = ctx_node(c);
        TableSpec spec = { .fixed = !strncmp(n->def->op, "HashTable", 9) ||
                                    !strncmp(n->def->op, "Anonymous", 9),
                           .container = ctx_container(c),
                           .key = node_type(n, "key_dtype", DT_INVALID),
                           .value = node_type(n, "value_dtype", DT_INVALID),
                           .empty = ctx_inputs(c) > 0 ? c->in[0] : NULL,
                           .deleted = ctx_inputs(c) > 1 ? c->in[1] : NULL };
        if (node_attr(n, "value_shape"))
                TRY(node_attr_shape(n, "value_shape", &spec.value_shape));
        if (!shape_complete(&spec.value_shape))
                return invalid_argument("value_shape %s is not fully defined",
                                        shape_text(&spec.value_shape).s);
        if (spec.empty)
                spec.key_shape = spec.empty->shape;
        if (spec.deleted && !shape_equal(&spec.deleted->shape, &spec.key_shape))
                return invalid_argument("Empty and deleted keys must have same shape, got shapes: "
                                        "%s and %s",
                                        shape_text(&spec.key_shape).s,
                                        shape_text(&spec.deleted->shape).s);
        *ret = spec;
        return NULL;
}

static Status *make(const OpCtx *c, const char *name, Resource **ret)
{
        TableSpec spec;
        TRY(read_spec(c, &spec));
        spec.name = name;
        return table_new(&spec, ret);
}

static Status *table(OpCtx *c)
{
        TableSpec spec;
        autoptr(Resource) r = NULL;
        TRY(read_spec(c, &spec));
        TRY(ctx_own_resource(c, &table_kind, node_bool(ctx_node(c), "use_node_name_sharing", false),
                             make, &r));
        TRY(table_matches(table_of(r), &spec));
        return handle_output(c, r);
}

/* Nobody else can find it: it goes with the last handle. */
static Status *anonymous_table(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        TRY(make(c, ctx_node(c)->name, &r));
        return handle_output(c, r);
}

#define NAMES "container:string = \"\"; shared_name:string = \"\"; "
#define TYPES "use_node_name_sharing:bool = false; key_dtype:type; value_dtype:type"
#define DENSE                                                                          \
        "; value_shape:shape = (); initial_num_buckets:int = 131072; max_load_factor:" \
        "float = 0.800000011920929"
#define TABLE(op, in, handle, attributes)                                            \
        OP(op, .inputs = in, .outputs = "table_handle:" handle, .attrs = attributes, \
           .kernels = TABLE_TYPES("key_dtype", "value_dtype"), .flags = "stateful",  \
           .shape = handle_shape, .compute = table, .late_shape = true)

TABLE(HashTable, NULL, "ref(string)", NAMES TYPES);
TABLE(HashTableV2, NULL, "resource", NAMES TYPES);
TABLE(MutableHashTable, NULL, "ref(string)", NAMES TYPES);
TABLE(MutableHashTableV2, NULL, "resource", NAMES TYPES);
TABLE(MutableHashTableOfTensors, NULL, "ref(string)", NAMES TYPES "; value_shape:shape = ()");
TABLE(MutableHashTableOfTensorsV2, NULL, "resource", NAMES TYPES "; value_shape:shape = ()");
TABLE(MutableDenseHashTable, "empty_key:key_dtype", "ref(string)", NAMES TYPES DENSE);
TABLE(MutableDenseHashTableV2, "empty_key:key_dtype; deleted_key:key_dtype", "resource",
      NAMES TYPES DENSE);
OP(AnonymousHashTable, .outputs = "table_handle:resource",
   .attrs = "key_dtype:type; value_dtype:type", .kernels = TABLE_TYPES("key_dtype", "value_dtype"),
   .flags = "stateful", .shape = handle_shape, .compute = anonymous_table, .late_shape = true);
