// SPDX-License-Identifier: Apache-2.0
#include "engine/base/mem_big.h"

#include <sys/mman.h>

void *mem_alloc_big(size_t n)
{
        size_t size;
        void *p = mem_reserve(n, &size);
        if (!p || mem_claim(size))
                return p;
        mem_unreserve(p, size);
        return NULL;
}

/* What the system does not give now it gives later. */
void mem_populate(void *p, size_t n)
{
#ifdef MADV_POPULATE_WRITE
        madvise(p, n, MADV_POPULATE_WRITE);
#else
        (void)p;
        (void)n;
#endif
}
