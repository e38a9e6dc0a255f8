// SPDX-License-Identifier: Apache-2.0
#include "tests/api/story.h"

#include "engine/base/buf.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S "/v1/sessions/story"

enum { MAX_CLIENTS = 8, PATIENCE = 5000 };

/* Who else is there. */
typedef struct Clients {
        int n, waiting;
        int fd[MAX_CLIENTS];
        char step[MAX_CLIENTS][24];
} Clients;

/* {root} is test_root, and $ the version, if there is one. */
static const char *fill(const char *text, const char *version, Buf *out)
{
        static const char root[] = "{root}";
        for (const char *p = text; *p; p++) {
                if (*p == '$' && version) {
                        buf_puts(out, version);
                } else if (!strncmp(p, root, sizeof root - 1)) {
                        buf_puts(out, test_root);
                        p += sizeof root - 2;
                } else {
                        buf_append(out, p, 1);
                }
        }
        return buf_cstr(out);
}

static int number_at(const char *path, const char *pointer)
{
        return (int)json_integer_value(at(http("GET", path, NULL), pointer));
}

/* All that wait have come to the queue q, if there is one: the order of coming counts there. */
static bool all_wait(int n)
{
        if (number_at(S, "/running") != n)
                return false;
        Answer q = http("GET", S "/queues/q", NULL);
        return q.status == 404 || json_integer_value(at(q, "/pending_enqueues")) +
                                                  json_integer_value(at(q, "/pending_dequeues")) ==
                                          n;
}

static void until_waiting(const Story *s, const char *run, int n)
{
        for (int i = 0; i < PATIENCE; i++) {
                if (all_wait(n))
                        return;
                usleep(1000);
        }
        cr_assert_fail("%s: %s: there are never %d clients that wait", s->what, run, n);
}

static bool has_code(const char *want)
{
        return *want >= 'A' && *want <= 'Z';
}

static void check(const Story *s, const Step *step, Answer a)
{
        const char *want = step->want;
        if (!want)
                return;
        if (has_code(want)) {
                size_t n = strcspn(want, ":");
                const char *text = want[n] ? want + n + 2 : "";
                cr_expect(strlen(text_at(a, "/code_name")) == n &&
                                  !memcmp(text_at(a, "/code_name"), want, n) &&
                                  !strncmp(text_at(a, "/detail"), text, strlen(text)),
                          "%s: %s: expected %s, got: %d %.600s", s->what, step->run, want, a.status,
                          a.body);
                return;
        }
        char *got = at(a, "/result") ? json_dumps(at(a, "/result"), JSON_COMPACT | JSON_ENCODE_ANY)
                                     : NULL;
        cr_expect(a.status == 200 && got && !strcmp(got, want),
                  "%s: %s: expected %s, got: %d %.600s", s->what, step->run, want, a.status,
                  a.body);
        free(got);
}

static void begin(const Story *s, const char *run, Clients *c)
{
        cr_assert_lt(c->n, MAX_CLIENTS);
        c->fd[c->n] = begin_post(S ":run", "{%s}", run);
        until_waiting(s, run, ++c->waiting);
        Answer a = http("GET", S "/steps", NULL); /* the newest comes first */
        snprintf(c->step[c->n++], sizeof *c->step, "%s", text_at(a, "/steps/0/id"));
}

static void leave(const Story *s, const Step *step, Clients *c, int i)
{
        close(c->fd[i]);
        until_waiting(s, step->run, --c->waiting);
}

static void cancel(const Clients *c, int i)
{
        char path[100];
        snprintf(path, sizeof path, S "/steps/%s:cancel", c->step[i]);
        expect(http("POST", path, "{}"), 200, NULL, NULL);
}

static void run(const Story *s, const Step *step)
{
        int ms = 0, used = 0;
        if (sscanf(step->run, "ms=%d %n", &ms, &used) < 1)
                ms = 20000;
        check(s, step, post(S ":run", "{%s,'options':{'timeout_in_ms':%d}}", step->run + used, ms));
}

static void play(const Story *s, const Step *step, Clients *c)
{
        int i = *step->run ? step->run[1] - '0' : 0;
        switch (*step->run) {
        case '&': begin(s, step->run + 1, c); return;
        case 'x': leave(s, step, c, i); return;
        case 'c': cancel(c, i); return;
        case '>':
                check(s, step, hear(c->fd[i]));
                c->waiting--;
                return;
        default: run(s, step);
        }
}

void tell(const Story *s, const char *version)
{
        Clients c = { 0 };
        autobuf script = BUF(1 << 20);
        Answer a = post("/v1/sessions", "{'name':'story','graph':{'script':'%s'}}",
                        fill(s->script, version, &script));
        cr_assert_eq(a.status, 201, "%s: %s", s->what, a.body);
        for (const Step *step = s->steps; step->run; step++) {
                autobuf run = BUF(1 << 20), want = BUF(1 << 20);
                Step filled = { fill(step->run, NULL, &run), NULL };
                filled.want = step->want ? fill(step->want, NULL, &want) : NULL;
                play(s, &filled, &c);
        }
        cr_expect_eq(c.waiting, 0, "%s: %d clients were not heard", s->what, c.waiting);
        expect(http("DELETE", S, NULL), 204, NULL, NULL);
}

void tell_all(const Story *stories, size_t n, const char *version)
{
        for (size_t i = 0; i < n; i++)
                tell(&stories[i], version);
}

void tell_both(const Story *stories, size_t n)
{
        tell_all(stories, n, "");
        tell_all(stories, n, "V2");
}
