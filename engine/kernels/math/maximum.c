// SPDX-License-Identifier: Apache-2.0
/* Maximum, Minimum of two tensors; NaN wins. */
#include "engine/kernels/math/binary.h"

#define T_MAXIMUM \
        "T:type in [bfloat16,half,float,double,int8,uint8,int16,uint16,int32,uint32,int64,uint64]"

BINARY_LOOPS(maximum, INT_TYPES, a > b ? a : b)
BINARY_EXACT_LOOPS(maximum, FLOAT_TYPES, a > b || a != a ? a : b)
BINARY_OP(Maximum, maximum, REAL_TYPES, T_MAXIMUM);

BINARY_LOOPS(minimum, INT_TYPES, a < b ? a : b)
BINARY_EXACT_LOOPS(minimum, FLOAT_TYPES, a < b || a != a ? a : b)
BINARY_OP(Minimum, minimum, REAL_TYPES, T_MAXIMUM);
