// SPDX-License-Identifier: Apache-2.0
/* The counted box that such a variant points to. */
#include "engine/kernels/data_flow/variant_tensor.h"

#include <stdio.h>

typedef struct VariantTensor {
        Resource base;
        Tensor *value;
} VariantTensor;

static void box_destroy(Resource *r)
{
        VariantTensor *v = CONTAINER_OF(r, VariantTensor, base);
        tensor_unref(v->value);
        mem_free(v);
}

static const ResourceKind box_kind = { .name = "Tensor", .destroy = box_destroy };

/* No handles inside, which keeps nesting at one level. */
Status *variant_put_tensor(Tensor *to, int64_t i, const Tensor *t)
{
        if (tensor_dtype(t) == DT_RESOURCE || tensor_dtype(t) == DT_VARIANT)
                return invalid_argument("A variant cannot hold a tensor of %s here",
                                        dtype_name(tensor_dtype(t)));
        VariantTensor *v = mem_calloc(1, sizeof *v);
        if (!v)
                return status_oom();
        resource_init(&v->base, &box_kind);
        v->value = tensor_ref(t);
        Resource **slot = (Resource **)tensor_fill(to) + i;
        resource_unref(*slot);
        *slot = &v->base;
        return NULL;
}

Tensor *variant_tensor(const Tensor *t, int64_t i)
{
        Resource *r = tensor_resource_at(t, i);
        return r && r->kind == &box_kind ? CONTAINER_OF(r, VariantTensor, base)->value : NULL;
}

/* A kind's name is its C++ type's; the value shows without the namespace. */
VariantText variant_text(const Resource *r)
{
        VariantText t;
        const char *type = r ? r->kind->name : "", *value = r ? type : "[empty]", *colon;
        while ((colon = strstr(value, "::")))
                value = colon + 2;
        snprintf(t.s, sizeof t.s, "Variant<type: %s value: %s>", type, value);
        return t;
}
