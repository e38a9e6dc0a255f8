// SPDX-License-Identifier: Apache-2.0
#include "tests/stress/lib/storm_server.h"

#include "tests/stress/lib/must.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void storm_start(StormServer *s)
{
        static const char *const listen[] = { "127.0.0.1:0", NULL };
        *s = (StormServer){ .dir = "/tmp/sessrun-storm-XXXXXX" };
        signal(SIGPIPE, SIG_IGN);
        assert(mkdtemp(s->dir));
        must(store_open(s->dir, &s->store));
        must(engine_new(&(EngineOptions){ .threads = 2 }, &s->engine));
        must(server_start(&(ServerOptions){ .listen = listen,
                                            .threads = 2,
                                            .poll_ns = 100000,
                                            .engine = s->engine,
                                            .store = s->store,
                                            .version = "" },
                          &s->server));
        s->port = server_port(s->server);
}

int storm_dial(const StormServer *s, int seconds)
{
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)s->port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct timeval patience = { .tv_sec = seconds };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
                return fd;
        close(fd);
        return -1;
}

bool storm_end(StormServer *s)
{
        char command[96];
        engine_free(s->engine);
        must(store_check(s->store));
        store_close(s->store);
        snprintf(command, sizeof command, "! find '%s/blobs' -name 'tmp-*' | grep .", s->dir);
        bool clean = system(command) == 0;
        snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
        return system(command) == 0 && clean;
}
