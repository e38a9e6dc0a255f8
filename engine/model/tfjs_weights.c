// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tfjs_weights.h"

#include "engine/base/mem.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/message.h"
#include <math.h>
#include <string.h>

typedef Tensorflow__TensorProto TensorProto;

/* How a weight lies in the shards, and what becomes of it. */
typedef struct Weight {
        const char *name;
        Shape shape;
        int64_t count;
        DType stored; /* of the bytes */
        DType type;   /* of the tensor */
        bool scaled;  /* value = stored * scale + min */
        double scale, min;
} Weight;

static const char *text(const json_t *object, const char *key)
{
        const char *s = json_string_value(json_object_get(object, key));
        return s ? s : "";
}

static Status *bad(const Weight *w, const char *what)
{
        return invalid_argument("The weight \"%.200s\" of the manifest has a bad %s", w->name,
                                what);
}

/* Sizes are checked by their product before any byte is looked at. */
static Status *read_shape(const json_t *entry, Weight *w)
{
        const json_t *dims = json_object_get(entry, "shape");
        size_t n = json_array_size(dims);
        if (!json_is_array(dims) || n > SHAPE_MAX_RANK)
                return bad(w, "shape");
        w->shape.rank = (int)n;
        for (size_t i = 0; i < n; i++) {
                const json_t *dim = json_array_get(dims, i);
                if (!json_is_integer(dim) || json_integer_value(dim) < 0)
                        return bad(w, "shape");
                w->shape.dim[i] = json_integer_value(dim);
        }
        return shape_count(&w->shape, &w->count);
}

/* Quantized weights are stored as uint8 or uint16 with scale and minimum, or as float16 without. */
static Status *read_quantization(const json_t *q, Weight *w)
{
        if (!q)
                return NULL;
        if (!dtype_parse(text(q, "dtype"), &w->stored) ||
            (w->stored != DT_UINT8 && w->stored != DT_UINT16 && w->stored != DT_HALF))
                return bad(w, "quantization");
        w->scaled = w->stored != DT_HALF;
        if (!w->scaled)
                return NULL;
        const json_t *scale = json_object_get(q, "scale"), *min = json_object_get(q, "min");
        if (!json_is_number(scale) || !json_is_number(min))
                return bad(w, "quantization");
        w->scale = json_number_value(scale);
        w->min = json_number_value(min);
        return NULL;
}

/* The types that the manifest's format has. */
static bool is_known(DType t)
{
        switch ((int)t) {
        case DT_FLOAT:
        case DT_INT32:
        case DT_BOOL:
        case DT_STRING:
        case DT_COMPLEX64:
        case DT_UINT8:
        case DT_UINT16:
        case DT_HALF: return true;
        default: return false;
        }
}

/* What one row of the manifest says, against what the graph wants of it. */
static Status *read_entry(const json_t *entry, DType want, Weight *w)
{
        w->name = text(entry, "name");
        if (!dtype_parse(text(entry, "dtype"), &w->type) || !is_known(w->type))
                return bad(w, "dtype");
        w->stored = w->type;
        TRY(read_shape(entry, w));
        TRY(read_quantization(json_object_get(entry, "quantization"), w));
        bool one_way = want == DT_STRING || want == DT_COMPLEX64 || w->type == DT_STRING ||
                       w->type == DT_COMPLEX64;
        if (want != DT_INVALID && want != w->type && one_way)
                return bad(w, "dtype: the graph wants another");
        if (want != DT_INVALID)
                w->type = want;
        return NULL;
}

static Status *run_out(const Weight *w)
{
        return data_loss("The shards end before the weight \"%.200s\" does", w->name);
}

/* Per element a uint32 length and the bytes. */
static Status *read_strings(const Weight *w, WeightBytes *b, Arena *arena, TensorProto *t)
{
        if (w->count > (b->end - b->at) / 4)
                return run_out(w);
        t->string_val = arena_calloc(arena, (size_t)w->count + 1, sizeof *t->string_val);
        if (!t->string_val)
                return status_oom();
        for (int64_t i = 0; i < w->count; i++) {
                uint32_t n;
                if (b->end - b->at < 4)
                        return run_out(w);
                memcpy(&n, b->at, 4);
                b->at += 4;
                if (n > (size_t)(b->end - b->at))
                        return run_out(w);
                t->string_val[i].data = arena_dup(arena, b->at, n);
                t->string_val[i].len = n;
                if (!t->string_val[i].data)
                        return status_oom();
                b->at += n;
        }
        t->n_string_val = (size_t)w->count;
        return NULL;
}

/* One stored number, at an address that may be odd. */
static double element(const Weight *w, const unsigned char *p)
{
        float f;
        int32_t i;
        uint16_t u;
        Half h;
        switch ((int)w->stored) {
        case DT_FLOAT: memcpy(&f, p, 4); return f;
        case DT_INT32: memcpy(&i, p, 4); return i;
        case DT_UINT16: memcpy(&u, p, 2); return u;
        case DT_HALF: memcpy(&h, p, 2); return half_to_float(h);
        default: return *p;
        }
}

/* An integer as JavaScript rounds and clamps it. */
static int64_t rounded(double v, double lo, double hi)
{
        v = floor(v + 0.5);
        return isnan(v) ? 0 : (int64_t)fmin(fmax(v, lo), hi);
}

/* Writes a number as another type, rounded and clipped where that is an integer. */
static bool put_element(DType type, double v, unsigned char *to)
{
#define PUT(T, value)                       \
        do {                                \
                T x_ = (value);             \
                memcpy(to, &x_, sizeof x_); \
        } while (0)
        switch ((int)type) {
        case DT_FLOAT: PUT(float, (float)v); return true;
        case DT_DOUBLE: PUT(double, v); return true;
        case DT_INT32: PUT(int32_t, (int32_t)rounded(v, INT32_MIN, INT32_MAX)); return true;
        case DT_INT64: PUT(int64_t, (int64_t)rounded(v, -9e15, 9e15)); return true;
        case DT_INT16: PUT(int16_t, (int16_t)rounded(v, INT16_MIN, INT16_MAX)); return true;
        case DT_INT8: PUT(int8_t, (int8_t)rounded(v, INT8_MIN, INT8_MAX)); return true;
        case DT_UINT8: PUT(uint8_t, (uint8_t)rounded(v, 0, UINT8_MAX)); return true;
        case DT_UINT16: PUT(uint16_t, (uint16_t)rounded(v, 0, UINT16_MAX)); return true;
        case DT_HALF: PUT(Half, half_from_float((float)v)); return true;
        case DT_BOOL: PUT(uint8_t, v != 0); return true;
        default: return false;
        }
#undef PUT
}

/* Numbers as they are where nothing changes, else one by one. */
static Status *read_numbers(const Weight *w, WeightBytes *b, Arena *arena, TensorProto *t)
{
        size_t size = dtype_size(w->stored), n = (size_t)w->count;
        if (n > (size_t)(b->end - b->at) / size)
                return run_out(w);
        t->tensor_content.len = n * dtype_size(w->type);
        t->tensor_content.data = arena_alloc(arena, t->tensor_content.len + 1);
        if (!t->tensor_content.data)
                return status_oom();
        bool as_it_is = w->stored == w->type && !w->scaled;
        if (as_it_is && n)
                memcpy(t->tensor_content.data, b->at, n * size);
        for (size_t i = 0; !as_it_is && i < n; i++) {
                double v = element(w, b->at + i * size);
                v = w->scaled ? v * w->scale + w->min : v;
                if (!put_element(w->type, v, t->tensor_content.data + i * dtype_size(w->type)))
                        return bad(w, "dtype: the graph wants another");
        }
        b->at += n * size;
        return NULL;
}

/* One weight as a TensorProto; the cursor moves past its bytes. */
Status *tfjs_weight(const json_t *entry, WeightBytes *bytes, DType want, Arena *arena,
                    TensorProto **ret)
{
        Weight w = { 0 };
        ProtobufCMessage *m;
        TRY(read_entry(entry, want, &w));
        TRY(proto_new(&tensorflow__tensor_proto__descriptor, arena, &m));
        TensorProto *t = (TensorProto *)m;
        t->dtype = (Tensorflow__DataType)w.type;
        TRY(shape_to_proto(&w.shape, arena, &t->tensor_shape));
        TRY(w.type == DT_STRING ? read_strings(&w, bytes, arena, t)
                                : read_numbers(&w, bytes, arena, t));
        *ret = t;
        return NULL;
}
