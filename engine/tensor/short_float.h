// SPDX-License-Identifier: Apache-2.0
/* Short floats, DT_HALF and DT_BFLOAT16, many at a time. Kernels compute in float: what they do to
 * floats serves short ones too, a block widened before and rounded after, all of it in the first
 * cache. */
#pragma once
#include "engine/tensor/dtype.h"

/* Elements of a block that is on its way: 4 KiB as floats. */
enum { SHORT_BLOCK = 1024 };

static inline bool dtype_is_short(DType t)
{
        return t == DT_HALF || t == DT_BFLOAT16;
}
/* n elements of a short type as floats, exactly. */
void short_widen(DType t, const void *x, float *y, int64_t n);
/* n floats as elements of a short type, rounded to nearest even. NaNs stay NaNs. */
void short_narrow(DType t, const float *x, void *y, int64_t n);
