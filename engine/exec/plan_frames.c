// SPDX-License-Identifier: Apache-2.0
/* Frames: which loop each node runs in, told by the Enter and Exit nodes on the way to it. */
#include "engine/base/map.h"
#include "engine/exec/compile.h"

#include <stdio.h>

typedef struct Frames {
        Compile *c;
        PlanFrame *list; /* at most one per Enter, and the root */
        uint32_t n;
        Map by_name; /* "parent/name" -> its PlanFrame */
} Frames;

/* Frames are named within their parents. */
static Status *child_frame(Frames *f, uint32_t parent, const Node *enter, uint32_t *ret)
{
        const char *name = node_string(enter, "frame_name", "");
        char *key = arena_printf(f->c->scratch, "%u/%s", parent, name);
        if (!key)
                return status_oom();
        PlanFrame *frame = map_get(&f->by_name, key);
        if (!frame) {
                frame = &f->list[f->n];
                TRY(map_set(&f->by_name, key, frame));
                *frame = (PlanFrame){ .name = name, .parent = parent };
                /* Debuggers see one iteration after the other: TensorFlow's rule. */
                int64_t most = f->c->request->n_watches ? 1 : 1 << 20;
                frame->parallel =
                        (int)MAX(1, MIN(node_int(enter, "parallel_iterations", 10), most));
                f->n++;
        }
        frame->n_enters++;
        *ret = (uint32_t)(frame - f->list);
        return NULL;
}

/* TensorFlow's text for a node that stands in two loops. */
static Status *different(const Frames *f, const Node *n, const Node *a, uint32_t fa, const Node *b,
                         uint32_t fb)
{
        Status *s = invalid_argument("{{node %s}} has inputs from different frames. The input "
                                     "{{node %s}} is in frame '%s'. "
                                     "The input {{node %s}} is in frame '%s'.",
                                     n->name, a->name, f->list[fa].name, b->name, f->list[fb].name);
        status_set_node(s, n->name, n->op->def->name);
        return s;
}

/* The frame that all inputs agree on; fed inputs come from the root frame. */
static Status *agree(Frames *f, Draft *d)
{
        const Node *node = d->node, *first = NULL;
        for (int i = 0; i < node->n_in + node->n_control; i++) {
                const Node *src = i < node->n_in ? node->in[i].node : node->control[i - node->n_in];
                bool fed = i < node->n_in ? compile_feed_of(f->c, src, node->in[i].output) >= 0
                                          : !compile_keeps_control(f->c, src);
                if (src->op->def->flow == FLOW_NEXT && node->op->def->flow == FLOW_MERGE)
                        continue; /* a back edge: where it comes from is not known yet */
                uint32_t frame = fed ? 0 : compile_draft(f->c, src)->out_frame;
                if (first && frame != d->frame)
                        return different(f, node, first, d->frame, src, frame);
                first = src;
                d->frame = frame;
        }
        return NULL;
}

/* The frame that the node's output goes to. */
static Status *leave(Frames *f, Draft *d)
{
        OpFlow flow = d->node->op->def->flow;
        d->out_frame = d->frame;
        if (flow == FLOW_ENTER)
                return child_frame(f, d->frame, d->node, &d->out_frame);
        if (flow == FLOW_EXIT && !d->frame) {
                Status *s =
                        invalid_argument("Invalid Exit op: Cannot find a corresponding Enter op.");
                status_set_node(s, d->node->name, d->node->op->def->name);
                return s;
        }
        if (flow == FLOW_EXIT)
                d->out_frame = f->list[d->frame].parent;
        return NULL;
}

/* Back edges stay in their frame: one that came from another loop would bring its value to an
 * iteration that has no place for it. */
static Status *check_back_edges(const Frames *f, const Draft *d)
{
        const Node *node = d->node;
        for (int i = 0; i < node->n_in && node->op->def->flow == FLOW_MERGE; i++) {
                const Node *src = node->in[i].node;
                if (src->op->def->flow != FLOW_NEXT ||
                    compile_feed_of(f->c, src, node->in[i].output) >= 0)
                        continue;
                uint32_t frame = compile_draft(f->c, src)->out_frame;
                if (frame != d->frame)
                        return different(f, node, node, d->frame, src, frame);
        }
        return NULL;
}

/* In topological order: a node is in the frame that its inputs are in, after Enter and before
 * Exit. */
Status *compile_frames(Compile *c)
{
        uint32_t enters = 0;
        for (uint32_t i = 0; i < c->n; i++)
                enters += c->drafts[i].node->op->def->flow == FLOW_ENTER;
        Frames f = { .c = c,
                     .list = arena_calloc(c->plan->arena, enters + 1, sizeof *f.list),
                     .n = 1 };
        if (!f.list)
                return status_oom();
        f.list[0] = (PlanFrame){ .name = "", .parallel = 1 };
        Status *s = NULL;
        for (uint32_t i = 0; i < c->n && !s; i++) {
                Draft *d = &c->drafts[i];
                s = agree(&f, d);
                if (!s)
                        s = leave(&f, d);
        }
        for (uint32_t i = 0; i < c->n && !s; i++)
                s = check_back_edges(&f, &c->drafts[i]);
        map_done(&f.by_name);
        c->plan->frames = f.list;
        c->plan->n_frames = f.n;
        return s;
}
