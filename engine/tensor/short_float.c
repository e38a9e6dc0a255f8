// SPDX-License-Identifier: Apache-2.0
/* Halves by the processor's own conversions where it has them; everything else by loops that the
 * compiler makes vectors of. */
#include "engine/tensor/short_float.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

HOT static void widen_half(const Half *x, float *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = half_to_float(x[i]);
}
HOT static void narrow_half(const float *x, Half *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = half_from_float(x[i]);
}
HOT static void widen_bfloat16(const BFloat16 *x, float *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = bfloat16_to_float(x[i]);
}
HOT static void narrow_bfloat16(const float *x, BFloat16 *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = bfloat16_from_float(x[i]);
}

#ifdef __x86_64__
/* Every processor with AVX2 has F16C, which clang does not know to ask for. */
#define HAS_256 __builtin_cpu_supports("avx2")
#define HAS_512 __builtin_cpu_supports("avx512f")

/* Both return how many elements they did: whole vectors. */
#define VECTORS(BITS, isa, LANES)                                                               \
        __attribute__((target(isa))) static int64_t widen_##BITS(const Half *x, float *y,       \
                                                                 int64_t n)                     \
        {                                                                                       \
                int64_t i = 0;                                                                  \
                for (; i + LANES <= n; i += LANES)                                              \
                        _mm##BITS##_storeu_ps(y + i, _mm##BITS##_cvtph_ps(LOAD_##BITS(x + i))); \
                return i;                                                                       \
        }                                                                                       \
        __attribute__((target(isa))) static int64_t narrow_##BITS(const float *x, Half *y,      \
                                                                  int64_t n)                    \
        {                                                                                       \
                int64_t i = 0;                                                                  \
                for (; i + LANES <= n; i += LANES)                                              \
                        STORE_##BITS(y + i, _mm##BITS##_cvtps_ph(_mm##BITS##_loadu_ps(x + i),   \
                                                                 _MM_FROUND_TO_NEAREST_INT));   \
                return i;                                                                       \
        }
#define LOAD_256(p)     _mm_loadu_si128((const __m128i *)(p))
#define STORE_256(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define LOAD_512(p)     _mm256_loadu_si256((const __m256i *)(p))
#define STORE_512(p, v) _mm256_storeu_si256((__m256i *)(p), v)
VECTORS(256, "avx2,f16c", 8)
VECTORS(512, "avx512f", 16)

static int64_t widen_vectors(const Half *x, float *y, int64_t n)
{
        return HAS_512 ? widen_512(x, y, n) : HAS_256 ? widen_256(x, y, n) : 0;
}
static int64_t narrow_vectors(const float *x, Half *y, int64_t n)
{
        return HAS_512 ? narrow_512(x, y, n) : HAS_256 ? narrow_256(x, y, n) : 0;
}
#else
static int64_t widen_vectors(const Half *x UNUSED, float *y UNUSED, int64_t n UNUSED)
{
        return 0;
}
static int64_t narrow_vectors(const float *x UNUSED, Half *y UNUSED, int64_t n UNUSED)
{
        return 0;
}
#endif

/* The vectors' tails, and all where there are none, are left to the portable loops. */
void short_widen(DType t, const void *x, float *y, int64_t n)
{
        if (t == DT_BFLOAT16) {
                widen_bfloat16(x, y, n);
                return;
        }
        int64_t done = widen_vectors(x, y, n);
        if (done < n)
                widen_half((const Half *)x + done, y + done, n - done);
}

void short_narrow(DType t, const float *x, void *y, int64_t n)
{
        if (t == DT_BFLOAT16) {
                narrow_bfloat16(x, y, n);
                return;
        }
        int64_t done = narrow_vectors(x, y, n);
        if (done < n)
                narrow_half(x + done, (Half *)y + done, n - done);
}
