// SPDX-License-Identifier: Apache-2.0
/* Constant matrices that are kept once more as kernels want them.
 *
 * As floats, packed by panels: many rows then find the lines of a panel next to each other, and a
 * transposed matrix need not be turned each time. It is the same sum, so nobody can tell when it
 * was packed: not before the matrix came some times, for memory of its own takes time to get.
 *
 * As bfloat16, for products of a few rows, which wait for the matrix: half of the bytes come from
 * memory. */
#include "engine/kernels/math/gemm.h"

#include "engine/ops/lanes.h"
#include "engine/ops/panels.h"
#include "engine/ops/sgemm_lanes.h"

/* With more rows bfloat16 computes longer than it waits; steps before a matrix is packed; its size
 * from which on that pays for a single row. */
enum { NARROW_ROWS = 4 * ROWS_MAX, PATIENCE = 2, ROW_LEAST = 1 << 16 };

typedef struct KeptMatrix {
        Panels narrow;   /* .u NULL: floats */
        Tensor *b;       /* a reference */
        const float *at; /* its first line that counts */
        bool trans, pack;
        int64_t k, n;
        atomic_int uses;
        _Atomic(float *) packed;
} KeptMatrix;

static void release(void *arg)
{
        KeptMatrix *m = arg;
        block_free((void *)m->narrow.u, panels_bytes(m->k, m->n, true));
        block_free(atomic_load(&m->packed), (size_t)sgemm_pack_bytes(m->k, m->n));
        tensor_unref(m->b);
}

static Status *make_narrow(KeptMatrix *m)
{
        void *u = block_alloc(panels_bytes(m->k, m->n, true));
        if (!u)
                return status_oom();
        PanelsSource s = { tensor_data(m->b), NULL, m->k, m->n, true };
        panels_pack(&s, 0, m->k, 0, (m->n + PANEL - 1) / PANEL, u);
        m->narrow = (Panels){ .u = u,
                              .narrow = true,
                              .taps = 1,
                              .depth = m->k,
                              .width = (m->n + LANES - 1) / LANES * LANES };
        return NULL;
}

Status *kept_new(const PrepareCtx *p, Tensor *b, bool trans, int64_t first, KeptMatrix **ret)
{
        *ret = NULL;
        if (!(p->pack || p->bfloat16) || !b || tensor_dtype(b) != DT_FLOAT || tensor_rank(b) != 2 ||
            !tensor_count(b) || !lanes_usable())
                return NULL;
        KeptMatrix *m = arena_calloc(p->arena, 1, sizeof *m);
        if (!m)
                return status_oom();
        *m = (KeptMatrix){ .at = (const float *)tensor_data(b) + first * tensor_dim(b, 1),
                           .trans = trans,
                           .pack = p->pack,
                           .k = tensor_dim(b, trans) - first,
                           .n = tensor_dim(b, !trans) };
        TRY(arena_on_free(p->arena, release, m));
        m->b = tensor_ref(b);
        *ret = m;
        return NULL;
}

Status *kept_prepare(PrepareCtx *p)
{
        bool trans = node_bool(p->node, "transpose_b", false);
        KeptMatrix *m;
        TRY(kept_new(p, p->constant ? p->constant[1] : NULL, trans, 0, &m));
        p->state = m;
        return m && p->bfloat16 && !trans ? make_narrow(m) : NULL;
}

/* ---- floats ---- */

/* Whoever comes for the third time packs; the others go on without until that is done. */
const float *kept_lines(KeptMatrix *m, int64_t rows, const float *b)
{
        if (!m || !m->pack || b != m->at)
                return NULL;
        if (rows == 1 ? m->k * m->n < ROW_LEAST
                      : !sgemm_lanes_usable(&(Sgemm){ .m = rows, .n = m->n, .k = m->k }))
                return NULL;
        float *packed = atomic_load(&m->packed);
        if (packed || atomic_fetch_add(&m->uses, 1) != PATIENCE)
                return packed;
        packed = block_alloc((size_t)sgemm_pack_bytes(m->k, m->n));
        if (packed)
                sgemm_pack(b, m->trans, m->k, m->n, packed);
        atomic_store(&m->packed, packed);
        return packed;
}

const float *kept_packed(const Gemm *g)
{
        const KeptMatrix *m = g->kept;
        bool pays = m && g->m > 1 && (m->trans || g->m > ROWS_MAX);
        return pays ? kept_lines(g->kept, g->m, g->b) : NULL;
}

/* ---- bfloat16 ---- */

bool kept_narrow_usable(const Gemm *g)
{
        return g->kept && g->kept->narrow.u && !g->trans_a && g->m > 0 && g->m <= NARROW_ROWS;
}

typedef struct Job {
        const Panels *panels;
        const float *at[NARROW_ROWS]; /* the rows of a */
        int64_t rows;
        float *y;
} Job;

static void multiply(void *arg, int64_t from, int64_t to)
{
        const Job *j = arg;
        panels_multiply(j->panels, j->at, j->rows, from, to, j->y);
}

/* Rows of a whole number of vectors are made in place. */
Status *kept_narrow_run(OpCtx *c, const Gemm *g)
{
        const Panels *p = &g->kept->narrow;
        Job j = { .panels = p, .rows = g->m, .y = g->out };
        for (int64_t i = 0; i < g->m; i++)
                j.at[i] = (const float *)g->a + i * g->k;
        if (p->width != g->n)
                j.y = ctx_scratch(c, (size_t)(g->m * p->width) * sizeof *j.y);
        if (!j.y)
                return status_oom();
        ctx_parallel(c, panels_count(p), MATH_GRAIN / (g->m * g->k) + 1, multiply, &j);
        for (int64_t i = 0; i < g->m && p->width != g->n; i++)
                memcpy((float *)g->out + i * g->n, j.y + i * p->width, (size_t)g->n * sizeof *j.y);
        return NULL;
}
