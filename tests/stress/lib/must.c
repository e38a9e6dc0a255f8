// SPDX-License-Identifier: Apache-2.0
#include "tests/stress/lib/must.h"

#include <assert.h>
#include <stdio.h>

void must(Status *s)
{
        if (s)
                fprintf(stderr, "%s\n", status_message(s));
        assert(!s);
}
