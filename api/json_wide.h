// SPDX-License-Identifier: Apache-2.0
/* Plain numbers, four at a time, for processors with AVX-512. Reads what json_plain.h calls plain,
 * and as floats also numbers of up to 24 characters, which Python's json makes of floats. */
#pragma once
#include "engine/tensor/dtype.h"
#include <stdbool.h>
#include <stdint.h>

/* Where reading stopped. */
typedef struct WideStop {
        const char *row;    /* the first number of the last row that has begun */
        const char *number; /* behind the last number that was read */
        int64_t rows;       /* complete rows in front of it */
        int64_t n;          /* numbers */
} WideStop;

/* Can this processor do it, for this type? */
bool wide_knows(DType dtype);
/* Reads at most max numbers from p on, where the first one begins: rows of `row` numbers between
 * "],[" (INT64_MAX: no rows), in them a ',' and perhaps a blank behind each number. Stops in front
 * of anything else, or some numbers before: behind the last number that was read stands what must
 * stand there, and another number. */
void wide_numbers(DType dtype, const char *p, const char *end, void *out, int64_t row, int64_t max,
                  WideStop *ret);
