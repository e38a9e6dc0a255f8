// SPDX-License-Identifier: Apache-2.0
/* Opening, closing and checking a store: the folder, its lock, the connection and how SQLite is set
 * up. */
#include "storage/store.h"

#include "storage/ahead.h"
#include "storage/incoming.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS   5000
#define CHECKPOINT_FRAMES 1000

/* ---- SQLite's memory is the house's, so that tests can fail its n-th allocation, too ---- */

static void *sq_malloc(int n)
{
        return mem_alloc((size_t)n);
}
static void *sq_realloc(void *p, int n)
{
        return mem_realloc(p, (size_t)n);
}
static int sq_size(void *p)
{
        return p ? (int)malloc_usable_size(p) : 0;
}
static int sq_roundup(int n)
{
        return (n + 7) & ~7;
}
static int sq_init(void *arg UNUSED)
{
        return SQLITE_OK;
}
static void sq_shutdown(void *arg UNUSED) {}

/* Once a process, before any connection. SQLite's memory is counted with everyone else's; a mutex
 * of the store serves each connection, so SQLite need not lock. */
static void set_up_sqlite(void)
{
        static const sqlite3_mem_methods methods = {
                .xMalloc = sq_malloc,
                .xFree = mem_free,
                .xRealloc = sq_realloc,
                .xSize = sq_size,
                .xRoundup = sq_roundup,
                .xInit = sq_init,
                .xShutdown = sq_shutdown,
        };
        sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* ---- the folder ---- */

/* Makes one folder and syncs its parent, so that it is still there after a power loss. */
static Status *make_dir(const char *path, const char *parent)
{
        if (mkdir(path, 0700) != 0)
                return errno == EEXIST
                               ? NULL
                               : unavailable("cannot make folder %s: %s", path, strerror(errno));
        int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int rc = fd < 0 ? -1 : fsync(fd);
        Status *e = rc ? unavailable("cannot sync folder %s: %s", parent, strerror(errno)) : NULL;
        if (fd >= 0)
                close(fd);
        return e;
}

/* Like mkdir -p, and each new folder is synced into its parent, else a power cut could take it away
 * with all that is in it. */
static Status *make_dirs(const char *dir)
{
        autofree char *path = mem_strdup(dir);
        autofree char *parent = mem_strdup(dir[0] == '/' ? "/" : ".");
        if (!path || !parent)
                return status_oom();
        for (char *slash = path + 1; *path && (slash = strchr(slash, '/')); slash++) {
                *slash = 0;
                TRY(make_dir(path, parent));
                mem_free(parent);
                parent = mem_strdup(path);
                if (!parent)
                        return status_oom();
                *slash = '/';
        }
        return make_dir(dir, parent);
}

/* The lock dies with the process, so a crash leaves nothing to clean up. The file stays: removing
 * it would let two processes lock different files of one name. */
static Status *open_dir(Store *s, const char *dir)
{
        if (!*dir)
                return invalid_argument("the state directory has no name");
        TRY(make_dirs(dir));
        s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->dir < 0)
                return unavailable("cannot open state directory %s: %s", dir, strerror(errno));
        s->lock_fd = openat(s->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (s->lock_fd < 0)
                return unavailable("cannot write to state directory %s: %s", dir, strerror(errno));
        if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
                return failed_precondition("state directory %s is in use by another process", dir);
        return NULL;
}

/* ---- the connection ---- */

/* Checkpoints as SQLite's own hook does, which would swallow a disk error. */
static int after_commit(void *arg, sqlite3 *db, const char *schema, int frames)
{
        Store *s = arg;
        if (frames < CHECKPOINT_FRAMES)
                return SQLITE_OK;
        int rc = sqlite3_wal_checkpoint_v2(db, schema, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
                status_free(db_error(s, rc));
        return SQLITE_OK;
}

/* What SQLite advises for databases that others may have written: no triggers, views, extensions or
 * schema tricks. */
static Status *harden(Store *s)
{
        static const struct {
                int option, on;
        } options[] = {
                { SQLITE_DBCONFIG_DEFENSIVE, 1 },   { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
                { SQLITE_DBCONFIG_ENABLE_FKEY, 1 }, { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
                { SQLITE_DBCONFIG_ENABLE_VIEW, 0 }, { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
                { SQLITE_DBCONFIG_DQS_DDL, 0 },     { SQLITE_DBCONFIG_DQS_DML, 0 },
        };
        for (size_t i = 0; i < COUNTOF(options); i++) {
                int rc = sqlite3_db_config(s->db, options[i].option, options[i].on, NULL);
                if (rc != SQLITE_OK)
                        return db_error(s, rc);
        }
        return NULL;
}

static Status *exec(Store *s, const char *sql)
{
        int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
        return rc == SQLITE_OK ? NULL : db_error(s, sqlite3_extended_errcode(s->db));
}

static int first_text(void *arg, int n UNUSED, char **values, char **names UNUSED)
{
        char **ret = arg;
        if (!*ret)
                *ret = mem_strdup(values[0] ? values[0] : "");
        return *ret ? 0 : 1;
}

/* Runs one of SQLite's checks, which answer "ok" or the first trouble. */
static Status *check_database(Store *s, const char *sql)
{
        autofree char *answer = NULL;
        int rc = sqlite3_exec(s->db, sql, first_text, &answer, NULL);
        if (rc == SQLITE_ABORT || (rc == SQLITE_OK && !answer))
                return status_oom();
        if (rc != SQLITE_OK)
                return db_error(s, sqlite3_extended_errcode(s->db));
        return strcmp(answer, "ok") == 0 ? NULL
                                         : data_loss("the store's database is damaged: %s", answer);
}

/* WAL with FULL: a commit that was answered survives a power cut. The quick check refuses a damaged
 * file at start, rather than when a row is needed. */
static Status *open_database(Store *s, const char *dir)
{
        autofree char *path = mem_printf("%s/sessrun.db", dir);
        if (!path)
                return status_oom();
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE;
        int rc = sqlite3_open_v2(path, &s->db, flags, NULL);
        if (rc != SQLITE_OK)
                return db_error(s, rc);
        sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
        TRY(harden(s));
        TRY(exec(
                s,
                "PRAGMA cell_size_check = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "PRAGMA journal_size_limit = 67108864;"));
        sqlite3_wal_hook(s->db, after_commit, s);
        TRY(check_database(s, "PRAGMA quick_check(1)"));
        return schema_migrate(s);
}

/* ---- the public face ---- */

/* In this order: the lock before the database, so that no other process migrates at the same time;
 * the blobs after it, since rows tell which are wanted. */
Status *store_open(const char *dir, Store **ret)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, set_up_sqlite);
        autoptr(Store) s = mem_calloc(1, sizeof *s);
        if (!s)
                return status_oom();
        s->dir = s->blobs = s->lock_fd = -1;
        s->doomed = BUF((size_t)1 << 30);
        pthread_mutex_init(&s->lock, NULL);
        pthread_mutex_init(&s->coming_lock, NULL);
        pthread_cond_init(&s->coming_less, NULL);
        pthread_mutex_init(&s->touches.lock, NULL);
        pthread_cond_init(&s->touches.wake, NULL);
        TRY(open_dir(s, dir));
        TRY(status_wrap(open_database(s, dir), "%s/sessrun.db: ", dir));
        TRY(blobs_open(s));
        if (fsync(s->dir) != 0)
                return unavailable("cannot sync state directory %s: %s", dir, strerror(errno));
        TRY(touches_start(s));
        *ret = steal(&s);
        return NULL;
}

void store_close(Store *s)
{
        if (!s)
                return;
        incoming_wait_all(s);
        ahead_end(s);
        touches_stop(s);
        for (int i = 0; i < SQL_COUNT; i++)
                sqlite3_finalize(s->stmts[i]);
        /* After a failed sync a checkpoint at close would be the retry that we never do. */
        if (s->db && atomic_load(&s->failed))
                sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        sqlite3_close(s->db);
        int fds[] = { s->blobs, s->dir, s->lock_fd };
        for (size_t i = 0; i < COUNTOF(fds); i++) {
                if (fds[i] >= 0)
                        close(fds[i]);
        }
        buf_done(&s->doomed);
        pthread_cond_destroy(&s->touches.wake);
        pthread_mutex_destroy(&s->touches.lock);
        pthread_mutex_destroy(&s->lock);
        pthread_cond_destroy(&s->coming_less);
        pthread_mutex_destroy(&s->coming_lock);
        mem_free(s);
}

bool store_ok(const Store *s)
{
        return !atomic_load(&s->failed);
}

/* For the health check: alive is who gives the lock back in time. Mutexes time out by the real-time
 * clock. */
bool store_alive(Store *s, int timeout_ms)
{
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += timeout_ms / 1000;
        until.tv_nsec += timeout_ms % 1000 * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
                until.tv_sec++;
                until.tv_nsec -= 1000000000L;
        }
        if (pthread_mutex_timedlock(&s->lock, &until) != 0)
                return false;
        pthread_mutex_unlock(&s->lock);
        return true;
}

/* The full check: pages, references, then every blob read and hashed, which takes as long as
 * the data is large. */
static Status *check_locked(Store *s, void *arg UNUSED)
{
        TRY(check_database(s, "PRAGMA integrity_check(1)"));
        TRY(check_database(s, "SELECT CASE count(*) WHEN 0 THEN 'ok' ELSE 'a reference dangles' END"
                              " FROM pragma_foreign_key_check"));
        autoreset *st = NULL;
        TRY(db_start(s, SQL_BLOB_EACH, &st, ""));
        for (bool row;;) {
                TRY(db_next(s, st, &row));
                if (!row)
                        return NULL;
                bool oom = false;
                const char *digest = db_text(st, 0, &oom);
                if (oom)
                        return status_oom();
                int fd;
                autofree void *data = NULL;
                TRY(blob_open(s, digest, &fd));
                TRY(blob_read(fd, digest, (size_t)sqlite3_column_int64(st, 1), &data));
        }
}

Status *store_check(Store *s)
{
        return db_read(s, check_locked, NULL);
}
