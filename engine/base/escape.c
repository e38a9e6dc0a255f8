// SPDX-License-Identifier: Apache-2.0
/* C escapes. */
#include "engine/base/escape.h"

/* No isprint(): what a locale thinks printable has no say in messages. */
static void escape_one(unsigned char c, Buf *to)
{
        switch (c) {
        case '\n': buf_puts(to, "\\n"); break;
        case '\r': buf_puts(to, "\\r"); break;
        case '\t': buf_puts(to, "\\t"); break;
        case '"':
        case '\'':
        case '\\': buf_printf(to, "\\%c", c); break;
        default:
                if (c >= 0x20 && c < 0x7f)
                        buf_putc(to, (char)c);
                else
                        buf_printf(to, "\\%03o", c);
        }
}

void text_escape(const void *bytes, size_t n, Buf *to)
{
        const unsigned char *s = bytes;
        for (size_t i = 0; i < n; i++)
                escape_one(s[i], to);
}
