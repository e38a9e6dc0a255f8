// SPDX-License-Identifier: Apache-2.0
/* IteratorToStringHandle, IteratorFromStringHandle(V2): an iterator as a string that can be fed: a
 * ResourceHandleProto with its container and name. */
#include "engine/kernels/data/iterator.h"
#include "engine/kernels/data_flow/queue_handle.h"
#include "proto/wire.h"
#include "tensorflow/core/framework/resource_handle.pb-c.h"

enum { HANDLE_MAX = 64 << 10 };

static Status *to_string(OpCtx *c)
{
        Iterator *it = NULL;
        TRY(iterator_at(c, 0, &it));
        Tensorflow__ResourceHandleProto h = TENSORFLOW__RESOURCE_HANDLE_PROTO__INIT;
        h.device = (char *)"/job:localhost/replica:0/task:0/device:CPU:0";
        h.container = it->container;
        h.name = it->name;
        h.maybe_type_name = (char *)"tensorflow::data::IteratorResource";
        autobuf b = BUF(HANDLE_MAX);
        TRY(proto_pack(&h.base, &b));
        return tensor_set_string(ctx_output(c, 0), 0, b.data, b.len);
}

static Status *no_handle(void)
{
        return invalid_argument("Could not parse string_handle as a valid ResourceHandle");
}

/* The session is asked for the name: a string gives no access to other sessions. */
static Status *from_string(OpCtx *c)
{
        const TString *s = NULL;
        autoptr(Arena) arena = NULL;
        autoptr(Resource) r = NULL;
        ProtobufCMessage *m = NULL;
        TRY(scalar_string(c, 0, "string_handle", &s));
        if (!s->len || s->len > HANDLE_MAX)
                return no_handle();
        TRY(arena_new(16 * HANDLE_MAX, &arena));
        autoptr(Status) bad = proto_unpack(&tensorflow__resource_handle_proto__descriptor, s->data,
                                           s->len, NULL, arena, &m);
        if (bad)
                return no_handle();
        const Tensorflow__ResourceHandleProto *h = (Tensorflow__ResourceHandleProto *)m;
        TRY(ctx_find_resource(c, &iterator_kind, h->container, h->name, &r));
        TRY(iterator_fits(c, iterator_of(r)));
        return handle_output(c, r);
}

#define FROM_STRING(op)                                                                     \
        OP(op, .inputs = "string_handle:string", .outputs = "resource_handle:resource",     \
           .attrs = "output_types:list(type) >=0 = []; output_shapes:list(shape) >=0 = []", \
           .flags = "stateful", .shape = shape_scalars, .compute = from_string,             \
           .late_shape = true)

OP(IteratorToStringHandle, .inputs = "resource_handle:resource", .outputs = "string_handle:string",
   .flags = "stateful", .shape = shape_scalars, .compute = to_string);
FROM_STRING(IteratorFromStringHandle);
FROM_STRING(IteratorFromStringHandleV2);
