// SPDX-License-Identifier: Apache-2.0
/* What the kinds of queues do differently, what they check, and how they are shared. */
#include "tests/engine/queue_fixture.h"

#include <string.h>

TestSuite(queue_kinds, .init = session_setup, .fini = session_teardown, .timeout = 60);

/* ---- what is checked ---- */

Test(queue_kinds, rows_must_fit_the_components)
{
        grow_ok("q = FIFOQueueV2 component_types: [float, int32], shapes: [[3, 3], []]\n"
                "m33 = Placeholder dtype: float\n"
                "a = Const float [3, 4] { 0 }\n"
                "b = Const float [3, 3] { 0 }\n"
                "i = Const int32 [] { 1 }\n"
                "one = QueueEnqueueV2(q, b)\n"
                "types = QueueEnqueueV2(q, b, b)\n"
                "shape = QueueEnqueueV2(q, a, i)\n"
                "good = QueueEnqueueV2(q, b, i)\n"
                "c = Const float [2, 3, 4] { 0 }\n"
                "i2 = Const int32 [2] { 1, 2 }\n"
                "many = QueueEnqueueManyV2(q, c, i2)\n"
                "scalar = QueueEnqueueManyV2(q, i, i)\n");
        finish_fails(start("", "", "one"), SR_INVALID_ARGUMENT,
                     "Wrong number of components in tuple. Expected 2, got 1");
        finish_fails(start("", "", "types"), SR_INVALID_ARGUMENT,
                     "Type mismatch in tuple component 1. Expected int32, got float");
        finish_fails(start("", "", "shape"), SR_INVALID_ARGUMENT,
                     "Shape mismatch in tuple component 0. Expected [3,3], got [3,4]");
        finish_fails(start("", "", "many"), SR_INVALID_ARGUMENT,
                     "Shape mismatch in tuple component 0. Expected [2,3,3], got [2,3,4]");
        finish_fails(start("", "", "scalar"), SR_INVALID_ARGUMENT, "Type mismatch");
        run_ok("", "", "good");
}

Test(queue_kinds, without_shapes_batches_need_one_size_and_cannot_be_dequeued)
{
        grow_ok("q = FIFOQueueV2 component_types: [float, float]\n"
                "a = Const float [2] { 1, 2 }\n"
                "b = Const float [3, 2] { 1, 2, 3, 4, 5, 6 }\n"
                "c = Const float [2, 2] { 1, 2, 3, 4 }\n"
                "s = Const float [] { 1 }\n"
                "bad = QueueEnqueueManyV2(q, a, b)\n"
                "scalar = QueueEnqueueManyV2(q, a, s)\n"
                "good = QueueEnqueueManyV2(q, a, c)\n"
                "n = Const int32 [] { 0 }\n"
                "many = QueueDequeueManyV2(q, n) component_types: [float, float]\n"
                "get = QueueDequeueV2(q) component_types: [float, float]\n"
                "int = QueueDequeueV2(q) component_types: [float, int32]\n");
        finish_fails(start("", "", "bad"), SR_INVALID_ARGUMENT,
                     "All input tensors must have the same size in the 0th dimension. Component 1 "
                     "has 3, and should have 2");
        finish_fails(start("", "", "scalar"), SR_INVALID_ARGUMENT, "Component 1 has no 0th");
        finish_fails(start("many:0", "", ""), SR_INVALID_ARGUMENT,
                     "FIFOQueue's DequeueMany and DequeueUpTo require the components to have "
                     "specified shapes.");
        run_ok("", "", "good");
        finish_fails(start("int:0", "", ""), SR_INVALID_ARGUMENT,
                     "Signature mismatch, have: resource->float, int32 expected: resource->float, "
                     "float");
        run_ok("get:0 get:1", "", "");
        cr_assert_eq(tensor_double(got[0], 0), 1);
        cr_assert_eq(tensor_count(got[1]), 2);
        cr_assert_eq(tensor_double(got[1], 1), 2);
}

Test(queue_kinds, a_timeout_attribute_is_not_supported)
{
        grow_ok("q = FIFOQueueV2 component_types: [float]\n"
                "get = QueueDequeueV2(q) component_types: [float], timeout_ms: 5\n");
        run_fails("get:0", "", SR_INVALID_ARGUMENT, "Timeout not supported yet.");
}

Test(queue_kinds, a_queue_without_room_lets_nothing_in)
{
        grow_ok("q = FIFOQueueV2 component_types: [float], capacity: 0, shared_name: \"none\"\n"
                "x = Const float [] { 1 }\n"
                "put = QueueEnqueueV2(q, x)\n"
                "size = QueueSizeV2(q)\n");
        Call *put = start("", "", "put");
        wait_for("none", 1, 0);
        session_close(session, NULL, NULL);
        finish_fails(put, SR_CANCELLED, "Enqueue operation was cancelled");
}

Test(queue_kinds, strings_and_rows_of_any_shape_go_through)
{
        grow_ok("q = FIFOQueueV2 component_types: [string]\n"
                "a = Const string [2] { \"hello\", \"world\" }\n"
                "put = QueueEnqueueV2(q, a)\n"
                "rows = QueueEnqueueManyV2(q, a)\n"
                "get = QueueDequeueV2(q) component_types: [string]\n");
        run_ok("", "", "put");
        run_ok("", "", "rows");
        run_ok("get:0", "", "");
        cr_assert_eq(tensor_count(got[0]), 2);
        run_ok("get:0", "", "");
        cr_assert_eq(tensor_rank(got[0]), 0);
        cr_assert_eq(memcmp(tensor_strings(got[0])[0].data, "hello", 5), 0);
}

/* ---- handles of the first version ---- */

Test(queue_kinds, an_old_handle_shows_container_and_name)
{
        grow_ok("q = FIFOQueue component_types: [float], shapes: [[]], shared_name: \"old\", "
                "container: \"box\"\n"
                "i = Identity(q)\n"
                "x = Const float [] { 5 }\n"
                "put = QueueEnqueue(q, x)\n"
                "get = QueueDequeue(q) component_types: [float]\n"
                "size = QueueSize(q)\n"
                "closed = QueueIsClosed(q)\n"
                "shut = QueueClose(q)\n");
        run_ok("q:0 i:0", "", "");
        for (int i = 0; i < 2; i++) {
                cr_assert_eq(tensor_dtype(got[i]), DT_STRING);
                cr_assert_eq(tensor_count(got[i]), 2);
                cr_assert_eq(memcmp(tensor_strings(got[i])[0].data, "box", 3), 0);
                cr_assert_eq(memcmp(tensor_strings(got[i])[1].data, "old", 3), 0);
        }
        run_ok("", "", "put");
        cr_assert_eq(value_of("size:0", ""), 1);
        cr_assert_eq(value_of("get:0", ""), 5);
        run_ok("", "", "shut");
        cr_assert_eq(value_of("closed:0", ""), 1);
}

Test(queue_kinds, old_and_new_handles_lead_to_one_queue_and_a_list_chooses)
{
        grow_ok("a = FIFOQueue component_types: [float], shared_name: \"a\"\n"
                "b = FIFOQueue component_types: [float], shared_name: \"b\"\n"
                "a2 = FIFOQueueV2 component_types: [float], shared_name: \"a\"\n"
                "fake = FakeQueue(a2)\n"
                "x = Placeholder dtype: float\n"
                "put_a = QueueEnqueueV2(a2, x)\n"
                "put_b = QueueEnqueue(b, x)\n"
                "which = Placeholder dtype: float\n"
                "index = Cast(which) DstT: int32\n"
                "q = RefSelect(index, a, b) N: 2, T: string\n"
                "get = QueueDequeue(q) component_types: [float]\n"
                "size = QueueSize(fake)\n");
        ENQUEUE("put_a", "x", 1, 2);
        ENQUEUE("put_b", "x", 3);
        cr_assert_eq(value_of("size:0", ""), 2);
        cr_assert_eq(value_of("get:0", "which=1"), 3);
        cr_assert_eq(value_of("get:0", "which=0"), 1);
        run_fails("get:0", "which=2", SR_INVALID_ARGUMENT, "index must be in the range [0, 2)");
}

/* ---- sharing ---- */

Test(queue_kinds, two_nodes_without_a_shared_name_never_share)
{
        grow_ok("a = FIFOQueueV2 component_types: [float]\n"
                "b = FIFOQueueV2 component_types: [float]\n"
                "x = Const float [] { 1 }\n"
                "put = QueueEnqueueV2(a, x)\n"
                "size_a = QueueSizeV2(a)\n"
                "size_b = QueueSizeV2(b)\n");
        run_ok("", "", "put");
        cr_assert_eq(value_of("size_a:0", ""), 1);
        cr_assert_eq(value_of("size_b:0", ""), 0);
}

Test(queue_kinds, a_shared_queue_must_be_asked_for_as_it_is)
{
        grow_ok("q = RandomShuffleQueueV2 component_types: [float], shapes: [[2]], capacity: 10, "
                "min_after_dequeue: 3, seed: 1, seed2: 2, shared_name: \"q\"\n"
                "cap = RandomShuffleQueueV2 component_types: [float], shapes: [[2]], capacity: 5, "
                "min_after_dequeue: 3, shared_name: \"q\"\n"
                "min = RandomShuffleQueueV2 component_types: [float], shapes: [[2]], "
                "capacity: 10, min_after_dequeue: 4, shared_name: \"q\"\n"
                "seed = RandomShuffleQueueV2 component_types: [float], shapes: [[2]], "
                "capacity: 10, min_after_dequeue: 3, seed: 9, shared_name: \"q\"\n"
                "type = RandomShuffleQueueV2 component_types: [int32], shapes: [[2]], "
                "capacity: 10, min_after_dequeue: 3, shared_name: \"q\"\n"
                "shape = RandomShuffleQueueV2 component_types: [float], capacity: 10, "
                "min_after_dequeue: 3, shared_name: \"q\"\n"
                "kind = FIFOQueueV2 component_types: [float], shared_name: \"q\"\n"
                "same = RandomShuffleQueueV2 component_types: [float], shapes: [[2]], "
                "capacity: 10, min_after_dequeue: 3, shared_name: \"q\"\n"
                "else = FIFOQueueV2 component_types: [int32], shared_name: \"q\", "
                "container: \"other\"\n");
        run_ok("", "", "q");
        static const struct {
                const char *node, *says;
        } rows[] = {
                { "cap", "Shared queue 'q' has capacity 10 but requested capacity was 5" },
                { "min", "Shared queue 'q' has min_after_dequeue 3 but requested "
                         "min_after_dequeue was 4." },
                { "seed", "Shared queue 'q' has random seeds (1, 2) but requested seeds are (9, "
                          "0)." },
                { "type", "Shared queue 'q' has component types float but requested component "
                          "types were int32" },
                { "shape", "Shared queue 'q' has component shapes [[2]] but requested component "
                           "shapes were []" },
                { "kind", "Expected RandomShuffleQueue, found FIFOQueueV2" },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++)
                finish_fails(start("", "", rows[i].node), SR_INVALID_ARGUMENT, rows[i].says);
        run_ok("", "", "same");
        run_ok("", "", "else");
}

Test(queue_kinds, names_and_containers_are_checked)
{
        grow_ok("a = FIFOQueueV2 component_types: [float], shared_name: \"_a\"\n"
                "b = FIFOQueueV2 component_types: [float], container: \"a b\"\n"
                "c = FIFOQueueV2 component_types: [float], capacity: 4294967296\n");
        finish_fails(start("", "", "a"), SR_INVALID_ARGUMENT,
                     "shared_name cannot start with '_':_a");
        finish_fails(start("", "", "b"), SR_INVALID_ARGUMENT,
                     "container contains invalid characters: a b");
        finish_fails(start("", "", "c"), SR_INVALID_ARGUMENT, "Attr capacity has value");
}

/* ---- shuffling ---- */

static const char shuffle[] =
        "q = RandomShuffleQueueV2 component_types: [float], shapes: [[]], min_after_dequeue: 2, "
        "seed: 7, seed2: 11, shared_name: \"bag\"\n" QUEUE_OPS;

Test(queue_kinds, a_shuffling_queue_keeps_its_minimum_until_it_is_closed)
{
        grow_ok(shuffle);
        ENQUEUE("put", "x", 1, 2);
        Call *get = start("get:0", "", "");
        wait_for("bag", 0, 1);
        ENQUEUE("put", "x", 3);
        cr_assert_null(finish(get));
        double sum = tensor_double(got[0], 0);
        Call *rest = start("getn:0", "n=2", "");
        wait_for("bag", 0, 1);
        run_ok("", "", "shut");
        cr_assert_null(finish(rest));
        sum += tensor_double(got[0], 0) + tensor_double(got[0], 1);
        cr_assert_eq(sum, 6);
        run_fails("get:0", "", SR_OUT_OF_RANGE, "RandomShuffleQueue 'bag' is closed and has");
}

Test(queue_kinds, a_shuffling_queue_mixes_and_loses_nothing)
{
        grow_ok(shuffle);
        for (int i = 0; i < 64; i++)
                ENQUEUE("put", "x", (float)i);
        run_ok("", "", "shut");
        bool seen[64] = { false };
        int in_place = 0;
        run_ok("getn:0", "n=64", "");
        for (int i = 0; i < 64; i++) {
                int v = (int)tensor_double(got[0], i);
                cr_assert(v >= 0 && v < 64 && !seen[v]);
                seen[v] = true;
                in_place += v == i;
        }
        cr_assert_lt(in_place, 16);
}

Test(queue_kinds, a_shuffling_queue_checks_its_minimum)
{
        grow_ok("a = RandomShuffleQueueV2 component_types: [float], min_after_dequeue: -1\n"
                "b = RandomShuffleQueueV2 component_types: [float], capacity: 5, "
                "min_after_dequeue: 5\n");
        finish_fails(start("", "", "a"), SR_INVALID_ARGUMENT, "min_after_dequeue -1 must be >= 0");
        finish_fails(start("", "", "b"), SR_INVALID_ARGUMENT,
                     "min_after_dequeue 5 must be < capacity 5");
}

/* ---- padding ---- */

Test(queue_kinds, a_padding_queue_fills_rows_up_to_the_largest_of_the_batch)
{
        grow_ok("q = PaddingFIFOQueueV2 component_types: [float, string], shapes: [[?, 2], [?]]\n"
                "a = Const float [1, 2] { 1, 2 }\n"
                "b = Const float [3, 2] { 3, 4, 5, 6, 7, 8 }\n"
                "s = Const string [2] { \"x\", \"y\" }\n"
                "t = Const string [0] {}\n"
                "put_a = QueueEnqueueV2(q, a, s)\n"
                "put_b = QueueEnqueueV2(q, b, t)\n"
                "n = Const int32 [] { 2 }\n"
                "many = QueueDequeueManyV2(q, n) component_types: [float, string]\n"
                "get = QueueDequeueV2(q) component_types: [float, string]\n"
                "none = Const int32 [] { 0 }\n"
                "zero = QueueDequeueManyV2(q, none) component_types: [float, string]\n");
        run_ok("", "", "put_a");
        run_ok("", "", "put_b");
        run_ok("many:0 many:1", "", "");
        static const double want[] = { 1, 2, 0, 0, 0, 0, 3, 4, 5, 6, 7, 8 };
        cr_assert_str_eq(shape_text(tensor_shape(got[0])).s, "[2,3,2]");
        for (int i = 0; i < 12; i++)
                cr_assert_eq(tensor_double(got[0], i), want[i]);
        cr_assert_str_eq(shape_text(tensor_shape(got[1])).s, "[2,2]");
        cr_assert_eq(tensor_strings(got[1])[0].len, 1);
        cr_assert_eq(tensor_strings(got[1])[2].len, 0);
        run_ok("", "", "put_a");
        run_ok("get:0", "", "");
        cr_assert_str_eq(shape_text(tensor_shape(got[0])).s, "[1,2]");
        run_ok("zero:0 zero:1", "", "");
        cr_assert_str_eq(shape_text(tensor_shape(got[0])).s, "[0,0,2]");
}

Test(queue_kinds, a_padding_queue_needs_shapes_of_known_rank)
{
        grow_ok("a = PaddingFIFOQueueV2 component_types: [float, float], shapes: [[?]]\n"
                "b = PaddingFIFOQueueV2 component_types: [float], shapes: [?]\n"
                "c = PaddingFIFOQueueV2 component_types: [float], shapes: [[?, 1, 1, 1, 1]]\n"
                "d = PaddingFIFOQueueV2 component_types: [float], shapes: [[?, 2]]\n"
                "e = FIFOQueueV2 component_types: [float], shapes: [[?]]\n"
                "five = Const float [2, 1, 1, 1, 1] { 1, 2 }\n"
                "put = QueueEnqueueV2(c, five)\n"
                "n = Const int32 [] { 1 }\n"
                "many = QueueDequeueManyV2(c, n) component_types: [float]\n"
                "bad = QueueEnqueueV2(d, five)\n");
        finish_fails(start("", "", "a"), SR_INVALID_ARGUMENT,
                     "Shapes must be provided for all components, but received 2 dtypes and 1 "
                     "shapes.");
        finish_fails(start("", "", "b"), SR_INVALID_ARGUMENT,
                     "shape <unknown> must have a defined rank");
        run_ok("", "", "put");
        finish_fails(start("many:0", "", ""), SR_UNIMPLEMENTED,
                     "CopyElementToLargerSlice Unhandled rank: 5");
        finish_fails(start("", "", "bad"), SR_INVALID_ARGUMENT,
                     "Shape mismatch in tuple component 0. Expected [?,2], got [2,1,1,1,1]");
        finish_fails(start("", "", "e"), SR_INVALID_ARGUMENT, "Shape [?]");
}

Test(queue_kinds, a_shared_padding_queue_needs_compatible_shapes_only)
{
        grow_ok("a = PaddingFIFOQueueV2 component_types: [float], shapes: [[?]], "
                "shared_name: \"p\"\n"
                "b = PaddingFIFOQueueV2 component_types: [float], shapes: [[3]], "
                "shared_name: \"p\"\n"
                "c = PaddingFIFOQueueV2 component_types: [float], shapes: [[]], "
                "shared_name: \"p\"\n");
        run_ok("", "", "a");
        run_ok("", "", "b");
        finish_fails(start("", "", "c"), SR_INVALID_ARGUMENT,
                     "Shared queue 'p' has component shapes [[?]] but requested component shapes "
                     "were [[]]");
}

/* ---- priorities ---- */

static const char priority[] =
        "q = PriorityQueueV2 component_types: [float], shapes: [[]], shared_name: \"p\"\n"
        "keys = Const int64 [5] { 3, -1, 9, 0, 3 }\n"
        "values = Const float [5] { 30, -10, 90, 0, 30 }\n"
        "put = QueueEnqueueManyV2(q, keys, values)\n"
        "n = Placeholder dtype: float\n"
        "n32 = Cast(n) DstT: int32\n"
        "getn = QueueDequeueManyV2(q, n32) component_types: [int64, float]\n"
        "upto = QueueDequeueUpToV2(q, n32) component_types: [int64, float]\n"
        "get = QueueDequeueV2(q) component_types: [int64, float]\n"
        "size = QueueSizeV2(q)\n"
        "shut = QueueCloseV2(q)\n";

Test(queue_kinds, a_priority_queue_gives_the_smallest_first)
{
        static const double want[] = { -10, 0, 30, 30, 90 };
        grow_ok(priority);
        run_ok("", "", "put");
        for (int i = 0; i < 5; i++) {
                run_ok("get:0 get:1", "", "");
                cr_assert_eq(tensor_double(got[1], 0), want[i]);
        }
}

Test(queue_kinds, a_batch_of_priorities_waits_until_it_sees_all_its_rows)
{
        grow_ok(priority);
        Call *seven = start("getn:1", "n=7", "");
        wait_for("p", 0, 1);
        run_ok("", "", "put");
        cr_assert_eq(value_of("size:0", ""), 5);
        cr_assert(!is_done(seven));
        run_ok("", "", "put");
        FINISH_FLOATS(seven, -10, -10, 0, 0, 30, 30, 30);
        Call *nine = start("upto:1", "n=9", "");
        wait_for("p", 0, 1);
        run_ok("", "", "shut");
        FINISH_FLOATS(nine, 30, 90, 90);
        run_fails("getn:1", "n=1", SR_OUT_OF_RANGE,
                  "PriorityQueue 'p' is closed and has insufficient elements (requested 1, current "
                  "size 0)");
}

Test(queue_kinds, many_priorities_come_out_in_order)
{
        grow_ok("q = PriorityQueueV2 component_types: [], shapes: []\n"
                "x = Placeholder dtype: float\n"
                "key = Cast(x) DstT: int64\n"
                "put = QueueEnqueueV2(q, key)\n"
                "get = QueueDequeueV2(q) component_types: [int64]\n");
        for (int i = 0; i < 200; i++)
                ENQUEUE("put", "x", (float)(i * 7919 % 211));
        double last = -1;
        for (int i = 0; i < 200; i++) {
                double v = value_of("get:0", "");
                cr_assert_geq(v, last);
                last = v;
        }
}

Test(queue_kinds, a_priority_must_be_one_number)
{
        grow_ok("q = PriorityQueueV2 component_types: [float], shapes: []\n"
                "k = Const int64 [2] { 1, 2 }\n"
                "k2 = Const int64 [2, 2] { 1, 2, 3, 4 }\n"
                "v = Const float [2] { 1, 2 }\n"
                "one = QueueEnqueueV2(q, k, v)\n"
                "many = QueueEnqueueManyV2(q, k2, v)\n"
                "n = Const int32 [] { 1 }\n"
                "getn = QueueDequeueManyV2(q, n) component_types: [int64, float]\n");
        finish_fails(start("", "", "one"), SR_INVALID_ARGUMENT,
                     "Expected the priority element to be a scalar, but received shape: [2]");
        finish_fails(start("", "", "many"), SR_INVALID_ARGUMENT,
                     "Expected the priority element to be a scalar, but received shape: [2]");
        finish_fails(start("getn:0", "", ""), SR_INVALID_ARGUMENT,
                     "PriorityQueue's DequeueMany requires the components to have specified "
                     "shapes.");
}
