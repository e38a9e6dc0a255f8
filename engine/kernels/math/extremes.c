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

/* Short floats are compared as numbers that are in their order, NaNs of either sign on top: 0 is
 * minus infinity, INFINITE the bits of infinity. Least numbers are the largest of the negated. */
#define KEY(bits, INFINITE)  ((uint16_t)(FLIPPED(bits) + (INFINITE) + 1))
#define UNKEY(key, INFINITE) ((uint16_t)FLIPPED((uint16_t)((key) - (INFINITE)-1)))
#define FLIPPED(bits)        ((bits) ^ ((int16_t)(bits) >> 15 & 0x7fff))
#define LARGER(a, b)         ((a) > (b) ? (a) : (b))
#define SHORT_LOOPS(ID, fn, INFINITE, SIGN)                                    \
        REDUCE_WIDE_(ID, uint16_t, uint16_t, SAME_, SAME_, fn, SAME_ACC, 0, ({ \
                             uint16_t key_ = KEY(v ^ (SIGN), INFINITE);        \
                             LARGER(s, key_);                                  \
                     }),                                                       \
                     LARGER(s, v), UNKEY(s, INFINITE) ^ (SIGN))
SHORT_LOOPS(HALF, max, 0x7c00, 0)
SHORT_LOOPS(BFLOAT16, max, 0x7f80, 0)
SHORT_LOOPS(HALF, min, 0x7c00, 0x8000)
SHORT_LOOPS(BFLOAT16, min, 0x7f80, 0x8000)
#define SHORT_ROWS(fn)                                                    \
        REDUCE_FNS_(HALF, uint16_t, uint16_t, SAME_, SAME_, fn, SAME_ACC) \
        REDUCE_FNS_(BFLOAT16, uint16_t, uint16_t, SAME_, SAME_, fn, SAME_ACC)

REDUCE_LOOPS(max, FLOAT_TYPES, SAME_ACC, -INFINITY, EXTREME(>), EXTREME(>), s)
REDUCE_LOOPS(max, INT_TYPES, SAME_ACC, LOWEST(V), s > v ? s : v, s > v ? s : v, s)
REDUCE_OP_SHORT(Max, max, REAL_TYPES, SAME_ACC, SHORT_ROWS(max), T_ORDERED, .kernels = T_REAL);

REDUCE_LOOPS(min, FLOAT_TYPES, SAME_ACC, INFINITY, EXTREME(<), EXTREME(<), s)
REDUCE_LOOPS(min, INT_TYPES, SAME_ACC, HIGHEST(V), s < v ? s : v, s < v ? s : v, s)
REDUCE_OP_SHORT(Min, min, REAL_TYPES, SAME_ACC, SHORT_ROWS(min), T_ORDERED, .kernels = T_REAL);
