// SPDX-License-Identifier: Apache-2.0
/* The executor's side of OpCtx: outputs, scratch, resources by TensorFlow's naming rules. */
#include "engine/base/buf.h"
#include "engine/exec/step_inside.h"
#include "engine/ops/ctx_own.h"
#include "engine/ops/signature.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static NodeRun *run_of(const OpCtx *c)
{
        return c->frame;
}

Status *ctx_alloc(OpCtx *c, int i, const Shape *shape, Tensor **ret)
{
        Tensor *t = NULL;
        TRY(tensor_new(dtype_base(c->node->out_types[i]), shape, &t));
        ctx_set_output(c, i, t);
        *ret = t;
        return NULL;
}

void ctx_set_output(OpCtx *c, int i, Tensor *t)
{
        tensor_unref(c->out[i]);
        c->out[i] = t;
}

enum { SCRATCH_HEAD = MEM_ALIGN };

/* Freed when the node has run, in whatever way that ends. */
void *ctx_scratch(OpCtx *c, size_t n)
{
        if (n > PTRDIFF_MAX)
                return NULL;
        Scratch *s = block_alloc(n + SCRATCH_HEAD);
        if (!s)
                return NULL;
        s->bytes = n + SCRATCH_HEAD;
        s->next = run_of(c)->scratch;
        run_of(c)->scratch = s;
        return (char *)s + SCRATCH_HEAD;
}

Cancel *ctx_cancel(const OpCtx *c)
{
        return c->env->cancel;
}

bool ctx_cancelled(const OpCtx *c)
{
        return c->env->cancel && cancel_fired(c->env->cancel);
}

bool ctx_cut(OpCtx *c)
{
        if (LIKELY(!ctx_cancelled(c)))
                return false;
        __atomic_store_n(&run_of(c)->cut, true, __ATOMIC_RELAXED);
        return true;
}

/* A range whose rest is left out once the step is cancelled. */
typedef struct Polled {
        RangeFn fn;
        void *arg;
        int64_t piece; /* looks again after so many */
        NodeRun *run;
} Polled;

static void polled_range(void *arg, int64_t from, int64_t to)
{
        const Polled *p = arg;
        for (; from < to; from += MIN(p->piece, to - from)) {
                if (ctx_cut(&p->run->ctx))
                        return;
                p->fn(p->arg, from, from + MIN(p->piece, to - from));
        }
}

/* Pieces large enough that looking costs nothing, and small enough that a long kernel ends soon. A
 * grain of 1 says that each is large. */
static int64_t polled_piece(int64_t n, int64_t grain)
{
        if (grain <= 1)
                return 1;
        return n / grain >= 128 ? 64 * grain : INT64_MAX;
}

void ctx_parallel(OpCtx *c, int64_t n, int64_t grain, RangeFn fn, void *arg)
{
        NodeRun *r = run_of(c);
        Polled p = { .fn = fn, .arg = arg, .piece = polled_piece(n, grain), .run = r };
        if (r->pn->pure && c->env->cancel)
                ctx_parallel_all(c, n, grain, polled_range, &p);
        else
                ctx_parallel_all(c, n, grain, fn, arg);
}

void ctx_parallel_all(OpCtx *c, int64_t n, int64_t grain, RangeFn fn, void *arg)
{
        pool_parallel(c->env->pool, c->env->op_threads, n, grain, fn, arg);
}

typedef struct Later {
        Task task;
        void (*fn)(void *);
        void *arg;
} Later;

static void run_later(Task *t)
{
        Later later = *CONTAINER_OF(t, Later, task);
        block_free(CONTAINER_OF(t, Later, task), sizeof later);
        later.fn(later.arg);
}

bool ctx_later(OpCtx *c, void (*fn)(void *), void *arg)
{
        Later *later = c->env->pool ? block_alloc(sizeof *later) : NULL;
        if (!later)
                return false;
        *later = (Later){ .task.fn = run_later, .fn = fn, .arg = arg };
        pool_submit(c->env->pool, &later->task);
        return true;
}

int ctx_threads(const OpCtx *c)
{
        int threads = pool_threads(c->env->pool);
        return c->env->op_threads > 0 ? MIN(c->env->op_threads, threads) : threads;
}

bool ctx_tunes(const OpCtx *c)
{
        return c->env->tunes;
}

/* The input's memory for the output's, when this node is the last that holds it. Inputs from the
 * 64th on are never given: the mask has no bit for them. */
Tensor *ctx_take_input(OpCtx *c, int i)
{
        NodeRun *r = run_of(c);
        Tensor *t = c->in[i];
        if (i >= 64 || !(r->owned >> i & 1) || !tensor_sole_owner(t))
                return NULL;
        r->owned &= ~(1ull << i);
        tensor_set_limit(t, 0);
        return t;
}

int64_t ctx_step_id(const OpCtx *c)
{
        return c->env->step_id;
}

uint64_t ctx_unique(void)
{
        static atomic_ullong next;
        return atomic_fetch_add(&next, 1);
}

/* Writes ";iteration;frame" for each frame around, outermost first. */
static void frame_path(const Iteration *it, Buf *b)
{
        if (!it || !it->frame->parent)
                return;
        frame_path(it->frame->parent_iter, b);
        buf_printf(b, "%s;%lld;", it->frame->plan->name, (long long)it->number);
}

const char *ctx_frame_name(OpCtx *c)
{
        autobuf b = BUF(4096);
        frame_path(run_of(c)->iter, &b);
        const char *s = buf_cstr(&b);
        char *copy = ctx_scratch(c, strlen(s) + 1);
        return copy ? memcpy(copy, s, strlen(s) + 1) : "";
}

/* ---- resources ---- */

/* A handle that is two strings is looked up with the type: there is none of that name. */
static Status *wrong_kind(const OpCtx *c, int i, Resource *r, const ResourceKind *kind)
{
        autoptr(Tensor) name = NULL;
        if (dtype_base(c->node->in_types[i]) != DT_STRING || !r->kind->read)
                return invalid_argument("Trying to access resource using the wrong type. Expected "
                                        "%s got %s",
                                        r->kind->name, kind->name);
        TRY(r->kind->read(r, &name));
        const TString *s = tensor_strings(name);
        return not_found("Resource %.*s/%.*s/%s does not exist.", (int)s[0].len, s[0].data,
                         (int)s[1].len, s[1].data, kind->name);
}

/* What a client fed may be any tensor: the handle and its kind are checked here, for all ops. */
Status *ctx_resource(const OpCtx *c, int i, const ResourceKind *kind, Resource **ret)
{
        const Tensor *t = c->in[i];
        bool handle = (t->dtype == DT_RESOURCE || t->dtype == DT_VARIANT) && t->count == 1;
        if (!handle && dtype_is_ref(c->node->in_types[i])) /* a variable that is fed */
                return invalid_argument("%d-th input expects a ref type", i);
        if (!handle)
                return invalid_argument("Input %d of {{node %s}} is not a resource handle", i,
                                        c->node->name);
        Resource *r = tensor_resource_at(t, 0);
        if (!r)
                return not_found("Input %d of {{node %s}} is an empty resource handle", i,
                                 c->node->name);
        if (r->kind != kind)
                return wrong_kind(c, i, r, kind);
        *ret = r;
        return NULL;
}

/* [A-Za-z0-9.][A-Za-z0-9_.\-/]* */
static bool container_ok(const char *s)
{
        for (const char *p = s; *p; p++) {
                bool plain = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
                             (*p >= '0' && *p <= '9') || *p == '.';
                if (!plain && (p == s || !strchr("_-/", *p)))
                        return false;
        }
        return true;
}

typedef struct Making {
        const OpCtx *c;
        ResourceMake make;
        const char *name;
} Making;

static Status *make_named(void *arg, Resource **ret)
{
        Making *m = arg;
        return m->make(m->c, m->name, ret);
}

/* A node's private resource: kept under the node's name, called "_<n>_<node>" to the outside. */
static Status *make_private(void *arg, Resource **ret)
{
        Making *m = arg;
        autofree char *name =
                mem_printf("_%llu_%s", (unsigned long long)ctx_unique(), m->c->node->name);
        return name ? m->make(m->c, name, ret) : status_oom();
}

const char *ctx_container(const OpCtx *c)
{
        const char *own = node_string(c->node, "container", "");
        if (own[0])
                return own;
        return c->env->container ? c->env->container : DEFAULT_CONTAINER;
}

/* The name decides who shares: a shared_name is known to the whole container, a node without one
 * keeps its resource for itself. */
Status *ctx_own_resource(OpCtx *c, const ResourceKind *kind, bool name_is_node, ResourceMake make,
                         Resource **ret)
{
        const char *container = ctx_container(c), *shared = node_string(c->node, "shared_name", "");
        if (!container_ok(container))
                return invalid_argument("container contains invalid characters: %s", container);
        if (shared[0] == '_')
                return invalid_argument("shared_name cannot start with '_':%s", shared);
        Making m = { .c = c, .make = make, .name = shared[0] ? shared : c->node->name };
        int device = run_device(run_of(c));
        if (!c->env->resources)
                return failed_precondition("{{node %s}} needs a session", c->node->name);
        if (!shared[0] && !name_is_node)
                return resources_find_or_make(c->env->private_, device, kind, container, m.name,
                                              make_private, &m, ret);
        return resources_find_or_make(c->env->resources, device, kind, container, m.name,
                                      make_named, &m, ret);
}

bool own_name_find(const Node *n, OwnName *ret)
{
        const char *shared = node_string(n, "shared_name", "");
        ret->name = shared[0] ? shared : n->name;
        return !node_string(n, "container", "")[0] && shared[0] != '_';
}

Status *ctx_own_by_name(OpCtx *c, const ResourceKind *kind, const OwnName *own, ResourceMake make,
                        Resource **ret)
{
        const char *container = c->env->container ? c->env->container : DEFAULT_CONTAINER;
        Making m = { .c = c, .make = make, .name = own->name };
        if (!c->env->resources || !container_ok(container))
                return ctx_own_resource(c, kind, true, make, ret);
        return resources_find_or_make(c->env->resources, run_device(run_of(c)), kind, container,
                                      m.name, make_named, &m, ret);
}

Status *ctx_missing_resource(const OpCtx *c, const ResourceKind *kind, const char *container,
                             const char *name)
{
        return c->env->resources ? resources_missing(c->env->resources, kind, container, name)
                                 : not_found("Resource does not exist.");
}

/* Named ones first, then those that nodes keep for themselves; the first failure is the one to
 * tell. */
Status *ctx_find_resource(const OpCtx *c, const ResourceKind *kind, const char *container,
                          const char *name, Resource **ret)
{
        if (!c->env->resources || !c->env->private_)
                return failed_precondition("{{node %s}} needs a session", c->node->name);
        Status *s = resources_find(c->env->resources, kind, container, name, ret);
        autoptr(Status) none =
                s ? resources_find(c->env->private_, kind, container, name, ret) : NULL;
        if (none)
                return s;
        status_free(s);
        return NULL;
}

Status *ctx_put_resource(OpCtx *c, const ResourceKind *kind, const char *container,
                         const char *name, Resource *r)
{
        if (!c->env->private_)
                return failed_precondition("{{node %s}} needs a session", c->node->name);
        return resources_put(c->env->private_, kind, container, name, r);
}

/* In the order of ctx_find_resource(). */
Status *ctx_drop_resource(OpCtx *c, const ResourceKind *kind, const char *container,
                          const char *name)
{
        if (!c->env->resources || !c->env->private_)
                return failed_precondition("{{node %s}} needs a session", c->node->name);
        Status *s = resources_drop(c->env->resources, kind, container, name);
        autoptr(Status) none = s ? resources_drop(c->env->private_, kind, container, name) : NULL;
        if (none)
                return s;
        status_free(s);
        return NULL;
}

static Status *private_state(OpCtx *c, const ResourceKind *kind, const char *name,
                             ResourceMake make, Resource **ret)
{
        Making m = { .c = c, .make = make, .name = name };
        if (!c->env->private_)
                return failed_precondition("{{node %s}} needs a session", c->node->name);
        return resources_find_or_make(c->env->private_, 0, kind, "", m.name, make_named, &m, ret);
}

Status *ctx_node_state(OpCtx *c, const ResourceKind *kind, ResourceMake make, Resource **ret)
{
        return private_state(c, kind, c->node->name, make, ret);
}

Status *ctx_session_state(OpCtx *c, const ResourceKind *kind, ResourceMake make, Resource **ret)
{
        return private_state(c, kind, SESSION_STATE_NAME, make, ret);
}

/* ---- resources of the step ---- */

static pthread_mutex_t step_lock = PTHREAD_MUTEX_INITIALIZER; /* guards: the making of env.step */

/* Made when the first node asks: most steps have no TensorArray or stack. */
static Status *step_resources(const OpCtx *c, Resources **ret)
{
        Step *s = run_of(c)->step;
        if (!s)
                return failed_precondition("{{node %s}} needs a step", c->node->name);
        Status *st = NULL;
        pthread_mutex_lock(&step_lock);
        if (!s->env.step)
                st = resources_new(&s->env.step);
        *ret = s->env.step;
        pthread_mutex_unlock(&step_lock);
        return st;
}

typedef struct StepContainer {
        char s[40];
} StepContainer;

/* TensorFlow's name of it, which messages show. */
static StepContainer step_container(const OpCtx *c)
{
        StepContainer name;
        snprintf(name.s, sizeof name.s, "__per_step_%lld", (long long)ctx_step_id(c));
        return name;
}

Status *ctx_put_step_resource(OpCtx *c, const ResourceKind *kind, const char *name, Resource *r)
{
        Resources *rs = NULL;
        TRY(step_resources(c, &rs));
        return resources_put(rs, kind, step_container(c).s, name, r);
}

Status *ctx_find_step_resource(OpCtx *c, const ResourceKind *kind, const char *name, Resource **ret)
{
        Resources *rs = NULL;
        TRY(step_resources(c, &rs));
        return resources_find(rs, kind, step_container(c).s, name, ret);
}

Status *ctx_drop_step_resource(OpCtx *c, const ResourceKind *kind, const char *name)
{
        Resources *rs = NULL;
        TRY(step_resources(c, &rs));
        return resources_drop(rs, kind, step_container(c).s, name);
}
