// SPDX-License-Identifier: Apache-2.0
/* Tensor connections: a node of the graph never changes, so a consumer that is to take another
 * tensor is copied into the plan, with other inputs. What comes later sees the copy only. */
#include "engine/exec/compile.h"

#include <string.h>

/* The connection that replaces an output, or NULL. */
static const PlanConnection *connection_of(const Compile *c, const Node *node, int64_t output)
{
        for (int i = 0; i < c->request->n_connections; i++) {
                const PlanConnection *k = &c->request->connections[i];
                if (k->to.node == node && k->to.output == output)
                        return k;
        }
        return NULL;
}

static bool is_placeholder(const Node *node)
{
        return !strcmp(node->op->def->name, "Placeholder") ||
               !strcmp(node->op->def->name, "PlaceholderV2");
}

/* TensorFlow puts an Identity between the two, so that types must agree and refs end there. */
static Status *check_types(const Node *node, int i, const PlanConnection *k)
{
        DType from = dtype_base(k->from.node->out_types[k->from.output]);
        DType want = node->in_types[i];
        if (dtype_is_ref(want))
                return invalid_argument("%d-th input expects a ref type", i);
        if (from == want)
                return NULL;
        return invalid_argument(
                "Input %d of node %s was passed %s from _identity_%s_%d:0 incompatible with "
                "expected %s.",
                i, node->name, dtype_name(from), k->to.node->name, (int)k->to.output,
                dtype_name(want));
}

/* Whether any input is connected elsewhere. */
static bool is_touched(const Compile *c, const Node *node)
{
        for (int i = 0; i < node->n_in; i++)
                if (connection_of(c, node->in[i].node, node->in[i].output))
                        return true;
        for (int i = 0; i < node->n_control; i++)
                if (is_placeholder(node->control[i]) && connection_of(c, node->control[i], 0))
                        return true;
        return false;
}

/* The plan gets a node of its own, since graphs never change. */
Status *compile_connect(const Compile *c, const Node **node)
{
        const Node *old = *node;
        Arena *a = c->plan->arena;
        if (!c->request->n_connections || !is_touched(c, old))
                return NULL;
        Node *copy = arena_dup(a, old, sizeof *old);
        Edge *in = arena_alloc(a, ((size_t)old->n_in + 1) * sizeof *in);
        const Node **control = arena_alloc(a, ((size_t)old->n_control + 1) * sizeof *control);
        if (!copy || !in || !control)
                return status_oom();
        for (int i = 0; i < old->n_in; i++) {
                const PlanConnection *k = connection_of(c, old->in[i].node, old->in[i].output);
                in[i] = old->in[i];
                if (!k)
                        continue;
                TRY(check_types(old, i, k));
                in[i].node = k->from.node;
                in[i].output = (int)k->from.output;
        }
        /* Who waits for a placeholder waits for what stands in for it, as with a feed. */
        for (int i = 0; i < old->n_control; i++) {
                const PlanConnection *k = connection_of(c, old->control[i], 0);
                control[i] = k && is_placeholder(old->control[i]) ? k->from.node : old->control[i];
        }
        copy->in = in;
        copy->control = control;
        *node = copy;
        return NULL;
}
