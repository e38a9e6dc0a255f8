// SPDX-License-Identifier: Apache-2.0
/* EditDistance: the Levenshtein distance between the sequences that two sparse tensors hold, one
 * per prefix of their indices. */
#include "engine/ops/op.h"

#include <math.h>

/* One side: a sparse tensor whose indices come in order. */
typedef struct Side {
        const Tensor *indices, *values;
        int64_t n, rank;
        int64_t at; /* first entry of the group that comes next */
} Side;

/* Indices are matrices, the rest are vectors. */
static Status *check_ranks(const ShapeCtx *c)
{
        static const struct {
                int input;
                const char *words;
        } want[] = {
                { 0, "hypothesis_indices should be a matrix, but got shape: %s" },
                { 3, "truth_indices should be a matrix, but got shape: %s" },
                { 1, "hypothesis_values should be a vector, but got shape: %s" },
                { 4, "truth_values should be a vector, but got shape: %s" },
                { 2, "hypothesis_shape should be a vector, but got shape: %s" },
                { 5, "truth_shape should be a vector, but got shape: %s" },
        };
        for (size_t i = 0; i < COUNTOF(want); i++)
                TRY(shape_want_rank_as(c, want[i].input, want[i].input % 3 == 0 ? 2 : 1,
                                       want[i].words));
        return NULL;
}

static Status *check_columns(const char *name, const Tensor *indices, const Tensor *shape)
{
        if (tensor_dim(indices, 1) != tensor_count(shape))
                return invalid_argument("Expected %s_shape.NumElements == #cols(%s_indices), their "
                                        "shapes are: %s and %s",
                                        name, name, shape_text(tensor_shape(shape)).s,
                                        shape_text(tensor_shape(indices)).s);
        return NULL;
}

static Status *check_rows(const Tensor *indices, const Tensor *values)
{
        if (tensor_dim(indices, 0) != tensor_count(values))
                return invalid_argument("indices and values rows (indexing dimension) must match. "
                                        "(indices = %lld, values = %lld)",
                                        (long long)tensor_dim(indices, 0),
                                        (long long)tensor_count(values));
        return NULL;
}

/* All six are known. */
static Status *check_sides(const Tensor *const v[6])
{
        TRY(check_columns("hypothesis", v[0], v[2]));
        if (tensor_count(v[5]) < 2)
                return invalid_argument("Input SparseTensors must have rank at least 2, but "
                                        "truth_shape rank is: %lld",
                                        (long long)tensor_count(v[5]));
        TRY(check_columns("truth", v[3], v[5]));
        if (tensor_count(v[2]) != tensor_count(v[5]))
                return invalid_argument("Expected truth and hypothesis to have matching ranks, but "
                                        "their shapes are: %s and %s",
                                        shape_text(tensor_shape(v[5])).s,
                                        shape_text(tensor_shape(v[2])).s);
        TRY(check_rows(v[0], v[1]));
        return check_rows(v[3], v[4]);
}

/* The output's shape: the larger of both in each dim but the last. */
static Status *group_shape(const Tensor *a, const Tensor *b, Shape *ret)
{
        Shape s = SHAPE_SCALAR;
        int64_t count;
        if (tensor_count(a) - 1 > SHAPE_MAX_RANK)
                return shape_make(NULL, SHAPE_MAX_RANK + 1, &s);
        for (int64_t i = 0; i < tensor_count(a) - 1; i++)
                shape_append(&s, MAX(tensor_int(a, i), tensor_int(b, i)));
        TRY(shape_count(&s, &count));
        *ret = s;
        return NULL;
}

/* The output's size comes from the values of both shapes. */
static Status *edit_distance_shape(ShapeCtx *c)
{
        const Tensor *v[6];
        bool all = true;
        TRY(check_ranks(c));
        for (int i = 0; i < 6; i++)
                all &= (v[i] = shape_value(c, i)) != NULL;
        if (!all)
                return NULL;
        TRY(check_sides(v));
        return group_shape(v[2], v[5], &c->out[0]);
}

/* The number of entry i's group in the output, -1 when it lies outside. */
static int64_t group_of(const Side *s, int64_t i, const Shape *groups)
{
        int64_t g = 0;
        for (int d = 0; d < groups->rank; d++) {
                int64_t at = tensor_int(s->indices, i * s->rank + d);
                if (at < 0 || at >= groups->dim[d])
                        return -1;
                g = g * groups->dim[d] + at;
        }
        return g;
}

/* Sequences are cut by comparing neighbours, so groups must rise. Order within a sequence is the
 * order of rows. */
static Status *check_order(const Side *s, const Shape *groups)
{
        int64_t last = 0;
        for (int64_t i = 0; i < s->n; i++) {
                int64_t g = group_of(s, i, groups);
                if (g < 0)
                        return invalid_argument("index %lld is out of bounds", (long long)i);
                if (g < last)
                        return invalid_argument("indices[%lld] is out of order", (long long)i);
                last = g;
        }
        return NULL;
}

/* Takes the entries of one group: returns how many, *from is the first. */
static int64_t take_group(Side *s, int64_t group, const Shape *groups, int64_t *from)
{
        *from = s->at;
        while (s->at < s->n && group_of(s, s->at, groups) == group)
                s->at++;
        return s->at - *from;
}

static bool same(const Tensor *a, int64_t i, const Tensor *b, int64_t j)
{
        size_t size = dtype_size(tensor_dtype(a));
        if (tensor_dtype(a) != DT_STRING)
                return !memcmp((const char *)tensor_data(a) + (size_t)i * size,
                               (const char *)tensor_data(b) + (size_t)j * size, size);
        const TString *x = &tensor_strings(a)[i], *y = &tensor_strings(b)[j];
        return x->len == y->len && (!x->len || !memcmp(x->data, y->data, x->len));
}

/* One row of the distance table at a time; row has nb + 1 places. */
static Status *levenshtein(OpCtx *c, const Tensor *a, int64_t a0, int64_t na, const Tensor *b,
                           int64_t b0, int64_t nb, int64_t *row, int64_t *ret)
{
        for (int64_t j = 0; j <= nb; j++)
                row[j] = j;
        for (int64_t i = 1; i <= na; i++) {
                int64_t diagonal = row[0];
                row[0] = i;
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                for (int64_t j = 1; j <= nb; j++) {
                        int64_t step = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
                        int64_t keep = diagonal + !same(a, a0 + i - 1, b, b0 + j - 1);
                        diagonal = row[j];
                        row[j] = MIN(step, keep);
                }
        }
        *ret = row[nb];
        return NULL;
}

static float normalized(int64_t distance, int64_t truth, bool normalize)
{
        if (!normalize)
                return (float)distance;
        if (truth == 0)
                return distance ? INFINITY : 0;
        return (float)distance / (float)truth;
}

/* Groups that only one side has count as empty on the other. The row of the dynamic program is as
 * long as the longest truth could be. */
static Status *edit_distance(OpCtx *c)
{
        Side h = { .indices = ctx_input(c, 0), .values = ctx_input(c, 1) };
        Side t = { .indices = ctx_input(c, 3), .values = ctx_input(c, 4) };
        Tensor *y = ctx_output(c, 0);
        const Shape *groups = tensor_shape(y);
        bool normalize = node_bool(ctx_node(c), "normalize", true);
        h.n = tensor_count(h.values), t.n = tensor_count(t.values);
        h.rank = t.rank = groups->rank + 1;
        TRY(check_order(&h, groups));
        TRY(check_order(&t, groups));
        int64_t *row = ctx_scratch(c, ((size_t)t.n + 1) * sizeof *row);
        if (!row)
                return status_oom();
        for (int64_t g = 0; g < tensor_count(y); g++) {
                int64_t h0, t0, distance;
                int64_t nh = take_group(&h, g, groups, &h0), nt = take_group(&t, g, groups, &t0);
                TRY(levenshtein(c, h.values, h0, nh, t.values, t0, nt, row, &distance));
                ((float *)tensor_fill(y))[g] = normalized(distance, nt, normalize);
        }
        return NULL;
}

#define COMPARABLE                                                                                 \
        "T:type in [float,double,int32,uint8,int16,int8,string,complex64,int64,bool,qint8,quint8," \
        "qint32,bfloat16,qint16,quint16,uint16,complex128,half,uint32,uint64]"

OP(EditDistance,
   .inputs = "hypothesis_indices:int64; hypothesis_values:T; hypothesis_shape:int64; "
             "truth_indices:int64; truth_values:T; truth_shape:int64",
   .outputs = "output:float", .attrs = "normalize:bool = true; T:type",
   .shape = edit_distance_shape, .compute = edit_distance, .kernels = COMPARABLE);
