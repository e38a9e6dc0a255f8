// SPDX-License-Identifier: Apache-2.0
/* Draws attributes first, then inputs whose types follow from them. Inputs resemble each other more
 * often than not, since most ops refuse strangers at once. */
#include "tests/stress/lib/op_gen.h"

#include "engine/base/mem.h"
#include "engine/tensor/tensor.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Draw {
        Gen *g;
        const Op *op;
        int64_t number[32]; /* per attribute: an int */
        DType types[32][4]; /* a type, or a list */
        int n_types[32];
        Shape base;
        Buf control; /* what must run before the node */
} Draw;

static int pick(Gen *g, int n)
{
        return rand_r(&g->seed) % n;
}

static bool often(Gen *g)
{
        return g->tame || pick(g, 8) != 0;
}

static int64_t whole_number(Gen *g)
{
        static const int64_t far[] = { -1,        INT32_MAX, INT32_MIN,        (int64_t)1 << 31,
                                       INT64_MAX, INT64_MIN, (int64_t)1 << 62, 255,
                                       -2 };
        return often(g) ? pick(g, 5) : far[pick(g, (int)COUNTOF(far))];
}

static double real_number(Gen *g)
{
        static const double far[] = {
                __builtin_nan(""), __builtin_inf(), -__builtin_inf(), 1e30, -1e30, 1e-40, -0.0
        };
        return often(g) ? pick(g, 9) - 3 + pick(g, 4) * 0.25 : far[pick(g, (int)COUNTOF(far))];
}

static int64_t dimension(Gen *g)
{
        static const int64_t sizes[] = { 0, 1, 1, 2, 2, 3, 4, 7 };
        return sizes[pick(g, (int)COUNTOF(sizes))];
}

static Shape random_shape(Gen *g)
{
        Shape s = { .rank = often(g) ? pick(g, 5) : pick(g, 9) };
        int64_t count = 1;
        for (int i = 0; i < s.rank; i++) {
                s.dim[i] = dimension(g);
                if (count * s.dim[i] > 2000)
                        s.dim[i] = 1;
                count *= s.dim[i];
        }
        if (!count && !g->tame && pick(g, 4) == 0)
                for (int i = 0; i < s.rank; i++)
                        if (s.dim[i])
                                s.dim[i] = (int64_t)1 << (pick(g, 2) ? 31 : 61);
        return s;
}

/* ---- attributes ---- */

static DType type_of(Draw *d, const AttrDef *a, uint32_t kernels)
{
        if (d->g->forced && !strcmp(d->g->forced, a->name))
                return d->g->forced_type;
        uint32_t allowed = a->types ? a->types : ((1u << (DT_MAX + 1)) - 2);
        if (kernels && often(d->g))
                allowed = kernels;
        for (;;) {
                int t = 1 + pick(d->g, DT_MAX);
                if (allowed >> t & 1 && ((t != DT_RESOURCE && t != DT_VARIANT) || a->types))
                        return (DType)t;
        }
}

static void put_shape(Gen *g)
{
        Shape s = random_shape(g);
        if (pick(g, 6) == 0) {
                buf_putc(&g->text, '?');
                return;
        }
        buf_putc(&g->text, '[');
        for (int i = 0; i < s.rank; i++) {
                if (i)
                        buf_puts(&g->text, ", ");
                if (pick(g, 6))
                        buf_printf(&g->text, "%" PRId64, s.dim[i]);
                else
                        buf_putc(&g->text, '?');
        }
        buf_putc(&g->text, ']');
}

static void put_string(Gen *g, const AttrDef *a)
{
        static const char *const words[] = { "",  "SAME",    "VALID", "NHWC",   "NCHW",
                                             "a", "ab,b->a", "%d",    "linear", "MIN_FIRST" };
        const char *word = words[pick(g, (int)COUNTOF(words))];
        int n = 0;
        while (a->strings && a->strings[n])
                n++;
        buf_printf(&g->text, "\"%s\"", n ? a->strings[pick(g, n)] : word);
}

/* Small tensors only; their type is told by an attribute "dtype" or so, which may not fit. */
static void put_tensor(Gen *g)
{
        static const char *const some[] = { "float [] { 1 }", "int32 [2] { 1, 2 }", "float [0] { }",
                                            "string [1] { \"a\" }", "bool [] { true }" };
        buf_puts(&g->text, some[pick(g, (int)COUNTOF(some))]);
}

static void put_value(Draw *d, int i)
{
        Gen *g = d->g;
        const AttrDef *a = &d->op->attrs[i];
        switch (a->kind) {
        case ATTR_STRING: put_string(g, a); break;
        case ATTR_INT:
                d->number[i] = whole_number(g);
                if (a->has_min && !a->is_list && d->number[i] < a->min && often(g))
                        d->number[i] = a->min + pick(g, 3);
                buf_printf(&g->text, "%" PRId64, d->number[i]);
                break;
        case ATTR_FLOAT: buf_printf(&g->text, "%g", real_number(g)); break;
        case ATTR_BOOL: buf_puts(&g->text, pick(g, 2) ? "true" : "false"); break;
        case ATTR_TYPE: {
                DType t = type_of(d, a, d->op->kernel_types ? d->op->kernel_types[i] : 0);
                d->types[i][d->n_types[i]++] = t;
                buf_puts(&g->text, dtype_name(t));
                break;
        }
        case ATTR_SHAPE: put_shape(g); break;
        case ATTR_TENSOR: put_tensor(g); break;
        default: buf_puts(&g->text, "nowhere"); break;
        }
}

static bool is_number_of_inputs(const Op *op, const char *attr)
{
        for (int i = 0; i < op->n_in; i++)
                if (op->in[i].number_attr && !strcmp(op->in[i].number_attr, attr))
                        return true;
        return false;
}

static void put_attr(Draw *d, int i)
{
        Gen *g = d->g;
        const AttrDef *a = &d->op->attrs[i];
        buf_printf(&g->text, "%s: ", a->name);
        if (a->kind == ATTR_INT && is_number_of_inputs(d->op, a->name)) {
                d->number[i] = pick(g, 4) + (often(g) && a->has_min ? a->min : 0);
                buf_printf(&g->text, "%" PRId64, d->number[i]);
                return;
        }
        if (!a->is_list) {
                put_value(d, i);
                return;
        }
        int n = pick(g, a->kind == ATTR_TYPE ? 4 : 6);
        if (a->kind == ATTR_INT && often(g))
                n = 4; /* strides and the like */
        buf_putc(&g->text, '[');
        for (int k = 0; k < n; k++) {
                if (k)
                        buf_puts(&g->text, ", ");
                put_value(d, i);
        }
        buf_putc(&g->text, ']');
}

/* ---- inputs ---- */

static int attr_index(const Op *op, const char *name)
{
        for (int i = 0; i < op->n_attrs; i++)
                if (!strcmp(op->attrs[i].name, name))
                        return i;
        return -1;
}

static void fill(Gen *g, Tensor *t)
{
        for (int64_t i = 0; i < t->count; i++) {
                int64_t n = whole_number(g);
                double x = real_number(g);
                void *at = (char *)tensor_fill(t) + (size_t)i * dtype_size(t->dtype);
                switch ((int)t->dtype) {
                case DT_FLOAT: *(float *)at = (float)x; break;
                case DT_DOUBLE: *(double *)at = x; break;
                case DT_HALF: *(Half *)at = half_from_float((float)x); break;
                case DT_BFLOAT16: *(BFloat16 *)at = bfloat16_from_float((float)x); break;
                case DT_COMPLEX64: *(float complex *)at = (float)x; break;
                case DT_COMPLEX128: *(double complex *)at = x; break;
                case DT_BOOL: *(bool *)at = n & 1; break;
                case DT_STRING: {
                        /* Also cut-off and overlong UTF-8, a surrogate, a NUL, numbers that
                         * overflow. */
                        static const char *const words[] = { "",
                                                             "a",
                                                             "0.5",
                                                             "aGk",
                                                             "%s",
                                                             "[x",
                                                             "\xff\xfe",
                                                             "\xc3",
                                                             "\xc0\x80",
                                                             "\xed\xa0\x80",
                                                             "\xf4\x90\x80\x80",
                                                             "a b  c",
                                                             "1e999",
                                                             "-",
                                                             "(",
                                                             "{}",
                                                             "99999999999999999999",
                                                             "\x1f\x8b\x08",
                                                             "nan" };
                        const char *w = words[pick(g, (int)COUNTOF(words))];
                        if (tensor_set_string(t, i, w, strlen(w) + (pick(g, 16) == 0)))
                                abort();
                        break;
                }
                case DT_RESOURCE:
                case DT_VARIANT: break;
                default: memcpy(at, &n, dtype_size(t->dtype)); break;
                }
        }
}

static Tensor *random_tensor(Draw *d, DType dtype)
{
        Gen *g = d->g;
        Tensor *t = NULL;
        Shape s = d->base;
        bool index = dtype == DT_INT32 || dtype == DT_INT64;
        if (index && pick(g, 2))
                s = pick(g, 2) ? SHAPE_SCALAR : SHAPE(pick(g, 2) ? d->base.rank : pick(g, 5));
        else if (!often(g))
                s = random_shape(g);
        else if (pick(g, 4) == 0)
                s = pick(g, 2) ? SHAPE_SCALAR
                               : SHAPE(d->base.rank ? d->base.dim[d->base.rank - 1] : 1);
        Status *st = tensor_new(dtype, &s, &t); /* too large: a scalar then */
        status_free(st);
        if (st && tensor_new(dtype, &SHAPE_SCALAR, &t))
                abort();
        fill(g, t);
        return t;
}

/* One input: a line before the node's own, and its name. */
static void put_input(Draw *d, DType dtype, bool is_ref, Buf *args)
{
        Gen *g = d->g;
        int k = g->n_fed++;
        DType base = dtype_base(dtype);
        bool resource = base == DT_RESOURCE && often(g);
        DType held = resource ? DT_FLOAT : base;
        if (resource)
                for (int i = 0; i < d->op->n_attrs; i++)
                        if (d->op->attrs[i].kind == ATTR_TYPE && d->n_types[i])
                                held = d->types[i][0];
        g->fed[k] = random_tensor(d, held);
        buf_printf(&g->text, "p%d = Placeholder dtype: %s\n", k, dtype_name(held));
        if (args->len)
                buf_puts(args, ", ");
        if (resource) {
                buf_printf(&g->text,
                           "v%d = VarHandleOp dtype: %s, shape: ?, shared_name: \"v%d\"\n"
                           "a%d = AssignVariableOp(v%d, p%d)\n",
                           k, dtype_name(held), k, k, k, k);
                buf_printf(args, "v%d", k);
                buf_printf(&d->control, ", ^a%d", k);
        } else if (is_ref) {
                buf_printf(&g->text,
                           "v%d = VariableV2 dtype: %s, shape: ?\n"
                           "a%d = Assign(v%d, p%d) validate_shape: false\n",
                           k, dtype_name(held), k, k, k);
                buf_printf(args, "v%d", k);
                buf_printf(&d->control, ", ^a%d", k);
        } else {
                buf_printf(args, "p%d", k);
        }
}

static bool put_arg(Draw *d, const ArgDef *a, Buf *args)
{
        int n = 1, list = -1;
        DType dtype = a->dtype;
        if (a->list_attr) {
                list = attr_index(d->op, a->list_attr);
                n = d->n_types[list];
        }
        if (a->number_attr)
                n = (int)d->number[attr_index(d->op, a->number_attr)];
        if (a->type_attr)
                dtype = d->types[attr_index(d->op, a->type_attr)][0];
        if (n < 0 || d->g->n_fed + n > GEN_MAX_IN)
                return false;
        for (int i = 0; i < n; i++)
                put_input(d, list < 0 ? dtype : d->types[list][i], a->is_ref, args);
        return true;
}

static bool draw_node(Draw *d, Buf *attrs, Buf *args)
{
        Gen *g = d->g;
        for (int i = 0; i < d->op->n_attrs; i++) {
                if (d->op->attrs[i].kind == ATTR_FUNC)
                        return false;
                if (i)
                        buf_puts(&g->text, ", ");
                put_attr(d, i);
        }
        buf_append(attrs, g->text.data, g->text.len);
        buf_reset(&g->text);
        for (int i = 0; i < d->op->n_in; i++)
                if (!put_arg(d, &d->op->in[i], args))
                        return false;
        return true;
}

bool gen_node(Gen *g, const Op *op)
{
        autobuf attrs = BUF(1 << 16), args = BUF(1 << 16);
        Draw d = { .g = g, .op = op, .base = random_shape(g), .control = BUF(1 << 12) };
        g->text = BUF(1 << 20);
        bool ok = op->n_attrs <= 32 && draw_node(&d, &attrs, &args);
        buf_printf(&g->text, "op = %s(%s%s) %s\n", op->def->name, buf_cstr(&args),
                   buf_cstr(&d.control), buf_cstr(&attrs));
        buf_done(&d.control);
        return ok;
}

void gen_done(Gen *g)
{
        for (int i = 0; i < g->n_fed; i++)
                tensor_unref(g->fed[i]);
        buf_done(&g->text);
}
