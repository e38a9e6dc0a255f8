// SPDX-License-Identifier: Apache-2.0
/* Bytes as text that anybody may read: in messages, Print, summaries of tensors. */
#pragma once
#include "engine/base/buf.h"

/* Appends n bytes with C escapes, as TensorFlow's CEscape writes them: quotes and backslashes with
 * a backslash, what is not printable ASCII in octal. */
void text_escape(const void *bytes, size_t n, Buf *to);
