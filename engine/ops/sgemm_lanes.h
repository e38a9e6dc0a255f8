// SPDX-License-Identifier: Apache-2.0
/* The house's own product of float matrices, on the calling thread: for processors with AVX-512. */
#pragma once
#include "engine/ops/sgemm.h"

/* Is it the best there is for this product? By sizes and processor alone. */
bool sgemm_lanes_usable(const Sgemm *g);
/* Does each call copy its rows of a, if there are many? By where they lie. */
bool sgemm_lanes_copies(const Sgemm *g);
/* Computes it, no size being 0; false, and nothing is done, without memory. Each element of c is
 * the same sum in the same order, wherever rows and columns are cut, and whether b is packed or
 * not. */
bool sgemm_lanes(const Sgemm *g);

/* The same for a single row, whose numbers lie next to each other, where b is packed. */
void sgemm_row(const Sgemm *g);

/* b [k, n], or [n, k] if `trans`, as Sgemm.packed: panels.h's, 32 columns after the other. How many
 * bytes it takes; and how it is made. */
int64_t sgemm_pack_bytes(int64_t k, int64_t n);
void sgemm_pack(const float *b, bool trans, int64_t k, int64_t n, float *to);
