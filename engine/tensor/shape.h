// SPDX-License-Identifier: Apache-2.0
/* Shapes, complete or partial. rank -1 is an unknown rank, dim -1 an unknown size.
 *
 * Every size that comes from outside goes through shape_count(): the only place where dimensions
 * are multiplied. */
#pragma once
#include "engine/base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum { SHAPE_MAX_RANK = 8 };

typedef struct Shape {
        int rank;
        int64_t dim[SHAPE_MAX_RANK];
} Shape;

#define SHAPE_UNKNOWN ((Shape){ .rank = -1 })
#define SHAPE_SCALAR  ((Shape){ .rank = 0 })
#define SHAPE(...)                                                                     \
        ((Shape){ .rank = (int)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)), \
                  .dim = { __VA_ARGS__ } })

/* A shape of n dims; -1 dims allowed. UNIMPLEMENTED for more than SHAPE_MAX_RANK dims,
 * INVALID_ARGUMENT for dims < -1. */
Status *shape_make(const int64_t *dims, int n, Shape *ret) MUST_USE;
/* A shape of n dims, all unknown; n <= SHAPE_MAX_RANK. */
Shape shape_of_rank(int n);
/* Number of elements of a complete shape; INVALID_ARGUMENT when incomplete or when it does not fit
 * 63 bits. */
Status *shape_count(const Shape *s, int64_t *ret) MUST_USE;
/* Product of dims [from, to) of a shape whose count was checked. */
static inline int64_t shape_product(const Shape *s, int from, int to)
{
        int64_t n = 1;
        for (int i = from; i < to; i++)
                n *= s->dim[i];
        return n;
}
bool shape_complete(const Shape *s); /* rank and all dims known */
bool shape_equal(const Shape *a, const Shape *b);
/* Could both describe the same tensor? */
bool shape_compatible(const Shape *a, const Shape *b);
/* The most that both say together; INVALID_ARGUMENT ("Shapes must be equal rank, but are 1 and 2",
 * "Dimension 0 in both shapes must be equal, but are 2 and 3. Shapes are [2] and [3].") when they
 * contradict. ret may be a or b. */
Status *shape_merge(const Shape *a, const Shape *b, Shape *ret) MUST_USE;
/* The same in the words of TensorFlow's kernels: "PartialTensorShape: Incompatible ranks during
 * merge: 1 vs. 2", "... Incompatible shapes during merge: [2] vs. [3]". */
Status *shape_refine(const Shape *a, const Shape *b, Shape *ret) MUST_USE;
void shape_append(Shape *s, int64_t dim);        /* known rank < SHAPE_MAX_RANK */
void shape_remove(Shape *s, int i);              /* 0 <= i < rank */
void shape_insert(Shape *s, int i, int64_t dim); /* known rank < SHAPE_MAX_RANK, 0 <= i <= rank */
/* NumPy broadcasting of partial shapes; INVALID_ARGUMENT "Incompatible shapes: [2] vs. [3]". */
Status *shape_broadcast(const Shape *a, const Shape *b, Shape *ret) MUST_USE;

typedef struct ShapeText {
        char s[200];
} ShapeText;
/* TensorFlow's spelling "[2,?,3]", "[]", "<unknown>"; use shape_text(&x).s inside one expression.
 */
ShapeText shape_text(const Shape *s);
/* Python's spelling, for client-layer messages: "(2, ?, 3)", "(3,)", "()", "<unknown>". */
ShapeText shape_python(const Shape *s);
