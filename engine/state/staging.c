// SPDX-License-Identifier: Apache-2.0
/* Staging areas. A slot holds the tuple of a key and those who wait for it. The line of Stage and
 * Unstage numbers its tuples: its front is the smallest number. */
#include "engine/base/mem.h"
#include "engine/state/staging_inside.h"

static Attempt *attempt_of(Wait *w)
{
        return CONTAINER_OF(w, Attempt, wait);
}

/* ---- life ---- */

static void staging_destroy(Resource *r)
{
        Staging *st = staging_of(r);
        map_each (e, &st->slots)
                slot_free(e->value);
        map_done(&st->slots);
        staging_keys_done(&st->keys);
        pthread_mutex_destroy(&st->lock);
        mem_free(st);
}

const ResourceKind staging_kind = { .name = "Staging", .destroy = staging_destroy };
const ResourceKind staging_map_kind = { .name = "StagingMap", .destroy = staging_destroy };
const ResourceKind staging_ordered_map_kind = { .name = "OrderedStagingMap",
                                                .destroy = staging_destroy };

Staging *staging_of(Resource *r)
{
        return CONTAINER_OF(r, Staging, base);
}

/* A keyed area is a map by the clients' keys; an unkeyed one numbers its entries itself. */
Status *staging_new(const ResourceKind *kind, int64_t capacity, int64_t memory_limit,
                    Resource **ret)
{
        Staging *st = mem_calloc(1, sizeof *st);
        if (!st)
                return status_oom();
        resource_init(&st->base, kind);
        pthread_mutex_init(&st->lock, NULL);
        st->keyed = kind != &staging_kind;
        st->capacity = capacity;
        st->memory_limit = memory_limit;
        *ret = &st->base;
        return NULL;
}

/* ---- who can go on; all under the lock ---- */

static int64_t put_bytes(const Attempt *a)
{
        int64_t n = 0;
        for (int i = 0; i < a->n; i++)
                n += (int64_t)tensor_bytes(a->values[i]);
        return n;
}

static bool fits(const Staging *st, const Attempt *a)
{
        bool whole = a->n == a->call.width;
        if (st->memory_limit && st->bytes + put_bytes(a) > st->memory_limit)
                return false;
        return !whole || !st->capacity || st->complete < st->capacity;
}

/* Those who wait for a slot's tuple, in their order, as long as there is one. */
static void serve_slot(Staging *st, Slot *s, WaitList *ended)
{
        while (s->complete && s->waits.first) {
                Attempt *a = attempt_of(s->waits.first);
                a->slot = NULL;
                wait_end(&a->wait, slot_take(st, s, a), ended);
                if (!s->present)
                        break;
        }
        slot_tidy(st, s);
}

/* Puts the values in and wakes who waits for the key. */
static Status *put_now(Staging *st, Attempt *a, WaitList *ended)
{
        Slot *s;
        a->call.key = st->keyed ? a->call.key : st->back;
        TRY(slot_make(st, a->call.key, &s));
        Status *bad = slot_put(st, s, a);
        if (bad) {
                slot_tidy(st, s);
                return bad;
        }
        st->back += !st->keyed;
        serve_slot(st, s, ended);
        return NULL;
}

/* From the head of the list while capacity and memory suffice. */
static bool serve_puts(Staging *st, WaitList *list, WaitList *ended)
{
        bool any = false;
        while (list->first && fits(st, attempt_of(list->first))) {
                Attempt *a = attempt_of(list->first);
                Status *s = put_now(st, a, ended);
                wait_end(&a->wait, s, ended);
                any = true;
        }
        return any;
}

/* Whoever takes without a key gets the smallest complete one. */
static bool serve_any(Staging *st, WaitList *ended)
{
        bool served = false;
        int64_t key;
        while (st->any.first && st->complete && staging_keys_first(&st->keys, &key)) {
                Slot *s = slot_find(st, key);
                if (!s || !s->complete) { /* taken by its key meanwhile */
                        staging_keys_drop(&st->keys);
                        continue;
                }
                Attempt *a = attempt_of(st->any.first);
                wait_end(&a->wait, slot_take(st, s, a), ended);
                if (!s->present)
                        st->front += !st->keyed;
                slot_tidy(st, s);
                served = true;
        }
        return served;
}

/* In the line a place can be looked at as soon as the line is that long. */
static void serve_peeks(Staging *st, WaitList *ended)
{
        for (Wait *w = st->peeks.first, *next; w; w = next) {
                Attempt *a = attempt_of(w);
                next = w->next;
                if (a->call.key < st->complete) {
                        Slot *s = slot_find(st, st->front + a->call.key);
                        wait_end(w, slot_take(st, s, a), ended);
                }
        }
}

/* Each take makes room for puts, each put something to take: until nothing moves. */
static void advance(Staging *st, WaitList *ended)
{
        bool changed;
        do {
                changed = serve_puts(st, &st->puts, ended);
                changed |= serve_puts(st, &st->partials, ended);
                serve_peeks(st, ended);
                changed |= serve_any(st, ended);
        } while (changed);
}

/* ---- attempts ---- */

static void attempt_free(Attempt *a)
{
        for (int i = 0; i < a->n && a->values; i++)
                tensor_unref(a->values[i]);
        mem_free(a->values);
        mem_free(a->parts);
        resource_unref(&a->st->base);
        mem_free(a);
}

static void attempt_done(Wait *w)
{
        Attempt *a = attempt_of(w);
        bool gets = a->call.what != STAGING_PUT && !w->status;
        a->done(a->arg, steal(&w->status), a->call.key, a->values, gets ? a->n : 0);
        attempt_free(a);
}

/* One that has given up may have been the first in line. */
static void attempt_cancel(Wait *w, WaitList *ended)
{
        Attempt *a = attempt_of(w);
        Slot *s = steal(&a->slot);
        wait_end(w,
                 cancelled(a->call.what == STAGING_PUT ? "Stage operation was cancelled"
                                                       : "Unstage operation was cancelled"),
                 ended);
        if (s)
                slot_tidy(a->st, s);
        advance(a->st, ended);
}

static const WaitKind attempt_kind = { .cancel = attempt_cancel, .done = attempt_done };

/* What can be refused before anything waits. */
static Status *check_call(const Staging *st, const StagingCall *c)
{
        int64_t bytes = 0;
        for (int i = 1; c->parts && i < c->n_parts; i++)
                if (c->parts[i] <= c->parts[i - 1])
                        return invalid_argument("Indices are not strictly ordered");
        if (!st->keyed && c->what == STAGING_PEEK && c->key < 0)
                return invalid_argument("index must not be negative, but is %lld",
                                        (long long)c->key);
        if (c->what != STAGING_PUT)
                return NULL;
        for (int i = 0; i < (c->parts ? c->n_parts : c->width); i++)
                bytes += (int64_t)tensor_bytes(c->values[i]);
        if (st->memory_limit && bytes > st->memory_limit)
                return resource_exhausted("Attempted to insert tensors with combined size of "
                                          "'%lld' bytes into Staging Area with a memory limit of "
                                          "'%lld'.",
                                          (long long)bytes, (long long)st->memory_limit);
        return NULL;
}

/* The attempt may outlive the caller's arrays. */
static Status *copy_call(Attempt *a)
{
        StagingCall *c = &a->call;
        int n = c->parts ? c->n_parts : c->width;
        if (c->parts && !(a->parts = mem_dup(c->parts, (size_t)n * sizeof *c->parts)))
                return status_oom();
        if (c->what != STAGING_PUT)
                return NULL;
        if (!(a->values = mem_calloc((size_t)n + 1, sizeof *a->values)))
                return status_oom();
        for (int i = 0; i < n; i++)
                a->values[i] = tensor_ref(c->values[i]);
        a->n = n;
        return NULL;
}

/* Owns all that the call needs until it is answered. */
static Status *attempt_new(Staging *st, const StagingCall *call, StagingDone done, void *arg,
                           Attempt **ret)
{
        TRY(check_call(st, call));
        Attempt *a = mem_calloc(1, sizeof *a);
        if (!a)
                return status_oom();
        wait_init(&a->wait, &attempt_kind, &st->lock);
        resource_ref(&st->base);
        a->st = st;
        a->call = *call;
        a->done = done;
        a->arg = arg;
        Status *s = copy_call(a);
        if (s) {
                attempt_free(a);
                return s;
        }
        *ret = a;
        return NULL;
}

/* Where the attempt waits. */
static Status *line_up(Staging *st, Attempt *a)
{
        WaitList *list = &st->any;
        if (a->call.what == STAGING_PUT) {
                list = a->n == a->call.width ? &st->puts : &st->partials;
        } else if (!st->keyed && a->call.what == STAGING_PEEK) {
                list = &st->peeks;
        } else if (st->keyed && a->call.what != STAGING_TAKE_ANY) {
                TRY(slot_make(st, a->call.key, &a->slot));
                list = &a->slot->waits;
        }
        wait_begin(&a->wait, list);
        return NULL;
}

/* All forms of Stage, Unstage, Peek and their Map kin. */
void staging_call(Staging *st, const StagingCall *call, StagingDone done, void *arg)
{
        WaitList ended = { 0 };
        Attempt *a = NULL;
        Status *s = attempt_new(st, call, done, arg, &a);
        if (s) {
                done(arg, s, call->key, NULL, 0);
                return;
        }
        pthread_mutex_lock(&st->lock);
        if ((s = line_up(st, a)))
                wait_end(&a->wait, s, &ended);
        else if (a->slot)
                serve_slot(st, a->slot, &ended);
        advance(st, &ended);
        if (a->wait.list && !wait_hook(&a->wait, call->cancel))
                attempt_cancel(&a->wait, &ended);
        pthread_mutex_unlock(&st->lock);
        waits_deliver(&ended);
}

/* ---- the rest ---- */

static int64_t count(Staging *st, const int64_t *n)
{
        pthread_mutex_lock(&st->lock);
        int64_t now = *n;
        pthread_mutex_unlock(&st->lock);
        return now;
}

int64_t staging_size(Staging *st)
{
        return count(st, &st->complete);
}

int64_t staging_incomplete(Staging *st)
{
        return count(st, &st->incomplete);
}

/* Values go; who waits goes on waiting. */
void staging_clear(Staging *st)
{
        WaitList ended = { 0 };
        pthread_mutex_lock(&st->lock);
        Map slots = st->slots;
        st->slots = (Map){ 0 };
        map_each (e, &slots) {
                Slot *s = e->value, *waited = NULL;
                while (s->waits.first) { /* they wait on, at a new slot */
                        Attempt *a = attempt_of(s->waits.first);
                        Status *bad = waited ? NULL : slot_make(st, s->key, &waited);
                        a->slot = waited;
                        if (bad)
                                wait_end(&a->wait, bad, &ended);
                        else
                                wait_move(&a->wait, &waited->waits);
                }
                slot_free(s);
        }
        map_done(&slots);
        staging_keys_done(&st->keys);
        st->complete = st->incomplete = st->bytes = 0;
        st->front = st->back;
        advance(st, &ended);
        pthread_mutex_unlock(&st->lock);
        waits_deliver(&ended);
}
