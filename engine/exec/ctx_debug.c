// SPDX-License-Identifier: Apache-2.0
/* The executor's side of a debugger's ops. */
#include "engine/ops/ctx_debug.h"

#include "engine/exec/device.h"
#include "engine/exec/run.h"

struct DebugLog *ctx_debug_log(const OpCtx *c)
{
        return c->env->debug_log;
}

static_assert(CTX_DEVICE_SIZE == DEVICE_NAME_SIZE, "one name for both");

void ctx_device_name(const OpCtx *c, char ret[CTX_DEVICE_SIZE])
{
        device_text(run_device(c->frame), ret);
}
