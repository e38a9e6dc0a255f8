// SPDX-License-Identifier: Apache-2.0
/* The forms in which a tensor may come: one of four members says where the elements are. */
#include "api/json_tensor.h"

#include "api/body_move.h"
#include "api/json_element.h"
#include "api/json_nested.h"
#include "api/json_number.h"
#include "api/json_string.h"
#include "api/npy.h"
#include "engine/base/base64.h"
#include "engine/base/mem.h"
#include "engine/base/nearest.h"

enum { M_DTYPE, M_SHAPE, M_DATA, M_B64, M_BINARY, M_NPY, MEMBERS };
static const char *const names[] = { "dtype",   "shape", "data", "b64", "binary_data_size",
                                     "npy_b64", NULL };

/* A tensor object taken apart. */
typedef struct Form {
        JsonSpan member[MEMBERS];
        DType dtype;
        bool shaped; /* shape is known */
        Shape shape;
        int64_t count; /* elements, when shaped */
        const TensorLimits *limits;
} Form;

static bool has(const Form *f, int member)
{
        return f->member[member].at != NULL;
}

static Status *at_member(int member, Status *s)
{
        autofree char *path = mem_printf("/%s", names[member]);
        return json_nested_within(s, path ? path : "");
}

/* One member of {"dtype":, "shape":, "data":, ...}. */
static Status *add_member(Form *f, JsonSpan raw, JsonSpan value)
{
        autofree char *key = NULL;
        size_t len;
        TRY(json_string_unescape(raw, &key, &len));
        for (int i = 0; i < MEMBERS; i++) {
                if (strlen(names[i]) != len || memcmp(names[i], key, len) != 0)
                        continue;
                if (has(f, i))
                        return at_member(i, invalid_argument("Duplicate member \"%s\"", names[i]));
                f->member[i] = value;
                return NULL;
        }
        return scan_unknown(key, names);
}

/* The members, each at most once. */
static Status *take_apart(JsonSpan text, Form *f)
{
        JsonIter it;
        JsonSpan key, value;
        TRY(scan_open(text, '{', &it));
        for (;;) {
                TRY(scan_next(&it, &key, &value));
                if (!value.at)
                        return NULL;
                TRY(add_member(f, key, value));
        }
}

/* ---- dtype and shape ---- */

static Status *unknown_dtype(const char *name)
{
        Nearest near = NEAREST(name);
        for (int i = 1; i <= DT_MAX; i++)
                nearest_try(&near, dtype_numpy((DType)i));
        Status *s = invalid_argument("\"%.100s\" is not a dtype", name);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "%s", near.best[i]);
        return s;
}

/* By any of its names. */
static Status *read_dtype(JsonSpan value, DType *ret)
{
        autofree char *name = NULL;
        size_t len;
        DType t;
        if (value.len < 2 || *value.at != '"')
                return invalid_argument("A dtype is a string such as \"float32\"");
        TRY(json_string_unescape((JsonSpan){ value.at + 1, value.len - 2 }, &name, &len));
        if (strlen(name) != len || !dtype_parse(name, &t) || dtype_is_ref(t))
                return unknown_dtype(name);
        *ret = t;
        return NULL;
}

static Status *read_int(JsonSpan value, int64_t *ret)
{
        Decimal d;
        const char *end = value.at + value.len;
        if (number_scan(value.at, end, &d) != end || !number_to_int(&d, 0, INT64_MAX, ret))
                return invalid_argument("Expected a size, found %.*s", (int)MIN(value.len, 40u),
                                        value.at);
        return NULL;
}

/* Sizes are whole numbers; their product is checked by shape_count(). */
static Status *read_shape(JsonSpan value, Shape *ret)
{
        JsonIter it;
        JsonSpan item;
        Shape s = { .rank = 0 };
        TRY(scan_open(value, '[', &it));
        for (;;) {
                TRY(scan_next(&it, NULL, &item));
                if (!item.at)
                        break;
                if (s.rank == SHAPE_MAX_RANK)
                        return unimplemented("Tensors of rank above %d are not supported",
                                             SHAPE_MAX_RANK);
                TRY(read_int(item, &s.dim[s.rank]));
                s.rank++;
        }
        *ret = s;
        return NULL;
}

/* The value's own dtype and shape; without a shape of its own the graph's, if that is complete. */
static Status *read_head(Form *f, DType expected, const Shape *hint)
{
        f->dtype = expected;
        if (has(f, M_DTYPE))
                TRY(at_member(M_DTYPE, read_dtype(f->member[M_DTYPE], &f->dtype)));
        if (has(f, M_SHAPE)) {
                TRY(at_member(M_SHAPE, read_shape(f->member[M_SHAPE], &f->shape)));
                f->shaped = true;
        } else if (hint && shape_complete(hint) && !has(f, M_DATA)) {
                f->shape = *hint;
                f->shaped = true;
        }
        return f->shaped ? at_member(M_SHAPE, shape_count(&f->shape, &f->count)) : NULL;
}

/* ---- data ---- */

/* Data may be flat under any shape, or nested like it; of nothing, every nesting is alike. */
static Status *from_data(const Form *f, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        TRY(json_nested_parse(f->member[M_DATA], f->dtype, f->limits, &t));
        if (!f->shaped || shape_equal(&t->shape, &f->shape)) {
                *ret = steal(&t);
                return NULL;
        }
        if (t->count != f->count || (tensor_rank(t) != 1 && t->count))
                return invalid_argument("The data has shape %s, but \"shape\" says %s",
                                        shape_text(&t->shape).s, shape_text(&f->shape).s);
        return tensor_view(t, &f->shape, ret);
}

/* ---- bytes ---- */

/* Both need dtype and shape beforehand; strings may come as binary only. */
static Status *check_form(const Form *f, int member)
{
        if (f->dtype == DT_INVALID)
                return invalid_argument("\"%s\" needs a \"dtype\"", names[member]);
        if (!dtype_is_plain(f->dtype) && !(f->dtype == DT_STRING && member == M_BINARY))
                return invalid_argument("\"%s\" cannot hold elements of type %s", names[member],
                                        dtype_numpy(f->dtype));
        if (!f->shaped)
                return invalid_argument("\"%s\" needs a \"shape\"", names[member]);
        if ((size_t)f->count > f->limits->max_bytes / dtype_size(f->dtype))
                return resource_exhausted("A tensor may have at most %zu bytes",
                                          f->limits->max_bytes);
        return NULL;
}

static Status *new_from_bytes(const Form *f, int member, Tensor **ret)
{
        TRY(check_form(f, member));
        return tensor_new(f->dtype, &f->shape, ret);
}

static Status *check_size(const Form *f, size_t bytes)
{
        size_t wanted = (size_t)f->count * dtype_size(f->dtype);
        if (bytes == wanted)
                return NULL;
        return invalid_argument("%s of shape %s takes %zu bytes, but there are %zu",
                                dtype_numpy(f->dtype), shape_text(&f->shape).s, wanted, bytes);
}

/* A bool byte other than 0 and 1 would be undefined behaviour for every reader. */
static Status *check_bools(const Tensor *t)
{
        const uint8_t *p = tensor_data(t);
        uint8_t all = 0;
        for (int64_t i = 0; t->dtype == DT_BOOL && i < t->count; i++)
                all |= p[i];
        return all > 1 ? invalid_argument("A byte of a bool tensor is neither 0 nor 1") : NULL;
}

/* Why that text cannot be the tensor's bytes. */
static Status *refuse_b64(const Form *f)
{
        autoptr(Tensor) t = NULL;
        autofree char *bytes = NULL;
        size_t n;
        TRY(element_b64(f->member[M_B64], &bytes, &n));
        if (f->shaped && dtype_is_plain(f->dtype))
                TRY(check_size(f, n));
        return new_from_bytes(f, M_B64, &t);
}

/* Decodes where the elements stay, once the text is known to be as long as they need. */
static Status *from_b64(const Form *f, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        autofree char *copy = NULL;
        JsonSpan text;
        size_t n = 0;
        if (f->shaped && f->dtype != DT_INVALID && (size_t)f->count > f->limits->max_bytes)
                return resource_exhausted("A tensor may have at most %zu bytes",
                                          f->limits->max_bytes);
        TRY(element_b64_text(f->member[M_B64], &copy, &text));
        if (!f->shaped || !dtype_is_plain(f->dtype) ||
            base64_length(text.at, text.len) != (size_t)f->count * dtype_size(f->dtype))
                return refuse_b64(f);
        TRY(new_from_bytes(f, M_B64, &t));
        if (!base64_decode(text.at, text.len, tensor_fill(t), &n))
                return refuse_b64(f);
        TRY(check_bools(t));
        *ret = steal(&t);
        return NULL;
}

/* Per element a uint32 length and the bytes; all together exactly n. */
static Status *read_strings(Tensor *t, const char *p, size_t n)
{
        for (int64_t i = 0; i < t->count; i++) {
                uint32_t len;
                if (n < sizeof len)
                        return invalid_argument("The binary data ends before string %lld",
                                                (long long)i);
                memcpy(&len, p, sizeof len);
                p += sizeof len;
                n -= sizeof len;
                if (len > n)
                        return invalid_argument("String %lld has %u bytes, but %zu are left",
                                                (long long)i, len, n);
                TRY(tensor_set_string(t, i, p, len));
                p += len;
                n -= len;
        }
        return n ? invalid_argument("%zu bytes are left behind the last string", n) : NULL;
}

/* The next n bytes of the raw tail. */
static Status *take_tail(BinaryInputs *bin, int64_t n, const char **ret)
{
        if (!bin)
                return invalid_argument("binary_data_size needs a body with raw data behind the "
                                        "JSON and the header "
                                        "Inference-Header-Content-Length");
        if ((uint64_t)n > bin->len - bin->used)
                return invalid_argument(
                        "binary_data_size is %lld, but only %zu bytes are left behind the JSON",
                        (long long)n, bin->len - bin->used);
        *ret = n ? bin->at + bin->used : "";
        bin->used += (size_t)n;
        return NULL;
}

/* A small part of them is not worth keeping all in memory for as long as it lives. */
static bool may_view(const Form *f, const BinaryInputs *bin, const char *bytes, size_t n)
{
        return bin->whole && dtype_is_plain(f->dtype) && n >= bin->len / 2 &&
               (uintptr_t)bytes % MEM_ALIGN == 0;
}

static Status *view_tail(const Form *f, const BinaryInputs *bin, const char *bytes, size_t n,
                         Tensor **ret)
{
        autoptr(Tensor) part = NULL;
        TRY(tensor_slice(bin->whole, bytes - bin->at, &SHAPE((int64_t)n), &part));
        return tensor_bitcast(part, f->dtype, &f->shape, ret);
}

/* Elements of a form that is known to fit n bytes. */
static Status *take_elements(const Form *f, const BinaryInputs *bin, const char *bytes, size_t n,
                             Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        if (may_view(f, bin, bytes, n))
                return view_tail(f, bin, bytes, n, ret);
        TRY(tensor_new(f->dtype, &f->shape, &t));
        if (f->dtype == DT_STRING)
                TRY(read_strings(t, bytes, n));
        else
                body_move(tensor_fill(t), bytes, n);
        *ret = steal(&t);
        return NULL;
}

/* The next binary_data_size bytes behind the JSON (the binary extension of KServe). */
static Status *from_binary(const Form *f, BinaryInputs *bin, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        const char *bytes = NULL;
        int64_t n;
        TRY(read_int(f->member[M_BINARY], &n));
        TRY(take_tail(bin, n, &bytes));
        if (f->dtype == DT_STRING && f->shaped && f->count > n / 4)
                return invalid_argument("%lld strings need more than %lld bytes",
                                        (long long)f->count, (long long)n);
        if (f->shaped && dtype_is_plain(f->dtype))
                TRY(check_size(f, (size_t)n));
        TRY(check_form(f, M_BINARY));
        TRY(take_elements(f, bin, bytes, (size_t)n, &t));
        TRY(check_bools(t));
        *ret = steal(&t);
        return NULL;
}

Status *binary_inputs_done(const BinaryInputs *b)
{
        if (b->used == b->len)
                return NULL;
        return invalid_argument("%zu bytes behind the JSON belong to no tensor", b->len - b->used);
}

static Status *from_npy(const Form *f, Tensor **ret)
{
        autofree char *bytes = NULL;
        size_t n;
        if (has(f, M_DTYPE) || has(f, M_SHAPE))
                return invalid_argument("\"npy_b64\" knows its own dtype and shape");
        TRY(element_b64(f->member[M_NPY], &bytes, &n));
        return npy_read(bytes, n, f->limits->max_bytes, ret);
}

/* One source of data, and one only. */
static Status *from_object(Form *f, BinaryInputs *bin, Tensor **ret)
{
        int source = -1;
        for (int i = M_DATA; i < MEMBERS; i++) {
                if (has(f, i) && source >= 0)
                        return at_member(i, invalid_argument("Both \"%s\" and \"%s\"",
                                                             names[source], names[i]));
                if (has(f, i))
                        source = i;
        }
        switch (source) {
        case M_DATA: return at_member(source, from_data(f, ret));
        case M_B64: return at_member(source, from_b64(f, ret));
        case M_BINARY: return at_member(source, from_binary(f, bin, ret));
        case M_NPY: return at_member(source, from_npy(f, ret));
        default:
                return invalid_argument(
                        "A tensor object needs one of data, b64, binary_data_size, npy_b64");
        }
}

/* A nested array, or an object that says more. */
Status *json_tensor_parse(JsonSpan value, DType expected, const Shape *hint, BinaryInputs *bin,
                          const TensorLimits *limits, Tensor **ret)
{
        Form f = { .limits = limits };
        if (!value.at)
                return invalid_argument("Invalid JSON: a value is missing");
        if (scan_kind(value) != '{')
                return json_nested_parse(value, expected, limits, ret);
        number_init();
        TRY(take_apart(value, &f));
        /* {"b64":...} alone is a string element, unless something of fixed size is fed */
        if ((expected == DT_STRING || expected == DT_INVALID) && has(&f, M_B64) &&
            !has(&f, M_DTYPE) && !has(&f, M_SHAPE))
                return json_nested_parse(value, DT_STRING, limits, ret);
        TRY(read_head(&f, expected, hint));
        return from_object(&f, bin, ret);
}
