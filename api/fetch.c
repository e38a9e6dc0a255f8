// SPDX-License-Identifier: Apache-2.0
#include "api/fetch.h"

#include "api/limits.h"
#include "api/python_type.h"
#include "api/request.h"
#include <stdint.h>
#include <string.h>

void fetch_names_done(FetchNames *f)
{
        map_done(&f->seen);
}

/* ---- reading ---- */

/* A short list is searched, a long one has a map. */
enum { SEARCHED = 8 };

static int find_name(const FetchNames *f, const char *name)
{
        if (f->n > SEARCHED)
                return (int)(intptr_t)map_get(&f->seen, name) - 1;
        for (int i = 0; i < f->n; i++)
                if (strcmp(f->names[i], name) == 0)
                        return i;
        return -1;
}

static Status *index_name(FetchNames *f, int i)
{
        return map_set(&f->seen, f->names[i], (void *)(intptr_t)(i + 1));
}

/* Each name once: leaves that repeat share it. Short lists are searched, long ones indexed. */
static Status *add_name(FetchNames *f, const char *name, int *ret)
{
        *ret = find_name(f, name);
        if (*ret >= 0)
                return NULL;
        if (f->n == f->cap) {
                int cap = f->cap ? f->cap * 2 : SEARCHED;
                const char **names = arena_calloc(f->arena, (size_t)cap, sizeof *names);
                if (!names)
                        return status_oom();
                if (f->n)
                        memcpy(names, f->names, (size_t)f->n * sizeof *names);
                f->names = names;
                f->cap = cap;
        }
        f->names[f->n] = name;
        *ret = f->n++;
        if (f->n == SEARCHED + 1)
                for (int i = 0; i < SEARCHED; i++)
                        TRY(index_name(f, i));
        return f->n > SEARCHED ? index_name(f, *ret) : NULL;
}

/* The Python client's text for things that are no tensors. */
static Status *bad_leaf(JsonSpan v, const char *pointer)
{
        const char *type = python_type(v);
        JsonSpan shown = v;
        Status *s;
        if (scan_kind(v) == 't')
                shown = (JsonSpan){ "True", 4 };
        if (scan_kind(v) == 'f')
                shown = (JsonSpan){ "False", 5 };
        if (scan_kind(v) == 'n')
                s = invalid_argument("Fetch argument None has invalid type <class 'NoneType'>");
        else
                s = invalid_argument("Fetch argument %.*s has invalid type <class '%s'>, must be a "
                                     "string or Tensor. "
                                     "(Can not convert a %s into a Tensor or Operation.)",
                                     (int)MIN(shown.len, (size_t)80), shown.at, type, type);
        status_set_exception(s, "TypeError");
        status_set_pointer(s, "%s", pointer);
        return s;
}

static Status *parse_leaf(JsonSpan v, const char *pointer, FetchNames *names, Fetch *ret)
{
        const char *name;
        if (scan_kind(v) != '"')
                return bad_leaf(v, pointer);
        TRY(member_string(names->arena, v, pointer, &name));
        ret->kind = FETCH_LEAF;
        return add_name(names, name, &ret->leaf);
}

/* A handle is of a tensor: an operation has no value to keep. */
static Status *parse_handle(JsonSpan v, const char *pointer, FetchNames *names, Fetch *ret)
{
        TRY(parse_leaf(v, pointer, names, ret));
        ret->kind = FETCH_HANDLE;
        if (strchr(names->names[ret->leaf], ':'))
                return NULL;
        Status *s = invalid_argument("$handle takes a tensor's name, such as \"%.100s:0\".",
                                     names->names[ret->leaf]);
        status_set_pointer(s, "%s", pointer);
        return s;
}

static Status *parse(JsonSpan v, const char *pointer, int depth, FetchNames *names, Fetch *ret);

/* The elements of a list. */
static Status *parse_items(const JsonSpan *items, size_t n, const char *pointer, int depth,
                           FetchNames *names, Fetch *ret)
{
        ret->n = n;
        ret->items = arena_calloc(names->arena, n + 1, sizeof *ret->items);
        if (!ret->items)
                return status_oom();
        for (size_t i = 0; i < n; i++) {
                const char *p = arena_printf(names->arena, "%s/%zu", pointer, i);
                TRY(parse(items[i], p ? p : "", depth, names, &ret->items[i]));
        }
        return NULL;
}

/* Three names that come back as one object. */
static Status *parse_sparse(JsonSpan v, const char *pointer, FetchNames *names, Fetch *ret)
{
        JsonArray a;
        TRY(scan_array(names->arena, v, &a));
        ret->kind = FETCH_SPARSE;
        if (a.n == 3)
                return parse_items(a.items, a.n, pointer, LIMIT_FETCH_DEPTH, names, ret);
        Status *s = invalid_argument("$sparse takes three names: indices, values and dense_shape.");
        status_set_pointer(s, "%s", pointer);
        return s;
}

/* An object of fetches, unless its one key begins with "$". */
static Status *parse_object(JsonSpan v, const char *pointer, int depth, FetchNames *names,
                            Fetch *ret)
{
        JsonObject o;
        TRY(scan_object(names->arena, v, &o));
        if (o.n == 1 && strcmp(o.members[0].key, "$sparse") == 0)
                return parse_sparse(o.members[0].value, pointer, names, ret);
        if (o.n == 1 && strcmp(o.members[0].key, "$handle") == 0)
                return parse_handle(o.members[0].value, pointer, names, ret);
        ret->kind = FETCH_OBJECT;
        ret->n = o.n;
        ret->items = arena_calloc(names->arena, o.n + 1, sizeof *ret->items);
        if (!ret->items)
                return status_oom();
        for (size_t i = 0; i < o.n; i++) {
                const char *key = o.members[i].key;
                const char *p = arena_printf(names->arena, "%s/%s", pointer,
                                             pointer_escape(names->arena, key));
                ret->items[i].key = key;
                TRY(parse(o.members[i].value, p ? p : "", depth, names, &ret->items[i]));
        }
        return NULL;
}

/* Any nesting down to LIMIT_FETCH_DEPTH. */
static Status *parse(JsonSpan v, const char *pointer, int depth, FetchNames *names, Fetch *ret)
{
        char kind = scan_kind(v);
        if (kind != '[' && kind != '{')
                return parse_leaf(v, pointer, names, ret);
        if (depth >= LIMIT_FETCH_DEPTH) {
                Status *s = invalid_argument("fetches are nested deeper than %d levels.",
                                             LIMIT_FETCH_DEPTH);
                status_set_pointer(s, "%.200s", pointer);
                return s;
        }
        if (kind == '{')
                return parse_object(v, pointer, depth + 1, names, ret);
        JsonArray a;
        TRY(scan_array(names->arena, v, &a));
        ret->kind = FETCH_ARRAY;
        return parse_items(a.items, a.n, pointer, depth + 1, names, ret);
}

Status *fetch_parse(JsonSpan value, const char *pointer, FetchNames *names, Fetch *ret)
{
        return parse(value, pointer, 0, names, ret);
}

/* A name, or a list of names. */
Status *fetch_parse_names(JsonSpan value, const char *pointer, FetchNames *names)
{
        JsonArray a;
        const char *name;
        int ignored;
        if (scan_kind(value) == '"') {
                TRY(member_string(names->arena, value, pointer, &name));
                return add_name(names, name, &ignored);
        }
        Status *s = scan_array(names->arena, value, &a);
        status_set_pointer(s, "%s", pointer);
        TRY(s);
        for (size_t i = 0; i < a.n; i++) {
                const char *p = arena_printf(names->arena, "%s/%zu", pointer, i);
                TRY(member_string(names->arena, a.items[i], p ? p : pointer, &name));
                TRY(add_name(names, name, &ignored));
        }
        return NULL;
}

/* ---- errors ---- */

/* The pointer of a leaf below f, in the arena; NULL when it is not there. */
static const char *leaf_pointer(const Fetch *f, int leaf, const char *pointer, Arena *arena)
{
        const char *found = NULL;
        if (f->kind == FETCH_LEAF || f->kind == FETCH_HANDLE)
                return f->leaf == leaf ? pointer : NULL;
        for (size_t i = 0; i < f->n && !found; i++) {
                const char *key = f->items[i].key;
                const char *p = f->kind == FETCH_OBJECT ? arena_printf(arena, "%s/%s", pointer,
                                                                       pointer_escape(arena, key))
                                                        : arena_printf(arena, "%s/%zu", pointer, i);
                found = p ? leaf_pointer(&f->items[i], leaf, p, arena) : NULL;
        }
        return found;
}

/* Finds the place in the request that an error of the core speaks of. */
Status *fetch_point(const Fetch *f, const FetchNames *names, Arena *arena, Status *s)
{
        static const char lead[] = "Fetch argument '";
        const char *text = status_message(s);
        if (status_pointer(s) || strncmp(text, lead, sizeof lead - 1) != 0)
                return s;
        text += sizeof lead - 1;
        for (int i = 0; i < names->n; i++) {
                size_t n = strlen(names->names[i]);
                if (strncmp(text, names->names[i], n) != 0 || text[n] != '\'')
                        continue;
                const char *p = leaf_pointer(f, i, "/fetches", arena);
                if (p)
                        status_set_pointer(s, "%s", p);
                return s;
        }
        return s;
}

/* ---- writing ---- */

static void write_value(const Tensor *t, const FetchOutput *o, Writer *w)
{
        if (!t) {
                writer_null(w);
                return;
        }
        writer_value(w);
        json_tensor_write_with(t, o->style, o->int64_as_string, &o->help, w->out, o->binary);
}

static void write_sparse(const Fetch *f, Tensor *const *values, const FetchOutput *o, Writer *w)
{
        static const char *const keys[] = { "indices", "values", "dense_shape" };
        writer_open(w, '{');
        for (size_t i = 0; i < COUNTOF(keys); i++) {
                writer_key(w, keys[i]);
                write_value(values[f->items[i].leaf], o, w);
        }
        writer_close(w, '}');
}

/* The value stays in the session, the client gets its handle. */
static Status *keep(const Fetch *f, Tensor *value, const FetchOutput *o, Writer *w)
{
        autofree char *handle = NULL;
        if (!o->session) {
                writer_null(w);
                return NULL;
        }
        const char *name = o->names->names[f->leaf];
        autofree char *op = mem_strndup(name, strcspn(name, ":"));
        if (!op)
                return status_oom();
        TRY(session_put_handle(o->session, op, value, &handle));
        writer_string(w, handle);
        return NULL;
}

/* The result has the form of the request. */
static Status *write_items(const Fetch *f, Tensor *const *values, const FetchOutput *o, Writer *w)
{
        writer_open(w, f->kind == FETCH_ARRAY ? '[' : '{');
        for (size_t i = 0; i < f->n; i++) {
                if (f->kind == FETCH_OBJECT)
                        writer_key(w, f->items[i].key);
                TRY(fetch_write(&f->items[i], values, o, w));
        }
        writer_close(w, f->kind == FETCH_ARRAY ? ']' : '}');
        return NULL;
}

Status *fetch_write(const Fetch *f, Tensor *const *values, const FetchOutput *o, Writer *w)
{
        switch (f->kind) {
        case FETCH_LEAF: write_value(values[f->leaf], o, w); return NULL;
        case FETCH_HANDLE: return keep(f, values[f->leaf], o, w);
        case FETCH_SPARSE: write_sparse(f, values, o, w); return NULL;
        default: return write_items(f, values, o, w);
        }
}
