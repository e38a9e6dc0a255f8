// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/session_case.h"

TestSession *session_of(const char *text)
{
        TestSession *s;
        expect_ok(test_session_text(text, &s));
        return s;
}

Tensor *fetch(TestSession *s, const char *name)
{
        Tensor *t = NULL;
        expect_ok(test_session_fetch(s, name, &t));
        return t;
}

Tensor *whole_numbers(const Shape *s, uint32_t seed)
{
        Tensor *t = NULL;
        expect_ok(tensor_new(DT_FLOAT, s, &t));
        float *v = tensor_fill(t);
        for (int64_t i = 0; i < tensor_count(t); i++) {
                seed = seed * 1664525 + 1013904223;
                v[i] = (float)(int)(seed >> 29) - 3;
        }
        return t;
}
