// SPDX-License-Identifier: Apache-2.0
/* Keys and values of a table as bytes: what is between a tensor's elements and the map. */
#include "engine/base/mem.h"
#include "engine/state/table_inside.h"

Bytes key_bytes(const Table *t, const Tensor *keys, int64_t i)
{
        if (t->key == DT_STRING) {
                const TString *s = &tensor_strings(keys)[i];
                return (Bytes){ s->len ? s->data : "", s->len };
        }
        size_t len = (size_t)t->n_key * dtype_size(t->key);
        return (Bytes){ (const char *)tensor_data(keys) + (size_t)i * len, len };
}

static void value_free(const Table *t, Entry *e)
{
        TString *s = (TString *)e->value;
        for (int64_t i = 0; t->value == DT_STRING && i < t->n_value; i++)
                mem_free(s[i].data);
}

void entry_free(const Table *t, Entry *e)
{
        value_free(t, e);
        mem_free(e);
}

/* Value i of the tensor as an entry's bytes; the entry's old value is not looked at. */
static Status *value_store(const Table *t, Entry *e, const Tensor *values, int64_t i)
{
        size_t size = (size_t)t->n_value * dtype_size(t->value);
        if (t->value != DT_STRING) {
                memcpy(e->value, (const char *)tensor_data(values) + (size_t)i * size, size);
                return NULL;
        }
        memset(e->value, 0, size);
        const TString *from = tensor_strings(values) + i * t->n_value;
        TString *to = (TString *)e->value;
        for (int64_t k = 0; k < t->n_value; k++) {
                if (!from[k].len)
                        continue;
                if (!(to[k].data = mem_dup(from[k].data, from[k].len)))
                        return status_oom();
                to[k].len = from[k].len;
        }
        return NULL;
}

/* One value into row i of a tensor. */
Status *value_load(const Table *t, const Entry *e, Tensor *values, int64_t i)
{
        size_t size = (size_t)t->n_value * dtype_size(t->value);
        if (t->value != DT_STRING) {
                memcpy((char *)tensor_fill(values) + (size_t)i * size, e->value, size);
                return NULL;
        }
        const TString *s = (const TString *)e->value;
        for (int64_t k = 0; k < t->n_value; k++)
                TRY(tensor_set_string(values, i * t->n_value + k, s[k].data, s[k].len));
        return NULL;
}

/* Byte for byte: a NaN equals itself here, as the key of an entry must. */
bool value_equal(const Table *t, const Entry *a, const Entry *b)
{
        if (t->value != DT_STRING)
                return !memcmp(a->value, b->value, (size_t)t->n_value * dtype_size(t->value));
        const TString *x = (const TString *)a->value, *y = (const TString *)b->value;
        for (int64_t k = 0; k < t->n_value; k++)
                if (x[k].len != y[k].len || (x[k].len && memcmp(x[k].data, y[k].data, x[k].len)))
                        return false;
        return true;
}

/* Value and key in one block, the value first for its alignment. */
Status *entry_new(const Table *t, const Tensor *keys, const Tensor *values, int64_t i, Entry **ret)
{
        Bytes key = key_bytes(t, keys, i);
        size_t size = (size_t)t->n_value * dtype_size(t->value);
        Entry *e = mem_alloc(sizeof *e + size + key.len + 1);
        if (!e)
                return status_oom();
        e->key = e->value + size;
        e->key_len = key.len;
        memcpy(e->key, key.data, key.len);
        Status *s = value_store(t, e, values, i);
        if (s) {
                entry_free(t, e);
                return s;
        }
        *ret = e;
        return NULL;
}
