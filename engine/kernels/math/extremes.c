// SPDX-License-Identifier: Apache-2.0
/* Max, Min along axes; NaN wins. An empty maximum is the smallest value there is. */
#include "engine/kernels/math/reduce.h"
#include <limits.h>

#define LOWEST(V)  ((V)(-1) > 0 ? (V)0 : (V)((uint64_t)1 << (8 * sizeof(V) - 1)))
#define HIGHEST(V) ((V)((uint64_t)LOWEST(V) - 1))
/* In two steps, each of which is a vector instruction: gcc makes branches of one. */
#define EXTREME(op)                       \
        ({                                \
                V best_ = s op v ? s : v; \
                s != s ? s : best_;       \
        })

#define T_ORDERED                                                                    \
        "T:type in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half," \
        "uint32,uint64,qint8,quint8,qint32,qint16,quint16]"

REDUCE_LOOPS(max, FLOAT_TYPES, SAME_ACC, -INFINITY, EXTREME(>), EXTREME(>), s)
REDUCE_LOOPS(max, INT_TYPES, SAME_ACC, LOWEST(V), s > v ? s : v, s > v ? s : v, s)
REDUCE_OP(Max, max, REAL_TYPES, SAME_ACC, T_ORDERED, .kernels = T_REAL);

REDUCE_LOOPS(min, FLOAT_TYPES, SAME_ACC, INFINITY, EXTREME(<), EXTREME(<), s)
REDUCE_LOOPS(min, INT_TYPES, SAME_ACC, HIGHEST(V), s < v ? s : v, s < v ? s : v, s)
REDUCE_OP(Min, min, REAL_TYPES, SAME_ACC, T_ORDERED, .kernels = T_REAL);
