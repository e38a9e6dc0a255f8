// SPDX-License-Identifier: Apache-2.0
/* ParseExample, ParseExampleV2 and ParseSingleExample: the same work; they differ in where keys
 * come from. */
#include "engine/kernels/parsing/example.h"

static bool is_op(const Node *n, const char *attr)
{
        return node_attr(n, attr) != NULL;
}

/* How many keys of each kind. ParseExample has Nsparse and Ndense, the others num_sparse. */
static Status *count_keys(const Node *n, int n_in, int n_out, ExampleOp *ret)
{
        bool first = is_op(n, "Nsparse"), single = is_op(n, "sparse_keys");
        int64_t sparse = node_int(n, first ? "Nsparse" : "num_sparse", 0);
        int dense;
        TRY(node_attr_shapes(n, "dense_shapes", &dense));
        int inputs = first ? 2 + (int)sparse + 2 * dense : single ? 1 + dense : 5 + dense;
        if (inputs != n_in)
                return invalid_argument("len(dense_shapes) is %d, which does not fit the %d "
                                        "inputs",
                                        dense, n_in);
        int rest = n_out - 3 * (int)sparse - dense;
        if (sparse < 0 || rest < 0 || rest % 2)
                return invalid_argument("len(sparse_keys) != len(sparse_types)");
        ret->n_sparse = (int)sparse;
        ret->n_dense = dense;
        ret->n_ragged = rest / 2;
        return NULL;
}

static Status *dense_shape(const Node *n, int k, Shape *ret)
{
        Shape s;
        TRY(node_attr_shape_at(n, "dense_shapes", k, &s));
        bool good = s.rank >= 0 && s.rank < SHAPE_MAX_RANK;
        for (int d = 1; d < s.rank; d++)
                good = good && s.dim[d] >= 0;
        if (!good)
                return invalid_argument("dense_shapes[%d] has unknown rank or unknown inner "
                                        "dimensions: %s",
                                        k, shape_text(&s).s);
        *ret = s;
        return NULL;
}

static Status *parse_shape(ShapeCtx *c)
{
        ExampleOp e = { 0 };
        const Shape *in = shape_in(c, 0);
        TRY(count_keys(c->node, c->n_in, c->n_out, &e));
        bool first = is_op(c->node, "Nsparse"), single = is_op(c->node, "sparse_keys");
        if (first)
                TRY(shape_want_rank_as(c, 0, 1,
                                       "Expected serialized to be a vector, got shape: %s"));
        if (single)
                TRY(shape_want_rank_as(c, 0, 0,
                                       "Expected serialized to be a scalar, got shape: %s"));
        if (in->rank > 1)
                return invalid_argument("Expected serialized to be a scalar or vector, got shape: "
                                        "%s",
                                        shape_text(in).s);
        for (int k = 0; k < e.n_sparse + e.n_dense && first; k++)
                if (shape_in(c, 2 + k)->rank > 0)
                        return invalid_argument("Expected %s to be a scalar",
                                                k < e.n_sparse ? "sparse_keys" : "dense_keys");
        int64_t rank = in->rank < 0 ? -1 : 1 + in->rank;
        for (int k = 0; k < e.n_sparse; k++) {
                c->out[k] = SHAPE(-1, rank);
                c->out[e.n_sparse + k] = SHAPE(-1);
                c->out[2 * e.n_sparse + k] = SHAPE(rank);
        }
        for (int k = 0; k < e.n_dense; k++) {
                Shape s;
                TRY(dense_shape(c->node, k, &s));
                if (in->rank == 1)
                        shape_insert(&s, 0, in->dim[0]);
                c->out[3 * e.n_sparse + k] = in->rank < 0 ? SHAPE_UNKNOWN : s;
        }
        for (int k = 3 * e.n_sparse + e.n_dense; k < c->n_out; k++)
                c->out[k] = SHAPE(-1);
        return NULL;
}

/* ---- keys ---- */

static void keys_from_inputs(const OpCtx *c, ExampleOp *e)
{
        for (int k = 0; k < e->n_sparse + e->n_dense; k++) {
                const TString *s = tensor_strings(ctx_input(c, 2 + k));
                want_key(&e->want[k], s->data, s->len);
        }
}

static Status *keys_from_vectors(const OpCtx *c, ExampleOp *e)
{
        const int n[] = { e->n_sparse, e->n_dense, e->n_ragged };
        Want *w = e->want;
        for (int kind = 0; kind < 3; kind++) {
                const Tensor *keys = ctx_input(c, 2 + kind);
                if (tensor_count(keys) != n[kind])
                        return invalid_argument("Expected %d keys, got %lld", n[kind],
                                                (long long)tensor_count(keys));
                for (int k = 0; k < n[kind]; k++, w++)
                        want_key(w, tensor_strings(keys)[k].data, tensor_strings(keys)[k].len);
        }
        return NULL;
}

static Status *keys_from_attrs(const OpCtx *c, ExampleOp *e)
{
        const ProtobufCBinaryData *sparse, *dense;
        int n_sparse, n_dense;
        TRY(node_attr_strings(ctx_node(c), "sparse_keys", &sparse, &n_sparse));
        TRY(node_attr_strings(ctx_node(c), "dense_keys", &dense, &n_dense));
        if (n_sparse != e->n_sparse || n_dense != e->n_dense)
                return invalid_argument("len(sparse_keys) is %d, len(dense_keys) is %d, but there "
                                        "are %d and %d types",
                                        n_sparse, n_dense, e->n_sparse, e->n_dense);
        for (int k = 0; k < n_sparse + n_dense; k++) {
                const ProtobufCBinaryData *b = k < n_sparse ? &sparse[k] : &dense[k - n_sparse];
                want_key(&e->want[k], b->data, b->len);
        }
        return NULL;
}

static Status *read_wants(OpCtx *c, ExampleOp *e)
{
        const DType *types = ctx_node(c)->out_types;
        int defaults = ctx_inputs(c) - e->n_dense;
        for (int k = 0; k < e->n_sparse; k++)
                e->want[k].type = types[e->n_sparse + k];
        for (int k = 0; k < e->n_dense; k++) {
                Want *w = &e->want[e->n_sparse + k];
                w->type = types[3 * e->n_sparse + k];
                w->fallback = ctx_input(c, defaults + k);
                TRY(dense_shape(ctx_node(c), k, &w->shape));
        }
        for (int k = 0; k < e->n_ragged; k++)
                e->want[e->n_sparse + e->n_dense + k].type =
                        types[3 * e->n_sparse + e->n_dense + k];
        if (is_op(ctx_node(c), "sparse_keys"))
                return keys_from_attrs(c, e);
        if (!is_op(ctx_node(c), "Nsparse"))
                return keys_from_vectors(c, e);
        keys_from_inputs(c, e);
        return NULL;
}

static Status *parse(OpCtx *c)
{
        ExampleOp e = { .serialized = ctx_input(c, 0) };
        TRY(count_keys(ctx_node(c), ctx_inputs(c), ctx_outputs(c), &e));
        size_t n = (size_t)(e.n_sparse + e.n_dense + e.n_ragged) + 1;
        e.want = ctx_scratch(c, n * sizeof *e.want);
        if (!e.want)
                return status_oom();
        memset(e.want, 0, n * sizeof *e.want);
        TRY(read_wants(c, &e));
        e.batched = tensor_rank(e.serialized) > 0;
        e.batch = tensor_count(e.serialized);
        e.single = is_op(ctx_node(c), "sparse_keys");
        if (!e.single)
                e.names = ctx_input(c, 1);
        if (e.names && tensor_count(e.names) && tensor_count(e.names) != e.batch)
                return invalid_argument("Expected len(names) == len(serialized), but got: %lld "
                                        "vs. %lld",
                                        (long long)tensor_count(e.names), (long long)e.batch);
        return example_run(c, &e);
}

#define SPARSE_OUTPUTS(n) \
        "sparse_indices:" n "*int64; sparse_values:sparse_types[]; sparse_shapes:" n "*int64; "
#define KEY_TYPES "list(type) in [float,int64,string] >=0"

OP(ParseExample,
   .inputs = "serialized:string; names:string; sparse_keys:Nsparse*string; "
             "dense_keys:Ndense*string; dense_defaults:Tdense[]",
   .outputs = SPARSE_OUTPUTS("Nsparse") "dense_values:Tdense[]",
   .attrs = "Nsparse:int >=0; Ndense:int >=0; sparse_types:" KEY_TYPES "; Tdense:" KEY_TYPES
            "; dense_shapes:list(shape) >=0",
   .shape = parse_shape, .compute = parse, .late_shape = true);
OP(ParseExampleV2,
   .inputs = "serialized:string; names:string; sparse_keys:string; dense_keys:string; "
             "ragged_keys:string; dense_defaults:Tdense[]",
   .outputs = SPARSE_OUTPUTS("num_sparse") "dense_values:Tdense[]; "
                                           "ragged_values:ragged_value_types[]; "
                                           "ragged_row_splits:ragged_split_types[]",
   .attrs = "Tdense:" KEY_TYPES "; num_sparse:int >=0; sparse_types:" KEY_TYPES
            "; ragged_value_types:" KEY_TYPES
            "; ragged_split_types:list(type) in [int32,int64] >=0; dense_shapes:list(shape) >=0",
   .shape = parse_shape, .compute = parse, .late_shape = true);
OP(ParseSingleExample, .inputs = "serialized:string; dense_defaults:Tdense[]",
   .outputs = SPARSE_OUTPUTS("num_sparse") "dense_values:Tdense[]",
   .attrs = "num_sparse:int >=0; sparse_keys:list(string) >=0; dense_keys:list(string) >=0; "
            "sparse_types:" KEY_TYPES "; Tdense:" KEY_TYPES "; dense_shapes:list(shape) >=0",
   .shape = parse_shape, .compute = parse, .late_shape = true);
