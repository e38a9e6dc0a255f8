// SPDX-License-Identifier: Apache-2.0
/* ParseExampleDataset(V2): each element, a vector of serialized Examples, parsed. Components come
 * in the order of their keys; a sparse one is a variant vector of indices, values and shape. */
#include "engine/kernels/data/pull.h"
#include "engine/kernels/data_flow/variant_tensor.h"
#include "engine/kernels/parsing/example.h"
#include "engine/ops/signature.h"

typedef struct ParseExample {
        Dataset base; /* values: the defaults of the dense keys */
        Want *want;   /* n_sparse, then n_dense; the keys are copies */
        int *place;   /* per want: its component */
        DType *types; /* of the outputs that parsing makes */
        int n_sparse, n_dense, n_out;
} ParseExample;

/* Parsing is an op's work: this is the op, with outputs of its own. */
static Status *parse(const ParseExample *d, OpCtx *c, const Tensor *text, Tensor **out)
{
        Node node = *ctx_node(c);
        node.out_types = d->types;
        node.n_out = d->n_out;
        OpCtx inner = *c;
        inner.node = &node;
        inner.out = out;
        inner.n_out = d->n_out;
        ExampleOp e = { .serialized = text,
                        .n_sparse = d->n_sparse,
                        .n_dense = d->n_dense,
                        .want = d->want,
                        .batch = tensor_count(text),
                        .batched = true };
        return example_run(&inner, &e);
}

static Status *sparse_variant(const ParseExample *d, Tensor *const *out, int k, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        TRY(tensor_new(DT_VARIANT, &SHAPE(3), &t));
        for (int i = 0; i < 3; i++)
                TRY(variant_put_tensor(t, i, out[i * d->n_sparse + k]));
        *ret = steal(&t);
        return NULL;
}

/* Parsed outputs, in the order of the kinds, become components in that of the keys. */
static Status *make_row(const ParseExample *d, Tensor **out, Row **ret)
{
        autoptr(Row) row = NULL;
        TRY(row_new(d->base.n, &row));
        for (int k = 0; k < d->n_sparse; k++)
                TRY(sparse_variant(d, out, k, &row->t[d->place[k]]));
        for (int k = 0; k < d->n_dense; k++)
                row->t[d->place[d->n_sparse + k]] = steal(&out[3 * d->n_sparse + k]);
        *ret = steal(&row);
        return NULL;
}

static Status *next(Iter *it, Pull *p)
{
        const ParseExample *d = (ParseExample *)it->ds;
        Row *row = NULL;
        if (pull_event(p) != PULL_ROW)
                return pull_event(p) == PULL_END ? pull_end(p) : pull_input(p, it);
        autoptr(Row) text = pull_row(p);
        if (tensor_rank(text->t[0]) != 1)
                return invalid_argument("Expected a vector of serialized examples, got shape: %s",
                                        shape_text(tensor_shape(text->t[0])).s);
        Tensor **out = mem_calloc((size_t)d->n_out + 1, sizeof *out);
        if (!out)
                return status_oom();
        Status *s = parse(d, pull_ctx(p), text->t[0], out);
        if (!s)
                s = make_row(d, out, &row);
        for (int i = 0; i < d->n_out; i++)
                tensor_unref(out[i]);
        mem_free(out);
        return s ? s : pull_give(p, row);
}

static void parse_free(Dataset *ds)
{
        ParseExample *d = (ParseExample *)ds;
        for (int k = 0; d->want && k < d->n_sparse + d->n_dense; k++)
                mem_free((char *)d->want[k].key);
        mem_free(d->want);
        mem_free(d->place);
        mem_free(d->types);
}

static const DatasetKind parse_kind = {
        .name = "ParseExample", .size = sizeof(ParseExample), .next = next, .free = parse_free
};

/* ---- the op ---- */

static Status *copy_key(const ProtobufCBinaryData *key, Want *w)
{
        char *copy = mem_strndup(key->data ? (const char *)key->data : "", key->len);
        if (!copy)
                return status_oom();
        want_key(w, copy, key->len);
        return NULL;
}

/* A key is as many places behind as there are smaller ones. */
static Status *sort_keys(ParseExample *d)
{
        int n = d->n_sparse + d->n_dense;
        for (int i = 0; i < n; i++) {
                for (int k = 0; k < n; k++) {
                        const Want *a = &d->want[i], *b = &d->want[k];
                        int order = memcmp(a->key, b->key, MIN(a->key_len, b->key_len) + 1);
                        if (i != k && !order)
                                return invalid_argument("Duplicate key not allowed: %.*s",
                                                        (int)MIN(a->key_len, (size_t)100), a->key);
                        d->place[i] += order > 0;
                }
        }
        return NULL;
}

/* One value pads what has no fixed length; else there is one for each place, or none. */
static Status *check_fallback(const OpCtx *c, int k, const Tensor *t, const Shape *shape)
{
        DType type = (DType)node_attr(ctx_node(c), "Tdense")->list->type[k];
        if (shape->rank > 0 && shape->dim[0] == -1 && tensor_count(t) != 1)
                return invalid_argument("dense_shape[%d] is a variable length shape: %s, therefore "
                                        "def_value[%d] must contain a single element (the padding "
                                        "element).  But its shape is: %s",
                                        k, shape_text(shape).s, k, shape_text(tensor_shape(t)).s);
        if (!(shape->rank > 0 && shape->dim[0] == -1) && tensor_count(t) &&
            !shape_compatible(shape, tensor_shape(t)))
                return invalid_argument("def_value[%d].shape() == %s is not compatible with "
                                        "dense_shapes_[%d] == %s",
                                        k, shape_text(tensor_shape(t)).s, k, shape_text(shape).s);
        if (tensor_dtype(t) != type)
                return invalid_argument(
                        "dense_defaults[%d].dtype() == %s != dense_types_[%d] == %s", k,
                        dtype_name(tensor_dtype(t)), k, dtype_name(type));
        return NULL;
}

static Status *read_dense(const OpCtx *c, int k, const Tensor *fallback, Want *w)
{
        TRY(node_attr_shape_at(ctx_node(c), "dense_shapes", k, &w->shape));
        bool good = w->shape.rank >= 0 && w->shape.rank < SHAPE_MAX_RANK;
        for (int i = 1; good && i < w->shape.rank; i++)
                good = w->shape.dim[i] >= 0;
        if (!good)
                return invalid_argument("dense_shapes[%d] has unknown rank or unknown inner "
                                        "dimensions: %s",
                                        k, shape_text(&w->shape).s);
        TRY(check_fallback(c, k, fallback, &w->shape));
        w->fallback = fallback;
        w->type = tensor_dtype(fallback);
        return NULL;
}

static Status *read_keys(const OpCtx *c, ParseExample *d)
{
        enum { KEYS_MAX = 4096 };
        const ProtobufCBinaryData *sparse, *dense;
        int n_sparse, n_dense, n_shapes;
        const AttrValue *types = node_attr(ctx_node(c), "sparse_types");
        TRY(node_attr_strings(ctx_node(c), "sparse_keys", &sparse, &n_sparse));
        TRY(node_attr_strings(ctx_node(c), "dense_keys", &dense, &n_dense));
        TRY(node_attr_shapes(ctx_node(c), "dense_shapes", &n_shapes));
        if (n_dense != ctx_inputs(c) - 2 || n_shapes != n_dense)
                return invalid_argument("Expected len(dense_defaults) == len(dense_keys) but got: "
                                        "%d vs. %d",
                                        ctx_inputs(c) - 2, n_dense);
        if (n_sparse != dataset_list_len(ctx_node(c), "sparse_types"))
                return invalid_argument("len(sparse_keys) != len(sparse_types)");
        if (n_sparse + n_dense > KEYS_MAX || n_sparse + n_dense != d->base.n)
                return invalid_argument("%d keys do not fit %d components", n_sparse + n_dense,
                                        d->base.n);
        d->want = mem_calloc((size_t)d->base.n, sizeof *d->want);
        d->place = mem_calloc((size_t)d->base.n, sizeof *d->place);
        if (!d->want || !d->place)
                return status_oom();
        d->n_sparse = n_sparse;
        d->n_dense = n_dense;
        for (int k = 0; k < n_sparse; k++) {
                d->want[k].type = (DType)types->list->type[k];
                TRY(copy_key(&sparse[k], &d->want[k]));
        }
        for (int k = 0; k < n_dense; k++) {
                TRY(copy_key(&dense[k], &d->want[n_sparse + k]));
                TRY(read_dense(c, k, d->base.values->t[k], &d->want[n_sparse + k]));
        }
        return sort_keys(d);
}

/* What ParseExample's outputs would be: indices, values, shapes; dense values. */
static Status *make_types(ParseExample *d)
{
        d->n_out = 3 * d->n_sparse + d->n_dense;
        d->types = mem_calloc((size_t)d->n_out + 1, sizeof *d->types);
        if (!d->types)
                return status_oom();
        for (int k = 0; k < d->n_sparse; k++) {
                d->types[k] = d->types[2 * d->n_sparse + k] = DT_INT64;
                d->types[d->n_sparse + k] = d->want[k].type;
        }
        for (int k = 0; k < d->n_dense; k++)
                d->types[3 * d->n_sparse + k] = d->want[d->n_sparse + k].type;
        return NULL;
}

static Status *parse_example(OpCtx *c)
{
        int64_t calls;
        const AttrValue *ragged = node_attr(ctx_node(c), "ragged_keys");
        autoptr(Dataset) d = NULL;
        TRY(scalar_int(c, 1, "num_parallel_calls", &calls));
        if (calls <= 0 && calls != -1)
                return invalid_argument("num_parallel_calls must be greater than zero.");
        if (ragged && ragged->list && ragged->list->n_s)
                return unimplemented("%s with ragged features", ctx_node(c)->op->def->name);
        TRY(dataset_typed(c, &parse_kind, &d));
        if (d->input[0]->n != 1 || d->input[0]->types[0] != DT_STRING)
                return invalid_argument("Input dataset should be a dataset of vectors of strings");
        TRY(row_of(c->in + 2, ctx_inputs(c) - 2, &d->values));
        TRY(read_keys(c, (ParseExample *)d));
        TRY(make_types((ParseExample *)d));
        return dataset_output(c, steal(&d));
}

#define KEY_TYPES "list(type) in [float,int64,string] >=0"
#define KEYS                                                                                 \
        "sparse_keys:list(string) >=0; dense_keys:list(string) >=0; sparse_types:" KEY_TYPES \
        "; Tdense:" KEY_TYPES "; dense_shapes:list(shape) >=0; " TYPES
#define RAGGED                                                                         \
        "; ragged_keys:list(string) >=0 = []; ragged_value_types:" KEY_TYPES " = []; " \
        "ragged_split_types:list(type) in [int32,int64] >=0 = []"
#define EXAMPLES "input_dataset:variant; num_parallel_calls:int64; dense_defaults:Tdense[]"

DATASET_OP(ParseExampleDataset, EXAMPLES, KEYS "; sloppy:bool = false" RAGGED,
           .compute = parse_example);
DATASET_OP(ParseExampleDatasetV2, EXAMPLES, KEYS "; deterministic:string = \"default\"" RAGGED,
           .compute = parse_example);
DATASET_OP(ExperimentalParseExampleDataset, EXAMPLES, KEYS "; sloppy:bool = false",
           .compute = parse_example);
