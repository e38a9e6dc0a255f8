// SPDX-License-Identifier: Apache-2.0
/* What HTTP adds to a step of a real network: MobileNet v1 for one picture, by one connection, with
 * the picture as nested JSON, base64 and raw bytes (then the answer is raw, too). Server and
 * session are in this process, so that requests and steps of the same session take turns: the
 * machine's pace changes from second to second, and what HTTP adds is the median of their
 * differences. The peer is ONNX Runtime behind Node's HTTP server, which takes the same bodies. */
#include "api/server.h"
#include "bench/http_load.h"
#include "bench/http_peer.h"
#include "bench/models.h"
#include "bench/stepper.h"
#include "bench/table.h"
#include "engine/base/base64.h"
#include "engine/base/mem.h"
#include "proto/wire.h"
#include "storage/store.h"
#include "tests/conformance/http.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 224, CHANNELS = 3, ELEMENTS = SIDE * SIDE * CHANNELS };
#define POLL_NS 100000  /* sessrund's --http-poll */
enum { ANSWER = 4400 }; /* bytes of a raw answer */
enum { BODIES = 3, TURNS = 16, QUICK = 2, EACH = 30 };

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
                   "{\"fetches\":\"softmax:0\",\"output\":\"binary\",\"feeds\":{\"x\":{\"dtype\":"
                   "\"float32\","
                   "\"shape\":[1,224,224,3],\"binary_data_size\":%zu}}}",
                   sizeof(picture));
        snprintf(r->heads, sizeof(r->heads), "Inference-Header-Content-Length: %zu\r\n", b->len);
        buf_append(b, picture, sizeof(picture));
}

/* ---- the contestants ---- */

/* Seconds of each request with a body, and of the steps between. */
typedef struct Times {
        double request[TURNS][EACH], step[TURNS][EACH];
} Times;

typedef struct Contestant Contestant;
struct Contestant {
        int port; /* 0: it is not there */
        /* Seconds of a step without HTTP. */
        double (*step)(Contestant *c);
        Stepper *stepper; /* ours */
        Http *http;       /* the peer's, who says itself how long a step took */
        pid_t pid;
        Times times[BODIES];
};

/* The daemon's own parts in this process, so that the step alone is one of the same session: of two
 * processes one is faster by tenths of a millisecond, as its memory happens to lie. */
typedef struct Here {
        char state[32];
        Store *store;
        Engine *engine;
        Server *server;
} Here;

static void start_here(Here *h)
{
        static const char *const any_port[] = { "127.0.0.1:0", NULL };
        snprintf(h->state, sizeof(h->state), "/tmp/sessrun-bench-XXXXXX");
        if (!mkdtemp(h->state))
                bench_must(unavailable("no folder in /tmp"));
        bench_must(store_open(h->state, &h->store));
        bench_must(engine_new(&(EngineOptions){ 0 }, &h->engine));
        bench_must(server_start(&(ServerOptions){ .listen = any_port,
                                                  .engine = h->engine,
                                                  .store = h->store,
                                                  .poll_ns = POLL_NS },
                                &h->server));
}

static void stop_here(Here *h)
{
        char command[64];
        server_stop(h->server);
        engine_free(h->engine);
        store_close(h->store);
        snprintf(command, sizeof(command), "rm -rf '%s'", h->state);
        if (system(command) != 0)
                fprintf(stderr, "%s is left\n", h->state);
}

static void call(Http *h, const char *method, const char *path, const void *body, size_t n)
{
        autoanswer a = { 0 };
        bench_must(http_send(h, method, path, body, n, &a));
        if (a.status / 100 != 2)
                bench_must(unknown_error("%ld %s", a.status, answer_text(&a, "detail")));
}

/* Gives the server the network, and a session of it called net, which is stepped here. */
static Stepper *upload(const Here *here)
{
        static const char session[] = "{\"name\":\"net\",\"graph\":\"mobilenet\"}";
        int64_t floats;
        char base[64];
        autobuf graph = BUF((size_t)1 << 30);
        autoptr(GraphSource) src = NULL;
        autoptr(Http) h = NULL;
        Session *net;
        Tensor *x = NULL;
        bench_must(model_source("mobilenet", false, &src, &floats));
        bench_must(proto_pack(&src->graph_def->base, &graph));
        snprintf(base, sizeof(base), "http://127.0.0.1:%d", server_port(here->server));
        bench_must(http_new(base, &h));
        call(h, "PUT", "/v1/graphs/mobilenet", graph.data, graph.len);
        call(h, "POST", "/v1/sessions", session, strlen(session));
        bench_must(engine_acquire(here->engine, "net", &net));
        bench_must(tensor_new(DT_FLOAT, &SHAPE(1, SIDE, SIDE, CHANNELS), &x));
        memcpy(tensor_fill(x), picture, sizeof(picture));
        return stepper_on(net, x, "softmax:0");
}

/* Starts node and waits for its line, the port. */
static void node_start(Contestant *r)
{
        int fds[2];
        char threads[12], line[64] = "", base[64];
        snprintf(threads, sizeof(threads), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
        if (pipe(fds) != 0)
                return;
        r->pid = fork();
        if (r->pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(fds[1], STDOUT_FILENO);
                execlp("node", "node", "bench/serve_peer.mjs", threads, (char *)NULL);
                _exit(2);
        }
        close(fds[1]);
        if (read(fds[0], line, sizeof(line) - 1) > 0)
                r->port = (int)strtol(line, NULL, 10);
        close(fds[0]);
        snprintf(base, sizeof(base), "http://127.0.0.1:%d", r->port);
        bench_must(http_new(base, &r->http));
}

static void node_stop(const Contestant *s)
{
        http_free(s->http);
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
}

static double step_here(Contestant *c)
{
        double start = bench_now();
        stepper_step(c->stepper);
        return bench_now() - start;
}

static double step_there(Contestant *c)
{
        autoanswer a = { 0 };
        bench_must(http_send(c->http, "GET", "/step", NULL, 0, &a));
        return json_number_value(json_object_get(a.json, "ms")) * 1e-3;
}

/* ---- measuring ---- */

static int turns(void)
{
        return bench_quick() ? QUICK : TURNS;
}

static void measure(Contestant *c, const Body *b, Times *t)
{
        LoadResult r;
        autobuf request = BUF((size_t)1 << 28);
        Load load = { .port = c->port, .connections = 1, .requests = EACH, .request = &request };
        load_request(&request, "/v1/sessions/net:run", b->heads, &b->bytes);
        for (int i = 0; i < turns() && c->port; i++) {
                load.latency = t->request[i];
                bench_must(load_run(&load, &r));
                (void)c->step(c);
                for (int j = 0; j < EACH; j++)
                        t->step[i][j] = c->step(c);
        }
}

/* What the same bytes take to a bare libmicrohttpd server and back, which computes nothing, but
 * finds the processors as they are behind a step: nobody on libmicrohttpd can add less. */
static double bare(Stepper *here, const Body *b)
{
        LoadResult r;
        Peer peer;
        autobuf request = BUF((size_t)1 << 28);
        bench_must(peer_start(ANSWER, &peer));
        Load load = { .port = peer.port,
                      .connections = 1,
                      .requests = turns() * EACH,
                      .before = (void (*)(void *))stepper_step,
                      .arg = here,
                      .request = &request };
        load_request(&request, "/", b->heads, &b->bytes);
        bench_must(load_run(&load, &r));
        peer_stop(&peer);
        return r.p50;
}

/* ---- the table ---- */

/* The i-th of a hundred of all, in ms. */
static double percentile(const double (*seconds)[EACH], int i)
{
        double sorted[TURNS * EACH];
        int n = turns() * EACH;
        memcpy(sorted, seconds, sizeof(sorted));
        (void)bench_median(sorted, n);
        return sorted[n * i / 100] * 1e3;
}

static double added(const Times *t)
{
        double more[TURNS];
        for (int i = 0; i < turns(); i++) {
                double request[EACH], step[EACH];
                memcpy(request, t->request[i], sizeof(request));
                memcpy(step, t->step[i], sizeof(step));
                more[i] = bench_median(request, EACH) - bench_median(step, EACH);
        }
        return bench_median(more, turns()) * 1e3;
}

static void row(const Body *b, const Times *ours, const Times *peer)
{
        char name[64];
        snprintf(name, sizeof(name), "%s, %.2f MB: the step alone, p50, ms", b->name,
                 (double)b->bytes.len / 1e6);
        table_row(name, percentile(peer->step, 50), percentile(ours->step, 50));
        table_row("  over HTTP, p50, ms", percentile(peer->request, 50),
                  percentile(ours->request, 50));
        table_row("  added by HTTP, ms", added(peer), added(ours));
        table_row("  p99, ms", percentile(peer->request, 99), percentile(ours->request, 99));
}

int main(void)
{
        static Contestant ours = { .step = step_here }, peer = { .step = step_there };
        Here here;
        Body bodies[BODIES] = { { .bytes = BUF(1 << 26) },
                                { .bytes = BUF(1 << 26) },
                                { .bytes = BUF(1 << 26) } };
        bench_share_environment();
        curl_global_init(CURL_GLOBAL_DEFAULT);
        for (unsigned i = 0; i < ELEMENTS; i++)
                picture[i] = (float)(i * 2654435761u >> 8) * 0x1p-24f;
        nested(&bodies[0]);
        encoded(&bodies[1]);
        raw(&bodies[2]);
        node_start(&peer);
        start_here(&here);
        ours.port = server_port(here.server);
        ours.stepper = upload(&here);
        table_machine();
        table_begin("MobileNet over HTTP | ONNX Runtime behind Node", "");
        for (int i = 0; i < BODIES; i++) {
                measure(&ours, &bodies[i], &ours.times[i]);
                measure(&peer, &bodies[i], &peer.times[i]);
                row(&bodies[i], &ours.times[i], &peer.times[i]);
                table_row("  of that a bare libmicrohttpd, ms", 0,
                          bare(ours.stepper, &bodies[i]) * 1e3);
                buf_done(&bodies[i].bytes);
        }
        stepper_free(ours.stepper);
        node_stop(&peer);
        stop_here(&here);
        return 0;
}
