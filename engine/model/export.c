// SPDX-License-Identifier: Apache-2.0
/* An export from its parts: the MetaGraph, the variables, the archive. */
#include "engine/model/export_inside.h"

#include "engine/base/mem.h"
#include "engine/session/declared.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/message.h"
#include "proto/wire.h"
#include "tensorflow/core/protobuf/saved_model.pb-c.h"
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

typedef Tensorflow__SignatureDef SignatureDef;
typedef Tensorflow__TensorInfo TensorInfo;
typedef Tensorflow__MetaGraphDef__SignatureDefEntry SignatureEntry;

/* ---- the graph and its variables ---- */

static Status *clone(void *arg, const Graph *g)
{
        return graph_clone(g, arg);
}

/* A variable without a value is left out, as tf.train.Saver cannot save it either; whether that
 * matters is decided by who reads it (-2 in var_of_node). */
static Status *read_variable(Export *x, const Node *n)
{
        ExportVar *v = &x->vars[x->n_vars];
        Status *s = session_get_variable(x->session, declared_name(n), &v->value);
        x->var_of_node[n->id] = s ? -2 : x->n_vars;
        if (status_code(s) == SR_NOT_FOUND || status_code(s) == SR_FAILED_PRECONDITION) {
                status_free(s);
                return session_closed(x->session) ? failed_precondition("Attempted to use a closed "
                                                                        "Session.")
                                                  : NULL;
        }
        TRY(s);
        v->node = n;
        v->resource = !strcmp(n->def->op, "VarHandleOp");
        x->n_vars++;
        return NULL;
}

/* Everything is read before anything is written, so that the export is of one moment but for steps
 * that run meanwhile, as with Saver. */
static Status *read_variables(Export *x)
{
        size_t n = (size_t)graph_count(x->graph);
        x->vars = arena_calloc(x->arena, n + 1, sizeof *x->vars);
        x->var_of_node = arena_calloc(x->arena, n + 1, sizeof *x->var_of_node);
        if (!x->vars || !x->var_of_node)
                return status_oom();
        for (size_t i = 0; i < n; i++) {
                const Node *node = graph_node(x->graph, (int)i);
                x->var_of_node[i] = -1;
                if (declares_variable(node))
                        TRY(read_variable(x, node));
        }
        return NULL;
}

/* ---- the MetaGraph ---- */

/* A TensorInfo for a tensor's name, with dtype and shape by what the graph knows, not by what the
 * caller says. */
static Status *make_info(Export *x, const char *name, TensorInfo **ret)
{
        size_t len;
        int index = 0;
        bool has_index;
        const Node *n = NULL;
        if (tensor_name_parse(name, &len, &index, &has_index))
                n = graph_findn(x->graph, name, len);
        if (!n || index < 0 || index >= n->n_out)
                return not_found("The graph has no tensor \"%.200s\"", name);
        MESSAGE_NEW(x->arena, ret, tensorflow__tensor_info__init);
        (*ret)->encoding_case = TENSORFLOW__TENSOR_INFO__ENCODING_NAME;
        (*ret)->name = arena_printf(x->arena, "%s:%d", n->name, index);
        (*ret)->dtype = (Tensorflow__DataType)dtype_base(n->out_types[index]);
        TRY(shape_to_proto(&n->out_shapes[index], x->arena, &(*ret)->tensor_shape));
        return (*ret)->name ? NULL : status_oom();
}

/* A list of map entries from keys to TensorInfos. */
#define MAKE_INFOS(x, from, n_from, to, n_to, type)                                  \
        do {                                                                         \
                (to) = arena_calloc((x)->arena, (size_t)(n_from) + 1, sizeof *(to)); \
                if (!(to))                                                           \
                        return status_oom();                                         \
                for (int i_ = 0; i_ < (n_from); i_++) {                              \
                        MESSAGE_NEW((x)->arena, &(to)[i_], type##__init);            \
                        (to)[i_]->key = (char *)(from)[i_].key;                      \
                        TRY(make_info(x, (from)[i_].tensor, &(to)[i_]->value));      \
                        (n_to)++;                                                    \
                }                                                                    \
        } while (0)

/* The name, inputs and outputs that the caller gives, checked against the graph. */
static Status *make_signature(Export *x, const ExportSignature *s, SignatureEntry **ret)
{
        SignatureDef *def;
        MESSAGE_NEW(x->arena, &def, tensorflow__signature_def__init);
        MESSAGE_NEW(x->arena, ret, tensorflow__meta_graph_def__signature_def_entry__init);
        MAKE_INFOS(x, s->inputs, s->n_inputs, def->inputs, def->n_inputs,
                   tensorflow__signature_def__inputs_entry);
        MAKE_INFOS(x, s->outputs, s->n_outputs, def->outputs, def->n_outputs,
                   tensorflow__signature_def__outputs_entry);
        def->method_name = (char *)s->method;
        (*ret)->key = (char *)s->name;
        (*ret)->value = def;
        return NULL;
}

/* Without signatures in the request, the model's own are handed on. */
static Status *make_signatures(Export *x)
{
        const MetaGraphDef *from = x->model ? model_meta(x->model) : NULL;
        if (!x->spec->signatures) {
                x->meta->signature_def = from ? from->signature_def : NULL;
                x->meta->n_signature_def = from ? from->n_signature_def : 0;
                return NULL;
        }
        int n = x->spec->n_signatures;
        x->meta->signature_def = arena_calloc(x->arena, (size_t)n + 1, sizeof(SignatureEntry *));
        if (!x->meta->signature_def)
                return status_oom();
        for (int i = 0; i < n; i++)
                TRY(make_signature(x, &x->spec->signatures[i], &x->meta->signature_def[i]));
        x->meta->n_signature_def = (size_t)n;
        return NULL;
}

/* Tags by the request, else those of the model that the session came from, else "serve". */
static Status *make_tags(Export *x)
{
        static const char *const serve[] = { "serve", NULL };
        const MetaGraphDef *from = x->model ? model_meta(x->model) : NULL;
        Tensorflow__MetaGraphDef__MetaInfoDef *info;
        MESSAGE_NEW(x->arena, &info, tensorflow__meta_graph_def__meta_info_def__init);
        x->meta->meta_info_def = info;
        const char *const *tags = x->spec->tags ? x->spec->tags : serve;
        bool kept = !x->spec->tags && from && from->meta_info_def && from->meta_info_def->n_tags;
        info->tags = kept ? from->meta_info_def->tags : (char **)tags;
        if (kept)
                info->n_tags = from->meta_info_def->n_tags;
        else
                while (tags[info->n_tags])
                        info->n_tags++;
        return NULL;
}

/* The model's init op and assets go along. */
static Status *make_init(Export *x)
{
        Tensorflow__MetaGraphDef__CollectionDefEntry *e, **list;
        Tensorflow__CollectionDef__NodeList *nodes;
        if (!x->model)
                return NULL;
        x->meta->asset_file_def =
                model_meta(x->model) ? model_meta(x->model)->asset_file_def : NULL;
        x->meta->n_asset_file_def = x->model->meta ? x->model->meta->n_asset_file_def : 0;
        if (!x->model->init_op)
                return NULL;
        char **names = arena_dup(x->arena, &x->model->init_op, sizeof *names);
        MESSAGE_NEW(x->arena, &e, tensorflow__meta_graph_def__collection_def_entry__init);
        MESSAGE_NEW(x->arena, &e->value, tensorflow__collection_def__init);
        MESSAGE_NEW(x->arena, &nodes, tensorflow__collection_def__node_list__init);
        list = arena_dup(x->arena, &e, sizeof e);
        e->key = arena_strdup(x->arena, "saved_model_main_op");
        if (!list || !names || !e->key)
                return status_oom();
        nodes->value = names;
        nodes->n_value = 1;
        e->value->kind_case = TENSORFLOW__COLLECTION_DEF__KIND_NODE_LIST;
        e->value->node_list = nodes;
        x->meta->collection_def = list;
        x->meta->n_collection_def = 1;
        return NULL;
}

/* A frozen graph has no saver, for it has nothing to restore. */
static Status *make_meta(Export *x)
{
        bool frozen =
                x->spec->format == EXPORT_FROZEN_MODEL || x->spec->format == EXPORT_FROZEN_GRAPH;
        MESSAGE_NEW(x->arena, &x->meta, tensorflow__meta_graph_def__init);
        x->meta->graph_def = x->def;
        TRY(make_tags(x));
        TRY(make_signatures(x));
        if (frozen)
                return export_freeze(x);
        TRY(make_init(x));
        return export_add_saver(x);
}

/* ---- the archive ---- */

static la_ssize_t collect(struct archive *a, void *arg, const void *bytes, size_t n)
{
        Buf *out = arg;
        buf_append(out, bytes, n);
        if (!out->oom && !out->full)
                return (la_ssize_t)n;
        archive_set_error(a, 0, "no room");
        return -1;
}

/* One file of the archive; the output's own limit shows up as a write that fails. */
static Status *put_file(struct archive *a, const char *name, const Buf *bytes)
{
        struct archive_entry *e = archive_entry_new();
        if (!e)
                return status_oom();
        archive_entry_set_pathname(e, name);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, (la_int64_t)bytes->len);
        bool ok = archive_write_header(a, e) == ARCHIVE_OK &&
                  (!bytes->len ||
                   archive_write_data(a, bytes->data, bytes->len) == (la_ssize_t)bytes->len);
        archive_entry_free(e);
        return ok ? NULL : resource_exhausted("%s does not fit into the archive", name);
}

/* Assets keep the names that the MetaGraph calls them by. */
static Status *put_assets(Export *x, struct archive *a)
{
        for (size_t i = 0; x->model && i < x->meta->n_asset_file_def; i++) {
                autobuf bytes = BUF((size_t)2 << 30);
                autofree char *name = mem_printf("assets/%s", x->meta->asset_file_def[i]->filename);
                if (!name)
                        return status_oom();
                TRY(files_read(&x->model->files, name, &bytes));
                TRY(put_file(a, name, &bytes));
        }
        return NULL;
}

/* A session without variables gets no checkpoint: loaders take its absence for "nothing to
 * restore". */
static Status *put_variables(Export *x, struct archive *a, const char *folder)
{
        autobuf index = BUF((size_t)1 << 30), data = BUF((size_t)2 << 30);
        autofree char *index_name = mem_printf("%svariables.index", folder);
        autofree char *data_name = mem_printf("%svariables.data-00000-of-00001", folder);
        if (!index_name || !data_name)
                return status_oom();
        if (!x->n_vars)
                return NULL;
        TRY(export_checkpoint(x, &index, &data));
        TRY(put_file(a, index_name, &index));
        return put_file(a, data_name, &data);
}

/* The one MetaGraph, and beside it what it restores and reads. */
static Status *put_saved_model(Export *x, struct archive *a)
{
        Tensorflow__SavedModel m = TENSORFLOW__SAVED_MODEL__INIT;
        autobuf bytes = BUF((size_t)2 << 30);
        m.saved_model_schema_version = 1;
        m.meta_graphs = &x->meta;
        m.n_meta_graphs = 1;
        TRY(proto_pack(&m.base, &bytes));
        TRY(put_file(a, "saved_model.pb", &bytes));
        if (x->spec->format == EXPORT_FROZEN_MODEL)
                return NULL;
        TRY(put_variables(x, a, "variables/"));
        return put_assets(x, a);
}

/* A tar with only what any tar reads (pax headers where needed), unpadded: the response's length is
 * that of the content. */
static Status *put_archive(Export *x, Buf *ret)
{
        struct archive *a = archive_write_new();
        if (!a)
                return status_oom();
        archive_write_set_format_pax_restricted(a);
        archive_write_set_bytes_in_last_block(a, 1);
        Status *s =
                archive_write_open(a, ret, NULL, collect, NULL) == ARCHIVE_OK ? NULL : status_oom();
        if (!s)
                s = x->spec->format == EXPORT_CHECKPOINT ? put_variables(x, a, "")
                                                         : put_saved_model(x, a);
        if (archive_write_close(a) != ARCHIVE_OK && !s)
                s = resource_exhausted("the archive does not fit");
        archive_write_free(a);
        return s;
}

/* ---- the whole ---- */

/* The graph is cloned first, so that an extend meanwhile changes nothing. */
static Status *write_out(Export *x, Buf *ret)
{
        TRY(arena_new(SIZE_MAX, &x->arena));
        TRY(session_read_graph(x->session, clone, &x->graph));
        TRY(graph_to_def(x->graph, x->arena, false, &x->def));
        TRY(read_variables(x));
        if (x->spec->format != EXPORT_CHECKPOINT)
                TRY(make_meta(x));
        if (x->spec->format == EXPORT_FROZEN_GRAPH)
                return proto_pack(&x->def->base, ret);
        return put_archive(x, ret);
}

/* Entry point; everything that the export holds is let go here, whatever came of it. */
Status *session_export(Session *s, const ExportSpec *spec, Buf *ret)
{
        Export x = { .spec = spec, .session = s, .model = session_model(s) };
        Status *e = write_out(&x, ret);
        for (int i = 0; i < x.n_vars; i++)
                tensor_unref(x.vars[i].value);
        arena_free(x.arena);
        graph_unref(x.graph);
        return e;
}
