// SPDX-License-Identifier: Apache-2.0
/* Pow. Integer powers wrap; negative ones are refused before the loop. */
#include "engine/kernels/math/binary.h"

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
BINARY_LOOPS(pow, FLOAT_TYPES, pow(a, b))
BINARY_LOOPS(pow, COMPLEX_TYPES, b == 0 ? 1 : a == 0 ? 0 : pow(a, b))
BINARY_TABLE(pow, SIGNED_NUMBER_TYPES)

static Status *pow_compute(OpCtx *c)
{
        const Tensor *y = ctx_input(c, 1);
        if (dtype_is_integer(tensor_dtype(y)) && tensor_count(ctx_output(c, 0)) > 0 &&
            binary_any_negative(y))
                return invalid_argument("Integers to negative integer powers are not allowed");
        return binary_run(c, pow_loops);
}

OP(Pow, .inputs = "x:T; y:T", .outputs = "z:T",
   .attrs = "T:type in [bfloat16,float,half,double,int8,int16,int32,int64,complex64,complex128]",
   .shape = shape_binary, .compute = pow_compute, .inplace = 3);
