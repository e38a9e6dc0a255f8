// SPDX-License-Identifier: Apache-2.0
/* Runs that tell all there is to tell (a debugger's watches, statistics, costs, partitions of a
 * loop over two devices), while memory fails: they end with the result or with an error, and leave
 * nothing behind. */
#include "engine/base/mem.h"
#include "engine/session/sessions.h"
#include "tests/lib/op_case.h"
#include <pthread.h>
#include <string.h>

static const char nodes[] =
        "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } } "
        "node { name: 'one' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: "
        "'value' value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 1 } } } } "
        "node { name: 'e' op: 'Enter' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } attr { "
        "key: 'frame_name' value { s: 'f' } } } "
        "node { name: 'm' op: 'Merge' input: 'e' input: 'n' attr { key: 'T' value { type: DT_FLOAT "
        "} } attr { key: 'N' value { i: 2 } } } "
        "node { name: 'limit' op: 'Const' input: '^m' attr { key: 'dtype' value { type: DT_FLOAT } "
        "} attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 2 } } "
        "} "
        "} "
        "node { name: 'l' op: 'Less' input: 'm' input: 'limit' attr { key: 'T' value { type: "
        "DT_FLOAT } } } "
        "node { name: 'c' op: 'LoopCond' input: 'l' } "
        "node { name: 's' op: 'Switch' input: 'm' input: 'c' attr { key: 'T' value { type: "
        "DT_FLOAT "
        "} } } "
        "node { name: 'a' op: 'F' input: 's:1' } "
        "node { name: 'n' op: 'NextIteration' input: 'a' attr { key: 'T' value { type: DT_FLOAT } "
        "} } "
        "node { name: 'y' op: 'Exit' input: 's' attr { key: 'T' value { type: DT_FLOAT } } } "
        "node { name: 'z' op: 'Add' input: 'y' input: 'one' device: '/cpu:1' attr { key: 'T' value "
        "{ type: DT_FLOAT } } } "
        "library { function { signature { name: 'F' input_arg { name: 'v' type: DT_FLOAT } "
        "output_arg { name: 'r' type: DT_FLOAT } } "
        "node_def { name: 'k' op: 'Const' attr { key: 'dtype' value { type: DT_FLOAT } } attr { "
        "key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 1 } } } } "
        "node_def { name: 'sum' op: 'Add' input: 'v' input: 'k:output:0' device: '/cpu:1' attr { "
        "key: 'T' value { type: DT_FLOAT } } } ret { key: 'r' value: 'sum:z:0' } } }";

/* ---- one run ---- */

typedef struct Run {
        pthread_mutex_t lock; /* guards: ended */
        pthread_cond_t changed;
        bool ended;
        Status *status;
        double value;
        int seen;
        bool told;
} Run;

static void on_done(void *arg, Status *s, const RunResult *r)
{
        Run *run = arg;
        pthread_mutex_lock(&run->lock);
        run->status = s;
        if (r) {
                run->value = tensor_double(r->values[0], 0);
                run->seen = debug_log_count(r->debug);
                run->told = r->metadata && r->metadata->step_stats && r->metadata->cost_graph &&
                            r->metadata->n_partition_graphs == 2;
        }
        run->ended = true;
        pthread_cond_signal(&run->changed);
        pthread_mutex_unlock(&run->lock);
}

/* z of x = 0 with everything that can be told, while the n-th allocation fails (0: none). */
static void run_all(Session *s, int64_t n, Run *run)
{
        static char *identity[] = { "DebugIdentity", "DebugNumericSummary(mute_if_healthy=false)" };
        static const char *fetch = "z:0";
        Tensorflow__DebugTensorWatch y = TENSORFLOW__DEBUG_TENSOR_WATCH__INIT, k = y;
        y.node_name = (char *)"y";
        k.node_name = (char *)"m";
        y.debug_ops = k.debug_ops = identity;
        y.n_debug_ops = k.n_debug_ops = 2;
        Tensorflow__DebugTensorWatch *watches[] = { &y, &k };
        Tensorflow__DebugOptions debug = TENSORFLOW__DEBUG_OPTIONS__INIT;
        debug.debug_tensor_watch_opts = watches;
        debug.n_debug_tensor_watch_opts = 2;
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.debug_options = &debug;
        o.output_partition_graphs = true;
        o.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        float zero = 0;
        Tensor *x = NULL;
        expect_ok(tensor_scalar(DT_FLOAT, &zero, &x));
        const Feed feed = { .key = "x", .value = x };
        const RunRequest q = { .fetches = &fetch,
                               .n_fetches = 1,
                               .feeds = &feed,
                               .n_feeds = 1,
                               .options = &o,
                               .metadata = true };
        *run = (Run){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
        mem_fail_at(n);
        session_run(s, &q, on_done, run);
        pthread_mutex_lock(&run->lock);
        while (!run->ended)
                pthread_cond_wait(&run->changed, &run->lock);
        pthread_mutex_unlock(&run->lock);
        tensor_unref(x);
}

static void make_session(Engine *e, Session **ret)
{
        GraphSource *src = NULL;
        ExtendResult grown;
        Tensorflow__ConfigProto config = TENSORFLOW__CONFIG_PROTO__INIT;
        Tensorflow__ConfigProto__DeviceCountEntry
                two = TENSORFLOW__CONFIG_PROTO__DEVICE_COUNT_ENTRY__INIT,
                *list = &two;
        Tensorflow__GraphOptions graph = TENSORFLOW__GRAPH_OPTIONS__INIT;
        two.key = (char *)"CPU";
        two.value = 2;
        config.device_count = &list;
        config.n_device_count = 1;
        graph.build_cost_model = 1;
        config.graph_options = &graph;
        expect_ok(
                engine_create_session(e, &(SessionOptions){ .name = "s", .config = &config }, ret));
        expect_ok(graph_source_parse(nodes, strlen(nodes), "graph_def_text", NULL, &src));
        expect_ok(session_extend(*ret, src, false, &grown));
        graph_source_free(src);
}

/* ---- tests ---- */

Test(watch, a_run_tells_all_at_once)
{
        Engine *e = NULL;
        Session *s = NULL;
        Run run;
        expect_ok(engine_new(&(EngineOptions){ .threads = 1 }, &e));
        make_session(e, &s);
        run_all(s, 0, &run);
        expect_ok(run.status);
        cr_assert_eq(run.value, 3, "0, 1, 2, and one");
        cr_assert_eq(run.seen, 2 * (1 + 3), "y once, m in each of three iterations");
        cr_assert(run.told);
        session_close(s, NULL, NULL);
        session_unref(s);
        engine_free(e);
}

/* Each allocation fails in turn; the leak checker sees what is left behind. */
Test(watch, survives_each_failing_allocation, .timeout = 300)
{
        Engine *e = NULL;
        bool all = false;
        expect_ok(engine_new(&(EngineOptions){ .threads = 1 }, &e));
        for (int64_t n = 1; n < 20000 && !all; n++) {
                Session *s = NULL;
                Run run;
                make_session(e, &s);
                run_all(s, n, &run);
                all = mem_fail_count() < n;
                mem_fail_at(0);
                cr_assert(!run.status || status_code(run.status) == SR_RESOURCE_EXHAUSTED, "%s",
                          status_message(run.status));
                cr_assert(run.status || run.value == 3);
                status_free(run.status);
                session_close(s, NULL, NULL);
                session_unref(s);
                expect_ok(engine_forget(e, "s"));
        }
        cr_assert(all);
        engine_free(e);
}
