// SPDX-License-Identifier: Apache-2.0
/* What the graph says of the session's variables, whether or not a step has made them. */
#pragma once
#include "engine/session/session.h"

bool declares_variable(const Node *n);
/* Under which name and in which container its variable is found. */
const char *declared_name(const Node *n);
const char *declared_container(const Session *s, const Node *n);
/* Calls fn for every variable that a node declares, several times if several do; under the
 * session's lock. */
Status *declared_each(Session *s, Status *(*fn)(void *arg, const VariableInfo *v),
                      void *arg) MUST_USE;
/* Adds to an error of a queue that is not there how it would come to be, if a node declares it. */
void declared_queue_hint(Session *s, const char *name, Status *st);
/* Makes the variable that a node declares under a name; NOT_FOUND when none does. *ret is a new
 * reference. */
Status *declared_make(Session *s, const char *name, Resource **ret) MUST_USE;
