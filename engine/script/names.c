// SPDX-License-Identifier: Apache-2.0
/* Names: those that new nodes get, and those that the script uses. */
#include "engine/base/nearest.h"
#include "engine/ops/registry.h"
#include "engine/script/build.h"

#include <string.h>

static bool is_taken(const Script *s, const char *name)
{
        return map_get(&s->made, name) || (s->existing && graph_find(s->existing, name));
}

/* Numbers go on where they ended for this base, so that a thousand Consts are not tried a thousand
 * times. */
static Status *number_of(Script *s, const char *base, int32_t **ret)
{
        *ret = map_get(&s->last, base);
        if (*ret)
                return NULL;
        char *key = arena_strdup(s->scratch, base);
        *ret = arena_calloc(s->scratch, 1, sizeof **ret);
        if (!key || !*ret)
                return status_oom();
        return map_set(&s->last, key, *ret);
}

/* TensorFlow's Python names: w, w_1, w_2. The last number is kept per base, or a loop of names
 * would be quadratic. */
Status *name_unique(Script *s, const char *base, const char **ret)
{
        int32_t *number;
        const char *name = arena_strdup(s->arena, base);
        if (!name)
                return status_oom();
        if (is_taken(s, name)) {
                TRY(number_of(s, base, &number));
                do {
                        name = arena_printf(s->arena, "%s_%d", base, ++*number);
                        if (!name)
                                return status_oom();
                } while (is_taken(s, name));
        }
        *ret = name;
        return NULL;
}

/* A name is what name= says, else the word that the result is assigned to, else the op's. */
Status *name_for(Script *s, const Expr *e, const char *given, const char *automatic,
                 const char **ret)
{
        const char *base;
        if (given)
                base = arena_printf(s->scratch, "%s%s", s->scope.prefix, given);
        else if (e == s->top && s->target)
                base = s->target;
        else
                base = arena_printf(s->scratch, "%s%s", s->inside, automatic);
        return base ? name_unique(s, base, ret) : status_oom();
}

/* A node of the graph that the session has already, as a value of the script. */
static Status *wrap_old(Script *s, const Node *old, const ScriptNode **ret)
{
        ScriptNode *n = arena_calloc(s->scratch, 1, sizeof *n);
        if (!n)
                return status_oom();
        n->name = old->name;
        n->op = old->op;
        n->old = old;
        *ret = n;
        return map_set(&s->made, n->name, n);
}

Status *name_find(Script *s, const char *name, const ScriptNode **ret)
{
        *ret = map_get(&s->bound, name);
        if (!*ret)
                *ret = map_get(&s->made, name);
        const Node *old = !*ret && s->existing ? graph_find(s->existing, name) : NULL;
        return old ? wrap_old(s, old, ret) : NULL;
}

Status *name_bind(Script *s, const char *name, const ScriptNode *n)
{
        return map_set(&s->bound, name, (ScriptNode *)n);
}

/* Nearest names of all three kinds: the script's words, its nodes, the graph's nodes. */
Status *name_missing(Script *s, const Expr *e, const char *name)
{
        Status *error = place_error(e->place, "nothing is called '%.80s' here", name);
        Nearest near = NEAREST(name);
        map_each (b, &s->bound)
                nearest_try(&near, b->key);
        map_each (m, &s->made)
                if (!map_get(&s->bound, m->key))
                        nearest_try(&near, m->key);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(error, "'%s' is similar", near.best[i]);
        const char *old[NEAREST_MAX];
        int n = s->existing ? graph_nearest(s->existing, name, old, NEAREST_MAX) : 0;
        for (int i = 0; i < n; i++)
                status_add_hint(error, "the graph has '%s'", old[i]);
        if (op_find(name))
                status_add_hint(error, "%s is an op: write %s(...)", name, name);
        return error;
}
