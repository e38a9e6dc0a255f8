// SPDX-License-Identifier: Apache-2.0
/* The import stage that adds the function library. A function is an op, too: its signature becomes
 * one that nodes are checked against like any other. */
#include "engine/graph/graph_impl.h"

#include "engine/base/buf.h"
#include "engine/ops/registry.h"
#include "engine/ops/signature_value.h"
#include "proto/text.h"
#include <string.h>

typedef Tensorflow__OpDef OpProto;
typedef Tensorflow__OpDef__ArgDef ArgProto;
typedef Tensorflow__OpDef__AttrDef AttrProto;
typedef Tensorflow__GradientDef GradientDef;

/* Attributes of a function are looked up one by one. */
enum { MAX_ATTRS = 128, MAX_TEXT = 64 << 20 };

/* ---- the signature ---- */

/* "type in [float,int32]", as OP() would have it. */
static Status *attr_text(const AttrProto *p, Arena *arena, const char **ret)
{
        autobuf text = BUF(MAX_TEXT);
        const Tensorflow__AttrValue *v = p->allowed_values;
        const Tensorflow__AttrValue__ListValue *l =
                v && v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_LIST ? v->list : NULL;
        buf_puts(&text, p->type);
        buf_puts(&text, l && l->n_type + l->n_s ? " in [" : "");
        for (size_t i = 0; l && i < l->n_type; i++)
                buf_printf(&text, "%s%s", i ? "," : "", dtype_name((DType)l->type[i]));
        for (size_t i = 0; l && i < l->n_s; i++)
                buf_printf(&text, "%s%.*s", i ? "," : "", (int)MIN(l->s[i].len, (size_t)256),
                           (const char *)l->s[i].data);
        buf_puts(&text, l && l->n_type + l->n_s ? "]" : "");
        TRY(buf_status(&text));
        *ret = arena_strdup(arena, buf_cstr(&text));
        return *ret ? NULL : status_oom();
}

/* Types that we do not know are left out of the allowed ones, instead of refusing a library that a
 * newer TensorFlow wrote. The default must fit its own attribute. */
static Status *add_attr(const AttrProto *p, Arena *arena, AttrDef *d)
{
        if (!*p->name || !attr_kind_parse(p->type, strlen(p->type), &d->kind, &d->is_list))
                return invalid_argument("attr '%s' has invalid type '%s'", p->name, p->type);
        d->name = p->name;
        d->has_min = p->has_minimum;
        d->min = p->minimum;
        TRY(attr_text(p, arena, &d->text));
        const Tensorflow__AttrValue *v = p->allowed_values;
        bool types = v && v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        for (size_t i = 0; types && i < v->list->n_type; i++)
                if ((int)v->list->type[i] > 0 && (int)v->list->type[i] <= (int)DT_MAX)
                        d->types |= 1u << v->list->type[i];
        if (p->default_value)
                TRY(status_wrap(attr_check(d, p->default_value),
                                "AttrDef '%s' has a bad default: ", d->name));
        d->value = p->default_value;
        return NULL;
}

static Status *check_arg_attr(const Op *op, const char *name, AttrKind kind, bool is_list)
{
        const AttrDef *d = *name ? op_attr(op, name) : NULL;
        if (*name && (!d || d->kind != kind || d->is_list != is_list))
                return invalid_argument("No attr with name '%s' of the right type", name);
        return NULL;
}

/* Exactly one of a type, a type attribute and a list of types; a number may repeat the first two.
 */
static Status *add_arg(const Op *op, const ArgProto *p, ArgDef *a)
{
        int types = (p->type != 0) + (*p->type_attr != 0) + (*p->type_list_attr != 0);
        TRY(check_arg_attr(op, p->type_attr, ATTR_TYPE, false));
        TRY(check_arg_attr(op, p->number_attr, ATTR_INT, false));
        TRY(check_arg_attr(op, p->type_list_attr, ATTR_TYPE, true));
        bool bad_type = p->type && (!dtype_valid((int)p->type) || dtype_is_ref((DType)p->type));
        if (types != 1 || bad_type || (*p->type_list_attr && *p->number_attr))
                return invalid_argument("Missing type for argument '%s'", p->name);
        *a = (ArgDef){ .name = p->name, .dtype = (DType)p->type, .is_ref = p->is_ref };
        a->type_attr = *p->type_attr ? p->type_attr : NULL;
        a->number_attr = *p->number_attr ? p->number_attr : NULL;
        a->list_attr = *p->type_list_attr ? p->type_list_attr : NULL;
        return NULL;
}

/* Inputs, or outputs, of a function's signature. */
static Status *add_args(Arena *arena, const Op *op, ArgProto *const *list, size_t n,
                        const ArgDef **ret, int *ret_n)
{
        ArgDef *args = arena_calloc(arena, n, sizeof *args);
        if (!args)
                return status_oom();
        for (size_t i = 0; i < n; i++)
                TRY(add_arg(op, list[i], &args[i]));
        *ret = args;
        *ret_n = (int)n;
        return NULL;
}

/* Kernels take every type here: what a body's nodes can run is checked when it is called. */
static Status *make_op(Arena *arena, const FunctionDef *f, Op **ret)
{
        const OpProto *p = f->signature;
        Op *op = arena_calloc(arena, 1, sizeof *op);
        OpDef *def = arena_calloc(arena, 1, sizeof *def);
        AttrDef *attrs = arena_calloc(arena, p->n_attr, sizeof *attrs);
        if (!op || !def || !attrs)
                return status_oom();
        if (p->n_attr > MAX_ATTRS)
                return invalid_argument("%zu attrs are more than %d", p->n_attr, MAX_ATTRS);
        def->name = p->name;
        *op = (Op){ .def = def, .attrs = attrs, .function = f, .stateful = p->is_stateful };
        for (; op->n_attrs < (int)p->n_attr; op->n_attrs++)
                TRY(add_attr(p->attr[op->n_attrs], arena, &attrs[op->n_attrs]));
        op->kernel_types = arena_calloc(arena, p->n_attr, sizeof *op->kernel_types);
        if (!op->kernel_types)
                return status_oom();
        TRY(add_args(arena, op, p->input_arg, p->n_input_arg, &op->in, &op->n_in));
        TRY(add_args(arena, op, p->output_arg, p->n_output_arg, &op->out, &op->n_out));
        *ret = op;
        return NULL;
}

/* ---- the library ---- */

/* Equal messages print alike: map entries are sorted. */
static Status *same_message(const ProtobufCMessage *a, const ProtobufCMessage *b, bool *ret)
{
        autobuf x = BUF(MAX_TEXT), y = BUF(MAX_TEXT);
        TRY(proto_text_print(a, &x));
        TRY(proto_text_print(b, &y));
        *ret = x.len == y.len && !memcmp(buf_cstr(&x), buf_cstr(&y), x.len);
        return NULL;
}

/* The same function again is no error, as in TensorFlow: a client may extend a graph with its whole
 * library each time. */
static Status *add_function(Import *im, const FunctionDef *f)
{
        const char *name = f->signature ? f->signature->name : "";
        const Op *old = map_get(&im->functions, name);
        Op *op = NULL;
        bool same;
        if (!*name)
                return invalid_argument("Function in the library has no name");
        if (op_find(name))
                return invalid_argument(
                        "Cannot add function '%s' because an op with the same name already exists.",
                        name);
        if (!old)
                old = map_get(&im->graph->functions, name);
        if (!old) {
                TRY(status_wrap(make_op(im->arena, f, &op), "Function '%s': ", name));
                return map_set(&im->functions, op->def->name, op);
        }
        TRY(same_message(&f->base, &old->function->base, &same));
        return same ? NULL
                    : invalid_argument("Cannot add function '%s' because a different function with "
                                       "the same name already exists.",
                                       name);
}

/* For each function one gradient; saying it twice is allowed, changing it is not. */
static Status *add_gradient(Import *im, GradientDef *d)
{
        const GradientDef *old = map_get(&im->gradients, d->function_name);
        if (!old)
                old = map_get(&im->graph->gradients, d->function_name);
        if (!old)
                return map_set(&im->gradients, d->function_name, d);
        return !strcmp(old->gradient_func, d->gradient_func)
                       ? NULL
                       : invalid_argument("Cannot assign gradient function '%s' to '%s' because it "
                                          "already has gradient function '%s'",
                                          d->gradient_func, d->function_name, old->gradient_func);
}

/* Functions come before nodes, which may call them. */
Status *import_functions(Import *im)
{
        const Tensorflow__FunctionDefLibrary *library = im->def->library;
        if (!library)
                return NULL;
        for (size_t i = 0; i < library->n_function; i++)
                TRY(add_function(im, library->function[i]));
        for (size_t i = 0; i < library->n_gradient; i++)
                TRY(add_gradient(im, library->gradient[i]));
        return NULL;
}
