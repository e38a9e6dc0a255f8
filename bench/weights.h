// SPDX-License-Identifier: Apache-2.0
/* Constants of a graph that get numbers by a program instead of by its text. */
#pragma once
#include "engine/graph/source.h"

/* A constant of floats, whose text gave one number. */
typedef struct Weights {
        Shape shape;
        int64_t n;
        float given; /* that number */
        float *v; /* n numbers to be filled, the constant's from now on; NULL: it is no such node */
} Weights;

/* Finds and replaces the numbers of node i of src's graph. */
Status *weights_of(GraphSource *src, size_t i, Weights *ret) MUST_USE;
