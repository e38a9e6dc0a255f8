// SPDX-License-Identifier: Apache-2.0
/* What single nodes and groups of them have in common when they are compiled: how they are
 * prepared, and how a group is shown in the graphs of a step's metadata. */
#include "engine/exec/compile.h"

#include <string.h>

Status *compile_prepare(Compile *c, const Node *n, Status *(*prepare)(PrepareCtx *), Draft *d)
{
        d->state = NULL;
        if (!prepare)
                return NULL;
        const Shape **shapes = arena_alloc(c->scratch, (size_t)(n->n_in + 1) * sizeof *shapes);
        if (!shapes)
                return status_oom();
        for (int i = 0; i < n->n_in; i++)
                shapes[i] = d->in_constant[i] ? &d->in_constant[i]->shape
                                              : &n->in[i].node->out_shapes[n->in[i].output];
        PrepareCtx p = { .node = n,
                         .arena = c->plan->arena,
                         .constant = d->in_constant,
                         .shape = shapes,
                         .pack = c->request->optimizer.pack,
                         .bfloat16 = c->request->optimizer.bfloat16,
                         .functions = c->request->functions };
        Status *s = prepare(&p);
        d->state = p.state;
        return s;
}

Status *compile_group_def(Arena *a, const Node *n, char *op, const NodeDef *like, NodeDef **ret)
{
        NodeDef *def = arena_dup(a, like, sizeof *def);
        char **input = arena_alloc(a, (size_t)(n->n_in + n->n_control + 1) * sizeof *input);
        if (!def || !op || !input)
                return status_oom();
        for (int i = 0; i < n->n_in; i++)
                input[i] = (char *)n->in[i].node->name;
        for (int i = 0; i < n->n_control; i++)
                if (!(input[n->n_in + i] = arena_printf(a, "^%s", n->control[i]->name)))
                        return status_oom();
        def->name = (char *)n->name;
        def->op = op;
        def->input = input;
        def->n_input = (size_t)(n->n_in + n->n_control);
        *ret = def;
        return NULL;
}
