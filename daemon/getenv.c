// SPDX-License-Identifier: Apache-2.0
/* The environment that the math libraries find. OpenBLAS and libgomp ask getenv() once, in their
 * ELF constructors, before main(): too early for setenv(). The program's own getenv() takes the
 * place of libc's in them, too. */
#include "engine/base/auto.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* OpenBLAS knows processors by model, and takes its slowest kernels for those that are younger than
 * it is: seven times slower. What a processor can do says it better. NULL: OpenBLAS may choose. */
static char *blas_core(void)
{
#ifdef __x86_64__
        static char avx512[] = "SkylakeX", avx2[] = "Haswell";
        __builtin_cpu_init(); /* our own constructors have not run yet */
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
                return avx512;
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
                return avx2;
#endif
        return NULL;
}

static char *of_environment(const char *name)
{
        size_t n = strlen(name);
        for (char **e = environ; e && *e; e++)
                if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
                        return *e + n + 1;
        return NULL;
}

/* As libc's, but for what the libraries must find whatever the user wrote (core types that the
 * processor is not, sizes that overrun OpenBLAS's buffers, lines in our log, threads beside our
 * pool), and for what they find when the user wrote nothing. */
char *getenv(const char *name)
{
        static char one_thread[] = "1"; /* our pool is the only one at full width */
        static char spins[] = "10000";  /* oneDNN's idle threads sleep soon instead of spinning */
        if (strcmp(name, "OPENBLAS_CORETYPE") == 0)
                return blas_core();
        if (strcmp(name, "OPENBLAS_NUM_THREADS") == 0)
                return one_thread;
        if (strcmp(name, "OPENBLAS_L2_SIZE") == 0 || strcmp(name, "OPENBLAS_VERBOSE") == 0)
                return NULL;
        char *v = of_environment(name);
        return !v && strcmp(name, "GOMP_SPINCOUNT") == 0 ? spins : v;
}
