// SPDX-License-Identifier: Apache-2.0
/* Events wait in memory and are written in one piece. */
#include "engine/kernels/logging/event_file.h"

#include "engine/base/clock.h"
#include "engine/kernels/io/bundle.h"
#include "engine/kernels/io/tfrecord.h"
#include "engine/state/roots.h"
#include "proto/wire.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

/* What may wait to be written, and the version that TensorBoard looks for. */
#define WAITING_MAX  ((size_t)256 << 20)
#define FILE_VERSION "brain.Event:2"

struct EventFile {
        Resource base;
        pthread_mutex_t lock; /* guards everything below */
        int fd;               /* -1: none */
        char *name;           /* of the resource, behind its container's, for messages */
        char *path;
        Buf waiting;
        int64_t n_waiting, max_queue, flush_ns, written_ns;
};

/* Lock held, or nobody else left. A write that fails is not tried again. */
static Status *write_out(EventFile *f)
{
        Status *s = f->fd >= 0 && f->waiting.len
                            ? bundle_write_all(f->fd, f->waiting.data, f->waiting.len, f->path)
                            : NULL;
        buf_reset(&f->waiting);
        f->n_waiting = 0;
        f->written_ns = clock_ns();
        return s;
}

static Status *close_file(EventFile *f)
{
        Status *s = write_out(f);
        if (f->fd >= 0)
                close(f->fd);
        f->fd = -1;
        return s;
}

static void event_file_destroy(Resource *r)
{
        EventFile *f = CONTAINER_OF(r, EventFile, base);
        status_free(close_file(f));
        buf_done(&f->waiting);
        pthread_mutex_destroy(&f->lock);
        mem_free(f->path);
        mem_free(f->name);
        mem_free(f);
}

/* The name is that of TensorFlow's C++ type, which its messages show. */
const ResourceKind event_file_kind = { .name = "N10tensorflow22SummaryWriterInterfaceE",
                                       .destroy = event_file_destroy };

Status *event_file_make(const OpCtx *c, const char *name, Resource **ret)
{
        EventFile *f = mem_calloc(1, sizeof *f);
        char *copy = mem_printf("%s/%s", ctx_container(c), name);
        if (!f || !copy) {
                mem_free(f);
                mem_free(copy);
                return status_oom();
        }
        resource_init(&f->base, &event_file_kind);
        pthread_mutex_init(&f->lock, NULL);
        f->fd = -1;
        f->name = copy;
        f->waiting = BUF(WAITING_MAX);
        *ret = &f->base;
        return NULL;
}

Status *event_file_of(const OpCtx *c, EventFile **ret)
{
        Resource *r;
        TRY(ctx_resource(c, 0, &event_file_kind, &r));
        *ret = CONTAINER_OF(r, EventFile, base);
        return NULL;
}

/* ---- the file ---- */

static Status *make_path(const TString *logdir, const TString *suffix, char **ret)
{
        char host[HOST_NAME_MAX + 1] = "";
        if (gethostname(host, sizeof host - 1))
                host[0] = '\0';
        autofree char *end = mem_strndup(suffix->data ? suffix->data : "", suffix->len);
        autofree char *dir = mem_strndup(logdir->data ? logdir->data : "", logdir->len);
        if (!end || !dir)
                return status_oom();
        if (strchr(end, '/') || strlen(end) != suffix->len)
                return invalid_argument("filename_suffix %s is no part of a file name", end);
        if (!*dir || strlen(dir) != logdir->len)
                return invalid_argument("logdir must not be empty");
        *ret = mem_printf("%s/events.out.tfevents.%010lld.%s%s", dir,
                          (long long)(clock_wall_us() / 1000000), host, end);
        return *ret ? NULL : status_oom();
}

static Status *add_version(EventFile *f)
{
        Event e = TENSORFLOW__EVENT__INIT;
        autobuf b = BUF(1 << 10);
        e.wall_time = (double)clock_wall_us() / 1e6;
        e.what_case = TENSORFLOW__EVENT__WHAT_FILE_VERSION;
        e.file_version = (char *)FILE_VERSION;
        TRY(proto_pack(&e.base, &b));
        tfrecord_append(&f->waiting, b.data, b.len);
        return write_out(f);
}

static Status *open_file(const OpCtx *c, EventFile *f, const TString *logdir, const TString *suffix)
{
        autofree char *path = NULL;
        autofree char *dir = mem_strndup(logdir->data ? logdir->data : "", logdir->len);
        if (!dir)
                return status_oom();
        TRY(make_path(logdir, suffix, &path));
        TRY(roots_mkdir(ctx_roots(c), dir));
        TRY(ctx_open_file(c, path, strlen(path), O_WRONLY | O_CREAT | O_APPEND, &f->fd));
        mem_free(f->path);
        f->path = steal(&path);
        return add_version(f);
}

Status *event_file_open(const OpCtx *c, EventFile *f, const TString *logdir, int64_t max_queue,
                        int64_t flush_ms, const TString *suffix)
{
        pthread_mutex_lock(&f->lock);
        f->max_queue = max_queue;
        f->flush_ns = flush_ms * 1000000;
        Status *s = f->fd < 0 ? open_file(c, f, logdir, suffix) : NULL;
        if (s && f->fd >= 0) {
                close(f->fd);
                f->fd = -1;
        }
        pthread_mutex_unlock(&f->lock);
        return s;
}

/* ---- events ---- */

static Status *no_file(const EventFile *f)
{
        return not_found("Resource %s/%s does not exist.", f->name, event_file_kind.name);
}

Status *event_file_add_packed(EventFile *f, const void *bytes, size_t n)
{
        pthread_mutex_lock(&f->lock);
        Status *s = f->fd < 0 ? no_file(f) : NULL;
        if (!s) {
                tfrecord_append(&f->waiting, bytes, n);
                s = buf_status(&f->waiting);
                f->n_waiting++;
        }
        if (!s && (f->n_waiting > f->max_queue || clock_ns() - f->written_ns >= f->flush_ns))
                s = write_out(f);
        pthread_mutex_unlock(&f->lock);
        return s;
}

Status *event_file_add(EventFile *f, const Event *e)
{
        autobuf b = BUF(SUMMARY_MAX_BYTES);
        TRY(proto_pack(&e->base, &b));
        return event_file_add_packed(f, b.data, b.len);
}

Status *event_file_flush(EventFile *f)
{
        pthread_mutex_lock(&f->lock);
        Status *s = f->fd < 0 ? no_file(f) : write_out(f);
        pthread_mutex_unlock(&f->lock);
        return s;
}

Status *event_file_close(EventFile *f)
{
        pthread_mutex_lock(&f->lock);
        Status *s = f->fd < 0 ? no_file(f) : close_file(f);
        pthread_mutex_unlock(&f->lock);
        return s;
}
