// SPDX-License-Identifier: Apache-2.0
/* Tensors to feed; without memory the program ends. */
#pragma once
#include "engine/tensor/tensor.h"

Tensor *scalar(float v);
Tensor *ones(int64_t n); /* [n, n] */
