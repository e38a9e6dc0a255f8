// SPDX-License-Identifier: Apache-2.0
/* rewrite_options over HTTP: what each setting of the optimizer does to the graph that runs. None
 * of them changes a result. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_rewrites, .init = server_begin, .fini = server_end);

/* Makes the session anew with rewrite_options and runs y with x = [1, 2]. */
static Answer rewritten(const char *options, const char *graph)
{
        http("DELETE", "/v1/sessions/s", NULL);
        expect(post("/v1/sessions",
                    "{'name':'s','config':{'graph_options':{'rewrite_options':{%s}}},'graph':{%s}}",
                    options, graph),
               201, NULL, NULL);
        Answer a =
                post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':[1,2]},'metadata':true,"
                                           "'options':{'output_partition_graphs':true}}");
        expect(a, 200, NULL, NULL);
        return a;
}

/* How many nodes of the partition are of an op. */
static int ops(Answer a, const char *op)
{
        json_t *n;
        size_t i;
        int found = 0;
        json_array_foreach (at(a, "/run_metadata/partitionGraphs/0/node"), i, n)
                found += !strcmp(json_string_value(json_object_get(n, "op")), op);
        return found;
}

/* The op is in the partition so often by default, and so often with the options; the result is
 * the same. */
static void acts(const char *options, const char *graph, const char *op, int by_default, int then)
{
        Answer plain = rewritten("", graph), a = rewritten(options, graph);
        cr_assert_eq(ops(plain, op), by_default, "by default: %s", plain.body);
        cr_assert_eq(ops(a, op), then, "with %s: %s", options, a.body);
        cr_assert_str_eq(text_at(a, "/result"), text_at(plain, "/result"));
}

#define X      "x = Placeholder(dtype=float32, shape=[2])\\n"
#define FOLDS  "'script':'" X "y = x * Exp(Neg(2.0))'"
#define MERGES "'script':'" X "a = Neg(Sin(x))\\nb = Neg(Sin(x))\\ny = a * b'"
#define FUSES                                                                             \
        "'script':'x = Placeholder(dtype=float32, shape=[2])\\nm = Reshape(x, [1, 2])\\n" \
        "y = Relu(BiasAdd(MatMul(m, [[1.0, 2.0], [3.0, 4.0]]), [0.5, -0.5]))'"
#define STRIPS                                                                    \
        "'script':'" X "g = Assert(All(x > 0.0, [0]), [x])\\nwith control(g):\\n" \
        "  y = CheckNumerics(x, message=\\'no number\\')'"

Test(http_rewrites, constant_folding)
{
        acts("'constant_folding':'OFF'", FOLDS, "Exp", 0, 1);
        acts("'constant_folding':'AGGRESSIVE'", FOLDS, "Exp", 0, 0);
}

Test(http_rewrites, arithmetic_optimization_and_common_subgraph_elimination)
{
        acts("'arithmetic_optimization':'OFF'", MERGES, "Sin", 1, 2);
        acts("'common_subgraph_elimination':'OFF'", MERGES, "Neg", 1, 2);
        acts("'arithmetic_optimization':'ON'", MERGES, "Sin", 1, 1);
}

Test(http_rewrites, remapping_and_disable_meta_optimizer)
{
        acts("'remapping':'OFF'", FUSES, "Relu", 0, 1);
        acts("'disable_meta_optimizer':true", FUSES, "Relu", 0, 1);
}

Test(http_rewrites, debug_stripper)
{
        acts("'debug_stripper':'ON'", STRIPS, "CheckNumerics", 1, 0);
        acts("'debug_stripper':'ON'", STRIPS, "Assert", 1, 0);
        acts("'debug_stripper':'OFF'", STRIPS, "Assert", 1, 1);
        /* Stripped, it no longer objects. */
        rewritten("'debug_stripper':'ON'", STRIPS);
        expect(post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':[-1,'NaN']}}"), 200,
               "/result", "[-1.0,\"NaN\"]");
        rewritten("", STRIPS);
        expect(post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':[-1,'NaN']}}"), 400, NULL,
               NULL);
}

/* while (i < 3) { i += 1; y += k } with an invariant k that is a constant. */
#define ATTR(k, v) "'" k "':{" v "}"
#define T(type)    ATTR("T", "'type':'DT_" type "'")
#define FRAME      ATTR("frame_name", "'s':'Zg=='")
#define KEPT       FRAME "," ATTR("is_constant", "'b':true")
#define TWO        ATTR("N", "'i':'2'")
#define NODE(name, op, inputs, ...) \
        "{'name':'" name "','op':'" op "','input':[" inputs "],'attr':{" __VA_ARGS__ "}},"
#define VALUE(type, field, value)                                     \
        ATTR("dtype", "'type':'DT_" type "'")                         \
        ",'value':{'tensor':{'dtype':'DT_" type "','tensorShape':{}," \
        "'" field "':[" value "]}}"
#define CONST(name, ...) NODE(name, "Const", "", VALUE(__VA_ARGS__))
#define CONSTANTS                                                        \
        NODE("x", "Placeholder", "", ATTR("dtype", "'type':'DT_FLOAT'")) \
        CONST("zero", "INT32", "intVal", "0")                            \
        CONST("one", "INT32", "intVal", "1")                             \
        CONST("three", "INT32", "intVal", "3")                           \
        CONST("k", "FLOAT", "floatVal", "0.5")
#define ENTERS                                              \
        NODE("ei", "Enter", "'zero'", T("INT32") "," FRAME) \
        NODE("ex", "Enter", "'x'", T("FLOAT") "," FRAME)    \
        NODE("e1", "Enter", "'one'", T("INT32") "," KEPT)   \
        NODE("e3", "Enter", "'three'", T("INT32") "," KEPT) \
        NODE("ek", "Enter", "'k'", T("FLOAT") "," KEPT)
#define BODY                                                 \
        NODE("mi", "Merge", "'ei','ni'", T("INT32") "," TWO) \
        NODE("mx", "Merge", "'ex','nx'", T("FLOAT") "," TWO) \
        NODE("less", "Less", "'mi','e3'", T("INT32"))        \
        NODE("c", "LoopCond", "'less'", "")                  \
        NODE("si", "Switch", "'mi','c'", T("INT32"))         \
        NODE("sx", "Switch", "'mx','c'", T("FLOAT"))         \
        NODE("ai", "Add", "'si:1','e1'", T("INT32"))         \
        NODE("ax", "Add", "'sx:1','ek'", T("FLOAT"))         \
        NODE("ni", "NextIteration", "'ai'", T("INT32"))      \
        NODE("nx", "NextIteration", "'ax'", T("FLOAT"))
#define LOOPS                                         \
        "'graph_def':{'node':[" CONSTANTS ENTERS BODY \
        "{'name':'y','op':'Exit','input':['sx'],'attr':{" T("FLOAT") "}}]}"

static const char *second_input(Answer a, const char *name)
{
        json_t *n = find_at(a, "/run_metadata/partitionGraphs/0/node", "name", name);
        cr_assert(n, "no %s in %s", name, a.body);
        return json_string_value(json_array_get(json_object_get(n, "input"), 1));
}

Test(http_rewrites, loop_optimization)
{
        Answer a = rewritten("", LOOPS);
        expect(a, 200, "/result", "[2.5,3.5]");
        cr_assert_str_eq(second_input(a, "ax"), "ek/_enter", "the constant is at hand: %s", a.body);
        a = rewritten("'loop_optimization':'OFF'", LOOPS);
        expect(a, 200, "/result", "[2.5,3.5]");
        cr_assert_str_eq(second_input(a, "ax"), "ek", "%s", a.body);
}

Test(http_rewrites, min_graph_nodes)
{
        acts("'min_graph_nodes':100", FUSES, "Relu", 0, 1);
        acts("'min_graph_nodes':4", FUSES, "Relu", 0, 0);
        acts("'min_graph_nodes':-1", FUSES, "Relu", 0, 0);
        /* All of the rewriter leaves a smaller graph alone, what the session itself does goes on.
         */
        rewritten("'debug_stripper':'ON','min_graph_nodes':100", STRIPS);
        expect(post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':[-1,2]}}"), 400, NULL,
               NULL);
        acts("'min_graph_nodes':100", FOLDS, "Exp", 0, 0);
        cr_assert_str_eq(second_input(rewritten("'min_graph_nodes':100", LOOPS), "ax"), "ek");
}

Test(http_rewrites, optimizers_by_name)
{
        acts("'optimizers':['remap']", FOLDS, "Exp", 0, 1);
        acts("'optimizers':['remap','constfold','my_own']", FOLDS, "Exp", 0, 0);
        acts("'optimizers':['constfold']", FUSES, "Relu", 0, 1);
}

Test(http_rewrites, custom_optimizers_by_name)
{
        acts("'constant_folding':'OFF','custom_optimizers':[{'name':'constfold'}]", FOLDS, "Exp", 0,
             0);
        acts("'optimizers':['constfold'],'custom_optimizers':[{'name':'my_own'},{'name':'remap'}]",
             FUSES, "Relu", 0, 0);
        acts("'custom_optimizers':[{'name':'debug_stripper'}]", STRIPS, "Assert", 1, 0);
        acts("'optimizers':[],'custom_optimizers':[{'name':'my_own'}]", MERGES, "Sin", 1, 1);
}

Test(http_rewrites, what_has_nothing_to_act_on_is_taken)
{
        acts("'shape_optimization':'OFF','dependency_optimization':'OFF',"
             "'function_optimization':'OFF','memory_optimization':'NO_MEM_OPT',"
             "'meta_optimizer_iterations':'ONE','meta_optimizer_timeout_ms':'-1',"
             "'scoped_allocator_optimization':'ON','pin_to_host_optimization':'ON',"
             "'implementation_selector':'OFF','auto_mixed_precision':'OFF',"
             "'disable_model_pruning':true,'fail_on_optimizer_errors':true,"
             "'auto_parallel':{'enable':false},'custom_optimizers':[{'name':'my_own'}]",
             FOLDS, "Mul", 1, 1);
}

Test(http_rewrites, settings_that_are_none_are_refused)
{
        expect(post("/v1/sessions", "{'name':'r','config':{'graph_options':{'rewrite_options':{"
                                    "'constant_folding':99}}}}"),
               400, "/detail", "rewrite_options.constant_folding is 99, which is no Toggle");
        expect(post("/v1/sessions", "{'name':'r','config':{'graph_options':{'rewrite_options':{"
                                    "'constant_folding':'MAYBE'}}}}"),
               400, "/code_name", "INVALID_ARGUMENT");
        expect(post("/v1/sessions", "{'name':'r','config':{'graph_options':{'rewrite_options':{"
                                    "'memory_optimization':7}}}}"),
               400, "/detail", "rewrite_options.memory_optimization is 7, which is no MemOptType");
}
