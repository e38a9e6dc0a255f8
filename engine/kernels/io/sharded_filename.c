// SPDX-License-Identifier: Apache-2.0
/* ShardedFilename "base-00002-of-00010" and ShardedFilespec "base-?????-of-00010". */
#include "engine/ops/op.h"

static Status *sharded_shape(ShapeCtx *c)
{
        static const char *const names[] = { "basename", "shard", "num_shards" };
        for (int i = 0; i < c->n_in; i++)
                if (shape_in(c, i)->rank > 0)
                        return invalid_argument("%s must be a scalar, got shape %s",
                                                names[i && c->n_in == 2 ? 2 : i],
                                                shape_text(shape_in(c, i)).s);
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

/* The name may hold any byte, NUL as well, so it is no C string. */
static Status *put(OpCtx *c, const TString *base, const char *suffix)
{
        size_t n = base->len + strlen(suffix);
        char *s = mem_alloc(n + 1);
        if (!s)
                return status_oom();
        if (base->len)
                memcpy(s, base->data, base->len);
        memcpy(s + base->len, suffix, strlen(suffix) + 1);
        tensor_take_string(ctx_output(c, 0), 0, s, n);
        return NULL;
}

static Status *sharded_filename(OpCtx *c)
{
        autofree char *suffix = mem_printf("-%05d-of-%05d", (int)tensor_int(ctx_input(c, 1), 0),
                                           (int)tensor_int(ctx_input(c, 2), 0));
        if (!suffix)
                return status_oom();
        return put(c, tensor_strings(ctx_input(c, 0)), suffix);
}

static Status *sharded_filespec(OpCtx *c)
{
        autofree char *suffix =
                mem_printf("-\?\?\?\?\?-of-%05d", (int)tensor_int(ctx_input(c, 1), 0));
        if (!suffix)
                return status_oom();
        return put(c, tensor_strings(ctx_input(c, 0)), suffix);
}

OP(ShardedFilename, .inputs = "basename:string; shard:int32; num_shards:int32",
   .outputs = "filename:string", .shape = sharded_shape, .compute = sharded_filename);
OP(ShardedFilespec, .inputs = "basename:string; num_shards:int32", .outputs = "filename:string",
   .shape = sharded_shape, .compute = sharded_filespec);
