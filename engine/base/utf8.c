// SPDX-License-Identifier: Apache-2.0
/* Eight ASCII bytes at a time; the rest by the table of well-formed sequences (Unicode, table 3-7).
 */
#include "engine/base/utf8.h"

#include <string.h>

/* Length of the well-formed sequence that starts at p, 0 when there is none. */
static size_t sequence(const uint8_t *p, size_t n)
{
        uint8_t lead = p[0], low = 0x80, high = 0xBF;
        size_t len = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (lead > 0xF4 || len == 0 || len > n)
                return 0;
        if (lead == 0xE0)
                low = 0xA0; /* shorter forms exist */
        else if (lead == 0xED)
                high = 0x9F; /* surrogates */
        else if (lead == 0xF0)
                low = 0x90;
        else if (lead == 0xF4)
                high = 0x8F; /* above U+10FFFF */
        if (len > 1 && (p[1] < low || p[1] > high))
                return 0;
        for (size_t i = 2; i < len; i++)
                if (p[i] < 0x80 || p[i] > 0xBF)
                        return 0;
        return len;
}

/* Eight bytes of ASCII at a time. */
bool utf8_valid(const void *s, size_t n)
{
        const uint8_t *p = s;
        while (n) {
                uint64_t word;
                if (n >= sizeof word) {
                        memcpy(&word, p, sizeof word);
                        if (!(word & 0x8080808080808080u)) {
                                p += sizeof word;
                                n -= sizeof word;
                                continue;
                        }
                }
                size_t len = sequence(p, n);
                if (!len)
                        return false;
                p += len;
                n -= len;
        }
        return true;
}

/* Surrogates and what is beyond Unicode have no form: 0. */
size_t utf8_encode(uint32_t code, char ret[4])
{
        if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
                return 0;
        if (code < 0x80) {
                ret[0] = (char)code;
                return 1;
        }
        size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        for (size_t i = len - 1; i > 0; i--, code >>= 6)
                ret[i] = (char)(0x80 | (code & 0x3F));
        ret[0] = (char)((0xF00 >> len & 0xFF) | code);
        return len;
}
