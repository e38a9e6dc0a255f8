// SPDX-License-Identifier: Apache-2.0
/* Patterns: how a group of nodes with several paths between them becomes one kernel, as fusion.h
 * has it for chains. A step names its inputs by letters: a lower-case one is any value from
 * outside, the same wherever it stands; an upper-case one with a digit is that output of the step
 * so numbered, A being the first:
 *
 *     PATTERN(gate, .steps = { { "Split", "ax", .fits = in_two }, { "Sigmoid", "A1" },
 *                              { "~Mul", "A0B0" } },
 *             .prepare = ..., .compute = gate);
 *
 * The last step is the one by which the group is found; its outputs are the fused node's first
 * ones. Then follow those of steps that are `shown`: others may use these, too; every other value
 * must stay within the group. What comes from outside must bring all shown values to death or none.
 * A kernel that cannot do what it finds says so before it has changed anything, and the executor
 * runs the members one by one. */
#pragma once
#include "engine/ops/op.h"
#include "engine/ops/signature.h"

enum { PATTERN_STEPS = 16, PATTERN_MEMBER_INPUTS = 8, PATTERN_LETTERS = 52 };

typedef struct PatternStep {
        const char *ops; /* names joined by commas; '~' in front: two inputs that may swap places */
        const char *in;
        bool (*fits)(const Node *n); /* NULL: any node of these ops */
        bool optional;               /* else its output is a value from outside, of its letter */
        bool shown;                  /* its output 0 */
} PatternStep;

typedef struct Pattern {
        PatternStep steps[PATTERN_STEPS]; /* up to the first without ops */
        /* As OpDef's; the PrepareCtx is of the fused node. May be NULL. */
        Status *(*prepare)(PrepareCtx *);
        /* Sets all outputs and *ret_done, or leaves *ret_done false and nothing else behind. */
        Status *(*compute)(OpCtx *, bool *ret_done);
} Pattern;

/* Where a member's input comes from: an output of a member before, or the fused node's input. */
typedef struct PatternSource {
        int8_t member; /* -1: the fused node */
        int8_t index;
} PatternSource;

typedef struct PatternMember {
        const Node *node;
        int step;
        PatternSource in[PATTERN_MEMBER_INPUTS];
        void *state; /* what its own prepare made */
} PatternMember;

/* The node that stands for the group. */
typedef struct PatternNode {
        Node node;
        const Pattern *pattern;
        PatternMember member[PATTERN_STEPS];
        int n;
        int8_t input[PATTERN_LETTERS];      /* by letter: the node's input, or -1 */
        PatternSource shown[PATTERN_STEPS]; /* outputs behind the last member's */
        int n_shown;
        Op op;
        OpDef def;
} PatternNode;

static inline const PatternNode *pattern_node(const Node *n)
{
        return CONTAINER_OF(n, PatternNode, node);
}
/* Which letter of PATTERN_LETTERS. */
static inline int pattern_letter(char c)
{
        return c >= 'a' ? c - 'a' : 26 + c - 'A';
}
/* Which of the fused node's inputs a letter is: -1 when it is an optional step that is there. */
static inline int pattern_input(const Node *n, char letter)
{
        return pattern_node(n)->input[pattern_letter(letter)];
}

/* That input's value. */
static inline const Tensor *pattern_value(const OpCtx *c, char letter)
{
        return ctx_input(c, pattern_input(ctx_node(c), letter));
}
/* Is it one float without dimensions? */
static inline bool pattern_scalar(const OpCtx *c, char letter, float *ret)
{
        const Tensor *t = pattern_value(c, letter);
        bool is = tensor_dtype(t) == DT_FLOAT && tensor_rank(t) == 0;
        if (is)
                *ret = *(const float *)tensor_data(t);
        return is;
}

/* Does anybody take output i? One that nobody takes needs a value all the same, which may be any of
 * its type. */
bool pattern_wants(const OpCtx *c, int i);

/* Registers a pattern: a pointer in a linker section. */
#define PATTERN(id, ...)                                     \
        static const Pattern pattern_##id = { __VA_ARGS__ }; \
        static const Pattern *const pattern_ptr_##id         \
                __attribute__((used, section("sr_patterns"))) = &pattern_##id
