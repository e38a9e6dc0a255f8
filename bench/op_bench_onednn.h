// SPDX-License-Identifier: Apache-2.0
/* oneDNN as a peer of op_bench: the same op by one of its primitives, made before, on one thread.
 */
#pragma once
#include "engine/engine.h"

/* CPU seconds of one execution on x; 0 when oneDNN has no such op for x's type. key: see
 * op_bench.c. */
double onednn_time(const char *key, const Tensor *x);
