// SPDX-License-Identifier: Apache-2.0
/* Runs rows. A row becomes a graph of one node "op" with inputs "in0", "in1", ...: placeholders
 * that are fed, or constants. A ref or resource argument becomes a variable that is set first, and
 * whose value afterwards counts as one more output behind the op's own. */
#include "engine/base/mem.h"
#include "engine/ops/registry.h"
#include "tests/lib/graph_builder.h"
#include "tests/lib/kernel_log.h"
#include "tests/lib/op_lit.h"
#include "tests/lib/op_session.h"
#include <stdio.h>
#include <unistd.h>

enum { FAULTS_MAX = 64, NODES_MAX = 4 * OP_CASE_IN + 1, NAME_MAX_ = 16 };

/* One run of a row: in which type, with which inputs. */
typedef struct Trial {
        const OpCase *row;
        const Op *op;
        DType from, to;    /* a sweep writes literals of type `from` as `to` */
        const char *claim; /* or the inputs that this attribute types, and the attribute itself */
        bool constants;
        char why[32]; /* for messages */
        int n_in, n_out;
        Tensor *in[OP_CASE_IN];
        char in_names[OP_CASE_IN][NAME_MAX_];
        bool fed[OP_CASE_IN], variable[OP_CASE_IN];
        char out_names[2 * OP_CASE_IN + OP_CASE_OUT][NAME_MAX_];
        int n_fetch;
        char init_names[OP_CASE_IN][NAME_MAX_];
        int n_init;
} Trial;

static DType trial_type(const Trial *t, const Lit *lit)
{
        return lit->dtype == t->from && !t->claim ? t->to : lit->dtype;
}

/* ---- the graph ---- */

typedef struct Builder {
        Arena *arena;
        GraphDef *graph;
} Builder;

static Status *add_node(Builder *b, const char *name, const char *op, const char *input,
                        const char *input2, NodeDef **ret)
{
        NodeDef *d = arena_alloc(b->arena, sizeof *d);
        char **inputs = arena_calloc(b->arena, OP_CASE_IN + 2, sizeof *inputs);
        if (!d || !inputs)
                return status_oom();
        tensorflow__node_def__init(d);
        d->name = arena_strdup(b->arena, name);
        d->op = arena_strdup(b->arena, op);
        d->input = inputs;
        if (input)
                inputs[d->n_input++] = arena_strdup(b->arena, input);
        if (input2)
                inputs[d->n_input++] = arena_strdup(b->arena, input2);
        b->graph->node[b->graph->n_node++] = d;
        *ret = d;
        return NULL;
}

static Status *put_type(Builder *b, NodeDef *d, const char *key, DType type)
{
        AttrValue *v;
        TRY(node_put_attr(b->arena, d, key, &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
        v->type = (Tensorflow__DataType)type;
        return NULL;
}

static Status *put_shape(Builder *b, NodeDef *d, const char *key, const Shape *shape)
{
        AttrValue *v;
        TRY(node_put_attr(b->arena, d, key, &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_SHAPE;
        return shape_to_proto(shape, b->arena, &v->shape);
}

static Status *add_value(Builder *b, Trial *t, int i, const char *name)
{
        NodeDef *d;
        TRY(add_node(b, name, t->constants ? "Const" : "Placeholder", NULL, NULL, &d));
        TRY(put_type(b, d, "dtype", tensor_dtype(t->in[i])));
        if (t->constants)
                return node_put_tensor(b->arena, d, "value", t->in[i]);
        t->fed[i] = true;
        return NULL;
}

/* vI: the variable; iI: sets it to inI; rI: reads it after the op. */
static Status *add_variable(Builder *b, Trial *t, int i, bool is_ref)
{
        NodeDef *d;
        char var[NAME_MAX_], name[NAME_MAX_], *in = t->in_names[i],
                                              *read = t->out_names[t->n_fetch++];
        char *init = t->init_names[t->n_init++];
        DType type = tensor_dtype(t->in[i]);
        snprintf(var, sizeof var, "v%d", i);
        snprintf(init, NAME_MAX_, "i%d", i);
        snprintf(read, NAME_MAX_, "r%d:0", i);
        t->variable[i] = true;
        TRY(add_node(b, var, is_ref ? "VariableV2" : "VarHandleOp", NULL, NULL, &d));
        TRY(put_type(b, d, "dtype", type));
        TRY(put_shape(b, d, "shape", tensor_shape(t->in[i])));
        TRY(add_node(b, init, is_ref ? "Assign" : "AssignVariableOp", var, in, &d));
        TRY(put_type(b, d, is_ref ? "T" : "dtype", type));
        snprintf(name, sizeof name, "r%d", i);
        TRY(add_node(b, name, is_ref ? "Identity" : "ReadVariableOp", var, "^op", &d));
        TRY(put_type(b, d, is_ref ? "T" : "dtype", type));
        return NULL;
}

/* Which argument input i belongs to, where no argument is a list. */
static const ArgDef *arg_of(const Trial *t, int i)
{
        static const ArgDef none;
        for (int k = 0; k < t->op->n_in; k++)
                if (t->op->in[k].number_attr || t->op->in[k].list_attr)
                        return k == i ? &t->op->in[k] : &none;
                else if (k == i)
                        return &t->op->in[k];
        return &none;
}

/* Writes the claimed type over what the attribute is, or would be by default. */
static Status *force_claim(Builder *b, const Trial *t, NodeDef *d)
{
        AttrValue *v = NULL;
        for (size_t i = 0; t->claim && i < d->n_attr; i++)
                if (!strcmp(d->attr[i]->key, t->claim))
                        v = d->attr[i]->value;
        if (!t->claim)
                return NULL;
        if (!v && op_attr(t->op, t->claim)->is_list)
                return NULL;
        if (!v)
                return put_type(b, d, t->claim, t->to);
        if (v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_TYPE)
                v->type = (Tensorflow__DataType)t->to;
        bool list = v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        for (size_t k = 0; list && k < v->list->n_type; k++)
                v->list->type[k] = (Tensorflow__DataType)t->to;
        return NULL;
}

static Status *build_op(Builder *b, Trial *t)
{
        NodeDef *d;
        DType types[OP_CASE_IN];
        TRY(add_node(b, "op", t->row->op, NULL, NULL, &d));
        for (int i = 0; i < t->n_in; i++) {
                char name[NAME_MAX_];
                snprintf(name, sizeof name, "%s%d", t->variable[i] ? "v" : "in", i);
                d->input[d->n_input++] = arena_strdup(b->arena, name);
                types[i] = tensor_dtype(t->in[i]);
        }
        TRY(node_text_attrs(b->arena, t->op, d, t->row->attrs));
        TRY(node_infer_attrs(b->arena, t->op, d, types, t->n_in));
        TRY(force_claim(b, t, d));
        t->n_out = MIN(node_output_count(t->op, d), (int)OP_CASE_OUT);
        return NULL;
}

static Status *trial_graph(Trial *t, GraphSource **ret)
{
        autoptr(Arena) arena = NULL;
        TRY(arena_new(SIZE_MAX, &arena));
        Builder b = { arena, arena_alloc(arena, sizeof(GraphDef)) };
        tensorflow__graph_def__init(b.graph);
        b.graph->node = arena_calloc(arena, NODES_MAX, sizeof(NodeDef *));
        for (int i = 0; i < t->n_in; i++) {
                const ArgDef *arg = arg_of(t, i);
                bool handle = arg->dtype == DT_RESOURCE;
                snprintf(t->in_names[i], NAME_MAX_, "in%d", i);
                TRY(add_value(&b, t, i, t->in_names[i]));
                if (arg->is_ref || handle)
                        TRY(add_variable(&b, t, i, arg->is_ref));
        }
        TRY(build_op(&b, t));
        /* the op's outputs come first */
        memmove(t->out_names + t->n_out, t->out_names, sizeof t->out_names[0] * (size_t)t->n_init);
        for (int i = 0; i < t->n_out; i++)
                snprintf(t->out_names[i], NAME_MAX_, "op:%d", i);
        t->n_fetch = t->n_out + t->n_init;
        return graph_source_wrap(steal(&arena), b.graph, ret);
}

/* ---- one step ---- */

static Status *trial_step(Trial *t, TestSession *s, Cancel *cancel, Tensor **out)
{
        Feed feeds[OP_CASE_IN];
        char keys[OP_CASE_IN][NAME_MAX_ + 2];
        const char *fetches[COUNTOF(t->out_names)], *inits[OP_CASE_IN], *target = "op";
        int n = 0;
        for (int i = 0; i < t->n_in; i++) {
                if (!t->fed[i])
                        continue;
                snprintf(keys[i], sizeof keys[i], "%s:0", t->in_names[i]);
                feeds[n++] = (Feed){ keys[i], t->in[i] };
        }
        for (int i = 0; i < t->n_fetch; i++)
                fetches[i] = t->out_names[i];
        for (int i = 0; i < t->n_init; i++)
                inits[i] = t->init_names[i];
        if (t->n_init) {
                RunRequest init = {
                        .feeds = feeds, .n_feeds = n, .targets = inits, .n_targets = t->n_init
                };
                TRY(test_session_run(s, &init, NULL));
        }
        RunRequest r = { .feeds = feeds,
                         .n_feeds = n,
                         .fetches = fetches,
                         .n_fetches = t->n_fetch,
                         .targets = &target,
                         .n_targets = 1,
                         .cancel = cancel };
        return test_session_run(s, &r, out);
}

static void check_outputs(const Trial *t, Tensor *const *out)
{
        for (int i = 0; i < OP_CASE_OUT && t->row->out[i].kind; i++) {
                Lit want = t->row->out[i];
                autofree char *why = NULL;
                cr_assert(i < t->n_fetch, "%s %s: there are %d outputs", t->row->op, t->row->name,
                          t->n_fetch);
                if (t->row->random && want.kind != LIT_ANY_SHAPE)
                        want.kind = LIT_ANY;
                bool same = lit_equal_as(&want, trial_type(t, &want), out[i], t->row->tol, &why);
                cr_assert(same, "%s %s (%s): output %d: %s", t->row->op, t->row->name, t->why, i,
                          why ? why : "no memory");
        }
}

/* tolerated: a code that may come instead, 0: none. */
static void check_status(const Trial *t, const Status *s, StatusCode tolerated)
{
        StatusCode want = t->row->fails;
        const char *part = t->row->message ? t->row->message : "";
        if (s && status_code(s) == tolerated)
                return;
        cr_assert(s || !want, "%s %s (%s): it succeeds", t->row->op, t->row->name, t->why);
        cr_assert(!s || (status_code(s) == want && strstr(status_message(s), part)),
                  "%s %s (%s): error is %s \"%s\"", t->row->op, t->row->name, t->why,
                  s ? status_code_name(status_code(s)) : "", s ? status_message(s) : "");
        if (s && t->row->message)
                kernel_log_error(t->row->op, s);
}

/* fail_at: which allocation of the step fails, 0: none. Returns whether there were so many. */
static bool one_step(Trial *t, TestSession *s, Cancel *cancel, int fail_at, StatusCode tolerated)
{
        Tensor *out[COUNTOF(t->out_names)] = { NULL };
        mem_fail_at(fail_at);
        autoptr(Status) status = trial_step(t, s, cancel, out);
        bool reached = mem_fail_count() >= fail_at;
        mem_fail_at(0);
        check_status(t, status, tolerated);
        if (!status)
                check_outputs(t, out);
        for (size_t i = 0; i < COUNTOF(out); i++)
                tensor_unref(out[i]);
        return reached;
}

/* ---- a trial ---- */

static void try_faults(Trial *t, TestSession *s)
{
        snprintf(t->why, sizeof t->why, "without memory");
        for (int n = 1; n <= FAULTS_MAX; n++)
                if (!one_step(t, s, NULL, n, SR_RESOURCE_EXHAUSTED))
                        return;
}

static void try_cancelled(Trial *t, TestSession *s)
{
        autoptr(Cancel) c = NULL;
        expect_ok(cancel_new(&c));
        cancel_fire(c, cancelled("the test cancels"));
        snprintf(t->why, sizeof t->why, "cancelled");
        one_step(t, s, c, 0, SR_CANCELLED);
}

static void trial_steps(Trial *t, bool all)
{
        autoptr(GraphSource) src = NULL;
        autoptr(TestSession) s = NULL;
        expect_ok(trial_graph(t, &src));
        autoptr(Status) refused = test_session_new(steal(&src), &s);
        if (refused) {
                check_status(t, refused, 0);
                return;
        }
        one_step(t, s, NULL, 0, 0);
        if (!all)
                return;
        try_faults(t, s);
        try_cancelled(t, s);
        snprintf(t->why, sizeof t->why, "once more");
        one_step(t, s, NULL, 0, 0);
}

static void run_trial(const OpCase *row, const Op *op, DType from, DType to, bool constants)
{
        Trial t = { .row = row, .op = op, .from = from, .to = to, .constants = constants };
        snprintf(t.why, sizeof t.why, "%s, %s", constants ? "constants" : "fed", dtype_name(to));
        for (; t.n_in < OP_CASE_IN && row->in[t.n_in].kind; t.n_in++)
                t.in[t.n_in] = lit_tensor_as(&row->in[t.n_in], trial_type(&t, &row->in[t.n_in]));
        trial_steps(&t, !constants && from == to);
        for (int i = 0; i < t.n_in; i++)
                tensor_unref(t.in[i]);
}

/* ---- what kernels claim ---- */

static const char *attr_of(const ArgDef *a)
{
        const char *attr = a->list_attr ? a->list_attr : a->type_attr;
        return attr ? attr : "";
}

/* Which argument input i of n belongs to; lists are of one length. */
static const ArgDef *argument(const Op *op, int i, int n)
{
        int lists = 0;
        for (int k = 0; k < op->n_in; k++)
                lists += op->in[k].number_attr || op->in[k].list_attr;
        int length = lists ? (n - op->n_in + lists) / lists : 0;
        for (int k = 0; k < op->n_in; k++) {
                i -= op->in[k].number_attr || op->in[k].list_attr ? length : 1;
                if (i < 0)
                        return &op->in[k];
        }
        return NULL;
}

/* Does the attribute type input i of n? What a resource holds is typed by T or dtype, but for
 * the states of random generators. */
static bool typed_by(const Op *op, const char *attr, int i, int n)
{
        const ArgDef *a = argument(op, i, n);
        bool random = !strncmp(op->def->name, "Stateful", strlen("Stateful"));
        if (a && a->dtype == DT_RESOURCE)
                return !random && (!strcmp(attr, "T") || !strcmp(attr, "dtype"));
        return a && !strcmp(attr_of(a), attr);
}

/* Runs the row with another type, whatever comes of it: a good run is noted in the log of kernels.
 */
static void try_claim(const OpCase *row, const Op *op, const char *attr, DType type)
{
        Trial t = { .row = row, .op = op, .claim = attr, .to = type };
        autoptr(GraphSource) src = NULL;
        autoptr(TestSession) s = NULL;
        Tensor *out[COUNTOF(t.out_names)] = { NULL };
        int n = 0;
        while (n < OP_CASE_IN && row->in[n].kind)
                n++;
        for (; t.n_in < n; t.n_in++) {
                const Lit *lit = &row->in[t.n_in];
                t.in[t.n_in] =
                        lit_tensor_as(lit, typed_by(op, attr, t.n_in, n) ? type : lit->dtype);
        }
        Status *st = trial_graph(&t, &src);
        if (!st)
                st = test_session_new(steal(&src), &s);
        if (!st)
                st = trial_step(&t, s, NULL, out);
        status_free(st);
        for (size_t i = 0; i < COUNTOF(out); i++)
                tensor_unref(out[i]);
        for (int i = 0; i < t.n_in; i++)
                tensor_unref(t.in[i]);
}

static void try_claims(const OpCase *row, const Op *op)
{
        for (int i = 0; i < op->n_attrs; i++) {
                uint32_t types = op->kernel_types[i] ? op->kernel_types[i] : op->attrs[i].types;
                for (int t = 1; op->attrs[i].kind == ATTR_TYPE && t <= DT_MAX; t++)
                        if ((!types || types >> t & 1) && t != DT_RESOURCE && t != DT_VARIANT)
                                try_claim(row, op, op->attrs[i].name, (DType)t);
        }
}

/* The types that the attribute of the first input may be. */
static uint32_t sweep_types(const Op *op)
{
        const char *key = op->n_in ? op->in[0].type_attr : NULL;
        for (int i = 0; key && i < op->n_attrs; i++)
                if (!strcmp(op->attrs[i].name, key))
                        return op->kernel_types[i] ? op->kernel_types[i] : op->attrs[i].types;
        return 0;
}

static bool can_sweep(DType t)
{
        return dtype_is_floating(t) || dtype_is_integer(t) || dtype_is_complex(t);
}

void op_case_run(const OpCase *rows, int i)
{
        const OpCase *row = &rows[i];
        expect_ok(test_engine(&(Engine *){ NULL }));
        const Op *op = op_find(row->op);
        cr_assert(op, "there is no op %s", row->op);
        DType type = row->in[0].dtype;
        int64_t blocks = mem_stats().blocks;
        run_trial(row, op, type, type, false);
        run_trial(row, op, type, type, true);
        uint32_t types = row->sweep ? sweep_types(op) : 0;
        for (int t = 1; t <= DT_MAX; t++)
                if (types >> t & 1 && (DType)t != type && can_sweep((DType)t))
                        run_trial(row, op, type, (DType)t, false);
        if (kernel_log_wanted() && !row->fails)
                try_claims(row, op);
        for (int ms = 0; mem_stats().blocks != blocks && ms < 1000; ms++)
                usleep(1000); /* a step's last thread may still be on its way out */
        cr_assert(mem_stats().blocks == blocks, "%s %s: %lld blocks are not given back", row->op,
                  row->name, (long long)(mem_stats().blocks - blocks));
}
