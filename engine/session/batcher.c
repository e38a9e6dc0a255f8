// SPDX-License-Identifier: Apache-2.0
/* One batch is open at a time. It starts when it is full, when one comes that does not fit, or when
 * its time is over; from then on it belongs to its run (batch_run.c). */
#include "engine/session/batch.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/exec/function.h"
#include "engine/ops/signature.h"
#include <string.h>

struct Batcher {
        atomic_int refs;
        BatchOptions options;
        pthread_mutex_t lock; /* guards: open and what is in it, running */
        Batch *open;          /* what requests join; NULL: none */
        int running;          /* batches that have started and not ended */
};

/* ---- life ---- */

static Status *beyond_range(const char *what, int64_t got, int64_t least, int64_t most)
{
        return invalid_argument("%s must be between %lld and %lld, got: %lld", what,
                                (long long)least, (long long)most, (long long)got);
}

/* The names are those of TF Serving's BatchingParameters. */
Status *batcher_new(const BatchOptions *o, Batcher **ret)
{
        if (o->max_rows < 1 || o->max_rows > BATCH_MAX_ROWS)
                return beyond_range("max_batch_size", o->max_rows, 1, BATCH_MAX_ROWS);
        if (o->timeout_us < 0 || o->timeout_us > BATCH_MAX_TIMEOUT_US)
                return beyond_range("batch_timeout_micros", o->timeout_us, 0, BATCH_MAX_TIMEOUT_US);
        Batcher *b = mem_calloc(1, sizeof *b);
        if (!b)
                return status_oom();
        atomic_init(&b->refs, 1);
        b->options = *o;
        pthread_mutex_init(&b->lock, NULL);
        *ret = b;
        return NULL;
}

Batcher *batcher_ref(Batcher *b)
{
        atomic_fetch_add(&b->refs, 1);
        return b;
}

void batcher_unref(Batcher *b)
{
        if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
                return;
        pthread_mutex_destroy(&b->lock);
        mem_free(b);
}

void batch_item_free(BatchItem *it, int n_feeds)
{
        for (int i = 0; i < n_feeds; i++)
                tensor_unref(it->feeds[i].value);
        cancel_unref(it->cancel);
        block_free(it, it->bytes);
}

/* Holds batcher and session until the last call has its answer. */
static void batch_free(Batch *b)
{
        for (BatchItem *it = b->first, *next; it; it = next) {
                next = it->next;
                batch_item_free(it, b->request.n_feeds);
        }
        session_unref(b->session);
        batcher_unref(b->batcher);
        mem_free(b);
}

/* ---- may it? ---- */

/* Stateful by TensorFlow's list, but reading only; or as stateful as the functions that they call,
 * which are looked at for themselves. */
static bool only_reads(const char *op)
{
        /* clang-format off */
        static const char *const known[] = {
                "Variable", "VariableV2", "VarHandleOp", "ReadVariableOp", "VarIsInitializedOp",
                "VariableShape", "ResourceGather", "ResourceGatherNd", "HashTable", "HashTableV2",
                "MutableHashTable", "MutableHashTableV2", "LookupTableFindV2", "LookupTableSizeV2",
                "Placeholder", "StatefulPartitionedCall", "If", "Case", "While", NULL
        };
        /* clang-format on */
        for (const char *const *k = known; *k; k++)
                if (strcmp(op, *k) == 0)
                        return true;
        return false;
}

/* What reads or writes state may see calls run together that it should see one by one. */
static Status *check_node(const PlanNode *pn)
{
        const OpDef *def = pn->def;
        bool calls = def == &function_call_op;
        bool writes = pn->node->op->stateful && !calls && !only_reads(def->name);
        for (int i = 0; i < pn->n_in; i++)
                writes = writes || pn->mode[i] >= INPUT_REF;
        if (!writes)
                return NULL;
        return invalid_argument("Runs cannot be batched: node '%s' (%s) has or changes state",
                                pn->node->name, def->name);
}

/* A plan and the functions that it calls, each once, however often it is called. They are nested no
 * deeper than plans may call. */
static Status *check_plan(const Plan *p, Map *seen)
{
        for (uint32_t i = 0; i < p->n_nodes; i++)
                TRY(check_node(&p->nodes[i]));
        for (const FunctionUse *u = p->functions; u; u = u->next) {
                const char *key = (const char *)&u->function;
                if (map_getn(seen, key, sizeof u->function))
                        continue;
                TRY(map_setn(seen, key, sizeof u->function, (void *)u));
                TRY(check_plan(function_view(u->function).plan, seen));
        }
        return NULL;
}

/* At once, when batching is asked for, not when the first batch comes. */
Status *batcher_check(Session *s, const RunRequest *r)
{
        autoptr(Compiled) c = NULL;
        pthread_mutex_lock(&s->lock);
        Status *st = signature_compile(s, r, false, &c);
        pthread_mutex_unlock(&s->lock);
        TRY(st);
        for (int i = 0; i < c->n_fetches; i++)
                if (c->fetch[i] < 0)
                        return invalid_argument("Runs cannot be batched: '%s' is an operation",
                                                r->fetches[i]);
        if (!r->n_feeds || !r->n_fetches || r->n_targets)
                return invalid_argument(
                        "Runs can be batched only with feeds, with fetches and without targets");
        __attribute__((cleanup(map_done))) Map seen = { 0 };
        return check_plan(c->plan, &seen);
}

/* ---- starting ---- */

/* The batch is out of the batcher and counted as running. */
static void start(Batch *b)
{
        if (b->timed)
                timer_clear(b->session->engine->timers, &b->timer);
        batch_run(b);
}

static void start_on_pool(Task *t)
{
        start(CONTAINER_OF(t, Batch, task));
}

/* Takes the open batch out, to be started. Under the lock. */
static Batch *take_open(Batcher *all)
{
        Batch *b = steal(&all->open);
        all->running += b != NULL;
        return b;
}

/* With a timeout of 0, what has gathered while others ran is next. */
void batch_ended(Batch *b)
{
        Batcher *all = b->batcher;
        pthread_mutex_lock(&all->lock);
        all->running--;
        Batch *next = all->running || all->options.timeout_us ? NULL : take_open(all);
        pthread_mutex_unlock(&all->lock);
        if (next)
                pool_submit(next->session->engine->pool, &next->task);
        batch_free(b);
}

/* On the timer's thread, which must not compute. */
static void on_time(Timer *t)
{
        Batch *b = CONTAINER_OF(t, Batch, timer);
        Batcher *all = b->batcher;
        pthread_mutex_lock(&all->lock);
        bool ours = all->open == b && take_open(all);
        pthread_mutex_unlock(&all->lock);
        if (ours)
                pool_submit(b->session->engine->pool, &b->task);
}

/* ---- joining ---- */

/* The request's names are those of the callable, which outlives its batches. */
static Status *batch_new(Batcher *all, Session *s, const RunRequest *r, Batch **ret)
{
        Batch *b = mem_calloc(1, sizeof *b);
        if (!b)
                return status_oom();
        b->batcher = batcher_ref(all);
        b->session = session_ref(s);
        b->request = *r;
        b->request.feeds = NULL;
        b->request.cancel = NULL;
        b->request.prepared = NULL; /* which may go while the batch waits */
        b->last = &b->first;
        b->timer.index = -1;
        b->task.fn = start_on_pool;
        *ret = b;
        return NULL;
}

/* Rows that all feeds of a request have; 0 when it must run alone. */
static int64_t rows_of(const RunRequest *r)
{
        int64_t rows = 0;
        for (int i = 0; i < r->n_feeds; i++) {
                const Tensor *t = r->feeds[i].value;
                if (!t || tensor_rank(t) < 1 || (i && tensor_dim(t, 0) != rows))
                        return 0;
                rows = tensor_dim(t, 0);
        }
        return r->metadata ? 0 : rows;
}

/* Can the request go behind those in the batch? */
static bool fits(const Batch *b, const RunRequest *r, int64_t rows, int64_t max)
{
        if (b->rows + rows > max)
                return false;
        for (int i = 0; i < r->n_feeds; i++) {
                const Tensor *a = b->first->feeds[i].value, *t = r->feeds[i].value;
                Shape s = *tensor_shape(a);
                s.dim[0] = rows;
                if (tensor_dtype(a) != tensor_dtype(t) || !shape_equal(&s, tensor_shape(t)))
                        return false;
        }
        return true;
}

/* One call that waits: its feeds and who wants the answer. */
static Status *item_new(const RunRequest *r, int64_t rows, RunDone done, void *arg, BatchItem **ret)
{
        size_t bytes = sizeof(BatchItem) + (size_t)r->n_feeds * sizeof(Feed);
        BatchItem *it = block_alloc(bytes);
        if (!it)
                return status_oom();
        *it = (BatchItem){ .done = done,
                           .arg = arg,
                           .cancel = r->cancel ? cancel_ref(r->cancel) : NULL,
                           .rows = rows,
                           .bytes = bytes };
        for (int i = 0; i < r->n_feeds; i++)
                it->feeds[i] = (Feed){ r->feeds[i].key, tensor_ref(r->feeds[i].value) };
        *ret = it;
        return NULL;
}

/* Opens a batch; without a timer it would wait for ever. Under the lock. */
static Status *open_batch(Batcher *all, Session *s, const RunRequest *r)
{
        Batch *b = NULL;
        TRY(batch_new(all, s, r, &b));
        if (all->options.timeout_us) {
                int64_t at = clock_ns() + all->options.timeout_us * 1000;
                Status *st = timer_set(s->engine->timers, &b->timer, at, on_time);
                if (st) {
                        batch_free(b);
                        return st;
                }
                b->timed = true;
        }
        all->open = b;
        return NULL;
}

/* What is to start because of this request: the batch that it does not fit, the one that it made
 * full. Under the lock. */
static Status *join(Batcher *all, Session *s, const RunRequest *r, BatchItem *it, Batch *ret[2])
{
        const BatchOptions *o = &all->options;
        if (all->open && !fits(all->open, r, it->rows, o->max_rows))
                ret[0] = take_open(all);
        if (!all->open)
                TRY(open_batch(all, s, r));
        Batch *b = all->open;
        *b->last = it;
        b->last = &it->next;
        b->rows += it->rows;
        b->n++;
        if (b->rows >= o->max_rows || (!o->timeout_us && !all->running))
                ret[1] = take_open(all);
        return NULL;
}

/* A call that is too large, or has no common number of rows, goes past the batches. */
void batcher_run(Batcher *all, Session *s, const RunRequest *r, RunDone done, void *arg)
{
        int64_t rows = rows_of(r);
        BatchItem *it = NULL;
        Batch *ready[2] = { NULL, NULL };
        if (rows < 1 || rows > all->options.max_rows || !s->engine->pool) {
                session_run(s, r, done, arg);
                return;
        }
        Status *st = item_new(r, rows, done, arg, &it);
        if (!st) {
                pthread_mutex_lock(&all->lock);
                st = join(all, s, r, it, ready);
                pthread_mutex_unlock(&all->lock);
        }
        if (st) {
                if (it)
                        batch_item_free(it, r->n_feeds);
                done(arg, st, NULL);
        }
        for (int i = 0; i < 2; i++)
                if (ready[i])
                        start(ready[i]);
}
