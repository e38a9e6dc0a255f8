// SPDX-License-Identifier: Apache-2.0
/* Every op that waits, over HTTP and with two clients: one waits, the other brings what it waits
 * for, or cancels its step, or closes the session; or time is up, or the one that waits leaves.
 * Whoever did not get an element has not taken one away. (Of a dequeue of many that is cancelled
 * half-way TensorFlow drops the rows that it had: see tests/engine.) */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(http_waiting, .init = server_begin, .fini = server_end, .timeout = 60);

#define S "/v1/sessions/s"

typedef struct Wait {
        const char *name, *script;
        const char *before; /* a run that makes the other one wait, or NULL */
        const char *wait;   /* the run that waits */
        const char *bring;  /* the run that ends the wait */
        const char *want;   /* result of the wait */
} Wait;

#define X          "x = Const(value=7.0, dtype=float32); "
#define TAKE(many) "get = QueueDequeue" many "V2(q, "
#define TYPE       "component_types=[float32]"
#define QUEUE(kind, attrs)                                                                   \
        X "q = " kind "QueueV2(" TYPE ", shapes=[[]]" attrs "); "                            \
          "put = QueueEnqueueV2(q, [x]); get = QueueDequeueV2(q, " TYPE "); "                \
          "xs = Const(value=[7.0, 7.0], dtype=float32); two = Const(value=2, dtype=int32); " \
          "puts = QueueEnqueueManyV2(q, [xs]); "                                             \
          "gets = QueueDequeueManyV2(q, two, " TYPE ")"
#define AREA "dtypes=[float32], shared_name=\\\"s\\\""
#define MAP(kind)                                                                             \
        X "k = Const(value=1, dtype=int64); i = Const(value=[0], dtype=int32); "              \
          "put = " kind "MapStage(k, i, [x], " AREA "); get = " kind "MapUnstage(k, i, " AREA \
          "); peek = " kind "MapPeek(k, i, " AREA "); any = " kind "MapUnstageNoKey(i, " AREA ")"
#define GRADIENT(kind)                                                              \
        X "one = Const(value=1, dtype=int32); step = Const(value=0, dtype=int64); " \
          "a = " kind "ConditionalAccumulator(dtype=float32, shape=[]); "           \
          "put = " kind "AccumulatorApplyGradient(a, step, x); "                    \
          "get = " kind "AccumulatorTakeGradient(a, one, dtype=float32)"
#define GET "'fetches':'get:0'"
#define PUT "'targets':['put']"

static const Wait waits[] = {
        { "a dequeue", QUEUE("FIFO", ""), NULL, GET, PUT, "7.0" },
        { "a dequeue of two", QUEUE("FIFO", ""), NULL, "'fetches':'gets:0'", "'targets':['puts']",
          "[7.0,7.0]" },
        { "a shuffled dequeue", QUEUE("RandomShuffle", ", min_after_dequeue=1"), PUT, GET, PUT,
          "7.0" },
        { "a padded dequeue", QUEUE("PaddingFIFO", ""), NULL, GET, PUT, "7.0" },
        { "a dequeue by priority",
          X "p = Const(value=3, dtype=int64); q = PriorityQueueV2(" TYPE ", shapes=[[]]); "
            "put = QueueEnqueueV2(q, [p, x]); get = QueueDequeueV2(q, component_types=[int64, "
            "float32])",
          NULL, "'fetches':'get:1'", PUT, "7.0" },
        { "an enqueue", QUEUE("FIFO", ", capacity=1"), PUT, PUT, GET, "null" },
        { "an enqueue of two", QUEUE("FIFO", ", capacity=2"), "'targets':['puts']",
          "'targets':['puts']", "'fetches':'gets:0'", "null" },
        { "a barrier",
          "b = Barrier(" TYPE ", shapes=[[]]); k = Const(value=[\\\"k\\\"], dtype=string); "
          "v = Const(value=[7.0], dtype=float32); one = Const(value=1, dtype=int32); "
          "put = BarrierInsertMany(b, k, v, component_index=0); "
          "get = BarrierTakeMany(b, one, " TYPE ")",
          NULL, "'fetches':'get:2'", PUT, "[7.0]" },
        { "an empty staging area", X "put = Stage([x], " AREA "); get = Unstage(" AREA ")", NULL,
          GET, PUT, "7.0" },
        { "a full staging area",
          X "put = Stage([x], " AREA ", capacity=1); get = Unstage(" AREA ", capacity=1)", PUT, PUT,
          GET, "null" },
        { "a look into a staging area",
          X "i = Const(value=0, dtype=int32); put = Stage([x], " AREA "); get = StagePeek(i, " AREA
            ")",
          NULL, GET, PUT, "7.0" },
        { "a key of a map", MAP(""), NULL, GET, PUT, "7.0" },
        { "a look into a map", MAP(""), NULL, "'fetches':'peek:0'", PUT, "7.0" },
        { "any key of a map", MAP(""), NULL, "'fetches':'any:1'", PUT, "7.0" },
        { "a key of an ordered map", MAP("Ordered"), NULL, GET, PUT, "7.0" },
        { "any key of an ordered map", MAP("Ordered"), NULL, "'fetches':'any:1'", PUT, "7.0" },
        { "a gradient", GRADIENT(""), NULL, GET, PUT, "7.0" },
        { "a gradient of a resource", GRADIENT("Resource"), NULL, GET, PUT, "7.0" },
        { "a sparse gradient",
          "one = Const(value=1, dtype=int32); step = Const(value=0, dtype=int64); "
          "i = Const(value=[1], dtype=int64); v = Const(value=[7.0], dtype=float32); "
          "shape = Const(value=[3], dtype=int64); "
          "a = SparseConditionalAccumulator(dtype=float32, shape=[3]); "
          "put = SparseAccumulatorApplyGradient(a, step, i, v, shape, has_known_shape=true); "
          "get = SparseAccumulatorTakeGradient(a, one, dtype=float32)",
          NULL, "'fetches':'get:1'", PUT, "[7.0]" },
        { "a reader's work",
          "q = FIFOQueueV2(component_types=[string], shapes=[[]]); r = IdentityReaderV2(); "
          "w = Const(value=\\\"work\\\", dtype=string); put = QueueEnqueueV2(q, [w]); "
          "get = ReaderReadV2(r, q)",
          NULL, "'fetches':'get:1'", PUT, "\"work\"" },
};

static void run(const char *body)
{
        Answer a = post(S ":run", "{%s}", body);
        cr_assert_eq(a.status, 200, "%s: %s", body, a.body);
}

/* Waits until that many steps run. */
static void until_running(const char *name, int n)
{
        for (int i = 0; i < 2000; i++) {
                if (json_integer_value(at(http("GET", S, NULL), "/running")) == n)
                        return;
                usleep(2000);
        }
        cr_assert_fail("%s: there are never %d steps", name, n);
}

/* A client that waits; its connection. */
static int begin(const Wait *w)
{
        int fd = begin_post(S ":run", "{%s}", w->wait);
        until_running(w->name, 1);
        return fd;
}

static void hears(const Wait *w, int fd, int status, const char *text)
{
        Answer a = hear(fd);
        cr_expect(a.status == status && a.body && strstr(a.body, text), "%s: %d %s", w->name,
                  a.status, a.body);
}

static void is_brought(const Wait *w)
{
        char result[64];
        snprintf(result, sizeof result, "{\"result\":%s,", w->want);
        int fd = begin(w);
        run(w->bring);
        hears(w, fd, 200, result);
        until_running(w->name, 0);
}

static void is_cancelled(const Wait *w)
{
        int fd = begin(w);
        char path[100];
        Answer a = http("GET", S "/steps", NULL);
        expect(a, 200, "/steps/0/state", "running");
        snprintf(path, sizeof path, S "/steps/%s:cancel", text_at(a, "/steps/0/id"));
        expect(http("POST", path, "{}"), 200, NULL, NULL);
        hears(w, fd, 499, "\"code_name\":\"CANCELLED\"");
        until_running(w->name, 0);
}

static void is_late(const Wait *w)
{
        expect(post(S ":run", "{%s,'options':{'timeout_in_ms':20}}", w->wait), 504, "/code_name",
               "DEADLINE_EXCEEDED");
        until_running(w->name, 0);
}

static void leaves(const Wait *w)
{
        close(begin(w));
        until_running(w->name, 0);
}

static void make(const Wait *w)
{
        expect(post("/v1/sessions", "{'name':'s','graph':{'script':'%s'}}", w->script), 201, NULL,
               NULL);
        if (w->before)
                run(w->before);
}

Test(http_waiting, ends_by_another_client_by_time_by_cancel_or_by_leaving)
{
        for (size_t i = 0; i < COUNTOF(waits); i++) {
                const Wait *w = &waits[i];
                make(w);
                is_late(w);
                is_cancelled(w);
                leaves(w);
                is_brought(w);
                expect(http("DELETE", S, NULL), 204, NULL, NULL);
        }
}

/* As JSON: strings with their quotes. */
static const char *result(Answer a)
{
        static char text[64];
        const char *s = text_at(a, "/result");
        bool quoted = json_is_string(at(a, "/result"));
        snprintf(text, sizeof text, quoted ? "\"%s\"" : "%s", s);
        return text;
}

/* The element that was waited for is still to be had. */
Test(http_waiting, who_gave_up_has_taken_nothing)
{
        for (size_t i = 0; i < COUNTOF(waits); i++) {
                const Wait *w = &waits[i];
                make(w);
                is_cancelled(w);
                leaves(w);
                run(w->bring);
                Answer a = post(S ":run", "{%s,'options':{'timeout_in_ms':10000}}", w->wait);
                cr_expect(a.status == 200 && !strcmp(result(a), w->want), "%s: %s", w->name,
                          a.body);
                expect(http("DELETE", S, NULL), 204, NULL, NULL);
        }
}

Test(http_waiting, a_close_ends_every_wait)
{
        for (size_t i = 0; i < COUNTOF(waits); i++) {
                const Wait *w = &waits[i];
                make(w);
                int fd = begin(w);
                expect(http("DELETE", S, NULL), 204, NULL, NULL);
                hears(w, fd, 499, "\"code_name\":\"CANCELLED\"");
        }
}

/* Another thread reads bodies of many megabytes; to the client they are like any other. */
Test(http_waiting, a_long_body_is_one_like_any_other)
{
        enum { LONG = 5 << 20 };
        const Wait *w = &waits[0];
        char *body = malloc(LONG + 64), *text = body + LONG;
        cr_assert_not_null(body);
        memset(body, ' ', LONG);
        snprintf(text, 64, "{\"fetches\":\"get:0\"}");
        make(w);
        for (int i = 0; i < 2; i++) {
                int fd = begin_with(S ":run", "", body);
                until_running("a long body", 1);
                if (i)
                        close(fd);
                else
                        run(w->bring), hears(w, fd, 200, "{\"result\":7.0,");
                until_running("a long body", 0);
        }
        snprintf(text, 64, "{\"fetches\":\"nobody:0\"}");
        Answer a = http_with("POST", S ":run", "", body, strlen(body));
        expect(a, 400, "/code_name", "INVALID_ARGUMENT");
        free(body);
}
