// SPDX-License-Identifier: Apache-2.0
/* The walk behind every unary op: one loop over contiguous elements, cut into pieces for threads.
 */
#include "engine/kernels/math/half_pieces.h"

bool short_lanes_off, half_pieces_off;

typedef struct UnaryJob {
        UnaryFn fn;
        const char *x;
        char *y;
        size_t x_size, y_size;
} UnaryJob;

static void unary_range(void *arg, int64_t from, int64_t to)
{
        const UnaryJob *j = arg;
        j->fn(j->x + (size_t)from * j->x_size, j->y + (size_t)from * j->y_size, to - from);
}

void unary_short(UnaryFn fn, DType t, size_t out, const void *x_, void *y_, int64_t n)
{
        float block[SHORT_BLOCK] __attribute__((aligned(64)));
        const char *x = x_;
        char *y = y_;
        for (int64_t m; n > 0; n -= m) {
                m = MIN(n, (int64_t)SHORT_BLOCK);
                short_widen(t, x, block, m);
                fn(block, out ? (void *)y : block, m);
                if (!out)
                        short_narrow(t, block, y, m);
                x += (size_t)m * dtype_size(t);
                y += (size_t)m * (out ? out : dtype_size(t));
        }
}

Status *unary_run(OpCtx *c, const UnaryFn *by_type)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        UnaryJob job = { by_type[tensor_dtype(x)], tensor_data(x), tensor_fill(y),
                         dtype_size(tensor_dtype(x)), dtype_size(tensor_dtype(y)) };
        int64_t n = tensor_count(x);
        if (!job.fn)
                return internal_error("no kernel for %s", dtype_name(tensor_dtype(x)));
        if (n < MATH_GRAIN)
                unary_range(&job, 0, n);
        else
                ctx_parallel(c, n, MATH_GRAIN / 2, unary_range, &job);
        return NULL;
}
