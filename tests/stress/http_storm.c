// SPDX-License-Identifier: Apache-2.0
/* Race: clients that create, run, extend, make and call callables, set variables, keep tensors, set
 * up partial runs, start loops and queue runners, join them, leave in the middle (of a long body,
 * too), close and delete, all at once, while steps wait that somebody cancels and the operator
 * changes tokens and hosts; half of the requests come with a key that others use, too. Then the
 * server stops under them. */
#include "tests/stress/lib/must.h"
#include "tests/stress/lib/storm_server.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 6, ROUNDS = 60, NAMES = 3 };

static StormServer storm;
static atomic_int answers, done, server_errors;

/* An endless loop and a product, so that runs may wait or not. */
static const char graph[] =
        "node{name:'c' op:'Const' attr{key:'dtype' value{type:DT_INT32}} attr{key:'value' "
        "value{tensor{dtype:DT_INT32 tensor_shape{} int_val:0}}}} "
        "node{name:'e' op:'Enter' input:'c' attr{key:'T' value{type:DT_INT32}} "
        "attr{key:'frame_name' value{s:'f'}}} "
        "node{name:'m' op:'Merge' input:'e' input:'n' attr{key:'T' value{type:DT_INT32}} "
        "attr{key:'N' value{i:2}}} "
        "node{name:'t' op:'Const' input:'^m' attr{key:'dtype' value{type:DT_BOOL}} "
        "attr{key:'value' "
        "value{tensor{dtype:DT_BOOL tensor_shape{} bool_val:true}}}} "
        "node{name:'l' op:'LoopCond' input:'t'} "
        "node{name:'s' op:'Switch' input:'m' input:'l' attr{key:'T' value{type:DT_INT32}}} "
        "node{name:'n' op:'NextIteration' input:'s:1' attr{key:'T' value{type:DT_INT32}}} "
        "node{name:'x' op:'Exit' input:'s' attr{key:'T' value{type:DT_INT32}}} "
        "node{name:'y' op:'Neg' input:'c' attr{key:'T' value{type:DT_INT32}}}";

/* Sends a request on a connection of its own, and waits for the answer or leaves. A wait that only
 * others end is given up after a second. */
static void ask(const char *method, const char *path, const char *body, bool leave)
{
        static atomic_int count;
        char text[4096], key[40] = "";
        int fd = storm_dial(&storm, 1), n = atomic_fetch_add(&count, 1);
        if (fd < 0)
                return;
        if (n % 2)
                snprintf(key, sizeof key, "Idempotency-Key: %d\r\n", n / 50);
        n = snprintf(text, sizeof text,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Encoding: "
                     "gzip\r\n%sContent-Length: %zu\r\n\r\n%s",
                     method, path, key, strlen(body), body);
        if (send(fd, text, (size_t)n, MSG_NOSIGNAL) == n && !leave) {
                ssize_t got = recv(fd, text, sizeof text - 1, 0);
                atomic_fetch_add(&answers, got > 0);
                atomic_fetch_add(&done, got > 12 && text[9] == '2');
                atomic_fetch_add(&server_errors, got > 12 && memcmp(text + 9, "500", 3) == 0);
        }
        if (leave)
                usleep(2000);
        close(fd);
}

/* A long body, of which raw bytes are most; it may end in the middle. */
static void send_long(const char *name, bool leave)
{
        static const char json[] = "{\"fetches\":\"y:0\",\"feeds\":{\"c\":{\"dtype\":\"int32\","
                                   "\"shape\":[50000],\"binary_data_size\":200000}}}";
        static const char zeros[200000];
        char text[1000];
        int fd = storm_dial(&storm, 1);
        if (fd < 0)
                return;
        int n = snprintf(text, sizeof text,
                         "POST /v1/sessions/%s:run HTTP/1.1\r\nHost: localhost\r\nConnection: "
                         "close\r\nInference-Header-Content-Length: %zu\r\nContent-Length: "
                         "%zu\r\n\r\n%s",
                         name, sizeof json - 1, sizeof json - 1 + sizeof zeros, json);
        size_t part = leave ? sizeof zeros / 2 : sizeof zeros;
        if (send(fd, text, (size_t)n, MSG_NOSIGNAL) == n &&
            send(fd, zeros, part, MSG_NOSIGNAL) == (ssize_t)part && !leave) {
                ssize_t got = recv(fd, text, sizeof text - 1, 0);
                atomic_fetch_add(&answers, got > 0);
                atomic_fetch_add(&server_errors, got > 12 && memcmp(text + 9, "500", 3) == 0);
        }
        close(fd);
}

/* What runs without a client: at sessions "q0", ... of a queue. */
static void run_others(int name, int i)
{
        static const char *const texts[][3] = {
                { "POST", ":make_callable", "{\"name\":\"c\",\"fetches\":\"get:0\"}" },
                { "POST", "/callables/c:call", "{\"args\":[]}" },
                { "DELETE", "/callables/c", "" },
                { "POST", "/loops",
                  "{\"run\":{\"fetches\":\"get:0\"},\"until\":\"OUT_OF_RANGE\",\"steps\":20}" },
                { "GET", "/loops/1/events", "" },
                { "POST", "/loops/1:cancel", "" },
                { "POST", "/queue_runners",
                  "{\"queue_runners\":[{\"queue_name\":\"q\",\"enqueue_op_name\":[\"put\"],"
                  "\"close_op_name\":\"shut\",\"cancel_op_name\":\"kill\"}]}" },
                { "GET", "/queue_runners", "" },
                { "POST", "/queue_runners/1:stop", "" },
                { "POST", "/coordinator:request_stop", "" },
                { "POST", "/coordinator:join", "{\"stop_grace_period_secs\":0.01}" },
                { "POST", "/coordinator:join", "{\"wait\":0.01}" },
                { "POST", "/coordinator:clear_stop", "" },
                { "POST", "/queues/q:dequeue", "{\"wait\":0.01}" },
                { "GET", "/queues", "" },
                { "GET", "/variables", "" },
                { "PUT", "/variables/v", "7" },
                { "GET", "/variables/v", "" },
                { "POST", ":run", "{\"fetches\":[{\"$handle\":\"one:0\"},\"up:0\"]}" },
                { "GET", "/handles", "" },
                { "GET", "/steps", "" },
                { "POST", ":explain", "{\"fetches\":\"up:0\"}" },
                { "POST", ":partial_run_setup", "{\"fetches\":[\"up:0\",\"get:0\"]}" },
                { "POST", ":extend", "{\"script\":\"w = Variable(2)\"}" },
                { "POST", ":close", "" },
        };
        const char *const *t = texts[i % (int)COUNTOF(texts)];
        char path[96], body[500];
        snprintf(body, sizeof body,
                 "{\"name\":\"q%d\",\"if_exists\":\"reuse\",\"graph\":{\"script\":\"q = "
                 "FIFOQueueV2(component_types=[int32], capacity=2); one = Const(1); put = "
                 "QueueEnqueueV2(q, [one]); v = Variable(1); up = AssignAdd(v, one); get = "
                 "QueueDequeueV2(q, component_types=[int32]); shut "
                 "= QueueCloseV2(q); kill = QueueCloseV2(q, cancel_pending_enqueues=true)\"}}",
                 name);
        ask("POST", "/v1/sessions", body, false);
        snprintf(path, sizeof path, "/v1/sessions/q%d%s", name, t[1]);
        ask(t[0], path, t[2], i % 4 == 0);
        snprintf(path, sizeof path, "/v1/sessions/q%d", name);
        if (i % 37 == 0)
                ask("DELETE", path, "", false);
}

static void *client(void *arg)
{
        char name[32], path[96], body[4096];
        for (int i = 0; i < ROUNDS; i++) {
                snprintf(name, sizeof name, "s%d", (int)((intptr_t)arg + i) % NAMES);
                snprintf(body, sizeof body,
                         "{\"name\":\"%s\",\"graph\":{\"graph_def_text\":\"%s\"}}", name, graph);
                ask("POST", "/v1/sessions", body, false);
                snprintf(path, sizeof path, "/v1/sessions/%s:run", name);
                ask("POST", path, "{\"fetches\":\"y:0\"}", false);
                ask("POST", path, "{\"fetches\":\"x:0\"}", true);
                ask("POST", path, "{\"fetches\":\"x:0\",\"options\":{\"timeoutInMs\":5}}", false);
                send_long(name, i % 2);
                snprintf(path, sizeof path, "/v1/sessions/%s:extend", name);
                snprintf(body, sizeof body, "{\"graph_def_text\":\"node{name:'k%d' op:'NoOp'}\"}",
                         i);
                ask("POST", path, body, false);
                ask("GET", "/v1/sessions", "", false);
                for (int k = 0; k < 4; k++)
                        run_others((int)((intptr_t)arg + k) % NAMES,
                                   (int)(intptr_t)arg * 5 + i * 4 + k);
                snprintf(path, sizeof path, "/v1/sessions/%s%s", name, i % 3 ? "" : ":close");
                ask(i % 3 ? "DELETE" : "POST", path, "", i % 5 == 0);
        }
        return NULL;
}

static void reload_often(Server *server)
{
        for (int i = 0; i < 100; i++) {
                const char *const hosts[] = { i % 2 ? "a.example" : "b.example", NULL };
                must(server_reload(server, &(ServerOptions){ .hosts = hosts }));
                usleep(5000);
        }
}

int main(void)
{
        pthread_t threads[CLIENTS];
        storm_start(&storm);
        for (intptr_t i = 0; i < CLIENTS; i++)
                pthread_create(&threads[i], NULL, client, (void *)i);
        reload_often(storm.server);
        for (int i = 1; i < CLIENTS; i++)
                pthread_join(threads[i], NULL);
        server_stop(storm.server);
        pthread_join(threads[0], NULL);
        bool clean = storm_end(&storm);
        printf("http_storm: %d answers, %d of them 2xx, %d of them 500\n", answers, done,
               server_errors);
        return !clean || done < answers / 4 || server_errors;
}
