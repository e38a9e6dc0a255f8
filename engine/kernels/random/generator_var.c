// SPDX-License-Identifier: Apache-2.0
/* Moves generators in variables on, under the variable's lock. */
#include "engine/kernels/random/generator_var.h"

#include "engine/kernels/random/fill.h"
#include "engine/kernels/state/var.h"

void generator_var_put(const Philox *gen, int64_t ret[RNG_STATE])
{
        ret[0] = (int64_t)(gen->counter[0] | (uint64_t)gen->counter[1] << 32);
        ret[1] = (int64_t)(gen->counter[2] | (uint64_t)gen->counter[3] << 32);
        ret[2] = (int64_t)(gen->key[0] | (uint64_t)gen->key[1] << 32);
}

static Philox generator_of(const int64_t *state)
{
        Philox p = philox_seeded((uint64_t)state[2], (uint64_t)state[1]);
        p.counter[0] = (uint32_t)(uint64_t)state[0];
        p.counter[1] = (uint32_t)((uint64_t)state[0] >> 32);
        return p;
}

typedef struct Taking {
        bool tagged;
        const char *the; /* TensorFlow's kernels do not agree on the article */
        uint64_t n;
        Philox gen;
} Taking;

/* tagged: the state has the algorithm's number in front. All of it is checked, since any op may
 * have written the variable. */
static Status *take(void *arg, Tensor *state)
{
        Taking *t = arg;
        int64_t *v = tensor_fill(state);
        if (tensor_rank(state) != 1)
                return invalid_argument("RNG state must have one and only one dimension, not %d",
                                        tensor_rank(state));
        if (t->tagged && tensor_count(state) < 1)
                return invalid_argument("Size of tensor must be at least 1");
        if (t->tagged && v[0] != RNG_PHILOX)
                return invalid_argument("Unsupported algorithm id: %lld", (long long)v[0]);
        if (tensor_count(state) < RNG_STATE + t->tagged)
                return invalid_argument("For %sPhilox algorithm, the size of state must be at "
                                        "least %d; got %lld",
                                        t->the, RNG_STATE + t->tagged,
                                        (long long)tensor_count(state));
        v += t->tagged;
        Philox gen = t->gen = generator_of(v);
        philox_skip(&gen, t->n * RANDOM_RESERVED);
        generator_var_put(&gen, v);
        return NULL;
}

/* The variable moves on under its lock, so that two ops at a time never draw the same numbers. */
Status *generator_var_take(OpCtx *c, bool tagged, uint64_t n, Philox *ret)
{
        bool binomial = !strcmp(ctx_node(c)->def->op, "StatefulRandomBinomial");
        Taking t = { .tagged = tagged, .the = binomial ? "" : "the ", .n = n };
        Variable *v;
        TRY(var_of(c, 0, &v));
        if (v->dtype != DT_INT64)
                return invalid_argument("dtype of RNG state variable must be int64, not %s",
                                        dtype_name(v->dtype));
        TRY(var_update(c, 0, DT_INT64, take, &t));
        *ret = t.gen;
        return NULL;
}
