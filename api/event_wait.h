// SPDX-License-Identifier: Apache-2.0
/* How threads wait for events: epoll_wait() of the whole program, libmicrohttpd's calls too. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

/* From now on a thread polls for so many nanoseconds before it sleeps, as long as that pays: to
 * wake up a processor that sleeps takes a virtual machine 50 us, several times a small request.
 * 0: never, as in the beginning. busy: while this is not 0 others need the processors, and nobody
 * polls; may be NULL, lives until the next call. */
void event_wait_poll(int64_t ns, const atomic_llong *busy);
