// SPDX-License-Identifier: Apache-2.0
#include "engine/base/clock.h"

#include <stdatomic.h>
#include <time.h>

static atomic_llong ahead;

static int64_t now(clockid_t id)
{
        struct timespec t;
        clock_gettime(id, &t);
        return t.tv_sec * 1000000000LL + t.tv_nsec +
               atomic_load_explicit(&ahead, memory_order_relaxed);
}

int64_t clock_ns(void)
{
        return now(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
        return now(CLOCK_REALTIME) / 1000;
}

/* The difference is looked up ten times a second: clocks are set while we run. */
int64_t clock_wall_of(int64_t ns)
{
        enum { LOOK_EVERY_NS = 100000000 };
        static atomic_llong difference, until;
        if (ns >= atomic_load_explicit(&until, memory_order_acquire)) {
                int64_t at = clock_ns();
                atomic_store_explicit(&difference, now(CLOCK_REALTIME) - at, memory_order_relaxed);
                atomic_store_explicit(&until, at + LOOK_EVERY_NS, memory_order_release);
        }
        return (ns + atomic_load_explicit(&difference, memory_order_relaxed)) / 1000;
}

void clock_advance(int64_t ns)
{
        atomic_fetch_add(&ahead, ns);
}
