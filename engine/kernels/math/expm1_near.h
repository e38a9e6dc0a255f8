// SPDX-License-Identifier: Apache-2.0
/* What exponentials by vectors of doubles end with. For processors with AVX-512 only: who includes
 * this has asked before. */
#pragma once
#include <immintrin.h>

/* exp(r) - 1 for |r| up to half of log(2), with the coefficients of elu.c: r + r^2 p(r). */
static inline __attribute__((always_inline, target("avx512f"))) __m512d expm1_near(__m512d r)
{
#define C(v)       _mm512_set1_pd(v)
#define F(a, b, c) _mm512_fmadd_pd(a, b, c)
        __m512d r2 = _mm512_mul_pd(r, r), r4 = _mm512_mul_pd(r2, r2);
        __m512d a = F(r, C(0x1.5555555555556p-3), C(0x1.0000000000001p-1));
        __m512d b = F(r, C(0x1.1111111110973p-7), C(0x1.5555555553d61p-5));
        __m512d c = F(r, C(0x1.a01a01a7dfabfp-13), C(0x1.6c16c1788c33cp-10));
        __m512d d = F(r, C(0x1.71de0d673b2dep-19), C(0x1.a019b90c23139p-16));
        __m512d e = F(r, C(0x1.af3925b51fcc2p-26), C(0x1.2891866697d1ap-22));
        __m512d p = F(r4, F(r4, e, F(r2, d, c)), F(r2, b, a));
        return F(r2, p, r);
#undef C
#undef F
}
