// SPDX-License-Identifier: Apache-2.0
#include "storage/direct.h"

#include "engine/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, PIECE = 4 << 20 };

/* Not every file system knows the flag. */
static bool set_direct(int fd, bool on)
{
        int flags = fcntl(fd, F_GETFL);
        return flags >= 0 && fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

void direct_start(Direct *d, int fd, size_t n)
{
        *d = (Direct){ .fd = fd };
        d->past = n >= DIRECT_LEAST && set_direct(fd, true);
}

/* Through the cache from here on. */
static void fall_back(Direct *d)
{
        if (d->past)
                set_direct(d->fd, false);
        d->past = false;
}

static bool aligned(const void *p)
{
        return (uintptr_t)p % PAGE == 0;
}

/* Without memory the cache is as good. */
static bool have_piece(Direct *d)
{
        if (d->memory)
                return true;
        d->memory = mem_alloc(PIECE + PAGE);
        if (d->memory)
                d->piece = d->memory + (-(uintptr_t)d->memory & (PAGE - 1));
        else
                fall_back(d);
        return d->memory;
}

void direct_end(Direct *d)
{
        fall_back(d);
        mem_free(steal(&d->memory));
}

static ssize_t plain_read(int fd, char *p, size_t n)
{
        ssize_t got;
        do
                got = read(fd, p, n);
        while (got < 0 && errno == EINTR);
        return got;
}

static ssize_t plain_write(int fd, const char *p, size_t n)
{
        ssize_t done;
        do
                done = write(fd, p, n);
        while (done < 0 && errno == EINTR);
        return done;
}

/* Of whole pages, aligned: where they are to be. */
static ssize_t read_there(Direct *d, char *p, size_t n)
{
        ssize_t got = plain_read(d->fd, p, MIN(n, (size_t)PIECE) & ~(size_t)(PAGE - 1));
        if (got < 0 && errno == EINVAL) {
                fall_back(d);
                return plain_read(d->fd, p, n);
        }
        if (got > 0 && got % PAGE)
                fall_back(d);
        return got;
}

/* Whole pages are asked for; what is read beyond n is given up, and read again if need be. */
ssize_t direct_read(Direct *d, char *p, size_t n)
{
        if (d->past && aligned(p) && n >= PAGE)
                return read_there(d, p, n);
        if (!d->past || !have_piece(d))
                return plain_read(d->fd, p, n);
        size_t want = n < PIECE ? (n + PAGE - 1) & ~(size_t)(PAGE - 1) : PIECE;
        ssize_t got = plain_read(d->fd, d->piece, want);
        if (got < 0 && errno == EINVAL) {
                fall_back(d);
                return plain_read(d->fd, p, n);
        }
        if (got <= 0)
                return got;
        size_t used = MIN((size_t)got, n);
        memcpy(p, d->piece, used);
        if (used % PAGE) {
                fall_back(d);
                if (used < (size_t)got && lseek(d->fd, (off_t)used - got, SEEK_CUR) < 0)
                        return -1;
        }
        return (ssize_t)used;
}

ssize_t direct_write(Direct *d, const char *p, size_t n)
{
        size_t some = MIN(n, (size_t)PIECE) & ~(size_t)(PAGE - 1);
        const char *from = p;
        if (!some)
                fall_back(d);
        if (!d->past || (!aligned(p) && !have_piece(d)))
                return plain_write(d->fd, p, n);
        if (!aligned(p))
                from = memcpy(d->piece, p, some);
        ssize_t done = plain_write(d->fd, from, some);
        if (done < 0 && errno == EINVAL) {
                fall_back(d);
                return plain_write(d->fd, p, n);
        }
        if (done > 0 && done % PAGE)
                fall_back(d);
        return done;
}
