// SPDX-License-Identifier: Apache-2.0
#include "api/feed.h"

#include "api/npy.h"
#include "api/python_type.h"
#include "engine/base/map.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct Reader {
        Request *request;
        Session *session;
        BinaryInputs *tail;
        Feeds *feeds;
        JsonSpan all; /* both forms of "feeds"; none for a callable's values */
        Map seen;     /* keys of the list form */
} Reader;

void feeds_done(Feeds *f)
{
        for (int i = 0; i < f->n; i++)
                tensor_unref(f->items[i].value);
}

/* Feeds keep their order, which is that of TensorFlow's checks. */
static Status *push(Reader *rd, const char *key, Tensor *value)
{
        Feeds *f = rd->feeds;
        if (f->n == f->cap) {
                int cap = f->cap ? f->cap * 2 : 8;
                Feed *items = arena_calloc(rd->request->arena, (size_t)cap, sizeof *items);
                if (!items) {
                        tensor_unref(value);
                        return status_oom();
                }
                if (f->n)
                        memcpy(items, f->items, (size_t)f->n * sizeof *items);
                f->items = items;
                f->cap = cap;
        }
        f->items[f->n++] = (Feed){ key, value };
        return NULL;
}

/* {"$handle": ...} stands for a tensor kept in the session. */
static bool is_handle(JsonSpan v)
{
        static const char member[] = "\"$handle\"";
        if (scan_kind(v) != '{')
                return false;
        const char *p = scan_space(v.at + 1, v.at + v.len);
        return (size_t)(v.at + v.len - p) > sizeof member &&
               memcmp(p, member, sizeof member - 1) == 0;
}

/* ---- numbers of feeds, for errors ---- */

/* As "a:0" and "b:0" compare; the end of a name is the ":" of its output 0. */
static bool comes_before(const char *x, const char *y)
{
        while (*x && *x == *y)
                x++, y++;
        return (unsigned char)(*x ? *x : ':') < (unsigned char)(*y ? *y : ':');
}

/* How many names in a key come before; depth: keys nest. */
static int names_before(Arena *a, JsonSpan key, const char *name, int depth)
{
        JsonArray list;
        JsonObject o;
        const char *text;
        Status *s = NULL;
        int n = 0;
        char kind = scan_kind(key);
        if (kind == '"' && !(s = member_string(a, key, "", &text)))
                return comes_before(text, name);
        if (kind == '[' && depth < LIMIT_FETCH_DEPTH && !(s = scan_array(a, key, &list)))
                for (size_t i = 0; i < list.n; i++)
                        n += names_before(a, list.items[i], name, depth + 1);
        if (kind == '{' && !(s = scan_object(a, key, &o)))
                n = names_before(a, scan_get(&o, "$sparse"), name, depth + 1);
        status_free(s);
        return n;
}

/* A session sorts its feeds and counts by that; a callable has them in its own order. */
static int feed_number(const Reader *rd, const char *key)
{
        Arena *a = rd->request->arena;
        JsonObject o = { 0 };
        JsonArray pairs = { 0 };
        Status *s = NULL;
        int n = 0;
        if (!rd->all.at)
                return rd->feeds->n;
        if (scan_kind(rd->all) == '{')
                s = scan_object(a, rd->all, &o);
        else
                s = scan_array(a, rd->all, &pairs);
        for (size_t i = 0; i < o.n; i++)
                n += comes_before(o.members[i].key, key);
        for (size_t i = 0; i < pairs.n && !s; i++) {
                JsonObject pair = { 0 };
                s = scan_object(a, pairs.items[i], &pair);
                n += s ? 0 : names_before(a, scan_get(&pair, "key"), key, 0);
        }
        status_free(s);
        return n;
}

/* Gives back a tensor of another dtype than the feed's. */
static Status *check_dtype(const Reader *rd, const char *key, DType want, Tensor **t)
{
        if (tensor_dtype(*t) == want)
                return NULL;
        Status *s = invalid_argument("Expects arg[%d] to be %s but %s is provided",
                                     feed_number(rd, key), dtype_name(want),
                                     dtype_name(tensor_dtype(*t)));
        tensor_unref(steal(t));
        return s;
}

static Status *read_handle(Reader *rd, JsonSpan v, Tensor **ret)
{
        static const char *const known[] = { "$handle", NULL };
        JsonObject o;
        const char *handle;
        TRY(scan_object(rd->request->arena, v, &o));
        TRY(scan_only(&o, known));
        TRY(member_string(rd->request->arena, scan_get(&o, "$handle"), "/$handle", &handle));
        return session_get_handle(rd->session, handle, ret);
}

/* TensorFlow's client has words of its own for a bare int that the tensor's type cannot hold. Takes
 * s and returns what is to be said. */
static Status *bare_int(JsonSpan v, DType want, Status *s)
{
        char kind = scan_kind(v);
        bool number = kind == '-' || (kind >= '0' && kind <= '9');
        if (!s || status_code(s) != SR_INVALID_ARGUMENT || !number || strcmp(python_type(v), "int"))
                return s;
        const char *numpy = want == DT_BOOL     ? "bool_"
                            : want == DT_STRING ? "object_"
                                                : dtype_numpy(want);
        Status *said = invalid_argument("Type of feed value %.*s with type <class 'int'> is not "
                                        "compatible with Tensor type "
                                        "<class 'numpy.%s'>. Try explicitly setting the type of "
                                        "the feed tensor to a larger "
                                        "type (e.g. int64).",
                                        (int)MIN(v.len, (size_t)80), v.at, numpy);
        status_set_exception(said, "TypeError");
        status_add_hint(said, "%s", status_message(s));
        status_free(s);
        return said;
}

/* The graph says of which type the value is; the value may not say otherwise. */
static Status *read_tensor(Reader *rd, const char *key, JsonSpan v, Tensor **ret)
{
        DType want;
        Shape shape;
        TensorLimits limits = context_limits(rd->request->context);
        TRY(session_feed_info(rd->session, key, &want, &shape));
        if (is_handle(v))
                TRY(read_handle(rd, v, ret));
        else
                TRY(bare_int(
                        v, dtype_base(want),
                        json_tensor_parse(v, dtype_base(want), &shape, rd->tail, &limits, ret)));
        TRY(check_dtype(rd, key, dtype_base(want), ret));
        Status *s = session_check_feed_shape(key, &shape, &(*ret)->shape);
        if (s)
                tensor_unref(steal(ret));
        return s;
}

static Status *read_feed(Reader *rd, const char *key, JsonSpan v, const char *pointer)
{
        Tensor *t = NULL;
        Status *s = read_tensor(rd, key, v, &t);
        return s ? pointer_prefix(s, pointer) : push(rd, key, t);
}

/* {"name": value, ...}. */
static Status *read_object(Reader *rd, JsonSpan v)
{
        JsonObject o;
        Arena *a = rd->request->arena;
        TRY(scan_object(a, v, &o));
        for (size_t i = 0; i < o.n; i++) {
                const char *key = o.members[i].key;
                Tensor *t = NULL;
                Status *s = read_tensor(rd, key, o.members[i].value, &t);
                if (s) {
                        const char *p = arena_printf(a, "/feeds/%s", pointer_escape(a, key));
                        return pointer_prefix(s, p ? p : "/feeds");
                }
                TRY(push(rd, key, t));
        }
        return NULL;
}

/* The three parts of a sparse value, as an array or by name. The last may be left out, as
 * TensorFlow does when the graph knows the shape. */
static Status *sparse_parts(Reader *rd, JsonSpan v, JsonSpan ret[3])
{
        static const char *const keys[] = { "indices", "values", "dense_shape", NULL };
        if (scan_kind(v) == '{') {
                JsonObject o;
                TRY(scan_object(rd->request->arena, v, &o));
                TRY(scan_only(&o, keys));
                for (int i = 0; i < 3; i++)
                        ret[i] = scan_get(&o, keys[i]);
        } else {
                JsonArray a;
                TRY(scan_array(rd->request->arena, v, &a));
                for (size_t i = 0; i < 3; i++)
                        ret[i] = a.n <= 3 && i < a.n ? a.items[i] : (JsonSpan){ 0 };
        }
        if (!ret[0].at || !ret[1].at)
                return invalid_argument("A sparse value has indices, values and dense_shape.");
        return NULL;
}

/* Two or three feeds in one, as tf.SparseTensorValue. */
static Status *read_sparse(Reader *rd, JsonSpan key, JsonSpan value, const char *pointer)
{
        JsonObject o;
        JsonArray names;
        JsonSpan parts[3];
        static const char *const known[] = { "$sparse", NULL };
        TRY(scan_object(rd->request->arena, key, &o));
        TRY(scan_only(&o, known));
        TRY(scan_array(rd->request->arena, scan_get(&o, "$sparse"), &names));
        if (names.n != 3)
                return invalid_argument(
                        "$sparse takes three names: indices, values and dense_shape.");
        TRY(sparse_parts(rd, value, parts));
        for (int i = 0; i < 3 && parts[i].at; i++) {
                const char *name;
                TRY(member_string(rd->request->arena, names.items[i], pointer, &name));
                TRY(read_feed(rd, name, parts[i], pointer));
        }
        return NULL;
}

static Status *not_flat(const char *fmt, ...) PRINTF(1, 2);
static Status *not_flat(const char *fmt, ...)
{
        char why[400];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(why, sizeof why, fmt, ap);
        va_end(ap);
        Status *s = invalid_argument("Could not flatten dictionary%s", why);
        status_set_exception(s, "ValueError");
        return s;
}

/* A tensor under its name, once. */
static Status *read_named(Reader *rd, JsonSpan key, JsonSpan value, const char *pointer)
{
        const char *name;
        TRY(member_string(rd->request->arena, key, "", &name));
        if (map_get(&rd->seen, name))
                return not_flat(": key %.200s is not unique.", name);
        TRY(map_set(&rd->seen, name, rd));
        return read_feed(rd, name, value, pointer);
}

static Status *read_key(Reader *rd, JsonSpan key, JsonSpan value, const char *pointer, int depth);

/* Keys may be lists of keys, with lists of values of the same form. */
static Status *read_keys(Reader *rd, JsonSpan key, JsonSpan value, const char *pointer, int depth)
{
        JsonArray keys, values;
        Arena *a = rd->request->arena;
        if (depth >= LIMIT_FETCH_DEPTH)
                return invalid_argument("A key is nested deeper than %d levels.",
                                        LIMIT_FETCH_DEPTH);
        TRY(scan_array(a, key, &keys));
        if (scan_kind(value) != '[')
                values = (JsonArray){ .n = 1 };
        else
                TRY(scan_array(a, value, &values));
        if (keys.n != values.n)
                return not_flat(". Key had %zu elements, but value had %zu elements. Key: %.*s, "
                                "value: %.*s.",
                                keys.n, values.n, (int)MIN(key.len, (size_t)100), key.at,
                                (int)MIN(value.len, (size_t)100), value.at);
        for (size_t i = 0; i < keys.n; i++) {
                const char *p = arena_printf(a, "%s/%zu", pointer, i);
                TRY(read_key(rd, keys.items[i], values.items ? values.items[i] : value,
                             p ? p : pointer, depth + 1));
        }
        return NULL;
}

static Status *read_key(Reader *rd, JsonSpan key, JsonSpan value, const char *pointer, int depth)
{
        switch (scan_kind(key)) {
        case '{': return read_sparse(rd, key, value, pointer);
        case '[': return read_keys(rd, key, value, pointer, depth);
        default: return read_named(rd, key, value, pointer);
        }
}

/* {"key": ..., "value": ...}, for keys that are no strings. */
static Status *read_pair(Reader *rd, JsonSpan pair)
{
        static const char *const known[] = { "key", "value", NULL };
        JsonObject o;
        TRY(scan_object(rd->request->arena, pair, &o));
        TRY(scan_only(&o, known));
        JsonSpan key = scan_get(&o, "key"), value = scan_get(&o, "value");
        if (!key.at || !value.at)
                return invalid_argument("A feed has a key and a value.");
        return read_key(rd, key, value, "/value", 0);
}

/* [{"key": ..., "value": ...}, ...]. */
static Status *read_array(Reader *rd, JsonSpan v)
{
        JsonArray a;
        TRY(scan_array(rd->request->arena, v, &a));
        for (size_t i = 0; i < a.n; i++) {
                const char *p = arena_printf(rd->request->arena, "/feeds/%zu", i);
                Status *s = read_pair(rd, a.items[i]);
                if (s)
                        return pointer_prefix(s, p ? p : "/feeds");
        }
        return NULL;
}

/* Both forms of "feeds". */
Status *feeds_parse(Request *r, Session *session, JsonSpan value, BinaryInputs *tail, Feeds *ret)
{
        Reader rd = { r, session, tail, ret, .all = value };
        char kind = scan_kind(value);
        if (kind == '{')
                return read_object(&rd, value);
        if (kind == '[') {
                Status *s = read_array(&rd, value);
                map_done(&rd.seen);
                return s;
        }
        if (!value.at || kind == 'n')
                return NULL;
        Status *s = invalid_argument("feeds must be an object from tensor name to tensor, or an "
                                     "array of key and value.");
        status_set_pointer(s, "/feeds");
        return s;
}

/* By position, for callables. */
Status *feeds_parse_args(Request *r, Session *session, JsonSpan value, const char *const *keys,
                         int n, BinaryInputs *tail, Feeds *ret)
{
        Reader rd = { r, session, tail, ret, .all = { 0 } };
        JsonArray a = { 0 };
        if (value.at && scan_kind(value) != 'n') {
                Status *s = scan_array(r->arena, value, &a);
                if (s)
                        return pointer_prefix(s, "/args");
        }
        if (a.n != (size_t)n) {
                Status *s = invalid_argument("Expected %d feed tensors, but got %zu", n, a.n);
                status_set_pointer(s, "/args");
                return s;
        }
        for (int i = 0; i < n; i++) {
                const char *p = arena_printf(r->arena, "/args/%d", i);
                TRY(read_feed(&rd, keys[i], a.items[i], p ? p : "/args"));
        }
        return NULL;
}

/* ---- parts of a form ---- */

/* A part of a form: .npy, raw bytes for strings, or JSON. */
static Status *read_bytes(Reader *rd, const char *key, JsonSpan v, Tensor **ret)
{
        DType want;
        Shape shape;
        TensorLimits limits = context_limits(rd->request->context);
        TRY(session_feed_info(rd->session, key, &want, &shape));
        want = dtype_base(want);
        if (v.len >= NPY_MAGIC_LEN && memcmp(v.at, NPY_MAGIC, NPY_MAGIC_LEN) == 0) {
                TRY(npy_read(v.at, v.len, LIMIT_TENSOR, ret));
                return check_dtype(rd, key, want, ret);
        }
        if (want == DT_STRING)
                return tensor_string(v.at, v.len, ret);
        Status *s = json_tensor_parse(v, want, &shape, NULL, &limits, ret);
        if (s)
                status_add_hint(s, "A part that feeds %s is a .npy file or a JSON value.",
                                dtype_name(want));
        return s ? s : check_dtype(rd, key, want, ret);
}

Status *feeds_add_bytes(Request *r, Session *session, const char *key, JsonSpan bytes, Feeds *ret)
{
        Reader rd = { r, session, NULL, ret, .all = { 0 } };
        Tensor *t = NULL;
        Status *s = read_bytes(&rd, key, bytes, &t);
        if (!s)
                return push(&rd, key, t);
        const char *p = arena_printf(r->arena, "/feeds/%s", pointer_escape(r->arena, key));
        return pointer_prefix(s, p ? p : "/feeds");
}
