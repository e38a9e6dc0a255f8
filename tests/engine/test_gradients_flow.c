// SPDX-License-Identifier: Apache-2.0
/* SymbolicGradient where TensorFlow's registry of gradients ends: conditions and loops of both
 * kinds, ops named in the place of functions, whole numbers. What is expected is what
 * common_runtime/gradients.cc and function.cc of TensorFlow 1.15 do. */
#include "engine/graph/source.h"
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#include <stdio.h>
#include <string.h>

TestSuite(gradients_flow, .timeout = 30);

#define T(type)       "attr { key: 'T' value { type: " type " } } "
#define FUNC(key, f)  "attr { key: '" key "' value { func { name: '" f "' } } } "
#define TYPES(key, t) "attr { key: '" key "' value { list { type: [" t "] } } } "
#define N(n)          "attr { key: 'N' value { i: " n " } } "
#define FRAME         "attr { key: 'frame_name' value { s: 'loop' } } "
#define F1            "DT_FLOAT"
/* float x to float y; the body's result is the tensor named last. */
#define FUNCTION(name, nodes, y)                   \
        "function { signature { name: '" name "' " \
        "input_arg { name: 'x' type: DT_FLOAT } "  \
        "output_arg { name: 'y' type: DT_FLOAT } } " nodes "ret { key: 'y' value: '" y "' } } "
#define IS_TRUE                                                 \
        "function { signature { name: 'small' "                 \
        "input_arg { name: 'x' type: DT_FLOAT } "               \
        "output_arg { name: 'y' type: DT_BOOL } } "             \
        "node_def { name: 'l' op: 'Less' input: ['x', 'x'] " T( \
                F1) "} "                                        \
                    "ret { key: 'y' value: 'l:z:0' } } "
#define SQUARE \
        FUNCTION("square", "node_def { name: 's' op: 'Square' input: 'x' " T(F1) "} ", "s:y:0")
#define LESS "node_def { name: 'less' op: 'Less' input: ['x', 'x'] " T(F1) "} "
#define LOOP                                                                                      \
        "node_def { name: 'enter' op: 'Enter' input: 'x' " T(F1) FRAME                            \
                "} "                                                                              \
                "node_def { name: 'merge' op: 'Merge' input: ['enter:output:0', "                 \
                "'next:output:0'] " T(F1)                                                         \
                        N("2") "} "                                                               \
                               "node_def { name: 'less' op: 'Less' input: ['merge:output:0', "    \
                               "'merge:output:0'] " T(                                            \
                                       F1) "} "                                                   \
                                           "node_def { name: 'cond' op: 'LoopCond' input: "       \
                                           "'less:z:0' } "                                        \
                                           "node_def { name: 'switch' op: 'Switch' input: "       \
                                           "['merge:output:0', 'cond:output:0'] " T(              \
                                                   F1) "} "                                       \
                                                       "node_def { name: 'next' op: "             \
                                                       "'NextIteration' input: "                  \
                                                       "'switch:output_true:0' " T(               \
                                                               F1) "} "                           \
                                                                   "node_def { name: 'exit' op: " \
                                                                   "'Exit' input: "               \
                                                                   "'switch:output_false:0' " T(  \
                                                                           F1) "} "

static const char library[] = "library { " IS_TRUE SQUARE FUNCTION(
        "f_if",
        LESS "node_def { name: 'r' op: 'If' input: ['less:z:0', 'x'] "
             "attr { key: 'Tcond' value { type: DT_BOOL } } " TYPES("Tin", F1) TYPES("Tout", F1)
                     FUNC("then_branch", "square") FUNC("else_branch", "square") "} ",
        "r:output:0") FUNCTION("f_while",
                               "node_def { name: 'r' op: 'While' input: 'x' " TYPES("T", F1)
                                       FUNC("cond", "small") FUNC("body", "square") "} ",
                               "r:output:0")
        FUNCTION("f_stateless",
                 "node_def { name: 'r' op: 'StatelessWhile' input: 'x' " TYPES("T", F1)
                         FUNC("cond", "small") FUNC("body", "square") "} ",
                 "r:output:0")
                FUNCTION("f_old_if",
                         LESS "node_def { name: 'w' op: 'Switch' input: ['x', 'less:z:0'] " T(
                                 F1) "} "
                                     "node_def { name: 'a' op: 'Square' input: "
                                     "'w:output_false:0' " T(
                                             F1) "} "
                                                 "node_def { name: 'b' op: 'Neg' input: "
                                                 "'w:output_true:0' " T(
                                                         F1) "} "
                                                             "node_def { name: 'r' op: 'Merge' "
                                                             "input: ['a:y:0', 'b:y:0'] " T(F1)
                                                                     N("2") "} ",
                         "r:output:0") FUNCTION("f_loop",
                                                LOOP "node_def { name: 'r' op: 'Square' input: "
                                                     "'exit:output:0' " T(F1) "} ",
                                                "r:y:0")
                        FUNCTION("f_beside",
                                 LOOP "node_def { name: 'r' op: 'Square' input: 'x' " T(F1) "} ",
                                 "r:y:0") FUNCTION("f_cast",
                                                   "node_def { name: 'i' op: 'Cast' input: 'x' "
                                                   "attr { key: 'SrcT' value { type: DT_FLOAT } } "
                                                   "attr { key: 'DstT' value { type: DT_INT32 } } "
                                                   "} "
                                                   "node_def { name: 'j' op: 'Square' input: "
                                                   "'i:y:0' " T(
                                                           "DT_INT32") "} "
                                                                       "node_def { name: 'r' op: "
                                                                       "'Cast' input: 'j:y:0' "
                                                                       "attr { key: 'SrcT' value { "
                                                                       "type: DT_INT32 } } "
                                                                       "attr { key: 'DstT' value { "
                                                                       "type: DT_FLOAT } } } ",
                                                   "r:y:0")
                                FUNCTION(
                                        "f_hot",
                                        "node_def { name: 'i' op: 'ArgMax' input: ['x', "
                                        "'d:output:0'] " T(
                                                F1) "} "
                                                    "node_def { name: 'd' op: 'Const' attr { key: "
                                                    "'dtype' value { type: DT_INT32 } } "
                                                    "attr { key: 'value' value { tensor { dtype: "
                                                    "DT_INT32 tensor_shape { } } } } } "
                                                    "node_def { name: 'r' op: 'Cast' input: "
                                                    "'i:output:0' "
                                                    "attr { key: 'SrcT' value { type: DT_INT64 } } "
                                                    "attr { key: 'DstT' value { type: DT_FLOAT } } "
                                                    "} ",
                                        "r:y:0") "} ";

/* The gradient of a function of floats at 3, where 2 comes back. */
static Status *gradient_at_three(const char *function, Tensor **ret)
{
        static char text[1 << 14];
        autoptr(TestSession) s = NULL;
        GraphSource *src;
        snprintf(
                text, sizeof text,
                "%s node { name: 'g' op: 'SymbolicGradient' input: ['x', 'dy'] "
                "attr { key: 'f' value { func { name: '%s' } } } " TYPES("Tin", F1 ", " F1) TYPES(
                        "Tout",
                        F1) "} "
                            "node { name: 'x' op: 'Const' attr { key: 'dtype' value { type: "
                            "DT_FLOAT } } "
                            "attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { } "
                            "float_val: 3 } } } } "
                            "node { name: 'dy' op: 'Const' attr { key: 'dtype' value { type: "
                            "DT_FLOAT } } "
                            "attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { } "
                            "float_val: 2 } } } } ",
                library, function);
        expect_ok(graph_source_parse(text, strlen(text), "graph_def_text", NULL, &src));
        expect_ok(test_session_new(src, &s));
        return test_session_fetch(s, "g:0", ret);
}

Test(gradients_flow, conditions_and_loops_have_none_and_the_first_on_the_way_back_is_named)
{
        static const char *const rows[][2] = { { "f_if", "If" },
                                               { "f_while", "While" },
                                               { "f_stateless", "StatelessWhile" },
                                               { "f_old_if", "Merge" },
                                               { "f_loop", "Exit" },
                                               { "f_hot", "ArgMax" } };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                Tensor *y = NULL;
                char want[64];
                snprintf(want, sizeof want, "No gradient defined for op: %s", rows[i][1]);
                expect_error(gradient_at_three(rows[i][0], &y), SR_NOT_FOUND, want);
        }
}

Test(gradients_flow, a_loop_that_no_result_needs_does_no_harm)
{
        autoptr(Tensor) y = NULL;
        expect_ok(gradient_at_three("f_beside", &y));
        expect_tensor(y, F32((), 12));
}

Test(gradients_flow, whole_numbers_pass_gradients_on)
{
        autoptr(Tensor) y = NULL;
        expect_ok(gradient_at_three("f_cast", &y));
        expect_tensor(y, F32((), 12));
}

/* ---- ops by their names ---- */

#define VECTOR(name, values)                                                          \
        "node { name: '" name "' op: 'Const' "                                        \
        "attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'value' value { " \
        "tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } } " values "} } } } "
/* n inputs of type float, of which the last is what comes back. */
#define GRADIENT(inputs, in, out, op, attrs)                                              \
        "node { name: 'g' op: 'SymbolicGradient' input: [" inputs "] " TYPES("Tin", in)   \
                TYPES("Tout", out) "attr { key: 'f' value { func { name: '" op "' " attrs \
                                   "} } } } "

static Status *gradient_of_op(const char *node, const char *fetch, Tensor **ret)
{
        static char text[1 << 12];
        autoptr(TestSession) s = NULL;
        GraphSource *src;
        snprintf(text, sizeof text,
                 "%s" VECTOR("a", "float_val: [3, 5] ") VECTOR("b", "float_val: [10, 100] ")
                         VECTOR("d", "float_val: [1, 2] "),
                 node);
        expect_ok(graph_source_parse(text, strlen(text), "graph_def_text", NULL, &src));
        expect_ok(test_session_new(src, &s));
        return test_session_fetch(s, fetch, ret);
}

#define OF_MUL                                                                                 \
        GRADIENT("'a', 'b', 'd'", "DT_FLOAT, DT_FLOAT, DT_FLOAT", "DT_FLOAT, DT_FLOAT", "Mul", \
                 T(F1))
#define OF_MUL_AS(op) \
        GRADIENT("'a', 'b', 'd'", "DT_FLOAT, DT_FLOAT, DT_FLOAT", "DT_FLOAT, DT_FLOAT", op, T(F1))
#define OF_ADD_N                                                                                \
        GRADIENT("'a', 'b', 'd'", "DT_FLOAT, DT_FLOAT, DT_FLOAT", "DT_FLOAT, DT_FLOAT", "AddN", \
                 T(F1) N("2"))
#define OF_ONE(op, attrs) GRADIENT("'a', 'd'", "DT_FLOAT, DT_FLOAT", "DT_FLOAT", op, attrs)

Test(gradients_flow, the_name_of_an_op_stands_for_a_function_of_it_alone)
{
        autoptr(Tensor) a = NULL;
        autoptr(Tensor) b = NULL;
        autoptr(Tensor) c = NULL;
        expect_ok(gradient_of_op(OF_MUL, "g:0", &a));
        expect_tensor(a, F32((2), 10, 200));
        expect_ok(gradient_of_op(OF_MUL, "g:1", &b));
        expect_tensor(b, F32((2), 3, 10));
        expect_ok(gradient_of_op(OF_ADD_N, "g:1", &c));
        expect_tensor(c, F32((2), 1, 2));
}

Test(gradients_flow, an_op_without_a_gradient_is_refused_in_tensorflows_words)
{
        Tensor *y = NULL;
        expect_error(gradient_of_op(OF_ONE("Digamma", T(F1)), "g:0", &y), SR_NOT_FOUND,
                     "No gradient defined for op: Digamma");
        expect_error(gradient_of_op(OF_ONE("Nothing", ""), "g:0", &y), SR_NOT_FOUND,
                     "No gradient defined for op: Nothing");
        expect_error(gradient_of_op(OF_ONE("ZerosLike", T(F1)), "g:0", &y), SR_INVALID_ARGUMENT,
                     "No gradient is defined for ZerosLike");
        expect_error(gradient_of_op(OF_MUL_AS("Less"), "g:0", &y), SR_INVALID_ARGUMENT,
                     "No gradient is defined for Less");
        expect_error(gradient_of_op(OF_ONE("Square", ""), "g:0", &y), SR_INVALID_ARGUMENT,
                     "Attr T is not found");
        expect_error(gradient_of_op(OF_ONE("AddN", T(F1) N("1000000000")), "g:0", &y),
                     SR_INVALID_ARGUMENT, "more than");
}
