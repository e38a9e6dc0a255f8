// SPDX-License-Identifier: Apache-2.0
/* Functions of the library: called by name, through PartitionedCall, and by If, While and For. The
 * graph is tests/data/functions.pbtxt. */
#include "tests/engine/session_fixture.h"

static void setup(void)
{
        session_setup();
        grow_file("tests/data/functions.pbtxt");
}

TestSuite(functions, .init = setup, .fini = session_teardown, .timeout = 60);

Test(functions, a_node_may_name_a_function_as_its_op)
{
        cr_assert_eq(value_of("doubled_plus:0", "x=3"), 7);
}

Test(functions, partitioned_calls_run_their_function)
{
        cr_assert_eq(value_of("called_again:0", "x=3"), 5);
}

Test(functions, if_takes_the_branch_that_its_condition_chooses)
{
        cr_assert_eq(value_of("chosen:0", "c=1 x=3"), 4);
        cr_assert_eq(atomic_load(&test_count), 0);
        cr_assert_eq(value_of("chosen:0", "c=0 x=3"), 3);
        cr_assert_eq(atomic_load(&test_count), 1, "stateful nodes of a body run in any case");
}

Test(functions, while_runs_its_body_until_the_condition_fails)
{
        cr_assert_eq(value_of("looped:0", "x=3.5"), 10.5);
        cr_assert_eq(value_of("looped:0", "x=50"), 50);
        cr_assert_eq(value_of("looped:0", "x=-100000"), 10);
}

Test(functions, for_gives_its_body_the_index)
{
        cr_assert_eq(value_of("ranged:0", "x=100"), 110);
}

Test(functions, an_error_inside_names_the_inner_node)
{
        Status *s = finish(start("failing:0", "x=1", ""));
        cr_assert_eq(status_code(s), SR_INVALID_ARGUMENT);
        cr_assert_str_eq(status_node(s), "hole");
        status_free(s);
}

Test(functions, an_op_that_nobody_knows_is_missed_when_its_function_is_called)
{
        run_fails("unregistered:0", "x=1", SR_NOT_FOUND, "Op type not registered 'TRTEngineOp'");
}

Test(functions, an_undefined_function_is_not_found)
{
        run_fails("undefined:0", "x=1", SR_NOT_FOUND, "Function nowhere is not defined.");
}

Test(functions, a_function_that_calls_itself_is_refused)
{
        run_fails("endless:0", "x=1", SR_INVALID_ARGUMENT,
                  "Function forever: calls are nested more than 64 deep");
}

Test(functions, cancelling_reaches_into_bodies)
{
        autoptr(Cancel) token = NULL;
        cr_assert_null(cancel_new(&token));
        Call *c = start_with("waiting:0", "x=1", "", NULL, token);
        wait_until(1);
        cancel_fire(token, cancelled("gone"));
        Status *s = finish(c);
        cr_assert_eq(status_code(s), SR_CANCELLED);
        status_free(s);
}

Test(functions, a_body_that_waits_holds_no_thread)
{
        Call *calls[50];
        for (int i = 0; i < 50; i++)
                calls[i] = start("waiting:0", "x=1", "");
        wait_until(50);
        release_all();
        for (int i = 0; i < 50; i++)
                cr_assert_null(finish(calls[i]));
}
