// SPDX-License-Identifier: Apache-2.0
/* StringJoin: strings of equal shape (scalars go with any) end to end, element by element. */
#include "engine/ops/op.h"

#include <string.h>

/* Bytes of one text. */
#define JOINED_MAX ((size_t)1 << 31)

/* Scalars go with any shape; with unknown ranks among them nothing is known. */
static Status *join_shape(ShapeCtx *c)
{
        Shape out = SHAPE_SCALAR;
        bool unknown = false;
        for (int i = 0; i < c->n_in; i++) {
                const Shape *s = shape_in(c, i);
                unknown |= s->rank < 0;
                if (s->rank <= 0)
                        continue;
                if (out.rank > 0 && !shape_compatible(&out, s))
                        return invalid_argument("Input shapes do not match: %s vs. %s",
                                                shape_text(&out).s, shape_text(s).s);
                if (out.rank > 0)
                        TRY(shape_merge(&out, s, &out));
                else
                        out = *s;
        }
        c->out[0] = unknown && out.rank == 0 ? SHAPE_UNKNOWN : out;
        return NULL;
}

/* Text i of input k; a scalar goes with any. */
static const TString *text_of(const OpCtx *c, int k, int64_t i)
{
        const Tensor *x = ctx_input(c, k);
        return &tensor_strings(x)[tensor_rank(x) ? i : 0];
}

static char *put(char *to, const void *from, size_t n)
{
        return n ? (char *)memcpy(to, from, n) + n : to;
}

/* Bytes of text i. */
static Status *measure(const OpCtx *c, int64_t i, size_t sep_len, size_t *ret)
{
        size_t n = sep_len * (size_t)(ctx_inputs(c) - 1);
        for (int k = 0; k < ctx_inputs(c); k++)
                n += text_of(c, k, i)->len;
        if (n > JOINED_MAX)
                return resource_exhausted("output is larger than its limit of %zu bytes",
                                          JOINED_MAX);
        *ret = n;
        return NULL;
}

/* Returns where the text ends. */
static char *join_texts(const OpCtx *c, int64_t i, const TString *sep, char *at)
{
        for (int k = 0; k < ctx_inputs(c); k++) {
                const TString *s = text_of(c, k, i);
                at = put(at, sep->data, k ? sep->len : 0);
                at = put(at, s->data, s->len);
        }
        return at;
}

/* All are measured first, so that they are one piece of memory. */
static Status *string_join(OpCtx *c)
{
        const char *separator = node_string(ctx_node(c), "separator", "");
        const TString sep = { (char *)separator, strlen(separator) };
        Tensor *y = ctx_output(c, 0);
        size_t total = 0, n;
        char *at;
        for (int64_t i = 0; i < tensor_count(y); i++) {
                TRY(measure(c, i, sep.len, &n));
                if (__builtin_add_overflow(total, n, &total))
                        return status_oom();
        }
        TRY(tensor_text_room(y, total, &at));
        for (int64_t i = 0; i < tensor_count(y); i++) {
                char *text = at;
                at = join_texts(c, i, &sep, at);
                tensor_put_text(y, i, text, (size_t)(at - text));
        }
        return NULL;
}

OP(StringJoin, .inputs = "inputs:N*string", .outputs = "output:string",
   .attrs = "N:int >=1; separator:string = \"\"", .shape = join_shape, .compute = string_join);
