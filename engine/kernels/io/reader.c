// SPDX-License-Identifier: Apache-2.0
/* A reader's life: found or made by its node, gone with its last handle. */
#include "engine/kernels/io/reader.h"

#include "engine/kernels/data_flow/queue_handle.h"
#include "engine/state/resource.h"
#include <stdio.h>

void reader_drop_work(Reader *r)
{
        input_free(steal(&r->in));
        lmdb_free(steal(&r->db));
        mem_free(steal(&r->work));
        r->work_len = 0;
}

static void reader_destroy(Resource *res)
{
        Reader *r = reader_of(res);
        reader_drop_work(r);
        turn_done(&r->turn);
        mem_free(r->name);
        mem_free(r->container);
        mem_free(r);
}

static Status *reader_read(Resource *res, Tensor **ret)
{
        Reader *r = reader_of(res);
        return resource_name_tensor(r->container, r->name, ret);
}

/* The name is that of TensorFlow's C++ type, which its messages show. */
const ResourceKind reader_kind = { .name = "N10tensorflow15ReaderInterfaceE",
                                   .destroy = reader_destroy,
                                   .read = reader_read };

/* Numbers of FixedLengthRecordReader and TextLineReader; other readers lack these attributes and
 * pass. */
static Status *check_numbers(const Node *n)
{
        static const char *const names[] = { "header_bytes", "footer_bytes", "hop_bytes" };
        for (size_t i = 0; i < COUNTOF(names); i++)
                if (node_int(n, names[i], 0) < 0)
                        return invalid_argument("%s must be >= 0 but got %lld", names[i],
                                                (long long)node_int(n, names[i], 0));
        if (node_attr(n, "record_bytes") &&
            (node_int(n, "record_bytes", 0) <= 0 || node_int(n, "record_bytes", 0) > INT32_MAX))
                return invalid_argument("record_bytes must be >= 0 but got %lld",
                                        (long long)node_int(n, "record_bytes", 0));
        if (node_int(n, "skip_header_lines", 0) < 0)
                return invalid_argument("skip_header_lines must be >= 0 not %lld",
                                        (long long)node_int(n, "skip_header_lines", 0));
        return NULL;
}

/* One reader is made for all nodes of a shared_name; attributes are the first one's. */
static Status *make(const OpCtx *c, const char *name, Resource **ret)
{
        const Node *n = ctx_node(c);
        const char *packed = node_string(n, "compression_type", node_string(n, "encoding", ""));
        TRY(check_numbers(n));
        Reader *r = mem_calloc(1, sizeof *r);
        if (!r)
                return status_oom();
        resource_init(&r->base, &reader_kind);
        r->type = ctx_state(c);
        turn_init(&r->turn);
        r->name = mem_strdup(name);
        r->container = mem_strdup(ctx_container(c));
        if (!r->name || !r->container) {
                reader_destroy(&r->base);
                return status_oom();
        }
        r->header = node_int(n, "header_bytes", 0);
        r->record = node_int(n, "record_bytes", 0);
        r->footer = node_int(n, "footer_bytes", 0);
        r->hop = node_int(n, "hop_bytes", 0);
        r->skip_lines = node_int(n, "skip_header_lines", 0);
        snprintf(r->compression, sizeof r->compression, "%s", packed);
        *ret = &r->base;
        return NULL;
}

/* A shared name may belong to a reader of another kind already: as in TensorFlow, it is that one.
 */
Status *reader_output(OpCtx *c)
{
        autoptr(Resource) res = NULL;
        TRY(ctx_own_resource(c, &reader_kind, false, make, &res));
        return handle_output(c, res);
}
