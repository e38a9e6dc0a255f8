// SPDX-License-Identifier: Apache-2.0
/* Files and the step's log, for the debugger's ops. */
#include "engine/kernels/logging/debug_publish.h"

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/ops/ctx_debug.h"
#include "engine/state/debug_dump.h"
#include <stdlib.h>
#include <string.h>

/* tensor_name is "node:slot"; what has no number means output 0. */
static Status *node_of(const Node *n, char **ret, int *ret_slot)
{
        const char *tensor = node_string(n, "tensor_name", "");
        const char *colon = strrchr(tensor, ':');
        *ret_slot = colon ? (int)strtol(colon + 1, NULL, 10) : 0;
        *ret = mem_strndup(tensor, colon ? (size_t)(colon - tensor) : strlen(tensor));
        return *ret ? NULL : status_oom();
}

static Status *send(OpCtx *c, const char *url, const DebugKey *k, const Tensor *value,
                    int64_t wall_us)
{
        const char *folder = debug_url_folder(url);
        if (folder)
                return debug_dump_value(ctx_roots(c), folder, k, value, wall_us);
        if (debug_url_is_grpc(url))
                return debug_url_refuse_grpc(url);
        return unavailable("Invalid debug target URL: %s", url);
}

/* TensorFlow goes on after a URL that fails, and tells of all of them at the end; what forbids the
 * dump as such ends it. */
static Status *send_all(OpCtx *c, const ProtobufCBinaryData *urls, int n, const DebugKey *k,
                        const Tensor *value, int64_t wall_us)
{
        autobuf why = BUF(1 << 16);
        int failed = 0;
        for (int i = 0; i < n; i++) {
                autofree char *url = mem_strndup((const char *)urls[i].data, urls[i].len);
                if (!url)
                        return status_oom();
                Status *s = send(c, url, k, value, wall_us);
                StatusCode code = status_code(s);
                if (code == SR_RESOURCE_EXHAUSTED || code == SR_UNAVAILABLE ||
                    code == SR_UNIMPLEMENTED)
                        return s;
                if (s)
                        buf_printf(&why, " %s;", status_message(s));
                failed += s != NULL;
                status_free(s);
        }
        return failed ? internal_error("Publishing to %d of %d debug target URLs failed, due to "
                                       "the following errors:%s",
                                       failed, n, buf_cstr(&why))
                      : NULL;
}

Status *debug_publish(OpCtx *c, Tensor *value)
{
        const Node *n = ctx_node(c);
        const ProtobufCBinaryData *urls = NULL;
        int n_urls = 0;
        TRY(node_attr_strings(n, "debug_urls", &urls, &n_urls));
        struct DebugLog *log = ctx_debug_log(c);
        if (!n_urls && !log)
                return NULL;
        char device[CTX_DEVICE_SIZE];
        autofree char *node = NULL;
        DebugKey k = { .op = n->def->op, .device = device };
        TRY(node_of(n, &node, &k.slot));
        k.node = node;
        ctx_device_name(c, device);
        int64_t now = clock_wall_us();
        if (!n_urls)
                debug_log_add(log, &k, value, now);
        return send_all(c, urls, n_urls, &k, value, now);
}

static void identity(OpCtx *c)
{
        ctx_forward(c, 0, 0);
        ctx_done(c, debug_publish(c, ctx_output(c, 0)));
}

OP(DebugIdentity, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type; device_name:string = \"\"; tensor_name:string = \"\"; debug_urls:list(string) "
            "= []; gated_grpc:bool = false",
   .flags = "uninit_ok", .shape = shape_unchanged, .start = identity, .late_shape = true);
