// SPDX-License-Identifier: Apache-2.0
/* Fusion: how a chain of nodes becomes one kernel. A pattern is data, and stands in a file of its
 * own beside the kernel that runs it:
 *
 *     FUSION(conv, .steps = { { "Conv2D", .fits = plain }, { "BiasAdd", 1 }, { "Relu", 1 } },
 *            .prepare = conv_prepare, .compute = conv_compute);
 *
 * The first step must be there, each later one may. Between two members runs one value that nobody
 * else sees: not fed, not fetched, no other consumer. A fused kernel that cannot do what it finds
 * (other shapes, other types) says so, and the executor runs the members one by one: so results,
 * errors and their node names stay those of the graph as written. */
#pragma once
#include "engine/ops/op.h"
#include "engine/ops/signature.h"

enum { FUSION_STEPS = 10 };

typedef struct FusionStep {
        const char *ops;             /* names joined by commas */
        unsigned chain;              /* bit i: input i may be what the step before gives */
        bool (*fits)(const Node *n); /* NULL: any node of these ops */
        int needs;                   /* the step that must have been taken before; 0: the first */
} FusionStep;

typedef struct Fusion {
        FusionStep steps[FUSION_STEPS]; /* up to the first without ops */
        /* As OpDef's; the PrepareCtx is of the fused node. May be NULL. */
        Status *(*prepare)(PrepareCtx *);
        /* Sets output 0 and *ret_done; leaves *ret_done false, and nothing else behind, to have
         * the members run one by one. */
        Status *(*compute)(OpCtx *, bool *ret_done);
} Fusion;

/* A node that became part of a fused one. */
typedef struct FusedMember {
        const Node *node;
        int step;    /* which of the pattern's it is */
        int chain;   /* the input that the member before gives; -1: the first member */
        int first;   /* where its other inputs begin among the fused node's */
        void *state; /* what its own prepare made */
} FusedMember;

/* The node that stands for them: named as the last, with all their inputs in order. */
typedef struct FusedNode {
        Node node;
        const Fusion *fusion;
        FusedMember member[FUSION_STEPS];
        int n;
        Op op;
        OpDef def;
} FusedNode;

/* The fused node that a fused kernel's ctx_node() or PrepareCtx.node is. */
static inline const FusedNode *fused_node(const Node *n)
{
        return CONTAINER_OF(n, FusedNode, node);
}
/* The member of that step, or NULL. */
static inline const FusedMember *fused_member(const FusedNode *f, int step)
{
        for (int i = 0; i < f->n; i++)
                if (f->member[i].step == step)
                        return &f->member[i];
        return NULL;
}

/* Registers a pattern: a pointer in a linker section. */
#define FUSION(id, ...)                                                                           \
        static const Fusion fusion_##id = { __VA_ARGS__ };                                        \
        static const Fusion *const fusion_ptr_##id __attribute__((used, section("sr_fusions"))) = \
                &fusion_##id
