// SPDX-License-Identifier: Apache-2.0
/* What a step that ran out of memory tells: where, and on request
 * (report_tensor_allocations_upon_oom) which tensors were alive, the largest first, by the nodes
 * that made them. */
#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/exec/device.h"
#include "engine/exec/line.h"
#include "engine/exec/step_inside.h"
#include "engine/ops/signature.h"
#include <stdlib.h>
#include <string.h>

/* TensorFlow tells of so many nodes, or of so much of the bytes. */
enum { MAX_NODES = 100, PERCENT = 99, MAX_DEPTH = 64 };

typedef struct Use {
        const char *node;
        int64_t bytes;
} Use;

/* Live bytes by node, each buffer counted once. Without memory the list stays short. */
typedef struct Uses {
        Use *list;
        size_t n, cap;
        Map by_node; /* name -> index + 1 */
        Map seen;    /* buffers, by address */
} Uses;

/* No memory for the report itself leaves it shorter. */
static bool make_room(Uses *u)
{
        if (u->n < u->cap)
                return true;
        size_t cap = u->cap ? 2 * u->cap : 64;
        Use *more = mem_realloc(u->list, cap * sizeof *more);
        if (!more)
                return false;
        u->list = more;
        u->cap = cap;
        return true;
}

static bool first_time(Uses *u, Tensor *const *at)
{
        const char *key = (const char *)&(*at)->buffer;
        if (map_getn(&u->seen, key, sizeof(*at)->buffer))
                return false;
        Status *s = map_setn(&u->seen, key, sizeof(*at)->buffer, (void *)at);
        status_free(s);
        return !s;
}

/* at stays where it is until the list is written. */
static void note(Uses *u, const char *node, Tensor *const *at)
{
        if (!*at || !first_time(u, at))
                return;
        int64_t bytes = (int64_t)(*at)->buffer->bytes;
        uintptr_t i = (uintptr_t)map_get(&u->by_node, node);
        if (!i) {
                Status *s = make_room(u) ? map_set(&u->by_node, node, (void *)(u->n + 1))
                                         : status_oom();
                if (s) {
                        status_free(s);
                        return;
                }
                u->list[u->n] = (Use){ .node = node };
                i = ++u->n;
        }
        u->list[i - 1].bytes += bytes;
}

/* Values wait in the slots of who will use them; they are told under the name of who made them. */
static void note_iteration(Uses *u, const Step *s, const Iteration *it)
{
        for (uint32_t i = 0; i < s->plan->n_nodes; i++) {
                const PlanNode *pn = &s->plan->nodes[i];
                if (&s->plan->frames[pn->frame] != it->frame->plan)
                        continue;
                for (int k = 0; k < pn->n_in; k++)
                        note(u, pn->node->in[k].node->name, &it->slots[pn->slot + (uint32_t)k]);
        }
}

/* Loops nested deeper than MAX_DEPTH are left out. */
static void note_frame(Uses *u, const Step *s, const Frame *f, int depth)
{
        for (uint32_t i = 0; f->line && i < f->plan->line->n_registers; i++)
                note(u, f->plan->line->made_by[i], line_value(f->line, i));
        for (const Iteration *it = f->first; it; it = it->next) {
                note_iteration(u, s, it);
                const Frame *child = depth < MAX_DEPTH ? it->children : NULL;
                for (; child; child = child->sibling)
                        note_frame(u, s, child, depth + 1);
        }
}

static int by_bytes(const void *a, const void *b)
{
        int64_t x = ((const Use *)a)->bytes, y = ((const Use *)b)->bytes;
        return x < y ? 1 : x > y ? -1 : strcmp(((const Use *)a)->node, ((const Use *)b)->node);
}

/* "640B", "3.8KiB", "1.25GiB". */
static void print_bytes(Buf *out, int64_t n)
{
        const char *unit = "KMGTPE";
        if (n < 1024) {
                buf_printf(out, "%lldB", (long long)n);
                return;
        }
        for (; n >= 1024 * 1024; n /= 1024)
                unit++;
        buf_printf(out, *unit == 'K' ? "%.1f%ciB" : "%.2f%ciB", (double)n / 1024, *unit);
}

/* The largest first, until PERCENT of all is told (TensorFlow's BuildErrorMessage does the
 * same). */
static void print_uses(Uses *u, const char *device, Buf *out)
{
        int64_t total = 0, told = 0;
        size_t i = 0;
        for (size_t k = 0; k < u->n; k++)
                total += u->list[k].bytes;
        qsort(u->list, u->n, sizeof *u->list, by_bytes);
        buf_printf(out, "\n\nCurrent usage from device: %s, allocator: cpu\n", device);
        while (i < u->n && i <= MAX_NODES && told < total / 100 * PERCENT + total % 100) {
                buf_puts(out, "  ");
                print_bytes(out, u->list[i].bytes);
                buf_printf(out, " from %s\n", u->list[i].node);
                told += u->list[i++].bytes;
        }
        if (i == u->n)
                return;
        buf_printf(out, "  Remaining %zu nodes with ", u->n - i);
        print_bytes(out, total - told);
        buf_putc(out, '\n');
}

/* The failing node's inputs are alive, too. */
static Status *tell_uses(const Step *s, const NodeRun *r, const char *device, Status *st)
{
        Uses u = { 0 };
        autobuf text = BUF(1 << 20);
        for (int i = 0; r && i < r->ctx.n_in; i++)
                if (!r->pn->constant[i]) /* those are the plan's */
                        note(&u, r->pn->node->in[i].node->name, &r->in[i]);
        note_frame(&u, s, s->root, 0);
        if (u.n)
                print_uses(&u, device, &text);
        map_done(&u.by_node);
        map_done(&u.seen);
        mem_free(u.list);
        return status_append(st, "%s", buf_cstr(&text));
}

static const char hint[] =
        "\nHint: If you want to see a list of allocated tensors when OOM happens, add "
        "report_tensor_allocations_upon_oom to RunOptions for current allocation info.\n";

/* A tensor that did not fit is told with device and allocator, and with the list if the run asked
 * for it. */
Status *oom_blame(const Step *s, const PlanNode *pn, const NodeRun *r, Status *st)
{
        char device[DEVICE_NAME_SIZE];
        bool inner = status_node(st), tensor = !strncmp(status_message(st), "OOM when", 8);
        device_text(pn->device >= 0 ? pn->device : s->env.device, device);
        if (!inner && tensor)
                st = status_append(st, " on %s by allocator cpu", device);
        st = run_blame(pn, st);
        if (s->env.report_oom)
                return tensor ? tell_uses(s, r, device, st) : st;
        return inner ? st : status_append(st, "%s", hint);
}
