// SPDX-License-Identifier: Apache-2.0
/* Where the pixels of a crop lie in its image: what CropAndResize and its gradients share. */
#pragma once
#include "engine/ops/op.h"

/* Boxes [n, 4] and the image of each, [n], are inputs at and at + 1. */
Status *crop_check_boxes(const ShapeCtx *c, int at) MUST_USE;

/* Where output index i of n falls between pixels, for a box from..to of `size` pixels. */
static inline float crop_place(float from, float to, int64_t i, int64_t n, int64_t size)
{
        float last = (float)(size - 1);
        if (n <= 1)
                return 0.5f * (from + to) * last;
        return from * last + (float)i * ((to - from) * last / (float)(n - 1));
}

static inline bool crop_inside(float v, int64_t size)
{
        /* A NaN is nowhere; beyond 2^24 pixels, a float may name one too many. */
        return v >= 0 && v <= (float)(size - 1) && (int64_t)v < size - (v != (float)(int64_t)v);
}

/* clang-format off */
#define CROP_TYPES(X, ...)                                        \
        TYPE_UINT8(X, ##__VA_ARGS__) TYPE_UINT16(X, ##__VA_ARGS__) \
        TYPE_INT8(X, ##__VA_ARGS__) TYPE_INT16(X, ##__VA_ARGS__)   \
        TYPE_INT32(X, ##__VA_ARGS__) TYPE_INT64(X, ##__VA_ARGS__)  \
        TYPE_HALF(X, ##__VA_ARGS__) TYPE_FLOAT(X, ##__VA_ARGS__)   \
        TYPE_DOUBLE(X, ##__VA_ARGS__)
/* clang-format on */
