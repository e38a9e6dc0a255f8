// SPDX-License-Identifier: Apache-2.0
#include "engine/model/files.h"

#include "engine/base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands in a model's own folder and nowhere else, the surest first. */
static const char *const telling[] = { "saved_model.pb", "saved_model.pbtxt", "model.json",
                                       "*.meta",         "*.index",           "*.pb",
                                       "*.pbtxt",        "*.pb.txt",          "*.json" };

static int by_text(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *leaf(const char *path)
{
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
}

static int depth(const char *path)
{
        int n = 0;
        while ((path = strchr(path, '/'))) {
                path++;
                n++;
        }
        return n;
}

/* The path of the file that tells the model; NULL when there is none. Files that the Finder adds
 * ("._saved_model.pb") tell nothing: patterns do not match a leading dot. */
static const char *tell(const Folder *f)
{
        for (size_t k = 0; k < COUNTOF(telling); k++) {
                const char *best = NULL;
                for (int i = 0; i < folder_count(f); i++) {
                        const char *path = folder_path(f, i);
                        if (fnmatch(telling[k], leaf(path), FNM_PERIOD) == 0 &&
                            (!best || depth(path) < depth(best)))
                                best = path;
                }
                if (best)
                        return best;
        }
        return NULL;
}

/* Archives often hold one folder with the model in it: that folder is the model's, wherever it
 * lies. */
Status *files_of_folder(const Folder *f, const FileRoots *roots, Arena *arena, ModelFiles *ret)
{
        const char *found = tell(f);
        if (!found)
                return not_found("The archive holds no model: no saved_model.pb, model.json or "
                                 "MetaGraph is in it");
        size_t len = (size_t)(leaf(found) - found), n = 0; /* with the '/' */
        const char **names = arena_calloc(arena, (size_t)folder_count(f) + 1, sizeof *names);
        char *dir = arena_printf(arena, ROOTS_FOLDER "/%.*s", (int)len, found);
        if (!names || !dir)
                return status_oom();
        dir[strlen(dir) - 1] = 0;
        for (int i = 0; i < folder_count(f); i++) {
                const char *path = folder_path(f, i);
                if (!strncmp(path, found, len) && !strchr(path + len, '/'))
                        names[n++] = path + len;
        }
        qsort(names, n, sizeof *names, by_text);
        *ret = (ModelFiles){ roots, dir, names };
        return NULL;
}

enum { NAMES_MAX = 10000 };

/* The names in an open folder, sorted, at most NAMES_MAX of them. */
static Status *list(int fd, Arena *arena, const char ***ret)
{
        size_t n = 0;
        const char **names = arena_calloc(arena, NAMES_MAX + 1, sizeof *names);
        DIR *d = names ? fdopendir(fd) : NULL;
        if (!d) {
                close(fd);
                return status_oom();
        }
        bool oom = false;
        for (struct dirent *e; !oom && n < NAMES_MAX && (e = readdir(d));)
                oom = !(names[n++] = arena_strdup(arena, e->d_name));
        closedir(d);
        if (oom)
                return status_oom();
        qsort(names, n, sizeof *names, by_text);
        *ret = names;
        return NULL;
}

/* A folder below the configured roots; roots_open() refuses what leads out of them. */
Status *files_of_path(const FileRoots *roots, const char *path, Arena *arena, ModelFiles *ret)
{
        int fd;
        size_t len = strlen(path);
        const char **names;
        while (len > 1 && path[len - 1] == '/')
                len--;
        char *dir = arena_printf(arena, "%.*s", (int)len, path);
        if (!dir)
                return status_oom();
        TRY(roots_open(roots, dir, len, O_RDONLY | O_DIRECTORY, &fd));
        TRY(list(fd, arena, &names));
        *ret = (ModelFiles){ roots, dir, names };
        return NULL;
}

bool files_have(const ModelFiles *f, const char *name)
{
        for (const char **n = f->names; *n; n++)
                if (!strcmp(*n, name))
                        return true;
        return false;
}

const char *files_match(const ModelFiles *f, const char *pattern)
{
        for (const char **n = f->names; *n; n++)
                if (fnmatch(pattern, *n, FNM_PERIOD) == 0)
                        return *n;
        return NULL;
}

int files_count(const ModelFiles *f, const char *pattern)
{
        int count = 0;
        for (const char **n = f->names; *n; n++)
                count += fnmatch(pattern, *n, FNM_PERIOD) == 0;
        return count;
}

static Status *open_file(const ModelFiles *f, const char *name, int *ret)
{
        autofree char *path = mem_printf("%s/%s", f->dir, name);
        if (!path)
                return status_oom();
        return roots_open(f->roots, path, strlen(path), O_RDONLY, ret);
}

bool files_reach(const ModelFiles *f, const char *name)
{
        int fd;
        autoptr(Status) s = open_file(f, name, &fd);
        if (!s)
                close(fd);
        return !s;
}

/* Reads as much as the file had when it was opened; one that shrinks meanwhile is DATA_LOSS, not a
 * short model. */
static Status *read_fd(int fd, const char *name, Buf *ret)
{
        struct stat st;
        if (fstat(fd, &st))
                return status_errno(errno, name);
        char *to = buf_reserve(ret, (size_t)st.st_size);
        if (!to)
                return buf_status(ret);
        for (size_t done = 0, n = (size_t)st.st_size; done < n;) {
                ssize_t got = pread(fd, to + done, n - done, (off_t)done);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return data_loss("%s; cannot be read", name);
                done += (size_t)got;
        }
        ret->len += (size_t)st.st_size;
        return NULL;
}

Status *files_read(const ModelFiles *f, const char *name, Buf *ret)
{
        int fd;
        TRY(open_file(f, name, &fd));
        Status *s = read_fd(fd, name, ret);
        close(fd);
        return s;
}

char *files_path(const ModelFiles *f, const char *name, Arena *arena)
{
        return arena_printf(arena, "%s/%s", f->dir, name);
}
