// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/variables: the state that runs leave behind, for administration. */
#include "api/handlers.h"
#include "api/json_tensor.h"
#include "api/near_names.h"
#include "api/node_json.h"
#include "api/npy.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TYPE_NPY "application/x-npy"

static Status *write_variable(void *arg, const VariableInfo *v)
{
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_string(w, "name", v->name);
        writer_member_string(w, "dtype", dtype_numpy(dtype_base(v->dtype)));
        writer_key(w, "shape");
        shape_write(w, &v->shape);
        writer_member_int(w, "bytes", v->bytes);
        writer_member_bool(w, "initialized", v->initialized);
        writer_member_string(w, "container", v->container);
        writer_member_string(w, "shared_name", v->name);
        writer_close(w, '}');
        return NULL;
}

Status *variables_list(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "variables");
        writer_open(&w, '[');
        TRY(session_each_variable(session, write_variable, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

static Status *try_name(void *arg, const VariableInfo *v)
{
        near_names_try(arg, v->name);
        return NULL;
}

/* Adds names like the one that is not there, if that is what is wrong. s is returned. */
static Status *add_hints(Request *r, Session *session, Status *s)
{
        NearNames near = { r->arena, NEAREST(r->args[1]) };
        if (status_code(s) != SR_NOT_FOUND)
                return s;
        status_free(session_each_variable(session, try_name, &near));
        near_names_hint(&near, s);
        return s;
}

/* ---- ETags ---- */

static const char *const types[] = { TYPE_JSON, TYPE_NPY, TYPE_BYTES, NULL };

/* What the digest of a value is made from: its bytes, or each string with its length. */
static Status *digest_data(const Tensor *t, char ret[STORE_DIGEST_SIZE])
{
        if (dtype_is_plain(tensor_dtype(t))) {
                store_digest(tensor_data(t), tensor_bytes(t), ret);
                return NULL;
        }
        autobuf all = BUF(LIMIT_ANSWER);
        const TString *s = tensor_dtype(t) == DT_STRING ? tensor_strings(t) : NULL;
        for (int64_t i = 0; s && i < tensor_count(t); i++) {
                size_t n = s[i].len;
                buf_append(&all, &n, sizeof n);
                buf_append(&all, s[i].data, n);
        }
        TRY(buf_status(&all));
        store_digest(all.data ? all.data : "", all.len, ret);
        return NULL;
}

/* The ETag of one form (an index of types): of dtype, shape and data. */
static Status *value_etag(const Tensor *t, int form, char ret[sizeof((Reply *)0)->etag])
{
        char data[STORE_DIGEST_SIZE], all[STORE_DIGEST_SIZE];
        autobuf text = BUF(KIB);
        TRY(digest_data(t, data));
        buf_printf(&text, "%s%s%s", data, dtype_numpy(tensor_dtype(t)),
                   shape_text(tensor_shape(t)).s);
        TRY(buf_status(&text));
        store_digest(text.data, text.len, all);
        snprintf(ret, sizeof((Reply *)0)->etag, "\"%s-%c\"", all, "jnb"[form]);
        return NULL;
}

/* True when a list names the value in any of its forms. */
static Status *value_in(const char *list, const Tensor *t, bool *ret)
{
        *ret = false;
        for (int form = 0; t && types[form] && !*ret; form++) {
                char etag[sizeof((Reply *)0)->etag];
                TRY(value_etag(t, form, etag));
                *ret = request_etag_in(list, etag);
        }
        return NULL;
}

Status *variables_get(Request *r)
{
        autoptr(Session) session = NULL;
        autoptr(Tensor) t = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Status *s = session_get_variable(session, r->args[1], &t);
        if (s)
                return add_hints(r, session, s);
        int form = MAX(request_accepts(r, types), 0);
        r->reply.type = types[form];
        TRY(value_etag(t, form, r->reply.etag));
        if (form == 1)
                return npy_write(t, &r->reply.body);
        if (form == 2 && dtype_is_plain(tensor_dtype(t)))
                buf_append(&r->reply.body, tensor_data(t), tensor_bytes(t));
        else
                json_tensor_write(t, JSON_TYPED, false, &r->reply.body, NULL);
        if (form == 2 && !dtype_is_plain(tensor_dtype(t)))
                r->reply.type = TYPE_JSON;
        return NULL;
}

/* ---- setting ---- */

typedef struct Known {
        const char *name;
        DType dtype;
        Shape shape; /* of the value, or as declared */
        bool found;
} Known;

static Status *find_known(void *arg, const VariableInfo *v)
{
        Known *k = arg;
        if (strcmp(v->name, k->name) == 0) {
                k->dtype = dtype_base(v->dtype);
                k->shape = v->shape;
                k->found = true;
        }
        return NULL;
}

/* Raw bytes have the shape that the variable has. */
static Status *read_raw(Request *r, const Known *k, Tensor **ret)
{
        int64_t n = 0;
        Shape shape = k->shape;
        if (!dtype_is_plain(k->dtype))
                return invalid_argument("A value of type %s has no raw form.",
                                        dtype_name(k->dtype));
        if (!shape_complete(&shape))
                return invalid_argument(
                        "The variable's shape %s is not known: raw bytes have none.",
                        shape_text(&shape).s);
        TRY(shape_count(&shape, &n));
        autoptr(Tensor) t = NULL;
        TRY(tensor_new(k->dtype, &shape, &t));
        if (tensor_bytes(t) != r->body.len)
                return invalid_argument("A value of type %s and shape %s has %zu bytes, not %zu.",
                                        dtype_name(k->dtype), shape_text(&shape).s, tensor_bytes(t),
                                        r->body.len);
        if (r->body.len)
                memcpy(tensor_fill(t), r->body.data, r->body.len);
        *ret = steal(&t);
        return NULL;
}

/* A body is a tensor in any JSON form, a .npy file, told by its first bytes, or raw bytes, told by
 * its type. */
static Status *read_value(Request *r, const Known *k, Tensor **ret)
{
        TensorLimits limits = context_limits(r->context);
        if (r->body.len >= NPY_MAGIC_LEN && memcmp(r->body.data, NPY_MAGIC, NPY_MAGIC_LEN) == 0)
                return npy_read(r->body.data, r->body.len, LIMIT_TENSOR, ret);
        if (strncasecmp(r->content_type_text, TYPE_BYTES, sizeof TYPE_BYTES - 1) == 0)
                return read_raw(r, k, ret);
        return json_tensor_parse((JsonSpan){ r->body.data, r->body.len }, k->dtype, NULL, NULL,
                                 &limits, ret);
}

static Status *not_as_wanted(Request *r)
{
        request_set_problem(r,
                            failed_precondition("The variable's value is not the one that the "
                                                "request expects."),
                            412, "Precondition Failed", NULL);
        return NULL;
}

/* Sets the value if it is what If-Match and If-None-Match say; nobody can change it in between. */
static Status *put_if(Request *r, Session *session, Tensor *value)
{
        autoptr(Tensor) now = NULL;
        bool in = true, other = false;
        Status *s = session_get_variable(session, r->args[1], &now);
        if (s && status_code(s) != SR_FAILED_PRECONDITION)
                return s;
        status_free(s);
        if (*r->if_match)
                TRY(value_in(r->if_match, now, &in));
        if (*r->if_none_match)
                TRY(value_in(r->if_none_match, now, &other));
        if (!in || other)
                return not_as_wanted(r);
        s = session_replace_variable(session, r->args[1], now, value);
        if (status_code(s) != SR_ABORTED)
                return s;
        status_free(s);
        return not_as_wanted(r);
}

Status *variables_put(Request *r)
{
        autoptr(Session) session = NULL;
        autoptr(Tensor) t = NULL;
        Known known = { .name = r->args[1] };
        TRY(session_use(r->context, r->args[0], &session));
        TRY(session_each_variable(session, find_known, &known));
        if (!known.found)
                return add_hints(r, session, not_found("Variable not found: %.200s", r->args[1]));
        TRY(read_value(r, &known, &t));
        r->reply.status = 204;
        if (*r->if_match || *r->if_none_match)
                return put_if(r, session, t);
        return session_set_variable(session, r->args[1], t);
}
