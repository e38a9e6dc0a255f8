// SPDX-License-Identifier: Apache-2.0
/* Closing a queue: who is still let through, what goes back, and what the others are told. */
#include "tests/engine/queue_fixture.h"

#include <stdio.h>

TestSuite(queue_close, .init = session_setup, .fini = session_teardown, .timeout = 60);

static const char two[] = "q = FIFOQueueV2 component_types: [float], shapes: [[]], capacity: 2, "
                          "shared_name: \"fifo\"\n" QUEUE_OPS MORE_QUEUE_OPS;

Test(queue_close, what_is_in_can_be_taken_out_and_then_no_more)
{
        grow_ok(two);
        ENQUEUE("put", "x", 1, 2);
        cr_assert_eq(value_of("is:0", ""), 0);
        run_ok("", "", "shut");
        cr_assert_eq(value_of("is:0", ""), 1);
        cr_assert_eq(value_of("get:0", ""), 1);
        cr_assert_eq(value_of("get:0", ""), 2);
        run_fails("get:0", "", SR_OUT_OF_RANGE,
                  "FIFOQueue 'fifo' is closed and has insufficient elements (requested 1, "
                  "current size 0)\n\t [[{{node get}}]]");
}

Test(queue_close, nothing_more_goes_in)
{
        grow_ok(two);
        run_ok("", "", "shut");
        finish_fails(start("", "x=1", "put"), SR_CANCELLED, "FIFOQueue 'fifo' is closed.");
        finish_fails(start("", "", "put3"), SR_CANCELLED, "FIFOQueue 'fifo' is closed.");
}

Test(queue_close, a_private_queue_is_called_by_number_and_node)
{
        grow_ok("q = FIFOQueueV2 component_types: [float]\n"
                "get = QueueDequeueV2(q) component_types: [float]\n"
                "shut = QueueCloseV2(q)\n");
        run_ok("", "", "shut");
        Status *s = finish(start("get:0", "", ""));
        cr_assert_not_null(s);
        int number = -1, end = 0;
        sscanf(status_message(s), "FIFOQueue '_%d_q' is closed%n", &number, &end);
        cr_assert(end > 0, "%s", status_message(s));
        status_free(s);
}

Test(queue_close, closing_twice_is_refused_unless_it_cancels)
{
        grow_ok(two);
        run_ok("", "", "shut");
        finish_fails(start("", "", "shut"), SR_CANCELLED, "Queue 'fifo' is already closed.");
        run_ok("", "", "kill");
        run_ok("", "", "kill");
}

Test(queue_close, waits_behind_the_enqueues_that_wait)
{
        grow_ok(two);
        ENQUEUE("put", "x", 1, 2);
        Call *third = start("", "x=3", "put");
        wait_for("fifo", 1, 0);
        Call *shut = start("", "", "shut");
        wait_for("fifo", 2, 0);
        Call *late = start("", "x=4", "put");
        wait_for("fifo", 3, 0);
        cr_assert(!is_done(shut));
        cr_assert_eq(value_of("is:0", ""), 0);
        cr_assert_eq(value_of("get:0", ""), 1);
        cr_assert_null(finish(third));
        cr_assert_null(finish(shut));
        finish_fails(late, SR_CANCELLED, "FIFOQueue 'fifo' is closed.");
        cr_assert_eq(value_of("get:0", ""), 2);
        cr_assert_eq(value_of("get:0", ""), 3);
        run_fails("get:0", "", SR_OUT_OF_RANGE, "FIFOQueue 'fifo' is closed");
}

Test(queue_close, a_waiting_close_is_not_cancelled_with_its_step)
{
        grow_ok(two);
        ENQUEUE("put", "x", 1, 2);
        Call *third = start("", "x=3", "put");
        wait_for("fifo", 1, 0);
        Cancel *c;
        cr_assert_null(cancel_new(&c));
        Call *shut = start_with("", "", "shut", NULL, c);
        wait_for("fifo", 2, 0);
        cancel_fire(c, status_new(SR_CANCELLED, "never mind"));
        wait_for("fifo", 2, 0);
        cr_assert(!is_done(shut));
        cr_assert_eq(value_of("get:0", ""), 1);
        cr_assert_null(finish(third));
        status_free(finish(shut));
        cr_assert_eq(value_of("is:0", ""), 1);
        cancel_unref(c);
}

Test(queue_close, with_cancel_ends_the_enqueues_that_wait_and_keeps_what_they_put_in)
{
        grow_ok(two);
        Call *three = start("", "", "put3");
        wait_for("fifo", 1, 0);
        Call *one = start("", "x=4", "put");
        wait_for("fifo", 2, 0);
        run_ok("", "", "kill");
        finish_fails(three, SR_CANCELLED, "Enqueue operation was cancelled");
        finish_fails(one, SR_CANCELLED, "Enqueue operation was cancelled");
        run_ok("getn:0", "n=2", "");
        cr_assert_eq(tensor_double(got[0], 0), 11);
        cr_assert_eq(tensor_double(got[0], 1), 12);
        run_fails("get:0", "", SR_OUT_OF_RANGE, "FIFOQueue 'fifo' is closed");
}

Test(queue_close, tells_who_waits_for_rows_that_none_will_come)
{
        grow_ok(two);
        Call *get = start("get:0", "", ""), *pair;
        wait_for("fifo", 0, 1);
        pair = start("getn:0", "n=2", "");
        wait_for("fifo", 0, 2);
        run_ok("", "", "shut");
        finish_fails(get, SR_OUT_OF_RANGE,
                     "FIFOQueue 'fifo' is closed and has insufficient elements (requested 1, "
                     "current size 0)");
        finish_fails(pair, SR_OUT_OF_RANGE,
                     "FIFOQueue 'fifo' is closed and has insufficient elements (requested 2, "
                     "current size 0)");
}

Test(queue_close, rows_that_a_dequeue_of_many_held_go_back_to_the_front_in_order)
{
        grow_ok(two);
        Call *five = start("getn:0", "n=5", "");
        wait_for("fifo", 0, 1);
        ENQUEUE("put", "x", 1, 2, 3);
        run_ok("", "", "shut");
        /* what is printed is what it still needed, and the size before the rows went back */
        finish_fails(five, SR_OUT_OF_RANGE,
                     "FIFOQueue 'fifo' is closed and has insufficient elements (requested 2, "
                     "current size 0)");
        cr_assert_eq(value_of("size:0", ""), 3);
        run_ok("getn:0", "n=3", "");
        for (int i = 0; i < 3; i++)
                cr_assert_eq(tensor_double(got[0], i), i + 1);
}

Test(queue_close, rows_put_back_serve_those_behind)
{
        grow_ok(two);
        Call *five = start("getn:0", "n=5", "");
        wait_for("fifo", 0, 1);
        Call *pair = start("getn:0", "n=2", "");
        wait_for("fifo", 0, 2);
        ENQUEUE("put", "x", 1, 2, 3);
        run_ok("", "", "shut");
        finish_fails(five, SR_OUT_OF_RANGE, "FIFOQueue 'fifo' is closed");
        FINISH_FLOATS(pair, 1, 2);
        cr_assert_eq(value_of("get:0", ""), 3);
}

Test(queue_close, up_to_waits_for_all_while_open_and_takes_what_is_left_when_closed)
{
        grow_ok(two);
        Call *five = start("upto:0", "n=5", "");
        wait_for("fifo", 0, 1);
        ENQUEUE("put", "x", 1, 2, 3);
        cr_assert(!is_done(five));
        run_ok("", "", "shut");
        FINISH_FLOATS(five, 1, 2, 3);
        run_fails("upto:0", "n=5", SR_OUT_OF_RANGE,
                  "FIFOQueue 'fifo' is closed and has insufficient elements (requested 5, current "
                  "size 0)");
}

Test(queue_close, up_to_gets_rows_of_enqueues_that_still_wait)
{
        grow_ok(two);
        Call *three = start("", "", "put3");
        wait_for("fifo", 1, 0);
        Call *shut = start("", "", "shut");
        wait_for("fifo", 2, 0);
        Call *ten = start("upto:0", "n=10", "");
        cr_assert_null(finish(three));
        cr_assert_null(finish(shut));
        FINISH_FLOATS(ten, 11, 12, 13);
}

Test(queue_close, a_loop_ends_by_out_of_range)
{
        grow_ok(two);
        ENQUEUE("put", "x", 1, 2);
        run_ok("", "", "shut");
        int n = 0;
        Status *s;
        while (!(s = finish(start("get:0", "", ""))))
                n++;
        cr_assert_eq(n, 2);
        cr_assert_eq(status_code(s), SR_OUT_OF_RANGE);
        status_free(s);
}
