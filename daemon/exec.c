// SPDX-License-Identifier: Apache-2.0
#include "daemon/exec.h"

#include "engine/base/auto.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define GUARD "SESSRUN_EXECUTED"

/* What the libraries must find. NULL: nothing; forced: whatever the user wrote. */
static struct {
        const char *name, *value;
        bool forced;
} wanted[] = {
        { "OPENBLAS_CORETYPE", NULL,
          true },                           /* blas_core(); a wrong one is an illegal instruction */
        { "OPENBLAS_L2_SIZE", NULL, true }, /* block sizes made from it can overrun its buffers */
        { "OPENBLAS_VERBOSE", NULL, true }, /* prints into our log */
        { "OPENBLAS_NUM_THREADS", "1", true }, /* our pool is the only one at full width */
        { "GOMP_SPINCOUNT", "10000",
          false }, /* oneDNN's idle threads sleep soon instead of spinning */
};

/* OpenBLAS knows processors by model, and takes its slowest kernels for those that are younger than
 * it is: seven times slower. What a processor can do says it better. */
static const char *blas_core(void)
{
#ifdef __x86_64__
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
                return "SkylakeX";
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
                return "Haswell";
#endif
        return NULL;
}

static bool as_wanted(size_t i)
{
        const char *now = getenv(wanted[i].name);
        if (!now || !wanted[i].value)
                return !now && !wanted[i].value;
        return !wanted[i].forced || strcmp(now, wanted[i].value) == 0;
}

/* Libraries read these variables when they are loaded: the only way to set them is to start again,
 * once. */
void exec_with_environment(char *const *argv)
{
        bool again = false;
        wanted[0].value = blas_core();
        for (size_t i = 0; i < COUNTOF(wanted); i++) {
                if (as_wanted(i))
                        continue;
                again = true;
                if (wanted[i].value)
                        setenv(wanted[i].name, wanted[i].value, 1);
                else
                        unsetenv(wanted[i].name);
        }
        bool executed = getenv(GUARD) != NULL;
        unsetenv(GUARD);
        prctl(PR_SET_NAME, "sessrund"); /* else it is called "exe": what was executed below */
        if (!again || executed)
                return;
        setenv(GUARD, "1", 1);
        execv("/proc/self/exe", argv); /* without /proc we go on as we are: slower, not wrong */
        unsetenv(GUARD);
}
