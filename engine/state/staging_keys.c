// SPDX-License-Identifier: Apache-2.0
/* A binary heap. */
#include "engine/state/staging_keys.h"

/* A binary heap: takes without a key are by the smallest. */
Status *staging_keys_add(StagingKeys *k, int64_t key)
{
        if (k->n == k->cap) {
                int64_t cap = MAX(2 * k->cap, 16);
                int64_t *more = mem_realloc(k->heap, (size_t)cap * sizeof *more);
                if (!more)
                        return status_oom();
                k->heap = more;
                k->cap = cap;
        }
        int64_t i = k->n++;
        for (int64_t up = (i - 1) / 2; i && key < k->heap[up]; i = up, up = (i - 1) / 2)
                k->heap[i] = k->heap[up];
        k->heap[i] = key;
        return NULL;
}

bool staging_keys_first(const StagingKeys *k, int64_t *ret)
{
        if (k->n)
                *ret = k->heap[0];
        return k->n > 0;
}

/* Removes the smallest. */
void staging_keys_drop(StagingKeys *k)
{
        int64_t last = k->heap[--k->n], i = 0;
        for (int64_t child = 1; child < k->n; child = 2 * i + 1) {
                child += child + 1 < k->n && k->heap[child + 1] < k->heap[child];
                if (k->heap[child] >= last)
                        break;
                k->heap[i] = k->heap[child];
                i = child;
        }
        if (k->n)
                k->heap[i] = last;
}

void staging_keys_done(StagingKeys *k)
{
        mem_free(k->heap);
        *k = (StagingKeys){ 0 };
}
