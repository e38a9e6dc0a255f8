// SPDX-License-Identifier: Apache-2.0
/* Words for tests of readers: files in a folder that ops may read, and a graph around a reader. */
#pragma once
#include "engine/base/buf.h"
#include "tests/engine/queue_fixture.h"
#include "tests/lib/folder.h"

/* A session whose ops find files in a fresh folder, by their bare names; and its end. */
void reader_setup(void);
void reader_teardown(void);

/* The usual graph around a reader r, of ops of its version: a queue of work, "put_a" and "put_b",
 * "read", "upto" (2), counts, state. */
void grow_reader(const char *reader);
void expect_string(const Tensor *t, int64_t i, const char *want);
/* The next record's key and value. */
void reads(const char *key, const char *value);
