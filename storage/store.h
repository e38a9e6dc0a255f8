// SPDX-License-Identifier: Apache-2.0
/* Store: what must survive the process. Rows in, rows out; it knows nothing of requests or running
 * sessions.
 *
 * Rows live in SQLite (WAL, synchronous=FULL), big bytes in content-addressed files beside it. A
 * call that changes something returns NULL only after its commit is on disk; store_touch_session()
 * alone is lazy and says so. After an I/O error of the disk the store has *failed*: every later
 * change is UNAVAILABLE and nothing is ever retried, because a second fsync may claim success for
 * pages that the kernel has dropped.
 *
 * All functions may be called from any thread. Callbacks run with the store locked: they must not
 * call the store. */
#pragma once
#include "engine/base/mem.h"
#include "engine/base/status.h"

typedef struct Store Store;

/* Opens or creates the store in a directory (made with its parents, mode 0700). UNAVAILABLE when
 * the directory cannot be used, FAILED_PRECONDITION when another process has it open or a newer
 * sessrund wrote it, DATA_LOSS when the database is damaged. */
Status *store_open(const char *dir, Store **ret) MUST_USE;
/* Flushes what is lazy and closes. No other call may be running. NULL is fine. */
void store_close(Store *s);
AUTOPTR_DEFINE(Store, store_close)

/* False from the first disk error on. Takes no lock. */
bool store_ok(const Store *s);
/* True when the store can be locked within the time: for a watchdog. */
bool store_alive(Store *s, int timeout_ms);
/* Reads everything: SQLite's integrity check, foreign keys, and each blob's size and digest.
 * DATA_LOSS names the first thing that is wrong. The store is locked meanwhile. */
Status *store_check(Store *s) MUST_USE;

/* ---- blobs ---- */

/* Big bytes on their way: digested and written to a temporary file while they come, so that little
 * is left to do when the last is there. */
typedef struct StoreIncoming StoreIncoming;
/* n bytes will come to data, one behind the other, and stay there. NULL: this is not possible or
 * not worth it now; they are then to be stored as any others. */
StoreIncoming *store_incoming_new(Store *s, const void *data, size_t n) MUST_USE;
/* So many of the bytes are there now; never called twice with all. */
void store_incoming_go(StoreIncoming *in, size_t ready);
/* Nothing will come of it. The bytes' memory, of which so many bytes were never claimed, is taken
 * over (NULL: it is not theirs) and freed, as is the file, when nobody looks at it any more: this
 * does not wait. */
void store_incoming_drop(StoreIncoming *in, void *data, size_t unclaimed);

/* The bytes of a graph: either data and n, or the digest of bytes that the store holds already. */
typedef struct StoreBlob {
        const char *digest; /* SHA-256 in hex, or NULL: computed from data. Given with data, it is
                               believed */
        const void *data;   /* NULL: the digest must be known, else NOT_FOUND */
        size_t n;
        StoreIncoming **incoming; /* NULL, or what has followed data, all of which is there; is then
                                     taken over, whatever comes of it */
        const char *origin;       /* of a session's version: kept beside it; NULL is stored as "" */
        /* NULL, or called once the bytes are on the disk, but in nobody's name: an error forgets
         * them. Unless they are spare they will still be looked at. */
        Status *(*checked)(void *arg, bool spare);
        void *arg;
        char *ret_digest; /* NULL, or gets the digest: STORE_DIGEST_SIZE bytes */
} StoreBlob;

#define STORE_DIGEST_SIZE 65 /* 64 hex digits and a NUL */
/* SHA-256 of bytes, in lower-case hex. */
void store_digest(const void *data, size_t n, char ret[STORE_DIGEST_SIZE]);

/* ---- graphs by name ---- */

typedef struct GraphRow {
        const char *name,
                *format; /* format: the caller's word for what was uploaded ("pb", "pbtxt", ...) */
        const char *digest; /* out only */
        int64_t bytes;      /* out only */
        int64_t nodes, created_us;
} GraphRow;

/* Frees a row that store_get_graph() returned. */
void graph_row_free(GraphRow *r);
AUTOPTR_DEFINE(GraphRow, graph_row_free)

typedef enum GraphPut { GRAPH_CREATED, GRAPH_SAME, GRAPH_REPLACED } GraphPut;
typedef Status *(*GraphFn)(const GraphRow *, void *arg);

/* Stores bytes under a name; the rest of the row may be filled in by the blob's `checked`. The same
 * bytes again change nothing; other bytes are ALREADY_EXISTS unless replace. */
Status *store_put_graph(Store *s, const GraphRow *row, const StoreBlob *blob, bool replace,
                        GraphPut *ret) MUST_USE;
/* The row and, when ret_data is not NULL, its row->bytes bytes (mem_free() them). NOT_FOUND;
 * DATA_LOSS when the bytes are not what was stored. */
Status *store_get_graph(Store *s, const char *name, GraphRow **ret, void **ret_data) MUST_USE;
/* Calls fn for each graph by name, after the given name (NULL: from the start), at most limit (0:
 * all). An error from fn ends the walk and is returned. The row lives as long as the call. */
Status *store_each_graph(Store *s, const char *after, int64_t limit, GraphFn fn,
                         void *arg) MUST_USE;
/* Forgets a name; sessions keep the graphs that they were made from. NOT_FOUND. */
Status *store_delete_graph(Store *s, const char *name) MUST_USE;

/* ---- sessions ---- */

typedef enum SessionState { SESSION_ANY = 0, SESSION_ACTIVE = 1, SESSION_CLOSED = 2 } SessionState;

typedef struct SessionRow {
        const char *name;
        const char *id; /* the caller's, unique over all time; NULL is stored as "" */
        const char *target, *container; /* NULL is stored as "" */
        const char *config,
                *labels;    /* JSON objects, which the caller has checked; NULL is stored as "{}" */
        const char *graph;  /* name of the stored graph that it was made from, or NULL */
        SessionState state; /* ignored on create: active */
        bool durable;
        int64_t idle_ttl_s;    /* 0: none */
        int64_t next_callable; /* out only: number of the next callable that is given no name */
        int64_t created_us, closed_us, last_run_us,
                steps; /* closed_us, last_run_us: 0 = never; lazy: see touch */
} SessionRow;

/* Frees a row that store_get_session() returned. */
void session_row_free(SessionRow *r);
AUTOPTR_DEFINE(SessionRow, session_row_free)

/* Creates an active session with its graph version 0 (NULL: an empty graph, no version) in one
 * transaction. ALREADY_EXISTS when the name is taken, by a closed session too. */
Status *store_create_session(Store *s, const SessionRow *row, const StoreBlob *graph) MUST_USE;
/* Adds one more graph version, numbered *ret (the first of a session without a graph is 0).
 * NOT_FOUND, FAILED_PRECONDITION when it is closed. */
Status *store_extend_session(Store *s, const char *name, const StoreBlob *graph,
                             int64_t *ret) MUST_USE;
/* Marks a session closed and lets go of its graphs. NOT_FOUND; closing twice is fine and keeps the
 * first time. */
Status *store_close_session(Store *s, const char *name, int64_t closed_us) MUST_USE;
/* Forgets a session, open or closed. NOT_FOUND. */
Status *store_delete_session(Store *s, const char *name) MUST_USE;
/* Notes counters in memory and writes them within about a second, or at close: a crash may lose the
 * last ones. Cheap enough for every step. Never creates a session. */
void store_touch_session(Store *s, const char *name, int64_t steps, int64_t last_run_us);

Status *store_get_session(Store *s, const char *name, SessionRow **ret) MUST_USE;

typedef struct SessionFilter {
        const char *label_key, *label_value; /* NULL: any. Values are compared as text */
        SessionState state;
        const char *after; /* only names behind this one; NULL: all */
        int64_t limit;     /* 0: none */
} SessionFilter;

typedef Status *(*SessionFn)(const SessionRow *, void *arg);
/* Calls fn for each session by name that passes the filter (NULL: all); the row lives as long as
 * the call. An error from fn ends the walk and is returned. */
Status *store_each_session(Store *s, const SessionFilter *filter, SessionFn fn, void *arg) MUST_USE;

typedef struct SessionGraph {
        int64_t version;
        const char *digest, *origin; /* origin: as given, or "" */
        struct Restore *restore;     /* the store's, as is what follows */
        struct Loaded *loaded;
} SessionGraph;

/* Begins to read the big graphs that store_restore() will be asked for. Does not wait. */
void store_restore_ahead(Store *s);
typedef Status *(*RestoreFn)(const SessionRow *, const SessionGraph *graphs, int n, void *arg);
/* For start-up: each session, closed ones too, with its graph versions in order, in two queries.
 * Everything is borrowed for the call. */
Status *store_restore(Store *s, RestoreFn fn, void *arg) MUST_USE;
/* Within a RestoreFn: the bytes of a version, read when first asked for and kept for others that
 * share them, within limits; borrowed for the call. DATA_LOSS when they are gone or damaged. */
Status *store_version_look(const SessionGraph *g, const void **ret, size_t *ret_n) MUST_USE;
/* The same for the caller to keep (mem_free() them): big bytes without a copy, so that who asks
 * for them again has them read again. */
Status *store_version_take(const SessionGraph *g, void **ret, size_t *ret_n) MUST_USE;

/* ---- callables ---- */

typedef struct CallableRow {
        const char *session, *name;
        const char *spec; /* JSON, which the caller has checked */
        int64_t created_us;
} CallableRow;

/* Adds a callable to an active session, together with the session's next_callable (0: that stays).
 * ALREADY_EXISTS, NOT_FOUND, FAILED_PRECONDITION when the session is closed. */
Status *store_add_callable(Store *s, const CallableRow *row, int64_t next) MUST_USE;
/* Forgets a callable; none of that name is fine. NOT_FOUND without the session. Closing a session
 * forgets all of its callables. */
Status *store_delete_callable(Store *s, const char *session, const char *name) MUST_USE;
typedef Status *(*CallableFn)(const CallableRow *, void *arg);
/* Calls fn for each callable by session and name; the row lives as long as the call. An error from
 * fn ends the walk and is returned. */
Status *store_each_callable(Store *s, CallableFn fn, void *arg) MUST_USE;

/* ---- idempotency keys ---- */

typedef struct IdempotencyRow {
        const char *scope, *key, *body_digest; /* digest of the request that was answered */
        int status;                            /* HTTP */
        const void *response;
        size_t response_len;
        int64_t created_us, expires_us;
} IdempotencyRow;

/* Remembers an answer; an expired one under the same key is replaced, a living one is
 * ALREADY_EXISTS. */
Status *store_put_idempotency(Store *s, const IdempotencyRow *row) MUST_USE;
typedef Status *(*IdempotencyFn)(const IdempotencyRow *, void *arg);
/* Calls fn with the answer that is remembered and not expired at now_us; NOT_FOUND otherwise. */
Status *store_get_idempotency(Store *s, const char *scope, const char *key, int64_t now_us,
                              IdempotencyFn fn, void *arg) MUST_USE;
/* Forgets what has expired at now_us. */
Status *store_expire_idempotency(Store *s, int64_t now_us) MUST_USE;
