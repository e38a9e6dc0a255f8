// SPDX-License-Identifier: Apache-2.0
/* Which threads a session's steps get. */
#include "engine/exec/processor.h"
#include "engine/session/inside.h"
#include "tests/lib/op_case.h"

#include <sched.h>
#include <unistd.h>

static Engine *engine;

static void begin(void)
{
        expect_ok(engine_new(&(EngineOptions){ 0 }, &engine));
}

static void end(void)
{
        engine_free(engine);
}

TestSuite(threads, .init = begin, .fini = end);

static Session *make(const char *name, const ConfigProto *c)
{
        Session *s = NULL;
        SessionOptions o = { .name = name, .config = c };
        expect_ok(engine_create_session(engine, &o, &s));
        return s;
}

static void leave(Session *s)
{
        session_close(s, NULL, NULL);
        expect_ok(engine_forget(engine, session_name(s)));
        session_unref(s);
}

static const Pool *pool_of(Session *s)
{
        return session_env(s, NULL, NULL, 1).pool;
}

Test(threads, the_first_session_sizes_the_pool_that_all_share)
{
        ConfigProto c = TENSORFLOW__CONFIG_PROTO__INIT;
        c.inter_op_parallelism_threads = 3;
        Session *first = make("first", &c);
        c.inter_op_parallelism_threads = 5;
        Session *second = make("second", &c), *third = make("third", NULL);
        cr_assert_eq(pool_threads(pool_of(first)), 3);
        cr_assert_eq(pool_of(first), pool_of(second));
        cr_assert_eq(pool_of(first), pool_of(third));
        leave(first);
        leave(second);
        leave(third);
}

Test(threads, what_the_daemon_was_told_comes_before_the_first_session)
{
        engine_free(engine);
        expect_ok(engine_new(&(EngineOptions){ .threads = 2 }, &engine));
        ConfigProto c = TENSORFLOW__CONFIG_PROTO__INIT;
        c.inter_op_parallelism_threads = 3;
        Session *s = make("s", &c);
        cr_assert_eq(pool_threads(pool_of(s)), 2);
        leave(s);
}

Test(threads, zero_is_as_many_as_there_are_processors)
{
        Session *s = make("s", NULL);
        cr_assert_eq(pool_threads(pool_of(s)), pool_cores());
        leave(s);
}

Test(threads, a_session_may_have_its_own)
{
        ConfigProto c = TENSORFLOW__CONFIG_PROTO__INIT;
        c.use_per_session_threads = true;
        c.inter_op_parallelism_threads = 2;
        Session *a = make("a", &c), *b = make("b", &c);
        cr_assert_eq(pool_threads(pool_of(a)), 2);
        cr_assert_neq(pool_of(a), pool_of(b));
        leave(a);
        leave(b);
}

Test(threads, a_negative_number_is_one_thread_for_the_ops_of_a_step)
{
        ConfigProto c = TENSORFLOW__CONFIG_PROTO__INIT;
        c.inter_op_parallelism_threads = -1;
        Session *s = make("s", &c), *other = make("other", NULL);
        cr_assert(session_env(s, NULL, NULL, 1).one_thread);
        cr_assert_not(session_env(other, NULL, NULL, 1).one_thread);
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.inter_op_thread_pool = -1;
        cr_assert(session_env(other, &o, NULL, 1).one_thread);
        leave(s);
        leave(other);
}

Test(threads, intra_op_threads_bound_what_one_op_takes)
{
        ConfigProto c = TENSORFLOW__CONFIG_PROTO__INIT;
        c.intra_op_parallelism_threads = 1;
        Session *s = make("s", &c);
        cr_assert_eq(session_env(s, NULL, NULL, 1).op_threads, 1);
        leave(s);
}

/* ---- the pool itself ---- */

typedef struct Seen {
        Task task;
        Pool *pool;
        atomic_int *ran;
} Seen;

static void note(Task *t)
{
        Seen *s = CONTAINER_OF(t, Seen, task);
        cr_assert(pool_inside(s->pool));
        atomic_fetch_add(s->ran, 1);
}

Test(threads, a_pool_runs_what_it_was_given_before_it_ends)
{
        Pool *p = NULL;
        atomic_int ran = 0;
        Seen all[100];
        expect_ok(pool_new(8, &p));
        for (size_t i = 0; i < COUNTOF(all); i++) {
                all[i] = (Seen){ .task.fn = note, .pool = p, .ran = &ran };
                pool_submit(p, &all[i].task);
        }
        pool_free(p);
        cr_assert_eq(atomic_load(&ran), COUNTOF(all));
}

static void free_own_pool(Task *t)
{
        Seen *s = CONTAINER_OF(t, Seen, task);
        pool_free(s->pool);
        atomic_fetch_add(s->ran, 1);
}

Test(threads, a_pool_may_be_freed_by_one_of_its_own_threads)
{
        atomic_int ran = 0;
        Seen s = { .task.fn = free_own_pool, .ran = &ran };
        expect_ok(pool_new(3, &s.pool));
        pool_submit(s.pool, &s.task);
        while (!atomic_load(&ran))
                sched_yield();
}

static void count_up(void *arg, int64_t from, int64_t to)
{
        atomic_fetch_add((atomic_llong *)arg, to - from);
}

Test(threads, a_range_is_covered_once_however_many_threads_may_help)
{
        Pool *p = NULL;
        expect_ok(pool_new(4, &p));
        for (int most = 0; most < 6; most++) {
                atomic_llong n = 0;
                pool_parallel(p, most, 100000, 10, count_up, &n);
                cr_assert_eq(atomic_load(&n), 100000);
        }
        pool_free(p);
}

/* Two tasks keep the pool's threads until `go`. */
typedef struct Late {
        Task task;
        atomic_bool *go;
        atomic_int *ended;
} Late;

static void keep_busy(Task *t)
{
        Late *l = CONTAINER_OF(t, Late, task);
        while (!atomic_load(l->go))
                sched_yield();
        atomic_fetch_add(l->ended, 1);
}

typedef struct Slow {
        pthread_t first;
        atomic_bool go;
        atomic_int ended, others;
        atomic_llong n;
} Slow;

/* The first piece lets the pool's threads go; then there is time for them to come. */
static void slow_piece(void *arg, int64_t from, int64_t to)
{
        Slow *s = arg;
        atomic_store(&s->go, true);
        if (!pthread_equal(s->first, pthread_self()))
                atomic_fetch_add(&s->others, 1);
        while (atomic_load(&s->ended) < 2)
                sched_yield();
        usleep(20000);
        atomic_fetch_add(&s->n, to - from);
}

Test(threads, who_becomes_free_helps_with_a_range_that_began_alone)
{
        Pool *p = NULL;
        Slow s = { .first = pthread_self() };
        Late late[2];
        expect_ok(pool_new(2, &p));
        for (int i = 0; i < 2; i++) {
                late[i] = (Late){ { .fn = keep_busy }, &s.go, &s.ended };
                pool_submit(p, &late[i].task);
        }
        pool_parallel(p, 0, 800, 1, slow_piece, &s);
        cr_assert_eq(atomic_load(&s.n), 800);
        cr_assert_gt(atomic_load(&s.others), 0);
        pool_free(p);
}

/* ---- processors ---- */

typedef struct Where {
        cpu_set_t all;
        atomic_int bound; /* pieces whose thread may run in fewer places */
} Where;

/* Long enough for a helper to be late. */
static void look_around(void *arg, int64_t from UNUSED, int64_t to UNUSED)
{
        Where *w = arg;
        cpu_set_t now;
        usleep(1000);
        if (sched_getaffinity(0, sizeof now, &now) || !CPU_EQUAL(&now, &w->all))
                atomic_fetch_add(&w->bound, 1);
}

Test(threads, who_left_a_processor_may_run_anywhere)
{
        Pool *p = NULL;
        Where w = { .bound = 0 };
        expect_ok(pool_new(2, &p));
        cr_assert_eq(sched_getaffinity(0, sizeof w.all, &w.all), 0);
        for (int i = 0; i < 20; i++)
                pool_parallel(p, 0, 8, 1, look_around, &w);
        processor_leave();
        look_around(&w, 0, 1);
        cr_assert_eq(atomic_load(&w.bound), 0);
        pool_free(p);
}

Test(threads, who_has_one_processor_stays_there)
{
        cpu_set_t one, now;
        int cpu = sched_getcpu();
        CPU_ZERO(&one);
        CPU_SET((size_t)cpu, &one);
        cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
        for (int i = 0; i < 2; i++) {
                processor_leave();
                cr_assert_eq(sched_getaffinity(0, sizeof now, &now), 0);
                cr_assert(CPU_EQUAL(&now, &one));
                cr_assert_eq(sched_getcpu(), cpu);
        }
}

/* ---- after a task ---- */

typedef struct Leaver {
        Task task;
        Pool *pool, *other;
        pthread_t thread;
        atomic_int *ended;
} Leaver;

static void go_out(void *arg)
{
        Leaver *l = arg;
        cr_assert(pthread_equal(pthread_self(), l->thread));
        cr_assert_not(pool_inside(l->pool));
        cr_assert_not(pool_after_task(l->pool, go_out, l), "it is in no task now");
        atomic_fetch_add(l->ended, 1);
}

static void leave_later(Task *t)
{
        Leaver *l = CONTAINER_OF(t, Leaver, task);
        int before = atomic_load(l->ended);
        l->thread = pthread_self();
        cr_assert_not(pool_after_task(l->other, go_out, l), "that is not its pool");
        cr_assert(pool_after_task(l->pool, go_out, l));
        cr_assert_not(pool_after_task(l->pool, go_out, l), "one is enough");
        cr_assert_eq(atomic_load(l->ended), before, "not within the task");
}

Test(threads, what_comes_after_a_task_is_none)
{
        Pool *p = NULL, *other = NULL;
        atomic_int ended = 0;
        Leaver all[20];
        expect_ok(pool_new(1, &p));
        expect_ok(pool_new(1, &other));
        cr_assert_not(pool_after_task(p, go_out, NULL), "this thread is none of a pool's");
        for (size_t i = 0; i < COUNTOF(all); i++) {
                all[i] = (Leaver){
                        .task.fn = leave_later, .pool = p, .other = other, .ended = &ended
                };
                pool_submit(p, &all[i].task);
        }
        pool_free(p);
        pool_free(other);
        cr_assert_eq(atomic_load(&ended), COUNTOF(all));
}

/* ---- ranges ---- */

static void count_call(void *calls, int64_t from UNUSED, int64_t to UNUSED)
{
        atomic_fetch_add((atomic_int *)calls, 1);
}

/* Half of a thousand columns, rounded up to whole blocks, is a little more than half. */
Test(threads, two_pieces_may_lack_a_little)
{
        static const struct {
                int64_t n;
                int calls;
        } rows[] = { { 1001, 2 }, { 1024, 2 }, { 961, 2 }, { 600, 1 }, { 512, 1 } };
        Pool *p = NULL;
        expect_ok(pool_new(2, &p));
        usleep(20000); /* both threads wait for work */
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                atomic_int calls = 0;
                pool_parallel(p, 0, rows[i].n, 512, count_call, &calls);
                cr_assert_eq(atomic_load(&calls), rows[i].calls, "%d", (int)rows[i].n);
        }
        pool_free(p);
}
