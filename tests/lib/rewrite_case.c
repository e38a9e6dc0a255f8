// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/rewrite_case.h"

#include "engine/engine.h"
#include "tests/lib/graph_builder.h"
#include "tests/lib/op_session.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>

typedef struct Result {
        pthread_mutex_t lock;
        pthread_cond_t cond;
        bool done;
        Tensor *value;
        char *error;
        int groups; /* nodes that stand for a cell or a lookup */
} Result;

/* The op of such a node is those of its members, with a + between. */
static int groups_of(const Tensorflow__GraphDef *g)
{
        static const char *const marks[] = { "+Split+",       "+LSTMBlockCell",
                                             "+GRUBlockCell", "Unique+GatherV2",
                                             "+Softmax",      "Erf+Add",
                                             "Tanh+Add",      "Mean+StopGradient",
                                             "Mean+Sub",      "Mean+SquaredDifference" };
        int n = 0;
        for (size_t i = 0; i < g->n_node; i++) {
                const char *op = g->node[i]->op;
                for (size_t k = 0; k < COUNTOF(marks); k++)
                        if (strstr(op, marks[k])) {
                                n++;
                                break;
                        }
        }
        return n;
}

static void keep(void *arg, Status *s, const RunResult *r)
{
        Result *to = arg;
        pthread_mutex_lock(&to->lock);
        if (s)
                to->error = mem_strdup(status_message(s));
        else
                to->value = tensor_ref(r->values[0]);
        if (!s && r->metadata && r->metadata->n_partition_graphs)
                to->groups = groups_of(r->metadata->partition_graphs[0]);
        status_free(s);
        to->done = true;
        pthread_cond_signal(&to->cond);
        pthread_mutex_unlock(&to->lock);
}

/* Fetches out:0 of a session with rewriting on or off; the value or the error is the caller's. */
static Result run(bool rewrite, const char *text, const char *also)
{
        static int count;
        char name[32];
        GraphSource *src = NULL;
        Session *s = NULL;
        Engine *e = NULL;
        ExtendResult grown;
        const char *fetch[] = { "out:0", also };
        Tensorflow__RewriterConfig rewriter = TENSORFLOW__REWRITER_CONFIG__INIT;
        Tensorflow__GraphOptions graph = TENSORFLOW__GRAPH_OPTIONS__INIT;
        ConfigProto config = TENSORFLOW__CONFIG_PROTO__INIT;
        Result r = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, NULL, NULL, 0 };
        rewriter.remapping = TENSORFLOW__REWRITER_CONFIG__TOGGLE__OFF;
        graph.rewrite_options = &rewriter;
        config.graph_options = &graph;
        snprintf(name, sizeof name, "pattern%d", count++);
        SessionOptions o = { .name = name, .config = rewrite ? NULL : &config };
        cr_assert_null(test_engine(&e));
        cr_assert_null(engine_create_session(e, &o, &s));
        Status *st = graph_text(text, &src);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        st = session_extend(s, src, false, &grown);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        graph_source_free(src);
        RunOptions options = TENSORFLOW__RUN_OPTIONS__INIT;
        options.output_partition_graphs = true;
        session_run(s,
                    &(RunRequest){ .fetches = fetch,
                                   .n_fetches = also ? 2 : 1,
                                   .options = &options,
                                   .metadata = true },
                    keep, &r);
        pthread_mutex_lock(&r.lock);
        while (!r.done)
                pthread_cond_wait(&r.cond, &r.lock);
        pthread_mutex_unlock(&r.lock);
        session_close(s, NULL, NULL);
        session_unref(s);
        return r;
}

void rewrite_expect_same_beside(const char *text, const char *also, int groups, double error)
{
        Result on = run(true, text, also), off = run(false, text, also);
        cr_assert(on.value && off.value, "%s%s", on.error ? on.error : "",
                  off.error ? off.error : "");
        cr_assert_eq(on.groups, groups, "%d", on.groups);
        cr_assert_eq(off.groups, 0);
        cr_assert(shape_equal(tensor_shape(on.value), tensor_shape(off.value)));
        double size = 0;
        for (int64_t i = 0; i < tensor_count(on.value); i++) {
                double a = tensor_double(on.value, i), b = tensor_double(off.value, i);
                cr_assert(fabs(a - b) < error || (isnan(a) && isnan(b)),
                          "%ld: %.9g, one by one %.9g", (long)i, a, b);
                size += fabs(a);
        }
        cr_assert(size != 0, "nothing but zeros");
        tensor_unref(on.value);
        tensor_unref(off.value);
}

void rewrite_expect_same(const char *text, int groups)
{
        rewrite_expect_same_beside(text, NULL, groups, 2e-6);
}

void rewrite_expect_error(const char *text, const char *part)
{
        Result on = run(true, text, NULL), off = run(false, text, NULL);
        cr_assert(on.error && off.error);
        cr_assert(strstr(on.error, part), "%s", on.error);
        cr_assert(strstr(off.error, part), "%s", off.error);
        mem_free(on.error);
        mem_free(off.error);
}
