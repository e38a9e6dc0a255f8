// SPDX-License-Identifier: Apache-2.0
/* Row tests of ops: a row says what goes in and what comes out, and reads as a sentence.
 *
 *     static const OpCase cases[] = {
 *             { "multiplies", "MatMul", .in = { F32((1, 2), 1, 2), F32((2, 1), 3, 4) },
 *               .out = { F32((1, 1), 11) } },
 *             { "transposes b on request", "MatMul", "transpose_b: true", .in = ..., .out = ... },
 *             { "rejects unequal inner", "MatMul", .in = { ... },
 *               .fails = SR_INVALID_ARGUMENT, .message = "Matrix size-incompatible" },
 *     };
 *     OP_CASES(MatMul, cases)
 *
 * Variables (ref and resource inputs) are written as their values; what they hold after the step
 * follows the op's own outputs in .out.
 * Attributes that follow from the inputs (T, N, Tidx, lists of types) are worked out; the rest is
 * written as graph_text() writes it (graph_builder.h). Every row runs with fed inputs, with
 * constant ones (folded), with each allocation failing in turn, and cancelled. */
#pragma once
#include "engine/tensor/tensor.h"
#include "tests/lib/rows.h"
#include <math.h>

/* ---- literals: TYPE(dims, values...) ----
 * F32((2, 2), 1, 2, 3, 4) is a matrix, F32((), 7) a scalar, F32((0)) an empty vector,
 * STR((2), "a", "bc") strings, BYTES((1), B("a\0b")) strings with NULs, C64((1), 1 + 2 * I).
 * Missing trailing values are zero ("I32((1000))" is a thousand zeros). As outputs only:
 * ANY(FLOAT, 2, 3) takes any values of that type and shape, ANY_SHAPE(FLOAT) any shape, too. */
typedef struct LitBytes {
        const char *s;
        size_t n;
} LitBytes;

typedef enum LitKind {
        LIT_NONE,  /* behind the last */
        LIT_PLAIN, /* values as stored; half and bfloat16 as floats */
        LIT_TEXT,  /* const char * each */
        LIT_BYTES, /* LitBytes each */
        LIT_ANY,   /* shape and type only */
        LIT_ANY_SHAPE,
} LitKind;

typedef struct Lit {
        LitKind kind;
        DType dtype;
        Shape shape;
        const void *values;
        int n; /* values that are there */
} Lit;

#define LIT_BRACES_(...)    \
        {                   \
                __VA_ARGS__ \
        }
#define LIT_SHAPE_(dims)                                                              \
        {                                                                             \
                .rank = (int)(sizeof((int64_t[])LIT_BRACES_ dims) / sizeof(int64_t)), \
                .dim = LIT_BRACES_ dims                                               \
        }
#define LIT_(k, dt, type, dims, ...)                                          \
        {                                                                     \
                .kind = LIT_##k, .dtype = DT_##dt, .shape = LIT_SHAPE_(dims), \
                .values = (const type[]){ __VA_ARGS__ },                      \
                .n = (int)(sizeof((type[]){ __VA_ARGS__ }) / sizeof(type))    \
        }
#define F32(dims, ...)   LIT_(PLAIN, FLOAT, float, dims, ##__VA_ARGS__)
#define F64(dims, ...)   LIT_(PLAIN, DOUBLE, double, dims, ##__VA_ARGS__)
#define F16(dims, ...)   LIT_(PLAIN, HALF, float, dims, ##__VA_ARGS__)
#define BF16(dims, ...)  LIT_(PLAIN, BFLOAT16, float, dims, ##__VA_ARGS__)
#define I8(dims, ...)    LIT_(PLAIN, INT8, int8_t, dims, ##__VA_ARGS__)
#define I16(dims, ...)   LIT_(PLAIN, INT16, int16_t, dims, ##__VA_ARGS__)
#define I32(dims, ...)   LIT_(PLAIN, INT32, int32_t, dims, ##__VA_ARGS__)
#define I64(dims, ...)   LIT_(PLAIN, INT64, int64_t, dims, ##__VA_ARGS__)
#define U8(dims, ...)    LIT_(PLAIN, UINT8, uint8_t, dims, ##__VA_ARGS__)
#define U16(dims, ...)   LIT_(PLAIN, UINT16, uint16_t, dims, ##__VA_ARGS__)
#define U32(dims, ...)   LIT_(PLAIN, UINT32, uint32_t, dims, ##__VA_ARGS__)
#define U64(dims, ...)   LIT_(PLAIN, UINT64, uint64_t, dims, ##__VA_ARGS__)
#define QI8(dims, ...)   LIT_(PLAIN, QINT8, int8_t, dims, ##__VA_ARGS__)
#define QU8(dims, ...)   LIT_(PLAIN, QUINT8, uint8_t, dims, ##__VA_ARGS__)
#define QI16(dims, ...)  LIT_(PLAIN, QINT16, int16_t, dims, ##__VA_ARGS__)
#define QU16(dims, ...)  LIT_(PLAIN, QUINT16, uint16_t, dims, ##__VA_ARGS__)
#define QI32(dims, ...)  LIT_(PLAIN, QINT32, int32_t, dims, ##__VA_ARGS__)
#define BOOL(dims, ...)  LIT_(PLAIN, BOOL, bool, dims, ##__VA_ARGS__)
#define C64(dims, ...)   LIT_(PLAIN, COMPLEX64, float complex, dims, ##__VA_ARGS__)
#define C128(dims, ...)  LIT_(PLAIN, COMPLEX128, double complex, dims, ##__VA_ARGS__)
#define STR(dims, ...)   LIT_(TEXT, STRING, char *const, dims, ##__VA_ARGS__)
#define BYTES(dims, ...) LIT_(BYTES, STRING, LitBytes, dims, ##__VA_ARGS__)
#define B(text)                          \
        {                                \
                (text), sizeof(text) - 1 \
        }
#define ANY(dt, ...)                                                                  \
        {                                                                             \
                .kind = LIT_ANY, .dtype = DT_##dt, .shape = LIT_SHAPE_((__VA_ARGS__)) \
        }
#define ANY_SHAPE(dt)                                   \
        {                                               \
                .kind = LIT_ANY_SHAPE, .dtype = DT_##dt \
        }

/* ---- rows ---- */
enum { OP_CASE_IN = 18, OP_CASE_OUT = 12 };

typedef struct OpCase {
        const char *name;  /* the sentence that a failing run prints */
        const char *op;    /* TensorFlow's name */
        const char *attrs; /* "transpose_b: true, axis: 1"; NULL: none but what follows from in */
        Lit in[OP_CASE_IN];
        Lit out[OP_CASE_OUT]; /* none: whatever comes, it must succeed (unless fails is set) */
        StatusCode fails;     /* 0: succeeds */
        const char *message;  /* part of the error's message; NULL: any */
        double tol;           /* relative and absolute tolerance; 0: 4 ulp or so of the type */
        bool sweep;  /* once more for every other type that the attribute T (of the first input)
                        allows, values converted; write rows whose values all types hold */
        bool random; /* the values differ from run to run: compare shapes and types only */
} OpCase;

/* Runs row i; ends the test with the row's sentence when it does not hold. */
void op_case_run(const OpCase *rows, int i);
#define OP_CASES(suite, rows) TEST_ROWS_BY(suite, rows, op_case_run, ROWS_TOGETHER)

/* ---- pieces, for tests that are no rows ---- */
/* The literal as a tensor. Ends the test without memory. */
Tensor *lit_tensor(const Lit *lit);
/* Does got hold what the literal says? If not, *ret_why (mem_free() it) says where. tol as in
 * OpCase. */
bool lit_equal(const Lit *want, const Tensor *got, double tol, char **ret_why);
/* Short form: cr_assert that the tensor holds the literal: expect_tensor(t, F32((2), 1, 2)). */
void expect_lit(const char *file, int line, const Tensor *got, const Lit *want);
#define expect_tensor(got, ...) expect_lit(__FILE__, __LINE__, got, &(const Lit)__VA_ARGS__)
/* cr_assert that s is such an error with that text inside; frees s. */
void expect_error(Status *s, StatusCode code, const char *part);
/* cr_assert that s is NULL; prints and frees it otherwise. */
void expect_ok(Status *s);
