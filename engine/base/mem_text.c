// SPDX-License-Identifier: Apache-2.0
/* Copies and texts, of what mem.c gives. */
#include "engine/base/mem.h"

#include <stdio.h>
#include <string.h>

void *mem_dup(const void *p, size_t n)
{
        void *q = mem_alloc(n);
        if (q && n)
                memcpy(q, p, n);
        return q;
}

char *mem_strndup(const char *s, size_t n)
{
        char *q = mem_alloc(n + 1);
        if (!q)
                return NULL;
        if (n)
                memcpy(q, s, n);
        q[n] = 0;
        return q;
}

char *mem_strdup(const char *s)
{
        return mem_strndup(s, strlen(s));
}

char *mem_vprintf(const char *fmt, va_list ap)
{
        va_list again;
        va_copy(again, ap);
        int n = vsnprintf(NULL, 0, fmt, ap);
        char *s = n < 0 ? NULL : mem_alloc((size_t)n + 1);
        if (s)
                vsnprintf(s, (size_t)n + 1, fmt, again);
        va_end(again);
        return s;
}

char *mem_printf(const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        char *s = mem_vprintf(fmt, ap);
        va_end(ap);
        return s;
}
