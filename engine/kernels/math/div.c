// SPDX-License-Identifier: Apache-2.0
/* Div, RealDiv, FloorDiv, TruncateDiv, DivNoNan. An integer divisor of zero is refused before the
 * loop; the smallest integer divided by -1 wraps to itself instead of trapping. */
#include "engine/kernels/math/long_div.h"
#include "engine/kernels/math/short_math.h"

#define T_DIV                                                                         \
        "T:type in [bfloat16,half,float,double,uint8,int8,uint16,int16,int32,uint32," \
        "uint64,int64,complex64,complex128]"

#define NEGATED  ((V)(0 - (uint64_t)a))
#define QUOTIENT (b == 0 ? 0 : b == -1 ? NEGATED : a / b)
#define FLOORED  (b == 0 ? 0 : b == -1 ? NEGATED : a / b - (a % b != 0 && (a < 0) != (b < 0)))

static Status *divide(OpCtx *c, const BinaryFn *by_type)
{
        const Tensor *y = ctx_input(c, 1);
        if (dtype_is_integer(tensor_dtype(y)) && tensor_count(ctx_output(c, 0)) > 0 &&
            binary_any_zero(y))
                return invalid_argument("Integer division by zero");
        return binary_run(c, by_type);
}
#define DIVISION(Op, fn, LIST, ...)                                                           \
        BINARY_TABLE(fn, LIST)                                                                \
        static Status *fn##_compute(OpCtx *c)                                                 \
        {                                                                                     \
                return divide(c, fn##_loops);                                                 \
        }                                                                                     \
        OP(Op, .inputs = "x:T; y:T", .outputs = "z:T", .attrs = T_DIV, .shape = shape_binary, \
           .compute = fn##_compute, .inplace = 3, ##__VA_ARGS__)

BINARY_LOOPS(div, SIGNED_TYPES, QUOTIENT)
BINARY_LOOPS(div, UNSIGNED_TYPES, b == 0 ? 0 : a / b)
BINARY_LOOPS(div, WIDE_COMPLEX_TYPES, a / b)
BINARY_LANES(div, short_div)
DIVISION(Div, div, NUMBER_TYPES);

#define real_div_loops div_loops
BINARY_COMPUTE(real_div)
OP(RealDiv, .inputs = "x:T; y:T", .outputs = "z:T", .attrs = T_DIV, .shape = shape_binary,
   .compute = real_div_compute, .inplace = 3, .kernels = T_FLOAT_COMPLEX);
OP(TruncateDiv, .inputs = "x:T; y:T", .outputs = "z:T", .attrs = T_DIV, .shape = shape_binary,
   .compute = div_compute, .inplace = 3, .kernels = T_INT);

#define OTHER_SIGNED(X, ...) TYPE_INT8(X, ##__VA_ARGS__) TYPE_INT16(X, ##__VA_ARGS__)
/* Zeros were refused. Only the smallest integer by -1 goes beyond, and wraps. */
IN_LOOP int32_t quotient_32(double q)
{
        return (int32_t)(q > (double)INT32_MAX ? (double)INT32_MIN : q);
}
BINARY_LOOPS(floor_div, TYPE_INT32, quotient_32(floor_of_32(a, b)))
LONG_LOOP(floor_div, INT64, int64_t, q, FLOORED)
BINARY_LOOPS(floor_div, OTHER_SIGNED, FLOORED)
BINARY_LOOPS(floor_div, UNSIGNED_TYPES, b == 0 ? 0 : a / b)
BINARY_LOOPS(floor_div, FLOAT_TYPES, floor(a / b))
DIVISION(FloorDiv, floor_div, REAL_TYPES,
         .kernels = "T:type in [bfloat16,half,float,double,uint8,int8,uint16,int16,int32,uint32,"
                    "uint64,int64]");

BINARY(DivNoNan, div_no_nan, FLOAT_COMPLEX_TYPES,
       "T:type in [half,float,bfloat16,double,complex64,complex128]", b == 0 ? 0 : a / b);
