// SPDX-License-Identifier: Apache-2.0
/* The tuples of a staging area: which parts are there, and what may be put and taken. */
#include "engine/base/mem.h"
#include "engine/state/staging_inside.h"

void slot_free(Slot *s)
{
        for (int i = 0; i < s->width; i++)
                tensor_unref(s->parts[i]);
        mem_free(s->parts);
        mem_free(s);
}

Slot *slot_find(const Staging *st, int64_t key)
{
        return map_getn(&st->slots, (const char *)&key, sizeof key);
}

/* The slot of a key, made when somebody first speaks of it. */
Status *slot_make(Staging *st, int64_t key, Slot **ret)
{
        Slot *s = slot_find(st, key);
        if (!s) {
                if (!(s = mem_calloc(1, sizeof *s)))
                        return status_oom();
                s->key = key;
                Status *bad = map_setn(&st->slots, (const char *)&s->key, sizeof s->key, s);
                if (bad) {
                        mem_free(s);
                        return bad;
                }
        }
        *ret = s;
        return NULL;
}

/* A slot that has nothing left and is waited for by nobody goes. */
void slot_tidy(Staging *st, Slot *s)
{
        if (s->present) /* not through yet */
                return;
        st->complete -= s->complete;
        st->incomplete -= s->width && !s->complete; /* a first put that failed */
        s->complete = false;
        if (s->waits.n) {
                mem_free(steal(&s->parts));
                s->width = 0;
                return;
        }
        map_deln(&st->slots, (const char *)&s->key, sizeof s->key);
        slot_free(s);
}

static int part_of(const Attempt *a, int i)
{
        return a->parts ? a->parts[i] : i;
}

static Status *check_part(const Slot *s, int part)
{
        if (part >= 0 && part < s->width)
                return NULL;
        return invalid_argument("Index '%d' for key '%lld' was out of bounds '%d'.", part,
                                (long long)s->key, s->width);
}

/* Notes a key that becomes complete. Those that were taken by key are swept out when they are more
 * than those that count. */
static Status *note_key(Staging *st, int64_t key)
{
        if (st->keys.n > 2 * st->complete + 64) {
                staging_keys_done(&st->keys);
                map_each (e, &st->slots) {
                        Slot *s = e->value;
                        if (s->complete)
                                TRY(staging_keys_add(&st->keys, s->key));
                }
        }
        return staging_keys_add(&st->keys, key);
}

/* All parts are checked before the first goes in: a refused put changes nothing. */
Status *slot_put(Staging *st, Slot *s, Attempt *a)
{
        if (!s->width) {
                s->parts = mem_calloc((size_t)a->call.width, sizeof *s->parts);
                if (!s->parts)
                        return status_oom();
                s->width = a->call.width;
                st->incomplete++;
        }
        for (int i = 0; i < a->n; i++) {
                int part = part_of(a, i);
                TRY(check_part(s, part));
                if (s->complete || s->parts[part])
                        return invalid_argument("The tensor for index '%d' for key '%lld' was "
                                                "already initialized '%d'.",
                                                part, (long long)s->key, s->width);
        }
        if (s->present + a->n == s->width)
                TRY(note_key(st, s->key));
        for (int i = 0; i < a->n; i++) {
                st->bytes += (int64_t)tensor_bytes(a->values[i]);
                s->parts[part_of(a, i)] = steal(&a->values[i]);
        }
        s->present += a->n;
        if (s->present == s->width) {
                s->complete = true;
                st->incomplete--;
                st->complete++;
        }
        return NULL;
}

/* Takes, or shows, all parts or the named ones. */
Status *slot_take(Staging *st, Slot *s, Attempt *a)
{
        int n = a->parts ? a->call.n_parts : s->width;
        for (int i = 0; i < n; i++) {
                TRY(check_part(s, part_of(a, i)));
                if (!s->parts[part_of(a, i)])
                        return invalid_argument("Tensor at index '%d' for key '%lld' has already "
                                                "been removed.",
                                                part_of(a, i), (long long)s->key);
        }
        if (n && !(a->values = mem_calloc((size_t)n, sizeof *a->values)))
                return status_oom();
        a->n = n;
        a->call.key = s->key;
        bool keep = a->call.what == STAGING_PEEK;
        for (int i = 0; i < n; i++) {
                Tensor **part = &s->parts[part_of(a, i)];
                a->values[i] = tensor_ref(*part);
                if (keep)
                        continue;
                st->bytes -= (int64_t)tensor_bytes(*part);
                tensor_unref(steal(part));
                s->present--;
        }
        return NULL;
}
