// SPDX-License-Identifier: Apache-2.0
/* RaggedTensorFromVariant: ragged tensors out of variants, stacked along the variants' own dims. */
#include "engine/kernels/ragged/splits.h"
#include "engine/kernels/ragged/variant.h"

/* input_ragged_rank -1 is inferred: what the output has beyond the variants' own dims. */
static Status *from_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        int64_t in = node_int(c->node, "input_ragged_rank", -1);
        int64_t out = node_int(c->node, "output_ragged_rank", 0);
        if (x->rank >= 0 && in < 0 && out < x->rank)
                return invalid_argument("Inferred input_ragged_rank (output_ragged_rank - "
                                        "encoded_variant.dims()) must be >= 0, found "
                                        "output_ragged_rank: %lld, encoded_variant.dims(): %d, "
                                        "inferred input_ragged_rank: %lld",
                                        (long long)out, x->rank, (long long)(out - x->rank));
        if (x->rank >= 0 && in >= 0 && out - x->rank != in)
                return invalid_argument("output_ragged_rank must be equal to input_ragged_rank + "
                                        "encoded_ragged.dims(); output_ragged_rank: %lld, "
                                        "input_ragged_rank: %lld, encoded_variant.dims(): %d.",
                                        (long long)out, (long long)in, x->rank);
        for (int i = 0; i < c->n_out - 1; i++)
                c->out[i] = SHAPE(-1);
        return NULL;
}

/* Is it what the node says that it holds? */
static Status *check_one(const OpCtx *c, int64_t i, int rank, DType values, DType splits)
{
        const RaggedVariant *v = ragged_variant(ctx_input(c, 0), i);
        if (!v)
                return invalid_argument("Input Variant element at index %lld doesn't hold a "
                                        "RaggedTensorVariant",
                                        (long long)i);
        if (v->rank != rank)
                return invalid_argument("Encoded input RaggedTensorVariant has ragged_rank=%d.  "
                                        "Expected ragged_rank=%d.",
                                        v->rank, rank);
        if (tensor_dtype(v->values) != values)
                return invalid_argument("Expected values Tensor dtype: %s, found: %s",
                                        dtype_name(values), dtype_name(tensor_dtype(v->values)));
        if (tensor_rank(v->values) < 1)
                return invalid_argument("Ragged values must have rank >= 1; encoded scalar element "
                                        "at index %lld",
                                        (long long)i);
        for (int d = 0; d < rank; d++)
                if (tensor_dtype(v->splits[d]) != splits || tensor_rank(v->splits[d]) != 1 ||
                    !tensor_count(v->splits[d]))
                        return invalid_argument("Expected row_splits Tensor dtype: %s, found: %s "
                                                "of shape %s",
                                                dtype_name(splits),
                                                dtype_name(tensor_dtype(v->splits[d])),
                                                shape_text(tensor_shape(v->splits[d])).s);
        return NULL;
}

/* Splits that the variants' own dims, but for the last, make: rows of one length. */
static Status *put_regular(OpCtx *c)
{
        const Shape *s = tensor_shape(ctx_input(c, 0));
        for (int d = 0; d + 1 < s->rank; d++) {
                int64_t rows = shape_product(s, 0, d + 1);
                Tensor *t;
                TRY(ctx_alloc(c, d, &SHAPE(rows + 1), &t));
                for (int64_t i = 0; i <= rows; i++)
                        splits_set(t, i, i * s->dim[d + 1]);
        }
        return NULL;
}

/* Where each variant's rows end. */
static Status *put_rows(OpCtx *c, int64_t n, int rank)
{
        int64_t at = 0;
        Tensor *t;
        TRY(ctx_alloc(c, tensor_rank(ctx_input(c, 0)) - 1, &SHAPE(n + 1), &t));
        splits_set(t, 0, 0);
        for (int64_t i = 0; i < n; i++) {
                const RaggedVariant *v = ragged_variant(ctx_input(c, 0), i);
                at += rank ? tensor_count(v->splits[0]) - 1 : tensor_dim(v->values, 0);
                splits_set(t, i + 1, at);
        }
        return NULL;
}

/* Level d of all variants behind one another. */
static Status *put_level(OpCtx *c, int64_t n, int d)
{
        int64_t count = 1, at = 0, last = 0;
        Tensor *t;
        for (int64_t i = 0; i < n; i++)
                count += tensor_count(ragged_variant(ctx_input(c, 0), i)->splits[d]) - 1;
        TRY(ctx_alloc(c, tensor_rank(ctx_input(c, 0)) + d, &SHAPE(count), &t));
        splits_set(t, at++, 0);
        for (int64_t i = 0; i < n; i++) {
                const Tensor *own = ragged_variant(ctx_input(c, 0), i)->splits[d];
                int64_t base = last;
                for (int64_t k = 1; k < tensor_count(own); k++) {
                        last = (int64_t)((uint64_t)base + (uint64_t)tensor_int(own, k));
                        splits_set(t, at++, last);
                }
        }
        return NULL;
}

/* No variant tells the shape of values: then they are a vector of none. */
static Status *put_values(OpCtx *c, int64_t n)
{
        Shape all = n ? *tensor_shape(ragged_variant(ctx_input(c, 0), 0)->values) : SHAPE(0);
        int64_t rows = 0, at = 0;
        Tensor *y;
        for (int64_t i = 0; i < n; i++) {
                const Shape *own = tensor_shape(ragged_variant(ctx_input(c, 0), i)->values);
                all.dim[0] = own->dim[0];
                if (!shape_equal(&all, own))
                        return invalid_argument("Rank of values must match for all components; "
                                                "values shape at index 0: %s, values shape at "
                                                "index %lld: %s",
                                                shape_text(&all).s, (long long)i,
                                                shape_text(own).s);
                rows += own->dim[0];
        }
        all.dim[0] = rows;
        TRY(ctx_alloc(c, ctx_outputs(c) - 1, &all, &y));
        for (int64_t i = 0; i < n; i++) {
                const Tensor *own = ragged_variant(ctx_input(c, 0), i)->values;
                TRY(tensor_copy_elements(y, at, own, 0, tensor_count(own)));
                at += tensor_count(own);
        }
        return NULL;
}

/* A scalar variant is handed on as it is. Else the variants' dims become outer splits, the inner
 * ones are joined level by level. */
static Status *from_variant(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        const DType *types = ctx_node(c)->out_types;
        int rank = ctx_outputs(c) - 1 - tensor_rank(x);
        int64_t n = tensor_count(x);
        for (int64_t i = 0; i < n; i++)
                TRY(check_one(c, i, rank, types[ctx_outputs(c) - 1], types[0]));
        if (tensor_rank(x) == 0) {
                const RaggedVariant *v = ragged_variant(x, 0);
                for (int d = 0; d < rank; d++)
                        ctx_set_output(c, d, tensor_ref(v->splits[d]));
                ctx_set_output(c, rank, tensor_ref(v->values));
                return NULL;
        }
        TRY(put_regular(c));
        TRY(put_rows(c, n, rank));
        for (int d = 0; d < rank; d++)
                TRY(put_level(c, n, d));
        return put_values(c, n);
}

OP(RaggedTensorFromVariant, .inputs = "encoded_ragged:variant",
   .outputs = "output_nested_splits:output_ragged_rank*Tsplits; output_dense_values:Tvalues",
   .attrs = "input_ragged_rank:int >=-1; output_ragged_rank:int >=0; Tvalues:type; "
            "Tsplits:type in [int32,int64] = int64",
   .shape = from_shape, .compute = from_variant, .late_shape = true);
