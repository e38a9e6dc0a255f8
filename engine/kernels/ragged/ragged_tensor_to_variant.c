// SPDX-License-Identifier: Apache-2.0
/* RaggedTensorToVariant: a ragged tensor as one variant, or each of its rows as one.
 * RaggedTensorToVariantGradient: the gradients of such rows as one tensor again. */
#include "engine/kernels/ragged/splits.h"
#include "engine/kernels/ragged/variant.h"

/* Batched: a variant for each row. Without splits the rows are those of the values. */
static Status *variant_shape(ShapeCtx *c)
{
        int rank = c->n_in - 1;
        const Shape *rows = shape_in(c, 0);
        for (int i = 0; i < rank; i++)
                TRY(shape_want_rank(c, i, 1));
        if (!node_bool(c->node, "batched_input", false)) {
                c->out[0] = SHAPE_SCALAR;
                return NULL;
        }
        TRY(shape_want_rank_at_least(c, rank, 1));
        int64_t n = rows->rank < 0 || rows->dim[0] < 0 ? -1 : rows->dim[0] - (rank > 0);
        if (rank && n == -1 && rows->rank == 1 && rows->dim[0] == 0)
                return internal_error("Invalid split argument.");
        c->out[0] = SHAPE(n);
        return NULL;
}

/* The last split of each level must be the number of rows of the next. */
static Status *check_nested(const OpCtx *c, int rank)
{
        for (int i = 0; i < rank; i++) {
                const Tensor *next = ctx_input(c, i + 1);
                if (tensor_rank(next) == 0)
                        return invalid_argument("ragged values must have rank >= 1");
                TRY(splits_check(ctx_input(c, i),
                                 i + 1 < rank ? tensor_count(next) - 1 : tensor_dim(next, 0)));
        }
        return NULL;
}

/* Splits [from, to] counted from the first of them on. */
static Status *cut_splits(const Tensor *s, int64_t from, int64_t to, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        TRY(tensor_new(tensor_dtype(s), &SHAPE(to - from + 1), &t));
        for (int64_t i = from; i <= to; i++)
                splits_set(t, i - from, tensor_int(s, i) - tensor_int(s, from));
        *ret = steal(&t);
        return NULL;
}

/* Row `row` of the batch; *inner, rank - 1 of them, are new references that the caller gives back,
 * whatever happens. */
static Status *put_row(const OpCtx *c, int rank, int64_t row, Tensor **inner, Tensor *y)
{
        Tensor *values = (Tensor *)ctx_input(c, rank);
        Shape s = *tensor_shape(values);
        int64_t from = row, to = row + 1, size = shape_product(&s, 1, s.rank);
        autoptr(Tensor) part = NULL;
        for (int d = 0; d < rank; d++) {
                const Tensor *splits = ctx_input(c, d);
                if (d)
                        TRY(cut_splits(splits, from, to, &inner[d - 1]));
                from = tensor_int(splits, from);
                to = tensor_int(splits, to);
        }
        if (rank)
                s.dim[0] = to - from;
        else
                shape_remove(&s, 0);
        TRY(tensor_slice(values, from * size, &s, &part));
        return ragged_variant_put(y, row, inner, MAX(rank - 1, 0), part);
}

/* Inner splits begin at 0 again in each row, so they are made anew; the row's variant holds them.
 */
static Status *put_rows(OpCtx *c, int rank)
{
        Tensor *y = ctx_output(c, 0);
        Tensor **inner = ctx_scratch(c, (size_t)(rank + 1) * sizeof *inner);
        if (!inner)
                return status_oom();
        for (int64_t row = 0; row < tensor_count(y); row++) {
                memset(inner, 0, (size_t)rank * sizeof *inner);
                Status *s = put_row(c, rank, row, inner, y);
                for (int d = 0; d + 1 < rank; d++)
                        tensor_unref(inner[d]);
                TRY(s);
        }
        return NULL;
}

static Status *to_variant(OpCtx *c)
{
        int rank = ctx_inputs(c) - 1;
        if (!node_bool(ctx_node(c), "batched_input", false))
                return ragged_variant_put(ctx_output(c, 0), 0, c->in, rank, c->in[rank]);
        TRY(check_nested(c, rank));
        return put_rows(c, rank);
}

OP(RaggedTensorToVariant, .inputs = "rt_nested_splits:RAGGED_RANK*Tsplits; rt_dense_values:Tvalues",
   .outputs = "encoded_ragged:variant",
   .attrs = "RAGGED_RANK:int >=0; Tvalues:type; Tsplits:type in [int32,int64] = int64; "
            "batched_input:bool",
   .kernels = "Tvalues:type in [" PLAIN_TYPES "]", .shape = variant_shape, .compute = to_variant);

/* ---- gradient ---- */

static Status *gradient_shape(ShapeCtx *c)
{
        const Shape *splits = shape_in(c, 1), *grad = shape_in(c, 0);
        TRY(shape_want_rank(c, 1, 1));
        Shape rows = SHAPE(splits->rank < 0 || splits->dim[0] < 0 ? -1 : splits->dim[0] - 1);
        if (grad->rank == 1 && !shape_compatible(grad, &rows))
                return invalid_argument("%s row splits do not fit %s gradients",
                                        shape_text(splits).s, shape_text(grad).s);
        return shape_from_input(c, 2, &c->out[0]);
}

/* Copies what variant i holds, or zeros for its rows when nothing depends on it. */
static Status *put_piece(const OpCtx *c, int64_t i, Tensor *y, int64_t *at)
{
        const Tensor *splits = ctx_input(c, 1);
        const RaggedVariant *v = ragged_variant(ctx_input(c, 0), i);
        int64_t row = shape_product(tensor_shape(y), 1, tensor_rank(y)), n;
        if (v && tensor_dtype(v->values) != tensor_dtype(y))
                return invalid_argument("Expected values Tensor dtype: %s, found: %s",
                                        dtype_name(tensor_dtype(y)),
                                        dtype_name(tensor_dtype(v->values)));
        if (v)
                n = tensor_count(v->values);
        else if (__builtin_mul_overflow(tensor_int(splits, i + 1) - tensor_int(splits, i), row, &n))
                n = INT64_MAX;
        if (n > tensor_count(y) - *at)
                return invalid_argument("The gradients' values are more than %s holds",
                                        shape_text(tensor_shape(y)).s);
        if (v)
                TRY(tensor_copy_elements(y, *at, v->values, 0, n));
        *at += n;
        return NULL;
}

/* Pieces are laid end to end; a row without a gradient leaves zeros. Sizes must come out even. */
static Status *gradient(OpCtx *c)
{
        const Tensor *splits = ctx_input(c, 1);
        int64_t n = tensor_count(ctx_input(c, 0)), at = 0, rows = tensor_count(splits) - 1;
        Tensor *y = ctx_output(c, 0);
        if (tensor_rank(y) == 0)
                return invalid_argument("dense_values_shape must have at least one dimension");
        if (n != rows && tensor_rank(ctx_input(c, 0)) > 0)
                return invalid_argument("Ragged splits must have one more element than there are "
                                        "gradients");
        for (int64_t i = 0; i < rows; i++)
                if (tensor_int(splits, i) < 0 || tensor_int(splits, i + 1) < tensor_int(splits, i))
                        return invalid_argument("Ragged splits must be sorted");
        if (dtype_is_plain(tensor_dtype(y)))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        for (int64_t i = 0; i < n; i++) {
                if (i >= rows && !ragged_variant(ctx_input(c, 0), i))
                        return invalid_argument("Ragged splits say nothing of gradient %lld",
                                                (long long)i);
                TRY(put_piece(c, i, y, &at));
        }
        if (at != tensor_count(y))
                return invalid_argument("The gradients' values are fewer than %s holds",
                                        shape_text(tensor_shape(y)).s);
        return NULL;
}

OP(RaggedTensorToVariantGradient,
   .kernels = "Tvalues:type in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,"
              "qint32,bfloat16,qint16,quint16,uint16,complex128,half,uint32,uint64]",
   .inputs = "encoded_ragged_grad:variant; row_splits:Tsplits; dense_values_shape:int32",
   .outputs = "dense_values_grad:Tvalues",
   .attrs = "Tvalues:type; Tsplits:type in [int32,int64] = int64", .shape = gradient_shape,
   .compute = gradient);
