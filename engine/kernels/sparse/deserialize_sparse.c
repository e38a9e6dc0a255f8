// SPDX-License-Identifier: Apache-2.0
/* DeserializeSparse, DeserializeManySparse: what SerializeSparse and SerializeManySparse made, put
 * together to one sparse tensor again. */
#include "engine/kernels/data_flow/variant_tensor.h"
#include "engine/kernels/sparse/stack.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"

enum { PARTS = 3 };
#define PROTO_MAX_BYTES ((size_t)1 << 31)

/* Three parts make one sparse tensor: the last dimension is 3. */
static Status *deserialize_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        bool many = node_attr(c->node, "Tserialized") == NULL;
        if (many)
                TRY(shape_want_rank_as(
                        c, 0, 2, "Serialized sparse should be a matrix but received shape %s"));
        if (x->rank == 0)
                return invalid_argument("Serialized sparse should have non-zero rank %s",
                                        shape_text(x).s);
        if (x->rank > 0 && x->dim[x->rank - 1] >= 0 && x->dim[x->rank - 1] != PARTS)
                return invalid_argument("Serialized sparse should have 3 as the last dimension %s",
                                        shape_text(x).s);
        c->out[0] = SHAPE(-1, -1);
        c->out[1] = c->out[2] = SHAPE(-1);
        return NULL;
}

/* Element i as a tensor: *ret is a new reference. */
static Status *read_proto(const Tensor *x, int64_t i, Tensor **ret)
{
        const TString *s = &tensor_strings(x)[i];
        autoptr(Arena) a = NULL;
        ProtobufCMessage *m;
        TRY(arena_new(PROTO_MAX_BYTES, &a));
        Status *bad =
                proto_unpack(&tensorflow__tensor_proto__descriptor, s->data, s->len, NULL, a, &m);
        if (!bad)
                bad = tensor_from_proto((Tensorflow__TensorProto *)m, NULL, ret);
        if (!bad || status_code(bad) != SR_INVALID_ARGUMENT)
                return bad;
        status_free(bad);
        return invalid_argument("Could not parse serialized_sparse[%lld, %lld]",
                                (long long)(i / PARTS), (long long)(i % PARTS));
}

/* Strings hold TensorProtos, variants the tensor itself. */
static Status *read_element(const Tensor *x, int64_t i, Tensor **ret)
{
        if (tensor_dtype(x) == DT_STRING)
                return read_proto(x, i, ret);
        Tensor *t = variant_tensor(x, i);
        if (!t)
                return invalid_argument("serialized_sparse[%lld, %lld] does not hold a tensor",
                                        (long long)(i / PARTS), (long long)(i % PARTS));
        *ret = tensor_ref(t);
        return NULL;
}

/* Without a batch there must be one. */
static Status *check_count(int64_t n, const Shape *batch)
{
        if (!n && batch->rank)
                return invalid_argument("Must have at least 1 serialized SparseTensor, but input "
                                        "matrix has 0 rows");
        return NULL;
}

/* Elements come from outside: their count, types and shapes are checked before they are stacked. */
static Status *read_all(OpCtx *c, int64_t n, Tensor **list)
{
        const Tensor *x = ctx_input(c, 0);
        SparsePart *parts = ctx_scratch(c, (size_t)(n + 1) * sizeof *parts);
        Shape batch = *tensor_shape(x);
        if (!parts)
                return status_oom();
        shape_remove(&batch, batch.rank - 1);
        TRY(check_count(n, &batch));
        for (int64_t i = 0; i < n * PARTS; i++)
                TRY(read_element(x, i, &list[i]));
        for (int64_t i = 0; i < n; i++) {
                parts[i] =
                        (SparsePart){ list[i * PARTS], list[i * PARTS + 1], list[i * PARTS + 2] };
                TRY(sparse_part_check(&parts[i], dtype_base(ctx_node(c)->out_types[1]), i));
        }
        return sparse_stack(c, parts, n, &batch);
}

static Status *deserialize(OpCtx *c)
{
        int64_t n = tensor_count(ctx_input(c, 0)) / PARTS;
        size_t bytes = (size_t)(n * PARTS + 1) * sizeof(Tensor *);
        Tensor **list = ctx_scratch(c, bytes);
        if (!list)
                return status_oom();
        memset(list, 0, bytes);
        Status *s = read_all(c, n, list);
        for (int64_t i = 0; i < n * PARTS; i++)
                tensor_unref(list[i]);
        return s;
}

OP(DeserializeSparse, .inputs = "serialized_sparse:Tserialized",
   .outputs = "sparse_indices:int64; sparse_values:dtype; sparse_shape:int64",
   .attrs = "dtype:type; Tserialized:type in [string,variant] = string",
   .kernels = "dtype:type in [" PLAIN_TYPES "]", .shape = deserialize_shape, .compute = deserialize,
   .late_shape = true);
OP(DeserializeManySparse, .inputs = "serialized_sparse:string",
   .outputs = "sparse_indices:int64; sparse_values:dtype; sparse_shape:int64",
   .attrs = "dtype:type", .kernels = "dtype:type in [" PLAIN_TYPES "]", .shape = deserialize_shape,
   .compute = deserialize, .late_shape = true);
