// SPDX-License-Identifier: Apache-2.0
/* Two tables of the same kind: one of the process, where new winners take the place of the oldest,
 * and one of each session, where what is there stays; what finds no place there goes the model's
 * way, then as later. */
#include "engine/kernels/nn/conv_choice.h"

#include "engine/kernels/nn/conv_trial.h"
#include "engine/kernels/nn/winograd.h"
#include <math.h>
#include <pthread.h>

/* Times as long as the fastest, by the model, that may be the fastest all the same. */
#define PERHAPS 2.0
enum { REMEMBERED_MAX = 1024, OF_SESSION_MAX = 256 };

/* ---- ways ---- */

ConvWays conv_ways(const Conv *v, int threads, bool narrow)
{
        static const int tiles[CONV_WAYS] = { 0, 2, 4 };
        double seconds[CONV_WAYS], best = INFINITY;
        ConvWays ways = { .n = 1, .tile = { winograd_tile(v, threads, narrow) } };
        for (int i = 0; i < CONV_WAYS; i++) {
                seconds[i] = winograd_seconds(v, tiles[i], threads, narrow);
                best = MIN(best, seconds[i]);
        }
        for (int i = 0; i < CONV_WAYS; i++)
                if (tiles[i] != ways.tile[0] && seconds[i] <= PERHAPS * best)
                        ways.tile[ways.n++] = tiles[i];
        return ways;
}

/* ---- tables ---- */

/* What a choice is made for; compared by its bytes. */
typedef struct Key {
        Conv conv;
        int64_t threads, narrow;
} Key;

typedef struct Choice {
        Key key;
        int64_t tile;
} Choice;

typedef struct Choices {
        Resource base;        /* of a session's */
        pthread_mutex_t lock; /* guards: the rest */
        Choice *items;
        int n, cap;
        int oldest; /* of the process's, when it is full */
} Choices;

static Choices process = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Under the lock. */
static Choice *find(const Choices *l, const Key *k)
{
        for (int i = 0; i < l->n; i++)
                if (!memcmp(&l->items[i].key, k, sizeof *k))
                        return &l->items[i];
        return NULL;
}

/* Under the lock: a place for one more; NULL without memory. */
static Choice *add(Choices *l, const Key *k)
{
        if (l->n == l->cap) {
                int cap = l->cap ? l->cap * 2 : 4;
                Choice *items = mem_realloc(l->items, (size_t)cap * sizeof *items);
                if (!items)
                        return NULL;
                l->items = items;
                l->cap = cap;
        }
        l->items[l->n] = (Choice){ .key = *k };
        return &l->items[l->n++];
}

/* ---- of the process ---- */

static bool recall(const Key *k, int *ret_tile)
{
        pthread_mutex_lock(&process.lock);
        const Choice *found = find(&process, k);
        if (found)
                *ret_tile = (int)found->tile;
        pthread_mutex_unlock(&process.lock);
        return found;
}

/* The first of two that were tried at once stands. Without memory nothing is remembered. */
static void remember(const Key *k, int *tile)
{
        pthread_mutex_lock(&process.lock);
        Choice *at = find(&process, k);
        if (at) {
                *tile = (int)at->tile;
        } else if (process.n < REMEMBERED_MAX) {
                at = add(&process, k);
        } else {
                at = &process.items[process.oldest++ % REMEMBERED_MAX];
                at->key = *k;
        }
        if (at)
                at->tile = *tile;
        pthread_mutex_unlock(&process.lock);
}

/* ---- of a session ---- */

static void destroy(Resource *r)
{
        Choices *l = CONTAINER_OF(r, Choices, base);
        mem_free(l->items);
        pthread_mutex_destroy(&l->lock);
        mem_free(l);
}

static const ResourceKind choices_kind = { .name = "ConvChoices", .destroy = destroy };

static Status *make(const OpCtx *c UNUSED, const char *name UNUSED, Resource **ret)
{
        Choices *l = mem_calloc(1, sizeof *l);
        if (!l)
                return status_oom();
        resource_init(&l->base, &choices_kind);
        pthread_mutex_init(&l->lock, NULL);
        *ret = &l->base;
        return NULL;
}

/* Has the session a place for this key, or one left? *ret_tile: where it went so far, else as it
 * was. */
static bool look(Choices *l, const Key *k, bool *ret_known, int *ret_tile)
{
        pthread_mutex_lock(&l->lock);
        const Choice *found = find(l, k);
        bool room = found || l->n < OF_SESSION_MAX;
        if (found)
                *ret_tile = (int)found->tile;
        pthread_mutex_unlock(&l->lock);
        *ret_known = found;
        return room;
}

/* What another step has settled meanwhile stands, unless this one has tried. */
static Status *settle(Choices *l, const Key *k, bool tried, int *tile)
{
        pthread_mutex_lock(&l->lock);
        Choice *found = find(l, k);
        if (found && !tried)
                *tile = (int)found->tile;
        if (!found)
                found = add(l, k);
        if (found)
                found->tile = *tile;
        pthread_mutex_unlock(&l->lock);
        return found ? NULL : status_oom();
}

/* ---- choosing ---- */

/* In a warm-up: what won, here or before. False: the trial came to nothing. */
static bool try_or_recall(OpCtx *c, const ConvForward *f, const Key *k, const ConvWays *ways,
                          int *tile)
{
        if (recall(k, tile))
                return true;
        if (!conv_trial(c, f, ways, tile))
                return false;
        remember(k, tile);
        return true;
}

Status *conv_choice(OpCtx *c, const ConvForward *f, int *ret_tile)
{
        bool narrow = weights_narrow(f->weights, &f->conv), known = false, tried = false;
        Key key = { f->conv, ctx_threads(c), narrow };
        ConvWays ways = conv_ways(&f->conv, ctx_threads(c), narrow);
        autoptr(Resource) state = NULL;
        *ret_tile = ways.tile[0];
        if (ways.n == 1)
                return NULL;
        TRY(ctx_session_state(c, &choices_kind, make, &state));
        Choices *of_session = CONTAINER_OF(state, Choices, base);
        if (!look(of_session, &key, &known, ret_tile) || (known && !ctx_tunes(c)))
                return NULL;
        if (ctx_tunes(c))
                tried = try_or_recall(c, f, &key, &ways, ret_tile);
        else
                recall(&key, ret_tile);
        for (int i = 0; i < ways.n && tried; i++)
                if (ways.tile[i] != *ret_tile)
                        conv_forward_drop(f, ways.tile[i]);
        return settle(of_session, &key, tried, ret_tile);
}
