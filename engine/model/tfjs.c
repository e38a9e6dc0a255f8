// SPDX-License-Identifier: Apache-2.0
/* TensorFlow.js GraphModel: model.json holds a GraphDef whose constants are empty, and says in
 * which bytes of which files their values lie. */
#include "engine/model/inside.h"

#include "engine/base/base64.h"
#include "engine/base/mem.h"
#include "engine/model/tfjs_weights.h"
#include "proto/json.h"
#include <string.h>

typedef Tensorflow__TensorProto TensorProto;

static const char topology_key[] = "\"modelTopology\"";

typedef struct Tfjs {
        Model *model;
        Arena *arena; /* becomes the graph's */
        GraphDef *def;
        Map constants; /* name -> NodeDef; those of functions as "function/node", as converters call
                          them anyway */
} Tfjs;

bool tfjs_is(const char *bytes, size_t n)
{
        size_t at = 0;
        while (at < n && strchr(" \t\r\n", bytes[at]) && bytes[at])
                at++;
        return at < n && bytes[at] == '{' &&
               memmem(bytes, n, topology_key, sizeof topology_key - 1);
}

/* ---- constants ---- */

static Tensorflow__AttrValue *find_attr(const NodeDef *n, const char *key)
{
        for (size_t i = 0; i < n->n_attr; i++)
                if (!strcmp(n->attr[i]->key, key))
                        return n->attr[i]->value;
        return NULL;
}

/* Weights are named after nodes; those of a function's body carry the function's name before them,
 * unless the node's own name has it. */
static Status *add_constants(Tfjs *t, NodeDef **nodes, size_t n, const char *prefix)
{
        for (size_t i = 0; i < n; i++) {
                if (strcmp(nodes[i]->op, "Const") != 0)
                        continue;
                size_t len = strlen(prefix);
                bool has_it = !strncmp(nodes[i]->name, prefix, len) && nodes[i]->name[len] == '/';
                char *name = len && !has_it
                                     ? arena_printf(t->arena, "%s/%s", prefix, nodes[i]->name)
                                     : nodes[i]->name;
                if (!name)
                        return status_oom();
                TRY(map_set(&t->constants, name, nodes[i]));
        }
        return NULL;
}

/* All Const nodes by the name that the weights' manifest uses. */
static Status *index_constants(Tfjs *t)
{
        const Tensorflow__FunctionDefLibrary *l = t->def->library;
        TRY(add_constants(t, t->def->node, t->def->n_node, ""));
        for (size_t i = 0; l && i < l->n_function; i++) {
                const FunctionDef *f = l->function[i];
                if (f->signature)
                        TRY(add_constants(t, f->node_def, f->n_node_def, f->signature->name));
        }
        return NULL;
}

/* A weight goes into its Const node. The graph's dtype wins: TensorFlow.js has fewer types than
 * TensorFlow, and stores others as the next it has. */
static Status *set_constant(Tfjs *t, const json_t *entry, WeightBytes *bytes)
{
        const char *name = json_string_value(json_object_get(entry, "name"));
        const NodeDef *node = name ? map_get(&t->constants, name) : NULL;
        const Tensorflow__AttrValue *type = node ? find_attr(node, "dtype") : NULL;
        Tensorflow__AttrValue *value = node ? find_attr(node, "value") : NULL;
        DType want = type && type->value_case == TENSORFLOW__ATTR_VALUE__VALUE_TYPE
                             ? (DType)type->type
                             : DT_INVALID;
        TensorProto *tensor;
        if (want != DT_INVALID && !dtype_valid((int)want))
                return invalid_argument("The constant \"%.200s\" has no type", name);
        TRY(tfjs_weight(entry, bytes, want, t->arena, &tensor));
        if (!value)
                return NULL; /* no node of ours: tfjs ignores it, too */
        value->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TENSOR;
        value->tensor = tensor;
        return NULL;
}

/* ---- shards ---- */

/* Reads a group's files one behind the other. */
static Status *read_shards(const Model *m, const json_t *group, Buf *ret)
{
        size_t i;
        json_t *path;
        json_array_foreach (json_object_get(group, "paths"), i, path) {
                const char *name = json_string_value(path);
                if (!name)
                        return invalid_argument("A path of the weights' manifest is no text");
                if (!m->files.names)
                        return not_found("%.200s; the model's weights are not there: send "
                                         "model.json and its files as one .tar or .zip",
                                         name);
                TRY(files_read(&m->files, name, ret));
        }
        return NULL;
}

/* Weights follow each other without padding in the order of the manifest. */
static Status *read_group(Tfjs *t, const json_t *group)
{
        autobuf shards = BUF((size_t)2 << 30);
        size_t i;
        json_t *entry;
        TRY(read_shards(t->model, group, &shards));
        WeightBytes bytes = { (unsigned char *)shards.data,
                              (unsigned char *)shards.data + shards.len };
        json_array_foreach (json_object_get(group, "weights"), i, entry)
                TRY(set_constant(t, entry, &bytes));
        return NULL;
}

/* ---- the whole ---- */

/* Old converters wrote bytes as a list of numbers, where JSON for protobuf has base64. */
static Status *settle_bytes(json_t *holder, const char *key)
{
        json_t *list = json_object_get(holder, key);
        size_t n = json_array_size(list);
        if (!json_is_array(list) || (n && !json_is_integer(json_array_get(list, 0))))
                return NULL;
        autofree char *bytes = mem_alloc(n + 1), *b64 = mem_alloc(BASE64_SIZE(n) + 1);
        if (!bytes || !b64)
                return status_oom();
        for (size_t i = 0; i < n; i++)
                bytes[i] = (char)json_integer_value(json_array_get(list, i));
        base64_encode(bytes, n, b64);
        return json_object_set_new(holder, key, json_stringn(b64, BASE64_SIZE(n))) ? status_oom()
                                                                                   : NULL;
}

/* Brings all string attributes to protobuf's JSON form. */
static Status *settle_topology(json_t *topology)
{
        size_t i;
        json_t *node, *attr;
        const char *key;
        json_array_foreach (json_object_get(topology, "node"), i, node)
                json_object_foreach (json_object_get(node, "attr"), key, attr)
                        TRY(settle_bytes(attr, "s"));
        return NULL;
}

/* The signature stands at the top or below userDefinedMetadata, by the converter's age; without one
 * the model is still a graph. */
static Status *read_signature(Tfjs *t, const json_t *json, MetaGraphDef *meta)
{
        const json_t *s = json_object_get(json, "signature");
        if (!s)
                s = json_object_get(json_object_get(json, "userDefinedMetadata"), "signature");
        if (!json_is_object(s))
                return NULL;
        ProtobufCMessage *m = NULL, *e = NULL;
        Status *bad = proto_json_parse(&tensorflow__signature_def__descriptor, s, t->arena, &m);
        if (bad && status_code(bad) == SR_INVALID_ARGUMENT) {
                status_free(bad); /* what a converter of its own wrote there is not for us */
                return NULL;
        }
        TRY(bad);
        TRY(proto_new(&tensorflow__meta_graph_def__signature_def_entry__descriptor, t->arena, &e));
        Tensorflow__MetaGraphDef__SignatureDefEntry *entry = (void *)e,
                                                    **list = arena_dup(t->arena, &entry,
                                                                       sizeof entry);
        entry->key = arena_strdup(t->arena, "serving_default");
        if (!list || !entry->key)
                return status_oom();
        entry->value = (Tensorflow__SignatureDef *)m;
        meta->signature_def = list;
        meta->n_signature_def = 1;
        return NULL;
}

/* model.json: the topology is a GraphDef in JSON, its constants' values come from the manifest. */
static Status *read_json(Tfjs *t, const json_t *json)
{
        const char *format = json_string_value(json_object_get(json, "format"));
        ProtobufCMessage *m;
        size_t i;
        json_t *group;
        if (format && strcmp(format, "graph-model") != 0)
                return unimplemented("A TensorFlow.js %.100s has no graph; convert it to a "
                                     "graph-model",
                                     format);
        TRY(settle_topology(json_object_get(json, "modelTopology")));
        TRY(proto_json_parse(&tensorflow__graph_def__descriptor,
                             json_object_get(json, "modelTopology"), t->arena, &m));
        t->def = (GraphDef *)m;
        TRY(index_constants(t));
        json_array_foreach (json_object_get(json, "weightsManifest"), i, group)
                TRY(read_group(t, group));
        return NULL;
}

/* The arena goes over to the graph source, which owns the messages from here. */
static Status *read_all(Tfjs *t, const json_t *json)
{
        Model *m = t->model;
        ProtobufCMessage *meta;
        TRY(read_json(t, json));
        TRY(proto_new(&tensorflow__meta_graph_def__descriptor, t->arena, &meta));
        TRY(read_signature(t, json, (MetaGraphDef *)meta));
        TRY(graph_source_wrap(t->arena, t->def, &m->src));
        t->arena = NULL;
        m->meta = (MetaGraphDef *)meta;
        m->format = "tfjs_graph_model";
        return NULL;
}

/* Nodes of JSON take some forty times its bytes, weights of one byte become four. */
static size_t budget(const Model *m, size_t n)
{
        size_t weights = m->files.names ? (size_t)8 << 30 : 0;
        return ((size_t)64 << 20) + 44 * n + weights;
}

/* Duplicate keys are refused: two readers of one file must not see two models. */
Status *tfjs_read(Model *m, const char *bytes, size_t n)
{
        Tfjs t = { .model = m };
        json_error_t e;
        json_auto_t *json = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &e);
        if (!json)
                return invalid_argument("Error parsing JSON: %d:%d: %s", e.line, e.column, e.text);
        TRY(arena_new(budget(m, n), &t.arena));
        Status *s = read_all(&t, json);
        map_done(&t.constants);
        arena_free(t.arena);
        return s;
}
