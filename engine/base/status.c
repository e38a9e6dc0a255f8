// SPDX-License-Identifier: Apache-2.0
/* Status objects: one allocation for the object and one for each text in it. */
#include "engine/base/status.h"

#include "engine/base/mem.h"
#include <string.h>

struct Status {
        StatusCode code;
        char *message, *node, *op, *pointer;
        const char *exception; /* a literal */
        int n_hints;
        char *hints[STATUS_MAX_HINTS];
};

static Status oom = { .code = SR_RESOURCE_EXHAUSTED };
static const char oom_message[] = "out of memory";

Status *status_oom(void)
{
        return &oom;
}

/* Want of memory for a message gives the one static object for it, so that making an error never
 * fails. */
Status *status_newv(StatusCode code, const char *fmt, va_list ap)
{
        Status *s = mem_calloc(1, sizeof *s);
        if (!s)
                return &oom;
        s->code = code;
        s->message = mem_vprintf(fmt, ap);
        if (!s->message) {
                mem_free(s);
                return &oom;
        }
        return s;
}

Status *status_new(StatusCode code, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        Status *s = status_newv(code, fmt, ap);
        va_end(ap);
        return s;
}

/* One function per code, named as TensorFlow's errors:: are. */
#define X(name, number, http, fn)                            \
        Status *fn(const char *fmt, ...)                     \
        {                                                    \
                va_list ap;                                  \
                va_start(ap, fmt);                           \
                Status *s = status_newv(SR_##name, fmt, ap); \
                va_end(ap);                                  \
                return s;                                    \
        }
STATUS_CODES(X)
#undef X

/* Joins a formatted text and the old message, in the order asked for. */
PRINTF(3, 0)
static Status *edit_message(Status *s, bool before, const char *fmt, va_list ap)
{
        if (!s || s == &oom)
                return s;
        char *more = mem_vprintf(fmt, ap);
        char *joined =
                more ? mem_printf("%s%s", before ? more : s->message, before ? s->message : more)
                     : NULL;
        mem_free(more);
        if (!joined)
                return s;
        mem_free(s->message);
        s->message = joined;
        return s;
}

Status *status_wrap(Status *s, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        s = edit_message(s, true, fmt, ap);
        va_end(ap);
        return s;
}

Status *status_append(Status *s, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        s = edit_message(s, false, fmt, ap);
        va_end(ap);
        return s;
}

void status_set_node(Status *s, const char *node, const char *op)
{
        if (!s || s == &oom || s->node)
                return;
        s->node = mem_strdup(node);
        s->op = op ? mem_strdup(op) : NULL;
}

void status_set_exception(Status *s, const char *literal)
{
        if (s && s != &oom)
                s->exception = literal;
}

void status_set_pointer(Status *s, const char *fmt, ...)
{
        if (!s || s == &oom)
                return;
        va_list ap;
        va_start(ap, fmt);
        mem_free(s->pointer);
        s->pointer = mem_vprintf(fmt, ap);
        va_end(ap);
}

/* Hints are a help: without memory, or when there are enough, they are left out. */
void status_add_hint(Status *s, const char *fmt, ...)
{
        if (!s || s == &oom || s->n_hints == STATUS_MAX_HINTS)
                return;
        va_list ap;
        va_start(ap, fmt);
        char *hint = mem_vprintf(fmt, ap);
        va_end(ap);
        if (hint)
                s->hints[s->n_hints++] = hint;
}

StatusCode status_code(const Status *s)
{
        return s ? s->code : SR_OK;
}

const char *status_message(const Status *s)
{
        if (!s)
                return "";
        return s == &oom ? oom_message : s->message;
}

const char *status_node(const Status *s)
{
        return s ? s->node : NULL;
}

const char *status_op(const Status *s)
{
        return s ? s->op : NULL;
}

const char *status_exception(const Status *s)
{
        return s ? s->exception : NULL;
}

const char *status_pointer(const Status *s)
{
        return s ? s->pointer : NULL;
}

int status_hints(const Status *s)
{
        return s ? s->n_hints : 0;
}

const char *status_hint(const Status *s, int i)
{
        return s->hints[i];
}

/* Names and hints that memory is missing for are left out: the code counts. */
Status *status_copy(const Status *s)
{
        if (!s || s == &oom)
                return (Status *)s;
        Status *c = status_new(s->code, "%s", s->message);
        if (c == &oom)
                return c;
        c->exception = s->exception;
        c->node = s->node ? mem_strdup(s->node) : NULL;
        c->op = s->op ? mem_strdup(s->op) : NULL;
        c->pointer = s->pointer ? mem_strdup(s->pointer) : NULL;
        for (int i = 0; i < s->n_hints; i++)
                status_add_hint(c, "%s", s->hints[i]);
        return c;
}

/* The status of "no memory" is static: it could not be allocated. */
void status_free(Status *s)
{
        if (!s || s == &oom)
                return;
        for (int i = 0; i < s->n_hints; i++)
                mem_free(s->hints[i]);
        mem_free(s->message);
        mem_free(s->node);
        mem_free(s->op);
        mem_free(s->pointer);
        mem_free(s);
}

const char *status_code_name(StatusCode code)
{
        switch (code) {
        case SR_OK: return "OK";
#define X(name, number, http, fn) \
        case SR_##name: return #name;
                STATUS_CODES(X)
#undef X
        }
        return "UNKNOWN";
}

/* TensorFlow's words, as they stand before messages. */
const char *status_code_title(StatusCode code)
{
        static const char *const titles[] = {
                "OK",
                "Cancelled",
                "Unknown",
                "Invalid argument",
                "Deadline exceeded",
                "Not found",
                "Already exists",
                "Permission denied",
                "Resource exhausted",
                "Failed precondition",
                "Aborted",
                "Out of range",
                "Unimplemented",
                "Internal",
                "Unavailable",
                "Data loss",
                "Unauthenticated",
        };
        return (size_t)code < COUNTOF(titles) ? titles[code] : "Unknown";
}

/* For errors that leave through HTTP; what has no code of its own is the server's fault, 500. */
int status_code_http(StatusCode code)
{
        switch (code) {
        case SR_OK: return 200;
#define X(name, number, http, fn) \
        case SR_##name: return http;
                STATUS_CODES(X)
#undef X
        }
        return 500;
}
