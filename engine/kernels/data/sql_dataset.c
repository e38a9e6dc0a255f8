// SPDX-License-Identifier: Apache-2.0
/* SqlDataset, ExperimentalSqlDataset: the rows of a query to an SQLite database below the roots,
 * which is opened for reading only. */
#include "engine/kernels/data/pull.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

typedef struct SqlIter {
        Iter base;
        int fd; /* plus one; 0: not open */
        sqlite3 *db;
        sqlite3_stmt *query;
} SqlIter;

static Status *failed(const SqlIter *q, const char *what)
{
        return invalid_argument("%s: %s", what, q->db ? sqlite3_errmsg(q->db) : "no memory");
}

/* A client's query must neither open other files nor run for ever. */
static int cancelled_handler(void *arg)
{
        return ctx_cancelled(arg);
}

static int deny_files(void *arg UNUSED, int action, const char *a, const char *b,
                      const char *c UNUSED, const char *d UNUSED)
{
        bool loads = action == SQLITE_FUNCTION && b && !strcmp(b, "load_extension");
        bool denied = action == SQLITE_ATTACH || action == SQLITE_DETACH || loads ||
                      (action == SQLITE_PRAGMA && a && strstr(a, "temp_store"));
        return denied ? SQLITE_DENY : SQLITE_OK;
}

/* The file is what the roots have opened; its name is the descriptor's, so nobody can put another
 * one there meanwhile. "immutable": no journals beside it are looked for. */
static Status *open_database(SqlIter *q, const OpCtx *c)
{
        const TString *name = tensor_strings(q->base.ds->values->t[1]);
        const TString *text = tensor_strings(q->base.ds->values->t[2]);
        char uri[64];
        int fd;
        TRY(ctx_open_file(c, name->data ? name->data : "", name->len, O_RDONLY, &fd));
        q->fd = fd + 1;
        snprintf(uri, sizeof uri, "file:/proc/self/fd/%d?immutable=1", fd);
        if (sqlite3_open_v2(uri, &q->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL))
                return failed(q, "Failed to open the database");
        sqlite3_set_authorizer(q->db, deny_files, NULL);
        sqlite3_limit(q->db, SQLITE_LIMIT_ATTACHED, 0);
        if (sqlite3_prepare_v2(q->db, text->data ? text->data : "", (int)MIN(text->len, 1u << 20),
                               &q->query, NULL) ||
            !q->query)
                return failed(q, "Failed to prepare the query");
        if (sqlite3_column_count(q->query) != q->base.ds->n)
                return invalid_argument("The number of columns in query (%d) must match the number "
                                        "of elements in output_types (%d).",
                                        sqlite3_column_count(q->query), q->base.ds->n);
        return NULL;
}

static Status *read_column(const SqlIter *q, int i, Tensor **ret)
{
        DType t = q->base.ds->types[i];
        autoptr(Tensor) y = NULL;
        if (t == DT_STRING)
                return tensor_string(sqlite3_column_blob(q->query, i),
                                     (size_t)sqlite3_column_bytes(q->query, i), ret);
        TRY(tensor_new(t, &SHAPE_SCALAR, &y));
        int64_t n = sqlite3_column_int64(q->query, i);
        switch ((int)t) {
        case DT_DOUBLE: *(double *)tensor_fill(y) = sqlite3_column_double(q->query, i); break;
        case DT_BOOL: *(bool *)tensor_fill(y) = n != 0; break;
        case DT_INT8: *(int8_t *)tensor_fill(y) = (int8_t)n; break;
        case DT_UINT8: *(uint8_t *)tensor_fill(y) = (uint8_t)n; break;
        case DT_INT16: *(int16_t *)tensor_fill(y) = (int16_t)n; break;
        case DT_UINT16: *(uint16_t *)tensor_fill(y) = (uint16_t)n; break;
        case DT_INT32: *(int32_t *)tensor_fill(y) = (int32_t)n; break;
        default: *(int64_t *)tensor_fill(y) = n; break;
        }
        *ret = steal(&y);
        return NULL;
}

static Status *next(Iter *it, Pull *p)
{
        SqlIter *q = (SqlIter *)it;
        autoptr(Row) row = NULL;
        if (!q->query)
                TRY(open_database(q, pull_ctx(p)));
        sqlite3_progress_handler(q->db, 10000, cancelled_handler, pull_ctx(p));
        int rc = sqlite3_step(q->query);
        sqlite3_progress_handler(q->db, 0, NULL, NULL);
        if (rc == SQLITE_DONE)
                return pull_end(p);
        if (rc == SQLITE_INTERRUPT)
                return cancelled("Operation was cancelled");
        if (rc != SQLITE_ROW)
                return failed(q, "Failed to step the query");
        TRY(row_new(it->ds->n, &row));
        for (int i = 0; i < it->ds->n; i++)
                TRY(read_column(q, i, &row->t[i]));
        return pull_give(p, steal(&row));
}

static void close_database(Iter *it)
{
        SqlIter *q = (SqlIter *)it;
        sqlite3_finalize(q->query);
        sqlite3_close(q->db);
        if (q->fd)
                close(q->fd - 1);
}

static const DatasetKind sql_kind = {
        .name = "Sql", .iter_size = sizeof(SqlIter), .next = next, .close = close_database
};

static Status *check_components(const Dataset *d)
{
        for (int i = 0; i < d->n; i++) {
                DType t = d->types[i];
                bool known = t == DT_STRING || t == DT_INT8 || t == DT_INT16 || t == DT_INT32 ||
                             t == DT_INT64 || t == DT_UINT8 || t == DT_UINT16 || t == DT_BOOL ||
                             t == DT_DOUBLE;
                if (!known)
                        return invalid_argument("Each element of `output_types_` must be one of: "
                                                "DT_STRING, DT_INT8, DT_INT16, DT_INT32, DT_INT64, "
                                                "DT_UINT8, DT_UINT16, DT_BOOL, DT_DOUBLE ");
                if (d->shapes[i].rank != 0)
                        return invalid_argument("Each element of `output_shapes_` must be a "
                                                "scalar.");
        }
        return NULL;
}

static Status *sql(OpCtx *c)
{
        autoptr(Dataset) d = NULL;
        const TString *driver, *other;
        TRY(scalar_string(c, 0, "driver_name", &driver));
        TRY(scalar_string(c, 1, "data_source_name", &other));
        TRY(scalar_string(c, 2, "query", &other));
        if (driver->len != 6 || memcmp(driver->data, "sqlite", 6) != 0)
                return invalid_argument(
                        "The database type, %.*s, is not supported by SqlDataset. The set of "
                        "supported databases is: {'sqlite'}.",
                        (int)MIN(driver->len, 100u), driver->data ? driver->data : "");
        TRY(dataset_source(c, &sql_kind, &d));
        TRY(check_components(d));
        TRY(row_of(c->in, 3, &d->values));
        return dataset_output(c, steal(&d));
}

#define SQL(op)                                                                            \
        DATASET_OP(op, "driver_name:string; data_source_name:string; query:string", TYPES, \
                   .flags = "stateful", .compute = sql)
SQL(SqlDataset);
SQL(ExperimentalSqlDataset);
