// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/handles: tensors that a session keeps for its clients, whether a fetch
 * {"$handle"} or the op GetSessionHandle left them. */
#include "api/handlers.h"
#include "api/node_json.h"

/* Under the store's lock, so it only writes. */
static Status *write_handle(void *arg, const char *handle, const Tensor *t)
{
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_string(w, "handle", handle);
        writer_member_string(w, "dtype", dtype_numpy(tensor_dtype(t)));
        writer_key(w, "shape");
        shape_write(w, &t->shape);
        writer_member_int(w, "bytes", (int64_t)tensor_bytes(t));
        writer_close(w, '}');
        return NULL;
}

/* GET .../handles. */
Status *handles_list(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "handles");
        writer_open(&w, '[');
        TRY(session_each_handle(session, write_handle, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

Status *handles_delete(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        TRY(session_delete_handle(session, r->args[1]));
        r->reply.status = 204;
        return NULL;
}
