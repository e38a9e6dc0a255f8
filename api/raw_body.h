// SPDX-License-Identifier: Apache-2.0
/* Raw bytes behind a request's JSON (the binary extension of KServe), received into the memory of a
 * tensor: what takes most of them is a view of that, and nothing is copied once more. Only those of
 * some size whose length is known; others are in the body, behind the JSON. */
#pragma once
#include "api/request.h"
#include <stdatomic.h>

typedef struct RawBody {
        size_t size, come; /* bytes, until all have come */
} RawBody;

/* For a request of that Content-Length whose head is read: r->raw is made, if it is to be.
 * all: bytes of those that all requests together wait for. */
void raw_body_start(RawBody *b, Request *r, size_t length, atomic_size_t *all);
/* Puts n bytes of the request where they belong: into its body, or its raw bytes. */
void raw_body_add(RawBody *b, Request *r, const char *data, size_t n);
/* All bytes have come. */
void raw_body_whole(RawBody *b, atomic_size_t *all);
/* The request ends. A tensor that is a view of its raw bytes keeps them. */
void raw_body_end(RawBody *b, Request *r, atomic_size_t *all);
