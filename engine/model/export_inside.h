// SPDX-License-Identifier: Apache-2.0
/* What the parts of an export share. */
#pragma once
#include "engine/model/export.h"
#include "engine/model/inside.h"
#include "engine/model/node_make.h"

/* A variable of the graph that has a value. */
typedef struct ExportVar {
        const Node *node;
        Tensor *value; /* one reference */
        bool resource; /* VarHandleOp, not a ref */
} ExportVar;

typedef struct Export {
        const ExportSpec *spec;
        Session *session;
        const Model *model; /* may be NULL */
        Arena *arena;
        Graph *graph;
        GraphDef *def; /* of the graph; its list of nodes is our own */
        ExportVar *vars;
        int n_vars;
        int *var_of_node; /* by node id: index in vars, or -1; -2 for a variable without a value */
        MetaGraphDef *meta;
} Export;

/* export_saver.c: adds nodes that save and restore the variables, and meta's saver_def. */
Status *export_add_saver(Export *x) MUST_USE;
/* export_freeze.c: keeps what the outputs need, with constants in the variables' place. */
Status *export_freeze(Export *x) MUST_USE;
/* export_checkpoint.c: the variables as the two files of a checkpoint. */
Status *export_checkpoint(Export *x, Buf *ret_index, Buf *ret_data) MUST_USE;
