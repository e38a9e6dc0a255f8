// SPDX-License-Identifier: Apache-2.0
/* The names and the outputs' shapes come from the run's trace, the types from the nodes'
 * attributes. What a run has to say is one write() to a file opened for appending, so that many
 * processes may share it. */
#include "tests/lib/kernel_log.h"
#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/ops/signature.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLOW_MAX = 8 };

static const char *log_path(void)
{
        return getenv("SESSRUN_KERNEL_LOG");
}

bool kernel_log_wanted(void)
{
        return log_path();
}

static void put_type(Buf *b, const Op *op, const char *attr, int type)
{
        buf_printf(b, "%s %s %s\n", op->def->name, attr, dtype_name(dtype_base((DType)type)));
}

static void put_node(Buf *b, const Node *n)
{
        for (int i = 0; i < n->op->n_attrs; i++) {
                const AttrDef *a = &n->op->attrs[i];
                const AttrValue *v = a->kind == ATTR_TYPE ? node_attr(n, a->name) : NULL;
                if (v && !a->is_list)
                        put_type(b, n->op, a->name, (int)v->type);
                for (size_t k = 0; v && a->is_list && v->list && k < v->list->n_type; k++)
                        put_type(b, n->op, a->name, (int)v->list->type[k]);
        }
}

typedef struct Writing {
        Buf text;
        const RunMetadata *metadata;
        const Feed *feeds;
        int n_feeds;
        Map empty; /* names of nodes of which an output has no elements */
} Writing;

static bool is_empty(const Tensorflow__NodeExecStats *s)
{
        for (size_t i = 0; i < s->n_output; i++) {
                const TensorShapeProto *shape = s->output[i]->tensor_description->shape;
                for (size_t k = 0; shape && k < shape->n_dim; k++)
                        if (!shape->dim[k]->size)
                                return true;
        }
        return false;
}

static bool is_fed_empty(const Writing *w, const Node *n)
{
        size_t len = strlen(n->name);
        for (int i = 0; i < w->n_feeds; i++)
                if (!strncmp(w->feeds[i].key, n->name, len) &&
                    (!w->feeds[i].key[len] || w->feeds[i].key[len] == ':'))
                        return w->feeds[i].value && !tensor_count(w->feeds[i].value);
        return false;
}

/* depth: of control flow that hands on what came in, and whose outputs are not in the trace. */
static bool touches_empty(const Writing *w, const Node *n, int depth)
{
        bool empty = map_get(&w->empty, n->name);
        for (int i = 0; !empty && i < n->n_in; i++) {
                const Node *in = n->in[i].node;
                empty = map_get(&w->empty, in->name) || is_fed_empty(w, in) ||
                        (in->value && !tensor_count(in->value)) ||
                        (in->op->def->flow && depth && touches_empty(w, in, depth - 1));
        }
        return empty;
}

/* An entry may be missing where allocations are made to fail: the same run is noted without, too.
 */
static void find_empty(Writing *w, const Tensorflow__DeviceStepStats *d)
{
        for (size_t i = 0; i < d->n_node_stats; i++)
                if (is_empty(d->node_stats[i]))
                        status_free(map_set(&w->empty, d->node_stats[i]->node_name, w));
}

static void put_device(Writing *w, const Graph *g, const Tensorflow__DeviceStepStats *d)
{
        for (size_t i = 0; i < d->n_node_stats; i++) {
                const Node *n = graph_find(g, d->node_stats[i]->node_name);
                if (!n)
                        continue;
                put_node(&w->text, n);
                buf_printf(&w->text, "%s * ran\n", n->op->def->name);
                if (touches_empty(w, n, FLOW_MAX))
                        buf_printf(&w->text, "%s * empty\n", n->op->def->name);
        }
}

static Status *put_nodes(void *arg, const Graph *g)
{
        Writing *w = arg;
        const Tensorflow__StepStats *s = w->metadata->step_stats;
        for (size_t i = 0; s && i < s->n_dev_stats; i++)
                find_empty(w, s->dev_stats[i]);
        for (size_t i = 0; s && i < s->n_dev_stats; i++)
                put_device(w, g, s->dev_stats[i]);
        return NULL;
}

/* A log that misses lines would accuse tests of what they did: it ends them instead. */
static void append(const Buf *text)
{
        int fd = open(log_path(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, text->data, text->len) < 0)
                abort();
        close(fd);
}

void kernel_log_write(Session *s, const RunMetadata *metadata, const Feed *feeds, int n_feeds)
{
        Writing w = {
                .text = BUF(1 << 20), .metadata = metadata, .feeds = feeds, .n_feeds = n_feeds
        };
        status_free(session_read_graph(s, put_nodes, &w));
        append(&w.text);
        map_done(&w.empty);
        buf_done(&w.text);
}

void kernel_log_error(const char *op, const Status *s)
{
        autobuf text = BUF(1 << 16);
        op = op ? op : status_op(s);
        if (!op || !kernel_log_wanted())
                return;
        buf_printf(&text, "%s ! %s ", op, status_code_name(status_code(s)));
        for (const char *p = status_message(s); *p && *p != '\n'; p++)
                buf_putc(&text, *p);
        buf_putc(&text, '\n');
        append(&text);
}
