// SPDX-License-Identifier: Apache-2.0
/* Writes tfdbg's files. */
#include "engine/state/debug_dump.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"
#include "tensorflow/core/util/event.pb-c.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef Tensorflow__Event Event;
typedef Tensorflow__Summary__Value SummaryValue;

/* TensorFlow compares schemes without regard to case, and takes the rest as it is. */
const char *debug_url_folder(const char *url)
{
        static const char scheme[] = "file://";
        return strncasecmp(url, scheme, sizeof scheme - 1) ? NULL : url + sizeof scheme - 1;
}

bool debug_url_is_grpc(const char *url)
{
        static const char scheme[] = "grpc://";
        return !strncasecmp(url, scheme, sizeof scheme - 1);
}

/* The words of a TensorFlow that was built without its gRPC debugger (there: "on Windows yet"). */
Status *debug_url_refuse_grpc(const char *url)
{
        Status *s = unimplemented("grpc:// debug URL scheme is not implemented.");
        status_add_hint(s,
                        "Instead of %.200s: watch with file:// URLs, or with none to have the "
                        "values in the answer.",
                        url);
        return s;
}

/* ---- how much ---- */

static _Atomic uint64_t bytes_used;

/* Read each time, so that a test can change it; dumps are rare and slow anyway. */
static uint64_t bytes_limit(void)
{
        const char *text = getenv("TFDBG_DISK_BYTES_LIMIT");
        uint64_t n = text ? strtoull(text, NULL, 10) : 0;
        return n ? n : (uint64_t)100 << 30;
}

void debug_dump_reset_bytes(void)
{
        atomic_store(&bytes_used, 0);
}

/* Counted before they are written; strings count as their descriptors, as in TensorFlow. */
static Status *take_bytes(const DebugKey *k, uint64_t n)
{
        uint64_t limit = bytes_limit();
        if (!n || atomic_fetch_add(&bytes_used, n) + n < limit)
                return NULL;
        atomic_fetch_sub(&bytes_used, n);
        return resource_exhausted(
                "TensorFlow Debugger has exhausted file-system byte-size allowance (%llu), "
                "therefore it cannot dump an additional %llu byte(s) of tensor data for the debug "
                "tensor %s:%d. You may use the environment variable TFDBG_DISK_BYTES_LIMIT to set "
                "a higher limit.",
                (unsigned long long)limit, (unsigned long long)n, k->node, k->slot);
}

/* ---- files ---- */

/* A write may be cut short by a signal or a full disk. */
static Status *write_all(int fd, const Buf *b, const char *path)
{
        for (size_t at = 0; at < b->len;) {
                ssize_t n = write(fd, b->data + at, b->len - at);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return status_errno(errno, path);
                at += (size_t)n;
        }
        return NULL;
}

/* Opens BASE_TIME for writing, or BASE_TIME-1 and so on when that is there: iterations of a loop
 * may come in one microsecond. */
static Status *open_new(const FileRoots *r, const char *base, int64_t wall_us, int *ret)
{
        for (int i = 0;; i++) {
                autofree char *path = i ? mem_printf("%s_%lld-%d", base, (long long)wall_us, i)
                                        : mem_printf("%s_%lld", base, (long long)wall_us);
                if (!path)
                        return status_oom();
                Status *s = roots_open(r, path, strlen(path), O_WRONLY | O_CREAT | O_EXCL, ret);
                if (status_code(s) != SR_ALREADY_EXISTS)
                        return s;
                status_free(s);
        }
}

/* One message is the whole file, without the frame of an event log. base holds a '/'. */
static Status *dump(const FileRoots *r, const char *base, const Event *e, int64_t wall_us)
{
        int fd = -1;
        autobuf bytes = BUF(SIZE_MAX);
        autofree char *folder = mem_strndup(base, (size_t)(strrchr(base, '/') - base));
        if (!folder)
                return status_oom();
        TRY(proto_pack(&e->base, &bytes));
        TRY(roots_mkdir(r, folder));
        TRY(open_new(r, base, wall_us, &fd));
        Status *s = write_all(fd, &bytes, base);
        close(fd);
        return s;
}

/* "/job:a/device:CPU:0" is the folder "_tfdbg_device_,job_a,device_CPU_0". */
static char *device_folder(Arena *a, const char *device)
{
        char *s = arena_printf(a, "_tfdbg_device_%s", device);
        for (char *p = s; p && *p; p++)
                *p = *p == '/' ? ',' : *p == ':' ? '_' : *p;
        return s;
}

/* ---- values ---- */

/* What has no bytes to show (handles, variants) is told by type and shape. */
static Status *value_proto(Arena *a, const Tensor *t, Tensorflow__TensorProto **ret)
{
        if (tensor_dtype(t) != DT_RESOURCE && tensor_dtype(t) != DT_VARIANT)
                return tensor_to_proto(t, a, ret);
        Tensorflow__TensorProto *p = arena_alloc(a, sizeof *p);
        if (!p)
                return status_oom();
        tensorflow__tensor_proto__init(p);
        p->dtype = (Tensorflow__DataType)tensor_dtype(t);
        *ret = p;
        return shape_to_proto(&t->shape, a, &p->tensor_shape);
}

/* Values are tagged for TensorBoard's debugger plugin. */
static Status *fill(Arena *a, const DebugKey *k, const Tensor *value, SummaryValue *v,
                    Tensorflow__SummaryMetadata *m, Tensorflow__SummaryMetadata__PluginData *p)
{
        char *content = arena_printf(
                a, "{\"device\":\"%s\",\"outputSlot\":%d,\"numChunks\":1,\"chunkIndex\":0}",
                k->device, k->slot);
        v->node_name = arena_printf(a, "%s:%d:%s", k->node, k->slot, k->op);
        if (!content || !v->node_name)
                return status_oom();
        v->tag = (char *)k->node;
        v->metadata = m;
        v->value_case = TENSORFLOW__SUMMARY__VALUE__VALUE_TENSOR;
        m->plugin_data = p;
        p->plugin_name = (char *)"debugger";
        p->content = (ProtobufCBinaryData){ .data = (uint8_t *)content, .len = strlen(content) };
        return value_proto(a, value, &v->tensor);
}

/* The messages are on the stack and in the arena: they borrow the tensor's bytes. */
Status *debug_dump_value(const FileRoots *r, const char *folder, const DebugKey *k,
                         const Tensor *value, int64_t wall_us)
{
        autoptr(Arena) a = NULL;
        TRY(take_bytes(k, tensor_bytes(value)));
        TRY(arena_new(SIZE_MAX, &a));
        SummaryValue v = TENSORFLOW__SUMMARY__VALUE__INIT, *list = &v;
        Tensorflow__SummaryMetadata m = TENSORFLOW__SUMMARY_METADATA__INIT;
        Tensorflow__SummaryMetadata__PluginData p = TENSORFLOW__SUMMARY_METADATA__PLUGIN_DATA__INIT;
        TRY(fill(a, k, value, &v, &m, &p));
        Tensorflow__Summary summary = TENSORFLOW__SUMMARY__INIT;
        summary.value = &list;
        summary.n_value = 1;
        Event e = TENSORFLOW__EVENT__INIT;
        e.wall_time = (double)wall_us;
        e.what_case = TENSORFLOW__EVENT__WHAT_SUMMARY;
        e.summary = &summary;
        char *device = device_folder(a, k->device);
        char *base =
                device ? arena_printf(a, "%s/%s/%s_%d_%s", folder, device, k->node, k->slot, k->op)
                       : NULL;
        return base ? dump(r, base, &e, wall_us) : status_oom();
}

/* ---- graphs and runs ---- */

/* The hash tells graphs apart that are dumped in one microsecond. */
Status *debug_dump_graph(const FileRoots *r, const char *folder, const char *device,
                         const void *graph, size_t n)
{
        autoptr(Arena) a = NULL;
        TRY(arena_new(SIZE_MAX, &a));
        Event e = TENSORFLOW__EVENT__INIT;
        int64_t now = clock_wall_us();
        e.wall_time = (double)now;
        e.what_case = TENSORFLOW__EVENT__WHAT_GRAPH_DEF;
        e.graph_def = (ProtobufCBinaryData){ .data = (uint8_t *)graph, .len = n };
        char *below = device_folder(a, device);
        char *base = below ? arena_printf(a, "%s/%s/_tfdbg_graph_hash%llu", folder, below,
                                          (unsigned long long)hash_bytes(graph, n))
                           : NULL;
        return base ? dump(r, base, &e, now) : status_oom();
}

/* Beside the devices' folders: it is about all of them. */
Status *debug_dump_run(const FileRoots *r, const char *folder, int64_t run, const char *json)
{
        int64_t now = clock_wall_us();
        Event e = TENSORFLOW__EVENT__INIT;
        Tensorflow__LogMessage m = TENSORFLOW__LOG_MESSAGE__INIT;
        m.message = (char *)json;
        e.wall_time = (double)now;
        e.what_case = TENSORFLOW__EVENT__WHAT_LOG_MESSAGE;
        e.log_message = &m;
        autofree char *base =
                mem_printf("%s/_tfdbg_core_metadata_sessionrun%.14lld", folder, (long long)run);
        return base ? dump(r, base, &e, now) : status_oom();
}
