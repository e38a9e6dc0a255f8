// SPDX-License-Identifier: Apache-2.0
/* Activations and their gradients. */
#include "tests/lib/op_case.h"

static const OpCase cases[] = {
        { "Relu clamps below at zero", "Relu", .in = { F32((4), -1, 0, 2, 7) },
          .out = { F32((4), 0, 0, 2, 7) } },
        { "Relu keeps a NaN", "Relu", .in = { F32((1), NAN) }, .out = { F32((1), NAN) } },
        { "Relu takes every real type", "Relu", .in = { F32((3), 0, 2, 7) },
          .out = { F32((3), 0, 2, 7) }, .sweep = true },
        { "Relu takes nothing", "Relu", .in = { F32((0, 2)) }, .out = { F32((0, 2)) } },
        { "Relu6 clamps above at six", "Relu6", .in = { F32((4), -1, 3, 6, 7) },
          .out = { F32((4), 0, 3, 6, 6) } },
        { "ReluGrad passes what was above zero", "ReluGrad",
          .in = { F32((3), 1, 2, 3), F32((3), -1, 0, 1) }, .out = { F32((3), 0, 0, 3) } },
        { "Relu6Grad passes what was inside", "Relu6Grad",
          .in = { F32((4), 1, 2, 3, 4), F32((4), -1, 1, 6, 7) }, .out = { F32((4), 0, 2, 0, 0) } },
        { "ReluGrad refuses unequal shapes", "ReluGrad",
          .in = { F32((2), 1, 2), F32((3), 1, 2, 3) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Inputs to operation op of type ReluGrad must have the same size and shape.  "
                     "Input 0: [2] != input 1: [3]" },
        { "LeakyRelu scales below zero", "LeakyRelu", "alpha: 0.5", .in = { F32((2), -4, 4) },
          .out = { F32((2), -2, 4) } },
        { "LeakyReluGrad scales below zero", "LeakyReluGrad", "alpha: 0.5",
          .in = { F32((2), 1, 1), F32((2), -4, 4) }, .out = { F32((2), 0.5f, 1) } },
        { "Elu saturates at minus one", "Elu", .in = { F32((3), -100, -1, 2) },
          .out = { F32((3), -1, -0.63212056f, 2) } },
        { "EluGrad takes the output", "EluGrad", .in = { F32((2), 2, 2), F32((2), -0.5f, 3) },
          .out = { F32((2), 1, 2) } },
        { "Selu scales both sides", "Selu", .in = { F32((2), -1, 1) },
          .out = { F32((2), -1.1113307f, 1.050701f) } },
        { "SeluGrad takes the output", "SeluGrad", .in = { F32((2), 1, 1), F32((2), -1, 1) },
          .out = { F32((2), 0.75809934f, 1.050701f) }, .tol = 1e-6 },
        { "Softplus does not overflow", "Softplus", .in = { F32((3), -1000, 0, 1000) },
          .out = { F32((3), 0, 0.6931472f, 1000) } },
        { "SoftplusGrad is the logistic function", "SoftplusGrad",
          .in = { F32((1), 2), F32((1), 0) }, .out = { F32((1), 1) } },
        { "Softsign stays below one", "Softsign", .in = { F64((2), -3, 1) },
          .out = { F64((2), -0.75, 0.5) }, .sweep = true },
        { "SoftsignGrad falls off", "SoftsignGrad", .in = { F32((1), 4), F32((1), -1) },
          .out = { F32((1), 1) } },
};
OP_CASES(activation, cases)
