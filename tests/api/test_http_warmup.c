// SPDX-License-Identifier: Apache-2.0
/* :warmup runs what it is told, and what the model offers. */
#include "engine/kernels/nn/conv_trial.h"
#include "engine/ops/lanes.h"
#include "tests/api/model_fixture.h"
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>

TestSuite(http_warmup, .init = server_begin, .fini = server_end);

#define S "/v1/sessions/s"

/* y = 2 * x for any rows; c counts. */
static void make_session(void)
{
        Answer a = post(
                "/v1/sessions",
                "{'name':'s','graph':{'script':'x = Placeholder(dtype=float32, shape=[None, "
                "3]); y = x * 2.0; t = Placeholder(dtype=string, shape=[]); u = Identity(t)'}}");
        expect(a, 201, NULL, NULL);
}

Test(http_warmup, given_runs_run_in_order)
{
        make_session();
        Answer a = post(S ":warmup", "{'runs':[{'fetches':'y:0','feeds':{'x':[[1,2,3]]}},"
                                     "{'targets':['u'],'feeds':{'t':'a'}}]}");
        expect(a, 200, "/runs/0/what", "run");
        cr_expect_neq(at(a, "/runs/1/duration_us"), NULL);
        cr_expect_eq(at(a, "/runs/2"), NULL);
        expect(http("GET", S, NULL), 200, "/steps", "2");
}

Test(http_warmup, callables_are_fed_zeros)
{
        make_session();
        post(S ":make_callable", "{'name':'c','fetches':['y:0','u:0'],'feed_list':['x','t']}");
        expect(post(S ":warmup", "{'callables':['c']}"), 200, "/runs/0/what", "callable c");
        expect(http("GET", S, NULL), 200, "/steps", "1");
        expect(http("GET", S "/callables/c", NULL), 200, "/calls", "0");
}

static atomic_int tried;

static double count_runs(OpCtx *c UNUSED, const ConvForward *f UNUSED, int tile UNUSED,
                         bool far UNUSED)
{
        atomic_fetch_add(&tried, 1);
        return 1;
}

/* A run does not, which is why it is done first. */
Test(http_warmup, ways_of_convolutions_are_tried)
{
        conv_trial_measure_by(count_runs);
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'k = Placeholder(dtype=float32, shape=[]); "
                    "x = Fill([1, 14, 14, 64], k); w = Fill([3, 3, 64, 96], k); "
                    "c = Conv2D(x, w, strides=[1, 1, 1, 1], padding=\\\"SAME\\\"); y = Relu(c)'}}"),
               201, NULL, NULL);
        expect(post(S ":run", "{'fetches':'y:0','feeds':{'k':1}}"), 200, NULL, NULL);
        cr_expect_eq(atomic_load(&tried), 0);
        expect(post(S ":warmup", "{'runs':[{'fetches':'y:0','feeds':{'k':1}}]}"), 200, NULL, NULL);
        cr_expect_eq(atomic_load(&tried) > 0, lanes_usable());
}

Test(http_warmup, without_a_model_there_is_nothing_to_do_by_itself)
{
        make_session();
        expect(post(S ":warmup", "{}"), 200, "/runs", "[]");
        expect(http("POST", S ":warmup", ""), 200, "/runs", "[]");
}

Test(http_warmup, many_runs_need_no_deep_stack)
{
        make_session();
        autobuf body = BUF(1 << 20);
        for (int i = 0; i < 3000; i++)
                buf_puts(&body, i ? ",{'targets':['u'],'feeds':{'t':'a'}}"
                                  : "{'targets':['u'],'feeds':{'t':'a'}}");
        expect(post(S ":warmup", "{'runs':[%s]}", buf_cstr(&body)), 200, "/runs/2999/what", "run");
}

Test(http_warmup, errors_point_at_what_is_wrong)
{
        make_session();
        Answer a = post(S ":warmup", "{'runs':[{'fetches':'y:0','feeds':{'x':[[1,2,3]]}},"
                                     "{'fetches':'nothing:0'}]}");
        expect(a, 400, "/pointer", "/runs/1");
        a = post(S ":warmup", "{'runs':[{'fetches':'y:0','feeds':{'x':'a'}}]}");
        expect(a, 400, "/pointer", "/runs/0/feeds/x");
        expect(post(S ":warmup", "{'runs':[{'fetches':'y:0'}]}"), 400, "/pointer", "/runs/0");
        expect(post(S ":warmup", "{'callables':['c']}"), 404, "/pointer", "/callables/0");
        expect(post(S ":warmup", "{'signatures':['c']}"), 404, "/pointer", "/signatures/0");
        expect(post(S ":warmup", "{'run':[]}"), 400, "/pointer", "/run");
        expect(post(S ":warmup", "{'runs':1}"), 400, "/code_name", "INVALID_ARGUMENT");
        expect(post("/v1/sessions/none:warmup", "{}"), 404, NULL, NULL);
}

TestSuite(http_warmup_model, .init = models_begin, .fini = models_end);

Test(http_warmup_model, without_a_body_the_signatures_of_the_model_run)
{
        put_graph("half", pack_half(PACK_TAR, ""));
        expect(post("/v1/sessions", "{'name':'s','graph':'half'}"), 201, NULL, NULL);
        expect(post(S ":warmup", "{}"), 200, "/runs/0/what", "signature serving_default");
        expect(post(S ":warmup", "{'signatures':['serving_default']}"), 200, "/runs/0/what",
               "signature serving_default");
        expect(post(S ":warmup", "{'signatures':['x']}"), 404, "/pointer", "/signatures/0");
}
