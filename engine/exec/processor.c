// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/processor.h"

#include <sched.h>
#include <stdbool.h>

void processor_leave(void)
{
        static _Thread_local bool stays;
        cpu_set_t all, others;
        int cpu = sched_getcpu();
        if (stays || cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof all, &all))
                return;
        others = all;
        CPU_CLR((size_t)cpu, &others);
        stays = !CPU_COUNT(&others) || sched_setaffinity(0, sizeof others, &others);
        if (!stays)
                sched_setaffinity(0, sizeof all, &all);
}
