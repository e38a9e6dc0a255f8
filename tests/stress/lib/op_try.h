// SPDX-License-Identifier: Apache-2.0
/* Runs that may be refused or fail, but must end: random graphs of one node, and others. */
#pragma once
#include "engine/session/sessions.h"
#include "tests/stress/lib/op_gen.h"

enum { OP_TRY_HANGS = 77 }; /* exit status of a process whose step ignored its timeout */

/* Runs the request with a timeout of its own, and waits. */
Status *run_try(Session *s, const RunRequest *r) MUST_USE;
/* What extending or running gave; what ran is noted in the log of kernels (kernel_log.h). */
Status *op_try(Engine *e, const Gen *g, const Op *op) MUST_USE;
