// SPDX-License-Identifier: Apache-2.0
/* Publishing: where the debugger's ops (DebugIdentity, DebugNanCount, DebugNumericSummary) send
 * what they see. They are asynchronous ops, though they wait for nothing: so that none is computed
 * when a plan is made, or once for two. */
#pragma once
#include "engine/ops/op.h"

/* Sends a value to each of the node's debug_urls: "file://FOLDER" (see engine/state/debug_dump.h);
 * with no URL at all to the step's log, if it has one. INTERNAL when a file could not be written,
 * UNIMPLEMENTED for "grpc://", UNAVAILABLE for what else there is. */
Status *debug_publish(OpCtx *c, Tensor *value) MUST_USE;
