// SPDX-License-Identifier: Apache-2.0
/* Rows are short streams: each ends before the processor has learned to fetch it. So what works on
 * one asks for the lines of the next, and arithmetic and memory do not take turns. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Longer rows fetch themselves, and the next one would not stay in the cache. */
enum { ROW_AHEAD_MOST = 1 << 15 };

/* Where the next row begins, from an element of this one: 0 for long ones. */
static inline int64_t row_next(int64_t n)
{
        return n <= ROW_AHEAD_MOST ? n : 0;
}

/* Lines to be read and, unless NULL, written soon. They need not be anyone's. */
static inline __attribute__((always_inline)) void row_ahead(const void *x, const void *y)
{
        __builtin_prefetch(x, 0);
        if (y)
                __builtin_prefetch(y, 1);
}
