// SPDX-License-Identifier: Apache-2.0
/* Queues: who gets what when, as TensorFlow's users count on it. */
#include "tests/engine/queue_fixture.h"

#include <string.h>

TestSuite(queue, .init = session_setup, .fini = session_teardown, .timeout = 60);

/* A queue of scalars with room for two. */
static const char two[] =
        "q = FIFOQueueV2 component_types: [float], shapes: [[]], capacity: 2\n" QUEUE_OPS
                MORE_QUEUE_OPS;

static const char unbounded[] =
        "q = FIFOQueueV2 component_types: [float], shapes: [[]], shared_name: \"fifo\"\n" QUEUE_OPS;

Test(queue, gives_back_what_was_put_in_first)
{
        grow_ok(unbounded);
        ENQUEUE("put", "x", 10, 20, 30);
        cr_assert_eq(value_of("size:0", ""), 3);
        cr_assert_eq(value_of("get:0", ""), 10);
        cr_assert_eq(value_of("get:0", ""), 20);
        cr_assert_eq(value_of("get:0", ""), 30);
        cr_assert_eq(value_of("size:0", ""), 0);
}

Test(queue, goes_around_its_room_many_times)
{
        grow_ok(unbounded);
        for (int i = 0; i < 100; i++) {
                ENQUEUE("put", "x", (float)(3 * i), (float)(3 * i + 1), (float)(3 * i + 2));
                cr_assert_eq(value_of("get:0", ""), 2 * i);
                cr_assert_eq(value_of("get:0", ""), 2 * i + 1);
        }
        cr_assert_eq(value_of("size:0", ""), 100);
}

Test(queue, a_dequeue_waits_for_an_enqueue)
{
        grow_ok(two);
        Call *get = start("get:0", "", "");
        wait_for("q", 0, 1);
        cr_assert(!is_done(get));
        ENQUEUE("put", "x", 7);
        FINISH_FLOATS(get, 7);
        wait_for("q", 0, 0);
}

Test(queue, an_enqueue_waits_for_room)
{
        grow_ok(two);
        ENQUEUE("put", "x", 1, 2);
        Call *put = start("", "x=3", "put");
        wait_for("q", 1, 0);
        cr_assert_eq(value_of("size:0", ""), 2);
        cr_assert_eq(value_of("get:0", ""), 1);
        cr_assert_null(finish(put));
        cr_assert_eq(value_of("size:0", ""), 2);
}

Test(queue, who_waits_first_is_served_first)
{
        grow_ok(two);
        Call *get[3];
        for (int i = 0; i < 3; i++) {
                get[i] = start("get:0", "", "");
                wait_for("q", 0, i + 1);
        }
        ENQUEUE("put", "x", 1);
        FINISH_FLOATS(get[0], 1);
        cr_assert(!is_done(get[1]));
        ENQUEUE("put", "x", 2, 3);
        FINISH_FLOATS(get[1], 2);
        FINISH_FLOATS(get[2], 3);
}

Test(queue, a_dequeue_of_many_takes_rows_as_they_come_and_makes_room)
{
        grow_ok(two);
        Call *four = start("getn:0", "n=4", "");
        wait_for("q", 0, 1);
        ENQUEUE("put", "x", 1, 2, 3);
        cr_assert_eq(value_of("size:0", ""), 0);
        cr_assert(!is_done(four));
        ENQUEUE("put", "x", 4);
        FINISH_FLOATS(four, 1, 2, 3, 4);
}

Test(queue, a_waiting_dequeue_of_many_holds_up_those_behind_it)
{
        grow_ok(two);
        Call *pair = start("getn:0", "n=2", "");
        wait_for("q", 0, 1);
        Call *get = start("get:0", "", "");
        wait_for("q", 0, 2);
        ENQUEUE("put", "x", 1);
        cr_assert(!is_done(get));
        ENQUEUE("put", "x", 2);
        FINISH_FLOATS(pair, 1, 2);
        cr_assert(!is_done(get));
        ENQUEUE("put", "x", 3);
        FINISH_FLOATS(get, 3);
}

Test(queue, an_enqueue_of_many_puts_in_what_fits_and_later_ones_wait_behind_it)
{
        grow_ok(two);
        Call *three = start("", "", "put3");
        wait_for("q", 1, 0);
        cr_assert_eq(value_of("size:0", ""), 2);
        Call *one = start("", "x=99", "put");
        wait_for("q", 2, 0);
        cr_assert_eq(value_of("get:0", ""), 11);
        cr_assert_null(finish(three));
        cr_assert(!is_done(one));
        cr_assert_eq(value_of("get:0", ""), 12);
        cr_assert_null(finish(one));
        cr_assert_eq(value_of("get:0", ""), 13);
        cr_assert_eq(value_of("get:0", ""), 99);
}

Test(queue, more_than_its_room_goes_through_at_once_when_both_sides_wait)
{
        grow_ok(two);
        Call *three = start("", "", "put3");
        wait_for("q", 1, 0);
        run_ok("getn:0", "n=3", "");
        cr_assert_eq(tensor_double(got[0], 2), 13);
        cr_assert_null(finish(three));
}

Test(queue, no_rows_are_dequeued_at_once_from_an_empty_and_from_a_closed_queue)
{
        grow_ok(two);
        for (int i = 0; i < 2; i++) {
                run_ok("getn:0 upto:0", "n=0", "");
                cr_assert_eq(tensor_rank(got[0]), 1);
                cr_assert_eq(tensor_dim(got[0], 0), 0);
                cr_assert_eq(tensor_count(got[1]), 0);
                run_ok("", "", "kill");
        }
}

Test(queue, no_rows_are_enqueued_at_once_also_into_a_closed_queue)
{
        grow_ok("q = FIFOQueueV2 component_types: [float], shapes: [[]], capacity: 1\n"
                "none = Const float [0] {}\n"
                "put = QueueEnqueueManyV2(q, none)\n"
                "shut = QueueCloseV2(q)\n"
                "size = QueueSizeV2(q)\n");
        run_ok("", "", "put");
        run_ok("", "", "shut");
        run_ok("", "", "put");
        cr_assert_eq(value_of("size:0", ""), 0);
}

Test(queue, fewer_than_no_rows_are_refused)
{
        grow_ok(two);
        run_fails("getn:0", "n=-1", SR_INVALID_ARGUMENT, "DequeueManyOp requested -1 < 0 elements");
        run_fails("upto:0", "n=-2", SR_INVALID_ARGUMENT, "DequeueUpToOp requested -2 < 0 elements");
}

/* ---- cancellation ---- */

static Call *start_timed(const char *fetches, const char *feeds, const char *targets, int ms)
{
        RunOptions o;
        tensorflow__run_options__init(&o);
        o.timeout_in_ms = ms;
        return start_with(fetches, feeds, targets, &o, NULL);
}

Test(queue, a_dequeue_that_times_out_leaves_the_queue_usable_twice_in_a_row)
{
        grow_ok(two);
        for (int i = 0; i < 2; i++) {
                finish_fails(start_timed("get:0", "", "", 20), SR_DEADLINE_EXCEEDED,
                             "Timed out waiting for notification");
                wait_for("q", 0, 0);
                ENQUEUE("put", "x", (float)i);
                cr_assert_eq(value_of("get:0", ""), i);
        }
}

Test(queue, an_enqueue_that_times_out_leaves_the_queue_usable_twice_in_a_row)
{
        grow_ok(two);
        ENQUEUE("put", "x", 1, 2);
        for (int i = 0; i < 2; i++) {
                finish_fails(start_timed("", "x=3", "put", 20), SR_DEADLINE_EXCEEDED,
                             "Timed out waiting for notification");
                wait_for("q", 0, 0);
        }
        cr_assert_eq(value_of("get:0", ""), 1);
        cr_assert_eq(value_of("get:0", ""), 2);
        cr_assert_eq(value_of("size:0", ""), 0);
}

Test(queue, rows_that_a_cancelled_dequeue_held_are_lost)
{
        grow_ok(two);
        Call *five = start_timed("getn:0", "n=5", "", 100);
        wait_for("q", 0, 1);
        ENQUEUE("put", "x", 1, 2, 3);
        finish_fails(five, SR_DEADLINE_EXCEEDED, "Timed out waiting for notification");
        cr_assert_eq(value_of("size:0", ""), 0);
        ENQUEUE("put", "x", 4);
        cr_assert_eq(value_of("get:0", ""), 4);
}

Test(queue, rows_that_a_cancelled_enqueue_put_in_stay)
{
        grow_ok(two);
        finish_fails(start_timed("", "", "put3", 20), SR_DEADLINE_EXCEEDED,
                     "Timed out waiting for notification");
        run_ok("getn:0", "n=2", "");
        cr_assert_eq(tensor_double(got[0], 0), 11);
        cr_assert_eq(tensor_double(got[0], 1), 12);
        cr_assert_eq(value_of("size:0", ""), 0);
}

Test(queue, those_behind_a_cancelled_head_go_on)
{
        grow_ok(two);
        Call *pair = start_timed("getn:0", "n=2", "", 100);
        wait_for("q", 0, 1);
        Call *get = start("getn:0", "n=1", "");
        wait_for("q", 0, 2);
        finish_fails(pair, SR_DEADLINE_EXCEEDED, "Timed out");
        ENQUEUE("put", "x", 5);
        FINISH_FLOATS(get, 5);
}

Test(queue, a_cancelled_step_says_what_was_interrupted)
{
        grow_ok(two);
        Cancel *c;
        cr_assert_null(cancel_new(&c));
        Call *get = start_with("get:0", "", "", NULL, c);
        wait_for("q", 0, 1);
        cancel_fire(c, status_new(SR_CANCELLED, "the client went away"));
        finish_fails(get, SR_CANCELLED, "Dequeue operation was cancelled\n\t [[{{node get}}]]");
        cancel_unref(c);
        ENQUEUE("put", "x", 1, 2);
        cr_assert_null(cancel_new(&c));
        Call *put = start_with("", "x=3", "put", NULL, c);
        wait_for("q", 1, 0);
        cancel_fire(c, status_new(SR_CANCELLED, "the client went away"));
        finish_fails(put, SR_CANCELLED, "Enqueue operation was cancelled");
        cancel_unref(c);
}

Test(queue, closing_the_session_ends_who_waits)
{
        grow_ok(two);
        Call *get = start("get:0", "", ""), *pair = start("getn:0", "n=2", "");
        wait_for("q", 0, 2);
        session_close(session, NULL, NULL);
        finish_fails(get, SR_CANCELLED, "Dequeue operation was cancelled");
        finish_fails(pair, SR_CANCELLED, "Dequeue operation was cancelled");
}

/* ---- many ---- */

enum { CROWD = 10000 };

/* So many dequeues that wait; for mem_free(). */
static Call **crowd(void)
{
        grow_ok(unbounded);
        run_ok("size:0", "", "");
        Call **get = mem_calloc(CROWD, sizeof *get);
        for (int i = 0; i < CROWD; i++)
                get[i] = start("get:0", "", "");
        wait_for("fifo", 0, CROWD);
        return get;
}

Test(queue, ten_thousand_blocked_dequeues_hold_no_thread)
{
        Call **get = crowd();
        ENQUEUE("put", "x", 1); /* the pool still works: its two threads wait for nobody */
        FINISH_FLOATS(get[0], 1);
        for (int i = 1; i < CROWD; i++) {
                ENQUEUE("put", "x", (float)i);
                FINISH_FLOATS(get[i], (float)i);
        }
        mem_free(get);
}

Test(queue, ten_thousand_waiters_end_when_the_queue_is_closed)
{
        Call **get = crowd();
        run_ok("", "", "shut");
        for (int i = 0; i < CROWD; i++)
                finish_fails(get[i], SR_OUT_OF_RANGE, "FIFOQueue 'fifo' is closed and has");
        mem_free(get);
}

Test(queue, ten_thousand_waiters_end_with_their_session_in_any_order)
{
        Call **get = crowd();
        session_close(session, NULL, NULL);
        for (int i = 0; i < CROWD; i++)
                finish_fails(get[i], SR_CANCELLED, "Dequeue operation was cancelled");
        mem_free(get);
}

/* Each step that gets the token passes it on to the next: a chain of ten thousand wake-ups. */
Test(queue, steps_that_wake_each_other_need_no_deep_stack)
{
        grow_ok("q = FIFOQueueV2 component_types: [float], shared_name: \"fifo\"\n"
                "get = QueueDequeueV2(q) component_types: [float]\n"
                "pass = QueueEnqueueV2(q, get)\n"
                "x = Placeholder dtype: float\n"
                "put = QueueEnqueueV2(q, x)\n"
                "size = QueueSizeV2(q)\n");
        run_ok("size:0", "", "");
        Call **relay = mem_calloc(CROWD, sizeof *relay);
        for (int i = 0; i < CROWD; i++)
                relay[i] = start("", "", "pass");
        wait_for("fifo", 0, CROWD);
        run_ok("", "x=1", "put");
        for (int i = 0; i < CROWD; i++)
                cr_assert_null(finish(relay[i]));
        cr_assert_eq(value_of("get:0", ""), 1);
        mem_free(relay);
}
