// SPDX-License-Identifier: Apache-2.0
#include "storage/ahead.h"

#include "storage/digest.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* At once: as many as there are processors anywhere, and little memory if none is wanted after all.
 */
enum { AT_ONCE = 2 };

/* One blob. Until it is joined it is its thread's. */
struct Ahead {
        Ahead *next; /* in the order in which they will be asked for */
        char digest[STORE_DIGEST_SIZE];
        size_t n;
        int fd;
        pthread_t thread;
        bool runs;
        void *data; /* NULL: it could not be read */
};

static void *read_it(void *arg)
{
        Ahead *a = arg;
        status_free(blob_read(a->fd, a->digest, a->n, &a->data));
        return NULL;
}

static void start(Store *s, Ahead *a)
{
        Status *e = blob_open(s, a->digest, &a->fd);
        a->runs = !e && pthread_create(&a->thread, NULL, read_it, a) == 0;
        if (!e && !a->runs)
                close(a->fd);
        status_free(e);
}

/* The first ones of the list run. */
static void start_first(Store *s)
{
        Ahead *a = s->ahead;
        for (int i = 0; a && i < AT_ONCE; i++, a = a->next)
                if (!a->runs)
                        start(s, a);
}

/* Unlinks one, and waits for it. */
static Ahead *unlink_one(Ahead **link)
{
        Ahead *a = *link;
        *link = a->next;
        if (a->runs)
                pthread_join(a->thread, NULL);
        return a;
}

static Status *list_blobs(Store *s, void *arg UNUSED)
{
        autoreset *st = NULL;
        Ahead **end = &s->ahead;
        TRY(db_start(s, SQL_BLOB_AHEAD, &st, "i", (int64_t)DIGEST_BIG));
        for (bool row, oom = false;;) {
                TRY(db_next(s, st, &row));
                const char *digest = row ? db_text(st, 0, &oom) : NULL;
                if (!digest)
                        return NULL;
                Ahead *a = *end = mem_calloc(1, sizeof *a);
                if (!a)
                        return status_oom();
                snprintf(a->digest, sizeof a->digest, "%s", digest);
                a->n = (size_t)sqlite3_column_int64(st, 1);
                end = &a->next;
        }
}

static Status *list_and_start(Store *s, void *arg)
{
        Status *e = s->ahead ? NULL : list_blobs(s, arg);
        start_first(s);
        return e;
}

void store_restore_ahead(Store *s)
{
        status_free(db_read(s, list_and_start, NULL));
}

bool ahead_take(Store *s, const char *digest, size_t n, void **ret)
{
        Ahead **link = &s->ahead;
        while (*link && strcmp((*link)->digest, digest) != 0)
                link = &(*link)->next;
        if (!*link)
                return false;
        Ahead *a = unlink_one(link);
        *ret = a->n == n ? steal(&a->data) : NULL;
        mem_free(a->data);
        mem_free(a);
        start_first(s);
        return *ret;
}

void ahead_end(Store *s)
{
        while (s->ahead) {
                Ahead *a = unlink_one(&s->ahead);
                mem_free(a->data);
                mem_free(a);
        }
}
