// SPDX-License-Identifier: Apache-2.0
/* Time, replaceable in tests. */
#pragma once
#include <stdint.h>

int64_t clock_ns(void);      /* monotonic, nanoseconds */
int64_t clock_wall_us(void); /* since the epoch, microseconds */
/* What clock_wall_us() said when clock_ns() said ns, a moment ago: cheaper than to ask both. */
int64_t clock_wall_of(int64_t ns);
/* Test hook: adds ns to what all of them return from now on. */
void clock_advance(int64_t ns);
