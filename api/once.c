// SPDX-License-Identifier: Apache-2.0
#include "api/once.h"

#include "engine/base/clock.h"
#include <pthread.h>
#include <string.h>

enum { MAX_KEYS = 10000 };
#define MAX_BYTES  (64 * MIB) /* of all answers that are kept; */
#define MAX_ANSWER (8 * MIB)  /* of one */
#define KEPT_NS    (INT64_C(24) * 3600 * 1000000000)

typedef struct OnceEntry {
        struct OnceEntry *prev, *next; /* by age */
        Once *all;
        char *key;
        size_t key_len;
        char digest[STORE_DIGEST_SIZE]; /* of the request's body */
        int64_t started_ns;
        bool done;
        /* ---- once done ---- */
        int status;
        const char *type;
        char location[sizeof((Reply *)0)->location];
        size_t json_length;
        char *body;  /* NULL: empty, or not kept */
        size_t len;  /* that are kept; */
        size_t size; /* that there were */
        StatusCode code;
} OnceEntry;

struct Once {
        pthread_mutex_t lock; /* guards: all below */
        Map map;              /* key -> OnceEntry */
        OnceEntry *oldest, *newest;
        size_t bytes;
};

Status *once_new(Once **ret)
{
        Once *all = mem_calloc(1, sizeof *all);
        if (!all)
                return status_oom();
        pthread_mutex_init(&all->lock, NULL);
        *ret = all;
        return NULL;
}

static void entry_free(OnceEntry *e)
{
        mem_free(e->key);
        mem_free(e->body);
        mem_free(e);
}

/* Takes an entry out. Under the lock. */
static void drop(OnceEntry *e)
{
        Once *all = e->all;
        *(e->prev ? &e->prev->next : &all->oldest) = e->next;
        *(e->next ? &e->next->prev : &all->newest) = e->prev;
        map_deln(&all->map, e->key, e->key_len);
        all->bytes -= e->len;
        entry_free(e);
}

void once_free(Once *all)
{
        if (!all)
                return;
        while (all->oldest)
                drop(all->oldest);
        map_done(&all->map);
        pthread_mutex_destroy(&all->lock);
        mem_free(all);
}

/* Forgets what is too old, and the oldest of too many; never what is under way. Under the lock. */
static void make_room(Once *all, int64_t now)
{
        for (OnceEntry *e = all->oldest, *next; e; e = next) {
                next = e->next;
                bool many = all->map.count >= MAX_KEYS || all->bytes > MAX_BYTES;
                if (!many && now - e->started_ns < KEPT_NS)
                        return;
                if (e->done)
                        drop(e);
        }
}

/* ---- begin ---- */

/* What the key is good for: one operation on one path, in one session, in one context. */
static Status *make_key(const Request *r, Buf *ret)
{
        buf_printf(ret, "%s %s?%s\n%lld\n%s\n%s", r->method, r->path, r->query ? r->query : "",
                   (long long)request_incarnation(r), r->session_context, r->idempotency_key);
        return buf_status(ret);
}

static Status *conflict(Request *r, int http, const char *title, Status *s)
{
        request_set_problem(r, s, http, title, NULL);
        return NULL;
}

/* Fills in the reply from what is known of the key. Under the lock. */
static Status *answer_again(Request *r, const OnceEntry *e, const char *digest)
{
        if (strcmp(e->digest, digest) != 0)
                return conflict(
                        r, 422, "Unprocessable Content",
                        invalid_argument(
                                "This Idempotency-Key was used with another request body."));
        if (!e->done)
                return conflict(r, 0, NULL,
                                aborted("A request with this Idempotency-Key is under way."));
        if (e->size > e->len)
                return conflict(
                        r, 0, NULL,
                        already_exists("This request was done before, with status %d; its answer "
                                       "of %zu bytes was not kept.",
                                       e->status, e->size));
        r->reply.status = e->status;
        r->reply.type = e->type;
        r->reply.code = e->code;
        r->reply.json_length = e->json_length;
        memcpy(r->reply.location, e->location, sizeof e->location);
        buf_append(&r->reply.body, e->body, e->len);
        return NULL;
}

/* The newest is last: the oldest go first. */
static Status *add(Once *all, const Buf *key, const char *digest, int64_t now, OnceEntry **ret)
{
        OnceEntry *e = mem_calloc(1, sizeof *e);
        if (!e)
                return status_oom();
        e->all = all;
        e->started_ns = now;
        e->key_len = key->len;
        memcpy(e->digest, digest, sizeof e->digest);
        e->key = mem_strndup(key->data, key->len);
        Status *s = e->key ? map_setn(&all->map, e->key, e->key_len, e) : status_oom();
        if (s) {
                entry_free(e);
                return s;
        }
        e->prev = all->newest;
        *(e->prev ? &e->prev->next : &all->oldest) = e;
        all->newest = e;
        *ret = e;
        return NULL;
}

/* The first request with a key does the work; the same one again waits for its answer, another body
 * is refused. */
Status *once_begin(Once *all, Request *r, bool *ret_answered)
{
        char digest[STORE_DIGEST_SIZE];
        autobuf key = BUF(LIMIT_HEADER_BYTES + LIMIT_TARGET + 64);
        TRY(make_key(r, &key));
        store_digest(r->body.data ? r->body.data : "", r->body.len, digest);
        int64_t now = clock_ns();
        pthread_mutex_lock(&all->lock);
        make_room(all, now);
        OnceEntry *e = map_getn(&all->map, key.data, key.len);
        *ret_answered = e;
        Status *s = e ? answer_again(r, e, digest) : add(all, &key, digest, now, &r->once);
        pthread_mutex_unlock(&all->lock);
        return s;
}

/* ---- end ---- */

/* An answer that says: not now. */
static bool may_be_asked_again(const Request *r)
{
        return r->reply.code == SR_UNAVAILABLE || r->reply.code == SR_UNAUTHENTICATED ||
               (r->reply.code == SR_CANCELLED && r->cancel && cancel_fired(r->cancel));
}

/* Answers of failures that may pass are not kept: the client shall try again. */
void once_end(Request *r)
{
        OnceEntry *e = steal(&r->once);
        if (!e)
                return;
        Once *all = e->all;
        const Reply *reply = &r->reply;
        bool keep = reply->body.len && reply->body.len <= MAX_ANSWER;
        char *copy = keep ? mem_alloc(reply->body.len) : NULL;
        if (copy)
                memcpy(copy, reply->body.data, reply->body.len);
        pthread_mutex_lock(&all->lock);
        if (may_be_asked_again(r)) {
                drop(e);
                mem_free(copy);
        } else {
                e->done = true;
                e->status = reply->status;
                e->type = reply->type;
                e->code = reply->code;
                e->json_length = reply->json_length;
                memcpy(e->location, reply->location, sizeof e->location);
                e->body = copy;
                e->size = reply->body.len;
                e->len = copy ? e->size : 0;
                all->bytes += e->len;
        }
        pthread_mutex_unlock(&all->lock);
}

void once_forget(Request *r)
{
        OnceEntry *e = steal(&r->once);
        if (!e)
                return;
        pthread_mutex_t *lock = &e->all->lock;
        pthread_mutex_lock(lock);
        drop(e);
        pthread_mutex_unlock(lock);
}
