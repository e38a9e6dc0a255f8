// SPDX-License-Identifier: Apache-2.0
/* Parsing, encoding and copying parts of tensors. */
#include "engine/kernels/io/slice.h"

/* A decimal number at *p, not beyond end. */
static bool read_number(const char **p, const char *end, int64_t *ret)
{
        int64_t v = 0;
        const char *begin = *p;
        for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
                if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, **p - '0', &v))
                        return false;
        *ret = v;
        return *p > begin;
}

/* "0,5:-:3,1": start and length for each dimension, '-' for all of it. Digits only, so that no
 * number is negative. */
static bool read_slice(const char *p, const char *end, TensorSlice *s)
{
        for (s->rank = 0; p < end; s->rank++) {
                int i = s->rank;
                if (i == SHAPE_MAX_RANK)
                        return false;
                s->start[i] = 0;
                s->length[i] = -1;
                if (*p == '-')
                        p++;
                else if (!read_number(&p, end, &s->start[i]) || p == end || *p++ != ',' ||
                         !read_number(&p, end, &s->length[i]))
                        return false;
                if (p < end && *p++ != ':')
                        return false;
        }
        return true;
}

/* Compared by subtraction: the sum of start and length might overflow. */
bool slice_fits(const TensorSlice *s, const Shape *whole, Shape *ret)
{
        if (s->rank != whole->rank)
                return false;
        Shape part = *whole;
        for (int i = 0; i < s->rank; i++) {
                if (s->length[i] < 0)
                        continue;
                if (s->start[i] > whole->dim[i] || s->length[i] > whole->dim[i] - s->start[i])
                        return false;
                part.dim[i] = s->length[i];
        }
        *ret = part;
        return true;
}

Status *slice_parse_saved(const TString *spec, const Tensor *t, Shape *ret_shape, TensorSlice *ret)
{
        Shape own;
        TRY(slice_parse(spec->data, spec->len, ret_shape, ret));
        if (slice_fits(ret, ret_shape, &own) && shape_equal(&own, tensor_shape(t)))
                return NULL;
        return invalid_argument("Slice in shape_and_slice specification does not match the shape "
                                "of the tensor to  save: %.*s, tensor: %s",
                                (int)MIN(spec->len, (size_t)1000), spec->data,
                                shape_text(tensor_shape(t)).s);
}

/* "rows cols slice": sizes with a space behind each, then the slice. It need not cover anything,
 * but must lie inside. */
Status *slice_parse(const char *text, size_t len, Shape *ret_shape, TensorSlice *ret)
{
        const char *p = text, *end = text + len;
        Shape shape = { 0 }, part;
        TensorSlice s;
        for (const char *space; (space = memchr(p, ' ', (size_t)(end - p)));) {
                int64_t dim;
                if (shape.rank == SHAPE_MAX_RANK || !read_number(&p, space, &dim) || p != space)
                        return invalid_argument("Non numerical dimension in shape_and_slice: %.*s",
                                                (int)MIN(len, (size_t)200), text);
                shape_append(&shape, dim);
                p = space + 1;
        }
        if (!read_slice(p, end, &s))
                return invalid_argument(
                        "Expected a pair of numbers or '-' but got '%.*s': string = "
                        "%.*s",
                        (int)MIN(end - p, 200), p, (int)MIN(len, (size_t)200), text);
        if (!slice_fits(&s, &shape, &part))
                return invalid_argument("Slice and shape do not fit in shape_and_slice: %.*s",
                                        (int)MIN(len, (size_t)200), text);
        *ret_shape = shape;
        *ret = s;
        return NULL;
}

/* ---- the key's code: TensorFlow's OrderedCode ---- */

/* An ordered code: the count of bytes first, then the bytes, the high ones in front, so that codes
 * sort as their numbers do. */
static void put_unsigned(Buf *b, uint64_t v)
{
        int n = 0;
        while (n < 8 && v >> (8 * n))
                n++;
        buf_putc(b, (char)n);
        while (n--)
                buf_putc(b, (char)(v >> (8 * n)));
}

/* 0 and 0xff are escaped, and 0 1 ends the string: codes sort as the strings do, whatever follows.
 */
static void put_string(Buf *b, const char *s, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                buf_putc(b, s[i]);
                if (s[i] == '\0')
                        buf_putc(b, '\xff');
                else if (s[i] == '\xff')
                        buf_putc(b, '\0');
        }
        buf_append(b, "\0\1", 2);
}

/* Big-endian two's complement in as few bytes as hold 7 bits each; the first bits say how many. */
static void put_signed(Buf *b, int64_t v)
{
        uint64_t magnitude = v < 0 ? ~(uint64_t)v : (uint64_t)v;
        int len = 1;
        while (len < 10 && magnitude >> (7 * len - 1))
                len++;
        unsigned char bytes[10];
        for (int i = 0; i < len; i++) {
                int shift = 8 * (len - 1 - i);
                bytes[i] = shift < 64 ? (unsigned char)((uint64_t)v >> shift) : v < 0 ? 0xff : 0;
        }
        unsigned header = 0xffffu << (16 - len) & 0xffff;
        bytes[0] ^= (unsigned char)(header >> 8);
        if (len > 1)
                bytes[1] ^= (unsigned char)header;
        buf_append(b, bytes, (size_t)len);
}

/* TensorFlow's checkpoint key of a slice: 0, name, rank, then start and length of each dimension.
 */
void slice_key(const char *name, size_t len, const TensorSlice *s, Buf *ret)
{
        put_unsigned(ret, 0);
        put_string(ret, name, len);
        put_unsigned(ret, (uint64_t)s->rank);
        for (int i = 0; i < s->rank; i++) {
                put_signed(ret, s->length[i] < 0 ? 0 : s->start[i]);
                put_signed(ret, s->length[i]);
        }
}

/* ---- copying ---- */

/* Runs along the last dimension are in one piece on both sides; all others are counted like an
 * odometer. */
Status *slice_copy(Tensor *whole, const TensorSlice *s, Tensor *part, bool into)
{
        const Shape *w = tensor_shape(whole), *p = tensor_shape(part);
        int last = p->rank - 1;
        int64_t run = p->rank ? p->dim[last] : 1, index[SHAPE_MAX_RANK] = { 0 };
        for (int64_t at = 0; at < tensor_count(part); at += run) {
                int64_t from = 0;
                for (int i = 0; i < p->rank; i++)
                        from = from * w->dim[i] + index[i] + (s->length[i] < 0 ? 0 : s->start[i]);
                TRY(into ? tensor_copy_elements(whole, from, part, at, run)
                         : tensor_copy_elements(part, at, whole, from, run));
                for (int i = last - 1; i >= 0 && ++index[i] == p->dim[i]; i--)
                        index[i] = 0;
        }
        return NULL;
}
