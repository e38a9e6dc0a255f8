// SPDX-License-Identifier: Apache-2.0
/* Lasting: memory for what stays as long as its owner, such as the weights that a plan has packed.
 * Pieces lie one behind the other in huge pages, so that few page faults give all of them, and none
 * leaves the rest of a page unused. */
#pragma once
#include "engine/base/arena.h"

#include <stdint.h>

typedef struct Lasting Lasting;

Status *lasting_new(Lasting **ret) MUST_USE;
/* The one that goes with an arena, after all that arena_on_free() calls; made when first asked for,
 * by one thread. NULL without memory. */
Lasting *arena_lasting(Arena *a) MUST_USE;
/* Up to n bytes more may be asked for: an estimate, of which addresses are reserved at the first
 * piece; memory is taken as pieces are. */
void lasting_expect(Lasting *l, size_t n);
/* n bytes, 64-byte aligned, contents undefined, until lasting_free(). Any thread may ask. NULL
 * without memory. */
void *lasting_alloc(Lasting *l, size_t n) MUST_USE;
/* Memory that pieces so far lie in and nobody was told of before: how many huge pages, from
 * *ret_first on, to be had from the system by mem_populate() on that many threads. A multiple of
 * their number, as far as more pieces are expected. */
int64_t lasting_fresh(Lasting *l, int threads, char **ret_first);
/* Frees all pieces. NULL is fine. */
void lasting_free(Lasting *l);
/* For mem_stats(): bytes of all pieces in the process, but those that are blocks. */
int64_t lasting_bytes(void);
