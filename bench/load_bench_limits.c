// SPDX-License-Identifier: Apache-2.0
#include "bench/load_bench_limits.h"

#include "bench/http_peer.h"
#include "bench/table.h"
#include "engine/base/auto.h"
#include "tests/conformance/http.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, HUGE_PAGE = 2 << 20, PIECE = 4 << 20, SOCKET_PIECE = 64 << 10, ROUNDS = 3 };
#define WARM_BYTES ((size_t)512 << 20)

static void must(bool ok, const char *what)
{
        if (!ok)
                bench_must(unavailable("limits: cannot %s", what));
}

/* n bytes that begin where a huge page does; *ret_all is what is to be unmapped. */
static char *map(size_t n, bool huge, char **ret_all)
{
        *ret_all = mmap(NULL, n + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
        must(*ret_all != MAP_FAILED, "map memory");
        char *p = *ret_all + (-(uintptr_t)*ret_all & (HUGE_PAGE - 1));
        madvise(p, n, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
        return p;
}

static double touch(size_t n, bool huge)
{
        char *all, *p = map(n, huge, &all);
        double begin = bench_cpu();
        for (size_t at = 0; at < n; at += PAGE)
                *(volatile char *)(p + at) = 1;
        double seconds = bench_cpu() - begin;
        munmap(all, n + HUGE_PAGE);
        return seconds;
}

void limit_warm(void)
{
        touch(WARM_BYTES, true);
}

double limit_pages(size_t n, bool huge)
{
        double v[ROUNDS];
        for (int i = 0; i < ROUNDS; i++)
                v[i] = touch(n, huge);
        return bench_best(v, ROUNDS);
}

double limit_digest(const void *data, size_t n)
{
        double v[ROUNDS];
        unsigned char sum[32];
        for (int i = 0; i < ROUNDS; i++) {
                double begin = bench_cpu();
                must(gnutls_hash_fast(GNUTLS_DIG_SHA256, data, n, sum) == 0, "digest");
                v[i] = bench_cpu() - begin;
        }
        return bench_best(v, ROUNDS);
}

/* Whole pages of the file; its last bytes do not matter here. */
static double transfer(const char *path, bool writes, char *p, size_t n)
{
        int flags = writes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
        double begin = bench_now();
        int fd = open(path, flags | O_DIRECT | O_CLOEXEC, 0600);
        must(fd >= 0, "open a file past the page cache");
        for (size_t at = 0; at + PAGE <= n;) {
                size_t some = MIN((size_t)PIECE, n - at) / PAGE * PAGE;
                ssize_t done = writes ? write(fd, p + at, some) : read(fd, p + at, some);
                must(done > 0, "write or read");
                at += (size_t)done;
        }
        must(!writes || fdatasync(fd) == 0, "sync");
        double seconds = bench_now() - begin;
        close(fd);
        return seconds;
}

double limit_write(const char *path, const void *data, size_t n)
{
        double v[ROUNDS];
        char *all, *p = map(n, true, &all);
        memcpy(p, data, n);
        for (int i = 0; i < ROUNDS; i++) {
                unlink(path);
                v[i] = transfer(path, true, p, n);
        }
        munmap(all, n + HUGE_PAGE);
        return bench_best(v, ROUNDS);
}

double limit_read(const char *path, size_t n)
{
        double v[ROUNDS];
        char *all, *p = map(n, true, &all);
        memset(p, 1, n);
        for (int i = 0; i < ROUNDS; i++)
                v[i] = transfer(path, false, p, n);
        munmap(all, n + HUGE_PAGE);
        return bench_best(v, ROUNDS);
}

/* CPU seconds so far: ours, and those of a process. */
static double cpu_with(pid_t pid)
{
        clockid_t clock;
        struct timespec t = { 0 };
        if (clock_getcpuclockid(pid, &clock) == 0)
                clock_gettime(clock, &t);
        return bench_cpu() + (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double limit_http(const void *data, size_t n, double *ret_cpu)
{
        double v[ROUNDS], best_cpu[ROUNDS];
        char base[64];
        autoptr(Http) h = NULL;
        Peer peer;
        bench_must(peer_start(16, &peer));
        snprintf(base, sizeof(base), "http://127.0.0.1:%d", peer.port);
        bench_must(http_new(base, &h));
        for (int i = 0; i < ROUNDS; i++) {
                autoanswer a = { 0 };
                double begin = bench_now(), cpu = cpu_with(peer.pid);
                bench_must(http_send(h, "PUT", "/", data, n, &a));
                v[i] = bench_now() - begin;
                best_cpu[i] = cpu_with(peer.pid) - cpu;
        }
        peer_stop(&peer);
        *ret_cpu = bench_best(best_cpu, ROUNDS);
        return bench_best(v, ROUNDS);
}

/* Reads whatever comes until the end, from the socket that it is given, and says so. */
static void *drain(void *arg)
{
        static char place[SOCKET_PIECE];
        int fd = accept(*(int *)arg, NULL, NULL);
        while (fd >= 0 && read(fd, place, sizeof(place)) > 0)
                ;
        if (fd >= 0) {
                must(write(fd, "", 1) == 1, "answer");
                close(fd);
        }
        return NULL;
}

static double send_all(const char *data, size_t n)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(a);
        pthread_t thread;
        char byte;
        int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
            fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(bind(l, (struct sockaddr *)&a, size) == 0 && listen(l, 1) == 0 &&
                     getsockname(l, (struct sockaddr *)&a, &size) == 0 &&
                     pthread_create(&thread, NULL, drain, &l) == 0 &&
                     connect(fd, (struct sockaddr *)&a, size) == 0,
             "connect");
        double begin = bench_now();
        for (size_t at = 0; at < n;) {
                ssize_t done = write(fd, data + at, MIN((size_t)SOCKET_PIECE, n - at));
                must(done > 0, "send");
                at += (size_t)done;
        }
        shutdown(fd, SHUT_WR);
        must(read(fd, &byte, 1) == 1, "hear of the end");
        double seconds = bench_now() - begin;
        pthread_join(thread, NULL);
        close(fd);
        close(l);
        return seconds;
}

double limit_socket(const void *data, size_t n)
{
        double v[ROUNDS];
        for (int i = 0; i < ROUNDS; i++)
                v[i] = send_all(data, n);
        return bench_best(v, ROUNDS);
}
