// SPDX-License-Identifier: Apache-2.0
/* Processor: where a thread runs. */
#pragma once

/* The processor that the caller is on; it may be on another one by now. -1: not known. */
int processor_now(void);
/* Goes on on another processor of those that the thread may run on, from which the kernel may move
 * it again at once. Where there is none, or that is not allowed, nothing happens, ever after. Takes
 * some ten microseconds. */
void processor_leave(void);
