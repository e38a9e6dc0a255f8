// SPDX-License-Identifier: Apache-2.0
/* Finds the features that an op wants in its examples. */
#include "engine/kernels/parsing/example.h"

#include "engine/base/map.h"
#include "proto/wire.h"

#include <stdio.h>

/* What the messages of one batch may take, and how many places its table of features has. */
#define EXAMPLES_MAX_BYTES ((size_t)2 << 30)
#define FEATURES_MAX       ((int64_t)1 << 27)

DType feature_type(const Feature *f)
{
        switch (f->kind_case) {
        case TENSORFLOW__FEATURE__KIND_BYTES_LIST: return DT_STRING;
        case TENSORFLOW__FEATURE__KIND_FLOAT_LIST: return DT_FLOAT;
        case TENSORFLOW__FEATURE__KIND_INT64_LIST: return DT_INT64;
        default: return DT_INVALID;
        }
}

int64_t feature_count(const Feature *f)
{
        if (!f)
                return 0;
        switch (f->kind_case) {
        case TENSORFLOW__FEATURE__KIND_BYTES_LIST: return (int64_t)f->bytes_list->n_value;
        case TENSORFLOW__FEATURE__KIND_FLOAT_LIST: return (int64_t)f->float_list->n_value;
        case TENSORFLOW__FEATURE__KIND_INT64_LIST: return (int64_t)f->int64_list->n_value;
        default: return 0;
        }
}

Status *feature_copy(const Feature *f, Tensor *t, int64_t at)
{
        size_t n = (size_t)feature_count(f);
        if (!n)
                return NULL;
        if (tensor_dtype(t) == DT_FLOAT)
                memcpy((float *)tensor_fill(t) + at, f->float_list->value, n * sizeof(float));
        else if (tensor_dtype(t) == DT_INT64)
                memcpy((int64_t *)tensor_fill(t) + at, f->int64_list->value, n * sizeof(int64_t));
        else
                for (size_t i = 0; i < n; i++)
                        TRY(tensor_set_string(t, at + (int64_t)i, f->bytes_list->value[i].data,
                                              f->bytes_list->value[i].len));
        return NULL;
}

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
        return invalid_argument("Name: %.*s, Key: %.*s, Index: %lld.  %s", len, name,
                                (int)MIN(w->key_len, (size_t)100), w->key, (long long)example,
                                reason);
}

static Status *missing(const ExampleOp *e, int64_t example, const Want *w)
{
        int len;
        const char *name = example_name(e, example, &len);
        return invalid_argument("Name: %.*s, Feature: %.*s (data type: %s) is required but could "
                                "not be found.",
                                len, name, (int)MIN(w->key_len, (size_t)100), w->key,
                                dtype_name(w->type));
}

/* A kind without a list message counts as absent. */
bool feature_present(const Feature *f)
{
        return f && feature_type(f) != DT_INVALID && f->bytes_list;
}

static Status *wrong_type(const ExampleOp *e, int64_t i, const Want *w, DType got)
{
        char reason[120];
        int len, key = (int)MIN(w->key_len, (size_t)100);
        const char *name = example_name(e, i, &len);
        if (e->context)
                return invalid_argument("Name: %.*s, Context feature: %.*s.  Data types don't "
                                        "match. Expected type: %s",
                                        len, name, key, w->key, dtype_name(w->type));
        snprintf(reason, sizeof reason,
                 "Data types don't match. Data type: %s but expected type: %s", dtype_name(got),
                 dtype_name(w->type));
        return example_error(e, i, w, reason);
}

/* The features of an example: `map` when there are many, or else they are looked through. */
typedef struct Features {
        const Tensorflow__Features *all; /* or NULL */
        Map *map;                        /* or NULL */
} Features;

static Feature *feature_of(const Features *in, const Want *w)
{
        if (in->map)
                return map_getn(in->map, w->key, w->key_len);
        for (size_t k = in->all ? in->all->n_feature : 0; k-- > 0;) {
                const char *key = in->all->feature[k]->key;
                if (strlen(key) == w->key_len && memcmp(key, w->key, w->key_len) == 0 &&
                    feature_present(in->all->feature[k]->value))
                        return in->all->feature[k]->value;
        }
        return NULL;
}

static Status *find_all(const ExampleOp *e, int64_t i, const Features *features)
{
        int n = e->n_sparse + e->n_dense + e->n_ragged;
        for (int k = 0; k < n; k++) {
                const Want *w = &e->want[k];
                Feature *f = feature_of(features, w);
                bool dense = k >= e->n_sparse && k < e->n_sparse + e->n_dense;
                bool fixed = w->shape.rank == 0 || w->shape.dim[0] >= 0;
                e->found[i * n + k] = f;
                if (!f && dense && fixed && !tensor_count(w->fallback))
                        return missing(e, i, w);
                if (f && feature_type(f) != w->type)
                        return wrong_type(e, i, w, feature_type(f));
        }
        return NULL;
}

Status *example_find(const ExampleOp *e, int64_t i, const Tensorflow__Features *all)
{
        enum { FEW = 64 }; /* comparisons */
        Map map = { 0 };
        Status *s = NULL;
        size_t n = all ? all->n_feature : 0,
               wants = (size_t)(e->n_sparse + e->n_dense + e->n_ragged);
        if (n <= FEW && n * wants <= FEW)
                return find_all(e, i, &(Features){ all, NULL });
        for (size_t k = 0; k < n && !s; k++)
                if (feature_present(all->feature[k]->value))
                        s = map_set(&map, all->feature[k]->key, all->feature[k]->value);
        if (!s)
                s = find_all(e, i, &(Features){ all, &map });
        map_done(&map);
        return s;
}

static Status *read_one(const ExampleOp *e, int64_t i)
{
        const TString *s = &tensor_strings(e->serialized)[i];
        ProtobufCMessage *m;
        Status *bad =
                proto_unpack(&tensorflow__example__descriptor, s->data, s->len, NULL, e->arena, &m);
        if (bad && status_code(bad) == SR_INVALID_ARGUMENT) {
                autoptr(Status) why = bad;
                return invalid_argument("Could not parse example input: %s", status_message(why));
        }
        TRY(bad);
        return example_find(e, i, ((Tensorflow__Example *)m)->features);
}

Status *example_table(OpCtx *c, ExampleOp *e)
{
        int n = e->n_sparse + e->n_dense + e->n_ragged;
        int64_t places;
        if (__builtin_mul_overflow(e->batch, (int64_t)n, &places) || places > FEATURES_MAX)
                return resource_exhausted("%lld examples of %d features are too many",
                                          (long long)e->batch, n);
        e->found = ctx_scratch(c, (size_t)(places + 1) * sizeof *e->found);
        if (!e->found)
                return status_oom();
        return arena_new(EXAMPLES_MAX_BYTES, &e->arena);
}

static Status *read_all(OpCtx *c, const ExampleOp *e)
{
        for (int64_t i = 0; i < e->batch; i++) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                TRY(read_one(e, i));
        }
        return example_put(c, e);
}

Status *example_run(OpCtx *c, ExampleOp *e)
{
        TRY(example_table(c, e));
        Status *s = read_all(c, e);
        arena_free(e->arena);
        e->arena = NULL;
        return s;
}

void want_key(Want *w, const void *text, size_t len)
{
        w->key = text ? text : "";
        w->key_len = len;
}
