// SPDX-License-Identifier: Apache-2.0
/* Finds the feature lists that an op wants in its sequence examples. */
#include "engine/kernels/parsing/sequence.h"

/* Places in the table of lists, and what their rows may take. */
#define LISTS_MAX      ((int64_t)1 << 27)
#define ROWS_MAX_BYTES ((size_t)2 << 30)

static int lists(const SequenceOp *s)
{
        return s->n_sparse + s->n_dense + s->n_ragged;
}

/* ---- messages ---- */

static Status *no_sequence(const SequenceOp *s, int64_t i)
{
        int len;
        const char *name = example_name(&s->context, i, &len);
        return invalid_argument("Invalid protocol message input, example id: %.*s", len, name);
}

static Status *malformed(const SequenceOp *s, int64_t i, const Want *w)
{
        int len;
        const char *name = example_name(&s->context, i, &len);
        return invalid_argument("Error in sequence feature %.*s in example %.*s", want_key_shown(w),
                                w->key, len, name);
}

static Status *wrong_type(const SequenceOp *s, int64_t i, const Want *w, int64_t row)
{
        int len;
        const char *name = example_name(&s->context, i, &len);
        return invalid_argument("Name: %.*s, Feature list: %.*s, Index: %lld.  Data types "
                                "don't match. Expected type: %s",
                                len, name, want_key_shown(w), w->key, (long long)row,
                                dtype_name(w->type));
}

static Status *missing(const SequenceOp *s, int64_t i, const Want *w)
{
        int len;
        const char *name = example_name(&s->context, i, &len);
        return invalid_argument("Name: %.*s, Feature list '%.*s' is required but could not be "
                                "found.  Did you mean to include it in "
                                "feature_list_dense_missing_assumed_empty or "
                                "feature_list_dense_defaults?",
                                len, name, want_key_shown(w), w->key);
}

/* ---- rows ---- */

/* How many features a list has; -1: it is none. */
static int64_t count_rows(Wire list)
{
        Wire row;
        int64_t n = 0;
        for (; wire_left(&list); n++)
                if (!wire_tag(&list, WIRE_TAG_OF_BYTES(1)) || !wire_message(&list, &row))
                        return -1;
        return n;
}

/* A row without a kind is an empty one of any type. */
static Status *read_row(const SequenceOp *s, int64_t i, const Want *w, int64_t r, Wire row,
                        Feature *ret)
{
        DType type;
        if (!feature_type(&row, &type))
                return malformed(s, i, w);
        if (type != DT_INVALID && type != w->type)
                return wrong_type(s, i, w, r);
        return feature_read(row, ret) ? NULL : malformed(s, i, w);
}

static Status *read_list(const SequenceOp *s, int64_t i, const Want *w, Wire list,
                         FeatureList **ret)
{
        Wire row;
        int64_t n = count_rows(list);
        if (n < 0)
                return malformed(s, i, w);
        FeatureList *l = arena_alloc(s->arena, sizeof *l);
        Feature *f = l ? arena_alloc(s->arena, (size_t)(n + 1) * sizeof *f) : NULL;
        if (!f)
                return resource_exhausted("feature lists take more than %zu bytes", ROWS_MAX_BYTES);
        *l = (FeatureList){ f, n };
        for (int64_t r = 0; r < n; r++) {
                if (!wire_tag(&list, WIRE_TAG_OF_BYTES(1)) || !wire_message(&list, &row))
                        return malformed(s, i, w);
                TRY(read_row(s, i, w, r, row, &f[r]));
        }
        *ret = l;
        return NULL;
}

/* ---- lists ---- */

/* Reads those that are wanted; the last one of a key counts. */
static Status *read_lists(const SequenceOp *s, KeysSeen *seen, int64_t i, Wire all)
{
        for (size_t place = 0; wire_left(&all); place++) {
                Wire key, value;
                if (!wire_entry(&all, &key, &value))
                        return no_sequence(s, i);
                int want = keys_find(&s->keys, seen, place, key);
                for (; want >= 0; want = s->keys.before[want])
                        TRY(read_list(s, i, &s->want[want].key, value,
                                      &s->found[i * lists(s) + want]));
        }
        return NULL;
}

static Status *check_missing(const SequenceOp *s, int64_t i)
{
        for (int k = s->n_sparse; k < s->n_sparse + s->n_dense; k++)
                if (!s->found[i * lists(s) + k] && !s->want[k].may_be_missing)
                        return missing(s, i, &s->want[k].key);
        return NULL;
}

/* seen: of context and lists */
static Status *read_one(const SequenceOp *s, KeysSeen *seen, int64_t i)
{
        Wire w = example_bytes(&s->context, i), part;
        bool good = wire_left(&w) <= INT32_MAX, unknown = false;
        example_clear(&s->context, i);
        while (good && wire_left(&w)) {
                if (wire_tag(&w, WIRE_TAG_OF_BYTES(1))) {
                        good = wire_message(&w, &part) &&
                               example_note(&s->context, &seen[0], i, part, &unknown);
                } else if (wire_tag(&w, WIRE_TAG_OF_BYTES(2))) {
                        good = wire_message(&w, &part);
                        if (good)
                                TRY(read_lists(s, &seen[1], i, part));
                } else {
                        good = wire_skip(&w);
                }
        }
        if (!good)
                return no_sequence(s, i);
        TRY(example_read(&s->context, i));
        return check_missing(s, i);
}

static Status *make_tables(OpCtx *c, SequenceOp *s)
{
        int64_t places;
        if (__builtin_mul_overflow(s->context.batch, (int64_t)lists(s), &places) ||
            places > LISTS_MAX)
                return resource_exhausted("%lld examples of %d feature lists are too many",
                                          (long long)s->context.batch, lists(s));
        size_t bytes = (size_t)(places + 1) * sizeof *s->found;
        s->found = ctx_scratch(c, bytes);
        if (!s->found)
                return status_oom();
        memset(s->found, 0, bytes);
        TRY(arena_new(ROWS_MAX_BYTES, &s->arena));
        TRY(keys_new(c, &s->keys, lists(s)));
        for (int k = 0; k < lists(s); k++)
                TRY(keys_add(&s->keys, k, &s->want[k].key));
        return example_table(c, &s->context);
}

static Status *run(OpCtx *c, SequenceOp *s)
{
        KeysSeen seen[2] = { 0 };
        TRY(make_tables(c, s));
        for (int64_t i = 0; i < s->context.batch; i++) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                TRY(read_one(s, seen, i));
        }
        TRY(example_put(c, &s->context));
        return sequence_put(c, s);
}

Status *sequence_run(OpCtx *c, SequenceOp *s)
{
        Status *bad = run(c, s);
        example_done(&s->context);
        keys_done(&s->keys);
        arena_free(s->arena);
        s->arena = NULL;
        return bad;
}
