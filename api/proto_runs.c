// SPDX-License-Identifier: Apache-2.0
/* :run and :partial_run_setup with RunStepRequest and its kin as bodies. Names mean what they mean
 * to TensorFlow's core, not to its Python client. */
#include "api/feed.h"
#include "api/handlers.h"
#include "api/proto_body.h"
#include "engine/tensor/tensor_proto.h"

typedef Tensorflow__RunStepRequest StepMessage;

/* One run under way; in the request's arena. */
typedef struct Run {
        Request *request;
        Session *session; /* one reference */
        const StepMessage *message;
} Run;

/* ---- the answer ---- */

/* Fetches under the names they were asked for. */
static Status *add_tensors(const Run *run, const RunResult *result, Tensorflow__RunStepResponse *m)
{
        Arena *a = run->request->arena;
        m->tensor = arena_calloc(a, (size_t)result->n + 1, sizeof *m->tensor);
        for (int i = 0; m->tensor && i < result->n; i++) {
                Tensorflow__NamedTensorProto *t = arena_alloc(a, sizeof *t);
                if (!t)
                        return status_oom();
                tensorflow__named_tensor_proto__init(t);
                t->name = run->message->fetch[i];
                m->tensor[m->n_tensor++] = t;
                TRY(tensor_to_proto(result->values[i], a, &t->tensor));
        }
        return m->tensor ? NULL : status_oom();
}

static Status *write_result(const Run *run, const RunResult *result)
{
        Tensorflow__RunStepResponse m = TENSORFLOW__RUN_STEP_RESPONSE__INIT;
        TRY(add_tensors(run, result, &m));
        m.metadata = (RunMetadata *)result->metadata;
        return proto_body_answer(run->request, &m.base);
}

/* Takes s over. */
static Status *write_error(const Run *run, Status *s)
{
        Tensorflow__RunStepResponse m = TENSORFLOW__RUN_STEP_RESPONSE__INIT;
        autoptr(Status) error = s;
        m.status_code = (Tensorflow__Error__Code)status_code(error);
        m.status_error_message = (char *)status_message(error);
        return proto_body_answer(run->request, &m.base);
}

/* With store_errors_in_response_body, an error is an answer like any other. */
static void run_done(void *arg, Status *s, const RunResult *result)
{
        Run *run = arg;
        Request *r = run->request;
        autoptr(Session) session = steal(&run->session);
        if (!s)
                s = write_result(run, result);
        else if (run->message->store_errors_in_response_body)
                s = write_error(run, s);
        if (s)
                request_fail_in(r, session, s);
        else
                request_answer(r);
}

/* ---- the request ---- */

/* By name. */
static Status *read_feeds(const Run *run, Feeds *ret)
{
        const StepMessage *m = run->message;
        size_t left = LIMIT_TENSOR;
        ret->items = arena_calloc(run->request->arena, m->n_feed + 1, sizeof *ret->items);
        if (!ret->items)
                return status_oom();
        for (size_t i = 0; i < m->n_feed; i++) {
                ret->items[i].key = m->feed[i]->name;
                TRY(proto_body_tensor(run->session, m->feed[i]->tensor, m->feed[i]->name, &left,
                                      &ret->items[i].value));
                ret->n++;
        }
        return NULL;
}

/* Metadata is made when the options ask for something that stands in it. */
static bool wants_metadata(const RunOptions *o)
{
        return o && (o->trace_level || o->output_partition_graphs);
}

/* A run, or a call of a partial run. */
static Status *start(Run *run)
{
        Request *r = run->request;
        const StepMessage *m = run->message;
        autofeeds feeds = { 0 };
        Cancel *cancel;
        TRY(proto_body_handle(r, m->session_handle));
        TRY(read_feeds(run, &feeds));
        TRY(request_cancel_token(r, &cancel));
        RunRequest q = { .fetches = (const char *const *)m->fetch,
                         .n_fetches = (int)m->n_fetch,
                         .feeds = feeds.items,
                         .n_feeds = feeds.n,
                         .targets = (const char *const *)m->target,
                         .n_targets = (int)m->n_target,
                         .options = m->options,
                         .metadata = wants_metadata(m->options),
                         .core_names = true,
                         .cancel = cancel };
        autoptr(Session) session = session_ref(run->session);
        if (*m->partial_run_handle)
                session_partial_run(session, m->partial_run_handle, &q, run_done, run);
        else
                session_run(session, &q, run_done, run);
        return NULL;
}

/* RunStepRequest. */
Status *proto_runs_run(Request *r)
{
        Run *run = arena_calloc(r->arena, 1, sizeof *run);
        if (!run)
                return status_oom();
        run->request = r;
        TRY(proto_body_keep(r, &tensorflow__run_step_request__descriptor, &run->message));
        TRY(proto_body_session(r, &run->session));
        Status *s = start(run);
        if (s)
                session_unref(steal(&run->session));
        return s;
}

/* ---- setup ---- */

/* PartialRunSetupRequest. */
Status *proto_runs_partial_setup(Request *r)
{
        const Tensorflow__PartialRunSetupRequest *m;
        Tensorflow__PartialRunSetupResponse answer = TENSORFLOW__PARTIAL_RUN_SETUP_RESPONSE__INIT;
        autoptr(Session) session = NULL;
        autofree char *handle = NULL;
        TRY(proto_body_keep(r, &tensorflow__partial_run_setup_request__descriptor, &m));
        TRY(proto_body_session(r, &session));
        TRY(proto_body_handle(r, m->session_handle));
        Feed *feeds = arena_calloc(r->arena, m->n_feed + 1, sizeof *feeds);
        if (!feeds)
                return status_oom();
        for (size_t i = 0; i < m->n_feed; i++)
                feeds[i].key = m->feed[i];
        RunRequest q = { .fetches = (const char *const *)m->fetch,
                         .n_fetches = (int)m->n_fetch,
                         .feeds = feeds,
                         .n_feeds = (int)m->n_feed,
                         .targets = (const char *const *)m->target,
                         .n_targets = (int)m->n_target,
                         .core_names = true };
        TRY(session_partial_run_setup(session, &q, &handle));
        answer.partial_run_handle = handle;
        return proto_body_answer(r, &answer.base);
}
