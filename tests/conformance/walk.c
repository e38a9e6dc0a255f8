// SPDX-License-Identifier: Apache-2.0
/* One model of the walk: loaded, its signatures run - or what nobody uses of its graph -, twice,
 * and the numbers are finite and the same. */
#include "tests/conformance/walk.h"
#include "tests/conformance/file.h"
#include "tests/conformance/pack.h"
#include "tests/conformance/walk_sinks.h"

#include <string.h>

typedef struct Play {
        Stage *s;
        const Hint *hint;    /* has no member when there is none */
        const json_t *nodes; /* borrowed */
        Buf bytes;           /* what was uploaded */
        bool has_values;     /* variables come with the model */
        bool random;         /* a run gave other numbers, and the model draws some */
} Play;

/* What is fetched together, and what may be fed for it (NULL: all placeholders). */
typedef struct Ask {
        const char *name, *fetches; /* members of a JSON array */
        const json_t *feeds;
} Ask;

/* Whether names of ops that draw numbers, or take what comes next, stand in what was uploaded. */
static bool draws(const Buf *bytes)
{
        static const char *const words[] = { "Random", "TruncatedNormal", "Multinomial",
                                             "CandidateSampler", "IteratorGetNext" };
        for (size_t i = 0; i < COUNTOF(words); i++)
                if (memmem(bytes->data, bytes->len, words[i], strlen(words[i])))
                        return true;
        return false;
}

/* ---- a run ---- */

/* Texts stand for numbers that JSON has none for. */
static bool all_finite(const json_t *value)
{
        static const char *const words[] = { "NaN", "Infinity", "-Infinity" };
        const char *text = json_string_value(value), *key;
        size_t i;
        json_t *part;
        for (i = 0; text && i < COUNTOF(words); i++)
                if (!strcmp(text, words[i]))
                        return false;
        json_array_foreach (value, i, part)
                if (!all_finite(part))
                        return false;
        json_object_foreach ((json_t *)value, key, part)
                if (!all_finite(part))
                        return false;
        return true;
}

static Outcome run(const Play *p, const Ask *ask, const Buf *feeds, Answer *ret)
{
        autobuf body = BUF(RUN_BYTES);
        buf_reset(&p->s->why);
        buf_printf(&body,
                   "{\"output\":\"typed\",\"int64\":\"string\",\"options\":{\"timeout_in_ms\":%d},"
                   "\"fetches\":[%s],\"feeds\":{%.*s%s",
                   p->hint->cannot ? 1000 : 100000, ask->fetches, (int)feeds->len, feeds->data,
                   feeds->len && p->hint->feeds ? "," : "");
        if (p->hint->feeds)
                buf_quoted(&body, p->hint->feeds);
        buf_puts(&body, "}}");
        return stage_run(p->s, &body, ret);
}

static bool same(const Answer *a, const Answer *b)
{
        return json_equal(json_object_get(a->json, "result"), json_object_get(b->json, "result"));
}

/* The first run of a new session. */
static Outcome afresh(Play *p, const Ask *ask, const Buf *feeds, Answer *ret)
{
        Outcome o = stage_reopen(p->s);
        if (o == PASSED)
                o = walk_initialize(p->s, p->hint, p->nodes, p->has_values);
        return o == PASSED ? run(p, ask, feeds, ret) : o;
}

/* The second time: the same. A model that keeps a state gives the same in two new sessions; one
 * that draws numbers need not. */
static Outcome again(Play *p, const Ask *ask, const Buf *feeds, const Answer *first)
{
        autoanswer a = { 0 }, b = { 0 }, c = { 0 };
        Outcome o = run(p, ask, feeds, &a);
        if (o != PASSED || same(first, &a))
                return o;
        o = afresh(p, ask, feeds, &b);
        if (o == PASSED)
                o = afresh(p, ask, feeds, &c);
        if (o != PASSED || same(&b, &c))
                return o;
        p->random = draws(&p->bytes);
        buf_printf(&p->s->why, "%s: other values the second time", ask->name);
        return p->random ? PASSED : FAILED;
}

/* Tries ways of feeding until one gives finite numbers. Where nothing was to be chosen, the first
 * way is the only one. */
static Outcome ask_for(Play *p, const Ask *ask)
{
        Outcome o = FAILED;
        bool more = true;
        for (int way = 0; o != PASSED && more && way < feeds_ways(); way++) {
                autobuf feeds = BUF(RUN_BYTES);
                autoanswer a = { 0 };
                more = feeds_choose(p->nodes, ask->feeds, p->hint->feeds, way, &feeds);
                o = run(p, ask, &feeds, &a);
                /* Other feeds cannot help against other errors. */
                more &= a.status < 300 || json_integer_value(json_object_get(a.json, "code")) == 3;
                if (o == PASSED && !p->hint->infinite &&
                    !all_finite(json_object_get(a.json, "result"))) {
                        buf_printf(&p->s->why, "%s: not finite", ask->name);
                        o = FAILED;
                }
                if (o == PASSED)
                        o = again(p, ask, &feeds, &a);
        }
        return o;
}

/* ---- a model ---- */

/* A tensor has a name, a sparse one three. */
static void add_input(json_t *feeds, const json_t *input)
{
        static const char *const parts[] = { "name", "values", "indices", "dense_shape" };
        for (size_t i = 0; i < COUNTOF(parts); i++) {
                const char *tensor = json_string_value(json_object_get(input, parts[i]));
                if (tensor)
                        json_object_set_new(feeds, tensor, json_true());
        }
}

/* Fetches a signature's outputs, fed by its inputs. */
static Outcome ask_signature(Play *p, const char *name, const json_t *signature)
{
        autobuf fetches = BUF(1 << 20);
        const char *key;
        json_t *tensor, *feeds = json_object();
        json_object_foreach (json_object_get(signature, "outputs"), key, tensor)
                if (json_object_get(tensor, "name"))
                        buf_printf(&fetches, "%s\"%s\"", fetches.len ? "," : "",
                                   json_string_value(json_object_get(tensor, "name")));
        json_object_foreach (json_object_get(signature, "inputs"), key, tensor)
                add_input(feeds, tensor);
        Outcome o = ask_for(p, &(Ask){ name, buf_cstr(&fetches), feeds });
        json_decref(feeds);
        return o;
}

/* -1: it has none. */
static Outcome ask_signatures(Play *p, int *ret_n)
{
        autoanswer a = { 0 };
        Outcome o = PASSED;
        const char *name;
        json_t *signature;
        *ret_n = 0;
        if (stage_look(p->s, "signatures", &a) != PASSED)
                return PASSED;
        json_object_foreach (json_object_get(a.json, "signatures"), name, signature) {
                /* "__saved_model_init_op" is no signature to be called. */
                if (o != PASSED || !strncmp(name, "__", 2) ||
                    !json_object_size(json_object_get(signature, "outputs")))
                        continue;
                o = ask_signature(p, name, signature);
                ++*ret_n;
        }
        return o;
}

/* All at once; where that fails, each by itself says which. */
static Outcome ask_sinks(Play *p)
{
        autobuf all = BUF(1 << 20);
        autosinks sinks = { 0 };
        sinks_find(p->nodes, p->hint->except, &sinks);
        for (size_t i = 0; i < sinks.n; i++)
                buf_printf(&all, "%s\"%s\"", i ? "," : "", sinks.tensor[i]);
        if (!sinks.n) {
                buf_reset(&p->s->why);
                buf_puts(&p->s->why, "it loads; there is nothing in it that could be fetched");
                return SKIPPED;
        }
        Outcome o = ask_for(p, &(Ask){ "all", buf_cstr(&all), NULL });
        for (size_t i = 0; i < sinks.n && o != PASSED; i++) {
                autobuf one = BUF(4096);
                buf_printf(&one, "\"%s\"", sinks.tensor[i]);
                Outcome own = ask_for(p, &(Ask){ sinks.tensor[i], buf_cstr(&one), NULL });
                /* The side that a condition did not take has no value, twice. */
                if (own != PASSED && !strstr(buf_cstr(&p->s->why), "does not have value"))
                        return own;
                if (i + 1 == sinks.n)
                        o = PASSED;
        }
        return o;
}

static Outcome play(Play *p)
{
        autoanswer nodes = { 0 };
        int signatures = 0;
        Outcome o = stage_look(p->s, "nodes", &nodes);
        p->nodes = json_object_get(nodes.json, "nodes");
        if (o == PASSED)
                o = walk_initialize(p->s, p->hint, p->nodes, p->has_values);
        if (o == PASSED && p->hint->fetch) {
                autobuf fetch = BUF(4096);
                buf_quoted(&fetch, p->hint->fetch);
                return ask_for(p, &(Ask){ p->hint->fetch, buf_cstr(&fetch), NULL });
        }
        if (o == PASSED)
                o = ask_signatures(p, &signatures);
        return o == PASSED && !signatures ? ask_sinks(p) : o;
}

Outcome walk_play(Stage *s, const Trial *t)
{
        static const Hint none;
        Play p = { .s = s,
                   .hint = t->row ? t->row : &none,
                   .has_values = folder_exists(t->path),
                   .bytes = BUF(FILE_MAX_BYTES) };
        Status *e = walk_read(t->path, &p.bytes);
        Outcome o = e ? FAILED : stage_open_bytes(s, &p.bytes);
        if (e)
                buf_puts(&s->why, status_message(e));
        status_free(e);
        if (o == PASSED)
                o = play(&p);
        stage_close(s);
        buf_done(&p.bytes);
        if (!p.hint->cannot)
                return o == PASSED && p.random ? RANDOM : o;
        buf_reset(&s->why);
        s->missing[0] = 0;
        buf_printf(&s->why, "%s%s", p.hint->cannot, o == PASSED ? ": but it runs" : "");
        return o == PASSED ? FAILED : SKIPPED;
}
