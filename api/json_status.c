// SPDX-License-Identifier: Apache-2.0
#include "api/json_status.h"

#include <ctype.h>
#include <stdio.h>

/* "INVALID_ARGUMENT" -> "urn:sessrun:error:invalid-argument": a name, not a page. */
static void write_type(Writer *w, StatusCode code)
{
        char type[64];
        int n = snprintf(type, sizeof type, "urn:sessrun:error:%s", status_code_name(code));
        for (int i = 0; i < n; i++)
                type[i] = type[i] == '_' ? '-' : (char)tolower((unsigned char)type[i]);
        writer_member_string(w, "type", type);
}

static void write_hints(Writer *w, const Status *s)
{
        writer_key(w, "hints");
        writer_open(w, '[');
        for (int i = 0; i < status_hints(s); i++)
                writer_string(w, status_hint(s, i));
        writer_close(w, ']');
}

/* RFC 9457, with TensorFlow's code, node and op as members of their own. */
void json_status_write(const Problem *p, Buf *out)
{
        const Status *s = p->status;
        StatusCode code = status_code(s);
        Writer w = writer(out);
        writer_open(&w, '{');
        write_type(&w, code);
        writer_member_string(&w, "title", p->title ? p->title : status_code_title(code));
        writer_member_int(&w, "status", p->http ? p->http : status_code_http(code));
        writer_member_string(&w, "detail", status_message(s));
        writer_member_string(&w, "instance", p->instance);
        writer_member_string(&w, "error", status_message(s));
        writer_member_int(&w, "code", code);
        writer_member_string(&w, "code_name", status_code_name(code));
        if (status_exception(s))
                writer_member_string(&w, "exception", status_exception(s));
        writer_member_string(&w, "node", status_node(s));
        writer_member_string(&w, "op", status_op(s));
        writer_member_raw(&w, "node_def", p->node_def ? p->node_def : "null");
        writer_member_string(&w, "pointer", status_pointer(s));
        write_hints(&w, s);
        if (p->limit)
                writer_member_int(&w, "limit", p->limit);
        writer_member_string(&w, "request_id", p->request_id);
        writer_close(&w, '}');
}

/* The short form, within other answers. */
void json_status_value(const Status *s, Writer *w)
{
        if (!s) {
                writer_null(w);
                return;
        }
        writer_open(w, '{');
        writer_member_string(w, "code_name", status_code_name(status_code(s)));
        writer_member_string(w, "detail", status_message(s));
        writer_member_string(w, "node", status_node(s));
        writer_close(w, '}');
}
