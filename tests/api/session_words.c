// SPDX-License-Identifier: Apache-2.0
#include "tests/api/session_words.h"

void make_session(const char *config, const char *script)
{
        expect(post("/v1/sessions", "{'name':'s','config':{%s},'graph':{'script':'%s'}}", config,
                    script),
               201, NULL, NULL);
}

void run_gives(const char *run, const char *result)
{
        expect(post(RUN, "{%s}", run), 200, "/result", result);
}

void run_refused(const char *run, const char *exception, const char *detail)
{
        Answer a = post(RUN, "{%s}", run);
        expect(a, 400, "/exception", exception);
        expect(a, 400, "/detail", detail);
}
