// SPDX-License-Identifier: Apache-2.0
#include "bench/weights.h"

#include "engine/tensor/tensor_proto.h"
#include <string.h>

static TensorProto *float_value(const NodeDef *def)
{
        for (size_t i = 0; !strcmp(def->op, "Const") && i < def->n_attr; i++) {
                TensorProto *p = def->attr[i]->value->tensor;
                if (!strcmp(def->attr[i]->key, "value") && p->dtype == (int)DT_FLOAT)
                        return p;
        }
        return NULL;
}

Status *weights_of(GraphSource *src, size_t i, Weights *ret)
{
        TensorProto *p = float_value(src->graph_def->node[i]);
        *ret = (Weights){ 0 };
        if (!p)
                return NULL;
        TRY(shape_from_proto(p->tensor_shape, &ret->shape));
        TRY(shape_count(&ret->shape, &ret->n));
        ret->v = arena_alloc(src->arena, (size_t)ret->n * sizeof(float));
        if (!ret->v)
                return status_oom();
        ret->given = p->n_float_val ? p->float_val[0] : 0;
        p->n_float_val = 0;
        p->tensor_content.data = (uint8_t *)ret->v;
        p->tensor_content.len = (size_t)ret->n * sizeof(float);
        return NULL;
}
