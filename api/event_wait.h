// SPDX-License-Identifier: Apache-2.0
/* How threads wait for events: epoll_wait() of the whole program, libmicrohttpd's calls too. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* A thread polls before it sleeps, as long as that pays: to wake up a processor that sleeps takes a
 * virtual machine 50 us, several times a small request. */
typedef struct EventPolling {
        int64_t ns;              /* how long; 0: never */
        bool (*busy)(void *arg); /* others need the processors: nobody polls; may be NULL */
        void *arg;
} EventPolling;

/* From now on; NULL: never, as in the beginning. `how` stays what it is until the next call, and
 * until nobody waits for events any more who did before. */
void event_wait_poll(const EventPolling *how);
