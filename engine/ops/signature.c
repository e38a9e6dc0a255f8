// SPDX-License-Identifier: Apache-2.0
/* Reads the little language of op signatures: arguments, attributes and flags of one OP() entry.
 * Defaults are read by signature_value.c. */
#include "engine/ops/signature.h"

#include "engine/ops/signature_value.h"
#include <stdlib.h>
#include <string.h>

static Status *bad(const OpDef *def, const char *what, const char *text, size_t n)
{
        return invalid_argument("op %s: %s '%.*s'", def->name, what, (int)n, text);
}

/* Cuts the next piece off a list: up to the separator outside of quotes and brackets. */
static bool next_piece(const char **at, const char *separator, const char **piece, size_t *n)
{
        const char *s = *at;
        size_t sep = strlen(separator);
        bool quoted = false;
        int depth = 0;
        if (!*s)
                return false;
        for (*piece = s; *s; s++) {
                if (quoted && *s == '\\' && s[1])
                        s++;
                else if (*s == '"')
                        quoted = !quoted;
                else if (!quoted)
                        depth += (*s == '[' || *s == '(') - (*s == ']' || *s == ')');
                if (!quoted && depth == 0 && !strncmp(s, separator, sep))
                        break;
        }
        *n = (size_t)(s - *piece);
        *at = *s ? s + sep : s;
        return true;
}

static int count_pieces(const char *list, const char *separator)
{
        const char *piece;
        size_t n;
        int count = 0;
        while (next_piece(&list, separator, &piece, &n))
                count++;
        return count;
}

/* The name before the ':' of a piece, and what follows. */
static Status *split_name(const OpDef *def, Arena *arena, const char *piece, size_t n,
                          const char **ret_name, const char **ret_rest)
{
        const char *colon = memchr(piece, ':', n);
        if (!colon || colon == piece)
                return bad(def, "no name in", piece, n);
        char *copy = arena_dup(arena, piece, n + 1);
        if (!copy)
                return status_oom();
        copy[n] = 0;
        copy[colon - piece] = 0;
        *ret_name = copy;
        *ret_rest = copy + (colon - piece) + 1;
        return NULL;
}

/* ---- arguments ---- */

/* "[N*]T", "[N*]ref(T)", "T[]"; text is ours to cut up. */
static Status *parse_arg_type(const OpDef *def, const Op *op, char *text, ArgDef *a)
{
        size_t n = strlen(text);
        char *star = strchr(text, '*');
        if (star) {
                *star = 0;
                a->number_attr = text;
                text = star + 1;
                n = strlen(text);
        }
        if (!strncmp(text, "ref(", 4) && text[n - 1] == ')') {
                text[n - 1] = 0;
                text += 4;
                a->is_ref = true;
        } else if (n > 2 && !strcmp(text + n - 2, "[]")) {
                text[n - 2] = 0;
                a->list_attr = text;
        }
        const AttrDef *d = op_attr(op, text);
        if (d && (d->kind != ATTR_TYPE || d->is_list != (a->list_attr != NULL)))
                return bad(def, "attribute of the wrong kind in argument", a->name,
                           strlen(a->name));
        if (d && !a->list_attr)
                a->type_attr = text;
        else if (!d && (a->list_attr || !dtype_parse(text, &a->dtype)))
                return bad(def, "unknown type", text, strlen(text));
        d = a->number_attr ? op_attr(op, a->number_attr) : NULL;
        if (a->number_attr && (!d || d->kind != ATTR_INT || d->is_list))
                return bad(def, "no integer attribute", a->number_attr, strlen(a->number_attr));
        return NULL;
}

/* The list of inputs or outputs. */
static Status *parse_args(const OpDef *def, const Op *op, const char *list, Arena *arena,
                          const ArgDef **ret, int *ret_n)
{
        const char *piece, *rest;
        size_t n;
        int count = count_pieces(list, "; "), i = 0;
        ArgDef *args = arena_calloc(arena, (size_t)count, sizeof *args);
        if (!args)
                return status_oom();
        for (; next_piece(&list, "; ", &piece, &n); i++) {
                TRY(split_name(def, arena, piece, n, &args[i].name, &rest));
                TRY(parse_arg_type(def, op, (char *)rest, &args[i]));
        }
        *ret = args;
        *ret_n = count;
        return NULL;
}

/* ---- attributes ---- */

static bool skip(const char **at, const char *word)
{
        size_t n = strlen(word);
        if (strncmp(*at, word, n) != 0)
                return false;
        *at += n;
        return true;
}

/* "int", "list(int)" and so on. */
bool attr_kind_parse(const char *text, size_t n, AttrKind *ret_kind, bool *ret_list)
{
        static const char *const names[] = {
                [ATTR_STRING] = "string", [ATTR_INT] = "int",   [ATTR_FLOAT] = "float",
                [ATTR_BOOL] = "bool",     [ATTR_TYPE] = "type", [ATTR_SHAPE] = "shape",
                [ATTR_TENSOR] = "tensor", [ATTR_FUNC] = "func",
        };
        bool list = n > 6 && !strncmp(text, "list(", 5) && text[n - 1] == ')';
        if (list) {
                text += 5;
                n -= 6;
        }
        for (size_t i = 0; i < COUNTOF(names); i++) {
                if (strlen(names[i]) == n && !memcmp(text, names[i], n)) {
                        *ret_kind = (AttrKind)i;
                        *ret_list = list;
                        return true;
                }
        }
        return false;
}

/* "[float,double]" or "[SAME,VALID]". */
static Status *parse_allowed(const OpDef *def, Arena *arena, const char **at, AttrDef *d)
{
        const char *close = strchr(*at, ']'), *piece;
        size_t n, count = 0;
        if (!close || close == *at)
                return bad(def, "no allowed values in", d->text, strlen(d->text));
        char *list = arena_dup(arena, *at, (size_t)(close - *at) + 1);
        if (!list)
                return status_oom();
        list[close - *at] = 0;
        *at = close + 1;
        const char *rest = list;
        if (d->kind == ATTR_STRING) {
                d->strings = arena_calloc(arena, (size_t)count_pieces(list, ",") + 1,
                                          sizeof *d->strings);
                if (!d->strings)
                        return status_oom();
        }
        while (next_piece(&rest, ",", &piece, &n)) {
                DType t;
                list[piece - list + (ptrdiff_t)n] = 0;
                if (d->kind == ATTR_STRING)
                        d->strings[count++] = piece;
                else if (d->kind == ATTR_TYPE && dtype_parse(piece, &t) && t <= DT_MAX)
                        d->types |= 1u << t;
                else
                        return bad(def, "bad allowed value", piece, n);
        }
        return NULL;
}

/* "type in [float,double] = float", "list(int) >=2". */
static Status *parse_constraints(const OpDef *def, Arena *arena, AttrDef *d)
{
        const char *at = d->text;
        size_t n = strcspn(at, " ");
        if (!attr_kind_parse(at, n, &d->kind, &d->is_list))
                return bad(def, "unknown kind of attribute in", at, strlen(at));
        at += n;
        if (skip(&at, " in ["))
                TRY(parse_allowed(def, arena, &at, d));
        if (skip(&at, " >=")) {
                char *end;
                d->has_min = true;
                d->min = strtoll(at, &end, 10);
                at = end;
        }
        if (skip(&at, " = "))
                return status_wrap(signature_value(d, at, arena, &d->value), "op %s: ", def->name);
        return *at ? bad(def, "cannot read the rest of", d->text, strlen(d->text)) : NULL;
}

/* Attributes come first: arguments speak of them. */
static Status *parse_attrs(const OpDef *def, const char *list, Arena *arena, Op *op)
{
        const char *piece;
        size_t n;
        int count = count_pieces(list, "; ");
        AttrDef *attrs = arena_calloc(arena, (size_t)count, sizeof *attrs);
        if (!attrs)
                return status_oom();
        op->attrs = attrs;
        while (next_piece(&list, "; ", &piece, &n)) {
                AttrDef *d = &attrs[op->n_attrs];
                TRY(split_name(def, arena, piece, n, &d->name, &d->text));
                if (op_attr(op, d->name))
                        return bad(def, "two attributes", d->name, strlen(d->name));
                TRY(parse_constraints(def, arena, d));
                op->n_attrs++;
        }
        return NULL;
}

/* "T:type in [float]; Tidx:type in [int32]" into the masks per attribute. */
static Status *parse_kernels(const OpDef *def, Arena *arena, Op *op)
{
        Op kernels = { 0 };
        op->kernel_types = arena_calloc(arena, (size_t)op->n_attrs, sizeof *op->kernel_types);
        if (!op->kernel_types)
                return status_oom();
        if (!def->kernels)
                return NULL;
        TRY(parse_attrs(def, def->kernels, arena, &kernels));
        for (int i = 0; i < kernels.n_attrs; i++) {
                const AttrDef *k = &kernels.attrs[i], *d = op_attr(op, k->name);
                if (!d || k->kind != ATTR_TYPE || d->kind != ATTR_TYPE || !k->types)
                        return bad(def, "no such type attribute for kernels", k->name,
                                   strlen(k->name));
                if (d->types && (k->types & ~d->types))
                        return bad(def, "kernels for types that the signature does not allow",
                                   k->name, strlen(k->name));
                op->kernel_types[d - op->attrs] = k->types;
        }
        return NULL;
}

/* What TensorFlow's OpDef has as bools. */
static Status *parse_flags(const OpDef *def, const char *list, Op *op)
{
        const char *piece;
        size_t n;
        while (next_piece(&list, ",", &piece, &n)) {
                if (n == 8 && !strncmp(piece, "stateful", n))
                        op->stateful = true;
                else if (n == 11 && !strncmp(piece, "commutative", n))
                        op->commutative = true;
                else if (n == 9 && !strncmp(piece, "aggregate", n))
                        op->aggregate = true;
                else if (n == 9 && !strncmp(piece, "uninit_ok", n))
                        op->uninit_ok = true;
                else if (n > 11 && !strncmp(piece, "deprecated@", 11))
                        op->deprecated = (int)strtol(piece + 11, NULL, 10);
                else
                        return bad(def, "unknown flag", piece, n);
        }
        return NULL;
}

/* One op's texts as tables, once at start. */
Status *signature_parse(const OpDef *def, Arena *arena, Op *ret)
{
        Op op = { .def = def };
        if (!def->name || !*def->name)
                return invalid_argument("an op without a name");
        TRY(parse_attrs(def, def->attrs ? def->attrs : "", arena, &op));
        TRY(parse_args(def, &op, def->inputs ? def->inputs : "", arena, &op.in, &op.n_in));
        TRY(parse_args(def, &op, def->outputs ? def->outputs : "", arena, &op.out, &op.n_out));
        TRY(parse_kernels(def, arena, &op));
        TRY(parse_flags(def, def->flags ? def->flags : "", &op));
        *ret = op;
        return NULL;
}

const AttrDef *op_attr(const Op *op, const char *name)
{
        for (int i = 0; i < op->n_attrs; i++)
                if (!strcmp(op->attrs[i].name, name))
                        return &op->attrs[i];
        return NULL;
}
