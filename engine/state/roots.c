// SPDX-License-Identifier: Apache-2.0
/* Look-ups below the roots by openat2(2). */
#include "engine/state/roots.h"

#include "engine/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct Root {
        char *path; /* as configured, no trailing '/' */
        size_t len;
        int fd;
        bool writable;
} Root;

struct FileRoots {
        const Root *roots; /* `own`, or those of another FileRoots */
        size_t count;
        Root *own;
        Folder *folder; /* may be NULL */
};

/* Symbolic links and ways out of a root are denied, which the system does not call so. */
static Status *errno_status(int e, const char *path)
{
        if (e == ELOOP || e == EXDEV)
                return permission_denied("%s; %s", path, strerror(e));
        return status_errno(e, path);
}

void roots_free(FileRoots *r)
{
        if (!r)
                return;
        for (size_t i = 0; r->own && i < r->count; i++) {
                close(r->own[i].fd);
                mem_free(r->own[i].path);
        }
        mem_free(r->own);
        folder_unref(r->folder);
        mem_free(r);
}

/* A root is opened once; everything below it is reached from its descriptor, wherever its path
 * leads later. */
static Status *add_root(FileRoots *r, const char *path, bool writable)
{
        size_t len = strlen(path);
        while (len > 1 && path[len - 1] == '/')
                len--;
        autofree char *copy = mem_strndup(path, len);
        if (!copy)
                return status_oom();
        int fd = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno_status(errno, copy);
        r->own[r->count++] =
                (Root){ .path = steal(&copy), .len = len, .fd = fd, .writable = writable };
        return NULL;
}

static size_t list_length(const char *const *list)
{
        size_t n = 0;
        while (list && list[n])
                n++;
        return n;
}

/* Data roots go first: a path below both kinds may be written. */
Status *roots_new(const char *const *model_roots, const char *const *data_roots, bool data_writable,
                  FileRoots **ret)
{
        size_t models = list_length(model_roots), data = list_length(data_roots);
        autoptr(FileRoots) r = mem_calloc(1, sizeof *r);
        if (!r || !(r->own = mem_calloc(models + data + 1, sizeof *r->own)))
                return status_oom();
        r->roots = r->own;
        for (size_t i = 0; i < data; i++)
                TRY(add_root(r, data_roots[i], data_writable));
        for (size_t i = 0; i < models; i++)
                TRY(add_root(r, model_roots[i], false));
        *ret = steal(&r);
        return NULL;
}

/* A model's files appear below ROOTS_FOLDER, beside the base's roots, which must outlive it. */
Status *roots_with_folder(const FileRoots *base, Folder *f, FileRoots **ret)
{
        FileRoots *r = mem_calloc(1, sizeof *r);
        if (!r)
                return status_oom();
        r->roots = base ? base->roots : NULL;
        r->count = base ? base->count : 0;
        r->folder = folder_ref(f);
        *ret = r;
        return NULL;
}

/* The part of the path below the root, or NULL when it is not below it; "." for the root itself. */
static const char *below(const Root *root, const char *path)
{
        const char *rest = path;
        if (path[0] == '/') {
                bool all = root->len == 1; /* "/" */
                if (strncmp(path, root->path, root->len) != 0 ||
                    (!all && path[root->len] && path[root->len] != '/'))
                        return NULL;
                rest = path + root->len;
        }
        while (*rest == '/')
                rest++;
        return *rest ? rest : ".";
}

static int open_beneath(const Root *root, const char *rest, int flags)
{
        struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
                                .mode = flags & O_CREAT ? 0644 : 0,
                                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                           RESOLVE_NO_MAGICLINKS };
        long fd = syscall(SYS_openat2, root->fd, rest, &how, sizeof how);
        return (int)fd;
}

static Status *denied(const char *path, bool write)
{
        return permission_denied("%s; not below a folder that this server may %s", path,
                                 write ? "write" : "read");
}

/* No devices, no pipes: reading one could wait for ever. */
static Status *want_kind(int fd, const char *path, bool folder)
{
        struct stat st;
        if (fstat(fd, &st))
                return errno_status(errno, path);
        if (!folder && S_ISDIR(st.st_mode))
                return errno_status(EISDIR, path);
        if (!folder && !S_ISREG(st.st_mode))
                return failed_precondition("%s; Not a regular file", path);
        return NULL;
}

/* The part of the path below the folder, or NULL. */
static const char *in_folder(const FileRoots *r, const char *path)
{
        static const char prefix[] = ROOTS_FOLDER "/";
        bool inside = r && r->folder && !strncmp(path, prefix, sizeof prefix - 1);
        return inside ? path + sizeof prefix - 1 : NULL;
}

/* The first root with the file has it; an error other than "not there" is what the caller hears. */
Status *roots_open(const FileRoots *r, const char *path, size_t len, int flags, int *ret)
{
        bool write = (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT;
        autofree char *text = mem_strndup(path ? path : "", len);
        int error = 0;
        if (!text)
                return status_oom();
        if (strlen(text) != len)
                return invalid_argument("%s; a file name has no NUL", text);
        if (!write && in_folder(r, text))
                return folder_open(r->folder, in_folder(r, text), ret);
        for (size_t i = 0; r && i < r->count; i++) {
                const Root *root = &r->roots[i];
                const char *rest = below(root, text);
                if (!rest || (write && !root->writable))
                        continue;
                /* O_NONBLOCK: a FIFO must not hold us up before it is refused */
                int fd = open_beneath(root, rest, flags | O_NONBLOCK | O_NOCTTY);
                if (fd < 0) {
                        error = error && error != ENOENT ? error : errno;
                        continue;
                }
                Status *s = want_kind(fd, text, flags & O_DIRECTORY);
                if (s) {
                        close(fd);
                        return s;
                }
                *ret = fd;
                return NULL;
        }
        return error ? errno_status(error, text) : denied(text, write);
}

/* The folder that a path's last part lies in, below a writable root. *ret is a descriptor. */
static Status *open_parent(const FileRoots *r, const char *path, int *ret, const char **ret_leaf)
{
        const char *slash = strrchr(path, '/'), *leaf = slash ? slash + 1 : path;
        int error = 0;
        if (!*leaf || !strcmp(leaf, ".") || !strcmp(leaf, ".."))
                return errno_status(EINVAL, path);
        for (size_t i = 0; r && i < r->count; i++) {
                const Root *root = &r->roots[i];
                const char *rest = below(root, path);
                if (!rest || !root->writable || !strcmp(rest, "."))
                        continue;
                size_t n = rest < leaf ? (size_t)(leaf - rest) : 0;
                autofree char *dir = n ? mem_strndup(rest, n) : mem_strdup(".");
                if (!dir)
                        return status_oom();
                int fd = open_beneath(root, dir, O_RDONLY | O_DIRECTORY);
                if (fd >= 0) {
                        *ret = fd;
                        *ret_leaf = leaf;
                        return NULL;
                }
                error = errno;
        }
        return error ? errno_status(error, path) : denied(path, true);
}

static Status *mkdir_one(const FileRoots *r, const char *path)
{
        const char *leaf;
        int dir;
        TRY(open_parent(r, path, &dir, &leaf));
        int e = mkdirat(dir, leaf, 0755) ? errno : 0;
        close(dir);
        return e && e != EEXIST ? errno_status(e, path) : NULL;
}

/* Like mkdir -p; what is there already is no error. */
Status *roots_mkdir(const FileRoots *r, const char *path)
{
        autofree char *text = mem_strdup(path);
        if (!text)
                return status_oom();
        size_t n = strlen(text);
        while (n > 1 && text[n - 1] == '/')
                text[--n] = '\0';
        /* from the longest part that is there; what lies above a root cannot be made */
        for (size_t i = 1; i < n; i++) {
                if (text[i] != '/' || text[i - 1] == '/')
                        continue;
                text[i] = '\0';
                status_free(mkdir_one(r, text));
                text[i] = '/';
        }
        return mkdir_one(r, text);
}

/* Both names may lie in different folders, below different roots of one file system. */
Status *roots_rename(const FileRoots *r, const char *from, const char *to)
{
        const char *from_leaf, *to_leaf;
        int from_dir, to_dir;
        TRY(open_parent(r, from, &from_dir, &from_leaf));
        Status *s = open_parent(r, to, &to_dir, &to_leaf);
        if (s) {
                close(from_dir);
                return s;
        }
        if (renameat(from_dir, from_leaf, to_dir, to_leaf))
                s = errno_status(errno, from);
        close(from_dir);
        close(to_dir);
        return s;
}

Status *roots_unlink(const FileRoots *r, const char *path, bool folder)
{
        const char *leaf;
        int dir;
        TRY(open_parent(r, path, &dir, &leaf));
        int e = unlinkat(dir, leaf, folder ? AT_REMOVEDIR : 0) ? errno : 0;
        close(dir);
        return e ? errno_status(e, path) : NULL;
}

Status *roots_sync_parent(const FileRoots *r, const char *path)
{
        const char *leaf;
        int dir;
        TRY(open_parent(r, path, &dir, &leaf));
        int e = fsync(dir) ? errno : 0;
        close(dir);
        return e ? errno_status(e, path) : NULL;
}
