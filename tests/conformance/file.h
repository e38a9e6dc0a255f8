// SPDX-License-Identifier: Apache-2.0
/* Files of the corpora. */
#pragma once
#include "engine/base/buf.h"

#define FILE_MAX_BYTES ((size_t)1 << 28)

/* Appends a whole file. NOT_FOUND when it cannot be read. */
Status *file_read(const char *path, Buf *ret) MUST_USE;
bool file_exists(const char *path);
/* Appends text with " for each ': tables write JSON so. */
void buf_quoted(Buf *out, const char *text);
