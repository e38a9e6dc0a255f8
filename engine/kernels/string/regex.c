// SPDX-License-Identifier: Apache-2.0
/* RE2's patterns, run by PCRE2. */
#include "engine/kernels/string/regex.h"

#include "engine/base/mem.h"
#include "engine/kernels/string/re2.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

/* Steps that one match may take: about a tenth of a second. */
enum { STEPS_MAX = 1000000, HEAP_KIB_MAX = 65536, PATTERN_MAX = 1 << 16 };

struct Regex {
        pcre2_code *code;
        pcre2_match_context *limits;
};

void regex_free(Regex *r)
{
        pcre2_match_context_free(r->limits);
        pcre2_code_free(r->code);
        mem_free(r);
}

/* ---- compiling and matching ---- */

static Status *invalid_pattern(const char *pattern, size_t len, const char *why)
{
        return invalid_argument("Invalid pattern: %.*s, error: %s", (int)MIN(len, (size_t)1000),
                                pattern, why);
}

/* PCRE2 is told to behave as RE2 where they differ. What it does not take is too large for it. */
static Status *compile(const char *pattern, size_t len, pcre2_code **ret)
{
        autobuf pcre = BUF(16 * PATTERN_MAX), why = BUF(2 * PATTERN_MAX);
        int error;
        size_t at;
        if (len > PATTERN_MAX)
                return invalid_pattern(pattern, len, "pattern too large - compile failed");
        re2_translate(pattern, len, &pcre, &why);
        TRY(buf_status(&pcre));
        TRY(buf_status(&why));
        if (why.len)
                return invalid_pattern(pattern, len, buf_cstr(&why));
        *ret = pcre2_compile((PCRE2_SPTR)(pcre.data ? pcre.data : ""), pcre.len,
                             PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
                                     PCRE2_NEVER_BACKSLASH_C,
                             &error, &at, NULL);
        if (!*ret && error == PCRE2_ERROR_HEAP_FAILED)
                return status_oom();
        return *ret ? NULL : invalid_pattern(pattern, len, "pattern too large - compile failed");
}

/* Its limits stop a pattern that goes back forever, which RE2's never do. */
Status *regex_new(const char *pattern, size_t len, Regex **ret)
{
        autoptr(Regex) r = mem_calloc(1, sizeof *r);
        if (!r)
                return status_oom();
        TRY(compile(pattern, len, &r->code));
        r->limits = pcre2_match_context_create(NULL);
        if (!r->limits)
                return status_oom();
        pcre2_set_match_limit(r->limits, STEPS_MAX);
        pcre2_set_heap_limit(r->limits, HEAP_KIB_MAX);
        *ret = steal(&r);
        return NULL;
}

typedef pcre2_match_data Match;
static void match_free(Match *m)
{
        pcre2_match_data_free(m);
}
AUTOPTR_DEFINE(Match, match_free)

/* *ret: found, with the groups in m. */
static Status *match(const Regex *r, const TString *s, size_t from, uint32_t options, Match *m,
                     bool *ret)
{
        int n = pcre2_match(r->code, (PCRE2_SPTR)(s->data ? s->data : ""), s->len, from, options, m,
                            r->limits);
        if (n < 0 && n != PCRE2_ERROR_NOMATCH)
                return resource_exhausted("matching the pattern takes too long or too much memory");
        *ret = n >= 0;
        return NULL;
}

Status *regex_full_match(const Regex *r, const TString *s, bool *ret)
{
        autoptr(Match) m = pcre2_match_data_create(1, NULL);
        if (!m)
                return status_oom();
        return match(r, s, 0, PCRE2_ANCHORED | PCRE2_ENDANCHORED, m, ret);
}

/* The highest group that a rewrite names. */
static uint32_t last_group(const char *rewrite, size_t len)
{
        uint32_t last = 0;
        for (size_t i = 0; i + 1 < len; i++)
                if (rewrite[i] == '\\') {
                        i++;
                        uint32_t g = (uint32_t)(unsigned char)rewrite[i] - '0';
                        last = g <= 9 ? MAX(last, g) : last;
                }
        return last;
}

/* \0 is the whole match, \1 to \9 groups; a group that took no part is empty. False where the
 * rewrite makes no sense: there it ends, as in RE2. */
static bool rewrite_one(Match *m, const TString *s, const char *rewrite, size_t len, Buf *b)
{
        const size_t *group = pcre2_get_ovector_pointer(m);
        for (size_t i = 0; i < len; i++) {
                if (rewrite[i] != '\\') {
                        buf_putc(b, rewrite[i]);
                        continue;
                }
                i++;
                uint32_t g = i < len ? (uint32_t)(unsigned char)rewrite[i] - '0' : 99;
                if (i < len && rewrite[i] == '\\')
                        buf_putc(b, '\\');
                else if (g > 9)
                        return false;
                else if (group[2 * g] != PCRE2_UNSET && group[2 * g] <= group[2 * g + 1])
                        buf_append(b, s->data + group[2 * g], group[2 * g + 1] - group[2 * g]);
        }
        return true;
}

static Status *unchanged(const TString *s, Buf *ret)
{
        buf_reset(ret);
        buf_append(ret, s->data ? s->data : "", s->len);
        return buf_status(ret);
}

Status *regex_replace(const Regex *r, const TString *s, const char *rewrite, size_t len, bool all,
                      Buf *ret)
{
        autoptr(Match) m = pcre2_match_data_create_from_pattern(r->code, NULL);
        size_t at = 0;          /* copied up to here */
        size_t last = SIZE_MAX; /* end of the last match */
        if (!m)
                return status_oom();
        if (last_group(rewrite, len) >= pcre2_get_ovector_count(m))
                return unchanged(s, ret);
        for (size_t from = 0; from <= s->len;) {
                const size_t *group = pcre2_get_ovector_pointer(m);
                bool found;
                TRY(match(r, s, from, 0, m, &found));
                if (!found)
                        break;
                bool empty = group[0] == group[1];
                /* an empty match right behind the last one does not count */
                if (!(empty && group[0] == last)) {
                        buf_append(ret, s->data ? s->data + at : "", group[0] - at);
                        at = group[1];
                        if (!rewrite_one(m, s, rewrite, len, ret) && !all)
                                return unchanged(s, ret);
                        last = group[1];
                }
                if (!all)
                        break;
                from = group[1];
                if (empty)
                        do
                                from++;
                        while (from < s->len && ((unsigned char)s->data[from] & 0xc0) == 0x80);
        }
        if (at < s->len)
                buf_append(ret, s->data + at, s->len - at);
        return buf_status(ret);
}
