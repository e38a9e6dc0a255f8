// SPDX-License-Identifier: Apache-2.0
/* A tensor as the value of a variant element. It holds no variants or resources itself, so that
 * nothing nests. */
#pragma once
#include "engine/ops/op.h"

/* Sets element i of a variant tensor to hold t. INVALID_ARGUMENT for tensors of resources and
 * variants. */
Status *variant_put_tensor(Tensor *to, int64_t i, const Tensor *t) MUST_USE;
/* The tensor that element i holds, borrowed; NULL when it holds none. */
Tensor *variant_tensor(const Tensor *t, int64_t i);

/* What messages show of a variant, as TensorFlow's Variant::DebugString(). */
typedef struct VariantText {
        char s[200];
} VariantText;
VariantText variant_text(const Resource *r); /* NULL: an empty variant */
