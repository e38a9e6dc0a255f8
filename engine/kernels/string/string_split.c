// SPDX-License-Identifier: Apache-2.0
/* StringSplit and StringSplitV2: the pieces of each string, as a sparse matrix. The first one takes
 * its delimiter as a set of characters, the second one as Python's str.split() does. */
#include "engine/ops/op.h"

#include <ctype.h>
#include <limits.h>

/* Pieces found so far; text points into the input. */
typedef struct Piece {
        int64_t row, col;
        const char *text;
        size_t len;
} Piece;

typedef struct Pieces {
        Piece *list; /* has room for all that there can be */
        int64_t n, row, col, widest;
} Pieces;

static void add(Pieces *p, const char *text, size_t len)
{
        p->list[p->n++] = (Piece){ p->row, p->col++, text, len };
        p->widest = MAX(p->widest, p->col);
}

/* Without a delimiter each byte is a piece, TensorFlow's rule for the old op; it looks at bytes,
 * not at characters. */
static void split_chars(Pieces *p, const TString *s, const TString *set, bool skip_empty)
{
        bool is_end[256] = { false };
        size_t from = 0;
        for (size_t i = 0; i < set->len; i++)
                is_end[(unsigned char)set->data[i]] = true;
        for (size_t i = 0; !set->len && i < s->len; i++)
                add(p, s->data + i, 1);
        for (size_t i = 0; set->len && i <= s->len; i++) {
                if (i < s->len && !is_end[(unsigned char)s->data[i]])
                        continue;
                if (i > from || !skip_empty)
                        add(p, s->data + from, i - from);
                from = i + 1;
        }
}

/* On runs of white space; leading and trailing ones make no pieces. */
static void split_space(Pieces *p, const TString *s, int64_t max)
{
        size_t i = 0;
        for (;;) {
                while (i < s->len && isspace((unsigned char)s->data[i]))
                        i++;
                if (i == s->len)
                        return;
                size_t from = i;
                bool last = max >= 0 && p->col >= max;
                while (i < s->len && (last || !isspace((unsigned char)s->data[i])))
                        i++;
                add(p, s->data + from, i - from);
        }
}

/* maxsplit -1 is no limit; what is left after the last split is one piece, as in Python. */
static void split_text(Pieces *p, const TString *s, const TString *sep, int64_t max)
{
        const char *from = s->data ? s->data : "", *end = from + s->len;
        while (max < 0 || p->col < max) {
                const char *at = memmem(from, (size_t)(end - from), sep->data, sep->len);
                if (!at)
                        break;
                add(p, from, (size_t)(at - from));
                from = at + sep->len;
        }
        add(p, from, (size_t)(end - from));
}

/* ---- how many there can be ---- */

HOT static size_t count_byte(const char *s, size_t n, char byte)
{
        size_t found = 0;
        for (size_t i = 0; i < n; i++)
                found += s[i] == byte;
        return found;
}

/* The characters of a set, which is white space where it is empty. */
static void make_set(const TString *sep, bool *set)
{
        for (size_t i = 0; i < sep->len; i++)
                set[(unsigned char)sep->data[i]] = true;
        for (int i = 0; i <= UCHAR_MAX && !sep->len; i++)
                set[i] = isspace(i);
}

static size_t count_members(const TString *s, const bool *set)
{
        size_t found = 0;
        for (size_t i = 0; i < s->len; i++)
                found += set[(unsigned char)s->data[i]];
        return found;
}

/* The pieces of a text are one more than its separators, at most: sep holds the one text, or the
 * set of characters. */
static size_t most_pieces(const TString *s, const TString *sep, bool v2, const bool *set)
{
        if (!sep->len && !v2)
                return s->len;
        if (sep->len == 1 || (sep->len && v2))
                return count_byte(s->data, s->len, sep->data[0]) + 1;
        return count_members(s, set) + 1;
}

static Status *make_room(OpCtx *c, const Tensor *x, const TString *sep, bool v2, Piece **ret)
{
        bool set[UCHAR_MAX + 1] = { false };
        size_t most = 1, bytes;
        make_set(sep, set);
        for (int64_t i = 0; i < tensor_count(x); i++)
                most += most_pieces(&tensor_strings(x)[i], sep, v2, set);
        if (__builtin_mul_overflow(most, sizeof(Piece), &bytes) || !(*ret = ctx_scratch(c, bytes)))
                return status_oom();
        return NULL;
}

/* ---- the outputs ---- */

/* A row is copied as a whole; its pieces lie in the copy. */
static Status *put_texts(const Pieces *p, const Tensor *x, Tensor *values)
{
        const TString *s = tensor_strings(x);
        size_t total = 0;
        char *at, *copy = NULL;
        for (int64_t i = 0; i < tensor_count(x); i++)
                total += s[i].len;
        TRY(tensor_text_room(values, total, &at));
        for (int64_t i = 0, row = -1; i < p->n; i++) {
                const Piece *piece = &p->list[i];
                if (!piece->len)
                        continue;
                const TString *whole = &s[piece->row];
                if (row != piece->row) {
                        copy = memcpy(at, whole->data, whole->len);
                        at += whole->len;
                        row = piece->row;
                }
                tensor_put_text(values, i, copy + (piece->text - whole->data), piece->len);
        }
        return NULL;
}

/* As wide as the richest row. A string that is skipped leaves its row empty. */
static Status *put(OpCtx *c, const Pieces *p, const Tensor *x)
{
        Tensor *indices, *values, *shape;
        TRY(ctx_alloc(c, 0, &SHAPE(p->n, 2), &indices));
        TRY(ctx_alloc(c, 1, &SHAPE(p->n), &values));
        TRY(ctx_alloc(c, 2, &SHAPE(2), &shape));
        int64_t *at = tensor_fill(indices), *dims = tensor_fill(shape);
        for (int64_t i = 0; i < p->n; i++) {
                at[2 * i] = p->list[i].row;
                at[2 * i + 1] = p->list[i].col;
        }
        dims[0] = tensor_count(x);
        dims[1] = p->widest;
        return put_texts(p, x, values);
}

/* An empty separator means white space in V2, and that empty pieces fall out. */
static Status *run(OpCtx *c, bool v2)
{
        const Tensor *x = ctx_input(c, 0);
        const TString *sep = tensor_strings(ctx_input(c, 1));
        bool skip_empty = node_bool(ctx_node(c), "skip_empty", true);
        int64_t max = node_int(ctx_node(c), "maxsplit", -1);
        Pieces p = { 0 };
        TRY(make_room(c, x, sep, v2, &p.list));
        for (p.row = 0; p.row < tensor_count(x); p.row++) {
                const TString *s = &tensor_strings(x)[p.row];
                p.col = 0;
                if (!v2)
                        split_chars(&p, s, sep, skip_empty);
                else if (sep->len)
                        split_text(&p, s, sep, max);
                else
                        split_space(&p, s, max);
        }
        return put(c, &p, x);
}

static Status *split_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *sep = shape_in(c, 1);
        if (x->rank >= 0 && x->rank != 1)
                return invalid_argument("input must be a vector, got shape: %s", shape_text(x).s);
        if (sep->rank > 0)
                return invalid_argument("%s must be a scalar, got shape: %s",
                                        node_attr(c->node, "maxsplit") ? "sep" : "delimiter",
                                        shape_text(sep).s);
        c->out[0] = SHAPE(-1, 2);
        c->out[1] = SHAPE(-1);
        c->out[2] = SHAPE(2);
        return NULL;
}

static Status *string_split(OpCtx *c)
{
        return run(c, false);
}

static Status *string_split_v2(OpCtx *c)
{
        return run(c, true);
}

OP(StringSplit, .inputs = "input:string; delimiter:string",
   .outputs = "indices:int64; values:string; shape:int64", .attrs = "skip_empty:bool = true",
   .shape = split_shape, .compute = string_split, .late_shape = true);
OP(StringSplitV2, .inputs = "input:string; sep:string",
   .outputs = "indices:int64; values:string; shape:int64", .attrs = "maxsplit:int = -1",
   .shape = split_shape, .compute = string_split_v2, .late_shape = true);
