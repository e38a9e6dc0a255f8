// SPDX-License-Identifier: Apache-2.0
/* Cast: every plain type to every other, through a wide value: double, int64_t or double complex.
 * Blocks of elements are widened and narrowed in turn, so 15 loops of each kind serve all pairs.
 * Floats beyond an integer's range become what x86 makes of them, as TensorFlow's do. */
#include "engine/kernels/math/types.h"

enum { CAST_BLOCK = 512 };

typedef enum Width { WIDE_NONE, WIDE_REAL, WIDE_INT, WIDE_UINT, WIDE_COMPLEX } Width;
typedef void (*CastFn)(const void *x, void *y, int64_t n);

#define CAST(name, from, to, expr)                                \
        HOT static void name(const void *x_, void *y_, int64_t n) \
        {                                                         \
                const from *x = x_;                               \
                to *y = y_;                                       \
                for (int64_t i = 0; i < n; i++)                   \
                        y[i] = expr;                              \
        }

static inline int64_t to_int64(double v)
{
        return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}
static inline int32_t to_int32(double v)
{
        return v > -0x1p31 - 1 && v < 0x1p31 ? (int32_t)v : INT32_MIN;
}
static inline uint64_t to_uint64(double v)
{
        return v >= 0x1p63 ? (uint64_t)to_int64(v - 0x1p63) ^ (uint64_t)1 << 63
                           : (uint64_t)to_int64(v);
}

/* ---- widen ---- */
#define WIDEN_REAL(ID, T, W, GET, PUT)    CAST(widen_##ID, T, double, (double)GET(x[i]))
#define WIDEN_INT(ID, T, W, GET, PUT)     CAST(widen_##ID, T, int64_t, (int64_t)x[i])
#define WIDEN_COMPLEX(ID, T, W, GET, PUT) CAST(widen_##ID, T, double complex, (double complex)x[i])
#define INTS(X, ...)                      INT_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)
#define LIST(X, ...)                      NUMBER_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)
FLOAT_TYPES(WIDEN_REAL)
INTS(WIDEN_INT)
COMPLEX_TYPES(WIDEN_COMPLEX)

/* ---- narrow: from_real, from_int, from_uint (a uint64 above the others), from_complex ---- */
#define NARROW_FLOAT(ID, T, W, GET, PUT)                \
        CAST(from_real_##ID, double, T, PUT((W)x[i]))   \
        CAST(from_int_##ID, int64_t, T, PUT((W)x[i]))   \
        CAST(from_uint_##ID, uint64_t, T, PUT((W)x[i])) \
        CAST(from_complex_##ID, double complex, T, PUT((W)creal(x[i])))
#define NARROW_COMPLEX(ID, T, W, GET, PUT)         \
        CAST(from_real_##ID, double, T, (T)x[i])   \
        CAST(from_int_##ID, int64_t, T, (T)x[i])   \
        CAST(from_uint_##ID, uint64_t, T, (T)x[i]) \
        CAST(from_complex_##ID, double complex, T, (T)x[i])
#define NARROW_INT(ID, T, W, GET, PUT, via)           \
        CAST(from_real_##ID, double, T, (T)via(x[i])) \
        CAST(from_int_##ID, int64_t, T, (T)x[i])      \
        CAST(from_uint_##ID, uint64_t, T, (T)x[i])    \
        CAST(from_complex_##ID, double complex, T, (T)via(creal(x[i])))
FLOAT_TYPES(NARROW_FLOAT)
COMPLEX_TYPES(NARROW_COMPLEX)
TYPE_INT8(NARROW_INT, to_int32)
TYPE_INT16(NARROW_INT, to_int32)
TYPE_INT32(NARROW_INT, to_int32)
TYPE_INT64(NARROW_INT, to_int64)
TYPE_UINT8(NARROW_INT, to_int32)
TYPE_UINT16(NARROW_INT, to_int32)
TYPE_UINT32(NARROW_INT, to_int64)
TYPE_UINT64(NARROW_INT, to_uint64)
CAST(from_real_BOOL, double, bool, x[i] != 0)
CAST(from_int_BOOL, int64_t, bool, x[i] != 0)
CAST(from_uint_BOOL, uint64_t, bool, x[i] != 0)
CAST(from_complex_BOOL, double complex, bool, x[i] != 0)

#define ROW(ID, T, W, GET, PUT, fn) [DT_##ID] = fn##_##ID,
static const CastFn widen[DT_MAX + 1] = { LIST(ROW, widen) };
static const CastFn narrow[][DT_MAX + 1] = {
        [WIDE_REAL] = { LIST(ROW, from_real) },
        [WIDE_INT] = { LIST(ROW, from_int) },
        [WIDE_UINT] = { LIST(ROW, from_uint) },
        [WIDE_COMPLEX] = { LIST(ROW, from_complex) },
};

static Width width_of(DType t)
{
        return dtype_is_floating(t)                  ? WIDE_REAL
               : dtype_is_complex(t)                 ? WIDE_COMPLEX
               : t == DT_UINT64                      ? WIDE_UINT
               : dtype_is_integer(t) || t == DT_BOOL ? WIDE_INT
                                                     : WIDE_NONE;
}

/* Drops the bits of a widened float that the narrower type has no room for: attribute Truncate. */
static void truncate_bits(double *wide, int64_t n, DType to)
{
        int drop = to == DT_BFLOAT16 ? 45 : to == DT_HALF ? 42 : to == DT_FLOAT ? 29 : 0;
        for (int64_t i = 0; i < n; i++) {
                uint64_t u;
                memcpy(&u, &wide[i], 8);
                u &= ~(uint64_t)0 << drop;
                if (wide[i] == wide[i])
                        memcpy(&wide[i], &u, 8);
        }
}

/* Pairs that are met so often that they do without the wide value. What is beyond an integer's
 * range becomes the smallest, as above. */
#define INT32_OF(v)        ((v) >= -0x1p31f && (v) < 0x1p31f ? (int32_t)(v) : INT32_MIN)
#define INT64_OF(v)        ((v) >= -0x1p63f && (v) < 0x1p63f ? (int64_t)(v) : INT64_MIN)
#define TO_FLOAT(FROM, T)  CAST(FROM##_to_FLOAT, T, float, (float)x[i])
#define TO_DOUBLE(FROM, T) CAST(FROM##_to_DOUBLE, T, double, (double)x[i])
#define TO_INTS(FROM, T, INT32, INT64)                          \
        CAST(FROM##_to_INT32, T, int32_t, INT32(x[i]))          \
        CAST(FROM##_to_INT64, T, int64_t, INT64(x[i]))          \
        CAST(FROM##_to_UINT8, T, uint8_t, (uint8_t)INT32(x[i])) \
        CAST(FROM##_to_BOOL, T, uint8_t, x[i] != 0)
#define TO_ALL(FROM, T, INT32, INT64) \
        TO_FLOAT(FROM, T) TO_DOUBLE(FROM, T) TO_INTS(FROM, T, INT32, INT64)
TO_ALL(FLOAT, float, INT32_OF, INT64_OF)
TO_ALL(DOUBLE, double, INT32_OF, INT64_OF)
TO_ALL(INT32, int32_t, (int32_t), (int64_t))
TO_ALL(INT64, int64_t, (int32_t), (int64_t))
TO_ALL(UINT8, uint8_t, (int32_t), (int64_t))
CAST(BOOL_to_FLOAT, uint8_t, float, x[i] != 0)
CAST(BOOL_to_INT32, uint8_t, int32_t, x[i] != 0)
static void HALF_to_FLOAT(const void *x, void *y, int64_t n)
{
        short_widen(DT_HALF, x, y, n);
}
static void FLOAT_to_HALF(const void *x, void *y, int64_t n)
{
        short_narrow(DT_HALF, x, y, n);
}
static void BFLOAT16_to_FLOAT(const void *x, void *y, int64_t n)
{
        short_widen(DT_BFLOAT16, x, y, n);
}
static void FLOAT_to_BFLOAT16(const void *x, void *y, int64_t n)
{
        short_narrow(DT_BFLOAT16, x, y, n);
}

static CastFn direct(DType from, DType to)
{
#define PAIR(FROM, TO) [DT_##TO] = FROM##_to_##TO
#define TO_EACH(FROM)                                                                \
        PAIR(FROM, FLOAT), PAIR(FROM, DOUBLE), PAIR(FROM, INT32), PAIR(FROM, INT64), \
                PAIR(FROM, UINT8), PAIR(FROM, BOOL)
        static const CastFn pairs[DT_MAX + 1][DT_MAX + 1] = {
                [DT_FLOAT] = { TO_EACH(FLOAT), PAIR(FLOAT, HALF), PAIR(FLOAT, BFLOAT16) },
                [DT_DOUBLE] = { TO_EACH(DOUBLE) },
                [DT_INT32] = { TO_EACH(INT32) },
                [DT_INT64] = { TO_EACH(INT64) },
                [DT_UINT8] = { TO_EACH(UINT8) },
                [DT_BOOL] = { PAIR(BOOL, FLOAT), PAIR(BOOL, INT32) },
                [DT_HALF] = { PAIR(HALF, FLOAT) },
                [DT_BFLOAT16] = { PAIR(BFLOAT16, FLOAT) },
        };
        return pairs[from][to];
}

typedef struct CastJob {
        CastFn direct; /* NULL: by way of the wide value */
        CastFn widen, narrow;
        const char *x;
        char *y;
        size_t x_size, y_size;
        DType truncate_to; /* DT_INVALID: round */
} CastJob;

/* Truncate cuts the bits that the narrower float does not have, instead of rounding. */
static void cast_range(void *arg, int64_t from, int64_t to)
{
        const CastJob *j = arg;
        double complex wide[CAST_BLOCK];
        if (j->direct) {
                j->direct(j->x + (size_t)from * j->x_size, j->y + (size_t)from * j->y_size,
                          to - from);
                return;
        }
        while (from < to) {
                int64_t n = MIN(to - from, (int64_t)CAST_BLOCK);
                j->widen(j->x + (size_t)from * j->x_size, wide, n);
                if (j->truncate_to)
                        truncate_bits((double *)wide, n, j->truncate_to);
                j->narrow(wide, j->y + (size_t)from * j->y_size, n);
                from += n;
        }
}

static Status *cast(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        DType from = tensor_dtype(x), to = tensor_dtype(y);
        if (from == to) {
                ctx_forward(c, 0, 0);
                return NULL;
        }
        Width width = width_of(from);
        if (width == WIDE_NONE || width_of(to) == WIDE_NONE)
                return unimplemented("Cast %s to %s is not supported", dtype_name(from),
                                     dtype_name(to));
        /* Truncate only says something about floats: integers wrap or cut off anyway. */
        bool truncates = width == WIDE_REAL && dtype_is_floating(to) &&
                         node_bool(ctx_node(c), "Truncate", false);
        CastJob job = { truncates ? NULL : direct(from, to),
                        widen[from],
                        narrow[width][to],
                        tensor_data(x),
                        tensor_fill(y),
                        dtype_size(from),
                        dtype_size(to),
                        truncates ? to : DT_INVALID };
        if (tensor_count(x) < MATH_GRAIN)
                cast_range(&job, 0, tensor_count(x));
        else
                ctx_parallel(c, tensor_count(x), MATH_GRAIN / 2, cast_range, &job);
        return NULL;
}

OP(Cast, .inputs = "x:SrcT", .outputs = "y:DstT",
   .attrs = "SrcT:type; DstT:type; Truncate:bool = false", .shape = shape_unchanged,
   .compute = cast);
