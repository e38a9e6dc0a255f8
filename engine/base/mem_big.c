// SPDX-License-Identifier: Apache-2.0
#include "engine/base/mem_big.h"

void *mem_alloc_big(size_t n)
{
        size_t size;
        void *p = mem_reserve(n, &size);
        if (!p || mem_claim(size))
                return p;
        mem_unreserve(p, size);
        return NULL;
}
