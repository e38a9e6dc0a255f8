// SPDX-License-Identifier: Apache-2.0
/* Content-addressed files: written aside and synced before the transaction, renamed and the folder
 * synced inside it, so that a row never names a file that a power loss could take. Files without a
 * row are rubbish and go at the next open. */
#include "engine/base/mem_big.h"
#include "storage/db.h"
#include "storage/digest.h"
#include "storage/direct.h"
#include "storage/incoming.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE (STORE_DIGEST_SIZE + 3) /* ab/abcdef... */

static bool is_digest(const char *s)
{
        return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

/* A digest is checked before it becomes a path: it may come from a damaged row. */
static Status *blob_path(const char *digest, char ret[PATH_SIZE])
{
        if (!is_digest(digest))
                return data_loss("the store holds a malformed digest");
        snprintf(ret, PATH_SIZE, "%.2s/%s", digest, digest);
        return NULL;
}

/* ---- writing ---- */

/* Running out of files, memory or room while writing aside promised nothing and harms nobody else;
 * the rest is the disk. */
Status *blob_write_error(Store *s, int error)
{
        switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOSPC:
        case EDQUOT: return resource_exhausted("the graph cannot be stored: %s", strerror(error));
        default: return db_fail(s, strerror(error));
        }
}

/* fdatasync, not fsync: the size is synced with the data, times do not matter. */
static Status *write_all(Store *s, int fd, const char *p, size_t n)
{
        Direct d;
        ssize_t done = 0;
        direct_start(&d, fd, n);
        for (; n > 0 && (done = direct_write(&d, p, n)) > 0; n -= (size_t)done)
                p += done;
        int error = done < 0 ? errno : EIO;
        direct_end(&d);
        if (n > 0)
                return blob_write_error(s, error);
        return fdatasync(fd) == 0 ? NULL : db_fail(s, strerror(errno));
}

/* O_EXCL: names are numbered and the folder is swept at open, so one that exists is not ours. */
int blob_make_tmp(Store *s, char ret_name[BLOB_TMP_SIZE])
{
        snprintf(ret_name, BLOB_TMP_SIZE, "tmp-%llu", atomic_fetch_add(&s->tmp_serial, 1));
        int fd = openat(s->blobs, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                        0600);
        if (fd < 0)
                ret_name[0] = 0;
        return fd;
}

static Status *write_tmp(Store *s, BlobWrite *w)
{
        int fd = blob_make_tmp(s, w->tmp);
        if (fd < 0)
                return blob_write_error(s, errno);
        Status *e = write_all(s, fd, w->data, w->n);
        if (close(fd) != 0 && !e)
                e = db_fail(s, strerror(errno));
        return e;
}

static Status *blob_known(Store *s, const char *digest, bool *ret)
{
        sqlite3_stmt *st = NULL;
        TRY(db_start(s, SQL_BLOB_FIND, &st, "s", digest));
        TRY(db_next(s, st, ret));
        sqlite3_reset(st);
        return NULL;
}

static Status *known_locked(Store *s, void *arg)
{
        BlobWrite *w = arg;
        TRY(blob_known(s, w->digest, &w->known));
        if (!w->known && !w->data)
                return not_found("the store has no graph with digest %s", w->digest);
        return NULL;
}

/* Big bytes are written while they are digested, and both may have begun when the first came: what
 * was known already is then written for nothing, and forgotten. */
static Status *write_and_digest(Store *s, const StoreBlob *blob, BlobWrite *w)
{
        StoreIncoming *in = blob->incoming ? steal(blob->incoming) : NULL;
        if (!in && (in = incoming_start(s, w->data, w->n, true)))
                store_incoming_go(in, w->n);
        if (in)
                TRY(incoming_finish(in, w));
        if (!*w->digest)
                store_digest(w->data, w->n, w->digest);
        return in ? NULL : write_tmp(s, w);
}

/* Before the transaction, so that slow writing blocks nobody. Contents that are known already are
 * not written again. */
Status *blob_prepare(Store *s, const StoreBlob *blob, BlobWrite *ret)
{
        ret->store = s;
        ret->origin = blob->origin;
        ret->data = blob->data ? blob->data : blob->digest ? NULL : "";
        ret->n = blob->data ? blob->n : 0;
        bool big = !blob->digest && ret->n >= DIGEST_BIG && store_ok(s);
        if (blob->digest && !is_digest(blob->digest))
                return invalid_argument("\"%s\" is not a SHA-256 digest in hex", blob->digest);
        if (blob->digest)
                memcpy(ret->digest, blob->digest, STORE_DIGEST_SIZE);
        else if (big)
                TRY(write_and_digest(s, blob, ret));
        else
                store_digest(ret->data, ret->n, ret->digest);
        TRY(db_read(s, known_locked, ret));
        if (!big && !ret->known && store_ok(s))
                TRY(write_tmp(s, ret));
        if (blob->ret_digest)
                memcpy(blob->ret_digest, ret->digest, STORE_DIGEST_SIZE);
        return blob->checked ? blob->checked(blob->arg, ret->tmp[0]) : NULL;
}

static Status *sync_dir(Store *s, const char *name)
{
        int fd = openat(s->blobs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return blob_write_error(s, errno);
        Status *e = fsync(fd) == 0 ? NULL : db_fail(s, strerror(errno));
        close(fd);
        return e;
}

/* Moves the temporary file to its place and makes the move last. The folder first: the file
 * system's journal then mostly has its parent's, too. */
static Status *publish(Store *s, BlobWrite *w)
{
        char path[PATH_SIZE];
        TRY(blob_path(w->digest, path));
        char dir[3] = { path[0], path[1], 0 };
        bool made = mkdirat(s->blobs, dir, 0700) == 0;
        if (!made && errno != EEXIST)
                return db_fail(s, strerror(errno));
        if (renameat(s->blobs, w->tmp, s->blobs, path) != 0)
                return db_fail(s, strerror(errno));
        w->tmp[0] = 0;
        TRY(sync_dir(s, dir));
        return made ? sync_dir(s, ".") : NULL;
}

Status *blob_commit(Store *s, BlobWrite *w)
{
        bool known;
        TRY(blob_known(s, w->digest, &known));
        if (known)
                return NULL;
        if (!w->data)
                return not_found("the store has no graph with digest %s", w->digest);
        if (!w->tmp[0]) /* it was there before the transaction, and went with its last user */
                TRY(write_tmp(s, w));
        TRY(publish(s, w));
        return db_run(s, SQL_BLOB_ADD, "si", w->digest, (int64_t)w->n);
}

void blob_done(BlobWrite *w)
{
        if (w->tmp[0])
                unlinkat(w->store->blobs, w->tmp, 0);
}

/* ---- reading ---- */

/* A row without its file is lost data, not a missing name. */
Status *blob_open(Store *s, const char *digest, int *ret)
{
        char path[PATH_SIZE];
        TRY(blob_path(digest, path));
        int fd = openat(s->blobs, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return data_loss("graph data %.12s cannot be read: %s", digest, strerror(errno));
        *ret = fd;
        return NULL;
}

/* Fills p; false at a short file or an error. */
static bool read_all(Direct *d, char *p, size_t n)
{
        while (n > 0) {
                ssize_t got = direct_read(d, p, n);
                if (got <= 0)
                        return false;
                p += got;
                n -= (size_t)got;
        }
        return true;
}

/* By pieces, each of which is digested while the next is read. */
static bool read_and_digest(int fd, char *p, size_t n, char sum[STORE_DIGEST_SIZE])
{
        enum { PIECE = 1 << 20 };
        Digesting d;
        Direct from;
        sum[0] = 0;
        bool beside = n >= DIGEST_BIG && digesting_start(&d, p, n), read = true;
        direct_start(&from, fd, n);
        for (size_t at = 0; read && at < n; at += MIN((size_t)PIECE, n - at)) {
                read = read_all(&from, p + at, MIN((size_t)PIECE, n - at));
                if (read && beside)
                        digesting_go(&d, MIN(at + PIECE, n));
        }
        direct_end(&from);
        if (beside)
                digesting_end(&d, sum);
        if (read && !*sum)
                store_digest(p, n, sum);
        return read;
}

/* Hashed at every read: a rotten disk must not feed a model. The size is checked first, before
 * memory is taken for it. */
Status *blob_read(int fd, const char *digest, size_t n, void **ret)
{
        struct stat st;
        char sum[STORE_DIGEST_SIZE] = "";
        bool sized = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size == n;
        autofree char *data = !sized ? NULL : n < DIGEST_BIG ? mem_alloc(n) : mem_alloc_big(n);
        bool read = data && read_and_digest(fd, data, n, sum);
        close(fd);
        if (sized && !data)
                return status_oom();
        if (!read || strcmp(sum, digest) != 0)
                return data_loss("graph data %.12s is damaged", digest);
        *ret = steal(&data);
        return NULL;
}

/* ---- garbage ---- */

/* Rows go in the transaction, files after its commit (the list of doomed). A crash between the two
 * leaves files, which the next open sweeps. */
Status *blob_collect(Store *s, const char *digest)
{
        autoreset *st = NULL;
        TRY(db_start(s, SQL_BLOB_UNUSED, &st, "s", digest));
        size_t first = s->doomed.len;
        for (bool row;;) {
                TRY(db_next(s, st, &row));
                if (!row)
                        break;
                bool oom = false;
                const char *unused = db_text(st, 0, &oom);
                if (oom)
                        return status_oom();
                buf_append(&s->doomed, unused, STORE_DIGEST_SIZE);
        }
        TRY(buf_status(&s->doomed));
        for (size_t at = first; at < s->doomed.len; at += STORE_DIGEST_SIZE)
                TRY(db_run(s, SQL_BLOB_DELETE, "s", s->doomed.data + at));
        return NULL;
}

/* Failures do not matter: what stays is swept at the next open. */
void blobs_remove_doomed(Store *s)
{
        char path[PATH_SIZE];
        for (size_t at = 0; at < s->doomed.len; at += STORE_DIGEST_SIZE) {
                Status *e = blob_path(s->doomed.data + at, path);
                if (!e)
                        unlinkat(s->blobs, path, 0);
                status_free(e);
        }
        buf_reset(&s->doomed);
}

/* ---- at open ---- */

static Status *collect_all(Store *s, void *arg UNUSED)
{
        return blob_collect(s, NULL);
}

/* Removes the files of one folder that no row names. */
static Status *sweep_dir(Store *s, const char *name)
{
        int fd = openat(s->blobs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                if (fd >= 0)
                        close(fd);
                return unavailable("cannot read blobs/%s: %s", name, strerror(errno));
        }
        Status *e = NULL;
        for (struct dirent *d; !e && (d = readdir(dir));) {
                bool known = true;
                if (is_digest(d->d_name))
                        e = blob_known(s, d->d_name, &known);
                if (!e && !known)
                        unlinkat(fd, d->d_name, 0);
        }
        closedir(dir);
        return e;
}

/* Names that are neither ours nor half written are left alone. */
static Status *sweep(Store *s, DIR *dir)
{
        for (struct dirent *d; (d = readdir(dir));) {
                size_t len = strlen(d->d_name);
                if (strncmp(d->d_name, "tmp-", 4) == 0)
                        unlinkat(s->blobs, d->d_name, 0);
                else if (len == 2 && strspn(d->d_name, "0123456789abcdef") == 2)
                        TRY(sweep_dir(s, d->d_name));
        }
        return NULL;
}

/* Rows that nothing refers to go first, then the files that no row names. */
Status *blobs_open(Store *s)
{
        if (mkdirat(s->dir, "blobs", 0700) != 0 && errno != EEXIST)
                return unavailable("cannot make blobs: %s", strerror(errno));
        s->blobs = openat(s->dir, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (s->blobs < 0)
                return unavailable("cannot open blobs: %s", strerror(errno));
        TRY(db_change(s, collect_all, NULL));
        int fd = openat(s->blobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                if (fd >= 0)
                        close(fd);
                return unavailable("cannot read blobs: %s", strerror(errno));
        }
        Status *e = sweep(s, dir);
        closedir(dir);
        return e;
}
