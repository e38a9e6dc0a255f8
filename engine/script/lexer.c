// SPDX-License-Identifier: Apache-2.0
/* Characters to words; indentation is measured here, brackets are counted here. */
#include "engine/script/lexer.h"

#include "engine/base/ascii.h"
#include "engine/base/utf8.h"
#include <string.h>

enum { TAB = 8, QUOTE_MAX = 40 };

Status *place_wrap(Place p, Status *s)
{
        return status_wrap(s, "line %d, column %d: ", p.line, p.column);
}

Status *place_error(Place p, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        Status *s = status_newv(SR_INVALID_ARGUMENT, fmt, ap);
        va_end(ap);
        return place_wrap(p, s);
}

/* The character that far ahead; NUL behind the end, which is no character of a script. */
static char ahead(const Lexer *l, int n)
{
        return l->end - l->at > n ? l->at[n] : '\0';
}

static void advance(Lexer *l)
{
        char c = *l->at++;
        if (c == '\n')
                l->place = (Place){ l->place.line + 1, 1 };
        else if ((c & 0xC0) != 0x80) /* not inside of a character */
                l->place.column++;
}

/* Passes over space and comments, and measures a fresh line's indentation. */
static void skip_space(Lexer *l)
{
        for (; l->at < l->end; advance(l)) {
                char c = *l->at;
                if (c == '#') {
                        while (l->at < l->end && *l->at != '\n')
                                advance(l);
                        c = ahead(l, 0);
                }
                if (c == '\n' && l->brackets > 0)
                        continue;
                if (c != ' ' && c != '\t' && c != '\r')
                        return;
                if (l->fresh)
                        l->indent += c == '\t' ? TAB - l->indent % TAB : c == ' ';
        }
}

/* Finds the closing quote; escapes are resolved by word_string(). */
static Status *read_string(Lexer *l)
{
        char quote = *l->at;
        l->word.kind = WORD_STRING;
        for (advance(l); l->at < l->end && *l->at != '\n'; advance(l)) {
                if (*l->at == quote) {
                        advance(l);
                        return NULL;
                }
                if (*l->at == '\\' && ahead(l, 1) != '\n')
                        advance(l);
                if (l->at == l->end)
                        break;
        }
        return place_error(l->word.place, "the string that begins here does not end on its line");
}

static void read_digits(Lexer *l)
{
        while (is_digit(ahead(l, 0)))
                advance(l);
}

/* Integers, hexadecimal too, and reals; a dot or an exponent makes a real. */
static void read_number(Lexer *l)
{
        l->word.kind = WORD_INT;
        if (*l->at == '0' && (ahead(l, 1) | 0x20) == 'x' && hex_value(ahead(l, 2)) >= 0) {
                for (advance(l), advance(l); hex_value(ahead(l, 0)) >= 0;)
                        advance(l);
                return;
        }
        read_digits(l);
        if (ahead(l, 0) == '.') {
                l->word.kind = WORD_REAL;
                advance(l);
                read_digits(l);
        }
        char sign = ahead(l, 1);
        if ((ahead(l, 0) | 0x20) == 'e' &&
            (is_digit(sign) || ((sign == '-' || sign == '+') && is_digit(ahead(l, 2))))) {
                l->word.kind = WORD_REAL;
                advance(l);
                advance(l);
                read_digits(l);
        }
}

/* Signs of one or two characters. Brackets are counted, for line ends within them mean nothing. */
static Status *read_sign(Lexer *l)
{
        static const int pairs[] = { SIGN2('/', '/'), SIGN2('*', '*'), SIGN2('<', '='),
                                     SIGN2('>', '='), SIGN2('=', '='), SIGN2('!', '=') };
        unsigned char c = (unsigned char)*l->at;
        int pair = SIGN2(c, (unsigned char)ahead(l, 1));
        l->word.kind = WORD_SIGN;
        l->word.sign = c;
        for (size_t i = 0; i < COUNTOF(pairs); i++)
                if (pairs[i] == pair)
                        l->word.sign = pair;
        if (l->word.sign == c && (!c || !strchr("+-*/%@<>=&|~()[],:", c)))
                return place_error(l->place, "a script has no place for '%.*s'",
                                   c >= ' ' && c <= '~' ? 1 : 0, l->at);
        if (c == '(' || c == '[')
                l->brackets++;
        else if ((c == ')' || c == ']') && l->brackets > 0)
                l->brackets--;
        advance(l);
        if (l->word.sign != c)
                advance(l);
        return NULL;
}

static void read_name(Lexer *l)
{
        l->word.kind = WORD_NAME;
        while (is_letter(ahead(l, 0)) || is_digit(ahead(l, 0)) ||
               (ahead(l, 0) == '.' && is_letter(ahead(l, 1))))
                advance(l);
}

/* The next word by its first character. */
static Status *read_word(Lexer *l)
{
        char c = *l->at;
        if (c == '\n' || c == ';') {
                l->word.kind = WORD_LINE;
                advance(l);
                if (c == '\n') {
                        l->fresh = true;
                        l->indent = 0;
                }
                return NULL;
        }
        l->word.indent = l->fresh ? l->indent : -1;
        l->fresh = false;
        if (c == '"' || c == '\'')
                return read_string(l);
        if (is_letter(c))
                read_name(l);
        else if (is_digit(c) || (c == '.' && is_digit(ahead(l, 1))))
                read_number(l);
        else
                return read_sign(l);
        return NULL;
}

Status *word_next(Lexer *l)
{
        skip_space(l);
        l->word = (Word){ .kind = WORD_END, .indent = -1, .place = l->place, .text = l->at };
        if (l->at < l->end)
                TRY(read_word(l));
        l->word.len = (size_t)(l->at - l->word.text);
        return NULL;
}

/* The first line that is not UTF-8 or holds a NUL. */
static Status *check_text(const char *text, size_t n)
{
        if (utf8_valid(text, n) && !memchr(text, 0, n))
                return NULL;
        int line = 1;
        for (const char *at = text, *end = text + n; at < end; line++) {
                const char *stop = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((stop ? stop : end) - at);
                if (!utf8_valid(at, len) || memchr(at, 0, len))
                        break;
                at += len + 1;
        }
        return place_error((Place){ line, 1 }, "the script is not text in UTF-8");
}

Status *word_first(Lexer *l, const char *text, size_t n)
{
        TRY(check_text(text, n));
        *l = (Lexer){ .at = text, .end = text + n, .place = { 1, 1 }, .fresh = true };
        return word_next(l);
}

bool word_is(const Lexer *l, int sign)
{
        return l->word.kind == WORD_SIGN && l->word.sign == sign;
}

bool word_is_name(const Lexer *l, const char *name)
{
        return l->word.kind == WORD_NAME && strlen(name) == l->word.len &&
               memcmp(name, l->word.text, l->word.len) == 0;
}

/* The word at hand for a message, cut to QUOTE_MAX bytes. */
const char *word_quote(const Lexer *l, Arena *arena)
{
        if (l->word.kind == WORD_END)
                return "the end of the script";
        if (l->word.kind == WORD_LINE)
                return "the end of the statement";
        size_t n = l->word.len;
        while (n > QUOTE_MAX || (n < l->word.len && (l->word.text[n] & 0xC0) == 0x80))
                n = n > QUOTE_MAX ? QUOTE_MAX : n - 1; /* whole characters only */
        const char *s = arena_printf(arena, "'%.*s'", (int)n, l->word.text);
        return s ? s : "this";
}

/* Up to most digits of a base; false when there is none. */
static bool escape_number(const char **p, const char *end, int base, int least, int most,
                          uint32_t *ret)
{
        int n = 0;
        *ret = 0;
        for (; n < most && *p < end; n++, ++*p) {
                int digit = hex_value(**p);
                if (digit < 0 || digit >= base)
                        break;
                *ret = *ret * (uint32_t)base + (uint32_t)digit;
        }
        return n >= least;
}

/* Writes what stands behind a backslash, as Python reads it, and returns its length; 0 when it is
 * nothing known. */
static size_t unescape(const char **p, const char *end, char *ret)
{
        static const char plain[] = "abfnrtv\\'\"", meant[] = "\a\b\f\n\r\t\v\\'\"";
        uint32_t code;
        char c = *(*p)++;
        const char *known = strchr(plain, c);
        if (known) {
                *ret = meant[known - plain];
                return 1;
        }
        if (c == 'u' || c == 'U') {
                int digits = c == 'u' ? 4 : 8;
                return escape_number(p, end, 16, digits, digits, &code) ? utf8_encode(code, ret)
                                                                        : 0;
        }
        *p -= c != 'x';
        if (!escape_number(p, end, c == 'x' ? 16 : 8, c == 'x' ? 2 : 1, c == 'x' ? 2 : 3, &code))
                return 0;
        *ret = (char)code;
        return 1;
}

/* A string's bytes with its escapes resolved, as Python reads them. */
Status *word_string(const Lexer *l, Arena *arena, const char **ret, size_t *ret_len)
{
        const char *p = l->word.text + 1, *end = l->word.text + l->word.len - 1;
        char *out = arena_alloc(arena, l->word.len), *at = out; /* escapes are never shorter */
        if (!out)
                return status_oom();
        while (p < end) {
                if (*p != '\\') {
                        *at++ = *p++;
                        continue;
                }
                p++;
                size_t n = unescape(&p, end, at);
                if (!n)
                        return place_error(l->word.place, "the string has an unknown escape; a "
                                                          "backslash itself is written \\\\");
                at += n;
        }
        *at = '\0';
        *ret = out;
        *ret_len = (size_t)(at - out);
        return NULL;
}
