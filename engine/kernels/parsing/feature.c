// SPDX-License-Identifier: Apache-2.0
/* Every length is checked when a feature is read, so that copying need not look again. */
#include "engine/kernels/parsing/feature.h"

enum { VARINT_BYTES = 10, MORE = 0x80 };
enum { KIND_VARINT, KIND_64, KIND_BYTES, KIND_GROUP, KIND_GROUP_END, KIND_32 };

/* Tags of a list's values: packed or text, one float, one integer. */
enum { TAG_PACKED = 0x0a, TAG_TEXT = 0x0a, TAG_FLOAT = 0x0d, TAG_INT = 0x08 };

bool wire_varint(Wire *w, uint64_t *ret)
{
        uint64_t v = 0;
        for (int shift = 0; shift < 7 * VARINT_BYTES && w->at < w->end; shift += 7) {
                uint8_t byte = *w->at++;
                v |= (uint64_t)(byte & 0x7f) << shift;
                if (byte < MORE) {
                        *ret = v;
                        return true;
                }
        }
        return false;
}

/* Lengths are of 32 bits: what is above does not count. */
static bool read_length(Wire *w, uint32_t *ret)
{
        uint64_t v = 0;
        bool good = wire_varint(w, &v);
        *ret = (uint32_t)v;
        return good;
}

bool wire_tag(Wire *w, uint8_t tag)
{
        if (w->at == w->end || *w->at != tag)
                return false;
        w->at++;
        return true;
}

/* The next n bytes. */
static Wire take(Wire *w, size_t n)
{
        Wire part = { w->at, w->at + n };
        w->at += n;
        return part;
}

bool wire_message(Wire *w, Wire *ret)
{
        uint32_t n;
        if (!read_length(w, &n))
                return false;
        *ret = take(w, MIN(n, wire_left(w)));
        return true;
}

static bool read_text(Wire *w, Wire *ret)
{
        uint32_t n;
        if (!read_length(w, &n) || n > wire_left(w))
                return false;
        *ret = take(w, n);
        return true;
}

/* Key and value may come in either order. */
bool wire_entry(Wire *w, Wire *ret_key, Wire *ret_value)
{
        Wire entry;
        if (!wire_tag(w, WIRE_TAG_OF_BYTES(1)) || !wire_message(w, &entry))
                return false;
        if (wire_tag(&entry, WIRE_TAG_OF_BYTES(1)))
                return read_text(&entry, ret_key) && wire_tag(&entry, WIRE_TAG_OF_BYTES(2)) &&
                       read_text(&entry, ret_value) && !wire_left(&entry);
        return wire_tag(&entry, WIRE_TAG_OF_BYTES(2)) && read_text(&entry, ret_value) &&
               wire_tag(&entry, WIRE_TAG_OF_BYTES(1)) && read_text(&entry, ret_key) &&
               !wire_left(&entry);
}

bool wire_skip(Wire *w)
{
        uint64_t tag, ignored;
        Wire part;
        if (!wire_varint(w, &tag))
                return false;
        switch (tag & 7) {
        case KIND_VARINT: return wire_varint(w, &ignored);
        case KIND_BYTES: return wire_message(w, &part);
        case KIND_64:
        case KIND_32: {
                size_t n = (tag & 7) == KIND_64 ? 8 : 4;
                if (wire_left(w) < n)
                        return false;
                take(w, n);
                return true;
        }
        default: return false;
        }
}

/* ---- features ---- */

bool feature_type(const Wire *value, DType *ret)
{
        *ret = DT_INVALID;
        if (!wire_left(value))
                return true;
        switch (*value->at) {
        case WIRE_TAG_OF_BYTES(1): *ret = DT_STRING; return true;
        case WIRE_TAG_OF_BYTES(2): *ret = DT_FLOAT; return true;
        case WIRE_TAG_OF_BYTES(3): *ret = DT_INT64; return true;
        default: return false;
        }
}

static bool read_texts(Wire list, Feature *f)
{
        Wire text;
        f->tagged = true;
        for (; wire_left(&list); f->n++)
                if (!wire_tag(&list, TAG_TEXT) || !read_text(&list, &text))
                        return false;
        return true;
}

static bool read_floats(Wire list, Feature *f)
{
        enum { FLOAT = 4, TAGGED = 5 };
        Wire packed;
        f->tagged = *list.at != TAG_PACKED;
        if (!f->tagged) {
                if (!wire_tag(&list, TAG_PACKED) || !read_text(&list, &packed))
                        return false;
                f->at = packed.at;
                f->bytes = (uint32_t)wire_left(&packed);
                f->n = f->bytes / FLOAT;
                return f->bytes % FLOAT == 0;
        }
        f->n = f->bytes / TAGGED;
        for (size_t i = 0; i < f->bytes; i += TAGGED)
                if (list.at[i] != TAG_FLOAT)
                        return false;
        return f->bytes % TAGGED == 0;
}

/* Numbers end with a byte below 128. Counts those, and the places where four bytes in a row, of
 * which the first is at a multiple of four, are none. */
HOT static uint32_t count_ends(const uint8_t *p, size_t n, bool *ret_long)
{
        uint32_t ends = 0, longest = 0;
        size_t whole = n & ~(size_t)3;
        for (size_t i = 0; i < n; i++)
                ends += p[i] < MORE;
        for (size_t i = 0; i < whole; i += 4) {
                uint32_t four;
                memcpy(&four, p + i, sizeof four);
                longest |= (four & 0x80808080u) == 0x80808080u;
        }
        *ret_long = longest;
        return ends;
}

/* No number is longer than ten bytes. */
static bool none_too_long(const uint8_t *p, size_t n)
{
        int run = 0;
        for (size_t i = 0; i < n; i++) {
                run = p[i] < MORE ? 0 : run + 1;
                if (run >= VARINT_BYTES)
                        return false;
        }
        return true;
}

static bool read_packed_ints(Wire packed, Feature *f)
{
        bool some_long;
        f->at = packed.at;
        f->bytes = (uint32_t)wire_left(&packed);
        f->n = count_ends(f->at, f->bytes, &some_long);
        if (f->bytes && f->at[f->bytes - 1] >= MORE)
                return false;
        return !some_long || none_too_long(f->at, f->bytes);
}

static bool read_ints(Wire list, Feature *f)
{
        uint64_t v;
        Wire packed;
        f->tagged = *list.at != TAG_PACKED;
        if (!f->tagged)
                return wire_tag(&list, TAG_PACKED) && wire_message(&list, &packed) &&
                       read_packed_ints(packed, f);
        for (; wire_left(&list); f->n++)
                if (!wire_tag(&list, TAG_INT) || !wire_varint(&list, &v))
                        return false;
        return true;
}

bool feature_read(Wire value, Feature *ret)
{
        Wire list;
        Feature f = { .n = 0 };
        if (!feature_type(&value, &f.type))
                return false;
        if (f.type != DT_INVALID) {
                value.at++;
                if (!wire_message(&value, &list))
                        return false;
                f.at = list.at;
                f.bytes = (uint32_t)wire_left(&list);
        }
        *ret = f;
        if (!f.bytes)
                return true;
        return f.type == DT_STRING  ? read_texts(list, ret)
               : f.type == DT_FLOAT ? read_floats(list, ret)
                                    : read_ints(list, ret);
}

/* ---- copies of what was read ---- */

static void copy_floats(const Feature *f, float *y)
{
        if (!f->tagged)
                memcpy(y, f->at, f->n * sizeof *y);
        for (size_t i = 0; f->tagged && i < f->n; i++)
                memcpy(&y[i], f->at + 5 * i + 1, sizeof *y);
}

/* A number that is known to end. */
static inline const uint8_t *read_int(const uint8_t *p, int64_t *ret)
{
        uint64_t v = *p++;
        if (v >= MORE) {
                uint8_t byte;
                int shift = 7;
                v &= 0x7f;
                do {
                        byte = *p++;
                        v |= (uint64_t)(byte & 0x7f) << shift;
                        shift += 7;
                } while (byte >= MORE);
        }
        *ret = (int64_t)v;
        return p;
}

static void copy_ints(const Feature *f, int64_t *y)
{
        const uint8_t *p = f->at;
        for (size_t i = 0; !f->tagged && i < f->n; i++)
                p = read_int(p, &y[i]);
        for (size_t i = 0; f->tagged && i < f->n; i++)
                p = read_int(p + 1, &y[i]);
}

static void copy_texts(const Feature *f, Tensor *t, int64_t at, char **room)
{
        Wire list = { f->at, f->at + f->bytes }, text;
        while (wire_tag(&list, TAG_TEXT) && read_text(&list, &text)) {
                size_t n = wire_left(&text);
                if (n)
                        memcpy(*room, text.at, n);
                tensor_put_text(t, at++, *room, n);
                *room += n;
        }
}

void feature_copy(const Feature *f, Tensor *t, int64_t at, char **room)
{
        if (!f->n)
                return;
        if (f->type == DT_STRING)
                copy_texts(f, t, at, room);
        else if (f->type == DT_FLOAT)
                copy_floats(f, (float *)tensor_fill(t) + at);
        else
                copy_ints(f, (int64_t *)tensor_fill(t) + at);
}
