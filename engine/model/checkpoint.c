// SPDX-License-Identifier: Apache-2.0
/* A MetaGraph (NAME.meta) and the checkpoint that stands beside it: NAME.index with its data (V2),
 * NAME or NAME-?????-of-????? (V1); among several, the one that the file `checkpoint` names. */
#include "engine/model/inside.h"

#include <string.h>

enum { NAME_BYTES = 1024, STATE_BYTES = 1 << 20 };

/* The checkpoint that the state file names last, without its folder. *ret is "" when there is none
 * to be found. */
static Status *latest(const ModelFiles *f, char ret[NAME_BYTES])
{
        static const char key[] = "model_checkpoint_path:";
        autobuf text = BUF(STATE_BYTES);
        ret[0] = 0;
        if (!files_have(f, "checkpoint"))
                return NULL;
        TRY(files_read(f, "checkpoint", &text));
        const char *at = strstr(buf_cstr(&text), key);
        at = at ? strchr(at, '"') : NULL;
        const char *end = at ? strchr(at + 1, '"') : NULL;
        if (!end)
                return NULL;
        for (const char *p = at + 1; p < end; p++)
                if (*p == '/')
                        at = p;
        size_t n = MIN((size_t)(end - at - 1), (size_t)NAME_BYTES - 1);
        memcpy(ret, at + 1, n);
        ret[n] = 0;
        return NULL;
}

/* The MetaGraph's name without ".meta". */
static Status *choose(const ModelFiles *f, const char *wanted, char ret[NAME_BYTES])
{
        const char *name = wanted;
        autobuf meta = BUF(NAME_BYTES + 8);
        TRY(latest(f, ret));
        buf_printf(&meta, "%s.meta", ret);
        if (!name && files_have(f, buf_cstr(&meta)))
                return NULL;
        if (!name && files_count(f, "*.meta") == 1)
                name = files_match(f, "*.meta");
        if (!name)
                return invalid_argument("There are several MetaGraphs, and no file \"checkpoint\" "
                                        "that names one of them");
        size_t n = strlen(name) - strlen(".meta");
        if (n >= NAME_BYTES)
                return invalid_argument("%.100s...: the name is too long", name);
        memcpy(ret, name, n);
        ret[n] = 0;
        return NULL;
}

/* NAME's own checkpoint, or the one that the state file names. */
static Status *find_data(Model *m, const char *name)
{
        const ModelFiles *f = &m->files;
        char state[NAME_BYTES];
        TRY(latest(f, state));
        const char *const candidates[] = { name, state };
        for (size_t i = 0; i < COUNTOF(candidates); i++) {
                autobuf index = BUF(NAME_BYTES + 8), shards = BUF(NAME_BYTES + 32);
                buf_printf(&index, "%s.index", candidates[i]);
                buf_printf(&shards, "%s-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]",
                           candidates[i]);
                if (!*candidates[i])
                        continue;
                if (files_have(f, buf_cstr(&index)) || files_have(f, candidates[i]))
                        return model_restore_from(m, candidates[i]);
                int n = files_count(f, buf_cstr(&shards));
                if (n == 1)
                        return model_restore_from(m, files_match(f, shards.data));
                autobuf all = BUF(NAME_BYTES + 32);
                buf_printf(&all,
                           "%s-?????"
                           "-of-%05d",
                           candidates[i], n);
                if (n > 1)
                        return model_restore_from(m, buf_cstr(&all));
        }
        return NULL;
}

/* A .meta file is a MetaGraphDef with a saver; older exporters wrote the bare graph, which has
 * neither values to restore nor an init op. */
Status *checkpoint_read(Model *m, const char *main)
{
        char name[NAME_BYTES];
        autobuf path = BUF(NAME_BYTES + 8), bytes = BUF(MODEL_FILE_MAX);
        TRY(choose(&m->files, main, name));
        buf_printf(&path, "%s.meta", name);
        TRY(files_read(&m->files, buf_cstr(&path), &bytes));
        TRY(graph_source_take(&bytes, NULL, NULL, &m->src));
        m->meta = m->src->meta;
        m->format = m->src->format;
        if (!m->meta)
                return NULL;
        TRY(find_data(m, name));
        return saved_model_find_init(m);
}
