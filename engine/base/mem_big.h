// SPDX-License-Identifier: Apache-2.0
/* Memory for bodies and files: big, of the kind that mem_free() frees, aligned to a huge page, and
 * in huge pages where the system has them. */
#pragma once
#include "engine/base/mem.h"

/* For n bytes that come by and by: none of it counts until it is claimed; once all *ret_size bytes
 * are, it is as any other. */
void *mem_reserve(size_t n, size_t *ret_size) MUST_USE;
/* Counts n more bytes of what was reserved. False when that is beyond the limit. */
bool mem_claim(size_t n) MUST_USE;
/* Frees what was reserved, of which so many bytes were never claimed. NULL is fine. */
void mem_unreserve(void *p, size_t unclaimed);
/* Has the system give these bytes now, rather than page by page as they are written. They stay what
 * they are, even if others write to them meanwhile. */
void mem_populate(void *p, size_t n);
/* Reserves and claims at once. */
void *mem_alloc_big(size_t n) MUST_USE;
