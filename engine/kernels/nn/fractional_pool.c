// SPDX-License-Identifier: Apache-2.0
/* FractionalMaxPool, FractionalAvgPool and their gradients: pooling over windows of two sizes, k
 * and k + 1, in a random order (Graham 2014). The windows' borders are outputs, which the gradients
 * take back. Draws as TensorFlow does, so that seeds give its windows. */
#include "engine/kernels/nn/pool.h"
#include "engine/kernels/random/philox.h"

#include <math.h>

/* One axis: window i is [at[i], at[i + 1]), one longer when windows overlap. */
typedef struct Axis {
        const int64_t *at;
        int64_t in, out;
} Axis;

typedef struct Pooling {
        Axis y, x;
        int64_t batch, depth;
        bool overlap;
} Pooling;

static int64_t window_end(const Pooling *p, const Axis *a, int64_t i)
{
        return MIN(a->at[i + 1] + p->overlap, a->in);
}

/* clang-format off */
#define POOL_TYPES(X, ...)                                      \
        TYPE_FLOAT(X, ##__VA_ARGS__) TYPE_DOUBLE(X, ##__VA_ARGS__) \
        TYPE_INT32(X, ##__VA_ARGS__) TYPE_INT64(X, ##__VA_ARGS__)
/* clang-format on */

/* The four passes over one window: x is one image, y one output pixel. */
#define LOOP(ID, T, W, GET, PUT)                                                                 \
        static void max_##ID(const Pooling *p, const T *x, T *y, int64_t i, int64_t j)           \
        {                                                                                        \
                for (int64_t d = 0; d < p->depth; d++)                                           \
                        y[d] = (T)pool_least(DT_##ID);                                           \
                for (int64_t r = p->y.at[i]; r < window_end(p, &p->y, i); r++)                   \
                        for (int64_t c = p->x.at[j]; c < window_end(p, &p->x, j); c++) {         \
                                const T *from = x + (r * p->x.in + c) * p->depth;                \
                                for (int64_t d = 0; d < p->depth; d++)                           \
                                        y[d] = from[d] > y[d] ? from[d] : y[d];                  \
                        }                                                                        \
        }                                                                                        \
        static void mean_##ID(const Pooling *p, const T *x, T *y, int64_t i, int64_t j)          \
        {                                                                                        \
                int64_t n = 0;                                                                   \
                memset(y, 0, (size_t)p->depth * sizeof *y);                                      \
                for (int64_t r = p->y.at[i]; r < window_end(p, &p->y, i); r++)                   \
                        for (int64_t c = p->x.at[j]; c < window_end(p, &p->x, j); c++, n++)      \
                                for (int64_t d = 0; d < p->depth; d++)                           \
                                        y[d] = ADD(y[d], x[(r * p->x.in + c) * p->depth + d]);   \
                for (int64_t d = 0; d < p->depth; d++)                                           \
                        y[d] /= (T)MAX(1, n);                                                    \
        }                                                                                        \
        static void unmax_##ID(const Pooling *p, const T *x, T *dx, const T *dy, int64_t i,      \
                               int64_t j)                                                        \
        {                                                                                        \
                for (int64_t d = 0; d < p->depth; d++) {                                         \
                        int64_t best = -1;                                                       \
                        for (int64_t r = p->y.at[i]; r < window_end(p, &p->y, i); r++)           \
                                for (int64_t c = p->x.at[j]; c < window_end(p, &p->x, j); c++) { \
                                        int64_t at = (r * p->x.in + c) * p->depth + d;           \
                                        best = best < 0 || x[at] > x[best] ? at : best;          \
                                }                                                                \
                        if (best >= 0)                                                           \
                                dx[best] = ADD(dx[best], dy[d]);                                 \
                }                                                                                \
        }                                                                                        \
        static void unmean_##ID(const Pooling *p, T *dx, const T *dy, int64_t i, int64_t j)      \
        {                                                                                        \
                int64_t n = (window_end(p, &p->y, i) - p->y.at[i]) *                             \
                            (window_end(p, &p->x, j) - p->x.at[j]);                              \
                for (int64_t r = p->y.at[i]; r < window_end(p, &p->y, i); r++)                   \
                        for (int64_t c = p->x.at[j]; c < window_end(p, &p->x, j); c++)           \
                                for (int64_t d = 0; d < p->depth; d++) {                         \
                                        T *to = &dx[(r * p->x.in + c) * p->depth + d];           \
                                        *to = ADD(*to, dy[d] / (T)n);                            \
                                }                                                                \
        }                                                                                        \
        /* op: 'M' max, 'A' mean, 'm' and 'a' their gradients, which write x's side. */          \
        static void pixel_##ID(const Pooling *p, char op, const T *x, T *dx, T *y, int64_t i,    \
                               int64_t j)                                                        \
        {                                                                                        \
                switch (op) {                                                                    \
                case 'M': max_##ID(p, x, y, i, j); break;                                        \
                case 'A': mean_##ID(p, x, y, i, j); break;                                       \
                case 'm': unmax_##ID(p, x, dx, y, i, j); break;                                  \
                default: unmean_##ID(p, dx, y, i, j); break;                                     \
                }                                                                                \
        }                                                                                        \
        static void run_##ID(const Pooling *p, char op, const T *x, T *dx, T *y)                 \
        {                                                                                        \
                int64_t image = p->y.in * p->x.in * p->depth;                                    \
                for (int64_t b = 0; b < p->batch; b++)                                           \
                        for (int64_t i = 0; i < p->y.out; i++)                                   \
                                for (int64_t j = 0; j < p->x.out; j++, y += p->depth)            \
                                        pixel_##ID(p, op, x ? x + b *image : NULL,               \
                                                   dx ? dx + b *image : NULL, y, i, j);          \
        }
#define ADD(a, b) ((a) + (b))
TYPE_FLOAT(LOOP)
TYPE_DOUBLE(LOOP)
#undef ADD
/* Sums of integers wrap around. */
#define ADD(a, b) ((typeof(a))((uint64_t)(a) + (uint64_t)(b)))
TYPE_INT32(LOOP)
TYPE_INT64(LOOP)
#undef ADD
#undef LOOP

/* ---- windows ---- */

/* Window sizes k and k + 1 by a formula with one random number. */
static void pseudo_random(Philox gen, int64_t in, int64_t out, int64_t *at)
{
        double alpha = (double)in / (double)out;
        int64_t k = in / out;
        double first = (double)(k + 2) / alpha - 1;
        double last = (double)(in + 1 - k) / alpha - (double)(out - 1);
        uint32_t bits[4];
        philox_next(&gen, bits);
        double u = philox_double(bits[0], bits[1]) * fmin(first, last);
        at[0] = 0;
        for (int64_t i = 1; i < out; i++)
                at[i] = MIN(MAX((int64_t)ceil(alpha * ((double)i + u)) - 1, at[i - 1] + 1), in - 1);
        at[out] = in;
}

/* The longer ones first, then shuffled. */
static void shuffled(Philox gen, int64_t in, int64_t out, int64_t *at)
{
        PhiloxSingle s = philox_single(gen);
        for (int64_t i = 0; i < out; i++)
                at[i + 1] = in / out + (i < in % out);
        for (int64_t i = 0; i < out - 1; i++) {
                int64_t j = i + philox_take(&s) % (uint32_t)(out - i), t = at[i + 1];
                at[i + 1] = at[j + 1];
                at[j + 1] = t;
        }
        at[0] = 0;
        for (int64_t i = 0; i < out; i++)
                at[i + 1] += at[i];
}

/* A deterministic node begins anew in every step. *skip: blocks that were used so far. */
static Status *make_windows(OpCtx *c, Tensor *t, int64_t in, uint64_t *skip)
{
        bool formula = node_bool(ctx_node(c), "pseudo_random", false);
        bool fixed = node_bool(ctx_node(c), "deterministic", false);
        int64_t out = tensor_count(t) - 1;
        uint64_t blocks = formula ? 1 : (uint64_t)(out + 3) / 4;
        Philox gen;
        TRY(philox_reserve(c, fixed ? 0 : blocks, &gen));
        if (fixed)
                philox_skip(&gen, *skip);
        *skip += blocks;
        if (formula)
                pseudo_random(gen, in, out, tensor_fill(t));
        else
                shuffled(gen, in, out, tensor_fill(t));
        return NULL;
}

static Pooling pooling_of(const OpCtx *c, const Shape *x, const Tensor *rows, const Tensor *cols)
{
        return (Pooling){ .y = { tensor_data(rows), x->dim[1], tensor_count(rows) - 1 },
                          .x = { tensor_data(cols), x->dim[2], tensor_count(cols) - 1 },
                          .batch = x->dim[0],
                          .depth = x->dim[3],
                          .overlap = node_bool(ctx_node(c), "overlapping", false) };
}

/* Rows and columns are drawn from one sequence, in this order. */
static Status *pool(OpCtx *c, char op)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0), *rows = ctx_output(c, 1), *cols = ctx_output(c, 2);
        uint64_t skip = 0;
        TRY(make_windows(c, rows, tensor_dim(x, 1), &skip));
        TRY(make_windows(c, cols, tensor_dim(x, 2), &skip));
        Pooling p = pooling_of(c, tensor_shape(x), rows, cols);
        if (tensor_count(y))
                DISPATCH(POOL_TYPES, tensor_dtype(x), run, &p, op, tensor_data(x), NULL,
                         tensor_fill(y));
        return NULL;
}

static Status *max_pool(OpCtx *c)
{
        return pool(c, 'M');
}

static Status *avg_pool(OpCtx *c)
{
        return pool(c, 'A');
}

/* The output is the input by the ratio, rounded down; the row and column borders are one more than
 * the windows. */
static Status *fractional_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        const float *ratio;
        int n;
        TRY(node_attr_floats(c->node, "pooling_ratio", &ratio, &n));
        if (n != 4)
                return invalid_argument("pooling_ratio field must specify 4 dimensions");
        if (ratio[0] != 1 || ratio[3] != 1)
                return unimplemented("Fractional pooling is not yet supported on the batch nor "
                                     "channel dimension.");
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("tensor_in must be 4-dimensional");
        c->out[0] = x->rank < 0 ? shape_of_rank(4) : *x;
        for (int i = 1; i < 3; i++) {
                int64_t in = c->out[0].dim[i];
                if (!(ratio[i] >= 1))
                        return invalid_argument("pooling_ratio cannot be smaller than 1, got: %g",
                                                (double)ratio[i]);
                if (in > INT32_MAX)
                        return invalid_argument("input sizes must be between 0 and max int32");
                int64_t out = in < 0 ? -1 : MIN((int64_t)floorf((float)in / ratio[i]), in);
                if (out == 0)
                        return invalid_argument("Computed output size %lld is too small",
                                                (long long)out);
                c->out[0].dim[i] = out;
                c->out[i] = SHAPE(out < 0 ? -1 : out + 1);
        }
        return NULL;
}

OP(FractionalMaxPool, .inputs = "value:T",
   .outputs = "output:T; row_pooling_sequence:int64; col_pooling_sequence:int64",
   .attrs = "pooling_ratio:list(float) >=4; pseudo_random:bool = false; overlapping:bool = "
            "false; deterministic:bool = false; seed:int = 0; seed2:int = 0; T:type in "
            "[float,double,int32,int64]",
   .shape = fractional_shape, .compute = max_pool);
OP(FractionalAvgPool, .inputs = "value:T",
   .outputs = "output:T; row_pooling_sequence:int64; col_pooling_sequence:int64",
   .attrs = "pooling_ratio:list(float) >=4; pseudo_random:bool = false; overlapping:bool = "
            "false; deterministic:bool = false; seed:int = 0; seed2:int = 0; T:type in "
            "[float,double,int32,int64]",
   .shape = fractional_shape, .compute = avg_pool);

/* ---- gradients ---- */

/* A client may send any sequence: every window must lie inside and hold something. */
static Status *check_windows(const Tensor *t, int64_t in, const char *what)
{
        const int64_t *at = tensor_data(t);
        for (int64_t i = 0; i < tensor_count(t); i++)
                if (at[i] < 0 || at[i] > in || (i && at[i] <= at[i - 1]))
                        return invalid_argument("%s_pooling_sequence must increase from 0 to %lld, "
                                                "got %lld",
                                                what, (long long)in, (long long)at[i]);
        return NULL;
}

/* The last three inputs are the gradient and the two sequences. */
static Status *unpool(OpCtx *c, char op)
{
        int n = ctx_inputs(c);
        const Tensor *g = ctx_input(c, n - 3), *rows = ctx_input(c, n - 2),
                     *cols = ctx_input(c, n - 1);
        Tensor *y = ctx_output(c, 0);
        TRY(check_windows(rows, tensor_dim(y, 1), "row"));
        TRY(check_windows(cols, tensor_dim(y, 2), "col"));
        Pooling p = pooling_of(c, tensor_shape(y), rows, cols);
        memset(tensor_fill(y), 0, tensor_bytes(y));
        if (tensor_count(g))
                DISPATCH(POOL_TYPES, tensor_dtype(y), run, &p, op,
                         op == 'm' ? tensor_data(ctx_input(c, 0)) : NULL, tensor_fill(y),
                         (void *)tensor_data(g));
        return NULL;
}

static Status *max_pool_grad(OpCtx *c)
{
        return unpool(c, 'm');
}

static Status *avg_pool_grad(OpCtx *c)
{
        return unpool(c, 'a');
}

/* The gradient must be as large as the sequences and the result say. */
static Status *check_gradient(const ShapeCtx *c)
{
        const Shape *g = shape_in(c, c->n_in - 3), *x = &c->out[0];
        TRY(shape_want_rank(c, c->n_in - 3, 4));
        for (int i = 1; i < 3; i++) {
                const Shape *s = shape_in(c, c->n_in - 3 + i);
                TRY(shape_want_rank(c, c->n_in - 3 + i, 1));
                if (s->rank == 1 && s->dim[0] == 0)
                        return invalid_argument("a pooling sequence must not be empty");
                if (s->rank == 1 && g->rank == 4 && s->dim[0] >= 0 && g->dim[i] >= 0 &&
                    s->dim[0] - 1 != g->dim[i])
                        return invalid_argument("Given out_backprop of shape %s does not match a "
                                                "pooling sequence of %lld",
                                                shape_text(g).s, (long long)s->dim[0]);
        }
        for (int i = 0; i < 4 && x->rank == 4 && g->rank == 4; i += 3)
                if (x->dim[i] >= 0 && g->dim[i] >= 0 && x->dim[i] != g->dim[i])
                        return invalid_argument("Dimensions must be equal, but are %lld and %lld",
                                                (long long)x->dim[i], (long long)g->dim[i]);
        return NULL;
}

/* The borders are inputs here; they are checked as such before anything is read by them. */
static Status *max_grad_shape(ShapeCtx *c)
{
        TRY(shape_want_rank(c, 0, 4));
        if (!shape_compatible(shape_in(c, 1), shape_in(c, 2)))
                return invalid_argument("orig_output and out_backprop must have the same shape: %s "
                                        "vs. %s",
                                        shape_text(shape_in(c, 1)).s, shape_text(shape_in(c, 2)).s);
        c->out[0] = *shape_in(c, 0);
        return check_gradient(c);
}

static Status *avg_grad_shape(ShapeCtx *c)
{
        TRY(shape_from_input(c, 0, &c->out[0]));
        if (c->out[0].rank >= 0 && c->out[0].rank != 4)
                return invalid_argument("original input tensor shape must be1-dimensional and 4 "
                                        "elements");
        return check_gradient(c);
}

OP(FractionalMaxPoolGrad,
   .inputs = "orig_input:T; orig_output:T; out_backprop:T; row_pooling_sequence:int64; "
             "col_pooling_sequence:int64",
   .outputs = "output:T", .attrs = "overlapping:bool = false; T:type in [float,double,int32,int64]",
   .shape = max_grad_shape, .compute = max_pool_grad);
OP(FractionalAvgPoolGrad,
   .inputs = "orig_input_tensor_shape:int64; out_backprop:T; row_pooling_sequence:int64; "
             "col_pooling_sequence:int64",
   .outputs = "output:T", .attrs = "overlapping:bool = false; T:type in [float,double,int32,int64]",
   .shape = avg_grad_shape, .compute = avg_pool_grad);
