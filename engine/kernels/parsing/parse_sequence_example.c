// SPDX-License-Identifier: Apache-2.0
/* ParseSequenceExample, ParseSequenceExampleV2 and ParseSingleSequenceExample: the same work; they
 * differ in where keys come from and in whether there is a batch. */
#include "engine/kernels/parsing/sequence.h"

typedef enum KeysFrom { ATTRS, VECTORS, SCALARS } KeysFrom;

static KeysFrom keys_from(const Node *n)
{
        if (node_attr(n, "context_ragged_value_types"))
                return VECTORS;
        return node_attr(n, "feature_list_dense_missing_assumed_empty") ? ATTRS : SCALARS;
}

static int types(const Node *n, const char *attr)
{
        const AttrValue *v = node_attr(n, attr);
        bool list = v && v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        return list ? (int)v->list->n_type : 0;
}

/* Two numbers that must be one. */
static Status *want_count(const Node *n, const char *count, const char *list)
{
        if (node_attr(n, count) && node_int(n, count, 0) != types(n, list))
                return invalid_argument("%s (%lld) must match the size of %s (%d)", count,
                                        (long long)node_int(n, count, 0), list, types(n, list));
        return NULL;
}

static Status *count_keys(const Node *n, SequenceOp *s)
{
        TRY(want_count(n, "Ncontext_sparse", "context_sparse_types"));
        TRY(want_count(n, "Ncontext_dense", "Tcontext_dense"));
        TRY(want_count(n, "Nfeature_list_sparse", "feature_list_sparse_types"));
        TRY(want_count(n, "Nfeature_list_dense", "feature_list_dense_types"));
        int shapes, list_shapes;
        TRY(node_attr_shapes(n, "context_dense_shapes", &shapes));
        TRY(node_attr_shapes(n, "feature_list_dense_shapes", &list_shapes));
        s->context.n_sparse = types(n, "context_sparse_types");
        s->context.n_dense = types(n, "Tcontext_dense");
        s->context.n_ragged = types(n, "context_ragged_value_types");
        s->n_sparse = types(n, "feature_list_sparse_types");
        s->n_dense = types(n, "feature_list_dense_types");
        s->n_ragged = types(n, "feature_list_ragged_value_types");
        s->lengths = keys_from(n) != SCALARS;
        if (shapes != s->context.n_dense)
                return invalid_argument("len(context_dense_keys) != len(context_dense_shapes)");
        if (list_shapes != s->n_dense)
                return invalid_argument("len(feature_list_dense_keys) != "
                                        "len(feature_list_dense_shapes)");
        if (types(n, "context_ragged_split_types") != s->context.n_ragged ||
            types(n, "feature_list_ragged_split_types") != s->n_ragged)
                return invalid_argument("len(ragged_keys) != len(ragged_split_types)");
        return NULL;
}

/* Shape k of a list of them, which must be complete. */
static Status *fixed_shape(const Node *n, const char *attr, int k, Shape *ret)
{
        Shape s;
        int64_t count;
        TRY(node_attr_shape_at(n, attr, k, &s));
        if (!shape_complete(&s))
                return invalid_argument("%s[%d] is not fully defined: %s", attr, k,
                                        shape_text(&s).s);
        TRY(shape_count(&s, &count));
        if (s.rank > SHAPE_MAX_RANK - 2)
                return unimplemented("Tensors of rank %d are not supported; the largest rank is %d",
                                     s.rank + 2, SHAPE_MAX_RANK);
        *ret = s;
        return NULL;
}

static Status *context_shapes(ShapeCtx *c, const SequenceOp *s, const Shape *batch)
{
        int n = s->context.n_sparse, k = 3 * n;
        int64_t rank = batch->rank < 0 ? -1 : batch->rank + 1;
        for (int i = 0; i < n; i++) {
                c->out[i] = SHAPE(-1, rank);
                c->out[n + i] = SHAPE(-1);
                c->out[2 * n + i] = SHAPE(rank);
        }
        for (int i = 0; i < s->context.n_dense; i++, k++) {
                TRY(fixed_shape(c->node, "context_dense_shapes", i, &c->out[k]));
                if (batch->rank == 1)
                        shape_insert(&c->out[k], 0, batch->dim[0]);
                if (batch->rank < 0)
                        c->out[k] = SHAPE_UNKNOWN;
        }
        return NULL;
}

static Status *list_shapes(ShapeCtx *c, const SequenceOp *s, const Shape *batch)
{
        int n = s->n_sparse;
        int k = 3 * s->context.n_sparse + s->context.n_dense + 2 * s->context.n_ragged;
        int64_t rank = batch->rank < 0 ? -1 : batch->rank + 2;
        for (int i = 0; i < n; i++) {
                c->out[k + i] = SHAPE(-1, rank);
                c->out[k + n + i] = SHAPE(-1);
                c->out[k + 2 * n + i] = SHAPE(rank);
        }
        k += 3 * n;
        for (int i = 0; i < s->n_dense; i++) {
                Shape *y = &c->out[k + i];
                TRY(fixed_shape(c->node, "feature_list_dense_shapes", i, y));
                shape_insert(y, 0, -1);
                if (batch->rank == 1)
                        shape_insert(y, 0, batch->dim[0]);
                if (batch->rank < 0)
                        *y = SHAPE_UNKNOWN;
                if (s->lengths)
                        c->out[k + s->n_dense + i] = *batch;
        }
        return NULL;
}

static Status *parse_shape(ShapeCtx *c)
{
        SequenceOp s = { 0 };
        KeysFrom from = keys_from(c->node);
        TRY(count_keys(c->node, &s));
        if (from != VECTORS)
                TRY(from == ATTRS
                            ? shape_want_rank_as(
                                      c, 0, 1, "Expected serialized to be a vector, got shape: %s")
                            : shape_want_rank_as(
                                      c, 0, 0,
                                      "Expected serialized to be a scalar, got shape: %s"));
        if (shape_in(c, 0)->rank > 1)
                return invalid_argument("Expected serialized to be a scalar or vector, got shape: "
                                        "%s",
                                        shape_text(shape_in(c, 0)).s);
        int keys = s.context.n_sparse + s.context.n_dense + s.n_sparse + s.n_dense;
        for (int i = 2; from == SCALARS && i < 2 + keys; i++)
                TRY(shape_want_rank(c, i, 0));
        if (from == SCALARS)
                TRY(shape_want_rank(c, c->n_in - 1, 0));
        TRY(context_shapes(c, &s, shape_in(c, 0)));
        return list_shapes(c, &s, shape_in(c, 0));
}

/* ---- keys: those of the context first ---- */

static Status *attr_keys(const OpCtx *c, const char *attr, Want **to, int n)
{
        const ProtobufCBinaryData *list;
        int got;
        TRY(node_attr_strings(ctx_node(c), attr, &list, &got));
        if (got != n)
                return invalid_argument("Expected %d %s, got %d", n, attr, got);
        for (int i = 0; i < n; i++)
                want_key(to[i], list[i].data, list[i].len);
        return NULL;
}

static Status *vector_keys(const OpCtx *c, int input, Want **to, int n)
{
        const Tensor *t = ctx_input(c, input);
        if (tensor_count(t) != n)
                return invalid_argument("Expected %d keys, got %lld", n,
                                        (long long)tensor_count(t));
        for (int i = 0; i < n; i++)
                want_key(to[i], tensor_strings(t)[i].data, tensor_strings(t)[i].len);
        return NULL;
}

static Status *read_keys(const OpCtx *c, const SequenceOp *s, Want **to)
{
        static const char *const attr[] = {
                "context_sparse_keys",      "context_dense_keys",      NULL,
                "feature_list_sparse_keys", "feature_list_dense_keys", NULL
        };
        const int n[] = { s->context.n_sparse, s->context.n_dense, s->context.n_ragged,
                          s->n_sparse,         s->n_dense,         s->n_ragged };
        int input = 2;
        for (int kind = 0; kind < 6; to += n[kind++])
                switch (keys_from(ctx_node(c))) {
                case ATTRS:
                        if (attr[kind])
                                TRY(attr_keys(c, attr[kind], to, n[kind]));
                        break;
                case VECTORS: TRY(vector_keys(c, input++, to, n[kind])); break;
                default:
                        for (int i = 0; i < n[kind]; i++)
                                TRY(vector_keys(c, input++, to + i, 1));
                }
        return NULL;
}

/* ---- which dense lists may be missing ---- */

static void allow_key(SequenceOp *s, const void *key, size_t len)
{
        for (int k = s->n_sparse; k < s->n_sparse + s->n_dense; k++)
                if (s->want[k].key.key_len == len && !memcmp(s->want[k].key.key, key, len))
                        s->want[k].may_be_missing = true;
}

static Status *read_allowed(const OpCtx *c, SequenceOp *s)
{
        const ProtobufCBinaryData *list;
        int n;
        const Tensor *t = NULL;
        switch (keys_from(ctx_node(c))) {
        case ATTRS:
                TRY(node_attr_strings(ctx_node(c), "feature_list_dense_missing_assumed_empty",
                                      &list, &n));
                for (int i = 0; i < n; i++)
                        allow_key(s, list[i].data ? (const char *)list[i].data : "", list[i].len);
                break;
        case VECTORS:
                t = ctx_input(c, 8);
                if (tensor_count(t) != s->n_dense)
                        return invalid_argument("Expected len(feature_list_dense_missing_assumed_"
                                                "empty) == len(feature_list_dense_keys), but got: "
                                                "%lld vs. %d",
                                                (long long)tensor_count(t), s->n_dense);
                for (int i = 0; i < s->n_dense; i++)
                        s->want[s->n_sparse + i].may_be_missing = ((const bool *)tensor_data(t))[i];
                break;
        default:
                t = ctx_input(c, 1);
                for (int64_t i = 0; i < tensor_count(t); i++)
                        allow_key(s, tensor_strings(t)[i].data ? tensor_strings(t)[i].data : "",
                                  tensor_strings(t)[i].len);
        }
        return NULL;
}

/* ---- all together ---- */

/* Types of what goes out, from output `first` on. */
static Status *read_types(const OpCtx *c, SequenceOp *s)
{
        const DType *t = ctx_node(c)->out_types;
        ExampleOp *e = &s->context;
        KeysFrom from = keys_from(ctx_node(c));
        int fallback = from == VECTORS ? 9 : from == ATTRS ? 2 : ctx_inputs(c) - 1 - e->n_dense;
        for (int k = 0; k < e->n_sparse; k++)
                e->want[k].type = t[e->n_sparse + k];
        t += 3 * e->n_sparse;
        for (int k = 0; k < e->n_dense; k++) {
                Want *w = &e->want[e->n_sparse + k];
                w->type = t[k];
                w->fallback = ctx_input(c, fallback + k);
                TRY(fixed_shape(ctx_node(c), "context_dense_shapes", k, &w->shape));
        }
        t += e->n_dense;
        for (int k = 0; k < e->n_ragged; k++)
                e->want[e->n_sparse + e->n_dense + k].type = t[k];
        t += 2 * e->n_ragged;
        for (int k = 0; k < s->n_sparse; k++)
                s->want[k].key.type = t[s->n_sparse + k];
        t += 3 * s->n_sparse;
        for (int k = 0; k < s->n_dense; k++) {
                Want *w = &s->want[s->n_sparse + k].key;
                w->type = t[k];
                TRY(fixed_shape(ctx_node(c), "feature_list_dense_shapes", k, &w->shape));
        }
        t += (s->lengths ? 2 : 1) * s->n_dense;
        for (int k = 0; k < s->n_ragged; k++)
                s->want[s->n_sparse + s->n_dense + k].key.type = t[k];
        return NULL;
}

static Status *make_wants(OpCtx *c, SequenceOp *s)
{
        int n = s->context.n_sparse + s->context.n_dense + s->context.n_ragged;
        int m = s->n_sparse + s->n_dense + s->n_ragged;
        size_t size = (size_t)n * sizeof(Want), lists = (size_t)m * sizeof(ListWant);
        s->context.want = ctx_scratch(c, size + 1);
        s->want = ctx_scratch(c, lists + 1);
        Want **all = ctx_scratch(c, (size_t)(n + m + 1) * sizeof *all);
        if (!s->context.want || !s->want || !all)
                return status_oom();
        memset(s->context.want, 0, size);
        memset(s->want, 0, lists);
        for (int i = 0; i < n; i++)
                all[i] = &s->context.want[i];
        for (int i = 0; i < m; i++)
                all[n + i] = &s->want[i].key;
        TRY(read_types(c, s));
        TRY(read_keys(c, s, all));
        return read_allowed(c, s);
}

static Status *parse(OpCtx *c)
{
        SequenceOp s = { .context = { .serialized = ctx_input(c, 0), .context = true } };
        ExampleOp *e = &s.context;
        bool single = keys_from(ctx_node(c)) == SCALARS;
        TRY(count_keys(ctx_node(c), &s));
        TRY(make_wants(c, &s));
        e->names = ctx_input(c, single ? ctx_inputs(c) - 1 : 1);
        e->batched = tensor_rank(e->serialized) > 0;
        e->batch = tensor_count(e->serialized);
        if (tensor_count(e->names) && tensor_count(e->names) != e->batch)
                return invalid_argument("example_names must be empty or have the correct number "
                                        "of elements");
        return sequence_run(c, &s);
}

#define KEY_TYPES   "list(type) in [float,int64,string] >=0 = []"
#define SPLIT_TYPES "list(type) in [int32,int64] >=0 = []"
#define CONTEXT_OUTPUTS                                  \
        "context_sparse_indices:Ncontext_sparse*int64; " \
        "context_sparse_values:context_sparse_types[]; " \
        "context_sparse_shapes:Ncontext_sparse*int64; context_dense_values:Tcontext_dense[]; "
#define LIST_OUTPUTS                                               \
        "feature_list_sparse_indices:Nfeature_list_sparse*int64; " \
        "feature_list_sparse_values:feature_list_sparse_types[]; " \
        "feature_list_sparse_shapes:Nfeature_list_sparse*int64; "  \
        "feature_list_dense_values:feature_list_dense_types[]"
#define COUNTS                                                                              \
        "Ncontext_sparse:int >=0 = 0; Ncontext_dense:int >=0 = 0; "                         \
        "Nfeature_list_sparse:int >=0 = 0; "                                                \
        "Nfeature_list_dense:int >=0 = 0; context_sparse_types:" KEY_TYPES                  \
        "; Tcontext_dense:" KEY_TYPES "; feature_list_dense_types:" KEY_TYPES               \
        "; context_dense_shapes:list(shape) >=0 = []; feature_list_sparse_types:" KEY_TYPES \
        "; feature_list_dense_shapes:list(shape) >=0 = []"

OP(ParseSequenceExample,
   .inputs = "serialized:string; debug_name:string; context_dense_defaults:Tcontext_dense[]",
   .outputs = CONTEXT_OUTPUTS LIST_OUTPUTS "; feature_list_dense_lengths:Nfeature_list_dense*int64",
   .attrs = "feature_list_dense_missing_assumed_empty:list(string) >=0; "
            "context_sparse_keys:list(string) >=0; context_dense_keys:list(string) >=0; "
            "feature_list_sparse_keys:list(string) >=0; "
            "feature_list_dense_keys:list(string) >=0; " COUNTS,
   .shape = parse_shape, .compute = parse, .late_shape = true);
OP(ParseSequenceExampleV2,
   .inputs = "serialized:string; debug_name:string; context_sparse_keys:string; "
             "context_dense_keys:string; context_ragged_keys:string; "
             "feature_list_sparse_keys:string; feature_list_dense_keys:string; "
             "feature_list_ragged_keys:string; feature_list_dense_missing_assumed_empty:bool; "
             "context_dense_defaults:Tcontext_dense[]",
   .outputs = CONTEXT_OUTPUTS
   "context_ragged_values:context_ragged_value_types[]; "
   "context_ragged_row_splits:context_ragged_split_types[]; " LIST_OUTPUTS
   "; feature_list_dense_lengths:Nfeature_list_dense*int64; "
   "feature_list_ragged_values:feature_list_ragged_value_types[]; "
   "feature_list_ragged_outer_splits:feature_list_ragged_split_types[]; "
   "feature_list_ragged_inner_splits:feature_list_ragged_split_types[]",
   .attrs = "Ncontext_sparse:int >=0 = 0; Tcontext_dense:" KEY_TYPES
            "; context_sparse_types:" KEY_TYPES "; context_ragged_value_types:" KEY_TYPES
            "; context_ragged_split_types:" SPLIT_TYPES
            "; context_dense_shapes:list(shape) >=0 = []; Nfeature_list_sparse:int >=0 = 0; "
            "Nfeature_list_dense:int >=0 = 0; feature_list_dense_types:" KEY_TYPES
            "; feature_list_sparse_types:" KEY_TYPES "; feature_list_ragged_value_types:" KEY_TYPES
            "; feature_list_ragged_split_types:" SPLIT_TYPES
            "; feature_list_dense_shapes:list(shape) >=0 = []",
   .shape = parse_shape, .compute = parse, .late_shape = true);
OP(ParseSingleSequenceExample,
   .inputs = "serialized:string; feature_list_dense_missing_assumed_empty:string; "
             "context_sparse_keys:Ncontext_sparse*string; "
             "context_dense_keys:Ncontext_dense*string; "
             "feature_list_sparse_keys:Nfeature_list_sparse*string; "
             "feature_list_dense_keys:Nfeature_list_dense*string; "
             "context_dense_defaults:Tcontext_dense[]; debug_name:string",
   .outputs = CONTEXT_OUTPUTS LIST_OUTPUTS, .attrs = COUNTS, .shape = parse_shape, .compute = parse,
   .late_shape = true);
