// SPDX-License-Identifier: Apache-2.0
/* If, StatelessIf: one of two functions, chosen by the first input. Case, StatelessCase: one of
 * many, by index. */
#include "engine/kernels/functional/functional.h"

typedef struct Branches {
        int n;
        const Function *f[];
} Branches;

static Status *branches_new(PrepareCtx *p, int n, Branches **ret)
{
        Branches *b = arena_alloc(p->arena, sizeof *b + (size_t)n * sizeof b->f[0]);
        if (!b)
                return status_oom();
        b->n = n;
        p->state = *ret = b;
        return NULL;
}

static Status *prepare_if(PrepareCtx *p)
{
        Branches *b = NULL;
        TRY(branches_new(p, 2, &b));
        TRY(functional_attr(p, "else_branch", &b->f[0]));
        return functional_attr(p, "then_branch", &b->f[1]);
}

static Status *prepare_case(PrepareCtx *p)
{
        const AttrValue *v = node_attr(p->node, "branches");
        if (!v || v->value_case != TENSORFLOW__ATTR_VALUE__VALUE_LIST || !v->list->n_func)
                return invalid_argument("NodeDef missing attr 'branches'");
        Branches *b = NULL;
        TRY(branches_new(p, (int)v->list->n_func, &b));
        for (int i = 0; i < b->n; i++)
                TRY(prepare_function(p, v->list->func[i], &b->f[i]));
        return NULL;
}

static void start_if(OpCtx *c)
{
        const Branches *b = ctx_state(c);
        bool holds = false;
        Status *s = condition_holds(ctx_input(c, 0), &holds);
        if (s)
                ctx_done(c, s);
        else
                call_and_finish(c, b->f[holds], 1);
}

/* An index outside takes the last branch. */
static void start_case(OpCtx *c)
{
        const Branches *b = ctx_state(c);
        if (tensor_rank(ctx_input(c, 0))) {
                ctx_done(c, invalid_argument("branch_index must be scalar"));
                return;
        }
        int64_t i = tensor_int(ctx_input(c, 0), 0);
        call_and_finish(c, b->f[i < 0 || i >= b->n ? b->n - 1 : i], 1);
}

#define IF_ATTRS                                                                  \
        "Tcond:type; Tin:list(type) >=0; Tout:list(type) >=0; then_branch:func; " \
        "else_branch:func; "                                                      \
        "output_shapes:list(shape) = []"
#define CASE_ATTRS                                                           \
        "Tin:list(type) >=0; Tout:list(type) >=0; branches:list(func) >=1; " \
        "output_shapes:list(shape) = []"

OP(If, .kernels = "Tcond:type in [" PLAIN_TYPES "]", .inputs = "cond:Tcond; input:Tin[]",
   .outputs = "output:Tout[]", .attrs = IF_ATTRS, .flags = "stateful", .shape = shape_unknown,
   .late_shape = true, .prepare = prepare_if, .start = start_if, .costly = true);
OP(StatelessIf, .kernels = "Tcond:type in [" PLAIN_TYPES "]", .inputs = "cond:Tcond; input:Tin[]",
   .outputs = "output:Tout[]", .attrs = IF_ATTRS, .shape = shape_unknown, .late_shape = true,
   .prepare = prepare_if, .start = start_if, .costly = true);
OP(Case, .inputs = "branch_index:int32; input:Tin[]", .outputs = "output:Tout[]",
   .attrs = CASE_ATTRS, .flags = "stateful", .shape = shape_unknown, .late_shape = true,
   .prepare = prepare_case, .start = start_case, .costly = true);
OP(StatelessCase, .inputs = "branch_index:int32; input:Tin[]", .outputs = "output:Tout[]",
   .attrs = CASE_ATTRS, .shape = shape_unknown, .late_shape = true, .prepare = prepare_case,
   .start = start_case, .costly = true);
