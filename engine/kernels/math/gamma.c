// SPDX-License-Identifier: Apache-2.0
/* Lgamma, Digamma, Polygamma, Zeta, Igamma, Igammac, IgammaGradA, RandomGammaGrad, Betainc. */
#include "engine/kernels/math/binary.h"
#include "engine/kernels/math/special.h"
#include "engine/kernels/math/unary.h"

UNARY(Lgamma, lgamma, FLOAT_TYPES, T_FLOAT, special_lgamma((double)v));
UNARY(Digamma, digamma, FLOAT_TYPES, T_FLOAT, special_digamma((double)v));

#define SPECIAL(Op, fn, LIST, in, out, sig)                                       \
        BINARY_LOOPS(fn, LIST, special_##fn((double)a, (double)b))                \
        BINARY_TABLE(fn, LIST)                                                    \
        BINARY_COMPUTE(fn)                                                        \
        OP(Op, .inputs = in, .outputs = out, .attrs = sig, .shape = shape_binary, \
           .compute = fn##_compute, .inplace = 3)
#define T_WIDE "T:type in [float,double]"

SPECIAL(Polygamma, polygamma, WIDE_TYPES, "a:T; x:T", "z:T", T_WIDE);
SPECIAL(Zeta, zeta, WIDE_TYPES, "x:T; q:T", "z:T", T_WIDE);
SPECIAL(Igamma, igamma, FLOAT_TYPES, "a:T; x:T", "z:T", T_FLOAT);
SPECIAL(Igammac, igammac, FLOAT_TYPES, "a:T; x:T", "z:T", T_FLOAT);
SPECIAL(IgammaGradA, igamma_grad_a, WIDE_TYPES, "a:T; x:T", "z:T", T_WIDE);
SPECIAL(RandomGammaGrad, gamma_sample_grad, WIDE_TYPES, "alpha:T; sample:T", "output:T", T_WIDE);

/* ---- Betainc: scalars go with every element, other shapes must agree ---- */

static Status *betainc_pair(const ShapeCtx *c, int i, int k)
{
        const Shape *s = shape_in(c, i), *t = shape_in(c, k);
        if (s->rank == 0 || t->rank == 0 || shape_compatible(s, t))
                return NULL;
        return invalid_argument("Shapes of %c and %c are inconsistent: %s vs. %s", "abx"[i],
                                "abx"[k], shape_text(s).s, shape_text(t).s);
}

/* Scalars go with any shape; other broadcasting the op does not know. */
static Status *betainc_shape(ShapeCtx *c)
{
        TRY(betainc_pair(c, 0, 1));
        TRY(betainc_pair(c, 0, 2));
        TRY(betainc_pair(c, 1, 2));
        c->out[0] = SHAPE_SCALAR;
        for (int i = 0; i < 3; i++)
                if (shape_in(c, i)->rank)
                        c->out[0] = *shape_in(c, i);
        return NULL;
}

#define LOOP(ID, T, W, GET, PUT)                                                             \
        static void betainc_##ID(const T *a, int64_t as, const T *b, int64_t bs, const T *x, \
                                 int64_t xs, T *z, int64_t n)                                \
        {                                                                                    \
                for (int64_t i = 0; i < n; i++)                                              \
                        z[i] = (T)special_betainc((double)a[i * as], (double)b[i * bs],      \
                                                  (double)x[i * xs]);                        \
        }
WIDE_TYPES(LOOP)

typedef struct Betainc {
        const Tensor *in[3];
        Tensor *z;
} Betainc;

/* An operand from an element on: a scalar stays where it is. */
static const void *betainc_at(const Tensor *t, int64_t i)
{
        size_t size = dtype_size(tensor_dtype(t));
        return (const char *)tensor_data(t) + (tensor_rank(t) ? (size_t)i * size : 0);
}

static void betainc_range(void *arg, int64_t from, int64_t to)
{
        const Betainc *v = arg;
        const Tensor *a = v->in[0], *b = v->in[1], *x = v->in[2];
        char *z = (char *)tensor_fill(v->z) + (size_t)from * dtype_size(tensor_dtype(v->z));
        DISPATCH(WIDE_TYPES, tensor_dtype(a), betainc, betainc_at(a, from), tensor_rank(a) > 0,
                 betainc_at(b, from), tensor_rank(b) > 0, betainc_at(x, from), tensor_rank(x) > 0,
                 (void *)z, to - from);
}

static Status *betainc(OpCtx *c)
{
        enum { GRAIN = 256 }; /* each takes about as long as a hundred additions */
        Betainc v = { { ctx_input(c, 0), ctx_input(c, 1), ctx_input(c, 2) }, ctx_output(c, 0) };
        ctx_parallel(c, tensor_count(v.z), GRAIN, betainc_range, &v);
        return NULL;
}

OP(Betainc, .inputs = "a:T; b:T; x:T", .outputs = "z:T", .attrs = T_WIDE, .shape = betainc_shape,
   .compute = betainc);
