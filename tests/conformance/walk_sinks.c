// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/walk_sinks.h"
#include "engine/base/auto.h"
#include "engine/base/mem.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

#define MAX_SINKS 64

void sinks_done(Sinks *s)
{
        for (size_t i = 0; i < s->n; i++)
                mem_free(s->tensor[i]);
        mem_free(s->tensor);
        *s = (Sinks){ 0 };
}

static void add(Sinks *s, const char *tensor)
{
        if (s->n == s->cap) {
                size_t cap = s->cap ? 2 * s->cap : 16;
                char **more = mem_realloc(s->tensor, cap * sizeof(*more));
                if (!more)
                        return;
                s->tensor = more;
                s->cap = cap;
        }
        char *copy = mem_printf(strchr(tensor, ':') ? "%s" : "%s:0", tensor);
        if (copy)
                s->tensor[s->n++] = copy;
}

/* Each run would change what the next one sees, or the disk. */
static bool leaves_traces(const char *op)
{
        static const char *const begin[] = { "Assign",
                                             "Apply",
                                             "ResourceApply",
                                             "SparseApply",
                                             "Scatter",
                                             "Save",
                                             "Restore",
                                             "MergeV2",
                                             "Queue",
                                             "WriteFile",
                                             "ResourceSparseApply",
                                             "ResourceScatter",
                                             "Placeholder",
                                             "NoOp" };
        for (size_t i = 0; i < COUNTOF(begin); i++)
                if (!strncmp(op, begin[i], strlen(begin[i])))
                        return true;
        return false;
}

bool sinks_saver(const char *name)
{
        return fnmatch("save/*", name, 0) == 0 || fnmatch("save_[0-9]*/*", name, 0) == 0;
}

/* Resources and variants stay on the server. */
static bool can_be_fetched(const json_t *node)
{
        size_t i;
        json_t *out;
        json_array_foreach (json_object_get(node, "outputs"), i, out) {
                const char *dtype = json_string_value(json_object_get(out, "dtype"));
                if (!dtype || !strcmp(dtype, "resource") || !strcmp(dtype, "variant"))
                        return false;
        }
        return i > 0;
}

/* The names of all nodes that others take something from. */
static json_t *used_nodes(const json_t *nodes)
{
        json_t *used = json_object(), *node, *input;
        size_t i, k;
        json_array_foreach (nodes, i, node)
                json_array_foreach (json_object_get(node, "inputs"), k, input) {
                        const char *name = json_string_value(input);
                        name += *name == '^';
                        json_object_setn_new_nocheck(used, name, strcspn(name, ":"), json_true());
                }
        return used;
}

static void find(const json_t *nodes, const char *except, bool constants, Sinks *ret)
{
        json_t *used = used_nodes(nodes), *node;
        size_t i;
        json_array_foreach (nodes, i, node) {
                const char *name = json_string_value(json_object_get(node, "name"));
                const char *op = json_string_value(json_object_get(node, "op"));
                if (!name || !op || ret->n == MAX_SINKS || json_object_get(used, name) ||
                    sinks_saver(name) || (except && fnmatch(except, name, 0) == 0))
                        continue;
                /* What a function would return. */
                if (!strcmp(op, "_Retval"))
                        add(ret,
                            json_string_value(json_array_get(json_object_get(node, "inputs"), 0)));
                else if (!leaves_traces(op) && !strcmp(op, "Const") == constants &&
                         can_be_fetched(node))
                        add(ret,
                            json_string_value(json_object_get(
                                    json_array_get(json_object_get(node, "outputs"), 0), "name")));
        }
        json_decref(used);
}

/* Constants are worth a run when there is nothing else. */
void sinks_find(const json_t *nodes, const char *except, Sinks *ret)
{
        find(nodes, except, false, ret);
        if (!ret->n)
                find(nodes, except, true, ret);
}
