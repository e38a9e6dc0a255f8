// SPDX-License-Identifier: Apache-2.0
/* Tables of rows, each row a test. */
#pragma once
#include "engine/base/mem.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

/* So many rows share a process where they may: one, but in slow builds, where beginning a process
 * takes longer than a row. */
#ifndef ROWS_TOGETHER
#define ROWS_TOGETHER 1
#endif

/* A test for each row, as run(rows, i): rows are passed by index, as Criterion runs each test in a
 * process of its own, where only plain bytes arrive. What follows run are options of the test. */
#define TEST_ROWS(suite, rows, run, ...) TEST_ROWS_BY(suite, rows, run, 1, ##__VA_ARGS__)

/* The same for rows that leave nothing behind: `by` of them are one test. */
#define TEST_ROWS_BY(suite, rows, run, by, ...)                                       \
        ParameterizedTestParameters(suite, rows)                                      \
        {                                                                             \
                static int index[(COUNTOF(rows) + (by)-1) / (by)];                    \
                for (int i_ = 0; i_ < (int)COUNTOF(index); i_++)                      \
                        index[i_] = i_ * (by);                                        \
                return cr_make_param_array(int, index, COUNTOF(index));               \
        }                                                                             \
        ParameterizedTest(const int *index, suite, rows, ##__VA_ARGS__)               \
        {                                                                             \
                for (int i_ = 0; i_ < (by) && *index + i_ < (int)COUNTOF(rows); i_++) \
                        run(rows, *index + i_);                                       \
        }
