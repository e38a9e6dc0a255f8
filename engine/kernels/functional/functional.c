// SPDX-License-Identifier: Apache-2.0
/* Calling one function and passing its results on. */
#include "engine/kernels/functional/functional.h"

typedef struct Finish {
        OpCtx *c;
        Tensor *ret[];
} Finish;

static void on_done(void *arg, Status *s)
{
        Finish *f = arg;
        OpCtx *c = f->c;
        for (int i = 0; !s && i < ctx_outputs(c); i++)
                ctx_set_output(c, i, f->ret[i]);
        ctx_done(c, s);
}

void call_and_finish(OpCtx *c, const Function *f, int first)
{
        int n = ctx_outputs(c);
        Finish *call = ctx_scratch(c, sizeof *call + (size_t)n * sizeof call->ret[0]);
        if (!call) {
                ctx_done(c, status_oom());
                return;
        }
        call->c = c;
        ctx_call(c, f, c->in + first, ctx_inputs(c) - first, call->ret, n, on_done, call);
}

Status *condition_holds(const Tensor *t, bool *ret)
{
        DType type = tensor_dtype(t);
        if (tensor_rank(t)) {
                *ret = tensor_count(t) > 0;
                return NULL;
        }
        switch (type) {
        case DT_STRING: *ret = tensor_strings(t)->len > 0; return NULL;
        case DT_FLOAT:
        case DT_DOUBLE:
        case DT_INT32:
        case DT_UINT8:
        case DT_INT16:
        case DT_INT8:
        case DT_INT64:
        case DT_BOOL: *ret = tensor_double(t, 0) != 0; return NULL;
        default: return invalid_argument("%s cannot be converted to a boolean", dtype_name(type));
        }
}

Status *functional_attr(PrepareCtx *p, const char *attr, const Function **ret)
{
        const NameAttrList *f;
        TRY(node_attr_func(p->node, attr, &f));
        return prepare_function(p, f, ret);
}
