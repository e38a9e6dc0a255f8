// SPDX-License-Identifier: Apache-2.0
/* Report: the outcome of every trial, and the tables that are made of them. */
#pragma once
#include "engine/base/status.h"
#include <stdbool.h>

/* PASSED: all values. RANDOM: the shapes, the values depend on random numbers. UNSUPPORTED: an op
 * or a format that is not there yet. REFUSED: with the text with which TensorFlow refuses the
 * graph. SKIPPED: the corpus lacks a file. */
#define OUTCOMES(X) X(PASSED) X(RANDOM) X(FAILED) X(UNSUPPORTED) X(REFUSED) X(SKIPPED)
typedef enum Outcome {
#define X(name) name,
        OUTCOMES(X)
#undef X
                OUTCOME_COUNT
} Outcome;

typedef struct Report Report;

Status *report_new(Report **ret) MUST_USE;
void report_free(Report *r);
AUTOPTR_DEFINE(Report, report_free)

/* Notes one outcome; texts are copied. why: a sentence; missing: the op or format that UNSUPPORTED
 * lacks; digest: of all values, "" for none. Any thread. */
typedef struct Verdict {
        const char *family, *name, *why, *missing, *digest;
        Outcome outcome;
} Verdict;
Status *report_add(Report *r, const Verdict *v) MUST_USE;
/* Writes "name outcome digest" by tabs for every trial, by family and name. */
Status *report_write(Report *r, const char *file) MUST_USE;
/* Prints all tables and the closing line. verbose lists what passed, too. */
void report_print(Report *r, bool verbose);
/* How many trials ended so. */
int report_count(const Report *r, Outcome outcome);
