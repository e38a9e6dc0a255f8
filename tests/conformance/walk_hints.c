// SPDX-License-Identifier: Apache-2.0
/* What models need that cannot be guessed from their placeholders, and which ones nobody can run.
 */
#include "tests/conformance/walk.h"

#include <fnmatch.h>

#define NO_WEIGHTS  "the corpus has no weights of it"
#define NO_GRAPH    "a checkpoint without a graph"
#define NO_OP       "an op of someone's own, which TensorFlow does not know, either"
#define NO_CALLER   "a function's body, which takes resources from its caller"
#define NOT_SO      "TensorFlow's importer refuses it, too"
#define NOT_RUN     "TensorFlow imports it and refuses to run it, too"
#define NO_FUNCTION "it calls a function that is not there"
#define NO_VALUE    "its variables have neither values nor initializers"
#define LOSS        "'loss/Mean:0','accuracy/accuracy:0'"
#define VOCABULARY  "transform/compute_and_apply_vocabulary"

static const Hint hints[] = {
        { "*GRAPHONLY*", .cannot = NO_WEIGHTS },
        { "*_ckpt_only", .cannot = NO_GRAPH },
        { "tf_bundle_old_string_tensors_ckpt", .cannot = NO_GRAPH },
        { "ngraph_tests/fusedmatmul_*.pbtxt",
          .feeds = "'Placeholder_3:0':[[1,2],[3,4]],'Placeholder_4:0':[[1,0],[0,1]],"
                   "'Placeholder_5:0':[1,-1]" },
        { "mtcnn_blaueck_1_12/*",
          .feeds = "'min_size:0':20,'factor:0':0.7,'thresholds:0':[0.6,0.7,0.7]" },
        { "scisharp_char_cnn_untrained/*", .fetch = LOSS },
        { "scisharp_word_cnn*", .fetch = LOSS, .feeds = "'is_training:0':false" },
        { "scisharp_word_rnn_untrained/*", .fetch = LOSS },
        { "scisharp_rcnn_untrained/*", .fetch = LOSS },
        { "serving_session_bundle_v1_half_plus_two", .fetch = "'Identity:0','y:0'",
          .feeds = "'tf_example:0':[{'b64':'Cg8KDQoBeBIIEgYKBAAAgD8='}]" },
        { "tensorflex_iris/graphdef*", .feeds = "'input:0':[[5.1,3.5,1.4,0.2]]" },
        { "tensorflex_iris*", .feeds = "'input:0':[[5.1,3.5,1.4,0.2]],'Placeholder:0':[[1,0,0]]" },
        { "tf_sm_cyclicmodule", .fetch = "'MyVariable/Read/ReadVariableOp:0'" },
        { "tf_sm_data_structure_model", .fetch = "'Variable/Read/ReadVariableOp:0'" },
        { "tf_sm_simple_model", .except = "StatefulPartitionedCall*" },
        { "tf_sm_uninitializedvariable", .cannot = "a variable that its checkpoint lacks" },
        { "tf_metrics_export_meta_graph/*", .except = "mean/*" },
        { "tf_lite_end2end_pbtxt/custom_opdef.pbtxt", .cannot = NO_OP },
        { "tf_lite_end2end_pbtxt/conv_2d_nchw.pbtxt",
          .cannot = "an NCHW convolution whose channels do not fit; TensorFlow's CPU has none" },
        { "tf_lite_end2end_pbtxt/graph_with_placeholder_with_default.pbtxt", .cannot = NOT_SO },
        { "tf_lite_python_testdata/gather_0d.pbtxt", .feeds = "'indices:0':[0,0,0]" },
        { "tf_lstm_layer_inference_pbtxt/lstm_layer_inference.config.pbtxt",
          .cannot = "not a graph" },
        { "tf_grappler_graph_properties/function_error.pbtxt", .cannot = NOT_SO },
        { "tf_grappler_graph_properties/function_functional_while.pbtxt", .cannot = NOT_RUN },
        { "tf_grappler_graph_properties/function_with_dt_resource_input.pbtxt",
          .cannot = NO_CALLER },
        /* The inner loop ends once in each iteration of the outer one. */
        { "tf_grappler_graph_properties/nested_loop.pbtxt", .except = "while/while/*" },
        { "tf_grappler_graph_properties/loops_and_resource_vars.pbtxt", .except = "while/while/*" },
        { "tf_grappler_graph_properties/while_loop_var_handle_op.pbtxt", .cannot = NOT_SO },
        { "tf_grappler_graph_properties/*queues*.pbtxt",
          .cannot = "it fills a queue that nobody empties" },
        { "tf_graphdef2mlir_pbtxt", .cannot = NOT_SO },
        { "tf_graphdef2mlir_pbtxt/graph-as-function.pbtxt", .cannot = NO_CALLER },
        { "tf_graphdef2mlir_pbtxt/graph-function-defs.pbtxt", .cannot = "ops of TPUs" },
        { "tf_graphdef2mlir_pbtxt/legacy-fed-input-without-inputs.pbtxt", .cannot = NO_OP },
        { "tf_graphdef2mlir_pbtxt/mlir_passthrough_op.pbtxt", .cannot = "a compiler's op" },
        { "tf_graphdef2mlir_pbtxt/multiple-use-next-iteration.pbtxt", .cannot = NOT_SO },
        { "tf_graphdef2mlir_pbtxt/shape-attrs.pbtxt", .cannot = "an op of several devices" },
        { "tf_graphdef2mlir_pbtxt/unregistered_kernel.pbtxt", .cannot = NOT_SO },
        { "tf_graphdef2mlir_pbtxt/force_shared_name_for_resource_ops.pbtxt", .cannot = NO_VALUE },
        { "tf_graphdef2mlir_pbtxt/multi-output-feeds.pbtxt", .except = "var/read" },
        { "tf_graphdef2mlir_pbtxt/output-shapes.pbtxt",
          .feeds = "'_Arg:0':['a','b','c','d','e','f','g','h']" },
        { "tf_graphdef2mlir_pbtxt/parse_example_v2.pbtxt",
          .feeds = "'input0:0':{'dtype':'string','shape':[0],'data':[]}" },
        { "tf_ir_roundtrip_pbtxt/test.pbtxt", .except = "StatefulPartitionedCall" },
        { "tf_ir_roundtrip_pbtxt/test2.pbtxt", .except = "StatefulPartitionedCall" },
        { "tf_ir_roundtrip_pbtxt/test5.pbtxt", .infinite = true },
        { "tf_ir_roundtrip_pbtxt/test7.pbtxt", .infinite = true },
        { "tf_ir_roundtrip_pbtxt/test4.pbtxt", .fetch = "'IteratorGetNext:0'" },
        { "tf_ir_roundtrip_pbtxt/test14.pbtxt", .infinite = true },
        { "tf_ir_roundtrip_pbtxt/test10.pbtxt",
          .cannot = "it reads a checkpoint that is not there" },
        { "tf_ir_roundtrip_pbtxt/test25.pbtxt", .cannot = NO_FUNCTION },
        { "tf_ir_roundtrip_pbtxt/test13.pbtxt", .cannot = "ops of TPUs" },
        { "tf_ir_roundtrip_pbtxt/test17.pbtxt", .cannot = NOT_RUN },
        { "tf_ir_roundtrip_pbtxt/test23.pbtxt", .cannot = "a C++ value in a variant" },
        { "tf_ir_roundtrip_pbtxt/test24.pbtxt", .cannot = "ops of TPUs" },
        { "tf_ir_roundtrip_pbtxt/test27.pbtxt", .cannot = NO_FUNCTION },
        { "tf_parse_example_graph_def/*", .cannot = NOT_RUN },
        { "tf_resnet50_keras_train_pbtxt/*", .cannot = NO_CALLER },
        { "tf_trt_2_0_saved_model", .cannot = "an op of TensorRT" },
        { "tfx_taxi_tft_saved_model",
          .init = "'" VOCABULARY
                  "/apply_vocab/text_file_init/InitializeTableFromTextFileV2','" VOCABULARY
                  "_1/apply_vocab/text_file_init/InitializeTableFromTextFileV2'",
          /* Where the files of an uploaded model are. */
          .feeds = "'Const_7:0':'/.model/assets/vocab_compute_and_apply_vocabulary_vocabulary',"
                   "'Const_9:0':'/.model/assets/vocab_compute_and_apply_vocabulary_1_vocabulary'" },
        { "tfonnx_gru/frozen.pb", .feeds = "'keep_prob:0':1" },
};

const Hint *hint_find(const char *name)
{
        for (size_t i = 0; i < COUNTOF(hints); i++)
                if (fnmatch(hints[i].model, name, 0) == 0)
                        return &hints[i];
        return NULL;
}
