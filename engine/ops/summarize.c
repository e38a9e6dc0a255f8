// SPDX-License-Identifier: Apache-2.0
/* Values as text, until the buffer is full. Recursion goes by dimension, so at most SHAPE_MAX_RANK
 * deep. */
#include "engine/ops/summarize.h"

#include "engine/base/escape.h"

#include <stdio.h>
#include <stdlib.h>

/* The shortest of two precisions that reads back as the same number. */
static void put_float(Buf *to, double v, bool is_double)
{
        char s[40];
        if (v != v) {
                buf_puts(to, "nan");
                return;
        }
        snprintf(s, sizeof s, "%.*g", is_double ? 15 : 6, v);
        bool same = is_double ? strtod(s, NULL) == v : strtof(s, NULL) == (float)v;
        if (!same)
                snprintf(s, sizeof s, "%.*g", is_double ? 17 : 8, v);
        if (!same && !is_double && strtof(s, NULL) != (float)v)
                snprintf(s, sizeof s, "%.9g", v);
        buf_puts(to, s);
}

static void put_complex(Buf *to, double complex z, bool is_double)
{
        buf_putc(to, '(');
        put_float(to, creal(z), is_double);
        buf_putc(to, ',');
        put_float(to, cimag(z), is_double);
        buf_putc(to, ')');
}

/* One value; strings are quoted only in Print's newer form. */
static void put_element(Buf *to, const Tensor *t, int64_t i, bool quoted)
{
        switch ((int)t->dtype) {
        case DT_STRING:
                buf_puts(to, quoted ? "\"" : "");
                text_escape(tensor_strings(t)[i].data, tensor_strings(t)[i].len, to);
                buf_puts(to, quoted ? "\"" : "");
                break;
        case DT_COMPLEX64: put_complex(to, ((const float complex *)t->data)[i], false); break;
        case DT_COMPLEX128: put_complex(to, ((const double complex *)t->data)[i], true); break;
        case DT_UINT64:
                buf_printf(to, "%llu", (unsigned long long)((const uint64_t *)t->data)[i]);
                break;
        case DT_RESOURCE: buf_puts(to, "<resource>"); break;
        case DT_VARIANT: buf_puts(to, "<variant>"); break;
        default:
                if (dtype_is_floating(t->dtype))
                        put_float(to, tensor_double(t, i), t->dtype == DT_DOUBLE);
                else
                        buf_printf(to, "%lld", (long long)tensor_int(t, i));
        }
}

/* Prints dimension d on; *at is the next element. */
static void put_dim(Buf *to, const Tensor *t, int d, int64_t limit, int64_t *at)
{
        int64_t n = t->shape.dim[d];
        if (*at >= limit)
                return;
        for (int64_t i = 0; i < n && !to->full; i++) {
                bool open = *at < limit;
                if (d < t->shape.rank - 1) {
                        if (!open)
                                return;
                        buf_putc(to, '[');
                        put_dim(to, t, d + 1, limit, at);
                        buf_putc(to, ']');
                        continue;
                }
                if (!open) {
                        buf_puts(to, d ? "..." : "");
                        return;
                }
                buf_puts(to, i ? " " : "");
                put_element(to, t, (*at)++, false);
        }
}

/* The form of Print, Assert and of messages. */
void summarize(Buf *to, const Tensor *t, int64_t limit)
{
        int64_t at = 0;
        if (limit < 0 || limit > t->count)
                limit = t->count;
        if (t->count == 0)
                return;
        if (t->shape.rank == 0 && limit > 0)
                put_element(to, t, 0, false);
        else if (t->shape.rank > 0)
                put_dim(to, t, 0, limit, &at);
        if (t->count > limit)
                buf_puts(to, "...");
}

/* What stands between two entries of dimension d: a blank, or a line break for each dim inside. */
static void put_gap(Buf *to, int d, int rank)
{
        if (d == rank - 1) {
                buf_putc(to, ' ');
                return;
        }
        for (int i = d; i < rank - 1; i++)
                buf_putc(to, '\n');
        for (int i = 0; i <= d; i++)
                buf_putc(to, ' ');
}

/* The first and last elements of each dimension (PrintV2, tf.strings.format). */
static void put_ends(Buf *to, const Tensor *t, int d, int64_t ends, int64_t at)
{
        int rank = t->shape.rank;
        if (d == rank) {
                put_element(to, t, at, true);
                return;
        }
        int64_t n = t->shape.dim[d], step = shape_product(&t->shape, d + 1, rank);
        bool gap = n - ends > ends;
        buf_putc(to, '[');
        for (int64_t i = 0; i < n && !to->full; i++) {
                if (i)
                        put_gap(to, d, rank);
                if (gap && i == ends) {
                        buf_puts(to, "...");
                        i = n - ends - 1;
                        continue;
                }
                put_ends(to, t, d + 1, ends, at + i * step);
        }
        buf_putc(to, ']');
}

void summarize_ends(Buf *to, const Tensor *t, int64_t ends)
{
        put_ends(to, t, 0, ends < 0 ? t->count + 1 : ends, 0);
}
