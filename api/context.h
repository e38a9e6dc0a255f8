// SPDX-License-Identifier: Apache-2.0
/* Context: what all handlers share. Made by the server, lives as long as it. */
#pragma once
#include "api/contexts.h"
#include "api/graph_cache.h"
#include "api/json_tensor.h"
#include "api/limits.h"
#include "api/metrics.h"
#include "api/session_table.h"
#include "engine/engine.h"
#include "storage/store.h"

typedef struct Context {
        Engine *engine;
        Store *store;
        SessionTable *sessions;
        Contexts *contexts;
        GraphCache *graphs;
        Metrics *metrics;
        const char *version;
        atomic_size_t max_body;
        int64_t started_us;  /* wall clock */
        uint32_t id_seed[2]; /* of request ids */
        atomic_bool draining;
        atomic_llong inflight; /* requests between head and answer */
} Context;

/* Long texts of tensors are read and written by the engine's threads, too. */
static inline JsonHelp context_help(const Context *c)
{
        return (JsonHelp){ .run = c->engine ? engine_share : NULL, .with = c->engine };
}

static inline TensorLimits context_limits(const Context *c)
{
        return (TensorLimits){ .max_bytes = LIMIT_TENSOR, .help = context_help(c) };
}
