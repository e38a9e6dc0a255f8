// SPDX-License-Identifier: Apache-2.0
#include "api/raw_body.h"

#include <string.h>

/* Shorter ones are copied in no time; longer ones must not take memory before they are there. */
#define LEAST (64 * KIB)
#define MOST  (8 * MIB)

/* A key's digest is of the body in one piece. */
static bool is_raw(const Request *r, size_t length)
{
        bool json = r->content_type == CONTENT_JSON || r->content_type == CONTENT_NONE;
        return json && r->route->flags & ROUTE_STEP && r->json_length >= 0 &&
               !*r->idempotency_key && (uint64_t)r->json_length < length;
}

/* Where it cannot be done the bytes go into the body. */
void raw_body_start(RawBody *b, Request *r, size_t length, atomic_size_t *all)
{
        size_t n = is_raw(r, length) ? length - (size_t)r->json_length : 0;
        if (n < LEAST || n > MOST)
                return;
        if (atomic_fetch_add(all, n) + n > LIMIT_RAW_COMING) {
                atomic_fetch_sub(all, n);
                return;
        }
        b->size = n;
        status_free(tensor_new(DT_UINT8, &SHAPE((int64_t)n), &r->raw));
        if (!r->raw)
                raw_body_end(b, r, all);
}

void raw_body_add(RawBody *b, Request *r, const char *data, size_t n)
{
        size_t json = r->raw ? MIN(n, (size_t)r->json_length - r->body.len) : n;
        buf_append(&r->body, data, json);
        if (json == n)
                return;
        n = MIN(n - json, b->size - b->come);
        memcpy((char *)tensor_fill(r->raw) + b->come, data + json, n);
        b->come += n;
}

void raw_body_whole(RawBody *b, atomic_size_t *all)
{
        if (b->size)
                atomic_fetch_sub(all, b->size);
        *b = (RawBody){ 0 };
}

void raw_body_end(RawBody *b, Request *r, atomic_size_t *all)
{
        raw_body_whole(b, all);
        tensor_unref(steal(&r->raw));
}
