// SPDX-License-Identifier: Apache-2.0
/* KMC2ChainInitialization: a Markov chain over candidates chooses the next center of k-means
 * (Bachem et al. 2016). */
#include "engine/kernels/random/simple.h"
#include "engine/ops/op.h"

static Status *chain_shape(ShapeCtx *c)
{
        TRY(shape_want_rank_as(c, 0, 1, "Input distances should be a vector."));
        TRY(shape_want_rank_as(c, 1, 0, "Input seed should be a scalar."));
        if (shape_in(c, 0)->rank == 1 && shape_in(c, 0)->dim[0] == 0)
                return invalid_argument("Expected distances_tensor.size() > 0.");
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

static Status *chain(OpCtx *c)
{
        const float *d = tensor_data(ctx_input(c, 0));
        int64_t chosen = 0;
        PhiloxSingle random =
                philox_single(philox_seeded((uint64_t)tensor_int(ctx_input(c, 1), 0), 0));
        for (int64_t i = 1; i < tensor_count(ctx_input(c, 0)); i++)
                if (simple_float(&random) * d[chosen] < d[i])
                        chosen = i;
        *(int64_t *)tensor_fill(ctx_output(c, 0)) = chosen;
        return NULL;
}

OP(KMC2ChainInitialization, .inputs = "distances:float; seed:int64", .outputs = "index:int64",
   .shape = chain_shape, .compute = chain);
