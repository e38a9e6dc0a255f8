// SPDX-License-Identifier: Apache-2.0
/* Long nested arrays of numbers, read by several threads. The text is cut behind commas. Of each
 * part it is supposed how many elements stand in front of it, by counting commas, and which arrays
 * are open, by their sizes so far; it is read from there. A part counts when the one before has
 * come to just that state, so that what is read is what one reader alone reads; the rest, and
 * everything that is wrong, is left to that one. Private to json_nested.c and json_parts.c. */
#pragma once
#include "api/json_element.h"

typedef struct Parts {
        JsonSpan text;
        const JsonHelp *help;
        const char *
                *cuts;   /* where parts begin, each behind a comma; NULL: there is no such place */
        int64_t *commas; /* in front of each of these places */
        int n;
} Parts;

/* Cuts the text, if it is worth it (else there are no parts); *ret_commas: how many it has. */
void parts_cut(JsonSpan text, const JsonHelp *help, Parts *ret, size_t *ret_commas);
/* Moves a reader that is at the start of the text over all parts that are right. */
void parts_read(const Parts *parts, JsonReader *r);
void parts_done(Parts *parts);
#define autoparts __attribute__((cleanup(parts_done))) Parts

/* json_nested.c: reads on to the end of the reader's text, which is behind a comma. False when it
 * is not just there that a value would have to follow. */
bool nested_part(JsonReader *r);
size_t nested_commas(const char *p, size_t n);
