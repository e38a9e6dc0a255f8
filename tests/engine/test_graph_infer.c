// SPDX-License-Identifier: Apache-2.0
/* Shapes worked out while a graph is extended, and the numbers that graphs compute shapes from. */
#include "engine/graph/elements.h"
#include "tests/engine/graph_fixture.h"

#include <string.h>

TestSuite(graph_infer);

/* One node by hand: its elements are all that elements_infer() looks at. */
typedef struct Made {
        NodeDef def;
        Node node;
        DType type;
        Shape in_shape[4], in_elements[4], out_shape[2], out[2];
        const Shape *in[4], *elements[4];
        const Tensor *value[4];
        ElementsCtx c;
} Made;

static void make(Made *m, const char *op, int n_in, int n_out)
{
        memset(m, 0, sizeof *m);
        tensorflow__node_def__init(&m->def);
        m->def.op = (char *)op;
        m->type = DT_INT64;
        m->node.def = &m->def;
        m->node.out_types = &m->type;
        m->c = (ElementsCtx){ &m->node, n_in,        n_out,        m->in,
                              m->value, m->elements, m->out_shape, m->out };
        for (int i = 0; i < n_in; i++)
                m->in[i] = &m->in_shape[i];
}

/* Input i: a vector of these elements. */
static void vector(Made *m, int i, Shape elements)
{
        m->in_elements[i] = elements;
        m->in_shape[i] = SHAPE(elements.rank);
        m->elements[i] = &m->in_elements[i];
}

/* Input i: a scalar. */
static void scalar(Made *m, int i, int64_t v)
{
        vector(m, i, SHAPE(v));
        m->in_shape[i] = SHAPE_SCALAR;
}

static void gives(Made *m, const char *elements)
{
        cr_assert(elements_infer(&m->c));
        cr_assert_str_eq(shape_text(&m->out[0]).s, elements);
}

Test(graph_infer, a_shape_is_the_elements_of_shape)
{
        Made m;
        make(&m, "Shape", 1, 1);
        m.in_shape[0] = SHAPE(-1, 3);
        gives(&m, "[?,3]");
        m.in_shape[0] = SHAPE_UNKNOWN;
        cr_assert_not(elements_infer(&m.c));
}

Test(graph_infer, rank_and_size_are_numbers)
{
        Made m;
        make(&m, "Rank", 1, 1);
        m.in_shape[0] = SHAPE(-1, 3);
        gives(&m, "[2]");
        m.def.op = (char *)"Size";
        cr_assert_not(elements_infer(&m.c));
        m.in_shape[0] = SHAPE(2, 3);
        gives(&m, "[6]");
}

Test(graph_infer, pack_joins_scalars_and_concat_vectors)
{
        Made m;
        make(&m, "Pack", 2, 1);
        scalar(&m, 0, 4);
        m.in_shape[1] = SHAPE_SCALAR;
        gives(&m, "[4,?]");
        m.in_shape[1] = SHAPE(1);
        cr_assert_not(elements_infer(&m.c));
        make(&m, "ConcatV2", 3, 1);
        vector(&m, 0, SHAPE(1, 2));
        m.in_shape[1] = SHAPE(2);
        scalar(&m, 2, 0);
        gives(&m, "[1,2,?,?]");
        m.in_shape[1] = SHAPE(7);
        cr_assert_not(elements_infer(&m.c));
}

Test(graph_infer, slices_cut_vectors)
{
        Made m;
        make(&m, "Slice", 3, 1);
        vector(&m, 0, SHAPE(5, 6, 7));
        scalar(&m, 1, 1);
        scalar(&m, 2, 2);
        gives(&m, "[6,7]");
        scalar(&m, 2, 3);
        cr_assert_not(elements_infer(&m.c));
}

static void strided(Made *m, int64_t begin, int64_t end, int64_t stride)
{
        static Tensor *t[3];
        make(m, "StridedSlice", 4, 1);
        vector(m, 0, SHAPE(5, 6, 7));
        const int64_t v[] = { begin, end, stride };
        for (int i = 0; i < 3; i++) {
                tensor_unref(t[i]);
                cr_assert_null(tensor_scalar(DT_INT64, &v[i], &t[i]));
                m->value[i + 1] = t[i];
        }
}

Test(graph_infer, strided_slices_go_both_ways_and_shrink)
{
        Made m;
        strided(&m, 0, 2, 1);
        gives(&m, "[5,6]");
        strided(&m, -1, -4, -1);
        gives(&m, "[7,6,5]");
        strided(&m, 0, 3, INT64_MAX);
        gives(&m, "[5]");
        strided(&m, INT64_MIN, INT64_MAX, 2);
        gives(&m, "[5,7]");
        strided(&m, 2, 0, INT64_MIN);
        gives(&m, "[7]");
        strided(&m, 0, 3, 0);
        cr_assert_not(elements_infer(&m.c));
        Tensorflow__AttrValue one;
        Tensorflow__NodeDef__AttrEntry shrink, *attrs[] = { &shrink };
        tensorflow__attr_value__init(&one);
        tensorflow__node_def__attr_entry__init(&shrink);
        one.value_case = TENSORFLOW__ATTR_VALUE__VALUE_I;
        one.i = 1;
        shrink.key = (char *)"shrink_axis_mask";
        shrink.value = &one;
        strided(&m, -1, 0, 1);
        m.def.attr = attrs;
        m.def.n_attr = 1;
        gives(&m, "[7]");
        strided(&m, 3, 0, 1);
        m.def.attr = attrs;
        m.def.n_attr = 1;
        cr_assert_not(elements_infer(&m.c));
}

Test(graph_infer, arithmetic_keeps_what_is_known)
{
        Made m;
        make(&m, "Mul", 2, 1);
        vector(&m, 0, SHAPE(2, -1, 4));
        scalar(&m, 1, 3);
        gives(&m, "[6,?,12]");
        m.def.op = (char *)"Sub";
        gives(&m, "[?,?,1]");
        m.def.op = (char *)"FloorDiv";
        gives(&m, "[0,?,1]");
        scalar(&m, 1, 0);
        gives(&m, "[?,?,?]");
        scalar(&m, 1, INT64_MAX);
        m.def.op = (char *)"Mul";
        gives(&m, "[?,?,?]");
        m.type = DT_INT32;
        scalar(&m, 1, INT32_MAX);
        gives(&m, "[?,?,?]");
}

Test(graph_infer, gather_picks_and_prod_multiplies)
{
        Made m;
        make(&m, "GatherV2", 3, 1);
        vector(&m, 0, SHAPE(5, -1, 7));
        vector(&m, 1, SHAPE(2, 0));
        scalar(&m, 2, 0);
        gives(&m, "[7,5]");
        vector(&m, 1, SHAPE(3));
        cr_assert_not(elements_infer(&m.c));
        make(&m, "Prod", 2, 1);
        vector(&m, 0, SHAPE(5, 7));
        scalar(&m, 1, 0);
        gives(&m, "[35]");
        vector(&m, 0, SHAPE(5, -1));
        cr_assert_not(elements_infer(&m.c));
}

Test(graph_infer, other_ops_and_large_or_real_tensors_say_nothing)
{
        Made m;
        float f = 1;
        Shape nine = SHAPE(9), e;
        autoptr(Tensor) real = NULL;
        autoptr(Tensor) large = NULL;
        make(&m, "Relu", 1, 1);
        vector(&m, 0, SHAPE(1));
        cr_assert_not(elements_infer(&m.c));
        cr_assert_null(tensor_scalar(DT_FLOAT, &f, &real));
        cr_assert_null(tensor_new(DT_INT32, &nine, &large));
        cr_assert_not(elements_of(real, &e));
        cr_assert_not(elements_of(large, &e));
}

TestSuite(graph_shapes, .init = graph_setup, .fini = graph_teardown);

#define FLOAT_T "attr { key: 'T' value { type: DT_FLOAT } }"

static const char *shape_of(const char *name)
{
        static ShapeText text;
        text = shape_text(&graph_find(graph, name)->out_shapes[0]);
        return text.s;
}

#define INPUT(name, dims)                                                                    \
        "node { name: '" name "' op: 'TestShaped' attr { key: 'shape' value { shape { " dims \
        " } } } } "
#define DIM(n) "dim { size: " #n " } "

Test(graph_shapes, flow_from_inputs_to_users)
{
        extend_ok(INPUT("x", DIM(-1) DIM(3)) INPUT("y", DIM(3)) "node { name: 'z' op: 'TestAdd' "
                                                                "input: 'x' input: 'y' " FLOAT_T
                                                                "}");
        cr_assert_str_eq(shape_of("z"), "[?,3]");
        cr_assert_null(graph_find(graph, "z")->shape_problem);
}

Test(graph_shapes, a_refusal_is_noted_and_does_not_refuse_the_graph)
{
        extend_ok(INPUT("x", DIM(2))
                          INPUT("y", DIM(3)) "node { name: 'z' op: 'TestAdd' "
                                             "input: 'x' input: 'y' " FLOAT_T
                                             "} node { name: 'w' op: 'TestAdd' input: 'z' "
                                             "input: 'x' " FLOAT_T "}");
        cr_assert_str_eq(graph_find(graph, "z")->shape_problem,
                         "Dimensions must be equal, but are 2 and 3 for 'z' (op: 'TestAdd') with "
                         "input shapes: [2], [3].");
        cr_assert_str_eq(shape_of("z"), "<unknown>");
        cr_assert_null(graph_find(graph, "w")->shape_problem);
}

Test(graph_shapes, an_extension_sees_the_shapes_of_earlier_nodes)
{
        extend_ok(INPUT("x", DIM(2)));
        extend_ok("node { name: 'z' op: 'TestAdd' input: 'x' input: 'x' " FLOAT_T "}");
        cr_assert_str_eq(shape_of("z"), "[2]");
}
