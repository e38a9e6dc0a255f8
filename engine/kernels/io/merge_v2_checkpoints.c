// SPDX-License-Identifier: Apache-2.0
/* MergeV2Checkpoints: the data files of several checkpoints become shards of one; only their
 * indexes are rewritten. */
#include "engine/kernels/io/bundle.h"
#include "engine/state/roots.h"
#include "proto/wire.h"

#include <stdlib.h>

/* An entry on its way into the merged index. */
typedef struct Merged {
        SstEntry at;
        BundleEntry entry;
} Merged;

typedef struct Merge {
        Bundle **bundles;
        int count;
        Merged *all;
        size_t n;
        int shards; /* so far */
        Arena *arena;
} Merge;

/* Shard numbers are shifted by the shards of the bundles before; offsets within a shard stay as
 * they are. */
static Status *collect(Merge *m, Bundle *b)
{
        const Sstable *t = bundle_table(b);
        Merged *grown = mem_realloc(m->all, (m->n + t->count + 1) * sizeof *grown);
        if (!grown)
                return status_oom();
        m->all = grown;
        for (size_t i = 0; i < t->count; i++) {
                const BundleEntry *e;
                TRY(bundle_entry(b, &t->entries[i], &e));
                m->all[m->n] = (Merged){ t->entries[i], *e };
                m->all[m->n++].entry.shard_id += m->shards;
        }
        m->shards += bundle_shards(b);
        return NULL;
}

static int by_key(const void *a, const void *b)
{
        const Merged *x = a, *y = b;
        return sstable_compare(x->at.key, x->at.key_len, y->at.key, y->at.key_len);
}

/* Two entries of one tensor are joined when both list parts; anything else is a clash. */
static Status *join(Merge *m, BundleEntry *into, const BundleEntry *e, const SstEntry *at)
{
        size_t n = into->n_slices + e->n_slices;
        if (!into->n_slices || !e->n_slices || into->dtype != e->dtype)
                return invalid_argument("Duplicate tensor keyed by %.*s encountered, when merging "
                                        "checkpoints",
                                        (int)MIN(at->key_len, (size_t)200), at->key);
        void *list = arena_calloc(m->arena, n, sizeof *into->slices);
        if (!list)
                return status_oom();
        memcpy(list, into->slices, into->n_slices * sizeof *into->slices);
        into->slices = list;
        memcpy(into->slices + into->n_slices, e->slices, e->n_slices * sizeof *e->slices);
        into->n_slices = n;
        return NULL;
}

/* After the sort equal keys are neighbours: slices of one partitioned variable, saved by several
 * workers. Their lists of slices are joined, in place. */
static Status *write_index(OpCtx *c, Merge *m, const char *destination)
{
        autofree char *path = bundle_index_name(destination);
        autofree SstEntry *entries = mem_calloc(m->n + 1, sizeof *entries);
        size_t n = 0;
        if (!path || !entries)
                return status_oom();
        if (m->n)
                qsort(m->all, m->n, sizeof *m->all, by_key);
        for (size_t i = 0; i < m->n; i++) {
                Merged *last = n ? &m->all[n - 1] : NULL;
                if (last && !by_key(last, &m->all[i])) {
                        TRY(join(m, &last->entry, &m->all[i].entry, &m->all[i].at));
                        continue;
                }
                m->all[n++] = m->all[i];
        }
        for (size_t i = 0; i < n; i++) {
                autobuf packed = BUF((size_t)1 << 31);
                TRY(proto_pack(&m->all[i].entry.base, &packed));
                entries[i] = m->all[i].at;
                entries[i].value = arena_dup(m->arena, packed.data ? packed.data : "", packed.len);
                entries[i].value_len = packed.len;
                if (!entries[i].value)
                        return status_oom();
        }
        return bundle_write_index(c, path, entries, n, m->shards);
}

/* Files are renamed, not copied: the old checkpoints are gone from here on. */
static Status *move_data(OpCtx *c, const Merge *m, const TString *prefixes, const char *destination)
{
        int to = 0;
        for (int i = 0; i < m->count; i++)
                for (int k = 0; k < bundle_shards(m->bundles[i]); k++, to++) {
                        autofree char *prefix = mem_strndup(prefixes[i].data, prefixes[i].len);
                        autofree char *from =
                                prefix ? bundle_data_name(prefix, k, bundle_shards(m->bundles[i]))
                                       : NULL;
                        autofree char *name = bundle_data_name(destination, to, m->shards);
                        if (!from || !name)
                                return status_oom();
                        TRY(roots_rename(ctx_roots(c), from, name));
                }
        return NULL;
}

/* Old indexes, and the folders they were in if those are empty then; failures do not matter. */
static void delete_old(OpCtx *c, const Merge *m, const TString *prefixes, bool folders)
{
        for (int i = 0; i < m->count; i++) {
                autofree char *prefix = mem_strndup(prefixes[i].data, prefixes[i].len);
                autofree char *index = prefix ? bundle_index_name(prefix) : NULL;
                if (!index)
                        continue;
                status_free(roots_unlink(ctx_roots(c), index, false));
                char *slash = strrchr(prefix, '/');
                if (folders && slash && slash > prefix) {
                        *slash = '\0';
                        status_free(roots_unlink(ctx_roots(c), prefix, true));
                }
        }
}

/* Every index is read before the first file moves. The index is written last, so that an
 * interrupted merge shows no checkpoint. */
static Status *merge_into(OpCtx *c, Merge *m, const Tensor *prefixes, const char *destination)
{
        const TString *names = tensor_strings(prefixes);
        const char *slash = strrchr(destination, '/');
        autofree char *dir = slash && slash > destination
                                     ? mem_strndup(destination, (size_t)(slash - destination))
                                     : NULL;
        for (; m->count < tensor_count(prefixes); m->count++) {
                const TString *p = &names[m->count];
                TRY(bundle_open(c, p->data ? p->data : "", p->len, &m->bundles[m->count]));
                Status *s = collect(m, m->bundles[m->count]);
                /* The bundle is open already: count it, so that it is closed. */
                if (s) {
                        m->count++;
                        return s;
                }
        }
        if (dir)
                status_free(roots_mkdir(ctx_roots(c), dir));
        TRY(move_data(c, m, names, destination));
        TRY(write_index(c, m, destination));
        delete_old(c, m, names, node_bool(ctx_node(c), "delete_old_dirs", true));
        return NULL;
}

static Status *merge_shape(ShapeCtx *c)
{
        if (shape_in(c, 0)->rank >= 0 && shape_in(c, 0)->rank != 1)
                return invalid_argument("Input checkpoint_prefixes should be an 1-D tensor, got %s "
                                        "instead.",
                                        shape_text(shape_in(c, 0)).s);
        if (shape_in(c, 1)->rank > 0)
                return invalid_argument(
                        "Input destination_prefix should be a scalar tensor, got %s "
                        "instead.",
                        shape_text(shape_in(c, 1)).s);
        return NULL;
}

static Status *merge(OpCtx *c)
{
        const Tensor *prefixes = ctx_input(c, 0);
        const TString *to = tensor_strings(ctx_input(c, 1));
        autofree char *destination = mem_strndup(to->data ? to->data : "", to->len);
        autoptr(Arena) arena = NULL;
        if (!destination)
                return status_oom();
        TRY(arena_new(SIZE_MAX, &arena));
        Merge m = { .arena = arena };
        m.bundles = arena_calloc(arena, (size_t)tensor_count(prefixes) + 1, sizeof *m.bundles);
        if (!m.bundles)
                return status_oom();
        Status *s = merge_into(c, &m, prefixes, destination);
        for (int i = 0; i < m.count; i++)
                bundle_close(m.bundles[i]);
        mem_free(m.all);
        return s;
}

OP(MergeV2Checkpoints, .inputs = "checkpoint_prefixes:string; destination_prefix:string",
   .attrs = "delete_old_dirs:bool = true", .flags = "stateful", .shape = merge_shape,
   .compute = merge);
