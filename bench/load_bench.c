// SPDX-License-Identifier: Apache-2.0
/* What a big frozen graph costs to bring in: 100 MB of constants sent, stored, made into a session;
 * loaded from the store by a daemon that is new; there again after a restart. Time (the median of
 * several rounds), and memory at the peak over the size of the file. Goals stand where other tables
 * have a peer; what the machine itself takes for as many bytes stands below. Memory is taken,
 * touched and given back before each row: see limit_warm(). usage: load_bench SESSRUND */
#include "bench/load_bench_limits.h"
#include "bench/table.h"
#include "engine/base/mem.h"
#include "tests/conformance/daemon.h"
#include "tests/conformance/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NODES = 100, FLOATS = 262144 + 100 }; /* a MiB of floats each, and then some */
enum { ROUNDS = 5 };
#define GOAL_MB_S 1000
#define GOAL_PEAK 1.2

/* ---- a GraphDef, by hand: this program has no protobuf ---- */

static void put_varint(Buf *b, uint64_t v)
{
        for (; v > 0x7F; v >>= 7)
                buf_putc(b, (char)(v | 0x80));
        buf_putc(b, (char)v);
}

/* A field of bytes. */
static void put_field(Buf *b, int number, const void *data, size_t n)
{
        put_varint(b, (uint64_t)number << 3 | 2);
        put_varint(b, n);
        buf_append(b, data, n);
}

static void put_number(Buf *b, int number, uint64_t v)
{
        put_varint(b, (uint64_t)number << 3);
        put_varint(b, v);
}

/* An entry of NodeDef.attr. */
static void put_attr(Buf *node, const char *key, const Buf *value)
{
        autobuf entry = BUF(SIZE_MAX);
        put_field(&entry, 1, key, strlen(key));
        put_field(&entry, 2, value->data, value->len);
        put_field(node, 5, entry.data, entry.len);
}

static void put_type(Buf *node, const char *key)
{
        autobuf value = BUF(64);
        put_number(&value, 6, 1); /* type: DT_FLOAT */
        put_attr(node, key, &value);
}

static void put_value(Buf *node, const float *v, int n)
{
        autobuf dim = BUF(64);
        autobuf shape = BUF(64);
        autobuf tensor = BUF(SIZE_MAX);
        autobuf value = BUF(SIZE_MAX);
        put_number(&dim, 1, (uint64_t)n);
        put_field(&shape, 2, dim.data, dim.len);
        put_number(&tensor, 1, 1);
        put_field(&tensor, 2, shape.data, shape.len);
        put_field(&tensor, 4, v, (size_t)n * sizeof(*v));
        put_field(&value, 8, tensor.data, tensor.len);
        put_attr(node, "value", &value);
}

static void put_const(Buf *graph, const char *name, const float *v, int n)
{
        autobuf node = BUF(SIZE_MAX);
        put_field(&node, 1, name, strlen(name));
        put_field(&node, 2, "Const", 5);
        put_type(&node, "dtype");
        put_value(&node, v, n);
        put_field(graph, 1, node.data, node.len);
}

/* Constants w0, w1 and so on, and y = w0 + w1. */
static void make_graph(Buf *graph)
{
        autobuf node = BUF(1024);
        float *v = mem_calloc(FLOATS, sizeof(*v));
        if (!v)
                bench_must(status_oom());
        for (int i = 0; i < NODES; i++) {
                char name[16];
                for (int k = 0; k < FLOATS; k++)
                        v[k] = (float)(k * 7 % 1001 + i);
                /* of various lengths, so that contents lie anywhere */
                snprintf(name, sizeof(name), i % 3 ? "w%d" : "weight%d", i);
                put_const(graph, i < 2 ? (i ? "w1" : "w0") : name, v, FLOATS);
        }
        mem_free(v);
        put_field(&node, 1, "y", 1);
        put_field(&node, 2, "Add", 3);
        put_field(&node, 3, "w0", 2);
        put_field(&node, 3, "w1", 2);
        put_type(&node, "T");
        put_field(graph, 1, node.data, node.len);
        bench_must(buf_status(graph));
}

/* ---- the daemon ---- */

static Status *ask(Http *h, const char *method, const char *path, const void *body, size_t n,
                   long want)
{
        autoanswer a = { 0 };
        TRY(http_send(h, method, path, body, n, &a));
        return a.status == want ? NULL
                                : unknown_error("%s %s: %ld %s", method, path, a.status,
                                                answer_text(&a, "detail"));
}

/* A line of /proc/PID/status, in bytes. */
static double memory(const Daemon *d, const char *line)
{
        char path[64], text[256];
        double kib = 0;
        snprintf(path, sizeof(path), "/proc/%d/status", (int)d->pid);
        FILE *f = fopen(path, "r");
        while (f && fgets(text, sizeof(text), f))
                if (strncmp(text, line, strlen(line)) == 0)
                        kib = strtod(text + strlen(line), NULL);
        if (f)
                fclose(f);
        return kib * 1024;
}

/* CPU seconds of the daemon since it was started, start-up included. */
static double cpu(const Daemon *d)
{
        clockid_t clock;
        struct timespec t = { 0 };
        if (clock_getcpuclockid(d->pid, &clock) == 0)
                clock_gettime(clock, &t);
        return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What a row is made of: each round's. */
typedef struct Series {
        const char *what;
        double seconds[ROUNDS], cpu[ROUNDS];
        double peak, resident; /* over the size of the file, the worst */
        int n;
} Series;

/* before: the daemon's memory before it did what is measured. */
static void note(Series *s, const Daemon *d, double before, double seconds, size_t n)
{
        s->peak = MAX(s->peak, (memory(d, "VmHWM:") - before) / (double)n);
        s->resident = MAX(s->resident, (memory(d, "VmRSS:") - before) / (double)n);
        s->cpu[s->n] = cpu(d);
        s->seconds[s->n++] = seconds;
}

/* Two rows: how fast, and how much at the peak beyond what the daemon had before. */
static void rows(Series *s, size_t n)
{
        char name[80];
        double best = bench_best(s->seconds, s->n), median = bench_median(s->seconds, s->n);
        snprintf(name, sizeof(name), "%s, MB/s", s->what);
        table_row(name, GOAL_MB_S, (double)n / 1e6 / median);
        snprintf(name, sizeof(name), "%s: peak memory / file", s->what);
        table_row(name, GOAL_PEAK, s->peak);
        table_note("%.0f ms, %.0f to %.0f; %.0f ms of the daemon's CPU since its start; resident "
                   "afterwards %.2f of the file",
                   median * 1e3, best * 1e3, s->seconds[s->n - 1] * 1e3,
                   bench_median(s->cpu, s->n) * 1e3, s->resident);
}

static double make_session(Http *h, const char *name)
{
        char body[80];
        snprintf(body, sizeof(body), "{\"name\":\"%s\",\"graph\":\"g\"}", name);
        double begin = bench_now();
        bench_must(ask(h, "POST", "/v1/sessions", body, strlen(body), 201));
        return bench_now() - begin;
}

/* The daemon is new: its peak is that of the one thing it did. */
static void send_graph(const char *program, const Buf *graph, Daemon *d, Series *sent)
{
        autoptr(Http) h = NULL;
        bench_must(daemon_start(program, false, d));
        bench_must(http_new(d->base, &h));
        bench_must(ask(h, "GET", "/v1", NULL, 0, 200));
        limit_warm();
        double before = memory(d, "VmRSS:"), begin = bench_now();
        bench_must(ask(h, "PUT", "/v1/graphs/g", graph->data, graph->len, 201));
        double seconds = bench_now() - begin;
        note(sent, d, before, seconds, graph->len);
}

static void load_again(Daemon *d, size_t n, Series *session, Series *again, Series *restart)
{
        static const char run[] = "{\"fetches\":\"y:0\",\"output\":\"b64\"}";
        autoptr(Http) h = NULL;
        autoptr(Http) after = NULL;
        double ms;
        bench_must(daemon_restart(d, &ms));
        bench_must(http_new(d->base, &h));
        bench_must(ask(h, "GET", "/v1", NULL, 0, 200));
        limit_warm();
        double before = memory(d, "VmRSS:");
        note(session, d, before, make_session(h, "a"), n);
        again->seconds[again->n++] = make_session(h, "b");
        bench_must(ask(h, "POST", "/v1/sessions/a:run", run, strlen(run), 200));
        limit_warm();
        bench_must(daemon_restart(d, &ms));
        note(restart, d, before, ms / 1e3, n);
        bench_must(http_new(d->base, &after));
        bench_must(ask(after, "POST", "/v1/sessions/b:run", run, strlen(run), 200));
}

static void measure(const char *program, const Buf *graph)
{
        Series sent = { .what = "sent and stored" },
               session = { .what = "session of the stored graph" },
               again = { .what = "a second session of it" },
               restart = { .what = "restart with both" };
        for (int i = 0; i < (bench_quick() ? 1 : ROUNDS); i++) {
                Daemon d;
                send_graph(program, graph, &d, &sent);
                load_again(&d, graph->len, &session, &again, &restart);
                daemon_stop(&d);
        }
        rows(&sent, graph->len);
        rows(&session, graph->len);
        table_row("a second session of it, ms", 0, bench_median(again.seconds, again.n) * 1e3);
        rows(&restart, graph->len);
}

static void limit_row(const char *name, size_t n, double seconds)
{
        char text[80];
        snprintf(text, sizeof(text), "%s, MB/s", name);
        table_row(text, 0, (double)n / 1e6 / seconds);
}

static void limits(const Buf *graph)
{
        char path[] = "/tmp/sessrun-load-XXXXXX";
        size_t n = graph->len;
        int fd = mkstemp(path);
        if (fd < 0)
                bench_must(unavailable("no file below /tmp"));
        close(fd);
        table_begin("the machine, one thing at a time, 105 MB", "");
        limit_warm();
        limit_row("fresh memory, pages of 4 KiB", n, limit_pages(n, false));
        double cpu_http, huge = limit_pages(n, true), digest = limit_digest(graph->data, n);
        limit_row("fresh memory, huge pages", n, huge);
        limit_row("SHA-256", n, digest);
        limit_row("written past the cache and synced", n, limit_write(path, graph->data, n));
        limit_row("read past the cache", n, limit_read(path, n));
        limit_row("sent to a bare libmicrohttpd", n, limit_http(graph->data, n, &cpu_http));
        limit_row("sent over a bare socket", n, limit_socket(graph->data, n));
        limit_row("bare libmicrohttpd, memory and SHA-256 together", n,
                  (cpu_http + huge + digest) / (double)MIN(sysconf(_SC_NPROCESSORS_ONLN), 3L));
        table_note("the last by CPU time, shared evenly by the processors: %.0f, %.0f and %.0f ms",
                   cpu_http * 1e3, huge * 1e3, digest * 1e3);
        unlink(path);
}

int main(int argc, char **argv)
{
        if (argc != 2) {
                fputs("usage: load_bench SESSRUND\n", stderr);
                return 2;
        }
        autobuf graph = BUF(SIZE_MAX);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        table_machine();
        make_graph(&graph);
        table_begin("a frozen graph of 105 MB | goal", "");
        measure(argv[1], &graph);
        limits(&graph);
        return 0;
}
