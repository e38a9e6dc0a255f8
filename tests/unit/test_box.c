// SPDX-License-Identifier: Apache-2.0
/* Transposes of every size around the squares that are moved at once, for each size of element. */
#include "engine/ops/box.h"
#include "engine/ops/box_block.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(box, .timeout = 20);

static Tensor *numbered(DType dtype, int64_t rows, int64_t columns)
{
        Tensor *t = NULL;
        cr_assert_null(tensor_new(dtype, &SHAPE(rows, columns), &t));
        unsigned char *p = tensor_fill(t);
        for (size_t i = 0; i < tensor_bytes(t); i++)
                p[i] = (unsigned char)(i * 37 + i / 251);
        return t;
}

/* y[c, r] = x[r, c], by whatever the processor has and without it. */
static void transposed(DType dtype, int64_t rows, int64_t columns, bool plain)
{
        autoptr(Tensor) x = numbered(dtype, rows, columns);
        autoptr(Tensor) y = numbered(dtype, columns, rows);
        size_t size = dtype_size(dtype);
        Box b = { .rank = 0 };
        box_add(&b, columns, rows, 1);
        box_add(&b, rows, 1, columns);
        if (plain)
                box_block_plain(dtype, y->data, x->data, b.dim, b.dst, b.src);
        else
                cr_assert_null(box_copy(&b, y, x));
        for (int64_t r = 0; r < rows; r++)
                for (int64_t c = 0; c < columns; c++)
                        cr_assert_eq(
                                memcmp((char *)y->data + (size_t)(c * rows + r) * size,
                                       (char *)x->data + (size_t)(r * columns + c) * size, size),
                                0, "%s %lld x %lld at %lld, %lld", dtype_name(dtype),
                                (long long)rows, (long long)columns, (long long)r, (long long)c);
}

Test(box, transposes_of_all_sizes_move_every_element)
{
        static const DType types[] = { DT_UINT8, DT_HALF, DT_FLOAT, DT_DOUBLE, DT_COMPLEX128 };
        static const int64_t sizes[] = { 1,  2,  3,  4,  5,  7,  8,  9,   15,
                                         16, 17, 31, 33, 64, 70, 97, 128, 259 };
        for (size_t t = 0; t < COUNTOF(types); t++)
                for (size_t i = 0; i < COUNTOF(sizes); i++)
                        for (size_t j = 0; j < COUNTOF(sizes); j++)
                                for (int plain = 0; plain < 2; plain++)
                                        transposed(types[t], sizes[i], sizes[j], plain);
}

/* Rows of the source backwards, lines that are far from each other, and not a byte beside them. */
Test(box, a_transpose_within_larger_matrices_leaves_the_rest_alone)
{
        enum { SIDE = 300, FROM = 3, ROWS = 260, COLUMNS = 133 };
        autoptr(Tensor) x = numbered(DT_FLOAT, SIDE, SIDE);
        autoptr(Tensor) y = numbered(DT_FLOAT, SIDE, SIDE);
        Box b = { .dst_at = FROM * SIDE + 1, .src_at = (FROM + ROWS - 1) * SIDE + 2 };
        box_add(&b, COLUMNS, SIDE, 1);
        box_add(&b, ROWS, 1, -SIDE);
        cr_assert_null(box_copy(&b, y, x));
        autoptr(Tensor) kept = numbered(DT_FLOAT, SIDE, SIDE);
        const uint32_t *from = x->data, *to = y->data, *before = kept->data;
        for (int64_t i = 0; i < SIDE; i++)
                for (int64_t j = 0; j < SIDE; j++) {
                        int64_t c = i - FROM, r = j - 1;
                        bool inside = c >= 0 && c < COLUMNS && r >= 0 && r < ROWS;
                        cr_assert_eq(to[i * SIDE + j],
                                     inside ? from[(FROM + ROWS - 1 - r) * SIDE + 2 + c]
                                            : before[i * SIDE + j],
                                     "%lld, %lld", (long long)i, (long long)j);
                }
}
