// SPDX-License-Identifier: Apache-2.0
/* Request: what a handler sees of one, and how it is answered.
 *
 * A handler reads the fields, fills reply and returns; or it starts something, and later, from any
 * thread, fills reply and calls request_answer(). Texts live until the answer. */
#pragma once
#include "api/context.h"
#include "api/json_scan.h"
#include "api/reply.h"
#include "api/router.h"
#include "api/writer.h"
#include "engine/base/arena.h"

typedef enum ContentType {
        CONTENT_NONE, /* nothing said, or curl's form default */
        CONTENT_JSON,
        CONTENT_PROTO,
        CONTENT_MULTIPART,
        CONTENT_TEXT,
        CONTENT_SCRIPT,
        CONTENT_OTHER,
} ContentType;

struct Request {
        Context *context;
        const Route *route;
        const char *method;
        char *path, *query;           /* raw; query may be NULL */
        const char *args[LIMIT_ARGS]; /* the path's names, decoded */
        ContentType content_type;
        const char *content_type_text, *accept, *idempotency_key, *last_event_id, *session_context,
                *if_match, *if_none_match; /* "" when absent */
        int64_t json_length;               /* Inference-Header-Content-Length; -1 when absent */
        size_t max_body;                   /* the bound of this request's body */
        Buf body;
        Tensor *raw; /* uint8: the bytes behind the JSON, if they are not in body; or NULL */
        StoreIncoming *incoming; /* follows the body of a ROUTE_STORED, or NULL */
        Arena *arena;
        Cancel *cancel; /* made by request_cancel_token(); fires when the client goes */
        Reply reply;
        char id[LIMIT_REQUEST_ID + 1];
        int64_t start_ns;
        void *handler_data; /* the handler's own */
        const char *replay_scope,
                *replay_digest; /* set: the answer is to be remembered; replay.h */
        struct OnceEntry *once; /* the same; once.h */
};

/* Answers with reply. Exactly one of request_answer() and request_fail() per started request; the
 * request must not be touched behind it. */
void request_answer(Request *r);
/* Answers with an error, which is taken over. */
void request_fail(Request *r, Status *s);
/* The same, with the failing node's definition looked up in a session's graph. */
void request_fail_in(Request *r, Session *session, Status *s);
/* Makes the answer one that goes on: when all of its body has been sent, more() is called, on any
 * thread; it empties nothing, writes the next piece into the reply's body, and calls
 * request_answer() for it, at once or later; or request_stream_end(), behind which nothing
 * comes. */
void request_stream(Request *r, void (*more)(Request *));
void request_stream_end(Request *r);
/* Goes on with a worker route's request, which somebody else held up, on a worker. */
void request_on_worker(Request *r, void (*fn)(Request *));
/* Turns reply into an error's answer; s is taken over, http 0 is the code's. For server.c. */
void request_set_problem(Request *r, Status *s, int http, const char *title, const char *node_def);

/* The token that the client's going away fires. */
Status *request_cancel_token(Request *r, Cancel **ret) MUST_USE;

/* A query parameter, decoded, in the arena; NULL when absent. INVALID_ARGUMENT for bad escapes. */
Status *request_query(Request *r, const char *name, const char **ret) MUST_USE;
/* True for ?name, ?name=true, ?name=1; false for absent, false, 0. */
Status *request_query_bool(Request *r, const char *name, bool *ret) MUST_USE;
/* A whole number within bounds, or the fallback when absent. */
Status *request_query_int(Request *r, const char *name, int64_t min, int64_t max, int64_t fallback,
                          int64_t *ret) MUST_USE;
/* INVALID_ARGUMENT naming a query parameter that is not in known (ends with NULL). */
Status *request_query_only(Request *r, const char *const *known) MUST_USE;

/* A name in the path that is a number from 0 on; NOT_FOUND "No such WHAT: ..." otherwise. */
Status *request_number(const Request *r, int arg, const char *what, int64_t *ret) MUST_USE;
/* The body as a JSON object; no body at all is an empty one. */
Status *request_object(Request *r, JsonObject *ret) MUST_USE;
/* Tells the session in the path from those that had its name before: when it was created; 0: there
 * is no session of this name, or the path has none. */
int64_t request_incarnation(const Request *r);
/* True when Accept names the type with a higher weight than others in the list (NULL-terminated):
 * the index of the best, or 0 when anything will do, or -1 when none is acceptable. */
int request_accepts(const Request *r, const char *const *types);

/* Does a list of ETags (If-Match, If-None-Match) name this one? An answer that was packed has its
 * own, which stands for the same. "*" names any. */
bool request_etag_in(const char *list, const char *etag);

/* ---- small values of members ---- pointer is of the member ("/name"); INVALID_ARGUMENT with it.
 */
Status *member_string(Arena *a, JsonSpan v, const char *pointer, const char **ret) MUST_USE;
Status *member_bool(JsonSpan v, const char *pointer, bool *ret) MUST_USE;
Status *member_number(JsonSpan v, const char *pointer, double min, double max,
                      double *ret) MUST_USE;
/* Puts the place of a value in front of the place inside it that an error names; s is returned. */
Status *pointer_prefix(Status *s, const char *prefix) MUST_USE;
/* A key as part of a JSON pointer: ~ and / escaped (RFC 6901), in the arena; "" without memory. */
const char *pointer_escape(Arena *a, const char *key);
