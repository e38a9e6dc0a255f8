// SPDX-License-Identifier: Apache-2.0
/* Regular expressions in RE2's language, run by PCRE2: what RE2 does not have (back references,
 * look-around, possessive repetition) is refused, and a match that takes too many steps is an
 * error, so that no pattern can hold a thread. */
#pragma once
#include "engine/base/buf.h"
#include "engine/tensor/dtype.h"

typedef struct Regex Regex;

/* INVALID_ARGUMENT "Invalid pattern: P, error: ..." when it is none. */
Status *regex_new(const char *pattern, size_t len, Regex **ret) MUST_USE;
void regex_free(Regex *r);
AUTOPTR_DEFINE(Regex, regex_free)
/* Does it match the whole string? Threads may share r. */
Status *regex_full_match(const Regex *r, const TString *s, bool *ret) MUST_USE;
/* Replaces the first match or all; in rewrite \0 to \9 are the groups, \\ is a backslash. A rewrite
 * that names a group too many changes nothing. */
Status *regex_replace(const Regex *r, const TString *s, const char *rewrite, size_t len, bool all,
                      Buf *ret) MUST_USE;
