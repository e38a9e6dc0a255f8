// SPDX-License-Identifier: Apache-2.0
/* Transposes in the registers of AVX-512, of elements of any plain size. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does this processor have what box_turn() needs? */
bool box_turn_usable(void);
/* d[i, j] = s[j, i] for i < n0, j < n1: row i of d lies dst bytes behind the one before, row j of s
 * src bytes (of any sign). Elements of `size` bytes, 1 to 16, a power of two; d and s lie apart. */
void box_turn(size_t size, char *d, const char *s, int64_t n0, int64_t n1, int64_t dst,
              int64_t src);
