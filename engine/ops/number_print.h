// SPDX-License-Identifier: Apache-2.0
/* Numbers as printf writes them, without printf: some of its conversions, five times as fast. */
#pragma once
#include "engine/base/buf.h"

/* "%[flag][width][.precision]kind" */
typedef struct NumberFormat {
        char flag;            /* one of " +-0#"; 0: none */
        char kind;            /* f, e, g; d and u, which have no precision, take 64 bits */
        int width, precision; /* -1: none */
} NumberFormat;

/* Appends what printf does of a real number; false, and nothing is appended, for those that take
 * more than 128 bits of arithmetic (very large or small ones, many digits), NaNs, infinities, and
 * the flag #. */
bool number_print_real(Buf *b, const NumberFormat *f, double v) MUST_USE;
/* The same of an integer; kind u takes its bits as unsigned. */
void number_print_int(Buf *b, const NumberFormat *f, int64_t v);
