// SPDX-License-Identifier: Apache-2.0
/* Callables as TensorFlow's core makes them: from CallableOptions, with names as the core reads
 * them, positional results, and tensor connections. */
#include "api/callable.h"
#include "api/limits.h"
#include "api/request.h"
#include "proto/json.h"
#include <string.h>

typedef Tensorflow__CallableOptions CallableOptions;

/* The result of the core is a list, whatever is fetched. */
static Status *make_root(Callable *c)
{
        c->root = (Fetch){ .kind = FETCH_ARRAY, .n = (size_t)c->fetches.n };
        c->root.items = arena_calloc(c->arena, c->root.n + 1, sizeof *c->root.items);
        if (!c->root.items)
                return status_oom();
        for (int i = 0; i < c->fetches.n; i++)
                c->root.items[i] = (Fetch){ .kind = FETCH_LEAF, .leaf = i };
        c->has_fetches = true;
        return NULL;
}

/* Names only; they are resolved with the graph. */
static Status *take_connections(Callable *c, const CallableOptions *m)
{
        TensorConnection *list = arena_calloc(c->arena, m->n_tensor_connection + 1, sizeof *list);
        if (!list)
                return status_oom();
        for (size_t i = 0; i < m->n_tensor_connection; i++)
                list[i] = (TensorConnection){ .from = m->tensor_connection[i]->from_tensor,
                                              .to = m->tensor_connection[i]->to_tensor };
        c->connections = list;
        c->n_connections = (int)m->n_tensor_connection;
        return NULL;
}

/* What TensorFlow's core refuses in CallableOptions, in its words. */
static Status *check(const CallableOptions *m)
{
        if (m->run_options && m->run_options->debug_options &&
            m->run_options->debug_options->n_debug_tensor_watch_opts)
                return unimplemented("Debug options are not currently supported via the C++ "
                                     "MakeCallable interface.");
        return NULL;
}

/* ---- devices ---- */

static Status *check_device(Session *session, const char *tensor, const char *device)
{
        bool parsed;
        if (session_has_device(session, device, &parsed))
                return NULL;
        return parsed ? invalid_argument("Device '%.140s' specified for tensor '%.140s' in "
                                         "CallableOptions does not exist",
                                         device, tensor)
                      : invalid_argument("Invalid device name ('%.140s') provided for the tensor "
                                         "'%.140s' in CallableOptions",
                                         device, tensor);
}

typedef Tensorflow__CallableOptions__FeedDevicesEntry FeedDevice;
typedef Tensorflow__CallableOptions__FetchDevicesEntry FetchDevice;

static bool has_name(char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (!strcmp(names[i], name))
                        return true;
        return false;
}

/* Of tensors that are neither fed nor fetched nothing is asked. */
Status *callable_check_devices(const Callable *c, Session *session)
{
        const CallableOptions *m = c->core_options;
        for (size_t i = 0; m && i < m->n_feed_devices; i++) {
                const FeedDevice *d = m->feed_devices[i];
                if (has_name(m->feed, m->n_feed, d->key))
                        TRY(check_device(session, d->key, d->value));
        }
        if (m && m->n_fetch_devices && !m->fetch_skip_sync)
                return unimplemented("CallableOptions.fetch_skip_sync = false is not yet "
                                     "implemented. You can set it to true instead, but MUST ensure "
                                     "that Device::Sync() is invoked on the Device corresponding "
                                     "to the fetched tensor before dereferencing the Tensor's "
                                     "memory.");
        for (size_t i = 0; m && i < m->n_fetch_devices; i++) {
                const FetchDevice *d = m->fetch_devices[i];
                if (has_name(m->fetch, m->n_fetch, d->key))
                        TRY(check_device(session, d->key, d->value));
        }
        return NULL;
}

/* The message is the JSON form of tensorflow.CallableOptions. */
Status *callable_parse_core(Callable *c, JsonSpan options)
{
        json_t *json = NULL;
        ProtobufCMessage *base = NULL;
        Status *s = scan_envelope(options, &json);
        if (!s)
                s = proto_json_parse(&tensorflow__callable_options__descriptor, json, c->arena,
                                     &base);
        json_decref(json);
        if (s)
                return pointer_prefix(s, "/callable_options");
        const CallableOptions *m = (const CallableOptions *)base;
        TRY(check(m));
        c->core = true;
        c->core_options = m;
        c->options = m->run_options;
        c->feeds.names = (const char **)m->feed;
        c->feeds.n = (int)m->n_feed;
        c->fetches.names = (const char **)m->fetch;
        c->fetches.n = (int)m->n_fetch;
        c->targets.names = (const char **)m->target;
        c->targets.n = (int)m->n_target;
        TRY(take_connections(c, m));
        return make_root(c);
}
