// SPDX-License-Identifier: Apache-2.0
#include "api/gzip.h"

#include "api/limits.h"
#include "engine/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum {
        GZIP_FRAME = MAX_WBITS + 16, /* zlib's way to ask for gzip's header and checksum */
        PIECE = 64 * 1024,
        LEVEL = 1,  /* packs JSON numbers nearly as well as 6, several times as fast */
        MEMORY = 8, /* of deflate: 128 KiB for its hash chains */
};

/* zlib takes its memory from where we count it. */
static void *zlib_alloc(void *opaque UNUSED, unsigned n, unsigned size)
{
        return mem_calloc(n, size);
}

static void zlib_free(void *opaque UNUSED, void *p)
{
        mem_free(p);
}

/* ---- in ---- */

struct Gunzip {
        z_stream z;
        size_t in, out; /* bytes so far */
        bool ended;     /* behind a member's end; another may follow */
};

/* With the frame of gzip, not of zlib. */
Status *gunzip_new(Gunzip **ret)
{
        Gunzip *g = mem_calloc(1, sizeof *g);
        if (!g)
                return status_oom();
        g->z.zalloc = zlib_alloc;
        g->z.zfree = zlib_free;
        if (inflateInit2(&g->z, GZIP_FRAME) != Z_OK) {
                mem_free(g);
                return status_oom();
        }
        *ret = g;
        return NULL;
}

/* One step of inflate() to the end of out. Where that is full, a byte more tells a body that is too
 * long from one that just fits. */
static Status *unpack(Gunzip *g, Buf *out)
{
        char beyond;
        size_t room = MIN((size_t)PIECE, out->max - out->len);
        char *to = room ? buf_reserve(out, room) : &beyond;
        if (!to)
                return NULL;
        g->z.next_out = (Bytef *)to;
        g->z.avail_out = (unsigned)MAX(room, (size_t)1);
        int code = inflate(&g->z, Z_NO_FLUSH);
        size_t made = (size_t)((char *)g->z.next_out - to);
        g->out += made;
        out->full = !room && made;
        out->len += room ? made : 0;
        g->ended = code == Z_STREAM_END || (g->ended && !made && code == Z_BUF_ERROR);
        if (code == Z_STREAM_END)
                inflateReset(&g->z);
        if (code == Z_MEM_ERROR)
                return status_oom();
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
                return invalid_argument("The request body is not valid gzip: %s",
                                        g->z.msg ? g->z.msg : "it is damaged");
        return NULL;
}

/* A bomb is noticed by its ratio once a MiB has come of it. */
Status *gunzip_add(Gunzip *g, const void *data, size_t n, Buf *out)
{
        g->z.next_in = (Bytef *)data;
        g->z.avail_in = (unsigned)n; /* a piece of what one read() gave */
        g->in += n;
        unsigned before;
        size_t out_before;
        do {
                before = g->z.avail_in;
                out_before = g->out;
                TRY(unpack(g, out));
                if (g->out > MIB && g->out / GUNZIP_RATIO > g->in)
                        return resource_exhausted(
                                "The request body unpacks to more than %d times its size.",
                                GUNZIP_RATIO);
        } while (!out->full && !out->oom && (g->z.avail_in < before || g->out > out_before));
        return NULL;
}

Status *gunzip_end(const Gunzip *g)
{
        return g->ended ? NULL : invalid_argument("The gzip request body is cut off.");
}

void gunzip_free(Gunzip *g)
{
        if (!g)
                return;
        inflateEnd(&g->z);
        mem_free(g);
}

/* ---- out ---- */

struct Gzip {
        z_stream z;
        char *body;
        size_t len, at; /* bytes of the body; those that zlib was given */
        bool ended;
};

/* Takes the body over. */
Status *gzip_new(Buf *body, Gzip **ret)
{
        Gzip *g = mem_calloc(1, sizeof *g);
        if (!g)
                return status_oom();
        g->z.zalloc = zlib_alloc;
        g->z.zfree = zlib_free;
        if (deflateInit2(&g->z, LEVEL, Z_DEFLATED, GZIP_FRAME, MEMORY, Z_DEFAULT_STRATEGY) !=
            Z_OK) {
                mem_free(g);
                return status_oom();
        }
        g->body = buf_take(body, &g->len);
        *ret = g;
        return NULL;
}

/* Packs as much as libmicrohttpd asks for. */
size_t gzip_read(Gzip *g, char *out, size_t max)
{
        g->z.next_out = (Bytef *)out;
        g->z.avail_out = (unsigned)MIN(max, (size_t)PIECE);
        unsigned room = g->z.avail_out;
        while (g->z.avail_out == room && !g->ended) {
                if (!g->z.avail_in) {
                        size_t n = MIN(g->len - g->at, (size_t)PIECE);
                        g->z.next_in = (Bytef *)g->body + g->at;
                        g->z.avail_in = (unsigned)n;
                        g->at += n;
                }
                g->ended = deflate(&g->z, g->at == g->len ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
        }
        return room - g->z.avail_out;
}

void gzip_free(Gzip *g)
{
        deflateEnd(&g->z);
        mem_free(g->body);
        mem_free(g);
}

/* ---- asked for? ---- */

/* The weight of one coding ("gzip;q=0.5"). */
static double weight(const char *p, size_t n)
{
        const char *q = memchr(p, ';', n);
        if (!q)
                return 1;
        q += 1 + strspn(q + 1, " \t");
        return strncasecmp(q, "q=", 2) == 0 ? strtod(q + 2, NULL) : 1;
}

/* RFC 9110, 12.5.3: the exact name counts more than "*". */
bool gzip_accepted(const char *accept_encoding)
{
        double any = 0, exact = -1;
        for (const char *p = accept_encoding; *p;) {
                p += strspn(p, " \t,");
                size_t n = strcspn(p, ","), name = strcspn(p, ";, \t");
                if ((name == 4 && strncasecmp(p, "gzip", 4) == 0) ||
                    (name == 6 && strncasecmp(p, "x-gzip", 6) == 0))
                        exact = weight(p, n);
                else if (name == 1 && *p == '*')
                        any = weight(p, n);
                p += n;
        }
        return (exact >= 0 ? exact : any) > 0;
}
