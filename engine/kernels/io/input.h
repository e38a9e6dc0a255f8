// SPDX-License-Identifier: Apache-2.0
/* Input: a file below the roots read from front to back, unpacked on the way when it is
 * compressed. */
#pragma once
#include "engine/base/buf.h"
#include "engine/ops/op.h"

typedef struct Input Input;

/* compression: "", "ZLIB" or "GZIP"; INVALID_ARGUMENT for others. Errors of ctx_open_file(). */
Status *input_open(const OpCtx *c, const char *path, const char *compression, Input **ret) MUST_USE;
void input_free(Input *in); /* NULL is fine */
AUTOPTR_DEFINE(Input, input_free)
/* Reads n bytes, fewer only at the end of the file. */
Status *input_read(Input *in, void *p, size_t n, size_t *ret) MUST_USE;
/* Gives n bytes back, to be read again by input_read(). */
Status *input_unread(Input *in, const void *p, size_t n) MUST_USE;
/* Passes over n bytes, fewer only at the end of the file. */
Status *input_skip(Input *in, uint64_t n) MUST_USE;
/* The next line without its LF or CRLF. *ret is false when there is none. */
Status *input_line(Input *in, Buf *line, bool *ret) MUST_USE;
/* The same with what ends it. */
Status *input_raw_line(Input *in, Buf *line, bool *ret) MUST_USE;
/* Bytes delivered so far. */
int64_t input_offset(const Input *in);
/* Bytes of the file on the disk. */
int64_t input_file_size(const Input *in);
