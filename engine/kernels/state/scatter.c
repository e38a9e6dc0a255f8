// SPDX-License-Identifier: Apache-2.0
/* The Scatter ops: rows of a variable, behind a ref edge or a resource handle, changed by index.
 * The Nd forms name rows by vectors. */
#include "engine/kernels/state/var.h"
#include "engine/ops/indexing.h"

typedef struct Scatter {
        ScatterOp op;
        const Tensor *indices, *updates;
} Scatter;

static Status *rows(void *arg, Tensor *x)
{
        const Scatter *s = arg;
        return scatter_rows(s->op, x, s->indices, s->updates);
}

static Status *rows_nd(void *arg, Tensor *x)
{
        const Scatter *s = arg;
        return scatter_nd(s->op, x, s->indices, s->updates);
}

static Status *scatter_shape(ShapeCtx *c)
{
        TRY(scatter_rows_check(shape_in(c, 0), shape_in(c, 1), shape_in(c, 2)));
        return shape_unchanged(c);
}

static Status *scatter_nd_shape(ShapeCtx *c)
{
        TRY(scatter_nd_check(shape_in(c, 0), shape_in(c, 1), shape_in(c, 2)));
        return shape_unchanged(c);
}

static Status *run(OpCtx *c, ScatterOp op, Status *(*fn)(void *arg, Tensor *x))
{
        Scatter s = { .op = op, .indices = ctx_input(c, 1), .updates = ctx_input(c, 2) };
        TRY(var_update(c, 0, tensor_dtype(s.updates), fn, &s));
        if (ctx_outputs(c)) /* the ref forms pass their variable on */
                ctx_forward(c, 0, 0);
        return NULL;
}

#define KERNELS(name, op)                       \
        static Status *scatter_##name(OpCtx *c) \
        {                                       \
                return run(c, op, rows);        \
        }
#define KERNELS_ND(name, op)                       \
        static Status *scatter_nd_##name(OpCtx *c) \
        {                                          \
                return run(c, op, rows_nd);        \
        }
KERNELS(update, SCATTER_UPDATE)
KERNELS(add, SCATTER_ADD)
KERNELS(sub, SCATTER_SUB)
KERNELS(mul, SCATTER_MUL)
KERNELS(div, SCATTER_DIV)
KERNELS(min, SCATTER_MIN)
KERNELS(max, SCATTER_MAX)
KERNELS_ND(update, SCATTER_UPDATE)
KERNELS_ND(add, SCATTER_ADD)
KERNELS_ND(sub, SCATTER_SUB)
KERNELS_ND(min, SCATTER_MIN)
KERNELS_ND(max, SCATTER_MAX)
#undef KERNELS
#undef KERNELS_ND

/* ---- the four forms of an op: rows or vectors of indices, behind a reference or a handle ---- */

#define INDICES "; Tindices:type in [int32,int64]"
#define ANY     "" /* in the place of a list of types */
#define NUMBERS                                                                                  \
        " in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16," \
        "uint16,complex128,half,uint32,uint64]"
#define ORDERED             " in [half,bfloat16,float,double,int32,int64]"
#define VALUE_KERNELS(attr) attr ":type in [" VALUE_TYPES "]"
#define ALL_KERNELS(attr)   NULL /* those that the signature names */

#define REF_FORM(Name, fn, check, types, lock, kernel_types)             \
        OP(Name, .inputs = "ref:ref(T); indices:Tindices; updates:T",    \
           .outputs = "output_ref:ref(T)",                               \
           .attrs = "T:type" types INDICES "; use_locking:bool = " lock, \
           .kernels = kernel_types("T"), .shape = check, .compute = fn, .late_shape = true);
#define HANDLE_FORM(Name, fn, types, kernel_types)                                \
        OP(Name, .inputs = "resource:resource; indices:Tindices; updates:dtype",  \
           .attrs = "dtype:type" types INDICES, .kernels = kernel_types("dtype"), \
           .flags = "stateful", .shape = shape_none, .compute = fn);
#define HANDLE_ND_FORM(Name, fn, kernel_types)                                                  \
        OP(Name, .inputs = "ref:resource; indices:Tindices; updates:T",                         \
           .attrs = "T:type" INDICES "; use_locking:bool = true", .kernels = kernel_types("T"), \
           .flags = "stateful", .shape = shape_none, .compute = fn);

REF_FORM(ScatterUpdate, scatter_update, scatter_shape, ANY, "true", VALUE_KERNELS)
HANDLE_FORM(ResourceScatterUpdate, scatter_update, ANY, VALUE_KERNELS)
REF_FORM(ScatterNdUpdate, scatter_nd_update, scatter_nd_shape, ANY, "true", VALUE_KERNELS)
HANDLE_ND_FORM(ResourceScatterNdUpdate, scatter_nd_update, VALUE_KERNELS)
REF_FORM(ScatterAdd, scatter_add, scatter_shape, NUMBERS, "false", NUMBER_KERNELS)
HANDLE_FORM(ResourceScatterAdd, scatter_add, NUMBERS, NUMBER_KERNELS)
REF_FORM(ScatterNdAdd, scatter_nd_add, scatter_nd_shape, NUMBERS, "false", NUMBER_KERNELS)
HANDLE_ND_FORM(ResourceScatterNdAdd, scatter_nd_add, NUMBER_KERNELS)
REF_FORM(ScatterSub, scatter_sub, scatter_shape, NUMBERS, "false", NUMBER_KERNELS)
HANDLE_FORM(ResourceScatterSub, scatter_sub, NUMBERS, NUMBER_KERNELS)
REF_FORM(ScatterNdSub, scatter_nd_sub, scatter_nd_shape, NUMBERS, "false", NUMBER_KERNELS)
HANDLE_ND_FORM(ResourceScatterNdSub, scatter_nd_sub, NUMBER_KERNELS)
REF_FORM(ScatterMul, scatter_mul, scatter_shape, NUMBERS, "false", NUMBER_KERNELS)
HANDLE_FORM(ResourceScatterMul, scatter_mul, NUMBERS, NUMBER_KERNELS)
REF_FORM(ScatterDiv, scatter_div, scatter_shape, NUMBERS, "false", NUMBER_KERNELS)
HANDLE_FORM(ResourceScatterDiv, scatter_div, NUMBERS, NUMBER_KERNELS)
REF_FORM(ScatterMin, scatter_min, scatter_shape, ORDERED, "false", ALL_KERNELS)
HANDLE_FORM(ResourceScatterMin, scatter_min, NUMBERS, REAL_KERNELS)
REF_FORM(ScatterNdMin, scatter_nd_min, scatter_nd_shape, NUMBERS, "false", REAL_KERNELS)
HANDLE_ND_FORM(ResourceScatterNdMin, scatter_nd_min, REAL_KERNELS)
REF_FORM(ScatterMax, scatter_max, scatter_shape, ORDERED, "false", ALL_KERNELS)
HANDLE_FORM(ResourceScatterMax, scatter_max, NUMBERS, REAL_KERNELS)
REF_FORM(ScatterNdMax, scatter_nd_max, scatter_nd_shape, NUMBERS, "false", REAL_KERNELS)
HANDLE_ND_FORM(ResourceScatterNdMax, scatter_nd_max, REAL_KERNELS)
