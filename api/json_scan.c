// SPDX-License-Identifier: Apache-2.0
/* Cutting JSON into spans. The bulk of a body is numbers between brackets: there whole blocks are
 * skipped by counting. */
#include "api/json_scan.h"

#include "api/json_string.h"
#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/base/nearest.h"
#include "engine/tensor/dtype.h"
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#define AVX2       __attribute__((target("avx2,popcnt,bmi")))
#define HAS_AVX2   __builtin_cpu_supports("avx2")
#define AVX512     __attribute__((target("avx512f,avx512bw,popcnt,bmi")))
#define HAS_AVX512 __builtin_cpu_supports("avx512bw")
#else
#define HAS_AVX2   false
#define HAS_AVX512 false
#endif

static bool is_space(char c)
{
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

const char *scan_space(const char *p, const char *end)
{
        while (p < end && is_space(*p))
                p++;
        return p;
}

/* A quote ends the string unless an odd number of backslashes stands before it. */
const char *scan_string_end(const char *p, const char *end)
{
        const char *q = p;
        while (q < end && (q = memchr(q, '"', (size_t)(end - q)))) {
                const char *b = q;
                while (b > p && b[-1] == '\\')
                        b--;
                if ((q - b) % 2 == 0)
                        return q;
                q++;
        }
        return NULL;
}

enum { BLOCK = 64 };

/* Passes over blocks that hold no quote and cannot hold the end of the value, because they close
 * fewer brackets than are open. Written for the vectorizer: '[' and '{' differ in one bit, as do
 * their partners. */
HOT static const char *skip_blocks(const char *p, const char *end, int64_t *depth)
{
        for (; end - p >= BLOCK; p += BLOCK) {
                uint8_t opened = 0, closed = 0, quotes = 0;
                for (int i = 0; i < BLOCK; i++) {
                        uint8_t c = (uint8_t)p[i], folded = c | 0x20;
                        opened += folded == '{';
                        closed += folded == '}';
                        quotes += c == '"';
                }
                if (quotes || closed >= *depth)
                        break;
                *depth += opened - closed;
        }
        return p;
}

#ifdef __x86_64__
/* Bit i: byte i of the block is c, once it is folded. */
AVX2 static inline uint64_t find_byte(__m256i low, __m256i high, char c)
{
        __m256i x = _mm256_set1_epi8(c);
        uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, x)),
                 b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, x));
        return (uint64_t)b << 32 | a;
}

/* Goes over the brackets of a block until the value ends; returns how many bytes of the block are
 * its own then, 0 when it does not end. */
static inline int block_end(uint64_t opened, uint64_t closed, int64_t *depth)
{
        for (uint64_t both = opened | closed; both; both &= both - 1) {
                *depth += opened & both & -both ? 1 : -1;
                if (*depth == 0)
                        return __builtin_ctzll(both) + 1;
        }
        return 0;
}

/* The same, but where the value may end brackets are looked at one by one: depth 0 is behind it. */
AVX2 static const char *skip_blocks_wide(const char *p, const char *end, int64_t *depth)
{
        const __m256i bit = _mm256_set1_epi8(0x20);
        for (; end - p >= BLOCK; p += BLOCK) {
                __m256i low = _mm256_loadu_si256((const __m256i *)p),
                        high = _mm256_loadu_si256((const __m256i *)(p + 32));
                if (find_byte(low, high, '"'))
                        break;
                low = _mm256_or_si256(low, bit);
                high = _mm256_or_si256(high, bit);
                uint64_t opened = find_byte(low, high, '{'), closed = find_byte(low, high, '}');
                int64_t down = __builtin_popcountll(closed);
                if (LIKELY(down < *depth)) {
                        *depth += __builtin_popcountll(opened) - down;
                        continue;
                }
                int n = block_end(opened, closed, depth);
                if (n)
                        return p + n;
        }
        return p;
}

/* The same with registers of a whole block. */
AVX512 static const char *skip_blocks_widest(const char *p, const char *end, int64_t *depth)
{
        const __m512i bit = _mm512_set1_epi8(0x20), open = _mm512_set1_epi8('{'),
                      close = _mm512_set1_epi8('}'), quote = _mm512_set1_epi8('"');
        for (; end - p >= BLOCK; p += BLOCK) {
                __m512i x = _mm512_loadu_si512(p), folded = _mm512_or_si512(x, bit);
                uint64_t opened = _mm512_cmpeq_epi8_mask(folded, open),
                         closed = _mm512_cmpeq_epi8_mask(folded, close);
                int64_t down = __builtin_popcountll(closed);
                if (_mm512_cmpeq_epi8_mask(x, quote))
                        break;
                if (LIKELY(down < *depth)) {
                        *depth += __builtin_popcountll(opened) - down;
                        continue;
                }
                int n = block_end(opened, closed, depth);
                if (n)
                        return p + n;
        }
        return p;
}
#else
#define skip_blocks_wide   skip_blocks
#define skip_blocks_widest skip_blocks
#endif

typedef const char *Skip(const char *p, const char *end, int64_t *depth);

/* What the processor can do, the best last. */
static int skips(Skip **ret)
{
        int n = 0;
        ret[n++] = skip_blocks;
        if (HAS_AVX2)
                ret[n++] = skip_blocks_wide;
        if (HAS_AVX512)
                ret[n++] = skip_blocks_widest;
        return n;
}

/* p is at the bracket that opens. */
static const char *skip_container(const char *p, const char *end, Skip *skip)
{
        int64_t depth = 1;
        p++;
        while (p < end) {
                p = skip(p, end, &depth);
                if (depth == 0)
                        return p;
                const char *stop = end - p > BLOCK ? p + BLOCK : end;
                while (p < stop) {
                        char c = *p++, folded = c | 0x20;
                        if (c == '"') {
                                const char *quote = scan_string_end(p, end);
                                if (!quote)
                                        return end;
                                p = quote + 1;
                        } else if (folded == '{') {
                                depth++;
                        } else if (folded == '}' && --depth == 0) {
                                return p;
                        }
                }
        }
        return p;
}

const char *scan_container(const char *p, const char *end, int way)
{
        Skip *ways[3];
        return way < skips(ways) ? skip_container(p, end, ways[way]) : NULL;
}

/* The end of the value that begins at p; what is wrong inside shows when it is read. */
const char *scan_value(const char *p, const char *end)
{
        if (p == end)
                return p;
        if (*p == '{' || *p == '[') {
                Skip *ways[3];
                return skip_container(p, end, ways[skips(ways) - 1]);
        }
        if (*p == '"') {
                p = scan_string_end(p + 1, end);
                return p ? p + 1 : end;
        }
        while (p < end && !is_space(*p) && *p != ',' && *p != ']' && *p != '}')
                p++;
        return p;
}

char scan_kind(JsonSpan value)
{
        const char *p = value.at ? scan_space(value.at, value.at + value.len) : NULL;
        return p && p < value.at + value.len ? *p : 0;
}

/* ---- walking ---- */

/* What was expected, and the byte that stands there. */
static Status *syntax(const JsonIter *it, const char *expected)
{
        long at = it->at - it->start;
        if (it->at >= it->end)
                return invalid_argument("Invalid JSON: expected %s at byte %ld, found the end",
                                        expected, at);
        unsigned char c = (unsigned char)*it->at;
        if (c < 0x20 || c > 0x7e)
                return invalid_argument("Invalid JSON: expected %s at byte %ld, found byte 0x%02x",
                                        expected, at, c);
        return invalid_argument("Invalid JSON: expected %s at byte %ld, found '%c'", expected, at,
                                c);
}

/* The first half of a loop over members or elements. */
Status *scan_open(JsonSpan text, char open, JsonIter *ret)
{
        const char *at = text.at ? text.at : "";
        JsonIter it = { .start = at,
                        .end = at + (text.at ? text.len : 0),
                        .close = open == '{' ? '}' : ']' };
        it.at = scan_space(it.start, it.end);
        if (it.at == it.end || *it.at != open)
                return syntax(&it, open == '{' ? "an object" : "an array");
        it.at++;
        *ret = it;
        return NULL;
}

/* Reads "key" : and leaves the cursor at the value. */
static Status *take_key(JsonIter *it, JsonSpan *ret)
{
        if (it->at == it->end || *it->at != '"')
                return syntax(it, "a member name in quotes");
        const char *key = it->at + 1, *quote = scan_string_end(key, it->end);
        it->at = quote ? scan_space(quote + 1, it->end) : it->end;
        if (!quote || it->at == it->end || *it->at != ':')
                return syntax(it, quote ? "':'" : "'\"'");
        it->at = scan_space(it->at + 1, it->end);
        *ret = (JsonSpan){ key, (size_t)(quote - key) };
        return NULL;
}

static Status *finish(JsonIter *it, JsonSpan *ret_value)
{
        it->at = scan_space(it->at + 1, it->end);
        if (it->at != it->end)
                return syntax(it, "the end");
        *ret_value = (JsonSpan){ NULL, 0 };
        return NULL;
}

/* The next member or element; *ret_value is empty at the end. */
Status *scan_next(JsonIter *it, JsonSpan *ret_key, JsonSpan *ret_value)
{
        JsonSpan key = { NULL, 0 };
        it->at = scan_space(it->at, it->end);
        if (it->at < it->end && *it->at == it->close)
                return finish(it, ret_value);
        if (it->begun) {
                if (it->at == it->end || *it->at != ',')
                        return syntax(it, it->close == '}' ? "',' or '}'" : "',' or ']'");
                it->at = scan_space(it->at + 1, it->end);
        }
        it->begun = true;
        if (it->close == '}')
                TRY(take_key(it, &key));
        const char *value = it->at;
        it->at = scan_value(value, it->end);
        if (it->at == value)
                return syntax(it, "a value");
        if (ret_key)
                *ret_key = key;
        *ret_value = (JsonSpan){ value, (size_t)(it->at - value) };
        return NULL;
}

/* ---- collecting ---- */

static Status *over_budget(void)
{
        return resource_exhausted("The JSON has too many members");
}

/* Room for one more element in an array that doubles inside the arena; what it leaves behind is
 * less than it has. */
static Status *grow(Arena *a, void **array, size_t size, size_t n)
{
        if (n & (n - 1))
                return NULL; /* only at 0, 1, 2, 4, ... is it full */
        void *bigger = arena_calloc(a, n ? n * 2 : 1, size);
        if (!bigger)
                return over_budget();
        if (n)
                memcpy(bigger, *array, n * size);
        *array = bigger;
        return NULL;
}

/* Names are C strings from here on, so none has a NUL. */
static Status *member_key(Arena *a, JsonSpan raw, const char **ret)
{
        size_t len;
        char *key = arena_alloc(a, JSON_STRING_ROOM(raw.len));
        if (!key)
                return over_budget();
        TRY(json_string_unescape_to(raw, key, &len));
        if (memchr(key, 0, len))
                return invalid_argument("Invalid JSON: a member name contains NUL");
        *ret = key;
        return NULL;
}

static void pointer_to(Status *s, const char *key)
{
        autobuf text = BUF(1 << 16);
        for (const char *p = key; *p; p++)
                buf_puts(&text, *p == '~' ? "~0" : *p == '/' ? "~1" : (char[]){ *p, 0 });
        status_set_pointer(s, "/%s", buf_cstr(&text));
}

/* Few members are searched, many have a map. */
enum { SEARCHED = 8 };

/* Two readers of one body must not see two values. Few members are searched, many indexed. */
static Status *check_new(const JsonObject *o, const char *key, Map *seen)
{
        bool old = o->n > SEARCHED && map_get(seen, key);
        for (size_t i = 0; i < o->n && o->n <= SEARCHED && !old; i++)
                old = strcmp(o->members[i].key, key) == 0;
        if (old) {
                Status *s = invalid_argument("Duplicate member \"%.200s\"", key);
                pointer_to(s, key);
                return s;
        }
        for (size_t i = 0; i < o->n && o->n == SEARCHED; i++)
                TRY(map_set(seen, o->members[i].key, (void *)o->members[i].key));
        return o->n >= SEARCHED ? map_set(seen, key, (void *)key) : NULL;
}

/* All members, with the values as text: who reads them knows what they should be. */
Status *scan_object(Arena *a, JsonSpan text, JsonObject *ret)
{
        JsonIter it;
        JsonObject o = { NULL, 0 };
        __attribute__((cleanup(map_done))) Map seen = { 0 };
        JsonSpan raw, value;
        TRY(scan_open(text, '{', &it));
        for (;;) {
                TRY(scan_next(&it, &raw, &value));
                if (!value.at)
                        break;
                JsonMember m = { .value = value };
                TRY(member_key(a, raw, &m.key));
                TRY(check_new(&o, m.key, &seen));
                TRY(grow(a, (void **)&o.members, sizeof m, o.n));
                o.members[o.n++] = m;
        }
        *ret = o;
        return NULL;
}

/* All elements, as text. */
Status *scan_array(Arena *a, JsonSpan text, JsonArray *ret)
{
        JsonIter it;
        JsonArray list = { NULL, 0 };
        JsonSpan value;
        TRY(scan_open(text, '[', &it));
        for (;;) {
                TRY(scan_next(&it, NULL, &value));
                if (!value.at)
                        break;
                TRY(grow(a, (void **)&list.items, sizeof value, list.n));
                list.items[list.n++] = value;
        }
        *ret = list;
        return NULL;
}

JsonSpan scan_get(const JsonObject *o, const char *key)
{
        for (size_t i = 0; i < o->n; i++)
                if (!strcmp(o->members[i].key, key))
                        return o->members[i].value;
        return (JsonSpan){ NULL, 0 };
}

static bool listed(const char *key, const char *const *known)
{
        for (; *known; known++)
                if (!strcmp(key, *known))
                        return true;
        return false;
}

/* With the nearest names that are known. */
Status *scan_unknown(const char *key, const char *const *known)
{
        Nearest near = NEAREST(key);
        for (; *known; known++)
                nearest_try(&near, *known);
        Status *s = invalid_argument("Unknown member \"%.200s\"", key);
        pointer_to(s, key);
        if (near.best[0])
                s = status_append(s, "; did you mean \"%s\"?", near.best[0]);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "%s", near.best[i]);
        return s;
}

Status *scan_only(const JsonObject *o, const char *const *known)
{
        for (size_t i = 0; i < o->n; i++)
                if (!listed(o->members[i].key, known))
                        return scan_unknown(o->members[i].key, known);
        return NULL;
}

/* ---- small values ---- */

/* Bounds what jansson would allocate: a token costs it up to 92 bytes a character. */
static Status *check_envelope(const char *p, const char *end)
{
        int depth = 0;
        size_t tokens = 0;
        for (; p < end; p++) {
                char folded = *p | 0x20;
                if (*p == '"') {
                        p = scan_string_end(p + 1, end);
                        if (!p)
                                return NULL; /* jansson says it better */
                } else if (folded == '{') {
                        tokens++;
                        if (++depth > JSON_MAX_DEPTH)
                                return invalid_argument("JSON is nested deeper than %d",
                                                        JSON_MAX_DEPTH);
                } else if (folded == '}') {
                        depth--;
                } else if (*p == ',' || *p == ':') {
                        tokens++;
                }
        }
        if (tokens > JSON_MAX_TOKENS)
                return resource_exhausted("The JSON has more than %d values", JSON_MAX_TOKENS);
        return NULL;
}

/* For values of which we want a tree: sizes and depth have been checked before jansson sees
 * them. */
Status *scan_envelope(JsonSpan text, json_t **ret)
{
        json_error_t e;
        if (!text.at)
                return invalid_argument("Invalid JSON: a value is missing");
        TRY(check_envelope(text.at, text.at + text.len));
        json_t *j = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
        if (!j && json_error_code(&e) == json_error_out_of_memory)
                return status_oom();
        if (!j)
                return invalid_argument("Invalid JSON: %s", e.text);
        *ret = j;
        return NULL;
}
