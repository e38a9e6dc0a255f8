// SPDX-License-Identifier: Apache-2.0
/* Ops and attribute values as TensorFlow's messages print them. */
#include "engine/graph/graph_impl.h"

#include "engine/base/escape.h"
#include "engine/base/mem.h"
#include "engine/tensor/tensor_proto.h"
#include <string.h>

/* Lists longer than this lose their middle. */
enum { LONG_LIST = 15, LIST_ENDS = 5 };

/* A literal type stands by its name, a variable one by its attribute's. */
static void describe_args(const ArgDef *args, int n, Buf *b)
{
        for (int i = 0; i < n; i++) {
                const ArgDef *a = &args[i];
                buf_printf(b, "%s%s:%s", i ? ", " : "", a->name, a->is_ref ? "Ref(" : "");
                if (a->number_attr)
                        buf_printf(b, "%s*", a->number_attr);
                if (a->dtype != DT_INVALID)
                        buf_puts(b, dtype_name(a->dtype));
                else
                        buf_puts(b, a->type_attr ? a->type_attr : "");
                buf_puts(b, a->is_ref ? ")" : "");
        }
}

/* Calls one element's printer for each value that a long list shows. */
#define LIST(n, print)                                           \
        for (size_t i = 0; i < (n); i++) {                       \
                bool dots_ = (n) >= LONG_LIST && i == LIST_ENDS; \
                buf_puts(b, i ? ", " : "");                      \
                if (dots_) {                                     \
                        buf_puts(b, "...");                      \
                        i = (n)-LIST_ENDS - 1;                   \
                } else {                                         \
                        print;                                   \
                }                                                \
        }

static void describe_shape(const TensorShapeProto *p, Buf *b)
{
        Shape s;
        autoptr(Status) bad = shape_from_proto(p, &s);
        buf_puts(b, bad ? "<bad shape>" : shape_text(&s).s);
}

static void describe_string(const ProtobufCBinaryData *s, Buf *b)
{
        buf_putc(b, '"');
        text_escape(s->data, MIN(s->len, (size_t)80), b);
        buf_puts(b, s->len > 80 ? "...\"" : "\"");
}

/* Of the lists at most one is filled; which one depends on the attribute's kind. */
static void describe_list(const Tensorflow__AttrValue__ListValue *l, Buf *b)
{
        buf_putc(b, '[');
        LIST(l->n_s, describe_string(&l->s[i], b))
        LIST(l->n_i, buf_printf(b, "%lld", (long long)l->i[i]))
        LIST(l->n_f, buf_printf(b, "%g", (double)l->f[i]))
        LIST(l->n_b, buf_puts(b, l->b[i] ? "true" : "false"))
        LIST(l->n_type, buf_puts(b, dtype_enum((DType)l->type[i])))
        LIST(l->n_shape, describe_shape(l->shape[i], b))
        LIST(l->n_func, buf_puts(b, l->func[i]->name))
        buf_putc(b, ']');
}

/* TensorFlow's SummarizeAttrValue, for messages. */
void attr_value_describe(const AttrValue *v, Buf *b)
{
        switch (v->value_case) {
        case TENSORFLOW__ATTR_VALUE__VALUE_S: describe_string(&v->s, b); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_I: buf_printf(b, "%lld", (long long)v->i); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_F: buf_printf(b, "%g", (double)v->f); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_B: buf_puts(b, v->b ? "true" : "false"); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_TYPE: buf_puts(b, dtype_enum((DType)v->type)); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_SHAPE: describe_shape(v->shape, b); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_LIST: describe_list(v->list, b); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_FUNC: buf_puts(b, v->func->name); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_PLACEHOLDER: buf_printf(b, "$%s", v->placeholder); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_TENSOR:
                buf_printf(b, "Tensor<type: %s>", dtype_name((DType)v->tensor->dtype));
                break;
        default: buf_puts(b, "<Unknown AttrValue type>");
        }
}

/* The values between "in [" and "]" of an attribute's text, one after the other. */
static bool next_allowed(const char **at, const char **word, size_t *n)
{
        *word = *at;
        *n = strcspn(*at, ",]");
        *at += *n + (**at && (*at)[*n] == ',');
        return *n > 0;
}

static const char *allowed_of(const AttrDef *d)
{
        const char *in = strstr(d->text, " in [");
        return in ? in + 5 : "";
}

void attr_describe_allowed(const AttrDef *d, Buf *b)
{
        const char *at = allowed_of(d), *word, *quote = d->kind == ATTR_STRING ? "\"" : "";
        size_t n;
        for (bool first = true; next_allowed(&at, &word, &n); first = false)
                buf_printf(b, "%s%s%.*s%s", first ? "" : ", ", quote, (int)n, word, quote);
}

/* "DT_FLOAT" for a type, "\"SAME\"" for a string. */
static void describe_one_allowed(const AttrDef *d, const char *word, size_t n, Buf *b)
{
        char name[32] = "";
        DType t;
        memcpy(name, word, MIN(n, sizeof name - 1));
        if (d->kind == ATTR_TYPE && dtype_parse(name, &t))
                buf_puts(b, dtype_enum(t));
        else
                buf_printf(b, "\"%.*s\"", (int)n, word);
}

/* Long lists show their ends only, TensorFlow's summary of attributes. */
static void describe_allowed_list(const AttrDef *d, Buf *b)
{
        const char *at = allowed_of(d), *word;
        size_t n, count = 0, i = 0;
        while (next_allowed(&at, &word, &n))
                count++;
        buf_puts(b, ",allowed=[");
        for (at = allowed_of(d); next_allowed(&at, &word, &n); i++) {
                bool left_out = count >= LONG_LIST && i >= LIST_ENDS && i < count - LIST_ENDS;
                if (left_out && i > LIST_ENDS)
                        continue;
                buf_puts(b, i ? ", " : "");
                if (left_out)
                        buf_puts(b, "...");
                else
                        describe_one_allowed(d, word, n, b);
        }
        buf_putc(b, ']');
}

/* In the order in which TensorFlow names default, minimum and allowed values. */
static void describe_attr(const AttrDef *d, Buf *b)
{
        buf_printf(b, "; attr=%s:%.*s", d->name, (int)strcspn(d->text, " "), d->text);
        if (d->value) {
                buf_puts(b, ",default=");
                attr_value_describe(d->value, b);
        }
        if (d->has_min)
                buf_printf(b, ",min=%lld", (long long)d->min);
        if (d->types || d->strings)
                describe_allowed_list(d, b);
}

/* As TensorFlow's SummarizeOpDef, which ends messages on bad nodes. */
void op_describe(const Op *op, Buf *b)
{
        buf_printf(b, "Op<name=%s; signature=", op->def->name);
        describe_args(op->in, op->n_in, b);
        buf_puts(b, " -> ");
        describe_args(op->out, op->n_out, b);
        for (int i = 0; i < op->n_attrs; i++)
                describe_attr(&op->attrs[i], b);
        buf_puts(b, op->commutative ? "; is_commutative=true" : "");
        buf_puts(b, op->aggregate ? "; is_aggregate=true" : "");
        buf_puts(b, op->stateful ? "; is_stateful=true" : "");
        buf_puts(b, op->uninit_ok ? "; allows_uninitialized_input=true" : "");
        buf_putc(b, '>');
}
