// SPDX-License-Identifier: Apache-2.0
/* Numbers, bools, pairs and strings, each written where it will stay. */
#include "api/json_element.h"

#include "api/json_number.h"
#include "api/json_string.h"
#include "engine/base/base64.h"
#include "engine/base/mem.h"
#include <math.h>

/* ---- errors ---- */

/* A JSON pointer to the element. */
Status *element_at(const JsonReader *r, int levels, Status *s)
{
        char path[SHAPE_MAX_RANK * 21 + 1] = "", *p = path;
        for (int i = 0; i < levels; i++) {
                *p++ = '/';
                p = number_write_int(r->index[i], p);
        }
        *p = 0;
        status_set_pointer(s, "%s", path);
        return s;
}

Status *element_ragged(const JsonReader *r, const char *what)
{
        return element_at(r, r->depth, invalid_argument("Ragged nested array: %s", what));
}

/* A piece of the text for a message: printable ASCII, cut to what helps. */
typedef struct Excerpt {
        char s[48];
} Excerpt;

static Excerpt excerpt(const char *p, const char *end)
{
        Excerpt e;
        const char *stop = scan_value(p, end);
        size_t n = 0, max = sizeof e.s - 4;
        for (; p < stop && n < max; p++)
                e.s[n++] = *p >= 0x20 && *p < 0x7f ? *p : '?';
        memcpy(e.s + n, p < stop ? "..." : "", p < stop ? 4 : 1);
        return e;
}

/* What was expected, and what stands there. */
Status *element_syntax(const JsonReader *r, const char *expected)
{
        if (r->p == r->end)
                return element_at(
                        r, r->depth,
                        invalid_argument("Invalid JSON: expected %s, found the end", expected));
        Excerpt found = { .s = { *r->p >= 0x20 && *r->p < 0x7f ? *r->p : '?' } };
        return element_at(
                r, r->depth,
                invalid_argument("Invalid JSON: expected %s, found '%s'", expected, found.s));
}

/* Valid JSON, but not of the tensor's type. */
static Status *wrong_kind(const JsonReader *r)
{
        const char *name = dtype_numpy(r->dtype), *wanted = "a number";
        if (r->p == r->end || *r->p == ']' || *r->p == ',')
                return element_syntax(r, "a value");
        if (r->dtype == DT_BOOL)
                wanted = "true or false";
        else if (r->dtype == DT_STRING)
                wanted = "a string";
        else if (dtype_is_complex(r->dtype))
                wanted = "a pair [re, im] of numbers";
        return element_at(r, r->depth,
                          invalid_argument("Expected %s for %s, found %s", wanted, name,
                                           excerpt(r->p, r->end).s));
}

/* ---- elements ---- */

static void *slot(const JsonReader *r)
{
        return (char *)tensor_fill(r->out) + (size_t)r->n * dtype_size(r->dtype);
}

/* The raw characters of the string at the cursor. */
static bool raw_string(const JsonReader *r, JsonSpan *ret)
{
        const char *quote =
                r->p < r->end && *r->p == '"' ? scan_string_end(r->p + 1, r->end) : NULL;
        if (!quote)
                return false;
        *ret = (JsonSpan){ r->p + 1, (size_t)(quote - r->p - 1) };
        return true;
}

static bool same(JsonSpan s, const char *word)
{
        return s.len == strlen(word) && !memcmp(s.at, word, s.len);
}

static const char *special_float(DType dtype, JsonSpan s, void *out)
{
        double v = same(s, "NaN")        ? (double)NAN
                   : same(s, "Infinity") ? (double)INFINITY
                                         : -(double)INFINITY;
        if (!isnan(v) && v < 0 && !same(s, "-Infinity"))
                return NULL;
        switch ((int)dtype) {
#define CASE(ID, T, W, GET, PUT) \
        case DT_##ID: *(T *)out = PUT((W)v); break;
                FLOAT_TYPES(CASE)
#undef CASE
        default: return NULL;
        }
        return s.at + s.len + 1;
}

/* One number of a real type: text, "NaN" and its like for floats, decimal strings for integers.
 * Moves the cursor. */
static Status *real_element(JsonReader *r, DType dtype, void *out)
{
        int64_t n = 0;
        Decimal d;
        JsonSpan s;
        const char *p = number_run(dtype, r->p, r->end, out, 1, &n);
        if (!n && raw_string(r, &s)) {
                if (dtype_is_floating(dtype)) {
                        p = special_float(dtype, s, out);
                        n = p != NULL;
                } else if (number_scan(s.at, s.at + s.len, &d) == s.at + s.len && s.len &&
                           !d.fraction) {
                        p = number_run(dtype, s.at, s.at + s.len, out, 1, &n) + 1;
                }
        }
        if (n) {
                r->p = p;
                return NULL;
        }
        const char *digits = r->p + (r->p < r->end && *r->p == '"');
        if (number_scan(digits, r->end, &d) &&
            (digits == r->p || (d.end < r->end && *d.end == '"')))
                return element_at(r, r->depth,
                                  invalid_argument("%s does not fit %s", excerpt(r->p, r->end).s,
                                                   dtype_numpy(r->dtype)));
        return wrong_kind(r);
}

static Status *bool_element(JsonReader *r)
{
        bool t = r->end - r->p >= 4 && !memcmp(r->p, "true", 4);
        if (!t && (r->end - r->p < 5 || memcmp(r->p, "false", 5) != 0))
                return wrong_kind(r);
        *(bool *)slot(r) = t;
        r->p += t ? 4 : 5;
        return NULL;
}

/* [re, im]. */
static Status *complex_element(JsonReader *r)
{
        DType part = r->dtype == DT_COMPLEX64 ? DT_FLOAT : DT_DOUBLE;
        char *out = slot(r);
        if (r->p == r->end || *r->p != '[')
                return wrong_kind(r);
        r->p = scan_space(r->p + 1, r->end);
        TRY(real_element(r, part, out));
        r->p = scan_space(r->p, r->end);
        if (r->p == r->end || *r->p != ',')
                return element_syntax(r, "',' and an imaginary part");
        r->p = scan_space(r->p + 1, r->end);
        TRY(real_element(r, part, out + dtype_size(part)));
        r->p = scan_space(r->p, r->end);
        if (r->p == r->end || *r->p != ']')
                return element_syntax(r, "']' behind the imaginary part");
        r->p++;
        return NULL;
}

/* Without its quotes; escapes are rare enough for a copy. */
Status *element_b64_text(JsonSpan value, char **ret_copy, JsonSpan *ret)
{
        JsonSpan raw = { value.at + 1, value.len - 2 };
        if (value.len < 2 || *value.at != '"' ||
            scan_string_end(raw.at, value.at + value.len) != raw.at + raw.len)
                return invalid_argument("Expected a string of base64");
        if (memchr(raw.at, '\\', raw.len)) { /* some encoders write "\/" */
                size_t len;
                TRY(json_string_unescape(raw, ret_copy, &len));
                raw = (JsonSpan){ *ret_copy, len };
        }
        *ret = raw;
        return NULL;
}

/* The bytes of {"b64": ...}. */
Status *element_b64(JsonSpan value, char **ret, size_t *ret_len)
{
        autofree char *text = NULL;
        JsonSpan raw;
        TRY(element_b64_text(value, &text, &raw));
        autofree char *bytes = mem_alloc(BASE64_BYTES(raw.len));
        if (!bytes)
                return status_oom();
        if (!base64_decode(raw.at, raw.len, bytes, ret_len))
                return invalid_argument("The text is not base64");
        *ret = steal(&bytes);
        return NULL;
}

/* {"b64":"..."} */
static Status *wrapped_bytes(JsonSpan object, char **ret, size_t *ret_len)
{
        JsonIter it;
        JsonSpan key, value, more;
        TRY(scan_open(object, '{', &it));
        TRY(scan_next(&it, &key, &value));
        if (!value.at || !same(key, "b64"))
                return invalid_argument("Expected a string or {\"b64\":\"...\"}");
        TRY(scan_next(&it, &key, &more));
        if (more.at)
                return invalid_argument("{\"b64\":\"...\"} has no other members");
        return element_b64(value, ret, ret_len);
}

/* Text, or bytes as {"b64": ...}. */
static Status *string_element(JsonReader *r)
{
        autofree char *bytes = NULL;
        size_t len;
        JsonSpan raw;
        Status *s;
        const char *behind = scan_value(r->p, r->end);
        if (raw_string(r, &raw))
                s = json_string_unescape(raw, &bytes, &len);
        else if (r->p < r->end && *r->p == '{')
                s = wrapped_bytes((JsonSpan){ r->p, (size_t)(behind - r->p) }, &bytes, &len);
        else
                return wrong_kind(r);
        if (s)
                return element_at(r, r->depth, s);
        if (len > r->max_bytes - r->string_bytes)
                return resource_exhausted("A tensor may have at most %zu bytes", r->max_bytes);
        r->string_bytes += len;
        if (len)
                tensor_take_string(r->out, r->n, steal(&bytes), len);
        r->p = behind;
        return NULL;
}

/* At the start of an innermost array whose size is known: takes all rows but the last of those that
 * look like it, at once. */
static void take_rows(JsonReader *r)
{
        int d = r->depth - 1;
        int64_t n = d > 0 && r->index[d] == 0 ? r->dim[d] : 0, rows = 0;
        if (n <= 0)
                return;
        r->p = number_rows(r->dtype, r->p, r->end, slot(r), n, (r->max - r->n) / n, &rows);
        r->n += rows * n;
        r->index[d - 1] += rows;
}

/* Reads the element at the cursor, and as many as follow in the same array when they are plain
 * numbers. */
Status *element_read(JsonReader *r)
{
        int64_t n = 1;
        if (r->sealed && r->depth != r->rank)
                return element_ragged(r, "an element where the others are arrays");
        if (r->n >= r->max)
                return element_syntax(r, "the end");
        r->sealed = true;
        take_rows(r);
        if (r->dtype == DT_BOOL)
                TRY(bool_element(r));
        else if (r->dtype == DT_STRING)
                TRY(string_element(r));
        else if (dtype_is_complex(r->dtype))
                TRY(complex_element(r));
        else if (r->depth == 0)
                TRY(real_element(r, r->dtype, slot(r)));
        else
                r->p = number_run(r->dtype, r->p, r->end, slot(r), r->max - r->n, &n);
        if (n == 0) {
                TRY(real_element(r, r->dtype, slot(r)));
                n = 1;
        }
        r->n += n;
        if (r->depth)
                r->index[r->depth - 1] += n;
        return NULL;
}
