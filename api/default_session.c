// SPDX-License-Identifier: Apache-2.0
/* Default sessions: entering and leaving contexts, and asking which session is the default. */
#include "api/contexts.h"
#include "api/handlers.h"

/* POST .../{session}:as_default. */
Status *default_enter(Request *r)
{
        static const char *const none[] = { NULL };
        autoptr(Session) session = NULL;
        autoptr(SessionRec) rec = NULL;
        char name[CONTEXT_NAME];
        JsonObject o;
        TRY(request_object(r, &o));
        TRY(scan_only(&o, none));
        TRY(session_use(r->context, r->args[0], &session));
        rec = session_table_get(r->context->sessions, r->args[0]);
        if (!rec)
                return session_table_not_found(r->context->sessions, r->args[0]);
        TRY(contexts_enter(r->context->contexts, r->session_context, rec, name));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_member_string(&w, "context", name);
        writer_member_string(&w, "session", rec->name);
        writer_close(&w, '}');
        return NULL;
}

Status *default_leave(Request *r)
{
        TRY(contexts_leave(r->context->contexts, r->args[0]));
        r->reply.status = 204;
        return NULL;
}

/* GET /v1/default_session: null when there is none. */
Status *default_get(Request *r)
{
        const char *session;
        TRY(contexts_innermost(r->context, r->session_context, r->arena, &session));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_member_string(&w, "session", session);
        writer_close(&w, '}');
        return NULL;
}
