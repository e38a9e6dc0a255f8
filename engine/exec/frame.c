// SPDX-License-Identifier: Apache-2.0
/* Making, advancing and ending frames; the rules are those of "Dynamic Control Flow in Large-Scale
 * Machine Learning" (Yu et al., EuroSys 2018). */
#include "engine/exec/frame.h"

#include "engine/base/mem.h"
#include "engine/exec/line.h"
#include "engine/exec/step_inside.h"
#include <string.h>

static size_t iteration_bytes(const PlanFrame *pf)
{
        return sizeof(Iteration) + pf->image_bytes;
}

/* Counts and slots begin as the plan's image of them. */
static Status *add_iteration(Frame *f, int64_t number)
{
        const PlanFrame *pf = f->plan;
        Iteration *it = block_alloc(iteration_bytes(pf));
        if (!it)
                return status_oom();
        Tensor **slots = (Tensor **)(it + 1);
        uint32_t *counts = (uint32_t *)(slots + pf->n_slots);
        *it = (Iteration){ .frame = f,
                           .number = number,
                           .slots = slots,
                           .pending = counts,
                           .dead = counts + pf->n_nodes };
        memcpy(slots, pf->image, pf->image_bytes);
        if (f->last)
                f->last->next = it;
        else
                f->first = it;
        f->last = it;
        f->newest = number;
        f->alive++;
        return NULL;
}

static size_t frame_bytes(const PlanFrame *pf)
{
        return sizeof(Frame) + pf->n_exits * sizeof(PlanNode *);
}

/* A frame begins with its iteration 0. */
static Status *frame_new(const Step *s, uint32_t index, Frame *parent, Iteration *parent_iter,
                         Frame **ret)
{
        const PlanFrame *pf = &s->plan->frames[index];
        Frame *f = block_alloc(frame_bytes(pf));
        if (!f)
                return status_oom();
        *f = (Frame){ .plan = pf,
                      .index = index,
                      .parent = parent,
                      .parent_iter = parent_iter,
                      .straight = pf->line && !s->env.trace && !s->spec.partial,
                      .enters_left = pf->n_enters,
                      .dead_exits = (const PlanNode **)(f + 1) };
        Status *st = add_iteration(f, 0);
        if (st) {
                block_free(f, frame_bytes(pf));
                return st;
        }
        *ret = f;
        return NULL;
}

Status *frame_root(Step *s, Frame **ret)
{
        return frame_new(s, 0, NULL, NULL, ret);
}

/* The first Enter to come makes the frame; the others find it by its index. */
Status *frame_enter(Step *s, Iteration *it, const PlanNode *enter, Frame **ret)
{
        for (Frame *f = it->children; f; f = f->sibling)
                if (f->index == enter->child) {
                        *ret = f;
                        return NULL;
                }
        TRY(frame_new(s, enter->child, it->frame, it, ret));
        (*ret)->sibling = it->children;
        it->children = *ret;
        it->outstanding++;
        return NULL;
}

/* What waited for the iteration goes into it, then what every iteration gets. */
Status *frame_advance(Step *s, Frame *f)
{
        TRY(add_iteration(f, f->newest + 1));
        f->n_dead_exits = 0;
        Deferred *waiting = steal(&f->deferred);
        while (waiting) {
                Deferred *d = waiting;
                waiting = d->next;
                step_send(s, f->last, &d->from->out[0], d->value, false);
                send_control(s, f->last, d->from, false);
                block_free(d, sizeof *d);
        }
        for (Deferred *d = f->invariants; d; d = d->next) {
                step_send(s, f->last, &d->from->out[0], tensor_ref(d->value), false);
                send_control(s, f->last, d->from, false);
        }
        return NULL;
}

Status *frame_defer(Deferred **list, const PlanNode *from, Tensor *value)
{
        Deferred *d = block_alloc(sizeof *d);
        if (!d) {
                tensor_unref(value);
                return status_oom();
        }
        *d = (Deferred){ .from = from, .value = value, .next = *list };
        *list = d;
        return NULL;
}

void frame_forget(Deferred **list)
{
        while (*list) {
                Deferred *d = *list;
                *list = d->next;
                tensor_unref(d->value);
                block_free(d, sizeof *d);
        }
}

/* Loops within the iteration go with it. */
static void free_iteration(Step *s, Iteration *it)
{
        const PlanFrame *pf = it->frame->plan;
        while (it->children) {
                Frame *child = it->children;
                it->children = child->sibling;
                frame_free(s, child);
        }
        for (uint32_t i = 0; i < pf->n_slots; i++)
                tensor_unref(it->slots[i]);
        block_free(it, iteration_bytes(pf));
}

/* For steps that end early, too: whatever is still there is let go. */
void frame_free(Step *s, Frame *f)
{
        if (!f)
                return;
        while (f->first) {
                Iteration *it = f->first;
                f->first = it->next;
                free_iteration(s, it);
        }
        line_free(f->line);
        frame_forget(&f->invariants);
        frame_forget(&f->deferred);
        block_free(f, frame_bytes(f->plan));
}

static void unlink_child(Frame *f)
{
        Frame **at = &f->parent_iter->children;
        while (*at != f)
                at = &(*at)->sibling;
        *at = f->sibling;
}

/* Ends iterations from the oldest on, as far as they are through; deferred values may start a new
 * one. */
static Status *end_iterations(Step *s, Frame *f)
{
        while (f->first && !f->first->outstanding && !f->enters_left) {
                Iteration *it = f->first;
                if (f->deferred && f->straight)
                        line_begin(s, f);
                if (it->outstanding) /* it goes on as a line */
                        return NULL;
                if (f->deferred && f->last == it)
                        TRY(frame_advance(s, f));
                f->first = it->next;
                if (!f->first)
                        f->last = NULL;
                f->alive--;
                free_iteration(s, it);
                if (f->deferred && f->alive < f->plan->parallel)
                        TRY(frame_advance(s, f));
        }
        return NULL;
}

/* Iterations that are done go, the frame with the last of them, and that may end the iteration
 * around: upwards in a loop, as loops nest deep. */
Status *frame_cleanup(Step *s, Frame *f)
{
        while (f->parent) {
                TRY(end_iterations(s, f));
                if (f->first)
                        return NULL;
                Iteration *above = f->parent_iter;
                for (uint32_t i = 0; i < f->n_dead_exits; i++) {
                        const PlanNode *exit = f->dead_exits[i];
                        step_send(s, above, &exit->out[0], NULL, false);
                        send_control(s, above, exit, true);
                }
                unlink_child(f);
                frame_free(s, f);
                if (--above->outstanding)
                        return NULL;
                f = above->frame;
        }
        return NULL;
}
