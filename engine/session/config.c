// SPDX-License-Identifier: Apache-2.0
/* ConfigProto: checked and copied when a session is made. What a session cannot have is refused
 * here, with TensorFlow's texts. */
#include "engine/session/device_name.h"
#include "engine/session/inside.h"

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "proto/text.h"
#include <string.h>

/* How many CPUs there are is the client's choice: they are names for the one processor. */
static Status *check_devices(const ConfigProto *c)
{
        for (size_t i = 0; i < c->n_device_count; i++) {
                int n = c->device_count[i]->value;
                if (strcmp(c->device_count[i]->key, "CPU"))
                        continue; /* there are none of any other type, however many are asked for */
                if (n == 0)
                        return not_found("No CPU devices are available in this process");
                if (n < 0 || n > MAX_CPUS)
                        return invalid_argument(
                                "device_count of CPU is %d, which is not in [0, %d]", n, MAX_CPUS);
        }
        return NULL;
}

int config_cpus(const ConfigProto *c)
{
        for (size_t i = 0; i < c->n_device_count; i++)
                if (!strcmp(c->device_count[i]->key, "CPU"))
                        return c->device_count[i]->value;
        return 1;
}

static Status *check_metadata(const SessionMetadata *m)
{
        if (m->version >= 0)
                return NULL;
        autobuf text = BUF(1 << 16);
        TRY(proto_text_print(&m->base, &text));
        return invalid_argument("Session version shouldn't be negative: %s", buf_cstr(&text));
}

/* There is one worker, which no filter leaves out; but it must be one. */
static Status *check_filters(const ConfigProto *c)
{
        DeviceName d;
        for (size_t i = 0; i < c->n_device_filters; i++)
                if (!device_name_parse(c->device_filters[i], &d))
                        return invalid_argument("Unable to parse device filter: '%s'",
                                                c->device_filters[i]);
        return NULL;
}

/* Sessions of a named engine are what TensorFlow calls sessions of a server. */
static Status *check(const ConfigProto *c, bool server)
{
        TRY(check_devices(c));
        TRY(optimizer_check(c->graph_options));
        if (server && (c->use_per_session_threads || c->n_session_inter_op_thread_pool))
                return invalid_argument(
                        "Distributed session does not support session thread pool options.");
        const SessionMetadata *m = config_metadata(c);
        TRY(m ? check_metadata(m) : NULL);
        return server ? check_filters(c) : NULL;
}

/* By its bytes: the request's arena does not outlive the request. */
Status *config_copy(Session *s, const ConfigProto *c)
{
        static const ConfigProto defaults = TENSORFLOW__CONFIG_PROTO__INIT;
        s->config = &defaults;
        if (!c)
                return NULL;
        TRY(check(c, s->target[0]));
        size_t n = protobuf_c_message_get_packed_size(&c->base);
        autofree uint8_t *bytes = mem_alloc(n);
        if (!bytes)
                return status_oom();
        protobuf_c_message_pack(&c->base, bytes);
        TRY(arena_new(SIZE_MAX, &s->config_arena));
        ProtobufCMessage *copy = NULL;
        TRY(proto_unpack(&tensorflow__config_proto__descriptor, bytes, n, NULL, s->config_arena,
                         &copy));
        s->config = (const ConfigProto *)copy;
        return NULL;
}

const ConfigExperimental *config_experimental(const ConfigProto *c)
{
        static const ConfigExperimental none = TENSORFLOW__CONFIG_PROTO__EXPERIMENTAL__INIT;
        return c->experimental ? c->experimental : &none;
}

const GraphOptions *config_graph_options(const ConfigProto *c)
{
        static const GraphOptions none = TENSORFLOW__GRAPH_OPTIONS__INIT;
        return c->graph_options ? c->graph_options : &none;
}

const SessionMetadata *config_metadata(const ConfigProto *c)
{
        return config_experimental(c)->session_metadata;
}

bool config_isolates(const ConfigProto *c)
{
        return c->isolate_session_state ||
               (c->cluster_def &&
                !config_experimental(c)->share_session_state_in_clusterspec_propagation);
}

bool config_places_pruned(const Session *s)
{
        return config_graph_options(s->config)->place_pruned_graph && !s->target[0];
}

/* ---- session_metadata: one live session of a name and version ---- */

static Status *metadata_taken(const SessionMetadata *m)
{
        autobuf text = BUF(1 << 20);
        TRY(proto_text_print(&m->base, &text));
        return invalid_argument(
                "A session with the same name and version has already been created: %s",
                buf_cstr(&text));
}

/* Two sessions of one process must not have the same name and version in session_metadata
 * (TensorFlow, DirectSessionFactory). */
Status *config_register(Session *s)
{
        const SessionMetadata *m = config_metadata(s->config);
        if (!m || s->target[0])
                return NULL;
        char *key = mem_printf("%s/%lld", m->name, (long long)m->version);
        if (!key)
                return status_oom();
        Status *st = map_get(&s->engine->metadata, key) ? metadata_taken(m)
                                                        : map_set(&s->engine->metadata, key, s);
        if (st)
                mem_free(key);
        else
                s->metadata_key = key;
        return st;
}

void config_drop(Session *s)
{
        char *key = steal(&s->metadata_key);
        if (key)
                map_del(&s->engine->metadata, key);
        mem_free(key);
}

/* ---- executor_type ---- */

static bool is_flow(const PlanNode *pn)
{
        return pn->def->flow != FLOW_NONE && pn->def->flow != FLOW_CONTROL_TRIGGER;
}

/* What TensorFlow's SINGLE_THREADED_EXECUTOR refuses, in its words. */
static Status *check_single(const PlanNode *pn)
{
        const Node *n = pn->node;
        for (int i = 0; i < n->n_out; i++)
                if (dtype_is_ref(n->out_types[i]))
                        return unimplemented(
                                "Single-threaded executor does not support "
                                "reference-typed edges.  But saw type %s in outputs of "
                                "node %s",
                                dtype_name(n->out_types[i]), n->name);
        if (!is_flow(pn))
                return NULL;
        return failed_precondition(
                "Single-threaded executor does not support low level control flow,  but saw "
                "control flow node %s.  Perhaps your graph contains old-style control flow "
                "primitives? Try using tf.compat.v1.enable_control_flow_v2().",
                n->name);
}

bool config_single_threaded(const ConfigProto *c)
{
        return !strcmp(config_experimental(c)->executor_type, "SINGLE_THREADED_EXECUTOR");
}

/* Checked with the plan: the graph decides whether the executor can run it. */
Status *config_check_executor(const ConfigProto *c, const Plan *p)
{
        const char *type = config_experimental(c)->executor_type;
        if (!*type || !strcmp(type, "DEFAULT"))
                return NULL;
        if (!config_single_threaded(c))
                return not_found("No executor factory registered for the given executor type: %s "
                                 "Registered factories are {DEFAULT, SINGLE_THREADED_EXECUTOR}.",
                                 type);
        for (uint32_t i = 0; i < p->n_nodes; i++)
                TRY(check_single(&p->nodes[i]));
        return NULL;
}
