// SPDX-License-Identifier: Apache-2.0
/* timeout_in_ms: what it interrupts ends, and what that worked on stays right. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_timeouts, .init = server_begin, .fini = server_end, .timeout = 120);

#define TIMEOUT "Timed out waiting for notification"

static void make(const char *graph)
{
        expect(post("/v1/sessions", "{'name':'s','graph':%s}", graph), 201, NULL, NULL);
}

static Answer run(const char *what, int ms)
{
        return post("/v1/sessions/s:run", "{%s,'options':{'timeout_in_ms':'%d'}}", what, ms);
}

/* ---- steps without end ---- */

#define FLOAT(k) "'" k "':{'type':'DT_FLOAT'}"
#define FRAME    "'frame_name':{'s':'Zg=='}"
#define NUMBER(n, v)                                   \
        "{'name':'" n "','op':'Const','attr':{" FLOAT( \
                "dtype") ",'value':{'tensor':{"        \
                         "'dtype':'DT_FLOAT','tensorShape':{},'floatVal':[" v "]}}}}"
#define NODE(n, op, in, attrs) "{'name':'" n "','op':'" op "','input':[" in "],'attr':{" attrs "}}"

/* clang-format off */
/* while (-1 < i) i = i: never ends. */
static const char endless[] =
        "{'graph_def':{'node':["
        NUMBER("zero", "0") "," NUMBER("low", "-1") ","
        NODE("i0", "Enter", "'zero'", FLOAT("T") "," FRAME) ","
        NODE("lim", "Enter", "'low'", FLOAT("T") "," FRAME ",'is_constant':{'b':true}") ","
        NODE("i", "Merge", "'i0','next'", FLOAT("T") ",'N':{'i':2}") ","
        NODE("less", "Less", "'lim','i'", FLOAT("T")) ","
        NODE("go", "LoopCond", "'less'", "") ","
        NODE("on", "Switch", "'i','go'", FLOAT("T")) ","
        NODE("next", "NextIteration", "'on:1'", FLOAT("T")) ","
        NODE("out", "Exit", "'on'", FLOAT("T"))
        "]}}";
/* clang-format on */

Test(http_timeouts, a_loop_without_end_ends)
{
        make(endless);
        expect(run("'fetches':'out:0'", 20), 504, "/detail", TIMEOUT);
        expect(run("'fetches':'out:0'", 20), 504, "/code_name", "DEADLINE_EXCEEDED");
        expect(run("'fetches':'zero:0'", 20000), 200, "/result", "0.0");
}

/* The same by functions: While(i, cond = always, body = same). */
#define FUNCTION(name, out, type, node, ret)                                                    \
        "{'signature':{'name':'" name "','inputArg':[{'name':'v','type':'DT_FLOAT'}],"          \
        "'outputArg':[{'name':'" out "','type':'" type "'}]},'nodeDef':[" node "],'ret':{'" out \
        "':'" ret "'}}"

/* clang-format off */
static const char endless_function[] =
        "{'graph_def':{'node':["
        NUMBER("zero", "0") ","
        NODE("out", "While", "'zero'",
             "'T':{'list':{'type':['DT_FLOAT']}},'cond':{'func':{'name':'always'}},"
             "'body':{'func':{'name':'same'}}")
        "],'library':{'function':["
        FUNCTION("always", "b", "DT_BOOL", NODE("is", "Equal", "'v','v'", FLOAT("T")), "is:z:0") ","
        FUNCTION("same", "w", "DT_FLOAT", NODE("neg", "Neg", "'v'", FLOAT("T")), "neg:y:0")
        "]}}}";
/* clang-format on */

Test(http_timeouts, a_loop_by_functions_ends)
{
        make(endless_function);
        expect(run("'fetches':'out:0'", 20), 504, "/detail", TIMEOUT);
        expect(run("'fetches':'zero:0'", 20000), 200, "/result", "0.0");
}

/* ---- long kernels: without a look at the clock each would take minutes ---- */

Test(http_timeouts, a_long_kernel_ends)
{
        make("{'script':'x = Fill([1, 2000, 2000, 1], 1.0)\\n"
             "p = AvgPool(x, ksize=[1, 301, 301, 1], strides=[1, 1, 1, 1], padding=\\'SAME\\')\\n"
             "a = RandomUniformInt([6000, 6000], 0, 10)\\nm = a @ a\\n"
             "b = RandomUniform([6000, 6000], dtype=float64)\\ninv = MatrixInverse(b)'}");
        expect(run("'targets':['p']", 50), 504, "/detail", TIMEOUT);
        expect(run("'targets':['m']", 2000), 504, "/detail", TIMEOUT);
        expect(run("'targets':['inv']", 2000), 504, "/detail", TIMEOUT);
}

/* What they work on is there before; together they would take longer than the test may. */
Test(http_timeouts, kernels_of_every_slow_family_end)
{
        static const struct {
                const char *shape, *slow;
        } rows[] = {
                { "8000, 8000", "MatMul(v, v)" },
                { "1, 512, 512, 64",
                  "Conv2D(v, Fill([31, 31, 64, 64], 1.0), strides=[1, 1, 1, 1], padding="
                  "\\'SAME\\')" },
                { "200000, 4", "NonMaxSuppression(v, Fill([200000], 1.0), 200000)" },
                { "1, 64, 64, 4096", "LRN(v, depth_radius=2000)" },
                { "50000000", "Betainc(v, v, v)" },
                { "40000000", "TopKV2(v, 20000000)" },
                { "1, 1000", "Multinomial(v, 100000000, output_dtype=int32)" },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                char graph[500];
                http("DELETE", "/v1/sessions/s", NULL);
                snprintf(graph, sizeof graph,
                         "{'script':'v = VariableV2(dtype=float32, shape=[%s])\\n"
                         "init = Assign(v, RandomUniform([%s], dtype=float32))\\ny = %s'}",
                         rows[i].shape, rows[i].shape, rows[i].slow);
                make(graph);
                expect(run("'targets':['init']", 0), 200, NULL, NULL);
                expect(run("'targets':['y']", 300), 504, "/detail", TIMEOUT);
        }
}

/* ---- what stays right ---- */

#define QUEUE                                                                          \
        "{'script':'q = FIFOQueueV2(component_types=[float32], capacity=2)\\n"         \
        "x = Placeholder(dtype=float32, shape=[])\\n"                                  \
        "xs = Placeholder(dtype=float32, shape=[-1])\\n"                               \
        "put = QueueEnqueueV2(q, [x])\\nputs = QueueEnqueueManyV2(q, [xs])\\n"         \
        "take = QueueDequeueV2(q, component_types=[float32])\\n"                       \
        "n = QueueSizeV2(q)\\n"                                                        \
        "v = VarHandleOp(dtype=float32, shape=[])\\nset = AssignVariableOp(v, 1.0)\\n" \
        "add = AssignAddVariableOp(v, take)\\nget = ReadVariableOp(v, dtype=float32)'}"

Test(http_timeouts, a_dequeue_that_gave_up_takes_nothing_later)
{
        make(QUEUE);
        expect(run("'fetches':'take:0'", 10), 504, "/detail", TIMEOUT);
        expect(run("'targets':['put'],'feeds':{'x':3}", 20000), 200, NULL, NULL);
        expect(run("'fetches':'n:0'", 20000), 200, "/result", "1");
        expect(run("'fetches':'take:0'", 20000), 200, "/result", "3.0");
}

Test(http_timeouts, an_enqueue_that_gave_up_puts_nothing_later)
{
        make(QUEUE);
        expect(run("'targets':['puts'],'feeds':{'xs':[1,2]}", 20000), 200, NULL, NULL);
        expect(run("'targets':['put'],'feeds':{'x':9}", 10), 504, "/detail", TIMEOUT);
        expect(run("'fetches':'take:0'", 20000), 200, "/result", "1.0");
        expect(run("'fetches':'n:0'", 20000), 200, "/result", "1");
        expect(run("'fetches':'take:0'", 20000), 200, "/result", "2.0");
}

Test(http_timeouts, a_variable_behind_what_gave_up_is_as_it_was)
{
        make(QUEUE);
        expect(run("'targets':['set']", 20000), 200, NULL, NULL);
        expect(run("'targets':['add']", 10), 504, "/detail", TIMEOUT);
        expect(run("'fetches':'get:0'", 20000), 200, "/result", "1.0");
        expect(run("'targets':['put'],'feeds':{'x':3}", 20000), 200, NULL, NULL);
        expect(run("'targets':['add']", 20000), 200, NULL, NULL);
        expect(run("'fetches':'get:0'", 20000), 200, "/result", "4.0");
}

Test(http_timeouts, zero_is_no_timeout_and_a_negative_one_neither)
{
        make("{'script':'a = 1.0'}");
        expect(run("'fetches':'a:0'", 0), 200, "/result", "1.0");
        expect(run("'fetches':'a:0'", -5), 200, "/result", "1.0");
        expect(post("/v1/sessions/s:run",
                    "{'fetches':'a:0','options':{'timeout_in_ms':'9223372036854775807'}}"),
               200, "/result", "1.0");
}
