// SPDX-License-Identifier: Apache-2.0
/* Mod and TruncateMod (the sign of the dividend), FloorMod (the sign of the divisor). */
#include "engine/kernels/math/binary.h"
#include "engine/kernels/math/long_div.h"

#include <float.h>
#include <string.h>

#define T_MOD       "T:type in [int32,int64,half,half,bfloat16,float,double]"
#define T_TRUNC_MOD "T:type in [int32,int64,bfloat16,half,float,double]"
#define T_FLOOR_MOD                                                                   \
        "T:type in [int8,int16,int32,int64,uint8,uint16,uint32,uint64,bfloat16,half," \
        "float,double]"
#define LIST(X, ...) FLOAT_TYPES(X, ##__VA_ARGS__) INDEX_TYPES(X, ##__VA_ARGS__)

static Status *modulo(OpCtx *c, const BinaryFn *by_type)
{
        const Tensor *y = ctx_input(c, 1);
        if (dtype_is_integer(tensor_dtype(y)) && tensor_count(ctx_output(c, 0)) > 0 &&
            binary_any_zero(y))
                return invalid_argument("Integer division by zero");
        return binary_run(c, by_type);
}

/* -1 divides everything, and the smallest integer must not be asked */
#define REMAINDER (b == 0 || b == -1 ? 0 : a % b)
/* As TensorFlow has it: the sum's remainder is only another one when it was rounded to b. */
#define SIGNS_DIFFER      ((a < 0) ^ (b < 0))
#define FLOORED_FLOAT(r)  (SIGNS_DIFFER ? fmod((r) + b, b) : (r))
#define FLOORED_FINITE(r) (SIGNS_DIFFER ? ((r) + b == b ? 0 * b : (r) + b) : (r))
#define TRUNCATED(r)      (r)

/* Floats by blocks. A reciprocal, which where b stands still is taken once, is made so much larger
 * (by 1 / (2 * LIMIT)) that its product with a is the quotient or more, but by less than one as
 * long as the quotient has few bits. So the remainder of its integer part is exact, and of the
 * wrong sign where the product went past an integer. A block in which one quotient has too many
 * bits or is none, or a reciprocal that is too small to be exact, is left to fmod(). */
#define REMAINDER_STEP(T, LIMIT, LEAST, finite, ai, bi)                     \
        for (int64_t i = 0; i < n; i++) {                                   \
                T a = ai, b = bi, up = 1 / b * (1 + (T)0.5 / (T)LIMIT);     \
                T q = trunc(a * up), r = fma(-q, b, a) * copysign((T)1, a); \
                bad |= !(fabs(q) < (T)LIMIT);                               \
                bad |= !(fabs(up) > (T)LEAST);                              \
                r = copysign(r + (r < 0 ? fabs(b) : 0), a);                 \
                z[i] = finite(r);                                           \
        }
#define REMAINDERS(fn, ID, T, LIMIT, LEAST, finite, exact)                                    \
        HOT static bool fn##_block_##ID(const T *x, int64_t xs, const T *y, int64_t ys, T *z, \
                                        int64_t n)                                            \
        {                                                                                     \
                int bad = 0;                                                                  \
                const T fixed_x = x[0], fixed_y = y[0];                                       \
                if (xs && ys) {                                                               \
                        REMAINDER_STEP(T, LIMIT, LEAST, finite, x[i], y[i])                   \
                } else if (xs) {                                                              \
                        REMAINDER_STEP(T, LIMIT, LEAST, finite, x[i], fixed_y)                \
                } else {                                                                      \
                        REMAINDER_STEP(T, LIMIT, LEAST, finite, fixed_x, y[i * ys])           \
                }                                                                             \
                return !bad;                                                                  \
        }                                                                                     \
        static void fn##_loop_##ID(const void *x_, int64_t xs, const void *y_, int64_t ys,    \
                                   void *z_, int64_t n)                                       \
        {                                                                                     \
                enum { BLOCK = 256 };                                                         \
                const T *x = x_, *y = y_;                                                     \
                T *z = z_, block[BLOCK];                                                      \
                for (int64_t m; n > 0; n -= m, x += m * xs, y += m * ys, z += m) {            \
                        m = MIN(n, (int64_t)BLOCK);                                           \
                        bool fine = fn##_block_##ID(x, xs, y, ys, block, m);                  \
                        for (int64_t i = 0; i < m && !fine; i++) {                            \
                                T a = x[i * xs], b = y[i * ys], r = fmod(a, b);               \
                                block[i] = exact(r);                                          \
                        }                                                                     \
                        memcpy(z, block, (size_t)m * sizeof *z); /* z may be x or y */        \
                }                                                                             \
        }
#define SHORT_TOO(fn)              \
        BINARY_SHORT_(HALF, 0, fn) \
        BINARY_SHORT_(BFLOAT16, 0, fn)
SHORT_TOO(mod)
REMAINDERS(mod, FLOAT, float, 0x1p21, 2 * FLT_MIN, TRUNCATED, TRUNCATED)
REMAINDERS(mod, DOUBLE, double, 0x1p50, 2 * DBL_MIN, TRUNCATED, TRUNCATED)
SHORT_TOO(floor_mod)
REMAINDERS(floor_mod, FLOAT, float, 0x1p21, 2 * FLT_MIN, FLOORED_FINITE, FLOORED_FLOAT)
REMAINDERS(floor_mod, DOUBLE, double, 0x1p50, 2 * DBL_MIN, FLOORED_FINITE, FLOORED_FLOAT)

BINARY_LOOPS(mod, INDEX_TYPES, REMAINDER)
BINARY_TABLE(mod, LIST)

static Status *mod_compute(OpCtx *c)
{
        return modulo(c, mod_loops);
}

#define FLOORED(r)           ((r) != 0 && ((r) < 0) != (b < 0) ? (r) + b : (r))
#define SMALL_SIGNED(X, ...) TYPE_INT8(X, ##__VA_ARGS__) TYPE_INT16(X, ##__VA_ARGS__)
BINARY_LOOPS(floor_mod, TYPE_INT32, (double)a - floor_of_32(a, b) * (double)b)
LONG_LOOP(floor_mod, INT64, int64_t, r, FLOORED(REMAINDER))
BINARY_LOOPS(floor_mod, SMALL_SIGNED, FLOORED(REMAINDER))
BINARY_LOOPS(floor_mod, UNSIGNED_TYPES, b == 0 ? 0 : a % b)
BINARY_TABLE(floor_mod, REAL_TYPES)

static Status *floor_mod_compute(OpCtx *c)
{
        return modulo(c, floor_mod_loops);
}

#define ENTRY(list, fn)                                                               \
        .inputs = "x:T; y:T", .outputs = "z:T", .attrs = list, .shape = shape_binary, \
        .compute = fn, .inplace = 3
OP(Mod, ENTRY(T_MOD, mod_compute));
OP(TruncateMod, ENTRY(T_TRUNC_MOD, mod_compute));
OP(FloorMod, ENTRY(T_FLOOR_MOD, floor_mod_compute));
