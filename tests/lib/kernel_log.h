// SPDX-License-Identifier: Apache-2.0
/* What tests have seen of each op, appended to the file that the environment variable
 * SESSRUN_KERNEL_LOG names; without it nothing is written. Lines:
 *
 *     Op attribute dtype    a kernel ran with that type
 *     Op * ran              it came to a good end
 *     Op * empty            and did so with an input or output of no elements
 *     Op ! CODE text        a test expected this error of it */
#pragma once
#include "engine/session/session.h"

/* Whether there is a log: then runs should be traced (RunOptions.trace_level) and ask for metadata.
 */
bool kernel_log_wanted(void);
/* Notes all nodes that a traced run of s has run to a good end; feeds: what it was fed. */
void kernel_log_write(Session *s, const RunMetadata *metadata, const Feed *feeds, int n_feeds);
/* Notes an error that a test expected; op: whose, NULL: the one that the status names, if it does.
 */
void kernel_log_error(const char *op, const Status *s);
