// SPDX-License-Identifier: Apache-2.0
/* A fresh folder for a test, which is the one that ops may read and write: they find its files by
 * their bare names. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

extern char folder[64]; /* its path */

/* Before the first test_engine(). */
void folder_setup(void);
void folder_teardown(void);

void write_file(const char *name, const void *bytes, size_t n);
void write_text(const char *name, const char *text);
/* Writes a TFRecord of that text, or of n bytes, which is 16 bytes longer; its length. */
size_t tfrecord(void *ret, const char *text);
size_t tfrecord_of(void *ret, const void *data, size_t n);
/* Loads the dump of an LMDB database into a file, or with in_folder into a folder of its own. The
 * test is skipped when there is no mdb_load. */
void lmdb_load(const char *name, bool in_folder, const char *dump);
#define LMDB_HEAD "VERSION=3\nformat=print\ntype=btree\nmapsize=67108864\nHEADER=END\n"
