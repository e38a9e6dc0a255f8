// SPDX-License-Identifier: Apache-2.0
/* Counting requests. /metrics itself, which adds what the engine knows, is in health.c. */
#include "api/metrics.h"

#include "api/router.h"
#include "engine/base/mem.h"
#include <stdatomic.h>

enum { SHARDS = 8, ROUTES = 96, BUCKETS = 12, CODES = 17 };

/* Upper bounds of the latency histogram, in microseconds. */
static const int64_t bounds[BUCKETS] = { 50,    100,    250,    500,     1000,     5000,
                                         25000, 100000, 500000, 2000000, 10000000, 60000000 };

typedef struct Shard {
        atomic_llong requests[ROUTES][6]; /* by class of status: 1xx.. 5xx at 1..5 */
        atomic_llong bucket[ROUTES][BUCKETS + 1];
        atomic_llong time_us[ROUTES];
        atomic_llong errors[CODES];
} Shard;

struct Metrics {
        Shard *shards;
};

/* Each thread counts in a shard of its own. */
Status *metrics_new(Metrics **ret)
{
        Metrics *m = mem_calloc(1, sizeof *m);
        if (!m)
                return status_oom();
        m->shards = mem_calloc(SHARDS, sizeof *m->shards);
        if (!m->shards) {
                mem_free(m);
                return status_oom();
        }
        *ret = m;
        return NULL;
}

void metrics_free(Metrics *m)
{
        if (m)
                mem_free(m->shards);
        mem_free(m);
}

static Shard *my_shard(Metrics *m)
{
        static atomic_int threads;
        static _Thread_local int mine = -1;
        if (mine < 0)
                mine = atomic_fetch_add(&threads, 1) % SHARDS;
        return &m->shards[mine];
}

static void bump(atomic_llong *counter, int64_t by)
{
        atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* Row 0 is for requests that no route took. */
static int route_index(const Route *route)
{
        return route ? (int)MIN(route - routes + 1, (ptrdiff_t)ROUTES - 1) : 0;
}

/* No lock, no shared line of the cache. */
void metrics_note(Metrics *m, const Route *route, int http, StatusCode code, int64_t duration_ns)
{
        Shard *s = my_shard(m);
        int i = route_index(route), b = 0;
        int64_t us = duration_ns / 1000;
        while (b < BUCKETS && us > bounds[b])
                b++;
        bump(&s->requests[i][MIN(http / 100, 5)], 1);
        bump(&s->bucket[i][b], 1);
        bump(&s->time_us[i], us);
        if (code > SR_OK && (int)code < CODES)
                bump(&s->errors[code], 1);
}

/* The sum over all shards of a counter that stands at this offset in each. */
static int64_t total(const Metrics *m, size_t offset)
{
        int64_t n = 0;
        for (int i = 0; i < SHARDS; i++)
                n += atomic_load_explicit((atomic_llong *)((char *)&m->shards[i] + offset),
                                          memory_order_relaxed);
        return n;
}
#define TOTAL(member) total(m, offsetof(Shard, member))

static void write_labels(int i, Buf *out)
{
        buf_printf(out, "{method=\"%s\",route=\"%s\"", i ? routes[i - 1].method : "",
                   i ? routes[i - 1].path : "");
}

/* Routes that nobody called are left out. */
static void write_requests(const Metrics *m, int n, Buf *out)
{
        buf_puts(out, "# HELP sessrun_http_requests_total Requests answered, by route and class of "
                      "status.\n"
                      "# TYPE sessrun_http_requests_total counter\n");
        for (int i = 0; i < n; i++)
                for (int c = 1; c < 6; c++) {
                        int64_t count = TOTAL(requests[i][c]);
                        if (!count)
                                continue;
                        buf_puts(out, "sessrun_http_requests_total");
                        write_labels(i, out);
                        buf_printf(out, ",status=\"%dxx\"} %lld\n", c, (long long)count);
                }
}

/* Buckets add up, as Prometheus has them. */
static void write_route_latency(const Metrics *m, int i, Buf *out)
{
        int64_t count = 0;
        for (int b = 0; b <= BUCKETS; b++)
                count += TOTAL(bucket[i][b]);
        if (!count)
                return;
        int64_t below = 0;
        for (int b = 0; b < BUCKETS; b++) {
                below += TOTAL(bucket[i][b]);
                buf_puts(out, "sessrun_http_request_duration_seconds_bucket");
                write_labels(i, out);
                buf_printf(out, ",le=\"%g\"} %lld\n", (double)bounds[b] / 1e6, (long long)below);
        }
        buf_puts(out, "sessrun_http_request_duration_seconds_bucket");
        write_labels(i, out);
        buf_printf(out, ",le=\"+Inf\"} %lld\n", (long long)count);
        buf_puts(out, "sessrun_http_request_duration_seconds_sum");
        write_labels(i, out);
        buf_printf(out, "} %g\n", (double)TOTAL(time_us[i]) / 1e6);
        buf_puts(out, "sessrun_http_request_duration_seconds_count");
        write_labels(i, out);
        buf_printf(out, "} %lld\n", (long long)count);
}

/* Codes that nobody got are left out. */
static void write_errors(const Metrics *m, Buf *out)
{
        buf_puts(out, "# HELP sessrun_errors_total Errors answered, by code.\n"
                      "# TYPE sessrun_errors_total counter\n");
        for (int c = 1; c < CODES; c++) {
                int64_t count = TOTAL(errors[c]);
                if (count)
                        buf_printf(out, "sessrun_errors_total{code=\"%s\"} %lld\n",
                                   status_code_name((StatusCode)c), (long long)count);
        }
}

/* The text format of Prometheus. */
void metrics_write(const Metrics *m, Buf *out)
{
        int n = 1;
        while (n < ROUTES && routes[n - 1].method)
                n++;
        write_requests(m, n, out);
        buf_puts(out, "# HELP sessrun_http_request_duration_seconds Time from a request's head to "
                      "its answer.\n"
                      "# TYPE sessrun_http_request_duration_seconds histogram\n");
        for (int i = 0; i < n; i++)
                write_route_latency(m, i, out);
        write_errors(m, out);
}
