// SPDX-License-Identifier: Apache-2.0
/* Resources: what outlives a step, by device, container, kind and name (TensorFlow's ResourceMgr).
 * Thread-safe: one lock inside, never held while foreign code runs (but for `make`). */
#pragma once
#include "engine/base/status.h"
#include "engine/tensor/resource_ref.h"

#define DEFAULT_CONTAINER "localhost"

typedef struct Resources Resources;

Status *resources_new(Resources **ret) MUST_USE;
Resources *resources_ref(Resources *rs);
void resources_unref(Resources *rs); /* the last one drops every resource */
AUTOPTR_DEFINE(Resources, resources_unref)

/* Makes the resource when it is missing; *ret is a new reference. device is a CPU's number: all
 * other functions that take a name mean those of the first, 0; those that take none mean all. */
typedef Status *(*MakeFn)(void *arg, Resource **ret);
Status *resources_find_or_make(Resources *rs, int device, const ResourceKind *kind,
                               const char *container, const char *name, MakeFn make, void *arg,
                               Resource **ret) MUST_USE;
/* NOT_FOUND "Container C does not exist. (Could not find resource: C/N)" or "Resource C/N/T does
 * not exist."; *ret is a new reference. */
Status *resources_find(Resources *rs, const ResourceKind *kind, const char *container,
                       const char *name, Resource **ret) MUST_USE;
/* That NOT_FOUND, for who has a handle of what is not there. */
Status *resources_missing(Resources *rs, const ResourceKind *kind, const char *container,
                          const char *name) MUST_USE;
/* Adds one more reference to r under the name; ALREADY_EXISTS "Resource C/N/T". */
Status *resources_put(Resources *rs, const ResourceKind *kind, const char *container,
                      const char *name, Resource *r) MUST_USE;
/* Takes it out; NOT_FOUND as above. */
Status *resources_drop(Resources *rs, const ResourceKind *kind, const char *container,
                       const char *name) MUST_USE;
/* Drops all resources of a container (Session::Reset); an unknown container is fine. */
void resources_clear(Resources *rs, const char *container);
void resources_clear_all(Resources *rs);
/* Calls fn for every resource (a snapshot, each held by a reference during its call); kind NULL:
 * all. */
Status *resources_each(Resources *rs, const ResourceKind *kind,
                       Status *(*fn)(void *arg, const char *container, const char *name,
                                     Resource *r),
                       void *arg) MUST_USE;
/* The string vector [container, name] that TensorFlow's handles of the first version are: for
 * ResourceKind.read. */
Status *resource_name_tensor(const char *container, const char *name, struct Tensor **ret) MUST_USE;
