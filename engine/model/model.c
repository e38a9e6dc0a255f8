// SPDX-License-Identifier: Apache-2.0
/* Model: which format it is, and its life. */
#include "engine/model/inside.h"

#include "engine/base/mem.h"
#include "engine/model/archive.h"
#include <string.h>

/* Of names; a graph has memory of its own. */
#define ARENA_BYTES ((size_t)256 << 20)

Model *model_ref(Model *m)
{
        atomic_fetch_add(&m->refs, 1);
        return m;
}

/* The graph goes before the arena that its messages lie in. */
void model_unref(Model *m)
{
        if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
                return;
        graph_unref(m->graph);
        graph_source_free(m->src);
        roots_free(m->own);
        folder_unref(m->folder);
        arena_free(m->arena);
        mem_free(m);
}

Graph *model_graph(const Model *m)
{
        return m->graph;
}

const MetaGraphDef *model_meta(const Model *m)
{
        return m->meta;
}

const char *model_format(const Model *m)
{
        return m->format;
}

size_t model_nodes(const Model *m)
{
        return m->nodes;
}

size_t model_file_bytes(const Model *m)
{
        return m->folder ? folder_bytes(m->folder) : 0;
}

bool model_needs_start(const Model *m)
{
        return m->checkpoint || m->init_op;
}

static bool has_suffix(const char *s, const char *suffix)
{
        size_t n = strlen(s), k = strlen(suffix);
        return n > k && !strcmp(s + n - k, suffix);
}

/* A file that is the whole graph. */
static Status *read_single(Model *m, const char *name)
{
        autobuf bytes = BUF(MODEL_FILE_MAX);
        TRY(files_read(&m->files, name, &bytes));
        if (tfjs_is(bytes.data, bytes.len))
                return tfjs_read(m, bytes.data, bytes.len);
        TRY(graph_source_take(&bytes, NULL, NULL, &m->src));
        m->meta = m->src->meta;
        m->format = m->src->format;
        return NULL;
}

static Status *no_model(const ModelFiles *f)
{
        if (files_match(f, "*.index"))
                return not_found("There is a checkpoint but no graph: neither a MetaGraph (.meta) "
                                 "nor a SavedModel");
        return not_found("Could not find SavedModel .pb or .pbtxt at supplied export directory "
                         "path: %s",
                         f->dir);
}

/* By what the folder holds; main is the file that the client named, or NULL. */
static Status *read_files(Model *m, const char *main, const char *const *tags)
{
        static const char *const singles[] = { "model.json", "*.pb", "*.pbtxt", "*.pb.txt",
                                               "*.json" };
        const ModelFiles *f = &m->files;
        if (main && has_suffix(main, ".meta"))
                return checkpoint_read(m, main);
        if (main && strncmp(main, "saved_model.pb", 14) != 0)
                return read_single(m, main);
        if (files_have(f, "saved_model.pb") || files_have(f, "saved_model.pbtxt"))
                return saved_model_read(m, tags);
        if (files_match(f, "*.meta") && !files_have(f, "model.json"))
                return checkpoint_read(m, NULL);
        for (size_t i = 0; i < COUNTOF(singles); i++)
                if (files_match(f, singles[i]))
                        return read_single(m, files_match(f, singles[i]));
        return no_model(f);
}

/* The path may name the folder, or a file in it: the second is tried when the first turns out not
 * to be a folder. */
static Status *read_path(Model *m, const char *path, const char *const *tags)
{
        const char *slash = strrchr(path, '/');
        Status *s = files_of_path(m->roots, path, m->arena, &m->files);
        if (!s)
                return read_files(m, NULL, tags);
        if (status_code(s) == SR_FAILED_PRECONDITION && slash > path && slash[1]) {
                status_free(s);
                char *dir = arena_printf(m->arena, "%.*s", (int)(slash - path), path);
                if (!dir)
                        return status_oom();
                TRY(files_of_path(m->roots, dir, m->arena, &m->files));
                return read_files(m, slash + 1, tags);
        }
        if (status_code(s) != SR_NOT_FOUND)
                return s;
        status_free(s);
        return not_found("Could not find SavedModel .pb or .pbtxt at supplied export directory "
                         "path: %s",
                         path);
}

/* An upload: an archive becomes a folder that only this model sees; everything else is one
 * message. */
static Status *read_bytes(Model *m, const ModelSource *src)
{
        GraphLimits limits = { .tags = src->tags };
        if (!src->format && archive_is(src->bytes, src->n)) {
                TRY(archive_unpack(src->bytes, src->n, &m->folder));
                TRY(roots_with_folder(m->roots, m->folder, &m->own));
                m->roots = m->own;
                TRY(files_of_folder(m->folder, m->roots, m->arena, &m->files));
                return read_files(m, NULL, src->tags);
        }
        bool json = !src->format || !strcmp(src->format, "graph_def_json");
        if (json && tfjs_is(src->bytes, src->n))
                return tfjs_read(m, src->bytes, src->n);
        TRY(src->take ? graph_source_take(src->take, src->format, &limits, &m->src)
                      : graph_source_parse(src->bytes, src->n, src->format, &limits, &m->src));
        m->meta = m->src->meta;
        m->format = m->src->format;
        return strncmp(m->format, "saved_model", 11) == 0 ? saved_model_check(m->src->graph_def)
                                                          : NULL;
}

/* The node count is noted before, for an answer that tells about a graph which cannot be loaded. */
static Status *make_graph(Model *m)
{
        autoptr(Graph) g = NULL;
        int first;
        m->nodes = m->src->graph_def->n_node;
        TRY(graph_new(&g));
        TRY(graph_extend(g, m->src, false, &first));
        m->graph = steal(&g);
        return NULL;
}

/* A model whose ops are not all here can still be looked at: that one problem goes to *ret_problem,
 * all others fail. */
Status *model_inspect(Engine *e, const ModelSource *src, Model **ret, Status **ret_problem)
{
        autoptr(Model) m = mem_calloc(1, sizeof *m);
        if (!m)
                return status_oom();
        atomic_init(&m->refs, 1);
        m->roots = engine_roots(e);
        TRY(arena_new(ARENA_BYTES, &m->arena));
        TRY(src->path ? read_path(m, src->path, src->tags) : read_bytes(m, src));
        Status *s = make_graph(m);
        if (s && status_code(s) != SR_NOT_FOUND)
                return s;
        *ret_problem = s;
        *ret = steal(&m);
        return NULL;
}

Status *model_load(Engine *e, const ModelSource *src, Model **ret)
{
        autoptr(Model) m = NULL;
        Status *problem = NULL;
        TRY(model_inspect(e, src, &m, &problem));
        TRY(problem);
        *ret = steal(&m);
        return NULL;
}

static void let_go(void *model)
{
        model_unref(model);
}

/* The session keeps the model alive: its files may be opened by ops of any later step. */
Status *model_create_session(Model *m, Engine *e, const SessionOptions *o, Session **ret)
{
        SessionOptions with = *o;
        with.graph = m->graph;
        with.roots = m->roots;
        with.origin = model_ref(m);
        with.origin_free = let_go;
        Status *s = engine_create_session(e, &with, ret);
        if (s)
                model_unref(m);
        return s;
}

Model *session_model(const Session *s)
{
        return session_origin(s);
}
