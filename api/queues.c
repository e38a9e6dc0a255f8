// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/queues: feeding and draining queues without a graph. A client that waits
 * is a suspended connection; when it leaves, its operation ends. */
#include "api/handlers.h"
#include "api/near_names.h"
#include "api/node_json.h"
#include "api/run.h"
#include <math.h>
#include <string.h>

/* ---- looking ---- */

/* All of one moment. */
static Status *write_queue(void *arg, const QueueInfo *q)
{
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_string(w, "name", q->name);
        writer_member_string(w, "kind", queue_type_name(q->type));
        writer_member_string(w, "container", q->container);
        writer_key(w, "dtypes");
        writer_open(w, '[');
        for (int i = 0; i < q->n; i++)
                writer_string(w, dtype_numpy(q->dtypes[i]));
        writer_close(w, ']');
        writer_key(w, "shapes");
        writer_open(w, '[');
        for (int i = 0; i < q->n; i++)
                if (q->shapes)
                        shape_write(w, &q->shapes[i]);
                else
                        writer_null(w);
        writer_close(w, ']');
        writer_member_int(w, "capacity", q->capacity);
        writer_member_int(w, "min_after_dequeue", q->min_after_dequeue);
        writer_member_int(w, "size", q->size);
        writer_member_bool(w, "closed", q->closed);
        writer_member_int(w, "pending_enqueues", q->pending_enqueues);
        writer_member_int(w, "pending_dequeues", q->pending_dequeues);
        writer_close(w, '}');
        return NULL;
}

/* GET .../queues. */
Status *queues_list(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "queues");
        writer_open(&w, '[');
        TRY(session_each_queue(session, write_queue, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

static Status *try_name(void *arg, const QueueInfo *q)
{
        near_names_try(arg, q->name);
        return NULL;
}

/* Names like the one that is not there. s is returned. */
static Status *add_hints(Request *r, Session *session, Status *s)
{
        NearNames near = { r->arena, NEAREST(r->args[1]) };
        if (status_code(s) != SR_NOT_FOUND)
                return s;
        status_free(session_each_queue(session, try_name, &near));
        near_names_hint(&near, s);
        return s;
}

static Status *reply_queue(Request *r, Session *session)
{
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        return session_get_queue(session, r->args[1], write_queue, &w);
}

Status *queues_get(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Status *s = reply_queue(r, session);
        return s ? add_hints(r, session, s) : NULL;
}

/* ---- one operation ---- */

/* In the request's arena. */
typedef struct QueueCall {
        Request *request;
        Session *session; /* one reference */
        Run form;         /* of the answer */
        QueueWait wait;
        DType *dtypes; /* of the queue's components */
        Shape *shapes; /* NULL: unspecified */
        int n;
} QueueCall;

/* Types and shapes never change, so they may be used without the queue's lock. */
static Status *copy_spec(void *arg, const QueueInfo *q)
{
        QueueCall *c = arg;
        Arena *a = c->request->arena;
        c->n = q->n;
        c->dtypes = arena_calloc(a, (size_t)q->n, sizeof *c->dtypes);
        c->shapes = q->shapes ? arena_calloc(a, (size_t)q->n, sizeof *c->shapes) : NULL;
        if (!c->dtypes || (q->shapes && !c->shapes))
                return status_oom();
        memcpy(c->dtypes, q->dtypes, (size_t)q->n * sizeof *c->dtypes);
        if (q->shapes)
                memcpy(c->shapes, q->shapes, (size_t)q->n * sizeof *c->shapes);
        return NULL;
}

/* Reads what all operations have: "wait" in seconds; absent or null is for ever. */
static Status *read_call(QueueCall *c, const char *const *members, JsonObject *o)
{
        Request *r = c->request;
        double seconds;
        TRY(request_object(r, o));
        TRY(scan_only(o, members));
        JsonSpan wait = scan_get(o, "wait");
        c->wait.wait_ns = -1;
        if (wait.at && scan_kind(wait) != 'n') {
                TRY(member_number(wait, "/wait", 0, 1e9, &seconds));
                c->wait.wait_ns = (int64_t)ceil(seconds * 1e9);
        }
        TRY(session_get_queue(c->session, r->args[1], copy_spec, c));
        return request_cancel_token(r, &c->wait.cancel);
}

/* start() takes the call over unless it fails. */
static Status *begin(Request *r, Status *(*start)(QueueCall *c))
{
        QueueCall *c = arena_calloc(r->arena, 1, sizeof *c);
        if (!c)
                return status_oom();
        c->request = c->form.request = r;
        TRY(session_use(r->context, r->args[0], &c->session));
        autoptr(Session) hold = session_ref(c->session);
        Status *s = start(c);
        if (!s)
                return NULL;
        session_unref(c->session);
        return add_hints(r, hold, s);
}

/* ---- enqueue and close ---- */

/* The answer to enqueue and close is the queue as it is then. */
static void changed(void *arg, Status *s, Tensor **components UNUSED, int n UNUSED)
{
        QueueCall *c = arg;
        Request *r = c->request;
        autoptr(Session) session = c->session;
        if (!s)
                s = reply_queue(r, session);
        if (s)
                request_fail(r, s);
        else
                request_answer(r);
}

/* A batch has one dimension more than a row. */
static Status *read_component(QueueCall *c, JsonSpan v, int i, bool many, Tensor **ret)
{
        TensorLimits limits = context_limits(c->request->context);
        const Shape *hint = c->shapes && !many ? &c->shapes[i] : NULL;
        const char *p = arena_printf(c->request->arena, "/components/%d", i);
        Status *s = json_tensor_parse(v, c->dtypes[i], hint, NULL, &limits, ret);
        if (s)
                return pointer_prefix(s, p ? p : "/components");
        if (tensor_dtype(*ret) == c->dtypes[i])
                return NULL;
        s = invalid_argument("Component %d is %s, but the queue's is %s", i,
                             dtype_name(tensor_dtype(*ret)), dtype_name(c->dtypes[i]));
        status_set_pointer(s, "%s", p ? p : "/components");
        tensor_unref(steal(ret));
        return s;
}

/* One value for each component of a row. */
static Status *read_components(QueueCall *c, JsonSpan v, bool many, Tensor **ret)
{
        JsonArray a = { 0 };
        Status *s = v.at ? scan_array(c->request->arena, v, &a) : NULL;
        if (!s && a.n != (size_t)c->n)
                s = invalid_argument("The queue's rows have %d components, but got %zu", c->n, a.n);
        if (s)
                return pointer_prefix(s, "/components");
        for (int i = 0; i < c->n; i++)
                TRY(read_component(c, a.items[i], i, many, &ret[i]));
        return NULL;
}

/* {"components": [...], "many": ..., "wait": seconds}. */
static Status *enqueue(QueueCall *c)
{
        static const char *const members[] = { "components", "many", "wait", NULL };
        JsonObject o;
        bool many = false;
        TRY(read_call(c, members, &o));
        if (scan_get(&o, "many").at)
                TRY(member_bool(scan_get(&o, "many"), "/many", &many));
        Tensor **row = arena_calloc(c->request->arena, (size_t)c->n, sizeof(Tensor *));
        if (!row)
                return status_oom();
        int n = c->n;
        Status *s = read_components(c, scan_get(&o, "components"), many, row);
        if (!s)
                session_queue_enqueue(c->session, c->request->args[1], row, n, many, &c->wait,
                                      changed, c);
        for (int i = 0; i < n; i++)
                tensor_unref(row[i]);
        return s;
}

Status *queues_enqueue(Request *r)
{
        return begin(r, enqueue);
}

/* {"cancel_pending": ...}. */
static Status *close_queue(QueueCall *c)
{
        static const char *const members[] = { "cancel_pending", NULL };
        JsonObject o;
        bool cancel_pending = false;
        TRY(read_call(c, members, &o));
        JsonSpan v = scan_get(&o, "cancel_pending");
        if (v.at)
                TRY(member_bool(v, "/cancel_pending", &cancel_pending));
        session_queue_close(c->session, c->request->args[1], cancel_pending, changed, c);
        return NULL;
}

Status *queues_close(Request *r)
{
        return begin(r, close_queue);
}

/* ---- dequeue ---- */

/* In the form that the request asked for. */
static Status *write_components(QueueCall *c, Tensor **components, int n)
{
        Reply *reply = &c->request->reply;
        autobuf binary = BUF(LIMIT_ANSWER);
        Writer w = writer(&reply->body);
        reply->type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "components");
        writer_open(&w, '[');
        for (int i = 0; i < n; i++) {
                writer_value(&w);
                json_tensor_write(components[i], c->form.style, c->form.int64_as_string, w.out,
                                  &binary);
        }
        writer_close(&w, ']');
        writer_close(&w, '}');
        if (c->form.style != JSON_BINARY)
                return NULL;
        reply->json_length = reply->body.len;
        TRY(buf_status(&binary));
        buf_append(&reply->body, binary.data, binary.len);
        return NULL;
}

/* From any thread. */
static void dequeued(void *arg, Status *s, Tensor **components, int n)
{
        QueueCall *c = arg;
        autoptr(Session) session = c->session;
        if (!s)
                s = write_components(c, components, n);
        if (s)
                request_fail(c->request, s);
        else
                request_answer(c->request);
}

/* {"n": ..., "up_to": ..., "wait": seconds}; without n one element. */
static Status *dequeue(QueueCall *c)
{
        static const char *const members[] = { "n", "up_to", "wait", "output", "int64", NULL };
        JsonObject o;
        double n = QUEUE_ONE;
        bool up_to = false;
        TRY(read_call(c, members, &o));
        JsonSpan many = scan_get(&o, "n");
        if (many.at && scan_kind(many) != 'n')
                TRY(member_number(many, "/n", 0, 1e9, &n));
        if (n != floor(n))
                return pointer_prefix(invalid_argument("n must be a whole number."), "/n");
        if (scan_get(&o, "up_to").at)
                TRY(member_bool(scan_get(&o, "up_to"), "/up_to", &up_to));
        TRY(run_read_output(&c->form, &o));
        session_queue_dequeue(c->session, c->request->args[1], (int64_t)n, up_to, &c->wait,
                              dequeued, c);
        return NULL;
}

Status *queues_dequeue(Request *r)
{
        return begin(r, dequeue);
}
