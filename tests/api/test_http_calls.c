// SPDX-License-Identifier: Apache-2.0
/* What callables share with runs: options, metadata, forms of fetches, devices, the end of their
 * session. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void begin(void)
{
        server_begin();
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'a = Placeholder(dtype=float32); "
                    "b = Placeholder(dtype=float32, shape=[2]); y = a * b; n = NoOp(); "
                    "q = FIFOQueueV2(component_types=[float32]); "
                    "take = QueueDequeueV2(q, component_types=[float32]); "
                    "f = FIFOQueueV2(component_types=[float32], shapes=[[]]); "
                    "d = Cast(y, DstT=float64)'}}"),
               201, NULL, NULL);
}

TestSuite(http_calls, .init = begin, .fini = server_end, .timeout = 60);

#define S "/v1/sessions/s"

static Answer make(const char *name, const char *what)
{
        return post(S ":make_callable", "{'name':'%s',%s}", name, what);
}

static Answer call(const char *name, const char *what)
{
        char path[100];
        snprintf(path, sizeof path, S "/callables/%s:call", name);
        return post(path, "{%s}", what);
}

Test(http_calls, give_what_a_run_of_the_same_fetches_gives)
{
        expect(make("c", "'fetches':{'x':['y:0',['n','a:0'],{}],'z':{'$sparse':['a:0','b:0','y:0']}"
                         "},'feed_list':['a','b:0']"),
               200, NULL, NULL);
        expect(call("c", "'args':[2,[3,4]]"), 200, "/result",
               "{\"x\":[[6.0,8.0],[null,2.0],{}],\"z\":{\"indices\":2.0,\"values\":[3.0,4.0],"
               "\"dense_shape\":[6.0,8.0]}}");
        expect(make("op", "'fetches':'n'"), 200, NULL, NULL);
        expect(call("op", ""), 200, "/result", "null");
        expect(make("none", "'fetches':[]"), 200, NULL, NULL);
        Answer a = call("none", "");
        expect(a, 200, "/result", "[]");
        expect(a, 200, "/step_id", "0"); /* nothing ran */
        expect(make("kept", "'fetches':{'$handle':'y:0'},'feed_list':['a','b']"), 200, NULL, NULL);
        a = call("kept", "'args':[1,[1,2]]");
        char handle[100];
        snprintf(handle, sizeof handle, "'args':[2,{'$handle':'%s'}]", text_at(a, "/result"));
        expect(make("y", "'fetches':'y:0','feed_list':['a','b']"), 200, NULL, NULL);
        expect(call("y", handle), 200, "/result", "[2.0,4.0]");
}

Test(http_calls, check_their_values_as_a_run_does)
{
        expect(make("y", "'fetches':'y:0','feed_list':['a','b']"), 200, NULL, NULL);
        Answer a = call("y", "'args':[1,[1,2,3]]");
        expect(a, 400, "/detail",
               "Cannot feed value of shape (3,) for Tensor 'b:0', which has shape '(2,)'");
        expect(a, 400, "/exception", "ValueError");
        expect(a, 400, "/pointer", "/args/1");
        expect(make("half", "'fetches':'y:0','feed_list':['a']"), 200, NULL, NULL);
        expect(call("half", "'args':[1]"), 400, "/node", "b");
}

Test(http_calls, have_the_callables_options_or_bring_their_own)
{
        expect(make("take", "'fetches':'take:0','options':{'timeout_in_ms':'20'}"), 200, NULL,
               NULL);
        Answer a = call("take", "");
        expect(a, 504, "/detail", "Timed out waiting for notification");
        expect(make("y", "'fetches':'y:0','feed_list':['a','b']"), 200, NULL, NULL);
#define ARGS "'args':[1,[1,2]]"
        cr_expect_null(at(call("y", ARGS), "/run_metadata"));
        expect(call("y", ARGS ",'metadata':true"), 200, "/run_metadata", "{}");
        a = call("y", ARGS ",'metadata':true,'options':{'trace_level':'FULL_TRACE',"
                           "'output_partition_graphs':true}");
        cr_expect(at(a, "/run_metadata/stepStats/devStats/0") &&
                          at(a, "/run_metadata/partitionGraphs/0"),
                  "%s", a.body);
        expect(call("y", ARGS ",'metadata':true"), 200, "/run_metadata", "{}");
        expect(call("take", "'options':{'timeout_in_ms':'1'}"), 504, NULL, NULL);
        expect(call("y", ARGS ",'options':{'inter_op_thread_pool':7}"), 400, "/detail",
               "Invalid inter_op_thread_pool: 7");
        expect(make("z", "'fetches':'y:0','options':{'inter_op_thread_pool':7}"), 400, "/detail",
               "Invalid inter_op_thread_pool: 7");
        expect(call("y", ARGS ",'options':{'debug_options':{'debug_tensor_watch_opts':["
                              "{'node_name':'y','debug_ops':['DebugIdentity']}]}}"),
               501, "/detail",
               "Debug options are not currently supported via the C++ MakeCallable interface.");
}

Test(http_calls, that_wait_end_with_their_session)
{
        expect(make("take", "'fetches':'take:0'"), 200, NULL, NULL);
        int fd = begin_post(S "/callables/take:call", "{}");
        while (strcmp(text_at(http("GET", S, NULL), "/running"), "1"))
                ;
        expect(post(S ":close", "{}"), 200, NULL, NULL);
        Answer a = hear(fd);
        expect(a, 499, "/code_name", "CANCELLED");
        cr_expect(strstr(text_at(a, "/detail"), "Dequeue operation was cancelled"), "%s", a.body);
        expect(call("take", ""), 400, "/detail", "Attempted to use a closed Session.");
        expect(make("more", "'fetches':'n'"), 400, "/exception", "RuntimeError");
        http("DELETE", S, NULL);
}

/* ---- CallableOptions.feed_devices and fetch_devices ---- */

static Answer on(const char *devices)
{
        return post(S ":make_callable",
                    "{'callable_options':{'feed':['a','b'],'fetch':['y:0'],%s}}", devices);
}

#define CPU "/job:localhost/replica:0/task:0/device:CPU:0"

Test(http_calls, feed_and_fetch_where_there_is_a_device)
{
        expect(on("'feedDevices':{'a':'" CPU "','nobody':'/gpu:0'}"), 200, NULL, NULL);
        expect(on("'feedDevices':{'a':'/job:localhost/replica:0/task:0/cpu:0'}"), 200, NULL, NULL);
        expect(on("'fetchDevices':{'y:0':'" CPU "'},'fetchSkipSync':true"), 200, NULL, NULL);
        expect(on("'feedDevices':{'a':'/device:GPU:0'}"), 400, "/detail",
               "Device '/device:GPU:0' specified for tensor 'a' in CallableOptions does not "
               "exist");
        expect(on("'feedDevices':{'b':'/job:localhost/replica:0/task:0/device:CPU:1'}"), 400,
               "/detail",
               "Device '/job:localhost/replica:0/task:0/device:CPU:1' specified for tensor 'b' in "
               "CallableOptions does not exist");
        expect(on("'feedDevices':{'a':'GPU 0'}"), 400, "/detail",
               "Invalid device name ('GPU 0') provided for the tensor 'a' in CallableOptions");
        expect(on("'fetchDevices':{'y:0':'" CPU "'}"), 501, "/detail",
               "CallableOptions.fetch_skip_sync = false is not yet implemented. You can set it to "
               "true instead, but MUST ensure that Device::Sync() is invoked on the Device "
               "corresponding to the fetched tensor before dereferencing the Tensor's memory.");
        expect(on("'fetchDevices':{'y:0':'/gpu:0'},'fetchSkipSync':true"), 400, "/code", "3");
}
