// SPDX-License-Identifier: Apache-2.0
/* What the recurrent cells share. */
#pragma once
#include "engine/kernels/math/sgemm.h"
#include "engine/ops/op.h"

/* c = a b + beta c of these plain or transposed matrices, on several threads when it is much. */
void rnn_product(OpCtx *c, Sgemm g);
/* The same for y[rows, cols] = a[rows, n] w[n, cols] + beta y. */
void rnn_layer(OpCtx *c, const float *a, int64_t rows, int64_t n, const float *w, int64_t cols,
               float beta, float *y);
/* y = sigmoid(x + b + more) and y = tanh(x + b), n numbers each; b may be NULL, y may be x. */
void rnn_sigmoid(const float *x, const float *b, float more, float *y, int64_t n);
void rnn_tanh(const float *x, const float *b, float *y, int64_t n);

/* Input i has this shape; sizes -1 are not compared. */
UNUSED static Status *rnn_want(const ShapeCtx *c, int i, const char *name, Shape want)
{
        if (!shape_compatible(shape_in(c, i), &want))
                return invalid_argument("%s has shape %s, expected %s", name,
                                        shape_text(shape_in(c, i)).s, shape_text(&want).s);
        return NULL;
}
/* Sizes that BLAS takes: 32 bits. */
UNUSED static Status *rnn_want_small(int64_t a, int64_t b)
{
        if (a > INT32_MAX / 8 || b > INT32_MAX / 8)
                return invalid_argument("a cell of %lld by %lld is too large", (long long)a,
                                        (long long)b);
        return NULL;
}
/* Dimension i of a shape, -1 when unknown. */
UNUSED static int64_t rnn_dim(const Shape *s, int i)
{
        return s->rank > i ? s->dim[i] : -1;
}
