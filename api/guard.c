// SPDX-License-Identifier: Apache-2.0
#include "api/guard.h"

#include "api/limits.h"
#include "storage/store.h"
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static void refuse(Head *h, int http, const char *why)
{
        if (h->http)
                return;
        h->http = http;
        h->why = why;
}

/* RFC 9110, 5.6.2. */
static bool is_token(const char *s, size_t n)
{
        static const char others[] = "!#$%&'*+-.^_`|~";
        for (size_t i = 0; i < n; i++) {
                char c = s[i], low = (char)(c | 0x20);
                if (!(c >= '0' && c <= '9') && !(low >= 'a' && low <= 'z') &&
                    !memchr(others, c, sizeof others - 1))
                        return false;
        }
        return n > 0;
}

static bool is_field_value(const char *s, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
                        return false;
        return true;
}

/* Digits only: no sign, no list, no blank; -1 otherwise. */
static int64_t parse_length(const char *s, size_t n)
{
        int64_t v = 0;
        if (!n || n > 18)
                return -1;
        for (size_t i = 0; i < n; i++) {
                if (s[i] < '0' || s[i] > '9')
                        return -1;
                v = v * 10 + (s[i] - '0');
        }
        return v;
}

/* Nothing but plain lengths and "chunked": anything else is where two servers read two requests. */
static void take_framing(Head *h, const char *value, size_t n, bool is_length)
{
        if (is_length) {
                h->content_length = parse_length(value, n);
                h->lengths++;
                if (h->content_length < 0)
                        refuse(h, 400, "Content-Length is not a plain number.");
                return;
        }
        h->chunked = n == 7 && strncasecmp(value, "chunked", 7) == 0;
        h->encodings++;
        if (!h->chunked)
                refuse(h, 400, "Transfer-Encoding may only be chunked.");
}

/* One coding, once: what is packed twice may unpack to anything. */
static void take_coding(Head *h, const char *value)
{
        bool gzip = strcasecmp(value, "gzip") == 0 || strcasecmp(value, "x-gzip") == 0;
        if (h->gzip || (!gzip && strcasecmp(value, "identity") != 0))
                refuse(h, 415, "Content-Encoding may only be gzip, or identity.");
        h->gzip = gzip;
}

/* Lengths first: of most names nothing else need be compared. */
static bool field_is(const char *key, size_t n, const char *name, size_t len)
{
        return n == len && strncasecmp(key, name, n) == 0;
}
#define IS(name) field_is(key, key_len, name, sizeof name - 1)

/* Headers that need more than being remembered. True when it was one. */
static bool take_special(Head *h, const char *key, size_t key_len, const char *value, size_t n)
{
        bool is_length = IS("Content-Length");
        if (is_length || IS("Transfer-Encoding")) {
                take_framing(h, value, n, is_length);
        } else if (IS("Host")) {
                h->host = value;
                h->hosts++;
        } else if (IS("Content-Encoding")) {
                take_coding(h, value);
        } else if (IS("Expect")) {
                h->expect_continue = strcasecmp(value, "100-continue") == 0;
                if (!h->expect_continue)
                        refuse(h, 417, "Only Expect: 100-continue is supported.");
        } else if (IS("Inference-Header-Content-Length")) {
                h->json_length = parse_length(value, n);
                if (h->json_length < 0)
                        refuse(h, 400, "Inference-Header-Content-Length is not a plain number.");
        } else {
                return false;
        }
        return true;
}

/* The fields that handlers want to see. */
static void take_text(Head *h, const char *key, size_t key_len, const char *value)
{
#define FIELD(name, place)                       \
        {                                        \
                name, sizeof name - 1, &h->place \
        }
        const struct {
                const char *name;
                size_t len;
                const char **place;
        } known[] = {
                FIELD("Accept", accept),
                FIELD("Content-Type", content_type),
                FIELD("Authorization", authorization),
                FIELD("X-Request-Id", request_id),
                FIELD("Idempotency-Key", idempotency_key),
                FIELD("Last-Event-ID", last_event_id),
                FIELD("Session-Context", session_context),
                FIELD("Origin", origin),
                FIELD("Accept-Encoding", accept_encoding),
                FIELD("If-Match", if_match),
                FIELD("If-None-Match", if_none_match),
        };
#undef FIELD
        for (size_t i = 0; i < COUNTOF(known); i++)
                if (field_is(key, key_len, known[i].name, known[i].len))
                        *known[i].place = value;
}

/* All fields are checked, those that nobody reads, too. */
/* libmicrohttpd 0.9.75 appends a line that goes on from the one before to that one's name, in other
 * memory: "Content-Length: 2" becomes a field Content-Length3, and a body the next request. Only of
 * such fields the value does not stand behind the name. */
static bool is_one_line(const char *key, size_t key_len, const char *value)
{
        return (uintptr_t)value > (uintptr_t)key + key_len &&
               (uintptr_t)value - (uintptr_t)key <= key_len + LIMIT_HEADER_BYTES;
}

static enum MHD_Result take(void *arg, enum MHD_ValueKind kind UNUSED, const char *key,
                            size_t key_len, const char *value, size_t n)
{
        Head *h = arg;
        h->bytes += key_len + n + 4;
        if (++h->fields > LIMIT_HEADERS || h->bytes > LIMIT_HEADER_BYTES)
                refuse(h, 431, "The request's header fields are too many or too large.");
        if (!is_token(key, key_len))
                refuse(h, 400, "A header field has a malformed name.");
        else if (value && !is_one_line(key, key_len, value))
                refuse(h, 400, "A header field goes on in the next line.");
        else if (!is_field_value(value ? value : "", n))
                refuse(h, 400, "A header field has a malformed value.");
        else if (!take_special(h, key, key_len, value ? value : "", n))
                take_text(h, key, key_len, value ? value : "");
        return MHD_YES;
}

/* What libmicrohttpd lets pass, but would be read in two ways (RFC 9112, 6.3). */
void guard_head(struct MHD_Connection *c, const char *version, Head *ret)
{
        *ret = (Head){ .host = "",
                       .accept = "",
                       .content_type = "",
                       .authorization = "",
                       .request_id = "",
                       .idempotency_key = "",
                       .last_event_id = "",
                       .session_context = "",
                       .origin = "",
                       .accept_encoding = "",
                       .if_match = "",
                       .if_none_match = "",
                       .content_length = -1,
                       .json_length = -1 };
        MHD_get_connection_values_n(c, MHD_HEADER_KIND, take, ret);
        bool modern = strcmp(version, "HTTP/1.1") == 0;
        if (!modern && strcmp(version, "HTTP/1.0") != 0)
                refuse(ret, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
        if (ret->hosts > 1 || (modern && !ret->hosts))
                refuse(ret, 400, "A request needs exactly one Host field.");
        if (ret->lengths > 1 || ret->encodings > 1 || (ret->lengths && ret->encodings))
                refuse(ret, 400,
                       "A request needs at most one of Content-Length and Transfer-Encoding, "
                       "once.");
        if (ret->encodings && !modern)
                refuse(ret, 400, "Transfer-Encoding needs HTTP/1.1.");
}

/* Only characters that need no guessing. */
const char *guard_target(const char *target)
{
        if (strlen(target) > LIMIT_TARGET)
                return "The request target is too long.";
        if (*target != '/' && strncasecmp(target, "http://", 7) != 0)
                return "The request target must be a path.";
        for (const char *p = target; *p; p++)
                if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || *p == '\\' ||
                    *p == '#')
                        return "The request target has a character that must be percent-encoded.";
        return strstr(target, "%00") ? "The request target has an encoded NUL." : NULL;
}

static bool host_is(const char *host, size_t n, const char *name)
{
        return n == strlen(name) && strncasecmp(host, name, n) == 0;
}

/* A browser that was talked into calling localhost under another name is refused. */
bool guard_host(const char *host, const char *const *hosts)
{
        if (!*host)
                return true;
        size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
        if (n > strlen(host) || (host[n] && host[n] != ':'))
                return false;
        char name[64] = "";
        struct in_addr a;
        if (n < sizeof name)
                memcpy(name, host, n);
        if (inet_pton(AF_INET, name, &a) == 1 && ntohl(a.s_addr) >> 24 == 127)
                return true;
        if (host_is(host, n, "localhost") || host_is(host, n, "[::1]"))
                return true;
        for (; hosts && *hosts; hosts++)
                if (host_is(host, n, *hosts))
                        return true;
        return false;
}

bool guard_origin(const char *origin, const char *host)
{
        if (!*origin)
                return true;
        const char *authority = strstr(origin, "://");
        return authority && strcasecmp(authority + 3, host) == 0;
}

/* Only digests are compared. */
bool guard_token(const char *authorization, char *const *digests)
{
        if (strncasecmp(authorization, "Bearer ", 7) != 0)
                return false;
        const char *token = authorization + 7 + strspn(authorization + 7, " ");
        char digest[STORE_DIGEST_SIZE];
        store_digest(token, strlen(token), digest);
        bool found = false; /* all are compared to their end: they have one length, which is checked
                               at start */
        for (; *digests; digests++) {
                unsigned diff = 0;
                for (size_t i = 0; i < STORE_DIGEST_SIZE - 1; i++)
                        diff |= (unsigned char)(digest[i] ^ (*digests)[i]);
                found |= !diff;
        }
        return found;
}
