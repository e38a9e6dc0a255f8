// SPDX-License-Identifier: Apache-2.0
/* Digesting: SHA-256 of big bytes by a thread of its own, behind whoever reads them or beside
 * whoever writes them: a disk and the hash take about as long. */
#pragma once
#include "storage/store.h"
#include <pthread.h>
#include <stdbool.h>

/* Below that a thread costs more than it brings. */
#define DIGEST_BIG ((size_t)4 << 20)

typedef struct Digesting {
        pthread_t thread;
        pthread_mutex_t lock; /* guards ready, given_up */
        pthread_cond_t more;
        const unsigned char *data;
        size_t n, ready; /* of n bytes the first `ready` are there */
        bool given_up;
        unsigned char sum[32];
        bool good; /* sum is */
} Digesting;

/* Starts a thread for n bytes, which stay where they are until digesting_end(). False: there is
 * none, and nothing to end. */
bool digesting_start(Digesting *d, const void *data, size_t n) MUST_USE;
/* That many of the bytes are there now. */
void digesting_go(Digesting *d, size_t ready);
/* Waits until all bytes are digested; without them all it gives up. ret is "" when there is no
 * digest. */
void digesting_end(Digesting *d, char ret[STORE_DIGEST_SIZE]);
