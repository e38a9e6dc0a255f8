// SPDX-License-Identifier: Apache-2.0
/* Pools for sessions: the engine's, whose size the first session decides as TensorFlow's
 * process-wide one, a session's own, and named ones that every session may share. */
#include "engine/session/threads.h"

#include "engine/base/mem.h"
#include "engine/session/inside.h"
#include <string.h>

typedef Tensorflow__ThreadPoolOptionProto PoolOption;

static atomic_int
        all_threads; /* of all pools made here; a pool may outlive its engine by a moment */

static Status *check_threads(int n)
{
        return n > MAX_POOL_THREADS
                       ? invalid_argument("A thread pool has at most %d threads, not %d",
                                          MAX_POOL_THREADS, n)
                       : NULL;
}

/* Makes a pool of n threads, or of as many as there are cores; counts them. */
static Status *new_pool(int n, Pool **ret)
{
        int threads = n > 0 ? n : pool_cores();
        TRY(check_threads(threads));
        if (atomic_fetch_add(&all_threads, threads) + threads > MAX_ALL_THREADS) {
                atomic_fetch_sub(&all_threads, threads);
                return resource_exhausted("The thread pools of all sessions would have more than "
                                          "%d threads",
                                          MAX_ALL_THREADS);
        }
        Status *s = pool_new(threads, ret);
        if (s)
                atomic_fetch_sub(&all_threads, threads);
        return s;
}

static void end_pool(Pool *p)
{
        atomic_fetch_sub(&all_threads, pool_threads(p));
        pool_free(p);
}

/* The process's pool. Its size is the daemon's own setting, or else the first session's wish; the
 * lock is held. */
static Status *shared_pool(Engine *e, int wanted, Pool **ret)
{
        if (!e->shared && (wanted <= 0 || e->sized))
                e->shared = e->pool;
        if (!e->shared)
                TRY(new_pool(wanted, &e->shared));
        *ret = e->shared;
        return NULL;
}

/* Named pools live as long as the engine: other sessions may come to use them. */
static Status *new_named(Engine *e, const PoolOption *o, int threads, NamedPool **ret)
{
        if (e->named.count >= MAX_NAMED_POOLS)
                return resource_exhausted("There are %d named thread pools already",
                                          MAX_NAMED_POOLS);
        NamedPool *p = mem_calloc(1, sizeof *p);
        if (!p)
                return status_oom();
        p->configured = o->num_threads;
        p->name = mem_strdup(o->global_name);
        Status *s = p->name ? new_pool(threads, &p->pool) : status_oom();
        if (!s)
                s = map_set(&e->named, p->name, p);
        if (s) {
                if (p->pool)
                        end_pool(p->pool);
                mem_free(p->name);
                mem_free(p);
                return s;
        }
        *ret = p;
        return NULL;
}

/* Compares what was configured, not what it came to: 0 and the number of cores differ. The lock is
 * held. */
static Status *named_pool(Engine *e, const PoolOption *o, int threads, Pool **ret)
{
        NamedPool *p = map_get(&e->named, o->global_name);
        if (!p)
                TRY(new_named(e, o, threads, &p));
        if (p->configured != o->num_threads)
                return invalid_argument("Pool %s configured previously with num_threads=%d; cannot "
                                        "re-configure with num_threads=%d",
                                        o->global_name, p->configured, o->num_threads);
        *ret = p->pool;
        return NULL;
}

static Status *add_option(Engine *e, const ConfigProto *c, const PoolOption *o, SessionThreads *t)
{
        SessionPool p = { .own = !o->global_name[0] };
        int threads = o->num_threads ? o->num_threads : c->inter_op_parallelism_threads;
        TRY(check_threads(o->num_threads));
        TRY(p.own ? new_pool(threads, &p.pool) : named_pool(e, o, threads, &p.pool));
        t->pools[t->n++] = p;
        return NULL;
}

/* The lock is held. */
static Status *fill(Engine *e, const ConfigProto *c, SessionThreads *t)
{
        int inter = c->inter_op_parallelism_threads;
        for (size_t i = 0; i < c->n_session_inter_op_thread_pool; i++)
                TRY(add_option(e, c, c->session_inter_op_thread_pool[i], t));
        if (t->n)
                return NULL;
        SessionPool p = { .own = c->use_per_session_threads };
        TRY(p.own ? new_pool(inter, &p.pool) : shared_pool(e, inter, &p.pool));
        t->pools[t->n++] = p;
        t->one_thread = inter < 0 && !p.own;
        return NULL;
}

/* The session's pools by its config. */
Status *threads_new(Engine *e, const ConfigProto *c, SessionThreads *ret)
{
        size_t n = c->n_session_inter_op_thread_pool;
        if (n > MAX_POOLS)
                return invalid_argument("A session has at most %d thread pools, not %zu", MAX_POOLS,
                                        n);
        TRY(check_threads(c->inter_op_parallelism_threads));
        TRY(check_threads(c->intra_op_parallelism_threads));
        SessionThreads t = { .op_threads = MAX(c->intra_op_parallelism_threads, 0) };
        t.pools = mem_calloc(n + 1, sizeof *t.pools);
        if (!t.pools)
                return status_oom();
        pthread_mutex_lock(&e->lock);
        Status *s = fill(e, c, &t);
        pthread_mutex_unlock(&e->lock);
        if (s)
                threads_done(&t);
        else
                *ret = t;
        return s;
}

void threads_done(SessionThreads *t)
{
        for (int i = 0; i < t->n; i++)
                if (t->pools[i].own)
                        end_pool(t->pools[i].pool);
        mem_free(t->pools);
        *t = (SessionThreads){ 0 };
}

/* No session is left. */
void threads_end(Engine *e)
{
        map_each (entry, &e->named) {
                NamedPool *p = entry->value;
                end_pool(p->pool);
                mem_free(p->name);
                mem_free(p);
        }
        map_done(&e->named);
        if (e->shared && e->shared != e->pool)
                end_pool(e->shared);
}

Status *threads_check(const SessionThreads *t, const RunOptions *o)
{
        int i = o ? o->inter_op_thread_pool : 0;
        return i < -1 || i >= t->n ? invalid_argument("Invalid inter_op_thread_pool: %d", i) : NULL;
}
