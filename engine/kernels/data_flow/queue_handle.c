// SPDX-License-Identifier: Apache-2.0
/* Attributes and handles of the resources that data flows through. */
#include "engine/kernels/data_flow/queue_handle.h"

#include "engine/base/buf.h"

/* front: places left free before the first component. Shapes are optional; without them rows may
 * differ. */
Status *components_read(PrepareCtx *c, int front, Components *ret)
{
        const AttrValue *types = node_attr(c->node, "component_types");
        int n = types && types->list ? (int)types->list->n_type : 0, n_shapes = 0;
        if (node_attr(c->node, "shapes"))
                TRY(node_attr_shapes(c->node, "shapes", &n_shapes));
        DType *dtypes = arena_alloc(c->arena, (size_t)(n + front + 1) * sizeof *dtypes);
        Shape *shapes = arena_alloc(c->arena, (size_t)(n_shapes + front + 1) * sizeof *shapes);
        if (!dtypes || !shapes)
                return status_oom();
        for (int i = 0; i < n; i++)
                dtypes[front + i] = (DType)types->list->type[i];
        for (int i = 0; i < n_shapes; i++)
                TRY(node_attr_shape_at(c->node, "shapes", i, &shapes[front + i]));
        *ret = (Components){ .n = n + front,
                             .dtypes = dtypes,
                             .n_shapes = n_shapes ? n_shapes + front : 0,
                             .shapes = n_shapes ? shapes : NULL };
        return NULL;
}

/* TensorFlow keeps these attributes in int32, although GraphDef has int64. */
Status *attr_int32(const Node *n, const char *name, int64_t *ret)
{
        int64_t v = node_int(n, name, 0);
        if (v < INT32_MIN || v > INT32_MAX)
                return invalid_argument("Attr %s has value %lld out of range for an int32", name,
                                        (long long)v);
        *ret = v;
        return NULL;
}

Status *handle_output(OpCtx *c, Resource *r)
{
        Tensor *handle;
        TRY(tensor_resource(DT_RESOURCE, r, &handle));
        ctx_set_output(c, 0, handle);
        return NULL;
}

Status *handle_shape(ShapeCtx *c)
{
        c->out[0] = dtype_is_ref(c->node->out_types[0]) ? SHAPE(2) : SHAPE_SCALAR;
        return NULL;
}

/* A handle of the reference kind is two strings, container and name; a resource is a scalar. */
Status *handle_in_scalar_out(ShapeCtx *c)
{
        bool ref = dtype_is_ref(c->node->in_types[0]);
        TRY(shape_want_rank(c, 0, ref ? 1 : 0));
        if (ref && shape_in(c, 0)->rank == 1 && shape_in(c, 0)->dim[0] >= 0 &&
            shape_in(c, 0)->dim[0] != 2)
                return invalid_argument("Dimension must be 2 but is %lld",
                                        (long long)shape_in(c, 0)->dim[0]);
        for (int i = 0; i < c->n_out; i++)
                c->out[i] = SHAPE_SCALAR;
        return NULL;
}

static void put_types(Buf *b, const DType *types, int n)
{
        for (int i = 0; i < n; i++)
                buf_printf(b, "%s%s", i ? ", " : "", dtype_name(types[i]));
}

static bool same_types(const DType *a, int n_a, const DType *b, int n_b)
{
        bool same = n_a == n_b;
        for (int i = 0; same && i < n_a; i++)
                same = dtype_base(a[i]) == dtype_base(b[i]);
        return same;
}

Status *match_signature(const OpCtx *c, const DType *in, int n_in, const DType *out, int n_out)
{
        const Node *n = ctx_node(c);
        if (same_types(n->in_types + 1, n->n_in - 1, in, n_in) &&
            same_types(n->out_types, n->n_out, out, n_out))
                return NULL;
        autobuf b = BUF(16 << 10);
        put_types(&b, n->in_types, n->n_in);
        buf_puts(&b, "->");
        put_types(&b, n->out_types, n->n_out);
        buf_puts(&b, " expected: ");
        put_types(&b, n->in_types, 1);
        buf_puts(&b, n_in ? ", " : "");
        put_types(&b, in, n_in);
        buf_puts(&b, "->");
        put_types(&b, out, n_out);
        TRY(buf_status(&b));
        return invalid_argument("Signature mismatch, have: %s", buf_cstr(&b));
}

Status *no_timeout(PrepareCtx *c)
{
        if (node_int(c->node, "timeout_ms", -1) != -1)
                return invalid_argument("Timeout not supported yet.");
        return NULL;
}
