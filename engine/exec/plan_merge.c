// SPDX-License-Identifier: Apache-2.0
/* Common subexpressions: of nodes that make the same of the same inputs, one runs, and whoever
 * wants another gets its outputs (do_common_subexpression_elimination). What has state, may be fed,
 * waits for others or belongs to a loop's machinery is left alone, and so are large constants. */
#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/exec/compile.h"
#include "proto/wire.h"

#include <string.h>

/* Candidates of one key that are compared: with more of them (they differ in attributes only) the
 * search is given up. */
enum { MAX_CONST_BYTES = 1024, MAX_CANDIDATES = 16, MAX_KEY = 64 << 20 };

typedef struct Candidate {
        Draft *draft;
        struct Candidate *next;
} Candidate;

static bool is_value(DType t)
{
        return !dtype_is_ref(t) && t != DT_RESOURCE && t != DT_VARIANT;
}

/* Nodes that always compute the same from the same. */
static bool mergeable(const Compile *c, const Node *n)
{
        const OpDef *def = n->op->def;
        if (n->op->stateful || n->op->function || def->start || !def->compute ||
            def->flow != FLOW_NONE || n->n_control || !n->n_out || c->fed[n->id] ||
            !strncmp(def->name, "Placeholder", strlen("Placeholder")))
                return false;
        for (int i = 0; i < n->n_in; i++)
                if (!is_value(n->in_types[i]))
                        return false;
        for (int i = 0; i < n->n_out; i++)
                if (!is_value(n->out_types[i]))
                        return false;
        return !n->value ||
               (dtype_is_plain(n->value->dtype) && tensor_bytes(n->value) <= MAX_CONST_BYTES);
}

/* All but the attributes: op, place, inputs, and a constant's bytes. */
static void make_key(const Compile *c, const Draft *d, Buf *key)
{
        const Node *n = d->node;
        int16_t device = c->device ? c->device[n->id] : -1;
        buf_puts(key, n->op->def->name);
        buf_putc(key, 0);
        buf_append(key, &device, sizeof device);
        buf_append(key, &d->frame, sizeof d->frame);
        for (int i = 0; i < n->n_in; i++) {
                int feed = compile_feed_of(c, n->in[i].node, n->in[i].output);
                uint32_t from =
                        feed >= 0 ? UINT32_MAX - (uint32_t)feed : c->draft_of[n->in[i].node->id];
                buf_append(key, &from, sizeof from);
                buf_append(key, &n->in[i].output, sizeof n->in[i].output);
        }
        if (n->value)
                buf_append(key, tensor_data(n->value), tensor_bytes(n->value));
}

/* Names and values are the client's: sized, no two lists of attributes look like one. */
static Status *pack_attrs(const Node *n, Buf *out)
{
        for (size_t i = 0; i < n->def->n_attr; i++) {
                const char *name = n->def->attr[i]->key;
                buf_append(out, name, strlen(name) + 1);
                TRY(proto_pack_sized(&n->def->attr[i]->value->base, out));
        }
        return buf_status(out);
}

static Status *same_attrs(const Node *a, const Node *b, bool *ret)
{
        autobuf x = BUF(MAX_KEY), y = BUF(MAX_KEY);
        TRY(pack_attrs(a, &x));
        TRY(pack_attrs(b, &y));
        *ret = x.len == y.len && (!x.len || !memcmp(x.data, y.data, x.len));
        return NULL;
}

/* The draft that does the same, or NULL. */
static Status *find(const Candidate *list, const Draft *d, Draft **ret)
{
        int n = 0;
        for (const Candidate *k = list; k && n < MAX_CANDIDATES; k = k->next, n++) {
                bool same = false;
                TRY(same_attrs(k->draft->node, d->node, &same));
                if (!same)
                        continue;
                *ret = k->draft;
                return NULL;
        }
        return NULL;
}

static Status *note_merged(Compile *c, const Node *gone, const Node *stays)
{
        PlanMerged *m = arena_alloc(c->plan->arena, sizeof *m);
        if (!m)
                return status_oom();
        *m = (PlanMerged){ .gone = gone, .stays = stays, .next = c->plan->merged };
        c->plan->merged = m;
        return NULL;
}

/* key: room for it, for one node after the other. */
static Status *merge(Compile *c, Map *seen, Draft *d, Buf *key)
{
        buf_reset(key);
        make_key(c, d, key);
        TRY(buf_status(key));
        Candidate *list = map_getn(seen, key->data, key->len);
        Draft *same = NULL;
        TRY(find(list, d, &same));
        if (same) {
                c->draft_of[d->node->id] = c->draft_of[same->node->id];
                d->merged = true;
                return note_merged(c, d->node, same->node);
        }
        Candidate *k = arena_alloc(c->scratch, sizeof *k);
        char *copy = arena_dup(c->scratch, key->data, key->len);
        if (!k || !copy)
                return status_oom();
        *k = (Candidate){ .draft = d, .next = list };
        return map_setn(seen, copy, key->len, k);
}

/* LoopCond hands on what it gets, which Switches take as well from whoever made it. Not from the
 * ops of control flow, whose outputs may be dead one by one. */
static bool passes_on(const Compile *c, const Node *n)
{
        const Node *from = n->n_in == 1 ? n->in[0].node : NULL;
        return from && !strcmp(n->op->def->name, "LoopCond") && !n->n_control && !c->fed[n->id] &&
               !c->fed[from->id] && from->op->def->flow == FLOW_NONE && !n->in[0].output &&
               !dtype_is_ref(from->out_types[0]);
}

static Status *pass_on(Compile *c, Draft *d)
{
        const Node *from = d->node->in[0].node;
        c->draft_of[d->node->id] = c->draft_of[from->id];
        d->merged = true;
        return note_merged(c, d->node, from);
}

/* In topological order: inputs have been merged before. */
Status *compile_merge(Compile *c)
{
        autobuf key = BUF(MAX_KEY);
        Map seen = { 0 };
        Status *s = NULL;
        if (!c->request->optimizer.merge_common)
                return NULL;
        for (uint32_t i = 0; i < c->n && !s; i++)
                if (passes_on(c, c->drafts[i].node))
                        s = pass_on(c, &c->drafts[i]);
                else if (mergeable(c, c->drafts[i].node))
                        s = merge(c, &seen, &c->drafts[i], &key);
        map_done(&seen);
        return s;
}
