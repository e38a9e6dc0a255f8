// SPDX-License-Identifier: Apache-2.0
/* Functions of a graph's library: instantiated once per set of attributes, compiled, called as
 * steps within the step. */
#pragma once
#include "engine/exec/plan.h"

/* The functions that have been made ready for one graph. Thread-safe. */
typedef struct FunctionCache FunctionCache;

Status *function_cache_new(FunctionCache **ret) MUST_USE;
void function_cache_free(FunctionCache *c); /* functions in use by plans live on */

/* What a compilation may call. Passed down as functions call functions. */
typedef struct FunctionScope {
        FunctionCache *cache;
        const Graph *library;
        int depth; /* how many functions deep; bounded, so that recursion ends */
        OptimizerOptions optimizer;
        PlanPlace place; /* of bodies; NULL: they run where their callers do */
        void *place_arg;
        uint64_t place_key;      /* tells rules of placing apart */
        const FunctionUse *used; /* by the compilation under way; in its plan's memory */
} FunctionScope;

/* A function, to be looked at. */
typedef struct FunctionView {
        const Graph *graph; /* the body */
        const Plan *plan;
        const TensorId *feeds, *fetches; /* arguments and results */
} FunctionView;
FunctionView function_view(const Function *f);

/* Prepares a node whose op is a function of the library: its state is the Function. */
Status *function_prepare_node(PrepareCtx *p) MUST_USE;
/* What such a node runs. */
extern const OpDef function_call_op;
