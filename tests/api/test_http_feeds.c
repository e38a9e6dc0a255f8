// SPDX-License-Identifier: Apache-2.0
/* What a run may be fed, and what is checked of it. */
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(http_feeds, .init = server_begin, .fini = server_end);

#define SPARSE(...) "{'key':{'$sparse':['i:0','v:0','d:0']},'value':" __VA_ARGS__ "}"

static Answer sparse(const char *feed)
{
        return post(RUN, "{'fetches':{'$sparse':['ii:0','vv:0','dd:0']},'feeds':[%s]}", feed);
}

Test(http_feeds, of_a_sparse_tensor_are_its_parts_by_place_or_name)
{
        make_session(
                "",
                "i = Placeholder(dtype=int64, shape=[None, 2]); v = Placeholder(dtype=float32, "
                "shape=[None]); two = Cast([2, 3], DstT=int64); d = PlaceholderWithDefault(two, "
                "shape=[2]); ii = Identity(i); vv = Identity(v); dd = Identity(d)");
        static const char wanted[] = "{\"indices\":[[0,1]],\"values\":[5.0],\"dense_shape\":[4,9]}";
        expect(sparse(SPARSE("[[[0,1]],[5],[4,9]]")), 200, "/result", wanted);
        expect(sparse(SPARSE("{'dense_shape':[4,9],'values':[5],'indices':[[0,1]]}")), 200,
               "/result", wanted);
        /* Two parts are enough when the graph knows the shape. */
        expect(sparse(SPARSE("[[[0,1]],[5]]")), 200, "/result/dense_shape", "[2,3]");
        expect(sparse(SPARSE("[[[0,1]]]")), 400, "/pointer", "/feeds/0");
        expect(sparse(SPARSE("[[[0,1]],[5],[4,9],1]")), 400, "/pointer", "/feeds/0");
        expect(sparse(SPARSE("{'indices':[[0]],'values':[5]}")), 400, "/detail",
               "Cannot feed value of shape (1, 1) for Tensor 'i:0', which has shape '(?, 2)'");
}

Test(http_feeds, may_be_lists_of_keys_with_lists_of_values)
{
        make_session("", "a = Placeholder(dtype=float32); b = Placeholder(dtype=float32); "
                         "c = Placeholder(dtype=float32); y = Pack([a, b, c])");
        run_gives("'fetches':'y:0','feeds':[{'key':['a',['b:0','c']],'value':[1,[2,3]]}]",
                  "[1.0,2.0,3.0]");
        run_gives("'fetches':'y:0','feeds':[{'key':['a','b'],'value':[[1],[2]]},{'key':'c','value':"
                  "[3]}]",
                  "[[1.0],[2.0],[3.0]]");
        run_refused(
                "'fetches':'y:0','feeds':[{'key':['a','b'],'value':[1]}]", "ValueError",
                "Could not flatten dictionary. Key had 2 elements, but value had 1 elements. Key: "
                "[\"a\",\"b\"], value: [1].");
        run_refused(
                "'fetches':'y:0','feeds':[{'key':['a',['b']],'value':[1,[2,3]]}]", "ValueError",
                "Could not flatten dictionary. Key had 1 elements, but value had 2 elements. Key: "
                "[\"b\"], value: [2,3].");
        run_refused(
                "'fetches':'y:0','feeds':[{'key':['a','b'],'value':[1,2]},{'key':'a','value':3}]",
                "ValueError", "Could not flatten dictionary: key a is not unique.");
        Answer a = post(RUN, "{'fetches':'y:0','feeds':[{'key':'a','value':1},"
                             "{'key':['b',['c']],'value':[1,['x']]}]}");
        expect(a, 400, "/pointer", "/feeds/1/value/1/0");
        a = post(RUN, "{'fetches':'y:0','feeds':{'a':1,'a:0':2}}");
        expect(a, 400, "/detail", "Endpoint \"a:0\" fed more than once.");
}

Test(http_feeds, take_the_place_of_any_tensor)
{
        make_session(
                "",
                "k = 2.0; z = Fill([2], 0.0); q = FIFOQueueV2(component_types=[float32]); "
                "x = QueueDequeueV2(q, component_types=[float32]); w = PlaceholderWithDefault(7.0, "
                "shape=[]); y = k * k; r = x + 1.0; n = NoOp()");
        run_gives("'fetches':['k:0','y:0']", "[2.0,4.0]");
        run_gives("'fetches':['k:0','y:0'],'feeds':{'k':3}", "[3.0,9.0]");
        run_gives("'fetches':'y:0','feeds':{'y':1}", "1.0");
        run_gives("'fetches':'z:0','feeds':{'z':[1,2]}", "[1.0,2.0]");
        run_gives("'fetches':'r:0','feeds':{'x':4}", "5.0"); /* and the queue is left alone */
        run_gives("'fetches':'w:0'", "7.0");
        run_gives("'fetches':'w:0','feeds':{'w':8}", "8.0");
        run_refused(
                "'fetches':'k:0','feeds':{'n':1}", "TypeError",
                "Cannot interpret feed_dict key as Tensor: The name 'n:0' refers to a Tensor which "
                "does not exist. The operation, 'n', exists but only has 0 outputs.");
        run_refused(
                "'fetches':'k:0','feeds':{'k:1':1}", "TypeError",
                "Cannot interpret feed_dict key as Tensor: The name 'k:1' refers to a Tensor which "
                "does not exist. The operation, 'k', exists but only has 1 outputs.");
        run_refused(
                "'fetches':'k:0','feeds':{'k:x':1}", "TypeError",
                "Cannot interpret feed_dict key as Tensor: The name 'k:x' looks a like a Tensor "
                "name, but is not a valid one. Tensor names must be of the form "
                "\"<op_name>:<output_index>\".");
}

Test(http_feeds, must_fit_the_static_shape_of_whatever_they_feed)
{
        make_session("",
                     "x = Placeholder(dtype=float32, shape=[4]); y = Neg(x); u = Placeholder(dtype="
                     "float32); p = Placeholder(dtype=float32, shape=[None, 3])");
        run_refused("'fetches':'y:0','feeds':{'x':[1,2,3]}", "ValueError",
                    "Cannot feed value of shape (3,) for Tensor 'x:0', which has shape '(4,)'");
        run_refused("'fetches':'y:0','feeds':{'y':[[1]]}", "ValueError",
                    "Cannot feed value of shape (1, 1) for Tensor 'y:0', which has shape '(4,)'");
        run_refused("'fetches':'p:0','feeds':{'p':[[1,2]]}", "ValueError",
                    "Cannot feed value of shape (1, 2) for Tensor 'p:0', which has shape '(?, 3)'");
        run_gives("'fetches':'p:0','feeds':{'p':[[1,2,3]]}", "[[1.0,2.0,3.0]]");
        run_gives("'fetches':'u:0','feeds':{'u':[[[1]]]}", "[[[1.0]]]");
        /* Sizes of zero are shapes like any other. */
        static const char empty[] = "{\"dtype\":\"float32\",\"shape\":[2,0,6],\"data\":[[],[]]}";
        run_gives(
                "'fetches':'u:0','output':'typed','feeds':{'u':{'dtype':'float32','shape':[2,0,6],"
                "'data':[]}}",
                empty);
        run_gives(
                "'fetches':'u:0','output':'typed','feeds':{'u':{'dtype':'float32','shape':[0,0,0],"
                "'data':[]}}",
                "{\"dtype\":\"float32\",\"shape\":[0,0,0],\"data\":[]}");
}

Test(http_feeds, of_another_type_are_counted_by_name)
{
        make_session("",
                     "a = Placeholder(dtype=float32); b = Placeholder(dtype=float32); y = a + b");
#define INT "{'dtype':'int32','shape':[],'data':1}"
        Answer a = post(RUN, "{'fetches':'y:0','feeds':{'b':" INT ",'a':1}}");
        expect(a, 400, "/detail", "Expects arg[1] to be float but int32 is provided");
        expect(a, 400, "/pointer", "/feeds/b");
        a = post(RUN, "{'fetches':'y:0','feeds':[{'key':['b','a'],'value':[1," INT "]}]}");
        expect(a, 400, "/detail", "Expects arg[0] to be float but int32 is provided");
        expect(a, 400, "/pointer", "/feeds/0/value/1");
        /* A callable has its own order. */
        expect(post("/v1/sessions/s:make_callable",
                    "{'name':'c','fetches':'y:0','feed_list':['b','a']}"),
               200, NULL, NULL);
        expect(post("/v1/sessions/s/callables/c:call", "{'args':[" INT ",1]}"), 400, "/detail",
               "Expects arg[0] to be float but int32 is provided");
}

Test(http_feeds, of_strings_keep_their_bytes)
{
        make_session("", "s = Placeholder(dtype=string); t = Identity(s)");
        run_gives("'fetches':'t:0','feeds':{'s':['a\\u0000b','\\u00e9',{'b64':'/wA='},'']}",
                  "[\"a\\u0000b\",\"\xc3\xa9\",{\"b64\":\"/wA=\"},\"\"]");
}

Test(http_feeds, that_are_handles_are_evaluated)
{
        make_session("",
                     "x = Placeholder(dtype=float32); b = Placeholder(dtype=bool); y = x * 2.0; "
                     "v = VariableV2(dtype=float32, shape=[]); vv = v + 1.0");
        Answer a = post(RUN, "{'fetches':{'$handle':'y:0'},'feeds':{'x':4}}");
        expect(a, 200, "/result", "y;0;");
#define KEPT "{'$handle':'y;0;'}"
        run_gives("'fetches':['x:0','y:0'],'feeds':{'x':" KEPT "}", "[8.0,16.0]");
        run_gives("'fetches':'vv:0','feeds':{'v':" KEPT "}", "9.0"); /* a variable's place, too */
        a = post(RUN, "{'fetches':'b:0','feeds':{'b':" KEPT "}}");
        expect(a, 400, "/detail", "Expects arg[0] to be bool but float is provided");
        a = post(RUN, "{'fetches':'x:0','feeds':{'x':{'$handle':'y;7;'}}}");
        expect(a, 400, "/detail", "The tensor with handle 'y;7;' is not in the session store.");
}

Test(http_feeds, that_are_missing_are_named_with_type_and_shape)
{
        static const char *const rows[][2] = {
                { "a", "You must feed a value for placeholder tensor 'a' with dtype float" },
                { "b", "You must feed a value for placeholder tensor 'b' with dtype int64 and "
                       "shape [?,2]" },
                { "c", "You must feed a value for placeholder tensor 'c' with dtype string" },
        };
        make_session(
                "",
                "a = Placeholder(dtype=float32); b = Placeholder(dtype=int64, shape=[None, 2]); "
                "c = Placeholder(dtype=string, shape=[])");
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                Answer a = post(RUN, "{'fetches':'%s:0'}", rows[i][0]);
                size_t n = strlen(rows[i][1]);
                cr_expect(!strncmp(text_at(a, "/detail"), rows[i][1], n) &&
                                  !strncmp(text_at(a, "/detail") + n, "\n\t [[{{node ", 11),
                          "%s", a.body);
                expect(a, 400, "/node", rows[i][0]);
                expect(a, 400, "/op", "Placeholder");
        }
}
