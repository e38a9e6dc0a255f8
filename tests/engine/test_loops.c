// SPDX-License-Identifier: Apache-2.0
/* Loops of TensorFlow 1.x: what plans do to them must not show. Each graph runs as it is optimized
 * and as it was written. */
#include "engine/base/buf.h"
#include "tests/engine/session_fixture.h"
#include "tests/lib/graph_builder.h"

#include <stdio.h>

TestSuite(loops, .init = session_setup, .fini = session_teardown, .timeout = 60);

static const char constants[] = "zero = Const int32 [] { 0 }\none = Const int32 [] { 1 }\n"
                                "two = Const float [] { 2 }\nhalf = Const float [] { 0.5 }\n"
                                "seven = Const float [] { 7 }\nno = Const bool [] { false }\n"
                                "three = Const int32 [] { 3 }\n";

/* i from 0 while i < n beside one float, sa:1, that begins as `start`; body makes its next value,
 * na. */
typedef struct LoopCase {
        const char *start, *body;
        int n;
        const char *fetch;
        double want;
} LoopCase;

static void put_loop(Buf *b, const LoopCase *k, int parallel)
{
        buf_puts(b, constants);
        buf_printf(b, "end = Const int32 [] { %d }\nstart = %s\n", k->n, k->start);
        buf_printf(b,
                   "ei = Enter(zero) frame_name: \"f\", parallel_iterations: %d\n"
                   "ea = Enter(start) frame_name: \"f\", parallel_iterations: %d\n",
                   parallel, parallel);
        buf_puts(b, "ee = Enter(end) frame_name: \"f\", is_constant: true\n"
                    "eo = Enter(one) frame_name: \"f\", is_constant: true\n"
                    "eh = Enter(half) frame_name: \"f\", is_constant: true\n"
                    "et = Enter(two) frame_name: \"f\", is_constant: true\n"
                    "mi = Merge(ei, ni) T: int32, N: 2\nma = Merge(ea, na) T: float, N: 2\n"
                    "less = Less(mi, ee)\ncond = LoopCond(less)\n"
                    "si = Switch(mi, cond) T: int32\nsa = Switch(ma, cond) T: float\n"
                    "pi = Add(si:1, eo)\n");
        buf_puts(b, k->body);
        buf_puts(b, "ni = NextIteration(pi) T: int32\nxi = Exit(si) T: int32\n"
                    "xa = Exit(sa) T: float\nm = Merge(xa, seven) T: float, N: 2\n");
}

/* ---- runs ---- */

static void store_value(void *arg, Status *s, const RunResult *r)
{
        cr_assert_null(s, "%s", s ? status_message(s) : "");
        *(_Atomic double *)arg = tensor_double(r->values[0], 0);
}

/* Of a session whose plans are as the graph was written, if plain. */
static double run_in(bool plain, const char *text, const char *fetch)
{
        static int count;
        char name[32];
        GraphSource *src = NULL;
        Session *s = NULL;
        ExtendResult grown;
        Tensorflow__OptimizerOptions optimizer = TENSORFLOW__OPTIMIZER_OPTIONS__INIT;
        Tensorflow__GraphOptions graph = TENSORFLOW__GRAPH_OPTIONS__INIT;
        ConfigProto config = TENSORFLOW__CONFIG_PROTO__INIT;
        _Atomic double value = -1;
        optimizer.opt_level = TENSORFLOW__OPTIMIZER_OPTIONS__LEVEL__L0;
        graph.optimizer_options = &optimizer;
        config.graph_options = &graph;
        snprintf(name, sizeof name, "loop%d", count++);
        SessionOptions o = { .name = name, .config = plain ? &config : NULL };
        cr_assert_null(engine_create_session(engine_of_tests(), &o, &s));
        cr_assert_null(graph_text(text, &src));
        Status *st = session_extend(s, src, false, &grown);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        graph_source_free(src);
        session_run(s, &(RunRequest){ .fetches = &fetch, .n_fetches = 1 }, store_value, &value);
        while (value == -1) {
        }
        session_close(s, NULL, NULL);
        session_unref(s);
        return value;
}

static const LoopCase cases[] = {
        /* a constant of the loop beside what changes */
        { "Const float [] { 1 }", "pm = Mul(sa:1, et) T: float\nna = NextIteration(pm) T: float\n",
          10, "xa:0", 1024 },
        /* not once around */
        { "Const float [] { 5 }", "pm = Mul(sa:1, et) T: float\nna = NextIteration(pm) T: float\n",
          0, "xa:0", 5 },
        /* nothing but constants, which something else must set going */
        { "Const float [] { 1 }",
          "q = Mul(eh, et)\npm = Add(sa:1, q)\nna = NextIteration(pm) T: float\n", 10, "xa:0", 11 },
        { "Const float [] { 1 }",
          "q = Mul(eh, et, ^pi)\npm = Add(sa:1, q)\nna = NextIteration(pm) T: float\n", 10, "xa:0",
          11 },
        /* what goes round as it is */
        { "Const float [] { 3 }", "na = NextIteration(sa:1) T: float\n", 10, "xa:0", 3 },
        { "Const float [] { 3 }", "na = NextIteration(sa:1) T: float\n", 10, "xi:0", 10 },
        /* a temporary variable, one of that name for each time round though many run at once */
        { "Const float [] { 1 }",
          "tv = TemporaryVariable(^pi) dtype: float, shape: [], var_name: \"t\"\n"
          "ts = Assign(tv, sa:1)\ntd = AssignAdd(ts, et)\n"
          "tx = DestroyTemporaryVariable(td) var_name: \"t\"\nna = NextIteration(tx) T: float\n",
          10, "xa:0", 21 },
        /* a loop within, which doubles three times with constants of the one around */
        { "Const float [] { 1 }",
          "iz = Identity(zi:1) T: int32\nzi = Switch(mz, cond) T: int32\nez = Enter(zero) "
          "frame_name: "
          "\"f\"\nmz = Merge(ez, nz) T: int32, N: 2\nnz = NextIteration(iz) T: int32\n"
          "e3 = Enter(three) frame_name: \"f\", is_constant: true\n"
          "ji = Enter(iz) frame_name: \"g\"\nja = Enter(sa:1) frame_name: \"g\"\n"
          "jt = Enter(et) frame_name: \"g\", is_constant: true\n"
          "jo = Enter(eo) frame_name: \"g\", is_constant: true\n"
          "j3 = Enter(e3) frame_name: \"g\", is_constant: true\n"
          "jmi = Merge(ji, jni) T: int32, N: 2\njma = Merge(ja, jna) T: float, N: 2\n"
          "jless = Less(jmi, j3)\njcond = LoopCond(jless)\n"
          "jsi = Switch(jmi, jcond) T: int32\njsa = Switch(jma, jcond) T: float\n"
          "jpi = Add(jsi:1, jo)\njpm = Mul(jsa:1, jt)\njni = NextIteration(jpi) T: int32\n"
          "jna = NextIteration(jpm) T: float\njxa = Exit(jsa) T: float\n"
          "na = NextIteration(jxa) T: float\n",
          4, "xa:0", 4096 },
        /* in a branch that is not taken */
        { "Identity(branch:1) T: float\nbranch = Switch(two, no) T: float",
          "pm = Mul(sa:1, et) T: float\nna = NextIteration(pm) T: float\n", 5, "m:0", 7 },
};

Test(loops, run_alike_however_they_are_optimized)
{
        static const int parallel[] = { 1, 2, 10 };
        for (size_t i = 0; i < COUNTOF(cases); i++)
                for (size_t p = 0; p < COUNTOF(parallel); p++)
                        for (int plain = 0; plain < 2; plain++) {
                                autobuf b = BUF(1 << 16);
                                put_loop(&b, &cases[i], parallel[p]);
                                double v = run_in(plain, buf_cstr(&b), cases[i].fetch);
                                cr_expect_eq(v, cases[i].want, "case %zu, %d at once, %s: %g", i,
                                             parallel[p], plain ? "plain" : "optimized", v);
                        }
}

/* Each iteration begins the next by itself: for ever, but neither deeper nor past a timeout. */
Test(loops, a_constant_that_goes_round_never_ends)
{
        autobuf b = BUF(1 << 16);
        LoopCase k = { "Const float [] { 1 }", "na = NextIteration(et) T: float\n", 5, "xa:0", 0 };
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        put_loop(&b, &k, 1 << 20);
        grow_ok(buf_cstr(&b));
        o.timeout_in_ms = 100;
        Call *c = start_with("m:0", "", "ni", &o, NULL);
        Status *s = finish(c);
        cr_expect(!s || status_code(s) == SR_DEADLINE_EXCEEDED ||
                  status_code(s) == SR_RESOURCE_EXHAUSTED);
        status_free(s);
}

/* ---- what loops refuse ---- */

static const char counted[] =
        "x = Placeholder dtype: float, shape: []\none = Const float [] { 1 }\n"
        "ei = Enter(x) frame_name: \"f\"\n"
        "eo = Enter(one) frame_name: \"f\", is_constant: true\n"
        "mi = Merge(ei, ni) T: float, N: 2\nless = Less(mi, eo)\n"
        "cond = LoopCond(less)\nsi = Switch(mi, cond) T: float\n"
        "next = Add(si:1, eo)\nni = NextIteration(next) T: float\n"
        "xi = Exit(si) T: float\n";

Test(loops, a_value_within_is_fetched_of_one_iteration_or_not_at_all)
{
        grow_ok(counted);
        cr_assert_eq(value_of("next:0", "x=0"), 1);
        run_fails("next:0", "x=-1", SR_INTERNAL, "Retval[0] has already been set.");
        run_fails("next:0", "x=1", SR_INVALID_ARGUMENT, "Retval[0] does not have value");
}

Test(loops, a_back_edge_from_another_loop_is_refused)
{
        grow_ok(counted);
        grow_ok("e2 = Enter(si:1) T: float, frame_name: \"inner\"\nback = NextIteration(next) T: "
                "float\n"
                "m2 = Merge(e2, back) T: float, N: 2\nx2 = Exit(m2) T: float\n"
                "n2 = Identity(x2)\n");
        run_fails("n2:0", "x=0", SR_INVALID_ARGUMENT,
                  "{{node m2}} has inputs from different frames. The input {{node m2}} is in frame "
                  "'inner'. The input {{node back}} is in frame 'f'.");
}
