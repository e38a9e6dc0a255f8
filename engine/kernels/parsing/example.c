// SPDX-License-Identifier: Apache-2.0
/* Finds the features that an op wants in its examples. */
#include "engine/kernels/parsing/example.h"

#include "engine/base/escape.h"

#include <stdatomic.h>
#include <stdio.h>

/* How many places the table of features has at most. */
#define FEATURES_MAX ((int64_t)1 << 26)

static int wants(const ExampleOp *e)
{
        return e->n_sparse + e->n_dense + e->n_ragged;
}

static bool is_dense(const ExampleOp *e, int want)
{
        return want >= e->n_sparse && want < e->n_sparse + e->n_dense;
}

/* ---- keys ---- */

Status *keys_new(OpCtx *c, Keys *k, int n)
{
        k->before = ctx_scratch(c, (size_t)(n + 1) * sizeof *k->before);
        return k->before ? NULL : status_oom();
}

void keys_done(Keys *k)
{
        map_done(&k->map);
}

static int look_up(const Keys *k, const void *key, size_t len)
{
        return (int)(intptr_t)map_getn(&k->map, key, len) - 1;
}

Status *keys_add(Keys *k, int i, const Want *w)
{
        k->before[i] = look_up(k, w->key, w->key_len);
        return map_setn(&k->map, w->key, w->key_len, (void *)(intptr_t)(i + 1));
}

int keys_find(const Keys *k, KeysSeen *seen, size_t place, Wire key)
{
        size_t len = wire_left(&key);
        struct KeyAt *at = &seen->at[place % KEYS_SEEN];
        if (!at->key.at || wire_left(&at->key) != len || memcmp(at->key.at, key.at, len) != 0)
                *at = (struct KeyAt){ key, look_up(k, key.at, len) };
        return at->want;
}

void want_key(Want *w, const void *text, size_t len)
{
        w->key = text ? text : "";
        w->key_len = len;
}

int want_key_shown(const Want *w)
{
        return (int)MIN(w->key_len, (size_t)100);
}

/* ---- messages ---- */

const char *example_name(const ExampleOp *e, int64_t i, int *ret_len)
{
        if (!e->names || i >= tensor_count(e->names)) {
                *ret_len = 9;
                return "<unknown>";
        }
        const TString *s = &tensor_strings(e->names)[i];
        *ret_len = (int)MIN(s->len, (size_t)100);
        return s->data ? s->data : "";
}

Status *example_error(const ExampleOp *e, int64_t example, const Want *w, const char *reason)
{
        int len;
        const char *name = example_name(e, example, &len);
        if (e->single)
                return invalid_argument("Key: %.*s.  %s", want_key_shown(w), w->key, reason);
        return invalid_argument("Name: %.*s, Key: %.*s, Index: %lld.  %s", len, name,
                                want_key_shown(w), w->key, (long long)example, reason);
}

static Status *missing(const ExampleOp *e, int64_t example, const Want *w)
{
        int len;
        const char *name = example_name(e, example, &len), *type = dtype_name(w->type);
        if (e->single)
                return invalid_argument("Feature: %.*s (data type: %s) is required but could not "
                                        "be found.",
                                        want_key_shown(w), w->key, type);
        return invalid_argument("Name: %.*s, Feature: %.*s (data type: %s) is required but could "
                                "not be found.",
                                len, name, want_key_shown(w), w->key, type);
}

static Status *wrong_type(const ExampleOp *e, int64_t i, int want, DType got)
{
        char reason[120];
        int len;
        const Want *w = &e->want[want];
        const char *name = example_name(e, i, &len), *type = dtype_name(w->type);
        if (e->context)
                return invalid_argument("Name: %.*s, Context feature: %.*s.  Data types don't "
                                        "match. Expected type: %s",
                                        len, name, want_key_shown(w), w->key, type);
        if (is_dense(e, want))
                snprintf(reason, sizeof reason,
                         "Data types don't match. Data type: %s but expected type: %s",
                         dtype_name(got), type);
        else
                snprintf(reason, sizeof reason,
                         "Data types don't match. Expected type: %s, Actual type: %s", type,
                         dtype_name(got));
        return example_error(e, i, w, reason);
}

static Status *malformed(const ExampleOp *e, int64_t i, const Want *w)
{
        int len;
        const char *name = example_name(e, i, &len);
        if (e->context)
                return invalid_argument("Error in context feature %.*s in example %.*s",
                                        want_key_shown(w), w->key, len, name);
        return example_error(e, i, w, "Can't parse serialized Example.");
}

/* With the bytes, as far as anybody reads them. */
static Status *no_example(const TString *s)
{
        enum { SHOWN = 256 };
        autobuf b = BUF(8 * SHOWN);
        text_escape(s->data, MIN(s->len, (size_t)SHOWN), &b);
        TRY(buf_status(&b));
        return invalid_argument("Could not parse example input, value: '%s'%s", buf_cstr(&b),
                                s->len > SHOWN ? "..." : "");
}

/* ---- finding ---- */

/* Of several of a key the last one counts; a dense one without values does not count at all. */
static void note(const ExampleOp *e, Feature *row, int want, Wire value)
{
        for (; want >= 0; want = e->keys.before[want])
                if (wire_left(&value) || !is_dense(e, want))
                        row[want] =
                                (Feature){ .at = value.at, .bytes = (uint32_t)wire_left(&value) };
}

void example_clear(const ExampleOp *e, int64_t i)
{
        memset(&e->found[i * wants(e)], 0, (size_t)wants(e) * sizeof *e->found);
}

bool example_note(const ExampleOp *e, KeysSeen *seen, int64_t i, Wire all, bool *ret_unknown)
{
        Feature *row = &e->found[i * wants(e)];
        for (size_t place = 0; wire_left(&all); place++) {
                Wire key, value;
                DType type;
                if (!wire_entry(&all, &key, &value))
                        return false;
                int want = keys_find(&e->keys, seen, place, key);
                if (want < 0)
                        continue;
                if (!feature_type(&value, &type))
                        *ret_unknown = true;
                note(e, row, want, value);
        }
        return true;
}

/* What was noted becomes what is there. */
static Status *read_one(const ExampleOp *e, int64_t i, int want, Feature *f)
{
        Wire value = { f->at, f->at + f->bytes };
        DType type;
        if (!feature_type(&value, &type))
                return malformed(e, i, &e->want[want]);
        if (type != DT_INVALID && type != e->want[want].type)
                return wrong_type(e, i, want, type);
        return feature_read(value, f) ? NULL : malformed(e, i, &e->want[want]);
}

Status *example_read(const ExampleOp *e, int64_t i)
{
        for (int k = 0; k < wants(e); k++) {
                const Want *w = &e->want[k];
                Feature *f = &e->found[i * wants(e) + k];
                bool fixed = w->shape.rank == 0 || w->shape.dim[0] >= 0;
                if (f->at)
                        TRY(read_one(e, i, k, f));
                else if (is_dense(e, k) && fixed && !tensor_count(w->fallback))
                        return missing(e, i, w);
        }
        return NULL;
}

Wire example_bytes(const ExampleOp *e, int64_t i)
{
        static const uint8_t none[1];
        const TString *s = &tensor_strings(e->serialized)[i];
        const uint8_t *bytes = s->len ? (const uint8_t *)s->data : none;
        return (Wire){ bytes, bytes + s->len };
}

/* Examples may follow each other in one text: they are one. */
static Status *find(const ExampleOp *e, KeysSeen *seen, int64_t i)
{
        Wire w = example_bytes(e, i), features;
        bool good = wire_left(&w) <= INT32_MAX, unknown = false;
        example_clear(e, i);
        while (good && wire_left(&w))
                good = wire_tag(&w, WIRE_TAG_OF_BYTES(1))
                               ? wire_message(&w, &features) &&
                                         example_note(e, seen, i, features, &unknown)
                               : wire_skip(&w);
        if (!good)
                return no_example(&tensor_strings(e->serialized)[i]);
        if (unknown)
                return invalid_argument("Unsupported datatype.");
        return example_read(e, i);
}

Status *example_table(OpCtx *c, ExampleOp *e)
{
        int n = wants(e);
        int64_t places;
        if (__builtin_mul_overflow(e->batch, (int64_t)n, &places) || places > FEATURES_MAX)
                return resource_exhausted("%lld examples of %d features are too many",
                                          (long long)e->batch, n);
        e->found = ctx_scratch(c, (size_t)(places + 1) * sizeof *e->found);
        if (!e->found)
                return status_oom();
        TRY(keys_new(c, &e->keys, n));
        for (int k = 0; k < n; k++)
                TRY(keys_add(&e->keys, k, &e->want[k]));
        return NULL;
}

void example_done(ExampleOp *e)
{
        keys_done(&e->keys);
}

/* What threads share while they read; bad: the first example that is none, or as many as there
 * are. */
typedef struct Reading {
        const ExampleOp *e;
        atomic_llong bad;
} Reading;

/* The error itself is made later: of the first bad example, whoever was first to find one. */
static void read_range(void *arg, int64_t from, int64_t to)
{
        Reading *r = arg;
        KeysSeen seen = { 0 };
        for (int64_t i = from; i < to; i++) {
                long long bad = atomic_load_explicit(&r->bad, memory_order_relaxed);
                if (i >= bad)
                        return;
                autoptr(Status) s = find(r->e, &seen, i);
                while (s && i < bad && !atomic_compare_exchange_weak(&r->bad, &bad, i)) {
                }
        }
}

int64_t example_grain(int64_t n, size_t bytes)
{
        enum { PIECE = 64 << 10 };
        return bytes > PIECE ? MAX(n / (int64_t)(bytes / PIECE), (int64_t)1) : MAX(n, (int64_t)1);
}

static Status *run(OpCtx *c, ExampleOp *e)
{
        Reading r = { .e = e, .bad = e->batch };
        size_t bytes = 0;
        TRY(example_table(c, e));
        for (int64_t i = 0; i < e->batch; i++)
                bytes += tensor_strings(e->serialized)[i].len;
        ctx_parallel(c, e->batch, example_grain(e->batch, bytes), read_range, &r);
        if (ctx_cancelled(c)) /* and not all were read, perhaps */
                return cancelled("Step was cancelled");
        if (r.bad < e->batch) {
                KeysSeen seen = { 0 };
                Status *s = find(e, &seen, r.bad);
                return s ? s : status_oom();
        }
        return example_put(c, e);
}

Status *example_run(OpCtx *c, ExampleOp *e)
{
        Status *s = run(c, e);
        example_done(e);
        return s;
}
