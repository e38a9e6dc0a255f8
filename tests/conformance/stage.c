// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/stage.h"
#include "engine/base/mem.h"
#include "tests/conformance/file.h"
#include "tests/conformance/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Outcome broken(Stage *s, Status *e)
{
        buf_puts(&s->why, status_message(e));
        status_free(e);
        return FAILED;
}

/* "Op type not registered 'X' in binary ..." is TensorFlow's text for an op that nobody has. Frozen
 * graphs in which a Const stands where a variable is written are refused by TensorFlow, too; their
 * references were made before freezing. */
static Outcome refused(Stage *s, const Answer *a)
{
        static const char text[] = "Op type not registered '";
        const char *detail = answer_text(a, "detail"), *op = strstr(detail, text);
        buf_printf(&s->why, "%ld %.*s", a->status, (int)strcspn(detail, "\n"), detail);
        if (!op)
                return strstr(detail, "_ref.") && strstr(detail, "incompatible with expected")
                               ? REFUSED
                               : FAILED;
        op += sizeof(text) - 1;
        snprintf(s->missing, sizeof(s->missing), "%.*s", (int)strcspn(op, "'"), op);
        return UNSUPPORTED;
}

static Outcome send(Stage *s, const char *method, const char *path, const Buf *body, Answer *ret)
{
        Status *e = http_send(s->http, method, path, body ? body->data : NULL, body ? body->len : 0,
                              ret);
        if (e)
                return broken(s, e);
        return ret->status < 300 ? PASSED : refused(s, ret);
}

/* Asks for a session of the stored graph. */
static Outcome create(Stage *s, Answer *ret)
{
        autobuf body = BUF(10000);
        buf_printf(&body, "{\"name\":\"%s\",\"graph\":\"%s\",\"config\":%s}", s->name, s->name,
                   s->config);
        return send(s, "POST", "/v1/sessions", &body, ret);
}

static Outcome put(Stage *s, const Buf *bytes, Answer *ret)
{
        char path[64];
        snprintf(path, sizeof(path), "/v1/graphs/%s", s->name);
        return send(s, "PUT", path, bytes, ret);
}

Outcome stage_open(Stage *s, const char *file)
{
        autobuf graph = BUF(FILE_MAX_BYTES);
        Status *e = folder_exists(file) ? pack_folder(file, &graph) : file_read(file, &graph);
        return e ? broken(s, e) : stage_open_bytes(s, &graph);
}

Outcome stage_open_bytes(Stage *s, const Buf *bytes)
{
        autoanswer stored = { 0 }, created = { 0 };
        Outcome o = put(s, bytes, &stored);
        return o == PASSED ? create(s, &created) : o;
}

Outcome stage_look(Stage *s, const char *what, Answer *ret)
{
        char path[64];
        snprintf(path, sizeof(path), "/v1/graphs/%s/%s", s->name, what);
        return send(s, "GET", path, NULL, ret);
}

bool stage_offer(Stage *s, const Buf *bytes)
{
        autoanswer stored = { 0 }, created = { 0 };
        Outcome o = put(s, bytes, &stored);
        if (o == PASSED)
                create(s, &created);
        buf_reset(&s->why);
        return stored.status && (o != PASSED || created.status);
}

static bool draws_random_numbers(Stage *s)
{
        autoanswer a = { 0 };
        size_t i;
        json_t *node;
        if (stage_look(s, "nodes", &a) != PASSED)
                return false;
        json_array_foreach (json_object_get(a.json, "nodes"), i, node) {
                const char *op = json_string_value(json_object_get(node, "op"));
                if (op && (strstr(op, "Random") || strstr(op, "TruncatedNormal") ||
                           strstr(op, "Multinomial")))
                        return true;
        }
        return false;
}

static void forget(Stage *s, const char *kind)
{
        autoanswer a = { 0 };
        char path[64];
        snprintf(path, sizeof(path), "/v1/%s/%s", kind, s->name);
        status_free(http_send(s->http, "DELETE", path, NULL, 0, &a));
}

Outcome stage_reopen(Stage *s)
{
        autoanswer created = { 0 };
        forget(s, "sessions");
        return create(s, &created);
}

void stage_close(Stage *s)
{
        s->draws = s->digests && draws_random_numbers(s);
        forget(s, "sessions");
        forget(s, "graphs");
}

/* FNV-1a over the text of a result: numbers are written so that other bits are other texts. */
static uint64_t digest_more(uint64_t digest, const json_t *result)
{
        char *text = json_dumps(result, JSON_ENCODE_ANY | JSON_COMPACT);
        for (const char *p = text; p && *p; p++)
                digest = (digest ^ (unsigned char)*p) * 0x100000001b3;
        free(text);
        return digest;
}

Outcome stage_run(Stage *s, const Buf *body, Answer *ret)
{
        char path[64];
        snprintf(path, sizeof(path), "/v1/sessions/%s:run", s->name);
        Outcome o = send(s, "POST", path, body, ret);
        if (o == PASSED && s->digests)
                s->digest = digest_more(s->digest, json_object_get(ret->json, "result"));
        return o;
}

void fetches_done(Fetches *f)
{
        for (size_t i = 0; i < f->n; i++) {
                mem_free(f->at[i].tensor);
                expected_done(&f->at[i].expected);
        }
        mem_free(f->at);
        *f = (Fetches){ 0 };
}

Fetch *fetches_add(Fetches *f)
{
        if (f->n == f->cap) {
                size_t cap = f->cap ? 2 * f->cap : 8;
                Fetch *more = mem_realloc(f->at, cap * sizeof(*more));
                if (!more)
                        return NULL;
                f->at = more;
                f->cap = cap;
        }
        f->at[f->n] = (Fetch){ 0 };
        return &f->at[f->n++];
}

static bool all_equal(Stage *s, const json_t *result, const Fetches *f, Tolerance t, bool shapes)
{
        for (size_t i = 0; i < f->n; i++) {
                autobuf why = BUF(10000);
                if (expected_equals(&f->at[i].expected, json_array_get(result, i), t, shapes, &why))
                        continue;
                buf_reset(&s->why);
                buf_printf(&s->why, "%s: %s", f->at[i].tensor, buf_cstr(&why));
                return false;
        }
        return true;
}

Outcome stage_compare(Stage *s, const char *feeds, const Fetches *f, Tolerance t)
{
        autobuf body = BUF(FILE_MAX_BYTES);
        autoanswer a = { 0 };
        buf_puts(&body, "{\"output\":\"typed\",\"int64\":\"string\",\"fetches\":[");
        for (size_t i = 0; i < f->n; i++)
                buf_printf(&body, "%s\"%s\"", i ? "," : "", f->at[i].tensor);
        buf_printf(&body, "],\"feeds\":%s}", feeds);
        Status *e = buf_status(&body);
        if (e)
                return broken(s, e);
        Outcome o = stage_run(s, &body, &a);
        const json_t *result = json_object_get(a.json, "result");
        if (o != PASSED || all_equal(s, result, f, t, false))
                return o;
        return draws_random_numbers(s) && all_equal(s, result, f, t, true) ? RANDOM : FAILED;
}
