// SPDX-License-Identifier: Apache-2.0
/* Strings of JSON, both ways. Escapes never make a text longer, so one allocation of its own length
 * does. */
#include "api/json_string.h"

#include "engine/base/base64.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include <string.h>

/* The four digits of a \u escape. */
static bool hex4(const char *p, const char *end, uint32_t *ret)
{
        uint32_t v = 0;
        if (end - p < 4)
                return false;
        for (int i = 0; i < 4; i++) {
                char c = p[i], low = c | 0x20;
                if (c >= '0' && c <= '9')
                        v = v << 4 | (uint32_t)(c - '0');
                else if (low >= 'a' && low <= 'f')
                        v = v << 4 | (uint32_t)(low - 'a' + 10);
                else
                        return false;
        }
        *ret = v;
        return true;
}

/* The code point of \uXXXX, p behind the u, with its second half when it is a surrogate. NULL when
 * malformed. */
static const char *code_point(const char *p, const char *end, uint32_t *ret)
{
        uint32_t low;
        if (!hex4(p, end, ret))
                return NULL;
        p += 4;
        if (*ret < 0xD800 || *ret > 0xDFFF)
                return p;
        if (*ret > 0xDBFF || end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
            !hex4(p + 2, end, &low) || low < 0xDC00 || low > 0xDFFF)
                return NULL;
        *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
        return p + 6;
}

/* One escape, p behind the backslash; writes at most 4 bytes. NULL when malformed. */
static const char *escape(const char *p, const char *end, char **out)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        uint32_t code;
        if (p == end)
                return NULL;
        if (*p == 'u') {
                p = code_point(p + 1, end, &code);
                if (p)
                        *out += utf8_encode(code, *out);
                return p;
        }
        const char *at = *p ? strchr(from, *p) : NULL;
        if (!at)
                return NULL;
        *(*out)++ = to[at - from];
        return p + 1;
}

/* Strict: control characters, lone surrogates and broken UTF-8 are errors. */
Status *json_string_unescape_to(JsonSpan raw, char *room, size_t *ret_len)
{
        const char *p = raw.at, *end = raw.at + raw.len;
        char *out = room;
        while (p < end) {
                if ((unsigned char)*p < 0x20)
                        return invalid_argument(
                                "Invalid JSON: control character 0x%02x in a string", *p);
                if (*p != '\\') {
                        *out++ = *p++;
                        continue;
                }
                p = escape(p + 1, end, &out);
                if (!p)
                        return invalid_argument(
                                "Invalid JSON: a bad escape or a lone surrogate in a string");
        }
        if (!utf8_valid(room, (size_t)(out - room)))
                return invalid_argument(
                        "Invalid JSON: a string is not UTF-8; give bytes as {\"b64\":\"...\"}");
        *out = 0;
        *ret_len = (size_t)(out - room);
        return NULL;
}

Status *json_string_unescape(JsonSpan raw, char **ret, size_t *ret_len)
{
        autofree char *text = mem_alloc(JSON_STRING_ROOM(raw.len));
        if (!text)
                return status_oom();
        TRY(json_string_unescape_to(raw, text, ret_len));
        *ret = steal(&text);
        return NULL;
}

/* True for characters that stand for themselves. */
static bool is_plain(unsigned char c)
{
        return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void write_escape(unsigned char c, Buf *out)
{
        static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
        const char *at = c ? strchr(from, c) : NULL;
        if (at)
                buf_append(out, (char[]){ '\\', to[at - from] }, 2);
        else
                buf_printf(out, "\\u%04x", c);
}

static void write_base64(const char *s, size_t n, Buf *out)
{
        buf_puts(out, "{\"b64\":");
        json_string_write_base64(s, n, out);
        buf_putc(out, '}');
}

void json_string_write_base64(const void *bytes, size_t n, Buf *out)
{
        char *text = n < SIZE_MAX / 2 ? buf_reserve(out, BASE64_SIZE(n) + 2) : NULL;
        if (!text)
                return;
        text[0] = '"';
        base64_encode(bytes, n, text + 1);
        text[BASE64_SIZE(n) + 1] = '"';
        out->len += BASE64_SIZE(n) + 2;
}

/* Bytes that are no text go as {"b64": ...}, in the form that is read. */
void json_string_write(const char *s, size_t n, Buf *out)
{
        if (!n) {
                buf_puts(out, "\"\"");
                return;
        }
        if (!utf8_valid(s, n)) {
                write_base64(s, n, out);
                return;
        }
        const char *p = s, *end = s + n;
        buf_putc(out, '"');
        while (p < end) {
                const char *run = p;
                while (p < end && is_plain((unsigned char)*p))
                        p++;
                buf_append(out, run, (size_t)(p - run));
                if (p < end)
                        write_escape((unsigned char)*p++, out);
        }
        buf_putc(out, '"');
}
