// SPDX-License-Identifier: Apache-2.0
/* Arithmetic of complete and partial shapes. */
#include "engine/tensor/shape.h"

#include <stdio.h>
#include <string.h>

/* -1 is an unknown size and passes. */
Status *shape_make(const int64_t *dims, int n, Shape *ret)
{
        if (n > SHAPE_MAX_RANK)
                return unimplemented("Tensors of rank %d are not supported; the largest rank is %d",
                                     n, SHAPE_MAX_RANK);
        Shape s = { .rank = n };
        for (int i = 0; i < n; i++) {
                if (dims[i] < -1)
                        return invalid_argument("Shape dimension %d has negative size %lld", i,
                                                (long long)dims[i]);
                s.dim[i] = dims[i];
        }
        *ret = s;
        return NULL;
}

Shape shape_of_rank(int n)
{
        Shape s = { .rank = n };
        for (int i = 0; i < n; i++)
                s.dim[i] = -1;
        return s;
}

/* The product of the other sizes must not overflow even when one is 0: strides are made of it. */
Status *shape_count(const Shape *s, int64_t *ret)
{
        int64_t n = 1, nonzero = 1;
        if (s->rank < 0)
                return invalid_argument("Shape <unknown> is not fully defined");
        for (int i = 0; i < s->rank; i++) {
                if (s->dim[i] < 0)
                        return invalid_argument("Shape %s is not fully defined", shape_text(s).s);
                if (__builtin_mul_overflow(nonzero, s->dim[i] ? s->dim[i] : 1, &nonzero))
                        return invalid_argument(
                                "Shape %s is too large (more than 2**63 - 1 entries)",
                                shape_text(s).s);
                n = s->dim[i] && n ? nonzero : 0;
        }
        *ret = n;
        return NULL;
}

bool shape_complete(const Shape *s)
{
        if (s->rank < 0)
                return false;
        for (int i = 0; i < s->rank; i++)
                if (s->dim[i] < 0)
                        return false;
        return true;
}

bool shape_equal(const Shape *a, const Shape *b)
{
        return a->rank == b->rank &&
               (a->rank <= 0 || !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]));
}

/* What is unknown on either side fits anything: they may still turn out different. */
bool shape_compatible(const Shape *a, const Shape *b)
{
        if (a->rank < 0 || b->rank < 0)
                return true;
        if (a->rank != b->rank)
                return false;
        for (int i = 0; i < a->rank; i++)
                if (a->dim[i] >= 0 && b->dim[i] >= 0 && a->dim[i] != b->dim[i])
                        return false;
        return true;
}

/* What both know together; known sizes must agree. The text is that of TensorFlow's shape
 * inference. */
Status *shape_merge(const Shape *a, const Shape *b, Shape *ret)
{
        if (a->rank < 0 || b->rank < 0) {
                *ret = a->rank < 0 ? *b : *a;
                return NULL;
        }
        if (a->rank != b->rank)
                return invalid_argument("Shapes must be equal rank, but are %d and %d", a->rank,
                                        b->rank);
        Shape m = *a;
        for (int i = 0; i < a->rank; i++) {
                if (m.dim[i] < 0)
                        m.dim[i] = b->dim[i];
                else if (b->dim[i] >= 0 && b->dim[i] != m.dim[i])
                        return invalid_argument(
                                "Dimension %d in both shapes must be equal, but are %lld and %lld. "
                                "Shapes are %s and %s.",
                                i, (long long)m.dim[i], (long long)b->dim[i], shape_text(a).s,
                                shape_text(b).s);
        }
        *ret = m;
        return NULL;
}

Status *shape_refine(const Shape *a, const Shape *b, Shape *ret)
{
        if (shape_compatible(a, b))
                return shape_merge(a, b, ret);
        if (a->rank != b->rank)
                return invalid_argument("PartialTensorShape: Incompatible ranks during merge: %d "
                                        "vs. %d",
                                        a->rank, b->rank);
        return invalid_argument("PartialTensorShape: Incompatible shapes during merge: %s vs. %s",
                                shape_text(a).s, shape_text(b).s);
}

void shape_append(Shape *s, int64_t dim)
{
        s->dim[s->rank++] = dim;
}

void shape_remove(Shape *s, int i)
{
        memmove(&s->dim[i], &s->dim[i + 1], (size_t)(s->rank - i - 1) * sizeof s->dim[0]);
        s->rank--;
}

void shape_insert(Shape *s, int i, int64_t dim)
{
        memmove(&s->dim[i + 1], &s->dim[i], (size_t)(s->rank - i) * sizeof s->dim[0]);
        s->dim[i] = dim;
        s->rank++;
}

/* NumPy's rules; with unknown sizes as far as they tell. */
Status *shape_broadcast(const Shape *a, const Shape *b, Shape *ret)
{
        if (a->rank < 0 || b->rank < 0) {
                *ret = SHAPE_UNKNOWN;
                return NULL;
        }
        if (shape_equal(a, b)) {
                *ret = *a;
                return NULL;
        }
        Shape s = { .rank = MAX(a->rank, b->rank) };
        for (int i = 0; i < s.rank; i++) {
                int ia = i - (s.rank - a->rank), ib = i - (s.rank - b->rank);
                int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
                if (da == db || db == 1)
                        s.dim[i] = da;
                else if (da == 1)
                        s.dim[i] = db;
                else if (da < 0 || db < 0)
                        s.dim[i] = MAX(da, db); /* the known one is not 1, so the unknown one must
                                                   be 1 or equal */
                else
                        return invalid_argument("Incompatible shapes: %s vs. %s", shape_text(a).s,
                                                shape_text(b).s);
        }
        *ret = s;
        return NULL;
}

/* Joins the dims; a rank-8 shape of 19-digit dims fits 8 * 21 + 2 bytes. */
static ShapeText join(const Shape *s, const char *open, const char *comma, const char *close)
{
        ShapeText t = { "<unknown>" };
        if (s->rank < 0)
                return t;
        size_t n = (size_t)snprintf(t.s, sizeof t.s, "%s", open);
        for (int i = 0; i < s->rank; i++) {
                const char *sep = i ? comma : "";
                if (s->dim[i] < 0)
                        n += (size_t)snprintf(t.s + n, sizeof t.s - n, "%s?", sep);
                else
                        n += (size_t)snprintf(t.s + n, sizeof t.s - n, "%s%lld", sep,
                                              (long long)s->dim[i]);
        }
        snprintf(t.s + n, sizeof t.s - n, "%s", close);
        return t;
}

ShapeText shape_text(const Shape *s)
{
        return join(s, "[", ",", "]");
}

ShapeText shape_python(const Shape *s)
{
        return join(s, "(", ", ", s->rank == 1 ? ",)" : ")");
}
