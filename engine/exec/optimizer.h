// SPDX-License-Identifier: Apache-2.0
/* OptimizerOptions: which optimizations a plan may use. The one place that decides; whoever adds a
 * pass adds a member here and asks it in plan_compile().
 *
 * By TensorFlow's rules: graph_options.optimizer_options switches folding and merging (level L1
 * brings all, L0 only what is asked for by name), rewrite_options the grappler passes. Level L0
 * switches those off too: it is how one asks for the graph as it was written. TensorFlow folds and
 * merges in both places; here each is one pass, which either place may switch off. */
#pragma once
#include "engine/base/status.h"
#include "tensorflow/core/protobuf/config.pb-c.h"
#include <stdbool.h>
#include <stdint.h>

enum { MAX_FOLDED_BYTES_DEFAULT = 10 << 20 };

/* Part of a plan's key, by its bytes: holds numbers only, and no padding that is not zero. */
typedef struct OptimizerOptions {
        bool fold;           /* compute what never changes once, when compiling */
        bool merge_common;   /* nodes that compute the same become one */
        bool fuse;           /* one kernel for several nodes (grappler's remapper) */
        bool loops;          /* what is the same in each iteration is at hand there */
        bool strip;          /* asserts and the like are taken out (grappler's debug stripper) */
        bool pack;           /* constants are kept in other layouts, too (its layout optimizer) */
        bool bfloat16;       /* products may round constant weights (grappler's mixed precision) */
        uint8_t reserved[1]; /* 0 */
        int64_t min_nodes;   /* graphs of fewer nodes are left to themselves by grappler */
        int64_t max_folded_bytes; /* folded outputs larger than this are computed in the step */
} OptimizerOptions;

/* What a ConfigProto asks for; NULL is the default: everything. */
OptimizerOptions optimizer_options(const Tensorflow__GraphOptions *g);
/* What of it holds for a graph of so many nodes. */
OptimizerOptions optimizer_for_graph(OptimizerOptions o, int n_nodes);
/* Nothing optimized. */
OptimizerOptions optimizer_none(void);
/* INVALID_ARGUMENT for a setting of rewrite_options that is none of its values. */
Status *optimizer_check(const Tensorflow__GraphOptions *g) MUST_USE;
