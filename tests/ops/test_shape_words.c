// SPDX-License-Identifier: Apache-2.0
/* What is wrong with shapes is said at import as TensorFlow's shape functions say it, and when the
 * node runs as its kernel does. */
#include "tests/lib/session_case.h"

#include <stdio.h>

#define A_ "a = Const float [2] { 1, 2 }\n"
#define B_ "b = Const float [3] { 1, 2, 3 }\n"
#define M_ "m = Const float [1, 2] { 1, 2 }\n"
#define N_ "n = Const float [3, 1] { 1, 2, 3 }\n"
#define I_ "i = Const int32 [1] { 4 }\n"

static const struct {
        const char *graph, *at_import, *at_run;
} words[] = {
        { A_ B_ "y = Add(a, b) T: float\n",
          "Dimensions must be equal, but are 2 and 3 for 'y' (op: 'Add') with input shapes: [2], "
          "[3].",
          "Incompatible shapes: [2] vs. [3]" },
        { A_ M_ "y = MatMul(a, m) T: float\n",
          "Shape must be rank 2 but is rank 1 for 'y' (op: 'MatMul') with input shapes: [2], "
          "[1,2].",
          "In[0] is not a matrix. Instead it has shape [2]" },
        { M_ N_ "y = MatMul(m, n) T: float\n",
          "Dimensions must be equal, but are 2 and 3 for 'y' (op: 'MatMul') with input shapes: "
          "[1,2], [3,1].",
          "Matrix size-incompatible: In[0]: [1,2], In[1]: [3,1]" },
        { M_ B_ "y = BiasAdd(m, b) T: float\n",
          "Dimensions must be equal, but are 2 and 3 for 'y' (op: 'BiasAdd') with input shapes: "
          "[1,2], [3].",
          "Must provide as many biases as the last dimension of the input tensor: [3] vs. [1,2]" },
        { A_ I_ "y = Reshape(a, i) T: float\n",
          "Cannot reshape a tensor with 2 elements to shape [4] (4 elements) for 'y' (op: "
          "'Reshape') with input shapes: [2], [1].",
          "Input to reshape is a tensor with 2 values, but the requested shape has 4" },
        { M_ "y = AvgPool(m) T: float, ksize: [1, 1, 1, 1], strides: [1, 1, 1, 1], padding: "
             "\"SAME\"\n",
          "Shape must be rank 4 but is rank 2 for 'y' (op: 'AvgPool') with input shapes: [1,2].",
          "tensor_in must be 4-dimensional" },
};

typedef struct Found {
        const char *name;
        char problem[300];
} Found;

static Status *find_problem(void *arg, const Graph *g)
{
        Found *f = arg;
        const Node *n = graph_find(g, f->name);
        snprintf(f->problem, sizeof f->problem, "%s",
                 n && n->shape_problem ? n->shape_problem : "none");
        return NULL;
}

Test(shape_words, differ_at_import_and_at_run)
{
        for (size_t i = 0; i < COUNTOF(words); i++) {
                autoptr(TestSession) s = NULL;
                Found found = { .name = "y" };
                expect_ok(test_session_text(words[i].graph, &s));
                expect_ok(session_read_graph(test_session_of(s), find_problem, &found));
                cr_assert_str_eq(found.problem, words[i].at_import);
                EXPECT_ERROR(s, "y:0", SR_INVALID_ARGUMENT, words[i].at_run);
        }
}
