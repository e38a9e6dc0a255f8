// SPDX-License-Identifier: Apache-2.0
/* Reading parts of a request. Answering is server.c's. */
#include "api/request.h"

#include "api/json_status.h"
#include "api/json_string.h"
#include "engine/base/nearest.h"
#include "engine/base/utf8.h"
#include "proto/json.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- query ---- */

typedef struct Pair {
        const char *key, *value; /* raw */
        size_t key_len, value_len;
} Pair;

/* The next key=value of a query; false behind the last. */
static bool next_pair(const char **at, Pair *ret)
{
        const char *p = *at;
        while (p && *p == '&')
                p++;
        if (!p || !*p)
                return false;
        size_t n = strcspn(p, "&");
        const char *eq = memchr(p, '=', n);
        ret->key = p;
        ret->key_len = eq ? (size_t)(eq - p) : n;
        ret->value = eq ? eq + 1 : p + n;
        ret->value_len = eq ? n - ret->key_len - 1 : 0;
        *at = p + n;
        return true;
}

static bool key_is(const Pair *p, const char *name)
{
        return strlen(name) == p->key_len && memcmp(p->key, name, p->key_len) == 0;
}

/* '+' is a space in a query. */
static Status *decode_value(Arena *a, const Pair *p, const char **ret)
{
        char *copy = arena_alloc(a, p->value_len + 1), *text;
        if (!copy)
                return status_oom();
        for (size_t i = 0; i < p->value_len; i++)
                copy[i] = p->value[i] == '+' ? ' ' : p->value[i];
        TRY(router_decode(a, copy, p->value_len, &text));
        *ret = text;
        return NULL;
}

Status *request_query(Request *r, const char *name, const char **ret)
{
        const char *at = r->query;
        Pair p;
        *ret = NULL;
        while (next_pair(&at, &p))
                if (key_is(&p, name))
                        return decode_value(r->arena, &p, ret);
        return NULL;
}

/* "?replace" alone means true. */
Status *request_query_bool(Request *r, const char *name, bool *ret)
{
        const char *v;
        TRY(request_query(r, name, &v));
        if (!v || strcasecmp(v, "false") == 0 || strcmp(v, "0") == 0)
                *ret = false;
        else if (!*v || strcasecmp(v, "true") == 0 || strcmp(v, "1") == 0)
                *ret = true;
        else
                return invalid_argument("Query parameter %s must be true or false, got: %.40s",
                                        name, v);
        return NULL;
}

/* Plain digits only: strtoll() would take blanks and plus signs. */
Status *request_query_int(Request *r, const char *name, int64_t min, int64_t max, int64_t fallback,
                          int64_t *ret)
{
        const char *v;
        char *end;
        TRY(request_query(r, name, &v));
        bool given = v && *v;
        long long n = given ? strtoll(v, &end, 10) : fallback;
        if (given && (*end || strspn(v, "-0123456789") != strlen(v) || n < min || n > max))
                return invalid_argument(
                        "Query parameter %s must be an integer from %lld to %lld, got: %.40s", name,
                        (long long)min, (long long)max, v);
        *ret = n;
        return NULL;
}

static bool in_list(const Pair *p, const char *const *known)
{
        for (; *known; known++)
                if (key_is(p, *known))
                        return true;
        return false;
}

/* A misspelt parameter must not go unnoticed. */
Status *request_query_only(Request *r, const char *const *known)
{
        const char *at = r->query;
        Pair p;
        while (next_pair(&at, &p)) {
                if (in_list(&p, known))
                        continue;
                char name[80];
                size_t n = MIN(p.key_len, sizeof name - 1);
                memcpy(name, p.key, n);
                name[n] = 0;
                Status *s = invalid_argument("Unknown query parameter: %s",
                                             utf8_valid(name, n) ? name : "?");
                Nearest near = NEAREST(name);
                for (; *known; known++)
                        nearest_try(&near, *known);
                for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                        status_add_hint(s, "%s", near.best[i]);
                return s;
        }
        return NULL;
}

/* ---- body ---- */

Status *request_number(const Request *r, int arg, const char *what, int64_t *ret)
{
        char *end;
        errno = 0;
        *ret = strtoll(r->args[arg], &end, 10);
        if (*end || errno || *ret < 0)
                return not_found("No such %s: %.40s", what, r->args[arg]);
        return NULL;
}

int64_t request_incarnation(const Request *r)
{
        static const char session[] = "/v1/sessions/{session}";
        if (strncmp(r->route->path, session, sizeof session - 1) != 0)
                return 0;
        autoptr(SessionRec) rec = session_table_get(r->context->sessions, r->args[0]);
        return rec ? rec->created_us : 0;
}

Status *request_object(Request *r, JsonObject *ret)
{
        JsonSpan text = { r->body.data, r->body.len };
        if (!scan_kind(text))
                text = (JsonSpan){ "{}", 2 };
        return scan_object(r->arena, text, ret);
}

/* A JSON string as a C string. */
Status *member_string(Arena *a, JsonSpan v, const char *pointer, const char **ret)
{
        Status *s = NULL;
        char *text = NULL;
        size_t n = 0;
        if (scan_kind(v) != '"' || scan_string_end(v.at + 1, v.at + v.len) != v.at + v.len - 1)
                s = invalid_argument("Expected a string.");
        else if (!(text = arena_alloc(a, JSON_STRING_ROOM(v.len))))
                return status_oom();
        else
                s = json_string_unescape_to((JsonSpan){ v.at + 1, v.len - 2 }, text, &n);
        if (!s && strlen(text) != n)
                s = invalid_argument("A string with a NUL character is not allowed here.");
        if (s) {
                status_set_pointer(s, "%s", pointer);
                return s;
        }
        *ret = text;
        return NULL;
}

static bool span_is(JsonSpan v, const char *word)
{
        return v.len == strlen(word) && memcmp(v.at, word, v.len) == 0;
}

Status *member_bool(JsonSpan v, const char *pointer, bool *ret)
{
        if (!span_is(v, "true") && !span_is(v, "false")) {
                Status *s = invalid_argument("Expected true or false.");
                status_set_pointer(s, "%s", pointer);
                return s;
        }
        *ret = *v.at == 't';
        return NULL;
}

/* Through jansson: numbers of the envelope are few. */
Status *member_number(JsonSpan v, const char *pointer, double min, double max, double *ret)
{
        json_t *json = NULL;
        Status *s = scan_envelope(v, &json);
        double n = json_number_value(json);
        if (!s && (!json_is_number(json) || !isfinite(n) || n < min || n > max))
                s = invalid_argument("Expected a number from %g to %g.", min, max);
        json_decref(json);
        if (s) {
                status_set_pointer(s, "%s", pointer);
                return s;
        }
        *ret = n;
        return NULL;
}

Status *pointer_prefix(Status *s, const char *prefix)
{
        const char *inner = status_pointer(s);
        autofree char *copy = inner ? mem_strdup(inner) : NULL;
        status_set_pointer(s, "%s%s", prefix, copy ? copy : "");
        return s;
}

/* RFC 6901: "~" and "/" within names. */
const char *pointer_escape(Arena *a, const char *key)
{
        char *out = arena_alloc(a, 2 * strlen(key) + 1), *w = out;
        if (!out)
                return "";
        for (; *key; key++) {
                *w++ = *key == '/' ? '~' : *key;
                if (*key == '~' || *key == '/')
                        *w++ = *key == '~' ? '0' : '1';
        }
        *w = 0;
        return out;
}

/* ---- Accept ---- */

/* How well one media range ("text/plain;q=0.5") fits a type: its weight, negative when it does not.
 * Sets how exact it is, too. */
static double range_fits(const char *range, size_t n, const char *type, int *ret_exact)
{
        size_t len = strcspn(range, ";,");
        len = MIN(len, n);
        while (len && (range[len - 1] == ' ' || range[len - 1] == '\t'))
                len--;
        size_t want = strcspn(type, ";"), major = strcspn(type, "/") + 1;
        if (len == want && strncasecmp(range, type, len) == 0)
                *ret_exact = 3;
        else if (len == major + 1 && range[len - 1] == '*' && strncasecmp(range, type, major) == 0)
                *ret_exact = 2;
        else if (len == 3 && memcmp(range, "*/*", 3) == 0)
                *ret_exact = 1;
        else
                return -1;
        for (const char *p = range + len; p + 3 < range + n; p++)
                if (*p == ';' && strncasecmp(p + 1 + strspn(p + 1, " "), "q=", 2) == 0)
                        return strtod(p + 3 + strspn(p + 1, " "), NULL);
        return 1;
}

/* The weight of a type in an Accept header: that of the most exact range. */
static double type_weight(const char *accept, const char *type)
{
        double weight = -1;
        int best = 0;
        for (const char *p = accept; *p;) {
                p += strspn(p, " \t,");
                size_t n = strcspn(p, ",");
                int exact = 0;
                double q = n ? range_fits(p, n, type, &exact) : -1;
                if (exact > best) {
                        best = exact;
                        weight = q;
                }
                p += n;
        }
        return weight;
}

/* The client's weights decide, then our order. */
int request_accepts(const Request *r, const char *const *types)
{
        if (!*r->accept)
                return 0;
        int best = -1;
        double best_weight = 0;
        for (int i = 0; types[i]; i++) {
                double q = type_weight(r->accept, types[i]);
                if (q > best_weight) {
                        best = i;
                        best_weight = q;
                }
        }
        return best;
}

/* ---- answers ---- */

Status *request_cancel_token(Request *r, Cancel **ret)
{
        if (!r->cancel)
                TRY(cancel_new(&r->cancel));
        *ret = r->cancel;
        return NULL;
}

/* Replaces whatever answer was begun. */
void request_set_problem(Request *r, Status *s, int http, const char *title, const char *node_def)
{
        autoptr(Status) status = s;
        reply_reset(&r->reply);
        r->reply.code = status_code(status);
        r->reply.status = http ? http : status_code_http(status_code(status));
        r->reply.type = TYPE_PROBLEM;
        snprintf(r->reply.detail, sizeof r->reply.detail, "%s", status_message(status));
        json_status_write(&(Problem){ .status = status,
                                      .http = http,
                                      .title = title,
                                      .instance = r->path,
                                      .request_id = r->id,
                                      .node_def = node_def,
                                      .limit = http == 413 ? (int64_t)r->max_body : 0 },
                          &r->reply.body);
        buf_putc(&r->reply.body, '\n');
}

void request_fail(Request *r, Status *s)
{
        request_set_problem(r, s, 0, NULL, NULL);
        request_answer(r);
}

typedef struct FindNode {
        const char *name;
        Buf json; /* out; empty when there is none */
} FindNode;

/* The node that an error names, for who cannot look into the graph. */
static Status *find_node_def(void *arg, const Graph *g)
{
        FindNode *f = arg;
        const Node *node = graph_find(g, f->name);
        json_t *json = NULL;
        if (!node)
                return NULL;
        TRY(proto_json_print(&node->def->base, PROTO_JSON_DEFAULT, &json));
        Writer w = writer(&f->json);
        writer_json(&w, json);
        json_decref(json);
        return NULL;
}

void request_fail_in(Request *r, Session *session, Status *s)
{
        FindNode f = { .name = status_node(s), .json = BUF(MIB) };
        if (session && f.name)
                status_free(session_read_graph(session, find_node_def, &f));
        bool whole = f.json.len && !f.json.full && !f.json.oom;
        request_set_problem(r, s, 0, NULL, whole ? buf_cstr(&f.json) : NULL);
        buf_done(&f.json);
        request_answer(r);
}
