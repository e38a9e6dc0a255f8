// SPDX-License-Identifier: Apache-2.0
/* Model: whatever a client calls a model - a GraphDef, a SavedModel, a MetaGraph with its
 * checkpoint, a TensorFlow.js GraphModel - understood: a graph, its signatures, its files, and what
 * has to be run before a session of it is ready.
 *
 * Counted and immutable; one model serves many sessions. */
#pragma once
#include "engine/session/queue_runner.h"
#include "engine/session/sessions.h"
#include "tensorflow/core/protobuf/meta_graph.pb-c.h"

typedef struct Model Model;
typedef Tensorflow__MetaGraphDef MetaGraphDef;

/* What to make a model from: bytes, or a folder below the engine's roots. */
typedef struct ModelSource {
        const void *bytes; /* any format of graph_source_parse(), a .tar, .tar.gz or .zip of a
                              model, a model.json */
        size_t n;
        Buf *take; /* where the bytes lie, if the model may keep them, which empties it (see
                      graph_source_take()); NULL: it may not */
        const char *format; /* of the bytes; NULL: told by looking */
        const char *path;   /* or: a folder or file; bytes is NULL then */
        /* Which MetaGraph of a SavedModel, NULL-terminated; NULL as in GraphLimits. */
        const char *const *tags;
} ModelSource;

/* Reads and checks; everything is borrowed for the call. Errors as in TensorFlow's loader. */
Status *model_load(Engine *e, const ModelSource *src, Model **ret) MUST_USE;
/* The same, but a graph that only lacks an op (NOT_FOUND "Op type not registered ...") gives a
 * model without a graph, and *ret_problem says which. */
Status *model_inspect(Engine *e, const ModelSource *src, Model **ret,
                      Status **ret_problem) MUST_USE;
Model *model_ref(Model *m);
void model_unref(Model *m);
AUTOPTR_DEFINE(Model, model_unref)

Graph *model_graph(const Model *m);             /* borrowed; NULL after a problem */
const MetaGraphDef *model_meta(const Model *m); /* with signatures and tags; NULL for a GraphDef */
const char *model_format(const Model *m);       /* "graph_def", ..., "saved_model", "tfjs" */
size_t model_nodes(const Model *m);
size_t model_file_bytes(const Model *m); /* of an archive's files, which it keeps */
/* The QueueRunnerDefs of a collection of the MetaGraph, in the arena. m may be NULL.
 * FAILED_PRECONDITION without a MetaGraph, NOT_FOUND without that collection. */
Status *model_queue_runners(const Model *m, const char *key, Arena *arena,
                            const QueueRunnerDef ***ret, size_t *ret_n) MUST_USE;
/* Must something be run before its sessions are ready? */
bool model_needs_start(const Model *m);

/* Creates a session of the model; o's graph, roots and origin are set here. */
Status *model_create_session(Model *m, Engine *e, const SessionOptions *o, Session **ret) MUST_USE;
/* The model that a session was made from, borrowed; NULL when there is none. */
Model *session_model(const Session *s);
/* Restores the session's variables and initializes it; done(arg, NULL or why not) exactly once,
 * from any thread. A step that takes longer than the session's config allows, or else timeout_ms
 * (0: for ever), fails. */
void model_start(Model *m, Session *s, int64_t timeout_ms, void (*done)(void *arg, Status *s),
                 void *arg);
/* The same, waiting: for the process's start. */
Status *model_start_now(Model *m, Session *s, int64_t timeout_ms) MUST_USE;
