// SPDX-License-Identifier: Apache-2.0
/* Formats in their less common spellings: how a SavedModel names its init op, a checkpoint in
 * shards, a module of TF Hub, weights of TensorFlow.js in 16 bits. */
#include "tests/api/model_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_formats, .init = models_begin, .fini = models_end, .timeout = 60);

/* ---- init ops ---- */

/* The model: b begins as 2, the init op makes it what the asset says. */
#define FLOAT                "attr{key:'dtype' value{type:DT_FLOAT}}"
#define STRING               "attr{key:'dtype' value{type:DT_STRING}}"
#define NODE(name, op, rest) "node{name:'" name "' op:'" op "' " rest "}"
#define GRAPH                                                                                      \
        NODE("x", "Placeholder", FLOAT)                                                            \
        NODE("b", "VarHandleOp", FLOAT "attr{key:'shape' value{shape{}}}")                         \
        NODE("read_b", "ReadVariableOp", "input:'b' " FLOAT)                                       \
        NODE("y", "AddV2", "input:'x' input:'read_b' attr{key:'T' value{type:DT_FLOAT}}")          \
        NODE("asset", "Const",                                                                     \
             STRING "attr{key:'value' value{tensor{dtype:DT_STRING "                               \
                    "tensor_shape{} string_val:'nowhere'}}}")                                      \
        NODE("read", "ReadFile", "input:'asset'")                                                  \
        NODE("number", "StringToNumber", "input:'read' attr{key:'out_type' value{type:DT_FLOAT}}") \
        NODE("set", "AssignVariableOp", "input:'b' input:'number' " FLOAT)                         \
        NODE("init", "NoOp", "input:'^set'") "versions{producer:27}"
#define ASSET "asset_file_def{tensor_info{name:'asset:0'} filename:'b.txt'}"
#define INFO(key_, name_) \
        "key:'" key_ "' value{name:'" name_ "' dtype:DT_FLOAT tensor_shape{unknown_rank:true}}"
#define SIGNATURE                                                                               \
        "signature_def{key:'serving_default' value{inputs{" INFO("x", "x:0") "} outputs{" INFO( \
                "y", "y:0") "} method_name:'tensorflow/serving/predict'}} "
/* The init op of models that TensorFlow 2 wrote. */
#define INIT_SIGNATURE                                                                         \
        "signature_def{key:'__saved_model_init_op' value{outputs{key:'__saved_model_init_op' " \
        "value{name:'init' tensor_shape{unknown_rank:true}}}}} "
#define META(tags, more) \
        "meta_graphs{meta_info_def{" tags "} graph_def{" GRAPH "} " SIGNATURE ASSET more "}"
#define COLLECTION(name) "collection_def{key:'" name "' value{node_list{value:'init'}}}"

static Buf *model(const char *text, Packing how, const char *extra)
{
        char all[8192];
        int n = snprintf(all, sizeof all, "saved_model_schema_version:1 %s", text);
        Pack *p = pack_begin(how);
        pack_add(p, "saved_model.pbtxt", all, (size_t)n);
        pack_add(p, "assets/b.txt", "7", 1);
        if (extra)
                pack_add(p, extra, "\x08\x03", 2);
        return pack_end(p);
}

/* A session of it adds 7. */
static void expect_adds_seven(const char *name, Buf *bytes)
{
        char path[100];
        expect(put_graph(name, bytes), 201, "/signatures/serving_default/inputs/x/name", "x:0");
        expect(post("/v1/sessions", "{'name':'%s','graph':'%s'}", name, name), 201, NULL, NULL);
        snprintf(path, sizeof path, "/v1/sessions/%s:run", name);
        expect(post(path, "{'fetches':'y:0','feeds':{'x':1}}"), 200, "/result", "8.0");
}

Test(http_formats, init_ops_go_by_three_names)
{
        expect_adds_seven("main", model(META("tags:'serve'", COLLECTION("saved_model_main_op")),
                                        PACK_TAR, NULL));
        expect_adds_seven("legacy", model(META("tags:'serve'", COLLECTION("legacy_init_op")),
                                          PACK_ZIP, NULL));
        expect_adds_seven("signature",
                          model(META("tags:'serve'", INIT_SIGNATURE), PACK_TAR_GZ, NULL));
        Answer a = http("GET", "/v1/graphs/signature/signatures", NULL);
        cr_assert_str_eq(text_at(a, "/signatures/serving_default/outputs/y/name"), "y:0");
}

/* A module has no tags, and a file that says which kind of module it is. */
Test(http_formats, a_module_of_tf_hub_is_a_saved_model_without_tags)
{
        expect_adds_seven("module", model(META("", COLLECTION("legacy_init_op")), PACK_TAR_GZ,
                                          "tfhub_module.pb"));
        expect(http("GET", "/v1/graphs/module/signatures", NULL), 200, "/tags", "[]");
}

/* ---- a checkpoint in shards ---- */

Test(http_formats, a_checkpoint_may_be_in_shards)
{
        char prefix[100];
        snprintf(prefix, sizeof prefix, "%s/part", models_root);
        /* The variables a = 0.5 and b = 2 of the fixture's model, a shard each, made one index. */
        static const char maker[] =
                "node{name:'pa' op:'Placeholder' " STRING
                "} node{name:'pb' op:'Placeholder' " STRING
                "} node{name:'to' op:'Placeholder' " STRING "}"
                "node{name:'both' op:'Pack' input:'pa' input:'pb' attr{key:'N' value{i:2}} "
                "attr{key:'T' value{type:DT_STRING}}}"
                "node{name:'none' op:'Const' " STRING "attr{key:'value' value{tensor{"
                "dtype:DT_STRING tensor_shape{dim{size:1}} string_val:''}}}}"
                "node{name:'na' op:'Const' " STRING "attr{key:'value' value{tensor{"
                "dtype:DT_STRING tensor_shape{dim{size:1}} string_val:'a'}}}}"
                "node{name:'nb' op:'Const' " STRING "attr{key:'value' value{tensor{"
                "dtype:DT_STRING tensor_shape{dim{size:1}} string_val:'b'}}}}"
                "node{name:'a' op:'Const' " FLOAT "attr{key:'value' value{tensor{dtype:DT_FLOAT "
                "tensor_shape{} float_val:0.5}}}}"
                "node{name:'b' op:'Const' " FLOAT "attr{key:'value' value{tensor{dtype:DT_FLOAT "
                "tensor_shape{} float_val:2}}}}"
                "node{name:'sa' op:'SaveV2' input:'pa' input:'na' input:'none' input:'a' "
                "attr{key:'dtypes' value{list{type:DT_FLOAT}}}}"
                "node{name:'sb' op:'SaveV2' input:'pb' input:'nb' input:'none' input:'b' "
                "attr{key:'dtypes' value{list{type:DT_FLOAT}}}}"
                "node{name:'merge' op:'MergeV2Checkpoints' input:'both' input:'to' input:'^sa' "
                "input:'^sb' attr{key:'delete_old_dirs' value{b:false}}}"
                "versions{producer:27}";
        expect(http_with("PUT", "/v1/graphs/maker", "Content-Type: application/octet-stream\r\n",
                         maker, sizeof maker - 1),
               201, NULL, NULL);
        expect(post("/v1/sessions", "{'name':'maker','graph':'maker'}"), 201, NULL, NULL);
        expect(post("/v1/sessions/maker:run",
                    "{'targets':['merge'],'feeds':{'pa':'%s_a','pb':'%s_b','to':'%s/half/variables/"
                    "variables'}}",
                    prefix, prefix, models_root),
               200, NULL, NULL);
        Pack *p = pack_begin(PACK_TAR);
        Buf *shards[] = { root_read("half/variables/variables.data-00000-of-00002"),
                          root_read("half/variables/variables.data-00001-of-00002"),
                          root_read("half/variables/variables.index"),
                          root_read("half/saved_model.pbtxt") };
        static const char *const names[] = { "variables/variables.data-00000-of-00002",
                                             "variables/variables.data-00001-of-00002",
                                             "variables/variables.index", "saved_model.pbtxt" };
        for (int i = 0; i < 4; i++)
                pack_add(p, names[i], shards[i]->data, shards[i]->len);
        expect(put_graph("shards", pack_end(p)), 201, NULL, NULL);
        expect(post("/v1/sessions", "{'name':'shards','graph':'shards'}"), 201, NULL, NULL);
        expect(post("/v1/sessions/shards:run", "{'fetches':'y:0','feeds':{'x':[1,2]}}"), 200,
               "/result", "[2.5,3.0]");
}

/* ---- TensorFlow.js ---- */

/* b = 1 + 0.25 * 3, 1 + 0.25 * 513; the signature stands at the top. */
static const char tfjs[] =
        "{\"format\":\"graph-model\",\"signature\":{\"inputs\":{\"x\":{\"name\":\"x:0\",\"dtype\":"
        "\"DT_FLOAT\",\"tensorShape\":{}}},\"outputs\":{}},\"modelTopology\":{\"node\":["
        "{\"name\":\"x\",\"op\":\"Placeholder\",\"attr\":{\"dtype\":{\"type\":\"DT_FLOAT\"}}},"
        "{\"name\":\"b\",\"op\":\"Const\",\"attr\":{\"dtype\":{\"type\":\"DT_FLOAT\"},\"value\":{"
        "\"tensor\":{\"dtype\":\"DT_FLOAT\"}}}},"
        "{\"name\":\"y\",\"op\":\"Add\",\"input\":[\"x\",\"b\"],\"attr\":{\"T\":{\"type\":"
        "\"DT_FLOAT\"}}}]},\"weightsManifest\":[{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":"
        "\"b\","
        "\"shape\":[2],\"dtype\":\"float32\",\"quantization\":{\"dtype\":\"uint16\",\"scale\":0.25,"
        "\"min\":1}}]}]}";

Test(http_formats, weights_of_tensorflow_js_may_have_16_bits)
{
        Pack *p = pack_begin(PACK_ZIP);
        pack_add(p, "model.json", tfjs, sizeof tfjs - 1);
        pack_add(p, "w.bin", "\3\0\1\2", 4);
        expect(put_graph("js", pack_end(p)), 201, "/signatures/serving_default/inputs/x/name",
               "x:0");
        expect(post("/v1/sessions", "{'name':'js','graph':'js'}"), 201, NULL, NULL);
        expect(post("/v1/sessions/js:run", "{'fetches':'y:0','feeds':{'x':0}}"), 200, "/result",
               "[1.75,129.25]");
}
