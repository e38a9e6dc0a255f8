// SPDX-License-Identifier: Apache-2.0
/* RunOptions.debug_options over HTTP: TensorFlow's debugger. Values come in the answer, or as
 * tfdbg's files below a folder that may be written to. */
#include "engine/base/buf.h"
#include "tensorflow/core/util/event.pb-c.h"
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[] = "/tmp/sessrun-watches-XXXXXX";

static void begin(void)
{
        cr_assert(mkdtemp(root));
        test_root = root;
        server_begin();
}

/* Files and folders, those below first. */
static int drop(const char *path, const struct stat *st UNUSED, int kind UNUSED,
                struct FTW *ftw UNUSED)
{
        return remove(path);
}

static void end(void)
{
        server_end();
        nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(http_watches, .init = begin, .fini = end);

#define WATCH(node, slot, op) \
        "{'node_name':'" node "','output_slot':" #slot ",'debug_ops':['" op "']}"

/* Runs z with x = [1, 2], watching what is listed. */
static Answer watched(const char *watches)
{
        return post("/v1/sessions/s:run",
                    "{'fetches':'z:0','feeds':{'x':[1,2]},'metadata':true,'options':{"
                    "'output_partition_graphs':true,"
                    "'debug_options':{'global_step':'7','debug_tensor_watch_opts':[%s]}}}",
                    watches);
}

#define CHAIN "x = Placeholder(dtype=float32)\\ny = Neg(x)\\nz = Exp(y)\\nw = Sin(y)"
#define AT    "/debug/values/"

/* ---- values in the answer ---- */

Test(http_watches, a_watched_value_comes_with_the_answer)
{
        make_session("", CHAIN);
        Answer a = watched(WATCH("y", 0, "DebugIdentity"));
        expect(a, 200, AT "0/value", "[-1.0,-2.0]");
        expect(a, 200, AT "0/node", "y");
        expect(a, 200, AT "0/debug_op", "DebugIdentity");
        expect(a, 200, AT "0/device", "/job:localhost/replica:0/task:0/device:CPU:0");
        expect(a, 200, "/debug/lost", "0");
        cr_assert_eq(json_integer_value(at(a, AT "0/output_slot")), 0);
        cr_assert_gt(json_integer_value(at(a, AT "0/wall_time_us")), 0);
        a = post("/v1/sessions/s:run", "{'fetches':'z:0','feeds':{'x':[1,2]}}");
        cr_assert_null(at(a, "/debug"));
}

Test(http_watches, several_ops_may_look_at_one_output)
{
        make_session("", "x = Placeholder(dtype=float32)\\ny = Log(x)\\nz = Exp(y)");
        Answer a = watched("{'node_name':'y','debug_ops':['DebugNanCount',"
                           "'DebugNumericSummary(lower_bound=-0.5; upper_bound=0.5)']}");
        cr_assert_eq(json_array_size(at(a, "/debug/values")), 2, "%s", a.body);
        const char *first = text_at(a, AT "0/debug_op");
        const char *summary = strcmp(first, "DebugNanCount") ? AT "0/value" : AT "1/value";
        cr_assert_str_eq(text_at(a, strcmp(first, "DebugNanCount") ? AT "1/value" : AT "0/value"),
                         "[0]");
        /* initialized, elements, NaN, -inf, <0, 0, >0, beyond 0.5 (the logarithm of 2), min, max,
         * mean, variance, dtype, rank, size */
        cr_assert_str_eq(text_at(a, summary),
                         "[1.0,2.0,0.0,0.0,0.0,1.0,0.0,1.0,0.0,0.0,0.0,0.0,1.0,1.0,2.0]");
}

Test(http_watches, a_healthy_tensor_may_be_passed_over)
{
        make_session("", CHAIN);
        Answer a = watched(WATCH("y", 0, "DebugNumericSummary(mute_if_healthy=true)"));
        expect(a, 200, "/debug/values", "[]");
}

/* while (m < 3) m += 1 */
#define LOOP                                                                                       \
        "node { name: \\'zero\\' op: \\'Const\\' attr { key: \\'dtype\\' value { type: DT_INT32 "  \
        "} } "                                                                                     \
        "attr { key: \\'value\\' value { tensor { dtype: DT_INT32 tensor_shape { } } } } } "       \
        "node { name: \\'one\\' op: \\'Const\\' attr { key: \\'dtype\\' value { type: DT_INT32 } " \
        "} "                                                                                       \
        "attr { key: \\'value\\' value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 1 } "  \
        "} "                                                                                       \
        "} } "                                                                                     \
        "node { name: \\'n\\' op: \\'Placeholder\\' attr { key: \\'dtype\\' value { type: "        \
        "DT_INT32 } } } "                                                                          \
        "node { name: \\'e\\' op: \\'Enter\\' input: \\'zero\\' " INT FRAME "} "                   \
        "node { name: \\'ne\\' op: \\'Enter\\' input: \\'n\\' " INT FRAME                          \
        "attr { key: \\'is_constant\\' value { b: true } } } "                                     \
        "node { name: \\'oe\\' op: \\'Enter\\' input: \\'one\\' " INT FRAME                        \
        "attr { key: \\'is_constant\\' value { b: true } } } "                                     \
        "node { name: \\'m\\' op: \\'Merge\\' input: \\'e\\' input: \\'i\\' " INT                  \
        "attr { key: \\'N\\' value { i: 2 } } } "                                                  \
        "node { name: \\'l\\' op: \\'Less\\' input: \\'m\\' input: \\'ne\\' " INT "} "             \
        "node { name: \\'c\\' op: \\'LoopCond\\' input: \\'l\\' } "                                \
        "node { name: \\'s\\' op: \\'Switch\\' input: \\'m\\' input: \\'c\\' " INT "} "            \
        "node { name: \\'k\\' op: \\'Add\\' input: \\'s:1\\' input: \\'oe\\' " INT "} "            \
        "node { name: \\'i\\' op: \\'NextIteration\\' input: \\'k\\' " INT "} "                    \
        "node { name: \\'z\\' op: \\'Exit\\' input: \\'s\\' " INT "}"
#define INT   "attr { key: \\'T\\' value { type: DT_INT32 } } "
#define FRAME "attr { key: \\'frame_name\\' value { s: \\'f\\' } } "

static Answer loop(const char *watches)
{
        return post("/v1/sessions/s:run",
                    "{'fetches':'z:0','feeds':{'n':3},'options':{'debug_options':{"
                    "'debug_tensor_watch_opts':[%s]}}}",
                    watches);
}

Test(http_watches, each_iteration_of_a_loop_is_seen)
{
        expect(post("/v1/sessions", "{'name':'s','graph':{'graph_def_text':'" LOOP "'}}"), 201,
               NULL, NULL);
        Answer a = loop(WATCH("k", 0, "DebugIdentity"));
        expect(a, 200, "/result", "3");
        cr_assert_eq(json_array_size(at(a, "/debug/values")), 3, "%s", a.body);
        for (int i = 0; i < 3; i++) {
                char pointer[64];
                snprintf(pointer, sizeof pointer, AT "%d/value", i);
                cr_assert_eq(json_integer_value(at(a, pointer)), i + 1);
        }
}

Test(http_watches, the_machinery_of_a_loop_may_be_watched)
{
        expect(post("/v1/sessions", "{'name':'s','graph':{'graph_def_text':'" LOOP "'}}"), 201,
               NULL, NULL);
        static const struct {
                const char *watch;
                size_t seen;
        } all[] = { { WATCH("e", 0, "DebugIdentity"), 1 }, { WATCH("m", 0, "DebugIdentity"), 4 },
                    { WATCH("c", 0, "DebugIdentity"), 4 }, { WATCH("s", 0, "DebugIdentity"), 1 },
                    { WATCH("s", 1, "DebugIdentity"), 3 }, { WATCH("i", 0, "DebugIdentity"), 3 },
                    { WATCH("z", 0, "DebugIdentity"), 1 } };
        for (size_t i = 0; i < COUNTOF(all); i++) {
                Answer a = loop(all[i].watch);
                expect(a, 200, "/result", "3");
                cr_assert_eq(json_array_size(at(a, "/debug/values")), all[i].seen, "%s: %s",
                             all[i].watch, a.body);
        }
}

Test(http_watches, a_variable_is_seen_before_it_is_changed)
{
        make_session("",
                     "x = Placeholder(dtype=float32)\\nv = VariableV2(shape=[2], dtype=float32)\\n"
                     "z = Assign(v, x)\\nu = AssignAdd(v, x)");
        Answer a = watched(WATCH("v", 0, "DebugIdentity"));
        expect(a, 200, AT "0/value", "[]"); /* not initialized: empty */
        a = watched(WATCH("v", 0, "DebugIdentity") "," WATCH("z", 0, "DebugIdentity"));
        expect(a, 200, "/result", "[1.0,2.0]");
        expect(a, 200, AT "0/value", "[1.0,2.0]");
}

/* The summary of a variable that has no value yet has its type and shape, and counts nothing. */
Test(http_watches, a_summary_says_whether_a_variable_is_initialized)
{
        make_session("",
                     "x = Placeholder(dtype=float32)\\nv = VariableV2(shape=[2], dtype=float32)\\n"
                     "e = VariableV2(shape=[0], dtype=float32)\\nz = Assign(v, x)\\n"
                     "init = Assign(e, Fill([0], 1.0))\\nuses = ConcatV2([v, e], 0)");
        Answer a = watched(WATCH("v", 0, "DebugNumericSummary"));
        expect(a, 200, AT "0/value",
               "[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,\"Infinity\",\"-Infinity\",\"NaN\",\"NaN\",1.0,"
               "1.0,2.0]");
        a = watched(WATCH("v", 0, "DebugNumericSummary"));
        expect(a, 200, AT "0/value",
               "[1.0,2.0,0.0,0.0,0.0,0.0,2.0,0.0,1.0,2.0,1.5,0.25,1.0,1.0,2.0]");
        expect(post("/v1/sessions/s:run", "{'targets':['init']}"), 200, NULL, NULL);
        a = post("/v1/sessions/s:run",
                 "{'fetches':'uses:0','options':{'debug_options':{'debug_tensor_watch_opts':["
                 "{'node_name':'e','debug_ops':['DebugNumericSummary']}]}}}");
        expect(a, 200, AT "0/value/0", "1.0");
}

Test(http_watches, what_would_be_folded_away_is_seen_all_the_same)
{
        make_session("", "x = Placeholder(dtype=float32)\\nc = Exp(Sub(1.0, 1.0))\\nz = x * c");
        Answer a = watched(WATCH("c", 0, "DebugIdentity"));
        expect(a, 200, AT "0/value", "1.0");
        expect(a, 200, "/result", "[1.0,2.0]");
}

Test(http_watches, outputs_that_do_not_run_or_are_not_there_are_passed_over)
{
        make_session("", CHAIN);
        Answer a =
                watched(WATCH("w", 0, "DebugIdentity") "," WATCH("y", 1, "DebugIdentity") "," WATCH(
                        "nothing", 0,
                        "DebugIdentity") "," WATCH("y", -1,
                                                   "DebugIdentity") "," WATCH("x", 0,
                                                                              "DebugIdentit"
                                                                              "y") ",{'node_"
                                                                                   "name':'"
                                                                                   "y'}");
        expect(a, 200, "/debug/values", "[]");
}

/* ---- the nodes ---- */

static json_t *node_of(Answer a, const char *name)
{
        json_t *n = find_at(a, "/run_metadata/partitionGraphs/0/node", "name", name);
        cr_assert(n, "no %s in %s", name, a.body);
        return n;
}

static const char *input_of(Answer a, const char *name, size_t i)
{
        const char *s =
                json_string_value(json_array_get(json_object_get(node_of(a, name), "input"), i));
        return s ? s : "";
}

Test(http_watches, debug_nodes_take_a_copy_that_consumers_take_too_and_wait_for)
{
        make_session("", CHAIN);
        Answer a = watched(WATCH("y", 0, "DebugIdentity"));
        cr_assert_str_eq(input_of(a, "__copy_y_0", 0), "y");
        cr_assert_str_eq(input_of(a, "__dbg_y:0_0_DebugIdentity", 0), "__copy_y_0");
        cr_assert_str_eq(input_of(a, "z", 0), "__copy_y_0");
        cr_assert_str_eq(input_of(a, "z", 1), "^__dbg_y:0_0_DebugIdentity");
}

Test(http_watches, watches_are_part_of_the_signature)
{
        make_session("", CHAIN);
        cr_assert_eq(json_array_size(at(watched(WATCH("y", 0, "DebugIdentity")), "/debug/values")),
                     1);
        expect(watched(WATCH("y", 0, "DebugNanCount")), 200, AT "0/debug_op", "DebugNanCount");
        cr_assert_null(at(watched(""), "/debug"));
        expect(watched(WATCH("y", 0, "DebugIdentity")), 200, AT "0/debug_op", "DebugIdentity");
        /* The client's graph has no such nodes. */
        expect(http("GET", "/v1/sessions/s/graph_def", NULL), 200, NULL, NULL);
        cr_assert_null(strstr(http("GET", "/v1/sessions/s/graph_def", NULL).body, "__copy"));
}

Test(http_watches, a_node_is_watched_where_it_runs)
{
        make_session("'device_count':{'CPU':2}",
                     "x = Placeholder(dtype=float32)\\n"
                     "with device(\\'/cpu:1\\'):\\n  y = Neg(x)\\nz = Exp(y)");
        expect(watched(WATCH("y", 0, "DebugIdentity")), 200, AT "0/device",
               "/job:localhost/replica:0/task:0/device:CPU:1");
}

/* ---- errors ---- */

#define FAILED "Failed to create debug node "

Test(http_watches, ops_that_cannot_look_are_refused)
{
        make_session("", CHAIN "\\nt = AsString(y)");
        expect(watched(WATCH("y", 0, "DebugNothing")), 400, "/detail",
               FAILED "DebugNothing for tensor y:0, due to: Failed to create node definition for "
                      "debug op DebugNothing on watched tensor y:0");
        expect(watched(WATCH("y", 0, "Identity")), 400, "/code_name", "FAILED_PRECONDITION");
        expect(watched(WATCH("t", 0, "DebugNanCount")), 400, "/detail",
               FAILED "DebugNanCount for tensor t:0, due to: Failed to find kernel definition for "
                      "debug op DebugNanCount on watched tensor t:0");
        expect(watched(WATCH("y", 0, "DebugIdentity(")), 400, "/detail",
               FAILED "DebugIdentity( for tensor y:0, due to: Malformed debug op name "
                      "\"DebugIdentity(\"");
}

Test(http_watches, attributes_must_be_the_ops)
{
        make_session("", CHAIN);
        expect(watched(WATCH("y", 0, "DebugNumericSummary(lower_bound)")), 400, "/detail",
               FAILED "DebugNumericSummary(lower_bound) for tensor y:0, due to: Malformed "
                      "attributes in debug op name \"DebugNumericSummary(lower_bound)\"");
        expect(watched(WATCH("y", 0, "DebugNanCount(a=1;b=2)")), 400, "/detail",
               FAILED "DebugNanCount(a=1;b=2) for tensor y:0, due to: 2 attribute key(s) were not "
                      "valid for debug node __dbg_y:0_0_DebugNanCount: a, b");
        expect(watched(WATCH("y", 0, "DebugNumericSummary(lower_bound=x)")), 400, "/code_name",
               "FAILED_PRECONDITION");
        expect(watched(WATCH("y", 0, "DebugNumericSummary(lower_bound=1;lower_bound=2)")), 400,
               "/detail",
               FAILED "DebugNumericSummary(lower_bound=1;lower_bound=2) for tensor y:0, due to: "
                      "Duplicate attribute name \"lower_bound\" found in the debug op: "
                      "\"DebugNumericSummary(lower_bound=1;lower_bound=2)\"");
}

Test(http_watches, failures_may_be_tolerated)
{
        make_session("", CHAIN);
        Answer a = watched("{'node_name':'y','debug_ops':['DebugNothing','DebugIdentity'],"
                           "'tolerate_debug_op_creation_failures':true}");
        expect(a, 200, AT "0/value", "[-1.0,-2.0]");
        cr_assert_str_eq(input_of(a, "__dbg_y:0_1_DebugIdentity", 0), "__copy_y_0");
}

Test(http_watches, there_is_no_grpc)
{
        make_session("", CHAIN);
        Answer a = watched("{'node_name':'y','debug_ops':['DebugIdentity'],"
                           "'debug_urls':['grpc://localhost:6064']}");
        expect(a, 501, "/code_name", "UNIMPLEMENTED");
        expect(a, 501, "/detail", "grpc:// debug URL scheme is not implemented.");
        cr_assert(strstr(text_at(a, "/hints/0"), "grpc://localhost:6064"), "%s", a.body);
        a = watched("{'node_name':'y','debug_ops':['DebugIdentity'],'debug_urls':['ftp://a']}");
        expect(a, 503, "/code_name", "UNAVAILABLE");
        cr_assert(strstr(text_at(a, "/detail"), "Invalid debug target URL: ftp://a"));
}

Test(http_watches, callables_are_not_watched)
{
        make_session("", CHAIN);
        Answer a = post("/v1/sessions/s:make_callable",
                        "{'fetches':'z:0','feed_list':['x'],'options':{'debug_options':{"
                        "'debug_tensor_watch_opts':[" WATCH("y", 0, "DebugIdentity") "]}}}");
        expect(a, 501, "/detail",
               "Debug options are not currently supported via the C++ MakeCallable interface.");
}

/* ---- files ---- */

/* The only file of a folder whose name begins so; "" if there is none. */
static const char *file_in(const char *folder, const char *begin)
{
        static char found[1024];
        *found = '\0';
        DIR *d = opendir(folder);
        for (struct dirent *e; d && (e = readdir(d));)
                if (!strncmp(e->d_name, begin, strlen(begin))) {
                        cr_assert(!*found, "two files begin with %s", begin);
                        snprintf(found, sizeof found, "%s/%s", folder, e->d_name);
                }
        if (d)
                closedir(d);
        return found;
}

static Tensorflow__Event *event_of(const char *path)
{
        static uint8_t bytes[1 << 16];
        FILE *f = fopen(path, "rb");
        cr_assert(f, "no file %s", path);
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        Tensorflow__Event *e = tensorflow__event__unpack(NULL, n, bytes);
        cr_assert_not_null(e);
        return e;
}

static Answer watched_into(const char *folder, const char *node)
{
        char watches[1024];
        snprintf(watches, sizeof watches,
                 "{'node_name':'%s','debug_ops':['DebugIdentity'],'debug_urls':['file://%s']}",
                 node, folder);
        return watched(watches);
}

#define DEVICE "_tfdbg_device_,job_localhost,replica_0,task_0,device_CPU_0"

Test(http_watches, a_value_is_dumped_as_tfdbg_reads_it)
{
        char dump[512], folder[1024];
        snprintf(dump, sizeof dump, "%s/dump/1", test_root);
        make_session("",
                     "x = Placeholder(dtype=float32)\\nwith name_scope(\\'a\\'):\\n  y = Neg(x)\\n"
                     "z = Exp(y)");
        expect(watched_into(dump, "a/y"), 200, "/debug/values", "[]");
        snprintf(folder, sizeof folder, "%s/" DEVICE "/a", dump);
        Tensorflow__Event *e = event_of(file_in(folder, "y_0_DebugIdentity_"));
        cr_assert_eq(e->what_case, TENSORFLOW__EVENT__WHAT_SUMMARY);
        cr_assert_gt(e->wall_time, 1e15, "microseconds");
        const Tensorflow__Summary__Value *v = e->summary->value[0];
        cr_assert_str_eq(v->node_name, "a/y:0:DebugIdentity");
        cr_assert_str_eq(v->tag, "a/y");
        cr_assert_str_eq(v->metadata->plugin_data->plugin_name, "debugger");
        cr_assert_eq(v->tensor->dtype, TENSORFLOW__DATA_TYPE__DT_FLOAT);
        cr_assert_eq(v->tensor->tensor_content.len, 8);
        float y[2];
        memcpy(y, v->tensor->tensor_content.data, sizeof y);
        cr_assert(y[0] == -1 && y[1] == -2);
        tensorflow__event__free_unpacked(e, NULL);
}

Test(http_watches, the_graph_and_the_run_are_dumped_too)
{
        char dump[512], folder[1024];
        snprintf(dump, sizeof dump, "%s/dump", test_root);
        make_session("", CHAIN);
        expect(watched_into(dump, "y"), 200, NULL, NULL);
        Tensorflow__Event *e = event_of(file_in(dump, "_tfdbg_core_metadata_sessionrun"));
        cr_assert_str_eq(e->log_message->message,
                         "{\"global_step\":7,\"session_run_index\":1,\"executor_step_index\":0,"
                         "\"input_names\":[\"x\"],\"output_names\":[\"z:0\"],\"target_nodes\":[]}");
        tensorflow__event__free_unpacked(e, NULL);
        snprintf(folder, sizeof folder, "%s/" DEVICE, dump);
        e = event_of(file_in(folder, "_tfdbg_graph_hash"));
        Tensorflow__GraphDef *g =
                tensorflow__graph_def__unpack(NULL, e->graph_def.len, e->graph_def.data);
        cr_assert_not_null(g);
        cr_assert_eq(g->n_node, 6, "x, y, z, the result, the copy, who looks at it");
        tensorflow__graph_def__free_unpacked(g, NULL);
        tensorflow__event__free_unpacked(e, NULL);
        /* Another run of the signature: another value, the same graph. */
        expect(watched_into(dump, "y"), 200, NULL, NULL);
        cr_assert(*file_in(folder, "_tfdbg_graph_hash"));
}

Test(http_watches, dumps_stay_below_the_roots)
{
        make_session("", CHAIN);
        expect(watched_into("/tmp/sessrun-no-such-root", "y"), 403, "/code_name",
               "PERMISSION_DENIED");
        char out[512];
        snprintf(out, sizeof out, "%s/../outside", test_root);
        cr_assert_neq(watched_into(out, "y").status, 200);
}

Test(http_watches, dumps_take_no_more_room_than_they_may)
{
        char dump[512];
        snprintf(dump, sizeof dump, "%s/dump", test_root);
        make_session("", CHAIN);
        setenv("TFDBG_DISK_BYTES_LIMIT", "12", true);
        expect(watched_into(dump, "y"), 200, NULL, NULL);
        Answer a = watched_into(dump, "y");
        expect(a, 429, "/code_name", "RESOURCE_EXHAUSTED");
        cr_assert(strstr(text_at(a, "/detail"),
                         "TensorFlow Debugger has exhausted file-system byte-size allowance (12), "
                         "therefore it cannot dump an additional 8 byte(s) of tensor data for the "
                         "debug tensor y:0."),
                  "%s", a.body);
        char body[1024];
        snprintf(body, sizeof body,
                 "{'fetches':'z:0','feeds':{'x':[1,2]},'options':{'debug_options':{"
                 "'reset_disk_byte_usage':true,'debug_tensor_watch_opts':[{'node_name':'y',"
                 "'debug_ops':['DebugIdentity'],'debug_urls':['FILE://%s']}]}}}",
                 dump);
        expect(post("/v1/sessions/s:run", "%s", body), 200, NULL, NULL);
        unsetenv("TFDBG_DISK_BYTES_LIMIT");
}

/* ---- hostile ---- */

Test(http_watches, watches_by_the_thousand_cost_no_more_than_they_should)
{
        make_session("",
                     "x = Placeholder(dtype=float32, shape=[2])\\ns = Split(0, x, num_split=2)\\n"
                     "z = ConcatV2([s:0, s:1, s:0, s:0], 0)");
        autobuf list = BUF(1 << 24);
        for (int i = 0; i < 20000; i++)
                buf_printf(&list, "%s" WATCH("s", 0, "DebugIdentity"), i ? "," : "");
        Answer a = watched(buf_cstr(&list));
        expect(a, 200, "/result", "[1.0,2.0,1.0,1.0]");
        cr_assert_eq(json_array_size(at(a, "/debug/values")), 1, "the last one counts");
        buf_reset(&list);
        for (int i = 0; i < 65; i++)
                buf_printf(&list, "%s'DebugIdentity'", i ? "," : "");
        a = post("/v1/sessions/s:run",
                 "{'fetches':'z:0','feeds':{'x':[1,2]},'options':{'debug_options':{"
                 "'debug_tensor_watch_opts':[{'node_name':'s','debug_ops':[%s]}]}}}",
                 buf_cstr(&list));
        expect(a, 400, "/detail", "A watch has at most 64 debug_ops.");
        buf_reset(&list);
        for (int i = 0; i < 1000; i++)
                buf_printf(&list, "a%d=1;", i);
        a = post("/v1/sessions/s:run",
                 "{'fetches':'z:0','feeds':{'x':[1,2]},'options':{'debug_options':{"
                 "'debug_tensor_watch_opts':[{'node_name':'s','debug_ops':['DebugIdentity(%s)']}]}}"
                 "}",
                 buf_cstr(&list));
        expect(a, 400, "/code_name", "FAILED_PRECONDITION");
}
