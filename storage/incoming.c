// SPDX-License-Identifier: Apache-2.0
/* Big bytes go to the disk and through the hash while they come: two threads follow whoever
 * receives them, and none of the three waits for another before the end. */
#include "storage/incoming.h"

#include "engine/base/mem_big.h"
#include "storage/digest.h"
#include "storage/direct.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4, WRITE_LEAST = 2 << 20, PAGE = 4096 };

struct StoreIncoming {
        Store *store;
        const char *data;
        size_t n;
        char tmp[BLOB_TMP_SIZE];
        int fd;
        /* the thread's, and after `ended` whoever waited for it */
        int error; /* errno, or 0 */
        bool sync_failed;
        char digest[STORE_DIGEST_SIZE];
        pthread_mutex_t lock; /* guards: all below */
        pthread_cond_t changed;
        Digesting digesting;
        bool follows; /* `digesting` is there to be told */
        size_t ready; /* of n bytes so many are there */
        bool given_up, ended, dropped;
        void *own; /* once dropped: where the bytes lie */
        size_t unclaimed;
};

/* ---- its life ---- */

static void unregister(Store *s)
{
        pthread_mutex_lock(&s->coming_lock);
        s->coming--;
        pthread_cond_broadcast(&s->coming_less);
        pthread_mutex_unlock(&s->coming_lock);
}

static void forget(StoreIncoming *in)
{
        Store *s = in->store;
        mem_unreserve(in->own,
                      in->unclaimed); /* first: who sees no file any more may count on the memory */
        if (*in->tmp)
                unlinkat(s->blobs, in->tmp, 0);
        pthread_cond_destroy(&in->changed);
        pthread_mutex_destroy(&in->lock);
        mem_free(in);
        unregister(s);
}

/* Those that clients wait with are few, whatever clients do. */
static bool register_with(Store *s, bool anyway)
{
        pthread_mutex_lock(&s->coming_lock);
        bool may = anyway || s->coming < MOST;
        s->coming += may;
        pthread_mutex_unlock(&s->coming_lock);
        return may;
}

void incoming_wait_all(Store *s)
{
        pthread_mutex_lock(&s->coming_lock);
        while (s->coming > 0)
                pthread_cond_wait(&s->coming_less, &s->coming_lock);
        pthread_mutex_unlock(&s->coming_lock);
}

/* ---- the thread ---- */

/* How many of the bytes behind `done` are to be written now: a good many, or all that are left. 0:
 * it has been given up. */
static size_t wait_for_some(StoreIncoming *in, size_t done)
{
        pthread_mutex_lock(&in->lock);
        while (!in->given_up && in->ready < in->n && in->ready - done < WRITE_LEAST)
                pthread_cond_wait(&in->changed, &in->lock);
        size_t some = in->given_up ? 0 : in->ready - done;
        if (in->ready < in->n)
                some -= some % PAGE;
        pthread_mutex_unlock(&in->lock);
        return some;
}

/* False when it was given up, or failed: then error says why. */
static bool write_behind(StoreIncoming *in)
{
        Direct d;
        size_t done = 0;
        direct_start(&d, in->fd, in->n);
        while (done < in->n) {
                size_t some = wait_for_some(in, done);
                ssize_t written = some ? direct_write(&d, in->data + done, some) : 0;
                if (written <= 0) {
                        in->error = !some ? 0 : written < 0 ? errno : EIO;
                        break;
                }
                done += (size_t)written;
        }
        direct_end(&d);
        return done == in->n;
}

/* fdatasync, not fsync: the size is synced with the data, times do not matter. The hash has mostly
 * not come to its end when the sync begins. */
static void *follow(void *arg)
{
        StoreIncoming *in = arg;
        if (write_behind(in) && fdatasync(in->fd) != 0) {
                in->error = errno;
                in->sync_failed = true;
        }
        if (close(in->fd) != 0 && !in->error) {
                in->error = errno;
                in->sync_failed = true;
        }
        pthread_mutex_lock(&in->lock);
        in->follows = false;
        pthread_mutex_unlock(&in->lock);
        digesting_end(&in->digesting, in->digest);
        pthread_mutex_lock(&in->lock);
        in->ended = true;
        bool dropped = in->dropped;
        pthread_cond_broadcast(&in->changed);
        pthread_mutex_unlock(&in->lock);
        if (dropped)
                forget(in);
        return NULL;
}

/* ---- whoever receives ---- */

/* Without a thread there is nothing to follow with: false. */
static bool start_threads(StoreIncoming *in)
{
        pthread_t thread;
        if (!digesting_start(&in->digesting, in->data, in->n))
                return false;
        in->follows = true;
        if (pthread_create(&thread, NULL, follow, in) == 0) {
                pthread_detach(thread);
                return true;
        }
        digesting_end(&in->digesting, in->digest);
        return false;
}

StoreIncoming *incoming_start(Store *s, const void *data, size_t n, bool anyway)
{
        if (!store_ok(s) || !register_with(s, anyway))
                return NULL;
        StoreIncoming *in = mem_calloc(1, sizeof *in);
        if (!in) {
                unregister(s);
                return NULL;
        }
        *in = (StoreIncoming){ .store = s, .data = data, .n = n };
        pthread_mutex_init(&in->lock, NULL);
        pthread_cond_init(&in->changed, NULL);
        in->fd = blob_make_tmp(s, in->tmp);
        if (in->fd >= 0 && start_threads(in))
                return in;
        if (in->fd >= 0)
                close(in->fd);
        forget(in);
        return NULL;
}

StoreIncoming *store_incoming_new(Store *s, const void *data, size_t n)
{
        return n < DIGEST_BIG ? NULL : incoming_start(s, data, n, false);
}

void store_incoming_go(StoreIncoming *in, size_t ready)
{
        pthread_mutex_lock(&in->lock);
        in->ready = ready;
        if (in->follows)
                digesting_go(&in->digesting, ready);
        pthread_cond_broadcast(&in->changed);
        pthread_mutex_unlock(&in->lock);
}

void store_incoming_drop(StoreIncoming *in, void *data, size_t unclaimed)
{
        pthread_mutex_lock(&in->lock);
        in->given_up = in->dropped = true;
        in->own = data;
        in->unclaimed = unclaimed;
        bool ended = in->ended;
        pthread_cond_broadcast(&in->changed);
        pthread_mutex_unlock(&in->lock);
        if (ended)
                forget(in);
}

Status *incoming_finish(StoreIncoming *in, BlobWrite *w)
{
        Store *s = in->store;
        pthread_mutex_lock(&in->lock);
        while (!in->ended)
                pthread_cond_wait(&in->changed, &in->lock);
        pthread_mutex_unlock(&in->lock);
        Status *e = NULL;
        if (in->sync_failed)
                e = db_fail(s, strerror(in->error));
        else if (in->error)
                e = blob_write_error(s, in->error);
        if (!e) {
                memcpy(w->tmp, in->tmp, sizeof w->tmp);
                memcpy(w->digest, in->digest, sizeof w->digest);
                *in->tmp = 0;
        }
        forget(in);
        return e;
}
