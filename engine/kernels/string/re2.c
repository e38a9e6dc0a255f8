// SPDX-License-Identifier: Apache-2.0
/* A walk over the pattern from left to right. Of groups only that is kept which repetitions ask
 * for: whether there is something in front of them, and how often it is repeated already. */
#include "engine/kernels/string/re2_parser.h"

/* ---- groups ---- */

static bool open_group(Re2 *v, const char *how)
{
        if (v->depth == RE2_DEPTH_MAX)
                return re2_bad(v, "pattern too large - compile failed", NULL, NULL);
        buf_puts(v->out, how);
        v->level[++v->depth] = (Re2Level){ 0 };
        return true;
}

static bool close_group(Re2 *v)
{
        const Re2Level *l = &v->level[v->depth];
        int repeats = l->most > l->last ? l->most : l->last;
        if (!v->depth)
                return re2_bad(v, "missing )", v->begin, v->end);
        v->depth--;
        v->p++;
        buf_putc(v->out, ')');
        re2_item(v, repeats);
        return true;
}

/* The number suffices: nothing refers to names. */
static bool named_group(Re2 *v)
{
        const char *name = v->p + 4, *close = memchr(name, '>', (size_t)(v->end - name));
        if (!close)
                return re2_bad(v, "invalid named capture group", v->p, v->end);
        bool valid = close > name;
        for (const char *s = name; s < close; s++)
                valid &= re2_letter(*s) || re2_digit(*s) || *s == '_';
        if (!valid)
                return re2_bad(v, "invalid named capture group", v->p, close + 1);
        v->p = close + 1;
        return open_group(v, "(");
}

/* (?flags) and (?flags: */
static bool flags(Re2 *v)
{
        const char *from = v->p;
        bool negated = false, saw = false;
        int32_t c = 0;
        for (v->p += 2; c != ':' && c != ')';) {
                if (v->p == v->end)
                        return re2_bad(v, "invalid perl operator", from, v->p);
                if (!re2_rune(v, &c))
                        return false;
                bool flag = c == 'i' || c == 'm' || c == 's' || c == 'U';
                bool minus = c == '-' && !negated;
                if (!flag && !minus && c != ':' && c != ')')
                        return re2_bad(v, "invalid perl operator", from, v->p);
                negated |= minus;
                saw = (saw && !minus) || flag;
        }
        if (negated && !saw)
                return re2_bad(v, "invalid perl operator", from, v->p);
        buf_append(v->out, from, (size_t)(v->p - from) - (c == ':'));
        return c == ')' || open_group(v, ":");
}

static bool group(Re2 *v)
{
        if (re2_at(v, 1, '?') && re2_at(v, 2, 'P') && re2_at(v, 3, '<') && v->end - v->p > 4)
                return named_group(v);
        if (re2_at(v, 1, '?'))
                return flags(v);
        v->p++;
        return open_group(v, "(");
}

/* ---- repetitions ---- */

static bool take_number(const char **p, const char *end, int *ret)
{
        const char *s = *p;
        int n = 0;
        if (s == end || !re2_digit(*s) || (*s == '0' && end - s > 1 && re2_digit(s[1])))
                return false;
        for (; s < end && re2_digit(*s); s++) {
                if (n >= 100000000)
                        return false;
                n = n * 10 + *s - '0';
        }
        *p = s;
        *ret = n;
        return true;
}

/* {n}, {n,} or {n,m}; *max is -1 when there is none. */
static bool take_count(Re2 *v, int *min, int *max)
{
        const char *s = v->p + 1;
        if (!take_number(&s, v->end, min))
                return false;
        *max = *min;
        if (s < v->end && *s == ',') {
                s++;
                *max = -1;
                if (s < v->end && *s != '}' && !take_number(&s, v->end, max))
                        return false;
        }
        if (s == v->end || *s != '}')
                return false;
        v->p = s + 1;
        return true;
}

/* What repetition of up to n times makes of the item in front of it. */
static bool repeat_item(Re2 *v, int n, const char *from)
{
        Re2Level *l = &v->level[v->depth];
        if (!l->item)
                return re2_bad(v, "no argument for repetition operator", from, v->p);
        if (n > 0)
                l->last = l->last > RE2_REPEAT_MAX / n ? RE2_REPEAT_MAX + 1 : l->last * n;
        if (l->last > RE2_REPEAT_MAX && n > 1)
                return re2_bad(v, "invalid repetition size", from, v->p);
        return true;
}

/* p is behind the operator that begins at `from`. */
static bool repetition(Re2 *v, const char *from, int min, int max)
{
        if (re2_at(v, 0, '?'))
                v->p++;
        if (v->repeated)
                return re2_bad(v, "bad repetition operator", v->repeated, v->p);
        if (min > RE2_REPEAT_MAX || max > RE2_REPEAT_MAX || (max >= 0 && max < min))
                return re2_bad(v, "invalid repetition size", from, v->p);
        if (!repeat_item(v, max < 0 ? min : max, from))
                return false;
        buf_append(v->out, from, (size_t)(v->p - from));
        v->repeated = from;
        return true;
}

/* ---- the whole ---- */

/* What stays as it is. What matches no character PCRE2 repeats in a group only. */
static bool anchor(Re2 *v, size_t n)
{
        bool repeats = v->end - v->p > (long)n && v->p[n] && strchr("*+?{", v->p[n]);
        buf_puts(v->out, repeats ? "(?:" : "");
        buf_append(v->out, v->p, n);
        buf_puts(v->out, repeats ? ")" : "");
        v->p += n;
        re2_item(v, 1);
        return true;
}

static bool quoted(Re2 *v)
{
        int32_t c;
        for (v->p += 2; v->p < v->end && !(re2_at(v, 0, '\\') && re2_at(v, 1, 'E'));) {
                if (!re2_rune(v, &c))
                        return false;
                re2_literal(v, c);
        }
        v->p += v->p < v->end ? 2 : 0;
        return true;
}

static bool escape(Re2 *v)
{
        char c = v->end - v->p > 1 ? v->p[1] : 0;
        int32_t code;
        if (c && strchr("bBAz", c))
                return anchor(v, 2);
        if (c == 'Q')
                return quoted(v);
        if (c == 'p' || c == 'P') {
                re2_item(v, 1);
                return re2_unicode_group(v);
        }
        if (re2_perl_class(v, false)) {
                re2_item(v, 1);
                return true;
        }
        if (!re2_escape(v, &code))
                return false;
        re2_literal(v, code);
        return true;
}

static bool bar(Re2 *v)
{
        Re2Level *l = &v->level[v->depth];
        re2_item(v, 0);
        l->item = false;
        buf_putc(v->out, *v->p++);
        return true;
}

static bool repeats(Re2 *v)
{
        const char *from = v->p;
        int min, max;
        if (*from != '{') {
                v->p++;
                return repetition(v, from, 0, 0);
        }
        if (take_count(v, &min, &max))
                return repetition(v, from, min, max);
        re2_literal(v, *v->p++);
        v->repeated = NULL;
        return true;
}

static bool piece(Re2 *v)
{
        int32_t c;
        if (strchr("*+?{", *v->p) && *v->p)
                return repeats(v);
        v->repeated = NULL;
        switch (*v->p) {
        case '(': return group(v);
        case ')': return close_group(v);
        case '|': return bar(v);
        case '^':
        case '$':
        case '.': return anchor(v, 1);
        case '[': return re2_char_class(v);
        case '\\': return escape(v);
        default: break;
        }
        if (!re2_rune(v, &c))
                return false;
        re2_literal(v, c);
        return true;
}

void re2_translate(const char *pattern, size_t len, Buf *pcre, Buf *why)
{
        Re2 v = { .begin = pattern, .p = pattern, .end = pattern + len, .out = pcre, .why = why };
        while (v.p < v.end)
                if (!piece(&v))
                        return;
        if (v.depth)
                re2_bad(&v, "missing )", v.begin, v.end);
}
