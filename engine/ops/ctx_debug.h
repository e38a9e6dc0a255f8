// SPDX-License-Identifier: Apache-2.0
/* What a debugger's ops ask the executor for, beside engine/ops/ctx.h. */
#pragma once
#include "engine/ops/ctx.h"

struct DebugLog; /* engine/state/debug_log.h */
/* Where values of the step go that nobody wants elsewhere; NULL: nowhere. */
struct DebugLog *ctx_debug_log(const OpCtx *c);
/* The complete name of the device that the op runs on. */
enum { CTX_DEVICE_SIZE = 64 };
void ctx_device_name(const OpCtx *c, char ret[CTX_DEVICE_SIZE]);
