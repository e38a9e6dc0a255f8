// SPDX-License-Identifier: Apache-2.0
/* What tests of fused chains share: values of a known kind, and how near two results must be. */
#pragma once
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "tests/lib/op_session.h"

/* Adds the node name = sin(scale * i + shift), of that shape, to a graph's text. */
void sines(Buf *b, const char *name, const char *shape, int rank, int n, double scale,
           double shift);
/* Ends the test when the two differ by more than rounding. */
void expect_near(const Tensor *a, const Tensor *b);
