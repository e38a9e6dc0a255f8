// SPDX-License-Identifier: Apache-2.0
/* Function calls: a body's plan runs as a step of its own that shares the caller's session state
 * and cancellation. */
#include "engine/exec/function.h"

#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/exec/run.h"
#include "engine/exec/step.h"
#include "engine/graph/function_body.h"
#include "engine/graph/gradient_body.h"
#include "proto/wire.h"
#include <pthread.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_KEY = 64 << 20 };

struct Function {
        atomic_int refs;
        char *key;
        size_t key_len;
        FunctionBody *body;
        Plan *plan;
        TensorId *ids; /* arguments, results, targets */
};

struct FunctionCache {
        pthread_mutex_t lock; /* guards: functions */
        Map functions;        /* key -> Function, one reference each */
};

static void function_free(void *arg)
{
        function_unref(arg);
}

const Function *function_ref(const Function *f)
{
        atomic_fetch_add(&((Function *)f)->refs, 1);
        return f;
}

/* Plans point into the body's graph, so they go first. */
void function_unref(const Function *function)
{
        Function *f = (Function *)function;
        if (!f || atomic_fetch_sub(&f->refs, 1) != 1)
                return;
        plan_free(f->plan);
        function_body_free(f->body);
        mem_free(f->key);
        mem_free(f->ids);
        mem_free(f);
}
AUTOPTR_DEFINE(Function, function_unref)

int function_args(const Function *f)
{
        return f->body->n_args;
}

int function_results(const Function *f)
{
        return f->body->n_results;
}

Status *function_cache_new(FunctionCache **ret)
{
        FunctionCache *c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        pthread_mutex_init(&c->lock, NULL);
        *ret = c;
        return NULL;
}

/* Steps that still run hold their functions themselves. */
void function_cache_free(FunctionCache *c)
{
        if (!c)
                return;
        map_each (e, &c->functions)
                function_unref(e->value);
        map_done(&c->functions);
        pthread_mutex_destroy(&c->lock);
        mem_free(c);
}

/* ---- making ready ---- */

/* What is called: an attribute that names a function, or a node that is one. */
typedef struct Target {
        const char *name;
        const NameAttrList *list; /* or */
        const Node *node;
        bool gradient; /* of the function that list names */
} Target;

static const AttrValue *target_attr(const Target *t, const char *name)
{
        if (t->node)
                return node_attr(t->node, name);
        for (size_t i = t->list->n_attr; i-- > 0;)
                if (!strcmp(t->list->attr[i]->key, name))
                        return t->list->attr[i]->value;
        return NULL;
}

/* Optimizations, devices, name and attribute values: what tells one instance from another. */
static Status *make_key(const FunctionDef *f, const Target *t, const FunctionScope *scope, Buf *key)
{
        buf_append(key, &scope->optimizer, sizeof scope->optimizer);
        buf_append(key, &scope->place_key, sizeof scope->place_key);
        buf_append(key, &t->gradient, sizeof t->gradient);
        buf_append(key, t->name, strlen(t->name) + 1);
        /* A gradient may be an op's own; then all its attributes count. */
        for (size_t i = 0; !f && i < t->list->n_attr; i++) {
                buf_append(key, t->list->attr[i]->key, strlen(t->list->attr[i]->key) + 1);
                TRY(proto_pack_sized(
                        t->list->attr[i]->value ? &t->list->attr[i]->value->base : NULL, key));
        }
        for (size_t i = 0; f && i < f->signature->n_attr; i++) {
                const char *name = f->signature->attr[i]->name;
                const AttrValue *v = target_attr(t, name);
                buf_append(key, name, strlen(name) + 1);
                TRY(proto_pack_sized(v ? &v->base : NULL, key));
        }
        return buf_status(key);
}

/* Arguments are feeds, results fetches, control outputs targets: a body is a step like any other.
 * The depth counts how deep instantiations nest, which bounds recursion. */
static Status *compile(Function *f, const FunctionScope *scope)
{
        const FunctionBody *b = f->body;
        FunctionScope inner = *scope;
        inner.depth++;
        inner.used = NULL;
        size_t n = (size_t)(b->n_args + b->n_results + b->n_targets);
        TensorId *ids = f->ids = mem_calloc(n + 1, sizeof *ids);
        if (!ids)
                return status_oom();
        TensorId *feeds = ids, *fetches = feeds + b->n_args, *targets = fetches + b->n_results;
        for (int i = 0; i < b->n_args; i++)
                feeds[i] = (TensorId){ .node = b->args[i] };
        for (int i = 0; i < b->n_results; i++)
                fetches[i] =
                        (TensorId){ .node = b->results[i].node, .output = b->results[i].output };
        for (int i = 0; i < b->n_targets; i++)
                targets[i] = (TensorId){ .node = b->targets[i], .output = -1 };
        PlanRequest r = { .feeds = feeds,
                          .n_feeds = b->n_args,
                          .fetches = fetches,
                          .n_fetches = b->n_results,
                          .targets = targets,
                          .n_targets = b->n_targets,
                          .optimizer = scope->optimizer,
                          .place = scope->place,
                          .place_arg = scope->place_arg,
                          .functions = &inner };
        return plan_compile(b->graph, &r, &f->plan);
}

/* One instance for each set of attributes; the key is kept for the cache. */
static Status *instantiate(const FunctionScope *scope, const Target *t, Buf *key, Function **ret)
{
        autoptr(Function) f = mem_calloc(1, sizeof *f);
        if (!f)
                return status_oom();
        atomic_init(&f->refs, 1);
        TRY(t->node       ? function_body_of(scope->library, t->node, &f->body)
            : t->gradient ? gradient_body_new(scope->library, t->list, &f->body)
                          : function_body_new(scope->library, t->list, &f->body));
        TRY(compile(f, scope));
        f->key = buf_take(key, &f->key_len);
        if (!f->key)
                return status_oom();
        *ret = steal(&f);
        return NULL;
}

static Function *cache_find(FunctionCache *c, const Buf *key)
{
        pthread_mutex_lock(&c->lock);
        Function *f = map_getn(&c->functions, key->data, key->len);
        if (f)
                atomic_fetch_add(&f->refs, 1);
        pthread_mutex_unlock(&c->lock);
        return f;
}

/* Two sessions may have made the same one: the first stays in the table, both are good. */
static Status *cache_add(FunctionCache *c, Function *f)
{
        Status *s = NULL;
        pthread_mutex_lock(&c->lock);
        if (!map_getn(&c->functions, f->key, f->key_len)) {
                s = map_setn(&c->functions, f->key, f->key_len, f);
                if (!s)
                        atomic_fetch_add(&f->refs, 1);
        }
        pthread_mutex_unlock(&c->lock);
        return s;
}

/* *ret lives as long as the plan that is being made. */
static Status *get(PrepareCtx *p, const Target *t, const Function **ret)
{
        FunctionScope *scope = p->functions;
        const FunctionDef *def = scope ? graph_function(scope->library, t->name) : NULL;
        if (!def && !(scope && t->gradient))
                return not_found("Function %s is not defined.", t->name);
        if (scope->depth >= MAX_DEPTH)
                return invalid_argument("Function %s: calls are nested more than %d deep", t->name,
                                        MAX_DEPTH);
        autobuf key = BUF(MAX_KEY);
        TRY(make_key(def, t, scope, &key));
        autoptr(Function) f = cache_find(scope->cache, &key);
        if (!f) {
                TRY(instantiate(scope, t, &key, &f));
                TRY(cache_add(scope->cache, f));
        }
        FunctionUse *use = arena_alloc(p->arena, sizeof *use);
        if (!use)
                return status_oom();
        TRY(arena_on_free(p->arena, function_free, f));
        *use = (FunctionUse){ .function = f, .next = scope->used };
        scope->used = use;
        *ret = steal(&f);
        return NULL;
}

FunctionView function_view(const Function *f)
{
        return (FunctionView){ .graph = f->body->graph,
                               .plan = f->plan,
                               .feeds = f->ids,
                               .fetches = f->ids + f->body->n_args };
}

Status *prepare_function(PrepareCtx *p, const NameAttrList *l, const Function **ret)
{
        return get(p, &(Target){ .name = l->name, .list = l }, ret);
}

Status *prepare_gradient(PrepareCtx *p, const NameAttrList *l, const Function **ret)
{
        return get(p, &(Target){ .name = l->name, .list = l, .gradient = true }, ret);
}

Status *function_prepare_node(PrepareCtx *p)
{
        const Function *f = NULL;
        TRY(get(p, &(Target){ .name = p->node->op->def->name, .node = p->node }, &f));
        p->state = (void *)f;
        return NULL;
}

/* ---- calling ---- */

typedef struct FunctionCall {
        Tensor **ret;
        int n_ret;
        CallDone done;
        void *arg;
        Status *status; /* how the step has ended */
} FunctionCall;

static void on_step_done(void *arg, Status *s, Tensor *const *values)
{
        FunctionCall *call = arg;
        call->status = s;
        for (int i = 0; !s && i < call->n_ret; i++)
                call->ret[i] = tensor_ref(values[i]);
}

/* The caller hears of it behind the step's end: what comes then may be the end of a session. */
static void after_step(void *arg)
{
        FunctionCall call = *(FunctionCall *)arg;
        block_free(arg, sizeof call);
        call.done(call.arg, call.status);
}

/* The caller's node has been checked against the signature; a function chosen by a value at run
 * time (Case) has not. */
static Status *check_call(const Function *f, Tensor *const *args, int n_args, int n_ret)
{
        const FunctionBody *b = f->body;
        if (n_args != b->n_args)
                return invalid_argument("Expects %d arguments, but %d is provided", b->n_args,
                                        n_args);
        if (n_ret != b->n_results)
                return invalid_argument("The function returns %d values, but %d are expected",
                                        b->n_results, n_ret);
        for (int i = 0; i < n_args; i++) {
                DType want = b->args[i]->out_types[0];
                if (args[i]->dtype != want)
                        return invalid_argument("Expects arg[%d] to be %s but %s is provided", i,
                                                dtype_name(want), dtype_name(args[i]->dtype));
        }
        return NULL;
}

/* The call runs with its caller's resources, on its device, under the given token. */
static Status *make_step(OpCtx *c, Cancel *cancel, const Function *f, Tensor *const *args,
                         const FunctionCall *call, Step **ret)
{
        FunctionCall *copy = block_alloc(sizeof *copy);
        if (!copy)
                return status_oom();
        *copy = *call;
        const NodeRun *caller = c->frame;
        StepSpec spec = { .plan = f->plan,
                          .env = *c->env,
                          .feeds = args,
                          .since_ns = caller->step ? step_since(caller->step) : 0,
                          .done = on_step_done,
                          .after = after_step,
                          .arg = copy };
        spec.env.cancel = cancel;
        spec.env.device = run_device(caller);
        Status *s = step_new(&spec, ret);
        if (s)
                block_free(copy, sizeof *copy);
        return s;
}

/* With a token of its own: who calls may cancel one call and go on. */
void ctx_call_apart(OpCtx *c, Cancel *cancel, const Function *f, Tensor *const *args, int n_args,
                    Tensor **ret, int n_ret, CallDone done, void *arg)
{
        FunctionCall call = { .ret = ret, .n_ret = n_ret, .done = done, .arg = arg };
        Step *step = NULL;
        Status *s = check_call(f, args, n_args, n_ret);
        if (!s)
                s = make_step(c, cancel, f, args, &call, &step);
        if (s)
                done(arg, s);
        else
                step_start(step);
}

void ctx_call(OpCtx *c, const Function *f, Tensor *const *args, int n_args, Tensor **ret, int n_ret,
              CallDone done, void *arg)
{
        ctx_call_apart(c, c->env->cancel, f, args, n_args, ret, n_ret, done, arg);
}

/* ---- a node that is a function ---- */

typedef struct NodeCall {
        OpCtx *c;
        Tensor *ret[];
} NodeCall;

static void on_node_done(void *arg, Status *s)
{
        NodeCall *call = arg;
        OpCtx *c = call->c;
        for (int i = 0; !s && i < c->n_out; i++)
                ctx_set_output(c, i, call->ret[i]);
        ctx_done(c, s);
}

/* A node whose op is a function. */
static void start_node(OpCtx *c)
{
        NodeCall *call = ctx_scratch(c, sizeof *call + (size_t)c->n_out * sizeof call->ret[0]);
        if (!call) {
                ctx_done(c, status_oom());
                return;
        }
        call->c = c;
        ctx_call(c, ctx_state(c), c->in, c->n_in, call->ret, c->n_out, on_node_done, call);
}

const OpDef function_call_op = {
        .name = "function", .start = start_node, .late_shape = true, .costly = true
};
