// SPDX-License-Identifier: Apache-2.0
/* Real networks as TensorFlow 1.x froze them: literal Conv2D, FusedBatchNorm, Relu nodes, with
 * random weights of sensible scale. Measured by model_bench and, as ONNX, by model_peer.mjs. */
#pragma once
#include "engine/graph/source.h"
#include "engine/tensor/tensor.h"

/* "mobilenet" (v1, 1.0, 224) or "resnet50" (v1). The input is x, [?, 224, 224, 3]; the output is
 * softmax:0, [?, 1001 or 1000]. variables: weights are VariableV2 that the target `init` sets, else
 * Const. *ret_floats is how many weights there are. */
Status *model_source(const char *name, bool variables, GraphSource **ret,
                     int64_t *ret_floats) MUST_USE;
/* n pictures for them, of random numbers in [-1, 1): float [n, 224, 224, 3], a new reference. */
Tensor *model_pictures(int n);
