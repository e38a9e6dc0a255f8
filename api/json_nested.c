// SPDX-License-Identifier: Apache-2.0
/* One pass over the text, no recursion: a level per open bracket, and elements written where they
 * will stay. The number of elements is known before: however they are nested, there is one comma
 * less (each array has one less than children). */
#include "api/json_nested.h"

#include "api/json_element.h"
#include "api/json_number.h"
#include "api/json_parts.h"
#include "engine/base/mem.h"
#include <string.h>

/* ---- nesting ---- */

/* Is there an array at the cursor? For complex types [re, im] is none. */
static bool at_array(const JsonReader *r)
{
        if (r->p == r->end || *r->p != '[')
                return false;
        if (!dtype_is_complex(r->dtype))
                return true;
        const char *first = scan_space(r->p + 1, r->end);
        return first < r->end && (*first == '[' || *first == ']');
}

/* The first path down settles the rank. */
static Status *open_array(JsonReader *r)
{
        if (r->depth == SHAPE_MAX_RANK)
                return unimplemented("Tensors of rank %d are not supported; the largest rank is %d",
                                     r->depth + 1, SHAPE_MAX_RANK);
        if (r->depth == r->rank) {
                if (r->sealed)
                        return element_ragged(r, "an array where the others are elements");
                r->dim[r->rank++] = -1;
        }
        r->index[r->depth++] = 0;
        r->p = scan_space(r->p + 1, r->end);
        return NULL;
}

/* The first array of each level settles its length. */
static Status *close_array(JsonReader *r)
{
        int d = --r->depth;
        r->sealed = true;
        r->p++;
        if (r->dim[d] < 0)
                r->dim[d] = r->index[d];
        if (r->dim[d] != r->index[d])
                return element_at(
                        r, d,
                        invalid_argument(
                                "Ragged nested array: %lld elements where those before have %lld",
                                (long long)r->index[d], (long long)r->dim[d]));
        if (d)
                r->index[d - 1]++;
        return NULL;
}

/* Behind a value, or in an empty array: closes what is closed and passes the comma. False when all
 * is closed. */
static Status *next_value(JsonReader *r, bool *ret_more)
{
        while (r->depth) {
                r->p = scan_space(r->p, r->end);
                if (r->p < r->end && *r->p == ',') {
                        r->p = scan_space(r->p + 1, r->end);
                        *ret_more = true;
                        return NULL;
                }
                if (r->p == r->end || *r->p != ']')
                        return element_syntax(r, "',' or ']'");
                TRY(close_array(r));
        }
        *ret_more = false;
        return NULL;
}

/* An array's beginning, or an element with what stands behind it. */
static Status *step(JsonReader *r, bool *ret_more)
{
        if (at_array(r)) {
                TRY(open_array(r));
                if (r->p == r->end || *r->p != ']')
                        return NULL;
        } else {
                TRY(element_read(r));
        }
        return next_value(r, ret_more);
}

/* A loop instead of recursion: the depth is bounded by the rank. */
static Status *walk(JsonReader *r)
{
        for (bool more = true; more;)
                TRY(step(r, &more));
        r->p = scan_space(r->p, r->end);
        return r->p == r->end ? NULL : element_syntax(r, "the end");
}

bool nested_part(JsonReader *r)
{
        bool more = true;
        Status *s = NULL;
        while (!s && more && r->p < r->end)
                s = step(r, &more);
        status_free(s);
        return !s && more && r->depth > 0;
}

/* ---- size and type ---- */

/* How many elements there can be at most. */
HOT static size_t count_byte(const char *p, size_t n, char c)
{
        size_t count = 0;
        while (n >= 128) { /* in bytes first, which vectorizes best */
                uint8_t some = 0;
                for (int i = 0; i < 128; i++)
                        some += p[i] == c;
                count += some;
                p += 128;
                n -= 128;
        }
        for (; n; n--)
                count += *p++ == c;
        return count;
}

size_t nested_commas(const char *p, size_t n)
{
        return count_byte(p, n, ',');
}

/* Commas outside of strings. */
static size_t commas_between_strings(JsonSpan text)
{
        const char *p = text.at, *end = p + text.len, *quote;
        size_t n = 0;
        while (p < end && (quote = memchr(p, '"', (size_t)(end - p)))) {
                n += count_byte(p, (size_t)(quote - p), ',');
                p = scan_string_end(quote + 1, end);
                if (!p)
                        return n;
                p++;
        }
        return n + count_byte(p, (size_t)(end - p), ',');
}

/* As TensorFlow converts Python values: whole numbers are int32, others float32, nothing at all
 * float32. */
static DType infer(JsonSpan text)
{
        const char *p = text.at, *end = p + text.len;
        while (p < end && (*p == '[' || scan_space(p, p + 1) != p))
                p++;
        if (p == end || *p == ']')
                return DT_FLOAT;
        if (*p == '"' || *p == '{')
                return DT_STRING;
        if (*p == 't' || *p == 'f')
                return DT_BOOL;
        size_t n = (size_t)(end - p);
        return memchr(p, '.', n) || memchr(p, 'e', n) || memchr(p, 'E', n) || memchr(p, '"', n)
                       ? DT_FLOAT
                       : DT_INT32;
}

/* The same bytes under the shape that the brackets had. */
static Status *finish(const JsonReader *r, Tensor **ret)
{
        Shape shape;
        TRY(shape_make(r->dim, r->rank, &shape));
        if (r->n == 0)
                return tensor_new(r->dtype, &shape, ret);
        return tensor_slice(r->out, 0, &shape, ret);
}

/* Elements go straight to their places; the shape is known at the end. */
static Status *parse(JsonSpan text, DType dtype, const TensorLimits *limits, Tensor **ret)
{
        autoptr(Tensor) out = NULL;
        autoparts parts = { 0 };
        size_t n, size = dtype_size(dtype);
        if (dtype == DT_STRING)
                n = commas_between_strings(text);
        else
                parts_cut(text, dtype_is_complex(dtype) ? NULL : &limits->help, &parts, &n);
        n = dtype_is_complex(dtype) ? n / 2 + 1 : n + 1;
        if (n > limits->max_bytes / size)
                return resource_exhausted("A tensor may have at most %zu bytes", limits->max_bytes);
        TRY(tensor_new(dtype, &SHAPE((int64_t)n), &out));
        JsonReader r = { .p = text.at,
                         .end = text.at + text.len,
                         .dtype = dtype,
                         .out = out,
                         .max = (int64_t)n,
                         .max_bytes = limits->max_bytes,
                         .string_bytes = dtype == DT_STRING ? n * size : 0 };
        r.p = scan_space(r.p, r.end);
        parts_read(&parts, &r);
        TRY(walk(&r));
        return finish(&r, ret);
}

/* Without a dtype it is guessed as numpy does; int32 becomes int64 when a number asks for it. */
Status *json_nested_parse(JsonSpan text, DType dtype, const TensorLimits *limits, Tensor **ret)
{
        bool guess = dtype == DT_INVALID;
        if (guess)
                dtype = infer(text);
        if (dtype == DT_RESOURCE || dtype == DT_VARIANT)
                return invalid_argument("A %s cannot be written as JSON", dtype_numpy(dtype));
        number_init();
        Status *s = parse(text, dtype, limits, ret);
        if (s && guess && dtype == DT_INT32) {
                status_free(s);
                s = parse(text, DT_INT64, limits, ret);
        }
        return s;
}

Status *json_nested_within(Status *s, const char *path)
{
        if (!s)
                return NULL;
        autofree char *rest = mem_strdup(status_pointer(s) ? status_pointer(s) : "");
        status_set_pointer(s, "%s%s", path, rest ? rest : "");
        return s;
}
