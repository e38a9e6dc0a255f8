// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include "engine/base/ascii.h"
#include "engine/base/nearest.h"
#include "engine/base/utf8.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static size_t segment_size(const char *p)
{
        return strcspn(p, "/");
}

static bool same(const char *a, size_t n, const char *b, size_t m)
{
        return n == m && memcmp(a, b, n) == 0;
}

static void take_arg(RouteMatch *m, const char *p, size_t n)
{
        m->raw[m->n_args] = p;
        m->raw_len[m->n_args++] = n;
}

/* One segment against one of a pattern: literal, {name} or {name}:verb. The verb is what stands
 * behind the last colon, and a plain {name} takes no colon, so each path has one reading. */
static bool match_segment(const char *pat, size_t n, const char *p, size_t len, RouteMatch *m)
{
        if (*pat != '{')
                return same(pat, n, p, len);
        const char *verb = memchr(pat, '}', n);
        verb++;
        size_t verb_len = n - (size_t)(verb - pat);
        if (len <= verb_len || !same(p + len - verb_len, verb_len, verb, verb_len))
                return false;
        size_t name_len = len - verb_len;
        if (memchr(p, ':', name_len))
                return false;
        take_arg(m, p, name_len);
        return true;
}

/* The rest of a path, before a verb if there is one. */
static bool match_rest(const char *verb, const char *end, const char *p, RouteMatch *m)
{
        size_t verb_len = (size_t)(end - verb), len = strlen(p);
        if (len <= verb_len || !same(p + len - verb_len, verb_len, verb, verb_len))
                return false;
        take_arg(m, p, len - verb_len);
        return true;
}

/* Segment by segment; a pattern's last one may take the rest of the path. */
static bool match_path(const char *pat, const char *p, RouteMatch *m)
{
        m->n_args = 0;
        while (*pat == '/' && *p == '/') {
                size_t n = segment_size(++pat), len = segment_size(++p);
                const char *dots = memmem(pat, n, "...}", 4);
                if (dots)
                        return match_rest(dots + 4, pat + n, p, m);
                if (!match_segment(pat, n, p, len, m))
                        return false;
                pat += n;
                p += len;
        }
        return !*pat && !*p;
}

static void allow_method(RouteMatch *m, const char *method)
{
        size_t used = strlen(m->allow);
        if (strstr(m->allow, method) && strcmp(method, "GET") != 0)
                return;
        snprintf(m->allow + used, sizeof m->allow - used, "%s%s%s", used ? ", " : "", method,
                 strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* The table is short enough to be searched; HEAD is GET. */
void router_find(const char *method, const char *path, RouteMatch *ret)
{
        const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
        ret->route = NULL;
        ret->path_known = false;
        ret->allow[0] = 0;
        for (const Route *r = routes; r->method; r++) {
                if (!match_path(r->path, path, ret))
                        continue;
                if (strcmp(r->method, wanted) == 0) {
                        ret->route = r;
                        return;
                }
                ret->path_known = true;
                allow_method(ret, r->method);
        }
        if (ret->path_known)
                allow_method(ret, "OPTIONS");
}

/* Percent escapes of control characters are refused, NUL among them. */
Status *router_decode(Arena *a, const char *raw, size_t n, char **ret)
{
        char *out = arena_alloc(a, n + 1), *w = out;
        if (!out)
                return status_oom();
        for (size_t i = 0; i < n; i++) {
                if (raw[i] != '%') {
                        *w++ = raw[i];
                        continue;
                }
                int hi = n - i > 2 ? hex_value(raw[i + 1]) : -1;
                int lo = hi >= 0 ? hex_value(raw[i + 2]) : -1;
                if (lo < 0 || hi * 16 + lo < 0x20)
                        return invalid_argument("The request target has a bad percent escape.");
                *w++ = (char)(hi * 16 + lo);
                i += 2;
        }
        *w = 0;
        if (!utf8_valid(out, (size_t)(w - out)))
                return invalid_argument("The request target is not UTF-8.");
        *ret = out;
        return NULL;
}

/* The nearest paths, or where all of them are listed. */
Status *router_not_found(const char *path)
{
        Status *s = not_found("No such path: %.200s", path);
        Nearest near = NEAREST(path);
        for (const Route *r = routes; r->method; r++)
                nearest_try(&near, r->path);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "%s", near.best[i]);
        if (!near.best[0])
                status_add_hint(s, "GET /openapi.yaml lists all paths.");
        return s;
}

bool router_name_valid(const char *name)
{
        size_t n =
                strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
        return n && n <= LIMIT_NAME && !name[n] && isalnum((unsigned char)name[0]);
}
