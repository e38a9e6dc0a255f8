// SPDX-License-Identifier: Apache-2.0
/* NegTrain: word2vec by negative sampling. For each pair of words the first one's vector learns to
 * predict the second, and not to predict words that are drawn by their counts to the power 3/4. */
#include "engine/base/arena.h"
#include "engine/kernels/random/alias.h"
#include "engine/kernels/random/philox.h"
#include "engine/kernels/state/var.h"
#include "engine/state/variable.h"

#include <math.h>

/* Numbers of the generator that TensorFlow sets aside for a negative sample. */
enum { NUMBERS_PER_SAMPLE = 8, POLL_EVERY = 1 << 10 };

typedef struct Job {
        OpCtx *c;
        const Alias *words;
        int64_t samples;
        Variable *variable[2]; /* in, out */
        Tensor *value[2];
        int locked; /* of the variables by address */
} Job;

static Status *prepare(PrepareCtx *p)
{
        const int64_t *count;
        Alias *words = NULL;
        int n;
        TRY(node_attr_ints(p->node, "vocab_count", &count, &n));
        if (n < 1)
                return invalid_argument("vocab_count is empty");
        autofree float *weight = mem_calloc((size_t)n, sizeof *weight);
        if (!weight)
                return status_oom();
        float total = 0;
        for (int i = 0; i < n; i++)
                total += weight[i] = powf((float)MAX(count[i], 0), 0.75f);
        if (!(total > 0 && isfinite(total)))
                return invalid_argument("vocab_count has no positive count");
        TRY(alias_new(weight, n, &words));
        TRY(arena_on_free(p->arena, mem_free, words));
        p->state = words;
        return NULL;
}

static Status *neg_train_shape(ShapeCtx *c)
{
        static const int ranks[] = { 2, 2, 1, 1, 0 };
        static const char *const texts[] = { "Must be a matrix", "w_in.shape == w_out.shape",
                                             "Must be a vector", "examples.shape == labels.shape",
                                             "Must be a scalar" };
        for (int i = 0; i < c->n_in; i++) {
                const Shape *s = shape_in(c, i);
                if (s->rank >= 0 && s->rank != ranks[i])
                        return invalid_argument("%s", texts[i]);
        }
        if (!shape_compatible(shape_in(c, 2), shape_in(c, 3)))
                return invalid_argument("%s", texts[3]);
        return NULL;
}

static Status *check(const Job *j)
{
        const Tensor *in = j->value[0], *examples = ctx_input(j->c, 2);
        if (tensor_rank(in) != 2)
                return invalid_argument("Must be a matrix");
        if (!shape_equal(tensor_shape(in), tensor_shape(j->value[1])))
                return invalid_argument("w_in.shape == w_out.shape");
        if (tensor_dim(in, 0) != j->words->n)
                return invalid_argument("vocab_size mismatches: %lld vs. %u",
                                        (long long)tensor_dim(in, 0), j->words->n);
        for (int k = 2; k < 4; k++)
                for (int64_t i = 0; i < tensor_count(examples); i++) {
                        int64_t word = tensor_int(ctx_input(j->c, k), i);
                        if (word < 0 || word >= j->words->n)
                                return invalid_argument("Word %lld is not in [0, %u)",
                                                        (long long)word, j->words->n);
                }
        return NULL;
}

/* One step along the gradient for one word to be predicted (or not): the word's vector moves, what
 * the other one is to move by adds up. */
static void learn(const float *in, float *out, float *sum, int64_t n, bool predict, float rate)
{
        float dot = 0;
        for (int64_t i = 0; i < n; i++)
                dot += in[i] * out[i];
        float g = rate * (predict ? 1 / (expf(dot) + 1) : -1 / (expf(-dot) + 1));
        for (int64_t i = 0; i < n; i++) {
                sum[i] += out[i] * g;
                out[i] += in[i] * g;
        }
}

static Status *train(Job *j)
{
        const Tensor *examples = ctx_input(j->c, 2), *labels = ctx_input(j->c, 3);
        float rate = (float)tensor_double(ctx_input(j->c, 4), 0);
        TRY(check(j));
        int64_t n = tensor_dim(j->value[0], 1), batch = tensor_count(examples);
        float *sum = ctx_scratch(j->c, (size_t)(n + 1) * sizeof *sum);
        float *in = tensor_fill(j->value[0]), *out = tensor_fill(j->value[1]);
        Philox gen;
        if (!sum)
                return status_oom();
        TRY(philox_reserve(j->c, ((uint64_t)(batch * j->samples) * NUMBERS_PER_SAMPLE + 3) / 4,
                           &gen));
        PhiloxSingle s = philox_single(gen);
        for (int64_t i = 0; i < batch; i++) {
                float *word = in + tensor_int(examples, i) * n;
                int64_t label = tensor_int(labels, i);
                if (i % POLL_EVERY == 0 && ctx_cancelled(j->c))
                        return cancelled("Step was cancelled");
                memset(sum, 0, (size_t)n * sizeof *sum);
                learn(word, out + label * n, sum, n, true, rate);
                for (int64_t k = 0; k < j->samples; k++) {
                        int32_t other = alias_draw(j->words, &s);
                        if (other != label)
                                learn(word, out + other * n, sum, n, false, rate);
                }
                for (int64_t k = 0; k < n; k++)
                        word[k] += sum[k];
        }
        return NULL;
}

/* Locks the variables one inside the other, by their addresses, so that two ops never wait for each
 * other; one variable may be both. */
static Status *lock_next(void *arg, Tensor *value)
{
        Job *j = arg;
        bool swapped = (uintptr_t)j->variable[0] > (uintptr_t)j->variable[1];
        int at = j->locked++ ^ (int)swapped;
        j->value[at] = value;
        if (j->variable[0] == j->variable[1])
                j->value[0] = j->value[1] = value;
        else if (j->locked < 2)
                return variable_update(j->variable[!at], lock_next, j);
        return train(j);
}

static Status *neg_train(OpCtx *c)
{
        Job j = { .c = c,
                  .words = ctx_state(c),
                  .samples = node_int(ctx_node(c), "num_negative_samples", 0) };
        if (j.samples < 0 || j.samples > INT32_MAX)
                return invalid_argument("num_negative_samples is %lld", (long long)j.samples);
        for (int i = 0; i < 2; i++) {
                TRY(var_of(c, i, &j.variable[i]));
                if (!variable_initialized(j.variable[i]))
                        return failed_precondition("Attempting to use uninitialized value %s",
                                                   ctx_node(c)->def->input[i]);
        }
        bool swapped = (uintptr_t)j.variable[0] > (uintptr_t)j.variable[1];
        return variable_update(j.variable[swapped], lock_next, &j);
}

OP(NegTrain, .inputs = "w_in:ref(float); w_out:ref(float); examples:int32; labels:int32; lr:float",
   .attrs = "vocab_count:list(int); num_negative_samples:int", .flags = "stateful,deprecated@19",
   .shape = neg_train_shape, .prepare = prepare, .compute = neg_train, .late_shape = true);
