// SPDX-License-Identifier: Apache-2.0
/* Two ops for tests, without Criterion, so that programs of tests/stress can have them too; they
 * are those that tests/data/functions.pbtxt calls. TestWait(x: float) -> x waits until it is
 * released or its step cancelled ("TestWait was cancelled"); with x below zero only a cancel ends
 * it. TestCount() -> float, stateful, counts its runs. */
#pragma once
#include <stdatomic.h>

/* How many wait now. */
int waiting(void);
/* Releases all that wait now, the oldest first, but for those below zero. */
void release_all(void);
/* A thread's function: releases all who come until *over, an atomic_bool, is set. */
void *release_until(void *over);
/* Runs of TestCount. */
extern atomic_int test_count;
