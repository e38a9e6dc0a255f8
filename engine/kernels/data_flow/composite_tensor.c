// SPDX-License-Identifier: Apache-2.0
/* CompositeTensorVariantFromComponents, CompositeTensorVariantToComponents: several tensors as one
 * variant that knows what they make. Components that are variants themselves are refused, so that
 * nothing nests. */
#include "engine/kernels/data_flow/variant_tensor.h"
#include "proto/wire.h"
#include "tensorflow/core/protobuf/composite_tensor_variant.pb-c.h"

typedef Tensorflow__CompositeTensorVariantMetadata Metadata;

typedef struct Composite {
        Resource base;
        int what; /* TypeSpecProto.TypeSpecClass */
        int n;
        Tensor *component[];
} Composite;

static void composite_destroy(Resource *r)
{
        Composite *v = CONTAINER_OF(r, Composite, base);
        for (int i = 0; i < v->n; i++)
                tensor_unref(v->component[i]);
        mem_free(v);
}

static const ResourceKind composite_kind = { .name = "CompositeTensorVariant",
                                             .destroy = composite_destroy };

static int class_of(const Metadata *m)
{
        return m->type_spec_proto ? (int)m->type_spec_proto->type_spec_class : 0;
}

static const char *class_name(int what)
{
        const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(
                &tensorflow__type_spec_proto__type_spec_class__descriptor, what);
        return v ? v->name : "";
}

static Status *read_metadata(PrepareCtx *p, const char *name)
{
        const AttrValue *v = node_attr(p->node, "metadata");
        ProtobufCMessage *m;
        Status *s = proto_unpack(&tensorflow__composite_tensor_variant_metadata__descriptor,
                                 v ? v->s.data : NULL, v ? v->s.len : 0, NULL, p->arena, &m);
        if (!s)
                p->state = m;
        if (!s || status_code(s) != SR_INVALID_ARGUMENT)
                return s;
        status_free(s);
        return invalid_argument("Error parsing %s", name);
}

static Status *prepare_from(PrepareCtx *p)
{
        return read_metadata(p, "metadata");
}

static Status *prepare_to(PrepareCtx *p)
{
        return read_metadata(p, "`metadata`");
}

static Status *from_components(OpCtx *c)
{
        int n = ctx_inputs(c);
        for (int i = 0; i < n; i++)
                if (tensor_dtype(ctx_input(c, i)) == DT_VARIANT ||
                    tensor_dtype(ctx_input(c, i)) == DT_RESOURCE)
                        return unimplemented("Components of %s are not supported",
                                             dtype_name(tensor_dtype(ctx_input(c, i))));
        Composite *v = mem_calloc(1, sizeof *v + (size_t)n * sizeof v->component[0]);
        if (!v)
                return status_oom();
        resource_init(&v->base, &composite_kind);
        v->what = class_of(ctx_state(c));
        for (; v->n < n; v->n++)
                v->component[v->n] = tensor_ref(ctx_input(c, v->n));
        *(Resource **)tensor_fill(ctx_output(c, 0)) = &v->base;
        return NULL;
}

static Status *encoded_in(const OpCtx *c, const Composite **ret)
{
        const Tensor *x = ctx_input(c, 0);
        if (!tensor_count(x))
                return invalid_argument("Input `encoded` must not be an empty variant tensor, but "
                                        "got Tensor<type: variant shape: %s values: >",
                                        shape_text(tensor_shape(x)).s);
        Resource *r = tensor_resource_at(x, 0);
        if (!r || r->kind != &composite_kind)
                return invalid_argument("The input `encoded` is not a valid CompositeTensorVariant "
                                        "tensor, got Tensor<type: variant shape: %s values: %s>",
                                        shape_text(tensor_shape(x)).s, variant_text(r).s);
        *ret = CONTAINER_OF(r, Composite, base);
        return NULL;
}

/* The variant may come from anywhere in the graph, so what it is, number and types are compared
 * with what this node promised. */
static Status *to_components(OpCtx *c)
{
        const Composite *v;
        int what = class_of(ctx_state(c));
        TRY(encoded_in(c, &v));
        if (v->what != what)
                return invalid_argument("Expected a %s (based on `type_spec`), but `encoded` "
                                        "contains a %s",
                                        class_name(what), class_name(v->what));
        if (v->n != ctx_outputs(c))
                return invalid_argument("Encoded value has %d tensor components; expected %d "
                                        "components based on type_spec",
                                        v->n, ctx_outputs(c));
        for (int i = 0; i < v->n; i++) {
                DType got = tensor_dtype(v->component[i]), want = ctx_node(c)->out_types[i];
                if (got != dtype_base(want))
                        return invalid_argument("Tensor component %d had dtype %s; expected dtype "
                                                "%s",
                                                i, dtype_enum(got), dtype_enum(dtype_base(want)));
                ctx_set_output(c, i, tensor_ref(v->component[i]));
        }
        return NULL;
}

OP(CompositeTensorVariantFromComponents, .inputs = "components:Tcomponents[]",
   .outputs = "encoded:variant", .attrs = "metadata:string; Tcomponents:list(type) >=0",
   .shape = shape_scalars, .prepare = prepare_from, .compute = from_components);
OP(CompositeTensorVariantToComponents, .inputs = "encoded:variant",
   .outputs = "components:Tcomponents[]", .attrs = "metadata:string; Tcomponents:list(type) >=0",
   .shape = shape_unknown, .prepare = prepare_to, .compute = to_components, .late_shape = true);
