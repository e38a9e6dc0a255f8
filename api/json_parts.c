// SPDX-License-Identifier: Apache-2.0
#include "api/json_parts.h"

#include "engine/base/mem.h"
#include <string.h>

enum {
        PART = 32 * 1024, /* bytes; some 25 us */
        LEAST = 8,        /* parts that are worth others' help */
        FIRST = 32,       /* parts that are read together at first, then more: what is supposed of
                             parts is wrong from where an outer array ends for the first time */
        MOST = 256,
};

/* ---- cutting ---- */

static void cut_some(void *arg, int64_t from, int64_t to)
{
        Parts *p = arg;
        for (int64_t i = from; i < to; i++) {
                const char *at = p->text.at + i * PART, *end = p->text.at + p->text.len,
                           *next = i + 1 < p->n ? at + PART : end;
                const char *comma = memchr(at, ',', (size_t)(next - at));
                p->cuts[i] = comma ? scan_space(comma + 1, end) : NULL;
                p->commas[i] = (int64_t)nested_commas(at, (size_t)(next - at));
        }
}

void parts_cut(JsonSpan text, const JsonHelp *help, Parts *ret, size_t *ret_commas)
{
        Parts p = { .text = text, .help = help };
        size_t n = MIN(text.len / PART, (size_t)INT32_MAX);
        if (help && help->run && n >= LEAST) {
                p.cuts = mem_alloc(n * sizeof *p.cuts);
                p.commas = mem_alloc(n * sizeof *p.commas);
        }
        *ret = p;
        if (!p.cuts || !p.commas) {
                *ret_commas = nested_commas(text.at, text.len);
                return;
        }
        ret->n = (int)n;
        help->run(help->with, ret->n, 1, cut_some, ret);
        int64_t all = 0;
        for (int i = 0; i < ret->n; i++) {
                int64_t here = p.commas[i];
                p.commas[i] = all + 1; /* its first one is in front of the cut */
                all += here;
        }
        *ret_commas = (size_t)all;
}

void parts_done(Parts *p)
{
        mem_free(p->cuts);
        mem_free(p->commas);
}

/* ---- supposing ---- */

/* How many arrays end in front of the comma of a cut. */
static int closed_before(const char *start, const char *cut)
{
        int n = 0;
        const char *p = cut - 1;
        while (*p != ',')
                p--;
        while (p > start && n < SHAPE_MAX_RANK && (p[-1] == ']' || scan_space(p - 1, p) == p))
                n += *--p == ']';
        return n;
}

/* The state in which a reader that is now in another one comes to a cut, if all goes on as it did:
 * arrays of a level that has its size have that size, those of other levels are still the first
 * ones. False when it cannot be. */
static bool suppose(const Parts *p, int at, const JsonReader *now, JsonReader *ret)
{
        JsonReader r = *now;
        int64_t children = p->commas[at];
        r.p = p->cuts[at];
        r.n = children;
        r.depth = r.p ? r.rank - closed_before(p->text.at, r.p) : 0;
        if (r.depth < 1)
                return false;
        for (int d = r.rank - 1; d >= 0; d--) {
                bool known = r.dim[d] > 0;
                r.index[d] = known ? children % r.dim[d] : children;
                children = known ? children / r.dim[d] : 0;
        }
        *ret = r;
        return true;
}

static bool same_state(const JsonReader *a, const JsonReader *b)
{
        return a->p == b->p && a->n == b->n && a->depth == b->depth && a->rank == b->rank &&
               memcmp(a->index, b->index, (size_t)a->depth * sizeof *a->index) == 0 &&
               memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

/* ---- reading ---- */

/* Parts that are read together, from what is supposed. */
typedef struct Some {
        JsonReader before[MOST + 1], after[MOST];
        bool right[MOST];
        int n;
} Some;

/* Reads a part into the places of its own elements only, whatever is in it. */
static bool read_to(const JsonReader *from, const char *cut, int64_t max, JsonReader *ret)
{
        *ret = *from;
        ret->end = cut;
        ret->max = max;
        return cut > from->p && nested_part(ret);
}

static void read_some(void *arg, int64_t from, int64_t to)
{
        Some *s = arg;
        for (int64_t i = from; i < to; i++)
                s->right[i] = read_to(&s->before[i], s->before[i + 1].p, s->before[i + 1].n,
                                      &s->after[i]);
}

/* Supposes states from cut `at` on, as many as can be. */
static void suppose_some(const Parts *p, const JsonReader *r, int at, int most, Some *s)
{
        s->before[0] = *r;
        for (s->n = 0; s->n < most && at + s->n + 1 < p->n; s->n++)
                if (!suppose(p, at + s->n + 1, r, &s->before[s->n + 1]))
                        return;
}

/* The whole reader goes to where one of a part has come. */
static void go_on(const JsonReader *part, JsonReader *r)
{
        JsonReader whole = *part;
        whole.end = r->end;
        whole.max = r->max;
        *r = whole;
}

/* The reader is at cut `at`. Returns how many parts it was moved on. */
static int take_some(const Parts *p, int at, int most, Some *s, JsonReader *r)
{
        suppose_some(p, r, at, most, s);
        if (s->n)
                p->help->run(p->help->with, s->n, 1, read_some, s);
        for (int i = 0; i < s->n; i++) {
                if (!s->right[i])
                        return i;
                go_on(&s->after[i], r);
                if (!same_state(r, &s->before[i + 1]))
                        return i + 1;
        }
        return s->n;
}

/* What is supposed is wrong a few times in a text that is right; whoever makes it wrong more often
 * shall not make us read things again and again. */
void parts_read(const Parts *p, JsonReader *r)
{
        JsonReader first;
        if (!p->n || !p->cuts[1] || !read_to(r, p->cuts[1], p->commas[1], &first))
                return;
        autofree Some *s = mem_alloc(sizeof *s);
        if (!s)
                return;
        go_on(&first, r);
        int wrong = 0, most = FIRST;
        for (int at = 1, n; wrong < SHAPE_MAX_RANK; at += n, most = MOST) {
                n = take_some(p, at, most, s, r);
                wrong += n < s->n;
                if (n == 0)
                        return;
        }
}
