// SPDX-License-Identifier: Apache-2.0
/* LRN: local response normalization across channels (Krizhevsky et al. 2012), and its gradient. */
#include "engine/ops/op.h"
#include <math.h>

typedef struct Lrn {
        int64_t radius;
        float bias, alpha, beta;
} Lrn;

static Lrn lrn_attrs(const Node *n)
{
        return (Lrn){ .radius = node_int(n, "depth_radius", 5),
                      .bias = node_float(n, "bias", 1),
                      .alpha = node_float(n, "alpha", 1),
                      .beta = node_float(n, "beta", 0.5f) };
}

#define LRN_TYPES(X, ...) \
        TYPE_HALF(X, ##__VA_ARGS__) TYPE_BFLOAT16(X, ##__VA_ARGS__) TYPE_FLOAT(X, ##__VA_ARGS__)

/* x[r, d]: one pixel's channels at a time; the window is d-radius .. d+radius, cut at the ends. */
#define LOOP(ID, T, W, GET, PUT)                                                                   \
        static float norm_##ID(const T *x, int64_t d, int64_t depth, const Lrn *a)                 \
        {                                                                                          \
                float sum = 0;                                                                     \
                int64_t to = MIN(depth, d + a->radius + 1);                                        \
                for (int64_t k = MAX(0, d - a->radius); k < to; k++)                               \
                        sum += GET(x[k]) * GET(x[k]);                                              \
                return a->bias + a->alpha * sum;                                                   \
        }                                                                                          \
        static void lrn_##ID(const T *x, T *y, int64_t rows, int64_t depth, const Lrn *a)          \
        {                                                                                          \
                for (int64_t r = 0; r < rows; r++, x += depth, y += depth)                         \
                        for (int64_t d = 0; d < depth; d++)                                        \
                                y[d] = PUT(GET(x[d]) * powf(norm_##ID(x, d, depth, a), -a->beta)); \
        }                                                                                          \
        static void grad_row_##ID(const T *g, const T *x, const T *y, float *dx, int64_t depth,    \
                                  const Lrn *a)                                                    \
        {                                                                                          \
                for (int64_t d = 0; d < depth; d++) {                                              \
                        float norm = norm_##ID(x, d, depth, a);                                    \
                        float scale = -2 * a->alpha * a->beta * GET(y[d]) / norm;                  \
                        int64_t to = MIN(depth, d + a->radius + 1);                                \
                        for (int64_t k = MAX(0, d - a->radius); k < to; k++)                       \
                                dx[k] += GET(g[d]) * (scale * GET(x[k]) +                          \
                                                      (k == d ? powf(norm, -a->beta) : 0));        \
                }                                                                                  \
        }                                                                                          \
        static void grad_##ID(const T *g, const T *x, const T *y, T *out, float *dx, int64_t rows, \
                              int64_t depth, const Lrn *a)                                         \
        {                                                                                          \
                for (int64_t r = 0; r < rows; r++) {                                               \
                        memset(dx, 0, (size_t)depth * sizeof *dx);                                 \
                        grad_row_##ID(g + r * depth, x + r * depth, y + r * depth, dx, depth, a);  \
                        for (int64_t d = 0; d < depth; d++)                                        \
                                out[r * depth + d] = PUT(dx[d]);                                   \
                }                                                                                  \
        }
LRN_TYPES(LOOP)
#undef LOOP

/* The radius is bounded before windows are counted by it. */
static Status *lrn_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        Lrn a = lrn_attrs(c->node);
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("in must be 4-dimensional");
        if (a.radius < 0 || a.radius > INT32_MAX)
                return invalid_argument("depth_radius = %lld larger than int max",
                                        (long long)a.radius);
        c->out[0] = *x;
        return NULL;
}

static Status *lrn_grad_shape(ShapeCtx *c)
{
        TRY(lrn_shape(c));
        for (int i = 0; i < 3; i++)
                if (!shape_compatible(shape_in(c, 0), shape_in(c, i)))
                        return invalid_argument(
                                "input_grads, input_image, and out_image should have the same "
                                "shape");
        return NULL;
}

static const void *tensor_at(const Tensor *t, size_t byte)
{
        return (const char *)tensor_data(t) + byte;
}

typedef struct Rows {
        const Tensor *x;
        Tensor *y;
        int64_t depth;
        Lrn a;
} Rows;

static void lrn_range(void *arg, int64_t from, int64_t to)
{
        const Rows *r = arg;
        size_t at = (size_t)(from * r->depth) * dtype_size(tensor_dtype(r->x));
        DISPATCH(LRN_TYPES, tensor_dtype(r->x), lrn, tensor_at(r->x, at),
                 (void *)((char *)tensor_fill(r->y) + at), to - from, r->depth, &r->a);
}

static Status *lrn(OpCtx *c)
{
        enum { GRAIN = 1 << 14 }; /* elements of windows that are worth a thread */
        const Tensor *x = ctx_input(c, 0);
        Rows r = { .x = x,
                   .y = ctx_output(c, 0),
                   .depth = tensor_dim(x, 3),
                   .a = lrn_attrs(ctx_node(c)) };
        if (!tensor_count(x))
                return NULL;
        int64_t window = MIN(r.depth, 2 * r.a.radius + 1) + 16; /* with the power */
        ctx_parallel(c, tensor_count(x) / r.depth, MAX(GRAIN / (r.depth * window), (int64_t)1),
                     lrn_range, &r);
        return NULL;
}

static Status *lrn_grad(OpCtx *c)
{
        enum { LOOK_EVERY = 64 };
        const Tensor *g = ctx_input(c, 0), *x = ctx_input(c, 1), *y = ctx_input(c, 2);
        void *out = tensor_fill(ctx_output(c, 0));
        int64_t depth = tensor_dim(x, 3);
        Lrn a = lrn_attrs(ctx_node(c));
        float *dx = ctx_scratch(c, (size_t)depth * sizeof(float));
        if (!dx)
                return status_oom();
        int64_t rows = tensor_count(x) ? tensor_count(x) / depth : 0;
        for (int64_t r = 0; r < rows && !ctx_cut(c); r += LOOK_EVERY) {
                size_t at = (size_t)(r * depth) * dtype_size(tensor_dtype(x));
                DISPATCH(LRN_TYPES, tensor_dtype(x), grad, tensor_at(g, at), tensor_at(x, at),
                         tensor_at(y, at), (void *)((char *)out + at), dx,
                         MIN(rows - r, (int64_t)LOOK_EVERY), depth, &a);
        }
        return NULL;
}

OP(LRN, .inputs = "input:T", .outputs = "output:T",
   .attrs = "depth_radius:int = 5; bias:float = 1.0; alpha:float = 1.0; beta:float = 0.5; T:type "
            "in [half,bfloat16,float] = float",
   .shape = lrn_shape, .compute = lrn);
OP(LRNGrad, .inputs = "input_grads:T; input_image:T; output_image:T", .outputs = "output:T",
   .attrs = "depth_radius:int = 5; bias:float = 1.0; alpha:float = 1.0; beta:float = 0.5; T:type "
            "in [half,bfloat16,float] = float",
   .shape = lrn_grad_shape, .compute = lrn_grad);
