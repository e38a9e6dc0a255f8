// SPDX-License-Identifier: Apache-2.0
#include "engine/base/buf.h"

#include "engine/base/mem.h"
#include <stdio.h>
#include <string.h>

/* Failure sticks: later calls do nothing, so that callers ask once, at the end. Doubling makes
 * appending linear. */
char *buf_reserve(Buf *b, size_t n)
{
        if (b->oom || b->full)
                return NULL;
        if (n > b->max - b->len) {
                b->full = true;
                return NULL;
        }
        if (b->cap - b->len >= n && b->data)
                return b->data + b->len;
        size_t cap = MAX(b->cap * 2, (size_t)128);
        if (cap < b->len + n)
                cap = b->len + n;
        cap = MIN(cap, b->max);
        char *data = mem_realloc(b->data, cap);
        if (!data) {
                b->oom = true;
                return NULL;
        }
        b->data = data;
        b->cap = cap;
        return data + b->len;
}

void buf_append(Buf *b, const void *data, size_t n)
{
        char *p = buf_reserve(b, n);
        if (!p || !n)
                return;
        memcpy(p, data, n);
        b->len += n;
}

void buf_puts(Buf *b, const char *s)
{
        buf_append(b, s, strlen(s));
}

void buf_putc(Buf *b, char c)
{
        buf_append(b, &c, 1);
}

/* Measured first. Room for vsnprintf's NUL is reserved, but not counted. */
void buf_printf(Buf *b, const char *fmt, ...)
{
        va_list ap, again;
        char some[256]; /* most of what is printed fits, and is printed once */
        va_start(ap, fmt);
        va_copy(again, ap);
        int n = vsnprintf(some, sizeof some, fmt, ap);
        char *p = n < 0 ? NULL : buf_reserve(b, (size_t)n + 1);
        if (p) {
                if ((size_t)n < sizeof some)
                        memcpy(p, some, (size_t)n + 1);
                else
                        vsnprintf(p, (size_t)n + 1, fmt, again);
                b->len += (size_t)n;
        }
        va_end(again);
        va_end(ap);
}

/* The NUL stands behind the contents and is not counted. Without memory: "". */
const char *buf_cstr(Buf *b)
{
        char *p = buf_reserve(b, 1);
        if (!p)
                return "";
        *p = 0;
        return b->data;
}

Status *buf_status(const Buf *b)
{
        if (b->oom)
                return status_oom();
        if (b->full)
                return resource_exhausted("output is larger than its limit of %zu bytes", b->max);
        return NULL;
}

/* NUL-terminated even when empty; NULL only without memory. The buffer can be used again. */
char *buf_take(Buf *b, size_t *ret_len)
{
        buf_cstr(b);
        if (ret_len)
                *ret_len = b->len;
        char *data = b->data;
        *b = BUF(b->max);
        return data;
}

void buf_reset(Buf *b)
{
        b->len = 0;
        b->oom = b->full = false;
}

void buf_done(Buf *b)
{
        mem_free(b->data);
        *b = BUF(b->max);
}
