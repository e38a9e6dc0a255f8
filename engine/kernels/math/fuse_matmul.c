// SPDX-License-Identifier: Apache-2.0
/* The pattern of a matrix product with a bias and an activation: both are added while the rows of
 * the product are still in the cache. */
#include "engine/kernels/math/gemm.h"
#include "engine/ops/fusion.h"

enum { STEP_PRODUCT, STEP_BIAS, STEP_ACT };

static bool plain(const Node *n)
{
        return node_type(n, "T", DT_INVALID) == DT_FLOAT;
}

typedef enum Act { ACT_NONE, ACT_RELU, ACT_RELU6 } Act;

typedef struct Tail {
        float *y;
        int64_t n;         /* columns */
        const float *bias; /* NULL: none */
        Act act;
} Tail;

/* A NaN stays one. */
HOT static void finish_rows(void *arg, int64_t from, int64_t to)
{
        const Tail *t = arg;
        float top = t->act == ACT_RELU6 ? 6 : INFINITY;
        for (float *y = t->y + from * t->n, *end = t->y + to * t->n; y < end; y += t->n) {
                for (int64_t i = 0; t->bias && i < t->n; i++)
                        y[i] += t->bias[i];
                for (int64_t i = 0; t->act && i < t->n; i++) {
                        float v = y[i] <= 0 ? 0 : y[i];
                        y[i] = v >= top ? top : v;
                }
        }
}

/* Fills the product's sizes; false when the shapes do not fit. */
static bool find(OpCtx *c, const FusedNode *n, Gemm *g, Tail *t)
{
        const Node *head = n->member[0].node;
        const Tensor *a = ctx_input(c, 0), *b = ctx_input(c, 1);
        const FusedMember *bias = fused_member(n, STEP_BIAS), *act = fused_member(n, STEP_ACT);
        if (tensor_rank(a) != 2 || tensor_rank(b) != 2)
                return false;
        bool ta = node_bool(head, "transpose_a", false), tb = node_bool(head, "transpose_b", false);
        *g = (Gemm){ .dtype = DT_FLOAT,
                     .m = tensor_dim(a, ta),
                     .n = tensor_dim(b, !tb),
                     .k = tensor_dim(a, !ta),
                     .trans_a = ta,
                     .trans_b = tb,
                     .a = tensor_data(a),
                     .b = tensor_data(b),
                     .kept = n->member[0].state };
        *t = (Tail){ .n = g->n };
        if (act)
                t->act = strcmp(act->node->op->def->name, "Relu6") ? ACT_RELU : ACT_RELU6;
        if (tensor_dim(b, tb) != g->k)
                return false;
        const Tensor *v = bias ? ctx_input(c, bias->first) : NULL;
        if (!v)
                return true;
        t->bias = tensor_data(v);
        return tensor_rank(v) == 1 && tensor_dim(v, 0) == g->n;
}

/* No match leaves *ret_done alone: the nodes then run one by one. */
static Status *compute(OpCtx *c, bool *ret_done)
{
        Gemm g;
        Tail t;
        Tensor *y;
        if (!find(c, fused_node(ctx_node(c)), &g, &t))
                return NULL;
        TRY(ctx_alloc(c, 0, &SHAPE(g.m, g.n), &y));
        g.out = t.y = tensor_fill(y);
        TRY(gemm_run(c, &g));
        if (g.n)
                ctx_parallel(c, g.m, MATH_GRAIN / g.n + 1, finish_rows, &t);
        *ret_done = true;
        return NULL;
}

FUSION(matmul,
       .steps = { { "MatMul", .fits = plain },
                  { "BiasAdd,BiasAddV1", .chain = 1 },
                  { "Relu,Relu6", .chain = 1 } },
       .compute = compute);
