// SPDX-License-Identifier: Apache-2.0
/* Races at what runs without a client: loops, queue runners, their coordinator and who joins it,
 * beside steps that wait at queues, staging areas, barriers and readers and partial runs, while
 * sessions are extended, closed and made anew. Whatever was begun must end exactly once, with an
 * error that the storm can cause, and give everything back. STRESS_ROUNDS: actions per thread. */
#include "engine/base/mem.h"
#include "engine/session/loop.h"
#include "engine/session/queue_runner.h"
#include "engine/session/sessions.h"
#include "tests/lib/graph_builder.h"
#include "tests/stress/lib/must.h"
#include "tests/stress/lib/named.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 6, NAMES = 3, ROUNDS = 300 };

static const char nodes[] =
        "x = Placeholder dtype: float, shape: []\n"
        "file = FIFOQueueV2 component_types: [float], shapes: [[]], capacity: 3, shared_name: "
        "\"file\"\n"
        "rows = RandomShuffleQueueV2 component_types: [float], shapes: [[]], capacity: 4, "
        "shared_name: \"rows\"\n"
        "fill = QueueEnqueueV2(file, x)\n"
        "end = QueueCloseV2(file)\n"
        "line = QueueDequeueV2(file) component_types: [float]\n"
        "twice = Add(line, line)\n"
        "put = QueueEnqueueV2(rows, twice)\n"
        "one = Const float [] { 1 }\n"
        "make = QueueEnqueueV2(rows, one)\n"
        "bad = QueueEnqueueV2(rows, x)\n"
        "shut = QueueCloseV2(rows)\n"
        "kill = QueueCloseV2(rows) cancel_pending_enqueues: true\n"
        "get = QueueDequeueV2(rows) component_types: [float]\n"
        "size = QueueSizeV2(rows)\n"
        "after = Neg(get)\n"
        "sum = Add(get, x)\n"
        "stage = Stage(x) dtypes: [float], shared_name: \"s\", capacity: 2\n"
        "unstage = Unstage() dtypes: [float], shared_name: \"s\"\n"
        "clear = StageClear() dtypes: [float], shared_name: \"s\"\n"
        "work = FIFOQueueV2 component_types: [string], shapes: [[]], capacity: 3, shared_name: "
        "\"work\"\n"
        "name = Const string [] { \"n\" }\n"
        "put_work = QueueEnqueueV2(work, name)\n"
        "reader = IdentityReaderV2 shared_name: \"r\"\n"
        "read = ReaderReadV2(reader, work)\n"
        "state = ReaderSerializeStateV2(reader)\n"
        "keys = Const string [1] { \"k\" }\n"
        "values = Const float [1] { 2 }\n"
        "barrier = Barrier component_types: [float], shared_name: \"b\"\n"
        "insert = BarrierInsertMany(barrier, keys, values) component_index: 0\n"
        "few = Const int32 [] { 1 }\n"
        "take = BarrierTakeMany(barrier, few) component_types: [float]\n"
        "v = VariableV2 dtype: float, shape: [], shared_name: \"v\"\n"
        "init = Assign(v, one)\n"
        "bump = AssignAdd(v, one)\n";

static Engine *engine;
static Graph *shared;
static int rounds = ROUNDS;
static atomic_int begun, ended, faults, closing, added, loops, runners, joins;

static void fault(const char *what, const Status *s)
{
        fprintf(stderr, "runner_storm: %s: %s\n", what, s ? status_message(s) : "wrong");
        atomic_fetch_add(&faults, 1);
}

typedef struct Actor {
        unsigned seed;
        Session *s;
} Actor;

static int pick(Actor *a, int n)
{
        return rand_r(&a->seed) % n;
}

/* What the storm does to steps: closed queues, closes, cancels, timeouts, values that nobody fed or
 * set, keys that are there already. */
static void expect_excused(const char *what, Status *s)
{
        StatusCode c = status_code(s);
        if (c == SR_INTERNAL || c == SR_UNKNOWN || c == SR_UNIMPLEMENTED || c == SR_DATA_LOSS)
                fault(what, s);
        status_free(s);
}

/* ---- steps ---- */

typedef struct Begun {
        const char *what;
        Cancel *cancel;
        atomic_int ends;
        struct Begun *next; /* in the list of all; never freed before the end */
} Begun;

static _Atomic(Begun *) all;

static Begun *op_begin(const char *what)
{
        Begun *op = mem_calloc(1, sizeof *op);
        if (!op || cancel_new(&op->cancel))
                abort();
        op->what = what;
        op->next = atomic_load(&all);
        while (!atomic_compare_exchange_weak(&all, &op->next, op))
                ;
        atomic_fetch_add(&begun, 1);
        return op;
}

static void op_end(Begun *op, Status *s)
{
        if (atomic_fetch_add(&op->ends, 1))
                fault("ended twice", NULL);
        expect_excused(op->what, s);
        cancel_unref(op->cancel);
        atomic_fetch_add(&ended, 1);
}

/* All is over: each operation has ended once. */
static void count_ends(void)
{
        for (Begun *op = atomic_load(&all), *next; op; op = next) {
                next = op->next;
                if (atomic_load(&op->ends) != 1)
                        fault(op->what, NULL);
                mem_free(op);
        }
}

static void on_run(void *arg, Status *s, const RunResult *r UNUSED)
{
        op_end(arg, s);
}

static Tensor *scalar(float v)
{
        Tensor *t = NULL;
        must(tensor_scalar(DT_FLOAT, &v, &t));
        return t;
}

/* A step that nobody waits for; it ends by itself, by its timeout or by its token. */
static void act_step(Actor *a)
{
        static const char *const targets[] = { "fill",    "put",   "make",     "get",  "after",
                                               "stage",   "clear", "put_work", "read", "state",
                                               "insert",  "take",  "init",     "bump", "size",
                                               "unstage", "end",   "line" };
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        Begun *op = op_begin("step");
        autoptr(Cancel) token = cancel_ref(op->cancel);
        const char *target = targets[pick(a, (int)COUNTOF(targets) - (pick(a, 20) ? 2 : 0))];
        Feed feed = { "x", scalar(1) };
        o.timeout_in_ms = 1 + pick(a, 20);
        RunRequest r = { .targets = &target,
                         .n_targets = 1,
                         .feeds = &feed,
                         .n_feeds = 1,
                         .options = &o,
                         .cancel = token };
        session_run(a->s, &r, on_run, op);
        tensor_unref(feed.value);
        if (pick(a, 4) == 0)
                cancel_fire(token, cancelled("storm"));
}

static void act_partial(Actor *a)
{
        const char *fetches[] = { "after:0", "sum:0" };
        Feed feeds[] = { { "x", NULL } };
        RunRequest r = { .fetches = fetches, .n_fetches = 2, .feeds = feeds, .n_feeds = 1 };
        autofree char *handle = NULL;
        Status *s = session_partial_run_setup(a->s, &r, &handle);
        if (!s && pick(a, 3)) {
                Begun *op = op_begin("partial run");
                autoptr(Cancel) token = cancel_ref(op->cancel);
                feeds[0].value = scalar(3);
                RunRequest part = { .fetches = fetches,
                                    .n_fetches = 1 + pick(a, 2),
                                    .feeds = feeds,
                                    .n_feeds = 1,
                                    .cancel = token };
                session_partial_run(a->s, handle, &part, on_run, op);
                tensor_unref(feeds[0].value);
                if (pick(a, 2))
                        cancel_fire(token, cancelled("storm"));
        }
        expect_excused("setup", s);
}

static Status *cancel_some(void *arg, const StepInfo *i)
{
        if (!i->ended_us && i->id % 5 == 0)
                status_free(session_cancel_step(arg, i->id));
        return NULL;
}

static void act_cancel(Actor *a)
{
        status_free(session_each_step(a->s, cancel_some, a->s));
}

/* ---- loops ---- */

static void on_news(void *arg)
{
        op_end(arg, NULL);
}

static Status *look_at_loop(void *arg UNUSED, const LoopInfo *i)
{
        if (i->done < 0 || (i->steps && i->done > i->steps) || (i->reported && !i->values))
                fault("a loop counts wrong", NULL);
        return NULL;
}

static void act_loop(Actor *a)
{
        static const char *const fetches[] = { "size:0", "bump:0", "get:0", "twice:0",
                                               "unstage:0" };
        int which = pick(a, (int)COUNTOF(fetches));
        const char *fetch = fetches[which];
        RunRequest r = { .fetches = &fetch, .n_fetches = 1 };
        LoopSpec spec = { .run = &r,
                          .steps = which < 2 || pick(a, 2) ? 1 + pick(a, 40) : 0,
                          .until_end = true,
                          .report_every = 1 + pick(a, 3) };
        int64_t id;
        Status *s = session_loop_start(a->s, &spec, &id);
        if (!s) {
                Begun *op = op_begin("news");
                autoptr(Cancel) token = cancel_ref(op->cancel);
                atomic_fetch_add(&loops, 1);
                Status *w = session_loop_wait(a->s, id, pick(a, 3), token, on_news, op);
                if (w)
                        op_end(op, w);
                status_free(session_each_loop(a->s, look_at_loop, NULL));
                if (pick(a, 2))
                        status_free(session_cancel_loop(a->s, id));
                if (pick(a, 2))
                        cancel_fire(token, cancelled("storm"));
        }
        expect_excused("loop", s);
}

/* ---- queue runners ---- */

static void on_join(void *arg, Status *s)
{
        op_end(arg, s);
}

static void act_join(Actor *a)
{
        Begun *op = op_begin("join");
        autoptr(Cancel) token = cancel_ref(op->cancel);
        JoinSpec spec = { .grace_ns = pick(a, 3) * 1000000,
                          .wait_ns = pick(a, 2) ? -1 : pick(a, 5) * 1000000,
                          .ignore_live = pick(a, 2),
                          .cancel = token };
        Status *s = session_join(a->s, &spec, on_join, op);
        if (s)
                op_end(op, s);
        atomic_fetch_add(&joins, 1);
        if (pick(a, 2))
                cancel_fire(token, cancelled("storm"));
}

static Status *look_at_runner(void *arg, const QueueRunnerInfo *i)
{
        if (i->live < 0 || (i->state == QUEUE_RUNNER_RUNNING) != (i->live > 0))
                fault("a queue runner counts wrong", NULL);
        *(int64_t *)arg = i->id;
        return NULL;
}

static Status *look_at_coordinator(void *arg UNUSED, const CoordinatorInfo *i)
{
        if (i->live < 0)
                fault("the coordinator counts below zero", NULL);
        return NULL;
}

static void act_runner(Actor *a)
{
        static char *const ops[] = { "put", "make", "put", "bad" };
        QueueRunnerDef def = TENSORFLOW__QUEUE_RUNNER_DEF__INIT;
        int from = pick(a, 20) ? pick(a, 2) : 2;
        int64_t id = 0;
        def.queue_name = "rows";
        def.enqueue_op_name = (char **)&ops[from];
        def.n_enqueue_op_name = (size_t)(1 + pick(a, 2));
        def.close_op_name = pick(a, 2) ? "shut" : "";
        def.cancel_op_name = pick(a, 3) ? "kill" : "";
        Status *s = session_queue_runner_start(a->s, &def, &id);
        atomic_fetch_add(&runners, !s);
        if (!s && pick(a, 2))
                s = session_stop_queue_runner(a->s, id);
        if (status_code(s) != SR_NOT_FOUND) /* forgotten meanwhile */
                expect_excused("queue runner", s);
        else
                status_free(s);
        status_free(session_each_queue_runner(a->s, look_at_runner, &id));
        status_free(session_coordinator(a->s, look_at_coordinator, NULL));
}

static void act_coordinator(Actor *a)
{
        switch (pick(a, 4)) {
        case 0: status_free(session_request_stop(a->s, NULL)); break;
        case 1: status_free(session_request_stop(a->s, aborted("storm"))); break;
        case 2: status_free(session_clear_stop(a->s)); break;
        default: act_join(a);
        }
}

/* ---- sessions that grow, come and go ---- */

static void act_extend(Actor *a)
{
        autoptr(GraphSource) src = NULL;
        char text[64];
        ExtendResult r;
        snprintf(text, sizeof text, "new%d = Neg(twice)\n", atomic_fetch_add(&added, 1));
        Status *s = graph_text(text, &src);
        s = s ? s : session_extend(a->s, src, false, &r);
        expect_excused("extend", s);
}

static void on_close(void *arg)
{
        session_unref(arg);
        atomic_fetch_sub(&closing, 1);
}

/* One at a time: the name that is forgotten must be that of the session that was closed. */
static void close_named(const char *name)
{
        static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        autoptr(Session) s = NULL;
        pthread_mutex_lock(&lock);
        Status *st = engine_acquire(engine, name, &s);
        if (!st) {
                atomic_fetch_add(&closing, 1);
                session_close(s, on_close, session_ref(s));
                st = engine_forget(engine, name);
        }
        pthread_mutex_unlock(&lock);
        status_free(st);
}

static Session *acquire(int name)
{
        char text[16];
        snprintf(text, sizeof text, "s%d", name);
        return named_session(engine, shared, text, !name);
}

static void *storm(void *arg)
{
        static void (*const acts[])(Actor *) = { act_step,        act_step,    act_step,
                                                 act_step,        act_loop,    act_runner,
                                                 act_runner,      act_partial, act_cancel,
                                                 act_coordinator, act_extend };
        Actor a = { .seed = (unsigned)(uintptr_t)arg };
        for (int i = 0; i < rounds; i++) {
                a.s = acquire(pick(&a, NAMES));
                for (int k = pick(&a, 12); k >= 0; k--)
                        acts[pick(&a, (int)COUNTOF(acts))](&a);
                if (pick(&a, 12) == 0)
                        close_named(session_name(a.s));
                session_unref(a.s);
        }
        return NULL;
}

int main(void)
{
        pthread_t threads[THREADS];
        int64_t blocks = mem_stats().blocks;
        GraphSource *src = NULL;
        int first;
        if (getenv("STRESS_ROUNDS"))
                rounds = (int)strtol(getenv("STRESS_ROUNDS"), NULL, 10);
        must(engine_new(&(EngineOptions){ .threads = 3 }, &engine));
        must(graph_new(&shared));
        must(graph_text(nodes, &src));
        must(graph_extend(shared, src, false, &first));
        graph_source_free(src);
        for (int i = 0; i < THREADS; i++)
                pthread_create(&threads[i], NULL, storm, (void *)(uintptr_t)(i + 1));
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        graph_unref(shared);
        for (int i = 0; i < 10000 && atomic_load(&closing); i++) /* of those, the engine forgot */
                usleep(1000);
        if (atomic_load(&closing))
                fault("a session did not close", NULL);
        engine_free(engine);
        count_ends();
        if (mem_stats().blocks != blocks)
                fault("blocks are still out", NULL);
        printf("runner_storm: %d operations, %d loops, %d queue runners, %d joins, %d faults\n",
               atomic_load(&ended), atomic_load(&loops), atomic_load(&runners), atomic_load(&joins),
               atomic_load(&faults));
        return atomic_load(&faults) != 0;
}
