// SPDX-License-Identifier: Apache-2.0
#include "bench/http_load.h"
#include "bench/table.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct Connection {
        int fd;
        size_t sent, got, expected; /* expected: bytes of the whole answer, 0 while unknown */
        Buf head;                   /* of the answer, until it is complete */
        double start;
} Connection;

typedef struct Loop {
        const Load *load;
        int epoll, to_send, to_finish, finished;
        double *latency; /* NULL while warming up */
        size_t answer;
        Connection *c; /* those of the load, then those that wait */
        int n;
} Loop;

static Status *connect_one(Loop *l, Connection *c)
{
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)l->load->port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int on = 1;
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof(a)) != 0)
                return unavailable("cannot connect: %s", strerror(errno));
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
        epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
        return NULL;
}

/* Sends as much as the socket takes; the rest when it takes more. */
static Status *send_more(Loop *l, Connection *c)
{
        const Buf *r = l->load->request;
        while (c->sent < r->len) {
                ssize_t n = send(c->fd, r->data + c->sent, r->len - c->sent,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0 && errno != EAGAIN)
                        return unavailable("send: %s", strerror(errno));
                if (n < 0)
                        break;
                c->sent += (size_t)n;
        }
        struct epoll_event e = { .events = c->sent < r->len ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                 .data.ptr = c };
        if (r->len > 65536)
                epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e);
        return NULL;
}

static Status *start_request(Loop *l, Connection *c)
{
        if (l->to_send == 0)
                return NULL;
        l->to_send--;
        if (l->load->before)
                l->load->before(l->load->arg);
        c->sent = c->got = c->expected = 0;
        buf_reset(&c->head);
        c->start = bench_now();
        return send_more(l, c);
}

/* Once the answer's head is there: its status and how long the whole is. */
static Status *read_head(Connection *c)
{
        const char *text = buf_cstr(&c->head), *end = strstr(text, "\r\n\r\n");
        if (!end)
                return NULL;
        const char *length = strcasestr(text, "\r\nContent-Length:");
        if (strncmp(text, "HTTP/1.1 200", 12) != 0 || !length || length > end)
                return unknown_error("the answer is %.1000s", text);
        c->expected = (size_t)(end + 4 - text) + (size_t)strtoull(length + 17, NULL, 10);
        return NULL;
}

static Status *read_more(Loop *l, Connection *c)
{
        char part[65536];
        ssize_t n = recv(c->fd, part, sizeof(part), MSG_DONTWAIT);
        if (n <= 0)
                return n < 0 && errno == EAGAIN ? NULL : unavailable("the server hung up");
        c->got += (size_t)n;
        if (c->expected == 0) {
                buf_append(&c->head, part, (size_t)n);
                TRY(read_head(c));
        }
        if (c->expected == 0 || c->got < c->expected)
                return NULL;
        l->answer = c->got;
        if (l->latency)
                l->latency[l->finished] = bench_now() - c->start;
        l->finished++;
        return start_request(l, c);
}

static Status *run_loop(Loop *l, int requests)
{
        struct epoll_event events[64];
        l->finished = 0;
        l->to_send = requests;
        for (int i = 0; i < l->load->connections; i++)
                TRY(start_request(l, &l->c[i]));
        while (l->finished < requests) {
                int n = epoll_wait(l->epoll, events, COUNTOF(events), 30000);
                if (n <= 0)
                        return unavailable("no answer for 30 s");
                for (int i = 0; i < n; i++) {
                        if (events[i].events & EPOLLOUT)
                                TRY(send_more(l, events[i].data.ptr));
                        if (events[i].events & ~(uint32_t)EPOLLOUT)
                                TRY(read_more(l, events[i].data.ptr));
                }
        }
        return NULL;
}

/* CPU time that another process has used so far. */
static double cpu_of(pid_t pid)
{
        clockid_t clock;
        struct timespec t = { 0 };
        if (pid && clock_getcpuclockid(pid, &clock) == 0)
                clock_gettime(clock, &t);
        return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static Status *measure(Loop *l, LoadResult *ret)
{
        const Load *load = l->load;
        TRY(run_loop(l, MAX(load->requests / 10, load->connections)));
        l->latency = mem_calloc((size_t)load->requests, sizeof(*l->latency));
        if (!l->latency)
                return status_oom();
        double cpu = cpu_of(load->server), start = bench_now();
        TRY(run_loop(l, load->requests));
        double seconds = bench_now() - start;
        ret->cpu = (cpu_of(load->server) - cpu) / load->requests;
        ret->per_second = load->requests / seconds;
        if (load->latency)
                memcpy(load->latency, l->latency, (size_t)load->requests * sizeof(*l->latency));
        ret->p50 = bench_median(l->latency, load->requests); /* sorts */
        ret->p99 = l->latency[load->requests * 99 / 100];
        ret->answer = l->answer;
        return NULL;
}

/* One request on each connection that is to wait, so that it is one that was kept alive. */
static Status *use_idle(Loop *l)
{
        int active = l->load->connections;
        for (int i = active; i < l->n; i++) {
                Connection *c = &l->c[i];
                c->sent = 0;
                TRY(send_more(l, c));
                while (c->expected == 0 || c->got < c->expected) {
                        char part[4096];
                        ssize_t n = recv(c->fd, part, sizeof(part), 0);
                        if (n <= 0)
                                return unavailable("the server hung up");
                        c->got += (size_t)n;
                        buf_append(&c->head, part, (size_t)n);
                        TRY(read_head(c));
                }
                buf_done(&c->head);
        }
        return NULL;
}

static Status *run(Loop *l, LoadResult *ret)
{
        for (int i = 0; i < l->n; i++)
                TRY(connect_one(l, &l->c[i]));
        TRY(use_idle(l));
        return measure(l, ret);
}

void load_raise_limit(void)
{
        struct rlimit r;
        if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
                r.rlim_cur = r.rlim_max;
                setrlimit(RLIMIT_NOFILE, &r);
        }
}

Status *load_run(const Load *load, LoadResult *ret)
{
        Loop l = { .load = load,
                   .epoll = epoll_create1(EPOLL_CLOEXEC),
                   .n = load->connections + load->idle };
        l.c = mem_calloc((size_t)l.n, sizeof(*l.c));
        if (!l.c)
                return status_oom();
        for (int i = 0; i < l.n; i++)
                l.c[i] = (Connection){ .fd = -1, .head = BUF(1 << 20) };
        Status *e = run(&l, ret);
        for (int i = 0; i < l.n; i++) {
                buf_done(&l.c[i].head);
                if (l.c[i].fd >= 0)
                        close(l.c[i].fd);
        }
        close(l.epoll);
        mem_free(l.latency);
        mem_free(l.c);
        return e;
}

void load_request(Buf *out, const char *path, const char *extra_heads, const Buf *body)
{
        buf_printf(out,
                   "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n%s\r\n",
                   path, body->len, extra_heads);
        buf_append(out, body->data, body->len);
}
