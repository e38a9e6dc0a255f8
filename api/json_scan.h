// SPDX-License-Identifier: Apache-2.0
/* JSON without a tree: a body is cut into spans, and each span goes to the reader that wants it.
 *
 * Cutting is lazy: it finds where a value ends by strings and brackets alone, at memory speed, and
 * looks no further inside. So every span must be handed to a strict reader, and each of these is
 * one: scan_object() and scan_array() (which check all between the members), scan_envelope()
 * (jansson), json_tensor_parse(). A member that nobody reads is an unknown member, which is an
 * error by itself.
 *
 *     JsonObject body;
 *     TRY(scan_object(arena, text, &body));
 *     TRY(scan_only(&body, (const char *const[]){ "fetches", "feeds", NULL }));
 *     json_t *fetches;
 *     TRY(scan_envelope(scan_get(&body, "fetches"), &fetches));
 *     TRY(scan_object(arena, scan_get(&body, "feeds"), &feeds));
 *     for (size_t i = 0; i < feeds.n; i++)
 *             TRY(json_tensor_parse(feeds.members[i].value, ...));
 */
#pragma once
#include "engine/base/arena.h"
#include "engine/base/status.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of a body, borrowed. at is NULL for "not there". */
typedef struct JsonSpan {
        const char *at;
        size_t len;
} JsonSpan;

/* First character of the value: one of { [ " - 0..9 t f n, whatever garbage stands there, or 0 when
 * empty. */
char scan_kind(JsonSpan value);

/* Walks over one object or array. Spans come out without white space around them. */
typedef struct JsonIter {
        const char *start, *at, *end;
        char close; /* '}' or ']' */
        bool begun;
} JsonIter;

/* Starts on a span that holds exactly one object ('{') or array ('['). INVALID_ARGUMENT when it is
 * something else. */
Status *scan_open(JsonSpan text, char open, JsonIter *ret) MUST_USE;
/* The next member. ret_key (may be NULL for arrays) gets the key's raw characters between the
 * quotes, ret_value the value; ret_value->at is NULL behind the last. INVALID_ARGUMENT for anything
 * that is not JSON, with its byte. */
Status *scan_next(JsonIter *it, JsonSpan *ret_key, JsonSpan *ret_value) MUST_USE;

typedef struct JsonMember {
        const char *key; /* unescaped, NUL-terminated, valid UTF-8 without NUL inside */
        JsonSpan value;
} JsonMember;

typedef struct JsonObject {
        JsonMember *members; /* in the order of the text; in the arena */
        size_t n;
} JsonObject;

typedef struct JsonArray {
        JsonSpan *items; /* in the arena */
        size_t n;
} JsonArray;

/* All members of an object; duplicate keys (after unescaping) are INVALID_ARGUMENT. Memory from the
 * arena, whose budget bounds it: RESOURCE_EXHAUSTED beyond. The values point into text. */
Status *scan_object(Arena *a, JsonSpan text, JsonObject *ret) MUST_USE;
Status *scan_array(Arena *a, JsonSpan text, JsonArray *ret) MUST_USE;
/* The member's value, or a span whose at is NULL. */
JsonSpan scan_get(const JsonObject *o, const char *key);
/* INVALID_ARGUMENT naming the first member that is not in known (ended by NULL), with the nearest
 * known ones as hints and its pointer. */
Status *scan_only(const JsonObject *o, const char *const *known) MUST_USE;
Status *scan_unknown(const char *key, const char *const *known) MUST_USE;

/* Reads a small value with jansson: fetches, options, config. Refused before jansson allocates:
 * more than JSON_MAX_DEPTH nested brackets (INVALID_ARGUMENT), more than JSON_MAX_TOKENS values
 * (RESOURCE_EXHAUSTED). Duplicate keys, bad UTF-8 and the like are INVALID_ARGUMENT with jansson's
 * words. The caller owns *ret (json_decref). */
enum { JSON_MAX_DEPTH = 32, JSON_MAX_TOKENS = 1 << 20 };
Status *scan_envelope(JsonSpan text, json_t **ret) MUST_USE;

/* For readers of spans: the first byte behind white space; the first byte behind the value that
 * starts at p (never beyond end); the closing quote of a string whose first character is at p, or
 * NULL. */
const char *scan_space(const char *p, const char *end);
const char *scan_value(const char *p, const char *end);
/* For tests, scan_value() of an object or array by each way there is, from 0 on; NULL: no more. */
const char *scan_container(const char *p, const char *end, int way);
const char *scan_string_end(const char *p, const char *end);
