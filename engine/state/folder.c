// SPDX-License-Identifier: Apache-2.0
#include "engine/state/folder.h"

#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATH_BYTES = 1024 };
#define BIG ((size_t)1 << 20)

/* In memory while small; from BIG bytes on in an anonymous file. */
typedef struct File {
        char *path;
        Buf bytes;
        int fd; /* -1: in bytes */
} File;

struct Folder {
        atomic_int refs;
        File *files;
        int n, cap, big;
        size_t bytes;
        Map by_path; /* path -> index + 1 */
};

Status *folder_new(Folder **ret)
{
        Folder *f = mem_calloc(1, sizeof *f);
        if (!f)
                return status_oom();
        atomic_init(&f->refs, 1);
        *ret = f;
        return NULL;
}

Folder *folder_ref(Folder *f)
{
        atomic_fetch_add(&f->refs, 1);
        return f;
}

/* The last one lets the files go; those already opened live on by their own descriptors. */
void folder_unref(Folder *f)
{
        if (!f || atomic_fetch_sub(&f->refs, 1) != 1)
                return;
        for (int i = 0; i < f->n; i++) {
                if (f->files[i].fd >= 0)
                        close(f->files[i].fd);
                buf_done(&f->files[i].bytes);
                mem_free(f->files[i].path);
        }
        map_done(&f->by_path);
        mem_free(f->files);
        mem_free(f);
}

/* A plain relative path: no empty parts, no dots, nothing that a terminal or another system would
 * read otherwise. */
static Status *check_path(const char *path)
{
        size_t n = strlen(path);
        bool bad = !n || n > PATH_BYTES || !utf8_valid(path, n);
        for (size_t i = 0; i < n && !bad; i++)
                bad = (unsigned char)path[i] < ' ' || path[i] == '\\' || path[i] == 127;
        for (const char *part = path; !bad; part++) {
                size_t len = strcspn(part, "/");
                bad = !len || (len == 1 && *part == '.') || (len == 2 && !memcmp(part, "..", 2));
                part += len;
                if (!*part)
                        break;
        }
        return bad ? invalid_argument("\"%.200s\" is not a name for a file of a model", path)
                   : NULL;
}

/* The array of files; its length is bounded, for each costs memory even when empty. */
static Status *grow(Folder *f)
{
        if (f->n >= FOLDER_MAX_FILES)
                return resource_exhausted("a model has at most %d files", FOLDER_MAX_FILES);
        if (f->n < f->cap)
                return NULL;
        int cap = MAX(2 * f->cap, 16);
        File *files = mem_realloc(f->files, (size_t)cap * sizeof *files);
        if (!files)
                return status_oom();
        f->files = files;
        f->cap = cap;
        return NULL;
}

/* The map holds positions from 1, since the array may move. */
Status *folder_begin(Folder *f, const char *path)
{
        TRY(check_path(path));
        if (map_get(&f->by_path, path))
                return invalid_argument("the file %.200s is there twice", path);
        TRY(grow(f));
        autofree char *copy = mem_strdup(path);
        if (!copy)
                return status_oom();
        TRY(map_set(&f->by_path, copy, (void *)(intptr_t)(f->n + 1)));
        f->files[f->n++] = (File){ .path = steal(&copy), .bytes = BUF(BIG), .fd = -1 };
        return NULL;
}

static Status *os_error(const char *path)
{
        return resource_exhausted("%s cannot be kept: %s", path, strerror(errno));
}

/* Writes everything or says why not. */
static Status *write_all(const File *f, int fd, const char *p, size_t n)
{
        while (n > 0) {
                ssize_t done = write(fd, p, n);
                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return os_error(f->path);
                p += done;
                n -= (size_t)done;
        }
        return NULL;
}

/* Moves what there is of a file out of our memory. */
static Status *outsource(Folder *folder, File *f)
{
        if (++folder->big > FOLDER_MAX_BIG)
                return resource_exhausted("a model has at most %d files of over %zu bytes",
                                          FOLDER_MAX_BIG, BIG);
        f->fd = memfd_create("sessrun-model", MFD_CLOEXEC);
        if (f->fd < 0)
                return os_error(f->path);
        TRY(write_all(f, f->fd, f->bytes.data, f->bytes.len));
        buf_done(&f->bytes);
        return NULL;
}

/* Bytes go to the file that was begun last. */
Status *folder_write(Folder *folder, const void *data, size_t n)
{
        File *f = &folder->files[folder->n - 1];
        folder->bytes += n;
        if (f->fd < 0 && f->bytes.len + n > BIG)
                TRY(outsource(folder, f));
        if (f->fd >= 0)
                return write_all(f, f->fd, data, n);
        buf_append(&f->bytes, data, n);
        return buf_status(&f->bytes);
}

size_t folder_bytes(const Folder *f)
{
        return f->bytes;
}

int folder_count(const Folder *f)
{
        return f->n;
}

const char *folder_path(const Folder *f, int i)
{
        return f->files[i].path;
}

/* Another open file over the same bytes, which has its own place to read at. */
static Status *reopen(const File *f, int *ret)
{
        char name[40];
        snprintf(name, sizeof name, "/proc/self/fd/%d", f->fd);
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return os_error(f->path);
        *ret = fd;
        return NULL;
}

/* A small file becomes a memfd when it is opened. */
static Status *open_copy(const File *f, int *ret)
{
        int fd = memfd_create("sessrun-model", MFD_CLOEXEC);
        if (fd < 0)
                return os_error(f->path);
        Status *s = write_all(f, fd, f->bytes.data, f->bytes.len);
        if (!s && lseek(fd, 0, SEEK_SET) != 0)
                s = os_error(f->path);
        if (s) {
                close(fd);
                return s;
        }
        *ret = fd;
        return NULL;
}

Status *folder_open(const Folder *folder, const char *path, int *ret)
{
        intptr_t at = (intptr_t)map_get(&folder->by_path, path);
        if (!at)
                return not_found("%s; No such file or directory", path);
        const File *f = &folder->files[at - 1];
        return f->fd >= 0 ? reopen(f, ret) : open_copy(f, ret);
}
