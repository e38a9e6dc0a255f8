// SPDX-License-Identifier: Apache-2.0
/* Ahead: the big blobs that a restart will ask for, each read and digested by threads of its own
 * while the rest of the program starts, or while the graph before is made. A help, no promise: what
 * cannot be had this way is read when it is asked for, which then says why. All functions want the
 * store locked. */
#pragma once
#include "storage/db.h"

/* Takes over a blob that was read ahead, all of it and whole: true, and the bytes to mem_free(). */
bool ahead_take(Store *s, const char *digest, size_t n, void **ret) MUST_USE;
/* Waits for the threads and forgets what nobody took. */
void ahead_end(Store *s);
