// SPDX-License-Identifier: Apache-2.0
/* Races at iterators: threads draw from shared pipelines, start them over, draw by string handles,
 * cancel and close sessions at random. A draw gives an element that the pipeline has or an error
 * that the storm can cause; without anybody who starts over, no element comes twice. */
#include "engine/base/mem.h"
#include "engine/session/sessions.h"
#include "tests/lib/graph_builder.h"
#include "tests/stress/lib/must.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 6, ROUNDS = 300, ELEMENTS = 2000, SESSIONS = 4 };

#define T "output_types: [int64], output_shapes: [?]"

static const char nodes[] =
        "zero = Const int64 [] { 0 }\none = Const int64 [] { 1 }\ntwo = Const int64 [] { 2 }\n"
        "ten = Const int64 [] { 10 }\nmany = Const int64 [] { 2000 }\never = Const int64 [] { -1 "
        "}\n"
        "range = RangeDataset(zero, many, one) " T "\n"
        "mapped = ParallelMapDatasetV2(range, zero, ten) f: plus, Targuments: [int64], " T "\n"
        "shuffled = ShuffleDataset(mapped, ten, one, two) " T "\n"
        "once = IteratorV2 shared_name: \"once\", container: \"\", " T "\n"
        "once_init = MakeIterator(shuffled, once)\n"
        "once_next = IteratorGetNext(once) " T "\n"
        "again = RepeatDataset(shuffled, ever) " T "\n"
        "flat = FlatMapDataset(again) f: upto, Targuments: [], " T "\n"
        "cached = PrefetchDataset(flat, two) " T "\n"
        "it = IteratorV2 shared_name: \"it\", container: \"\", " T "\n"
        "init = MakeIterator(cached, it)\n"
        "next = IteratorGetNext(it) " T "\n"
        "name = IteratorToStringHandle(it)\n"
        "named = IteratorFromStringHandleV2(name) " T "\n"
        "named_next = IteratorGetNext(named) " T "\n"
        "shot = OneShotIterator dataset_factory: three, " T "\n"
        "shot_next = IteratorGetNextAsOptional(shot) " T "\n"
        "has = OptionalHasValue(shot_next)\n"
        "void = FilterDataset(again, ever) predicate: below, Targuments: [int64], " T "\n"
        "hole = IteratorV2 shared_name: \"hole\", container: \"\", " T "\n"
        "hole_init = MakeIterator(void, hole)\n"
        "hole_next = IteratorGetNext(hole) " T "\n";

static Engine *engine;
static Session *session;
static atomic_int wrong, drawn, refused;
static atomic_uchar seen[ELEMENTS];

/* ---- runs ---- */

typedef struct Run {
        pthread_mutex_t lock; /* guards: ended */
        pthread_cond_t changed;
        bool ended;
        Status *status;
        int64_t value;
} Run;

static void on_done(void *arg, Status *s, const RunResult *r)
{
        Run *run = arg;
        pthread_mutex_lock(&run->lock);
        run->status = s;
        if (r && r->n && r->values[0])
                run->value = tensor_int(r->values[0], 0);
        run->ended = true;
        pthread_cond_signal(&run->changed);
        pthread_mutex_unlock(&run->lock);
}

static Status *run(const char *fetch, const char *target, int64_t timeout_ms, Cancel *cancel,
                   int64_t *ret)
{
        Run r = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.timeout_in_ms = timeout_ms;
        RunRequest q = { .fetches = &fetch,
                         .n_fetches = fetch != NULL,
                         .targets = &target,
                         .n_targets = target != NULL,
                         .options = &o,
                         .cancel = cancel };
        session_run(session, &q, on_done, &r);
        pthread_mutex_lock(&r.lock);
        while (!r.ended)
                pthread_cond_wait(&r.changed, &r.lock);
        pthread_mutex_unlock(&r.lock);
        if (ret && !r.status)
                *ret = r.value;
        return r.status;
}

static void judge(const char *what, Status *s, bool good)
{
        StatusCode c = status_code(s);
        bool excused = c == SR_CANCELLED || c == SR_DEADLINE_EXCEEDED || c == SR_OUT_OF_RANGE ||
                       c == SR_FAILED_PRECONDITION || c == SR_NOT_FOUND;
        if (s ? !excused : !good) {
                fprintf(stderr, "data_storm: %s: %s\n", what, s ? status_message(s) : "wrong");
                atomic_fetch_add(&wrong, 1);
        }
        atomic_fetch_add(s ? &refused : &drawn, 1);
        status_free(s);
}

/* ---- what a thread does ---- */

/* A draw that failed has no value: it must not count as one of element 0, which another thread may
 * have drawn and not yet judged. */
static void draw_once(unsigned *seed)
{
        int64_t v = -1;
        (void)seed;
        Status *s = run("once_next:0", NULL, 0, NULL, &v);
        bool there = !s && v >= 0 && v < ELEMENTS;
        int before = there ? atomic_fetch_add(&seen[v], 1) : 0;
        if (!s && (!there || before))
                fprintf(stderr, "data_storm: once gave %lld, seen %d times\n", (long long)v,
                        before);
        judge("once", s, there && !before);
}

static void draw(unsigned *seed)
{
        int64_t v = -1;
        const char *fetch = rand_r(seed) % 2 ? "next:0" : "named_next:0";
        Status *s = run(fetch, NULL, rand_r(seed) % 4 ? 0 : 1, NULL, &v);
        judge(fetch, s, v >= 0 && v < ELEMENTS);
}

static void start_over(unsigned *seed)
{
        judge("init", run(NULL, rand_r(seed) % 2 ? "init" : "hole_init", 0, NULL, NULL), true);
}

static void draw_optional(unsigned *seed)
{
        (void)seed;
        judge("has", run("has:0", NULL, 0, NULL, NULL), true);
}

static void *fire(void *arg)
{
        cancel_fire(arg, cancelled("fired"));
        return NULL;
}

/* A draw that never ends, and who ends it. */
static void draw_from_hole(unsigned *seed)
{
        Cancel *cancel = NULL;
        pthread_t other;
        (void)seed;
        must(cancel_new(&cancel));
        if (pthread_create(&other, NULL, fire, cancel))
                abort();
        judge("hole", run("hole_next:0", NULL, 50, cancel, NULL), false);
        pthread_join(other, NULL);
        cancel_unref(cancel);
}

static void *storm(void *arg)
{
        static void (*const acts[])(unsigned *) = { draw_once,  draw_once,     draw,          draw,
                                                    start_over, draw_optional, draw_from_hole };
        unsigned seed = (unsigned)(uintptr_t)arg;
        for (int i = 0; i < ROUNDS; i++)
                acts[(unsigned)rand_r(&seed) % (sizeof acts / sizeof acts[0])](&seed);
        return NULL;
}

/* ---- the program ---- */

static void extend(GraphSource *src)
{
        ExtendResult r;
        must(session_extend(session, src, false, &r));
}

static void make_session(void)
{
        static char library[1 << 16];
        FILE *f = fopen("tests/data/datasets.pbtxt", "r");
        if (!f)
                abort();
        size_t n = fread(library, 1, sizeof library, f);
        fclose(f);
        autoptr(GraphSource) functions = NULL;
        autoptr(GraphSource) graph = NULL;
        must(engine_create_session(engine, &(SessionOptions){ .name = "storm" }, &session));
        must(graph_source_parse(library, n, "graph_def_text", NULL, &functions));
        extend(functions);
        must(graph_text(nodes, &graph));
        extend(graph);
        must(run(NULL, "once_init", 0, NULL, NULL));
        must(run(NULL, "init", 0, NULL, NULL));
}

/* The last session is closed while the storm is at its height. */
static void one_session(bool close_early)
{
        pthread_t thread[THREADS];
        memset((void *)seen, 0, sizeof seen);
        make_session();
        for (int i = 0; i < THREADS; i++)
                if (pthread_create(&thread[i], NULL, storm, (void *)(uintptr_t)(i + 1)))
                        abort();
        while (close_early && atomic_load(&drawn) % 1000 < 300)
                sched_yield();
        if (close_early)
                session_close(session, NULL, NULL);
        for (int i = 0; i < THREADS; i++)
                pthread_join(thread[i], NULL);
        session_close(session, NULL, NULL);
        session_unref(steal(&session));
        must(engine_forget(engine, "storm"));
}

int main(void)
{
        must(engine_new(&(EngineOptions){ .threads = 4 }, &engine));
        for (int i = 0; i < SESSIONS; i++)
                one_session(i == SESSIONS - 1);
        engine_free(engine);
        printf("data_storm: %d draws, %d refused, %d wrong\n", drawn, refused, wrong);
        return wrong != 0;
}
