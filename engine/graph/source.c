// SPDX-License-Identifier: Apache-2.0
/* Sources: bytes to messages, and the GraphDef out of whatever holds it. */
#include "engine/graph/source.h"

#include "engine/base/mem.h"
#include "engine/graph/sniff.h"
#include "proto/json.h"
#include "proto/text.h"
#include "proto/wire.h"
#include "tensorflow/core/protobuf/saved_model.pb-c.h"
#include <string.h>

typedef Tensorflow__MetaGraphDef MetaGraphDef;
typedef Tensorflow__SavedModel SavedModel;

enum { MAX_NODES = 4000000 };
#define MAX_BYTES ((size_t)1 << 30)

/* The formats by name; text and JSON may hold any of the three messages. */
static const struct {
        const char *name;
        GraphFormat format;
        GraphEncoding encoding;
} formats[] = {
        { "graph_def", GRAPH_DEF, ENCODING_BINARY },
        { "graph_def_text", GRAPH_DEF, ENCODING_TEXT },
        { "graph_def_json", GRAPH_DEF, ENCODING_JSON },
        { "meta_graph_def", META_GRAPH_DEF, ENCODING_BINARY },
        { "meta_graph_def_text", META_GRAPH_DEF, ENCODING_TEXT },
        { "saved_model", SAVED_MODEL, ENCODING_BINARY },
        { "saved_model_text", SAVED_MODEL, ENCODING_TEXT },
};

/* Without a name the first bytes decide; what they say must still be one of the formats with a
 * name. */
static Status *choose(const char *wanted, const void *bytes, size_t n, GraphFormat *format,
                      GraphEncoding *encoding, const char **ret_name)
{
        if (!wanted)
                graph_sniff(bytes, n, format, encoding);
        for (size_t i = 0; i < COUNTOF(formats); i++) {
                bool it = wanted ? !strcmp(wanted, formats[i].name)
                                 : formats[i].format == *format && formats[i].encoding == *encoding;
                if (!it)
                        continue;
                *format = formats[i].format;
                *encoding = formats[i].encoding;
                *ret_name = formats[i].name;
                return NULL;
        }
        return invalid_argument("unknown graph format '%s'", wanted ? wanted : "");
}

static Status *parse_json(const ProtoType *type, const void *bytes, size_t n, Arena *arena,
                          ProtobufCMessage **ret)
{
        json_error_t e;
        json_auto_t *json = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &e);
        if (!json)
                return invalid_argument("Error parsing JSON: %d:%d: %s", e.line, e.column, e.text);
        return proto_json_parse(type, json, arena, ret);
}

/* One message, from any of its three forms. */
/* Room behind the bytes would be kept with them. */
static void trim(Buf *b)
{
        char *less = b->len ? mem_realloc(b->data, b->len) : NULL;
        if (!less)
                return;
        b->data = less;
        b->cap = b->len;
}

/* The bytes of constants are most of a frozen graph. */
static Status *unpack_in_place(const ProtoType *type, Buf *own, Arena *arena,
                               ProtobufCMessage **ret)
{
        const ProtoType *tensor = &tensorflow__tensor_proto__descriptor;
        bool kept = false;
        if (own->cap - own->len > own->len / 8)
                trim(own);
        TRY(proto_unpack_in_place(
                type, own->data, own->len,
                protobuf_c_message_descriptor_get_field_by_name(tensor, "tensor_content"), arena,
                ret, &kept));
        if (!kept)
                return NULL;
        TRY(arena_on_free(arena, mem_free, own->data));
        *own = BUF(own->max);
        return NULL;
}

/* own: where the bytes lie, if they may be taken; or NULL. */
static Status *parse(GraphFormat format, GraphEncoding encoding, const void *bytes, size_t n,
                     Buf *own, Arena *arena, ProtobufCMessage **ret)
{
        static const ProtoType *const types[] = {
                [GRAPH_DEF] = &tensorflow__graph_def__descriptor,
                [META_GRAPH_DEF] = &tensorflow__meta_graph_def__descriptor,
                [SAVED_MODEL] = &tensorflow__saved_model__descriptor,
        };
        switch (encoding) {
        case ENCODING_TEXT: return proto_text_parse(types[format], bytes, n, arena, ret);
        case ENCODING_JSON: return parse_json(types[format], bytes, n, arena, ret);
        default:
                return own ? unpack_in_place(types[format], own, arena, ret)
                           : proto_unpack(types[format], bytes, n, NULL, arena, ret);
        }
}

static bool has_tag(const MetaGraphDef *m, const char *tag)
{
        for (size_t i = 0; m->meta_info_def && i < m->meta_info_def->n_tags; i++)
                if (!strcmp(m->meta_info_def->tags[i], tag))
                        return true;
        return false;
}

static size_t list_length(const char *const *list)
{
        size_t n = 0;
        while (list[n])
                n++;
        return n;
}

/* The MetaGraph with exactly these tags, as a set. */
static MetaGraphDef *find_meta_graph(const SavedModel *m, const char *const *tags)
{
        for (size_t i = 0; i < m->n_meta_graphs; i++) {
                MetaGraphDef *g = m->meta_graphs[i];
                size_t n = g->meta_info_def ? g->meta_info_def->n_tags : 0, same = 0;
                while (tags[same] && has_tag(g, tags[same]))
                        same++;
                if (!tags[same] && n == list_length(tags))
                        return g;
        }
        return NULL;
}

/* "{ serve gpu }" of the tags of a list. */
static void put_tags(Buf *out, const char *const *tags, size_t n)
{
        buf_puts(out, "{ ");
        for (size_t i = 0; i < n; i++)
                buf_printf(out, "%s ", tags[i]);
        buf_puts(out, "}");
}

/* TensorFlow's text, with hints on what is there: tags are what users get wrong. */
static Status *no_meta_graph(const SavedModel *m, const char *const *tags)
{
        autobuf wanted = BUF(4096);
        put_tags(&wanted, tags, list_length(tags));
        Status *s = not_found("Could not find meta graph def matching supplied tags: %s. To "
                              "inspect available tag-sets in the SavedModel, please use the "
                              "SavedModel CLI: `saved_model_cli`",
                              buf_cstr(&wanted));
        for (size_t i = 0; i < MIN(m->n_meta_graphs, (size_t)STATUS_MAX_HINTS); i++) {
                const Tensorflow__MetaGraphDef__MetaInfoDef *info =
                        m->meta_graphs[i]->meta_info_def;
                autobuf there = BUF(4096);
                put_tags(&there, info ? (const char *const *)info->tags : NULL,
                         info ? info->n_tags : 0);
                status_add_hint(s, "There is one with the tags %s.", buf_cstr(&there));
        }
        return s;
}

/* Without tags: the only one, else the one for serving, else one without tags. */
static Status *choose_meta_graph(const SavedModel *m, const char *const *tags, MetaGraphDef **ret)
{
        static const char *const serve[] = { "serve", NULL }, *const none[] = { NULL };
        MetaGraphDef *found = NULL;
        if (tags)
                found = find_meta_graph(m, tags);
        else if (m->n_meta_graphs == 1)
                found = m->meta_graphs[0];
        else if (!(found = find_meta_graph(m, serve)))
                found = find_meta_graph(m, none);
        if (!found)
                return no_meta_graph(m, tags ? tags : serve);
        *ret = found;
        return NULL;
}

/* Finds the GraphDef in the message that was read. */
static Status *dig(GraphSource *s, GraphFormat format, const char *const *tags, ProtobufCMessage *m)
{
        if (format == SAVED_MODEL)
                TRY(choose_meta_graph((SavedModel *)m, tags, &s->meta));
        else if (format == META_GRAPH_DEF)
                s->meta = (MetaGraphDef *)m;
        s->graph_def = s->meta ? s->meta->graph_def : (GraphDef *)m;
        if (s->graph_def)
                return NULL;
        TRY(proto_new(&tensorflow__graph_def__descriptor, s->arena, &m));
        s->graph_def = (GraphDef *)m;
        return NULL;
}

/* What an input may take: nodes of a dozen bytes become nodes of some hundred, tensors grow little.
 */
static size_t default_memory(size_t n)
{
        return ((size_t)64 << 20) + 4 * n + MIN(n * 40, (size_t)4 << 30);
}

/* Limits come first: bytes before parsing, memory while parsing by the arena, nodes after. */
static Status *read_source(const void *bytes, size_t n, Buf *own, const char *format,
                           const GraphLimits *limits, GraphSource **ret)
{
        autoptr(GraphSource) s = mem_calloc(1, sizeof *s);
        size_t max_bytes = limits && limits->max_bytes ? limits->max_bytes : MAX_BYTES;
        size_t memory = limits && limits->memory ? limits->memory : default_memory(n);
        int max_nodes = limits && limits->max_nodes ? limits->max_nodes : MAX_NODES;
        GraphFormat kind = GRAPH_DEF;
        GraphEncoding encoding = ENCODING_BINARY;
        ProtobufCMessage *m = NULL;
        if (!s)
                return status_oom();
        if (n > max_bytes)
                return resource_exhausted("a graph of %zu bytes is larger than the limit of %zu "
                                          "bytes",
                                          n, max_bytes);
        TRY(choose(format, bytes, n, &kind, &encoding, &s->format));
        TRY(arena_new(memory, &s->arena));
        TRY(parse(kind, encoding, bytes, n, own, s->arena, &m));
        TRY(dig(s, kind, limits ? limits->tags : NULL, m));
        if (s->graph_def->n_node > (size_t)max_nodes)
                return resource_exhausted("a graph of %zu nodes is larger than the limit of %d "
                                          "nodes",
                                          s->graph_def->n_node, max_nodes);
        *ret = steal(&s);
        return NULL;
}

Status *graph_source_parse(const void *bytes, size_t n, const char *format,
                           const GraphLimits *limits, GraphSource **ret)
{
        return read_source(bytes, n, NULL, format, limits, ret);
}

Status *graph_source_take(Buf *bytes, const char *format, const GraphLimits *limits,
                          GraphSource **ret)
{
        return read_source(bytes->data, bytes->len, bytes, format, limits, ret);
}

/* For messages made here rather than read; the source takes the arena over. */
Status *graph_source_wrap(Arena *arena, GraphDef *def, GraphSource **ret)
{
        GraphSource *s = mem_calloc(1, sizeof *s);
        if (!s)
                return status_oom();
        s->arena = arena;
        s->graph_def = def;
        s->format = "graph_def";
        *ret = s;
        return NULL;
}

void graph_source_free(GraphSource *s)
{
        if (!s)
                return;
        arena_free(s->arena);
        mem_free(s);
}
