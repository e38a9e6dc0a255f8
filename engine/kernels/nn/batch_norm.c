// SPDX-License-Identifier: Apache-2.0
/* BatchNormWithGlobalNormalization: the old op that normalizes by given statistics, channels last;
 * and its gradient. */
#include "engine/ops/op.h"
#include <tgmath.h>

#define LOOP(ID, T, W, GET, PUT)                                                                   \
        static void norm_##ID(const Tensor *const in[5], T *y, W eps, bool scale)                  \
        {                                                                                          \
                const T *x = tensor_data(in[0]), *m = tensor_data(in[1]), *v = tensor_data(in[2]), \
                        *beta = tensor_data(in[3]), *gamma = tensor_data(in[4]);                   \
                int64_t depth = tensor_dim(in[0], 3);                                              \
                for (int64_t i = 0; i < tensor_count(in[0]); i++) {                                \
                        int64_t d = i % depth;                                                     \
                        W mul = 1 / sqrt(GET(v[d]) + eps);                                         \
                        if (scale)                                                                 \
                                mul *= GET(gamma[d]);                                              \
                        y[i] = PUT((GET(x[i]) - GET(m[d])) * mul + GET(beta[d]));                  \
                }                                                                                  \
        }
FLOAT_TYPES(LOOP)
#undef LOOP

/* gamma has to be there even when scale_after_normalization is off. */
static Status *batch_norm_shape(ShapeCtx *c)
{
        static const char *const names[] = { "input", "mean", "var", "beta", "gamma" };
        const Shape *x = shape_in(c, 0);
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("input must be 4-dimensional%s", shape_text(x).s);
        c->out[0] = x->rank < 0 ? shape_of_rank(4) : *x;
        for (int i = 1; i < 5; i++) {
                const Shape *s = shape_in(c, i);
                if (s->rank >= 0 && s->rank != 1)
                        return invalid_argument("%s must be 1-dimensional%s", names[i],
                                                shape_text(s).s);
                if (s->rank == 1 && s->dim[0] >= 0 && c->out[0].dim[3] >= 0 &&
                    s->dim[0] != c->out[0].dim[3])
                        return invalid_argument("%s must have the last dimension of the input: %s "
                                                "vs. %s",
                                                names[i], shape_text(s).s, shape_text(x).s);
        }
        return NULL;
}

static Status *batch_norm(OpCtx *c)
{
        const Tensor *in[5];
        void *y = tensor_fill(ctx_output(c, 0));
        for (int i = 0; i < 5; i++)
                in[i] = ctx_input(c, i);
        DISPATCH(FLOAT_TYPES, tensor_dtype(in[0]), norm, in, y,
                 node_float(ctx_node(c), "variance_epsilon", 0),
                 node_bool(ctx_node(c), "scale_after_normalization", false));
        return NULL;
}

OP(BatchNormWithGlobalNormalization, .inputs = "t:T; m:T; v:T; beta:T; gamma:T",
   .outputs = "result:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64]; variance_epsilon:float; "
            "scale_after_normalization:bool",
   .flags = "deprecated@9", .kernels = "T:type in [half,bfloat16,float,double]",
   .shape = batch_norm_shape, .compute = batch_norm, .inplace = 1);

/* ---- the gradient ---- */

/* Sums over all pixels: of dy, and of dy (x - m); in double. */
#define GRAD(ID, T, W, GET, PUT)                                                                   \
        static void back_##ID(const Tensor *const in[5], T *const out[5], W eps, bool scale,       \
                              double *sums)                                                        \
        {                                                                                          \
                const T *x = tensor_data(in[0]), *m = tensor_data(in[1]), *v = tensor_data(in[2]), \
                        *gamma = tensor_data(in[3]), *dy = tensor_data(in[4]);                     \
                int64_t depth = tensor_dim(in[0], 3);                                              \
                for (int64_t i = 0; i < tensor_count(in[0]); i++) {                                \
                        int64_t d = i % depth;                                                     \
                        W mul = 1 / sqrt(GET(v[d]) + eps);                                         \
                        out[0][i] = PUT(GET(dy[i]) * (scale ? mul * GET(gamma[d]) : mul));         \
                        sums[d] += (double)GET(dy[i]);                                             \
                        sums[depth + d] += (double)(GET(dy[i]) * (GET(x[i]) - GET(m[d])));         \
                }                                                                                  \
                for (int64_t d = 0; d < depth; d++) {                                              \
                        W mul = 1 / sqrt(GET(v[d]) + eps), g = scale ? GET(gamma[d]) : 1;          \
                        W all = (W)sums[d], spread = (W)sums[depth + d];                           \
                        out[1][d] = PUT(-all * mul * g);                                           \
                        out[2][d] = PUT(spread * g * mul / (GET(v[d]) + eps) * (W)-0.5);           \
                        out[3][d] = PUT(all);                                                      \
                        out[4][d] = PUT(scale ? spread * mul : 0);                                 \
                }                                                                                  \
        }
FLOAT_TYPES(GRAD)
#undef GRAD

/* Gradients of mean, variance, beta and gamma are vectors of the channels. */
static Status *grad_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *dy = shape_in(c, 4);
        TRY(shape_want_rank_as(c, 0, 4, "input must be 4-dimensional%s"));
        TRY(shape_want_rank_as(c, 4, 4, "out_backprop must be 4-dimensional%s"));
        if (!shape_compatible(x, dy))
                return invalid_argument("backprop must have the shape of the input: %s vs. %s",
                                        shape_text(dy).s, shape_text(x).s);
        Shape vector = SHAPE(x->rank < 0 ? -1 : x->dim[3]);
        for (int i = 1; i < 4; i++)
                if (!shape_compatible(shape_in(c, i), &vector))
                        return invalid_argument("statistics must be vectors of the last dimension "
                                                "of the input: %s vs. %s",
                                                shape_text(shape_in(c, i)).s, shape_text(x).s);
        c->out[0] = *x;
        for (int i = 1; i < 5; i++)
                c->out[i] = vector;
        return NULL;
}

/* Sums over the batch are doubles, since they run over all pixels of a channel. */
static Status *batch_norm_grad(OpCtx *c)
{
        const Tensor *in[5];
        void *out[5];
        for (int i = 0; i < 5; i++) {
                in[i] = ctx_input(c, i);
                out[i] = tensor_fill(ctx_output(c, i));
        }
        size_t bytes = (size_t)tensor_dim(in[0], 3) * 2 * sizeof(double);
        double *sums = ctx_scratch(c, bytes);
        if (!sums)
                return status_oom();
        memset(sums, 0, bytes);
        float eps = node_float(ctx_node(c), "variance_epsilon", 0);
        bool scale = node_bool(ctx_node(c), "scale_after_normalization", false);
        switch ((int)tensor_dtype(in[0])) {
        case DT_HALF: back_HALF(in, (Half *const *)out, eps, scale, sums); break;
        case DT_BFLOAT16: back_BFLOAT16(in, (BFloat16 *const *)out, eps, scale, sums); break;
        case DT_DOUBLE: back_DOUBLE(in, (double *const *)out, (double)eps, scale, sums); break;
        default: back_FLOAT(in, (float *const *)out, eps, scale, sums); break;
        }
        return NULL;
}

OP(BatchNormWithGlobalNormalizationGrad, .inputs = "t:T; m:T; v:T; gamma:T; backprop:T",
   .outputs = "dx:T; dm:T; dv:T; db:T; dg:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64]; variance_epsilon:float; "
            "scale_after_normalization:bool",
   .flags = "deprecated@9", .kernels = "T:type in [half,bfloat16,float,double]",
   .shape = grad_shape, .compute = batch_norm_grad);
