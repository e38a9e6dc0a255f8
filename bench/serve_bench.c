// SPDX-License-Identifier: Apache-2.0
/* What HTTP adds to a step of a real network: MobileNet v1 for one picture, by one connection, with
 * the picture as nested JSON, base64 and raw bytes; the same step in a session of this process is
 * taken off. The peer is ONNX Runtime behind Node's HTTP server, which takes the same bodies.
 * usage: serve_bench SESSRUND */
#include "bench/http_load.h"
#include "bench/models.h"
#include "bench/stepper.h"
#include "bench/table.h"
#include "engine/base/base64.h"
#include "engine/base/mem.h"
#include "proto/wire.h"
#include "tests/conformance/daemon.h"
#include "tests/conformance/http.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 224, CHANNELS = 3, ELEMENTS = SIDE * SIDE * CHANNELS, STEPS = 150 };

static float picture[ELEMENTS];

typedef struct Body {
        const char *name;
        char heads[64];
        Buf bytes;
} Body;

/* ---- bodies ---- */

static void nested(Body *r)
{
        Buf *b = &r->bytes;
        r->name = "nested JSON";
        buf_puts(b, "{\"fetches\":\"softmax:0\",\"feeds\":{\"x\":[[");
        for (int i = 0; i < ELEMENTS; i++) {
                bool row = i % (SIDE * CHANNELS) == 0, column = i % CHANNELS == 0;
                buf_puts(b, i && column ? "]" : "");
                buf_puts(b, i && row ? "]" : "");
                buf_puts(b, i ? "," : "");
                buf_puts(b, row ? "[[" : column ? "[" : "");
                buf_printf(b, "%.8g", (double)picture[i]);
        }
        buf_puts(b, "]]]]}}");
}

static void encoded(Body *r)
{
        Buf *b = &r->bytes;
        r->name = "base64";
        buf_puts(b, "{\"fetches\":\"softmax:0\",\"feeds\":{\"x\":{\"dtype\":\"float32\","
                    "\"shape\":[1,224,224,3],\"b64\":\"");
        char *room = buf_reserve(b, BASE64_SIZE(sizeof(picture)));
        if (room) {
                base64_encode(picture, sizeof(picture), room);
                b->len += BASE64_SIZE(sizeof(picture));
        }
        buf_puts(b, "\"}}}");
}

static void raw(Body *r)
{
        Buf *b = &r->bytes;
        r->name = "raw bytes";
        buf_printf(b,
                   "{\"fetches\":\"softmax:0\",\"feeds\":{\"x\":{\"dtype\":\"float32\","
                   "\"shape\":[1,224,224,3],\"binary_data_size\":%zu}}}",
                   sizeof(picture));
        snprintf(r->heads, sizeof(r->heads), "Inference-Header-Content-Length: %zu\r\n", b->len);
        buf_append(b, picture, sizeof(picture));
}

/* ---- the contestants ---- */

typedef struct Server {
        pid_t pid;
        int port;    /* 0: it is not there */
        double step; /* seconds of a step without HTTP */
} Server;

/* A step in a session of this process, with the daemon's number of threads. *graph: the network. */
static double step_here(Buf *graph)
{
        double seconds[STEPS];
        int64_t floats;
        Engine *e = NULL;
        GraphSource *src = NULL;
        Tensor *x = NULL;
        bench_must(
                engine_new(&(EngineOptions){ .threads = (int)sysconf(_SC_NPROCESSORS_ONLN) }, &e));
        bench_must(model_source("mobilenet", false, &src, &floats));
        bench_must(proto_pack(&src->graph_def->base, graph));
        bench_must(tensor_new(DT_FLOAT, &SHAPE(1, SIDE, SIDE, CHANNELS), &x));
        memcpy(tensor_fill(x), picture, sizeof(picture));
        Stepper *s = stepper_of(e, src, x, "softmax:0");
        for (int i = 0; i < STEPS; i++) {
                double start = bench_now();
                stepper_step(s);
                seconds[i] = bench_now() - start;
        }
        stepper_free(s);
        engine_free(e);
        return bench_median(seconds, STEPS);
}

static void call(Http *h, const char *method, const char *path, const void *body, size_t n)
{
        autoanswer a = { 0 };
        bench_must(http_send(h, method, path, body, n, &a));
        if (a.status / 100 != 2)
                bench_must(unknown_error("%ld %s", a.status, answer_text(&a, "detail")));
}

/* Gives the daemon the network, and a session of it called net. */
static void upload(const Daemon *d, const Buf *graph)
{
        static const char session[] = "{\"name\":\"net\",\"graph\":\"mobilenet\"}";
        autoptr(Http) h = NULL;
        bench_must(http_new(d->base, &h));
        call(h, "PUT", "/v1/graphs/mobilenet", graph->data, graph->len);
        call(h, "POST", "/v1/sessions", session, strlen(session));
}

/* Starts node and waits for its line: port and milliseconds. */
static Server peer_start(void)
{
        Server r = { .pid = 0 };
        int fds[2];
        char threads[12], line[64] = "", *end;
        snprintf(threads, sizeof(threads), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
        if (pipe(fds) != 0)
                return r;
        r.pid = fork();
        if (r.pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(fds[1], STDOUT_FILENO);
                execlp("node", "node", "bench/serve_peer.mjs", threads, (char *)NULL);
                _exit(2);
        }
        close(fds[1]);
        if (read(fds[0], line, sizeof(line) - 1) > 0) {
                r.port = (int)strtol(line, &end, 10);
                r.step = strtod(end, NULL) * 1e-3;
        }
        close(fds[0]);
        return r;
}

static void peer_stop(const Server *s)
{
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
}

/* ---- the table ---- */

static LoadResult measure(const Server *s, const Body *b)
{
        LoadResult r = { 0 };
        autobuf request = BUF((size_t)1 << 28);
        Load load = { .port = s->port,
                      .connections = 1,
                      .requests = bench_quick() ? 30 : STEPS,
                      .server = s->pid,
                      .request = &request };
        load_request(&request, "/v1/sessions/net:run", b->heads, &b->bytes);
        if (s->port)
                bench_must(load_run(&load, &r));
        return r;
}

static void row(const Server *ours, const Server *peer, const Body *b)
{
        char name[64];
        LoadResult o = measure(ours, b), p = measure(peer, b);
        snprintf(name, sizeof(name), "%s, %.2f MB: p50, ms", b->name, (double)b->bytes.len / 1e6);
        table_row(name, p.p50 * 1e3, o.p50 * 1e3);
        table_row("  more than the step alone, ms", (p.p50 - peer->step) * 1e3 * !!peer->port,
                  (o.p50 - ours->step) * 1e3);
        table_row("  p99, ms", p.p99 * 1e3, o.p99 * 1e3);
}

int main(int argc, char **argv)
{
        Daemon d;
        autobuf graph = BUF((size_t)1 << 30);
        Body bodies[3] = { { .bytes = BUF(1 << 26) },
                           { .bytes = BUF(1 << 26) },
                           { .bytes = BUF(1 << 26) } };
        if (argc != 2) {
                fputs("usage: serve_bench SESSRUND\n", stderr);
                return 2;
        }
        bench_share_environment();
        curl_global_init(CURL_GLOBAL_DEFAULT);
        for (unsigned i = 0; i < ELEMENTS; i++)
                picture[i] = (float)(i * 2654435761u >> 8) * 0x1p-24f;
        nested(&bodies[0]);
        encoded(&bodies[1]);
        raw(&bodies[2]);
        Server peer = peer_start(), ours = { .step = step_here(&graph) };
        bench_must(daemon_start(argv[1], false, &d));
        upload(&d, &graph);
        ours.pid = d.pid;
        ours.port = (int)strtol(strrchr(d.base, ':') + 1, NULL, 10);
        table_machine();
        table_begin("MobileNet over HTTP | ONNX Runtime behind Node", "");
        table_row("the step alone: p50, ms", peer.step * 1e3, ours.step * 1e3);
        for (int i = 0; i < 3; i++) {
                row(&ours, &peer, &bodies[i]);
                buf_done(&bodies[i].bytes);
        }
        peer_stop(&peer);
        return daemon_stop(&d) ? 1 : 0;
}
