// SPDX-License-Identifier: Apache-2.0
/* Chunks that double in size; big pieces get a chunk of their own. */
#include "engine/base/arena.h"

#include "engine/base/mem.h"
#include "engine/base/mem_lasting.h"
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

/* AddressSanitizer sees a chunk as one object, so it is told which bytes of it nobody asked for. */
#ifdef WATCHED
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define HIDE(p, n) __asan_poison_memory_region(p, n)
#define SHOW(p, n) __asan_unpoison_memory_region(p, n)
#else
enum { GAP = 0 };
#define HIDE(p, n) ((void)0)
#define SHOW(p, n) ((void)0)
#endif

typedef struct Chunk {
        struct Chunk *next;
        size_t size; /* of the block, this header included */
} Chunk;

typedef struct FreeHook {
        struct FreeHook *next;
        void (*fn)(void *);
        void *arg;
} FreeHook;

struct Arena {
        Chunk *chunks;
        char *at, *end; /* free part of the newest shared chunk */
        size_t taken, budget, next_size;
        FreeHook *hooks;
        Lasting *lasting;
};

enum { FIRST_CHUNK = 1024, LARGEST_CHUNK = 256 * 1024, CHUNK_HEAD = MEM_ALIGN };

Status *arena_new(size_t budget, Arena **ret)
{
        Arena *a = mem_calloc(1, sizeof *a);
        if (!a)
                return status_oom();
        a->budget = budget;
        a->next_size = FIRST_CHUNK;
        *ret = a;
        return NULL;
}

/* A new chunk with room for n bytes behind its head; NULL without memory or budget. */
static char *add_chunk(Arena *a, size_t n)
{
        if (n > SIZE_MAX - CHUNK_HEAD || n + CHUNK_HEAD > a->budget - a->taken)
                return NULL;
        Chunk *c = block_alloc(n + CHUNK_HEAD);
        if (!c)
                return NULL;
        c->size = n + CHUNK_HEAD;
        c->next = a->chunks;
        a->chunks = c;
        a->taken += c->size;
        return (char *)c + CHUNK_HEAD;
}

/* Makes room for n bytes in the newest shared chunk. */
static bool make_room(Arena *a, size_t n)
{
        if ((size_t)(a->end - a->at) >= n)
                return true;
        size_t size = MIN(a->next_size, a->budget - a->taken);
        char *p = size > CHUNK_HEAD + n ? add_chunk(a, size - CHUNK_HEAD) : add_chunk(a, n);
        if (!p)
                return false;
        a->at = p;
        a->end = p + a->chunks->size - CHUNK_HEAD;
        a->next_size = MIN(a->next_size * 2, (size_t)LARGEST_CHUNK);
        HIDE(a->at, (size_t)(a->end - a->at));
        return true;
}

/* Big pieces get a chunk of their own. Under ASan a gap behind each piece is poisoned, for overruns
 * within a chunk. */
void *arena_alloc(Arena *a, size_t n)
{
        if (n > SIZE_MAX - 15 - GAP)
                return NULL;
        /* NULL says "no memory", also of nothing. */
        size_t room = (n ? (n + 15) & ~(size_t)15 : 16) + GAP;
        char *p = a->at;
        if (room >= ARENA_BIG) {
                p = add_chunk(a, room);
        } else {
                if (!make_room(a, room))
                        return NULL;
                p = a->at;
                a->at += room;
        }
        if (p) {
                HIDE(p, room);
                SHOW(p, n);
        }
        return p;
}

void *arena_calloc(Arena *a, size_t n, size_t size)
{
        size_t bytes;
        if (__builtin_mul_overflow(n, size, &bytes))
                return NULL;
        void *p = arena_alloc(a, bytes);
        return p ? memset(p, 0, bytes) : NULL;
}

void *arena_dup(Arena *a, const void *p, size_t n)
{
        void *q = arena_alloc(a, n);
        return q && n ? memcpy(q, p, n) : q;
}

char *arena_strdup(Arena *a, const char *s)
{
        return arena_dup(a, s, strlen(s) + 1);
}

/* Formatted outside first: only then its length is known. */
char *arena_printf(Arena *a, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        autofree char *s = mem_vprintf(fmt, ap);
        va_end(ap);
        return s ? arena_strdup(a, s) : NULL;
}

Lasting *arena_lasting(Arena *a)
{
        Status *s = a->lasting ? NULL : lasting_new(&a->lasting);
        status_free(s);
        return a->lasting;
}

/* The hook itself lies in the arena: it costs no other memory. */
Status *arena_on_free(Arena *a, void (*fn)(void *), void *arg)
{
        FreeHook *h = arena_alloc(a, sizeof *h);
        if (!h)
                return status_oom();
        *h = (FreeHook){ .next = a->hooks, .fn = fn, .arg = arg };
        a->hooks = h;
        return NULL;
}

size_t arena_size(const Arena *a)
{
        return a->taken;
}

/* Hooks run first, while all that they look at is still there. */
void arena_free(Arena *a)
{
        if (!a)
                return;
        for (FreeHook *h = a->hooks; h; h = h->next)
                h->fn(h->arg);
        lasting_free(a->lasting);
        for (Chunk *c = a->chunks, *next; c; c = next) {
                next = c->next;
                SHOW(c, c->size);
                block_free(c, c->size);
        }
        mem_free(a);
}
