// SPDX-License-Identifier: Apache-2.0
/* Products and activations of the recurrent cells. A product is cut by columns: its rows, the
 * batch, are few, and each thread is to read its own part of the weights. */
#include "engine/kernels/nn/rnn.h"

#include "engine/kernels/math/types.h"

/* Multiplications from which on another thread pays: half of what a thread needs for a step, 20 us.
 */
enum { PRODUCT_GRAIN = 1 << 20 };

static void columns(void *arg, int64_t from, int64_t to)
{
        const Sgemm *all = arg;
        Sgemm g = *all;
        g.n = to - from;
        g.b += all->trans_b ? from * g.ldb : from;
        g.c += from;
        sgemm_run(&g);
}

void rnn_product(OpCtx *c, Sgemm g)
{
        int64_t each = g.m * g.k;
        if (g.m && g.n && each * g.n >= 2 * PRODUCT_GRAIN)
                ctx_parallel(c, g.n, MAX(PRODUCT_GRAIN / each, (g.n + 1) / 2), columns, &g);
        else
                sgemm_run(&g);
}

void rnn_layer(OpCtx *c, const float *a, int64_t rows, int64_t n, const float *w, int64_t cols,
               float beta, float *y)
{
        rnn_product(c, (Sgemm){ .m = rows,
                                .n = cols,
                                .k = n,
                                .a = a,
                                .b = w,
                                .c = y,
                                .lda = n,
                                .ldb = cols,
                                .ldc = cols,
                                .beta = beta });
}

void rnn_back(OpCtx *c, const float *g, int64_t rows, int64_t cols, const float *w, int64_t n,
              float beta, float *y)
{
        rnn_product(c, (Sgemm){ .m = rows,
                                .n = n,
                                .k = cols,
                                .trans_b = true,
                                .a = g,
                                .b = w,
                                .c = y,
                                .lda = cols,
                                .ldb = cols,
                                .ldc = n,
                                .beta = beta });
}

/* The arrays are one or apart, which the compiler need not check. */
HOT void rnn_sigmoid(const float *x, const float *b, float more, float *y, int64_t n)
{
        SAME_OR_APART
        for (int64_t i = 0; i < n; i++)
                y[i] = 1 / (1 + exp(-(x[i] + b[i] + more)));
}

HOT void rnn_tanh(const float *x, const float *b, float *y, int64_t n)
{
        SAME_OR_APART
        for (int64_t i = 0; i < n; i++)
                y[i] = tanh(x[i] + b[i]);
}
