// SPDX-License-Identifier: Apache-2.0
/* Reads the names and attributes of debug ops, with TensorFlow's texts. */
#include "engine/session/watch_op.h"

#include "engine/base/buf.h"
#include "engine/ops/number.h"
#include "engine/ops/registry.h"
#include "engine/ops/signature.h"
#include <ctype.h>
#include <string.h>

/* ---- the text ---- */

/* The client's text is quoted whole. */
static Status *malformed(const char *what, const char *text)
{
        return invalid_argument("Malformed %s \"%s\"", what, text);
}

/* A value by its key, or NULL. */
static const char *find_attr(const DebugOp *op, const char *key)
{
        for (int i = 0; i < op->n_attrs; i++)
                if (!strcmp(op->attrs[i].key, key))
                        return op->attrs[i].value;
        return NULL;
}

/* One "key=value", without the spaces around. */
static Status *parse_attr(const char *text, char *at, size_t n, DebugOp *op, DebugOpAttr *room)
{
        while (n && isspace((unsigned char)*at))
                at++, n--;
        while (n && isspace((unsigned char)at[n - 1]))
                n--;
        if (!n)
                return NULL;
        at[n] = '\0';
        char *value = strchr(at, '=');
        if (!value || value == at || !value[1])
                return malformed("attributes in debug op name", text);
        *value++ = '\0';
        if (op->n_attrs == DEF_MAX_ATTRS)
                return invalid_argument("More than %d attributes in debug op name \"%.100s...\"",
                                        DEF_MAX_ATTRS, text);
        if (find_attr(op, at))
                return invalid_argument(
                        "Duplicate attribute name \"%s\" found in the debug op: \"%s\"", at, text);
        room[op->n_attrs++] = (DebugOpAttr){ .key = at, .value = value };
        return NULL;
}

/* A bracket anywhere but around the end is a mistake, and so is one without the other. */
Status *debug_op_parse(const char *text, Arena *a, DebugOp *ret)
{
        char *name = arena_strdup(a, text);
        DebugOpAttr *attrs = arena_alloc(a, DEF_MAX_ATTRS * sizeof *attrs);
        if (!name || !attrs)
                return status_oom();
        char *open = strchr(name, '('), *close = strchr(name, ')');
        *ret = (DebugOp){ .name = name, .attrs = attrs };
        if (!open && !close)
                return NULL;
        if (!open || open == name || !close || close[1] || close < open)
                return malformed("debug op name", text);
        *open = *close = '\0';
        for (char *p = open + 1; p <= close;) {
                size_t n = strcspn(p, ";");
                char *next = p + n + 1;
                TRY(parse_attr(text, p, n, ret, attrs));
                p = next;
        }
        return NULL;
}

/* TensorFlow's words for true and false, in any case. */
static Status *parse_bool(const char *text, bool *ret)
{
        static const char *const yes[] = { "true", "t", "1" }, *const no[] = { "false", "f", "0" };
        for (size_t i = 0; i < COUNTOF(yes); i++)
                if (!strcasecmp(text, yes[i]) || !strcasecmp(text, no[i])) {
                        *ret = !strcasecmp(text, yes[i]);
                        return NULL;
                }
        return invalid_argument("Invalid string for bool value: %s", text);
}

/* Gates are for servers that open and close them; the Copy node is told all the same. */
Status *debug_op_gated(const DebugOp *op, bool *ret)
{
        const char *text = find_attr(op, "gated_grpc");
        *ret = false;
        return text ? parse_bool(text, ret) : NULL;
}

/* ---- the op ---- */

/* Kernels may run fewer types than the op's signature has. */
static bool runs_type(const Op *op, DType type)
{
        for (int i = 0; i < op->n_attrs; i++) {
                uint32_t runs = op->kernel_types ? op->kernel_types[i] : 0;
                if (!strcmp(op->attrs[i].name, "T") && runs && !(runs >> type & 1))
                        return false;
        }
        return true;
}

/* Any op with the debugger's attributes would do, not only those that TensorFlow has. */
Status *debug_op_check(const DebugOp *op, DType type, const char *tensor)
{
        static const char *const needed[] = { "T", "device_name", "tensor_name", "debug_urls" };
        const Op *found = op_find(op->name);
        bool fits = found && found->n_in == 1;
        for (size_t i = 0; fits && i < COUNTOF(needed); i++)
                fits = op_attr(found, needed[i]) != NULL;
        if (!fits)
                return failed_precondition(
                        "Failed to create node definition for debug op %s on watched tensor %s",
                        op->name, tensor);
        if (runs_type(found, type))
                return NULL;
        return failed_precondition(
                "Failed to find kernel definition for debug op %s on watched tensor %s", op->name,
                tensor);
}

/* ---- attributes ---- */

/* The missing space between the names is TensorFlow's. */
static Status *bad_value(const AttrDef *d, const char *kind, const char *node, const char *text)
{
        return invalid_argument("Invalid value string for %s-type attribute %sof debug node %s: "
                                "\"%s\"",
                                kind, d->name, node, text);
}

/* By the type that the op declares: the client wrote a text. */
static Status *put_attr(const AttrDef *d, const char *text, Arena *a, NodeDef *n)
{
        AttrValue *v = NULL;
        switch (d->is_list ? ATTR_FUNC : d->kind) {
        case ATTR_STRING: return def_put_text(a, n, d->name, (char *)text);
        case ATTR_FLOAT:
                TRY(def_put(a, n, d->name, TENSORFLOW__ATTR_VALUE__VALUE_F, &v));
                return number_parse(text, strlen(text), DT_FLOAT, &v->f)
                               ? NULL
                               : bad_value(d, "float", n->name, text);
        case ATTR_INT:
                TRY(def_put(a, n, d->name, TENSORFLOW__ATTR_VALUE__VALUE_I, &v));
                return number_parse(text, strlen(text), DT_INT64, &v->i)
                               ? NULL
                               : bad_value(d, "int", n->name, text);
        case ATTR_BOOL: {
                bool b = false;
                Status *s = parse_bool(text, &b);
                if (s) {
                        status_free(s);
                        return bad_value(d, "bool", n->name, text);
                }
                TRY(def_put(a, n, d->name, TENSORFLOW__ATTR_VALUE__VALUE_B, &v));
                v->b = b;
                return NULL;
        }
        default:
                return invalid_argument("Unsupported type of custom attribute for debug ops: %s",
                                        d->text);
        }
}

/* What the session has put already (its place, its tensor) is not the client's to say twice. */
static bool is_put(const NodeDef *n, const char *key)
{
        for (size_t i = 0; i < n->n_attr; i++)
                if (!strcmp(n->attr[i]->key, key))
                        return true;
        return false;
}

/* All unknown keys are told at once. */
Status *debug_op_attrs(const DebugOp *op, Arena *a, NodeDef *n)
{
        autobuf unknown = BUF(1 << 12);
        const Op *found = op_find(op->name);
        int n_unknown = 0;
        for (int i = 0; i < op->n_attrs; i++) {
                const AttrDef *d = op_attr(found, op->attrs[i].key);
                if (d && !is_put(n, d->name))
                        TRY(put_attr(d, op->attrs[i].value, a, n));
                else if (!d)
                        buf_printf(&unknown, "%s%s", n_unknown++ ? ", " : "", op->attrs[i].key);
        }
        return n_unknown ? invalid_argument("%d attribute key(s) were not valid for debug node %s: "
                                            "%s",
                                            n_unknown, n->name, buf_cstr(&unknown))
                         : NULL;
}
