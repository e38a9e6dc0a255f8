// SPDX-License-Identifier: Apache-2.0
/* Names as TensorFlow's Python client resolves them, with its exceptions and texts. */
#include "engine/session/inside.h"

#include "engine/ops/registry.h"
#include <string.h>

static Status *with_exception(Status *s, const char *exception)
{
        status_set_exception(s, exception);
        return s;
}

Status *client_closed(void)
{
        return with_exception(failed_precondition("Attempted to use a closed Session."),
                              "RuntimeError");
}

Status *client_empty_graph(void)
{
        return with_exception(
                invalid_argument(
                        "The Session graph is empty.  Add operations to the graph before calling "
                        "run()."),
                "RuntimeError");
}

static void hint_names(Status *s, const Graph *g, const char *name)
{
        const char *near[3];
        int n = graph_nearest(g, name, near, (int)COUNTOF(near));
        for (int i = 0; i < n; i++)
                status_add_hint(s, "Did you mean '%s'?", near[i]);
}

/* "a:0" into node and output. */
static Status *resolve_tensor(const Graph *g, const char *name, TensorId *ret)
{
        size_t len;
        int index;
        bool has_index;
        if (!tensor_name_parse(name, &len, &index, &has_index) || !has_index || name[0] == '^')
                return invalid_argument("The name '%s' looks a like a Tensor name, but is not a "
                                        "valid one. Tensor names must "
                                        "be of the form \"<op_name>:<output_index>\".",
                                        name);
        const Node *node = graph_findn(g, name, len);
        if (!node) {
                Status *s = invalid_argument("The name '%s' refers to a Tensor which does not "
                                             "exist. The operation, '%.*s', "
                                             "does not exist in the graph.",
                                             name, (int)len, name);
                autofree char *op = mem_strndup(name, len);
                if (op)
                        hint_names(s, g, op);
                return s;
        }
        if (index >= node->n_out)
                return invalid_argument("The name '%s' refers to a Tensor which does not exist. "
                                        "The operation, '%s', exists "
                                        "but only has %d outputs.",
                                        name, node->name, node->n_out);
        *ret = (TensorId){ .node = node, .output = index };
        return NULL;
}

/* TensorFlow's Python text, with the nearest names. */
static Status *resolve_operation(const Graph *g, const char *name, TensorId *ret)
{
        const Node *node = graph_find(g, name);
        if (!node) {
                Status *s = invalid_argument(
                        "The name '%s' refers to an Operation not in the graph.", name);
                hint_names(s, g, name);
                return s;
        }
        *ret = (TensorId){ .node = node, .output = -1 };
        return NULL;
}

Status *client_fetch(const Graph *g, const char *name, TensorId *ret)
{
        Status *s =
                strchr(name, ':') ? resolve_tensor(g, name, ret) : resolve_operation(g, name, ret);
        if (!s)
                return NULL;
        s = status_wrap(s, "Fetch argument '%s' cannot be interpreted as a Tensor. (", name);
        return with_exception(status_append(s, ")"), "ValueError");
}

Status *client_element(const Graph *g, const char *name)
{
        TensorId id;
        Status *s =
                strchr(name, ':') ? resolve_tensor(g, name, &id) : resolve_operation(g, name, &id);
        return s ? with_exception(s, "KeyError") : NULL;
}

/* A feed may be named "x" or "x:0"; the first is common enough to have a path of its own. */
Status *client_feed(const Graph *g, const char *key, const char *what, TensorId *ret)
{
        bool bare = !strchr(key, ':');
        const Node *node = bare ? graph_find(g, key) : NULL;
        if (LIKELY(node && node->n_out > 0)) {
                *ret = (TensorId){ .node = node, .output = 0 };
                return NULL;
        }
        autofree char *full = bare ? mem_printf("%s:0", key) : NULL;
        if (bare && !full)
                return status_oom();
        Status *s = resolve_tensor(g, full ? full : key, ret);
        if (!s)
                return NULL;
        return with_exception(status_wrap(s, "Cannot interpret %s key as Tensor: ", what),
                              "TypeError");
}
