// SPDX-License-Identifier: Apache-2.0
/* Functions whose plain loops take longer than memory, by whole vectors. */
#pragma once
#include "engine/kernels/math/unary.h"

/* y[i] = f(x[i]) where the processor has AVX-512 and there is at least a vector; `plain`, a loop of
 * the same function, is called where not. y may be x. Within 3 units of the last place. */
void wide_rsqrt_floats(UnaryFn plain, const void *x, void *y, int64_t n);
void wide_rsqrt_doubles(UnaryFn plain, const void *x, void *y, int64_t n);
void wide_tanh_floats(UnaryFn plain, const void *x, void *y, int64_t n);
void wide_tanh_doubles(UnaryFn plain, const void *x, void *y, int64_t n);
/* log(1 + exp(x)). */
void wide_softplus_doubles(UnaryFn plain, const void *x, void *y, int64_t n);
/* `plain` is called for vectors that hold other than normal numbers above zero, too. */
void wide_log_doubles(UnaryFn plain, const void *x, void *y, int64_t n);

/* Op fn's loop over a type, with that function of the above; expr is the plain loop's. */
#define WIDE_LOOP(fn, ID, name, expr)                                 \
        UNARY_LOOPS(plain_##fn, TYPE_##ID, expr)                      \
        static void fn##_loop_##ID(const void *x, void *y, int64_t n) \
        {                                                             \
                wide_##name(plain_##fn##_loop_##ID, x, y, n);         \
        }
