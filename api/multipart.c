// SPDX-License-Identifier: Apache-2.0
#include "api/multipart.h"

#include "api/limits.h"
#include "engine/base/map.h"
#include "engine/base/utf8.h"
#include <string.h>
#include <strings.h>

enum { MAX_BOUNDARY = 70 }; /* RFC 2046 */

/* ---- headers' parameters ---- */

/* Takes one parameter (; name=value) at *at into the arena, quotes undone; false at the end or at
 * something that is none. */
static bool next_param(Arena *a, const char **at, const char **ret_name, char **ret_value)
{
        const char *p = *at + strspn(*at, " \t");
        if (*p++ != ';')
                return false;
        p += strspn(p, " \t");
        size_t n = strcspn(p, "=; \t\"");
        if (!n || p[n] != '=')
                return false;
        char *name = arena_calloc(a, n + 1, 1), *out = arena_calloc(a, strlen(p + n), 1);
        if (!name || !out)
                return false;
        memcpy(name, p, n);
        *ret_name = name;
        *ret_value = out;
        p += n + 1;
        bool quoted = *p == '"';
        for (p += quoted; *p && (quoted ? *p != '"' : !strchr("; \t", *p)); p++) {
                if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
                        p++;
                *out++ = *p;
        }
        if (quoted && *p++ != '"')
                return false;
        *at = p;
        return true;
}

/* The parameter of a header's value, or NULL: absent, malformed, or there twice. */
static char *find_param(Arena *a, const char *header, const char *wanted)
{
        const char *p = header + strcspn(header, ";"), *name;
        char *value, *found = NULL;
        while (next_param(a, &p, &name, &value)) {
                if (strcasecmp(name, wanted) != 0)
                        continue;
                if (found)
                        return NULL;
                found = value;
        }
        return p[strspn(p, " \t")] ? NULL : found;
}

/* "\r\n--boundary", which stands before every part but the first. */
static Status *delimiter(Arena *a, const char *content_type, JsonSpan *ret)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789'()+_,-./:=? ";
        const char *boundary = find_param(a, content_type, "boundary");
        size_t n = boundary ? strlen(boundary) : 0;
        if (!n)
                return invalid_argument("multipart/form-data needs a boundary in Content-Type.");
        if (n > MAX_BOUNDARY || strspn(boundary, allowed) != n || boundary[n - 1] == ' ')
                return invalid_argument("The boundary of the multipart body is not valid.");
        ret->at = arena_printf(a, "\r\n--%s", boundary);
        ret->len = n + 4;
        return ret->at ? NULL : status_oom();
}

/* ---- parts ---- */

typedef struct Cutter {
        Arena *arena;
        JsonSpan mark;        /* the delimiter with its leading line end */
        const char *at, *end; /* of the body */
        bool last;            /* the delimiter that was found is the closing one */
        Parts *parts;
        size_t cap;
        Map seen; /* name -> Part */
} Cutter;

static Status *cut_off(void)
{
        return invalid_argument("The multipart body is cut off: its last boundary is missing.");
}

/* Behind a delimiter: "--" closes, else white space and a line end; NULL for text that merely
 * begins like one. */
static const char *line_behind(Cutter *c, const char *p)
{
        c->last = c->end - p >= 2 && p[0] == '-' && p[1] == '-';
        if (c->last)
                return p + 2;
        while (p < c->end && (*p == ' ' || *p == '\t'))
                p++;
        return c->end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

/* From p, the next delimiter: where what is before it ends, and c->at behind its line. */
static Status *find_mark(Cutter *c, const char *p, const char **ret)
{
        while ((p = memmem(p, (size_t)(c->end - p), c->mark.at, c->mark.len))) {
                const char *behind = line_behind(c, p + c->mark.len);
                if (behind) {
                        *ret = p;
                        c->at = behind;
                        return NULL;
                }
                p++;
        }
        return cut_off();
}

/* The first delimiter may stand at the very start, without a line end before it. */
static Status *find_first(Cutter *c)
{
        const char *ignored;
        size_t n = c->mark.len - 2;
        if ((size_t)(c->end - c->at) >= n && memcmp(c->at, c->mark.at + 2, n) == 0) {
                const char *behind = line_behind(c, c->at + n);
                if (behind) {
                        c->at = behind;
                        return NULL;
                }
        }
        return find_mark(c, c->at, &ignored);
}

/* A part's name is a tensor's name. */
static Status *check_name(const char *name)
{
        if (!name || !*name)
                return invalid_argument("A part of the multipart body has no name: "
                                        "Content-Disposition: form-data; name=\"...\"");
        for (const char *p = name; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        return invalid_argument("A part's name has a control character.");
        return utf8_valid(name, strlen(name)) ? NULL
                                              : invalid_argument("A part's name is not UTF-8.");
}

/* Looks at one header line of a part. */
static Status *read_header(Cutter *c, const char *line, const char **name)
{
        static const char disposition[] = "Content-Disposition:",
                          encoding[] = "Content-Transfer-Encoding:";
        if (strncasecmp(line, disposition, sizeof disposition - 1) == 0) {
                const char *value = line + sizeof disposition - 1;
                value += strspn(value, " \t");
                if (*name || strncasecmp(value, "form-data", 9) != 0)
                        return invalid_argument("A part's Content-Disposition must be form-data.");
                *name = find_param(c->arena, value, "name");
                return check_name(*name);
        }
        if (strncasecmp(line, encoding, sizeof encoding - 1) != 0)
                return NULL;
        const char *value = line + sizeof encoding - 1;
        value += strspn(value, " \t");
        if (strcasecmp(value, "binary") == 0 || strcasecmp(value, "8bit") == 0 ||
            strcasecmp(value, "7bit") == 0)
                return NULL;
        return unimplemented("Content-Transfer-Encoding %.40s of a part is not supported.", value);
}

/* Headers up to an empty line; c->at goes behind it. */
static Status *read_headers(Cutter *c, const char **name)
{
        const char *start = c->at;
        *name = NULL;
        for (;;) {
                size_t left = (size_t)(c->end - c->at);
                const char *eol = memmem(c->at, MIN(left, LIMIT_HEADER_BYTES), "\r\n", 2);
                if (!eol || (size_t)(eol - start) > LIMIT_HEADER_BYTES)
                        return left > LIMIT_HEADER_BYTES || eol
                                       ? resource_exhausted("A part's headers are too long.")
                                       : cut_off();
                size_t n = (size_t)(eol - c->at);
                char *line = n ? arena_calloc(c->arena, n + 1, 1) : NULL;
                if (n && !line)
                        return status_oom();
                if (n)
                        memcpy(line, c->at, n);
                c->at = eol + 2;
                if (!n)
                        return check_name(*name);
                if (strlen(line) != n)
                        return invalid_argument("A part's header has a NUL character.");
                TRY(read_header(c, line, name));
        }
}

/* Names are unique, as keys of feeds are. */
static Status *add_part(Cutter *c, const char *name, JsonSpan bytes)
{
        Parts *p = c->parts;
        if (map_get(&c->seen, name))
                return invalid_argument("Two parts of the multipart body are named '%.200s'.",
                                        name);
        if (p->n == LIMIT_PARTS)
                return resource_exhausted("A multipart body has at most %d parts.", LIMIT_PARTS);
        if (p->n == c->cap) {
                size_t cap = c->cap ? c->cap * 2 : 8;
                Part *items = arena_calloc(c->arena, cap, sizeof *items);
                if (!items)
                        return status_oom();
                if (p->n)
                        memcpy(items, p->items, p->n * sizeof *items);
                p->items = items;
                c->cap = cap;
        }
        p->items[p->n++] = (Part){ name, bytes };
        return map_set(&c->seen, name, c);
}

static Status *read_part(Cutter *c)
{
        const char *name, *end;
        TRY(read_headers(c, &name));
        const char *start = c->at;
        /* The line end of an empty part is the one that ends its headers. */
        TRY(find_mark(c, start - 2, &end));
        size_t n = end > start ? (size_t)(end - start) : 0;
        return add_part(c, name, (JsonSpan){ start, n });
}

static Status *cut(Cutter *c)
{
        TRY(find_first(c));
        while (!c->last)
                TRY(read_part(c));
        return c->parts->n ? NULL : invalid_argument("The multipart body has no parts.");
}

Status *multipart_parse(Arena *a, const char *content_type, const void *body, size_t n, Parts *ret)
{
        const char *bytes = n ? body : "";
        Cutter c = { .arena = a, .at = bytes, .end = bytes + n, .parts = ret };
        *ret = (Parts){ 0 };
        TRY(delimiter(a, content_type, &c.mark));
        Status *s = cut(&c);
        map_done(&c.seen);
        return s;
}
