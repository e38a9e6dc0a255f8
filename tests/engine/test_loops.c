// SPDX-License-Identifier: Apache-2.0
/* Loops of TensorFlow 1.x: what plans do to them must not show. Each graph runs as it is optimized
 * and as it was written. */
#include "engine/base/buf.h"
#include "engine/exec/plan.h"
#include "tests/engine/session_fixture.h"
#include "tests/lib/graph_builder.h"

#include <stdio.h>
#include <stdlib.h>

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
        /* two variables that swap their values; three that hand them on */
        { "Const float [] { 1 }",
          "ey = Enter(two) frame_name: \"f\"\nmy = Merge(ey, ny) T: float, N: 2\n"
          "sy = Switch(my, cond) T: float\nna = NextIteration(sy:1) T: float\n"
          "ny = NextIteration(sa:1) T: float\nxy = Exit(sy) T: float\n"
          "et2 = Const float [] { 10 }\nboth = Mul(xa, et2) T: float\nsum = Add(both, xy)\n",
          5, "sum:0", 21 },
        { "Const float [] { 1 }",
          "ey = Enter(two) frame_name: \"f\"\nmy = Merge(ey, ny) T: float, N: 2\n"
          "ez = Enter(seven) frame_name: \"f\"\nmz = Merge(ez, nz) T: float, N: 2\n"
          "sy = Switch(my, cond) T: float\nsz = Switch(mz, cond) T: float\n"
          "iy = Identity(sy:1) T: float\niz = Identity(sz:1) T: float\n"
          "na = NextIteration(iy) T: float\nny = NextIteration(iz) T: float\n"
          "nz = NextIteration(sa:1) T: float\n",
          4, "xa:0", 2 },
        /* a value twice in one node, and in two variables */
        { "Const float [] { 2 }",
          "pm = Mul(sa:1, sa:1) T: float\nna = NextIteration(pm) T: float\n", 3, "xa:0", 256 },
        { "Const float [] { 2 }",
          "pm = Mul(sa:1, et) T: float\nna = NextIteration(pm) T: float\n"
          "ey = Enter(two) frame_name: \"f\"\nmy = Merge(ey, ny) T: float, N: 2\n"
          "sy = Switch(my, cond) T: float\nny = NextIteration(pm) T: float\n"
          "xy = Exit(sy) T: float\nsum = Add(xa, xy) T: float\n",
          3, "sum:0", 32 },
        /* what the test is made of, within */
        { "Const float [] { 1 }",
          "c = Cast(less) SrcT: bool, DstT: float\npm = Add(sa:1, c)\n"
          "na = NextIteration(pm) T: float\n",
          10, "xa:0", 11 },
        { "Const float [] { 1 }",
          "twice = Add(mi, mi) T: int32\nc = Cast(twice) SrcT: int32, DstT: float\n"
          "pm = Add(sa:1, c)\nna = NextIteration(pm) T: float\n",
          10, "xa:0", 91 },
        /* a shape that grows */
        { "Const float [1] { 1 }",
          "e0 = Enter(zero) frame_name: \"f\", is_constant: true\n"
          "pm = ConcatV2(sa:1, sa:1, e0) T: float, N: 2, Tidx: int32\n"
          "na = NextIteration(pm) T: float\nall = Const int32 [1] { 0 }\n"
          "sum = Sum(xa, all) T: float, Tidx: int32\n",
          4, "sum:0", 16 },
        /* work for several threads: side by side, and within each time round */
        { "Const float [] { 0 }",
          "w = Const float [64, 64] { 0.015625 }\new = Enter(w) frame_name: \"f\", is_constant: "
          "true\ney = Enter(w) frame_name: \"f\"\nmy = Merge(ey, ny) T: float, N: 2\n"
          "sy = Switch(my, cond) T: float\npy = MatMul(sy:1, ew) T: float\n"
          "ny = NextIteration(py) T: float\nez = Enter(w) frame_name: \"f\"\n"
          "mz = Merge(ez, nz) T: float, N: 2\nsz = Switch(mz, cond) T: float\n"
          "pz = MatMul(sz:1, ew) T: float\nnz = NextIteration(pz) T: float\n"
          "q = MatMul(py, ew) T: float\nall = Const(^pi) int32 [2] { 0, 1 }\n"
          "sq = Sum(q, all) T: float, Tidx: int32\npm = Add(sa:1, sq)\n"
          "na = NextIteration(pm) T: float\nxz = Exit(sz) T: float\n"
          "all2 = Const int32 [2] { 0, 1 }\nsz2 = Sum(xz, all2) T: float, Tidx: int32\n"
          "sum = Add(xa, sz2) T: float\n",
          9, "sum:0", 640 },
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

/* ---- straight lines ---- */

/* The plan's frame 1. */
static bool runs_straight(const char *text, const char *fetch, bool loops)
{
        GraphSource *src = NULL;
        autoptr(Graph) g = NULL;
        autoptr(Plan) p = NULL;
        int first;
        cr_assert_null(graph_new(&g));
        cr_assert_null(graph_text(text, &src));
        Status *s = graph_extend(g, src, false, &first);
        cr_assert_null(s, "%s", s ? status_message(s) : "");
        graph_source_free(src);
        TensorId id = { .node = graph_find(g, fetch) };
        PlanRequest r = { .fetches = &id, .n_fetches = 1, .optimizer = optimizer_options(NULL) };
        r.optimizer.loops = loops;
        cr_assert_null(plan_compile(g, &r, &p));
        cr_assert_eq(p->n_frames >= 2, true);
        return p->frames[1].line;
}

typedef struct LineCase {
        const char *what, *body, *fetch;
        bool straight;
} LineCase;

static const LineCase lines[] = {
        { "a simple loop", "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n", "xa", true },
        { "a value that goes round", "na = NextIteration(sa:1) T: float\n", "xa", true },
        { "a state of the session's",
          "pm = Mul(sa:1, et)\nv = VarHandleOp(^pm) dtype: float, shape: []\n"
          "a = AssignVariableOp(v, pm) dtype: float\n"
          "q = Identity(pm, ^a) T: float\nna = NextIteration(q) T: float\n",
          "xa", true },
        { "an op that waits", "pm = TestWait(sa:1)\nna = NextIteration(pm) T: float\n", "xa",
          false },
        { "a reference",
          "tv = TemporaryVariable(^pi) dtype: float, shape: [], var_name: \"t\"\n"
          "ts = Assign(tv, sa:1)\ntx = DestroyTemporaryVariable(ts) var_name: \"t\"\n"
          "na = NextIteration(tx) T: float\n",
          "xa", false },
        { "a branch within",
          "eb = Enter(no) frame_name: \"f\", is_constant: true\n"
          "no2 = Identity(eb) T: bool\ns2 = Switch(sa:1, no2)\nt2 = Neg(s2:0)\nf2 = Abs(s2:1)\nm2 "
          "= Merge(t2, f2)\n"
          "na = NextIteration(m2) T: float\n",
          "xa", false },
        { "a loop within",
          "ja = Enter(sa:1) frame_name: \"g\"\njm = Merge(ja, jn) T: float, N: 2\n"
          "jt = Enter(et) frame_name: \"g\", is_constant: true\njl = Less(jm, jt)\n"
          "jc = LoopCond(jl)\njs = Switch(jm, jc) T: float\njp = Add(js:1, jt)\n"
          "jn = NextIteration(jp) T: float\njx = Exit(js) T: float\n"
          "na = NextIteration(jx) T: float\n",
          "xa", false },
        { "somebody who looks in", "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n", "pm",
          false },
        { "somebody who looks at a Merge", "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n",
          "ma", false },
        { "somebody who looks at a Switch", "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n",
          "sa", false },
        { "somebody who looks at a NextIteration",
          "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n", "na", false },
        { "somebody who looks at an Enter", "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n",
          "ea", false },
        { "somebody who looks at an invariant",
          "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n", "et", false },
        { "a value that goes on whatever the test says",
          "pm = Mul(ma, et)\nna = NextIteration(pm) T: float\n", "xa", false },
        { "an invariant that goes round for ever", "na = NextIteration(et) T: float\n", "xa",
          false },
        { "a second test",
          "less2 = Less(ma, et)\nsy = Switch(ma, less2) T: float\npm = Mul(sy:1, et)\n"
          "na = NextIteration(pm) T: float\n",
          "xa", false },
        { "an entrance that is no variable",
          "ey = Enter(two) frame_name: \"f\"\npm = Mul(sa:1, ey)\n"
          "na = NextIteration(pm) T: float\n",
          "xa", false },
        { "an exit that leads in again",
          "xo = Exit(sa) T: float\ney = Enter(xo) frame_name: \"f\", is_constant: true\n"
          "si2 = Cast(si:1) SrcT: int32, DstT: float\npy = Mul(si2, ey)\n"
          "ez = Enter(two) frame_name: \"f\"\nmz = Merge(ez, nz) T: float, N: 2\n"
          "sz = Switch(mz, cond) T: float\nnz = NextIteration(py) T: float\n"
          "xz = Exit(sz) T: float\nna = NextIteration(sa:1) T: float\n",
          "xz", false },
};

Test(loops, run_straight_when_they_are_simple)
{
        for (size_t i = 0; i < COUNTOF(lines); i++) {
                autobuf b = BUF(1 << 16);
                LoopCase k = { "Const float [] { 1 }", lines[i].body, 5, "", 0 };
                put_loop(&b, &k, 10);
                cr_expect_eq(runs_straight(buf_cstr(&b), lines[i].fetch, true), lines[i].straight,
                             "%s", lines[i].what);
                cr_expect_not(runs_straight(buf_cstr(&b), lines[i].fetch, false), "%s, off",
                              lines[i].what);
        }
}

static const char doubling[] = "pm = Mul(sa:1, et)\nna = NextIteration(pm) T: float\n";

/* Without the log of kernels: it is made from traces, and traced loops do not run straight. */
static void grow_loop(const char *start, const char *body, int n)
{
        autobuf b = BUF(1 << 16);
        unsetenv("SESSRUN_KERNEL_LOG");
        LoopCase k = { start, body, n, "", 0 };
        put_loop(&b, &k, 10);
        grow_ok(buf_cstr(&b));
}

Test(loops, a_straight_one_hears_of_timeouts_and_of_cancellation)
{
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        Cancel *c = NULL;
        grow_loop("Const float [] { 1 }", doubling, INT32_MAX);
        o.timeout_in_ms = 50;
        Status *s = finish(start_with("xa:0", "", "", &o, NULL));
        cr_expect_eq(status_code(s), SR_DEADLINE_EXCEEDED);
        status_free(s);
        cr_assert_null(cancel_new(&c));
        Call *call = start_with("xa:0", "", "", NULL, c);
        cancel_fire(c, cancelled("enough"));
        s = finish(call);
        cr_expect_eq(status_code(s), SR_CANCELLED);
        status_free(s);
        cancel_unref(c);
}

Test(loops, a_straight_one_says_which_node_failed)
{
        grow_loop("Const float [] { 1 }",
                  "few = Const float [3] { 1, 2, 3 }\n"
                  "ef = Enter(few) frame_name: \"f\", is_constant: true\n"
                  "g = Gather(ef, si:1)\npm = Add(sa:1, g)\nna = NextIteration(pm) T: float\n",
                  4); /* one iteration that fails: elsewhere they may run side by side */
        run_fails("xa:0", "", SR_INVALID_ARGUMENT,
                  "indices = 3 is not in [0, 3)\n\t [[{{node g}}]]");
        grow_ok("vtest = Const bool [1] { true }\nev = Enter(zero) frame_name: \"v\", T: int32\n"
                "et2 = Enter(vtest) frame_name: \"v\", is_constant: true\n"
                "mv = Merge(ev, nv) T: int32, N: 2\nsv = Switch(mv, pv) T: int32\n"
                "pv = Identity(et2, ^mv) T: bool\nnv = NextIteration(sv:1) T: int32\n"
                "xv = Exit(sv) T: int32\n");
        run_fails("xv:0", "", SR_INVALID_ARGUMENT,
                  "The second input must be a scalar, but it has shape [1]\n\t [[{{node sv}}]]");
}

Test(loops, partial_and_traced_runs_of_a_straight_one)
{
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        grow_loop("Placeholder dtype: float, shape: []", doubling, 5);
        char *handle = setup_partial("xa:0", "start", "");
        cr_expect_eq(partial_value(handle, "xa:0", "start=3"), 96);
        mem_free(handle);
        o.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        cr_assert_null(finish(start_with("xa:0", "start=2", "", &o, NULL)));
        cr_expect_eq(tensor_double(got[0], 0), 64);
}

static void note_end(void *arg, Status *s, const RunResult *r)
{
        (void)r;
        *(_Atomic int *)arg = s ? (int)status_code(s) : -1;
        status_free(s);
}

/* Nothing is lost, or freed twice, whichever block is missing. */
Test(loops, a_straight_one_runs_out_of_memory)
{
        static const char *const fetch = "xa:0";
        grow_loop("Const float [] { 3 }", doubling, 5);
        cr_assert_eq(value_of("xa:0", ""), 96);
        for (int n = 1; n <= 80; n++) {
                _Atomic int end = 0;
                mem_fail_at(n);
                session_run(session, &(RunRequest){ .fetches = &fetch, .n_fetches = 1 }, note_end,
                            &end);
                while (!end) {
                }
                mem_fail_at(0);
                cr_expect(end == -1 || end == SR_RESOURCE_EXHAUSTED, "%d", end);
        }
        cr_assert_eq(value_of("xa:0", ""), 96);
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
