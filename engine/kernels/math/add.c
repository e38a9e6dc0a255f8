// SPDX-License-Identifier: Apache-2.0
/* Add, AddV2, Sub, Mul, MulNoNan. Integers wrap; strings are joined. */
#include "engine/kernels/math/binary.h"

#define T_ADD                                                                           \
        "T:type in [bfloat16,half,float,double,uint8,int8,int16,int32,int64,complex64," \
        "complex128,string]"
#define T_ADD_V2                                                                       \
        "T:type in [bfloat16,half,float,double,uint8,uint16,uint32,uint64,int8,int16," \
        "int32,int64,complex64,complex128]"
#define T_SUB                                                                        \
        "T:type in [bfloat16,half,float,double,uint8,int8,uint16,int16,int32,int64," \
        "complex64,complex128,uint32,uint64]"
#define T_MUL                                                                         \
        "T:type in [bfloat16,half,float,double,uint8,int8,uint16,int16,int32,uint32," \
        "uint64,int64,complex64,complex128]"

BINARY_LOOPS(add, INT_TYPES, WRAP(+))
BINARY_EXACT_LOOPS(add, FLOAT_COMPLEX_TYPES, a + b)
BINARY_OP(AddV2, add, NUMBER_TYPES, T_ADD_V2, .flags = "commutative,aggregate");

BINARY_LOOPS(sub, INT_TYPES, WRAP(-))
BINARY_EXACT_LOOPS(sub, FLOAT_COMPLEX_TYPES, a - b)
BINARY_OP(Sub, sub, NUMBER_TYPES, T_SUB);

BINARY_LOOPS(mul, INT_TYPES, WRAP(*))
BINARY_EXACT_LOOPS(mul, FLOAT_COMPLEX_TYPES, a *b)
BINARY_OP(Mul, mul, NUMBER_TYPES, T_MUL, .flags = "commutative");

BINARY(MulNoNan, mul_no_nan, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX, b == 0 ? 0 : a * b);

/* The broadcast's element i seen from an operand, by the shapes. */
static int64_t source_index(const Shape *out, const Shape *in, int64_t i)
{
        int64_t at = 0, stride = 1;
        for (int d = in->rank - 1, o = out->rank - 1; d >= 0; d--, o--) {
                int64_t k = i % out->dim[o];
                i /= out->dim[o];
                if (in->dim[d] > 1)
                        at += k * stride;
                stride *= in->dim[d];
        }
        return at;
}

/* The sum of two lengths may overflow, be it only in theory. */
static Status *join_strings(const TString *x, const TString *y, Tensor *z, int64_t i)
{
        size_t n;
        if (__builtin_add_overflow(x->len, y->len, &n))
                return status_oom();
        if (n == 0)
                return NULL;
        char *s = mem_alloc(n);
        if (!s)
                return status_oom();
        if (x->len)
                memcpy(s, x->data, x->len);
        if (y->len)
                memcpy(s + x->len, y->data, y->len);
        tensor_take_string(z, i, s, n);
        return NULL;
}

static Status *add_strings(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *y = ctx_input(c, 1);
        Tensor *z = ctx_output(c, 0);
        for (int64_t i = 0; i < tensor_count(z); i++) {
                const Shape *zs = tensor_shape(z);
                TRY(join_strings(tensor_strings(x) + source_index(zs, tensor_shape(x), i),
                                 tensor_strings(y) + source_index(zs, tensor_shape(y), i), z, i));
        }
        return NULL;
}

static Status *add_any_compute(OpCtx *c)
{
        return tensor_dtype(ctx_input(c, 0)) == DT_STRING ? add_strings(c) : add_compute(c);
}

OP(Add, .inputs = "x:T; y:T", .outputs = "z:T", .attrs = T_ADD, .shape = shape_binary,
   .compute = add_any_compute, .inplace = 3);
