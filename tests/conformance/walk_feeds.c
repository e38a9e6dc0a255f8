// SPDX-License-Identifier: Apache-2.0
/* Feeds for graphs of which nothing is known but their placeholders. What a graph takes can only be
 * tried: images want width, labels want few dimensions, parsers want their own texts. */
#include "tests/conformance/walk.h"

#include <string.h>

/* Texts that decode, as JSON: a tf.train.Example {x: 1}, a PNG of 2x2, eight samples of a WAV. */
#define EXAMPLE "{\"b64\":\"Cg8KDQoBeBIIEgYKBAAAgD8=\"}"
#define PNG                                                                      \
        "{\"b64\":\""                                                            \
        "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGPgEpHTMLJhcA" \
        "uISsmrAAAPGAMNu2WgUwAAAABJRU5ErkJggg=="                                 \
        "\"}"
#define WAV                                                                      \
        "{\"b64\":\""                                                            \
        "UklGRjQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YRAAAAAAAOgDiBNI9M" \
        "gAwOBYGwoA"                                                             \
        "\"}"

/* rank: of placeholders that do not tell theirs. first: unknown dimensions in front, others:
 * behind. */
static const struct Way {
        int rank, first, others;
        const char *text;
        bool ones;
} ways[] = {
        { 0, 1, 1, "\"\"", false },   { 1, 1, 1, EXAMPLE, false }, { 2, 1, 4, "\"1\"", false },
        { 4, 1, 32, PNG, false },     { 0, 2, 4, WAV, false },     { 1, 4, 4, "\"a b\"", false },
        { 2, 4, 4, "\"\"", false },   { 0, 32, 32, PNG, true },    { 4, 1, 299, EXAMPLE, false },
        { 2, 1, 784, "\"\"", false },
};

int feeds_ways(void)
{
        return COUNTOF(ways);
}

static bool is_float(const char *dtype)
{
        return strstr(dtype, "float") || !strcmp(dtype, "half");
}

/* Element i: small numbers, none twice in a row, so that a sum or a sort has something to do. */
static void put_element(Buf *out, const char *dtype, const struct Way *w, size_t i)
{
        if (!strcmp(dtype, "string"))
                buf_puts(out, w->text);
        else if (!strcmp(dtype, "bool"))
                buf_puts(out, i % 2 || w->ones ? "true" : "false");
        else if (!strncmp(dtype, "complex", 7))
                buf_puts(out, "[0.5,0]");
        else if (is_float(dtype))
                buf_printf(out, "%g", w->ones ? 1 : (double)(i * 37 % 100) / 100);
        else
                buf_printf(out, "%d", w->ones ? 1 : (int)(i % 3));
}

/* What two numbers of 64 bits may be: the size of a sparse matrix. */
static bool is_size(const char *dtype, const json_t *shape)
{
        return !strcmp(dtype, "int64") && json_array_size(shape) == 1 &&
               json_integer_value(json_array_get(shape, 0)) == 2;
}

/* Rows of two numbers of 64 bits: places in a sparse matrix, in order. */
static bool is_places(const char *dtype, const json_t *shape)
{
        return !strcmp(dtype, "int64") && json_array_size(shape) == 2 &&
               json_integer_value(json_array_get(shape, 1)) == 2;
}

/* Appends dimensions in brackets; how many elements those are. *ret_free is set when one of them
 * was chosen here. */
static size_t put_shape(Buf *out, const json_t *shape, const struct Way *w, bool *ret_free)
{
        bool known = json_is_array(shape);
        size_t n = 1, rank = known ? json_array_size(shape) : (size_t)w->rank;
        buf_putc(out, '[');
        for (size_t i = 0; i < rank; i++) {
                json_int_t d = known ? json_integer_value(json_array_get(shape, i)) : -1;
                /* The last of four dimensions is that of colors. */
                json_int_t pick = i == 0 ? w->first : i == 3 ? 3 : w->others;
                n *= (size_t)(d < 0 ? pick : d);
                *ret_free |= d < 0;
                buf_printf(out, "%s%lld", i ? "," : "", (long long)(d < 0 ? pick : d));
        }
        buf_putc(out, ']');
        *ret_free |= !known;
        return n;
}

static void put_tensor(Buf *out, const char *name, const char *dtype, const json_t *shape,
                       const struct Way *w, bool *ret_free)
{
        buf_printf(out, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":", out->len ? "," : "", name, dtype);
        size_t n = put_shape(out, shape, w, ret_free);
        buf_puts(out, ",\"data\":[");
        for (size_t i = 0; i < n; i++) {
                if (i)
                        buf_putc(out, ',');
                if (is_size(dtype, shape))
                        buf_puts(out, "8");
                else if (is_places(dtype, shape))
                        buf_printf(out, "%d", i % 2 ? 0 : (int)i / 2);
                else
                        put_element(out, dtype, w, i);
        }
        buf_puts(out, "]}");
        *ret_free |= !strcmp(dtype, "string");
}

static bool is_fed(const char *op)
{
        return !strcmp(op, "Placeholder") || !strcmp(op, "PlaceholderV2") || !strcmp(op, "_Arg");
}

static bool is_given(const char *given, const char *name)
{
        autobuf quoted = BUF(4096);
        buf_printf(&quoted, "'%s'", name);
        return given && strstr(given, buf_cstr(&quoted));
}

bool feeds_choose(const json_t *nodes, const json_t *only, const char *given, int way, Buf *ret)
{
        bool can_vary = false;
        size_t i;
        json_t *node;
        json_array_foreach (nodes, i, node) {
                const char *op = json_string_value(json_object_get(node, "op"));
                const json_t *out = json_array_get(json_object_get(node, "outputs"), 0);
                const char *dtype = json_string_value(json_object_get(out, "dtype"));
                const char *name = json_string_value(json_object_get(out, "name"));
                if (!op || !dtype || !name || (only && !json_object_get(only, name)) ||
                    is_given(given, name))
                        continue;
                if ((only || is_fed(op)) && strcmp(dtype, "resource") && strcmp(dtype, "variant"))
                        put_tensor(ret, name, dtype, json_object_get(out, "shape"), &ways[way],
                                   &can_vary);
        }
        return can_vary;
}
