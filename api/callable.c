// SPDX-License-Identifier: Apache-2.0
#include "api/callable.h"

#include "api/limits.h"
#include "api/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one ---- */

static Status *bad_feed_list(void)
{
        Status *s = invalid_argument("`feed_list` must be a list or tuple.");
        status_set_exception(s, "TypeError");
        status_set_pointer(s, "/feed_list");
        return s;
}

/* As positions count, a name may not come twice. */
static Status *parse_feed_list(Callable *c, JsonSpan v)
{
        JsonArray a;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        if (scan_kind(v) != '[')
                return bad_feed_list();
        TRY(fetch_parse_names(v, "/feed_list", &c->feeds));
        TRY(scan_array(c->arena, v, &a));
        if (a.n == (size_t)c->feeds.n)
                return NULL;
        Status *s = invalid_argument("A tensor is in feed_list more than once.");
        status_set_pointer(s, "/feed_list");
        return s;
}

/* {"max_batch_size": rows, "batch_timeout_micros": 0} */
static Status *parse_batching(Callable *c, JsonSpan v)
{
        static const char *const members[] = { "max_batch_size", "batch_timeout_micros", NULL };
        JsonObject o;
        double rows = 0, us = 0;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        TRY(scan_object(c->arena, v, &o));
        TRY(scan_only(&o, members));
        JsonSpan size = scan_get(&o, "max_batch_size"), wait = scan_get(&o, "batch_timeout_micros");
        if (!size.at)
                return invalid_argument("batching needs a max_batch_size.");
        TRY(member_number(size, "/batching/max_batch_size", 1, BATCH_MAX_ROWS, &rows));
        if (wait.at)
                TRY(member_number(wait, "/batching/batch_timeout_micros", 0, BATCH_MAX_TIMEOUT_US,
                                  &us));
        return batcher_new(&(BatchOptions){ (int64_t)rows, (int64_t)us }, &c->batcher);
}

/* Members of the client's layer, or the core's CallableOptions whole. */
static Status *parse(Callable *c, JsonSpan spec)
{
        static const char *const members[] = { "fetches",  "feed_list",        "targets", "options",
                                               "batching", "callable_options", NULL };
        JsonObject o;
        TRY(scan_object(c->arena, spec, &o));
        TRY(scan_only(&o, members));
        JsonSpan core = scan_get(&o, "callable_options");
        if (core.at && o.n > 1)
                return invalid_argument("callable_options go without any other member but name.");
        if (core.at)
                return callable_parse_core(c, core);
        JsonSpan fetches = scan_get(&o, "fetches"), targets = scan_get(&o, "targets");
        TRY(parse_feed_list(c, scan_get(&o, "feed_list")));
        c->has_fetches = fetches.at != NULL;
        if (fetches.at)
                TRY(fetch_parse(fetches, "/fetches", &c->fetches, &c->root));
        if (targets.at && scan_kind(targets) != 'n')
                TRY(fetch_parse_names(targets, "/targets", &c->targets));
        if (!fetches.at && !c->targets.n)
                return run_nothing_to_do();
        TRY(parse_batching(c, scan_get(&o, "batching")));
        return run_parse_options(scan_get(&o, "options"), c->arena, &c->options);
}

/* The spec is kept as text: it is what is stored, shown, and parsed again after a restart. */
Status *callable_new(const char *name, JsonSpan spec, int64_t created_us, Callable **ret)
{
        autoptr(Callable) c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        atomic_init(&c->refs, 1);
        TRY(session_callable_new(&c->prepared));
        TRY(arena_new(LIMIT_ARENA, &c->arena));
        char *text = arena_alloc(c->arena, spec.len + 1);
        c->name = arena_strdup(c->arena, name);
        c->created_us = created_us;
        if (!text || !c->name)
                return status_oom();
        memcpy(text, spec.at, spec.len);
        text[spec.len] = 0;
        c->spec = text;
        c->fetches.arena = c->targets.arena = c->feeds.arena = c->arena;
        TRY(parse(c, (JsonSpan){ text, spec.len }));
        *ret = steal(&c);
        return NULL;
}

Callable *callable_ref(Callable *c)
{
        atomic_fetch_add(&c->refs, 1);
        return c;
}

/* Calls under way hold it: a release does not wait for them. */
void callable_unref(Callable *c)
{
        if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
                return;
        fetch_names_done(&c->fetches);
        fetch_names_done(&c->targets);
        fetch_names_done(&c->feeds);
        batcher_unref(c->batcher);
        session_callable_free(c->prepared);
        if (c->arena)
                arena_free(c->arena);
        mem_free(c);
}

/* The place in the request of a feed that the engine complains of. */
static Status *point(const Callable *c, Arena *a, Status *s)
{
        const char *pointer = status_pointer(s);
        if (c->core)
                return s;
        for (int i = 0; pointer && i < c->feeds.n; i++)
                if (strncmp(pointer, "/feeds/", 7) == 0 &&
                    strcmp(pointer + 7, c->feeds.names[i]) == 0) {
                        status_set_pointer(s, "/feed_list/%d", i);
                        return s;
                }
        return c->has_fetches ? fetch_point(&c->root, &c->fetches, a, s) : s;
}

/* The same names in each call, which is what makes the plan's cache hit. */
RunRequest callable_request(const Callable *c)
{
        return (RunRequest){ .fetches = c->fetches.names,
                             .n_fetches = c->fetches.n,
                             .n_feeds = c->feeds.n,
                             .targets = c->targets.names,
                             .n_targets = c->targets.n,
                             .connections = c->connections,
                             .n_connections = c->n_connections,
                             .options = c->options,
                             .callable = true,
                             .core_names = c->core,
                             .prepared = c->prepared };
}

/* Compiles once, so that a callable that can be made can be called. */
Status *callable_check(const Callable *c, Session *session)
{
        autoptr(Arena) scratch = NULL;
        TRY(callable_check_devices(c, session));
        TRY(arena_new(LIMIT_ARENA, &scratch));
        Feed *feeds = arena_calloc(scratch, (size_t)c->feeds.n + 1, sizeof *feeds);
        if (!feeds)
                return status_oom();
        for (int i = 0; i < c->feeds.n; i++)
                feeds[i].key = c->feeds.names[i];
        RunRequest q = callable_request(c);
        q.feeds = feeds;
        Status *s = session_prepare(session, &q);
        if (!s && c->batcher && (s = batcher_check(session, &q)))
                status_set_pointer(s, "/batching");
        return s ? point(c, scratch, s) : NULL;
}
