// SPDX-License-Identifier: Apache-2.0
/* Tables of rows, each row a test. */
#pragma once
#include "engine/base/mem.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

/* A test for each row, as run(rows, i): rows are passed by index, as Criterion runs each test in a
 * process of its own, where only plain bytes arrive. What follows run are options of the test. */
#define TEST_ROWS(suite, rows, run, ...)                                \
        ParameterizedTestParameters(suite, rows)                        \
        {                                                               \
                static int index[COUNTOF(rows)];                        \
                for (int i_ = 0; i_ < (int)COUNTOF(rows); i_++)         \
                        index[i_] = i_;                                 \
                return cr_make_param_array(int, index, COUNTOF(rows));  \
        }                                                               \
        ParameterizedTest(const int *index, suite, rows, ##__VA_ARGS__) \
        {                                                               \
                run(rows, *index);                                      \
        }
