// SPDX-License-Identifier: Apache-2.0
/* The inside of partitions, shared by the files that draw them. */
#pragma once
#include "engine/base/map.h"
#include "engine/session/def_build.h"
#include "engine/session/partition.h"

/* One device's graph. */
typedef struct Part {
        GraphDef *def;
        size_t cap;
        Map names; /* nodes that are there */
        char *device;
} Part;

typedef struct Draw {
        const PlanView *v;
        Arena *arena;
        Part *parts; /* by device */
        int n_parts;
        bool whole; /* all nodes in the first part, nothing crosses */
        Map nodes;  /* name -> PlanNode */
        Map gone;   /* name of a node that another stands for -> that Node */
        Map recvs;  /* "name:output>device" -> what it is called there */
        int64_t n_names, n_edges;
} Draw;

/* A value, and where. */
typedef struct Source {
        const char *text, *name; /* "a:1" and "a" */
        DType dtype;
        int device;
        uint32_t frame; /* in which it comes; 0: no loop's */
        bool control;   /* no value: text is the node */
} Source;

static inline int device_of(const PlanNode *pn)
{
        return MAX(pn->device, 0);
}

/* Puts a node into a device's graph. */
Status *draw_add(Draw *d, int device, NodeDef *n) MUST_USE;
/* A name for what is added: TensorFlow's "base/_3"; NULL without memory. */
char *draw_name(Draw *d, const char *base);
/* A constant in a device's graph, unless it is there; wait: what it waits for, or NULL. */
Status *draw_constant(Draw *d, int device, char *name, const Tensor *value,
                      const char *wait) MUST_USE;
/* What a value is called on a device: it is sent there if need be. */
Status *draw_bring(Draw *d, const Source *s, int to, char **ret) MUST_USE;
/* partition_loops.c: the Merge of the loop that turns on a device as that frame's does; base: a
 * name for it. */
Status *draw_loop(Draw *d, uint32_t frame, int to, const char *base, char **ret) MUST_USE;
