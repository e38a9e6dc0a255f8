// SPDX-License-Identifier: Apache-2.0
/* Telling: RunOptions by which a run tells all that it can: statistics, partitions, and what a
 * debugger sees of one node. */
#pragma once
#include "tensorflow/core/protobuf/config.pb-c.h"
#include <stdbool.h>

/* The options borrow from what follows them. */
typedef struct Telling {
        Tensorflow__RunOptions options; /* initialized by the caller */
        Tensorflow__DebugOptions debug;
        Tensorflow__DebugTensorWatch watch, *watches;
        char *op;
} Telling;

void telling_all(Telling *t, const char *node);
