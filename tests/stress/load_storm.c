// SPDX-License-Identifier: Apache-2.0
/* Races of big graphs: clients send the same few, whole, in pieces and with pauses, hang up in the
 * middle, take them away and make sessions of them, all at once, while the store digests and writes
 * what comes; then the server stops under them. STRESS_ROUNDS: graphs per client. */
#include "tests/stress/lib/storm_server.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 5, ROUNDS = 12, GRAPHS = 3, SIZE = (9 << 20) + 5, LENGTH = 5 };

static StormServer storm;
static int rounds = ROUNDS;
static atomic_int stored, server_errors;
static char graphs[GRAPHS][SIZE];

/* A node, and a field that nobody knows. */
static void make_graph(char *graph, int seed)
{
        static const char node[] = "\x0a\x09\x0a\x01y\x12\x04NoOp";
        size_t at = sizeof node - 1, rest = SIZE - at - 1 - LENGTH;
        memcpy(graph, node, at);
        graph[at++] = 15 << 3 | 2;
        for (int i = 0; i < LENGTH; i++, rest >>= 7)
                graph[at++] = (char)((rest & 0x7f) | (i < LENGTH - 1 ? 0x80 : 0));
        memset(graph + at, seed, SIZE - at);
}

static bool send_all(int fd, const char *data, size_t n)
{
        while (n > 0) {
                ssize_t done = send(fd, data, MIN(n, (size_t)300000), MSG_NOSIGNAL);
                if (done <= 0)
                        return false;
                data += done;
                n -= (size_t)done;
                if (n % 7 == 0)
                        usleep(500);
        }
        return true;
}

/* some < n: the rest never comes. */
static void ask(const char *method, const char *path, const char *body, size_t n, size_t some)
{
        char text[300] = "";
        int fd = storm_dial(&storm, 5);
        if (fd < 0)
                return;
        int head = snprintf(text, sizeof text,
                            "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            method, path, n);
        if (send_all(fd, text, (size_t)head) && send_all(fd, body, some) && some == n) {
                ssize_t got = recv(fd, text, sizeof text - 1, 0);
                atomic_fetch_add(&stored, got > 12 && *method == 'P' && text[9] == '2');
                atomic_fetch_add(&server_errors, got > 12 && memcmp(text + 9, "500", 3) == 0);
        }
        close(fd);
}

static void *client(void *arg)
{
        int me = (int)(intptr_t)arg;
        char path[64], session[100];
        for (int i = 0; i < rounds; i++) {
                int k = (me + i) % GRAPHS;
                size_t some = (me + i) % 3 ? SIZE : (size_t)SIZE / 16 * (size_t)(i % 16);
                snprintf(path, sizeof path, "/v1/graphs/g%d%s", i % 2, k ? "" : "?replace=true");
                ask("PUT", path, graphs[k], SIZE, some);
                snprintf(session, sizeof session, "{\"name\":\"s%d-%d\",\"graph\":\"g%d\"}", me, i,
                         i % 2);
                ask("POST", "/v1/sessions", session, strlen(session), strlen(session));
                snprintf(path, sizeof path, "/v1/graphs/g%d", i % 2);
                if (i % 3 == 2)
                        ask("DELETE", path, "", 0, 0);
        }
        return NULL;
}

int main(void)
{
        const char *text = getenv("STRESS_ROUNDS");
        pthread_t threads[CLIENTS];
        rounds = text ? (int)strtol(text, NULL, 10) : ROUNDS;
        for (int k = 0; k < GRAPHS; k++)
                make_graph(graphs[k], k);
        storm_start(&storm);
        for (intptr_t i = 0; i < CLIENTS; i++)
                pthread_create(&threads[i], NULL, client, (void *)i);
        for (int i = 2; i < CLIENTS; i++)
                pthread_join(threads[i], NULL);
        server_stop(storm.server);
        for (int i = 0; i < 2; i++)
                pthread_join(threads[i], NULL);
        bool clean = storm_end(&storm);
        printf("%d graphs stored, %d server errors\n", atomic_load(&stored),
               atomic_load(&server_errors));
        return clean && stored > 0 && server_errors == 0 ? 0 : 1;
}
