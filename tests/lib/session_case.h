// SPDX-License-Identifier: Apache-2.0
/* Words for op tests that need more than a row: a session from text, and what its tensors are. */
#pragma once
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

/* A session of graph_text(), a fetch of it that nothing is fed for: they end the test when they
 * fail.
 */
TestSession *session_of(const char *text);
Tensor *fetch(TestSession *s, const char *name);
/* Floats from -3 to 4, whole, so that sums are exact whatever their order. */
Tensor *whole_numbers(const Shape *s, uint32_t seed);

/* Fetches a tensor and compares it; the rest as for expect_tensor(). */
#define EXPECT(s, name, ...)                                 \
        do {                                                 \
                autoptr(Tensor) t_ = NULL;                   \
                expect_ok(test_session_fetch(s, name, &t_)); \
                expect_tensor(t_, __VA_ARGS__);              \
        } while (0)
/* The fetch fails with this code and a message that has this text. */
#define EXPECT_ERROR(s, name, code, text)                                   \
        do {                                                                \
                Tensor *t_ = NULL;                                          \
                expect_error(test_session_fetch(s, name, &t_), code, text); \
        } while (0)
