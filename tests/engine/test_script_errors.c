// SPDX-License-Identifier: Apache-2.0
/* Scripts that are refused: with line, column and a hint; and hostile ones. */
#include "engine/base/mem.h"
#include "tests/engine/script_fixture.h"

#include <stdlib.h>
#include <string.h>

TestSuite(script_errors, .init = script_setup, .fini = script_teardown);

Test(script_errors, ops_inputs_and_attributes_have_neighbours)
{
        script_fails("a = 1\nb = Matmul(a, a)", "line 2, column 5: Op type not registered 'Matmul'",
                     "the op MatMul is similar");
        script_fails("a = MatMul([[1.0]], [[1.0]], transpose_c=True)",
                     "line 1, column 30: MatMul has neither an input nor an attribute "
                     "'transpose_c'",
                     "'transpose_a' is similar");
        script_fails("tf.nn.relu(1.0)", "line 1, column 1: Op type not registered 'tf.nn.relu'",
                     "the op Relu is similar");
        script_fails("total = 1\nb = totl", "line 2, column 5: nothing is called 'totl' here",
                     "'total' is similar");
        script_fails("b = Relu", "line 1, column 5: nothing is called 'Relu' here",
                     "Relu is an op: write Relu(...)");
        script_ok("weights = Variable(1.0)");
        script_fails("b = weigts * 2", "line 1, column 5: nothing is called 'weigts' here",
                     "the graph has 'weights'");
        script_fails("device('/cpu:0')", "line 1, column 1: Op type not registered 'device'",
                     "write: with device(...):");
}

Test(script_errors, calls_hold_to_the_signature)
{
        script_fails("Add(1)", "line 1, column 1: Add misses its input 'y'", "Add(x, y)");
        script_fails("Add(1, 2, 3)", "line 1, column 11: Add takes 2 inputs",
                     "attributes are given by keyword");
        script_fails("Add(1, 2, x=3)", "line 1, column 13: input 'x' of Add is given twice", NULL);
        script_fails("Placeholder(shape=[1])",
                     "line 1, column 1: Placeholder misses its attribute 'dtype'",
                     "Placeholder(dtype=, shape=)");
        script_fails("Pack([1], axis=1, axis=2)",
                     "line 1, column 19: attribute 'axis' is given twice", NULL);
        script_fails("a = 1\nPack(a)", "line 2, column 6: input 'values' of Pack is a list",
                     "a list of one is written [x]");
        script_fails("Pack([1], axis='a')",
                     "line 1, column 16: attribute 'axis' of Pack is an integer", NULL);
        script_fails("Placeholder(dtype=float3)", "line 1, column 19: 'float3' is no type",
                     "types are float32, float64, int32, int64, bool, string and so on");
        script_fails("PartitionedCall([1], f=g, Tout=[int32])",
                     "line 1, column 24: attribute 'f' of PartitionedCall is a function, and a "
                     "script cannot write functions",
                     "send a GraphDef with a library instead");
        script_fails("Relu(1.0, name=3)", "line 1, column 16: a node's name is a string", NULL);
}

Test(script_errors, types_must_agree)
{
        script_fails("a = 1; b = a + 0.5",
                     "line 1, column 16: a fraction is not a value of type int32, which input 'y' "
                     "of Add is because of 'x'",
                     "to compute with fractions write Cast(a, DstT=float32)");
        script_fails(
                "a = 1; b = 2.5; c = a * b",
                "line 1, column 25: Input 'y' of 'Mul' Op has type float32 that does not match "
                "type int32 of argument 'x'.",
                "write Cast(b, DstT=int32)");
        script_fails(
                "a = Const('t'); b = Floor(a)",
                "line 1, column 27: Value passed to parameter 'x' of Floor has DataType string "
                "not in list of allowed values: float32, float64, bfloat16, float16",
                "write Cast(a, DstT=float32)");
        script_fails("Floor('t')", "line 1, column 1: Floor does not take a string", NULL);
        script_fails("Assign(Const(1), 2)",
                     "line 1, column 8: input 'ref' of Assign must be a "
                     "variable",
                     "make one: w = Variable(...)");
        script_fails("Const(300, dtype=uint8)", "line 1, column 7: the number does not fit uint8",
                     NULL);
        script_fails("Const(1.5, dtype=int32)",
                     "line 1, column 7: a fraction is not a value of type int32", NULL);
        script_fails("a = Const(1.0, dtype=float16) + 1e9",
                     "line 1, column 33: the number does not fit float16", NULL);
        script_fails("a = [1, [2]]",
                     "line 1, column 9: the list is ragged: this element has shape "
                     "[1], those before it []",
                     NULL);
        script_fails("a = [1, 'b']",
                     "line 1, column 9: a string does not go into one list with an "
                     "integer",
                     NULL);
        script_fails("a = 18446744073709551616",
                     "line 1, column 5: the number has more than 64 "
                     "bits",
                     NULL);
        script_fails("n = NoOp(); m = n + 1",
                     "line 1, column 17: 'n' has 0 outputs, so there is no "
                     "n:0",
                     NULL);
        script_fails("a = 1; b = a:1", "line 1, column 12: 'a' has 1 output, so there is no a:1",
                     NULL);
        script_fails("w = Variable('a', dtype=int32)",
                     "line 1, column 14: the initial value is not of type int32", NULL);
}

Test(script_errors, shapes_are_looked_at)
{
        script_fails("a = Placeholder(dtype=float32, shape=[2, 3])\nb = 1\nc = Relu(a @ a)",
                     "line 3, column 12: Dimensions must be equal, but are 3 and 2 for 'c/matmul' "
                     "(op: 'MatMul') with input shapes: [2,3], [2,3].",
                     NULL);
        script_fails("a = Relu(1.0, name='b c')",
                     "line 1, column 5: Node 'b c': Node name contains invalid characters", NULL);
}

Test(script_errors, grammar_is_told_apart)
{
        script_fails("a = 1 +", "line 1, column 8: expected a value, not the end of the script",
                     NULL);
        script_fails("a = 1 2",
                     "line 1, column 7: expected an operator or the end of the "
                     "statement, not '2'",
                     NULL);
        script_fails("a = (1", "line 1, column 7: expected ',' or ')', not the end of the script",
                     NULL);
        script_fails("a = 2x", "line 1, column 6: expected a space behind the number, not 'x'",
                     NULL);
        script_fails("a = 'b",
                     "line 1, column 5: the string that begins here does not end on its "
                     "line",
                     NULL);
        script_fails("a = '\\q'",
                     "line 1, column 5: the string has an unknown escape; a backslash "
                     "itself is written \\\\",
                     NULL);
        script_fails("a = 1 < 2 < 3",
                     "line 1, column 11: comparisons do not chain: write (a < b) & "
                     "(b < c)",
                     NULL);
        script_fails("a = 1\na[0]", "line 2, column 2: expected an operator, not '['", NULL);
        script_fails("a, b = Split(0, [1, 2], num_split=2)",
                     "line 1, column 1: a statement gives one name",
                     "write s = Split(...), then s:0 and s:1 are its outputs");
        script_fails("a = 1 ? 2", "line 1, column 7: a script has no place for '?'", NULL);
        script_fails("a = 1\na", "line 2, column 1: this statement makes nothing", NULL);
        script_fails("\xff = 1", "line 1, column 1: the script is not text in UTF-8", NULL);
        script_fails("with foo:\n  a = 1",
                     "line 1, column 6: expected device(...), control(...) or name_scope(...) "
                     "behind 'with'",
                     NULL);
        script_fails("with device('/cpu:0'):\na = 1",
                     "line 2, column 1: expected an indented line behind 'with'", NULL);
        script_fails("with device('/cpu:0'):\n  a = 1\n b = 2",
                     "line 3, column 2: the line is indented like no block around it", NULL);
        script_fails("with device('/cpu:0'):",
                     "line 1, column 23: expected an indented line behind "
                     "'with'",
                     NULL);
}

/* n times the text. */
static char *times(int n, const char *text)
{
        size_t len = strlen(text);
        char *all = mem_alloc((size_t)n * len + 1);
        cr_assert(all);
        for (int i = 0; i < n; i++)
                memcpy(all + (size_t)i * len, text, len + 1);
        return all;
}

Test(script_errors, nesting_has_an_end)
{
        static const char *const openers[] = { "(", "[", "Neg(", "-a*-(", "~", "2**", "[[],[" };
        for (size_t i = 0; i < COUNTOF(openers); i++) {
                autofree char *text = times(100000, openers[i]);
                autoptr(GraphSource) src = NULL;
                autoptr(Status) s = script_parse(text, strlen(text), NULL, &src);
                cr_assert(s && strstr(status_message(s), "nested deeper than 64 levels"), "%s: %s",
                          openers[i], status_message(s));
        }
        autofree char *with = times(65, "with name_scope('s'): ");
        autoptr(GraphSource) src = NULL;
        autoptr(Status) s = script_parse(with, strlen(with), NULL, &src);
        cr_assert(s && strstr(status_message(s), "blocks are nested deeper than 64 levels"));
}

Test(script_errors, size_has_an_end)
{
        autofree char *large = times((1 << 20) + 1, "#");
        autofree char *many = times(60000, "NoOp();");
        autoptr(GraphSource) src = NULL;
        expect_error(script_parse(large, strlen(large), NULL, &src), SR_RESOURCE_EXHAUSTED,
                     "a script of 1048577 bytes is larger than the limit of 1048576 bytes");
        expect_error(script_parse(many, strlen(many), NULL, &src), SR_RESOURCE_EXHAUSTED,
                     "a script makes at most 50000 nodes");
}

/* A script that goes everywhere, with each of its allocations failing in turn. */
Test(script_errors, without_memory_nothing_is_left_behind, .timeout = 120)
{
        static const char text[] =
                "w = Variable([[1.0], [2.0]])\nx = Placeholder(dtype=float32, shape=[-1, 2])\n"
                "with name_scope('s'), control(x):\n  y = x @ w / 2 + [1.5]\n  z = [y, y]\n"
                "s = Split(0, ['a', 'b'], num_split=2, name='t')\nu = s:1";
        Status *s;
        for (int64_t i = 1;; i++) {
                GraphSource *src = NULL;
                mem_fail_at(i);
                s = script_parse(text, strlen(text), NULL, &src);
                bool failed = mem_fail_count() >= i;
                mem_fail_at(0);
                graph_source_free(src);
                if (!failed)
                        break;
                cr_assert(!s || status_code(s) == SR_RESOURCE_EXHAUSTED, "%s", status_message(s));
                status_free(s);
        }
        expect_ok(s);
}
