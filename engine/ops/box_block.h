// SPDX-License-Identifier: Apache-2.0
/* The innermost part of a strided copy: two dimensions of plain elements. */
#pragma once
#include "engine/tensor/dtype.h"

/* d[i * dst[0] + j * dst[1]] = s[i * src[0] + j * src[1]] for i < n[0], j < n[1]; strides in
 * elements, of any sign; 0 in src repeats an element. */
void box_block(DType dtype, char *d, const char *s, const int64_t n[2], const int64_t dst[2],
               const int64_t src[2]);
/* The same without what only some processors have. */
void box_block_plain(DType dtype, char *d, const char *s, const int64_t n[2], const int64_t dst[2],
                     const int64_t src[2]);
