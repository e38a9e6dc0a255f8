// SPDX-License-Identifier: Apache-2.0
/* AddN, AccumulateNV2: the sum of tensors of one shape. */
#include "engine/kernels/math/binary.h"

BINARY_LOOPS(add_n, INT_TYPES, WRAP(+))
BINARY_EXACT_LOOPS(add_n, FLOAT_COMPLEX_TYPES, a + b)
BINARY_TABLE(add_n, NUMBER_TYPES)

/* (a + b) + c in one pass, which takes as long as a + b where memory is what is waited for. z may
 * be a. */
typedef void (*SumFn)(const void *a, const void *b, const void *c, void *z, int64_t n);
#define THREE(ID, T, W, GET, PUT, plus)                                                           \
        HOT_##ID static void three_##ID(const void *a_, const void *b_, const void *c_, void *z_, \
                                        int64_t n)                                                \
        {                                                                                         \
                const T *a = a_, *b = b_, *c = c_;                                                \
                T *z = z_;                                                                        \
                SAME_OR_APART                                                                     \
                for (int64_t i = 0; i < n; i++)                                                   \
                        z[i] = plus(plus(a[i], b[i]), c[i]);                                      \
        }
#define FLOATS_PLUS(a, b) ((a) + (b))
#define INT32_PLUS(a, b)  ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define INT64_PLUS(a, b)  ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
WIDE_COMPLEX_TYPES(THREE, FLOATS_PLUS)
TYPE_INT32(THREE, INT32_PLUS)
TYPE_INT64(THREE, INT64_PLUS)
#undef THREE
#define ROW(ID, T, W, GET, PUT) [DT_##ID] = three_##ID,
static const SumFn three_loops[DT_MAX + 1] = { WIDE_COMPLEX_TYPES(ROW) INDEX_TYPES(ROW) };
#undef ROW

static Status *add_n_shape(ShapeCtx *c)
{
        for (int i = 1; i < c->n_in; i++)
                if (shape_complete(shape_in(c, 0)) && shape_complete(shape_in(c, i)) &&
                    !shape_equal(shape_in(c, 0), shape_in(c, i)))
                        return invalid_argument(
                                "Inputs to operation %s of type %s must have the same size and "
                                "shape.  Input 0: %s != input %d: %s",
                                c->node->name, c->node->def->op, shape_text(shape_in(c, 0)).s, i,
                                shape_text(shape_in(c, i)).s);
        return shape_merged(c);
}

static Status *accumulate_shape(ShapeCtx *c)
{
        Shape declared;
        TRY(add_n_shape(c));
        TRY(node_attr_shape(c->node, "shape", &declared));
        return shape_merge(&c->out[0], &declared, &c->out[0]);
}

typedef struct AddJob {
        OpCtx *c;
        BinaryFn two;
        SumFn three; /* or NULL */
        size_t size;
} AddJob;

static const char *input_at(const AddJob *j, int i, size_t at)
{
        return (const char *)tensor_data(ctx_input(j->c, i)) + at;
}

/* One block through all inputs: the sum stays in the cache. */
static void add_block(const AddJob *j, int64_t from, int64_t n)
{
        size_t at = (size_t)from * j->size;
        char *z = (char *)tensor_fill(ctx_output(j->c, 0)) + at;
        const char *x = input_at(j, 0, at);
        for (int i = 1; i < ctx_inputs(j->c); x = z)
                if (j->three && i + 1 < ctx_inputs(j->c)) {
                        j->three(x, input_at(j, i, at), input_at(j, i + 1, at), z, n);
                        i += 2;
                } else {
                        j->two(x, 1, input_at(j, i, at), 1, z, n);
                        i++;
                }
}

/* All inputs of a block while its sum is in the cache. */
static void add_range(void *arg, int64_t from, int64_t to)
{
        enum { BLOCK = 2048 };
        for (; from < to; from += BLOCK)
                add_block(arg, from, MIN((int64_t)BLOCK, to - from));
}

static Status *add_n(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        DType t = tensor_dtype(x);
        AddJob job = { c, add_n_loops[t], three_loops[t], dtype_size(t) };
        if (ctx_inputs(c) == 1)
                ctx_forward(c, 0, 0);
        else if (tensor_count(x) < MATH_GRAIN)
                add_range(&job, 0, tensor_count(x));
        else
                ctx_parallel(c, tensor_count(x), MATH_GRAIN / 4, add_range, &job);
        return NULL;
}

#define SUM .inputs = "inputs:N*T", .outputs = "sum:T", .flags = "commutative,aggregate"
OP(AddN, SUM, .shape = add_n_shape, .compute = add_n, .inplace = 1, .kernels = KERNELS_NUMBER,
   .attrs = "N:int >=1; T:type in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,"
            "quint8,qint32,bfloat16,uint16,complex128,half,uint32,uint64,variant]");
OP(AccumulateNV2, SUM, .shape = accumulate_shape, .compute = add_n, .inplace = 1,
   .kernels = KERNELS_NUMBER, .attrs = "N:int >=1; " T_NUMBER "; shape:shape");
