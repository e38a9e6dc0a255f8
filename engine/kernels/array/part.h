// SPDX-License-Identifier: Apache-2.0
/* A box cut out of a tensor: a view where its elements lie together, else a copy. */
#pragma once
#include "engine/ops/op.h"

/* Makes output i the elements x[begin + stride * k], k in size; stride NULL: all 1. `shape` is the
 * output's shape, of as many elements as size. */
Status *part_output(OpCtx *c, int i, const Tensor *x, const int64_t *begin, const int64_t *stride,
                    const Shape *size, const Shape *shape) MUST_USE;
/* Takes x apart along a dimension that has `outer` rows before it: of each row, every output takes
 * its share, one after the other. The outputs are there already. */
Status *part_deal(OpCtx *c, const Tensor *x, int64_t outer) MUST_USE;
