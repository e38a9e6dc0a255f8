// SPDX-License-Identifier: Apache-2.0
/* ConfigProto over HTTP: what each member does. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_config, .init = server_begin, .fini = server_end);

/* Creates a session with a config, and maybe a graph in the script's language. */
static Answer make(const char *name, const char *config, const char *script)
{
        return post("/v1/sessions", "{'name':'%s','config':%s,'graph':{'script':'%s'}}", name,
                    config, script);
}

static void refused(const char *config, int status, const char *detail)
{
        Answer a = make("refused", config, "a = 1.0");
        expect(a, status, "/detail", detail);
        expect(http("GET", "/v1/sessions/refused", NULL), 404, NULL, NULL);
}

/* ---- thread pools ---- */

Test(http_config, a_step_chooses_one_of_the_sessions_thread_pools)
{
        expect(make("s", "{'session_inter_op_thread_pool':[{'num_threads':1},{'num_threads':2}]}",
                    "b = 2.0 + 3.0"),
               201, NULL, NULL);
        for (int pool = -1; pool < 2; pool++)
                expect(post("/v1/sessions/s:run",
                            "{'fetches':'b:0','options':{'inter_op_thread_pool':%d}}", pool),
                       200, "/result", "5.0");
        expect(post("/v1/sessions/s:run", "{'fetches':'b:0','options':{'inter_op_thread_pool':2}}"),
               400, "/detail", "Invalid inter_op_thread_pool: 2");
        expect(post("/v1/sessions/s:run",
                    "{'fetches':'b:0','options':{'inter_op_thread_pool':-2}}"),
               400, "/detail", "Invalid inter_op_thread_pool: -2");
}

Test(http_config, without_pools_of_its_own_a_session_has_pool_0_only)
{
        expect(make("s", "{}", "b = 2.0 + 3.0"), 201, NULL, NULL);
        expect(post("/v1/sessions/s:run", "{'fetches':'b:0','options':{'inter_op_thread_pool':1}}"),
               400, "/detail", "Invalid inter_op_thread_pool: 1");
        expect(post("/v1/sessions/s:run",
                    "{'fetches':'b:0','options':{'inter_op_thread_pool':-1}}"),
               200, "/result", "5.0");
}

Test(http_config, a_named_pool_keeps_its_size_for_good)
{
        const char *foo = "{'session_inter_op_thread_pool':[{'global_name':'foo'}]}";
        expect(make("one", foo, "b = 2.0 + 3.0"), 201, NULL, NULL);
        expect(post("/v1/sessions/one:run", "{'fetches':'b:0'}"), 200, "/result", "5.0");
        expect(make("two", foo, "b = 2.0 + 3.0"), 201, NULL, NULL);
        const char *other =
                "{'session_inter_op_thread_pool':[{'global_name':'foo','num_threads':1}]}";
        refused(other, 400,
                "Pool foo configured previously with num_threads=0; cannot re-configure with "
                "num_threads=1");
        http("DELETE", "/v1/sessions/one", NULL);
        http("DELETE", "/v1/sessions/two", NULL);
        refused(other, 400,
                "Pool foo configured previously with num_threads=0; cannot re-configure with "
                "num_threads=1");
}

Test(http_config, a_session_may_have_threads_of_its_own_or_none)
{
        expect(make("own", "{'use_per_session_threads':true,'inter_op_parallelism_threads':3}",
                    "b = 2.0 + 3.0"),
               201, NULL, NULL);
        expect(make("caller", "{'inter_op_parallelism_threads':-1}", "b = 2.0 + 3.0"), 201, NULL,
               NULL);
        expect(make("single", "{'intra_op_parallelism_threads':1}", "b = 2.0 + 3.0"), 201, NULL,
               NULL);
        const char *const names[] = { "own", "caller", "single" };
        for (size_t i = 0; i < COUNTOF(names); i++) {
                char path[64];
                snprintf(path, sizeof path, "/v1/sessions/%s:run", names[i]);
                expect(post(path, "{'fetches':'b:0'}"), 200, "/result", "5.0");
                snprintf(path, sizeof path, "/v1/sessions/%s", names[i]);
                expect(http("DELETE", path, NULL), 204, NULL, NULL);
        }
}

/* The threads that ran the nodes of a traced step, as a set. */
static int threads_of(const char *session)
{
        char path[64];
        snprintf(path, sizeof path, "/v1/sessions/%s:run", session);
        Answer a = post(path, "{'fetches':'y:0','options':{'trace_level':'FULL_TRACE'},"
                              "'metadata':true}");
        expect(a, 200, NULL, NULL);
        json_t *nodes = at(a, "/run_metadata/stepStats/devStats/0/nodeStats"), *node;
        json_int_t seen[64];
        size_t i;
        int n = 0, k;
        json_array_foreach (nodes, i, node) {
                json_int_t id = json_integer_value(json_object_get(node, "threadId"));
                for (k = 0; k < n && seen[k] != id; k++) {
                }
                if (k == n && n < (int)COUNTOF(seen))
                        seen[n++] = id;
        }
        return n;
}

Test(http_config, in_the_callers_thread_the_ops_of_a_step_have_one_thread)
{
        const char *script = "x = RandomUniform([300, 300], dtype=float32)\\n"
                             "y = x @ x + Sin(x) @ Cos(x) + (x * x) @ (x + x)";
        expect(make("s", "{'inter_op_parallelism_threads':-1}", script), 201, NULL, NULL);
        cr_assert_eq(threads_of("s"), 1);
        expect(make("t", "{'experimental':{'executor_type':'SINGLE_THREADED_EXECUTOR'}}", script),
               201, NULL, NULL);
        cr_assert_eq(threads_of("t"), 1);
}

/* A config with n such pools. */
static const char *pools_of(int n, const char *pool)
{
        static char text[4096];
        size_t at =
                (size_t)snprintf(text, sizeof text, "{'session_inter_op_thread_pool':[%s", pool);
        for (int i = 1; i < n; i++)
                at += (size_t)snprintf(text + at, sizeof text - at, ",%s", pool);
        snprintf(text + at, sizeof text - at, "]}");
        return text;
}

Test(http_config, more_threads_than_are_good_are_refused)
{
        refused("{'inter_op_parallelism_threads':1000000000}", 400,
                "A thread pool has at most 1024 threads, not 1000000000");
        refused("{'intra_op_parallelism_threads':1000000000}", 400,
                "A thread pool has at most 1024 threads, not 1000000000");
        refused("{'session_inter_op_thread_pool':[{'num_threads':1000000000}]}", 400,
                "A thread pool has at most 1024 threads, not 1000000000");
        refused(pools_of(65, "{}"), 400, "A session has at most 64 thread pools, not 65");
        refused(pools_of(5, "{'num_threads':1024}"), 429,
                "The thread pools of all sessions would have more than 4096 threads");
        /* What was refused took nothing away from others. */
        expect(make("s", "{'session_inter_op_thread_pool':[{'num_threads':1024}]}", "a = 1.0"), 201,
               NULL, NULL);
}

/* ---- experimental ---- */

Test(http_config, an_executor_that_is_not_known_fails_the_run)
{
        expect(make("s", "{'experimental':{'executor_type':'FAST'}}", "b = 2.0 + 3.0"), 201, NULL,
               NULL);
        expect(post("/v1/sessions/s:run", "{'fetches':'b:0'}"), 404, "/detail",
               "No executor factory registered for the given executor type: FAST Registered "
               "factories are {DEFAULT, SINGLE_THREADED_EXECUTOR}.");
        expect(make("d", "{'experimental':{'executor_type':'DEFAULT'}}", "b = 2.0 + 3.0"), 201,
               NULL, NULL);
        expect(post("/v1/sessions/d:run", "{'fetches':'b:0'}"), 200, "/result", "5.0");
}

Test(http_config, the_single_threaded_executor_takes_neither_loops_nor_references)
{
        const char *config = "{'experimental':{'executor_type':'SINGLE_THREADED_EXECUTOR'}}";
        expect(make("s", config,
                    "x = Placeholder(dtype=float32, shape=[])\\n"
                    "y = Switch(x, Less(x, 1.0))\\nv = VariableV2(dtype=float32, shape=[])\\n"
                    "z = Identity(v)\\nok = x + 1.0"),
               201, NULL, NULL);
        expect(post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':1}}"), 400, "/detail",
               "Single-threaded executor does not support low level control flow,  but saw control "
               "flow node y.  Perhaps your graph contains old-style control flow primitives? Try "
               "using tf.compat.v1.enable_control_flow_v2().");
        expect(post("/v1/sessions/s:run", "{'fetches':'z:0'}"), 501, "/detail",
               "Single-threaded executor does not support reference-typed edges.  But saw type "
               "float_ref in outputs of node v");
        expect(post("/v1/sessions/s:run", "{'fetches':'ok:0','feeds':{'x':1}}"), 200, "/result",
               "2.0");
}

Test(http_config, a_graph_that_is_optimized_as_static_cannot_grow)
{
        expect(make("s", "{'experimental':{'optimize_for_static_graph':true}}", "a = 1.0"), 201,
               NULL, NULL);
        expect(post("/v1/sessions/s:extend", "{'script':'b = 2.0'}"), 400, "/detail",
               "Extending the graph is not supported when `optimize_for_static_graph` is true.");
        expect(post("/v1/sessions", "{'name':'e','config':{'experimental':"
                                    "{'optimize_for_static_graph':true}}}"),
               201, NULL, NULL);
        expect(post("/v1/sessions/e:extend", "{'script':'b = 2.0'}"), 200, NULL, NULL);
        expect(post("/v1/sessions/e:extend", "{'script':'c = 2.0'}"), 400, "/code_name",
               "FAILED_PRECONDITION");
}

Test(http_config, partition_graphs_can_be_switched_off)
{
        expect(make("s", "{'experimental':{'disable_output_partition_graphs':true}}",
                    "b = 2.0 + 3.0"),
               201, NULL, NULL);
        expect(post("/v1/sessions/s:run",
                    "{'fetches':'b:0','options':{'output_partition_graphs':true},'metadata':true}"),
               400, "/detail",
               "RunOptions.output_partition_graphs() is not supported when "
               "disable_output_partition_graphs is true.");
        expect(post("/v1/sessions/s:run", "{'fetches':'b:0'}"), 200, "/result", "5.0");
}

#define NAMED "{'experimental':{'session_metadata':{'name':'model','version':'3'}}}"

Test(http_config, one_live_session_has_a_name_and_version)
{
        expect(make("s", NAMED, "a = 1.0"), 201, NULL, NULL);
        refused(NAMED, 400,
                "A session with the same name and version has already been created: name: "
                "\"model\"\nversion: 3\n");
        expect(make("other", "{'experimental':{'session_metadata':{'name':'model','version':'4'}}}",
                    "a = 1.0"),
               201, NULL, NULL);
        expect(post("/v1/sessions/s:close", "{}"), 200, NULL, NULL);
        expect(make("again", NAMED, "a = 1.0"), 201, NULL, NULL);
}

Test(http_config, a_session_version_is_not_negative)
{
        refused("{'experimental':{'session_metadata':{'name':'model','version':'-1'}}}", 400,
                "Session version shouldn't be negative: name: \"model\"\nversion: -1\n");
}

/* ---- sessions of a named engine ---- */

static Answer make_at(const char *name, const char *target, const char *config)
{
        return post("/v1/sessions",
                    "{'name':'%s','target':'%s','config':%s,'graph':{'script':"
                    "'v = VarHandleOp(dtype=float32, shape=[], shared_name=\\'w\\')\\n"
                    "set = AssignVariableOp(v, 7.0)\\nget = ReadVariableOp(v, dtype=float32)'}}",
                    name, target, config);
}

Test(http_config, an_isolated_session_starts_empty)
{
        expect(make_at("a", "engine:e", "{}"), 201, NULL, NULL);
        expect(make_at("b", "engine:e", "{}"), 201, NULL, NULL);
        expect(make_at("c", "engine:e", "{'isolate_session_state':true}"), 201, NULL, NULL);
        expect(post("/v1/sessions/a:run", "{'targets':['set']}"), 200, NULL, NULL);
        expect(post("/v1/sessions/b:run", "{'fetches':'get:0'}"), 200, "/result", "7.0");
        expect(post("/v1/sessions/c:run", "{'fetches':'get:0'}"), 400, "/code_name",
               "FAILED_PRECONDITION");
}

Test(http_config, a_named_engines_sessions_have_no_thread_pools_of_their_own)
{
        expect(make_at("a", "engine:e", "{'use_per_session_threads':true}"), 400, "/detail",
               "Distributed session does not support session thread pool options.");
        expect(make_at("a", "engine:e", "{'session_inter_op_thread_pool':[{}]}"), 400, "/detail",
               "Distributed session does not support session thread pool options.");
}

/* ---- the rest ---- */

static char logged[4096];

static void log_line(const char *session, const char *line)
{
        size_t n = strlen(logged);
        snprintf(logged + n, sizeof logged - n, "%s|%s\n", session, line);
}

static void listening(void)
{
        test_log = log_line;
        server_begin();
}

#define CPU0 "/job:localhost/replica:0/task:0/device:CPU:0"

Test(http_config, log_device_placement_writes_a_line_per_node, .init = listening)
{
        expect(make("quiet", "{}", "a = 1.0"), 201, NULL, NULL);
        expect(post("/v1/sessions/quiet:run", "{'fetches':'a:0'}"), 200, NULL, NULL);
        cr_expect_str_eq(logged, "");
        expect(make("s", "{'log_device_placement':true}", "a = 1.0\\nb = Neg(a)"), 201, NULL, NULL);
        cr_expect_str_eq(logged, "s|Device mapping: no known devices.\n");
        for (int i = 0; i < 2; i++) /* once */
                expect(post("/v1/sessions/s:run", "{'fetches':'b:0'}"), 200, "/result", "-1.0");
        cr_expect_str_eq(logged, "s|Device mapping: no known devices.\n"
                                 "s|a: (Const): " CPU0 "\ns|b: (Neg): " CPU0 "\n");
}

Test(http_config, what_is_about_other_hardware_is_taken)
{
        static const char *const configs[] = {
                "'placement_period':5",
                "'gpu_options':{'per_process_gpu_memory_fraction':0.5,'allow_growth':true,"
                "'allocator_type':'BFC','deferred_deletion_bytes':'1','visible_device_list':'0,1',"
                "'polling_active_delay_usecs':1,'polling_inactive_delay_msecs':1,"
                "'force_gpu_compatible':true,'experimental':{'virtual_devices':[{'memory_limit_mb':"
                "[1.0]}],'use_unified_memory':true}}",
                "'rpc_options':{'use_rpc_for_inprocess_master':true}",
                "'cluster_def':{'job':[{'name':'w','tasks':{'0':'host:1'}}]}",
                "'share_cluster_devices_in_session':true",
                "'graph_options':{'enable_recv_scheduling':true,'enable_bfloat16_sendrecv':true,"
                "'timeline_step':3,'optimizer_options':{'do_function_inlining':true,"
                "'global_jit_level':'ON_2'}}",
                "'experimental':{'collective_group_leader':'x','recv_buf_max_chunk':1,"
                "'use_numa_affinity':true,'collective_deterministic_sequential_execution':true,"
                "'collective_nccl':true,'share_session_state_in_clusterspec_propagation':true,"
                "'disable_thread_spinning':true,'share_cluster_devices_in_session':true,"
                "'enable_mlir_bridge':true}",
        };
        for (size_t i = 0; i < COUNTOF(configs); i++) {
                char config[1024];
                snprintf(config, sizeof config, "{%s}", configs[i]);
                http("DELETE", "/v1/sessions/s", NULL);
                expect(make("s", config, "b = 2.0 + 3.0"), 201, NULL, NULL);
                expect(post("/v1/sessions/s:run", "{'fetches':'b:0'}"), 200, "/result", "5.0");
        }
}

Test(http_config, the_sessions_timeout_holds_unless_the_run_brings_its_own)
{
        expect(make("s", "{'operation_timeout_in_ms':'20'}",
                    "q = FIFOQueueV2(component_types=[float32])\\n"
                    "x = QueueDequeueV2(q, component_types=[float32])"),
               201, NULL, NULL);
        expect(post("/v1/sessions/s:run", "{'fetches':'x:0'}"), 504, "/detail",
               "Timed out waiting for notification");
        expect(post("/v1/sessions/s:run", "{'fetches':'x:0','options':{'timeout_in_ms':'1'}}"), 504,
               "/detail", "Timed out waiting for notification");
}

Test(http_config, an_unknown_member_is_refused_with_the_nearest_name)
{
        Answer a = make("s", "{'inter_op_paralelism_threads':1}", "a = 1.0");
        expect(a, 400, "/pointer", "/config/inter_op_paralelism_threads");
        cr_assert(strstr(text_at(a, "/hints"), "inter_op_parallelism_threads"), "%s", a.body);
}

Test(http_config, device_count_is_bounded)
{
        refused("{'device_count':{'CPU':0}}", 404, "No CPU devices are available in this process");
        refused("{'device_count':{'CPU':-1}}", 400,
                "device_count of CPU is -1, which is not in [0, 1024]");
        refused("{'device_count':{'CPU':1025}}", 400,
                "device_count of CPU is 1025, which is not in [0, 1024]");
        expect(make("s", "{'device_count':{'CPU':2147483648}}", "a = 1.0"), 400, "/code_name",
               "INVALID_ARGUMENT");
        expect(make("s", "{'device_count':{'GPU':4}}", "a = 1.0"), 201, NULL, NULL);
}

Test(http_config, device_filters_must_be_device_names_where_they_filter)
{
        expect(make_at("a", "engine:e", "{'device_filters':['/job:ps','cpu']}"), 400, "/detail",
               "Unable to parse device filter: 'cpu'");
        expect(make_at("a", "engine:e", "{'device_filters':['/job:ps/task:0']}"), 201, NULL, NULL);
        expect(make("b", "{'device_filters':['cpu']}", "a = 1.0"), 201, NULL, NULL);
}

Test(http_config, a_named_engines_sessions_place_whole_graphs)
{
        expect(post("/v1/sessions", "{'name':'s','target':'engine:e','config':{'graph_options':"
                                    "{'place_pruned_graph':true}},'graph':{'script':"
                                    "'ok = 1.0\\nwith device(\\'/gpu:0\\'):\\n  g = 2.0'}}"),
               201, NULL, NULL);
        expect(post("/v1/sessions/s:run", "{'fetches':'ok:0'}"), 400, "/node", "g");
}
