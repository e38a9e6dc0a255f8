// SPDX-License-Identifier: Apache-2.0
/* StringSplit and StringSplitV2: the pieces of each string, as a sparse matrix. The first one takes
 * its delimiter as a set of characters, the second one as Python's str.split() does. */
#include "engine/base/buf.h"
#include "engine/ops/op.h"

#include <ctype.h>

/* Pieces found so far; text points into the input. */
typedef struct Piece {
        int64_t row, col;
        const char *text;
        size_t len;
} Piece;

typedef struct Pieces {
        Buf list; /* Piece each */
        int64_t row, col, widest;
} Pieces;

static void add(Pieces *p, const char *text, size_t len)
{
        Piece piece = { p->row, p->col++, text, len };
        buf_append(&p->list, &piece, sizeof piece);
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

/* As wide as the richest row. A string that is skipped leaves its row empty. */
static Status *put(OpCtx *c, Pieces *p, int64_t rows)
{
        const Piece *list = (const Piece *)p->list.data;
        int64_t n = (int64_t)(p->list.len / sizeof *list);
        Tensor *indices, *values, *shape;
        TRY(buf_status(&p->list));
        TRY(ctx_alloc(c, 0, &SHAPE(n, 2), &indices));
        TRY(ctx_alloc(c, 1, &SHAPE(n), &values));
        TRY(ctx_alloc(c, 2, &SHAPE(2), &shape));
        int64_t *at = tensor_fill(indices), *dims = tensor_fill(shape);
        for (int64_t i = 0; i < n; i++) {
                at[2 * i] = list[i].row;
                at[2 * i + 1] = list[i].col;
                TRY(tensor_set_string(values, i, list[i].text, list[i].len));
        }
        dims[0] = rows;
        dims[1] = p->widest;
        return NULL;
}

/* An empty separator means white space in V2, and that empty pieces fall out. */
static Status *run(OpCtx *c, bool v2)
{
        const Tensor *x = ctx_input(c, 0);
        const TString *sep = tensor_strings(ctx_input(c, 1));
        bool skip_empty = node_bool(ctx_node(c), "skip_empty", true);
        int64_t max = node_int(ctx_node(c), "maxsplit", -1);
        Pieces p = { .list = BUF((size_t)1 << 33) };
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
        Status *s = put(c, &p, tensor_count(x));
        buf_done(&p.list);
        return s;
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
