// SPDX-License-Identifier: Apache-2.0
#include "tests/stress/lib/named.h"

#include <stdio.h>
#include <stdlib.h>

Session *named_session(Engine *engine, Graph *graph, const char *name, bool on_shared)
{
        SessionOptions o = { .name = name,
                             .target = on_shared ? "engine:shared" : "",
                             .graph = graph };
        for (;;) {
                Session *s = NULL;
                Status *st = engine_acquire(engine, name, &s);
                if (!st)
                        return s;
                status_free(st);
                st = engine_create_session(engine, &o, &s);
                if (!st)
                        return s;
                if (status_code(st) != SR_ALREADY_EXISTS) {
                        fprintf(stderr, "%s: %s\n", name, status_message(st));
                        abort();
                }
                status_free(st);
        }
}
