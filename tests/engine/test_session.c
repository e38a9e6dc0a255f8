// SPDX-License-Identifier: Apache-2.0
/* Session::Run as TensorFlow's documentation and client promise it. */
#include "tests/engine/session_fixture.h"

#include "tests/lib/op_session.h"
#include <sched.h>

TestSuite(session, .init = session_setup, .fini = session_teardown, .timeout = 60);

static const char abc[] = "a = Const float [] { 5 }\n"
                          "b = Const float [] { 6 }\n"
                          "c = Mul(a, b)\n";

Test(session, a_constant_that_is_assigned_to_is_a_variable_that_begins_with_its_value)
{
        grow_ok("c = Const float [] { 5 }\nx = Placeholder dtype: float\nread = Identity(c)\n"
                "add = AssignAdd(c, x)\nplain = Const float [] { 1 }\n");
        cr_assert_eq(value_of("read:0", ""), 5);
        cr_assert_eq(value_of("add:0", "x=2"), 7);
        cr_assert_eq(value_of("read:0", ""), 7);
}

Test(session, arguments_of_a_function_that_was_cut_out_have_a_value_when_they_are_fed)
{
        grow_ok("a = _Arg T: float, index: 0\ny = Square(a)\nr = _Retval(y) index: 0\n");
        cr_assert_eq(value_of("y:0", "a=3"), 9);
        run_fails("y:0", "", SR_INTERNAL, "no call frame");
        run_fails("r", "a=3", SR_INTERNAL, "no call frame");
}

Test(session, a_variable_that_is_fed_cannot_be_assigned_to)
{
        grow_ok("v = VariableV2 dtype: float, shape: []\nx = Placeholder dtype: float\n"
                "set = Assign(v, x)\nadd = AssignAdd(v, x)\n");
        run_fails("set:0", "x=1 v=3", SR_INVALID_ARGUMENT, "0-th input expects a ref type");
        run_fails("add:0", "x=1 v=3", SR_INVALID_ARGUMENT, "0-th input expects a ref type");
}

Test(session, multiplies_five_by_six)
{
        grow_ok(abc);
        cr_assert_eq(value_of("c:0", ""), 30);
}

Test(session, a_name_without_an_index_is_an_operation_whose_result_is_null)
{
        grow_ok(abc);
        run_ok("c a:0 c", "", "");
        cr_assert_eq(n_got, 3);
        cr_assert_null(got[0]);
        cr_assert_eq(tensor_double(got[1], 0), 5);
        cr_assert_null(got[2]);
}

Test(session, a_fetch_named_twice_gets_its_value_twice)
{
        grow_ok("n = TestCount()\n");
        run_ok("n:0 n:0", "", "");
        cr_assert_eq(tensor_double(got[0], 0), 1);
        cr_assert_eq(tensor_double(got[1], 0), 1);
        cr_assert_eq(atomic_load(&test_count), 1);
}

Test(session, any_tensor_may_be_fed_constants_and_results_too)
{
        grow_ok(abc);
        cr_assert_eq(value_of("c:0", "a=2"), 12);
        cr_assert_eq(value_of("c:0", "a:0=2 b=4"), 8);
        cr_assert_eq(value_of("c:0", "c=7"), 7);
        cr_assert_eq(value_of("c:0", ""), 30);
}

Test(session, what_is_not_needed_does_not_run)
{
        grow_ok("x = Placeholder dtype: float\n"
                "y = Neg(x)\n"
                "n = TestCount()\n"
                "k = Const float [] { 1 }\n");
        cr_assert_eq(value_of("k:0", ""), 1);
        cr_assert_eq(atomic_load(&test_count), 0);
}

Test(session, control_edges_and_targets_make_nodes_run)
{
        grow_ok("n = TestCount()\n"
                "m = TestCount()\n"
                "k = Const float [] { 1 }\n"
                "i = Identity(k, ^n)\n");
        run_ok("i:0", "", "m");
        cr_assert_eq(atomic_load(&test_count), 2);
}

Test(session, a_fed_node_still_runs_for_its_control_edges)
{
        grow_ok("n = TestCount()\n"
                "i = Identity(n, ^n)\n");
        cr_assert_eq(value_of("i:0", "n=9"), 9);
        cr_assert_eq(atomic_load(&test_count), 1);
}

Test(session, an_unfed_placeholder_is_named_with_its_type_and_shape)
{
        grow_ok("x = Placeholder dtype: float, shape: [?, 2]\n"
                "y = Neg(x)\n");
        run_fails("y:0", "", SR_INVALID_ARGUMENT,
                  "You must feed a value for placeholder tensor 'x' with dtype float and shape "
                  "[?,2]\n\t [[{{node x}}]]");
}

Test(session, unknown_names_are_refused_in_the_clients_words)
{
        grow_ok(abc);
        run_fails("d:0", "", SR_INVALID_ARGUMENT,
                  "Fetch argument 'd:0' cannot be interpreted as a Tensor. (The name 'd:0' refers "
                  "to a Tensor which does not "
                  "exist. The operation, 'd', does not exist in the graph.)");
        run_fails("c:1", "", SR_INVALID_ARGUMENT,
                  "Fetch argument 'c:1' cannot be interpreted as a Tensor. (The name 'c:1' refers "
                  "to a Tensor which does not "
                  "exist. The operation, 'c', exists but only has 1 outputs.)");
        run_fails("d", "", SR_INVALID_ARGUMENT,
                  "Fetch argument 'd' cannot be interpreted as a Tensor. (The name 'd' refers to "
                  "an Operation not in the "
                  "graph.)");
        run_fails("c:x", "", SR_INVALID_ARGUMENT,
                  "Fetch argument 'c:x' cannot be interpreted as a Tensor. (The name 'c:x' "
                  "looks a like a Tensor name, but is not a valid one.");
        run_fails("c:0", "d=1", SR_INVALID_ARGUMENT,
                  "Cannot interpret feed_dict key as Tensor: The name 'd:0' refers to a "
                  "Tensor which does not exist.");
        run_fails("c:0", "a=1 a:0=2", SR_INVALID_ARGUMENT, "Endpoint \"a:0\" fed more than once.");
}

Test(session, a_bad_feed_wins_over_a_bad_fetch)
{
        grow_ok(abc);
        run_fails("nope:0", "d=1", SR_INVALID_ARGUMENT, "Cannot interpret feed_dict key");
}

Test(session, an_unknown_target_is_not_found)
{
        grow_ok(abc);
        Status *s = finish(start("", "", "nope c nada"));
        cr_assert_eq(status_code(s), SR_NOT_FOUND);
        cr_assert_str_eq(status_message(s),
                         "PruneForTargets: Some target nodes not found: nope nada ");
        status_free(s);
}

Test(session, an_empty_graph_is_refused_before_the_fetches_are_read)
{
        run_fails("", "", SR_INVALID_ARGUMENT,
                  "The Session graph is empty.  Add operations to the graph before calling run().");
}

Test(session, nothing_to_fetch_makes_no_step)
{
        grow_ok(abc);
        run_ok("", "", "");
        cr_assert_eq(session_steps(session), 0);
}

Test(session, a_value_of_another_shape_than_the_tensors_is_refused)
{
        grow_ok("x = Placeholder dtype: float, shape: [4]\n"
                "y = Neg(x)\n");
        run_fails("y:0", "x=1", SR_INVALID_ARGUMENT,
                  "Cannot feed value of shape () for Tensor 'x:0', which has shape '(4,)'");
}

Test(session, errors_name_the_node_and_spare_the_session)
{
        grow_ok("x = Placeholder dtype: float\n"
                "ok = Neg(x)\n"
                "p = Placeholder dtype: float\n"
                "bad = Neg(p)\n");
        Status *s = finish(start("bad:0", "x=1", ""));
        cr_assert_str_eq(status_node(s), "p");
        cr_assert_str_eq(status_op(s), "Placeholder");
        status_free(s);
        cr_assert_eq(value_of("ok:0", "x=1"), -1);
}

Test(session, fetching_the_untaken_side_of_a_switch_fails)
{
        grow_ok("d = Const float [] { 3 }\n"
                "p = Const bool [] { true }\n"
                "s = Switch(d, p)\n"
                "f = Identity(s:0)\n"
                "t = Identity(s:1)\n");
        cr_assert_eq(value_of("t:0", ""), 3);
        run_fails("f:0", "", SR_INVALID_ARGUMENT, "Retval[0] does not have value");
}

/* ---- variables ---- */

static const char counter[] = "v = VariableV2 dtype: float, shape: []\n"
                              "init = Const float [] { 42 }\n"
                              "v/Assign = Assign(v, init)\n"
                              "thirteen = Const float [] { 13 }\n"
                              "set = Assign(v, thirteen)\n"
                              "one = Const float [] { 1 }\n"
                              "inc = AssignAdd(v, one)\n"
                              "read = Identity(v)\n";

Test(session, a_variable_keeps_its_value_between_steps)
{
        grow_ok(counter);
        run_ok("", "", "v/Assign");
        cr_assert_eq(value_of("v:0", ""), 42);
        run_ok("", "", "set");
        cr_assert_eq(value_of("read:0", ""), 13);
        for (int i = 1; i <= 5; i++)
                cr_assert_eq(value_of("inc:0", ""), 13 + i);
}

Test(session, an_uninitialized_variable_is_named)
{
        grow_ok(counter);
        run_fails("read:0", "", SR_FAILED_PRECONDITION,
                  "Attempting to use uninitialized value v\n\t [[{{node read}}]]");
        run_fails("v:0", "", SR_FAILED_PRECONDITION, "Attempting to use uninitialized value v");
        run_fails("inc:0", "", SR_FAILED_PRECONDITION, "Attempting to use uninitialized value v");
}

Test(session, a_fetched_value_does_not_change_with_its_variable)
{
        grow_ok(counter);
        run_ok("", "", "v/Assign");
        run_ok("v:0", "", "");
        autoptr(Tensor) before = tensor_ref(got[0]);
        run_ok("inc:0", "", "");
        cr_assert_eq(tensor_double(before, 0), 42);
}

Test(session, extending_keeps_values)
{
        grow_ok(counter);
        run_ok("", "", "v/Assign");
        grow_ok("dtwo = Const float [] { 2 }\n"
                "e = Mul(dtwo, dtwo)\n");
        cr_assert_eq(value_of("e:0", ""), 4);
        cr_assert_eq(value_of("v:0", ""), 42);
        Status *s = grow("e = Const float [] { 1 }\n");
        cr_assert_str_eq(
                status_message(s),
                "GraphDef argument to Extend includes node 'e', which was created by a previous "
                "call to Create or Extend in this session.");
        status_free(s);
}

/* ---- waiting, cancelling, closing ---- */

static const char waits[] = "x = Placeholder dtype: float\n"
                            "w = TestWait(x)\n"
                            "y = Neg(w)\n";

Test(session, a_waiting_step_goes_on_when_its_op_is_done)
{
        grow_ok(waits);
        Call *c = start("y:0", "x=4", "");
        wait_until(1);
        cr_assert(!is_done(c));
        release_all();
        cr_assert_null(finish(c));
        cr_assert_eq(tensor_double(got[0], 0), -4);
}

Test(session, a_timeout_ends_a_waiting_step_and_nothing_else)
{
        grow_ok(waits);
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.timeout_in_ms = 20;
        Status *s = finish(start_with("y:0", "x=4", "", &o, NULL));
        cr_assert_eq(status_code(s), SR_DEADLINE_EXCEEDED);
        cr_assert_str_eq(status_message(s), "Timed out waiting for notification");
        cr_assert_null(status_node(s));
        status_free(s);
        Call *c = start("y:0", "x=4", "");
        wait_until(1);
        release_all();
        cr_assert_null(finish(c));
}

Test(session, a_timeout_ends_an_endless_loop)
{
        grow_ok("zero = Const float [] { 0 }\n"
                "enter = Enter(zero) frame_name: \"f\"\n"
                "merge = Merge(enter, next) T: float, N: 2\n"
                "true = Const bool [] { true }\n"
                "etrue = Enter(true) frame_name: \"f\", is_constant: true\n"
                "cond = LoopCond(etrue)\n"
                "switch = Switch(merge, cond) T: float\n"
                "body = Identity(switch:1) T: float\n"
                "next = NextIteration(body) T: float\n"
                "exit = Exit(switch:0) T: float\n");
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.timeout_in_ms = 50;
        Status *s = finish(start_with("exit:0", "", "", &o, NULL));
        cr_assert_eq(status_code(s), SR_DEADLINE_EXCEEDED);
        status_free(s);
}

Test(session, the_clients_token_cancels_its_step_only)
{
        grow_ok(waits);
        autoptr(Cancel) token = NULL;
        cr_assert_null(cancel_new(&token));
        Call *mine = start_with("y:0", "x=1", "", NULL, token), *other = start("y:0", "x=2", "");
        wait_until(2);
        cancel_fire(token, cancelled("the client went away"));
        Status *s = finish(mine);
        cr_assert_eq(status_code(s), SR_CANCELLED);
        status_free(s);
        cr_assert(!is_done(other));
        release_all();
        cr_assert_null(finish(other));
}

static void note(void *arg)
{
        atomic_store((atomic_bool *)arg, true);
}

Test(session, closing_cancels_what_waits_and_refuses_what_comes)
{
        grow_ok(waits);
        Call *c = start("y:0", "x=1", "");
        wait_until(1);
        atomic_bool closed = false;
        session_close(session, note, &closed);
        Status *s = finish(c);
        cr_assert_eq(status_code(s), SR_CANCELLED);
        cr_assert_str_eq(status_message(s), "TestWait was cancelled\n\t [[{{node w}}]]");
        status_free(s);
        cr_assert(atomic_load(&closed));
        run_fails("y:0", "x=1", SR_FAILED_PRECONDITION, "Attempted to use a closed Session.");
        session_close(session, note, &closed);
}

Test(session, a_running_step_can_be_listed_and_cancelled_by_its_number)
{
        grow_ok(waits);
        Call *c = start("y:0", "x=1", "");
        wait_until(1);
        cr_assert_null(session_cancel_step(session, session_steps(session)));
        Status *s = finish(c);
        cr_assert_eq(status_code(s), SR_CANCELLED);
        status_free(s);
        s = session_cancel_step(session, 1);
        cr_assert_eq(status_code(s), SR_NOT_FOUND);
        status_free(s);
}

Test(session, a_node_on_a_missing_device_stops_every_run)
{
        grow_ok(abc);
        grow_ok("g = NoOp() @ \"/device:GPU:0\"\n");
        run_fails("c:0", "", SR_INVALID_ARGUMENT,
                  "Cannot assign a device for operation g: {{node g}} was explicitly "
                  "assigned to /device:GPU:0 but available devices are [ "
                  "/job:localhost/replica:0/task:0/device:CPU:0 ].");
}

/* ---- metadata ---- */

static int nodes_timed, nodes_drawn;

static void on_metadata(void *arg, Status *s, const RunResult *r)
{
        cr_assert_null(s, "%s", status_message(s));
        const RunMetadata *m = r->metadata;
        cr_assert_not_null(m);
        nodes_timed = m->step_stats ? (int)m->step_stats->dev_stats[0]->n_node_stats : -1;
        nodes_drawn = m->n_partition_graphs ? (int)m->partition_graphs[0]->n_node : -1;
        if (nodes_timed > 0) {
                const Tensorflow__NodeExecStats *n = m->step_stats->dev_stats[0]->node_stats[0];
                cr_assert_str_eq(n->timeline_label, "y = Neg(x)");
                cr_assert_gt(n->all_start_micros, 0);
                cr_assert_eq(
                        n->output[0]->tensor_description->allocation_description->requested_bytes,
                        4);
        }
        atomic_store((atomic_bool *)arg, true);
}

static void run_for_metadata(RunOptions *o)
{
        const char *fetch = "y:0";
        float one = 1;
        autoptr(Tensor) t = NULL;
        cr_assert_null(tensor_scalar(DT_FLOAT, &one, &t));
        Feed feed = { .key = "x", .value = t };
        atomic_bool done = false;
        RunRequest r = { .fetches = &fetch,
                         .n_fetches = 1,
                         .feeds = &feed,
                         .n_feeds = 1,
                         .options = o,
                         .metadata = true };
        session_run(session, &r, on_metadata, &done);
        while (!atomic_load(&done))
                sched_yield();
}

Test(session, a_traced_run_tells_what_each_node_did)
{
        grow_ok("x = Placeholder dtype: float\n"
                "y = Neg(x)\n");
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        run_for_metadata(&o);
        cr_assert_eq(nodes_timed, -1, "without a trace there is no step_stats");
        o.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        run_for_metadata(&o);
        cr_assert_eq(nodes_timed, 1);
        cr_assert_eq(nodes_drawn, -1);
        o.output_partition_graphs = true;
        run_for_metadata(&o);
        cr_assert_eq(nodes_drawn, 3, "_Arg, Neg and _Retval");
}

/* ---- named engines ---- */

Test(session, sessions_of_a_named_engine_share_variables_that_outlive_them)
{
        static const char graph[] = "v = VariableV2 dtype: float, shape: []\n"
                                    "seven = Const float [] { 7 }\n"
                                    "set = Assign(v, seven)\n";
        Session *mine = session, *first = NULL, *second = NULL;
        cr_assert_null(engine_session("first", "engine:e", &first));
        session = first;
        grow_ok(graph);
        run_ok("", "", "set");
        session_close(first, NULL, NULL);
        cr_assert_null(engine_session("second", "engine:e", &second));
        session = second;
        grow_ok(graph);
        cr_assert_eq(value_of("v:0", ""), 7);
        cr_assert_null(engine_clear(engine_of_tests(), "engine:e", NULL, 0));
        run_fails("v:0", "", SR_FAILED_PRECONDITION, "Attempting to use uninitialized value v");
        session = mine;
        session_unref(first);
        session_unref(second);
        Status *s = engine_clear(engine_of_tests(), "local", NULL, 0);
        cr_assert_eq(status_code(s), SR_NOT_FOUND);
        status_free(s);
}

/* Plans are found again by the names of a request. The second request's names are made so that they
 * read on as the first one's, if nothing but bytes between them said where a list ends. */
Test(session_names, of_odd_bytes_make_no_two_requests_one)
{
        autoptr(TestSession) s = NULL;
        cr_assert_null(test_session_text("a = Placeholder dtype: float\nb = Const float [] { 2 }\n"
                                         "x = Placeholder dtype: float\ny = Mul(x, a)\n",
                                         &s));
        autoptr(Tensor) three = NULL;
        autoptr(Tensor) y = NULL;
        cr_assert_null(tensor_scalar(DT_FLOAT, &(float){ 3 }, &three));
        Feed feeds[] = { { "a", three }, { "\1y", three } };
        RunRequest r = { .fetches = (const char *[]){ "y" },
                         .n_fetches = 1,
                         .feeds = feeds,
                         .n_feeds = 1,
                         .connections = &(TensorConnection){ "b:0", "x:0" },
                         .n_connections = 1,
                         .core_names = true };
        cr_assert_null(test_session_run(s, &r, &y));
        cr_assert_eq(tensor_double(y, 0), 6);
        RunRequest odd = { .feeds = feeds,
                           .n_feeds = 2,
                           .targets = (const char *[]){ "b:0", "x:0" },
                           .n_targets = 2,
                           .core_names = true };
        autoptr(Status) e = test_session_run(s, &odd, NULL);
        cr_assert_str_eq(status_message(e), "FeedInputs: unable to find feed output \1y");
}
