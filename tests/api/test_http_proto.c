// SPDX-License-Identifier: Apache-2.0
/* application/x-protobuf: TensorFlow's master messages in and out, with the core layer's names and
 * words. */
#include "api/limits.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"
#include "tensorflow/core/protobuf/master.pb-c.h"
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static Arena *arena;

static void begin(void)
{
        server_begin();
        cr_assert_null(arena_new(LIMIT_ARENA, &arena));
}

static void end(void)
{
        arena_free(arena);
        server_end();
}

TestSuite(http_proto, .init = begin, .fini = end);

#define SEND "Content-Type: application/x-protobuf\r\n"

static Answer send(const char *path, const ProtobufCMessage *m)
{
        autobuf body = BUF(MIB);
        cr_assert_null(proto_pack(m, &body));
        return http_with("POST", path, SEND, body.len ? body.data : "", body.len);
}

/* The answer as a message; the test fails when it is an error. */
static void *message(Answer a, const ProtoType *type)
{
        ProtobufCMessage *m = NULL;
        cr_assert(a.status == 200 || a.status == 201, "%d %s", a.status, a.body);
        cr_assert_str_eq(header(a, "Content-Type"), "application/x-protobuf");
        cr_assert_null(proto_unpack(type, a.body, a.len, NULL, arena, &m));
        return m;
}

/* a and b are fed or constants, c = a * b, v a variable that nobody initializes, nothing a NoOp. */
static void make(void)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'a = Const(value=5.0, dtype=float32); b = "
                    "Const(value=6.0, dtype=float32); c = a * b; nothing = NoOp()'}}"),
               201, NULL, NULL);
}

static Tensorflow__NamedTensorProto feed(const char *name, float *value)
{
        static Tensorflow__TensorProto tensors[8];
        static int n;
        Tensorflow__TensorProto *t = &tensors[n++ % 8];
        tensorflow__tensor_proto__init(t);
        t->dtype = 1;
        t->n_float_val = 1;
        t->float_val = value;
        Tensorflow__NamedTensorProto m = TENSORFLOW__NAMED_TENSOR_PROTO__INIT;
        m.name = (char *)name;
        m.tensor = t;
        return m;
}

static Answer run(const char *fetch, const char *target, Tensorflow__NamedTensorProto *fed)
{
        Tensorflow__RunStepRequest m = TENSORFLOW__RUN_STEP_REQUEST__INIT;
        m.fetch = (char *[]){ (char *)fetch };
        m.n_fetch = fetch != NULL;
        m.target = (char *[]){ (char *)target };
        m.n_target = target != NULL;
        m.feed = (Tensorflow__NamedTensorProto *[]){ fed };
        m.n_feed = fed != NULL;
        return send("/v1/sessions/s:run", &m.base);
}

static float scalar(const Tensorflow__RunStepResponse *m, size_t i)
{
        autoptr(Tensor) t = NULL;
        cr_assert(i < m->n_tensor);
        cr_assert_null(tensor_from_proto(m->tensor[i]->tensor, NULL, &t));
        cr_assert_eq(tensor_dtype(t), DT_FLOAT);
        return *(const float *)tensor_data(t);
}

Test(http_proto, run_takes_and_gives_step_messages)
{
        make();
        float seven = 7;
        Tensorflow__NamedTensorProto a = feed("a", &seven);
        Tensorflow__RunStepResponse *m =
                message(run("c:0", NULL, &a), &tensorflow__run_step_response__descriptor);
        cr_assert_eq(m->n_tensor, 1);
        cr_expect_str_eq(m->tensor[0]->name, "c:0");
        cr_expect_eq(scalar(m, 0), 42);
        cr_expect_null(m->metadata);
}

Test(http_proto, a_fetch_without_output_is_output_0)
{
        make();
        Tensorflow__RunStepResponse *m =
                message(run("c", NULL, NULL), &tensorflow__run_step_response__descriptor);
        cr_expect_str_eq(m->tensor[0]->name, "c");
        cr_expect_eq(scalar(m, 0), 30);
        m = message(run(NULL, "nothing", NULL), &tensorflow__run_step_response__descriptor);
        cr_expect_eq(m->n_tensor, 0);
}

static void expect_detail(Answer a, int status, const char *text)
{
        expect(a, status, "/detail", text);
        cr_expect_str_eq(header(a, "Content-Type"), "application/problem+json");
}

Test(http_proto, errors_speak_as_the_core_does)
{
        make();
        float x = 1;
        Tensorflow__NamedTensorProto c = feed("c", &x), odd = feed("a:1", &x), no = feed("q", &x);
        expect_detail(run("c", NULL, &c), 400, "c is both fed and fetched.");
        cr_expect_eq(run("c:0", NULL, &c).status, 200, "names are compared, not tensors");
        expect_detail(run(NULL, NULL, NULL), 400,
                      "Must specify at least one target to fetch or execute.");
        expect_detail(run("q:0", NULL, NULL), 404, "FetchOutputs node q:0: not found");
        expect_detail(run("c:3", NULL, NULL), 400,
                      "FetchOutputs c:3: output index too large, must be < 1");
        expect_detail(run("nothing", NULL, NULL), 400,
                      "Tried to fetch data for 'nothing', which produces no output.  To run to a "
                      "node but not fetch any data, pass 'nothing' as an argument to the "
                      "'target_node_names' argument of the Session::Run API.");
        expect_detail(run("c", NULL, &no), 404, "FeedInputs: unable to find feed output q");
        expect_detail(run("c", NULL, &odd), 400, "FeedInputs: a:1 should have output index < 1");
        expect_detail(run(NULL, "q", NULL), 404,
                      "PruneForTargets: Some target nodes not found: q ");
}

Test(http_proto, a_plan_of_one_layer_does_not_serve_the_other)
{
        make();
        expect(post("/v1/sessions/s:run", "{'fetches':['c']}"), 200, "/result", "[null]");
        Tensorflow__RunStepResponse *m =
                message(run("c", NULL, NULL), &tensorflow__run_step_response__descriptor);
        cr_expect_eq(scalar(m, 0), 30);
        expect(post("/v1/sessions/s:run", "{'fetches':['c']}"), 200, "/result", "[null]");
}

Test(http_proto, errors_may_come_in_the_message)
{
        make();
        Tensorflow__RunStepRequest q = TENSORFLOW__RUN_STEP_REQUEST__INIT;
        q.fetch = (char *[]){ "q:0" };
        q.n_fetch = 1;
        q.store_errors_in_response_body = true;
        Tensorflow__RunStepResponse *m = message(send("/v1/sessions/s:run", &q.base),
                                                 &tensorflow__run_step_response__descriptor);
        cr_expect_eq(m->status_code, 5);
        cr_expect_str_eq(m->status_error_message, "FetchOutputs node q:0: not found");
}

Test(http_proto, metadata_comes_when_the_options_ask)
{
        make();
        Tensorflow__RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        Tensorflow__RunStepRequest q = TENSORFLOW__RUN_STEP_REQUEST__INIT;
        o.trace_level = 3;
        q.options = &o;
        q.fetch = (char *[]){ "c:0" };
        q.n_fetch = 1;
        Tensorflow__RunStepResponse *m = message(send("/v1/sessions/s:run", &q.base),
                                                 &tensorflow__run_step_response__descriptor);
        cr_assert(m->metadata && m->metadata->step_stats);
}

Test(http_proto, a_partial_run_goes_by_its_handle)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'a = Placeholder(dtype=float32, shape=[]); b = "
                    "Placeholder(dtype=float32, shape=[]); p = a + 1.0; c = p * b'}}"),
               201, NULL, NULL);
        Tensorflow__PartialRunSetupRequest setup = TENSORFLOW__PARTIAL_RUN_SETUP_REQUEST__INIT;
        setup.feed = (char *[]){ "a", "b:0" };
        setup.fetch = (char *[]){ "p", "c:0" };
        setup.n_feed = setup.n_fetch = 2;
        Tensorflow__PartialRunSetupResponse *h =
                message(send("/v1/sessions/s:partial_run_setup", &setup.base),
                        &tensorflow__partial_run_setup_response__descriptor);
        cr_assert(*h->partial_run_handle);
        static const char *const feeds[] = { "a:0", "b" }, *const fetches[] = { "p:0", "c" };
        static const float wanted[] = { 3, 12 };
        for (int i = 0; i < 2; i++) {
                float value = i ? 4 : 2;
                Tensorflow__NamedTensorProto fed = feed(feeds[i], &value);
                Tensorflow__RunStepRequest q = TENSORFLOW__RUN_STEP_REQUEST__INIT;
                q.partial_run_handle = h->partial_run_handle;
                q.feed = (Tensorflow__NamedTensorProto *[]){ &fed };
                q.fetch = (char *[]){ (char *)fetches[i] };
                q.n_feed = q.n_fetch = 1;
                Tensorflow__RunStepResponse *m =
                        message(send("/v1/sessions/s:run", &q.base),
                                &tensorflow__run_step_response__descriptor);
                cr_expect_eq(scalar(m, 0), wanted[i]);
        }
}

Test(http_proto, sessions_are_created_extended_and_closed_by_messages)
{
        Tensorflow__AttrValue type;
        Tensorflow__NodeDef node = TENSORFLOW__NODE_DEF__INIT;
        Tensorflow__NodeDef__AttrEntry attr = TENSORFLOW__NODE_DEF__ATTR_ENTRY__INIT;
        Tensorflow__VersionDef versions = TENSORFLOW__VERSION_DEF__INIT;
        Tensorflow__GraphDef graph = TENSORFLOW__GRAPH_DEF__INIT;
        Tensorflow__CreateSessionRequest create = TENSORFLOW__CREATE_SESSION_REQUEST__INIT;
        Tensorflow__ExtendSessionRequest extend = TENSORFLOW__EXTEND_SESSION_REQUEST__INIT;
        tensorflow__attr_value__init(&type);
        type.value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
        type.type = 1;
        attr.key = "dtype";
        attr.value = &type;
        node.name = "x";
        node.op = "Placeholder";
        node.attr = (Tensorflow__NodeDef__AttrEntry *[]){ &attr };
        node.n_attr = 1;
        versions.producer = 27;
        graph.node = (Tensorflow__NodeDef *[]){ &node };
        graph.n_node = 1;
        graph.versions = &versions;
        create.graph_def = &graph;
        Answer a = send("/v1/sessions", &create.base);
        cr_assert_eq(a.status, 201);
        Tensorflow__CreateSessionResponse *made =
                message(a, &tensorflow__create_session_response__descriptor);
        cr_expect_eq(made->graph_version, 1);
        char path[200];
        snprintf(path, sizeof path, "/v1/sessions/%s", made->session_handle);
        cr_expect_str_eq(header(a, "Location"), path);
        expect(http("GET", path, NULL), 200, "/nodes", "1");

        snprintf(path, sizeof path, "/v1/sessions/%s:extend", made->session_handle);
        node.name = "y";
        extend.graph_def = &graph;
        extend.current_graph_version = 4;
        a = send(path, &extend.base);
        expect(a, 409, "/detail", "Current version is 1 but caller expected 4.");
        expect(a, 409, "/code_name", "ABORTED");
        extend.current_graph_version = 1;
        extend.session_handle = "other";
        cr_expect_eq(send(path, &extend.base).status, 400);
        extend.session_handle = made->session_handle;
        Tensorflow__ExtendSessionResponse *extended =
                message(send(path, &extend.base), &tensorflow__extend_session_response__descriptor);
        cr_expect_eq(extended->new_graph_version, 2);

        Tensorflow__CloseSessionRequest bye = TENSORFLOW__CLOSE_SESSION_REQUEST__INIT;
        snprintf(path, sizeof path, "/v1/sessions/%s:close", made->session_handle);
        message(send(path, &bye.base), &tensorflow__close_session_response__descriptor);
        Tensorflow__RunStepRequest q = TENSORFLOW__RUN_STEP_REQUEST__INIT;
        snprintf(path, sizeof path, "/v1/sessions/%s:run", made->session_handle);
        expect_detail(send(path, &q.base), 400, "Session is closed.");
}

Test(http_proto, a_reset_closes_the_sessions_of_the_target)
{
        make();
        Tensorflow__ResetRequest m = TENSORFLOW__RESET_REQUEST__INIT;
        message(send("/v1/targets:reset", &m.base), &tensorflow__reset_response__descriptor);
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/state", "closed");
}

Test(http_proto, devices_come_as_a_message_when_asked_for)
{
        make();
        Answer a = http_with("GET", "/v1/sessions/s/devices", "Accept: application/x-protobuf\r\n",
                             NULL, 0);
        Tensorflow__ListDevicesResponse *m =
                message(a, &tensorflow__list_devices_response__descriptor);
        cr_assert(m->n_local_device);
        cr_expect_str_eq(m->local_device[0]->name, "/job:localhost/replica:0/task:0/device:CPU:0");
        cr_expect_str_eq(m->local_device[0]->device_type, "CPU");
}

Test(http_proto, errors_say_code_and_text_in_headers_too)
{
        make();
        Answer a = run("q:0", NULL, NULL);
        expect(a, 404, "/code", "5");
        cr_expect_str_eq(header(a, "grpc-status"), "5");
        cr_expect_str_eq(header(a, "grpc-message"), "FetchOutputs node q:0: not found");
        a = run("\xc3\xa9 100%", NULL, NULL);
        cr_expect_str_eq(header(a, "grpc-message"), "FetchOutputs node %C3%A9 100%25: not found");
        a = post("/v1/sessions/s:run", "{'fetches':'q:0'}");
        cr_expect_str_eq(header(a, "grpc-status"), "");
}

static Tensorflow__NamedTensorProto feed_handle(const char *container, const char *handle)
{
        static Tensorflow__ResourceHandleProto h, *list = &h;
        float zero = 0;
        Tensorflow__NamedTensorProto m = feed("a", &zero);
        tensorflow__resource_handle_proto__init(&h);
        h.container = (char *)container;
        h.name = (char *)handle;
        h.hash_code = 7;
        h.maybe_type_name = "T";
        m.tensor->dtype = TENSORFLOW__DATA_TYPE__DT_RESOURCE;
        m.tensor->n_float_val = 0;
        m.tensor->resource_handle_val = &list;
        m.tensor->n_resource_handle_val = 1;
        return m;
}

Test(http_proto, the_handle_of_a_session_tensor_stands_for_it_and_no_other_may_be_fed)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'a = Const(value=5.0, dtype=float32); c = a * "
                    "2.0; h = GetSessionHandleV2(c)'}}"),
               201, NULL, NULL);
        Tensorflow__RunStepResponse *m =
                message(run("h:0", NULL, NULL), &tensorflow__run_step_response__descriptor);
        Tensorflow__TensorProto *t = m->tensor[0]->tensor;
        cr_assert_eq(t->n_resource_handle_val, 1);
        cr_expect_str_eq(t->resource_handle_val[0]->container, "TensorHandle");
        cr_expect_str_eq(t->resource_handle_val[0]->name, "h;0;");
        Tensorflow__NamedTensorProto good = feed_handle("TensorHandle", "h;0;");
        m = message(run("c:0", NULL, &good), &tensorflow__run_step_response__descriptor);
        cr_expect_eq(scalar(m, 0), 20);
        Tensorflow__NamedTensorProto gone = feed_handle("TensorHandle", "h;1;");
        expect_detail(run("c:0", NULL, &gone), 400,
                      "The tensor with handle 'h;1;' is not in the session store.");
        Tensorflow__NamedTensorProto other = feed_handle("localhost", "v");
        expect_detail(run("c:0", NULL, &other), 400,
                      "Invalid resource type hash code: 7(name: v type: T)");
        other.tensor->n_resource_handle_val = 0;
        expect_detail(run("c:0", NULL, &other), 400,
                      "Invalid resource type hash code: 0(name:  type: )");
}

Test(http_proto, damaged_and_greedy_messages_are_refused)
{
        make();
        expect(http_with("POST", "/v1/sessions/s:run", SEND, "\xff\xff\xff", 3), 400, "/code_name",
               "INVALID_ARGUMENT");
        Tensorflow__TensorShapeProto__Dim dim = TENSORFLOW__TENSOR_SHAPE_PROTO__DIM__INIT;
        Tensorflow__TensorShapeProto shape = TENSORFLOW__TENSOR_SHAPE_PROTO__INIT;
        float x = 1;
        dim.size = (int64_t)1 << 33;
        shape.dim = (Tensorflow__TensorShapeProto__Dim *[]){ &dim };
        shape.n_dim = 1;
        Tensorflow__NamedTensorProto huge = feed("a", &x);
        huge.tensor->tensor_shape = &shape;
        expect(run("c", NULL, &huge), 429, "/code_name", "RESOURCE_EXHAUSTED");
        huge.tensor = NULL;
        expect(run("c", NULL, &huge), 400, "/code_name", "INVALID_ARGUMENT");
        cr_expect_eq(http_with("POST", "/v1/sessions/s:partial_run", SEND, "x", 1).status, 415);
}
