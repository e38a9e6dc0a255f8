// SPDX-License-Identifier: Apache-2.0
/* What a run may fetch, and in which order what is wrong is said: TensorFlow's client layer. */
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_fetches, .init = server_begin, .fini = server_end);

#define GRAPH                                                                   \
        "a = 5.0; b = 6.0; c = a * b; n = NoOp(); "                             \
        "i = Placeholder(dtype=int64, shape=[None, 2]); v = Placeholder(dtype=" \
        "float32, shape=[None]); d = Placeholder(dtype=int64, shape=[None]); "  \
        "ii = Identity(i); vv = Identity(v); dd = Identity(d)"
#define SPARSE(i, v, d) "{'$sparse':['" i "','" v "','" d "']}"

Test(http_fetches, of_a_sparse_tensor_come_as_its_three_parts)
{
        make_session("", GRAPH);
        run_gives(
                "'fetches':['c:0'," SPARSE("ii:0", "vv:0", "dd:0") "],'feeds':{'i':[[0,1]],'v':[5],"
                                                                   "'d':[2,3]}",
                "[30.0,{\"indices\":[[0,1]],\"values\":[5.0],\"dense_shape\":[2,3]}]");
        Answer a = post(RUN, "{'fetches':{'x':{'$sparse':['ii:0','vv:0']}}}");
        expect(a, 400, "/pointer", "/fetches/x");
}

Test(http_fetches, may_be_empty_at_any_depth_and_then_nothing_runs)
{
        make_session("", GRAPH);
        run_gives("'fetches':[]", "[]");
        run_gives("'fetches':{'x':[[],{},[[]]]}", "{\"x\":[[],{},[[]]]}");
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/steps", "0");
        run_gives("'fetches':'c:0'", "30.0");
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/steps", "1");
}

Test(http_fetches, of_what_is_fed_come_back_converted_and_run_nothing)
{
        make_session("", GRAPH);
        run_gives("'fetches':['a:0','a:0'],'feeds':{'a':1},'output':'typed'",
                  "[{\"dtype\":\"float32\",\"shape\":[],\"data\":1.0},"
                  "{\"dtype\":\"float32\",\"shape\":[],\"data\":1.0}]");
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/steps", "0");
}

Test(http_fetches, of_scalars_have_exactly_the_tensors_type)
{
        static const char *const types[] = { "int8",  "uint8",   "int16",   "uint16",
                                             "int32", "int64",   "uint32",  "uint64",
                                             "bool",  "float16", "float32", "float64" };
        char run[200], wanted[200];
        make_session("", "p = Placeholder(dtype=float32, shape=[])");
        for (size_t i = 0; i < COUNTOF(types); i++) {
                bool is_float = types[i][0] == 'f', is_bool = types[i][0] == 'b';
                snprintf(run, sizeof run, "{'script':'%s = Cast(p, DstT=%s)'}", types[i],
                         is_float && types[i][5] == '1' ? "half" : types[i]);
                expect(post("/v1/sessions/s:extend", "%s", run), 200, NULL, NULL);
                snprintf(run, sizeof run, "'fetches':'%s:0','feeds':{'p':1},'output':'typed'",
                         types[i]);
                snprintf(wanted, sizeof wanted, "{\"dtype\":\"%s\",\"shape\":[],\"data\":%s}",
                         types[i],
                         is_bool    ? "true"
                         : is_float ? "1.0"
                                    : "1");
                run_gives(run, wanted);
        }
}

Test(http_fetches, of_an_old_queue_give_its_container_and_name)
{
        make_session("", "q = FIFOQueue(component_types=[float32], shared_name=\\'shared\\')");
        run_gives("'fetches':'q:0'", "[\"localhost\",\"shared\"]");
}

Test(http_fetches, may_name_targets_with_an_output_that_is_ignored)
{
        make_session("", GRAPH);
        run_gives("'targets':['n:0','c:7']", "null");
        Answer a = post(RUN, "{'targets':['q','n','r:1']}");
        expect(a, 404, "/detail", "PruneForTargets: Some target nodes not found: q r:1 ");
}

/* ---- what is wrong with one ---- */

#define NO_TENSOR(f) "Fetch argument '" f "' cannot be interpreted as a Tensor. ("

Test(http_fetches, that_are_none_are_told_in_the_words_of_the_client)
{
        make_session("", GRAPH);
        run_refused("'fetches':null", "TypeError",
                    "Fetch argument None has invalid type <class 'NoneType'>");
        run_refused("'fetches':{'x':['c:0',[null]]}", "TypeError",
                    "Fetch argument None has invalid type <class 'NoneType'>");
        run_refused(
                "'fetches':5", "TypeError",
                "Fetch argument 5 has invalid type <class 'int'>, must be a string or Tensor. (Can "
                "not convert a int into a Tensor or Operation.)");
        run_refused(
                "'fetches':[true]", "TypeError",
                "Fetch argument True has invalid type <class 'bool'>, must be a string or Tensor. "
                "(Can not convert a bool into a Tensor or Operation.)");
        run_refused(
                "'fetches':'foo:0'", "ValueError",
                NO_TENSOR("foo:0") "The name 'foo:0' refers to a Tensor which does not exist. The "
                                   "operation, 'foo', does not exist in the graph.)");
        run_refused("'fetches':'c:1'", "ValueError",
                    NO_TENSOR("c:1") "The name 'c:1' refers to a Tensor which does not exist. The "
                                     "operation, 'c', exists but only has 1 outputs.)");
        run_refused("'fetches':'foo'", "ValueError",
                    NO_TENSOR("foo") "The name 'foo' refers to an Operation not in the graph.)");
        run_refused(
                "'fetches':'x:y'", "ValueError",
                NO_TENSOR("x:y") "The name 'x:y' looks a like a Tensor name, but is not a valid "
                                 "one. Tensor names must be of the form "
                                 "\"<op_name>:<output_index>\".)");
        Answer a = post(RUN, "{'fetches':{'x':['c:0',{'y':'foo:0'}]}}");
        expect(a, 400, "/pointer", "/fetches/x/1/y");
        expect(a, 400, "/code", "3");
        expect(a, 400, "/op", "null");
        expect(a, 400, "/node_def", "null");
}

/* Dead tensors are counted in the order of the names, in which TensorFlow's session fetches. */
Test(http_fetches, of_the_untaken_side_have_no_value_and_are_counted_by_name)
{
        make_session(
                "",
                "x = Placeholder(dtype=float32); p = Placeholder(dtype=bool); s = Switch(x, p); "
                "f = Identity(s:0); t = Identity(s:1)");
#define TAKEN ",'feeds':{'x':1,'p':true}"
        run_gives("'fetches':['t:0','s:1']" TAKEN, "[1.0,1.0]");
        Answer a = post(RUN, "{'fetches':['f:0','t:0']" TAKEN "}");
        expect(a, 400, "/detail", "Retval[0] does not have value");
        a = post(RUN, "{'fetches':['t:0','f:0']" TAKEN "}");
        expect(a, 400, "/detail", "Retval[0] does not have value");
        a = post(RUN, "{'fetches':['t:0','f:0'],'feeds':{'x':1,'p':false}}");
        expect(a, 400, "/detail", "Retval[1] does not have value");
        expect(a, 400, "/code_name", "INVALID_ARGUMENT");
        /* As a target it just does not run. */
        run_gives("'fetches':['f','t:0']" TAKEN, "[null,1.0]");
}

/* ---- the order of checks ---- */

Test(http_fetches, come_after_closed_empty_and_feeds_in_what_is_complained_of)
{
        expect(post("/v1/sessions", "{'name':'s'}"), 201, NULL, NULL);
        static const char empty[] = "The Session graph is empty.  Add operations to the graph "
                                    "before calling run().";
        run_refused("'fetches':[]", "RuntimeError", empty);
        run_refused("'fetches':null,'feeds':{'q':1}", "RuntimeError", empty);
        expect(post("/v1/sessions/s:extend", "{'script':'" GRAPH "'}"), 200, NULL, NULL);
        run_refused(
                "'fetches':null,'feeds':{'q':1}", "TypeError",
                "Cannot interpret feed_dict key as Tensor: The name 'q:0' refers to a Tensor which "
                "does not exist. The operation, 'q', does not exist in the graph.");
        run_refused("'fetches':null,'feeds':{'i':[1]}", "ValueError",
                    "Cannot feed value of shape (1,) for Tensor 'i:0', which has shape '(?, 2)'");
        run_refused("'fetches':null,'feeds':{'v':[1]}", "TypeError",
                    "Fetch argument None has invalid type <class 'NoneType'>");
        expect(post("/v1/sessions/s:close", "{}"), 200, NULL, NULL);
        Answer a = post(RUN, "{'fetches':null,'feeds':{'q':1}}");
        expect(a, 400, "/detail", "Attempted to use a closed Session.");
        expect(a, 400, "/code_name", "FAILED_PRECONDITION");
        expect(a, 400, "/exception", "RuntimeError");
}
