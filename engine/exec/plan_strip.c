// SPDX-License-Identifier: Apache-2.0
/* Stripping (grappler's debug stripper): nodes that only look whether all is well are replaced in
 * the plan: Assert by a NoOp, CheckNumerics and Print by Identities. What they took, they wait for
 * all the same, so that nothing else runs earlier or not at all. */
#include "engine/exec/compile.h"
#include "engine/ops/registry.h"

#include <string.h>

/* What stands for a node of that op, or NULL. */
static const char *stand_in(const char *op)
{
        if (!strcmp(op, "Assert"))
                return "NoOp";
        return !strcmp(op, "CheckNumerics") || !strcmp(op, "Print") ? "Identity" : NULL;
}

/* The message that partitions show: of another op, with inputs and types as they are now. */
static Status *describe(Arena *a, const Op *op, int n_in, const Node *old, Node *n)
{
        NodeDef *def = arena_dup(a, old->def, sizeof *def);
        if (!def)
                return status_oom();
        def->op = (char *)op->def->name;
        def->n_attr = 0;
        def->attr = arena_alloc(a, (old->def->n_attr + 1) * sizeof *def->attr);
        if (!def->attr)
                return status_oom();
        for (size_t i = 0; n_in && i < old->def->n_attr; i++)
                if (!strcmp(old->def->attr[i]->key, "T"))
                        def->attr[def->n_attr++] = old->def->attr[i];
        n->def = def;
        return NULL;
}

Status *compile_strip(const Compile *c, const Node **node)
{
        const Node *old = *node;
        const char *name = stand_in(old->op->def->name);
        const Op *op = name ? op_find(name) : NULL;
        if (!op)
                return NULL;
        Arena *a = c->plan->arena;
        int keeps = MIN(op->n_in, old->n_in), waits = old->n_in - keeps;
        Node *n = arena_dup(a, old, sizeof *old);
        const Node **control =
                arena_alloc(a, (size_t)(old->n_control + waits + 1) * sizeof *control);
        if (!n || !control)
                return status_oom();
        for (int i = 0; i < old->n_control; i++)
                control[i] = old->control[i];
        for (int i = keeps; i < old->n_in; i++)
                control[n->n_control++] = old->in[i].node;
        n->op = op;
        n->n_in = keeps;
        n->control = control;
        TRY(describe(a, op, keeps, old, n));
        *node = n;
        return NULL;
}
