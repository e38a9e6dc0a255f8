// SPDX-License-Identifier: Apache-2.0
/* Many floats to text, eight at a time where the processor has AVX-512. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Room that floats_write() needs for n floats: a text has 19 bytes at most, then come brackets and
 * a comma, and behind the last one what is written and not meant. */
#define FLOATS_ROOM(n) ((size_t)(n)*24 + 64)

/* Writes n floats at p as number_write_float() does, each with a comma behind it; what is not
 * finite as "NaN", "Infinity" or "-Infinity". row > 0: each `row` of them in brackets; n is a
 * multiple of it. Returns the byte behind. number_init() must have been called. */
char *floats_write(const float *v, int64_t n, int64_t row, char *p);
