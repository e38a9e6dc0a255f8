// SPDX-License-Identifier: Apache-2.0
/* Split into equal parts and SplitV into parts of given sizes, along one axis. */
#include "engine/kernels/array/part.h"
#include "engine/ops/late.h"

/* Older graphs give the axis as a vector of one. *ret is -1 while it is not known. */
static Status *check_axis(const ShapeCtx *c, int input, int rank, int *ret)
{
        int64_t axis;
        *ret = -1;
        if (shape_in(c, input)->rank > 0 &&
            !(shape_in(c, input)->rank == 1 && shape_in(c, input)->dim[0] == 1))
                return invalid_argument("split_dim must be a scalar but has rank %d",
                                        shape_in(c, input)->rank);
        if (!shape_int_value(c, input, &axis) || rank < 0)
                return NULL;
        if (axis < -rank || axis >= rank)
                return invalid_argument("-input rank(-%d) <= split_dim < input rank (%d), but got "
                                        "%lld",
                                        rank, rank, (long long)axis);
        *ret = (int)(axis < 0 ? axis + rank : axis);
        return NULL;
}

static void all_of_rank(ShapeCtx *c, int rank)
{
        for (int i = 0; i < c->n_out; i++)
                c->out[i] = rank < 0 ? SHAPE_UNKNOWN : shape_of_rank(rank);
}

static Status *split_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 1);
        int axis;
        TRY(check_axis(c, 0, s.rank, &axis));
        if (axis < 0) {
                all_of_rank(c, s.rank);
                return NULL;
        }
        if (s.dim[axis] >= 0 && s.dim[axis] % c->n_out)
                return invalid_argument("Number of ways to split should evenly divide the split "
                                        "dimension, but got split_dim %d (size = %lld) and "
                                        "num_split %d",
                                        axis, (long long)s.dim[axis], c->n_out);
        if (s.dim[axis] >= 0)
                s.dim[axis] /= c->n_out;
        for (int i = 0; i < c->n_out; i++)
                c->out[i] = s;
        return NULL;
}

/* Adds the sizes up; *ret_open is the index of the -1, or -1. */
static Status *sum_sizes(const Tensor *sizes, int64_t dim, int64_t *ret_sum, int *ret_open)
{
        int64_t sum = 0;
        int open = -1;
        for (int i = 0; i < tensor_count(sizes); i++) {
                int64_t n = tensor_int(sizes, i);
                if (n == -1 && open >= 0)
                        return invalid_argument("There can only be one -1 in the input.");
                if (n < -1)
                        return invalid_argument("Split size at index %d must be >= 0. Got: %lld", i,
                                                (long long)n);
                if (n == -1)
                        open = i;
                else if (__builtin_add_overflow(sum, n, &sum))
                        sum = INT64_MAX;
        }
        if (dim >= 0 && (open < 0 ? sum != dim : sum > dim))
                return invalid_argument(
                        "Determined shape must either match input shape along split_dim exactly if "
                        "fully specified, or be less than the size of the input along split_dim if "
                        "not fully specified.  Got: %lld",
                        (long long)sum);
        *ret_sum = sum;
        *ret_open = open;
        return NULL;
}

/* One size may be -1, what the others leave. While sizes are not known, all dims but the axis are.
 */
static Status *split_v_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        const Shape *n = shape_seen(c, 1);
        const Tensor *sizes = shape_value(c, 1);
        int axis, open = -1;
        int64_t sum = 0;
        TRY(check_axis(c, 2, s.rank, &axis));
        if (n->rank >= 0 && (n->rank != 1 || (n->dim[0] >= 0 && n->dim[0] != c->n_out)))
                return invalid_argument("size of the split_tensor must be 1-D and have the same "
                                        "elements as outputs got %d -D and %lld elements",
                                        n->rank, (long long)(n->rank == 1 ? n->dim[0] : 0));
        if (axis < 0 || !sizes) {
                all_of_rank(c, s.rank);
                for (int i = 0; i < c->n_out && axis >= 0; i++)
                        for (int d = 0; d < s.rank; d++)
                                c->out[i].dim[d] = d == axis ? -1 : s.dim[d];
                return NULL;
        }
        int64_t dim = s.dim[axis];
        TRY(sum_sizes(sizes, dim, &sum, &open));
        for (int i = 0; i < c->n_out; i++) {
                s.dim[axis] = i != open ? tensor_int(sizes, i) : dim < 0 ? -1 : dim - sum;
                c->out[i] = s;
        }
        return NULL;
}

/* Parts that lie in one piece are views of the input. */
static Status *split_at(OpCtx *c, const Tensor *x, int64_t axis)
{
        const Shape *shapes;
        Tensor *y;
        int64_t begin[SHAPE_MAX_RANK] = { 0 };
        TRY(late_shapes(c, &shapes));
        axis = axis < 0 ? axis + tensor_rank(x) : axis;
        int64_t outer = shape_product(tensor_shape(x), 0, (int)axis);
        for (int i = 0; i < ctx_outputs(c) && outer > 1; i++)
                TRY(ctx_alloc(c, i, &shapes[i], &y));
        if (outer > 1)
                return part_deal(c, x, outer);
        for (int i = 0; i < ctx_outputs(c); i++) {
                TRY(part_output(c, i, x, begin, NULL, &shapes[i], &shapes[i]));
                begin[axis] += shapes[i].dim[axis];
        }
        return NULL;
}

static Status *split(OpCtx *c)
{
        return split_at(c, ctx_input(c, 1), tensor_int(ctx_input(c, 0), 0));
}

static Status *split_v(OpCtx *c)
{
        return split_at(c, ctx_input(c, 0), tensor_int(ctx_input(c, 2), 0));
}

OP(Split, .inputs = "split_dim:int32; value:T", .outputs = "output:num_split*T",
   .attrs = "num_split:int >=1; T:type", .shape = split_shape, .compute = split,
   .late_shape = true);
OP(SplitV, .inputs = "value:T; size_splits:Tlen; split_dim:int32", .outputs = "output:num_split*T",
   .attrs = "num_split:int >=1; T:type; Tlen:type in [int32,int64] = int64", .shape = split_v_shape,
   .compute = split_v, .late_shape = true);
