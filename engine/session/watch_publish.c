// SPDX-License-Identifier: Apache-2.0
/* What the debugger's folders get besides values: runs, and the graphs that ran. */
#include "engine/session/watch.h"

#include "engine/base/mem.h"
#include "engine/exec/device.h"
#include "engine/session/inside.h"
#include "engine/session/partition.h"
#include "engine/state/debug_dump.h"
#include <string.h>

typedef struct Folders {
        const char **list; /* each once */
        size_t n;
} Folders;

/* Several watches usually name one folder, which is to get each file once. */
static Status *find_folders(const RunOptions *o, Arena *a, Folders *ret)
{
        const Tensorflow__DebugOptions *d = o->debug_options;
        Map seen = { 0 };
        Status *s = NULL;
        size_t all = 0;
        for (size_t i = 0; i < d->n_debug_tensor_watch_opts; i++)
                all += d->debug_tensor_watch_opts[i]->n_debug_urls;
        *ret = (Folders){ .list = arena_alloc(a, (all + 1) * sizeof *ret->list) };
        if (!ret->list)
                return status_oom();
        for (size_t i = 0; i < d->n_debug_tensor_watch_opts; i++)
                for (size_t k = 0; k < d->debug_tensor_watch_opts[i]->n_debug_urls && !s; k++) {
                        const char *url = d->debug_tensor_watch_opts[i]->debug_urls[k];
                        const char *folder = debug_url_folder(url);
                        if (!folder || map_get(&seen, folder))
                                continue;
                        s = map_set(&seen, folder, (void *)folder);
                        ret->list[ret->n++] = folder;
                }
        map_done(&seen);
        return s;
}

/* ---- the run ---- */

/* Names of nodes and tensors need no escapes. */
static void add_names(Buf *b, const char *member, const char *const *names, int n)
{
        buf_printf(b, ",\"%s\":[", member);
        for (int i = 0; i < n; i++)
                buf_printf(b, "%s\"%s\"", i ? "," : "", names[i]);
        buf_putc(b, ']');
}

/* The members that DebugDumpDir of TensorFlow's Python reads, in the order of its core. */
static Status *run_text(const RunRequest *r, int64_t run, int64_t execution, Arena *a, Buf *b)
{
        const char **feeds = arena_alloc(a, ((size_t)r->n_feeds + 1) * sizeof *feeds);
        if (!feeds)
                return status_oom();
        for (int i = 0; i < r->n_feeds; i++)
                feeds[i] = r->feeds[i].key;
        buf_printf(b,
                   "{\"global_step\":%lld,\"session_run_index\":%lld,"
                   "\"executor_step_index\":%lld",
                   (long long)r->options->debug_options->global_step, (long long)run,
                   (long long)execution);
        add_names(b, "input_names", feeds, r->n_feeds);
        add_names(b, "output_names", r->fetches, r->n_fetches);
        add_names(b, "target_nodes", r->targets, r->n_targets);
        buf_putc(b, '}');
        return buf_status(b);
}

/* ---- graphs ---- */

/* A graph per device, with the debugger's nodes: the client takes them out again. */
static Status *publish_graphs(const Session *s, const Folders *f, const Compiled *c, Arena *a)
{
        GraphDef **parts = NULL;
        size_t n = 0;
        PlanView v = { .plan = c->plan,
                       .feeds = c->feeds,
                       .fetches = c->fetches,
                       .incarnation = s->incarnation };
        TRY(partition_plan(&v, a, &parts, &n));
        for (size_t i = 0; i < n; i++) {
                autobuf bytes = BUF(SIZE_MAX);
                char first[DEVICE_NAME_SIZE];
                device_text(0, first);
                const char *device = parts[i]->n_node ? parts[i]->node[0]->device : first;
                TRY(proto_pack(&parts[i]->base, &bytes));
                for (size_t k = 0; k < f->n; k++)
                        TRY(debug_dump_graph(s->roots, f->list[k], device, bytes.data, bytes.len));
        }
        return NULL;
}

/* Folders that may not be written to are found here, before the step begins. */
Status *watches_publish(Session *s, const RunRequest *r, Compiled *c, int64_t run)
{
        Folders f;
        autoptr(Arena) a = NULL;
        autobuf text = BUF(64 << 20);
        if (r->options->debug_options->reset_disk_byte_usage)
                debug_dump_reset_bytes();
        TRY(arena_new(SIZE_MAX, &a));
        TRY(find_folders(r->options, a, &f));
        int64_t before = atomic_fetch_add(&c->watched_runs, 1);
        TRY(run_text(r, run, before, a, &text));
        for (size_t i = 0; i < f.n; i++)
                TRY(debug_dump_run(s->roots, f.list[i], run, buf_cstr(&text)));
        return before ? NULL : publish_graphs(s, &f, c, a);
}
