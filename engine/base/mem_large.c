// SPDX-License-Identifier: Apache-2.0
/* A huge page is used from its beginning to its end: sizes are rounded up, and what is mapped
 * around a block to get it aligned is given back at once. */
#include "engine/base/mem_large.h"

#include "engine/base/auto.h"

#include <stdint.h>
#include <sys/mman.h>

void large_wish(void *p, size_t n)
{
        if (n >= HUGE_PAGE)
                madvise(p, n & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
}

size_t large_size(size_t n)
{
        return n > PTRDIFF_MAX - 2 * HUGE_PAGE ? 0 : (n + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

/* One huge page more than needed is mapped, so that the block can begin where a huge page does. */
void *large_new(size_t n)
{
        size_t size = large_size(n);
        if (!size)
                return NULL;
        char *all = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED)
                return NULL;
        size_t before = -(uintptr_t)all & (HUGE_PAGE - 1);
        char *p = all + before;
        if (before)
                munmap(all, before);
        munmap(p + size, HUGE_PAGE - before);
        large_wish(p, size);
        return p;
}

/* n as it was for large_new(). */
void large_free(void *p, size_t n)
{
        munmap(p, large_size(n));
}
