// SPDX-License-Identifier: Apache-2.0
/* RandomShuffle: permutes the rows (Fisher and Yates, from the front, as TensorFlow does it). */
#include "engine/kernels/random/philox.h"

/* The remainder of 32 bits, with its slight bias, is TensorFlow's; so the same seed gives the same
 * order. */
static Status *random_shuffle(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        int64_t rows = tensor_rank(x) ? tensor_dim(x, 0) : 1;
        if (rows <= 1 || tensor_count(x) <= 1)
                return tensor_copy_elements(y, 0, x, 0, tensor_count(x));
        if (rows > UINT32_MAX)
                return invalid_argument("RandomShuffle of %lld rows: more than 32 bits",
                                        (long long)rows);
        enum { LOOK_EVERY = 1 << 16 };
        int64_t *order = ctx_scratch(c, (size_t)rows * sizeof *order), per = tensor_count(x) / rows;
        Philox gen;
        if (!order)
                return status_oom();
        TRY(philox_reserve(c, (uint64_t)(rows - 1 + 3) / 4, &gen));
        PhiloxSingle s = philox_single(gen);
        for (int64_t i = 0; i < rows; i++)
                order[i] = i;
        for (int64_t i = 0; i < rows - 1; i++) {
                if (i % LOOK_EVERY == 0 && ctx_cut(c))
                        return NULL;
                int64_t j = i + philox_take(&s) % (uint32_t)(rows - i), t = order[i];
                order[i] = order[j];
                order[j] = t;
        }
        for (int64_t i = 0; i < rows; i++) {
                if (i % LOOK_EVERY == 0 && ctx_cut(c))
                        return NULL;
                TRY(tensor_copy_elements(y, i * per, x, order[i] * per, per));
        }
        return NULL;
}

OP(RandomShuffle, .inputs = "value:T", .outputs = "output:T",
   .attrs = "seed:int = 0; seed2:int = 0; T:type", .kernels = "T:type in [" VALUE_TYPES "]",
   .flags = "stateful", .shape = shape_unchanged, .compute = random_shuffle);
