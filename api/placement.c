// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/placement: which device each node is on; as text, what TensorFlow prints
 * for log_device_placement. */
#include "api/handlers.h"

static Status *write_node(void *arg, const PlacementInfo *p)
{
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_string(w, "name", p->name);
        writer_member_string(w, "op", p->op);
        writer_member_string(w, "device", p->device);
        writer_close(w, '}');
        return NULL;
}

static Status *write_line(void *arg, const PlacementInfo *p)
{
        if (p->device)
                buf_printf(arg, "%s: (%s): %s\n", p->name, p->op, p->device);
        return NULL;
}

/* GET .../placement, as JSON or in the form of TensorFlow's log. */
Status *placement_get(Request *r)
{
        static const char *const types[] = { TYPE_JSON, TYPE_TEXT, NULL };
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        if (request_accepts(r, types) == 1) {
                r->reply.type = TYPE_TEXT;
                buf_puts(&r->reply.body, DEVICE_MAPPING "\n");
                return session_each_placement(session, write_line, &r->reply.body);
        }
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_member_string(&w, "device_mapping", DEVICE_MAPPING);
        writer_key(&w, "nodes");
        writer_open(&w, '[');
        TRY(session_each_placement(session, write_node, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}
