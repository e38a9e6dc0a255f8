// SPDX-License-Identifier: Apache-2.0
/* Square, SquaredDifference. */
#include "engine/kernels/math/binary.h"
#include "engine/kernels/math/unary.h"

UNARY_LOOPS(square, SIGNED_TYPES, (uint64_t)v *(uint64_t)v)
UNARY_EXACT_LOOPS(square, FLOAT_COMPLEX_TYPES, v *v)
UNARY_OP(Square, square, SIGNED_NUMBER_TYPES, T_SIGNED_COMPLEX);

#define LIST(X, ...) FLOAT_COMPLEX_TYPES(X, ##__VA_ARGS__) INDEX_TYPES(X, ##__VA_ARGS__)
BINARY_LOOPS(squared_difference, FLOAT_TYPES, (a - b) * (a - b))
BINARY_LOOPS(squared_difference, COMPLEX_TYPES, conj(a - b) * (a - b))
BINARY_LOOPS(squared_difference, INDEX_TYPES,
             ((uint64_t)a - (uint64_t)b) * ((uint64_t)a - (uint64_t)b))
BINARY_OP(SquaredDifference, squared_difference, LIST,
          "T:type in [bfloat16,half,float,double,int32,int64,complex64,complex128]",
          .flags = "commutative");
