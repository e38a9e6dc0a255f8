// SPDX-License-Identifier: Apache-2.0
/* SavedModel: which MetaGraph, which variables, which op initializes. */
#include "engine/model/inside.h"

#include "proto/wire.h"
#include <string.h>

/* The op of a collection that names one; *ret is NULL when there is no such collection. */
static Status *op_of_collection(const MetaGraphDef *meta, const char *key, const char **ret)
{
        const Tensorflow__CollectionDef *c = model_collection(meta, key);
        *ret = NULL;
        if (!c)
                return NULL;
        bool nodes = c->kind_case == TENSORFLOW__COLLECTION_DEF__KIND_NODE_LIST;
        if (!nodes || c->node_list->n_value != 1)
                return failed_precondition("Expected exactly one main op in : %s", key);
        *ret = c->node_list->value[0];
        return NULL;
}

static const char *op_of_signature(const MetaGraphDef *meta)
{
        static const char key[] = "__saved_model_init_op";
        for (size_t i = 0; i < meta->n_signature_def; i++) {
                const Tensorflow__SignatureDef *s = meta->signature_def[i]->value;
                if (!s || strcmp(meta->signature_def[i]->key, key) != 0)
                        continue;
                for (size_t k = 0; k < s->n_outputs; k++) {
                        const Tensorflow__TensorInfo *t = s->outputs[k]->value;
                        if (t && t->encoding_case == TENSORFLOW__TENSOR_INFO__ENCODING_NAME)
                                return t->name;
                }
        }
        return NULL;
}

/* What TensorFlow's loader asks of constants before it looks at anything else. */
static Status *check_node(const NodeDef *n)
{
        for (size_t i = 0; i < n->n_attr; i++) {
                const Tensorflow__AttrValue *v = n->attr[i]->value;
                if (strcmp(n->attr[i]->key, "value") != 0)
                        continue;
                if (!v || v->value_case != TENSORFLOW__ATTR_VALUE__VALUE_TENSOR)
                        return NULL;
                const Tensorflow__TensorShapeProto *s = v->tensor->tensor_shape;
                bool unknown = s && s->unknown_rank;
                for (size_t k = 0; s && k < s->n_dim; k++)
                        unknown |= s->dim[k]->size < 0;
                if (!unknown)
                        return NULL;
                return failed_precondition("Saved model contains node \"%s\" (op \"%s\") which "
                                           "initializes from a tensor with -1 elements",
                                           n->name, n->op);
        }
        if (strcmp(n->op, "Const") != 0)
                return NULL;
        return failed_precondition("Saved model contains node \"%s\" which is a constant tensor "
                                   "but no value has been provided",
                                   n->name);
}

/* Bodies of functions are checked as well as the graph. */
Status *saved_model_check(const GraphDef *def)
{
        for (size_t i = 0; i < def->n_node; i++)
                TRY(check_node(def->node[i]));
        for (size_t i = 0; def->library && i < def->library->n_function; i++) {
                const FunctionDef *f = def->library->function[i];
                for (size_t k = 0; k < f->n_node_def; k++)
                        TRY(check_node(f->node_def[k]));
        }
        return NULL;
}

/* An asset feeds the name of its file to a tensor, when the init op runs. */
static Status *add_asset(Model *m, const Tensorflow__AssetFileDef *a)
{
        const Tensorflow__TensorInfo *t = a->tensor_info;
        Asset *asset = &m->assets[m->n_assets];
        if (!t || t->encoding_case != TENSORFLOW__TENSOR_INFO__ENCODING_NAME)
                return invalid_argument("The asset \"%.200s\" names no tensor", a->filename);
        asset->tensor = t->name;
        asset->path = arena_printf(m->arena, "%s/assets/%s", m->files.dir, a->filename);
        m->n_assets += asset->path != NULL;
        return asset->path ? NULL : status_oom();
}

/* Assets of SavedModels before TensorFlow 2 and, in a message of the same form, of session bundles:
 * packed, in a collection. */
static Status *add_packed_assets(Model *m, const Tensorflow__CollectionDef *c)
{
        const Tensorflow__CollectionDef__AnyList *list =
                c && c->kind_case == TENSORFLOW__COLLECTION_DEF__KIND_ANY_LIST ? c->any_list : NULL;
        size_t n = list ? list->n_value : 0;
        m->assets = arena_calloc(m->arena, n + 1, sizeof *m->assets);
        if (!m->assets)
                return status_oom();
        for (size_t i = 0; i < n; i++) {
                ProtobufCMessage *a;
                TRY(proto_unpack(&tensorflow__asset_file_def__descriptor,
                                 list->value[i]->value.data, list->value[i]->value.len, NULL,
                                 m->arena, &a));
                TRY(add_asset(m, (Tensorflow__AssetFileDef *)a));
        }
        return NULL;
}

/* Where assets are named depends on the exporter's age: messages in the MetaGraph, or packed ones
 * in a collection. */
static Status *find_assets(Model *m)
{
        const Tensorflow__CollectionDef *c = model_collection(m->meta, "saved_model_assets");
        if (!m->files.dir)
                return NULL;
        if (!m->meta->n_asset_file_def)
                return add_packed_assets(m, c ? c : model_collection(m->meta, "serving_assets"));
        m->assets = arena_calloc(m->arena, m->meta->n_asset_file_def, sizeof *m->assets);
        if (!m->assets)
                return status_oom();
        for (size_t i = 0; i < m->meta->n_asset_file_def; i++)
                TRY(add_asset(m, m->meta->asset_file_def[i]));
        return NULL;
}

/* The init signature of TensorFlow 2 goes before the collections of 1.x, whose order is
 * TensorFlow's. */
Status *saved_model_find_init(Model *m)
{
        TRY(find_assets(m));
        static const char *const keys[] = { "saved_model_main_op", "legacy_init_op",
                                            "serving_init_op" };
        const char *op = op_of_signature(m->meta);
        for (size_t i = 0; !op && i < COUNTOF(keys); i++)
                TRY(op_of_collection(m->meta, keys[i], &op));
        if (!op)
                return NULL;
        m->init_op = arena_printf(m->arena, "%.*s", (int)strcspn(op, ":"), op);
        return m->init_op ? NULL : status_oom();
}

/* Models without a saver have nothing to restore, even with a checkpoint beside them. */
Status *model_restore_from(Model *m, const char *name)
{
        const Tensorflow__SaverDef *saver = m->meta->saver_def;
        if (!saver || !saver->restore_op_name[0])
                return NULL;
        const char *tensor = saver->filename_tensor_name;
        m->restore_op = saver->restore_op_name;
        m->filename_tensor = tensor;
        m->checkpoint = files_path(&m->files, name, m->arena);
        if (!*tensor)
                return invalid_argument("saver_def.filename_tensor_name is empty");
        return m->checkpoint ? NULL : status_oom();
}

/* The folder's message with the MetaGraph that the tags name, then what makes it ready. */
Status *saved_model_read(Model *m, const char *const *tags)
{
        bool text = !files_have(&m->files, "saved_model.pb");
        GraphLimits limits = { .tags = tags };
        autobuf bytes = BUF(MODEL_FILE_MAX);
        TRY(files_read(&m->files, text ? "saved_model.pbtxt" : "saved_model.pb", &bytes));
        TRY(graph_source_take(&bytes, text ? "saved_model_text" : "saved_model", &limits, &m->src));
        m->meta = m->src->meta;
        m->format = "saved_model";
        TRY(saved_model_check(m->src->graph_def));
        if (files_reach(&m->files, "variables/variables.index"))
                TRY(model_restore_from(m, "variables/variables"));
        else if (files_reach(&m->files, "variables/variables"))
                TRY(model_restore_from(m, "variables/variables")); /* a V1 checkpoint */
        return saved_model_find_init(m);
}
