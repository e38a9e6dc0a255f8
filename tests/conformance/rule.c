// SPDX-License-Identifier: Apache-2.0
/* Models whose arithmetic is stated, and files that must be refused while the daemon lives on. */
#include "tests/conformance/corpus.h"
#include "tests/conformance/file.h"

#include <fnmatch.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 4096
#define MAX_RUNS       4

/* One run, perhaps repeated: the body of a :run without braces, and its result (NULL: any). */
typedef struct Run {
        const char *body, *result;
        int repeat;
} Run;

typedef struct Rule {
        const char *graph;
        Run runs[MAX_RUNS];
} Rule;

#define MATRIX "[[1,2],[3,4],[5,6]]"
#define LINE   "'feeds':{'x':[0,0.2,0.4,0.6,0.8,1],'y':[0.3,0.32,0.34,0.36,0.38,0.4]}"
/* Serialized tf.train.Examples {x: 1} and {x: 2}. */
#define EXAMPLES(y)                                                                      \
        "'fetches':'" y "','feeds':{'tf_example:0':[{'b64':'Cg8KDQoBeBIIEgYKBAAAgD8='}," \
        "{'b64':'Cg8KDQoBeBIIEgYKBAAAAEA='}]}"
#define HALF_PLUS_TWO                                                                        \
        {                                                                                    \
                { "'fetches':'y:0','feeds':{'x:0':[[1],[2],[5]]}", "[[2.5],[3],[4.5]]", 1 }, \
                        { EXAMPLES("y:0"), "[[2.5],[3]]", 1 },                               \
                        { EXAMPLES("y2:0"), "[[3.5],[4]]", 1 },                              \
        }
/* A function of one call in a SavedModel of TensorFlow 2. */
#define CALL "'fetches':'StatefulPartitionedCall:0','feeds':"
static const Rule rules[] = {
        { "rust_addition/model.pb", { { "'fetches':'z:0','feeds':{'x':2,'y':40}", "42", 1 } } },
        { "rust_multiplication/multiplication.pb",
          { { "'fetches':'c:0','feeds':{'a':[2,3],'b':[4,0.5]}", "[8,1.5]", 1 } } },
        { "rust_regression/model.pb",
          { { "'targets':'init'", NULL, 1 },
            { "'targets':'train'," LINE, NULL, 1000 },
            { "'fetches':['w:0','b:0']", "[[0.1],[0.3]]", 1 } } },
        { "neuropod_tf_addition_model/0/data/model.pb",
          { { "'fetches':'some_namespace/out:0',"
              "'feeds':{'some_namespace/in_x':[[1,2]],'some_namespace/in_y':[[3,4.5]]}",
              "[[4,6.5]]", 1 } } },
        { "neuropod_tf_strings_model/0/data/model.pb",
          { { "'fetches':'some_namespace/out:0',"
              "'feeds':{'some_namespace/in_x':['a'],'some_namespace/in_y':['b']}",
              "['a b']", 1 } } },
        { "tensorflex_toy/graphdef_toy.pb",
          { { "'fetches':'output:0','feeds':{'input':[[1,2,3]]}", "[[115.39,61.82]]", 1 } } },
        { "utensor_simple_graph/simple_graph.pb", { { "'fetches':'u:0'", "6", 1 } } },
        { "dl4j_misc/argmax.pb.txt", { { "'fetches':'ArgMax:0'", "[2,2,2]", 1 } } },
        { "dl4j_misc/reduce_dim.pb.txt", { { "'fetches':'Sum:0'", "[3,3,3]", 1 } } },
        { "dl4j_misc/reduce_dim_true.pb.txt", { { "'fetches':'Sum:0'", "[[3],[3],[3]]", 1 } } },
        { "dl4j_misc/tensor_slice.pb.txt", { { "'fetches':'Sum:0'", "73.5", 1 } } },
        { "dl4j_misc/simple_while.pb.txt",
          { { "'targets':'init'", NULL, 1 },
            { "'fetches':'add:0'", "[[110,110],[110,110]]", 1 } } },
        { "dl4j_misc/three_arg_while.pb.txt",
          { { "'targets':'init'", NULL, 1 },
            { "'fetches':['add:0','add_1:0']", "[[[110,110],[110,110]],[[33,33],[33,33]]]", 1 } } },
        { "dl4j_misc/nested_while.pb.txt",
          { { "'targets':'init'", NULL, 1 },
            { "'fetches':['add:0','add_1:0']", "[[[110,110],[110,110]],[[33,33],[33,33]]]", 1 } } },
        { "dl4j_misc/tensor_array.pb.txt",
          { { "'fetches':'TensorArrayStack/TensorArrayGatherV3:0',"
              "'feeds':{'input_matrix':" MATRIX "}",
              "[[1,2],[6,8],[15,18]]", 1 } } },
        { "dl4j_misc/tensor_array_loop.pb.txt",
          { { "'fetches':'TensorArrayStack/TensorArrayGatherV3:0',"
              "'feeds':{'input_matrix':[[1,2],[3,4],[5,6],[7,8],[9,10]]}",
              "[[3,6],[9,12],[15,18],[21,24],[27,30]]", 1 } } },
        { "dl4j_misc/tensor_array_read.pb.txt",
          { { "'fetches':'TensorArrayReadV3:0','feeds':{'input_matrix':" MATRIX "}", "[6,8]",
              1 } } },
        { "dl4j_misc/tensor_array_unstack.pb.txt",
          { { "'fetches':'TensorArrayReadV3:0'", "[5,6,7,8]", 1 } } },
        { "dl4j_misc/nd4j_convert/simple_graph/frozen_model.pb",
          { { "'fetches':'output:0','feeds':{'input_0':[1,2,3,4],'input_1':[1,1,0,0]}", "[2,3,3,4]",
              1 } } },
        { "java_saved_model", HALF_PLUS_TWO },
        { "serving_half_plus_two_config", HALF_PLUS_TWO },
        { "serving_half_plus_two_cpu", HALF_PLUS_TWO },
        { "serving_half_plus_two_gpu_trt", HALF_PLUS_TWO },
        { "serving_half_plus_two_mkl", { { EXAMPLES("y:0"), "[[2.5],[3]]", 1 } } },
        { "serving_half_plus_two_mlmd", HALF_PLUS_TWO },
        { "serving_half_plus_two_v124", HALF_PLUS_TWO },
        { "tf_sm_half_plus_two", HALF_PLUS_TWO },
        { "tf_sm_half_plus_two_main_op", HALF_PLUS_TWO },
        { "tf_sm_half_plus_two_pbtxt", HALF_PLUS_TWO },
        { "tf_sm_half_plus_two_v2", HALF_PLUS_TWO },
        { "serving_half_plus_three",
          { { "'fetches':'y:0','feeds':{'x:0':[[1],[2],[5]]}", "[[3.5],[4],[5.5]]", 1 } } },
        { "serving_session_bundle_v1_half_plus_two", { { EXAMPLES("y:0"), "[[2.5],[3]]", 1 } } },
        { "java_saved_model_using_python/model",
          { { "'fetches':'PartitionedCall:0','feeds':{'add_a:0':123,'add_b:0':321}", "444", 1 } } },
        { "rust_regression_savedmodel",
          { { "'fetches':'StatefulPartitionedCall_1:0',"
              "'feeds':{'train_x':[0,0.2,0.4,0.6,0.8,1],'train_y':[0.3,0.32,0.34,0.36,0.38,0.4]}",
              NULL, 1000 },
            { "'fetches':['StatefulPartitionedCall_2:0','StatefulPartitionedCall:0']",
              "[[0.1],[0.3]]", 1 } } },
        { "tfjs_node_times_three_float", { { CALL "{'serving_default_x':1}", "3", 1 } } },
        { "tfjs_node_times_two_int", { { CALL "{'serving_default_x':4}", "8", 1 } } },
        { "tf_sm_x_plus_y_v2_debuginfo",
          { { "'fetches':'PartitionedCall:0',"
              "'feeds':{'serving_default_x':2,'serving_default_y':3}",
              "5", 1 } } },
        { "tf_sm_assetmodule", { { "'fetches':'PartitionedCall:0'", NULL, 1 } } },
        { "tf_sm_varsandarithmeticobjectgraph",
          { { CALL "{'serving_default_a':1,'serving_default_b':2}", NULL, 1 } } },
        { "tfonnx_saved_model_with_redundant_inputs",
          { { "'fetches':'Add:0','feeds':{'Placeholder':[[1,1,1,1,1,1,1,1,1,1]],"
              "'Placeholder_1':[[1,2,3,4,5,6,7,8,9,10]]}",
              NULL, 1 } } },
        { "tfdeploy_keras_multiple_1_13_1",
          { { "'fetches':'output1_1/add:0','feeds':{'input1_1':[[1]],'input2_1':[[2]]}", NULL,
              1 } } },
        { "mlnet_model_primitive_input_test",
          { { "'fetches':'string_merge:0','feeds':{'input1':['a'],'input2':['b']}", NULL, 1 } } },
};

/* Files that TensorFlow refuses, too. */
static const char *const negatives[] = {
        "tf_fuzz_*_NEGATIVE/saved_model.pb",  "sts_custom_op_NEGATIVE/saved_model.pb",
        "ngraph_tests/flib_graph_[12].pbtxt", "tf_graphdef2mlir_pbtxt/graph-malformed.pbtxt",
        "dl4j_misc/max_add_2.pb.txt",         "dl4j_misc/max_graph.pb.txt",
        "dl4j_misc/max_log_reg.pb.txt",       "dl4j_misc/max_multiply.pb.txt",
};

static bool near(const json_t *got, const json_t *want)
{
        if (json_is_number(got) && json_is_number(want)) {
                double b = json_number_value(want);
                return fabs(json_number_value(got) - b) <= 1e-6 + 2e-3 * fabs(b);
        }
        if (!json_is_array(got) || json_array_size(got) != json_array_size(want))
                return json_equal(got, want);
        for (size_t i = 0; i < json_array_size(got); i++)
                if (!near(json_array_get(got, i), json_array_get(want, i)))
                        return false;
        return true;
}

static bool result_is(Stage *s, const Answer *a, const char *text)
{
        autobuf want_text = BUF(65536);
        buf_quoted(&want_text, text);
        json_t *want = json_loads(buf_cstr(&want_text), JSON_DECODE_ANY, NULL);
        const json_t *got = json_object_get(a->json, "result");
        bool same = near(got, want);
        if (!same) {
                char *dump = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
                buf_printf(&s->why, "the result is %.300s, expected %s", dump ? dump : "none",
                           text);
                free(dump);
        }
        json_decref(want);
        return same;
}

static Outcome play_run(Stage *s, const Run *run)
{
        autobuf body = BUF(65536);
        buf_putc(&body, '{');
        buf_quoted(&body, run->body);
        buf_putc(&body, '}');
        for (int i = 0; i < MAX(run->repeat, 1); i++) {
                autoanswer a = { 0 };
                Outcome o = stage_run(s, &body, &a);
                if (o != PASSED)
                        return o;
                if (run->result && !result_is(s, &a, run->result))
                        return FAILED;
        }
        return PASSED;
}

static Outcome play_rule(Stage *s, const Trial *t)
{
        const Rule *rule = t->row;
        Outcome o = stage_open(s, t->path);
        for (int i = 0; o == PASSED && i < MAX_RUNS && rule->runs[i].body; i++)
                o = play_run(s, &rule->runs[i]);
        stage_close(s);
        return o;
}

bool negative_is(const char *name)
{
        for (size_t i = 0; i < COUNTOF(negatives); i++)
                if (fnmatch(negatives[i], name, 0) == 0)
                        return true;
        return false;
}

/* Refused at the upload or at the session: a client error or "not implemented", with a text. */
static Outcome play_negative(Stage *s, const Trial *t)
{
        Outcome o = stage_open(s, t->path);
        bool clear = s->why.len > 0 && strncmp(buf_cstr(&s->why), "500", 3) != 0;
        stage_close(s);
        if (o == PASSED)
                buf_puts(&s->why, "taken, and should be refused");
        s->missing[0] = 0;
        return o != PASSED && clear ? PASSED : FAILED;
}

Status *rule_list(const char *models, Trials *ts)
{
        for (size_t i = 0; i < COUNTOF(rules); i++) {
                autobuf path = BUF(PATH_MAX_BYTES);
                buf_printf(&path, "%s/%s", models, rules[i].graph);
                TRY(trials_add(ts, "rule", rules[i].graph, buf_cstr(&path), &rules[i], play_rule));
        }
        return NULL;
}

Status *negative_list(const char *models, Trials *ts)
{
        Status *e = NULL;
        for (size_t i = 0; !e && i < COUNTOF(negatives); i++) {
                autobuf pattern = BUF(PATH_MAX_BYTES);
                glob_t found = { 0 };
                buf_printf(&pattern, "%s/%s", models, negatives[i]);
                glob(buf_cstr(&pattern), 0, NULL, &found);
                for (size_t k = 0; !e && k < found.gl_pathc; k++)
                        e = trials_add(ts, "negative", found.gl_pathv[k] + strlen(models) + 1,
                                       found.gl_pathv[k], NULL, play_negative);
                globfree(&found);
        }
        return e;
}
