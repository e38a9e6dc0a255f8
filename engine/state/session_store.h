// SPDX-License-Identifier: Apache-2.0
/* SessionStore: the tensors that a session keeps for handles ("node;0;device"). What a step adds
 * counts only when the step has gone well and the handle was fetched: until then it is pending. */
#pragma once
#include "engine/tensor/resource_ref.h"
#include "engine/tensor/tensor.h"

typedef struct SessionStore SessionStore;

extern const ResourceKind session_store_kind;

Status *session_store_new(Resource **ret) MUST_USE;
SessionStore *session_store_of(Resource *r);
/* Adds a tensor (a new reference) for a step. *ret is its handle, for mem_free(). INVALID_ARGUMENT
 * when the node has added one in this step. */
Status *session_store_add(SessionStore *st, const char *node, const char *device, Tensor *t,
                          int64_t step, char **ret) MUST_USE;
/* The step has ended: of what it added, the handles in keep[0..n) stay. */
void session_store_settle(SessionStore *st, int64_t step, const TString *keep, int n);
/* A new reference; INVALID_ARGUMENT "The tensor with handle 'H' is not in the session store.". */
Status *session_store_get(SessionStore *st, const TString *handle, Tensor **ret) MUST_USE;
/* INVALID_ARGUMENT "Failed to delete a tensor with handle 'H' in the session store.". */
Status *session_store_delete(SessionStore *st, const TString *handle) MUST_USE;
/* Calls fn for each handle that counts, under the store's lock. */
Status *session_store_each(SessionStore *st,
                           Status *(*fn)(void *arg, const char *handle, const Tensor *t),
                           void *arg) MUST_USE;

/* What GetSessionHandleV2 gives: a resource that knows its handle's text (ResourceKind.handle). */
Status *session_handle_new(const char *text, Resource **ret) MUST_USE;
