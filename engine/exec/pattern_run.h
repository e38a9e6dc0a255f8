// SPDX-License-Identifier: Apache-2.0
/* Running the node that stands for a group: its kernel, or where that declines its members one by
 * one. */
#pragma once
#include "engine/ops/pattern.h"

/* The op of every such node but for its name. */
extern const OpDef pattern_op;
