// SPDX-License-Identifier: Apache-2.0
/* Router: from method and path to a row of the one table of routes (routes.c).
 *
 * Paths are compared segment by segment as they came; percent signs are decoded only inside the
 * segments that a {name} stands for, so that an encoded slash or colon never changes which route it
 * is. {name...} takes the whole rest of a path, {name...}:verb
 * what is before the verb. */
#pragma once
#include "api/limits.h"
#include "engine/base/arena.h"
#include "engine/base/status.h"
#include <stdbool.h>

typedef struct Request Request;

/* What bodies a route reads. */
typedef enum RouteBody {
        BODY_NONE,     /* a body is ignored */
        BODY_JSON,     /* application/json, or nothing said */
        BODY_OPTIONAL, /* the same, and none at all is {} */
        BODY_ANY,      /* any type: the handler looks */
} RouteBody;

typedef enum RouteFlags {
        ROUTE_OPEN = 1,    /* needs no token, answers while draining */
        ROUTE_WORKER = 2,  /* touches the disk or takes long: handled on a worker thread */
        ROUTE_REPLAY = 4,  /* honours Idempotency-Key over restarts (worker routes only) */
        ROUTE_FORM = 8,    /* takes multipart/form-data besides JSON */
        ROUTE_PROTO = 16,  /* takes application/x-protobuf besides JSON */
        ROUTE_ONCE = 32,   /* honours Idempotency-Key as long as the process lives */
        ROUTE_STORED = 64, /* a big body is stored as it is: that begins while it comes */
        ROUTE_STEP = 128,  /* runs a step; raw bytes of tensors may follow the JSON */
} RouteFlags;

typedef struct Route {
        const char *method, *path;
        /* Answers at once: fills request->reply, or returns an error. */
        Status *(*handle)(Request *);
        /* Or starts: NULL means that request_answer() or request_fail() is or will be called. */
        Status *(*start)(Request *);
        RouteBody body;
        size_t max_body; /* bytes; 0: the server's limit */
        unsigned flags;
} Route;

/* The table; ends with method NULL. */
extern const Route routes[];

typedef struct RouteMatch {
        const Route *route;          /* NULL: no such path, or not with this method */
        const char *raw[LIMIT_ARGS]; /* segments that stand for names, still encoded */
        size_t raw_len[LIMIT_ARGS];
        int n_args;
        bool path_known; /* the path has routes, with other methods */
        char allow[64];  /* those methods, for Allow */
} RouteMatch;

void router_find(const char *method, const char *path, RouteMatch *ret);
/* Decodes a segment into memory of the arena. INVALID_ARGUMENT for broken escapes, NUL, control
 * characters, bytes that are not UTF-8. */
Status *router_decode(Arena *a, const char *raw, size_t n, char **ret) MUST_USE;
/* NOT_FOUND for a path without routes, with the nearest ones as hints. */
Status *router_not_found(const char *path) MUST_USE;
/* [A-Za-z0-9][A-Za-z0-9._-]{0,127} */
bool router_name_valid(const char *name);
