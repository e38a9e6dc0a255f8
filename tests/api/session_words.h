// SPDX-License-Identifier: Apache-2.0
/* Words for tests of one session "s" over HTTP. */
#pragma once
#include "tests/lib/http_client.h"

#define RUN "/v1/sessions/s:run"

/* Makes it of a graph script. config: members of its ConfigProto, "" for none. */
void make_session(const char *config, const char *script);
/* A run, by its members ("'fetches':'x:0'"), gives this result. */
void run_gives(const char *run, const char *result);
/* It is refused with this exception of Python and these words. */
void run_refused(const char *run, const char *exception, const char *detail);
