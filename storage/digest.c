// SPDX-License-Identifier: Apache-2.0
#include "storage/digest.h"

#include <gnutls/crypto.h>

static void to_hex(const unsigned char sum[32], char ret[STORE_DIGEST_SIZE])
{
        static const char hex[] = "0123456789abcdef";
        for (size_t i = 0; i < 32; i++) {
                ret[2 * i] = hex[sum[i] >> 4];
                ret[2 * i + 1] = hex[sum[i] & 15];
        }
        ret[64] = 0;
}

void store_digest(const void *data, size_t n, char ret[STORE_DIGEST_SIZE])
{
        unsigned char sum[32] = { 0 };
        gnutls_hash_fast(GNUTLS_DIG_SHA256, data ? data : "", n, sum);
        to_hex(sum, ret);
}

/* How many bytes are there, once there are more than that; as many when there will be no more. */
static size_t wait_for_more(Digesting *d, size_t done)
{
        pthread_mutex_lock(&d->lock);
        while (d->ready <= done && !d->given_up)
                pthread_cond_wait(&d->more, &d->lock);
        size_t ready = d->ready;
        pthread_mutex_unlock(&d->lock);
        return ready;
}

static void *digest(void *arg)
{
        Digesting *d = arg;
        gnutls_hash_hd_t hash;
        size_t done = 0;
        if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
                return NULL;
        while (done < d->n) {
                size_t ready = wait_for_more(d, done);
                if (ready == done || gnutls_hash(hash, d->data + done, ready - done) < 0)
                        break;
                done = ready;
        }
        gnutls_hash_deinit(hash, d->sum);
        d->good = done == d->n;
        return NULL;
}

bool digesting_start(Digesting *d, const void *data, size_t n)
{
        *d = (Digesting){ .data = data, .n = n };
        pthread_mutex_init(&d->lock, NULL);
        pthread_cond_init(&d->more, NULL);
        if (!pthread_create(&d->thread, NULL, digest, d))
                return true;
        pthread_cond_destroy(&d->more);
        pthread_mutex_destroy(&d->lock);
        return false;
}

void digesting_go(Digesting *d, size_t ready)
{
        pthread_mutex_lock(&d->lock);
        d->ready = ready;
        pthread_cond_signal(&d->more);
        pthread_mutex_unlock(&d->lock);
}

void digesting_end(Digesting *d, char ret[STORE_DIGEST_SIZE])
{
        pthread_mutex_lock(&d->lock);
        d->given_up = true;
        pthread_cond_signal(&d->more);
        pthread_mutex_unlock(&d->lock);
        pthread_join(d->thread, NULL);
        ret[0] = 0;
        if (d->good)
                to_hex(d->sum, ret);
        pthread_cond_destroy(&d->more);
        pthread_mutex_destroy(&d->lock);
}
