// SPDX-License-Identifier: Apache-2.0
/* Races at sessions: threads run, cancel, extend, assign, run in parts and close at random, on a
 * few names that everybody shares. Values must be right, and an error must be one that the storm
 * itself can cause. Ends with everything given back. STRESS_ROUNDS: actions per thread. */
#include "engine/base/mem.h"
#include "engine/session/sessions.h"
#include "tests/engine/wait_op.h"
#include "tests/lib/graph_builder.h"
#include "tests/stress/lib/floats.h"
#include "tests/stress/lib/must.h"
#include "tests/stress/lib/named.h"
#include "tests/stress/lib/telling.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 6, NAMES = 3, ROUNDS = 400, LATER = 4 };

static const char nodes[] = "a = Placeholder dtype: float, shape: []\n"
                            "b = Placeholder dtype: float, shape: []\n"
                            "product = Mul(a, a)\n"
                            "sum = Add(product, b)\n"
                            "v = VariableV2 dtype: float, shape: [], shared_name: \"v\"\n"
                            "nought = Const float [] { 0 }\n"
                            "unit = Const float [] { 1 }\n"
                            "init = Assign(v, nought)\n"
                            "bump = AssignAdd(v, unit)\n"
                            "many = Placeholder dtype: float, shape: [?, ?]\n"
                            "square = MatMul(many, many)\n"
                            "corner = Sum(square, axes) keep_dims: false, T: float, Tidx: int32\n"
                            "axes = Const int32 [2] { 0, 1 }\n"
                            "enter = Enter(a) frame_name: \"f\"\n"
                            "limit = Enter(b) frame_name: \"f\", is_constant: true\n"
                            "step = Enter(unit) frame_name: \"f\", is_constant: true\n"
                            "merge = Merge(enter, next) T: float, N: 2\n"
                            "less = Less(merge, limit)\n"
                            "cond = LoopCond(less)\n"
                            "switch = Switch(merge, cond)\n"
                            "add = Add(switch:1, step)\n"
                            "next = NextIteration(add)\n"
                            "exit = Exit(switch:0)\n";

static Engine *engine;
static Graph *shared;
static int rounds = ROUNDS;
static atomic_int done, refused, wrong, added;
static atomic_bool over;
static pthread_mutex_t closing[NAMES]; /* guards: the taking of that name out of the table */

static void fault(const char *what, Status *s)
{
        fprintf(stderr, "session_storm: %s: %s\n", what, s ? status_message(s) : "wrong");
        status_free(s);
        atomic_fetch_add(&wrong, 1);
}

/* ---- runs ---- */

typedef struct Run {
        pthread_mutex_t lock; /* guards: ended */
        pthread_cond_t changed;
        bool ended, brief; /* brief: the error goes at once */
        Status *status;
        float value;
        Cancel *cancel;
} Run;

/* What closing, cancelling and forgetting can do to a run. */
static bool excused(const Status *s)
{
        StatusCode c = status_code(s);
        return c == SR_CANCELLED || c == SR_DEADLINE_EXCEEDED || c == SR_FAILED_PRECONDITION ||
               (c == SR_INVALID_ARGUMENT && (strstr(status_message(s), "Must run 'setup'") ||
                                             strstr(status_message(s), "empty")));
}

static void on_done(void *arg, Status *s, const RunResult *r)
{
        Run *run = arg;
        if (run->brief) {
                if (!s || !excused(s))
                        fault("a step was not ended by a close", NULL);
                status_free(steal(&s));
        }
        pthread_mutex_lock(&run->lock);
        run->status = s;
        if (r && r->n && r->values[0])
                run->value = (float)tensor_double(r->values[0], 0);
        run->ended = true;
        pthread_cond_signal(&run->changed);
        pthread_mutex_unlock(&run->lock);
}

static void run_begin(Run *run)
{
        *run = (Run){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
        if (cancel_new(&run->cancel))
                abort();
}

static void run_end(Run *run, const char *what, float want)
{
        pthread_mutex_lock(&run->lock);
        while (!run->ended)
                pthread_cond_wait(&run->changed, &run->lock);
        pthread_mutex_unlock(&run->lock);
        cancel_unref(run->cancel);
        if (!run->status && want == want && run->value != want)
                fprintf(stderr, "got %g, want %g\n", (double)run->value, (double)want);
        if (run->status ? !excused(run->status) : want == want && run->value != want)
                fault(what, steal(&run->status));
        atomic_fetch_add(run->status ? &refused : &done, 1);
        status_free(run->status);
}

typedef struct Call {
        const char *fetch, *target, *key[2];
        Tensor *value[2]; /* taken */
        int64_t timeout_ms;
        const char *handle; /* of a partial run */
        const char *watch;  /* a node whose output a debugger looks at; the run is traced, too */
} Call;

static void launch(Session *s, Run *run, const Call *c)
{
        Feed feeds[2] = { { c->key[0], c->value[0] }, { c->key[1], c->value[1] } };
        Telling t = { .options = TENSORFLOW__RUN_OPTIONS__INIT };
        t.options.timeout_in_ms = c->timeout_ms;
        if (c->watch)
                telling_all(&t, c->watch);
        RunRequest r = { .fetches = &c->fetch,
                         .n_fetches = c->fetch != NULL,
                         .targets = &c->target,
                         .n_targets = c->target != NULL,
                         .feeds = feeds,
                         .n_feeds = (c->key[0] != NULL) + (c->key[1] != NULL),
                         .options = &t.options,
                         .metadata = c->watch != NULL,
                         .cancel = run->cancel };
        if (c->handle)
                session_partial_run(s, c->handle, &r, on_done, run);
        else
                session_run(s, &r, on_done, run);
        tensor_unref(c->value[0]);
        tensor_unref(c->value[1]);
}

/* ---- what a thread may do ---- */

typedef struct Actor {
        unsigned seed;
        Session *s;
} Actor;

static int pick(Actor *a, int n)
{
        return rand_r(&a->seed) % n;
}

static void check(Actor *a, const char *what, const Call *c, float want)
{
        Run run;
        run_begin(&run);
        launch(a->s, &run, c);
        run_end(&run, what, want);
}

static void act_value(Actor *a)
{
        float x = (float)pick(a, 100);
        check(a, "sum",
              &(Call){ .fetch = "sum:0", .key = { "a", "b" }, .value = { scalar(x), scalar(7) } },
              x * x + 7);
}

static void act_watched(Actor *a)
{
        float x = (float)pick(a, 10);
        check(a, "watched",
              &(Call){ .fetch = "exit:0",
                       .key = { "a", "b" },
                       .value = { scalar(x), scalar(x + 5) },
                       .watch = pick(a, 2) ? "add" : "merge" },
              x + 5);
}

static void act_matmul(Actor *a)
{
        int64_t n = 1 + pick(a, 120);
        check(a, "corner", &(Call){ .fetch = "corner:0", .key = { "many" }, .value = { ones(n) } },
              (float)(n * n * n));
}

static void act_loop(Actor *a)
{
        float n = (float)pick(a, 300);
        check(a, "loop",
              &(Call){ .fetch = "exit:0", .key = { "a", "b" }, .value = { scalar(0), scalar(n) } },
              n);
}

static void act_function(Actor *a)
{
        static const char *const fetch[] = { "doubled_plus:0", "looped:0", "ranged:0",
                                             "waiting:0" };
        int i = pick(a, 4);
        float want[] = { 7, 10, 13, 3 };
        check(a, fetch[i], &(Call){ .fetch = fetch[i], .key = { "x" }, .value = { scalar(3) } },
              want[i]);
}

static void act_variable(Actor *a)
{
        static const char *const target[] = { "init", "bump", "bump" };
        check(a, "variable", &(Call){ .target = target[pick(a, 3)] }, __builtin_nanf(""));
        Run run;
        run_begin(&run);
        launch(a->s, &run, &(Call){ .fetch = "v:0" });
        run_end(&run, "v", __builtin_nanf(""));
        if (run.value < 0 || run.value > (float)(THREADS * rounds))
                fault("a variable holds what nobody wrote", NULL);
}

static void act_cancelled(Actor *a)
{
        Run run;
        run_begin(&run);
        if (pick(a, 2))
                cancel_fire(run.cancel, cancelled("storm"));
        launch(a->s, &run,
               &(Call){ .fetch = "waiting:0", .key = { "x" }, .value = { scalar(-1) } });
        cancel_fire(run.cancel, cancelled("storm"));
        run_end(&run, "cancelled", __builtin_nanf(""));
}

static void act_timeout(Actor *a)
{
        Call endless[] = {
                { .fetch = "waiting:0",
                  .key = { "x" },
                  .value = { scalar(-1) },
                  .timeout_ms = 1 + pick(a, 3) },
                { .fetch = "exit:0",
                  .key = { "a", "b" },
                  .value = { scalar(0), scalar(1e30f) },
                  .timeout_ms = 1 },
        };
        int i = pick(a, 2);
        tensor_unref(endless[!i].value[0]);
        tensor_unref(endless[!i].value[1]);
        Run run;
        run_begin(&run);
        launch(a->s, &run, &endless[i]);
        run_end(&run, "timeout", -1);
}

/* Several at once, some of them cancelled by their number. */
static Status *cancel_first(void *arg, const StepInfo *i)
{
        if (!i->ended_us && i->id % 3 == 0)
                status_free(session_cancel_step(arg, i->id));
        return NULL;
}

static void act_many(Actor *a)
{
        Run run[LATER];
        float x = (float)pick(a, 9);
        for (int i = 0; i < LATER; i++) {
                run_begin(&run[i]);
                launch(a->s, &run[i],
                       &(Call){ .fetch = "waiting:0", .key = { "x" }, .value = { scalar(x) } });
        }
        if (pick(a, 2))
                status_free(session_each_step(a->s, cancel_first, a->s));
        for (int i = 0; i < LATER; i++)
                run_end(&run[i], "many", x);
}

static void act_partial(Actor *a)
{
        const char *fetches[] = { "product:0", "sum:0" };
        Feed feeds[] = { { "a", NULL }, { "b", NULL } };
        RunRequest r = { .fetches = fetches, .n_fetches = 2, .feeds = feeds, .n_feeds = 2 };
        autofree char *handle = NULL;
        Status *s = session_partial_run_setup(a->s, &r, &handle);
        if (s) {
                if (!excused(s))
                        fault("setup", status_copy(s));
                status_free(s);
                return;
        }
        int far = pick(a, 4);
        if (far == 3) /* left alone, or cancelled as a step */
                status_free(session_each_step(a->s, cancel_first, a->s));
        if (far < 1)
                return;
        check(a, "product",
              &(Call){ .fetch = "product:0",
                       .key = { "a" },
                       .value = { scalar(3) },
                       .handle = handle },
              9);
        if (far > 1)
                check(a, "sum of parts",
                      &(Call){ .fetch = "sum:0",
                               .key = { "b" },
                               .value = { scalar(2) },
                               .handle = handle },
                      11);
}

static void act_extend(Actor *a)
{
        autoptr(GraphSource) src = NULL;
        int k = atomic_fetch_add(&added, 1);
        char text[64], name[32];
        snprintf(text, sizeof text, "new%d = Const float [] { %d }\n", k, k);
        snprintf(name, sizeof name, "new%d:0", k);
        ExtendResult r;
        Status *s = graph_text(text, &src);
        s = s ? s : session_extend(a->s, src, false, &r);
        if (!s) {
                check(a, "new node", &(Call){ .fetch = name }, (float)k);
                return;
        }
        if (!excused(s))
                fault("extend", status_copy(s));
        status_free(s);
}

static Status *look(void *arg UNUSED, const VariableInfo *v UNUSED)
{
        return NULL;
}

static void act_look(Actor *a)
{
        SessionCounts n;
        session_counts(a->s, &n);
        status_free(session_each_variable(a->s, look, NULL));
        Tensor *t = NULL;
        Status *s = session_get_variable(a->s, "v", &t);
        status_free(s);
        tensor_unref(t);
        if (n.running < 0 || n.partial_runs < 0)
                fault("counts below zero", NULL);
}

/* ---- sessions that come and go ---- */

static void closed(void *arg)
{
        session_unref(arg);
}

static void act_close(Actor *a, int name)
{
        char text[16];
        snprintf(text, sizeof text, "s%d", name);
        pthread_mutex_lock(&closing[name]);
        Session *s = NULL;
        Status *st = engine_acquire(engine, text, &s);
        if (!st) {
                session_close(s, closed, session_ref(s));
                if (pick(a, 2))
                        session_close(s, closed, session_ref(s));
                st = engine_forget(engine, text);
                session_unref(s);
        }
        pthread_mutex_unlock(&closing[name]);
        status_free(st);
}

static Session *acquire(int name)
{
        char text[16];
        snprintf(text, sizeof text, "s%d", name);
        return named_session(engine, shared, text, name == 1);
}

static void *storm(void *arg)
{
        static void (*const acts[])(Actor *) = {
                act_watched,  act_value,    act_value,     act_matmul,  act_loop,
                act_function, act_variable, act_cancelled, act_timeout, act_many,
                act_partial,  act_extend,   act_look,
        };
        Actor a = { .seed = (unsigned)(uintptr_t)arg };
        for (int i = 0; i < rounds; i++) {
                int name = pick(&a, NAMES);
                a.s = acquire(name);
                for (int k = pick(&a, 8); k >= 0; k--)
                        acts[pick(&a, (int)COUNTOF(acts))](&a);
                session_unref(a.s);
                if (pick(&a, 6) == 0)
                        act_close(&a, name);
        }
        return NULL;
}

/* ---- all of it ---- */

static void extend_shared(GraphSource *src)
{
        autoptr(GraphSource) owned UNUSED = src;
        int first;
        must(graph_extend(shared, src, false, &first));
}

static void begin(void)
{
        static char text[1 << 16];
        GraphSource *src = NULL;
        FILE *f = fopen("tests/data/functions.pbtxt", "r");
        if (!f)
                abort();
        size_t n = fread(text, 1, sizeof text, f);
        fclose(f);
        must(engine_new(&(EngineOptions){ .threads = 3 }, &engine));
        must(graph_new(&shared));
        must(graph_source_parse(text, n, "graph_def_text", NULL, &src));
        extend_shared(src);
        must(graph_text(nodes, &src));
        extend_shared(src);
        for (int i = 0; i < NAMES; i++)
                pthread_mutex_init(&closing[i], NULL);
}

/* Closing says so only when the last step has given back its memory. */
static void blocks_left(void *arg)
{
        atomic_store((atomic_llong *)arg, mem_stats().blocks);
}

static void close_under_way(bool first)
{
        atomic_llong after = -1;
        Session *s = NULL;
        Run run;
        run_begin(&run);
        run.brief = true;
        int64_t before = mem_stats().blocks; /* with what is the run's own */
        must(engine_create_session(engine, &(SessionOptions){ .name = "c", .graph = shared }, &s));
        launch(s, &run, &(Call){ .fetch = "waiting:0", .key = { "x" }, .value = { scalar(-1) } });
        session_close(s, blocks_left, &after);
        run_end(&run, "closed", NAN);
        while (atomic_load(&after) < 0)
                usleep(50);
        session_unref(s);
        status_free(engine_forget(engine, "c"));
        if (atomic_load(&after) > before && !first) /* the first run makes the plan */
                fault("a session was closed before its step's memory was back", NULL);
}

int main(void)
{
        pthread_t threads[THREADS], helper;
        int64_t blocks = mem_stats().blocks;
        if (getenv("STRESS_ROUNDS"))
                rounds = (int)strtol(getenv("STRESS_ROUNDS"), NULL, 10);
        begin();
        for (int i = 0; i < 20; i++)
                close_under_way(!i);
        pthread_create(&helper, NULL, release_until, &over);
        for (int i = 0; i < THREADS; i++)
                pthread_create(&threads[i], NULL, storm, (void *)(uintptr_t)(i + 1));
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        graph_unref(shared);
        engine_free(engine);
        atomic_store(&over, true);
        pthread_join(helper, NULL);
        if (mem_stats().blocks != blocks)
                fault("blocks are still out", NULL);
        printf("session_storm: %d runs, %d ended by the storm, %d faults\n", atomic_load(&done),
               atomic_load(&refused), atomic_load(&wrong));
        return atomic_load(&wrong) != 0;
}
