// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/http_client.h"
#include "tests/lib/http_state.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 100000, KEPT = 65536 };

ServerOptions server_options;
int test_port;
const char *test_root;
void (*test_log)(const char *session, const char *line);

static char state_dir[64];
static Engine *engine;
static Store *store;
static Server *server;
static int connection = -1;
static json_t *trees[KEPT];
static char *texts[KEPT];
static int n_trees, n_texts;

static char *keep(char *text)
{
        cr_assert(text && n_texts < KEPT);
        texts[n_texts++] = text;
        return text;
}

static void must(Status *s)
{
        cr_assert_null(s, "%s", status_message(s));
}

/* ---- the server ---- */

int test_blob_files(void)
{
        char command[100];
        int n = -1;
        snprintf(command, sizeof command, "find %s/blobs -type f | wc -l", state_dir);
        FILE *f = popen(command, "r");
        cr_assert(f && fscanf(f, "%d", &n) == 1);
        pclose(f);
        return n;
}

static void start(void)
{
        static const char *const any_port[] = { "127.0.0.1:0", NULL };
        ServerOptions o = server_options;
        must(store_open(state_dir, &store));
        must(engine_new(&(EngineOptions){ .threads = 2,
                                          .data_roots = (const char *const[]){ test_root, NULL },
                                          .data_writable = true,
                                          .log = test_log },
                        &engine));
        o.listen = o.listen ? o.listen : any_port;
        o.threads = o.threads ? o.threads : 2;
        o.poll_ns = 100000;
        o.engine = engine;
        o.store = store;
        o.version = "test";
        must(server_start(&o, &server));
        test_port = server_port(server);
}

static void stop(void)
{
        if (connection >= 0)
                close(connection);
        connection = -1;
        server_stop(server);
        engine_free(engine);
        store_close(store);
        server = NULL;
}

void server_begin(void)
{
        signal(SIGPIPE, SIG_IGN);
        snprintf(state_dir, sizeof state_dir, "/tmp/sessrun-api-XXXXXX");
        cr_assert(mkdtemp(state_dir));
        start();
}

void server_end(void)
{
        char command[128];
        stop();
        snprintf(command, sizeof command, "rm -rf '%s'", state_dir);
        cr_assert_eq(system(command), 0);
        while (n_trees)
                json_decref(trees[--n_trees]);
        while (n_texts)
                free(texts[--n_texts]);
}

void server_restart(void)
{
        stop();
        start();
}

Server *test_server(void)
{
        return server;
}

/* ---- sockets ---- */

int raw_connect(void)
{
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)test_port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return fd;
}

void raw_send(int fd, const void *bytes, size_t n)
{
        for (const char *p = bytes; n;) {
                ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
                if (sent <= 0)
                        return;
                p += sent;
                n -= (size_t)sent;
        }
}

int raw_say(const char *text)
{
        int fd = raw_connect();
        raw_send(fd, text, strlen(text));
        return fd;
}

void raw_send_chunks(int fd, const void *bytes, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                char chunk[] = "1\r\n?\r\n";
                chunk[3] = ((const char *)bytes)[i];
                raw_send(fd, chunk, sizeof chunk - 1);
        }
        raw_send(fd, "0\r\n\r\n", 5);
}

/* Appends what comes within ms; false when the other side has closed or nothing came. */
static bool receive(int fd, int ms, char **text, size_t *len, bool *closed)
{
        enum { PIECE = 65536 };
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, ms) <= 0)
                return false;
        *text = realloc(*text, *len + PIECE + 1);
        ssize_t n = recv(fd, *text + *len, PIECE, 0);
        *closed = n <= 0;
        if (n <= 0)
                return false;
        *len += (size_t)n;
        (*text)[*len] = 0;
        return true;
}

const char *raw_read(int fd, int ms, bool *closed)
{
        char *text = calloc(1, 1);
        size_t len = 0;
        *closed = false;
        while (receive(fd, ms, &text, &len, closed))
                ;
        return keep(text);
}

/* ---- requests ---- */

static const char *find_header(const char *head, const char *name)
{
        size_t n = strlen(name);
        for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r';
             line = strstr(line + 2, "\r\n"))
                if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':')
                        return line + 3 + n + strspn(line + 3 + n, " ");
        return NULL;
}

const char *header(Answer a, const char *name)
{
        const char *p = a.head ? find_header(a.head, name) : NULL;
        return p ? keep(strndup(p, strcspn(p, "\r"))) : "";
}

static Answer parse(char *text, size_t len, size_t head_len)
{
        Answer a = { .head = keep(strndup(text, head_len)) };
        a.status = (int)strtol(text + 9, NULL, 10);
        a.len = len - head_len;
        char *body = malloc(a.len + 1);
        memcpy(body, text + head_len, a.len);
        body[a.len] = 0;
        a.body = keep(body);
        const char *type = find_header(a.head, "Content-Type");
        const char *tail = find_header(a.head, "Inference-Header-Content-Length");
        if (type && strstr(type, "json") && strstr(type, "json") < strchr(type, '\r'))
                a.json = json_loadb(a.body, tail ? strtoul(tail, NULL, 10) : a.len,
                                    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (a.json)
                trees[n_trees++] = a.json;
        return a;
}

/* Takes the chunks of a body together; returns its length. */
static size_t dechunk(char *body)
{
        char *to = body, *from = body, *end;
        size_t n;
        while ((n = strtoul(from, &end, 16)) && !strncmp(end, "\r\n", 2)) {
                memmove(to, end + 2, n);
                to += n;
                from = end + 2 + n + 2;
        }
        return (size_t)(to - body);
}

/* Reads chunks to the last one; returns the length of head and body. */
static size_t read_chunks(int fd, char **text, size_t head, size_t len)
{
        bool closed;
        while (len < head + 5 || memcmp(*text + len - 5, "0\r\n\r\n", 5) != 0)
                if (!receive(fd, PATIENCE_MS, text, &len, &closed))
                        return len;
        return head + dechunk(*text + head);
}

static Answer read_answer(int fd, bool no_body)
{
        char *text = calloc(1, 1), *end;
        size_t len = 0;
        bool closed = false;
        while (!(end = strstr(text, "\r\n\r\n")))
                if (!receive(fd, PATIENCE_MS, &text, &len, &closed)) {
                        free(text);
                        return (Answer){ 0 };
                }
        size_t head = (size_t)(end + 4 - text);
        const char *length = find_header(text, "Content-Length");
        size_t total = head + (length && !no_body ? strtoul(length, NULL, 10) : 0);
        while (len < total && receive(fd, PATIENCE_MS, &text, &len, &closed))
                ;
        if (find_header(text, "Transfer-Encoding") && !no_body)
                len = read_chunks(fd, &text, head, len);
        Answer a = parse(text, len, head);
        free(text);
        return a;
}

Answer http_with(const char *method, const char *path, const char *headers, const void *body,
                 size_t n)
{
        if (connection < 0)
                connection = raw_connect();
        char *head = NULL;
        int len = asprintf(&head, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path, headers);
        raw_send(connection, head, (size_t)len);
        free(head);
        len = asprintf(&head, "Content-Length: %zu\r\n\r\n", n);
        raw_send(connection, body ? head : "\r\n", body ? (size_t)len : 2);
        free(head);
        raw_send(connection, body, n);
        Answer a = read_answer(connection, strcmp(method, "HEAD") == 0);
        if (!a.status || strcasecmp(header(a, "Connection"), "close") == 0) {
                close(connection);
                connection = -1;
        }
        return a;
}

static char *quoted(const char *s)
{
        char *copy = keep(strdup(s));
        for (char *p = copy; *p; p++)
                if (*p == '\'')
                        *p = '"';
        return copy;
}

Answer http(const char *method, const char *path, const char *body)
{
        const char *text = body ? quoted(body) : NULL;
        return http_with(method, path, text ? "Content-Type: application/json\r\n" : "", text,
                         text ? strlen(text) : 0);
}

PRINTF(1, 0) static const char *format(const char *fmt, va_list ap)
{
        char *body = NULL;
        cr_assert(vasprintf(&body, fmt, ap) >= 0);
        return keep(body);
}

Answer post(const char *path, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        const char *body = format(fmt, ap);
        va_end(ap);
        return http("POST", path, body);
}

int begin_post(const char *path, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        const char *body = quoted(format(fmt, ap));
        va_end(ap);
        return begin_with(path, "", body);
}

int begin_with(const char *path, const char *headers, const char *body)
{
        char *text = NULL;
        int fd = raw_connect();
        int len = asprintf(&text,
                           "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s",
                           path, headers, strlen(body), body);
        raw_send(fd, keep(text), (size_t)len);
        return fd;
}

Answer hear(int fd)
{
        Answer a = read_answer(fd, false);
        close(fd);
        return a;
}

/* ---- looking ---- */

json_t *at(Answer a, const char *pointer)
{
        json_t *v = a.json;
        while (v && *pointer == '/') {
                char key[256];
                size_t n = strcspn(++pointer, "/");
                snprintf(key, sizeof key, "%.*s", (int)n, pointer);
                v = json_is_array(v) ? json_array_get(v, strtoul(key, NULL, 10))
                                     : json_object_get(v, key);
                pointer += n;
        }
        return v;
}

json_t *find_at(Answer a, const char *pointer, const char *member, const char *text)
{
        json_t *v;
        size_t i;
        json_array_foreach (at(a, pointer), i, v) {
                const char *s = json_string_value(json_object_get(v, member));
                if (s && !strcmp(s, text))
                        return v;
        }
        return NULL;
}

const char *text_at(Answer a, const char *pointer)
{
        json_t *v = at(a, pointer);
        if (!v)
                return "";
        return json_is_string(v) ? json_string_value(v)
                                 : keep(json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY));
}

void expect_at(Answer a, int status, const char *pointer, const char *text, const char *file,
               int line)
{
        const char *body = a.body ? a.body : "(none)";
        bool right = a.status == status;
        cr_expect(right, "%s:%d: status %d, expected %d: %.2000s", file, line, a.status, status,
                  body);
        if (!right || !pointer)
                return;
        const char *got = text_at(a, pointer);
        cr_expect(strcmp(got, text) == 0, "%s:%d: %s is %s, expected %s, in: %.2000s", file, line,
                  pointer, got, text, body);
}
