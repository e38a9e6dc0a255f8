// SPDX-License-Identifier: Apache-2.0
/* RE2's language, as its parser takes it with the flags that TensorFlow leaves it with: patterns
 * become ones that PCRE2 reads the same way. */
#pragma once
#include "engine/base/buf.h"

/* Appends the pattern to pcre. What RE2 refuses is left unfinished, and why has RE2's words for it;
 * else why stays empty. Two things that RE2 has are left to PCRE2, which refuses them: \C, a byte
 * of a character, and the repetition of what stands in front of (?flags). */
void re2_translate(const char *pattern, size_t len, Buf *pcre, Buf *why);
