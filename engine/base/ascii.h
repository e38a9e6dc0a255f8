// SPDX-License-Identifier: Apache-2.0
/* What kind of character is it? Of ASCII alone, whatever the locale; bytes above are none of these.
 */
#pragma once
#include <stdbool.h>

static inline bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* The letters of names: A-Z, a-z and the underscore. */
static inline bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Value of a hexadecimal digit, or -1. */
static inline int hex_value(char c)
{
        if (is_digit(c))
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
