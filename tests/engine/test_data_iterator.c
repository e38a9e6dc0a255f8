// SPDX-License-Identifier: Apache-2.0
/* Iterators: what they keep from step to step, how they end, begin anew, fail and are shared. */
#include "tests/engine/data_fixture.h"

#include "engine/base/buf.h"
#include <string.h>
#include <unistd.h>

TestSuite(data_iterator, .init = data_setup, .fini = session_teardown, .timeout = 60);

static void draws(const char *want)
{
        autofree char *is = draw_all("next", 1, 100);
        cr_assert_str_eq(is, want);
}

static void target_fails(const char *target, const char *text)
{
        autoptr(Status) s = finish(start("", "", target));
        cr_assert_eq(status_code(s), SR_INVALID_ARGUMENT);
        cr_assert(strstr(status_message(s), text), "%s", status_message(s));
}

Test(data_iterator, must_be_initialized_and_may_be_anew)
{
        grow_ok("d = TakeDataset(r5, c3) " INT64S);
        grow_iterator("int64");
        run_fails("next:0", "", SR_FAILED_PRECONDITION,
                  "GetNext() failed because the iterator has not been initialized.");
        run_ok("", "", "init");
        draws("0 1 2");
        run_fails("next:0", "", SR_OUT_OF_RANGE, "End of sequence");
        run_ok("", "", "init");
        cr_assert_eq(value_of("next:0", ""), 0);
        run_ok("", "", "init");
        draws("0 1 2");
}

Test(data_iterator, refuses_a_dataset_of_other_components)
{
        grow_ok("x = Const float [2] { 1, 2 }\n"
                "two = TensorDataset(x, x) output_shapes: [[2], [2]]\n"
                "float = TensorDataset(x) output_shapes: [[2]]\n"
                "d = TensorDataset(c1) Toutput_types: [int64], output_shapes: [[]]\n"
                "it = IteratorV2 shared_name: \"\", container: \"\", output_types: [int64], "
                "output_shapes: [[3]]\n"
                "a = MakeIterator(two, it)\nb = MakeIterator(float, it)\nc = MakeIterator(d, "
                "it)\n");
        target_fails("a", "Number of components does not match: expected 1 types but got 2.");
        target_fails("b", "Data type mismatch at component 0: expected int64 but got float.");
        target_fails("c", "Incompatible shapes at component 0: expected [3] but got [].");
}

Test(data_iterator, goes_on_after_an_error)
{
        grow_ok("d = MapDataset(r5) Targuments: [], f: ratio, " INT64S);
        grow_iterator("int64");
        run_ok("", "", "init");
        cr_assert_eq(value_of("next:0", ""), -6);
        cr_assert_eq(value_of("next:0", ""), -12);
        run_fails("next:0", "", SR_INVALID_ARGUMENT, "");
        cr_assert_eq(value_of("next:0", ""), 12);
        draws("6");
}

Test(data_iterator, of_one_name_is_one)
{
        grow_ok("a = IteratorV2 shared_name: \"s\", container: \"\", " INT64S "\n"
                "b = IteratorV2 shared_name: \"s\", container: \"\", " INT64S "\n"
                "init = MakeIterator(r3, a)\n"
                "next = IteratorGetNext(b) " INT64S "\n"
                "other = IteratorV2 shared_name: \"s\", container: \"\", output_types: [float], "
                "output_shapes: [?]\n");
        run_ok("", "", "init");
        draws("0 1 2");
        run_fails("other", "", SR_INVALID_ARGUMENT,
                  "Data type mismatch at component 0: expected float but got int64.");
}

Test(data_iterator, one_shot_makes_its_dataset_once)
{
        grow_ok("it = OneShotIterator dataset_factory: three, " INT64S "\n"
                "next = IteratorGetNext(it) " INT64S "\n"
                "wrong = OneShotIterator dataset_factory: three, output_types: [float], "
                "output_shapes: [?]\n");
        draws("0 1 2");
        run_fails("next:0", "", SR_OUT_OF_RANGE, "End of sequence");
        run_fails("wrong", "", SR_INVALID_ARGUMENT, "Data type mismatch at component 0");
}

Test(data_iterator, optionals_tell_the_end_without_an_error)
{
        grow_ok("it = OneShotIterator dataset_factory: three, " INT64S "\n"
                "o = IteratorGetNextAsOptional(it) " INT64S "\n"
                "has = OptionalHasValue(o)\n"
                "hasf = Cast(has) SrcT: bool, DstT: float\n"
                "v = OptionalGetValue(o) " INT64S "\n"
                "some = OptionalFromValue(c3, yes) Toutput_types: [int64, bool]\n"
                "got = OptionalGetValue(some) output_types: [int64, bool], output_shapes: [?, ?]\n"
                "bad = OptionalGetValue(some) " INT64S "\n");
        for (int i = 0; i < 3; i++)
                cr_assert_eq(value_of("v:0", ""), i);
        cr_assert_eq(value_of("hasf:0", ""), 0);
        run_fails("v:0", "", SR_INVALID_ARGUMENT, "The given optional does not have a value.");
        cr_assert_eq(value_of("got:0", ""), 3);
        run_fails("bad:0", "", SR_INVALID_ARGUMENT,
                  "The given optional has 2 components, expected 1");
}

Test(data_iterator, an_endless_filter_ends_with_its_timeout)
{
        grow_ok("e = RepeatDataset(r5, cm1) " INT64S "\n"
                "d = FilterDataset(e, cm1) Targuments: [int64], predicate: below, " INT64S "\n");
        grow_iterator("int64");
        run_ok("", "", "init");
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.timeout_in_ms = 200;
        autoptr(Status) s = finish(start_with("next:0", "", "", &o, NULL));
        cr_assert_eq(status_code(s), SR_DEADLINE_EXCEEDED, "%s", status_message(s));
}

Test(data_iterator, an_endless_skip_ends_when_the_session_does)
{
        grow_ok("e = RepeatDataset(r5, cm1) " INT64S "\n"
                "n = Const int64 [] { 4611686018427387904 }\n"
                "d = SkipDataset(e, n) " INT64S "\n");
        grow_iterator("int64");
        run_ok("", "", "init");
        Call *first = start("next:0", "", ""), *second = start("next:0", "", "");
        session_close(session, NULL, NULL);
        autoptr(Status) s = finish(first);
        cr_assert_eq(status_code(s), SR_CANCELLED, "%s", status_message(s));
        autoptr(Status) t = finish(second);
        cr_assert_eq(status_code(t), SR_CANCELLED, "%s", status_message(t));
}

Test(data_iterator, a_deep_pipeline_needs_no_stack)
{
        autobuf b = BUF(1 << 20);
        buf_puts(&b, "d6 = TakeDataset(r5, c3) " INT64S "\n");
        for (int i = 6; i < 1505; i++)
                buf_printf(&b, "d%d = TakeDataset(d%d, c3) " INT64S "\n", i + 1, i);
        grow_ok(buf_cstr(&b));
        grow_ok("d = TakeDataset(d1505, c2) " INT64S "\n");
        grow_iterator("int64");
        run_ok("", "", "init");
        draws("0 1");
}

Test(data_iterator, functions_share_the_variables_of_the_session)
{
        grow_ok("v = VarHandleOp dtype: int64, shape: []\n"
                "zero = AssignVariableOp(v, c0) dtype: int64\n"
                "d = MapDataset(r5, v) Targuments: [resource], f: counted, " INT64S "\n"
                "n = ReadVariableOp(v) dtype: int64\n");
        grow_iterator("int64");
        run_ok("", "", "zero");
        run_ok("", "", "init");
        draws("0 1 2 3 4");
        cr_assert_eq(value_of("n:0", ""), 5);
}

/* The iterator's functions hold the iterator: the leak checker sees whether that is a cycle. */
Test(data_iterator, may_be_drawn_from_by_its_own_functions)
{
        grow_ok("it = IteratorV2 shared_name: \"\", container: \"\", " INT64S "\n"
                "d = MapDataset(r5, it) Targuments: [resource], f: mine, " INT64S "\n"
                "init = MakeIterator(d, it)\n"
                "next = IteratorGetNext(it) " INT64S "\n");
        run_ok("", "", "init");
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.timeout_in_ms = 100;
        autoptr(Status) s = finish(start_with("next:0", "", "", &o, NULL));
        cr_assert_eq(status_code(s), SR_DEADLINE_EXCEEDED, "%s", status_message(s));
}

Test(data_iterator, a_string_chooses_which_one_to_draw_from)
{
        grow_ok("a = OneShotIterator dataset_factory: three, " INT64S "\n"
                "b = IteratorV2 shared_name: \"\", container: \"\", " INT64S "\n"
                "e = RangeDataset(c7, c10, c1) " INT64S "\n"
                "init = MakeIterator(e, b)\n"
                "sa = IteratorToStringHandle(a)\n"
                "sb = IteratorToStringHandle(b)\n"
                "junk = Const string [] { \"\\xff\\xff\" }\n"
                "all = Pack(sa, sb, junk) N: 3, T: string\n"
                "x = Placeholder dtype: float, shape: []\n"
                "i = Cast(x) SrcT: float, DstT: int32\n"
                "h = GatherV2(all, i, c0) Tparams: string, Tindices: int32, Taxis: int64\n"
                "it = IteratorFromStringHandleV2(h) " INT64S "\n"
                "next = IteratorGetNext(it) " INT64S "\n"
                "wrong = IteratorFromStringHandleV2(h) output_types: [float], output_shapes: "
                "[?]\n");
        run_ok("", "", "init");
        for (int i = 0; i < 3; i++) {
                cr_assert_eq(value_of("next:0", "x=0"), i);
                cr_assert_eq(value_of("next:0", "x=1"), 7 + i);
        }
        run_fails("next:0", "x=1", SR_OUT_OF_RANGE, "End of sequence");
        run_fails("next:0", "x=2", SR_INVALID_ARGUMENT, "Could not parse string_handle");
        run_fails("wrong", "x=1", SR_INVALID_ARGUMENT, "Data type mismatch");
}

Test(data_iterator, a_sleeping_draw_wakes_in_time_or_when_it_is_cancelled)
{
        grow_ok("d = SleepDataset(r3, c10) " INT64S "\n"
                "n = Const int64 [] { 4611686018427387904 }\n"
                "e = SleepDataset(r3, n) " INT64S "\n"
                "long = IteratorV2 shared_name: \"\", container: \"\", " INT64S "\n"
                "long_init = MakeIterator(e, long)\n"
                "long_next = IteratorGetNext(long) " INT64S "\n");
        grow_iterator("int64");
        run_ok("", "", "init");
        draws("0 1 2");
        run_ok("", "", "long_init");
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.timeout_in_ms = 50;
        autoptr(Status) s = finish(start_with("long_next:0", "", "", &o, NULL));
        cr_assert_eq(status_code(s), SR_DEADLINE_EXCEEDED, "%s", status_message(s));
}

/* stuck(x) = x, once the TestWait in it is released. */
static const char stuck[] =
        "library { function { signature { name: 'stuck' is_stateful: true "
        "input_arg { name: 'x' type: DT_INT64 } output_arg { name: 'y' type: DT_INT64 } } "
        "node_def { name: 'f' op: 'Cast' input: 'x' attr { key: 'SrcT' value { type: DT_INT64 } } "
        "attr { key: 'DstT' value { type: DT_FLOAT } } } "
        "node_def { name: 'w' op: 'TestWait' input: 'f:y:0' } "
        "node_def { name: 'y' op: 'Cast' input: 'w:y:0' attr { key: 'SrcT' value { type: DT_FLOAT "
        "} "
        "} attr { key: 'DstT' value { type: DT_INT64 } } } ret { key: 'y' value: 'y:y:0' } } }";

#define STUCK_MAP "d = MapDataset(r3) Targuments: [], f: stuck, " INT64S "\n"

static void grow_stuck(const char *d)
{
        autoptr(GraphSource) src = NULL;
        ExtendResult r;
        Status *s = graph_source_parse(stuck, strlen(stuck), "graph_def_text", NULL, &src);
        cr_assert_null(s, "%s", status_message(s));
        s = session_extend(session, src, false, &r);
        cr_assert_null(s, "%s", status_message(s));
        grow_ok(d);
        grow_iterator("int64");
        run_ok("", "", "init");
}

Test(data_iterator, draws_wait_for_each_other_in_order)
{
        grow_stuck(STUCK_MAP);
        Call *call[3];
        for (int i = 0; i < 3; i++)
                call[i] = start("next:0", "", "");
        for (int i = 0; i < 3; i++) {
                for (; !is_done(call[i]); usleep(1000))
                        release_all();
                autoptr(Status) s = finish(call[i]);
                cr_assert_null(s, "%s", status_message(s));
                cr_assert_eq(tensor_int(got[0], 0), i);
        }
}

Test(data_iterator, a_function_that_waits_is_cancelled_with_its_draw)
{
        grow_stuck(STUCK_MAP);
        autoptr(Cancel) cancel = NULL;
        cr_assert_null(cancel_new(&cancel));
        Call *first = start_with("next:0", "", "", NULL, cancel), *second = start("next:0", "", "");
        wait_until(1);
        cancel_fire(cancel, cancelled("enough"));
        autoptr(Status) s = finish(first);
        cr_assert_eq(status_code(s), SR_CANCELLED, "%s", status_message(s));
        wait_until(1);
        release_all();
        autoptr(Status) t = finish(second);
        cr_assert_null(t, "%s", status_message(t));
        cr_assert_eq(tensor_int(got[0], 0), 1, "the element that was being made is lost");
}

Test(data_iterator, a_new_dataset_does_not_disturb_a_draw_from_the_old_one)
{
        grow_stuck(STUCK_MAP);
        grow_ok("five = MakeIterator(r5, it)\n");
        Call *old = start("next:0", "", "");
        wait_until(1);
        run_ok("", "", "five");
        cr_assert_eq(value_of("next:0", ""), 0);
        release_all();
        autoptr(Status) s = finish(old);
        cr_assert_null(s, "%s", status_message(s));
        cr_assert_eq(tensor_int(got[0], 0), 0);
        cr_assert_eq(value_of("next:0", ""), 1);
}

Test(data_iterator, a_parallel_map_works_out_several_elements_at_once)
{
        grow_stuck("n = Const int32 [] { 3 }\n"
                   "d = ParallelMapDataset(r5, n) Targuments: [], f: stuck, " INT64S "\n");
        Call *call = start("next:0", "", "");
        wait_until(1);
        usleep(1000); /* a function that takes long is worth it */
        release_all();
        autoptr(Status) s = finish(call);
        cr_assert_null(s, "%s", status_message(s));
        cr_assert_eq(tensor_int(got[0], 0), 0);
        call = start("next:0", "", "");
        wait_until(3);
        release_all();
        autoptr(Status) t = finish(call);
        cr_assert_null(t, "%s", status_message(t));
        cr_assert_eq(tensor_int(got[0], 0), 1);
        cr_assert_eq(value_of("next:0", ""), 2);
        cr_assert_eq(value_of("next:0", ""), 3);
}

Test(data_iterator, a_parallel_map_that_is_cancelled_goes_on_behind_what_it_lost)
{
        grow_stuck("n = Const int32 [] { 2 }\n"
                   "d = ParallelMapDataset(r5, n) Targuments: [], f: stuck, " INT64S "\n");
        autoptr(Cancel) cancel = NULL;
        cr_assert_null(cancel_new(&cancel));
        Call *call = start_with("next:0", "", "", NULL, cancel);
        wait_until(1);
        cancel_fire(cancel, cancelled("enough"));
        autoptr(Status) s = finish(call);
        cr_assert_eq(status_code(s), SR_CANCELLED, "%s", status_message(s));
        call = start("next:0", "", "");
        for (; !is_done(call); usleep(1000))
                release_all();
        autoptr(Status) t = finish(call);
        cr_assert_null(t, "%s", status_message(t));
        cr_assert_eq(tensor_int(got[0], 0), 1);
}

Test(data_iterator, anonymous_ones_are_new_in_each_step)
{
        grow_ok("a = AnonymousIteratorV2 " INT64S "\n"
                "make = MakeIterator(r3, a)\n"
                "first = IteratorGetNext(a, ^make) " INT64S "\n"
                "second = IteratorGetNext(a, ^first) " INT64S "\n"
                "gone = DeleteIterator(a, a:1, ^second)\n"
                "late = IteratorGetNext(a, ^gone) " INT64S "\n"
                "b = AnonymousIterator " INT64S "\n"
                "fill = MakeIterator(r3, b)\n"
                "name = IteratorToStringHandle(b)\n"
                "again = IteratorFromStringHandle(name, ^fill)\n"
                "named = IteratorGetNext(again) " INT64S "\n"
                "where = IteratorGetDevice(b)\n"
                "save = SerializeIterator(b)\n");
        for (int i = 0; i < 2; i++) {
                cr_assert_eq(value_of("second:0", ""), 1);
                cr_assert_eq(value_of("named:0", ""), 0);
        }
        run_fails("late:0", "", SR_FAILED_PRECONDITION, "GetNext() failed because the iterator");
        run_fails("save:0", "", SR_UNIMPLEMENTED, "SerializeIterator: the state of iterators");
        run_ok("where:0", "", "");
        cr_assert_eq(tensor_strings(got[0])->len, 44);
}
