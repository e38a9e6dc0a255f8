// SPDX-License-Identifier: Apache-2.0
/* Answering: from a reply to libmicrohttpd's response, with its headers, packed where the client
 * takes that. */
#include "api/exchange_inside.h"
#include "api/json_number.h"
#include "engine/base/clock.h"
#include <stdio.h>
#include <string.h>

enum { PACKED_BLOCK = 32 * 1024 }; /* bytes of a packed answer that are made at once */

static void free_body(void *p)
{
        mem_free(p);
}

static void add_header(struct MHD_Response *m, const char *name, const char *value)
{
        if (value && *value)
                MHD_add_response_header(m, name, value);
}

static ssize_t read_packed(void *gzip, uint64_t at UNUSED, char *out, size_t max)
{
        size_t n = gzip_read(gzip, out, max);
        return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_packed(void *gzip)
{
        gzip_free(gzip);
}

/* Texts shrink; the raw bytes of tensors hardly do. */
static bool worth_packing(const Exchange *x)
{
        const Reply *reply = &x->request.reply;
        bool text = reply->type && (strncmp(reply->type, "text/", 5) == 0 ||
                                    strstr(reply->type, "json") || strstr(reply->type, "yaml"));
        return text && !reply->json_length && reply->body.len >= GZIP_WORTH_IT;
}

/* Packs while it sends, a piece whenever the client has taken the one before: the work of a long
 * answer never holds up other connections, and no second copy of it is made. */
static struct MHD_Response *make_packed(Exchange *x)
{
        Gzip *gzip;
        Status *s = gzip_new(&x->request.reply.body, &gzip);
        if (s) {
                status_free(s);
                return NULL;
        }
        struct MHD_Response *m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PACKED_BLOCK,
                                                                   read_packed, gzip, free_packed);
        if (!m)
                gzip_free(gzip);
        return m;
}

/* The body's memory goes over to libmicrohttpd, without a copy. */
static struct MHD_Response *make_plain(Reply *reply)
{
        size_t n;
        char *data = buf_take(&reply->body, &n);
        if (!data)
                return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
        struct MHD_Response *m =
                MHD_create_response_from_buffer_with_free_callback(n, data, free_body);
        if (!m)
                mem_free(data);
        return m;
}

/* Of packed bytes the ETag is another one (RFC 9110, 8.8.3.3). */
static void add_coding(Exchange *x, struct MHD_Response *m, bool packed)
{
        char *etag = x->request.reply.etag;
        size_t n = strlen(etag);
        if (packed && n)
                snprintf(etag + n - 1, sizeof x->request.reply.etag - n + 1, "-gzip\"");
        if (packed)
                add_header(m, "Content-Encoding", "gzip");
        add_header(m, "Vary", "Accept-Encoding");
}

/* HEAD tells the length of what GET would send unpacked. */
static struct MHD_Response *make_response(Exchange *x)
{
        if (x->more)
                return stream_response(x);
        if (!worth_packing(x))
                return make_plain(&x->request.reply);
        bool pack = x->takes_gzip && strcmp(x->request.method, "HEAD") != 0;
        struct MHD_Response *m = pack ? make_packed(x) : NULL;
        bool packed = m;
        if (!m)
                m = make_plain(&x->request.reply);
        if (m)
                add_coding(x, m, packed);
        return m;
}

/* Every answer is counted, only failures are logged. */
static void note(Exchange *x, int64_t duration_ns)
{
        Request *r = &x->request;
        metrics_note(x->all->context.metrics, r->route, r->reply.status, r->reply.code,
                     duration_ns);
        if (r->reply.status < 400 || !x->all->log)
                return;
        x->all->log(x->all->log_arg, &(RequestLog){ .method = r->method,
                                                    .path = r->path,
                                                    .request_id = r->id,
                                                    .code_name = status_code_name(r->reply.code),
                                                    .detail = r->reply.detail,
                                                    .status = r->reply.status,
                                                    .duration_us = duration_ns / 1000 });
}

/* "app;dur=MS.UUU"; text has room for 48. */
static void duration_text(int64_t ns, char *text)
{
        static const char head[] = "app;dur=";
        uint64_t us = (uint64_t)MAX(ns, (int64_t)0) / 1000;
        char *p = number_write_uint(us / 1000, mempcpy(text, head, sizeof head - 1));
        /* Three digits: of a number that starts with a 1, which the point overwrites. */
        char *end = number_write_uint(1000 + us % 1000, p);
        *p = '.';
        *end = 0;
}

/* What a client that reads messages, not JSON, is told of an error: in gRPC's headers, whose text
 * has everything but plain ASCII percent-encoded. */
static void add_status(const Request *r, struct MHD_Response *m)
{
        char text[3 * sizeof r->reply.detail + 1], *to = text;
        if (!r->reply.code || r->content_type != CONTENT_PROTO)
                return;
        snprintf(text, sizeof text, "%d", r->reply.code);
        add_header(m, "grpc-status", text);
        for (const char *p = r->reply.detail; *p; p++)
                if (*p >= 0x20 && *p < 0x7f && *p != '%')
                        *to++ = *p;
                else
                        to += snprintf(to, 4, "%%%02X", (unsigned char)*p);
        *to = 0;
        add_header(m, "grpc-message", text);
}

/* Empty texts are left out by add_header(). */
static void add_headers(Exchange *x, struct MHD_Response *m, int64_t duration_ns)
{
        Reply *reply = &x->request.reply;
        char text[48];
        add_header(m, "Content-Type", reply->type);
        add_header(m, "X-Request-Id", x->request.id);
        duration_text(duration_ns, text);
        add_header(m, "Server-Timing", text);
        add_header(m, "Location", reply->location);
        add_header(m, "ETag", reply->etag);
        add_header(m, "Allow", reply->allow);
        add_status(&x->request, m);
        if (reply->status == 401)
                add_header(m, "WWW-Authenticate", "Bearer realm=\"sessrun\"");
        if (reply->status == 503)
                add_header(m, "Retry-After", "1");
        if (reply->json_length) {
                snprintf(text, sizeof text, "%zu", reply->json_length);
                add_header(m, "Inference-Header-Content-Length", text);
        }
        if (reply->close)
                add_header(m, "Connection", "close");
}

enum MHD_Result answer_send_abandoned(Exchange *x)
{
        static char body[] =
                "{\"type\":\"urn:sessrun:error:unavailable\",\"title\":\"Unavailable\",\"status\":"
                "503,"
                "\"detail\":\"The server is going down.\",\"error\":\"The server is going down.\","
                "\"code\":14,\"code_name\":\"UNAVAILABLE\",\"node\":null,\"op\":null,"
                "\"node_def\":null,\"pointer\":null,\"hints\":[]}\n";
        struct MHD_Response *m =
                MHD_create_response_from_buffer(sizeof body - 1, body, MHD_RESPMEM_PERSISTENT);
        if (!m)
                return MHD_NO;
        add_header(m, "Content-Type", TYPE_PROBLEM);
        add_header(m, "Connection", "close");
        enum MHD_Result result = MHD_queue_response(x->mhd, 503, m);
        MHD_destroy_response(m);
        return result;
}

/* A client that has the answer already gets its head alone. */
static void spare_body(Request *r)
{
        bool get = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
        if (!get || r->reply.status != 200 || !*r->reply.etag ||
            !request_etag_in(r->if_none_match, r->reply.etag))
                return;
        buf_done(&r->reply.body);
        r->reply.body = BUF(0);
        r->reply.status = 304;
}

enum MHD_Result answer_send(Exchange *x)
{
        Request *r = &x->request;
        Status *s = buf_status(&r->reply.body);
        if (s)
                request_set_problem(r, s, 0, NULL, NULL);
        spare_body(r);
        int64_t now = clock_ns(), duration = now - r->start_ns;
        exchange_deadline(x, now + KEEP_ALIVE_S * SECOND +
                                     (int64_t)(r->reply.body.len / SLOWEST_ANSWER) * SECOND);
        note(x, duration);
        r->reply.close |= atomic_load_explicit(&r->context->draining, memory_order_relaxed);
        struct MHD_Response *m = make_response(x);
        if (!m)
                return MHD_NO;
        add_headers(x, m, duration);
        enum MHD_Result result = MHD_queue_response(x->mhd, (unsigned)r->reply.status, m);
        MHD_destroy_response(m);
        return result;
}
