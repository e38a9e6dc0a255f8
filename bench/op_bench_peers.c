// SPDX-License-Identifier: Apache-2.0
#include "bench/op_bench_peers.h"

#include "bench/op_bench_onednn.h"
#include "bench/table.h"
#include "engine/base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLACK 1.2

/* f is NULL when there is no child, or it has ended. */
struct Peers {
        FILE *f;
        pid_t child;
};

/* One thread; freed memory stays with the child, so that results without out= are not fresh pages.
 */
static const char *const command[] = { "env",
                                       "OMP_NUM_THREADS=1",
                                       "OPENBLAS_NUM_THREADS=1",
                                       "ATEN_CPU_CAPABILITY=avx512",
                                       "MALLOC_MMAP_THRESHOLD_=1000000000",
                                       "MALLOC_TRIM_THRESHOLD_=2000000000",
                                       "/usr/bin/python3",
                                       "bench/op_peer.py",
                                       NULL };

/* A child that reads and writes one end of a pair of sockets; the other end is p->f. */
static void start(Peers *p)
{
        int ends[2];
        extern char **environ;
        posix_spawn_file_actions_t actions;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
                return;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        if (posix_spawnp(&p->child, "env", &actions, NULL, (char *const *)command, environ))
                p->child = 0;
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
        p->f = p->child ? fdopen(ends[0], "r+") : NULL;
        if (!p->f)
                close(ends[0]);
}

/* What the child says next; false when it has ended, as it does when a library is not there. */
static bool answer(Peers *p, char *line, int size)
{
        if (p->f && fgets(line, size, p->f)) {
                line[strcspn(line, "\n")] = 0;
                return true;
        }
        if (p->f)
                fclose(p->f);
        p->f = NULL;
        return false;
}

Peers *peers_new(void)
{
        char line[128];
        Peers *p = mem_calloc(1, sizeof(*p));
        if (!p)
                bench_must(status_oom());
        signal(SIGPIPE, SIG_IGN);
        if (!getenv("SESSRUN_BENCH_NO_PEER"))
                start(p);
        table_note("libraries: oneDNN, %s",
                   answer(p, line, sizeof(line)) ? line : "no PyTorch, no numpy");
        return p;
}

/* "US NAME" of the child. */
static double ask(Peers *p, const char *key, const Tensor *x, char *name, size_t size)
{
        char line[128], *at;
        const Shape *s = tensor_shape(x);
        if (!p->f)
                return 0;
        fprintf(p->f, "%s %s ", key, dtype_name(tensor_dtype(x)));
        for (int i = 0; i < s->rank; i++)
                fprintf(p->f, "%lld%c", (long long)s->dim[i], i + 1 < s->rank ? ',' : '\n');
        fflush(p->f);
        if (!answer(p, line, sizeof(line)))
                return 0;
        double us = strtod(line, &at);
        snprintf(name, size, "%s", at + (*at == ' '));
        return us * 1e-6;
}

double peers_best(Peers *p, const char *key, const Tensor *x, char *name, size_t size)
{
        *name = 0;
        double t = ask(p, key, x, name, size), dnn = onednn_time(key, x);
        if (dnn <= 0 || (t > 0 && t <= dnn))
                return t;
        snprintf(name, size, "oneDNN");
        return dnn;
}

void peers_free(Peers *p)
{
        if (p->f)
                fclose(p->f);
        if (p->child)
                waitpid(p->child, NULL, 0);
        mem_free(p);
}

/* ---- the table ---- */

void bars_begin(BarsList *l, const char *title)
{
        *l = (BarsList){ .names = BUF(1 << 20) };
        printf("\n%-46s %9s %9s %9s %8s %8s\n", title, "memory", "library", "ours", "/memory",
               "/library");
        printf("%-46s %9s %9s %9s\n", "", "us", "us", "us");
}

void bars_row(BarsList *l, const char *name, const Bars *b, double ours)
{
        bool missed = ours > SLACK * MAX(b->memory, b->library);
        printf("%-46s %9.1f ", name, b->memory * 1e6);
        if (b->library > 0)
                printf("%9.1f %9.1f %8.2f %8.2f %s%s\n", b->library * 1e6, ours * 1e6,
                       ours / b->memory, ours / b->library, b->name, missed ? "  MISSED" : "");
        else
                printf("%9s %9.1f %8.2f %8s %s\n", "", ours * 1e6, ours / b->memory, "",
                       missed ? "  MISSED" : "");
        fflush(stdout);
        l->rows++;
        l->missed += missed;
        if (missed)
                buf_printf(&l->names, "    %-46s %8.2f %8.2f\n", name, ours / b->memory,
                           b->library > 0 ? ours / b->library : 0);
}

void bars_end(BarsList *l)
{
        table_note("%d rows; slower than both bars by more than %.0f %%: %d", l->rows,
                   (SLACK - 1) * 100, l->missed);
        fputs(buf_cstr(&l->names), stdout);
        buf_done(&l->names);
}
