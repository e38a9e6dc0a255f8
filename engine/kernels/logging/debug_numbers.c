// SPDX-License-Identifier: Apache-2.0
/* DebugNanCount, DebugNumericSummary, DebugNumericSummaryV2: what kinds of numbers a tensor holds.
 */
#include "engine/kernels/logging/debug_publish.h"
#include "engine/ops/op.h"

#include <math.h>
#include <string.h>

/* How many of each kind, and the moments of the finite ones between the bounds. */
typedef struct Census {
        int64_t nan, neg_inf, neg, zero, pos, pos_inf;
        double min, max, sum, squares;
} Census;

/* At or below lo counts as negative infinity, at or above hi as positive. */
static Census census_of(const Tensor *t, double lo, double hi)
{
        Census k = { .min = INFINITY, .max = -INFINITY };
        for (int64_t i = 0; i < tensor_count(t); i++) {
                double v = tensor_double(t, i);
                if (isnan(v)) {
                        k.nan++;
                        continue;
                }
                if (v <= lo || v >= hi) {
                        k.neg_inf += v <= lo;
                        k.pos_inf += v > lo;
                        continue;
                }
                k.neg += v < 0;
                k.zero += v == 0;
                k.pos += v > 0;
                k.min = fmin(k.min, v);
                k.max = fmax(k.max, v);
                k.sum += v;
                k.squares += v * v;
        }
        return k;
}

static Status *nan_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE(1);
        return NULL;
}

static void nan_count(OpCtx *c)
{
        *(int64_t *)tensor_fill(ctx_output(c, 0)) =
                census_of(ctx_input(c, 0), -INFINITY, INFINITY).nan;
        ctx_done(c, debug_publish(c, ctx_output(c, 0)));
}

/* The shape that a variable without a value would have; false when x is a value. A value can only
 * have the shape [0], in which variables without one are read, when its variable may have it; a
 * variable of unknown rank counts as a scalar in TensorFlow. */
static bool is_uninitialized(const Node *n, const Tensor *x, Shape *ret)
{
        if (tensor_rank(x) != 1 || tensor_dim(x, 0))
                return false;
        const Edge *e = n->n_in ? &n->in[0] : NULL;
        while (e && !strncmp(e->node->def->op, "Copy", 4))
                e = e->node->n_in ? &e->node->in[0] : NULL;
        if (!e || !dtype_is_ref(e->node->out_types[e->output]))
                return false;
        const Shape *static_shape = &e->node->out_shapes[e->output];
        *ret = static_shape->rank < 0 ? SHAPE() : *static_shape;
        return static_shape->rank < 0 || !shape_compatible(static_shape, &x->shape);
}

static Status *numeric_summary(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        const Node *n = ctx_node(c);
        double lo = (double)node_float(n, "lower_bound", -INFINITY);
        double hi = (double)node_float(n, "upper_bound", INFINITY);
        Census k = census_of(x, lo, hi);
        int64_t finite = k.neg + k.zero + k.pos, all = tensor_count(x);
        bool healthy = !k.nan && !k.neg_inf && !k.pos_inf;
        Shape shape = x->shape;
        bool missing = is_uninitialized(n, x, &shape);
        Tensor *y;
        int64_t size = node_bool(n, "mute_if_healthy", false) && healthy ? 0 : 14 + shape.rank;
        TRY(ctx_alloc(c, 0, &SHAPE(size), &y));
        if (!size)
                return NULL;
        double mean = finite ? k.sum / (double)finite : NAN, variance = 0;
        for (int64_t i = 0; i < all; i++) {
                double v = tensor_double(x, i);
                variance += !isnan(v) && v > lo && v < hi ? (v - mean) * (v - mean) : 0;
        }
        const double head[] = { !missing,
                                (double)all,
                                (double)k.nan,
                                (double)k.neg_inf,
                                (double)k.neg,
                                (double)k.zero,
                                (double)k.pos,
                                (double)k.pos_inf,
                                k.min,
                                k.max,
                                mean,
                                finite ? variance / (double)finite : NAN,
                                (double)tensor_dtype(x),
                                (double)shape.rank };
        memcpy(tensor_fill(y), head, sizeof head);
        for (int d = 0; d < shape.rank; d++)
                ((double *)tensor_fill(y))[COUNTOF(head) + (size_t)d] = (double)shape.dim[d];
        return debug_publish(c, y);
}

static void start_summary(OpCtx *c)
{
        ctx_done(c, numeric_summary(c));
}

/* ---- version 2 ---- */

enum { CURT = 2, CONCISE = 3, FULL = 4, SHAPE_ONLY = 5, THREE_SLOTS = 8, SHAPE_DIMS = 6 };

static Status *v2_shape(ShapeCtx *c)
{
        static const int64_t sizes[] = {
                [CURT] = 2, [CONCISE] = 5, [FULL] = 11, [SHAPE_ONLY] = 10, [THREE_SLOTS] = 3
        };
        int64_t mode = node_int(c->node, "tensor_debug_mode", -1);
        if (mode < 0 || mode >= (int64_t)COUNTOF(sizes) || !sizes[mode])
                return invalid_argument("Unrecognized tensor_debug_mode: %lld", (long long)mode);
        c->out[0] = SHAPE(sizes[mode]);
        return NULL;
}

static int put_shape(const Tensor *x, double *v)
{
        int n = 0, rank = tensor_rank(x);
        v[n++] = (double)tensor_dtype(x);
        v[n++] = rank;
        v[n++] = (double)tensor_count(x);
        for (int d = MAX(0, rank - SHAPE_DIMS), k = 0; k < SHAPE_DIMS; k++, d++)
                v[n++] = d < rank ? (double)tensor_dim(x, d) : 0;
        return n;
}

static int put_mode(const Tensor *x, int64_t mode, const Census *k, double *v)
{
        const double full[] = { -1,
                                (double)tensor_dtype(x),
                                (double)tensor_rank(x),
                                (double)tensor_count(x),
                                (double)k->neg_inf,
                                (double)k->pos_inf,
                                (double)k->nan,
                                (double)k->neg,
                                (double)k->zero,
                                (double)k->pos };
        switch (mode) {
        case CURT: v[0] = k->nan || k->neg_inf || k->pos_inf; return 1;
        case CONCISE: memcpy(v, full + 3, 4 * sizeof *v); return 4;
        case FULL: memcpy(v, full, sizeof full); return COUNTOF(full);
        default: return put_shape(x, v);
        }
}

static Status *numeric_summary_v2(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        int64_t mode = node_int(ctx_node(c), "tensor_debug_mode", -1);
        Census k = census_of(x, -INFINITY, INFINITY);
        Tensor *y = ctx_output(c, 0);
        double v[16] = { (double)node_int(ctx_node(c), "tensor_id", -1) };
        if (mode == THREE_SLOTS) {
                v[0] = k.neg_inf ? -INFINITY : 0;
                v[1] = k.pos_inf ? INFINITY : 0;
                v[2] = k.nan ? NAN : 0;
        } else {
                put_mode(x, mode, &k, v + 1);
        }
        for (int64_t i = 0; i < tensor_count(y); i++)
                if (tensor_dtype(y) == DT_FLOAT)
                        ((float *)tensor_fill(y))[i] = (float)v[i];
                else
                        ((double *)tensor_fill(y))[i] = v[i];
        return NULL;
}

#define NUMBERS                                                                           \
        "T:type in [float,double,int32,uint8,int16,int8,int64,bool,bfloat16,uint16,half," \
        "uint32,uint64]"

OP(DebugNanCount, .inputs = "input:T", .outputs = "output:int64",
   .attrs = "T:type; device_name:string = \"\"; tensor_name:string = \"\"; "
            "debug_urls:list(string) = []; gated_grpc:bool = false",
   .kernels = NUMBERS, .flags = "uninit_ok", .shape = nan_shape, .start = nan_count);
OP(DebugNumericSummary, .inputs = "input:T", .outputs = "output:double",
   .attrs = "T:type; device_name:string = \"\"; tensor_name:string = \"\"; "
            "debug_urls:list(string) = []; lower_bound:float = -inf; upper_bound:float = inf; "
            "mute_if_healthy:bool = false; gated_grpc:bool = false",
   .kernels = NUMBERS, .flags = "uninit_ok", .shape = shape_unknown, .start = start_summary,
   .late_shape = true);
OP(DebugNumericSummaryV2, .inputs = "input:T", .outputs = "output:output_dtype",
   .attrs = "output_dtype:type in [float,double] = float; T:type; tensor_debug_mode:int = -1; "
            "tensor_id:int = -1",
   .kernels = NUMBERS, .shape = v2_shape, .compute = numeric_summary_v2);
