// SPDX-License-Identifier: Apache-2.0
/* Incoming, for blobs.c and store.c: see store_incoming_new(). */
#pragma once
#include "storage/db.h"

/* The same of bytes from anywhere; anyway: however many there are. NULL: it cannot be done now. */
StoreIncoming *incoming_start(Store *s, const void *data, size_t n, bool anyway) MUST_USE;
/* Waits for the end of bytes that are all there, and hands over the temporary file and the digest
 * ("" when there was no memory for it). Frees in. */
Status *incoming_finish(StoreIncoming *in, BlobWrite *w) MUST_USE;
/* Before the store goes: waits until those that were dropped are gone. */
void incoming_wait_all(Store *s);
