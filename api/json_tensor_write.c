// SPDX-License-Identifier: Apache-2.0
/* Tensors out: rows of elements between brackets, each row written into memory reserved for its
 * longest text. */
#include "api/json_floats.h"
#include "api/json_number.h"
#include "api/json_string.h"
#include "api/json_tensor.h"
#include "engine/base/mem.h"
#include "engine/tensor/resource_ref.h"
#include <string.h>

typedef struct Writer {
        const Tensor *t;
        bool quote; /* integers as strings */
        Buf *out;
} Writer;

/* ---- one element at p, which has room for ELEMENT_MAX bytes ---- */

enum { ELEMENT_MAX = 2 * NUMBER_MAX + 3, CHUNK = 512 };

static char *put_word(const char *word, size_t n, char *p)
{
        memcpy(p, word, n);
        return p + n;
}

static char *put_special(double v, char *p)
{
        if (v != v)
                return put_word("\"NaN\"", 5, p);
        return v > 0 ? put_word("\"Infinity\"", 10, p) : put_word("\"-Infinity\"", 11, p);
}

static inline char *put_float(float v, char *p)
{
        return LIKELY(v - v == 0) ? number_write_float(v, p) : put_special((double)v, p);
}

static inline char *put_double(double v, char *p)
{
        return LIKELY(v - v == 0) ? number_write_double(v, p) : put_special(v, p);
}

static char *put_half(Half v, char *p)
{
        return (v.bits & 0x7c00) != 0x7c00 ? number_write_half(v, p)
                                           : put_special((double)half_to_float(v), p);
}

static char *put_bfloat16(BFloat16 v, char *p)
{
        return (v.bits & 0x7f80) != 0x7f80 ? number_write_bfloat16(v, p)
                                           : put_special((double)bfloat16_to_float(v), p);
}

static char *put_bool(bool v, char *p)
{
        return v ? put_word("true", 4, p) : put_word("false", 5, p);
}

static char *put_complex(double re, double im, bool narrow, char *p)
{
        *p++ = '[';
        p = narrow ? put_float((float)re, p) : put_double(re, p);
        *p++ = ',';
        p = narrow ? put_float((float)im, p) : put_double(im, p);
        *p++ = ']';
        return p;
}

static inline char *put_int(int64_t v, bool quote, char *p)
{
        *p = '"';
        p = number_write_int(v, p + quote);
        *p = '"';
        return p + quote;
}

static inline char *put_uint(uint64_t v, bool quote, char *p)
{
        *p = '"';
        p = number_write_uint(v, p + quote);
        *p = '"';
        return p + quote;
}

/* ---- a row of elements ---- */

#define PUT_FLOAT(v, p)      put_float(v, p)
#define PUT_DOUBLE(v, p)     put_double(v, p)
#define PUT_HALF(v, p)       put_half(v, p)
#define PUT_BFLOAT16(v, p)   put_bfloat16(v, p)
#define PUT_BOOL(v, p)       put_bool(v, p)
#define PUT_COMPLEX64(v, p)  put_complex((double)crealf(v), (double)cimagf(v), true, p)
#define PUT_COMPLEX128(v, p) put_complex(creal(v), cimag(v), false, p)
#define PUT_INT8(v, p)       number_write_int(v, p)
#define PUT_INT16(v, p)      number_write_int(v, p)
#define PUT_INT32(v, p)      number_write_int(v, p)
#define PUT_INT64(v, p)      put_int(v, w->quote, p)
#define PUT_UINT8(v, p)      number_write_uint(v, p)
#define PUT_UINT16(v, p)     number_write_uint(v, p)
#define PUT_UINT32(v, p)     number_write_uint(v, p)
#define PUT_UINT64(v, p)     put_uint(v, w->quote, p)

/* Reserves room for about CHUNK elements at a time; the longest element that is not complex takes
 * NUMBER_MAX. rows: n > 0 elements between brackets each, which are put in on the way. */
#define ROW(ID, T, W, GET, PUT)                                                                    \
        static void row_##ID(const Writer *w, int64_t at, int64_t n, int64_t rows)                 \
        {                                                                                          \
                const T *x = (const T *)tensor_data(w->t) + at;                                    \
                const bool pair = sizeof(T) > 8 || DT_##ID == DT_COMPLEX64;                        \
                for (int64_t from = 0, step = rows ? n : 1, all = rows ? rows * n : n, to;         \
                     from < all; from = to) {                                                      \
                        to = MIN(all, from + MAX(CHUNK / step, (int64_t)1) * step);                \
                        size_t room =                                                              \
                                (size_t)(to - from) * ((pair ? ELEMENT_MAX : NUMBER_MAX) + 3);     \
                        if (DT_##ID == DT_FLOAT)                                                   \
                                room = FLOATS_ROOM(to - from);                                     \
                        char *start = buf_reserve(w->out, room), *p = start;                       \
                        if (!start)                                                                \
                                return;                                                            \
                        if (DT_##ID == DT_FLOAT)                                                   \
                                p = floats_write((const float *)(const void *)(x + from),          \
                                                 to - from, rows ? n : 0, p);                      \
                        for (int64_t i = from; i < to && DT_##ID != DT_FLOAT;) {                   \
                                if (rows)                                                          \
                                        *p++ = '[';                                                \
                                for (int64_t end = rows ? i + n : to; i < end; i++) {              \
                                        p = PUT_##ID(x[i], p);                                     \
                                        *p++ = ',';                                                \
                                }                                                                  \
                                if (rows) {                                                        \
                                        p[-1] = ']';                                               \
                                        *p++ = ',';                                                \
                                }                                                                  \
                        }                                                                          \
                        w->out->len += (size_t)(p - start) - (to == all); /* not the last comma */ \
                }                                                                                  \
        }
#define ROW_TYPES(X, ...) NUMBER_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)
ROW_TYPES(ROW)

/* A session tensor's handle is its text; others mean nothing outside: only their kind is told. */
static void put_resource(Resource *r, Buf *out)
{
        if (!r) {
                buf_puts(out, "null");
                return;
        }
        if (r->kind->handle) {
                const char *text = r->kind->handle(r);
                json_string_write(text, strlen(text), out);
                return;
        }
        buf_puts(out, "{\"resource\":");
        json_string_write(r->kind->name, strlen(r->kind->name), out);
        buf_putc(out, '}');
}

/* Elements that are not numbers. */
static void row_counted(const Writer *w, int64_t at, int64_t n)
{
        for (int64_t i = at; i < at + n; i++) {
                const TString *s = tensor_strings(w->t) + i;
                if (i > at)
                        buf_putc(w->out, ',');
                if (w->t->dtype == DT_STRING)
                        json_string_write(s->data, s->len, w->out);
                else
                        put_resource(tensor_resource_at(w->t, i), w->out);
        }
}

/* n elements, or (rows > 0) as many rows of n elements. */
static void row(const Writer *w, int64_t at, int64_t n, int64_t rows)
{
        DType t = w->t->dtype;
        if (n == 0)
                return;
        switch ((int)t) {
        case DT_QINT8: t = DT_INT8; break;
        case DT_QUINT8: t = DT_UINT8; break;
        case DT_QINT16: t = DT_INT16; break;
        case DT_QUINT16: t = DT_UINT16; break;
        case DT_QINT32: t = DT_INT32; break;
        case DT_STRING:
        case DT_RESOURCE:
        case DT_VARIANT: row_counted(w, at, n); return;
        default: break;
        }
        DISPATCH(ROW_TYPES, t, row, w, at, n, rows);
}

/* ---- the whole ---- */

/* Can the two innermost dimensions be written at once? Many short rows are the rule: pixels. */
static bool in_rows(const Writer *w)
{
        const Shape *s = &w->t->shape;
        int64_t n = s->dim[s->rank - 1];
        return dtype_is_plain(w->t->dtype) && n > 0 && n <= CHUNK && s->dim[s->rank - 2] > 0;
}

/* Recursion is as deep as the rank. */
static void nested(const Writer *w, int level, int64_t at)
{
        const Shape *s = &w->t->shape;
        if (level == s->rank) {
                row(w, at, 1, 0);
                return;
        }
        buf_putc(w->out, '[');
        if (level == s->rank - 1) {
                row(w, at, s->dim[level], 0);
        } else if (level == s->rank - 2 && in_rows(w)) {
                row(w, at, s->dim[level + 1], s->dim[level]);
        } else {
                int64_t stride = shape_product(s, level + 1, s->rank);
                for (int64_t i = 0; i < s->dim[level] && !w->out->full && !w->out->oom; i++) {
                        if (i)
                                buf_putc(w->out, ',');
                        nested(w, level + 1, at + i * stride);
                }
        }
        buf_putc(w->out, ']');
}

/* ---- with others' help ---- */

/* Elements [at, to) of a tensor that has some, with the brackets in front of, between and behind
 * them, and the comma behind unless it is the end. */
static void range(const Writer *w, int64_t at, int64_t to)
{
        const Shape *s = &w->t->shape;
        int last = s->rank - 1;
        int64_t stride[SHAPE_MAX_RANK], n = s->dim[last];
        for (int i = 0; i <= last; i++)
                stride[i] = shape_product(s, i, s->rank);
        while (at < to && !w->out->full && !w->out->oom) {
                bool begins = at % n == 0, rows = begins && last && in_rows(w) && to - at >= n;
                int level = rows ? last : last + 1; /* rows bring their own brackets */
                for (int i = 0; i < level; i++)
                        if (at % stride[i] == 0)
                                buf_putc(w->out, '[');
                int64_t outer = rows ? stride[last - 1] : n,
                        some = MIN(outer - at % outer, to - at);
                some = rows ? some / n * n : some;
                row(w, at, rows ? n : some, rows ? some / n : 0);
                at += some;
                for (int i = level - 1; i >= 0; i--)
                        if (at % stride[i] == 0)
                                buf_putc(w->out, ']');
                if (at < w->t->count)
                        buf_putc(w->out, ',');
        }
}

enum { PIECE = 8192, MOST_PIECES = 256 }; /* elements; some 80 us */

typedef struct Pieces {
        const Writer *w;
        int64_t size; /* of a piece, in elements */
        Buf out[MOST_PIECES];
} Pieces;

static void write_pieces(void *arg, int64_t from, int64_t to)
{
        Pieces *p = arg;
        for (int64_t i = from; i < to; i++) {
                Writer w = *p->w;
                w.out = &p->out[i];
                range(&w, i * p->size, MIN((i + 1) * p->size, w.t->count));
        }
}

/* Each piece into a buffer of its own; then all follow the first, which is the text's own. */
static void nested_shared(const Writer *w, const JsonHelp *help)
{
        autofree Pieces *p = mem_alloc(sizeof *p);
        int64_t n = w->t->count / PIECE;
        if (n < 2 || !help || !help->run || !dtype_is_plain(w->t->dtype) || !p) {
                nested(w, 0, 0);
                return;
        }
        n = MIN(n, MOST_PIECES);
        p->w = w;
        p->size = (w->t->count + n - 1) / n;
        for (int64_t i = 0; i < n; i++)
                p->out[i] = BUF(w->out->max);
        p->out[0] = *w->out;
        help->run(help->with, n, 1, write_pieces, p);
        *w->out = p->out[0];
        for (int64_t i = 1; i < n; i++) {
                buf_append(w->out, p->out[i].data, p->out[i].len);
                w->out->oom |= p->out[i].oom;
                w->out->full |= p->out[i].full;
                buf_done(&p->out[i]);
        }
}

static void head(const Tensor *t, Buf *out)
{
        buf_printf(out, "{\"dtype\":\"%s\",\"shape\":[", dtype_numpy(t->dtype));
        for (int i = 0; i < t->shape.rank; i++)
                buf_printf(out, "%s%lld", i ? "," : "", (long long)t->shape.dim[i]);
        buf_putc(out, ']');
}

/* Strings as uint32 length and bytes. A longer string than that says is beyond every limit of a
 * reply. */
static void write_bytes(const Tensor *t, Buf *out)
{
        if (t->dtype != DT_STRING) {
                buf_append(out, tensor_data(t), tensor_bytes(t));
                return;
        }
        const TString *s = tensor_strings(t);
        for (int64_t i = 0; i < t->count; i++) {
                uint32_t len = (uint32_t)s[i].len;
                if (s[i].len > UINT32_MAX)
                        out->full = true;
                buf_append(out, &len, sizeof len);
                buf_append(out, s[i].data, s[i].len);
        }
}

static void write_binary(const Tensor *t, Buf *json, Buf *binary)
{
        size_t before = binary->len;
        write_bytes(t, binary);
        head(t, json);
        buf_printf(json, ",\"binary_data_size\":%zu}", binary->len - before);
}

/* The four forms; types that a form cannot hold come as typed JSON. */
void json_tensor_write_with(const Tensor *t, JsonTensorStyle style, bool int64_as_string,
                            const JsonHelp *help, Buf *json, Buf *binary)
{
        Writer w = { .t = t, .quote = int64_as_string, .out = json };
        number_init();
        if (style == JSON_PLAIN) {
                nested_shared(&w, help);
        } else if (style == JSON_BINARY && (dtype_is_plain(t->dtype) || t->dtype == DT_STRING)) {
                write_binary(t, json, binary);
        } else if (style == JSON_B64 && dtype_is_plain(t->dtype)) {
                head(t, json);
                buf_puts(json, ",\"b64\":");
                json_string_write_base64(tensor_data(t), tensor_bytes(t), json);
                buf_putc(json, '}');
        } else {
                head(t, json);
                buf_puts(json, ",\"data\":");
                nested_shared(&w, help);
                buf_putc(json, '}');
        }
}

void json_tensor_write(const Tensor *t, JsonTensorStyle style, bool int64_as_string, Buf *json,
                       Buf *binary)
{
        json_tensor_write_with(t, style, int64_as_string, NULL, json, binary);
}
