// SPDX-License-Identifier: Apache-2.0
/* Products of a few rows by a constant matrix of floats that is kept as bfloat16: they wait for the
 * matrix, of which half the bytes then come from memory. */
#include "engine/kernels/math/gemm.h"

#include "engine/kernels/nn/lanes.h"
#include "engine/kernels/nn/panels.h"

/* More rows compute longer than they wait. */
enum { NARROW_ROWS = 4 * ROWS_MAX };

typedef struct NarrowMatrix {
        Panels panels; /* depth x width, which is n rounded up */
        size_t bytes;
} NarrowMatrix;

static void release(void *arg)
{
        const NarrowMatrix *m = arg;
        block_free((void *)m->panels.u, m->bytes);
}

Status *narrow_prepare(PrepareCtx *p)
{
        const Tensor *b = p->constant ? p->constant[1] : NULL;
        if (!p->bfloat16 || !b || tensor_dtype(b) != DT_FLOAT || tensor_rank(b) != 2 ||
            !tensor_count(b) || node_bool(p->node, "transpose_b", false) || !lanes_usable())
                return NULL;
        int64_t k = tensor_dim(b, 0), n = tensor_dim(b, 1);
        NarrowMatrix *m = arena_calloc(p->arena, 1, sizeof *m);
        if (!m)
                return status_oom();
        m->bytes = panels_bytes(k, n, true);
        void *u = block_alloc(m->bytes);
        if (!u)
                return status_oom();
        panels_pack(tensor_data(b), NULL, k, n, true, 0, k, u);
        m->panels = (Panels){ .u = u,
                              .narrow = true,
                              .taps = 1,
                              .depth = k,
                              .width = (n + LANES - 1) / LANES * LANES };
        Status *s = arena_on_free(p->arena, release, m);
        if (s)
                block_free(u, m->bytes);
        else
                p->state = m;
        return s;
}

bool narrow_usable(const Gemm *g)
{
        return g->narrow && !g->trans_a && g->m > 0 && g->m <= NARROW_ROWS;
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
Status *narrow_run(OpCtx *c, const Gemm *g)
{
        const Panels *p = &g->narrow->panels;
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
