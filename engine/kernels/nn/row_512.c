// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/nn/row_512.h"

#include "engine/base/auto.h"
#include "engine/kernels/nn/row_ahead.h"

#ifdef __x86_64__
#include <immintrin.h>

#define PART static inline __attribute__((always_inline, target("avx512f")))
#define WIDE __attribute__((target("avx512f")))

enum { LANES = 16 };

#define ALL(v)       _mm512_set1_ps(v)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)

bool row_512_usable(int64_t n)
{
        return n >= LANES && __builtin_cpu_supports("avx512f");
}

/* vmaxps gives its second operand when one is NaN: what is NaN from the start stays that, others
 * are passed over. The last vector overlaps the one before. */
WIDE float row_512_max(const float *x, int64_t n)
{
        __m512 a = ALL(x[0]), b = a;
        int64_t i = 0;
        for (; i + 2 * LANES <= n; i += 2 * LANES) {
                a = _mm512_max_ps(_mm512_loadu_ps(x + i), a);
                b = _mm512_max_ps(_mm512_loadu_ps(x + i + LANES), b);
        }
        if (i + LANES <= n)
                a = _mm512_max_ps(_mm512_loadu_ps(x + i), a);
        b = _mm512_max_ps(_mm512_loadu_ps(x + n - LANES), b);
        return _mm512_reduce_max_ps(_mm512_max_ps(a, b));
}

/* 2^k exp(r), r = v - k log(2); exp(r) = 1 + r + r^2 p(r), with a polynomial p of the least largest
 * error (2^-26). Beyond the bounds the result is 0 or infinite anyway; a NaN passes them. */
PART __m512 exp_lanes(__m512 v)
{
        v = _mm512_max_ps(ALL(-104), _mm512_min_ps(ALL(104), v));
        __m512 k = _mm512_roundscale_ps(_mm512_mul_ps(v, ALL(0x1.715476p+0f)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        __m512 r = FMA(k, ALL(-0x1.0bfbe8p-15f), FMA(k, ALL(-0x1.62ep-1f), v));
        __m512 p = FMA(r, ALL(0x1.6d990cp-10f), ALL(0x1.1227fep-7f));
        p = FMA(r, p, ALL(0x1.555486p-5f));
        p = FMA(r, p, ALL(0x1.5554bp-3f));
        p = FMA(r, p, ALL(0.5f));
        p = FMA(_mm512_mul_ps(r, r), p, r);
        return _mm512_scalef_ps(_mm512_add_ps(p, ALL(1)), k);
}

PART float exp_row(const bool keep, const float *x, float *y, int64_t n, float m)
{
        __m512 sum = ALL(0), by = ALL(m);
        int64_t i = 0, next = row_next(n);
        for (; i + LANES <= n; i += LANES) {
                __m512 e = exp_lanes(_mm512_sub_ps(_mm512_loadu_ps(x + i), by));
                row_ahead(x + next + i, keep ? y + next + i : NULL);
                if (keep)
                        _mm512_storeu_ps(y + i, e);
                sum = _mm512_add_ps(sum, e);
        }
        if (i < n) {
                __mmask16 some = (__mmask16)((1u << (n - i)) - 1);
                __m512 e = exp_lanes(_mm512_sub_ps(_mm512_maskz_loadu_ps(some, x + i), by));
                if (keep)
                        _mm512_mask_storeu_ps(y + i, some, e);
                sum = _mm512_mask_add_ps(sum, some, sum, e);
        }
        return _mm512_reduce_add_ps(sum);
}

WIDE float row_512_exp(const float *x, float *y, int64_t n, float m)
{
        return y ? exp_row(true, x, y, n, m) : exp_row(false, x, y, n, m);
}
#else
bool row_512_usable(int64_t n UNUSED)
{
        return false;
}
float row_512_max(const float *x, int64_t n UNUSED)
{
        return *x;
}
float row_512_exp(const float *x UNUSED, float *y UNUSED, int64_t n UNUSED, float m UNUSED)
{
        return 0;
}
#endif
