// SPDX-License-Identifier: Apache-2.0
/* Where: the indices of the elements that are not zero, one row each, in row-major order. */
#include "engine/kernels/math/types.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BLOCK = 256, VECTOR = 64 };

/* The places of the ones in a block of zeros and ones, at the beginning of at[]; how many. Each
 * place is written, and stays when there is a one: branches that nobody can foretell would cost
 * more. */
static int64_t find_plain(const uint8_t mask[BLOCK], int64_t n, int32_t at[BLOCK])
{
        int64_t k = 0;
        for (int64_t i = 0; i < n; i++) {
                at[k] = (int32_t)i;
                k += mask[i];
        }
        return k;
}

#ifdef __x86_64__
/* The same, 16 at a time; what follows mask[n] is 0, and at[] has room for a vector more. */
__attribute__((target("avx512f,avx512bw"))) static int64_t find_512(const uint8_t mask[BLOCK],
                                                                    int64_t n, int32_t *at)
{
        const __m512i step = _mm512_set1_epi32(16);
        __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        int64_t k = 0;
        for (int64_t i = 0; i < n; i += VECTOR) {
                __m512i some = _mm512_loadu_si512(mask + i);
                uint64_t ones = _mm512_test_epi8_mask(some, some);
                for (int q = 0; q < 4; q++, ones >>= 16) {
                        _mm512_storeu_si512(at + k,
                                            _mm512_maskz_compress_epi32((__mmask16)ones, place));
                        k += __builtin_popcountll(ones & 0xffff);
                        place = _mm512_add_epi32(place, step);
                }
        }
        return k;
}
#endif

static int64_t find(const uint8_t mask[BLOCK], int64_t n, int32_t at[BLOCK + VECTOR])
{
#ifdef __x86_64__
        if (__builtin_cpu_supports("avx512bw"))
                return find_512(mask, n, at);
#endif
        return find_plain(mask, n, at);
}

/* k rows of coordinates: at[] but for the last, which is from + found[]. */
HOT static void rows_of_1(const int32_t *found, int64_t k, int64_t from, int64_t *row)
{
        for (int64_t j = 0; j < k; j++)
                row[j] = from + found[j];
}
HOT static void rows_of_2(const int32_t *found, int64_t k, int64_t from, int64_t at, int64_t *row)
{
        for (int64_t j = 0; j < k; j++) {
                row[2 * j] = at;
                row[2 * j + 1] = from + found[j];
        }
}
static void rows_of(const int32_t *found, int64_t k, int64_t from, const int64_t *at, int64_t rank,
                    int64_t *row)
{
        if (rank == 1)
                rows_of_1(found, k, from, row);
        else if (rank == 2)
                rows_of_2(found, k, from, at[0], row);
        for (int64_t j = 0; j < k && rank > 2; j++, row += rank) {
                for (int64_t d = 0; d < rank - 1; d++)
                        row[d] = at[d];
                row[rank - 1] = from + found[j];
        }
}

/* unfold goes along the last dimension. */
#define LOOPS(ID, T, W, GET, PUT)                                                        \
        HOT static int64_t count_##ID(const T *x, int64_t n)                             \
        {                                                                                \
                int64_t k = 0;                                                           \
                for (int64_t i = 0; i < n; i++)                                          \
                        k += GET(x[i]) != 0;                                             \
                return k;                                                                \
        }                                                                                \
        HOT static void mask_##ID(const T *x, int64_t n, uint8_t mask[BLOCK])            \
        {                                                                                \
                for (int64_t i = 0; i < n; i++)                                          \
                        mask[i] = GET(x[i]) != 0;                                        \
        }                                                                                \
        static void unfold_##ID(const T *x, int64_t count, const Shape *s, int64_t *row) \
        {                                                                                \
                int64_t at[SHAPE_MAX_RANK] = { 0 }, *end = row + count * s->rank;        \
                int last = s->rank - 1;                                                  \
                uint8_t mask[BLOCK];                                                     \
                int32_t found[BLOCK + VECTOR];                                           \
                while (row < end) {                                                      \
                        for (int64_t i = 0; i < s->dim[last]; i += BLOCK) {              \
                                int64_t n = MIN(s->dim[last] - i, (int64_t)BLOCK);       \
                                mask_##ID(x + i, n, mask);                               \
                                memset(mask + n, 0, (size_t)(BLOCK - n));                \
                                int64_t k = find(mask, n, found);                        \
                                rows_of(found, k, i, at, s->rank, row);                  \
                                row += k * s->rank;                                      \
                        }                                                                \
                        x += s->dim[last];                                               \
                        for (int d = last - 1; d >= 0 && ++at[d] == s->dim[d]; d--)      \
                                at[d] = 0;                                               \
                }                                                                        \
        }
NUMBER_TYPES(LOOPS)
#undef LOOPS

/* Quantized types and bools are compared as the integers they are stored as. */
static DType stored_as(DType t)
{
        switch ((int)t) {
        case DT_QINT8: return DT_INT8;
        case DT_BOOL:
        case DT_QUINT8: return DT_UINT8;
        case DT_QINT32: return DT_INT32;
        default: return t;
        }
}

static int64_t count(DType t, const void *x, int64_t n)
{
#define CASE(ID, T, W, GET, PUT) \
        case DT_##ID: return count_##ID(x, n);
        switch ((int)t) {
                NUMBER_TYPES(CASE)
        default: return 0;
        }
#undef CASE
}

static Status *where_shape(ShapeCtx *c)
{
        if (shape_in(c, 0)->rank == 0 || shape_in(c, 0)->rank > SHAPE_MAX_RANK)
                return invalid_argument("WhereOp : Unhandled input dimensions: %d",
                                        shape_in(c, 0)->rank);
        c->out[0] = SHAPE(-1, shape_in(c, 0)->rank < 0 ? -1 : shape_in(c, 0)->rank);
        return NULL;
}

/* Counted first, so that the output is made once. NaN is not zero and counts. */
static Status *where(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        DType t = stored_as(tensor_dtype(x));
        int64_t n = tensor_count(x), rank = tensor_rank(x);
        Shape s = SHAPE(count(t, tensor_data(x), n), rank);
        Tensor *y;
        TRY(ctx_alloc(c, 0, &s, &y));
        if (rank > 0)
                DISPATCH(NUMBER_TYPES, t, unfold, tensor_data(x), s.dim[0], tensor_shape(x),
                         tensor_fill(y));
        return NULL;
}

OP(Where, .inputs = "input:T", .outputs = "index:int64",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64,bool] = bool",
   .shape = where_shape, .compute = where, .late_shape = true);
