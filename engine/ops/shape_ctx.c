// SPDX-License-Identifier: Apache-2.0
/* What shape functions ask about their inputs. */
#include "engine/ops/ctx.h"

#include <string.h>

/* The vector's elements as sizes; -1 is unknown. */
static Status *shape_from_value(const Tensor *t, Shape *ret)
{
        int64_t dims[SHAPE_MAX_RANK], n = tensor_count(t);
        if (tensor_rank(t) == 0) {
                if (tensor_int(t, 0) != -1)
                        return invalid_argument(
                                "Input tensor must be rank 1 or if its rank 0 it must have value "
                                "-1 (representing an unknown shape).  Saw value: %lld",
                                (long long)tensor_int(t, 0));
                *ret = SHAPE_UNKNOWN;
                return NULL;
        }
        for (int64_t i = 0; i < n && i < SHAPE_MAX_RANK; i++) {
                dims[i] = tensor_int(t, i);
                if (dims[i] < -1)
                        return invalid_argument("Dimension %lld must be >= 0", (long long)dims[i]);
        }
        return shape_make(dims, (int)MIN(n, SHAPE_MAX_RANK + 1), ret);
}

/* The shape that an input holds, as far as it is known: its value, its known elements, its
 * length. */
Status *shape_from_input(const ShapeCtx *c, int i, Shape *ret)
{
        const Shape *in = c->in[i];
        if (in->rank > 1)
                return invalid_argument("Shape must be at most rank 1 but is rank %d", in->rank);
        if (shape_value(c, i))
                return shape_from_value(shape_value(c, i), ret);
        if (c->as_shape && c->as_shape[i])
                *ret = *c->as_shape[i];
        else if (in->rank == 1 && in->dim[0] > SHAPE_MAX_RANK)
                return shape_make(NULL, (int)MIN(in->dim[0], (int64_t)INT32_MAX), ret);
        else if (in->rank == 1 && in->dim[0] >= 0)
                *ret = shape_of_rank((int)in->dim[0]);
        else
                *ret = SHAPE_UNKNOWN;
        return NULL;
}

Status *shape_want_rank(const ShapeCtx *c, int i, int rank)
{
        int is = c->in[i]->rank;
        return is < 0 || is == rank
                       ? NULL
                       : invalid_argument("Shape must be rank %d but is rank %d", rank, is);
}

Status *shape_want_rank_at_least(const ShapeCtx *c, int i, int rank)
{
        int is = c->in[i]->rank;
        return is < 0 || is >= rank
                       ? NULL
                       : invalid_argument("Shape must be at least rank %d but is rank %d", rank,
                                          is);
}

static Status *in_words(const Shape *s, const char *words)
{
        const char *at = strstr(words, "%s");
        if (!at)
                return invalid_argument("%s", words);
        return invalid_argument("%.*s%s%s", (int)(at - words), words, shape_text(s).s, at + 2);
}

Status *shape_want_rank_as(const ShapeCtx *c, int i, int rank, const char *words)
{
        int is = c->in[i]->rank;
        if (is < 0 || is == rank || c->at_import)
                return shape_want_rank(c, i, rank);
        return in_words(c->in[i], words);
}

Status *shape_want_rank_at_least_as(const ShapeCtx *c, int i, int rank, const char *words)
{
        int is = c->in[i]->rank;
        if (is < 0 || is >= rank || c->at_import)
                return shape_want_rank_at_least(c, i, rank);
        return in_words(c->in[i], words);
}

Status *shape_want_equal(const ShapeCtx *c, int64_t a, int64_t b)
{
        if (!c->at_import || a < 0 || b < 0 || a == b)
                return NULL;
        return invalid_argument("Dimensions must be equal, but are %lld and %lld", (long long)a,
                                (long long)b);
}

bool shape_int_value(const ShapeCtx *c, int i, int64_t *ret)
{
        const Tensor *t = shape_value(c, i);
        if (!t || tensor_count(t) != 1 || !dtype_is_integer(tensor_dtype(t)))
                return false;
        *ret = tensor_int(t, 0);
        return true;
}
