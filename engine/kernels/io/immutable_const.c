// SPDX-License-Identifier: Apache-2.0
/* ImmutableConst: the first bytes of a file below the roots as a tensor, read anew in each step
 * (TensorFlow maps the file). */
#include "engine/kernels/io/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static Status *immutable_const_shape(ShapeCtx *c)
{
        DType t = node_type(c->node, "dtype", DT_INVALID);
        if (t == DT_RESOURCE || t == DT_VARIANT)
                return invalid_argument("Resource and variant dtypes are invalid for this op.");
        return node_attr_shape(c->node, "shape", &c->out[0]);
}

/* A byte of a truth may be any: it becomes 0 or 1. */
static void make_truths(Tensor *t)
{
        uint8_t *v = tensor_fill(t);
        for (size_t i = 0; i < tensor_bytes(t); i++)
                v[i] = v[i] != 0;
}

static Status *read_region(OpCtx *c, int fd, const char *path)
{
        DType t = ctx_node(c)->out_types[0];
        struct stat st;
        Shape shape;
        int64_t n, bytes;
        Tensor *y;
        if (t == DT_STRING)
                return unimplemented("Sorry, DT_STRING is not currently supported for "
                                     "ImmutableConstOp.");
        if (fstat(fd, &st))
                return unknown_error("cannot tell the file's size");
        TRY(node_attr_shape(ctx_node(c), "shape", &shape));
        TRY(shape_count(&shape, &n));
        if (__builtin_mul_overflow(n, (int64_t)dtype_size(t), &bytes))
                bytes = INT64_MAX;
        if (bytes > st.st_size)
                return internal_error("Readonly memory region has wrong length (%lld) when "
                                      "allocating %lld",
                                      (long long)st.st_size, (long long)bytes);
        TRY(ctx_alloc(c, 0, &shape, &y));
        if (n)
                TRY(bundle_read_all(fd, tensor_fill(y), tensor_bytes(y), 0, path));
        if (t == DT_BOOL)
                make_truths(y);
        return NULL;
}

static Status *immutable_const(OpCtx *c)
{
        const char *path = "";
        int fd;
        TRY(node_attr_string(ctx_node(c), "memory_region_name", &path));
        TRY(ctx_open_file(c, path, strlen(path), O_RDONLY, &fd));
        Status *s = read_region(c, fd, path);
        close(fd);
        return s;
}

OP(ImmutableConst, .outputs = "tensor:dtype",
   .attrs = "dtype:type; shape:shape; memory_region_name:string", .shape = immutable_const_shape,
   .compute = immutable_const, .late_shape = true);
