// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/data/cache_file.h"

#include "engine/kernels/io/bundle.h"
#include <stdio.h>

/* TensorFlow numbers elements with seven places, and refuses more. */
enum { ELEMENTS_MAX = 10000000, KEY_SIZE = 48 };

/* "      3_0": numbers are as wide as the largest one, filled up with blanks. */
static size_t key_of(int64_t element, int component, int n, char key[KEY_SIZE])
{
        int width = 1;
        for (int most = n - 1; most > 9; most /= 10)
                width++;
        return (size_t)snprintf(key, KEY_SIZE, "%7lld_%*d", (long long)element, width, component);
}

/* *ret stays NULL at the end: the first component is not there. */
static Status *read_row(Bundle *b, int64_t i, int n, Row **ret)
{
        autoptr(Row) row = NULL;
        TRY(row_new(n, &row));
        for (int k = 0; k < n; k++) {
                char key[KEY_SIZE];
                size_t len = key_of(i, k, n, key);
                const BundleEntry *e = NULL;
                Status *s = bundle_find(b, key, len, &e);
                if (s && !k && status_code(s) == SR_NOT_FOUND) {
                        status_free(s);
                        return NULL;
                }
                if (s)
                        return s;
                TRY(bundle_read(b, key, len, e, &row->t[k]));
        }
        *ret = steal(&row);
        return NULL;
}

Status *cache_file_read(const OpCtx *c, const TString *name, int n, Rows *rows, bool *ret)
{
        autoptr(Bundle) b = NULL;
        Status *s = bundle_open(c, name->data, name->len, &b);
        *ret = !s;
        if (s && status_code(s) == SR_NOT_FOUND) {
                status_free(s);
                return NULL;
        }
        if (s)
                return s;
        for (int64_t i = 0; i < ELEMENTS_MAX; i++) {
                Row *row = NULL;
                if (ctx_cancelled(c))
                        return cancelled("Operation was cancelled");
                TRY(read_row(b, i, n, &row));
                if (!row)
                        break;
                TRY(rows_add(rows, row));
        }
        return NULL;
}

Status *cache_file_write(const OpCtx *c, const TString *name, const Rows *rows)
{
        autoptr(BundleWriter) w = NULL;
        if (rows->n > ELEMENTS_MAX)
                return invalid_argument("Upstream iterator is producing more than %d items, which "
                                        "is more than the cache limit.",
                                        ELEMENTS_MAX);
        TRY(bundle_writer_new(c, name->data, name->len, &w));
        for (int64_t i = 0; i < rows->n; i++) {
                const Row *row = rows_at(rows, i);
                if (ctx_cancelled(c))
                        return cancelled("Operation was cancelled");
                for (int k = 0; k < row->n; k++) {
                        char key[KEY_SIZE];
                        TRY(bundle_writer_add(w, key, key_of(i, k, row->n, key), row->t[k]));
                }
        }
        return bundle_writer_finish(w);
}
