// SPDX-License-Identifier: Apache-2.0
/* /v1/ops: every registered op, its signature as TensorFlow writes it, and the dtypes that its
 * kernel runs. */
#include "api/handlers.h"
#include <string.h>

static const char *text(const char *s)
{
        return s ? s : "";
}

static void write_types(Writer *w, uint32_t set)
{
        writer_open(w, '[');
        for (int t = 1; t <= DT_MAX; t++)
                if (!set || set >> t & 1)
                        writer_string(w, dtype_numpy((DType)t));
        writer_close(w, ']');
}

/* Per type attribute: what the kernel runs, which may be fewer than the signature allows. */
static void write_kernel(Writer *w, const Op *op)
{
        writer_key(w, "kernel_dtypes");
        writer_open(w, '{');
        for (int i = 0; i < op->n_attrs; i++) {
                if (op->attrs[i].kind != ATTR_TYPE)
                        continue;
                uint32_t set = op->kernel_types ? op->kernel_types[i] : 0;
                writer_key(w, op->attrs[i].name);
                write_types(w, set ? set : op->attrs[i].types);
        }
        writer_close(w, '}');
}

/* Signatures in the form of TensorFlow's REGISTER_OP. */
static void write_op(Writer *w, const Op *op)
{
        writer_open(w, '{');
        writer_member_string(w, "name", op->def->name);
        writer_member_string(w, "inputs", text(op->def->inputs));
        writer_member_string(w, "outputs", text(op->def->outputs));
        writer_member_string(w, "attrs", text(op->def->attrs));
        writer_member_string(w, "flags", text(op->def->flags));
        write_kernel(w, op);
        writer_close(w, '}');
}

/* GET /v1/ops. */
Status *ops_list(Request *r)
{
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_member_int(&w, "count", op_count());
        writer_key(&w, "ops");
        writer_open(&w, '[');
        for (int i = 0; i < op_count(); i++)
                write_op(&w, op_at(i));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

/* GET /v1/ops/{op}. */
Status *ops_get(Request *r)
{
        enum { HINTS = 3 };
        const Op *op = op_find(r->args[0]);
        if (!op) {
                const char *near[HINTS];
                int n = op_nearest(r->args[0], near, HINTS);
                Status *s = not_found("Op type not registered '%.100s'", r->args[0]);
                for (int i = 0; i < n; i++)
                        status_add_hint(s, "%s", near[i]);
                return s;
        }
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        write_op(&w, op);
        return NULL;
}
