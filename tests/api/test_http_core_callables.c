// SPDX-License-Identifier: Apache-2.0
/* Callables of the core layer: CallableOptions in JSON and as messages, tensor connections. */
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
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'a = Placeholder(dtype=float32, shape=[]); b = "
                    "Placeholder(dtype=float32, shape=[]); c = a * b; five = Const(value=5.0, "
                    "dtype=float32); i = Const(value=1, dtype=int32); d = c + five; v = "
                    "VariableV2(dtype=float32, shape=[]); init = Assign(v, five); nothing = "
                    "NoOp(); "
                    "vec = Const(value=[1.0, 2.0, 3.0], dtype=float32); e = vec * five; s = "
                    "Shape(e)\\nwith control(a):\\n  after = Identity(1.0)'}}"),
               201, NULL, NULL);
}

static void end(void)
{
        arena_free(arena);
        server_end();
}

TestSuite(http_core_callables, .init = begin, .fini = end);

#define SESSION "/v1/sessions/s"

static Answer make(const char *options)
{
        return post(SESSION ":make_callable", "{'callable_options':%s}", options);
}

static Answer call(const char *name, const char *args)
{
        char path[100];
        snprintf(path, sizeof path, SESSION "/callables/%s:call", name);
        return post(path, "{'args':%s}", args);
}

Test(http_core_callables, results_are_a_list_in_the_order_of_the_fetches)
{
        Answer a = make("{'feed':['a','b:0'],'fetch':['c','a:0x','c:0']}");
        expect(a, 404, "/detail", "FetchOutputs node a:0x: not found");
        expect(make("{'feed':['a','b:0'],'fetch':['c','d','c']}"), 200, "/callable", "0");
        expect(call("0", "[2,3]"), 200, "/result", "[6.0,11.0,6.0]");
        expect(call("0", "[2]"), 400, "/detail", "Expected 2 feed tensors, but got 1");
        expect(make("{'feed':['a','b'],'fetch':['c'],'target':['init']}"), 200, "/callable", "1");
        expect(call("1", "[2,4]"), 200, "/result", "[8.0]");
        expect(post(SESSION ":run", "{'fetches':'v:0'}"), 200, "/result", "5.0");
        expect(make("{'target':['nothing']}"), 200, "/callable", "2");
        expect(call("2", "[]"), 200, "/result", "[]");
}

Test(http_core_callables, wrong_options_are_told_in_the_words_of_the_core)
{
        static const struct {
                const char *options, *detail;
                int status;
        } rows[] = {
                { "{}", "Must specify at least one target to fetch or execute.", 400 },
                { "{'fetch':['q:0']}", "FetchOutputs node q:0: not found", 404 },
                { "{'fetch':['a:7']}", "FetchOutputs a:7: output index too large, must be < 1",
                  400 },
                { "{'feed':['q'],'fetch':['c']}", "FeedInputs: unable to find feed output q", 404 },
                { "{'feed':['a','a'],'fetch':['c']}", "Endpoint \"a\" fed more than once.", 400 },
                { "{'feed':['a'],'fetch':['a']}", "a is both fed and fetched.", 400 },
                { "{'target':['q']}", "PruneForTargets: Some target nodes not found: q ", 404 },
                { "{'fetch':['five'],'runOptions':{'debugOptions':{'debugTensorWatchOpts':"
                  "[{'nodeName':'five'}]}}}",
                  "Debug options are not currently supported via the C++ MakeCallable interface.",
                  501 },
        };
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                Answer a = make(rows[i].options);
                expect(a, rows[i].status, "/detail", rows[i].detail);
        }
        Answer a = make("{'fetsch':['c']}");
        expect(a, 400, "/pointer", "/callable_options/fetsch");
        a = post(SESSION ":make_callable", "{'callable_options':{'fetch':['five']},'fetches':'c'}");
        expect(a, 400, "/code", "3");
        a = make("{'feed':['a'],'fetch':['five'],'feedDevices':{'a':'/device:GPU:0'}}");
        expect(a, 400, "/code", "3");
        expect(post("/v1/sessions", "{'name':'empty'}"), 201, NULL, NULL);
        a = post("/v1/sessions/empty:make_callable", "{'callable_options':{'fetch':['c']}}");
        expect(a, 400, "/detail", "Session was not created with a graph before MakeCallable()!");
}

#define CONNECT(from, to) "'tensorConnection':[{'fromTensor':'" from "','toTensor':'" to "'}]"

Test(http_core_callables, a_connection_replaces_what_consumers_take)
{
        /* c = a * b with b from five, d = c + five unchanged */
        expect(make("{'feed':['a'],'fetch':['c','d']," CONNECT("five:0", "b:0") "}"), 200, NULL,
               NULL);
        expect(call("0", "[2]"), 200, "/result", "[10.0,15.0]");
        /* any tensor may be replaced, and others see nothing of it */
        expect(make("{'feed':['a','b'],'fetch':['d']," CONNECT("a", "c") "}"), 200, NULL, NULL);
        expect(call("1", "[2,3]"), 200, "/result", "[7.0]");
        expect(post(SESSION ":run", "{'fetches':'d:0','feeds':{'a':2,'b':3}}"), 200, "/result",
               "11.0");
        /* another shape than the one that was inferred */
        expect(make("{'fetch':['e','s']," CONNECT("five", "vec") "}"), 200, NULL, NULL);
        expect(call("2", "[]"), 200, "/result", "[25.0,[]]");
        /* a variable's value, which changes between calls */
        expect(post(SESSION ":run", "{'targets':['init']}"), 200, NULL, NULL);
        expect(make("{'fetch':['e']," CONNECT("v", "five") "}"), 200, NULL, NULL);
        expect(call("3", "[]"), 200, "/result", "[[5.0,10.0,15.0]]");
        cr_expect_eq(http("PUT", SESSION "/variables/v", "2.0").status, 204);
        expect(call("3", "[]"), 200, "/result", "[[2.0,4.0,6.0]]");
        /* who waits for a replaced placeholder waits for what stands in */
        expect(make("{'fetch':['after']," CONNECT("five", "a") "}"), 200, NULL, NULL);
        expect(call("4", "[]"), 200, "/result", "[1.0]");
}

Test(http_core_callables, connections_that_cannot_be_are_refused)
{
        static const struct {
                const char *options, *detail;
                int status;
        } rows[] = {
                { "{'fetch':['d']," CONNECT("d", "c") "}",
                  "Requested Tensor connection between nodes \"c\" and \"d\" would create a cycle.",
                  400 },
                { "{'fetch':['d']," CONNECT("c", "c") "}",
                  "Requested Tensor connection between nodes \"c\" and \"c\" would create a cycle.",
                  400 },
                { "{'fetch':['d']," CONNECT("q", "c:0") "}",
                  "Requested tensor connection from unknown node: \"c:0\".", 400 },
                { "{'fetch':['d']," CONNECT("five:3", "c:0") "}",
                  "Requested tensor connection from unknown edge: \"c:0\" (actual number of "
                  "outputs "
                  "= 1).",
                  400 },
                { "{'fetch':['d']," CONNECT("five", "q") "}",
                  "FeedInputs: unable to find feed output q", 404 },
                { "{'fetch':['d'],'feed':['c:0']," CONNECT("five", "c:0") "}",
                  "Endpoint \"c:0\" fed more than once.", 400 },
                { "{'fetch':['d'],'tensorConnection':[{'fromTensor':'a','toTensor':'c'},"
                  "{'fromTensor':'b','toTensor':'c'}]}",
                  "Endpoint \"c\" fed more than once.", 400 },
                { "{'fetch':['c']," CONNECT("five", "c") "}", "c is both fed and fetched.", 400 },
                { "{'fetch':['d']," CONNECT("i", "c") "}",
                  "Input 0 of node d was passed int32 from _identity_c_0:0 incompatible with "
                  "expected float.",
                  400 },
                { "{'target':['init']," CONNECT("five", "v") "}", "0-th input expects a ref type",
                  400 },
        };
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                Answer a = make(rows[i].options);
                expect(a, rows[i].status, "/detail", rows[i].detail);
        }
}

Test(http_core_callables, they_are_there_again_after_a_restart)
{
        expect(make("{'feed':['a'],'fetch':['c']," CONNECT("five:0", "b:0") "}"), 200, NULL, NULL);
        server_restart();
        expect(call("0", "[3]"), 200, "/result", "[15.0]");
        expect(http("GET", SESSION "/callables/0", NULL), 200, "/spec/callable_options/feed",
               "[\"a\"]");
}

/* ---- messages ---- */

#define SEND "Content-Type: application/x-protobuf\r\n"

static Answer send(const char *path, const ProtobufCMessage *m)
{
        autobuf body = BUF(MIB);
        cr_assert_null(proto_pack(m, &body));
        return http_with("POST", path, SEND, body.len ? body.data : "", body.len);
}

static void *message(Answer a, const ProtoType *type)
{
        ProtobufCMessage *m = NULL;
        cr_assert(a.status == 200, "%d %s", a.status, a.body);
        cr_assert_str_eq(header(a, "Content-Type"), "application/x-protobuf");
        cr_assert_null(proto_unpack(type, a.body, a.len, NULL, arena, &m));
        return m;
}

static Tensorflow__TensorProto number(float *value)
{
        Tensorflow__TensorProto t = TENSORFLOW__TENSOR_PROTO__INIT;
        t.dtype = TENSORFLOW__DATA_TYPE__DT_FLOAT;
        t.n_float_val = 1;
        t.float_val = value;
        return t;
}

static int64_t make_by_message(void)
{
        Tensorflow__TensorConnection k = TENSORFLOW__TENSOR_CONNECTION__INIT;
        Tensorflow__CallableOptions o = TENSORFLOW__CALLABLE_OPTIONS__INIT;
        Tensorflow__MakeCallableRequest m = TENSORFLOW__MAKE_CALLABLE_REQUEST__INIT;
        k.from_tensor = "five:0";
        k.to_tensor = "b:0";
        o.feed = (char *[]){ "a" };
        o.fetch = (char *[]){ "c", "d:0" };
        o.n_feed = 1;
        o.n_fetch = 2;
        o.tensor_connection = (Tensorflow__TensorConnection *[]){ &k };
        o.n_tensor_connection = 1;
        m.session_handle = "s";
        m.options = &o;
        Answer a = send(SESSION ":make_callable", &m.base);
        Tensorflow__MakeCallableResponse *r =
                message(a, &tensorflow__make_callable_response__descriptor);
        char location[100];
        snprintf(location, sizeof location, SESSION "/callables/%d", (int)r->handle);
        cr_expect_str_eq(header(a, "Location"), location);
        return r->handle;
}

Test(http_core_callables, messages_make_call_and_are_refused)
{
        cr_expect_eq(make_by_message(), 0);
        cr_expect_eq(make_by_message(), 1);
        float two = 2;
        Tensorflow__TensorProto t = number(&two);
        Tensorflow__RunCallableRequest q = TENSORFLOW__RUN_CALLABLE_REQUEST__INIT;
        q.handle = 1;
        q.feed = (Tensorflow__TensorProto *[]){ &t };
        q.n_feed = 1;
        Tensorflow__RunCallableResponse *r =
                message(send(SESSION "/callables/1:call", &q.base),
                        &tensorflow__run_callable_response__descriptor);
        static const float wanted[] = { 10, 15 };
        cr_assert_eq(r->n_fetch, 2);
        for (size_t i = 0; i < 2; i++) {
                autoptr(Tensor) got = NULL;
                cr_assert_null(tensor_from_proto(r->fetch[i], NULL, &got));
                cr_expect_eq(*(const float *)tensor_data(got), wanted[i]);
        }
        expect(send(SESSION "/callables/0:call", &q.base), 400, "/code", "3");
        q.handle = 7;
        expect(send(SESSION "/callables/7:call", &q.base), 400, "/detail",
               "No such callable handle: 7");
        q.handle = 1;
        q.n_feed = 0;
        expect(send(SESSION "/callables/1:call", &q.base), 400, "/detail",
               "Expected 1 feed tensors, but got 0");
        cr_expect_eq(http("DELETE", SESSION "/callables/1", NULL).status, 204);
        expect(send(SESSION "/callables/1:call", &q.base), 400, "/detail",
               "Attempted to run callable after handle was released: 1");
        expect(http_with("POST", SESSION ":make_callable", SEND, "\xff", 1), 400, NULL, NULL);
        expect(post(SESSION ":close", "{}"), 200, NULL, NULL);
        expect(send(SESSION "/callables/0:call", &q.base), 400, "/detail", "Session is closed.");
}
