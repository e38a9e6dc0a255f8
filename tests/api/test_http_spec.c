// SPDX-License-Identifier: Apache-2.0
/* openapi.yaml is true: its paths are the routes, and each operation, sent as its examples say,
 * answers as it promises. */
#include "api/router.h"
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void begin(void);
TestSuite(http_spec, .init = begin, .fini = server_end);

static json_t *spec; /* of the running server */

static void begin(void)
{
        server_begin();
        spec = http("GET", "/openapi.json", NULL).json;
        cr_assert(json_is_object(spec));
}

/* ---- routes and paths ---- */

/* "{node...}" of a route is "{node}" in the description. */
static void plain_path(const char *path, char *ret, size_t size)
{
        const char *dots = strstr(path, "...}");
        snprintf(ret, size, "%.*s%s", dots ? (int)(dots - path) : (int)strlen(path), path,
                 dots ? dots + 3 : "");
}

static void lower(const char *method, char ret[16])
{
        size_t n = strlen(method);
        for (size_t i = 0; i <= n; i++)
                ret[i] = method[i] >= 'A' && method[i] <= 'Z' ? (char)(method[i] + 32) : method[i];
}

Test(http_spec, every_route_is_described)
{
        for (const Route *r = routes; r->method; r++) {
                char path[200], method[16];
                plain_path(r->path, path, sizeof path);
                lower(r->method, method);
                cr_expect(json_object_get(json_object_get(json_object_get(spec, "paths"), path),
                                          method),
                          "%s %s", r->method, r->path);
        }
}

static bool is_route(const char *method, const char *path)
{
        for (const Route *r = routes; r->method; r++) {
                char plain[200], low[16];
                plain_path(r->path, plain, sizeof plain);
                lower(r->method, low);
                if (strcmp(low, method) == 0 && strcmp(plain, path) == 0)
                        return true;
        }
        return false;
}

Test(http_spec, every_description_is_a_route)
{
        const char *path, *method;
        json_t *item, *op;
        json_object_foreach (json_object_get(spec, "paths"), path, item)
                json_object_foreach (item, method, op)
                        cr_expect(strcmp(method, "parameters") == 0 || is_route(method, path),
                                  "%s %s", method, path);
}

Test(http_spec, the_index_tells_what_the_engine_runs_on)
{
        Answer a = http("GET", "/v1", NULL);
        cr_assert_geq(json_integer_value(at(a, "/engine/cores")), 1);
        cr_assert_geq(json_integer_value(at(a, "/engine/threads")), 1);
        cr_assert(strstr(text_at(a, "/engine/blas"), "OpenBLAS"));
        cr_assert_neq(*text_at(a, "/engine/blas_kernels"), 0);
        cr_assert_neq(*text_at(a, "/engine/onednn_kernels"), 0);
        cr_assert(json_is_false(at(a, "/engine/deterministic")));
}

Test(http_spec, the_yaml_is_served_too)
{
        Answer a = http("GET", "/openapi.yaml", NULL);
        cr_expect_eq(a.status, 200);
        cr_expect_eq(strncmp(a.body, "openapi: 3.1", 12), 0);
        cr_expect_str_eq(header(a, "Content-Type"), "application/yaml");
}

/* ---- driving ---- */

/* Follows "$ref". */
static json_t *resolve(json_t *v)
{
        const char *ref = json_string_value(json_object_get(v, "$ref"));
        return ref ? resolve(at((Answer){ .json = spec }, ref + 1)) : v;
}

/* The example of a media type, the first of several. */
static json_t *example_of(json_t *media)
{
        json_t *one = json_object_get(media, "example"), *many = json_object_get(media, "examples");
        void *first = json_object_iter(many);
        return one ? one : first ? json_object_get(json_object_iter_value(first), "value") : NULL;
}

static void add_parameters(json_t *list, char *path, size_t size, char *query)
{
        size_t i;
        json_t *p;
        json_array_foreach (list, i, p) {
                p = resolve(p);
                json_t *example = json_object_get(p, "example");
                const char *in = json_string_value(json_object_get(p, "in")),
                           *name = json_string_value(json_object_get(p, "name"));
                if (!example)
                        continue;
                char *text = json_dumps(example, JSON_ENCODE_ANY), value[100], braces[100],
                     rest[300];
                snprintf(value, sizeof value, "%.*s", (int)strcspn(text + (*text == '"'), "\""),
                         text + (*text == '"'));
                free(text);
                snprintf(braces, sizeof braces, "{%s}", name);
                char *place = strstr(path, braces);
                if (strcmp(in, "path") == 0 && place) {
                        snprintf(rest, sizeof rest, "%s", place + strlen(braces));
                        snprintf(place, size - (size_t)(place - path), "%s%s", value, rest);
                } else if (strcmp(in, "query") == 0) {
                        char *eq = strchr(value, '=');
                        snprintf(query + strlen(query), 200 - strlen(query), "%c%s=%.*s%s%s",
                                 *query ? '&' : '?', name,
                                 eq ? (int)(eq - value) : (int)strlen(value), value,
                                 eq ? "%3D" : "", eq ? eq + 1 : "");
                }
        }
}

/* Has the value what its schema requires? Follows properties and items, not all of JSON Schema. */
static void check(json_t *schema, json_t *v, const char *where)
{
        size_t i;
        json_t *item;
        const char *key;
        schema = resolve(schema);
        json_array_foreach (json_object_get(schema, "required"), i, item)
                cr_expect(json_object_get(v, json_string_value(item)), "%s: %s is missing", where,
                          json_string_value(item));
        if (json_is_object(v) && json_object_get(schema, "properties") &&
            !json_object_get(schema, "additionalProperties")) {
                json_object_foreach (v, key, item)
                        cr_expect(json_object_get(json_object_get(schema, "properties"), key) ||
                                          strstr(where, "GraphDef") || strstr(where, "openapi"),
                                  "%s: %s is not described", where, key);
        }
        json_object_foreach (json_object_get(schema, "properties"), key, item)
                if (json_object_get(v, key))
                        check(item, json_object_get(v, key), where);
        if (json_object_get(schema, "items"))
                json_array_foreach (v, i, item)
                        check(json_object_get(schema, "items"), item, where);
}

static void check_answer(Answer a, json_t *op, const char *where)
{
        char status[8];
        snprintf(status, sizeof status, "%d", a.status);
        json_t *response = resolve(json_object_get(json_object_get(op, "responses"), status));
        cr_expect(response, "%s: status %d is not described: %.300s", where, a.status, a.body);
        cr_expect(a.status < 300, "%s: %d %.500s", where, a.status, a.body);
        const char *type = header(a, "Content-Type");
        if (!*type)
                return;
        char plain[100];
        snprintf(plain, sizeof plain, "%.*s", (int)strcspn(type, ";"), type);
        json_t *media = json_object_get(json_object_get(response, "content"), plain);
        cr_expect(media, "%s: %s is not described", where, plain);
        if (media && a.json && json_object_get(media, "schema"))
                check(json_object_get(media, "schema"), a.json, where);
}

static char handle[64];  /* of the partial run */
static char context[64]; /* of the default session */

/* What only a former answer knows. */
static void add_context(char *path, size_t size)
{
        char *place = strstr(path, "{context}");
        if (place)
                snprintf(place, size - (size_t)(place - path), "%s", context);
}

static const char *headers(const char *path, const char *body)
{
        static char text[160];
        snprintf(text, sizeof text, "%s%s%s%s", body ? "Content-Type: application/json\r\n" : "",
                 strcmp(path, "/v1:run") ? "" : "Session-Context: ",
                 strcmp(path, "/v1:run") ? "" : context, strcmp(path, "/v1:run") ? "" : "\r\n");
        return text;
}

static void drive(const char *template, const char *method, json_t *item)
{
        char path[400], query[200] = "", upper[16], url[700];
        json_t *op = json_object_get(item, method);
        snprintf(path, sizeof path, "%s", template);
        add_parameters(json_object_get(item, "parameters"), path, sizeof path, query);
        add_parameters(json_object_get(op, "parameters"), path, sizeof path, query);
        add_context(path, sizeof path);
        json_t *media = json_object_get(
                json_object_get(json_object_get(op, "requestBody"), "content"), "application/json");
        json_t *example = json_deep_copy(example_of(media));
        if (json_object_get(example, "handle"))
                json_object_set_new(example, "handle", json_string(handle));
        char *body = example ? json_dumps(example, JSON_ENCODE_ANY) : NULL;
        for (size_t i = 0; i <= strlen(method); i++)
                upper[i] = method[i] >= 'a' ? (char)(method[i] - 32) : method[i];
        snprintf(url, sizeof url, "%s%s", path, query);
        Answer a = http_with(upper, url, headers(path, body), body, body ? strlen(body) : 0);
        snprintf(url, sizeof url, "%s %s", upper, template);
        check_answer(a, op, url);
        if (*text_at(a, "/handle"))
                snprintf(handle, sizeof handle, "%s", text_at(a, "/handle"));
        if (*text_at(a, "/context"))
                snprintf(context, sizeof context, "%s", text_at(a, "/context"));
        free(body);
        json_decref(example);
}

/* Everything in an order in which each finds what it needs. */
static int turn(const char *path, const char *method)
{
        if (strcmp(path, "/v1/sessions") == 0 && strcmp(method, "post") == 0)
                return 0;
        if (strcmp(method, "put") == 0)
                return 1;
        if (strstr(path, "setup") || strstr(path, ":make") || strstr(path, ":as_default"))
                return 2;
        if (strcmp(method, "delete") == 0)
                return strstr(path, "{session}/") ? 4 : 6;
        if (strstr(path, ":close") && strstr(path, "/queues"))
                return 4;
        return strstr(path, "{session}:close") || strstr(path, ":reset") ? 5 : 3;
}

/* What the examples take for granted: a variable with a value, a partial run that goes on. (Only a
 * step that waits could be cancelled; test_http_runs.c has one.) */
static void prepare(int next)
{
        static const char add[] =
                "{'graph_def':{'node':["
                "{'name':'v','op':'VariableV2','attr':{'dtype':{'type':'DT_INT32'},'shape':{'shape'"
                ":{}}}},"
                "{'name':'i','op':'Const','attr':{'dtype':{'type':'DT_INT32'},'value':{'tensor':{'"
                "dtype':"
                "'DT_INT32','tensorShape':{},'intVal':[1]}}}},"
                "{'name':'init','op':'Assign','input':['v','i'],'attr':{'T':{'type':'DT_INT32'}}},"
                "{'name':'q','op':'FIFOQueueV2','attr':{'component_types':{'list':{'type':['DT_"
                "INT32'"
                "]}}}},"
                "{'name':'size','op':'QueueSizeV2','input':['q']},"
                "{'name':'rows','op':'FIFOQueueV2','attr':{'component_types':{'list':{'type':['DT_"
                "INT32']}},'capacity':{'i':'2'}}},"
                "{'name':'put','op':'QueueEnqueueV2','input':['rows','i'],'attr':{'Tcomponents':{"
                "'list':{'type':['DT_INT32']}}}},"
                "{'name':'shut','op':'QueueCloseV2','input':['rows']},"
                "{'name':'abandon','op':'QueueCloseV2','input':['rows'],'attr':{"
                "'cancel_pending_enqueues':{'b':true}}},"
                "{'name':'kept','op':'Identity','input':['i'],'attr':{'T':{'type':'DT_INT32'}}}],"
                "'versions':{'producer':27}}}";
        if (next != 1)
                return;
        expect(post("/v1/sessions/product:extend", "%s", add), 200, "/nodes_added", "10");
        expect(post("/v1/sessions/product:run",
                    "{'targets':['init','size'],'fetches':{'$handle':'kept:0'}}"),
               200, NULL, NULL);
        expect(post("/v1/sessions/product:partial_run_setup", "{'fetches':'c:0','feeds':['a']}"),
               200, "/handle", "c:0;0");
}

Test(http_spec, every_operation_answers_as_described)
{
        const char *path, *method;
        json_t *item, *op;
        for (int i = 0; i <= 6; i++) {
                prepare(i);
                json_object_foreach (json_object_get(spec, "paths"), path, item)
                        json_object_foreach (item, method, op)
                                if (strcmp(method, "parameters") != 0 && turn(path, method) == i &&
                                    !strstr(path, ":cancel"))
                                        drive(path, method, item);
        }
}
