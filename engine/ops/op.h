// SPDX-License-Identifier: Apache-2.0
/* How an op is written: the only header a kernel file includes (besides its family's own and
 * engine/state's).
 *
 *     static Status *relu(OpCtx *c) { ... }
 *     OP(Relu, .inputs = "features:T", .outputs = "activations:T", .attrs = "T:type in
 * [float,double,...]", .shape = shape_unchanged, .compute = relu, .inplace = 1);
 *
 * The strings are TensorFlow's op signature, written as in its op list: arguments "name:type"
 * joined by "; ", attributes "name:kind [in [...]] [>=n] [= default]" joined by "; ", flags joined
 * by ",". A test compares them with that list.
 *
 * `shape` is the contract: it runs at import with partial shapes and again with complete ones
 * before compute, whose outputs then exist already. Compute does the math and never checks shapes
 * again. Ops whose output size depends on values say .late_shape and call ctx_alloc(). An op that
 * must wait has .start instead of .compute and calls ctx_done() when it is through. */
#pragma once
#include "engine/base/arena.h"
#include "engine/base/cancel.h"
#include "engine/base/mem.h"
#include "engine/graph/node.h"
#include "engine/ops/ctx.h"
#include "engine/ops/shape_fns.h"
#include "engine/tensor/tensor.h"

/* Nodes that the executor itself understands (control flow of TensorFlow 1.x). */
typedef enum OpFlow {
        FLOW_NONE,
        FLOW_SWITCH, /* forwards input 0 to the output that input 1 chooses; the others die */
        FLOW_MERGE,
        FLOW_ENTER,
        FLOW_EXIT,
        FLOW_NEXT,
        FLOW_CONTROL_TRIGGER,
} OpFlow;

/* What prepare sees and makes, once per node and compiled plan. */
typedef struct PrepareCtx {
        const Node *node;
        Arena *arena;            /* lives as long as the plan; arena_on_free() for what owns more */
        Tensor *const *constant; /* input i's value where it is constant in this plan, else NULL */
        const Shape *const *shape; /* input shapes as far as they are known */
        bool pack;                 /* constant matrices may be kept in another layout, too */
        bool bfloat16;             /* products by constants may round the constants to bfloat16 */
        void *state;               /* out: what ctx_state() returns */
        struct FunctionScope *functions; /* for prepare_function() */
} PrepareCtx;

/* A function of the graph's library, ready to be called. */
typedef struct Function Function;
/* Makes a function that an attribute names ready; it lives as long as the plan. NOT_FOUND "Function
 * F is not defined.". */
Status *prepare_function(PrepareCtx *p, const NameAttrList *f, const Function **ret) MUST_USE;
/* The same for its gradient, which takes f's arguments and the gradients of its results. */
Status *prepare_gradient(PrepareCtx *p, const NameAttrList *f, const Function **ret) MUST_USE;
/* References, for what keeps a function longer than the plan (datasets do). */
const Function *function_ref(const Function *f);
void function_unref(const Function *f); /* NULL is fine */
/* How many arguments it takes and values it returns. */
int function_args(const Function *f);
int function_results(const Function *f);

typedef struct OpDef {
        const char *name, *inputs, *outputs, *attrs, *flags; /* NULL is "" */
        /* Attribute types that the kernel runs where they are fewer than the signature allows:
         * "T:type in [float,double]"; several joined by "; ". NULL: all of them. */
        const char *kernels;
        Status *(*shape)(
                ShapeCtx *); /* NULL: outputs unknown until ctx_alloc() (implies late_shape) */
        Status *(*prepare)(PrepareCtx *);
        Status *(*compute)(OpCtx *); /* must not block; may be called on several threads at once */
        void (*start)(
                OpCtx *); /* asynchronous: returns at once, ctx_done() follows, from any thread */
        bool late_shape;  /* outputs are made by ctx_alloc() or ctx_set_output() in compute */
        bool costly;      /* always worth a thread of its own (matmul, convolution) */
        unsigned inplace; /* bit i: output 0 may take over input i's bytes when nobody else needs
                             them */
        OpFlow flow;
} OpDef;

/* For .kernels: every dtype that has bytes of its own; and those that a variable may hold. */
#define PLAIN_TYPES                                                                            \
        "float,double,int32,uint8,int16,int8,string,complex64,int64,bool,qint8,quint8,qint32," \
        "bfloat16,"                                                                            \
        "qint16,quint16,uint16,complex128,half,uint32,uint64"
#define VALUE_TYPES PLAIN_TYPES ",variant"

/* Registers an op: a pointer in a linker section, which the registry walks at start-up. */
#define OP(id, ...)                                                \
        static const OpDef op_##id = { .name = #id, __VA_ARGS__ }; \
        static const OpDef *const op_ptr_##id __attribute__((used, section("sr_ops"))) = &op_##id
