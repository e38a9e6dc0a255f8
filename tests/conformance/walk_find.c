// SPDX-License-Identifier: Apache-2.0
/* Finds every model below a folder: SavedModels and MetaGraphs with a checkpoint are folders,
 * graphs are files. */
#include "tests/conformance/file.h"
#include "tests/conformance/pack.h"
#include "tests/conformance/walk.h"

#include <fnmatch.h>
#include <fts.h>
#include <string.h>

#define PATH_MAX_BYTES 4096

typedef struct Walk {
        const char *models;
        Trials *trials;
} Walk;

static bool matches_one(const char *name, const char *const *patterns, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (fnmatch(patterns[i], name, 0) == 0)
                        return true;
        return false;
}

/* By what it is in. */
static const char *family_of(const char *path)
{
        static const char *const kinds[][2] = { { "*.json", "walk: TensorFlow.js" },
                                                { "*.pbtxt", "walk: text" },
                                                { "*.pb.txt", "walk: text" },
                                                { "*.meta", "walk: MetaGraph" },
                                                { "*.pb", "walk: GraphDef" } };
        for (size_t i = 0; i < COUNTOF(kinds); i++)
                if (fnmatch(kinds[i][0], path, 0) == 0)
                        return kinds[i][1];
        return "walk: with variables";
}

static Status *add(const Walk *w, const char *path)
{
        autobuf name = BUF(PATH_MAX_BYTES);
        const char *below = path + strlen(w->models) + 1;
        buf_printf(&name, "walk/%s", below);
        return trials_add(w->trials, family_of(path), buf_cstr(&name), path, hint_find(below),
                          walk_play);
}

static Status *add_folder_of(const Walk *w, const FTSENT *f)
{
        autobuf folder = BUF(PATH_MAX_BYTES);
        buf_printf(&folder, "%.*s", (int)(f->fts_pathlen - f->fts_namelen - 1), f->fts_path);
        return add(w, buf_cstr(&folder));
}

/* Does a file stand beside this one that differs in its suffix? */
static bool has_beside(const FTSENT *f, const char *old, const char *new)
{
        autobuf path = BUF(PATH_MAX_BYTES);
        buf_printf(&path, "%.*s%s", (int)(f->fts_pathlen - strlen(old)), f->fts_path, new);
        return file_exists(buf_cstr(&path));
}

static bool holds(const char *path, const char *word)
{
        autobuf text = BUF(FILE_MAX_BYTES);
        Status *e = file_read(path, &text);
        bool found = !e && memmem(text.data, text.len, word, strlen(word));
        status_free(e);
        return found;
}

static Status *look_at(const Walk *w, const FTSENT *f)
{
        static const char *const saved[] = { "saved_model.pb", "saved_model.pbtxt" };
        static const char *const graphs[] = { "*.pb", "*.pbtxt", "*.pb.txt", "*.tar.gz", "*.zip" };
        const char *name = f->fts_name;
        if (negative_is(f->fts_path + strlen(w->models) + 1))
                return NULL;
        if (matches_one(name, saved, COUNTOF(saved)))
                return add_folder_of(w, f);
        if (fnmatch("*.meta", name, 0) == 0)
                return has_beside(f, ".meta", ".index") || has_beside(f, ".meta", "-00000-of-00001")
                               ? add_folder_of(w, f)
                               : add(w, f->fts_path);
        if (fnmatch("*.index", name, 0) == 0)
                return has_beside(f, ".index", ".meta") ? NULL : add_folder_of(w, f);
        if (fnmatch("*.json", name, 0) == 0)
                return holds(f->fts_path, "\"modelTopology\"") ? add(w, f->fts_path) : NULL;
        return matches_one(name, graphs, COUNTOF(graphs)) ? add(w, f->fts_path) : NULL;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
        return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* dl4j_examples is a corpus of its own. */
Status *walk_list(const char *models, Trials *ts)
{
        static const char *const others[] = { "dl4j_examples", "reference*", "variables",
                                              "assets*",       "debug",      "reserved*" };
        char *const roots[] = { (char *)models, NULL };
        FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
        Status *e = fts ? NULL : not_found("%s cannot be read", models);
        for (FTSENT *f; !e && (f = fts_read(fts));) {
                if (f->fts_info == FTS_D && f->fts_level > 0 &&
                    matches_one(f->fts_name, others, COUNTOF(others)))
                        fts_set(fts, f, FTS_SKIP);
                else if (f->fts_info == FTS_F)
                        e = look_at(&(Walk){ models, ts }, f);
        }
        if (fts)
                fts_close(fts);
        return e;
}
