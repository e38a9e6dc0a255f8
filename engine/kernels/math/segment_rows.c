// SPDX-License-Identifier: Apache-2.0
/* Rows into segments. Ids that increase let each segment be finished before the next begins. */
#include "engine/kernels/math/segment.h"
#include <float.h>

BINARY_LOOPS(sum, INT_TYPES, WRAP(+))
BINARY_LOOPS(sum, FLOAT_COMPLEX_TYPES, a + b)
BINARY_LOOPS(prod, INT_TYPES, WRAP(*))
BINARY_LOOPS(prod, FLOAT_COMPLEX_TYPES, a *b)
BINARY_LOOPS(max, REAL_TYPES, a > b ? a : b)
BINARY_LOOPS(min, REAL_TYPES, a < b ? a : b)
const BinaryFn segment_sum_loops[DT_MAX + 1] = { NUMBER_TYPES(BINARY_ROW_, sum) };
const BinaryFn segment_prod_loops[DT_MAX + 1] = { NUMBER_TYPES(BINARY_ROW_, prod) };
const BinaryFn segment_max_loops[DT_MAX + 1] = { REAL_TYPES(BINARY_ROW_, max) };
const BinaryFn segment_min_loops[DT_MAX + 1] = { REAL_TYPES(BINARY_ROW_, min) };

#define INT_HIGHEST(T) ((T)(-1) > (T)0 ? UINT64_MAX : UINT64_MAX >> (65 - 8 * sizeof(T)))
/* What a segment without rows holds: the neutral element of the op that joins them. */
#define FILL(ID, T, W, GET, PUT, highest, lowest)                                             \
        static void fill_##ID(T *y, int64_t n, SegmentEmpty what)                             \
        {                                                                                     \
                W v = what == EMPTY_ZERO  ? (W)0                                              \
                      : what == EMPTY_ONE ? (W)1                                              \
                                          : (W)(what == EMPTY_LOWEST ? (lowest) : (highest)); \
                for (int64_t i = 0; i < n; i++)                                               \
                        y[i] = PUT(v);                                                        \
        }
#define FILL_INT(ID, T, W, GET, PUT) \
        FILL(ID, T, W, GET, PUT, (T)INT_HIGHEST(T), (T)(INT_HIGHEST(T) + 1))
INT_TYPES(FILL_INT)
TYPE_HALF(FILL, 65504.0f, -65504.0f)
TYPE_BFLOAT16(FILL, 0x1.fep127f, -0x1.fep127f)
TYPE_FLOAT(FILL, FLT_MAX, -FLT_MAX)
TYPE_DOUBLE(FILL, DBL_MAX, -DBL_MAX)
COMPLEX_TYPES(FILL, 0, 0)

void segment_fill(DType t, void *y, int64_t n, SegmentEmpty what)
{
        DISPATCH(NUMBER_TYPES, t, fill, y, n, what);
}

#define DIVIDE(ID, T, W, GET, PUT, B)                       \
        static void divide_##ID(T *y, int64_t n, double by) \
        {                                                   \
                for (int64_t i = 0; i < n; i++)             \
                        y[i] = PUT((W)(GET(y[i]) / (B)by)); \
        }
SIGNED_TYPES(DIVIDE, int64_t)
UNSIGNED_TYPES(DIVIDE, uint64_t)
TYPE_HALF(DIVIDE, float)
TYPE_BFLOAT16(DIVIDE, float)
TYPE_FLOAT(DIVIDE, float)
TYPE_DOUBLE(DIVIDE, double)
COMPLEX_TYPES(DIVIDE, double)

void segment_divide(DType t, void *y, int64_t n, double by)
{
        DISPATCH(NUMBER_TYPES, t, divide, y, n, by);
}

#define SCALED(ID, T, W, GET, PUT)                                         \
        static void scaled_##ID(const T *x, T *y, int64_t n, double scale) \
        {                                                                  \
                for (int64_t i = 0; i < n; i++)                            \
                        y[i] = PUT(GET(y[i]) + GET(x[i]) * (W)scale);      \
        }
FLOAT_TYPES(SCALED)

void segment_add_scaled(DType t, const void *x, void *y, int64_t n, double scale)
{
        DISPATCH(FLOAT_TYPES, t, scaled, x, y, n, scale);
}

/* ---- sorted ids ---- */

int64_t segments_count(const Tensor *ids)
{
        int64_t n = tensor_count(ids);
        int64_t last = n ? tensor_int(ids, n - 1) : -1;
        if (tensor_dtype(ids) == DT_INT32)
                return last == INT32_MAX ? INT32_MIN : last + 1; /* counted in the ids' type */
        return last == INT64_MAX ? last : last + 1;
}

static Status *check_id(const Segments *s, int64_t id, int64_t last)
{
        if (id < last)
                return invalid_argument("segment ids are not increasing");
        if (id < 0)
                return invalid_argument("Segment id %lld out of range [0, %lld), possibly because "
                                        "'segment_ids' input is not sorted.",
                                        (long long)id, (long long)segments_count(s->ids));
        int64_t n = tensor_dim(s->out, 0);
        if (id >= n) /* where the ids make the size, a larger one came before the last */
                return invalid_argument(n == segments_count(s->ids)
                                                ? "segment ids are not increasing"
                                                : "segment ids must be < num_segments");
        return NULL;
}

/* The row of data behind position i; rows must be there. */
static Status *source_row(const Segments *s, int64_t i, int64_t *ret)
{
        int64_t row = s->indices ? tensor_int(s->indices, i) : i, n = tensor_dim(s->data, 0);
        if (row < 0 || row >= n)
                return invalid_argument("Bad: indices[%lld] == %lld out of range [0, %lld)",
                                        (long long)i, (long long)row, (long long)n);
        *ret = row;
        return NULL;
}

static void finish_segment(const Segments *s, char *y, int64_t n, int64_t count)
{
        if (s->mean != MEAN_NONE && count > 1)
                segment_divide(tensor_dtype(s->out), y, n,
                               s->mean == MEAN_COUNT ? (double)count : sqrt((double)count));
}

/* Segments without a row keep the value that segment_fill() put there. */
Status *segments_sorted(const Segments *s)
{
        DType t = tensor_dtype(s->out);
        const Shape *shape = tensor_shape(s->data);
        int64_t n = shape_product(shape, 1, shape->rank), count = 0, last = -1, row = 0;
        size_t size = (size_t)n * dtype_size(t);
        char *out = tensor_fill(s->out), *y = out;
        const char *data = tensor_data(s->data);
        segment_fill(t, out, tensor_count(s->out), s->empty);
        for (int64_t i = 0; i < tensor_count(s->ids); i++) {
                int64_t id = tensor_int(s->ids, i);
                TRY(check_id(s, id, last));
                TRY(source_row(s, i, &row));
                const char *x = data + (size_t)row * size;
                if (id != last) {
                        finish_segment(s, y, n, count);
                        y = out + (size_t)id * size;
                        memcpy(y, x, size);
                        count = 1;
                        last = id;
                } else {
                        s->join[t](y, 1, x, 1, y, n);
                        count++;
                }
        }
        finish_segment(s, y, n, count);
        return NULL;
}
