// SPDX-License-Identifier: Apache-2.0
/* The import stage that makes the tensors of constants. Large ones stay in the GraphDef's memory.
 */
#include "engine/graph/graph_impl.h"

#include "engine/tensor/tensor_proto.h"
#include <string.h>

/* One value may stand for a million: what such constants of one extend may take in all. */
#define MAX_REPEATED ((size_t)1 << 30)

/* A constant's tensor. Bytes that came in the message are used where they lie, if they suit;
 * repeated values are made, and bounded for the whole graph. */
static Status *make_value(Import *im, Node *n)
{
        const AttrValue *v = node_attr(n, "value");
        size_t bytes;
        if (!v || v->value_case != TENSORFLOW__ATTR_VALUE__VALUE_TENSOR)
                return NULL; /* another op of that name: not TensorFlow's */
        DType dtype = node_type(n, "dtype", DT_INVALID);
        if ((int)v->tensor->dtype != (int)dtype)
                return invalid_argument("Type mismatch between value (%s) and dtype (%s)",
                                        dtype_name((DType)v->tensor->dtype), dtype_name(dtype));
        TRY(tensor_proto_size(v->tensor, &bytes));
        bytes = v->tensor->tensor_content.len ? 0 : bytes; /* what was sent is bounded already */
        if (bytes > MAX_REPEATED - im->repeated)
                return resource_exhausted("the repeated values of constants take more than %zu "
                                          "bytes",
                                          MAX_REPEATED);
        im->repeated += bytes;
        ProtoLender lender = { .release = block_unref, .owner = im->block };
        TRY(tensor_from_proto(v->tensor, &lender, &n->value));
        if (lender.borrowed)
                atomic_fetch_add_explicit(&im->block->refs, 1, memory_order_relaxed);
        return NULL;
}

/* The stage that gives constants their values. */
Status *import_values(Import *im)
{
        for (int i = 0; i < im->n_nodes; i++) {
                Node *n = &im->nodes[i];
                if (strcmp(n->op->def->name, "Const") != 0 &&
                    strcmp(n->op->def->name, "HostConst") != 0)
                        continue;
                Status *s = status_append(make_value(im, n), "\n\t [[{{node %s}}]]", n->name);
                status_set_node(s, n->name, n->def->op);
                TRY(s);
        }
        return NULL;
}
