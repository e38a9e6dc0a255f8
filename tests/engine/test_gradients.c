// SPDX-License-Identifier: Apache-2.0
/* SymbolicGradient: each op's gradient against differences of the function's values. */
#include "engine/base/mem.h"
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#include <stdio.h>

enum { VALUES_MAX = 64 };

/* One op of doubles a, b and integers i, j. */
typedef struct Rule {
        const char *what, *op;
        const char *inputs; /* of a, b, i, j */
        const char *attrs;  /* as text; T is there */
        const char *result; /* the op's output */
        const char *a, *b;  /* TensorProtos */
        const char *i, *j;
} Rule;

#define VECTOR(n, values) "tensor_shape { dim { size: " #n " } } double_val: [" values "]"
#define MATRIX(n, m, values) \
        "tensor_shape { dim { size: " #n " } dim { size: " #m " } } double_val: [" values "]"
#define BOX(n, m, k, l, values)                                                    \
        "tensor_shape { dim { size: " #n " } dim { size: " #m " } dim { size: " #k \
        " } dim { size: " #l " } } double_val: [" values "]"
#define INTS(n, values) "tensor_shape { dim { size: " #n " } } int_val: [" values "]"
#define INT(value)      "tensor_shape { } int_val: " #value
#define SOME            VECTOR(3, "0.3, 0.7, -0.4")
#define POSITIVE        VECTOR(3, "0.3, 0.7, 1.4")
#define ABOVE_1         VECTOR(3, "1.3, 2.7, 1.4")
#define MATRIX_A        MATRIX(2, 3, "0.3, 0.7, -0.4, 1.2, -0.9, 0.5")
#define OTHER           MATRIX(2, 3, "1.3, -0.6, 0.8, 0.2, 0.55, 1.5")
#define ROW             VECTOR(3, "1.1, 0.4, -0.6")
#define UNARY(name, values)                        \
        {                                          \
                name, name, "'a'", "", "y", values \
        }
#define ACTIVATION(name, out)                        \
        {                                            \
                name, name, "'a'", "", out, MATRIX_A \
        }
#define PAIR(name, out)                                        \
        {                                                      \
                name, name, "'a', 'b'", "", out, MATRIX_A, ROW \
        }
#define PRODUCT(what, x, y, ta, tb)                                \
        {                                                          \
                what, "MatMul", "'a', 'b'",                        \
                        "attr { key: 'transpose_a' value { b: " ta \
                        " } } attr { key: 'transpose_b' "          \
                        "value { b: " tb " } }",                   \
                        "product", x, y                            \
        }
#define BATCHED(what, x, y, ta, tb)                                       \
        {                                                                 \
                what, "BatchMatMulV2", "'a', 'b'",                        \
                        "attr { key: 'adj_x' value { b: " ta              \
                        " } } attr { key: 'adj_y' value { b: " tb " } }", \
                        "output", x, y                                    \
        }
#define A23 MATRIX_A
#define A32 MATRIX(3, 2, "0.3, 0.7, -0.4, 1.2, -0.9, 0.5")
#define B34 MATRIX(3, 4, "1, 2, 3, 4, -1, 0.5, 0.25, 2, 0.1, 0.2, 0.3, 0.4")
#define B43 MATRIX(4, 3, "1, 2, 3, 4, -1, 0.5, 0.25, 2, 0.1, 0.2, 0.3, 0.4")
#define IMAGE                                                                       \
        BOX(1, 3, 3, 2,                                                             \
            "0.1, 0.9, 0.3, -0.2, 0.5, 0.7, 1.3, 0.4, -0.8, 0.6, 1.1, 0.15, 0.35, " \
            "0.95, -0.45, 0.65, 0.85, 0.25")
#define FILTER BOX(2, 2, 2, 1, "0.5, -0.2, 0.3, 0.9, 1.1, -0.7, 0.4, 0.8")
#define STRIDES                                                       \
        "attr { key: 'strides' value { list { i: [1, 1, 1, 1] } } } " \
        "attr { key: 'padding' value { s: 'VALID' } } "
#define KSIZE "attr { key: 'ksize' value { list { i: [1, 2, 2, 1] } } } "
#define N2    "attr { key: 'N' value { i: 2 } } "
#define AXIS1 "attr { key: 'axis' value { i: 1 } } "

static const Rule gradients[] = {
        UNARY("Abs", SOME),
        UNARY("Neg", SOME),
        UNARY("Reciprocal", SOME),
        UNARY("Inv", SOME),
        UNARY("Square", SOME),
        UNARY("Sqrt", POSITIVE),
        UNARY("Rsqrt", POSITIVE),
        UNARY("Exp", SOME),
        UNARY("Expm1", SOME),
        UNARY("Log", POSITIVE),
        UNARY("Log1p", POSITIVE),
        UNARY("Sinh", SOME),
        UNARY("Cosh", SOME),
        UNARY("Tanh", SOME),
        UNARY("Asinh", SOME),
        UNARY("Acosh", ABOVE_1),
        UNARY("Atanh", SOME),
        UNARY("Sigmoid", SOME),
        UNARY("Sin", SOME),
        UNARY("Cos", SOME),
        UNARY("Acos", SOME),
        UNARY("Asin", SOME),
        UNARY("Atan", SOME),
        UNARY("Tan", SOME),
        UNARY("Erf", SOME),
        UNARY("Erfc", SOME),
        UNARY("Lgamma", POSITIVE),
        UNARY("Floor", SOME),
        UNARY("Sign", SOME),
        ACTIVATION("Relu", "activations"),
        ACTIVATION("Relu6", "activations"),
        ACTIVATION("LeakyRelu", "activations"),
        ACTIVATION("Elu", "activations"),
        ACTIVATION("Selu", "activations"),
        ACTIVATION("Softplus", "activations"),
        ACTIVATION("Softsign", "activations"),
        ACTIVATION("Softmax", "softmax"),
        ACTIVATION("LogSoftmax", "logsoftmax"),
        ACTIVATION("Identity", "output"),
        ACTIVATION("L2Loss", "output"),
        PAIR("Add", "z"),
        PAIR("AddV2", "z"),
        PAIR("Sub", "z"),
        PAIR("Mul", "z"),
        PAIR("MulNoNan", "z"),
        PAIR("Div", "z"),
        PAIR("RealDiv", "z"),
        PAIR("DivNoNan", "z"),
        PAIR("SquaredDifference", "z"),
        PAIR("Maximum", "z"),
        PAIR("Minimum", "z"),
        { "Pow", "Pow", "'a', 'b'", "", "z", POSITIVE, ROW },
        { "Xlogy", "Xlogy", "'a', 'b'", "", "z", MATRIX_A, POSITIVE },
        { "Xlog1py", "Xlog1py", "'a', 'b'", "", "z", MATRIX_A, POSITIVE },
        { "Xdivy", "Xdivy", "'a', 'b'", "", "z", MATRIX_A, POSITIVE },
        { "AddN", "AddN", "'a', 'b'", N2, "sum", MATRIX_A, OTHER },
        { "Sum", "Sum", "'a', 'i'", "", "output", MATRIX_A, .i = INTS(1, "1") },
        { "Sum of all", "Sum", "'a', 'i'", "", "output", MATRIX_A, .i = INTS(2, "0, -1") },
        { "Sum along a scalar", "Sum", "'a', 'i'", "", "output", MATRIX_A, .i = INT(-2) },
        { "Mean", "Mean", "'a', 'i'", "", "output", MATRIX_A, .i = INTS(1, "0") },
        { "Max", "Max", "'a', 'i'", "", "output", MATRIX_A, .i = INTS(1, "1") },
        { "Min", "Min", "'a', 'i'", "attr { key: 'keep_dims' value { b: true } }", "output",
          MATRIX_A, .i = INTS(1, "1") },
        PRODUCT("MatMul", A23, B34, "false", "false"),
        PRODUCT("MatMul+a", A32, B34, "true", "false"),
        PRODUCT("MatMul+b", A23, B43, "false", "true"),
        PRODUCT("MatMul+a+b", A32, B43, "true", "true"),
        BATCHED("BatchMatMul", A23, B34, "false", "false"),
        BATCHED("BatchMatMul+a", A32, B34, "true", "false"),
        BATCHED("BatchMatMul+b", A23, B43, "false", "true"),
        BATCHED("BatchMatMul+a+b", A32, B43, "true", "true"),
        { "Reshape", "Reshape", "'a', 'i'", "", "output", MATRIX_A, .i = INTS(1, "6") },
        { "ExpandDims", "ExpandDims", "'a', 'i'", "", "output", MATRIX_A, .i = INT(1) },
        { "ConcatV2", "ConcatV2", "'a', 'b', 'i'", N2, "output", MATRIX_A, OTHER, .i = INT(-1) },
        { "Concat", "Concat", "'i', 'a', 'b'", N2, "output", MATRIX_A, OTHER, .i = INT(0) },
        { "Pack", "Pack", "'a', 'b'", N2 AXIS1, "output", MATRIX_A, OTHER },
        { "Unpack", "Unpack", "'a'", "attr { key: 'num' value { i: 3 } }" AXIS1, "output:1",
          MATRIX_A },
        { "Split", "Split", "'i', 'a'", "attr { key: 'num_split' value { i: 3 } }", "output:2",
          MATRIX_A, .i = INT(1) },
        { "Fill", "Fill", "'i', 'a'", "", "output", "tensor_shape { } double_val: 3",
          .i = INTS(2, "2, 3") },
        { "BroadcastTo", "BroadcastTo", "'a', 'i'", "", "output", ROW, .i = INTS(2, "2, 3") },
        { "Transpose", "Transpose", "'a', 'i'", "", "y", MATRIX_A, .i = INTS(2, "1, 0") },
        { "ReverseV2", "ReverseV2", "'a', 'i'", "", "output", MATRIX_A, .i = INTS(1, "1") },
        { "Gather", "Gather", "'a', 'i'",
          "attr { key: 'Tparams' value { type: DT_DOUBLE } } "
          "attr { key: 'Tindices' value { type: DT_INT32 } }",
          "output", MATRIX_A, .i = INTS(3, "1, 1, 0") },
        { "GatherNd", "GatherNd", "'a', 'i'",
          "attr { key: 'Tparams' value { type: DT_DOUBLE } } "
          "attr { key: 'Tindices' value { type: DT_INT32 } }",
          "output", ROW, .i = "tensor_shape { dim { size: 2 } dim { size: 1 } } int_val: [2, 0]" },
        { "Slice", "Slice", "'a', 'i', 'j'", "attr { key: 'Index' value { type: DT_INT32 } }",
          "output", MATRIX_A, .i = INTS(2, "0, 1"), .j = INTS(2, "2, -1") },
        { "StridedSlice", "StridedSlice", "'a', 'i', 'j', 'j'",
          "attr { key: 'Index' value { type: DT_INT32 } }", "output", MATRIX_A,
          .i = INTS(2, "0, 0"), .j = INTS(2, "1, 2") },
        { "Pad", "Pad", "'a', 'i'", "", "output", MATRIX_A,
          .i = "tensor_shape { dim { size: 2 } dim { size: 2 } } int_val: [1, 0, 2, 1]" },
        { "BiasAdd", "BiasAdd", "'a', 'b'", "", "output", MATRIX_A, ROW },
        { "SoftmaxCrossEntropyWithLogits", "SoftmaxCrossEntropyWithLogits", "'a', 'b'", "", "loss",
          MATRIX_A, MATRIX(2, 3, "0.2, 0.3, 0.5, 0.6, 0.1, 0.3") },
        { "SparseSoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits", "'a', 'i'",
          "attr { key: 'Tlabels' value { type: DT_INT32 } }", "loss", MATRIX_A,
          .i = INTS(2, "2, 0") },
        { "Conv2D", "Conv2D", "'a', 'b'", STRIDES, "output", IMAGE, FILTER },
        { "DepthwiseConv2dNative", "DepthwiseConv2dNative", "'a', 'b'", STRIDES, "output", IMAGE,
          FILTER },
        { "MaxPool", "MaxPool", "'a'", STRIDES KSIZE, "output", IMAGE },
        { "AvgPool", "AvgPool", "'a'", STRIDES KSIZE, "output", IMAGE },
};

/* f(a, b, i, j) = the op, its square summed; s = f at the feeds, ga and gb its gradients. */
#define GRAPH                                                                                     \
        "library { function { signature { name: 'f' "                                             \
        "input_arg { name: 'a' type: DT_DOUBLE } input_arg { name: 'b' type: DT_DOUBLE } "        \
        "input_arg { name: 'i' type: DT_INT32 } input_arg { name: 'j' type: DT_INT32 } "          \
        "output_arg { name: 'y' type: DT_DOUBLE } } "                                             \
        "node_def { name: 'op' op: '%s' input: [%s] "                                             \
        "%s %s } "                                                                                \
        "node_def { name: 'odd' op: 'Exp' input: 'op:%s%s' "                                      \
        "attr { key: 'T' value { type: DT_DOUBLE } } } "                                          \
        "ret { key: 'y' value: 'odd:y:0' } } } "                                                  \
        "node { name: 'a' op: 'Const' attr { key: 'dtype' value { type: DT_DOUBLE } } "           \
        "attr { key: 'value' value { tensor { dtype: DT_DOUBLE %s } } } } "                       \
        "node { name: 'b' op: 'Const' attr { key: 'dtype' value { type: DT_DOUBLE } } "           \
        "attr { key: 'value' value { tensor { dtype: DT_DOUBLE %s } } } } "                       \
        "node { name: 'i' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } "            \
        "attr { key: 'value' value { tensor { dtype: DT_INT32 %s } } } } "                        \
        "node { name: 'j' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } "            \
        "attr { key: 'value' value { tensor { dtype: DT_INT32 %s } } } } "                        \
        "node { name: 'y' op: 'f' input: ['a', 'b', 'i', 'j'] } "                                 \
        "node { name: 'dy' op: 'OnesLike' input: 'y' "                                            \
        "attr { key: 'T' value { type: DT_DOUBLE } } } "                                          \
        "node { name: 'g' op: 'SymbolicGradient' input: ['a', 'b', 'i', 'j', 'dy'] "              \
        "attr { key: 'f' value { func { name: 'f' } } } "                                         \
        "attr { key: 'Tin' value { list { type: [DT_DOUBLE, DT_DOUBLE, DT_INT32, DT_INT32, "      \
        "DT_DOUBLE] } } } "                                                                       \
        "attr { key: 'Tout' value { list { type: [DT_DOUBLE, DT_DOUBLE, DT_INT32, DT_INT32] } } " \
        "} }"

static TestSession *session_of(const Rule *r)
{
        static char text[1 << 14];
        TestSession *s;
        GraphSource *src;
        int n = snprintf(
                text, sizeof text, GRAPH, r->op, r->inputs,
                strstr(r->attrs, "Tparams") ? "" : "attr { key: 'T' value { type: DT_DOUBLE } }",
                r->attrs, r->result, strchr(r->result, ':') ? "" : ":0", r->a, r->b ? r->b : SOME,
                r->i ? r->i : INT(0), r->j ? r->j : INT(0));
        cr_assert(n > 0 && (size_t)n < sizeof text);
        expect_ok(graph_source_parse(text, (size_t)n, "graph_def_text", NULL, &src));
        expect_ok(test_session_new(src, &s));
        return s;
}

/* The sum of f with element k of that input moved. */
static double value_at(TestSession *s, const char *input, const Tensor *x, int64_t k, double by)
{
        autoptr(Tensor) moved = NULL;
        autoptr(Tensor) y = NULL;
        const char *fetch = "y:0";
        expect_ok(tensor_clone(x, &moved));
        ((double *)tensor_fill(moved))[k] += by;
        Feed feed = { .key = input, .value = moved };
        expect_ok(test_session_run(
                s, &(RunRequest){ .fetches = &fetch, .n_fetches = 1, .feeds = &feed, .n_feeds = 1 },
                &y));
        double sum = 0;
        for (int64_t i = 0; i < tensor_count(y); i++)
                sum += tensor_double(y, i);
        return sum;
}

static void check_input(const Rule *r, TestSession *s, const char *input, const char *gradient)
{
        autoptr(Tensor) x = NULL;
        autoptr(Tensor) g = NULL;
        const double eps = 1e-6;
        expect_ok(test_session_fetch(s, input, &x));
        Status *bad = test_session_fetch(s, gradient, &g);
        cr_assert(!bad, "%s: %s", r->what, status_message(bad));
        cr_assert(shape_equal(tensor_shape(x), tensor_shape(g)), "%s: shape of %s", r->what, input);
        for (int64_t k = 0; k < tensor_count(x); k++) {
                double want = (value_at(s, input, x, k, eps) - value_at(s, input, x, k, -eps)) /
                              (2 * eps);
                double got = tensor_double(g, k);
                cr_expect(fabs(got - want) <= 1e-5 * (1 + fabs(want)),
                          "%s: d%s[%lld] is %g, not %g", r->what, input, (long long)k, got, want);
        }
}

Test(gradients, each_op_has_the_slope_of_its_values)
{
        for (size_t i = 0; i < COUNTOF(gradients); i++) {
                autoptr(TestSession) s = session_of(&gradients[i]);
                check_input(&gradients[i], s, "a:0", "g:0");
                if (gradients[i].b)
                        check_input(&gradients[i], s, "b:0", "g:1");
        }
}

/* ---- functions ---- */

#define ARG     "input_arg { name: 'x' type: DT_FLOAT } "
#define RESULT  "output_arg { name: 'y' type: DT_FLOAT } } "
#define FLOAT_T "attr { key: 'T' value { type: DT_FLOAT } } } "
#define NODE(name, op, f)                                                    \
        "node { name: '" name "' op: '" op "' input: ['x', 'two'] "          \
        "attr { key: 'f' value { func { name: '" f "' } } } "                \
        "attr { key: 'Tin' value { list { type: [DT_FLOAT, DT_FLOAT] } } } " \
        "attr { key: 'Tout' value { list { type: [DT_FLOAT] } } } } "
#define CALL(f)                                                    \
        "attr { key: 'f' value { func { name: '" f "' } } } "      \
        "attr { key: 'Tin' value { list { type: [DT_FLOAT] } } } " \
        "attr { key: 'Tout' value { list { type: [DT_FLOAT] } } } } "
#define NUMBER(name, value)                                                           \
        "node { name: '" name "' op: 'Const' "                                        \
        "attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { " \
        "tensor { dtype: DT_FLOAT tensor_shape { } float_val: " value " } } } } "

static const char functions[] =
        "library { "
        "function { signature { name: 'square' " ARG RESULT
        "node_def { name: 'op' op: 'Mul' input: ['x', 'x'] " FLOAT_T
        "ret { key: 'y' value: 'op:z:0' } } "
        /* square(square(x)), called by name and by attribute */
        "function { signature { name: 'fourth' " ARG RESULT
        "node_def { name: 'in' op: 'square' input: 'x' } "
        "node_def { name: 'out' op: 'PartitionedCall' input: 'in:y:0' " CALL(
                "square") "ret { key: 'y' value: 'out:output:0' } } "
                          /* x, but its gradient is said to be x * dy */
                          "function { signature { name: 'odd' " ARG RESULT
                          "node_def { name: 'op' op: 'Identity' input: 'x' " FLOAT_T
                          "ret { key: 'y' value: 'op:output:0' } } "
                          "function { signature { name: 'odd_gradient' " ARG
                          "input_arg { name: 'dy' type: DT_FLOAT } output_arg { name: 'dx' type: "
                          "DT_FLOAT } } "
                          "node_def { name: 'op' op: 'Mul' input: ['x', 'dy'] " FLOAT_T
                          "ret { key: 'dx' value: 'op:z:0' } } "
                          "gradient { function_name: 'odd' gradient_func: 'odd_gradient' } "
                          /* no way from the argument to the result */
                          "function { signature { name: 'apart' " ARG RESULT
                          "node_def { name: 'op' op: 'StopGradient' input: 'x' " FLOAT_T
                          "ret { key: 'y' value: 'op:output:0' } } "
                          "function { signature { name: 'steep' " ARG RESULT
                          "node_def { name: 'op' op: 'Bucketize' input: 'x' "
                          "attr { key: 'boundaries' value { list { f: 1 } } } " FLOAT_T
                          "node_def { name: 'y' op: 'Digamma' input: 'x' " FLOAT_T
                          "ret { key: 'y' value: 'y:y:0' } } "
                          "function { signature { name: 'itself' " ARG RESULT
                          "node_def { name: 'op' op: 'itself' input: 'x' } "
                          "ret { key: 'y' value: 'op:y:0' } } "
                          "} " NUMBER("x", "3") NUMBER("two", "2") NODE(
                                  "g_square", "SymbolicGradient",
                                  "square") NODE("g_fourth", "SymbolicGradient",
                                                 "fourth") NODE("g_odd", "SymbolicGradient", "odd")
                                  NODE("g_apart", "SymbolicGradient",
                                       "apart") NODE("g_steep", "SymbolicGradient", "steep")
                                          NODE("g_itself", "SymbolicGradient", "itself")
                                                  NODE("g_none", "SymbolicGradient", "nowhere");

Test(gradients, functions_may_call_functions)
{
        autoptr(TestSession) s = NULL;
        GraphSource *src;
        expect_ok(graph_source_parse(functions, strlen(functions), "graph_def_text", NULL, &src));
        expect_ok(test_session_new(src, &s));
        static const struct {
                const char *fetch;
                float want;
        } rows[] = {
                { "g_square:0", 12 }, { "g_fourth:0", 216 }, { "g_odd:0", 6 }, { "g_apart:0", 0 }
        };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Tensor) y = NULL;
                Status *bad = test_session_fetch(s, rows[i].fetch, &y);
                cr_assert(!bad, "%s: %s", rows[i].fetch, status_message(bad));
                expect_tensor(y, F32((), rows[i].want));
        }
        Tensor *y;
        expect_error(test_session_fetch(s, "g_steep:0", &y), SR_NOT_FOUND,
                     "No gradient defined for op: Digamma");
        expect_error(test_session_fetch(s, "g_none:0", &y), SR_NOT_FOUND,
                     "No gradient defined for op: nowhere");
        expect_error(test_session_fetch(s, "g_itself:0", &y), SR_INVALID_ARGUMENT,
                     "nested more than 64 deep");
}

/* Each allocation fails in turn; the leak checker sees what is left behind. */
Test(gradients, survive_each_failing_allocation)
{
        bool all = false;
        for (int64_t n = 1; n < 20000 && !all; n++) {
                autoptr(TestSession) s = NULL;
                GraphSource *src;
                Tensor *y = NULL;
                expect_ok(graph_source_parse(functions, strlen(functions), "graph_def_text", NULL,
                                             &src));
                expect_ok(test_session_new(src, &s));
                mem_fail_at(n);
                status_free(test_session_fetch(s, "g_fourth:0", &y));
                all = mem_fail_count() < n;
                mem_fail_at(0);
                cr_assert(!all || y);
                tensor_unref(y);
        }
        cr_assert(all);
}
