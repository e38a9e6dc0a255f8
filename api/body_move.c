// SPDX-License-Identifier: Apache-2.0
#include "api/body_move.h"

#include "api/limits.h"
#include "engine/base/auto.h"
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };
#define LONG  (16 * MIB) /* shorter ones are not worth the system calls */
#define PIECE (4 * MIB)

/* Copies a long body and gives its pages back on the way, so that both are never there whole. */
void body_move(void *to, const char *from, size_t n)
{
        if (n < LONG) {
                if (n)
                        memcpy(to, from, n);
                return;
        }
        /* Whole pages between the first and the last one only: those hold other bytes, too. */
        uintptr_t free_from = ((uintptr_t)from + PAGE - 1) / PAGE * PAGE;
        for (size_t at = 0; at < n;) {
                size_t piece = MIN(PIECE, n - at);
                memcpy((char *)to + at, from + at, piece);
                at += piece;
                uintptr_t free_to = ((uintptr_t)from + at) / PAGE * PAGE;
                if (free_to > free_from)
                        madvise((void *)free_from, free_to - free_from, MADV_DONTNEED);
                free_from = MAX(free_from, free_to);
        }
}
