// SPDX-License-Identifier: Apache-2.0
/* What a partial_run call is refused for: names, values used up, fetches that cannot be computed
 * yet, shapes. */
#include "engine/session/partial.h"

#include "engine/base/mem.h"
#include <string.h>

/* loose: "a" is "a:0". */
static int find_name(char *const *names, int n, const char *name, bool loose)
{
        for (int i = 0; i < n; i++) {
                size_t len = strlen(names[i]);
                if (!strcmp(names[i], name) ||
                    (loose && !strncmp(names[i], name, len) && !strcmp(name + len, ":0")) ||
                    (loose && !strncmp(names[i], name, strlen(name)) &&
                     !strcmp(names[i] + strlen(name), ":0")))
                        return i;
        }
        return -1;
}

/* Declared, and not fed before. */
static Status *check_feeds(const PartialRun *p, const RunRequest *r, int *which)
{
        for (int i = 0; i < r->n_feeds; i++) {
                which[i] = find_name(p->feed_names, (int)p->compiled->plan->n_feeds,
                                     r->feeds[i].key, true);
                if (which[i] < 0)
                        return invalid_argument(
                                "The feed %s was not specified in partial_run_setup.",
                                r->feeds[i].key);
                if (p->fed[which[i]])
                        return invalid_argument("The feed %s has already been fed.",
                                                r->feeds[i].key);
        }
        return NULL;
}

/* Declared, and not fetched before; operations cannot be fetched in parts. */
static Status *check_fetches(const PartialRun *p, const RunRequest *r, int *which)
{
        for (int i = 0; i < r->n_fetches; i++) {
                if (!strchr(r->fetches[i], ':') && !r->core_names) {
                        Status *s = invalid_argument("partial_run() requires empty target_list.");
                        status_set_exception(s, "RuntimeError");
                        return s;
                }
                int k = find_name(p->fetch_names, p->compiled->n_fetches, r->fetches[i],
                                  r->core_names);
                which[i] = k < 0 ? -1 : p->compiled->fetch[k];
                if (which[i] < 0)
                        return invalid_argument(
                                "The fetch %s was not specified in partial_run_setup.",
                                r->fetches[i]);
                if (p->fetched[which[i]])
                        return invalid_argument("The fetch %s has already been fetched.",
                                                r->fetches[i]);
        }
        return NULL;
}

/* Fed by an earlier call or by this one? Returns -1 when the output is no declared feed. */
static int feed_state(const PartialRun *p, const RunRequest *r, const int *which, const Node *node,
                      int output, int *ret_feed)
{
        const Compiled *c = p->compiled;
        for (uint32_t i = 0; i < c->plan->n_feeds; i++) {
                if (c->feeds[i].node != node || c->feeds[i].output != output)
                        continue;
                bool now = p->fed[i];
                for (int k = 0; k < r->n_feeds; k++)
                        now |= which[k] == (int)i;
                *ret_feed = (int)i;
                return now;
        }
        return -1;
}

typedef struct Walk {
        const Node **stack;
        uint8_t *seen;
        size_t n;
} Walk;

static void push(Walk *w, const Node *node)
{
        if (w->seen[node->id])
                return;
        w->seen[node->id] = 1;
        w->stack[w->n++] = node;
}

/* Walks the whole graph above the call's fetches, past feeds that are there, and finds one that is
 * not. */
static Status *walk(const PartialRun *p, const RunRequest *r, const int *feeds, const int *fetches,
                    Walk *w)
{
        for (int i = 0; i < r->n_fetches; i++)
                push(w, p->compiled->fetches[fetches[i]].node);
        while (w->n) {
                const Node *node = w->stack[--w->n];
                for (int i = 0; i < node->n_in; i++) {
                        int feed;
                        if (feed_state(p, r, feeds, node->in[i].node, node->in[i].output, &feed) ==
                            0)
                                return invalid_argument("Fetch %s:%d can't be computed from the "
                                                        "feeds that have been fed so "
                                                        "far.",
                                                        node->in[i].node->name, node->in[i].output);
                        push(w, node->in[i].node);
                }
                for (int i = 0; i < node->n_control; i++)
                        push(w, node->control[i]);
        }
        return NULL;
}

/* What is fetched must not need a feed that has not come. */
static Status *check_reachable(PartialRun *p, const RunRequest *r, const int *feeds,
                               const int *fetches)
{
        autofree const Node **stack = mem_calloc(p->n_nodes + 1, sizeof *stack);
        autofree uint8_t *seen = mem_calloc(p->n_nodes + 1, 1);
        if (!stack || !seen)
                return status_oom();
        Walk w = { .stack = stack, .seen = seen };
        return walk(p, r, feeds, fetches, &w);
}

/* As for a run. */
static Status *check_values(PartialRun *p, const RunRequest *r, const int *which)
{
        autofree Feed *feeds = mem_calloc(p->compiled->plan->n_feeds + 1, sizeof *feeds);
        if (!feeds)
                return status_oom();
        for (int i = 0; i < r->n_feeds; i++)
                feeds[which[i]] = r->feeds[i];
        RunRequest all = { .feeds = feeds, .n_feeds = (int)p->compiled->plan->n_feeds };
        return signature_check_feeds(p->compiled, &all);
}

Status *partial_check(PartialRun *p, const RunRequest *r, int *feeds, int *fetches)
{
        TRY(check_feeds(p, r, feeds));
        TRY(check_fetches(p, r, fetches));
        TRY(check_reachable(p, r, feeds, fetches));
        return check_values(p, r, feeds);
}
