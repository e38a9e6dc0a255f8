// SPDX-License-Identifier: Apache-2.0
/* Sequence examples: a context, which is an Example of its own, and lists of features, one feature
 * a row. */
#pragma once
#include "engine/kernels/parsing/example.h"

/* The rows of a list. */
typedef struct FeatureList {
        Feature *feature;
        int64_t n_feature;
} FeatureList;

/* One list. Dense ones have the shape of a row. */
typedef struct ListWant {
        Want key;            /* fallback is not used */
        bool may_be_missing; /* then it counts as empty */
} ListWant;

/* The op's outputs: those of the context, then indices, values and shapes of sparse lists, dense
 * ones, their lengths if asked for, and values, outer and inner splits of ragged ones. */
typedef struct SequenceOp {
        ExampleOp context; /* serialized, names, batch and batched are the lists', too */
        int n_sparse, n_dense, n_ragged;
        bool lengths;        /* there are outputs for the dense ones' lengths */
        ListWant *want;      /* n_sparse, then n_dense, then n_ragged */
        Keys keys;           /* of the lists */
        Arena *arena;        /* where rows live */
        FeatureList **found; /* [batch][want]; NULL where the example has none */
} SequenceOp;

/* Reads all and makes all outputs. INVALID_ARGUMENT in TensorFlow's words. */
Status *sequence_run(OpCtx *c, SequenceOp *s) MUST_USE;
/* Makes the lists' outputs from what was found. */
Status *sequence_put(OpCtx *c, const SequenceOp *s) MUST_USE;
