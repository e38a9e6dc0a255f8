// SPDX-License-Identifier: Apache-2.0
/* Tensors in JSON: every form in, every style out, and what is refused with which pointer. A row
 * is: what goes in, as what, and how it comes out again. */
#include "engine/base/mem.h"
#include "engine/tensor/resource_ref.h"
#include "tests/api/json_fixture.h"

TestSuite(json_tensor, .timeout = 30);

typedef struct Row {
        const char *in;
        DType expected;
        const char *typed; /* NULL: refused, then: */
        StatusCode code;
        const char *pointer, *part;
} Row;

static void run_rows(const Row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const Row *r = &rows[i];
                if (!r->typed) {
                        refused(r->in, r->expected, r->code, r->pointer, r->part);
                        continue;
                }
                autoptr(Tensor) t = parsed(r->in, r->expected);
                autofree char *out = written(t, JSON_TYPED);
                cr_expect(!strcmp(out, r->typed), "%s\n gives %s\n not   %s", r->in, out, r->typed);
        }
}
#define ROWS(NAME, ...)                                    \
        Test(json_tensor, NAME)                            \
        {                                                  \
                static const Row rows[] = { __VA_ARGS__ }; \
                run_rows(rows, COUNTOF(rows));             \
        }
#define TYPED(dtype, shape, data) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data\":" data "}"
#define BAD(at, text)             NULL, SR_INVALID_ARGUMENT, at, text

ROWS(bare_values_take_the_dtype_of_what_they_feed, { "5", DT_FLOAT, TYPED("float32", "[]", "5.0") },
     { " [1, 2.5,\n3e2 ] ", DT_FLOAT, TYPED("float32", "[3]", "[1.0,2.5,300.0]") },
     { "[[1,2],[3,4]]", DT_INT32, TYPED("int32", "[2,2]", "[[1,2],[3,4]]") },
     { "[[[1],[2]],[[3],[4]]]", DT_UINT8, TYPED("uint8", "[2,2,1]", "[[[1],[2]],[[3],[4]]]") },
     { "[0.1]", DT_DOUBLE, TYPED("float64", "[1]", "[0.1]") },
     { "[0.1]", DT_HALF, TYPED("float16", "[1]", "[0.1]") },
     { "[0.1,-0]", DT_BFLOAT16, TYPED("bfloat16", "[2]", "[0.1,-0.0]") },
     { "true", DT_BOOL, TYPED("bool", "[]", "true") },
     { "[true,false]", DT_BOOL, TYPED("bool", "[2]", "[true,false]") },
     { "[[1,-2],[0.5,\"NaN\"]]", DT_COMPLEX64,
       TYPED("complex64", "[2]", "[[1.0,-2.0],[0.5,\"NaN\"]]") },
     { "[1,2]", DT_COMPLEX128, TYPED("complex128", "[]", "[1.0,2.0]") },
     { "[[[1,2]],[[3,4]]]", DT_COMPLEX64,
       TYPED("complex64", "[2,1]", "[[[1.0,2.0]],[[3.0,4.0]]]") },
     { "[-128,127]", DT_QINT8, TYPED("qint8", "[2]", "[-128,127]") },
     { "[[[[[[[[7]]]]]]]]", DT_INT64, TYPED("int64", "[1,1,1,1,1,1,1,1]", "[[[[[[[[7]]]]]]]]") })

ROWS(text_decides_when_nothing_else_does, { "[1,2]", DT_INVALID, TYPED("int32", "[2]", "[1,2]") },
     { "[1,3000000000]", DT_INVALID, TYPED("int64", "[2]", "[1,3000000000]") },
     { "[1,2.5]", DT_INVALID, TYPED("float32", "[2]", "[1.0,2.5]") },
     { "1e2", DT_INVALID, TYPED("float32", "[]", "100.0") },
     { "[1,\"NaN\"]", DT_INVALID, TYPED("float32", "[2]", "[1.0,\"NaN\"]") },
     { "[]", DT_INVALID, TYPED("float32", "[0]", "[]") },
     { "[[true]]", DT_INVALID, TYPED("bool", "[1,1]", "[[true]]") },
     { "\"a\"", DT_INVALID, TYPED("string", "[]", "\"a\"") },
     { "{\"b64\":\"YQ==\"}", DT_INVALID, TYPED("string", "[]", "\"a\"") },
     { "[1,9223372036854775808]", DT_INVALID, BAD("/1", "9223372036854775808 does not fit int64") })

ROWS(elements_have_their_spellings,
     { "[\"NaN\",\"Infinity\",\"-Infinity\"]", DT_FLOAT,
       TYPED("float32", "[3]", "[\"NaN\",\"Infinity\",\"-Infinity\"]") },
     { "\"-Infinity\"", DT_HALF, TYPED("float16", "[]", "\"-Infinity\"") },
     { "\"Infinity\"", DT_BFLOAT16, TYPED("bfloat16", "[]", "\"Infinity\"") },
     { "[\"18446744073709551615\",1]", DT_UINT64,
       TYPED("uint64", "[2]", "[18446744073709551615,1]") },
     { "[18446744073709551615]", DT_UINT64, TYPED("uint64", "[1]", "[18446744073709551615]") },
     { "[\"-9223372036854775808\"]", DT_INT64, TYPED("int64", "[1]", "[-9223372036854775808]") },
     { "[3.0,1e3,-2.50e1]", DT_INT32, TYPED("int32", "[3]", "[3,1000,-25]") },
     { "[\"a\",{\"b64\":\"/w==\"},\"\"]", DT_STRING,
       TYPED("string", "[3]", "[\"a\",{\"b64\":\"/w==\"},\"\"]") },
     { "{ \"b64\" : \"aGk\" }", DT_STRING, TYPED("string", "[]", "\"hi\"") },
     { "\"\\u00e9\\ud83d\\ude00\\n\\u0000\"", DT_STRING,
       TYPED("string", "[]", "\"é😀\\n\\u0000\"") },
     { "\"[1,2],{\\\"\"", DT_STRING, TYPED("string", "[]", "\"[1,2],{\\\"\"") },
     { "[\"a,b\",\"c\"]", DT_STRING, TYPED("string", "[2]", "[\"a,b\",\"c\"]") },
     { "1e-400", DT_DOUBLE, TYPED("float64", "[]", "0.0") },
     { "1e-50", DT_FLOAT, TYPED("float32", "[]", "0.0") })

ROWS(empty_arrays_keep_their_shape, { "[]", DT_INT32, TYPED("int32", "[0]", "[]") },
     { "[ [ ] , [ ] ]", DT_INT32, TYPED("int32", "[2,0]", "[[],[]]") },
     { "[[],[]]", DT_COMPLEX64, TYPED("complex64", "[2,0]", "[[],[]]") },
     { "[[[]],[[]]]", DT_STRING, TYPED("string", "[2,1,0]", "[[[]],[[]]]") },
     { TYPED("float32", "[2,0,3]", "[[],[]]"), DT_INVALID, TYPED("float32", "[2,0,3]", "[[],[]]") },
     { TYPED("float32", "[0,5]", "[]"), DT_INVALID, TYPED("float32", "[0,5]", "[]") })

ROWS(typed_objects_say_what_they_are,
     { TYPED("float32", "[2,3]", "[1,2,3,4,5,6]"), DT_INVALID,
       TYPED("float32", "[2,3]", "[[1.0,2.0,3.0],[4.0,5.0,6.0]]") },
     { TYPED("DT_FLOAT", "[2,1]", "[[1],[2]]"), DT_INT32,
       TYPED("float32", "[2,1]", "[[1.0],[2.0]]") },
     { "{\"data\":[1,2]}", DT_INT16, TYPED("int16", "[2]", "[1,2]") },
     { "{\"dtype\":\"half\",\"data\":1}", DT_INVALID, TYPED("float16", "[]", "1.0") },
     { "{\"d\\u0061ta\":[1],\"shape\":[1,1]}", DT_INVALID, TYPED("int32", "[1,1]", "[[1]]") },
     { TYPED("string", "[1,2]", "[\"a\",\"b\"]"), DT_INVALID,
       TYPED("string", "[1,2]", "[[\"a\",\"b\"]]") },
     { TYPED("complex64", "[2]", "[[1,2],[3,4]]"), DT_INVALID,
       TYPED("complex64", "[2]", "[[1.0,2.0],[3.0,4.0]]") },
     { "{\"dtype\":\"float32\",\"shape\":[2],\"b64\":\"AACAPwAAAEA=\"}", DT_INVALID,
       TYPED("float32", "[2]", "[1.0,2.0]") },
     { "{\"shape\":[2],\"b64\":\"AACAPwAAAEA=\"}", DT_FLOAT, TYPED("float32", "[2]", "[1.0,2.0]") },
     { "{\"dtype\":\"uint8\",\"shape\":[3],\"b64\":\"\\/\\/\\/\\/\"}", DT_INVALID,
       TYPED("uint8", "[3]", "[255,255,255]") },
     { "{\"dtype\":\"bool\",\"shape\":[2],\"b64\":\"AAE\"}", DT_INVALID,
       TYPED("bool", "[2]", "[false,true]") },
     { "{\"dtype\":\"int8\",\"shape\":[0],\"b64\":\"\"}", DT_INVALID, TYPED("int8", "[0]", "[]") })

ROWS(ragged_nesting_names_the_path,
     { "[[1,2],[3]]", DT_INT32, BAD("/1", "1 elements where those before have 2") },
     { "[[[1],[2]],[[3],[4,5]]]", DT_INT32, BAD("/1/1", "2 elements where those before have 1") },
     { "[1,[2]]", DT_INT32, BAD("/1", "an array where the others are elements") },
     { "[[1],2]", DT_INT32, BAD("/1", "an element where the others are arrays") },
     { "[[],[1]]", DT_INT32, BAD("/1", "Ragged") },
     { "[[[]],[1]]", DT_INT32, BAD("/1/0", "Ragged") },
     { "[[[]],[]]", DT_INT32, BAD("/1", "Ragged") },
     { "[[[1,2]],[3,4]]", DT_COMPLEX64, BAD("/1", "Ragged") },
     { TYPED("int32", "[4]", "[[1,2],[3]]"), DT_INVALID, BAD("/data/1", "Ragged") })

ROWS(elements_of_the_wrong_kind_are_named,
     { "[1,true]", DT_FLOAT, BAD("/1", "Expected a number for float32, found true") },
     { "[1,\"x\"]", DT_FLOAT, BAD("/1", "found \"x\"") },
     { "[1,null]", DT_FLOAT, BAD("/1", "found null") },
     { "[1,\"inf\"]", DT_FLOAT, BAD("/1", "found \"inf\"") },
     { "[\"1.5\"]", DT_FLOAT, BAD("/0", "does not fit float32") },
     { "[true,1]", DT_BOOL, BAD("/1", "Expected true or false for bool, found 1") },
     { "[\"a\",1]", DT_STRING, BAD("/1", "Expected a string for string, found 1") },
     { "3", DT_STRING, BAD("", "Expected a string") },
     { "3", DT_COMPLEX64, BAD("", "a pair [re, im]") }, { "[1,2,3]", DT_COMPLEX64, BAD("", "']'") },
     { "[[1,true]]", DT_COMPLEX64, BAD("/0", "Expected a pair") },
     { "[1,01]", DT_FLOAT, BAD("/1", "found 01") }, { "[{}]", DT_FLOAT, BAD("/0", "found {}") },
     { "[{\"b64\":\"YQ==\"}]", DT_FLOAT, BAD("/0", "Expected a number") },
     { "[\"a\",{\"b46\":\"YQ==\"}]", DT_STRING, BAD("/1", "{\"b64\":\"...\"}") },
     { "[\"a\",{\"b64\":\"YQ==\",\"x\":1}]", DT_STRING, BAD("/1", "no other members") },
     { "[{\"b64\":\"Y*==\"}]", DT_STRING, BAD("/0", "not base64") },
     { "[{\"b64\":1}]", DT_STRING, BAD("/0", "base64") },
     { "5", DT_RESOURCE, BAD("", "cannot be written as JSON") })

ROWS(numbers_that_do_not_fit_are_never_wrapped,
     { "[1,300]", DT_UINT8, BAD("/1", "300 does not fit uint8") },
     { "[-1]", DT_UINT8, BAD("/0", "-1 does not fit uint8") },
     { "[[0],[1.5]]", DT_INT32, BAD("/1/0", "1.5 does not fit int32") },
     { "2147483648", DT_INT32, BAD("", "2147483648 does not fit int32") },
     { "[128]", DT_QINT8, BAD("/0", "128 does not fit qint8") },
     { "[\"18446744073709551616\"]", DT_UINT64, BAD("/0", "does not fit uint64") },
     { "[1e400]", DT_DOUBLE, BAD("/0", "1e400 does not fit float64") },
     { "[0,1e39]", DT_FLOAT, BAD("/1", "1e39 does not fit float32") },
     { "[65520]", DT_HALF, BAD("/0", "65520 does not fit float16") },
     { "[[0,1e39]]", DT_COMPLEX64, BAD("/0", "does not fit complex64") },
     { "{\"dtype\":\"int8\",\"data\":[0,128]}", DT_INVALID,
       BAD("/data/1", "128 does not fit int8") })

ROWS(objects_that_contradict_themselves_are_refused,
     { "{}", DT_FLOAT, BAD("", "needs one of data") },
     { "{\"dtype\":\"float32\"}", DT_FLOAT, BAD("", "needs one of data") },
     { "{\"data\":1,\"b64\":\"\"}", DT_FLOAT, BAD("/b64", "Both \"data\" and \"b64\"") },
     { "{\"data\":1,\"data\":1}", DT_FLOAT, BAD("/data", "Duplicate") },
     { "{\"data\":1,\"d\\u0061ta\":1}", DT_FLOAT, BAD("/data", "Duplicate") },
     { "{\"data\":1,\"shap\":[]}", DT_FLOAT, BAD("/shap", "did you mean \"shape\"") },
     { "{\"dtype\":\"flaot32\",\"data\":1}", DT_FLOAT,
       BAD("/dtype", "\"flaot32\" is not a dtype") },
     { "{\"dtype\":\"float_ref\",\"data\":1}", DT_FLOAT, BAD("/dtype", "is not a dtype") },
     { "{\"dtype\":1,\"data\":1}", DT_FLOAT, BAD("/dtype", "A dtype is a string") },
     { "{\"dtype\":\"float32\\u0000\",\"data\":1}", DT_FLOAT, BAD("/dtype", "is not a dtype") },
     { TYPED("float32", "[2]", "[1,2,3]"), DT_INVALID,
       BAD("/data", "The data has shape [3], but \"shape\" says [2]") },
     { TYPED("float32", "[4]", "[[1,2],[3,4]]"), DT_INVALID,
       BAD("/data", "The data has shape [2,2]") },
     { TYPED("float32", "[1]", "1"), DT_INVALID, BAD("/data", "The data has shape []") },
     { TYPED("float32", "[-1]", "[1]"), DT_INVALID, BAD("/shape", "Expected a size, found -1") },
     { TYPED("float32", "[1.5]", "[1]"), DT_INVALID, BAD("/shape", "Expected a size, found 1.5") },
     { TYPED("float32", "1", "[1]"), DT_INVALID, BAD("/shape", "an array") },
     { TYPED("float32", "[9223372036854775807,2]", "[1]"), DT_INVALID, BAD("/shape", "too large") },
     { TYPED("float32", "[1000000000000000000]", "[1]"), DT_INVALID,
       BAD("/data", "The data has shape [1]") },
     { "{\"dtype\":\"float32\",\"b64\":\"AACAPw==\"}", DT_INVALID,
       BAD("/b64", "needs a \"shape\"") },
     { "{\"shape\":[1],\"b64\":\"AACAPw==\"}", DT_INVALID, BAD("/b64", "needs a \"dtype\"") },
     { "{\"dtype\":\"float32\",\"shape\":[2],\"b64\":\"AACAPw==\"}", DT_INVALID,
       BAD("/b64", "takes 8 bytes, but there are 4") },
     { "{\"dtype\":\"string\",\"shape\":[],\"b64\":\"YQ==\"}", DT_INVALID,
       BAD("/b64", "cannot hold elements of type string") },
     { "{\"dtype\":\"bool\",\"shape\":[1],\"b64\":\"Ag==\"}", DT_INVALID,
       BAD("/b64", "neither 0 nor 1") },
     { "{\"dtype\":\"uint8\",\"shape\":[1],\"b64\":\"A\"}", DT_INVALID, BAD("/b64", "not base64") },
     { "{\"dtype\":\"uint8\",\"shape\":[1],\"b64\":[1]}", DT_INVALID,
       BAD("/b64", "string of base64") },
     { "{\"npy_b64\":\"AAAA\"}", DT_INVALID, BAD("/npy_b64", "not a .npy file") },
     { "{\"npy_b64\":\"AAAA\",\"dtype\":\"int8\"}", DT_INVALID, BAD("/npy_b64", "its own dtype") },
     { "{\"dtype\":\"int8\",\"shape\":[1],\"binary_data_size\":1}", DT_INVALID,
       BAD("/binary_data_size", "Inference-Header") },
     { "[[[[[[[[[1]]]]]]]]]", DT_FLOAT, NULL, SR_UNIMPLEMENTED, "", "rank 9" },
     { TYPED("float32", "[1,1,1,1,1,1,1,1,1]", "[1]"), DT_FLOAT, NULL, SR_UNIMPLEMENTED, "/shape",
       "rank above 8" },
     { "{\"dtype\":\"uint8\",\"shape\":[1000000000000000000],\"b64\":\"AA==\"}", DT_INVALID, NULL,
       SR_RESOURCE_EXHAUSTED, "/b64", "at most" })

ROWS(what_is_not_json_is_refused, { "", DT_FLOAT, BAD("", "Invalid JSON") },
     { "  ", DT_FLOAT, BAD("", "Invalid JSON") }, { "[", DT_FLOAT, BAD("/0", "found the end") },
     { "[1", DT_FLOAT, BAD("/1", "found the end") },
     { "[1,", DT_FLOAT, BAD("/1", "found the end") },
     { "[1,]", DT_FLOAT, BAD("/1", "expected a value") },
     { "[,1]", DT_FLOAT, BAD("/0", "expected a value") },
     { "[1 2]", DT_FLOAT, BAD("/1", "expected ',' or ']'") },
     { "[1}", DT_FLOAT, BAD("/1", "expected ',' or ']'") },
     { "[1]]", DT_FLOAT, BAD("", "expected the end") },
     { "1,2", DT_FLOAT, BAD("", "expected the end") },
     { "truex", DT_BOOL, BAD("", "expected the end") },
     { "\"a", DT_STRING, BAD("", "Expected a string") },
     { "\"\\ud800\"", DT_STRING, BAD("", "lone surrogate") },
     { "\"\\udc00\\ud800\"", DT_STRING, BAD("", "lone surrogate") },
     { "\"\\x\"", DT_STRING, BAD("", "bad escape") },
     { "\"\\u12\"", DT_STRING, BAD("", "bad escape") },
     { "[\"a\xff\"]", DT_STRING, BAD("/0", "not UTF-8") },
     { "[\"a\nb\"]", DT_STRING, BAD("/0", "control character") },
     { "{\"data\":1", DT_FLOAT, BAD("", "found the end") },
     { "{\"data\" 1}", DT_FLOAT, BAD("", "expected ':'") },
     { "{\"data\":1}x", DT_FLOAT, BAD("", "expected the end") },
     { "{data:1}", DT_FLOAT, BAD("", "member name") })

/* ---- out ---- */

static void prints(const Tensor *t, JsonTensorStyle style, const char *text)
{
        autofree char *out = written(t, style);
        cr_expect(!strcmp(out, text), "%s, not %s", out, text);
}

Test(json_tensor, styles_differ_in_what_they_tell)
{
        autoptr(Tensor) t = parsed("[[1,2]]", DT_FLOAT);
        prints(t, JSON_PLAIN, "[[1.0,2.0]]");
        prints(t, JSON_TYPED, TYPED("float32", "[1,2]", "[[1.0,2.0]]"));
        prints(t, JSON_B64, "{\"dtype\":\"float32\",\"shape\":[1,2],\"b64\":\"AACAPwAAAEA=\"}");
        prints(t, JSON_BINARY, "{\"dtype\":\"float32\",\"shape\":[1,2],\"binary_data_size\":8}");
        autoptr(Tensor) s = parsed("[\"a\"]", DT_STRING);
        prints(s, JSON_B64, TYPED("string", "[1]", "[\"a\"]"));
        prints(s, JSON_BINARY, "{\"dtype\":\"string\",\"shape\":[1],\"binary_data_size\":5}");
}

Test(json_tensor, long_integers_can_be_strings)
{
        autoptr(Tensor) t = parsed("[-1,9223372036854775807]", DT_INT64);
        autoptr(Tensor) small = parsed("[1]", DT_INT32);
        autobuf out = BUF(1 << 16);
        json_tensor_write(t, JSON_PLAIN, true, &out, NULL);
        json_tensor_write(small, JSON_PLAIN, true, &out, NULL);
        cr_expect(!strcmp(buf_cstr(&out), "[\"-1\",\"9223372036854775807\"][1]"), "%s",
                  buf_cstr(&out));
}

static void forget(Resource *r UNUSED) {}

static const char *text_of(Resource *r UNUSED)
{
        return "h;0;";
}

Test(json_tensor, resources_are_described)
{
        static const ResourceKind kind = { .name = "FIFOQueue", .destroy = forget };
        Resource r;
        resource_init(&r, &kind);
        autoptr(Tensor) t = NULL;
        autoptr(Tensor) none = NULL;
        fine(tensor_resource(DT_RESOURCE, &r, &t));
        fine(tensor_resource(DT_VARIANT, NULL, &none));
        prints(t, JSON_PLAIN, "{\"resource\":\"FIFOQueue\"}");
        prints(t, JSON_BINARY, TYPED("resource", "[]", "{\"resource\":\"FIFOQueue\"}"));
        prints(none, JSON_PLAIN, "null");
        static const ResourceKind held = { .name = "T", .destroy = forget, .handle = text_of };
        resource_init(&r, &held);
        prints(t, JSON_PLAIN, "\"h;0;\"");
}

Test(json_tensor, a_full_buffer_is_an_error_and_not_a_loop)
{
        autoptr(Tensor) t = NULL;
        autobuf out = BUF(1000);
        fine(tensor_new(DT_FLOAT, &SHAPE(1000000000000, 0), &t));
        json_tensor_write(t, JSON_PLAIN, false, &out, NULL);
        autoptr(Status) s = buf_status(&out);
        cr_expect(status_code(s) == SR_RESOURCE_EXHAUSTED);
}

/* ---- raw tails ---- */

Test(json_tensor, binary_values_take_their_bytes_in_order)
{
        autofree char *tail = exact_copy("\x01\x02\x03\x00\x00\x00hi!\x00\x00\x00\x00", 13);
        BinaryInputs bin = { .at = tail, .len = 13 };
        autoptr(Tensor) a = NULL;
        autoptr(Tensor) b = NULL;
        const char *first = "{\"dtype\":\"uint8\",\"shape\":[2],\"binary_data_size\":2}";
        const char *second = "{\"dtype\":\"string\",\"shape\":[2],\"binary_data_size\":11}";
        fine(try_parse(first, strlen(first), DT_INVALID, &bin, &a));
        autoptr(Status) left = binary_inputs_done(&bin);
        cr_expect(left);
        fine(try_parse(second, strlen(second), DT_INVALID, &bin, &b));
        fine(binary_inputs_done(&bin));
        prints(a, JSON_PLAIN, "[1,2]");
        prints(b, JSON_PLAIN, "[\"hi!\",\"\"]");
}

Test(json_tensor, binary_sizes_must_agree)
{
        static const struct {
                const char *text, *part;
        } rows[] = {
                { "{\"dtype\":\"uint8\",\"shape\":[9],\"binary_data_size\":9}",
                  "only 8 bytes are left" },
                { "{\"dtype\":\"uint8\",\"shape\":[2],\"binary_data_size\":3}",
                  "takes 2 bytes, but there are 3" },
                { "{\"dtype\":\"uint8\",\"shape\":[2],\"binary_data_size\":-1}",
                  "Expected a size" },
                { "{\"dtype\":\"uint8\",\"shape\":[2],\"binary_data_size\":1e30}",
                  "Expected a size" },
                { "{\"dtype\":\"uint8\",\"binary_data_size\":3}", "needs a \"shape\"" },
                { "{\"shape\":[3],\"binary_data_size\":3}", "needs a \"dtype\"" },
                { "{\"dtype\":\"bool\",\"shape\":[8],\"binary_data_size\":8}", "neither 0 nor 1" },
                { "{\"dtype\":\"string\",\"shape\":[1],\"binary_data_size\":3}",
                  "more than 3 bytes" },
                { "{\"dtype\":\"string\",\"shape\":[1],\"binary_data_size\":8}", "but 4 are left" },
                { "{\"dtype\":\"string\",\"shape\":[0],\"binary_data_size\":1}",
                  "left behind the last" },
                { "{\"dtype\":\"string\",\"shape\":[1000000000000000],\"binary_data_size\":8}",
                  "need more than 8 bytes" },
                { "{\"dtype\":\"resource\",\"shape\":[],\"binary_data_size\":8}",
                  "cannot hold elements" },
        };
        autofree char *tail = exact_copy("\x05\x00\x00\x00\x01\x02\x03\x04", 8);
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                BinaryInputs bin = { .at = tail, .len = 8 };
                autoptr(Tensor) t = NULL;
                autoptr(Status) s =
                        try_parse(rows[i].text, strlen(rows[i].text), DT_INVALID, &bin, &t);
                cr_expect(status_code(s) == SR_INVALID_ARGUMENT, "%s", rows[i].text);
                cr_expect(s && strstr(status_message(s), rows[i].part), "%s", status_message(s));
        }
}

Test(json_tensor, a_complete_hint_stands_in_for_a_shape)
{
        const char *text = "{\"b64\":\"AACAPwAAAEA=\"}";
        JsonSpan span = { text, strlen(text) };
        autoptr(Tensor) t = NULL;
        autoptr(Tensor) none = NULL;
        fine(json_tensor_parse(span, DT_FLOAT, &SHAPE(2, 1), NULL, &roomy, &t));
        prints(t, JSON_PLAIN, "[[1.0],[2.0]]");
        autoptr(Status) s = json_tensor_parse(span, DT_FLOAT, &SHAPE(-1, 1), NULL, &roomy, &none);
        cr_expect(s);
}

Test(json_tensor, limits_are_kept)
{
        static const char *const big[] = {
                "[1,2,3,4,5]", "[\"0123456789abcdef\"]",
                "{\"dtype\":\"float32\",\"shape\":[5],\"b64\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}"
        };
        static const TensorLimits tight = { .max_bytes = 16 };
        for (size_t i = 0; i < COUNTOF(big); i++) {
                autoptr(Tensor) t = NULL;
                autoptr(Status) s =
                        json_tensor_parse((JsonSpan){ big[i], strlen(big[i]) },
                                          i == 1 ? DT_STRING : DT_FLOAT, NULL, NULL, &tight, &t);
                cr_expect(status_code(s) == SR_RESOURCE_EXHAUSTED, "%s", big[i]);
        }
}
