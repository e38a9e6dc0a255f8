// SPDX-License-Identifier: Apache-2.0
/* The machine's memory and the control groups' limits, whichever is least. */
#include "daemon/memory.h"

#include "engine/base/auto.h"
#include <stdio.h>
#include <unistd.h>

/* A file that holds one number; 0 when it is not there or says "max". */
static int64_t read_bytes(const char *path)
{
        long long n = 0;
        FILE *f = fopen(path, "re");
        if (!f)
                return 0;
        if (fscanf(f, "%18lld", &n) != 1)
                n = 0;
        fclose(f);
        return n;
}

/* A container's limit counts more than the machine's memory. */
int64_t memory_there_is(void)
{
        static const char *const limits[] = { "/sys/fs/cgroup/memory.max",
                                              "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
        int64_t least = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
        for (unsigned i = 0; i < COUNTOF(limits); i++) {
                int64_t n = read_bytes(limits[i]);
                if (n > 0 && (least <= 0 || n < least))
                        least = n;
        }
        return MAX(least, (int64_t)0);
}
