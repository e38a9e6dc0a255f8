// SPDX-License-Identifier: Apache-2.0
/* Processor: where a thread runs. */
#pragma once

/* Goes on on another processor of those that the thread may run on, from which the kernel may move
 * it again at once. Where there is none, or that is not allowed, nothing happens, ever after. Takes
 * some ten microseconds. */
void processor_leave(void);
