// SPDX-License-Identifier: Apache-2.0
/* LMDBDataset, ExperimentalLMDBDataset: keys and values of LMDB files, file after file. */
#include "engine/kernels/data/pull.h"
#include "engine/kernels/io/lmdb.h"

enum { RECORD_MAX = 1 << 30 };

typedef struct LmdbIter {
        Iter base;
        int64_t i; /* the present file */
        Lmdb *db;  /* open; NULL: is to be opened */
} LmdbIter;

static Status *open_file(LmdbIter *l, const OpCtx *c)
{
        const TString *s = &tensor_strings(l->base.ds->values->t[0])[l->i];
        autofree char *name = mem_strndup(s->data ? s->data : "", s->len);
        return name ? lmdb_open(c, name, &l->db) : status_oom();
}

static Status *give(Pull *p, const Buf *key, const Buf *value)
{
        autoptr(Row) row = NULL;
        TRY(buf_status(key));
        TRY(buf_status(value));
        TRY(row_new(2, &row));
        TRY(tensor_string(key->data, key->len, &row->t[0]));
        TRY(tensor_string(value->data, value->len, &row->t[1]));
        return pull_give(p, steal(&row));
}

static Status *next(Iter *it, Pull *p)
{
        LmdbIter *l = (LmdbIter *)it;
        autobuf key = BUF(RECORD_MAX), value = BUF(RECORD_MAX);
        while (l->i < tensor_count(it->ds->values->t[0])) {
                bool end = false;
                if (!l->db)
                        TRY(open_file(l, pull_ctx(p)));
                TRY(lmdb_next(l->db, &key, &value, &end));
                if (!end)
                        return give(p, &key, &value);
                lmdb_free(l->db);
                l->db = NULL;
                l->i++;
        }
        return pull_end(p);
}

static void close_file(Iter *it)
{
        lmdb_free(((LmdbIter *)it)->db);
}

static const DatasetKind lmdb_kind = {
        .name = "LMDB", .iter_size = sizeof(LmdbIter), .next = next, .close = close_file
};

/* Whatever is declared, elements are two strings. */
static Status *lmdb(OpCtx *c)
{
        autoptr(Dataset) d = NULL;
        if (tensor_rank(ctx_input(c, 0)) > 1)
                return invalid_argument("`filenames` must be a scalar or a vector.");
        TRY(dataset_new(&lmdb_kind, 0, 2, &d));
        for (int i = 0; i < d->n; i++) {
                d->types[i] = DT_STRING;
                d->shapes[i] = SHAPE_SCALAR;
        }
        TRY(row_of(c->in, 1, &d->values));
        return dataset_output(c, steal(&d));
}

DATASET_OP(LMDBDataset, "filenames:string", TYPES, .flags = "stateful", .compute = lmdb);
DATASET_OP(ExperimentalLMDBDataset, "filenames:string", TYPES, .flags = "stateful",
           .compute = lmdb);
