// SPDX-License-Identifier: Apache-2.0
/* GetOptions: the tf.data options of a pipeline: those of its inputs, then its own over them, as
 * one serialized message. Serialized messages behind one another are one, in which what comes later
 * counts: so they are merged. */
#include "engine/base/buf.h"
#include "engine/kernels/data/dataset.h"

enum { VISITS_MAX = 1 << 16, OPTIONS_MAX = 1 << 20 };

/* A dataset on the way down, and its input that is next. */
typedef struct Visit {
        const Dataset *d;
        int next;
} Visit;

static Visit *top(const Buf *stack)
{
        return (Visit *)(void *)(stack->data + stack->len) - 1;
}

static Status *push(Buf *stack, const Dataset *d)
{
        buf_append(stack, &(Visit){ .d = d }, sizeof(Visit));
        return buf_status(stack);
}

static void put_own(const Dataset *d, Buf *ret)
{
        if (strcmp(d->kind->name, "Options") != 0 || !d->values)
                return;
        const TString *s = tensor_strings(d->values->t[0]);
        buf_append(ret, s->data, s->len);
}

/* Inputs before those that are made of them. One that is used twice is visited twice, hence the
 * bound: pipelines of zips could double each time. */
static Status *collect(const Dataset *d, Buf *ret)
{
        autobuf stack = BUF(VISITS_MAX * sizeof(Visit));
        int visits = 0;
        TRY(push(&stack, d));
        while (stack.len) {
                Visit *v = top(&stack);
                if (++visits > VISITS_MAX)
                        return resource_exhausted("The pipeline has more than %d datasets",
                                                  VISITS_MAX);
                if (v->next < v->d->n_inputs) {
                        TRY(push(&stack, v->d->input[v->next++]));
                        continue;
                }
                put_own(v->d, ret);
                stack.len -= sizeof(Visit);
        }
        return buf_status(ret);
}

static Status *get_options(OpCtx *c)
{
        Dataset *d = NULL;
        autobuf options = BUF(OPTIONS_MAX);
        TRY(dataset_at(c, 0, &d));
        TRY(collect(d, &options));
        return tensor_set_string(ctx_output(c, 0), 0, options.data, options.len);
}

OP(GetOptions, .inputs = "input_dataset:variant", .outputs = "serialized_options:string",
   .shape = shape_scalars, .compute = get_options);
