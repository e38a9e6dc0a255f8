// SPDX-License-Identifier: Apache-2.0
/* A saver for whatever variables there are now, as tf.train.Saver makes it: SaveV2 and RestoreV2 of
 * all, an assignment each. Savers that the graph has already know other variables, so they are left
 * alone. */
#include "engine/model/export_inside.h"

#include <string.h>

enum { NODES_BESIDES = 7 }; /* nodes of a saver besides two per variable */

typedef struct Saver {
        Export *x;
        const char *prefix;
        DType *types;
        char **values, **assigns; /* inputs of SaveV2, controls of the last NoOp */
        Status *error;
} Saver;

/* "export/what", or "export_1/what" when that is taken. */
static Status *find_prefix(Saver *s)
{
        for (int i = 0; i < 10000; i++) {
                s->prefix = i ? arena_printf(s->x->arena, "export_%d", i) : "export";
                char *probe =
                        s->prefix ? arena_printf(s->x->arena, "%s/restore_all", s->prefix) : NULL;
                if (!probe)
                        return status_oom();
                if (!graph_find(s->x->graph, probe))
                        return NULL;
        }
        return resource_exhausted("the graph has too many savers");
}

static char *name_of(Saver *s, const char *what, int i)
{
        char *name = i < 0 ? arena_printf(s->x->arena, "%s/%s", s->prefix, what)
                           : arena_printf(s->x->arena, "%s/%s_%d", s->prefix, what, i);
        if (!name && !s->error)
                s->error = status_oom();
        return name;
}

/* Appends one node; the first failure is kept and told from then on, which spares the callers
 * checks of names. */
static Status *add(Saver *s, const char *name, const char *op, const char *const *inputs,
                   const MadeAttr *attrs)
{
        GraphDef *def = s->x->def;
        if (s->error)
                return steal(&s->error);
        TRY(node_make(s->x->arena, name, op, inputs, attrs, &def->node[def->n_node]));
        def->n_node++;
        return NULL;
}

/* A constant of texts: n of them, or with -1 one scalar. */
static Status *add_texts(Saver *s, const char *what, const char *const *texts, int n)
{
        Shape shape = n < 0 ? SHAPE_SCALAR : SHAPE(n);
        Tensor *t;
        TRY(tensor_new(DT_STRING, &shape, &t));
        Status *e = arena_on_free(s->x->arena, (void (*)(void *))tensor_unref, t);
        if (e) {
                tensor_unref(t);
                return e;
        }
        for (int i = 0; i < (n < 0 ? 1 : n); i++)
                TRY(tensor_set_string(t, i, texts[i], strlen(texts[i])));
        return add(s, name_of(s, what, -1), "Const", (const char *const[]){ NULL },
                   (MadeAttr[]){ { "dtype", .type = DT_STRING }, { "value", .tensor = t }, { 0 } });
}

/* What saves one variable and what assigns it: a ref variable is both read and assigned by its
 * name, a resource needs a read and an assign op. */
static Status *add_var(Saver *s, int i, const char *restore)
{
        const ExportVar *v = &s->x->vars[i];
        Arena *a = s->x->arena;
        DType type = tensor_dtype(v->value);
        char *assign = name_of(s, "Assign", i), *read = name_of(s, "Read", i);
        char *from = arena_printf(a, "%s:%d", restore, i);
        s->types[i] = type;
        s->values[i] = v->resource ? read : (char *)v->node->name;
        s->assigns[i] = assign ? arena_printf(a, "^%s", assign) : NULL;
        if (!from || !s->assigns[i])
                return status_oom();
        const char *const both[] = { v->node->name, from, NULL };
        if (!v->resource)
                return add(s, assign, "Assign", both, (MadeAttr[]){ { "T", .type = type }, { 0 } });
        const MadeAttr attrs[] = { { "dtype", .type = type }, { 0 } };
        TRY(add(s, assign, "AssignVariableOp", both, attrs));
        return add(s, read, "ReadVariableOp", (const char *const[]){ v->node->name, NULL }, attrs);
}

/* The SaveV2 and RestoreV2 that name every variable whole (an empty slice). */
static Status *add_vars(Saver *s, const char *path, const char *restore)
{
        Arena *a = s->x->arena;
        size_t n = (size_t)s->x->n_vars;
        const char **names = arena_calloc(a, n + 1, sizeof *names),
                   **slices = arena_calloc(a, n + 1, sizeof *slices);
        s->types = arena_calloc(a, n + 1, sizeof *s->types);
        s->assigns = arena_calloc(a, n + 1, sizeof *s->assigns);
        char **inputs = arena_calloc(a, n + 4, sizeof *inputs);
        if (!names || !slices || !s->types || !s->assigns || !inputs)
                return status_oom();
        inputs[0] = (char *)path;
        inputs[1] = name_of(s, "names", -1);
        inputs[2] = name_of(s, "slices", -1);
        s->values = inputs + 3;
        for (size_t i = 0; i < n; i++) {
                names[i] = s->x->vars[i].node->name;
                slices[i] = "";
                TRY(add_var(s, (int)i, restore));
        }
        const MadeAttr dtypes[] = { { "dtypes", .types = s->types, .n = (int)n }, { 0 } };
        TRY(add_texts(s, "names", names, (int)n));
        TRY(add_texts(s, "slices", slices, (int)n));
        TRY(add(s, name_of(s, "SaveV2", -1), "SaveV2", (const char *const *)inputs, dtypes));
        inputs[3] = NULL;
        return add(s, restore, "RestoreV2", (const char *const *)inputs, dtypes);
}

/* The shape of tf.train.Saver's subgraph, with the three names that SaverDef tells loaders. */
static Status *add_saver(Saver *s, Tensorflow__SaverDef *saver)
{
        static const char *const file[] = { "model" };
        char *path = name_of(s, "Const", -1), *restore = name_of(s, "RestoreV2", -1),
             *all = name_of(s, "restore_all", -1), *saved = name_of(s, "saved", -1);
        char *after = arena_printf(s->x->arena, "^%s/SaveV2", s->prefix);
        if (!restore || !path || !all || !saved || !after)
                return status_oom();
        TRY(add_texts(s, "Const", file, -1));
        TRY(add_vars(s, path, restore));
        TRY(add(s, saved, "Identity", (const char *const[]){ path, after, NULL },
                (MadeAttr[]){ { "T", .type = DT_STRING }, { 0 } }));
        TRY(add(s, all, "NoOp", (const char *const *)s->assigns, (MadeAttr[]){ { 0 } }));
        saver->filename_tensor_name = arena_printf(s->x->arena, "%s:0", path);
        saver->save_tensor_name = arena_printf(s->x->arena, "%s:0", saved);
        saver->restore_op_name = all;
        saver->max_to_keep = 5;
        saver->keep_checkpoint_every_n_hours = 10000;
        saver->version = TENSORFLOW__SAVER_DEF__CHECKPOINT_FORMAT_VERSION__V2;
        return saver->filename_tensor_name && saver->save_tensor_name ? NULL : status_oom();
}

/* Room for the new nodes is made at once: two per variable and NODES_BESIDES. */
Status *export_add_saver(Export *x)
{
        static const Tensorflow__SaverDef none = TENSORFLOW__SAVER_DEF__INIT;
        GraphDef *def = x->def;
        Saver s = { .x = x };
        NodeDef **nodes = arena_calloc(
                x->arena, def->n_node + 2 * (size_t)x->n_vars + NODES_BESIDES, sizeof *nodes);
        if (!x->n_vars)
                return NULL;
        if (!nodes || !(x->meta->saver_def = arena_dup(x->arena, &none, sizeof none)))
                return status_oom();
        if (def->n_node)
                memcpy(nodes, def->node, def->n_node * sizeof *nodes);
        def->node = nodes;
        TRY(find_prefix(&s));
        Status *e = add_saver(&s, x->meta->saver_def);
        status_free(s.error);
        return e;
}
