// SPDX-License-Identifier: Apache-2.0
#include "api/replay.h"

#include "engine/base/clock.h"
#include <stdio.h>
#include <string.h>

#define KEPT_US (INT64_C(24) * 3600 * 1000000)

typedef struct Found {
        Request *request;
        const char *digest;
        bool other_body;
} Found;

/* What is remembered: Location and Content-Type as two lines, then the body. */
static Status *found(const IdempotencyRow *row, void *arg)
{
        Found *f = arg;
        Reply *reply = &f->request->reply;
        if (strcmp(row->body_digest, f->digest) != 0) {
                f->other_body = true;
                return NULL;
        }
        const char *text = row->response, *end = text + row->response_len;
        const char *line = row->response_len ? memchr(text, '\n', row->response_len) : NULL;
        if (!line || (size_t)(line - text) >= sizeof reply->location)
                return data_loss("a remembered answer is damaged");
        memcpy(reply->location, text, (size_t)(line - text));
        reply->location[line - text] = 0;
        reply->status = row->status;
        bool proto = f->request->content_type == CONTENT_PROTO;
        reply->type = line + 1 == end ? NULL : proto ? TYPE_PROTO : TYPE_JSON;
        buf_append(&reply->body, line + 1, (size_t)(end - line - 1));
        return NULL;
}

/* Stored, so that the answer to a create survives a restart as the session does. */
void replay_remember(Request *r)
{
        const char *scope = r->replay_scope, *digest = r->replay_digest;
        autobuf all = BUF(LIMIT_ANSWER);
        int64_t now = clock_wall_us();
        buf_printf(&all, "%s\n", r->reply.location);
        buf_append(&all, r->reply.body.data, r->reply.body.len);
        if (all.oom || all.full)
                return;
        /* Without its memory the request was still done, and is said to be. */
        status_free(store_put_idempotency(r->context->store,
                                          &(IdempotencyRow){ .scope = scope,
                                                             .key = r->idempotency_key,
                                                             .body_digest = digest,
                                                             .status = r->reply.status,
                                                             .response = all.data,
                                                             .response_len = all.len,
                                                             .created_us = now,
                                                             .expires_us = now + KEPT_US }));
}

/* The scope is the request's method, path and session: a key is good for one of them. */
Status *replay_find(Request *r, bool *ret_answered)
{
        char *digest = arena_alloc(r->arena, STORE_DIGEST_SIZE);
        const char *scope =
                arena_printf(r->arena, "%s %s?%s @%lld", r->method, r->path,
                             r->query ? r->query : "", (long long)request_incarnation(r));
        if (!scope || !digest)
                return status_oom();
        store_digest(r->body.data ? r->body.data : "", r->body.len, digest);
        *ret_answered = true;
        Found f = { .request = r, .digest = digest };
        Status *s = store_get_idempotency(r->context->store, scope, r->idempotency_key,
                                          clock_wall_us(), found, &f);
        if (!s && f.other_body) {
                request_set_problem(
                        r,
                        invalid_argument(
                                "This Idempotency-Key was used with another request body."),
                        422, "Unprocessable Content", NULL);
                return NULL;
        }
        if (status_code(s) != SR_NOT_FOUND)
                return s;
        status_free(s);
        r->replay_scope = scope;
        r->replay_digest = digest;
        *ret_answered = false;
        return NULL;
}
