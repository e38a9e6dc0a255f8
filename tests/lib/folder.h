// SPDX-License-Identifier: Apache-2.0
/* A fresh folder for a test, which is the one that ops may read and write: they find its files by
 * their bare names. */
#pragma once
#include <stddef.h>

extern char folder[64]; /* its path */

/* Before the first test_engine(). */
void folder_setup(void);
void folder_teardown(void);

void write_file(const char *name, const void *bytes, size_t n);
void write_text(const char *name, const char *text);
/* Writes a TFRecord of that text; its length. */
size_t tfrecord(void *ret, const char *text);
