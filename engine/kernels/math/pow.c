// SPDX-License-Identifier: Apache-2.0
/* Pow. Integer powers wrap; negative ones are refused before the loop. */
#include "engine/kernels/math/pow_wide.h"
#include "engine/kernels/math/short_math.h"

static inline uint64_t power(uint64_t a, uint64_t b)
{
        uint64_t r = 1;
        for (; b; b >>= 1, a *= a)
                if (b & 1)
                        r *= a;
        return r;
}

BINARY_LOOPS(pow, SIGNED_TYPES, power((uint64_t)a, (uint64_t)b))
/* The C library's vectors are within 1.2 units of the last place for floats and 1.9 for doubles,
 * and treat zeros, infinities and NaNs as the scalar function does. */
#ifdef VECTOR_LIBM
__attribute__((simd("notinbranch"))) double(pow)(double, double);
__attribute__((simd("notinbranch"))) float(powf)(float, float);
#endif
BINARY_LOOPS(plain_pow, WIDE_TYPES, pow(a, b))
static void pow_loop_FLOAT(const void *x, int64_t xs, const void *y, int64_t ys, void *z, int64_t n)
{
        pow_floats(plain_pow_loop_FLOAT, x, xs, y, ys, z, n);
}
static void pow_loop_DOUBLE(const void *x, int64_t xs, const void *y, int64_t ys, void *z,
                            int64_t n)
{
        pow_doubles(plain_pow_loop_DOUBLE, x, xs, y, ys, z, n);
}

SHORT_TARGET static __attribute__((noinline)) void pow_by_loop(__m512 *a, const __m512 *b)
{
        pow_loop_FLOAT(a, 1, b, 1, a, sizeof(*a) / sizeof(float));
}
/* 2 to the power of b log2 a. The C library knows what becomes of NaNs, of bases below zero (-0,
 * too), of infinite exponents and of zero; those are the classes. */
SHORT_PART __m512 short_pow(const bool half, __m512 a, __m512 b)
{
        __m512 power = short_exp2(half, _mm512_mul_ps(b, short_log2(a)));
        if (_mm512_fpclass_ps_mask(a, 0xd5) | _mm512_fpclass_ps_mask(b, 0x9f)) {
                power = a;
                pow_by_loop(&power, &b);
        }
        return power;
}
BINARY_LANES(pow, short_pow)
BINARY_LOOPS(pow, COMPLEX_TYPES, b == 0 ? 1 : a == 0 ? 0 : pow(a, b))
BINARY_TABLE(pow, SIGNED_NUMBER_TYPES)

/* Exponents that models are full of, one for all elements, as plain arithmetic within 2 units of
 * the last place. */
UNARY_EXACT_LOOPS(same, FLOAT_TYPES, v)
UNARY_EXACT_LOOPS(square, FLOAT_TYPES, v *v)
UNARY_LOOPS(cube, FLOAT_TYPES, v *v *v)
UNARY_LOOPS(inverse, WIDE_TYPES, 1 / v)
UNARY_LANES(inverse, short_reciprocal)
UNARY_LOOPS(root, FLOAT_TYPES, v == -(V)INFINITY ? (V)INFINITY : sqrt(v + 0))
UNARY_LOOPS(inverse_root, FLOAT_TYPES, v == -(V)INFINITY ? 0 : 1 / sqrt(v + 0))

#define POWER_(fn)                          \
        {                                   \
                FLOAT_TYPES(UNARY_ROW_, fn) \
        }
static const struct {
        double exponent;
        UnaryFn by_type[DT_MAX + 1];
} powers[] = {
        { 1, POWER_(same) },     { 2, POWER_(square) }, { 3, POWER_(cube) },
        { -1, POWER_(inverse) }, { .5, POWER_(root) },  { -.5, POWER_(inverse_root) },
};

/* The loops for one exponent for all of x, or NULL. */
static const UnaryFn *known_power(const Tensor *x, const Tensor *y, const Tensor *z)
{
        if (!dtype_is_floating(tensor_dtype(y)) || tensor_count(y) != 1 ||
            tensor_count(x) != tensor_count(z))
                return NULL;
        double exponent = tensor_double(y, 0);
        for (size_t i = 0; i < COUNTOF(powers); i++)
                if (powers[i].exponent == exponent)
                        return powers[i].by_type;
        return NULL;
}

static Status *pow_compute(OpCtx *c)
{
        const Tensor *y = ctx_input(c, 1);
        if (dtype_is_integer(tensor_dtype(y)) && tensor_count(ctx_output(c, 0)) > 0 &&
            binary_any_negative(y))
                return invalid_argument("Integers to negative integer powers are not allowed");
        const UnaryFn *known = known_power(ctx_input(c, 0), y, ctx_output(c, 0));
        return known ? unary_run(c, known) : binary_run(c, pow_loops);
}

OP(Pow, .inputs = "x:T; y:T", .outputs = "z:T",
   .attrs = "T:type in [bfloat16,float,half,double,int8,int16,int32,int64,complex64,complex128]",
   .shape = shape_binary, .compute = pow_compute, .inplace = 3);
