// SPDX-License-Identifier: Apache-2.0
#include "api/node_json.h"

#include "proto/json.h"
#include <stdio.h>

/* Unknown ranks are null, unknown sizes -1. */
void shape_write(Writer *w, const Shape *s)
{
        if (s->rank < 0) {
                writer_null(w);
                return;
        }
        writer_open(w, '[');
        for (int i = 0; i < s->rank; i++)
                writer_int(w, s->dim[i]);
        writer_close(w, ']');
}

/* What a client may fetch, under the name to fetch it by. */
static void write_output(Writer *w, const Node *n, int i)
{
        char name[512];
        DType t = dtype_base(n->out_types[i]);
        snprintf(name, sizeof name, "%.480s:%d", n->name, i);
        writer_open(w, '{');
        writer_member_string(w, "name", name);
        writer_member_string(w, "dtype", dtype_numpy(t));
        if (dtype_is_ref(n->out_types[i]))
                writer_member_bool(w, "ref", true);
        writer_key(w, "shape");
        shape_write(w, &n->out_shapes[i]);
        writer_close(w, '}');
}

/* As protobuf's JSON has it. */
static Status *write_attr(Writer *w, const Tensorflow__NodeDef__AttrEntry *a)
{
        json_t *json = NULL;
        writer_key(w, a->key);
        if (!a->value) {
                writer_null(w);
                return NULL;
        }
        TRY(proto_json_print(&a->value->base, PROTO_JSON_DEFAULT, &json));
        writer_json(w, json);
        json_decref(json);
        return NULL;
}

/* One node of a listing. */
Status *node_write(Writer *w, const Node *n)
{
        writer_open(w, '{');
        writer_member_string(w, "name", n->name);
        writer_member_string(w, "op", n->def->op);
        writer_key(w, "inputs");
        writer_open(w, '[');
        for (size_t i = 0; i < n->def->n_input; i++)
                writer_string(w, n->def->input[i]);
        writer_close(w, ']');
        writer_member_string(w, "device", n->def->device);
        writer_key(w, "attrs");
        writer_open(w, '{');
        for (size_t i = 0; i < n->def->n_attr; i++)
                TRY(write_attr(w, n->def->attr[i]));
        writer_close(w, '}');
        writer_key(w, "outputs");
        writer_open(w, '[');
        for (int i = 0; i < n->n_out; i++)
                write_output(w, n, i);
        writer_close(w, ']');
        if (n->shape_problem)
                writer_member_string(w, "shape_problem", n->shape_problem);
        writer_close(w, '}');
        return NULL;
}
