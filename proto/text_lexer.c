// SPDX-License-Identifier: Apache-2.0
/* Rules and messages follow protobuf's tokenizer, so that files it takes are taken and errors read
 * the same. */
#include "proto/text_lexer.h"

#include "engine/base/ascii.h"
#include "engine/base/utf8.h"
#include <string.h>

/* NUL at the end; a NUL in the text is no token, so nobody takes it for more. */
static char peek(const TextLexer *l)
{
        return l->at < l->end ? *l->at : '\0';
}

/* Tabs count to the next multiple of eight, as in protobuf's messages. */
static void advance(TextLexer *l)
{
        switch (*l->at++) {
        case '\n':
                l->line++;
                l->column = 0;
                break;
        case '\t': l->column += 8 - l->column % 8; break;
        default: l->column++;
        }
}

/* '#' comments out the rest of the line. */
static void skip_space(TextLexer *l)
{
        bool comment = false;
        for (; l->at < l->end; advance(l)) {
                char c = *l->at;
                if (c == '#')
                        comment = true;
                else if (c == '\n')
                        comment = false;
                else if (!comment && c != ' ' && (c < '\t' || c > '\r'))
                        return;
        }
}

/* Places count from 1 in messages, from 0 inside. */
Status *lexer_error(const TextLexer *l, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        Status *s = status_newv(SR_INVALID_ARGUMENT, fmt, ap);
        va_end(ap);
        return status_wrap(s, "Error parsing text-format %s: %d:%d: ", l->type_name,
                           l->token_line + 1, l->token_column + 1);
}

/* A client's text in a message: short, and printable whatever it was. */
const char *lexer_quote(const TextLexer *l, char ret[LEXER_QUOTE])
{
        size_t n = 0;
        for (size_t i = 0; i < l->len && n < LEXER_QUOTE - 4; i++)
                ret[n++] = l->token[i] >= ' ' && l->token[i] <= '~' ? l->token[i] : '?';
        if (n < l->len) {
                memcpy(ret + n, "...", 3);
                n += 3;
        }
        ret[n] = '\0';
        return ret;
}

/* Finds the closing quote only: what the escapes mean is asked by few. */
static Status *read_string(TextLexer *l, char quote)
{
        l->kind = TOKEN_STRING;
        for (;;) {
                if (l->at == l->end)
                        return lexer_error(l, "Unexpected end of string.");
                char c = *l->at;
                if (c == '\n')
                        return lexer_error(l, "String literals cannot cross line boundaries.");
                advance(l);
                if (c == quote)
                        return NULL;
                if (c == '\\' && l->at < l->end && *l->at != '\n')
                        advance(l);
        }
}

static void digits(TextLexer *l)
{
        while (is_digit(peek(l)))
                advance(l);
}

/* What follows the first character of a decimal number: rest, fraction, exponent, 'f'. */
static Status *read_decimal(TextLexer *l, bool fraction)
{
        digits(l);
        if (!fraction && peek(l) == '.') {
                fraction = true;
                advance(l);
                digits(l);
        }
        l->kind = fraction ? TOKEN_FLOAT : TOKEN_INT;
        if ((peek(l) | 0x20) == 'e') {
                l->kind = TOKEN_FLOAT;
                advance(l);
                if (peek(l) == '-' || peek(l) == '+')
                        advance(l);
                if (!is_digit(peek(l)))
                        return lexer_error(l, "\"e\" must be followed by exponent.");
                digits(l);
        }
        if ((peek(l) | 0x20) == 'f') {
                l->kind = TOKEN_FLOAT;
                advance(l);
        }
        return NULL;
}

/* A number whose first character is read already. */
static Status *read_number(TextLexer *l, char first)
{
        if (first == '0' && (peek(l) | 0x20) == 'x') {
                advance(l);
                l->kind = TOKEN_INT;
                if (hex_value(peek(l)) < 0)
                        return lexer_error(l, "\"0x\" must be followed by hex digits.");
                while (hex_value(peek(l)) >= 0)
                        advance(l);
        } else {
                TRY(read_decimal(l, first == '.'));
        }
        if (is_letter(peek(l)))
                return lexer_error(l, "Need space between number and identifier.");
        if (peek(l) == '.')
                return lexer_error(
                        l, "Already saw decimal point or exponent; can't have another one.");
        return NULL;
}

/* ".5" is a number, "." alone a symbol. Any other byte is a symbol of its own, and the parser's
 * affair. */
static Status *read_token(TextLexer *l)
{
        char c = *l->at;
        advance(l);
        if (c == '"' || c == '\'')
                return read_string(l, c);
        if (is_digit(c) || (c == '.' && is_digit(peek(l))))
                return read_number(l, c);
        l->kind = is_letter(c) ? TOKEN_NAME : TOKEN_SYMBOL;
        while (l->kind == TOKEN_NAME && (is_letter(peek(l)) || is_digit(peek(l))))
                advance(l);
        return NULL;
}

Status *lexer_next(TextLexer *l)
{
        skip_space(l);
        l->token = l->at;
        l->token_line = l->line;
        l->token_column = l->column;
        l->kind = TOKEN_END;
        if (l->at < l->end)
                TRY(read_token(l));
        l->len = (size_t)(l->at - l->token);
        return NULL;
}

Status *lexer_start(TextLexer *l, const char *type_name, const char *text, size_t n)
{
        *l = (TextLexer){ .type_name = type_name, .at = text, .end = text + n };
        return lexer_next(l);
}

bool lexer_is(const TextLexer *l, char symbol)
{
        return l->kind == TOKEN_SYMBOL && *l->token == symbol;
}

/* C's spelling: 0x for hex, 0 for octal. The limit is checked while digits are added, so nothing
 * wraps. */
Status *lexer_integer(const TextLexer *l, uint64_t max, uint64_t *ret)
{
        char quote[LEXER_QUOTE];
        const char *p = l->token, *end = p + l->len;
        unsigned base = 10;
        if (l->len > 1 && *p == '0') {
                base = (p[1] | 0x20) == 'x' ? 16 : 8;
                p += base == 16 ? 2 : 1;
        }
        uint64_t v = 0;
        for (; p < end; p++) {
                unsigned digit = (unsigned)hex_value(*p);
                if (digit >= base)
                        return lexer_error(l,
                                           "Numbers starting with leading zero must be in octal.");
                if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v) ||
                    v > max)
                        return lexer_error(l, "Integer out of range (%s)", lexer_quote(l, quote));
        }
        *ret = v;
        return NULL;
}

/* Up to most digits of a base at *p; false when there are fewer than least. */
static bool escape_digits(const char **p, const char *end, int base, int least, int most,
                          uint32_t *ret)
{
        int n = 0;
        for (*ret = 0; n < most && *p < end; n++, ++*p) {
                int digit = hex_value(**p);
                if (digit < 0 || digit >= base)
                        break;
                *ret = *ret * (uint32_t)base + (uint32_t)digit;
        }
        return n >= least;
}

/* \uXXXX, a pair of surrogates, or \UXXXXXXXX; *p is behind the letter. */
static bool unescape_unicode(const char **p, const char *end, char letter, Buf *ret)
{
        uint32_t code, low;
        int n = letter == 'u' ? 4 : 8;
        if (!escape_digits(p, end, 16, n, n, &code))
                return false;
        if (code >= 0xD800 && code < 0xDC00 && end - *p > 2 && (*p)[0] == '\\' && (*p)[1] == 'u') {
                *p += 2;
                if (!escape_digits(p, end, 16, 4, 4, &low) || low < 0xDC00 || low > 0xDFFF)
                        return false;
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        char utf8[4];
        size_t len = utf8_encode(code, utf8);
        buf_append(ret, utf8, len);
        return len > 0;
}

/* One escape; *p is behind the backslash. */
static bool unescape(const char **p, const char *end, Buf *ret)
{
        static const char plain[] = "abfnrtv\\?'\"", meant[] = "\a\b\f\n\r\t\v\\?'\"";
        uint32_t code;
        if (*p == end)
                return false;
        char c = *(*p)++;
        const char *known = c ? strchr(plain, c) : NULL; /* strchr() finds the NUL, too */
        if (known) {
                buf_putc(ret, meant[known - plain]);
                return true;
        }
        if (c == 'u' || c == 'U')
                return unescape_unicode(p, end, c, ret);
        if (c == 'x' || c == 'X') {
                if (!escape_digits(p, end, 16, 1, 2, &code))
                        return false;
        } else {
                --*p; /* the first octal digit, or nothing that is known */
                if (!escape_digits(p, end, 8, 1, 3, &code))
                        return false;
        }
        buf_putc(ret, (char)code);
        return true;
}

/* Runs without a backslash are copied whole. */
Status *lexer_unescape(const TextLexer *l, Buf *ret)
{
        const char *p = l->token + 1, *end = l->token + l->len - 1;
        while (p < end) {
                const char *escape = memchr(p, '\\', (size_t)(end - p));
                buf_append(ret, p, (size_t)((escape ? escape : end) - p));
                p = escape ? escape + 1 : end;
                if (escape && !unescape(&p, end, ret))
                        return lexer_error(l, "Invalid escape sequence in string literal.");
        }
        return buf_status(ret);
}
