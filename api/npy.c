// SPDX-License-Identifier: Apache-2.0
/* .npy: a magic, a version, a header that is a Python dict literal, the elements. The literal is
 * read by a reader of just the three keys that the format defines. */
#include "api/npy.h"

#include "api/body_move.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct Header {
        char descr[16]; /* "<f4" */
        bool fortran;
        Shape shape;
        bool has_descr, has_fortran, has_shape;
} Header;

/* How elements are stored. */
typedef struct Layout {
        DType dtype;
        char kind;   /* of descr: f, i, S, U ... */
        size_t size; /* bytes of one element in the file */
        bool swap;   /* the other byte order */
} Layout;

/* ---- the dict ---- */

typedef struct Text {
        const char *p, *end;
} Text;

static void skip_space(Text *t)
{
        while (t->p < t->end && (*t->p == ' ' || *t->p == '\n' || *t->p == '\t'))
                t->p++;
}

static bool take(Text *t, char c)
{
        skip_space(t);
        if (t->p == t->end || *t->p != c)
                return false;
        t->p++;
        return true;
}

static bool take_word(Text *t, const char *word)
{
        size_t n = strlen(word);
        skip_space(t);
        if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
                return false;
        t->p += n;
        return true;
}

/* A short Python string without escapes. */
static bool take_string(Text *t, char *ret, size_t room)
{
        skip_space(t);
        if (t->p == t->end || (*t->p != '\'' && *t->p != '"'))
                return false;
        char quote = *t->p++;
        size_t n = 0;
        while (t->p < t->end && *t->p != quote) {
                if (n + 1 >= room || *t->p == '\\' || *t->p == 0)
                        return false;
                ret[n++] = *t->p++;
        }
        ret[n] = 0;
        return take(t, quote);
}

/* A decimal number, with the L of Python 2 behind it or not. */
static bool take_size(Text *t, int64_t *ret)
{
        int64_t v = 0;
        skip_space(t);
        const char *start = t->p;
        for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++)
                if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
                    __builtin_add_overflow(v, *t->p - '0', &v))
                        return false;
        *ret = v;
        (void)(t->p < t->end && *t->p == 'L' && t->p++); /* Python 2 wrote 3L */
        return t->p > start;
}

static Status *malformed(void)
{
        return invalid_argument("The header of the .npy file is malformed");
}

/* A Python tuple, (3,) too. */
static Status *take_shape(Text *t, Shape *ret)
{
        Shape s = { .rank = 0 };
        if (!take(t, '('))
                return malformed();
        while (!take(t, ')')) {
                if (s.rank == SHAPE_MAX_RANK)
                        return unimplemented("Tensors of rank above %d are not supported",
                                             SHAPE_MAX_RANK);
                if (!take_size(t, &s.dim[s.rank++]))
                        return malformed();
                if (!take(t, ',') && !(take(t, ')') && t->p--))
                        return malformed();
        }
        *ret = s;
        return NULL;
}

/* One of the three entries of a header. */
static Status *take_entry(Text *t, Header *h)
{
        char key[16];
        if (!take_string(t, key, sizeof key) || !take(t, ':'))
                return malformed();
        if (!strcmp(key, "shape")) {
                h->has_shape = true;
                return take_shape(t, &h->shape);
        }
        if (!strcmp(key, "descr")) {
                h->has_descr = take_string(t, h->descr, sizeof h->descr);
                if (!h->has_descr)
                        return invalid_argument("Arrays of records are not tensors");
                return NULL;
        }
        h->fortran = take_word(t, "True");
        h->has_fortran = h->fortran || take_word(t, "False");
        return h->has_fortran && !strcmp(key, "fortran_order") ? NULL : malformed();
}

/* The header is a Python literal: only this one form of it is read. */
static Status *read_dict(const char *p, size_t n, Header *ret)
{
        Text t = { p, p + n };
        if (!take(&t, '{'))
                return malformed();
        while (!take(&t, '}')) {
                TRY(take_entry(&t, ret));
                if (!take(&t, ',') && !(take(&t, '}') && t.p--))
                        return malformed();
        }
        skip_space(&t);
        return t.p == t.end && ret->has_descr && ret->has_fortran && ret->has_shape ? NULL
                                                                                    : malformed();
}

/* ---- dtypes ---- */

static const struct {
        const char *code;
        DType dtype;
} codes[] = {
        { "b1", DT_BOOL },      { "i1", DT_INT8 },        { "i2", DT_INT16 },
        { "i4", DT_INT32 },     { "i8", DT_INT64 },       { "u1", DT_UINT8 },
        { "u2", DT_UINT16 },    { "u4", DT_UINT32 },      { "u8", DT_UINT64 },
        { "f2", DT_HALF },      { "f4", DT_FLOAT },       { "f8", DT_DOUBLE },
        { "c8", DT_COMPLEX64 }, { "c16", DT_COMPLEX128 }, { "V2", DT_BFLOAT16 },
};

/* Byte order, kind and size. */
static Status *read_descr(const char *descr, Layout *ret)
{
        const char *code = strchr("<>|=", *descr) && *descr ? descr + 1 : descr;
        Layout l = { .kind = *code, .swap = *descr == '>' };
        if (*code == 'S' || *code == 'U' || *code == 'a') {
                char *end;
                unsigned long n = strtoul(code + 1, &end, 10);
                if (*end || code[1] < '0' || code[1] > '9' || n > 1u << 30)
                        return malformed();
                l.dtype = DT_STRING;
                l.size = *code == 'U' ? n * 4 : n;
                *ret = l;
                return NULL;
        }
        for (size_t i = 0; i < COUNTOF(codes); i++) {
                if (strcmp(code, codes[i].code) != 0)
                        continue;
                l.dtype = codes[i].dtype;
                l.size = dtype_size(l.dtype);
                *ret = l;
                return NULL;
        }
        return invalid_argument("NumPy's dtype '%s' is no tensor's dtype", descr);
}

/* ---- elements ---- */

static void swap_bytes(char *p, size_t n, size_t size)
{
        for (; n; n--, p += size)
                for (size_t i = 0; i < size / 2; i++) {
                        char c = p[i];
                        p[i] = p[size - 1 - i];
                        p[size - 1 - i] = c;
                }
}

/* Zero-padded code points in either byte order. */
static Status *set_unicode(Tensor *t, int64_t i, const char *p, size_t size, bool swap)
{
        autofree char *text = mem_alloc(size + 1);
        size_t n = 0;
        if (!text)
                return status_oom();
        while (size && !memcmp(p + size - 4, "\0\0\0", 4))
                size -= 4;
        for (size_t at = 0; at < size; at += 4) {
                uint32_t code;
                memcpy(&code, p + at, 4);
                size_t len = utf8_encode(swap ? __builtin_bswap32(code) : code, text + n);
                if (!len)
                        return invalid_argument("Element %lld is not Unicode", (long long)i);
                n += len;
        }
        return tensor_set_string(t, i, text, n);
}

/* Strings of fixed width lose the NULs that fill them up. */
static Status *set_element(Tensor *t, int64_t i, const char *p, const Layout *l)
{
        size_t n = l->size;
        if (l->dtype != DT_STRING) {
                memcpy((char *)tensor_fill(t) + (size_t)i * n, p, n);
                return NULL;
        }
        if (l->kind == 'U')
                return set_unicode(t, i, p, n, l->swap);
        while (n && !p[n - 1])
                n--;
        return tensor_set_string(t, i, p, n);
}

/* Where element i of the row-major tensor stands in a column-major file. */
static int64_t fortran_place(const Shape *s, int64_t i)
{
        int64_t place = 0;
        for (int d = s->rank - 1; d >= 0; d--) {
                place += i % s->dim[d] * shape_product(s, 0, d);
                i /= s->dim[d];
        }
        return place;
}

/* C order in one piece, Fortran order element by element. */
static Status *fill(Tensor *t, const char *p, const Header *h, const Layout *l)
{
        if (l->dtype != DT_STRING && !h->fortran) {
                if (t->count)
                        body_move(tensor_fill(t), p, tensor_bytes(t));
        } else {
                for (int64_t i = 0; i < t->count; i++)
                        TRY(set_element(t, i,
                                        p + (size_t)(h->fortran ? fortran_place(&t->shape, i) : i) *
                                                        l->size,
                                        l));
        }
        size_t part = dtype_is_complex(l->dtype) ? l->size / 2 : l->size;
        if (l->swap && l->dtype != DT_STRING)
                swap_bytes(tensor_fill(t), tensor_bytes(t) / part, part);
        for (int64_t i = 0; l->dtype == DT_BOOL && i < t->count; i++)
                if (((const uint8_t *)tensor_data(t))[i] > 1)
                        return invalid_argument("A byte of a bool array is neither 0 nor 1");
        return NULL;
}

/* ---- files ---- */

/* Finds header and elements. Version 1 has a 2-byte header length, 2 and 3 a 4-byte one. */
static Status *split(const char *p, size_t n, const char **header, size_t *header_len)
{
        if (n < 10 || memcmp(p, NPY_MAGIC, NPY_MAGIC_LEN) != 0)
                return invalid_argument("This is not a .npy file");
        uint8_t major = (uint8_t)p[6];
        if (major < 1 || major > 3)
                return invalid_argument("Version %d of .npy files is not known", major);
        size_t at = major == 1 ? 10 : 12;
        uint32_t len = (uint8_t)p[8] | (uint32_t)(uint8_t)p[9] << 8;
        if (n < at)
                return malformed();
        if (major > 1)
                len |= (uint32_t)(uint8_t)p[10] << 16 | (uint32_t)(uint8_t)p[11] << 24;
        if (len > n - at)
                return malformed();
        *header = p + at;
        *header_len = len;
        return NULL;
}

/* Format versions 1 to 3 (NEP 1); sizes must add up to the byte. */
Status *npy_read(const void *bytes, size_t n, size_t max_bytes, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        const char *header = NULL;
        size_t header_len = 0, size;
        int64_t count;
        Header h = { 0 };
        Layout l = { 0 };
        TRY(split(bytes, n, &header, &header_len));
        TRY(read_dict(header, header_len, &h));
        TRY(read_descr(h.descr, &l));
        TRY(shape_count(&h.shape, &count));
        size_t left = n - (size_t)(header + header_len - (const char *)bytes);
        if (__builtin_mul_overflow((size_t)count, l.size, &size) || size != left)
                return invalid_argument("The .npy file has %zu bytes of data, which is not what %s "
                                        "of shape %s takes",
                                        left, h.descr, shape_text(&h.shape).s);
        /* strings of no bytes: as many as one likes, from a header alone */
        if (!l.size && (size_t)count > n)
                return invalid_argument("%lld empty strings are more than a file of %zu bytes may "
                                        "have",
                                        (long long)count, n);
        if ((size_t)count > max_bytes / dtype_size(l.dtype))
                return resource_exhausted("A tensor may have at most %zu bytes", max_bytes);
        TRY(tensor_new(l.dtype, &h.shape, &t));
        TRY(fill(t, header + header_len, &h, &l));
        *ret = steal(&t);
        return NULL;
}

/* Strings take the width of the longest. */
static Status *write_descr(const Tensor *t, char *ret, size_t room, size_t *ret_size)
{
        *ret_size = dtype_size(t->dtype);
        if (t->dtype == DT_STRING) {
                size_t longest = 1;
                for (int64_t i = 0; i < t->count; i++) {
                        const TString *s = tensor_strings(t) + i;
                        longest = MAX(longest, s->len);
                        if (s->len && !s->data[s->len - 1])
                                return unimplemented(
                                        ".npy cannot hold a string that ends with a NUL byte");
                }
                snprintf(ret, room, "|S%zu", longest);
                *ret_size = longest;
                return NULL;
        }
        for (size_t i = 0; i < COUNTOF(codes); i++)
                if (codes[i].dtype == t->dtype) {
                        snprintf(ret, room, "%c%s", *ret_size == 1 ? '|' : '<', codes[i].code);
                        return NULL;
                }
        return unimplemented(".npy has no dtype for %s", dtype_numpy(t->dtype));
}

/* In C order, little-endian. */
static void write_elements(const Tensor *t, size_t size, Buf *out)
{
        if (t->dtype != DT_STRING) {
                buf_append(out, tensor_data(t), tensor_bytes(t));
                return;
        }
        for (int64_t i = 0; i < t->count; i++) {
                const TString *s = tensor_strings(t) + i;
                char *p = buf_reserve(out, size);
                if (!p)
                        return;
                if (s->len)
                        memcpy(p, s->data, s->len);
                memset(p + s->len, 0, size - s->len);
                out->len += size;
        }
}

/* Version 1.0, the data aligned to 64 bytes. */
Status *npy_write(const Tensor *t, Buf *out)
{
        char descr[32];
        size_t size;
        autobuf h = BUF(1024);
        TRY(write_descr(t, descr, sizeof descr, &size));
        buf_printf(&h, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
        for (int i = 0; i < t->shape.rank; i++)
                buf_printf(&h, "%lld,%s", (long long)t->shape.dim[i],
                           i + 1 < t->shape.rank ? " " : "");
        buf_puts(&h, "), }");
        while ((NPY_MAGIC_LEN + 4 + h.len + 1) % 64)
                buf_putc(&h, ' ');
        buf_putc(&h, '\n');
        TRY(buf_status(&h));
        buf_append(out, NPY_MAGIC "\x01\x00", NPY_MAGIC_LEN + 2);
        buf_append(out, (uint8_t[]){ (uint8_t)h.len, (uint8_t)(h.len >> 8) }, 2);
        buf_append(out, h.data, h.len);
        write_elements(t, size, out);
        return NULL;
}
