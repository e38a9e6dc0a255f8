// SPDX-License-Identifier: Apache-2.0
/* libsystemd's sd_notify and socket activation. */
#include "daemon/notify.h"

#include "engine/base/clock.h"
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#define SPARE_US 10000000 /* to close the store and go */

void notify_ready(void)
{
        sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_ns() / 1000));
}

void notify_stopping(int64_t seconds)
{
        long long us = (long long)seconds * 1000000 + SPARE_US;
        sd_notifyf(0, "STOPPING=1\nWATCHDOG_USEC=%lld\nEXTEND_TIMEOUT_USEC=%lld", us, us);
}

void notify_status(const char *text)
{
        sd_notifyf(0, "STATUS=%s", text);
}

void notify_watchdog(void)
{
        sd_notify(0, "WATCHDOG=1");
}

int notify_watchdog_interval_ms(void)
{
        uint64_t us = 0;
        if (sd_watchdog_enabled(0, &us) <= 0)
                return 0;
        uint64_t half_ms = MIN(us / 2000, (uint64_t)60000);
        return (int)MAX(half_ms, (uint64_t)1);
}

/* Socket activation: the listening sockets stay open over restarts. */
Status *notify_sockets(int *ret_first, int *ret_n)
{
        int n = sd_listen_fds(1);
        if (n < 0)
                return internal_error("cannot take over systemd's sockets: %s", strerror(-n));
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
                if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
                        return invalid_argument(
                                "file descriptor %d from systemd is not a listening stream socket",
                                fd);
        }
        *ret_first = SD_LISTEN_FDS_START;
        *ret_n = n;
        return NULL;
}

/* As config_address_is_local(), for sockets that somebody else has bound. */
bool notify_socket_is_local(int fd)
{
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
                struct sockaddr_storage room;
        } a = { 0 };
        socklen_t size = sizeof a;
        if (getsockname(fd, &a.any, &size) != 0)
                return false;
        if (a.any.sa_family == AF_INET)
                return ntohl(a.v4.sin_addr.s_addr) >> 24 == 127;
        if (a.any.sa_family == AF_INET6)
                return IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
        return a.any.sa_family == AF_UNIX;
}
