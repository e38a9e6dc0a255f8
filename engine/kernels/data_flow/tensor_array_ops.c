// SPDX-License-Identifier: Apache-2.0
/* TensorArray ops that make, size, close an array and move single elements, in all three versions.
 */
#include "engine/kernels/data_flow/tensor_array.h"
#include "engine/ops/sizes.h"

/* Handles are vectors of two strings in the first versions, scalars in the third. */
static Status *handle_shape(ShapeCtx *c)
{
        c->out[0] = dtype_base(c->node->out_types[0]) == DT_STRING ? SHAPE(2) : SHAPE_SCALAR;
        if (c->n_out > 1)
                c->out[1] = SHAPE_SCALAR;
        return NULL;
}

static Status *tensor_array_op_shape(ShapeCtx *c)
{
        if (shape_in(c, 0)->rank > 0)
                return invalid_argument("TensorArray size must be scalar, but had shape: %s",
                                        shape_text(shape_in(c, 0)).s);
        return handle_shape(c);
}

/* Each run of the op makes an array of its own, told apart by a number behind the name. */
static Status *tensor_array(OpCtx *c)
{
        const Node *n = ctx_node(c);
        int64_t size = tensor_int(ctx_input(c, 0), 0);
        const char *base = node_string(n, "tensor_array_name", "");
        Shape element = SHAPE_UNKNOWN;
        TensorArray *t;
        if (size < 0)
                return invalid_argument("Size should be >= 0.");
        TRY(node_attr_shape(n, "element_shape", &element));
        autofree char *name =
                mem_printf("%s_%llu", *base ? base : n->name, (unsigned long long)ctx_unique());
        if (!name)
                return status_oom();
        TRY(tensor_array_new(name, node_type(n, "dtype", DT_INVALID), &element, size, &t));
        autoptr(Resource) held = &t->base;
        t->dynamic_size = node_bool(n, "dynamic_size", false);
        t->clear_after_read = node_bool(n, "clear_after_read", true);
        t->identical = node_bool(n, "identical_element_shapes", false);
        return tensor_array_handle(c, t);
}

/* For each source attribute there is one gradient array; asking again gives the same one. V3's
 * WithShape puts dims in front of every element. */
static Status *grad(OpCtx *c)
{
        TensorArray *t, *g;
        autoptr(Resource) held = NULL;
        Shape prepend = SHAPE_SCALAR;
        TRY(tensor_array_of(c, &t, &held));
        if (ctx_inputs(c) > 2)
                TRY(sizes_of(ctx_input(c, 2), &prepend));
        TRY(tensor_array_grad(c, t, &prepend, &g));
        return tensor_array_handle(c, g);
}

static Status *write_shape(ShapeCtx *c)
{
        if (shape_in(c, 1)->rank > 0)
                return invalid_argument("TensorArray index must be scalar, but had shape: %s",
                                        shape_text(shape_in(c, 1)).s);
        return shape_scalars(c);
}

/* The flow passes on what orders the ops. */
static Status *write_element(OpCtx *c)
{
        TensorArray *t;
        autoptr(Resource) held = NULL;
        TRY(tensor_array_of(c, &t, &held));
        TRY(tensor_array_takes(t, tensor_dtype(c->in[2])));
        TRY(tensor_array_write(t, tensor_int(ctx_input(c, 1), 0), c->in[2]));
        ctx_forward(c, 3, 0);
        return NULL;
}

static Status *read_shape(ShapeCtx *c)
{
        if (shape_in(c, 1)->rank > 0)
                return invalid_argument("TensorArray index must be scalar, but had shape: %s",
                                        shape_text(shape_in(c, 1)).s);
        return NULL;
}

static Status *read_element(OpCtx *c)
{
        TensorArray *t;
        autoptr(Resource) held = NULL;
        Tensor *value;
        TRY(tensor_array_of(c, &t, &held));
        TRY(tensor_array_gives(t, node_type(ctx_node(c), "dtype", DT_INVALID)));
        TRY(tensor_array_read(t, tensor_int(ctx_input(c, 1), 0), &value));
        ctx_set_output(c, 0, value);
        return NULL;
}

static Status *size(OpCtx *c)
{
        TensorArray *t;
        autoptr(Resource) held = NULL;
        TRY(tensor_array_of(c, &t, &held));
        *(int32_t *)tensor_fill(ctx_output(c, 0)) = (int32_t)tensor_array_size(t);
        return NULL;
}

/* The elements are freed now, rather than at the end of the step; the array can still be found, to
 * say that it was closed. */
static Status *close_array(OpCtx *c)
{
        TensorArray *t;
        autoptr(Resource) held = NULL;
        TRY(tensor_array_of(c, &t, &held));
        tensor_array_close(t);
        return NULL;
}

OP(TensorArray, .inputs = "size:int32", .outputs = "handle:ref(string)",
   .attrs = "dtype:type; dynamic_size:bool = false; clear_after_read:bool = true; "
            "tensor_array_name:string = \"\"; element_shape:shape = ?",
   .flags = "stateful,deprecated@16", .shape = tensor_array_op_shape, .compute = tensor_array,
   .late_shape = true);
OP(TensorArrayGrad, .inputs = "handle:string; flow_in:float", .outputs = "grad_handle:ref(string)",
   .attrs = "source:string", .flags = "stateful,deprecated@16", .shape = handle_shape,
   .compute = grad, .late_shape = true);
OP(TensorArrayWrite, .inputs = "handle:ref(string); index:int32; value:T; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "deprecated@16", .shape = write_shape,
   .compute = write_element, .late_shape = true);
OP(TensorArrayRead, .inputs = "handle:ref(string); index:int32; flow_in:float",
   .outputs = "value:dtype", .attrs = "dtype:type", .flags = "deprecated@16", .shape = read_shape,
   .compute = read_element, .late_shape = true);
OP(TensorArraySize, .inputs = "handle:ref(string); flow_in:float", .outputs = "size:int32",
   .flags = "deprecated@16", .shape = shape_scalars, .compute = size);
OP(TensorArrayClose, .inputs = "handle:ref(string)", .flags = "deprecated@16", .shape = shape_none,
   .compute = close_array);
OP(TensorArrayV2, .inputs = "size:int32", .outputs = "handle:string",
   .attrs = "dtype:type; element_shape:shape = ?; dynamic_size:bool = false; clear_after_read:bool "
            "= true; tensor_array_name:string = \"\"",
   .flags = "stateful,deprecated@26", .shape = tensor_array_op_shape, .compute = tensor_array,
   .late_shape = true);
OP(TensorArrayGradV2, .inputs = "handle:string; flow_in:float", .outputs = "grad_handle:string",
   .attrs = "source:string", .flags = "stateful,deprecated@26", .shape = handle_shape,
   .compute = grad, .late_shape = true);
OP(TensorArrayWriteV2, .inputs = "handle:string; index:int32; value:T; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "deprecated@26", .shape = write_shape,
   .compute = write_element, .late_shape = true);
OP(TensorArrayReadV2, .inputs = "handle:string; index:int32; flow_in:float",
   .outputs = "value:dtype", .attrs = "dtype:type", .flags = "deprecated@26", .shape = read_shape,
   .compute = read_element, .late_shape = true);
OP(TensorArraySizeV2, .inputs = "handle:string; flow_in:float", .outputs = "size:int32",
   .flags = "deprecated@26", .shape = shape_scalars, .compute = size);
OP(TensorArrayCloseV2, .inputs = "handle:string", .flags = "deprecated@26", .shape = shape_none,
   .compute = close_array);
OP(TensorArrayV3, .inputs = "size:int32", .outputs = "handle:resource; flow:float",
   .attrs = "dtype:type; element_shape:shape = ?; dynamic_size:bool = false; clear_after_read:bool "
            "= true; identical_element_shapes:bool = false; tensor_array_name:string = \"\"",
   .flags = "stateful", .shape = tensor_array_op_shape, .compute = tensor_array,
   .late_shape = true);
OP(TensorArrayGradV3, .inputs = "handle:resource; flow_in:float",
   .outputs = "grad_handle:resource; flow_out:float", .attrs = "source:string", .flags = "stateful",
   .shape = handle_shape, .compute = grad, .late_shape = true);
OP(TensorArrayWriteV3, .inputs = "handle:resource; index:int32; value:T; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "stateful", .shape = write_shape,
   .compute = write_element, .late_shape = true);
OP(TensorArrayReadV3, .inputs = "handle:resource; index:int32; flow_in:float",
   .outputs = "value:dtype", .attrs = "dtype:type", .flags = "stateful", .shape = read_shape,
   .compute = read_element, .late_shape = true);
OP(TensorArraySizeV3, .inputs = "handle:resource; flow_in:float", .outputs = "size:int32",
   .flags = "stateful", .shape = shape_scalars, .compute = size);
OP(TensorArrayCloseV3, .inputs = "handle:resource", .flags = "stateful", .shape = shape_none,
   .compute = close_array);
OP(TensorArrayGradWithShape, .inputs = "handle:resource; flow_in:float; shape_to_prepend:int32",
   .outputs = "grad_handle:resource; flow_out:float", .attrs = "source:string", .flags = "stateful",
   .shape = handle_shape, .compute = grad, .late_shape = true);
