// SPDX-License-Identifier: Apache-2.0
#include "tests/api/process.h"

#include "engine/base/mem.h"
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

char process_dir[64];
int process_handed = -1;

void process_make_dir(void)
{
        if (!getenv("SESSRUND"))
                cr_skip_test("SESSRUND is not set");
        snprintf(process_dir, sizeof process_dir, "%s", "/tmp/sessrun-process-XXXXXX");
        cr_assert_not_null(mkdtemp(process_dir));
}

void process_remove_dir(void)
{
        autofree char *command = mem_printf("rm -rf %s", process_dir);
        cr_expect_eq(system(command), 0);
}

/* ---- one process ---- */

static void exec_daemon(char *const *argv, int out)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
        dup2(out, 1);
        dup2(out, 2);
        if (process_handed >= 0) {
                autofree char *pid = mem_printf("%d", (int)getpid());
                setenv("LISTEN_PID", pid, 1);
                setenv("LISTEN_FDS", "1", 1);
                dup2(process_handed, 3);
        }
        execv(getenv("SESSRUND"), argv);
        _exit(127);
}

Process process_start(char *const *argv)
{
        int ends[2];
        cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
        Process p = { .pid = fork(), .out = ends[0], .text = BUF(1 << 24) };
        cr_assert(p.pid >= 0);
        if (p.pid == 0)
                exec_daemon(argv, ends[1]);
        close(ends[1]);
        return p;
}

/* Reads what the process says until the text appears or it ends; true when it appeared. */
bool process_hear(Process *p, const char *wanted)
{
        while (!wanted || !strstr(buf_cstr(&p->text), wanted)) {
                struct pollfd f = { .fd = p->out, .events = POLLIN };
                char chunk[4096];
                ssize_t n = poll(&f, 1, PATIENCE_MS) == 1 ? read(p->out, chunk, sizeof chunk) : 0;
                if (n <= 0)
                        return false;
                buf_append(&p->text, chunk, (size_t)n);
        }
        return true;
}

/* Waits for the end; returns the exit status, or -signal. */
int process_end(Process *p)
{
        int status = 0;
        process_hear(p, NULL);
        waitpid(p->pid, &status, 0);
        close(p->out);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void process_done(Process *p)
{
        buf_done(&p->text);
}

void process_wait_ready(Process *p)
{
        cr_assert(process_hear(p, " ready "), "it said: %.2000s", buf_cstr(&p->text));
        cr_assert(process_hear(p, " sockets=")); /* the last pair of the line */
        const char *port = strstr(buf_cstr(&p->text), " port=");
        cr_assert_not_null(port);
        p->port = (int)strtol(port + 6, NULL, 10);
}

char *process_state_flag(void)
{
        static char flag[100];
        snprintf(flag, sizeof flag, "--state-dir=%s/state", process_dir);
        return flag;
}

void process_stop(Process *p)
{
        kill(p->pid, SIGTERM);
        cr_assert(process_end(p) == 0, "it said: %.2000s", buf_cstr(&p->text));
}

/* ---- HTTP ---- */

static size_t receive(char *data, size_t size, size_t n, void *arg)
{
        buf_append(arg, data, size * n);
        return size * n;
}

/* One request; returns the status (0: no answer) and the body. */
long process_http(int port, const char *method, const char *path, const char *body, Buf *ret)
{
        autofree char *url = mem_printf("http://127.0.0.1:%d%s", port, path);
        CURL *curl = curl_easy_init();
        long status = 0;
        struct curl_slist *json = curl_slist_append(NULL, "Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, json);
        if (body)
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
        if (curl_easy_perform(curl) == CURLE_OK)
                curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_cleanup(curl);
        curl_slist_free_all(json);
        return status;
}
