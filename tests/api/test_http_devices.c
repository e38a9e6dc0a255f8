// SPDX-License-Identifier: Apache-2.0
/* Several devices where control flow is: device strings within functions, and loops of TensorFlow
 * 1.x whose nodes are on more than one device. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_devices, .init = server_begin, .fini = server_end);

#define TWO    "'device_count':{'CPU':2}"
#define CPU(i) "/job:localhost/replica:0/task:0/device:CPU:" #i

#define ATTR(k, v) "'" k "':{" v "}"
#define T(type)    ATTR("T", "'type':'DT_" type "'")
#define FLOAT      T("FLOAT")
#define NODE(name, op, inputs, device, ...)                                       \
        "{'name':'" name "','op':'" op "','input':[" inputs "],'device':'" device \
        "','attr':{" __VA_ARGS__ "}}"
#define PLACEHOLDER NODE("x", "Placeholder", "", "", ATTR("dtype", "'type':'DT_FLOAT'"))

/* F(v) = exp(-v), where each part may be somewhere. */
#define FUNCTION(neg, exp, more)                                                               \
        "'library':{'function':[{'signature':{'name':'F','inputArg':[{'name':'v','type':"      \
        "'DT_FLOAT'}],'outputArg':[{'name':'r','type':'DT_FLOAT'}]},'nodeDef':[" NODE(         \
                "neg", "Neg", "'v'", neg, FLOAT more) "," NODE("exp", "Exp", "'neg:y:0'", exp, \
                                                               FLOAT) "],'ret':{'r':'exp:y:0'}}]}"
#define CALL(device) NODE("y", "F", "'x'", device, "")
#define PARTITIONED(device)                                        \
        NODE("y", "PartitionedCall", "'x'", device,                \
             ATTR("Tin", "'list':{'type':['DT_FLOAT']}") "," ATTR( \
                     "Tout", "'list':{'type':['DT_FLOAT']}") "," ATTR("f", "'func':{'name':'F'}"))

static Answer made(const char *config, const char *nodes, const char *library)
{
        http("DELETE", "/v1/sessions/s", NULL);
        Answer a = post("/v1/sessions",
                        "{'name':'s','config':{%s},'graph':{'graph_def':{'node':[%s]%s%s}}}",
                        config, nodes, *library ? "," : "", library);
        cr_assert_eq(a.status, 201, "%s", a.body);
        return a;
}

static Answer run(void)
{
        return post("/v1/sessions/s:run",
                    "{'fetches':'y:0','feeds':{'x':0},'metadata':true,'options':{"
                    "'trace_level':'FULL_TRACE','output_partition_graphs':true}}");
}

/* The device whose statistics have the node. */
static const char *device_of(Answer a, const char *node)
{
        json_t *d, *n;
        size_t i, k;
        json_array_foreach (at(a, "/run_metadata/stepStats/devStats"), i, d)
                json_array_foreach (json_object_get(d, "nodeStats"), k, n)
                        if (!strcmp(json_string_value(json_object_get(n, "nodeName")), node))
                                return json_string_value(json_object_get(d, "device"));
        return "nowhere";
}

/* ---- functions ---- */

static void ran_on(const char *neg, const char *exp)
{
        Answer a = run();
        expect(a, 200, "/result", "1.0");
        cr_assert_str_eq(device_of(a, "neg"), neg, "%s", a.body);
        cr_assert_str_eq(device_of(a, "exp"), exp, "%s", a.body);
}

Test(http_devices, a_node_in_a_function_runs_where_it_asks_to)
{
        made(TWO, PLACEHOLDER "," CALL(""), FUNCTION("/cpu:1", "", ""));
        ran_on(CPU(1), CPU(0));
        made(TWO, PLACEHOLDER "," PARTITIONED(""), FUNCTION("", "/device:CPU:1", ""));
        ran_on(CPU(0), CPU(1));
}

Test(http_devices, the_others_run_where_the_caller_does)
{
        made(TWO, PLACEHOLDER "," CALL("/cpu:1"), FUNCTION("/cpu:0", "", ""));
        ran_on(CPU(0), CPU(1));
        made(TWO, PLACEHOLDER "," PARTITIONED("/cpu:1"), FUNCTION("", "/device:CPU:*", ""));
        ran_on(CPU(1), CPU(1));
}

#define WITH_EXP "," ATTR("_class", "'list':{'s':['bG9jOkBleHA=']}") /* loc:@exp */

Test(http_devices, colocated_nodes_of_a_function_are_together)
{
        made(TWO, PLACEHOLDER "," CALL(""), FUNCTION("", "/cpu:1", WITH_EXP));
        ran_on(CPU(1), CPU(1));
}

Test(http_devices, a_function_cannot_ask_for_a_device_that_is_not_there)
{
        made(TWO, PLACEHOLDER "," CALL(""), FUNCTION("/cpu:5", "", ""));
        Answer a = run();
        cr_assert_eq(a.status, 400, "%s", a.body);
        cr_assert(strstr(text_at(a, "/detail"),
                         "Cannot assign a device for operation neg: {{node neg}} was explicitly "
                         "assigned to /cpu:5 but available devices are [ " CPU(0) ", " CPU(
                                 1) " ]. Make sure the device specification refers to a valid "
                                    "device."),
                  "%s", a.body);
        made(TWO ",'allow_soft_placement':true", PLACEHOLDER "," CALL("/cpu:1"),
             FUNCTION("/cpu:5", "", ""));
        ran_on(CPU(1), CPU(1));
}

Test(http_devices, the_partitions_of_a_function_send_to_each_other)
{
        made(TWO, PLACEHOLDER "," CALL(""), FUNCTION("/cpu:1", "/cpu:0", ""));
        Answer a = run();
        cr_assert_eq(json_array_size(at(a, "/run_metadata/functionGraphs/0/partitionGraphs")), 2,
                     "%s", a.body);
        cr_assert(strstr(text_at(a, "/run_metadata/functionGraphs/0/partitionGraphs/1"), "_Recv"));
}

/* "name op input@place, ..." of a graph of the first function. */
static const char *drawn(Answer a, const char *graph)
{
        static char text[1024];
        char pointer[100];
        json_t *n;
        size_t i, at_byte = 0;
        snprintf(pointer, sizeof pointer, "/run_metadata/functionGraphs/0/%s/node", graph);
        *text = '\0';
        json_array_foreach (at(a, pointer), i, n) {
                const char *in = json_string_value(json_array_get(json_object_get(n, "input"), 0));
                const char *device = json_string_value(json_object_get(n, "device"));
                at_byte += (size_t)snprintf(text + at_byte, sizeof text - at_byte, "%s%s %s %s@%s",
                                            i ? ", " : "",
                                            json_string_value(json_object_get(n, "name")),
                                            json_string_value(json_object_get(n, "op")),
                                            in ? in : "", device ? device : "");
        }
        return text;
}

/* TensorFlow takes the first before, the second after its optimizer, and cuts the second one. */
Test(http_devices, a_function_is_drawn_whole_before_and_after_it_is_optimized)
{
        made(TWO, PLACEHOLDER "," CALL(""), FUNCTION("/cpu:1", "", ""));
        Answer a = run();
        cr_assert_str_eq(drawn(a, "preOptimizationGraph"),
                         "v _Arg @, neg Neg v@/cpu:1, exp Exp neg:0@, exp_RetVal_0 _Retval exp@");
        cr_assert_str_eq(
                drawn(a, "postOptimizationGraph"),
                "_arg_v_0_0 _Arg @" CPU(0) ", neg Neg _arg_v_0_0@" CPU(1) ", exp Exp neg@" CPU(
                        0) ", _retval_exp_0_0 _Retval exp@" CPU(0));
}

/* ---- loops ---- */

#define FRAME ATTR("frame_name", "'s':'Zg=='")
#define PAIR  ATTR("N", "'i':'2'")
#define VALUE(field, value)                \
        ATTR("dtype", "'type':'DT_FLOAT'") \
        ",'value':{'tensor':{'dtype':'DT_FLOAT','tensorShape':{},'" field "':[" value "]}}"
#define KEPT FRAME "," ATTR("is_constant", "'b':true")
/* while (i < 10) i += 1, whose addition is elsewhere. */
#define OUTSIDE                                                                                 \
        PLACEHOLDER "," NODE("one", "Const", "", "", VALUE("floatVal", "1")) "," NODE(          \
                "ten", "Const", "", "",                                                         \
                VALUE("floatVal",                                                               \
                      "10")) "," NODE("e", "Enter", "'x'", "/cpu:0",                            \
                                      FLOAT                                                     \
                                      "," FRAME) "," NODE("e1", "Enter", "'one'", "/cpu:1",     \
                                                          FLOAT                                 \
                                                          "," KEPT) "," NODE("et", "Enter",     \
                                                                             "'ten'", "/cpu:0", \
                                                                             FLOAT "," KEPT) ","
#define LOOP                                                                                     \
        OUTSIDE                                                                                  \
        NODE("m", "Merge", "'e','n'", "/cpu:0", FLOAT "," PAIR)                                  \
        "," NODE("l", "Less", "'m','et'", "/cpu:0", FLOAT) "," NODE(                             \
                "c", "LoopCond", "'l'", "/cpu:0",                                                \
                "") "," NODE("s", "Switch", "'m','c'", "/cpu:0",                                 \
                             FLOAT) "," NODE("add", "Add", "'s:1','e1'", "/cpu:1",               \
                                             FLOAT) "," NODE("n", "NextIteration", "'add'",      \
                                                             "/cpu:0",                           \
                                                             FLOAT) "," NODE("y", "Exit", "'s'", \
                                                                             "/cpu:0", FLOAT)

/* Nodes of that op in a partition, the last of them in *ret. */
static int count(Answer a, int part, const char *op, json_t **ret)
{
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/run_metadata/partitionGraphs/%d/node", part);
        json_t *n;
        size_t i;
        int found = 0;
        json_array_foreach (at(a, pointer), i, n)
                if (!strcmp(json_string_value(json_object_get(n, "op")), op)) {
                        found++;
                        *ret = n;
                }
        return found;
}

static const char *input(json_t *node, size_t i)
{
        const char *s = json_string_value(json_array_get(json_object_get(node, "input"), i));
        return s ? s : "";
}

static const char *name(json_t *node)
{
        return json_string_value(json_object_get(node, "name"));
}

Test(http_devices, a_loop_over_two_devices_gives_what_it_gives_on_one)
{
        made(TWO, LOOP, "");
        Answer a = run();
        expect(a, 200, "/result", "10.0");
        cr_assert_str_eq(device_of(a, "add"), CPU(1));
        cr_assert_str_eq(device_of(a, "l"), CPU(0));
        made("'allow_soft_placement':true", LOOP, "");
        expect(run(), 200, "/result", "10.0");
}

Test(http_devices, the_other_device_has_a_loop_that_turns_its_receivers)
{
        made(TWO, LOOP, "");
        Answer a = run();
        json_t *merge = NULL, *turn = NULL, *next = NULL, *enter = NULL, *recv = NULL;
        cr_assert_eq(count(a, 1, "Merge", &merge), 1, "%s", a.body);
        cr_assert_eq(count(a, 1, "Switch", &turn), 1);
        cr_assert_eq(count(a, 1, "NextIteration", &next), 1);
        cr_assert_geq(count(a, 1, "Enter", &enter), 1);
        cr_assert_eq(strncmp(name(merge), "_cloop", 6), 0, "%s", name(merge));
        cr_assert_str_eq(input(merge, 1), name(next));
        cr_assert_str_eq(input(turn, 0), name(merge));
        cr_assert_eq(strncmp(input(next, 0), name(turn), strlen(name(turn))), 0);
        /* The predicate and the sum's operand arrive once in each iteration. */
        cr_assert_eq(count(a, 1, "_Recv", &recv), 2, "%s", a.body);
        cr_assert_eq(input(recv, 0)[0], '^');
        cr_assert_str_eq(input(recv, 0) + 1, name(merge));
}

Test(http_devices, a_loop_on_one_device_has_no_loop_elsewhere)
{
        made(TWO,
             PLACEHOLDER "," NODE("z", "Neg", "'x'", "/cpu:1", FLOAT) "," NODE("y", "Exp", "'z'",
                                                                               "/cpu:0", FLOAT),
             "");
        json_t *n = NULL;
        cr_assert_eq(count(run(), 1, "Merge", &n), 0);
}
