// SPDX-License-Identifier: Apache-2.0
#include "api/listen.h"

#include "engine/base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static Status *cannot(const char *address, const char *what)
{
        return unavailable("cannot %s %s: %s", what, address, strerror(errno));
}

void listen_close(Listener *l)
{
        if (l->fd >= 0)
                close(l->fd);
        if (l->path)
                unlink(l->path);
        mem_free(l->path);
        *l = (Listener){ .fd = -1 };
}

static bool is_loopback(const struct sockaddr *a)
{
        if (a->sa_family == AF_INET)
                return (ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24) == 127;
        if (a->sa_family == AF_INET6)
                return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
        return a->sa_family == AF_UNIX;
}

/* A peer that is gone without a word is noticed in two minutes, so that its step or its stream
 * ends. Connections inherit this from their listener. */
static void keep_alive(int fd)
{
        int on = 1, idle = 60, interval = 15, count = 4;
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/* Where it listens is asked of the socket itself, whoever opened it. */
Status *listen_adopt(int fd, Listener *ret)
{
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
                struct sockaddr_storage room;
        } a;
        socklen_t n = sizeof a;
        memset(&a, 0, sizeof a);
        if (getsockname(fd, &a.any, &n) < 0)
                return cannot("socket", "look at");
        *ret = (Listener){ .fd = fd,
                           .local = is_loopback(&a.any),
                           .unix_path = a.any.sa_family == AF_UNIX };
        if (!ret->unix_path)
                keep_alive(fd);
        if (a.any.sa_family == AF_INET)
                ret->port = ntohs(a.in.sin_port);
        else if (a.any.sa_family == AF_INET6)
                ret->port = ntohs(a.in6.sin6_port);
        return NULL;
}

/* A socket file is stale when connecting to it is refused. */
static void remove_stale(const struct sockaddr_un *a)
{
        struct stat st;
        if (lstat(a->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
                return;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return;
        if (connect(fd, (const struct sockaddr *)a, sizeof *a) < 0 && errno == ECONNREFUSED)
                unlink(a->sun_path);
        close(fd);
}

/* A socket file that nobody listens on any more is removed. */
static Status *open_unix(const char *path, Listener *ret)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        if (!*path || strlen(path) >= sizeof a.sun_path)
                return invalid_argument("unix socket path must have 1 to %zu characters: unix:%s",
                                        sizeof a.sun_path - 1, path);
        memcpy(a.sun_path, path, strlen(path));
        remove_stale(&a);
        Listener l = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
        if (l.fd < 0)
                return cannot(path, "open");
        if (bind(l.fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(l.fd, BACKLOG) < 0) {
                Status *s = cannot(path, "listen on");
                listen_close(&l);
                return s;
        }
        chmod(path, 0660);
        TRY(listen_adopt(l.fd, ret));
        ret->path = mem_strdup(path);
        return ret->path ? NULL : status_oom();
}

/* IPv6 only speaks IPv6, so that both can be given. */
static Status *open_address(const char *address, const struct addrinfo *ai, Listener *ret)
{
        int on = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return cannot(address, "open");
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (ai->ai_family == AF_INET6)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
                Status *s = cannot(address, "listen on");
                close(fd);
                return s;
        }
        return listen_adopt(fd, ret);
}

/* Splits "host:port" or "[v6]:port". */
static Status *split(const char *address, char *host, size_t size, const char **ret_port)
{
        const char *colon = strrchr(address, ':'), *start = address;
        size_t n = colon ? (size_t)(colon - address) : 0;
        if (n >= 2 && *start == '[' && start[n - 1] == ']') {
                start++;
                n -= 2;
        } else if (n && memchr(start, ':', n)) {
                n = 0;
        }
        if (!n || n >= size || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
                return invalid_argument(
                        "address must be HOST:PORT, [IPV6]:PORT or unix:PATH, got: %s", address);
        memcpy(host, start, n);
        host[n] = 0;
        *ret_port = colon + 1;
        return NULL;
}

/* "unix:PATH" or "HOST:PORT". */
Status *listen_open(const char *address, Listener *ret)
{
        if (strncmp(address, "unix:", 5) == 0)
                return open_unix(address + 5, ret);
        char host[256];
        const char *port = "";
        TRY(split(address, host, sizeof host, &port));
        struct addrinfo want = { .ai_socktype = SOCK_STREAM,
                                 .ai_flags = AI_PASSIVE | AI_NUMERICSERV },
                        *ai;
        int e = getaddrinfo(host, port, &want, &ai);
        if (e)
                return invalid_argument("cannot resolve %s: %s", address, gai_strerror(e));
        Status *s = open_address(address, ai, ret);
        freeaddrinfo(ai);
        return s;
}
