// SPDX-License-Identifier: Apache-2.0
/* FakeQuantWithMinMax...: what is left of floats after quantizing them to num_bits and back; range
 * from attributes, from scalars or per channel; and the gradients, which pass inside the range
 * only. */
#include "engine/ops/op.h"

#include <math.h>

/* The grid that values are rounded to: [min, max] nudged so that zero is on it. */
typedef struct QuantGrid {
        float min, max, scale;
} QuantGrid;

/* narrow_range leaves out the lowest step, for ranges that are to be symmetric. */
static Status *quant_grid_bits(const Node *n, float *ret_low, float *ret_high)
{
        int64_t bits = node_int(n, "num_bits", 8);
        if (bits < 2 || bits > 16)
                return invalid_argument("num_bits must be between 2 and 16, inclusive");
        *ret_low = node_bool(n, "narrow_range", false);
        *ret_high = (float)((1 << bits) - 1);
        return NULL;
}

/* low and high are the integers at the ends; an empty range gives a grid of zeros. */
static QuantGrid quant_grid(float min, float max, float low, float high)
{
        if (min == 0 && max == 0)
                return (QuantGrid){ 0, 0, 0 };
        float scale = (max - min) / (high - low), zero = low - min / scale;
        zero = zero < low ? low : zero > high ? high : roundf(zero);
        return (QuantGrid){ (low - zero) * scale, (high - zero) * scale, scale };
}

static float quant_grid_round(const QuantGrid *g, float x)
{
        if (g->scale == 0)
                return 0;
        float in = x > g->max ? g->max : x; /* of crossed ends the lower one wins */
        in = in < g->min ? g->min : in;
        return floorf((in - g->min) / g->scale + 0.5f) * g->scale + g->min;
}

/* ---- the grids of a node: one, or one per channel ---- */

/* Where a kernel finds its inputs; min < 0: in the attributes. */
typedef struct Where {
        int gradients, x, min;
} Where;

static Where where_is(const OpCtx *c)
{
        bool grad = strstr(c->node->def->op, "Gradient") != NULL;
        bool args = strstr(c->node->def->op, "Args") != NULL;
        return (Where){ grad ? 0 : -1, grad, args ? -1 : grad + 1 };
}

static Status *attr_grid(const Node *n, float low, float high, QuantGrid *ret)
{
        float min = node_float(n, "min", -6), max = node_float(n, "max", 6);
        if (!(min < max))
                return invalid_argument("min has to be smaller than max, was: %g >= %g",
                                        (double)min, (double)max);
        *ret = quant_grid(min, max, low, high);
        return NULL;
}

/* *ret_n grids; element i goes by grid i % *ret_n. */
static Status *read_grids(OpCtx *c, QuantGrid **ret, int64_t *ret_n)
{
        Where w = where_is(c);
        float low, high;
        TRY(quant_grid_bits(ctx_node(c), &low, &high));
        int64_t n = w.min < 0 ? 1 : tensor_count(ctx_input(c, w.min));
        QuantGrid *g = ctx_scratch(c, ((size_t)n + 1) * sizeof *g);
        if (!g)
                return status_oom();
        if (w.min < 0)
                TRY(attr_grid(ctx_node(c), low, high, g));
        for (int64_t i = 0; w.min >= 0 && i < n; i++)
                g[i] = quant_grid(((const float *)tensor_data(ctx_input(c, w.min)))[i],
                                  ((const float *)tensor_data(ctx_input(c, w.min + 1)))[i], low,
                                  high);
        *ret = g;
        *ret_n = n;
        return NULL;
}

/* ---- shapes ---- */

static Status *check_range(const ShapeCtx *c, int x, int min)
{
        const Shape *s = shape_in(c, x);
        bool channels = strstr(c->node->def->op, "PerChannel") != NULL;
        for (int i = min; i <= min + 1; i++) {
                if (shape_in(c, i)->rank >= 0 && shape_in(c, i)->rank != channels)
                        return invalid_argument("`%s` must be rank %d but is rank %d",
                                                i == min ? "min" : "max", channels,
                                                shape_in(c, i)->rank);
                if (channels && s->rank > 0 && shape_in(c, i)->rank == 1 &&
                    shape_in(c, i)->dim[0] >= 0 && s->dim[s->rank - 1] >= 0 &&
                    shape_in(c, i)->dim[0] != s->dim[s->rank - 1])
                        return invalid_argument("%s has incorrect size, expected %lld was %lld",
                                                i == min ? "min" : "max",
                                                (long long)s->dim[s->rank - 1],
                                                (long long)shape_in(c, i)->dim[0]);
        }
        if (channels)
                return shape_want_rank_at_least(c, x, 1);
        return NULL;
}

static Status *fake_quant_shape(ShapeCtx *c)
{
        if (c->n_in > 1)
                TRY(check_range(c, 0, 1));
        return shape_unchanged(c);
}

static Status *fake_quant_gradient_shape(ShapeCtx *c)
{
        if (!shape_compatible(shape_in(c, 0), shape_in(c, 1)) && c->n_in == 2)
                return invalid_argument("Inputs to operation %s of type %s must have the same size "
                                        "and shape.  Input 0: %s != input 1: %s",
                                        c->node->name, c->node->def->op,
                                        shape_text(shape_in(c, 0)).s, shape_text(shape_in(c, 1)).s);
        if (!shape_compatible(shape_in(c, 0), shape_in(c, 1)))
                return invalid_argument("gradient and input must be the same size");
        if (c->n_in > 2) {
                TRY(check_range(c, 1, 2));
                c->out[1] = *shape_in(c, 2);
                c->out[2] = *shape_in(c, 3);
        }
        return shape_unchanged(c);
}

/* ---- compute ---- */

/* With channels, the range goes by the last dimension. */
static Status *fake_quant(OpCtx *c)
{
        const float *x = tensor_data(ctx_input(c, 0));
        float *y = tensor_fill(ctx_output(c, 0));
        QuantGrid *g;
        int64_t n;
        TRY(read_grids(c, &g, &n));
        for (int64_t i = 0; i < tensor_count(ctx_input(c, 0)); i++)
                y[i] = quant_grid_round(&g[n == 1 ? 0 : i % n], x[i]);
        return NULL;
}

/* Gradients of values beyond an end go to that end. */
static Status *fake_quant_gradient(OpCtx *c)
{
        const float *dy = tensor_data(ctx_input(c, 0)), *x = tensor_data(ctx_input(c, 1));
        float *dx = tensor_fill(ctx_output(c, 0));
        bool ends = ctx_outputs(c) > 1;
        float *dmin = ends ? tensor_fill(ctx_output(c, 1)) : NULL;
        float *dmax = ends ? tensor_fill(ctx_output(c, 2)) : NULL;
        QuantGrid *g;
        int64_t n;
        TRY(read_grids(c, &g, &n));
        for (int64_t k = 0; ends && k < n; k++)
                dmin[k] = dmax[k] = 0;
        for (int64_t i = 0; i < tensor_count(ctx_input(c, 1)); i++) {
                int64_t k = n == 1 ? 0 : i % n;
                bool below = x[i]<g[k].min, above = x[i]> g[k].max, nan = isnan(x[i]);
                if (g[k].scale == 0)
                        below = above = nan = false;
                dx[i] = below || above || nan ? 0 : dy[i];
                if (ends && below)
                        dmin[k] += dy[i];
                if (ends && above)
                        dmax[k] += dy[i];
        }
        return NULL;
}

OP(FakeQuantWithMinMaxArgs, .inputs = "inputs:float", .outputs = "outputs:float",
   .attrs = "min:float = -6.0; max:float = 6.0; num_bits:int = 8; narrow_range:bool = false",
   .shape = fake_quant_shape, .compute = fake_quant);
OP(FakeQuantWithMinMaxArgsGradient, .inputs = "gradients:float; inputs:float",
   .outputs = "backprops:float",
   .attrs = "min:float = -6.0; max:float = 6.0; num_bits:int = 8; narrow_range:bool = false",
   .shape = fake_quant_gradient_shape, .compute = fake_quant_gradient);
OP(FakeQuantWithMinMaxVars, .inputs = "inputs:float; min:float; max:float",
   .outputs = "outputs:float", .attrs = "num_bits:int = 8; narrow_range:bool = false",
   .shape = fake_quant_shape, .compute = fake_quant);
OP(FakeQuantWithMinMaxVarsGradient, .inputs = "gradients:float; inputs:float; min:float; max:float",
   .outputs = "backprops_wrt_input:float; backprop_wrt_min:float; backprop_wrt_max:float",
   .attrs = "num_bits:int = 8; narrow_range:bool = false", .shape = fake_quant_gradient_shape,
   .compute = fake_quant_gradient);
OP(FakeQuantWithMinMaxVarsPerChannel, .inputs = "inputs:float; min:float; max:float",
   .outputs = "outputs:float", .attrs = "num_bits:int = 8; narrow_range:bool = false",
   .shape = fake_quant_shape, .compute = fake_quant);
OP(FakeQuantWithMinMaxVarsPerChannelGradient,
   .inputs = "gradients:float; inputs:float; min:float; max:float",
   .outputs = "backprops_wrt_input:float; backprop_wrt_min:float; backprop_wrt_max:float",
   .attrs = "num_bits:int = 8; narrow_range:bool = false", .shape = fake_quant_gradient_shape,
   .compute = fake_quant_gradient);
