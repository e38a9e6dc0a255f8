// SPDX-License-Identifier: Apache-2.0
/* Runs put together: everybody gets what they would get alone. */
#include "engine/session/batcher.h"
#include "tests/engine/session_fixture.h"
#include <math.h>
#include <pthread.h>
#include <time.h>

TestSuite(batcher, .init = session_setup, .fini = session_teardown, .timeout = 20);

/* y = 2 * x, and how often that ran. */
static const char doubled[] = "x = Placeholder dtype: float, shape: ?\n"
                              "n = TestCount()\n"
                              "two = Const float [] { 2 }\n"
                              "ok = CheckNumerics(x, ^n) message: \"bad\"\n"
                              "y = Mul(ok, two)\n";

/* One request. */
typedef struct Ask {
        Tensor *x, *y; /* y: the first fetch, one reference */
        Cancel *cancel;
        Status *status;
        atomic_bool done;
} Ask;

static void answered(void *arg, Status *s, const RunResult *r)
{
        Ask *a = arg;
        a->status = s;
        a->y = r && r->values[0] ? tensor_ref(r->values[0]) : NULL;
        atomic_store(&a->done, true);
}

/* x is a matrix of `rows` rows: first, first + 1, ... */
static Ask ask_of(int rows, int columns, float first)
{
        Ask a = { 0 };
        cr_assert_null(tensor_new(DT_FLOAT, &SHAPE(rows, columns), &a.x));
        for (int i = 0; i < rows * columns; i++)
                ((float *)tensor_fill(a.x))[i] = first + (float)i;
        return a;
}

static const char *const fetch_y[] = { "y:0" };

static void ask(Batcher *b, Ask *a)
{
        Feed feed = { "x:0", a->x };
        RunRequest r = { .fetches = fetch_y,
                         .n_fetches = 1,
                         .feeds = &feed,
                         .n_feeds = 1,
                         .cancel = a->cancel };
        batcher_run(b, session, &r, answered, a);
}

static void wait_for(Ask *a)
{
        while (!atomic_load(&a->done))
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void ask_done(Ask *a)
{
        tensor_unref(a->x);
        tensor_unref(a->y);
        cancel_unref(a->cancel);
        status_free(a->status);
}

/* The answer is twice the question, in its shape. */
static void expect_doubled(Ask *a)
{
        wait_for(a);
        cr_assert_null(a->status, "%s", status_message(a->status));
        cr_assert(shape_equal(tensor_shape(a->x), tensor_shape(a->y)));
        for (int64_t i = 0; i < a->x->count; i++)
                cr_expect(((const float *)a->y->data)[i] == 2 * ((const float *)a->x->data)[i]);
        ask_done(a);
}

static Batcher *batcher_of(int64_t rows, int64_t us)
{
        Batcher *b = NULL;
        cr_assert_null(batcher_new(&(BatchOptions){ rows, us }, &b));
        return b;
}

Test(batcher, a_full_batch_runs_once_and_is_cut_apart)
{
        autoptr(Batcher) b = batcher_of(6, BATCH_MAX_TIMEOUT_US);
        Ask a[3] = { ask_of(1, 2, 10), ask_of(3, 2, 20), ask_of(2, 2, 30) };
        grow_ok(doubled);
        int before = atomic_load(&test_count);
        for (int i = 0; i < 3; i++)
                ask(b, &a[i]);
        for (int i = 0; i < 3; i++)
                expect_doubled(&a[i]);
        cr_expect_eq(atomic_load(&test_count), before + 1);
}

Test(batcher, a_batch_that_is_not_full_runs_when_its_time_is_over)
{
        autoptr(Batcher) b = batcher_of(100, 20000);
        Ask a[2] = { ask_of(1, 2, 1), ask_of(1, 2, 5) };
        grow_ok(doubled);
        int before = atomic_load(&test_count);
        ask(b, &a[0]);
        ask(b, &a[1]);
        expect_doubled(&a[0]);
        expect_doubled(&a[1]);
        cr_expect_eq(atomic_load(&test_count), before + 1);
}

Test(batcher, other_columns_and_what_would_be_too_much_go_into_the_next_batch)
{
        autoptr(Batcher) b = batcher_of(4, 20000);
        Ask a[4] = { ask_of(2, 2, 1), ask_of(2, 3, 5), ask_of(3, 3, 5), ask_of(9, 3, 1) };
        grow_ok(doubled);
        for (int i = 0; i < 4; i++)
                ask(b, &a[i]);
        for (int i = 0; i < 4; i++)
                expect_doubled(&a[i]);
}

Test(batcher, one_bad_request_does_not_touch_the_others)
{
        autoptr(Batcher) b = batcher_of(3, BATCH_MAX_TIMEOUT_US);
        Ask a[3] = { ask_of(1, 2, 1), ask_of(1, 2, NAN), ask_of(1, 2, 3) };
        grow_ok(doubled);
        for (int i = 0; i < 3; i++)
                ask(b, &a[i]);
        expect_doubled(&a[0]);
        expect_doubled(&a[2]);
        wait_for(&a[1]);
        cr_expect_eq(status_code(a[1].status), SR_INVALID_ARGUMENT);
        cr_expect(strstr(status_message(a[1].status), "bad : Tensor had NaN"), "%s",
                  status_message(a[1].status));
        ask_done(&a[1]);
}

Test(batcher, fetches_without_a_row_per_row_are_those_of_each_alone)
{
        autoptr(Batcher) b = batcher_of(3, BATCH_MAX_TIMEOUT_US);
        Ask a[2] = { ask_of(1, 2, 1), ask_of(2, 2, 10) };
        grow_ok("x = Placeholder dtype: float, shape: ?\naxes = Const int32 [2] { 0, 1 }\n"
                "y = Sum(x, axes)\n");
        ask(b, &a[0]);
        ask(b, &a[1]);
        static const float sums[] = { 3, 46 };
        for (int i = 0; i < 2; i++) {
                wait_for(&a[i]);
                cr_assert_null(a[i].status);
                cr_expect(*(const float *)tensor_data(a[i].y) == sums[i]);
                ask_done(&a[i]);
        }
}

Test(batcher, a_scalar_runs_at_once_and_alone)
{
        autoptr(Batcher) b = batcher_of(100, BATCH_MAX_TIMEOUT_US);
        Ask a = { 0 };
        cr_assert_null(tensor_scalar(DT_FLOAT, &(float){ 21 }, &a.x));
        grow_ok(doubled);
        ask(b, &a);
        expect_doubled(&a);
}

Test(batcher, without_a_timeout_requests_gather_while_others_run)
{
        autoptr(Batcher) b = batcher_of(100, 0);
        Ask a[4] = { ask_of(1, 2, 1), ask_of(1, 2, 2), ask_of(2, 2, 3), ask_of(1, 2, 4) };
        grow_ok("x = Placeholder dtype: float, shape: ?\nw = TestWait(x)\nn = TestCount(^w)\n"
                "two = Const float [] { 2 }\ny = Mul(w, two, ^n)\n");
        int before = atomic_load(&test_count);
        for (int i = 0; i < 4; i++)
                ask(b, &a[i]);
        wait_until(1);
        release_all();
        wait_for(&a[0]);
        wait_until(1);
        release_all();
        for (int i = 0; i < 4; i++)
                expect_doubled(&a[i]);
        cr_expect_eq(atomic_load(&test_count), before + 2, "one alone, then three together");
}

Test(batcher, who_has_left_while_waiting_is_not_run)
{
        autoptr(Batcher) b = batcher_of(3, BATCH_MAX_TIMEOUT_US);
        Ask a[3] = { ask_of(1, 2, 1), ask_of(1, 2, NAN), ask_of(1, 2, 3) };
        cr_assert_null(cancel_new(&a[1].cancel));
        grow_ok(doubled);
        ask(b, &a[0]);
        ask(b, &a[1]);
        cancel_fire(a[1].cancel, cancelled("gone"));
        ask(b, &a[2]);
        expect_doubled(&a[0]);
        expect_doubled(&a[2]);
        wait_for(&a[1]);
        cr_expect_str_eq(status_message(a[1].status), "gone");
        ask_done(&a[1]);
}

Test(batcher, a_closed_session_answers_everybody)
{
        autoptr(Batcher) b = batcher_of(100, 20000);
        Ask a[2] = { ask_of(1, 2, 1), ask_of(1, 2, 2) };
        grow_ok(doubled);
        ask(b, &a[0]);
        ask(b, &a[1]);
        session_close(session, NULL, NULL);
        for (int i = 0; i < 2; i++) {
                wait_for(&a[i]);
                cr_expect_str_eq(status_message(a[i].status), "Attempted to use a closed Session.");
                ask_done(&a[i]);
        }
}

Test(batcher, strings_are_put_together_too)
{
        autoptr(Batcher) b = batcher_of(2, BATCH_MAX_TIMEOUT_US);
        Ask a[2] = { { 0 } };
        grow_ok("x = Placeholder dtype: string, shape: ?\ny = Identity(x)\n");
        for (int i = 0; i < 2; i++) {
                cr_assert_null(tensor_new(DT_STRING, &SHAPE(1), &a[i].x));
                cr_assert_null(tensor_set_string(a[i].x, 0, i ? "second" : "first", 5));
                ask(b, &a[i]);
        }
        for (int i = 0; i < 2; i++) {
                wait_for(&a[i]);
                cr_assert_null(a[i].status);
                cr_expect_eq(memcmp(tensor_strings(a[i].y)->data, i ? "secon" : "first", 5), 0);
                ask_done(&a[i]);
        }
}

typedef struct Client {
        Batcher *batcher;
        pthread_t thread;
        float first;
} Client;

static void *ask_often(void *arg)
{
        Client *c = arg;
        for (int i = 0; i < 50; i++) {
                Ask a = ask_of(1 + i % 3, 2, c->first + (float)i);
                ask(c->batcher, &a);
                expect_doubled(&a);
        }
        return NULL;
}

Test(batcher, many_clients_at_once_get_their_own)
{
        autoptr(Batcher) b = batcher_of(8, 300);
        Client c[8];
        grow_ok(doubled);
        for (int i = 0; i < 8; i++) {
                c[i] = (Client){ .batcher = b, .first = (float)i * 1000 };
                cr_assert_eq(pthread_create(&c[i].thread, NULL, ask_often, &c[i]), 0);
        }
        for (int i = 0; i < 8; i++)
                pthread_join(c[i].thread, NULL);
}

/* ---- what may be batched ---- */

static Status *check(const char *fetch)
{
        Feed feed = { "x:0", NULL };
        RunRequest r = { .fetches = &fetch, .n_fetches = 1, .feeds = &feed, .n_feeds = 1 };
        return batcher_check(session, &r);
}

static void check_fails(const char *fetch, const char *part)
{
        autoptr(Status) s = check(fetch);
        cr_expect_eq(status_code(s), SR_INVALID_ARGUMENT);
        cr_expect(strstr(status_message(s), part), "%s", status_message(s));
}

Test(batcher, signatures_that_only_read_may_be_batched)
{
        grow_ok("x = Placeholder dtype: float, shape: ?\n"
                "v = VariableV2() dtype: float, shape: []\n"
                "y = Mul(x, v)\n"
                "a = Assign(v, x) validate_shape: false\n"
                "r = RandomUniform(s) dtype: float, T: int32\n"
                "s = Const int32 [1] { 2 }\n"
                "z = Add(x, r)\n");
        cr_expect_null(check("y:0"));
        check_fails("a:0", "'a' (Assign) has or changes state");
        check_fails("z:0", "'r' (RandomUniform) has or changes state");
        check_fails("y", "is an operation");
        check_fails("nothing:0", "does not exist");
}

/* As TF2 wraps signatures: outer(x) calls inner(x), which reads and multiplies by a variable, or
 * does more. The nodes of the inner body come last. */
static void grow_calls(const char *body, const char *ret)
{
        autofree char *text = mem_printf(
                "library {"
                " function { signature { name: 'outer' is_stateful: true"
                "  input_arg { name: 'x' type: DT_FLOAT } input_arg { name: 'v' type: DT_RESOURCE }"
                "  output_arg { name: 'y' type: DT_FLOAT } }"
                "  node_def { name: 'in' op: 'StatefulPartitionedCall' input: 'x' input: 'v'"
                "   attr { key: 'Tin' value { list { type: DT_FLOAT type: DT_RESOURCE } } }"
                "   attr { key: 'Tout' value { list { type: DT_FLOAT } } }"
                "   attr { key: 'f' value { func { name: 'inner' } } } }"
                "  ret { key: 'y' value: 'in:output:0' } }"
                " function { signature { name: 'inner' is_stateful: true"
                "  input_arg { name: 'x' type: DT_FLOAT } input_arg { name: 'v' type: DT_RESOURCE }"
                "  output_arg { name: 'y' type: DT_FLOAT } }"
                "  node_def { name: 'r' op: 'ReadVariableOp' input: 'v'"
                "   attr { key: 'dtype' value { type: DT_FLOAT } } }"
                "  node_def { name: 'm' op: 'Mul' input: 'x' input: 'r:value:0'"
                "   attr { key: 'T' value { type: DT_FLOAT } } }"
                "  %s ret { key: 'y' value: '%s' } } }",
                body, ret);
        autoptr(GraphSource) src = NULL;
        ExtendResult r;
        Status *s = graph_source_parse(text, strlen(text), "graph_def_text", NULL, &src);
        cr_assert_null(s, "%s", status_message(s));
        s = session_extend(session, src, false, &r);
        cr_assert_null(s, "%s", status_message(s));
        grow_ok("x = Placeholder dtype: float, shape: ?\n"
                "v = VarHandleOp() dtype: float, shape: []\n"
                "two = Const float [] { 2 }\n"
                "init = AssignVariableOp(v, two) dtype: float\n"
                "y = StatefulPartitionedCall(x, v) f: outer, Tout: [float], Tin: [float, "
                "resource]\n"
                "z = PartitionedCall(x, v) f: outer, Tout: [float], Tin: [float, resource]\n");
        run_ok("", "", "init");
}

Test(batcher, calls_of_functions_that_only_read_may_be_batched)
{
        autoptr(Batcher) b = batcher_of(2, BATCH_MAX_TIMEOUT_US);
        grow_calls("", "m:z:0");
        cr_expect_null(check("y:0"));
        cr_expect_null(check("z:0"));
        Ask a[2] = { ask_of(1, 2, 1), ask_of(1, 2, 7) };
        for (int i = 0; i < 2; i++)
                ask(b, &a[i]);
        for (int i = 0; i < 2; i++)
                expect_doubled(&a[i]);
}

Test(batcher, what_a_called_function_changes_is_found)
{
        grow_calls("node_def { name: 'a' op: 'AssignAddVariableOp' input: 'v' input: 'r:value:0'"
                   " attr { key: 'dtype' value { type: DT_FLOAT } } }",
                   "m:z:0");
        check_fails("y:0", "'a' (AssignAddVariableOp) has or changes state");
        check_fails("z:0", "'a' (AssignAddVariableOp) has or changes state");
}

Test(batcher, what_a_called_function_draws_is_found)
{
        grow_calls("node_def { name: 's' op: 'Shape' input: 'm:z:0'"
                   " attr { key: 'T' value { type: DT_FLOAT } } }"
                   "node_def { name: 'd' op: 'RandomUniform' input: 's:output:0'"
                   " attr { key: 'dtype' value { type: DT_FLOAT } }"
                   " attr { key: 'T' value { type: DT_INT32 } } }",
                   "d:output:0");
        check_fails("y:0", "'d' (RandomUniform) has or changes state");
        check_fails("z:0", "'d' (RandomUniform) has or changes state");
}

Test(batcher, options_out_of_range_are_refused)
{
        static const BatchOptions bad[] = {
                { 0, 0 }, { -1, 0 }, { BATCH_MAX_ROWS + 1, 0 }, { 1, -1 }, { 1, 1000001 }
        };
        for (size_t i = 0; i < COUNTOF(bad); i++) {
                Batcher *b = NULL;
                autoptr(Status) s = batcher_new(&bad[i], &b);
                cr_expect_eq(status_code(s), SR_INVALID_ARGUMENT);
        }
}
