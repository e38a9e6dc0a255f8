// SPDX-License-Identifier: Apache-2.0
#include "api/big_body.h"

#include "api/spares.h"
#include "engine/base/mem_big.h"
#include <assert.h>

#define CLAIM (4 * MIB)   /* a piece of memory that counts */
#define TELL  (256 * KIB) /* so often those that follow are told */

/* Takes its part of what may be set aside; false when too much is. */
static bool set_aside(atomic_size_t *promised, size_t size)
{
        if (atomic_fetch_add(promised, size) + size <= LIMIT_PROMISED)
                return true;
        atomic_fetch_sub(promised, size);
        return false;
}

void big_body_start(BigBody *b, Request *r, size_t length, atomic_size_t *promised)
{
        size_t size;
        void *data = length > SPARE_MOST ? mem_reserve(length, &size) : NULL;
        if (!data)
                return;
        if (!set_aside(promised, size)) {
                mem_unreserve(data, size);
                return;
        }
        *b = (BigBody){ .size = size };
        r->body.data = data;
        r->body.cap = length;
        if (r->route->flags & ROUTE_STORED)
                r->incoming = store_incoming_new(r->context->store, data, length);
}

/* With the body's last byte all that its memory is longer than it. */
void big_body_claim(BigBody *b, Buf *body, size_t n)
{
        size_t want = body->len + n;
        bool last = want >= body->cap;
        if (b->claimed == b->size || (want <= b->claimed && !last))
                return;
        want = last ? b->size : MIN(MAX(want, b->claimed + CLAIM), b->size);
        if (mem_claim(want - b->claimed))
                b->claimed = want;
        else
                body->oom = true;
}

static void tell(BigBody *b, Request *r, size_t ready)
{
        b->told = ready;
        store_incoming_go(r->incoming, ready);
}

/* Followers that are told too often do nothing but wake up. */
void big_body_came(BigBody *b, Request *r)
{
        if (r->incoming && r->body.len - b->told >= TELL)
                tell(b, r, r->body.len);
}

/* The promise is kept, or off; how much of its memory does not count. */
static size_t settle(BigBody *b, atomic_size_t *promised)
{
        size_t unclaimed = b->size - b->claimed;
        atomic_fetch_sub(promised, b->size);
        *b = (BigBody){ .told = b->told };
        return unclaimed;
}

void big_body_whole(BigBody *b, Request *r, atomic_size_t *promised)
{
        assert(b->claimed == b->size); /* or it would be refused */
        (void)settle(b, promised);
        if (r->incoming && r->body.len > b->told)
                tell(b, r, r->body.len);
}

/* What follows the body may still be looking at it. */
void big_body_end(BigBody *b, Request *r, atomic_size_t *promised)
{
        bool reserved = b->size > 0;
        size_t unclaimed = settle(b, promised);
        if (!reserved && !r->incoming)
                return;
        if (r->incoming)
                store_incoming_drop(steal(&r->incoming), steal(&r->body.data), unclaimed);
        else
                mem_unreserve(steal(&r->body.data), unclaimed);
        r->body = BUF(0);
}
