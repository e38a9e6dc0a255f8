// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/containers: where the session's resources are. */
#include "api/handlers.h"

static Status *write_container(void *arg, const char *container, int resources)
{
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_string(w, "name", container);
        writer_member_int(w, "resources", resources);
        writer_close(w, '}');
        return NULL;
}

/* GET /v1/sessions/{session}/containers. */
Status *containers_list(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "containers");
        writer_open(&w, '[');
        TRY(session_each_container(session, write_container, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}
