// SPDX-License-Identifier: Apache-2.0
/* Distributions by rejection (gamma, Poisson): each value has a region of blocks of its own, takes
 * numbers from groups last one first, as TensorFlow does, and gives up after so many tries. */
#pragma once
#include "engine/kernels/random/fill.h"

/* No honest parameter comes near: the worst accepts three of four tries. */
enum { REJECTION_TRIES = 10000 };

/* Numbers of one kind. TensorFlow computes in double here, whatever the ops' types. */
typedef struct Draws {
        RandomKind kind;
        int left;
        double d[2];
} Draws;

static inline double draw(Draws *s, Philox *gen)
{
        if (!s->left) {
                random_group(s->kind, DT_DOUBLE, gen, s->d);
                s->left = 2;
        }
        return s->d[--s->left];
}

/* A sample for a parameter, from the numbers of a generator of its own, that fits into type out if
 * any does. */
typedef double (*RejectionFn)(double parameter, Philox gen, DType out);

/* Output 0 becomes samples of input 1's parameters, from the node's own generator, behind one
 * another: all samples of the first parameter first. */
Status *rejection_own(OpCtx *c, RejectionFn sample) MUST_USE;
/* The same of input 2's parameters and the seeds of input 1. */
Status *rejection_stateless(OpCtx *c, RejectionFn sample) MUST_USE;
/* Shape function: the shape that input 0 holds, then that of input 1. */
Status *rejection_shape(ShapeCtx *c) MUST_USE;
/* Shape function: the shape that input 0 holds, which ends with input 2's; input 1 is two seeds. */
Status *rejection_stateless_shape(ShapeCtx *c) MUST_USE;
/* Sets element i: integers are cut off and kept within their range. */
void rejection_put(Tensor *t, int64_t i, double v);
