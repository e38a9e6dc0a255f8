// SPDX-License-Identifier: Apache-2.0
#include "engine/session/colocation.h"

#include "engine/ops/signature.h"
#include <string.h>

/* A node's place in the forest of groups. The names are those of the whole group at its root. A
 * name that was asked for says whatever the assigned one and the resource's say, too. */
typedef struct Member {
        uint32_t parent, rank;
        DeviceName assigned;  /* by the placer */
        DeviceName resource;  /* asked for by a node that makes a resource or variable: it wins */
        DeviceName requested; /* asked for by anybody */
        bool listed;          /* is to be placed */
} Member;

struct Colocation {
        const PlaceRequest *request;
        Member *members; /* by node id */
};

static uint32_t root_of(Colocation *c, uint32_t id)
{
        Member *m = c->members;
        while (m[id].parent != id)
                id = m[id].parent = m[m[id].parent].parent;
        return id;
}

/* TensorFlow's AttachDef. */
static Status *attach(const Node *n, Status *s)
{
        s = status_append(s, "\n\t [[{{node %s}}]]", n->name);
        status_set_node(s, n->name, n->op->def->name);
        return s;
}

/* ---- what each node asks for ---- */

static bool is_handle(DType t)
{
        return dtype_is_ref(t) || t == DT_RESOURCE;
}

/* What such a node is asked to be on is not overridden by those that use its resource. */
static bool makes_resource(const Node *n)
{
        return !n->n_in && n->n_out == 1 && is_handle(n->out_types[0]);
}

/* Each node begins as a group of its own, with the devices that its name asks for. Nodes that have
 * run are frozen where they are: their kernels have state. */
static Status *init_member(Colocation *c, const Node *n)
{
        Member *m = &c->members[n->id];
        const PlaceRequest *r = c->request;
        *m = (Member){ .parent = n->id,
                       .assigned = DEVICE_ANY,
                       .resource = DEVICE_ANY,
                       .requested = DEVICE_ANY,
                       .listed = true };
        if (r->frozen && (int)n->id < r->n_frozen && r->frozen[n->id] >= 0) {
                m->assigned = m->requested = device_name_cpu(r->frozen[n->id]);
                return NULL;
        }
        if (!device_name_parse(n->def->device, &m->requested))
                return attach(n, invalid_argument("Malformed device specification '%s' in node: "
                                                  "{{node %s}} = %s",
                                                  n->def->device, n->name, n->op->def->name));
        if (makes_resource(n))
                m->resource = m->requested;
        return NULL;
}

/* ---- merging ---- */

/* Either all three names can be merged, or nothing changes. */
static Status *merge_names(Member *into, const Member *from, bool soft)
{
        Member m = *into;
        TRY(device_name_merge(&m.assigned, &from->assigned, false));
        TRY(device_name_merge(&m.resource, &from->resource, false));
        TRY(device_name_merge(&m.requested, &from->requested, soft));
        device_name_specify(&m.requested, &m.assigned);
        device_name_specify(&m.requested, &m.resource);
        *into = m;
        return NULL;
}

/* Union by rank: the group of both is where their names agree. */
static Status *colocate(Colocation *c, const Node *x, const Node *y)
{
        uint32_t xr = root_of(c, x->id), yr = root_of(c, y->id);
        if (xr == yr)
                return NULL;
        bool x_stays = c->members[xr].rank >= c->members[yr].rank;
        Member *stays = &c->members[x_stays ? xr : yr], *goes = &c->members[x_stays ? yr : xr];
        Status *s = merge_names(stays, goes, c->request->soft);
        if (s) {
                autoptr(Status) why = s;
                return invalid_argument("Cannot colocate nodes {{colocation_node %s}} and "
                                        "{{colocation_node %s}}: %s",
                                        x->name, y->name, status_message(why));
        }
        stays->rank += stays->rank == goes->rank;
        goes->parent = x_stays ? xr : yr;
        return NULL;
}

/* ---- reference and resource edges ---- */

/* TensorFlow's text (colocation_graph.cc). */
static Status *edge_conflict(const char *what, const DeviceName *src, const DeviceName *dst,
                             const Node *from, const Node *to)
{
        autobuf a = BUF(4096), b = BUF(4096);
        device_name_print(src, &a);
        device_name_print(dst, &b);
        return invalid_argument(
                "Cannot place the graph because a reference or resource edge "
                "connects colocation groups with incompatible %s devices: %s vs %s. "
                "The edge src node is %s , and the dst node is %s",
                what, buf_cstr(&a), buf_cstr(&b), from->name, to->name);
}

/* The user's own wish for the reading side gives way to where the resource is. */
static Status *reconcile(const Member *src, Member *dst, const Node *from, const Node *to)
{
        if (!device_name_compatible(&src->assigned, &dst->assigned))
                return edge_conflict("assigned", &src->assigned, &dst->assigned, from, to);
        if (!device_name_compatible(&src->resource, &dst->resource))
                return edge_conflict("resource", &src->resource, &dst->resource, from, to);
        if (device_name_compatible(&src->requested, &dst->requested))
                return NULL;
        dst->requested = src->requested;
        device_name_specify(&dst->requested, &dst->assigned);
        device_name_specify(&dst->requested, &dst->resource);
        return NULL;
}

/* References and resources never cross devices. */
static Status *colocate_edge(Colocation *c, const Node *from, const Node *to)
{
        TRY(reconcile(&c->members[root_of(c, from->id)], &c->members[root_of(c, to->id)], from,
                      to));
        Status *s = colocate(c, from, to);
        if (!s)
                return NULL;
        s = status_wrap(s,
                        "Nodes were connected by a reference connection (requiring them to be on "
                        "the same device), but the two nodes were assigned two different "
                        "devices: ");
        return attach(to, s);
}

/* Ops that hand resources on to the bodies of functions, whose nodes are placed where they are. */
static bool exempt(const Node *n)
{
        static const char *const ops[] = {
                "PartitionedCall", "StatefulPartitionedCall", "If",   "StatelessIf",
                "While",           "StatelessWhile",          "Case", "StatelessCase"
        };
        for (size_t i = 0; i < COUNTOF(ops); i++)
                if (!strcmp(n->op->def->name, ops[i]))
                        return true;
        return false;
}

static Status *colocate_inputs(Colocation *c, const Node *n)
{
        for (int i = 0; i < n->n_in; i++)
                if (is_handle(n->in_types[i]) && c->members[n->in[i].node->id].listed)
                        TRY(colocate_edge(c, n->in[i].node, n));
        return NULL;
}

/* ---- _class: "loc:@group", and the group of the node's own name ---- */

typedef struct Groups {
        Map first; /* group -> the first node in it */
        bool soft;
} Groups;

/* The first node of a group's name stands for the group. */
static Status *join(Colocation *c, Groups *g, const Node *n, const char *group, size_t len)
{
        const Node *first = map_getn(&g->first, group, len);
        if (!first)
                return map_setn(&g->first, group, len, (void *)n);
        Status *s = colocate(c, n, first);
        if (!s || !g->soft)
                return s ? attach(n, s) : NULL;
        status_free(s); /* soft placement lets conflicting groups be */
        return NULL;
}

/* Groups are named in the attribute _class, and every node is a group by its own name. */
static Status *join_groups(Colocation *c, Groups *g, const Node *n)
{
        static const char prefix[] = "loc:@";
        const size_t skip = sizeof prefix - 1;
        const AttrValue *v = node_attr(n, "_class");
        if (v && v->value_case != TENSORFLOW__ATTR_VALUE__VALUE_LIST)
                v = NULL; /* TensorFlow, too, passes over a single string */
        for (size_t i = 0; v && v->list && i < v->list->n_s; i++) {
                const ProtobufCBinaryData *s = &v->list->s[i];
                if (s->len >= skip && !memcmp(s->data, prefix, skip))
                        TRY(join(c, g, n, (const char *)s->data + skip, s->len - skip));
        }
        return join(c, g, n, n->name, strlen(n->name));
}

/* Edges before names, as TensorFlow does: so conflicts are told for the edges. */
static Status *colocate_all(Colocation *c)
{
        const PlaceRequest *r = c->request;
        for (uint32_t i = 0; i < r->n; i++)
                TRY(init_member(c, r->nodes[i]));
        for (uint32_t i = 0; i < r->n; i++)
                if (!exempt(r->nodes[i]))
                        TRY(colocate_inputs(c, r->nodes[i]));
        Groups g = { .soft = r->soft };
        Status *s = NULL;
        for (uint32_t i = 0; i < r->n && !s; i++)
                s = join_groups(c, &g, r->nodes[i]);
        map_done(&g.first);
        return s;
}

/* All in the caller's arena. */
Status *colocation_new(const PlaceRequest *r, Arena *arena, Colocation **ret)
{
        Colocation *c = arena_calloc(arena, 1, sizeof *c);
        if (!c)
                return status_oom();
        c->request = r;
        c->members = arena_calloc(arena, (size_t)graph_count(r->graph) + 1, sizeof *c->members);
        if (!c->members)
                return status_oom();
        TRY(colocate_all(c));
        *ret = c;
        return NULL;
}

/* ---- devices ---- */

static void list_devices(int cpus, Buf *out)
{
        char name[DEVICE_NAME_SIZE];
        for (int i = 0; i < cpus; i++) {
                device_text(i, name);
                buf_printf(out, "%s%s", i ? ", " : "", name);
        }
}

/* The ops of a group, each once. */
static void debug_ops(Colocation *c, uint32_t root, Buf *out)
{
        const PlaceRequest *r = c->request;
        Map seen = { 0 };
        for (uint32_t i = 0; i < r->n; i++) {
                const char *op = r->nodes[i]->op->def->name;
                if (root_of(c, r->nodes[i]->id) != root || map_get(&seen, op))
                        continue;
                status_free(map_set(&seen, op, (void *)op)); /* else it is listed twice */
                buf_printf(out, "\n%s: CPU ", op);
        }
        map_done(&seen);
}

/* The members of a group, as TensorFlow tells them below its errors. */
static void debug_info(Colocation *c, uint32_t root, Buf *out)
{
        const PlaceRequest *r = c->request;
        buf_puts(out, "\nColocation Debug Info:\nColocation group had the following types and "
                      "supported devices: \nRoot Member(assigned_device_name_index_=-1 "
                      "requested_device_name_='");
        device_name_print(&c->members[root].requested, out);
        buf_puts(out, "' assigned_device_name_='");
        device_name_print(&c->members[root].assigned, out);
        buf_puts(out, "' resource_device_name_='");
        device_name_print(&c->members[root].resource, out);
        buf_puts(out, "' supported_device_types_=[CPU] possible_devices_=[]");
        debug_ops(c, root, out);
        buf_puts(out, "\n\nColocation members, user-requested devices, and framework assigned "
                      "devices, if any:");
        for (uint32_t i = 0; i < r->n; i++)
                if (root_of(c, r->nodes[i]->id) == root)
                        buf_printf(out, "\n  %s (%s) %s", r->nodes[i]->name,
                                   r->nodes[i]->op->def->name, r->nodes[i]->def->device);
        buf_putc(out, '\n');
}

/* The device is none of ours; a GPU is the likely case. */
static Status *no_such_device(Colocation *c, const Node *n, const DeviceName *asked)
{
        autobuf list = BUF(1 << 17);
        list_devices(c->request->cpus, &list);
        bool gpu = asked->type && asked->type_len == 3 && !memcmp(asked->type, "GPU", 3);
        return invalid_argument("{{node %s}} was explicitly assigned to %s but available devices "
                                "are [ %s ]. Make sure the device specification refers to a valid "
                                "device.%s",
                                n->name, n->def->device, buf_cstr(&list),
                                gpu ? " The requested device appears to be a GPU, but CUDA is not "
                                      "enabled."
                                    : "");
}

/* Devices that exist, but that the group's members do not agree on. */
static Status *no_device(Colocation *c, const Node *n, uint32_t root)
{
        const DeviceName *together = &c->members[root].requested;
        DeviceName asked;
        if (device_name_parse(n->def->device, &asked) && device_name_equal(&asked, together))
                return no_such_device(c, n, &asked);
        autobuf list = BUF(1 << 17), name = BUF(4096), info = BUF(1 << 16);
        list_devices(c->request->cpus, &list);
        device_name_print(together, &name);
        debug_info(c, root, &info);
        return invalid_argument("Could not satisfy explicit device specification '%s' because the "
                                "node {{colocation_node %s}} was colocated with a group of nodes "
                                "that required incompatible device '%s'. All available devices "
                                "[%s]. %s",
                                n->def->device, n->name, buf_cstr(&name), buf_cstr(&list),
                                buf_cstr(&info));
}

/* The CPUs differ in their numbers only. */
static bool any_fits(const Colocation *c, const DeviceName *d)
{
        return d->id < c->request->cpus && device_name_fits(d, MAX(d->id, 0));
}

/* What was asked for without type and number, unless others are bound to them. */
static DeviceName soften(const Member *m, bool respect_resource)
{
        DeviceName d = m->requested;
        if (!m->assigned.type && !(respect_resource && m->resource.type))
                d.type = NULL;
        if (m->assigned.id < 0 && !(respect_resource && m->resource.id >= 0))
                d.id = -1;
        return d;
}

/* Soft placement gives up the request step by step: first the number, then the type. */
Status *colocation_devices(Colocation *c, const Node *n, DeviceName *ret)
{
        uint32_t root = root_of(c, n->id);
        const Member *m = &c->members[root];
        DeviceName d = m->requested;
        if (!any_fits(c, &d) && c->request->soft)
                d = soften(m, true);
        if (!any_fits(c, &d) && c->request->soft)
                d = soften(m, false);
        if (!any_fits(c, &d)) {
                Status *s = no_device(c, n, root);
                s = status_wrap(s, "Cannot assign a device for operation %s: ", n->name);
                status_add_hint(s, "Set config.allow_soft_placement to run such nodes on the CPU.");
                return attach(n, s);
        }
        *ret = d;
        return NULL;
}

void colocation_assign(Colocation *c, const Node *n, int cpu)
{
        Member *m = &c->members[root_of(c, n->id)];
        m->assigned = m->resource = m->requested = device_name_cpu(cpu);
}
