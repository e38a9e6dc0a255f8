// SPDX-License-Identifier: Apache-2.0
/* ETags in lists: RFC 9110, 13.1. */
#include "api/request.h"
#include <string.h>

/* The characters between the quotes, without the mark of a packed answer. */
static size_t opaque(const char *quoted, size_t n)
{
        static const char packed[] = "-gzip";
        size_t m = sizeof packed - 1;
        return n >= m && memcmp(quoted + n - m, packed, m) == 0 ? n - m : n;
}

/* The lists of If-Match and If-None-Match (RFC 9110, 13.1); weak tags compare as strong ones,
 * codings set apart. */
bool request_etag_in(const char *list, const char *etag)
{
        size_t want = opaque(etag + 1, strlen(etag) - 2);
        for (const char *p = list; *p;) {
                p += strspn(p, " \t,");
                if (*p == '*')
                        return true;
                p += strncmp(p, "W/", 2) == 0 ? 2 : 0;
                if (*p != '"')
                        return false;
                size_t n = strcspn(++p, "\"");
                if (opaque(p, n) == want && memcmp(p, etag + 1, want) == 0)
                        return true;
                p += n + (p[n] == '"');
        }
        return false;
}
