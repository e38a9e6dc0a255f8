// SPDX-License-Identifier: Apache-2.0
/* Session tensor handles: tensors that stay with the session, made by a fetch {"$handle"} or by the
 * graph's GetSessionHandle, fed again, listed and deleted. */
#include "tests/api/story.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(http_handles, .init = server_begin, .fini = server_end, .timeout = 60);

#define S "/v1/sessions/s"

static void make_product(void)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'x = Placeholder(dtype=float32, shape=[]); "
                    "y = x * x; z = y + x; i = Const(value=1, dtype=int32)'}}"),
               201, "/handles", "0");
}

Test(http_handles, a_fetched_handle_keeps_the_tensor_and_can_be_fed)
{
        make_product();
        Answer a = post(S ":run", "{'fetches':{'h':{'$handle':'y:0'},'v':'y:0'},'feeds':{'x':3}}");
        expect(a, 200, "/result/h", "y;0;");
        expect(a, 200, "/result/v", "9.0");
        expect(post(S ":run", "{'fetches':'z:0','feeds':{'x':{'$handle':'y;0;'}}}"), 200, "/result",
               "90.0");
        expect(post(S ":run", "{'fetches':'z:0','feeds':[{'key':'y','value':{'$handle':'y;0;'}},"
                              "{'key':'x','value':1}]}"),
               200, "/result", "10.0");
        a = http("GET", S "/handles", NULL);
        expect(a, 200, "/handles/0/handle", "y;0;");
        expect(a, 200, "/handles/0/dtype", "float32");
        expect(http("GET", S, NULL), 200, "/handles", "1");
        expect(http("DELETE", S "/handles/y;0;", NULL), 204, NULL, NULL);
        expect(http("GET", S "/handles", NULL), 200, "/handles", "[]");
        expect(http("DELETE", S "/handles/y;0;", NULL), 400, "/detail",
               "Failed to delete a tensor with handle 'y;0;' in the session store.");
}

Test(http_handles, a_handle_that_is_not_there_or_of_another_type_is_refused)
{
        make_product();
        Answer a = post(S ":run", "{'fetches':'z:0','feeds':{'x':{'$handle':'y;7;'}}}");
        expect(a, 400, "/detail", "The tensor with handle 'y;7;' is not in the session store.");
        cr_expect_str_eq(text_at(a, "/pointer"), "/feeds/x");
        expect(post(S ":run", "{'fetches':{'$handle':'i:0'}}"), 200, "/result", "i;0;");
        expect(post(S ":run", "{'fetches':'z:0','feeds':{'x':{'$handle':'i;0;'}}}"), 400, NULL,
               NULL);
        expect(post(S ":run", "{'fetches':'z:0','feeds':{'x':{'$handle':1}}}"), 400, NULL, NULL);
        expect(post(S ":run", "{'fetches':{'$handle':'i'}}"), 400, "/pointer", "/fetches");
        expect(post(S ":run", "{'fetches':[{'$handle':'none:0'}]}"), 400, "/pointer", "/fetches/0");
}

Test(http_handles, a_step_that_fails_keeps_nothing)
{
        make_product();
        expect(post(S ":run", "{'fetches':[{'$handle':'i:0'},'z:0']}"), 400, NULL, NULL);
        expect(http("GET", S "/handles", NULL), 200, "/handles", "[]");
}

/* ---- the graph's own ---- */

#define GRAPH                                                                             \
        "a = Placeholder(dtype=float32); h = GetSessionHandle(a); i = Identity(h); "      \
        "h2 = GetSessionHandleV2(a); p = Placeholder(dtype=string); "                     \
        "get = GetSessionTensor(p, dtype=float32); drop = DeleteSessionTensor(p); "       \
        "b = Const(value=10.0, dtype=float32); v = VariableV2(dtype=float32, shape=[]); " \
        "y = v * 2.0; fails = CheckNumerics(a, message=\\'no\\')"
#define KEEP(node, x) "'fetches':'" node ":0','feeds':{'a':" x "}"
#define LOOK(handle)  "'fetches':'get:0','feeds':{'p':'" handle "'}"
#define DROP(handle)  "'targets':['drop'],'feeds':{'p':'" handle "'}"
#define HELD(handle)  "{'$handle':'" handle "'}"
#define NONE(handle) \
        "INVALID_ARGUMENT: The tensor with handle '" handle "' is not in the session store."

/* clang-format off */
static const Story stories[] = {
        { "a handle is the op's name, a number and the requested device", GRAPH, STEPS(
                { KEEP("h", "1"), "\"h;0;\"" }, { KEEP("h2", "2"), "\"h2;1;\"" }, { KEEP("h", "3"), "\"h;2;\"" },
                { LOOK("h;0;"), "1.0" }, { LOOK("h2;1;"), "2.0" }, { LOOK("h;2;"), "3.0" } ) },
        { "only what is fetched is kept, not what is run or passed on", GRAPH, STEPS(
                { "'targets':['h'],'feeds':{'a':1}", "null" }, { LOOK("h;0;"), NONE("h;0;") }, { KEEP("i", "1"), "\"h;1;\"" }, { LOOK("h;1;"), NONE("h;1;") }) },
        { "a step that fails keeps nothing", GRAPH, STEPS(
                { "'fetches':['h:0','fails:0'],'feeds':{'a':'NaN'}", "INVALID_ARGUMENT: no" }, { LOOK("h;0;"), NONE("h;0;") }) },
        { "a handle is deleted once", GRAPH, STEPS(
                { KEEP("h", "1"), "\"h;0;\"" }, { DROP("h;0;"), "null" }, { LOOK("h;0;"), NONE("h;0;") },
                { DROP("h;0;"), "INVALID_ARGUMENT: Failed to delete a tensor with handle 'h;0;' in the session store." }) },
        { "handles are fed for any tensor, fetched or not, a variable's, and each for the other", GRAPH, STEPS(
                { KEEP("h", "1"), "\"h;0;\"" }, { KEEP("h2", "2"), "\"h2;1;\"" },
                { "'fetches':['v:0','y:0'],'feeds':{'v':" HELD("h2;1;") "}", "[2.0,4.0]" },
                { "'fetches':['a:0','b:0'],'feeds':{'a':" HELD("h2;1;") ",'b':" HELD("h;0;") "}", "[2.0,1.0]" },
                { "'fetches':['a:0','b:0'],'feeds':{'a':" HELD("h;0;") ",'b':" HELD("h2;1;") "}", "[1.0,2.0]" },
                { KEEP("h", HELD("h2;1;")), "\"h;2;\"" }, { LOOK("h;2;"), "2.0" }) },
};
/* clang-format on */

Test(http_handles, of_the_graph)
{
        tell_all(stories, COUNTOF(stories), "");
}

Test(http_handles, belong_to_one_session_and_end_with_it)
{
        make_product();
        expect(post(S ":run", "{'fetches':{'$handle':'i:0'}}"), 200, "/result", "i;0;");
        expect(post("/v1/sessions",
                    "{'name':'t','graph':{'script':'x = Placeholder(dtype=int32)'}}"),
               201, NULL, NULL);
        expect(post("/v1/sessions/t:run", "{'fetches':'x:0','feeds':{'x':{'$handle':'i;0;'}}}"),
               400, "/detail", "The tensor with handle 'i;0;' is not in the session store.");
        expect(http("POST", S ":close", "{}"), 200, "/handles", "0");
        expect(http("GET", S "/handles", NULL), 400, "/code_name", "FAILED_PRECONDITION");
}

/* Where the tensor is asked to be is told; where it is used does not matter. */
Test(http_handles, go_to_the_device_that_uses_them)
{
        expect(post("/v1/sessions",
                    "{'name':'s','config':{'device_count':{'CPU':2}},'graph':{'script':'"
                    "with device(\\'/cpu:1\\'):\\n  a = Placeholder(dtype=float32)\\n  h = "
                    "GetSessionHandle(a)\\nwith device(\\'/cpu:0\\'):\\n  x = "
                    "Placeholder(dtype=float32)\\n  y = x * 2.0'}}"),
               201, NULL, NULL);
        expect(post(S ":run", "{'fetches':'h:0','feeds':{'a':4}}"), 200, "/result", "h;0;/cpu:1");
        expect(post(S ":run", "{'fetches':'y:0','feeds':{'x':{'$handle':'h;0;/cpu:1'}}}"), 200,
               "/result", "8.0");
}
