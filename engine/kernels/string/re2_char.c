// SPDX-License-Identifier: Apache-2.0
/* The part of RE2's language that stands for one character: escapes and classes. */
#include "engine/kernels/string/re2_parser.h"

#include <stdio.h>
#include <unicode/utf8.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

typedef enum Found { NOTHING, FOUND, BAD } Found;

/* ---- errors, and single characters ---- */

bool re2_bad(Re2 *v, const char *what, const char *from, const char *to)
{
        buf_puts(v->why, what);
        if (from < to) {
                buf_puts(v->why, ": ");
                buf_append(v->why, from, (size_t)(to - from));
        }
        return false;
}

bool re2_rune(Re2 *v, int32_t *ret)
{
        int32_t i = 0, left = (int32_t)(v->end - v->p);
        if (left <= 0)
                return re2_bad(v, "invalid UTF-8", NULL, NULL);
        U8_NEXT(v->p, i, left, *ret);
        if (*ret < 0)
                return re2_bad(v, "invalid UTF-8", NULL, NULL);
        v->p += i;
        return true;
}

/* Letters and digits as they are, the rest by number: that has one meaning everywhere. */
static void put_rune(Re2 *v, int32_t c)
{
        if (c < 0x80 && (re2_letter((char)c) || re2_digit((char)c)))
                buf_putc(v->out, (char)c);
        else
                buf_printf(v->out, "\\x{%x}", (unsigned)c);
}

void re2_item(Re2 *v, int repeats)
{
        Re2Level *l = &v->level[v->depth];
        l->most = l->most > l->last ? l->most : l->last;
        l->last = repeats;
        l->item = true;
}

void re2_literal(Re2 *v, int32_t c)
{
        put_rune(v, c);
        re2_item(v, 1);
}

/* ---- escapes ---- */

static int hex(int32_t c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to three digits, the first of which is c. */
static int32_t take_octal(Re2 *v, int32_t c)
{
        int32_t code = c - '0';
        for (int i = 0; i < 2 && v->p < v->end && *v->p >= '0' && *v->p <= '7'; i++)
                code = code * 8 + *v->p++ - '0';
        return code;
}

/* Behind \x: {digits}, or two digits. *ret is -1 when it is neither. */
static bool take_hex(Re2 *v, int32_t *ret)
{
        int32_t a, b, code = 0;
        *ret = -1;
        if (v->p == v->end)
                return true;
        if (!re2_rune(v, &a))
                return false;
        if (a != '{') {
                if (v->p == v->end)
                        return true;
                if (!re2_rune(v, &b))
                        return false;
                if (hex(a) >= 0 && hex(b) >= 0)
                        *ret = hex(a) * 16 + hex(b);
                return true;
        }
        for (int n = 0;; n++) {
                if (n && v->p == v->end)
                        return true;
                if (!re2_rune(v, &a))
                        return false;
                if (a == '}' && n)
                        *ret = code;
                if (hex(a) < 0)
                        return true;
                code = code * 16 + hex(a);
                if (code > RE2_RUNE_MAX)
                        return true;
        }
}

/* The character that an escape stands for. */
bool re2_escape(Re2 *v, int32_t *ret)
{
        static const char names[] = "nrtafv", codes[] = "\n\r\t\a\f\v";
        const char *from = v->p++;
        int32_t c, code = -1;
        if (v->p == v->end)
                return re2_bad(v, "trailing \\", NULL, NULL);
        if (!re2_rune(v, &c))
                return false;
        const char *name = c && c < 0x80 ? strchr(names, (char)c) : NULL;
        bool octal = c >= '1' && c <= '7' && v->p < v->end && *v->p >= '0' && *v->p <= '7';
        if (c == '0' || octal)
                code = take_octal(v, c);
        else if (c == 'x' && !take_hex(v, &code))
                return false;
        else if (name)
                code = codes[name - names];
        else if (c < 0x80 && !re2_letter((char)c) && !re2_digit((char)c))
                code = c;
        if (code < 0)
                return re2_bad(v, "invalid escape sequence", from, v->p);
        *ret = code;
        return true;
}

/* ---- classes that have names ---- */

static bool is_category(const char *name, size_t n)
{
        static const char *const of[] = { "Ccfos",    "Llmotu", "Mcen", "Ndlo",
                                          "Pcdefios", "Sckmo",  "Zlps" };
        for (size_t i = 0; i < sizeof of / sizeof *of; i++)
                if (*name == *of[i])
                        return n == 1 || (n == 2 && strchr(of[i] + 1, name[1]));
        return false;
}

/* Scripts are in Unicode's spelling, which PCRE2 would not insist on. */
static bool is_script(const char *name, size_t n)
{
        char text[64];
        int error;
        size_t where;
        for (size_t i = 0; i < n; i++)
                if (!re2_letter(name[i]) && name[i] != '_')
                        return false;
        if (n < 2 || n > 40 || name[0] > 'Z')
                return false;
        snprintf(text, sizeof text, "\\p{sc:%.*s}", (int)n, name);
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error,
                                         &where, NULL);
        pcre2_code_free(code);
        return code;
}

/* \pL, \p{Greek}, \P{^Lu} */
bool re2_unicode_group(Re2 *v)
{
        const char *from = v->p, *name, *close;
        bool negated = v->p[1] == 'P';
        int32_t c;
        v->p += 2;
        name = v->p;
        if (v->p == v->end)
                return re2_bad(v, "invalid character class range", from, v->p);
        if (!re2_rune(v, &c))
                return false;
        close = v->p;
        if (c == '{') {
                name++;
                close = memchr(name, '}', (size_t)(v->end - name));
                if (!close)
                        return re2_bad(v, "invalid character class range", from, v->end);
                v->p = close + 1;
        }
        if (name < close && *name == '^') {
                negated = !negated;
                name++;
        }
        size_t n = (size_t)(close - name);
        bool known = n && ((n == 3 && !memcmp(name, "Any", 3)) || is_category(name, n));
        if (!n || !(known || is_script(name, n)))
                return re2_bad(v, "invalid character class range", from, v->p);
        buf_printf(v->out, "\\%c{%s%.*s}", negated ? 'P' : 'p', known ? "" : "sc:", (int)n, name);
        return true;
}

/* \d and the like. RE2's blanks are without the vertical tab. */
bool re2_perl_class(Re2 *v, bool inside)
{
        static const char *const blanks = "\\x{9}\\x{a}\\x{c}\\x{d}\\x{20}";
        static const char *const others = "\\x{0}-\\x{8}\\x{b}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}";
        char c = v->end - v->p > 1 ? v->p[1] : 0;
        if (!c || !strchr("dDsSwW", c))
                return false;
        v->p += 2;
        if (c == 's' || c == 'S')
                buf_printf(v->out, inside ? "%s" : "[%s]", c == 's' ? blanks : others);
        else
                buf_printf(v->out, "\\%c", c);
        return true;
}

/* [:alpha:] inside a class. */
static Found posix_class(Re2 *v)
{
        static const char *const names[] = { "alnum", "alpha", "ascii", "blank", "cntrl",
                                             "digit", "graph", "lower", "print", "punct",
                                             "space", "upper", "word",  "xdigit" };
        const char *name = v->p + 2;
        const char *close = memmem(name, (size_t)(v->end - name), ":]", 2);
        if (!close)
                return NOTHING;
        size_t n = (size_t)(close - name), skip = n && *name == '^';
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (strlen(names[i]) == n - skip && !memcmp(names[i], name + skip, n - skip)) {
                        buf_append(v->out, v->p, (size_t)(close + 2 - v->p));
                        v->p = close + 2;
                        return FOUND;
                }
        re2_bad(v, "invalid character class range", v->p, close + 2);
        return BAD;
}

/* ---- classes ---- */

static bool class_rune(Re2 *v, const char *whole, int32_t *ret)
{
        if (v->p == v->end)
                return re2_bad(v, "missing ]", whole, v->end);
        return *v->p == '\\' ? re2_escape(v, ret) : re2_rune(v, ret);
}

static bool class_range(Re2 *v, const char *whole)
{
        const char *from = v->p;
        int32_t low, high;
        if (!class_rune(v, whole, &low))
                return false;
        put_rune(v, low);
        if (v->end - v->p < 2 || *v->p != '-' || v->p[1] == ']')
                return true;
        v->p++;
        if (!class_rune(v, whole, &high))
                return false;
        if (high < low)
                return re2_bad(v, "invalid character class range", from, v->p);
        buf_putc(v->out, '-');
        put_rune(v, high);
        return true;
}

static bool class_part(Re2 *v, const char *whole)
{
        long left = v->end - v->p;
        if (left > 2 && v->p[0] == '[' && v->p[1] == ':') {
                Found found = posix_class(v);
                if (found != NOTHING)
                        return found == FOUND;
        }
        if (left > 2 && v->p[0] == '\\' && (v->p[1] == 'p' || v->p[1] == 'P'))
                return re2_unicode_group(v);
        return re2_perl_class(v, true) || class_range(v, whole);
}

bool re2_char_class(Re2 *v)
{
        const char *from = v->p++;
        buf_putc(v->out, '[');
        if (re2_at(v, 0, '^'))
                buf_putc(v->out, *v->p++);
        for (bool first = true; v->p < v->end && (*v->p != ']' || first); first = false)
                if (!class_part(v, from))
                        return false;
        if (v->p == v->end)
                return re2_bad(v, "missing ]", from, v->end);
        buf_putc(v->out, *v->p++);
        re2_item(v, 1);
        return true;
}
