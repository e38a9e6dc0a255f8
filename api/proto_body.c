// SPDX-License-Identifier: Apache-2.0
#include "api/proto_body.h"

#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"
#include <string.h>

Status *proto_body_read(Request *r, const ProtoType *type, Arena **ret_arena, void *ret)
{
        autoptr(Arena) arena = NULL;
        ProtobufCMessage *m = NULL;
        TRY(arena_new(LIMIT_BODY + LIMIT_ARENA, &arena));
        TRY(proto_unpack(type, r->body.len ? r->body.data : "", r->body.len, NULL, arena, &m));
        memcpy(ret, &m, sizeof m);
        *ret_arena = steal(&arena);
        return NULL;
}

static void free_arena(void *arena)
{
        arena_free(arena);
}

Status *proto_body_keep(Request *r, const ProtoType *type, void *ret)
{
        Arena *arena;
        TRY(proto_body_read(r, type, &arena, ret));
        Status *s = arena_on_free(r->arena, free_arena, arena);
        if (s)
                arena_free(arena);
        return s;
}

/* All feeds of a request share one budget. */
/* The tensor that a handle stands for, with the core's words for other handles. */
static Status *read_handle(Session *s, const Tensorflow__TensorProto *m, Tensor **ret)
{
        static const Tensorflow__ResourceHandleProto none = TENSORFLOW__RESOURCE_HANDLE_PROTO__INIT;
        const Tensorflow__ResourceHandleProto *h =
                m->n_resource_handle_val ? m->resource_handle_val[0] : &none;
        if (strcmp(h->container, TENSOR_HANDLE) == 0)
                return session_get_handle(s, h->name, ret);
        return invalid_argument("Invalid resource type hash code: %llu(name: %.200s type: %.200s)",
                                (unsigned long long)h->hash_code, h->name, h->maybe_type_name);
}

Status *proto_body_tensor(Session *s, const Tensorflow__TensorProto *m, const char *name,
                          size_t *left, Tensor **ret)
{
        size_t bytes;
        if (!m)
                return invalid_argument("The feed %.200s has no tensor.", name);
        if (m->dtype == TENSORFLOW__DATA_TYPE__DT_RESOURCE)
                return read_handle(s, m, ret);
        TRY(tensor_proto_size(m, &bytes));
        if (bytes > *left)
                return resource_exhausted("The feeds of a request take more than %zu bytes.",
                                          LIMIT_TENSOR);
        *left -= bytes;
        return tensor_from_proto(m, NULL, ret);
}

Status *proto_body_handle(const Request *r, const char *handle)
{
        if (!*handle || strcmp(handle, r->args[0]) == 0)
                return NULL;
        return invalid_argument("The message is for session '%.140s', the path for '%.140s'.",
                                handle, r->args[0]);
}

Status *proto_body_session(Request *r, Session **ret)
{
        Status *s = session_use(r->context, r->args[0], ret);
        if (status_code(s) != SR_FAILED_PRECONDITION)
                return s;
        status_free(s);
        return failed_precondition("Session is closed.");
}

Status *proto_body_answer(Request *r, const ProtobufCMessage *m)
{
        r->reply.type = TYPE_PROTO;
        return proto_pack(m, &r->reply.body);
}
