// SPDX-License-Identifier: Apache-2.0
/* Big bodies of a length that is known: their memory is one piece from the start, in huge pages,
 * and is never moved or copied while it grows; so others may look at what has come. It takes
 * addresses only, and counts, by pieces, as it is filled: a promise alone costs nothing. */
#pragma once
#include "api/request.h"
#include <stdatomic.h>

typedef struct BigBody {
        size_t size, claimed; /* of its memory; 0: the body is not one */
        size_t told;          /* to whoever stores it */
} BigBody;

/* For a body without memory. Where it cannot be done the body stays as it is, to grow as others
 * do. promised: what all bodies together were promised. */
void big_body_start(BigBody *b, Request *r, size_t length, atomic_size_t *promised);
/* Before n more bytes are put there: makes them count. Beyond the memory limit the body is marked
 * as any that finds no memory. */
void big_body_claim(BigBody *b, Buf *body, size_t n);
/* Bytes have come. */
void big_body_came(BigBody *b, Request *r);
/* All have: its memory is as any other from here on, and may be taken and freed. */
void big_body_whole(BigBody *b, Request *r, atomic_size_t *promised);
/* The request ends, however it went. */
void big_body_end(BigBody *b, Request *r, atomic_size_t *promised);
