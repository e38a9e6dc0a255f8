// SPDX-License-Identifier: Apache-2.0
/* Bodies that are TensorFlow's master messages (application/x-protobuf). They speak of sessions as
 * its core does. */
#pragma once
#include "api/request.h"
#include "engine/engine.h"
#include "proto/message.h"
#include "tensorflow/core/protobuf/master.pb-c.h"

/* Reads the body as a message of a type. *ret (a pointer to that type's pointer) lives in the
 * arena, which the caller frees. */
Status *proto_body_read(Request *r, const ProtoType *type, Arena **ret_arena, void *ret) MUST_USE;
/* The same, to live as long as the request. */
Status *proto_body_keep(Request *r, const ProtoType *type, void *ret) MUST_USE;
/* A tensor of a message. A list may claim one that is much larger than its text: all together are
 * bounded by *left (at first LIMIT_TENSOR). A handle of a session tensor stands for that tensor;
 * INVALID_ARGUMENT for handles of anything else. */
Status *proto_body_tensor(Session *s, const Tensorflow__TensorProto *m, const char *name,
                          size_t *left, Tensor **ret) MUST_USE;
/* INVALID_ARGUMENT for a session_handle that is neither empty nor the path's session. */
Status *proto_body_handle(const Request *r, const char *handle) MUST_USE;
/* The path's session to use: "Session is closed." */
Status *proto_body_session(Request *r, Session **ret) MUST_USE;
/* Answers with a message. */
Status *proto_body_answer(Request *r, const ProtobufCMessage *m) MUST_USE;
