// SPDX-License-Identifier: Apache-2.0
/* What all math kernels share: sets of types as TensorFlow names them, which loops are compiled for
 * several processors, libm in vector form. */
#pragma once
#include "engine/ops/op.h"
#include "engine/tensor/short_float.h"
#include <tgmath.h>

/* ---- type lists (see dtype.h) and the same as signature text ---- */
#define FLOAT_COMPLEX_TYPES(X, ...) FLOAT_TYPES(X, ##__VA_ARGS__) COMPLEX_TYPES(X, ##__VA_ARGS__)
#define SIGNED_NUMBER_TYPES(X, ...) \
        FLOAT_COMPLEX_TYPES(X, ##__VA_ARGS__) SIGNED_TYPES(X, ##__VA_ARGS__)
#define SIGNED_REAL_TYPES(X, ...)  FLOAT_TYPES(X, ##__VA_ARGS__) SIGNED_TYPES(X, ##__VA_ARGS__)
#define WIDE_TYPES(X, ...)         TYPE_FLOAT(X, ##__VA_ARGS__) TYPE_DOUBLE(X, ##__VA_ARGS__)
#define WIDE_COMPLEX_TYPES(X, ...) WIDE_TYPES(X, ##__VA_ARGS__) COMPLEX_TYPES(X, ##__VA_ARGS__)

#define T_FLOAT         "T:type in [bfloat16,half,float,double]"
#define T_FLOAT_COMPLEX "T:type in [bfloat16,half,float,double,complex64,complex128]"
#define T_SIGNED        "T:type in [bfloat16,half,float,double,int8,int16,int32,int64]"
#define T_SIGNED_COMPLEX \
        "T:type in [bfloat16,half,float,double,int8,int16,int32,int64,complex64,complex128]"
#define T_INT "T:type in [int8,int16,int32,int64,uint8,uint16,uint32,uint64]"
#define T_NUMBER                                                                              \
        "T:type in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32," \
        "bfloat16,uint16,complex128,half,uint32,uint64]"
#define T_REAL                                                                       \
        "T:type in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half," \
        "uint32,uint64]"
/* numbertype without the quantized types, which have no such kernel */
#define KERNELS_NUMBER                                                             \
        "T:type in [float,double,int32,uint8,int16,int8,complex64,int64,bfloat16," \
        "uint16,complex128,half,uint32,uint64]"
#define TIDX "Tidx:type in [int32,int64] = int32"

/* ---- loops ---- */
/* Loops over these types exist once per processor level; the others run less often. */
#define HOT_FLOAT    HOT
#define HOT_DOUBLE   HOT
#define HOT_INT32    HOT
#define HOT_INT64    HOT
#define HOT_UINT8    HOT
#define HOT_BOOL     HOT
#define HOT_HALF     HOT
#define HOT_BFLOAT16 HOT
#define HOT_INT8
#define HOT_INT16
#define HOT_UINT16
#define HOT_UINT32
#define HOT_UINT64
#define HOT_COMPLEX64
#define HOT_COMPLEX128
#define HOT_STRING

/* Which of two macros a type takes. IF_SHORT: both short floats go one way; IF_HALF: only halves
 * do, blocks of which are converted by special instructions; for bfloat16 the compiler does well.
 */
#define IF_SHORT(ID, a, b)            SHORTNESS_##ID(a, a, b)
#define IF_HALF(ID, a, b)             SHORTNESS_##ID(a, b, b)
#define SHORTNESS_HALF(h, s, o)       h
#define SHORTNESS_BFLOAT16(h, s, o)   s
#define SHORTNESS_FLOAT(h, s, o)      o
#define SHORTNESS_DOUBLE(h, s, o)     o
#define SHORTNESS_INT8(h, s, o)       o
#define SHORTNESS_INT16(h, s, o)      o
#define SHORTNESS_INT32(h, s, o)      o
#define SHORTNESS_INT64(h, s, o)      o
#define SHORTNESS_UINT8(h, s, o)      o
#define SHORTNESS_UINT16(h, s, o)     o
#define SHORTNESS_UINT32(h, s, o)     o
#define SHORTNESS_UINT64(h, s, o)     o
#define SHORTNESS_COMPLEX64(h, s, o)  o
#define SHORTNESS_COMPLEX128(h, s, o) o
#define SHORTNESS_BOOL(h, s, o)       o
#define SHORTNESS_STRING(h, s, o)     o

/* The loop's arrays may be the same array (an output that took over its input), never overlap
 * otherwise: the compiler need not look. */
#ifdef __clang__
#define SAME_OR_APART
#else
#define SAME_OR_APART _Pragma("GCC ivdep")
#endif

/* A loop that the compiler makes of halves themselves, for processors that compute with them: twice
 * as many a vector, and no way to floats and back. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
        !defined(__SANITIZE_THREAD__) && !defined(NO_CLONES)
#define NATIVE_HALF __attribute__((target("avx512fp16,avx512vl,avx512bw,avx512dq"), optimize("O3")))
static inline bool half_is_native(void)
{
        return __builtin_cpu_supports("avx512fp16");
}
#endif

/* For what loops call: small functions that must become part of each processor level's loop, where
 * the compiler would otherwise find that levels do not match. */
#define IN_LOOP static inline __attribute__((always_inline))

/* Elements from which on a loop is worth several threads. */
enum { MATH_GRAIN = 64 * 1024, MATH_GRAIN_DEAR = 8 * 1024 };

/* glibc has these for vectors, too (libmvec, within 4 ulp); told so, gcc calls them in loops. */
#if defined(__x86_64__) && !defined(__clang__) && defined(__GLIBC__)
#define VECTOR_LIBM(name)                                          \
        __attribute__((simd("notinbranch"))) double(name)(double); \
        __attribute__((simd("notinbranch"))) float(name##f)(float);
VECTOR_LIBM(exp)
VECTOR_LIBM(expm1)
VECTOR_LIBM(log)
VECTOR_LIBM(log1p)
VECTOR_LIBM(sin)
VECTOR_LIBM(cos)
VECTOR_LIBM(tan)
VECTOR_LIBM(asin)
VECTOR_LIBM(acos)
VECTOR_LIBM(atan)
VECTOR_LIBM(sinh)
VECTOR_LIBM(cosh)
VECTOR_LIBM(tanh)
VECTOR_LIBM(asinh)
VECTOR_LIBM(acosh)
VECTOR_LIBM(atanh)
VECTOR_LIBM(erf)
VECTOR_LIBM(erfc)
#endif
