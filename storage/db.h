// SPDX-License-Identifier: Apache-2.0
/* What the files of this folder share: the connection, its statements by name, and transactions.
 *
 * A public function that changes something is one db_change(): lock, BEGIN, the body, COMMIT,
 * unlock. Bodies use db_run() and db_start()/db_next(); they never lock, commit or see an SQLite
 * code. */
#pragma once
#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "storage/store.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#define GRAPH_COLS "g.name, g.format, g.digest, b.bytes, g.nodes, g.created_us"
#define SESSION_COLS                                                                       \
        "name, id, target, container, config, labels, graph, state, durable, idle_ttl_s, " \
        "created_us, closed_us, last_run_us, steps, next_callable"

/* X(name, text): every statement that the store runs after opening. */
#define STATEMENTS(X)                                                                              \
        X(BEGIN, "BEGIN IMMEDIATE")                                                                \
        X(COMMIT, "COMMIT")                                                                        \
        X(ROLLBACK, "ROLLBACK")                                                                    \
        X(BLOB_FIND, "SELECT bytes FROM blobs WHERE digest = ?1")                                  \
        X(BLOB_ADD, "INSERT INTO blobs (digest, bytes) VALUES (?1, ?2)")                           \
        X(BLOB_EACH, "SELECT digest, bytes FROM blobs")                                            \
        X(BLOB_AHEAD, "SELECT b.digest, b.bytes FROM blobs AS b"                                   \
                      " CROSS JOIN session_graphs AS v ON v.digest = b.digest"                     \
                      " CROSS JOIN sessions AS s ON s.key = v.session"                             \
                      " WHERE b.bytes >= ?1 AND v.origin = '' GROUP BY b.digest"                   \
                      " ORDER BY min(s.name), min(v.version)")                                     \
        X(BLOB_UNUSED, "SELECT digest FROM blobs AS b WHERE"                                       \
                       " NOT EXISTS (SELECT 1 FROM graphs AS g WHERE g.digest = b.digest) AND"     \
                       " NOT EXISTS (SELECT 1 FROM session_graphs AS v WHERE v.digest = b.digest)" \
                       " AND (?1 IS NULL OR b.digest = ?1)")                                       \
        X(BLOB_DELETE, "DELETE FROM blobs WHERE digest = ?1")                                      \
        X(GRAPH_GET, "SELECT " GRAPH_COLS " FROM graphs AS g JOIN blobs AS b USING (digest)"       \
                     " WHERE g.name = ?1")                                                         \
        X(GRAPH_EACH, "SELECT " GRAPH_COLS " FROM graphs AS g JOIN blobs AS b USING (digest)"      \
                      " WHERE ?1 IS NULL OR g.name > ?1 ORDER BY g.name LIMIT ?2")                 \
        X(GRAPH_PUT, "INSERT OR REPLACE INTO graphs (name, format, digest, nodes, created_us)"     \
                     " VALUES (?1, ?2, ?3, ?4, ?5)")                                               \
        X(GRAPH_DELETE, "DELETE FROM graphs WHERE name = ?1")                                      \
        X(SESSION_ADD, "INSERT INTO sessions (name, id, target, container, config, labels, graph," \
                       " durable, idle_ttl_s, created_us, last_run_us, steps, state)"              \
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1)")           \
        X(SESSION_KEY, "SELECT key, state FROM sessions WHERE name = ?1")                          \
        X(SESSION_GET, "SELECT " SESSION_COLS " FROM sessions WHERE name = ?1")                    \
        X(SESSION_EACH, "SELECT " SESSION_COLS " FROM sessions AS s"                               \
                        " WHERE (?1 IS NULL OR name > ?1) AND (?2 = 0 OR state = ?2) AND"          \
                        " (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(s.labels) AS l"           \
                        "  WHERE l.key = ?3 AND (?4 IS NULL OR CAST(l.value AS TEXT) = ?4)))"      \
                        " ORDER BY name LIMIT ?5")                                                 \
        X(SESSION_CLOSE, "UPDATE sessions SET state = 2, closed_us = ?2 WHERE key = ?1")           \
        X(SESSION_DELETE, "DELETE FROM sessions WHERE key = ?1")                                   \
        X(SESSION_TOUCH, "UPDATE sessions SET steps = ?2, last_run_us = ?3 WHERE name = ?1")       \
        X(VERSION_LAST, "SELECT max(version) FROM session_graphs WHERE session = ?1")              \
        X(VERSION_ADD, "INSERT INTO session_graphs (session, version, digest, origin)"             \
                       " VALUES (?1, ?2, ?3, ?4)")                                                 \
        X(VERSION_OF, "SELECT DISTINCT digest FROM session_graphs WHERE session = ?1")             \
        X(VERSION_EACH, "SELECT s.name, v.version, v.digest, v.origin FROM sessions AS s"          \
                        " JOIN session_graphs AS v ON v.session = s.key ORDER BY 1, 2")            \
        X(VERSION_DELETE, "DELETE FROM session_graphs WHERE session = ?1")                         \
        X(CALLABLE_FIND, "SELECT 1 FROM callables WHERE session = ?1 AND name = ?2")               \
        X(CALLABLE_ADD, "INSERT INTO callables (session, name, spec, created_us)"                  \
                        " VALUES (?1, ?2, ?3, ?4)")                                                \
        X(CALLABLE_NEXT, "UPDATE sessions SET next_callable = ?2 WHERE key = ?1")                  \
        X(CALLABLE_DELETE, "DELETE FROM callables WHERE session = ?1 AND name = ?2")               \
        X(CALLABLE_CLEAR, "DELETE FROM callables WHERE session = ?1")                              \
        X(CALLABLE_EACH, "SELECT s.name, c.name, c.spec, c.created_us FROM sessions AS s"          \
                         " JOIN callables AS c ON c.session = s.key ORDER BY 1, 2")                \
        X(IDEMPOTENCY_GET, "SELECT scope, key, body_digest, status, response, created_us,"         \
                           " expires_us FROM idempotency"                                          \
                           " WHERE scope = ?1 AND key = ?2 AND expires_us > ?3")                   \
        X(IDEMPOTENCY_DROP, "DELETE FROM idempotency"                                              \
                            " WHERE scope = ?1 AND key = ?2 AND expires_us <= ?3")                 \
        X(IDEMPOTENCY_ADD, "INSERT INTO idempotency (scope, key, body_digest, status, response,"   \
                           " created_us, expires_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")         \
        X(IDEMPOTENCY_EXPIRE, "DELETE FROM idempotency WHERE expires_us <= ?1")

typedef enum Stmt {
#define X(name, text) SQL_##name,
        STATEMENTS(X)
#undef X
                SQL_COUNT
} Stmt;

/* Counters that wait to be written. Lock order: Store.lock > Touches.lock. */
typedef struct Touches {
        pthread_mutex_t lock; /* guards: by_name, stop */
        pthread_cond_t wake;
        Map by_name; /* Touch */
        bool stop;
        pthread_t thread;
        bool running; /* the thread was started */
} Touches;

typedef struct Ahead Ahead;

struct Store {
        pthread_mutex_t lock; /* guards: db, stmts, doomed, tmp_serial, ahead */
        sqlite3 *db;
        sqlite3_stmt *stmts[SQL_COUNT];
        Buf doomed; /* digests, STORE_DIGEST_SIZE each: files to remove once the transaction is
                       committed */
        atomic_bool failed;
        atomic_ullong tmp_serial;
        int dir, blobs, lock_fd;
        Ahead *ahead; /* a list, before a restart */
        Touches touches;
        pthread_mutex_t coming_lock; /* guards: coming */
        pthread_cond_t coming_less;
        int coming; /* StoreIncomings */
};

/* db.c */

/* The error of an SQLite result code; disk errors and damage make the store fail. Never NULL. */
Status *db_error(Store *s, int rc) MUST_USE;
/* Marks the store as failed and returns UNAVAILABLE. */
Status *db_fail(Store *s, const char *what) MUST_USE;
/* A statement, bound and ready for db_next(). fmt has one letter per parameter: s text (NULL is
 * fine), i int64_t, b bytes and size_t. Texts must live until the next db_start() of the same
 * statement. */
Status *db_start(Store *s, Stmt which, sqlite3_stmt **ret, const char *fmt, ...) MUST_USE;
/* Steps to the next row; without one the statement is reset and *ret false. */
Status *db_next(Store *s, sqlite3_stmt *st, bool *ret) MUST_USE;
/* Runs a statement that yields no rows. */
Status *db_run(Store *s, Stmt which, const char *fmt, ...) MUST_USE;
/* A column's text, NULL for NULL; lacking memory sets *oom. */
const char *db_text(sqlite3_stmt *st, int column, bool *oom);
/* Ends a statement early, so that its read transaction does not linger. */
void db_reset(sqlite3_stmt **st);
#define autoreset __attribute__((cleanup(db_reset))) sqlite3_stmt

/* Runs fn(s, arg) as one transaction, which commits when it returns NULL. */
typedef Status *(*DbFn)(Store *, void *arg);
Status *db_change(Store *s, DbFn fn, void *arg) MUST_USE;
/* Runs fn(s, arg) with the store locked, for reading. */
Status *db_read(Store *s, DbFn fn, void *arg) MUST_USE;

/* One block that holds a row struct and the texts that its pointer members at the given offsets
 * name. */
void *row_copy(const void *row, size_t size, const size_t *texts, int n) MUST_USE;

/* schema.c: brings a fresh or older database to the newest version. */
Status *schema_migrate(Store *s) MUST_USE;

/* blobs.c */

#define BLOB_TMP_SIZE 32

typedef struct BlobWrite {
        char digest[STORE_DIGEST_SIZE];
        const void *data;
        size_t n;
        const char *origin;
        char tmp[BLOB_TMP_SIZE]; /* name under blobs/, "" when there is none */
        bool known;              /* the store had it when blob_prepare() looked */
        Store *store;
} BlobWrite;

/* Before the transaction: digests the bytes and, when they are new, writes them to a temporary
 * file. */
Status *blob_prepare(Store *s, const StoreBlob *blob, BlobWrite *ret) MUST_USE;
/* In the transaction: makes sure that file and row exist. */
Status *blob_commit(Store *s, BlobWrite *w) MUST_USE;
/* Makes a temporary file; its descriptor, or -1 with errno and no name. */
int blob_make_tmp(Store *s, char ret_name[BLOB_TMP_SIZE]) MUST_USE;
/* The error of an errno while a temporary file was written. */
Status *blob_write_error(Store *s, int error) MUST_USE;
/* Removes what is left of the temporary file. */
void blob_done(BlobWrite *w);
#define autoblob __attribute__((cleanup(blob_done))) BlobWrite
/* In the transaction: drops the row if nothing names it any more, and dooms the file. NULL: all
 * such rows. */
Status *blob_collect(Store *s, const char *digest) MUST_USE;
/* After the commit: removes doomed files. */
void blobs_remove_doomed(Store *s);
/* Opens a blob's file for reading. */
Status *blob_open(Store *s, const char *digest, int *ret) MUST_USE;
/* Reads n bytes from an open blob and checks their digest. Closes fd. */
Status *blob_read(int fd, const char *digest, size_t n, void **ret) MUST_USE;
/* At open: makes the folder, removes temporary files and files without a row. */
Status *blobs_open(Store *s) MUST_USE;

/* sessions.c: a session's key and state; NOT_FOUND. */
Status *session_find(Store *s, const char *name, int64_t *ret_key,
                     SessionState *ret_state) MUST_USE;
/* store_each_session() with the store locked already. */
Status *sessions_walk(Store *s, const SessionFilter *filter, SessionFn fn, void *arg) MUST_USE;

/* touch.c */
Status *touches_start(Store *s) MUST_USE;
void touches_stop(Store *s);
/* With the store locked: forgets what waits for a session. */
void touches_drop(Store *s, const char *name);
