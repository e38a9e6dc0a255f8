// SPDX-License-Identifier: Apache-2.0
#include "api/intake.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static Refusal refusal(int http, Status *s, bool at_once)
{
        return (Refusal){ http, s, at_once };
}

/* The client's own id when it is short and plain, else a new one. */
static void set_id(Request *r, const char *wanted)
{
        static atomic_uint_least64_t count;
        static const char plain[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+/=@-";
        size_t n = strlen(wanted);
        if (n && n <= LIMIT_REQUEST_ID && strspn(wanted, plain) == n) {
                memcpy(r->id, wanted, n + 1);
                return;
        }
        static const char hex[] = "0123456789abcdef";
        uint64_t no = atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
        uint64_t id[2] = { (uint64_t)r->context->id_seed[0] << 32 | r->context->id_seed[1], no };
        for (int i = 0; i < 16; i++) {
                r->id[i] = hex[id[0] >> (60 - 4 * i) & 15];
                r->id[16 + i] = hex[id[1] >> (60 - 4 * i) & 15];
        }
        r->id[32] = 0;
}

/* Cuts the target into path and query. An absolute one ("http://host/path") names the host, too. */
static void split_target(Request *r, const char **host)
{
        if (*r->path != '/') {
                char *authority = r->path + 7;
                size_t n = strcspn(authority, "/?");
                char *copy = arena_alloc(r->arena, n + 1);
                if (copy) {
                        memcpy(copy, authority, n);
                        copy[n] = 0;
                        *host = copy;
                }
                r->path = authority + n;
                if (*r->path != '/')
                        *--r->path = '/';
        }
        r->query = strchr(r->path, '?');
        if (r->query)
                *r->query++ = 0;
}

/* Parameters do not matter to us; curl's default type counts as none. */
static ContentType content_type(const char *text)
{
        const struct {
                const char *name;
                ContentType type;
        } known[] = {
                { "application/json", CONTENT_JSON },
                { "application/x-www-form-urlencoded", CONTENT_NONE },
                { "application/x-protobuf", CONTENT_PROTO },
                { "application/protobuf", CONTENT_PROTO },
                { "multipart/form-data", CONTENT_MULTIPART },
                { "text/plain", CONTENT_TEXT },
                { "text/x-protobuf", CONTENT_TEXT },
                { "text/x-sessrun-script", CONTENT_SCRIPT },
        };
        size_t n = strcspn(text, "; \t");
        if (!n)
                return CONTENT_NONE;
        for (size_t i = 0; i < COUNTOF(known); i++)
                if (strlen(known[i].name) == n && strncasecmp(text, known[i].name, n) == 0)
                        return known[i].type;
        return CONTENT_OTHER;
}

/* 404, 405 with Allow, or a route with its arguments decoded. */
static Refusal find_route(Request *r)
{
        RouteMatch m;
        router_find(r->method, r->path, &m);
        r->route = m.route;
        if (!m.route && !m.path_known)
                return refusal(404, router_not_found(r->path), false);
        if (!m.route) {
                r->reply.allow = arena_strdup(r->arena, m.allow);
                if (strcmp(r->method, "OPTIONS") == 0)
                        return (Refusal){ .http = 204 };
                return refusal(
                        405,
                        unimplemented("%s is not possible here; allowed: %s", r->method, m.allow),
                        false);
        }
        for (int i = 0; i < m.n_args; i++) {
                char *arg;
                Status *s = router_decode(r->arena, m.raw[i], m.raw_len[i], &arg);
                if (s)
                        return refusal(status_code_http(status_code(s)), s, false);
                r->args[i] = arg;
        }
        return (Refusal){ 0 };
}

/* May the body of a route that reads JSON be of this type? */
static bool type_fits(const Request *r)
{
        switch (r->content_type) {
        case CONTENT_NONE:
        case CONTENT_JSON: return true;
        case CONTENT_MULTIPART: return r->route->flags & ROUTE_FORM;
        case CONTENT_PROTO: return r->route->flags & ROUTE_PROTO;
        default: return false;
        }
}

/* Is there a body, of the right kind and size? */
static Refusal check_body(Request *r, const Head *h)
{
        RouteBody body = r->route->body;
        bool has = h->chunked || h->content_length > 0, said = h->chunked || h->content_length >= 0;
        size_t limit = atomic_load_explicit(&r->context->max_body, memory_order_relaxed);
        r->max_body = r->route->max_body ? MIN(r->route->max_body, limit) : limit;
        r->body = BUF(r->max_body);
        if (!said && (body == BODY_JSON || body == BODY_ANY))
                return refusal(411,
                               invalid_argument("The request needs a body and its Content-Length."),
                               false);
        if (has && (body == BODY_JSON || body == BODY_OPTIONAL) && !type_fits(r))
                return refusal(
                        415,
                        invalid_argument(
                                "The body must be application/json%s%s, not %.100s",
                                r->route->flags & ROUTE_PROTO ? " or application/x-protobuf" : "",
                                r->route->flags & ROUTE_FORM ? " or multipart/form-data" : "",
                                h->content_type),
                        false);
        if (h->content_length > 0 && (uint64_t)h->content_length > r->max_body)
                return refusal(413,
                               resource_exhausted("The request body is larger than %zu bytes.",
                                                  r->max_body),
                               h->expect_continue || (uint64_t)h->content_length > LIMIT_DISCARD);
        return (Refusal){ 0 };
}

/* Who calls, before anything is said about what is called. */
static Refusal check_identity(const Exchanges *all, const Conn *conn, const Request *r,
                              const Head *h, const char *host)
{
        const Access *access = atomic_load(&all->access);
        if (conn && conn->local && !conn->unix_socket &&
            !guard_host(host, (const char *const *)access->hosts))
                return refusal(403, permission_denied("This Host is not served here: %.100s", host),
                               true);
        if (!guard_origin(h->origin, host))
                return refusal(403, permission_denied("Requests from other origins are refused."),
                               true);
        bool open = r->route && r->route->flags & ROUTE_OPEN;
        bool trusted = conn && conn->trusted;
        if (!open && !trusted && access_asks(access) &&
            !guard_token(h->authorization, access->tokens))
                return refusal(401,
                               unauthenticated(*access->tokens
                                                       ? "A bearer token is required."
                                                       : "A client certificate is required."),
                               h->expect_continue);
        if (!open && atomic_load_explicit(&r->context->draining, memory_order_relaxed))
                return refusal(503, unavailable("The server is going down."), h->expect_continue);
        return (Refusal){ 0 };
}

/* The first failure is the answer, but identity goes before route. */
Refusal intake_head(const Exchanges *all, const Conn *conn, Request *r, const char *method,
                    const Head *h)
{
        const char *host = h->host;
        set_id(r, h->request_id);
        r->method = method;
        r->accept = h->accept;
        r->idempotency_key = h->idempotency_key;
        r->last_event_id = h->last_event_id;
        r->session_context = h->session_context;
        r->if_match = h->if_match;
        r->if_none_match = h->if_none_match;
        r->content_type_text = h->content_type;
        r->content_type = content_type(h->content_type);
        r->json_length = h->json_length;
        r->max_body = atomic_load_explicit(&r->context->max_body, memory_order_relaxed);
        const char *bad = guard_target(r->path);
        if (h->http || bad)
                return refusal(h->http ? h->http : 400,
                               invalid_argument("%s", h->http ? h->why : bad), true);
        split_target(r, &host);
        Refusal route = find_route(r);
        Refusal no = check_identity(all, conn, r, h, host);
        if (no.http) {
                status_free(route.status);
                return no;
        }
        if (!route.http)
                route = check_body(r, h);
        route.at_once |= h->expect_continue && route.http;
        return route;
}
