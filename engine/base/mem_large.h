// SPDX-License-Identifier: Apache-2.0
/* Large blocks, for mem.c alone: memory straight from the system, in huge pages where it has them.
 */
#pragma once
#include <stddef.h>

/* Sanitizers watch what malloc gives: then nothing is kept, and nothing is large. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NO_CACHE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define NO_CACHE 1
#endif
#endif

/* Blocks of at least so many bytes are of this kind: with 4 KiB pages each would cost hundreds of
 * page faults when new, and misses of the TLB ever after. */
#define LARGE_MIN ((size_t)3 << 19)
#ifdef NO_CACHE
#define is_large(n) false
#else
#define is_large(n) ((n) >= LARGE_MIN)
#endif

#define HUGE_PAGE ((size_t)2 << 20)

/* Wishes for huge pages where a whole one lies in n bytes, which begin where one does: without them
 * pages are small. */
void large_wish(void *p, size_t n);
/* What large_new(n) really takes; 0 when that is more than there can be. */
size_t large_size(size_t n);
/* Contents undefined; aligned to a huge page. NULL without memory. */
void *large_new(size_t n);
void large_free(void *p, size_t n);
