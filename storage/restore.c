// SPDX-License-Identifier: Apache-2.0
/* Start-up: one walk over sessions and one over their graph versions, side by side in name order.
 */
#include "storage/ahead.h"

#include <stdio.h>
#include <string.h>

#define CACHE_BYTES ((size_t)256 << 20) /* kept of what other sessions may share */

/* One digest's bytes, or why there are none. */
typedef struct Loaded {
        char digest[STORE_DIGEST_SIZE];
        void *data;
        size_t n;
        Status *lost;
} Loaded;

typedef struct Restore {
        RestoreFn fn;
        void *arg;
        Store *store;
        sqlite3_stmt *versions; /* stands on the next version that no session has taken */
        bool more;              /* it stands on a row */
        Map loaded;             /* digest -> Loaded */
        size_t loaded_bytes;
        SessionGraph *graphs; /* of the current session */
        int n, cap;
} Restore;

static void loaded_free(Loaded *l)
{
        mem_free(l->data);
        status_free(l->lost);
        mem_free(l);
}
AUTOPTR_DEFINE(Loaded, loaded_free)

static void forget_loaded(Restore *r)
{
        map_each (e, &r->loaded)
                loaded_free(e->value);
        map_done(&r->loaded);
        r->loaded = (Map){ 0 };
        r->loaded_bytes = 0;
}

/* Taken from the row, not from the file: blob_read() compares the two. */
static Status *blob_size(Store *s, const char *digest, size_t *ret)
{
        autoreset *st = NULL;
        bool found;
        TRY(db_start(s, SQL_BLOB_FIND, &st, "s", digest));
        TRY(db_next(s, st, &found));
        if (!found)
                return data_loss("graph data %.12s is not there", digest);
        *ret = (size_t)sqlite3_column_int64(st, 0);
        return NULL;
}

static Status *read_blob(Store *s, Loaded *l)
{
        int fd;
        TRY(blob_size(s, l->digest, &l->n));
        if (ahead_take(s, l->digest, l->n, &l->data))
                return NULL;
        TRY(blob_open(s, l->digest, &fd));
        return blob_read(fd, l->digest, l->n, &l->data);
}

/* What is known of a digest; its bytes are read when somebody asks. */
static Status *find(Restore *r, const char *digest, Loaded **ret)
{
        *ret = map_get(&r->loaded, digest);
        if (*ret)
                return NULL;
        autoptr(Loaded) l = mem_calloc(1, sizeof *l);
        if (!l)
                return status_oom();
        snprintf(l->digest, sizeof l->digest, "%s", digest);
        TRY(map_set(&r->loaded, l->digest, l));
        *ret = steal(&l);
        return NULL;
}

/* Sessions often share a graph: each blob is read once, as long as CACHE_BYTES allow. A lost one is
 * remembered as such and costs only its own sessions. */
Status *store_version_look(const SessionGraph *g, const void **ret, size_t *ret_n)
{
        Loaded *l = g->loaded;
        if (!l->data && !l->lost) {
                Status *e = read_blob(g->restore->store, l);
                if (status_code(e) == SR_RESOURCE_EXHAUSTED)
                        return e;
                l->lost = e;
                g->restore->loaded_bytes += e ? 0 : l->n;
        }
        if (l->lost)
                return status_copy(l->lost);
        *ret = l->data;
        *ret_n = l->n;
        return NULL;
}

Status *store_version_take(const SessionGraph *g, void **ret, size_t *ret_n)
{
        enum { BIG = 1 << 20 };
        const void *data;
        TRY(store_version_look(g, &data, ret_n));
        if (*ret_n < BIG) {
                *ret = mem_dup(data, *ret_n);
                return *ret ? NULL : status_oom();
        }
        g->restore->loaded_bytes -= *ret_n;
        *ret = steal(&g->loaded->data);
        return NULL;
}

/* Frees the texts of the session before. */
static void drop_origins(Restore *r)
{
        for (int i = 0; i < r->n; i++)
                mem_free((char *)r->graphs[i].origin);
        r->n = 0;
}

static Status *push(Restore *r, int64_t version, Loaded *l, const char *origin)
{
        if (r->n == r->cap) {
                int cap = MAX(r->cap * 2, 8);
                SessionGraph *graphs = mem_realloc(r->graphs, (size_t)cap * sizeof *graphs);
                if (!graphs)
                        return status_oom();
                r->graphs = graphs;
                r->cap = cap;
        }
        char *copy = mem_strdup(origin);
        if (!copy)
                return status_oom();
        r->graphs[r->n++] = (SessionGraph){
                .version = version,
                .origin = copy,
                .digest = l->digest,
                .restore = r,
                .loaded = l,
        };
        return NULL;
}

/* Gathers the versions of one session from the second walk. */
static Status *gather(Restore *r, const char *session)
{
        drop_origins(r);
        if (r->loaded_bytes > CACHE_BYTES)
                forget_loaded(r);
        while (r->more) {
                bool oom = false;
                const char *name = db_text(r->versions, 0, &oom);
                const char *digest = db_text(r->versions, 2, &oom);
                const char *origin = db_text(r->versions, 3, &oom);
                if (oom)
                        return status_oom();
                if (strcmp(name, session) != 0)
                        break;
                Loaded *l;
                TRY(find(r, digest, &l));
                TRY(push(r, sqlite3_column_int64(r->versions, 1), l, origin));
                TRY(db_next(r->store, r->versions, &r->more));
        }
        return NULL;
}

static Status *restore_one(const SessionRow *row, void *arg)
{
        Restore *r = arg;
        TRY(gather(r, row->name));
        return r->fn(row, r->graphs, r->n, r->arg);
}

/* Both walks are in the order of names, so one look ahead suffices to pair them. */
static Status *restore(Store *s, void *arg)
{
        Restore *r = arg;
        autoreset *st = NULL;
        TRY(db_start(s, SQL_VERSION_EACH, &st, ""));
        r->versions = st;
        TRY(db_next(s, st, &r->more));
        return sessions_walk(s, NULL, restore_one, r);
}

static Status *restore_and_end(Store *s, void *arg)
{
        Status *e = restore(s, arg);
        ahead_end(s);
        return e;
}

/* Under the store's lock as a whole: nothing changes between the two walks. */
Status *store_restore(Store *s, RestoreFn fn, void *arg)
{
        Restore r = { .fn = fn, .arg = arg, .store = s };
        Status *e = db_read(s, restore_and_end, &r);
        drop_origins(&r);
        forget_loaded(&r);
        mem_free(r.graphs);
        return e;
}
