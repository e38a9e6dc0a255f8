// SPDX-License-Identifier: Apache-2.0
/* What the parser's parts share: where it is, and what it knows of the groups around. A function
 * that returns false has said why. */
#pragma once
#include "engine/kernels/string/re2.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { RE2_DEPTH_MAX = 200, RE2_REPEAT_MAX = 1000, RE2_RUNE_MAX = 0x10ffff };

typedef struct Re2Level {
        bool item; /* there is something to repeat */
        int last;  /* how often that is repeated at most, inside */
        int most;  /* the same of all that was before it in this group */
} Re2Level;

typedef struct Re2 {
        const char *begin, *p, *end;
        Buf *out, *why;
        const char *repeated; /* where the repetition began that ends at p, or NULL */
        int depth;
        Re2Level level[RE2_DEPTH_MAX + 1];
} Re2;

/* "what: from .. to", or what alone when nothing lies between. Returns false. */
bool re2_bad(Re2 *v, const char *what, const char *from, const char *to);
/* The next character. */
bool re2_rune(Re2 *v, int32_t *ret);
/* There is something new to repeat, which repeats as often inside. */
void re2_item(Re2 *v, int repeats);
/* That character itself. */
void re2_literal(Re2 *v, int32_t c);
/* The character that the escape at p stands for. */
bool re2_escape(Re2 *v, int32_t *ret);
/* \pL, \p{Greek}, \P{^Lu} */
bool re2_unicode_group(Re2 *v);
/* \d and the like; false when there is none. inside: of a class. */
bool re2_perl_class(Re2 *v, bool inside);
/* [...] */
bool re2_char_class(Re2 *v);

UNUSED static bool re2_at(const Re2 *v, size_t i, char c)
{
        return (size_t)(v->end - v->p) > i && v->p[i] == c;
}

UNUSED static bool re2_digit(char c)
{
        return c >= '0' && c <= '9';
}

UNUSED static bool re2_letter(char c)
{
        return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
