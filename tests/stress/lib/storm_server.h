// SPDX-License-Identifier: Apache-2.0
/* A server in this process, with an engine and a store of its own, and plain connections to it. */
#pragma once
#include "api/server.h"

typedef struct StormServer {
        char dir[32]; /* of the store */
        Engine *engine;
        Store *store;
        Server *server;
        int port;
} StormServer;

/* Ends the program when something fails. */
void storm_start(StormServer *s);
/* A connection that waits so long for an answer, or -1; also when the server has stopped. */
int storm_dial(const StormServer *s, int seconds);
/* When server_stop() is through and no client is left. False when the store is not clean. */
bool storm_end(StormServer *s);
