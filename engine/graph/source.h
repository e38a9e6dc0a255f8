// SPDX-License-Identifier: Apache-2.0
/* GraphSource: a graph as a client sent it, parsed but not yet checked: the bridge from bytes to
 * graph_extend(). */
#pragma once
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/graph/node.h"
#include "tensorflow/core/protobuf/meta_graph.pb-c.h"

typedef struct GraphSource {
        Arena *arena;                   /* holds the messages; NULL once taken over */
        GraphDef *graph_def;            /* never NULL while arena is there */
        Tensorflow__MetaGraphDef *meta; /* what the GraphDef came in, or NULL */
        const char *format; /* "graph_def", "graph_def_text", "graph_def_json", "meta_graph_def",
                               "meta_graph_def_text", "saved_model", "saved_model_text" */
} GraphSource;

typedef struct GraphLimits {
        size_t max_bytes; /* of the input; 0: 1 GiB */
        size_t memory;    /* arena budget; 0: some fifty times the input, with an end */
        int max_nodes;    /* 0: 4,000,000 */
        /* Which MetaGraph of a SavedModel: the one with exactly these tags (NULL-terminated). NULL:
         * the only one, or else the one tagged "serve", or else the one without tags. */
        const char *const *tags;
} GraphLimits;

/* Parses hostile bytes. format NULL: told by sniffing: binary GraphDef, MetaGraphDef or SavedModel,
 * the same in protobuf text, GraphDef in proto3 JSON. INVALID_ARGUMENT with place and reason,
 * NOT_FOUND for tags. limits may be NULL. */
Status *graph_source_parse(const void *bytes, size_t n, const char *format,
                           const GraphLimits *limits, GraphSource **ret) MUST_USE;
/* The same of a buffer that the source may take over, which is then empty: large constants stay in
 * it. Also after an error its bytes may be good for nothing. */
Status *graph_source_take(Buf *bytes, const char *format, const GraphLimits *limits,
                          GraphSource **ret) MUST_USE;
/* A source around a GraphDef that lives in the arena; takes the arena over. */
Status *graph_source_wrap(Arena *arena, GraphDef *def, GraphSource **ret) MUST_USE;
void graph_source_free(GraphSource *s);
AUTOPTR_DEFINE(GraphSource, graph_source_free)
