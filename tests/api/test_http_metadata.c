// SPDX-License-Identifier: Apache-2.0
/* RunMetadata over HTTP: what a run tells about itself when asked. */
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(http_metadata, .init = server_begin, .fini = server_end);

#define TWO    "'device_count':{'CPU':2}"
#define CPU(i) "/job:localhost/replica:0/task:0/device:CPU:" #i
/* x is fed, y is made on CPU:1, z on CPU:0 again. */
#define THERE_AND_BACK                                 \
        "x = Placeholder(dtype=float32, shape=[2])\\n" \
        "with device(\\'/cpu:1\\'):\\n  y = Neg(x)\\n" \
        "with device(\\'/cpu:0\\'):\\n  z = Exp(y)"

static Answer run(const char *fetch, const char *options)
{
        return post("/v1/sessions/s:run",
                    "{'fetches':'%s','feeds':{'x':[1,2]},'metadata':true,'options':{%s}}", fetch,
                    options);
}

static bool has(Answer a, const char *pointer)
{
        return at(a, pointer) != NULL;
}

/* ---- step_stats ---- */

Test(http_metadata, without_a_trace_there_are_no_step_stats)
{
        make_session("'allow_soft_placement':true", THERE_AND_BACK);
        Answer a = run("z:0", "'trace_level':'NO_TRACE'");
        expect(a, 200, "/run_metadata", "{}");
        a = run("z:0", "'trace_level':'SOFTWARE_TRACE'");
        expect(a, 200, "/run_metadata/stepStats/devStats/0/device", CPU(0));
        a = run("z:0", "");
        cr_assert_not(has(a, "/run_metadata/stepStats"), "metadata is of this run alone");
}

Test(http_metadata, each_device_that_is_used_has_its_stats)
{
        make_session(TWO, THERE_AND_BACK);
        Answer a = run("z:0", "'trace_level':'FULL_TRACE'");
        cr_assert_eq(json_array_size(at(a, "/run_metadata/stepStats/devStats")), 2);
        expect(a, 200, "/run_metadata/stepStats/devStats/0/device", CPU(0));
        expect(a, 200, "/run_metadata/stepStats/devStats/0/nodeStats/0/nodeName", "z");
        expect(a, 200, "/run_metadata/stepStats/devStats/1/device", CPU(1));
        expect(a, 200, "/run_metadata/stepStats/devStats/1/nodeStats/0/nodeName", "y");
        a = run("y:0", "'trace_level':'FULL_TRACE'");
        cr_assert_eq(json_array_size(at(a, "/run_metadata/stepStats/devStats")), 1);
        expect(a, 200, "/run_metadata/stepStats/devStats/0/device", CPU(1));
}

Test(http_metadata, a_node_tells_its_outputs_and_its_memory)
{
        make_session("", "x = Placeholder(dtype=float32, shape=[2])\\n"
                         "y = ConcatV2([x, x], 0)\\nz = Identity(y)");
        Answer a = run("z:0", "'trace_level':'FULL_TRACE'");
#define NODE(i) "/run_metadata/stepStats/devStats/0/nodeStats/" #i
        expect(a, 200, NODE(0) "/nodeName", "y");
        expect(a, 200, NODE(0) "/timelineLabel", "y = ConcatV2(x, x, y/Const)");
        expect(a, 200, NODE(0) "/output/0/tensorDescription/dtype", "DT_FLOAT");
        expect(a, 200, NODE(0) "/output/0/tensorDescription/shape/dim/0/size", "4");
        expect(a, 200, NODE(0) "/output/0/tensorDescription/allocationDescription/requestedBytes",
               "16");
        cr_assert_geq(atoll(text_at(a, NODE(0) "/memory/0/liveBytes")), 16, "%s", a.body);
        cr_assert_str_eq(text_at(a, NODE(0) "/memory/0/allocationRecords/0/allocBytes"),
                         text_at(a, NODE(0) "/memory/0/liveBytes"));
        expect(a, 200, NODE(1) "/nodeName", "z");
        cr_assert_not(has(a, NODE(1) "/memory/0/liveBytes"), "Identity allocates nothing: %s",
                      a.body);
        cr_assert_neq(atoll(text_at(a, NODE(1) "/threadId")), 0);
        cr_assert_geq(atoll(text_at(a, NODE(1) "/allStartNanos")),
                      atoll(text_at(a, NODE(0) "/allStartNanos")));
}

/* ---- partition_graphs ---- */

/* The node of that name or, with a leading '=', of that op, in a partition. */
static json_t *node_of(Answer a, int part, const char *what)
{
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/run_metadata/partitionGraphs/%d/node", part);
        bool op = *what == '=';
        return find_at(a, pointer, op ? "op" : "name", what + op);
}

static const char *input_of(json_t *node, size_t i)
{
        const char *s = json_string_value(json_array_get(json_object_get(node, "input"), i));
        return s ? s : "";
}

Test(http_metadata, a_partition_has_arguments_and_results)
{
        make_session("", THERE_AND_BACK);
        /* With one device the second wish has none. */
        expect(run("z:0", ""), 400, NULL, NULL);
        http("DELETE", "/v1/sessions/s", NULL);
        make_session("'allow_soft_placement':true", THERE_AND_BACK);
        Answer a = run("z:0", "'output_partition_graphs':true");
        cr_assert_eq(json_array_size(at(a, "/run_metadata/partitionGraphs")), 1);
        cr_assert_str_eq(input_of(node_of(a, 0, "y"), 0), "_arg_x_0_0");
        cr_assert_str_eq(input_of(node_of(a, 0, "_retval_z_0_0"), 0), "z");
        cr_assert_str_eq(text_at(a, "/run_metadata/partitionGraphs/0/node/0/device"), CPU(0));
        a = run("z:0", "");
        cr_assert_not(has(a, "/run_metadata/partitionGraphs"));
}

Test(http_metadata, each_device_has_a_partition_and_values_are_sent)
{
        make_session(TWO, THERE_AND_BACK);
        Answer a = run("z:0", "'output_partition_graphs':true");
        cr_assert_eq(json_array_size(at(a, "/run_metadata/partitionGraphs")), 2, "%s", a.body);
        json_t *send = node_of(a, 0, "=_Send"), *recv = node_of(a, 1, "=_Recv");
        cr_assert(send && recv && node_of(a, 0, "=_Recv") && node_of(a, 1, "=_Send"));
        cr_assert_str_eq(input_of(send, 0), "_arg_x_0_0");
        cr_assert_str_eq(input_of(node_of(a, 1, "y"), 0),
                         json_string_value(json_object_get(recv, "name")));
        cr_assert_str_eq(input_of(node_of(a, 1, "=_Send"), 0), "y");
        cr_assert_str_eq(input_of(node_of(a, 0, "z"), 0),
                         json_string_value(json_object_get(node_of(a, 0, "=_Recv"), "name")));
        json_t *from = json_object_get(json_object_get(send, "attr"), "tensor_name");
        json_t *to = json_object_get(json_object_get(recv, "attr"), "tensor_name");
        cr_assert(from && json_equal(from, to));
        cr_assert_null(node_of(a, 0, "y"));
        cr_assert_not_null(node_of(a, 0, "=_Retval"));
}

Test(http_metadata, a_value_is_sent_once_to_each_device)
{
        make_session(TWO, "x = Placeholder(dtype=float32, shape=[2])\\n"
                          "with device(\\'/cpu:1\\'):\\n  a = Neg(x)\\n  b = Exp(x)\\n  y = a + b");
        Answer a = run("y:0", "'output_partition_graphs':true");
        cr_assert_str_eq(input_of(node_of(a, 1, "a"), 0), input_of(node_of(a, 1, "b"), 0));
}

Test(http_metadata, who_waits_for_a_node_elsewhere_waits_for_an_empty_value)
{
        make_session(TWO, "x = Placeholder(dtype=float32, shape=[2])\\n"
                          "with device(\\'/cpu:1\\'):\\n  a = Neg(x)\\n"
                          "with device(\\'/cpu:0\\'), control(a):\\n  y = Exp(x)");
        Answer a = run("y:0", "'output_partition_graphs':true");
        json_t *wait = node_of(a, 0, "=Identity");
        cr_assert_not_null(wait, "%s", a.body);
        cr_assert_str_eq(input_of(node_of(a, 0, "y"), 1) + 1,
                         json_string_value(json_object_get(wait, "name")));
        cr_assert_str_eq(input_of(node_of(a, 1, "=Const"), 0), "^a");
}

#define FOLDABLE "x = Placeholder(dtype=float32, shape=[2])\\nc = Exp(Neg(2.0))\\ny = x * c"

Test(http_metadata, constants_are_folded_unless_level_L0_says_no)
{
        make_session("", FOLDABLE);
        Answer a = run("y:0", "'output_partition_graphs':true");
        cr_assert_null(node_of(a, 0, "=Exp"), "%s", a.body);
        http("DELETE", "/v1/sessions/s", NULL);
        make_session("'graph_options':{'optimizer_options':{'opt_level':'L0'}}", FOLDABLE);
        a = run("y:0", "'output_partition_graphs':true");
        cr_assert_not_null(node_of(a, 0, "=Exp"), "%s", a.body);
        http("DELETE", "/v1/sessions/s", NULL);
        make_session(
                "'graph_options':{'optimizer_options':{'opt_level':-1,'do_constant_folding':true}}",
                FOLDABLE);
        a = run("y:0", "'output_partition_graphs':true");
        cr_assert_null(node_of(a, 0, "=Exp"), "%s", a.body);
}

Test(http_metadata, folded_constants_are_as_large_as_the_client_allows)
{
        const char *script = "x = Placeholder(dtype=float32, shape=[2])\\n"
                             "c = Exp([1.0, 2.0])\\ny = x * c";
        make_session("'graph_options':{'optimizer_options':{'max_folded_constant_in_bytes':'4'}}",
                     script);
        Answer a = run("y:0", "'output_partition_graphs':true");
        cr_assert_not_null(node_of(a, 0, "=Exp"), "%s", a.body);
        http("DELETE", "/v1/sessions/s", NULL);
        make_session("'graph_options':{'optimizer_options':{'max_folded_constant_in_bytes':'8'}}",
                     script);
        a = run("y:0", "'output_partition_graphs':true");
        cr_assert_null(node_of(a, 0, "=Exp"), "%s", a.body);
}

/* ---- function_graphs ---- */

Test(http_metadata, the_functions_of_a_run_are_drawn_too)
{
        Answer a = post("/v1/sessions",
                        "{'name':'s','graph':{'graph_def':{'node':["
                        "{'name':'x','op':'Placeholder','attr':{'dtype':{'type':'DT_FLOAT'}}},"
                        "{'name':'y','op':'Twice','input':['x']}],"
                        "'library':{'function':[{'signature':{'name':'Twice',"
                        "'inputArg':[{'name':'v','type':'DT_FLOAT'}],"
                        "'outputArg':[{'name':'r','type':'DT_FLOAT'}]},"
                        "'nodeDef':[{'name':'sum','op':'Add','input':['v','v'],"
                        "'attr':{'T':{'type':'DT_FLOAT'}}}],'ret':{'r':'sum:z:0'}}]}}}}");
        expect(a, 201, NULL, NULL);
        a = run("y:0", "'output_partition_graphs':true");
        expect(a, 200, "/result", "[2.0,4.0]");
        cr_assert_eq(json_array_size(at(a, "/run_metadata/functionGraphs")), 1, "%s", a.body);
        cr_assert(strstr(text_at(a, "/run_metadata/functionGraphs/0/preOptimizationGraph/node"),
                         "\"sum\""));
        cr_assert(strstr(text_at(a, "/run_metadata/functionGraphs/0/postOptimizationGraph/node"),
                         "_Retval"));
        cr_assert_eq(json_array_size(at(a, "/run_metadata/functionGraphs/0/partitionGraphs")), 1);
        a = run("y:0", "'trace_level':'FULL_TRACE'");
        cr_assert_not(has(a, "/run_metadata/functionGraphs"));
}

/* ---- cost_graph ---- */

/* In which of n runs there is a cost graph, as "0100". */
static const char *cost_runs(const char *fetch, int n)
{
        static char seen[32];
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < n; i++)
                seen[i] = has(run(fetch, ""), "/run_metadata/costGraph") ? '1' : '0';
        return seen;
}

Test(http_metadata, a_cost_model_is_built_every_so_many_runs_of_a_signature)
{
        make_session(TWO ",'graph_options':{'build_cost_model':'3'}", THERE_AND_BACK);
        cr_assert_str_eq(cost_runs("z:0", 7), "0010010");
        cr_assert_str_eq(cost_runs("y:0", 4), "0010"); /* another signature counts for itself */
}

Test(http_metadata, a_cost_model_may_begin_later)
{
        make_session(TWO ",'graph_options':{'build_cost_model':'2','build_cost_model_after':'3'}",
                     THERE_AND_BACK);
        cr_assert_str_eq(cost_runs("z:0", 8), "00001010");
}

Test(http_metadata, without_build_cost_model_there_is_no_cost_graph)
{
        make_session(TWO ",'graph_options':{'build_cost_model_after':'0'}", THERE_AND_BACK);
        cr_assert_str_eq(cost_runs("z:0", 3), "000");
        http("DELETE", "/v1/sessions/s", NULL);
        make_session(TWO ",'graph_options':{'build_cost_model':'-1','build_cost_model_after':"
                         "'-9223372036854775808'}",
                     THERE_AND_BACK);
        cr_assert_str_eq(cost_runs("z:0", 3), "000");
}

Test(http_metadata, a_cost_graph_has_the_nodes_with_what_they_took)
{
        make_session(TWO ",'graph_options':{'build_cost_model':'1'}", THERE_AND_BACK);
        Answer a = run("z:0", "");
        expect(a, 200, NULL, NULL);
        cr_assert_not(has(a, "/run_metadata/stepStats"));
        json_t *nodes = at(a, "/run_metadata/costGraph/node"), *n, *found = NULL;
        size_t i;
        json_array_foreach (nodes, i, n)
                if (!strcmp(json_string_value(json_object_get(n, "name")), "y"))
                        found = n;
        cr_assert_not_null(found, "%s", a.body);
        cr_assert_str_eq(json_string_value(json_object_get(found, "device")), CPU(1));
        json_t *out = json_array_get(json_object_get(found, "outputInfo"), 0);
        cr_assert_str_eq(json_string_value(json_object_get(out, "size")), "8");
        cr_assert_str_eq(json_string_value(json_object_get(out, "dtype")), "DT_FLOAT");
        /* Its input comes from a node of that number. */
        json_t *in = json_array_get(json_object_get(found, "inputInfo"), 0);
        json_t *from = json_array_get(
                nodes, (size_t)json_integer_value(json_object_get(in, "precedingNode")));
        cr_assert(strstr(json_string_value(json_object_get(from, "name")), "_arg_x_0_0/_"), "%s",
                  a.body);
}

/* ---- session_metadata ---- */

Test(http_metadata, a_run_tells_its_sessions_name_and_version)
{
        make_session("'experimental':{'session_metadata':{'name':'model','version':'3'}}",
                     "y = 1.0 + 2.0");
        Answer a = post("/v1/sessions/s:run", "{'fetches':'y:0','metadata':true}");
        expect(a, 200, "/run_metadata/sessionMetadata/name", "model");
        expect(a, 200, "/run_metadata/sessionMetadata/version", "3");
        a = post("/v1/sessions/s:run", "{'fetches':'y:0'}");
        cr_assert_not(has(a, "/run_metadata"));
}

/* ---- infer_shapes ---- */

Test(http_metadata, infer_shapes_puts_shapes_into_the_returned_graph)
{
        make_session("'graph_options':{'infer_shapes':true}",
                     "x = Placeholder(dtype=float32, shape=[2])\\ny = Neg(x)");
        Answer a = http("GET", "/v1/sessions/s/graph_def", NULL);
        expect(a, 200, "/node/1/attr/_output_shapes/list/shape/0/dim/0/size", "2");
        http("DELETE", "/v1/sessions/s", NULL);
        make_session("", "x = Placeholder(dtype=float32, shape=[2])\\ny = Neg(x)");
        a = http("GET", "/v1/sessions/s/graph_def", NULL);
        cr_assert_not(has(a, "/node/1/attr/_output_shapes"));
}

/* ---- common subexpressions ---- */

#define TWICE                                                        \
        "x = Placeholder(dtype=float32, shape=[2])\\nx1 = Sin(x)\\n" \
        "a = Neg(x1)\\nb = Neg(x1)\\ne = Exp(a)\\nf = Exp(b)\\n"     \
        "g = Cos(b)\\ny = Pack([a, b, e, f, g])"

static int ops_named(Answer a, const char *op)
{
        json_t *n;
        size_t i;
        int found = 0;
        json_array_foreach (at(a, "/run_metadata/partitionGraphs/0/node"), i, n)
                found += !strcmp(json_string_value(json_object_get(n, "op")), op);
        return found;
}

Test(http_metadata, what_is_computed_twice_is_computed_once)
{
        make_session("", TWICE);
        Answer a = run("y:0", "'output_partition_graphs':true");
        cr_assert_eq(ops_named(a, "Neg"), 1, "%s", a.body);
        cr_assert_eq(ops_named(a, "Exp"), 1);
        cr_assert_str_eq(input_of(node_of(a, 0, "y"), 1), "a");
        cr_assert_str_eq(input_of(node_of(a, 0, "y"), 3), "e");
        const char *merged = text_at(a, "/result");
        http("DELETE", "/v1/sessions/s", NULL);
        make_session("'graph_options':{'optimizer_options':{'opt_level':'L0'}}", TWICE);
        a = run("y:0", "'output_partition_graphs':true");
        cr_assert_eq(ops_named(a, "Neg"), 2, "%s", a.body);
        cr_assert_str_eq(text_at(a, "/result"), merged);
}

Test(http_metadata, what_differs_in_an_attribute_or_has_state_is_not_merged)
{
        make_session(
                "",
                "x = Placeholder(dtype=float32, shape=[2])\\nx1 = Sin(x)\\n"
                "i = Cast(x1, DstT=int32)\\nd = Cast(x1, DstT=float64)\\n"
                "p = RandomUniform([2], dtype=float32)\\nq = RandomUniform([2], dtype=float32)\\n"
                "y = Pack([Cast(i, DstT=float32), Cast(d, DstT=float32), p - q])");
        Answer a = run("y:0", "'output_partition_graphs':true");
        cr_assert_eq(ops_named(a, "Cast"), 4, "%s", a.body);
        cr_assert_eq(ops_named(a, "RandomUniform"), 2, "%s", a.body);
}

Test(http_metadata, a_fed_node_is_not_merged)
{
        make_session("", "x = Placeholder(dtype=float32, shape=[2])\\nx1 = Sin(x)\\n"
                         "a = Neg(x1)\\nb = Neg(x1)\\ny = Pack([a, b])");
        Answer a = post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':[0,0],'b:0':[5,6]}}");
        expect(a, 200, "/result", "[[-0.0,-0.0],[5.0,6.0]]");
        a = post("/v1/sessions/s:run", "{'fetches':['a:0','b:0','y:0'],'feeds':{'x':[0,0]}}");
        expect(a, 200, "/result", "[[-0.0,-0.0],[-0.0,-0.0],[[-0.0,-0.0],[-0.0,-0.0]]]");
}
