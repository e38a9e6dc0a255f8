// SPDX-License-Identifier: Apache-2.0
/* A server in this process and clients that talk to it over real sockets.
 *
 *     TestSuite(x, .init = server_begin, .fini = server_end);
 *     Answer a = http("POST", "/v1/sessions", "{'name':'s'}");     // ' stands for "
 *     expect(a, 201, "/name", "s");
 *
 * Answers and what they point to live until server_end(). */
#pragma once
#include "api/server.h"
#include <jansson.h>

typedef struct Answer {
        int status;       /* 0: no answer came */
        const char *head; /* status line and headers */
        const char *body;
        size_t len;
        json_t *json; /* of the body, or NULL */
} Answer;

/* Changes what the next server_begin() starts with. */
extern ServerOptions server_options;
extern int test_port;
/* A folder that the server's ops may read and write; NULL: none. */
extern const char *test_root;
/* Gets what the engine logs of sessions, from any thread; NULL: nobody. */
extern void (*test_log)(const char *session, const char *line);

/* A fresh state folder, engine, store and server on a port of its own; and their end. */
void server_begin(void);
void server_end(void);
/* Ends server, engine and store and starts them again on the same state. */
void server_restart(void);
Server *test_server(void);

/* One request on a connection that is kept. body NULL: none. In body ' becomes ". */
Answer http(const char *method, const char *path, const char *body);
/* The same with header lines ("Accept: text/plain\r\nX: y\r\n") and a body as it is. */
Answer http_with(const char *method, const char *path, const char *headers, const void *body,
                 size_t n);
/* Posts a JSON body that is formatted like printf, ' as ". */
Answer post(const char *path, const char *fmt, ...) PRINTF(2, 3);
/* A client of its own posts such a body and does not wait; hear() waits for its answer and hangs
 * up.
 */
int begin_post(const char *path, const char *fmt, ...) PRINTF(2, 3);
/* The same with header lines, and a body as it is. */
int begin_with(const char *path, const char *headers, const char *body);
Answer hear(int fd);
/* The value of a header, "" when absent. */
const char *header(Answer a, const char *name);

/* The value at a JSON pointer, or NULL. */
json_t *at(Answer a, const char *pointer);
/* The object in the array at a pointer whose member is that text, or NULL. */
json_t *find_at(Answer a, const char *pointer, const char *member, const char *text);
/* Its text: strings as they are, others as compact JSON, "" when absent. */
const char *text_at(Answer a, const char *pointer);
/* The test fails unless the answer has the status and, at the pointer (NULL: do not look), this
 * text. */
void expect_at(Answer a, int status, const char *pointer, const char *text, const char *file,
               int line);
#define expect(a, status, pointer, text) expect_at(a, status, pointer, text, __FILE__, __LINE__)

/* A connection of one's own, for bytes that no client library would send. */
int raw_connect(void);
void raw_send(int fd, const void *bytes, size_t n);
/* The same with a text sent already. */
int raw_say(const char *text);
/* Chunks of one byte, and the last one. */
void raw_send_chunks(int fd, const void *bytes, size_t n);
/* All that comes until the other side closes or falls silent for ms; *closed says which. */
const char *raw_read(int fd, int ms, bool *closed);
