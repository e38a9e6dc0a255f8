// SPDX-License-Identifier: Apache-2.0
/* Ops whose limit is not memory, each against a library or a bare loop that does the same. */
#pragma once
#include "bench/stepper.h"

/* Prints a table; filter, if not NULL, is a part of a row's name. */
void others_run(Engine *e, const char *filter);
