// SPDX-License-Identifier: Apache-2.0
/* What a run costs over HTTP, against a bare libmicrohttpd server that answers as many bytes and
 * does nothing else: small runs by 1 to 1,000 connections, and with 10,000 that wait; a picture in
 * and out as JSON, base64 and raw.
 * usage: http_bench SESSRUND [TAILS: how often 1, 16 and 64 connections, and nothing else] */
#include "bench/http_load.h"
#include "bench/http_peer.h"
#include "bench/table.h"
#include "engine/base/base64.h"
#include "engine/base/mem.h"
#include "tests/conformance/daemon.h"
#include "tests/conformance/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 224, CHANNELS = 3, ELEMENTS = SIDE * SIDE * CHANNELS };

static const char graph[] =
        "{\"name\":\"bench\",\"graph\":{\"graph_def\":{\"node\":["
        "{\"name\":\"a\",\"op\":\"Placeholder\",\"attr\":{\"dtype\":{\"type\":\"DT_FLOAT\"}}},"
        "{\"name\":\"b\",\"op\":\"Placeholder\",\"attr\":{\"dtype\":{\"type\":\"DT_FLOAT\"}}},"
        "{\"name\":\"c\",\"op\":\"Mul\",\"input\":[\"a\",\"b\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}},"
        "{\"name\":\"image\",\"op\":\"Placeholder\",\"attr\":{\"dtype\":{\"type\":\"DT_FLOAT\"}}},"
        "{\"name\":\"same\",\"op\":\"Identity\",\"input\":[\"image\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}},"
        "{\"name\":\"shape\",\"op\":\"Shape\",\"input\":[\"image\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}}]}}}";

/* What one row compares. */
typedef struct Case {
        const char *name;
        int connections, idle, requests;
        size_t answer; /* bytes of the peer's answer's body */
        Buf request;
} Case;

static void run_case(const Daemon *d, const Case *c, LoadResult *ret_ours, LoadResult *ret_peer)
{
        Load load = { .port = (int)strtol(strrchr(d->base, ':') + 1, NULL, 10),
                      .connections = c->connections,
                      .idle = c->idle,
                      .requests = bench_quick() ? MAX(c->requests / 10, 10) : c->requests,
                      .server = d->pid,
                      .request = &c->request };
        Peer peer;
        bench_must(load_run(&load, ret_ours));
        bench_must(peer_start(c->answer, &peer));
        load.port = peer.port;
        load.server = peer.pid;
        bench_must(load_run(&load, ret_peer));
        peer_stop(&peer);
}

static void small_run(const Daemon *d, int connections, int idle)
{
        autobuf body = BUF(1000);
        Case c = { .connections = connections,
                   .idle = idle,
                   .answer = 26,
                   .requests = connections == 1 ? 20000 : 40000,
                   .request = BUF(10000) };
        LoadResult ours, peer;
        char name[64], others[32] = "";
        buf_puts(&body, "{\"fetches\":\"c:0\",\"feeds\":{\"a\":5.0,\"b\":6.0}}");
        load_request(&c.request, "/v1/sessions/bench:run", "", &body);
        run_case(d, &c, &ours, &peer);
        if (idle)
                snprintf(others, sizeof(others), ", %d idle", idle);
        snprintf(name, sizeof(name), "%d connection%s%s: requests/s", connections,
                 connections > 1 ? "s" : "", others);
        table_row(name, peer.per_second, ours.per_second);
        table_row("  p50, us", peer.p50 * 1e6, ours.p50 * 1e6);
        table_row("  p99, us", peer.p99 * 1e6, ours.p99 * 1e6);
        table_row("  server CPU per request, us", peer.cpu * 1e6, ours.cpu * 1e6);
        buf_done(&c.request);
}

static void small_runs(const Daemon *d)
{
        static const int connections[] = { 1, 4, 16, 64, 256, 1000 };
        for (size_t i = 0; i < COUNTOF(connections); i++)
                small_run(d, connections[i], 0);
        small_run(d, 16, 1000);
        if (!bench_quick())
                small_run(d, 16, 9000);
}

/* ---- pictures ---- */

static float pixel(int i)
{
        return (float)((unsigned)i * 2654435761u >> 8) * 0x1p-24f;
}

static void nested(Buf *b)
{
        buf_puts(b, "{\"fetches\":\"shape:0\",\"feeds\":{\"image\":[[");
        for (int i = 0; i < ELEMENTS; i++) {
                bool row = i % (SIDE * CHANNELS) == 0, column = i % CHANNELS == 0;
                buf_puts(b, i && column ? "]" : "");
                buf_puts(b, i && row ? "]" : "");
                buf_puts(b, i ? "," : "");
                buf_puts(b, row ? "[[" : column ? "[" : "");
                buf_printf(b, "%.8g", (double)pixel(i));
        }
        buf_puts(b, "]]]]}}");
}

static void encoded(Buf *b)
{
        static float v[ELEMENTS];
        for (int i = 0; i < ELEMENTS; i++)
                v[i] = pixel(i);
        buf_puts(b, "{\"fetches\":\"shape:0\",\"feeds\":{\"image\":{\"dtype\":\"float32\","
                    "\"shape\":[1,224,224,3],\"b64\":\"");
        char *room = buf_reserve(b, BASE64_SIZE(sizeof(v)));
        if (room) {
                base64_encode(v, sizeof(v), room);
                b->len += BASE64_SIZE(sizeof(v));
        }
        buf_puts(b, "\"}}}");
}

/* JSON, then the bytes; the head says where they begin. */
static void raw(const char *fetch, const char *output, Buf *b, char *heads, size_t n)
{
        buf_reset(b);
        buf_printf(
                b,
                "{\"fetches\":\"%s\",\"output\":\"%s\",\"feeds\":{\"image\":{\"dtype\":\"float32\","
                "\"shape\":[1,224,224,3],\"binary_data_size\":%d}}}",
                fetch, output, ELEMENTS * 4);
        snprintf(heads, n, "Inference-Header-Content-Length: %zu\r\n", b->len);
        for (int i = 0; i < ELEMENTS; i++)
                buf_append(b, &(float){ pixel(i) }, sizeof(float));
}

/* answer: what the peer is to answer. */
static void picture(const Daemon *d, const char *name, const char *heads, const Buf *body,
                    size_t answer)
{
        Case c = { .connections = 1, .requests = 300, .answer = answer, .request = BUF(1 << 28) };
        LoadResult ours, peer;
        char row[64];
        bench_must(buf_status(body));
        load_request(&c.request, "/v1/sessions/bench:run", heads, body);
        run_case(d, &c, &ours, &peer);
        snprintf(row, sizeof(row), "%s, %.2f MB: p50, ms", name,
                 (double)MAX(body->len, answer) / 1e6);
        table_row(row, peer.p50 * 1e3, ours.p50 * 1e3);
        table_row("  server CPU per request, ms", peer.cpu * 1e3, ours.cpu * 1e3);
        buf_done(&c.request);
}

static void pictures_in(const Daemon *d)
{
        autobuf json = BUF(1 << 26), base64 = BUF(1 << 26), bytes = BUF(1 << 26);
        char heads[64];
        nested(&json);
        encoded(&base64);
        raw("shape:0", "plain", &bytes, heads, sizeof(heads));
        picture(d, "nested JSON", "", &json, 40);
        picture(d, "base64", "", &base64, 40);
        picture(d, "raw", heads, &bytes, 40);
}

/* The same picture comes back, in each form; it goes in raw, which costs least. */
static void pictures_out(const Daemon *d)
{
        static const struct {
                const char *name, *output;
                size_t bytes;
        } forms[] = { { "nested JSON", "plain", 1756000 },
                      { "base64", "b64", 803000 },
                      { "raw", "binary", 602200 } };
        autobuf bytes = BUF(1 << 26);
        char heads[64];
        for (size_t i = 0; i < COUNTOF(forms); i++) {
                raw("same:0", forms[i].output, &bytes, heads, sizeof(heads));
                picture(d, forms[i].name, heads, &bytes, forms[i].bytes);
        }
}

static void post(const Daemon *d, const char *path, const char *body)
{
        autoptr(Http) h = NULL;
        autoanswer a = { 0 };
        bench_must(http_new(d->base, &h));
        bench_must(http_send(h, "POST", path, body, strlen(body), &a));
        if (a.status / 100 != 2)
                bench_must(unknown_error("%ld %s", a.status, answer_text(&a, "detail")));
}

/* ---- batches ---- */

static const char dense[] =
        "{\"name\":\"dense\",\"graph\":{\"graph_def\":{\"node\":["
        "{\"name\":\"x\",\"op\":\"Placeholder\",\"attr\":{\"dtype\":{\"type\":\"DT_FLOAT\"}}},"
        "{\"name\":\"d\",\"op\":\"Const\",\"attr\":{\"dtype\":{\"type\":\"DT_INT32\"},\"value\":{"
        "\"tensor\":{\"dtype\":\"DT_INT32\",\"tensorShape\":{\"dim\":[{\"size\":\"2\"}]},"
        "\"intVal\":["
        "1024,1024]}}}},"
        "{\"name\":\"v\",\"op\":\"Const\",\"attr\":{\"dtype\":{\"type\":\"DT_FLOAT\"},\"value\":{"
        "\"tensor\":{\"dtype\":\"DT_FLOAT\",\"tensorShape\":{},\"floatVal\":[0.01]}}}},"
        "{\"name\":\"w\",\"op\":\"Fill\",\"input\":[\"d\",\"v\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}},"
        "{\"name\":\"a\",\"op\":\"MatMul\",\"input\":[\"x\",\"w\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}},"
        "{\"name\":\"b\",\"op\":\"MatMul\",\"input\":[\"a\",\"w\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}},"
        "{\"name\":\"i\",\"op\":\"Const\",\"attr\":{\"dtype\":{\"type\":\"DT_INT32\"},\"value\":{"
        "\"tensor\":{\"dtype\":\"DT_INT32\",\"tensorShape\":{},\"intVal\":[1]}}}},"
        "{\"name\":\"y\",\"op\":\"ArgMax\",\"input\":[\"b\",\"i\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}}]}}}";

/* One row through two dense layers, by a callable that runs each call alone and by one that puts
 * them together. */
static void batches(const Daemon *d)
{
        static float row[1024];
        char text[BASE64_SIZE(sizeof(row)) + 1] = "";
        autobuf body = BUF(1 << 16);
        LoadResult r[2];
        base64_encode(row, sizeof(row), text);
        buf_printf(&body, "{\"args\":[{\"dtype\":\"float32\",\"shape\":[1,1024],\"b64\":\"%s\"}]}",
                   text);
        post(d, "/v1/sessions", dense);
        post(d, "/v1/sessions/dense:make_callable",
             "{\"name\":\"alone\",\"fetches\":\"y:0\",\"feed_list\":[\"x\"]}");
        post(d, "/v1/sessions/dense:make_callable",
             "{\"name\":\"batched\",\"fetches\":\"y:0\",\"feed_list\":[\"x\"],"
             "\"batching\":{\"max_batch_size\":64}}");
        for (int i = 0; i < 2; i++) {
                autobuf request = BUF(1 << 16);
                Load load = { .port = (int)strtol(strrchr(d->base, ':') + 1, NULL, 10),
                              .connections = 64,
                              .requests = bench_quick() ? 1000 : 10000,
                              .server = d->pid,
                              .request = &request };
                load_request(&request,
                             i ? "/v1/sessions/dense/callables/batched:call"
                               : "/v1/sessions/dense/callables/alone:call",
                             "", &body);
                bench_must(load_run(&load, &r[i]));
        }
        table_row("64 connections: requests/s", r[0].per_second, r[1].per_second);
        table_row("  p50, us", r[0].p50 * 1e6, r[1].p50 * 1e6);
        table_row("  server CPU per request, us", r[0].cpu * 1e6, r[1].cpu * 1e6);
}

/* Waiting times may be of two kinds from run to run. */
static void tails(const Daemon *d, long rounds)
{
        table_begin("HTTP: c = a * b | bare libmicrohttpd", "");
        for (; rounds > 0; rounds--) {
                small_run(d, 1, 0);
                small_run(d, 16, 0);
                small_run(d, 64, 0);
        }
}

static void all(const Daemon *d)
{
        table_begin("HTTP: c = a * b | bare libmicrohttpd", "");
        small_runs(d);
        table_begin("HTTP: a 1x224x224x3 picture in | same bytes", "");
        pictures_in(d);
        table_begin("HTTP: that picture in raw, and out as | same bytes", "");
        pictures_out(d);
        table_begin("HTTP: a row through two 1024x1024 | each alone", "");
        batches(d);
}

int main(int argc, char **argv)
{
        Daemon d;
        if (argc != 2 && argc != 3) {
                fputs("usage: http_bench SESSRUND [TAILS]\n", stderr);
                return 2;
        }
        curl_global_init(CURL_GLOBAL_DEFAULT);
        load_raise_limit();
        bench_must(daemon_start(argv[1], false, &d));
        post(&d, "/v1/sessions", graph);
        table_machine();
        if (argc == 3)
                tails(&d, strtol(argv[2], NULL, 10));
        else
                all(&d);
        return daemon_stop(&d) ? 1 : 0;
}
