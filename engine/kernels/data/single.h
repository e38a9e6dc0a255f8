// SPDX-License-Identifier: Apache-2.0
/* Ops that run a whole dataset at once: what they want is the one element of a dataset over it. */
#pragma once
#include "engine/kernels/data/pull.h"

/* Uses the element (borrowed); NULL when there was none. */
typedef Status *(*UseRow)(OpCtx *c, const Row *row);

/* Pulls the element of d, which is taken over, and ends the op; or ends it with s, when that is an
 * error. */
void single_run(OpCtx *c, Status *s, Dataset *d, UseRow use);
