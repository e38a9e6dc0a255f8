// SPDX-License-Identifier: Apache-2.0
/* StepStats and cost graphs over HTTP, member by member, as TensorFlow's tracing fills them. */
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(http_step_stats, .init = server_begin, .fini = server_end);

static Answer run(const char *body)
{
        return post("/v1/sessions/s:run", "{%s,'metadata':true}", body);
}

static Answer traced(const char *body)
{
        return post("/v1/sessions/s:run",
                    "{%s,'metadata':true,'options':{'trace_level':'FULL_TRACE'}}", body);
}

/* The statistics of a node of the first device. */
static json_t *stats_of(Answer a, const char *name)
{
        json_t *n = find_at(a, "/run_metadata/stepStats/devStats/0/nodeStats", "nodeName", name);
        cr_assert(n, "no %s in %s", name, a.body);
        return n;
}

/* What a path like "memory/0/liveBytes" leads to; indices have one digit. */
static json_t *below(json_t *v, const char *path)
{
        char key[64];
        while (v && *path) {
                size_t n = strcspn(path, "/");
                snprintf(key, sizeof key, "%.*s", (int)n, path);
                v = json_is_array(v) ? json_array_get(v, (size_t)(key[0] - '0'))
                                     : json_object_get(v, key);
                path += n + (path[n] == '/');
        }
        return v;
}

/* A number, which JSON of protocol buffers leaves out when it is 0. */
static long long number(json_t *v, const char *path)
{
        json_t *n = below(v, path);
        return json_is_string(n) ? atoll(json_string_value(n)) : json_integer_value(n);
}

static const char *text(json_t *v, const char *path)
{
        const char *s = json_string_value(below(v, path));
        return s ? s : "";
}

/* ---- times ---- */

Test(http_step_stats, a_node_is_scheduled_when_the_last_one_it_waits_for_ends)
{
        make_session("", "x = Placeholder(dtype=float32)\\ny = Neg(x)\\nz = Exp(y)");
        Answer a = traced("'fetches':'z:0','feeds':{'x':[1,2]}");
        json_t *y = stats_of(a, "y"), *z = stats_of(a, "z");
        long long y_end = number(y, "allStartNanos") + number(y, "allEndRelNanos");
        cr_assert_geq(number(y, "allStartNanos"), number(y, "scheduledNanos"));
        cr_assert_geq(number(z, "scheduledMicros"), y_end / 1000 - 1, "%s", a.body);
        cr_assert_geq(number(z, "allStartNanos"), number(z, "scheduledNanos"));
        cr_assert_eq(number(z, "scheduledMicros"), number(z, "scheduledNanos") / 1000);
        cr_assert_eq(number(z, "allStartMicros"), number(z, "allStartNanos") / 1000);
        cr_assert_leq(number(z, "opStartRelNanos"), number(z, "opEndRelNanos"));
        cr_assert_leq(number(z, "opEndRelNanos"), number(z, "allEndRelNanos"));
}

Test(http_step_stats, what_was_ready_long_ago_shows_how_long_it_waited)
{
        /* One thread: the second product waits while the first is computed. */
        make_session("'inter_op_parallelism_threads':-1",
                     "x = RandomUniform([400, 400], dtype=float32)\\na = x @ x\\nb = x @ (x + x)\\n"
                     "c = Neg(x)\\ny = a + b + c");
        Answer a = traced("'fetches':'y:0'");
        json_t *n;
        size_t i;
        long long longest = 0;
        json_array_foreach (at(a, "/run_metadata/stepStats/devStats/0/nodeStats"), i, n)
                longest = MAX(longest, number(n, "allStartNanos") - number(n, "scheduledNanos"));
        cr_assert_gt(longest, 1000, "three nodes are ready at once: %s", a.body);
}

/* ---- texts ---- */

Test(http_step_stats, the_label_has_the_inputs_as_the_graph_has_them)
{
        make_session("", "x = Placeholder(dtype=float32)\\nk = TopKV2(x, 2)\\n"
                         "with control(x):\\n  y = Cast(k:1, DstT=float32)\\n");
        Answer a = traced("'fetches':'y:0','feeds':{'x':[1,5,2]}");
        cr_assert_str_eq(text(stats_of(a, "y"), "timelineLabel"), "y = Cast(k:1, ^x)", "%s",
                         a.body);
}

Test(http_step_stats, the_label_of_a_large_one_begins_with_its_memory)
{
        make_session("", "y = RandomUniform([512, 512], dtype=float32)");
        Answer a = traced("'fetches':'y:0'");
        cr_assert(!strncmp(text(stats_of(a, "y"), "timelineLabel"), "[cpu 1.0MB 1.0MB] y = ", 22),
                  "%s", a.body);
}

/* ---- allocations ---- */

#define ALLOCATION "output/0/tensorDescription/allocationDescription/"

Test(http_step_stats, allocations_are_told_apart_by_numbers_and_not_by_addresses)
{
        make_session("",
                     "x = Placeholder(dtype=float32)\\ny = ConcatV2([x, x], 0)\\nz = Identity(y)\\n"
                     "w = ConcatV2([y, z], 0)");
        Answer a = traced("'fetches':['z:0','w:0'],'feeds':{'x':[1,2]}");
        json_t *y = stats_of(a, "y"), *z = stats_of(a, "z"), *w = stats_of(a, "w");
        cr_assert_gt(number(y, ALLOCATION "allocationId"), 0);
        cr_assert_eq(number(y, ALLOCATION "allocationId"), number(z, ALLOCATION "allocationId"));
        cr_assert_neq(number(y, ALLOCATION "allocationId"), number(w, ALLOCATION "allocationId"));
        cr_assert_eq(number(y, ALLOCATION "requestedBytes"), 16);
        cr_assert_geq(number(y, ALLOCATION "allocatedBytes"), 16);
        cr_assert_str_eq(text(y, ALLOCATION "allocatorName"), "cpu");
        cr_assert(json_is_true(below(y, ALLOCATION "hasSingleReference")), "%s", a.body);
        cr_assert_null(strstr(a.body, "\"ptr\""));
}

Test(http_step_stats, memory_says_what_was_taken_and_what_is_left)
{
        make_session("", "x = Placeholder(dtype=float32)\\ny = ConcatV2([x, x], 0)");
        json_t *m = below(stats_of(traced("'fetches':'y:0','feeds':{'x':[1,2]}"), "y"), "memory/0");
        cr_assert_str_eq(text(m, "allocatorName"), "cpu");
        cr_assert_eq(number(m, "liveBytes"), 16);
        cr_assert_geq(number(m, "peakBytes"), number(m, "liveBytes"));
        cr_assert_eq(number(m, "totalBytes"), number(m, "peakBytes"));
        cr_assert_gt(number(m, "allocatorBytesInUse"), 0);
        cr_assert_eq(number(m, "allocationRecords/0/allocBytes"), 16);
        cr_assert_gt(number(m, "allocationRecords/0/allocMicros"), 0);
}

Test(http_step_stats, the_buffers_that_a_kernel_had_in_hand_are_listed_once_each)
{
        make_session("", "x = Placeholder(dtype=float32)\\ny = ConcatV2([x, x, x], 0)");
        Answer a = traced("'fetches':'y:0','feeds':{'x':[1,2]}");
        json_t *list = json_object_get(stats_of(a, "y"), "referencedTensor");
        cr_assert_eq(json_array_size(list), 3, "x, the axis and y: %s", a.body);
        cr_assert_eq(number(list, "0/requestedBytes"), 8);
        cr_assert_eq(number(list, "2/requestedBytes"), 24);
}

Test(http_step_stats, a_variable_is_described_by_its_value_and_kept_when_the_step_ends)
{
        make_session("", "v = VariableV2(shape=[3], dtype=float32)\\n"
                         "i = Assign(v, [1.0, 2.0, 3.0])\\nr = Neg(v)");
        json_t *i = stats_of(traced("'fetches':'i:0'"), "i");
        cr_assert_str_eq(text(i, "output/0/tensorDescription/dtype"), "DT_FLOAT");
        cr_assert_str_eq(text(i, "output/0/tensorDescription/shape/dim/0/size"), "3");
        cr_assert_eq(number(i, "memoryStats/persistentMemorySize"), 12);
        Answer a = traced("'fetches':'r:0'");
        json_t *v = stats_of(a, "v");
        cr_assert_eq(number(v, "memoryStats/persistentMemorySize"), 12);
        cr_assert_eq(number(v, "memoryStats/persistentTensorAllocIds/0"),
                     number(v, ALLOCATION "allocationId"), "%s", a.body);
}

Test(http_step_stats, an_untaken_branch_leaves_no_trace)
{
        make_session("", "p = Placeholder(dtype=bool)\\nx = Placeholder(dtype=float32)\\n"
                         "f = Switch(x, p)\\na = Neg(f)\\nb = Exp(f:1)\\nm = Merge([a, b])");
        Answer a = traced("'fetches':'m:0','feeds':{'p':true,'x':0}");
        expect(a, 200, "/result", "1.0");
        stats_of(a, "b");
        stats_of(a, "m");
        cr_assert_null(strstr(text_at(a, "/run_metadata/stepStats"), "\"a\""), "%s", a.body);
}

/* ---- the cost model ---- */

#define COSTS "'graph_options':{'build_cost_model':'1'}"

/* A node of the cost graph. */
static json_t *cost_of(Answer a, const char *name)
{
        json_t *n = find_at(a, "/run_metadata/costGraph/node", "name", name);
        cr_assert(n, "no %s in %s", name, a.body);
        return n;
}

Test(http_step_stats, a_cost_model_keeps_the_largest_of_all_steps)
{
        make_session(COSTS, "x = Placeholder(dtype=float32)\\ny = ConcatV2([x, x], 0)");
        json_t *y = cost_of(run("'fetches':'y:0','feeds':{'x':[1,2,3]}"), "y");
        cr_assert_eq(number(y, "outputInfo/0/size"), 24);
        y = cost_of(run("'fetches':'y:0','feeds':{'x':[1]}"), "y");
        cr_assert_eq(number(y, "outputInfo/0/size"), 24, "what it was before");
        cr_assert_str_eq(text(y, "outputInfo/0/shape/dim/0/size"), "6");
        y = cost_of(run("'fetches':'y:0','feeds':{'x':[1,2,3,4]}"), "y");
        cr_assert_eq(number(y, "outputInfo/0/size"), 32);
        cr_assert_str_eq(text(y, "outputInfo/0/dtype"), "DT_FLOAT");
        /* Another signature has a model of its own. */
        y = cost_of(run("'fetches':['y:0','x:0'],'feeds':{'x':[1]}"), "y");
        cr_assert_eq(number(y, "outputInfo/0/size"), 8);
}

Test(http_step_stats, a_branch_that_was_taken_once_stays_in_the_cost_model)
{
        make_session(COSTS, "p = Placeholder(dtype=bool)\\nx = Placeholder(dtype=float32)\\n"
                            "f = Switch(x, p)\\na = ConcatV2([f, f], 0)\\nm = Merge([a, f:1])");
        Answer a = run("'fetches':'m:0','feeds':{'p':true,'x':[1,2]}");
        cr_assert_eq(number(cost_of(a, "a"), "outputInfo/0/size"), 0, "not seen yet");
        cr_assert(json_is_true(below(cost_of(a, "a"), "outputInfo/0/shape/unknownRank")));
        run("'fetches':'m:0','feeds':{'p':false,'x':[1,2]}");
        a = run("'fetches':'m:0','feeds':{'p':true,'x':[1,2]}");
        cr_assert_eq(number(cost_of(a, "a"), "outputInfo/0/size"), 16, "%s", a.body);
}

Test(http_step_stats, an_output_that_was_passed_on_names_its_input)
{
        make_session(COSTS, "x = Placeholder(dtype=float32)\\ny = ConcatV2([x, x], 0)\\n"
                            "z = Reshape(y, [2, -1])");
        Answer a = run("'fetches':'z:0','feeds':{'x':[1,2]}");
        json_t *alias = below(cost_of(a, "z"), "outputInfo/0/aliasInputPort");
        cr_assert_null(alias, "0, which JSON leaves out: %s", a.body);
        cr_assert_eq(number(cost_of(a, "y"), "outputInfo/0/aliasInputPort"), -1);
}

Test(http_step_stats, a_variables_bytes_are_no_cost_of_the_step)
{
        make_session(COSTS,
                     "v = VariableV2(shape=[3], dtype=float32)\\ni = Assign(v, [1.0, 2.0, 3.0])\\n"
                     "with control(v):\\n  r = Neg(v)");
        run("'fetches':'i:0'");
        Answer a = run("'fetches':'r:0'");
        json_t *v = cost_of(a, "v");
        cr_assert_eq(number(v, "persistentMemorySize"), 12);
        cr_assert_eq(number(v, "outputInfo/0/size"), 0);
        cr_assert_eq(number(cost_of(a, "r"), "outputInfo/0/size"), 12);
        cr_assert_eq(number(cost_of(a, "r"), "controlInput/0"), number(v, "id"));
        cr_assert_not(json_is_true(below(v, "isFinal")));
}

Test(http_step_stats, what_is_sent_to_another_device_is_final)
{
        make_session(COSTS ",'device_count':{'CPU':2}",
                     "x = Placeholder(dtype=float32)\\n"
                     "with device(\\'/cpu:1\\'):\\n  y = Neg(x)\\n");
        Answer a = run("'fetches':'y:0','feeds':{'x':[1,2]}");
        json_t *n;
        size_t i;
        int final = 0;
        json_array_foreach (at(a, "/run_metadata/costGraph/node"), i, n) {
                cr_assert_eq((size_t)number(n, "id"), i);
                final += json_is_true(json_object_get(n, "isFinal"));
        }
        cr_assert_eq(final, 2, "x to CPU:1, y to CPU:0: %s", a.body);
        cr_assert_eq(json_array_size(json_object_get(cost_of(a, "y"), "outputInfo")), 1);
}
