// SPDX-License-Identifier: Apache-2.0
/* What the engine runs on: libraries choose their kernels by the processor they believe in, and a
 * wrong belief halves their speed; so it is told, not guessed. */
#include "engine/exec/pool.h"
#include "engine/session/inside.h"
#include <cblas.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>

static const char *isa_name(void)
{
        static const struct {
                int isa;
                const char *name;
        } names[] = {
                { dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx" },
                { dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16" },
                { dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni" },
                { dnnl_cpu_isa_avx512_core, "avx512_core" },
                { dnnl_cpu_isa_avx2_vnni, "avx2_vnni" },
                { dnnl_cpu_isa_avx2, "avx2" },
                { dnnl_cpu_isa_avx, "avx" },
                { dnnl_cpu_isa_sse41, "sse41" },
        };
        int isa = (int)dnnl_get_effective_cpu_isa();
        for (size_t i = 0; i < COUNTOF(names); i++)
                if (isa == names[i].isa)
                        return names[i].name;
        return "other";
}

/* What the libraries say of themselves, for GET /v1. */
void engine_host(const Engine *e, EngineHost *ret)
{
        const dnnl_version_t *v = dnnl_version();
        *ret = (EngineHost){ .cores = pool_cores(),
                             .threads = pool_threads(e->pool),
                             .blas = openblas_get_config(),
                             .blas_kernels = openblas_get_corename(),
                             .onednn_kernels = isa_name(),
                             .deterministic = e->deterministic };
        snprintf(ret->onednn, sizeof ret->onednn, "%d.%d.%d", v->major, v->minor, v->patch);
}

void engine_share(void *engine, int64_t n, int64_t grain, void (*fn)(void *, int64_t, int64_t),
                  void *arg)
{
        pool_parallel(((Engine *)engine)->pool, 0, n, grain, fn, arg);
}

bool engine_computes(const Engine *e)
{
        return pool_busy(e->pool);
}

bool engine_call_after(const Engine *e, void (*fn)(void *), void *arg)
{
        return pool_after_task(e->pool, fn, arg);
}
