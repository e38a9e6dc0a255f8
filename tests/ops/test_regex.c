// SPDX-License-Identifier: Apache-2.0
/* RE2's language: what it refuses and in which words, and what its patterns match where those of
 * other engines mean something else. */
#include "engine/base/mem.h"
#include "engine/kernels/string/regex.h"
#include "tests/lib/op_case.h"

#include <stdio.h>
#include <string.h>

static const struct {
        const char *pattern, *error;
} refused[] = {
        { "(abc", "missing ): (abc" },
        { "abc)", "missing ): abc)" },
        { "a(b|c", "missing ): a(b|c" },
        { "[abc", "missing ]: [abc" },
        { "x[", "missing ]: [" },
        { "[]", "missing ]: []" },
        { "[a-", "missing ]: [a-" },
        { "*", "no argument for repetition operator: *" },
        { "+a", "no argument for repetition operator: +" },
        { "a|*?", "no argument for repetition operator: *?" },
        { "(*VERB)", "no argument for repetition operator: *" },
        { "(?i)*", "no argument for repetition operator: *" },
        { "{2}", "no argument for repetition operator: {2}" },
        { "a**", "bad repetition operator: **" },
        { "a*+b", "bad repetition operator: *+" },
        { "a???", "bad repetition operator: ???" },
        { "x{2}{3}?", "bad repetition operator: {2}{3}?" },
        { "a{1001}", "invalid repetition size: {1001}" },
        { "a{2,1}", "invalid repetition size: {2,1}" },
        { "(a{100}){11}", "invalid repetition size: {11}" },
        { "((a{10}){10}|b{2,}){11,}", "invalid repetition size: {11,}" },
        { "a\\", "trailing \\" },
        { "[a\\", "trailing \\" },
        { "\\1", "invalid escape sequence: \\1" },
        { "(a)\\1", "invalid escape sequence: \\1" },
        { "\\8", "invalid escape sequence: \\8" },
        { "\\y", "invalid escape sequence: \\y" },
        { "\\Z", "invalid escape sequence: \\Z" },
        { "\\G", "invalid escape sequence: \\G" },
        { "a\\E", "invalid escape sequence: \\E" },
        { "\\k<n>", "invalid escape sequence: \\k" },
        { "\\xg1", "invalid escape sequence: \\xg1" },
        { "\\x{}", "invalid escape sequence: \\x{}" },
        { "\\x{110000}", "invalid escape sequence: \\x{110000" },
        { "[\\b]", "invalid escape sequence: \\b" },
        { "[a-\\d]", "invalid escape sequence: \\d" },
        { "[b-a]", "invalid character class range: b-a" },
        { "[\\x62-a]", "invalid character class range: \\x62-a" },
        { "[[:beta:]]", "invalid character class range: [:beta:]" },
        { "\\p{Beta}", "invalid character class range: \\p{Beta}" },
        { "\\p{greek}", "invalid character class range: \\p{greek}" },
        { "\\pX", "invalid character class range: \\pX" },
        { "\\p{Lu", "invalid character class range: \\p{Lu" },
        { "(?=a)b", "invalid perl operator: (?=" },
        { "(?!a)b", "invalid perl operator: (?!" },
        { "(?<=a)b", "invalid perl operator: (?<" },
        { "(?<n>a)", "invalid perl operator: (?<" },
        { "(?>a)", "invalid perl operator: (?>" },
        { "(?#c)", "invalid perl operator: (?#" },
        { "(?x)a", "invalid perl operator: (?x" },
        { "(?P=n)", "invalid perl operator: (?P" },
        { "(?i-)a", "invalid perl operator: (?i-)" },
        { "(?i", "invalid perl operator: (?i" },
        { "(?P<n", "invalid named capture group: (?P<n" },
        { "x(?P<>a)", "invalid named capture group: (?P<>" },
        { "(?P<a-b>c)", "invalid named capture group: (?P<a-b>" },
        { "a\xff", "invalid UTF-8" },
        { "[\xc3(]", "invalid UTF-8" },
};

Test(regex, refuses_in_the_words_of_RE2)
{
        for (size_t i = 0; i < COUNTOF(refused); i++) {
                char want[200];
                const char *pattern = refused[i].pattern;
                Regex *r = NULL;
                snprintf(want, sizeof want, "Invalid pattern: %s, error: %s", pattern,
                         refused[i].error);
                autoptr(Status) s = regex_new(pattern, strlen(pattern), &r);
                cr_assert(s, "%s is taken", pattern);
                cr_assert_str_eq(status_message(s), want);
                cr_assert_eq(status_code(s), SR_INVALID_ARGUMENT);
        }
}

static bool matches(const char *pattern, size_t len, const char *text)
{
        autoptr(Regex) r = NULL;
        TString s = { .data = (char *)text, .len = strlen(text) };
        bool found = false;
        expect_ok(regex_new(pattern, len, &r));
        expect_ok(regex_full_match(r, &s, &found));
        return found;
}

static const struct {
        const char *pattern, *text;
        bool matches;
} taken[] = {
        { "a{,2}", "a{,2}", true },
        { "a{02}", "a{02}", true },
        { "a{2", "a{2", true },
        { "x{2,3}?", "xxx", true },
        { "a{1000}", "a", false },
        { "\\_\\-\\#", "_-#", true },
        { "\\Qa.b\\E+", "a.bbb", true },
        { "\\Q*", "*", true },
        { "\\v", "\v", true },
        { "\\v", "\n", false },
        { "\\s", "\v", false },
        { "[\\s]", "\t", true },
        { "[^\\S]", " ", true },
        { "\\S", "\v", true },
        { "\\141\\x62\\x{63}", "abc", true },
        { "[]a]+", "]a", true },
        { "[^]a]", "b", true },
        { "[a-]+", "-a", true },
        { "[a-c-e]+", "b-e", true },
        { "[[:^digit:][:word:]]+", "a1 ", true },
        { "[[.a.]+", "[.a", true },
        { "[a&&b]+", "&", true },
        { "\\p{Greek}\\P{Greek}",
          "\xce\xb1"
          "a",
          true },
        { "\\p{^Greek}", "\xce\xb1", false },
        { "[\\pL\\p{Nd}]+", "a1\xce\xb1", true },
        { "^*a$?", "a", true },
        { "(?:\\b+a)", "a", true },
        { "(?i)A(?-i:b)", "ab", true },
        { "(?i)A(?-i:b)", "aB", false },
        { "(?P<n>a)(?P<n>b)", "ab", true },
        { "a$", "a\n", false },
        { ".", "\n", false },
        { "(?s).", "\n", true },
        { "(|a)+", "aa", true },
        { "\xc3\xa9?", "\xc3\xa9", true },
        { "", "", true },
};

Test(regex, reads_patterns_as_RE2_does)
{
        for (size_t i = 0; i < COUNTOF(taken); i++)
                cr_assert(matches(taken[i].pattern, strlen(taken[i].pattern), taken[i].text) ==
                                  taken[i].matches,
                          "%s on %s", taken[i].pattern, taken[i].text);
        cr_assert(matches("a.b", 3, "a.b"));
        cr_assert_not(matches("a\0b", 3, "a"));
}

Test(regex, bounds_what_a_pattern_takes)
{
        enum { DEEP = 70000 };
        autofree char *deep = mem_alloc(DEEP);
        Regex *r = NULL;
        cr_assert(deep);
        memset(deep, '(', DEEP);
        expect_error(regex_new(deep, DEEP, &r), SR_INVALID_ARGUMENT, "pattern too large");
        expect_error(regex_new(deep, 1000, &r), SR_INVALID_ARGUMENT,
                     "error: pattern too large - compile failed");
}

static const OpCase rewrites[] = {
        { "names no group too many", "RegexReplace",
          .in = { STR((2), "ab", "b"), STR((), "(a)"), STR((), "\\2") },
          .out = { STR((2), "ab", "b") } },
        { "ends where a rewrite makes no sense", "RegexReplace",
          .in = { STR((1), "aba"), STR((), "a"), STR((), "x\\y") }, .out = { STR((1), "xbx") } },
        { "leaves the first match where a rewrite makes no sense", "RegexReplace",
          "replace_global: false", .in = { STR((1), "aba"), STR((), "a"), STR((), "x\\") },
          .out = { STR((1), "aba") } },
};
OP_CASES(regex, rewrites)
