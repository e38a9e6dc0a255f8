// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "engine/base/status.h"

/* Ends the program with the error, if there is one. */
void must(Status *s);
