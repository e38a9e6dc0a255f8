// SPDX-License-Identifier: Apache-2.0
/* Tables as a map from the bytes of a key to an entry that holds key and value in one piece. */
#include "engine/base/mem.h"
#include "engine/state/resource.h"
#include "engine/state/table_inside.h"

/* ---- life ---- */

static void clear(Table *t, Map *entries)
{
        map_each (e, entries)
                entry_free(t, e->value);
        map_done(entries);
}

static void table_destroy(Resource *r)
{
        Table *t = table_of(r);
        clear(t, &t->entries);
        pthread_rwlock_destroy(&t->lock);
        tensor_unref(t->forbidden[0]);
        tensor_unref(t->forbidden[1]);
        mem_free(t->name);
        mem_free(t->container);
        mem_free(t);
}

static Status *table_read(Resource *r, Tensor **ret)
{
        Table *t = table_of(r);
        return resource_name_tensor(t->container, t->name, ret);
}

/* The name is that of TensorFlow's C++ type, which its messages show. */
const ResourceKind table_kind = { .name = "N10tensorflow6lookup15LookupInterfaceE",
                                  .destroy = table_destroy,
                                  .read = table_read };

Table *table_of(Resource *r)
{
        return CONTAINER_OF(r, Table, base);
}

/* Keys are compared by their bytes, so any plain type will do; vectors of strings have no one run
 * of bytes. */
static Status *check_spec(const TableSpec *spec)
{
        if (spec->key != DT_STRING && !dtype_is_plain(spec->key))
                return unimplemented("a table with keys of type %s", dtype_name(spec->key));
        if (spec->value != DT_STRING && !dtype_is_plain(spec->value))
                return unimplemented("a table with values of type %s", dtype_name(spec->value));
        if (spec->key == DT_STRING && spec->key_shape.rank)
                return unimplemented("a table with keys that are several strings");
        return NULL;
}

/* Dense tables name two keys that stand for "empty" and "deleted" in TensorFlow's layout. Ours
 * needs neither, but refuses them as keys all the same. */
static Status *fill(Table *t, const TableSpec *spec)
{
        TRY(shape_count(&spec->key_shape, &t->n_key));
        TRY(shape_count(&spec->value_shape, &t->n_value));
        if (t->n_value > INT32_MAX || t->n_key > INT32_MAX)
                return invalid_argument("Keys or values of a table are too large");
        t->name = mem_strdup(spec->name);
        t->container = mem_strdup(spec->container);
        if (!t->name || !t->container)
                return status_oom();
        if (spec->empty)
                t->forbidden[0] = tensor_ref(spec->empty);
        if (spec->deleted)
                t->forbidden[1] = tensor_ref(spec->deleted);
        if (!spec->empty || !spec->deleted)
                return NULL;
        Bytes a = key_bytes(t, spec->empty, 0), b = key_bytes(t, spec->deleted, 0);
        if (a.len == b.len && !memcmp(a.data, b.data, a.len))
                return invalid_argument("Empty and deleted keys cannot be equal");
        return NULL;
}

/* A fixed table (HashTable) is filled once by its initializer. */
Status *table_new(const TableSpec *spec, Resource **ret)
{
        TRY(check_spec(spec));
        Table *t = mem_calloc(1, sizeof *t);
        if (!t)
                return status_oom();
        resource_init(&t->base, &table_kind);
        pthread_rwlock_init(&t->lock, NULL);
        t->fixed = spec->fixed;
        t->key = spec->key;
        t->value = spec->value;
        t->key_shape = spec->key_shape;
        t->value_shape = spec->value_shape;
        Status *s = fill(t, spec);
        if (s) {
                table_destroy(&t->base);
                return s;
        }
        *ret = &t->base;
        return NULL;
}

DType table_key_dtype(const Table *t)
{
        return t->key;
}

DType table_value_dtype(const Table *t)
{
        return t->value;
}

/* ---- checks ---- */

/* For nodes that share a table by name. */
Status *table_matches(const Table *t, const TableSpec *spec)
{
        if (t->key != spec->key || t->value != spec->value)
                return invalid_argument("Conflicting key/value dtypes %s->%s with %s-%s for table "
                                        "%s",
                                        dtype_name(spec->key), dtype_name(spec->value),
                                        dtype_name(t->key), dtype_name(t->value), t->name);
        if (t->fixed != spec->fixed || !shape_equal(&t->value_shape, &spec->value_shape) ||
            !shape_equal(&t->key_shape, &spec->key_shape))
                return invalid_argument("Table %s is of another kind, or its keys or values are "
                                        "of another shape",
                                        t->name);
        return NULL;
}

/* Types of keys and values, in TensorFlow's words. */
static Status *check_types(const Table *t, const Tensor *keys, const Tensor *values)
{
        if (keys->dtype != t->key)
                return invalid_argument("Key must be type %s but got %s", dtype_name(t->key),
                                        dtype_name(keys->dtype));
        if (values && values->dtype != t->value)
                return invalid_argument("Value must be type %s but got %s", dtype_name(t->value),
                                        dtype_name(values->dtype));
        return NULL;
}

/* Keys are any number of keys: what stands before the shape of one. */
static Status *split_keys(const Table *t, const Tensor *keys, Shape *ret_outer, int64_t *ret_n)
{
        Shape outer = keys->shape;
        int own = t->key_shape.rank;
        bool fits = outer.rank >= own;
        for (int i = 0; fits && i < own; i++)
                fits = outer.dim[outer.rank - own + i] == t->key_shape.dim[i];
        if (!fits)
                return invalid_argument("Input key shape %s must end with the table's key shape %s",
                                        shape_text(&keys->shape).s, shape_text(&t->key_shape).s);
        outer.rank -= own;
        *ret_n = shape_product(&outer, 0, outer.rank);
        *ret_outer = outer;
        return NULL;
}

/* The shape of the values of so many keys. */
static Status *values_shape(const Table *t, const Shape *outer, Shape *ret)
{
        Shape s = *outer;
        if (s.rank + t->value_shape.rank > SHAPE_MAX_RANK)
                return unimplemented("a tensor of rank %d", s.rank + t->value_shape.rank);
        for (int i = 0; i < t->value_shape.rank; i++)
                shape_append(&s, t->value_shape.dim[i]);
        *ret = s;
        return NULL;
}

/* The reserved keys of dense tables. */
static Status *check_forbidden(const Table *t, const Tensor *keys, int64_t n)
{
        static const char *const names[] = { "empty_key", "deleted_key" };
        for (int f = 0; f < 2 && t->forbidden[f]; f++) {
                Bytes no = key_bytes(t, t->forbidden[f], 0);
                for (int64_t i = 0; i < n; i++) {
                        Bytes key = key_bytes(t, keys, i);
                        if (key.len == no.len && !memcmp(key.data, no.data, no.len))
                                return invalid_argument("Using the %s as a table key is not "
                                                        "allowed",
                                                        names[f]);
                }
        }
        return NULL;
}

/* Keys and values go together, key by key. */
static Status *check_pairs(const Table *t, const Tensor *keys, const Tensor *values, int64_t *ret_n)
{
        Shape outer, want;
        TRY(check_types(t, keys, values));
        TRY(split_keys(t, keys, &outer, ret_n));
        TRY(values_shape(t, &outer, &want));
        if (!shape_equal(&want, &values->shape))
                return invalid_argument("Expected shape %s for value, got %s", shape_text(&want).s,
                                        shape_text(&values->shape).s);
        return check_forbidden(t, keys, *ret_n);
}

/* ---- finding ---- */

/* The default is one value for all, or one for each key. */
static Status *find_locked(Table *t, const Tensor *keys, const Tensor *def, bool one_default,
                           int64_t n, Tensor *y)
{
        if (t->fixed && !t->initialized)
                return failed_precondition("Table not initialized.");
        for (int64_t i = 0; i < n; i++) {
                Bytes key = key_bytes(t, keys, i);
                Entry *e = map_getn(&t->entries, key.data, key.len);
                int64_t from = one_default ? 0 : i * t->n_value;
                TRY(e ? value_load(t, e, y, i)
                      : tensor_copy_elements(y, i * t->n_value, def, from, t->n_value));
        }
        return NULL;
}

/* Readers run beside each other. */
Status *table_find(Table *t, const Tensor *keys, const Tensor *def, Tensor **ret)
{
        Shape outer, full;
        int64_t n;
        autoptr(Tensor) y = NULL;
        TRY(check_types(t, keys, def));
        TRY(split_keys(t, keys, &outer, &n));
        TRY(values_shape(t, &outer, &full));
        bool one = shape_equal(&def->shape, &t->value_shape);
        if (!one && !shape_equal(&def->shape, &full))
                return invalid_argument("Expected shape %s or %s for default value, got %s",
                                        shape_text(&t->value_shape).s, shape_text(&full).s,
                                        shape_text(&def->shape).s);
        TRY(check_forbidden(t, keys, n));
        TRY(tensor_new(t->value, &full, &y));
        pthread_rwlock_rdlock(&t->lock);
        Status *s = find_locked(t, keys, def, one, n, y);
        pthread_rwlock_unlock(&t->lock);
        TRY(s);
        *ret = steal(&y);
        return NULL;
}

/* ---- changing ---- */

/* Puts an entry in the place of its key; takes it. */
static Status *put(const Table *t, Map *entries, Entry *e)
{
        Entry *old = map_getn(entries, e->key, e->key_len);
        Status *s = map_setn(entries, e->key, e->key_len, e);
        if (s || old)
                entry_free(t, s ? e : old);
        return s;
}

/* Later pairs of one insert replace earlier ones. */
static Status *put_all(const Table *t, Map *entries, const Tensor *keys, const Tensor *values,
                       int64_t n)
{
        for (int64_t i = 0; i < n; i++) {
                Entry *e = NULL;
                TRY(entry_new(t, keys, values, i, &e));
                TRY(put(t, entries, e));
        }
        return NULL;
}

static Status *no_change(const Table *t, const char *what)
{
        return t->fixed ? unimplemented("%s not supported by InitializableLookupTable "
                                        "implementations",
                                        what)
                        : NULL;
}

/* Import replaces all entries; the old ones are freed outside of the lock. */
Status *table_insert(Table *t, const Tensor *keys, const Tensor *values, bool replace)
{
        int64_t n;
        Map none = { 0 }, old = { 0 };
        TRY(no_change(t, replace ? "ImportValues" : "Insert"));
        TRY(check_pairs(t, keys, values, &n));
        pthread_rwlock_wrlock(&t->lock);
        if (replace) {
                old = t->entries;
                t->entries = none;
        }
        Status *s = put_all(t, &t->entries, keys, values, n);
        pthread_rwlock_unlock(&t->lock);
        clear(t, &old);
        return s;
}

/* Keys that are not there are passed over. */
Status *table_remove(Table *t, const Tensor *keys)
{
        Shape outer;
        int64_t n;
        TRY(no_change(t, "Remove"));
        TRY(check_types(t, keys, NULL));
        TRY(split_keys(t, keys, &outer, &n));
        TRY(check_forbidden(t, keys, n));
        pthread_rwlock_wrlock(&t->lock);
        for (int64_t i = 0; i < n; i++) {
                Bytes key = key_bytes(t, keys, i);
                Entry *e = map_deln(&t->entries, key.data, key.len);
                if (e)
                        entry_free(t, e);
        }
        pthread_rwlock_unlock(&t->lock);
        return NULL;
}

/* Like put_all(), but a key has one value only. */
static Status *put_once(const Table *t, Map *entries, const Tensor *keys, const Tensor *values,
                        int64_t n)
{
        for (int64_t i = 0; i < n; i++) {
                Entry *e = NULL;
                TRY(entry_new(t, keys, values, i, &e));
                Entry *old = map_getn(entries, e->key, e->key_len);
                if (old && !value_equal(t, old, e)) {
                        entry_free(t, e);
                        return invalid_argument("HashTable has different value for same key. Key "
                                                "%lld of the input is there already",
                                                (long long)i);
                }
                TRY(put(t, entries, e));
        }
        return NULL;
}

/* Whether both maps say the same. */
static bool same_entries(const Table *t, const Map *a, const Map *b)
{
        if (a->count != b->count)
                return false;
        map_each (e, a) {
                Entry *x = e->value, *y = map_getn(b, x->key, x->key_len);
                if (!y || !value_equal(t, x, y))
                        return false;
        }
        return true;
}

/* The second initialization of a shared table is fine if it brings the same. */
Status *table_initialize(Table *t, const Tensor *keys, const Tensor *values)
{
        int64_t n;
        Map entries = { 0 };
        if (!t->fixed)
                return invalid_argument("Table %s %s is not initializable", t->container, t->name);
        TRY(check_pairs(t, keys, values, &n));
        Status *s = put_once(t, &entries, keys, values, n);
        if (!s) {
                pthread_rwlock_wrlock(&t->lock);
                if (!t->initialized) {
                        t->entries = entries;
                        t->initialized = true;
                        entries = (Map){ 0 };
                } else if (!same_entries(t, &t->entries, &entries)) {
                        s = failed_precondition("Table was already initialized with different "
                                                "data.");
                }
                pthread_rwlock_unlock(&t->lock);
        }
        clear(t, &entries);
        return s;
}

/* ---- all of it ---- */

int64_t table_size(Table *t)
{
        pthread_rwlock_rdlock(&t->lock);
        int64_t n = t->entries.count;
        pthread_rwlock_unlock(&t->lock);
        return n;
}

/* Entries in the map's order, which promises nothing, as TensorFlow's does not. */
static Status *export_locked(Table *t, Tensor **keys, Tensor **values)
{
        Shape ks = t->key_shape, vs;
        int64_t at = 0;
        Shape rows = SHAPE(t->entries.count);
        if (t->fixed && !t->initialized)
                return failed_precondition("Table not initialized.");
        if (ks.rank == SHAPE_MAX_RANK)
                return unimplemented("a tensor of rank %d", SHAPE_MAX_RANK + 1);
        shape_insert(&ks, 0, t->entries.count);
        TRY(values_shape(t, &rows, &vs));
        TRY(tensor_new(t->key, &ks, keys));
        TRY(tensor_new(t->value, &vs, values));
        map_each (m, &t->entries) {
                Entry *e = m->value;
                if (t->key == DT_STRING)
                        TRY(tensor_set_string(*keys, at, e->key, e->key_len));
                else
                        memcpy((char *)tensor_fill(*keys) + (size_t)at * e->key_len, e->key,
                               e->key_len);
                TRY(value_load(t, e, *values, at++));
        }
        return NULL;
}

/* Both tensors are of one moment. */
Status *table_export(Table *t, Tensor **ret_keys, Tensor **ret_values)
{
        autoptr(Tensor) keys = NULL;
        autoptr(Tensor) values = NULL;
        pthread_rwlock_rdlock(&t->lock);
        Status *s = export_locked(t, &keys, &values);
        pthread_rwlock_unlock(&t->lock);
        TRY(s);
        *ret_keys = steal(&keys);
        *ret_values = steal(&values);
        return NULL;
}
