// SPDX-License-Identifier: Apache-2.0
/* Each thread packs panels of its own, so that nobody else writes there, and measures the same
 * pieces of the filter while a cache holds them. */
#include "engine/kernels/nn/conv_pack.h"

#include "engine/base/mem_big.h"
#include "engine/base/mem_large.h"
#include "engine/base/mem_lasting.h"
#include "engine/kernels/nn/winograd.h"
#include "engine/ops/lanes.h"
#include "engine/ops/panels.h"
#include <math.h>

/* Weights from which on threads share the work of packing them; bytes of panels that are filled
 * together, and rows of the filter at a time, which the second-level cache holds. */
enum { SHARED = 1 << 15, GROUP_BYTES = 1 << 20, ROWS = 16 };

HOT void conv_pack_scaled(const float *f, int64_t rows, int64_t n, const float *scale, int64_t from,
                          int64_t to, float *y)
{
        for (int64_t r = 0; r < rows; r++, f += n, y += n)
                for (int64_t i = from; i < to; i++)
                        y[i] = f[i] * scale[i];
}

static bool is_winograd(WeightsForm form)
{
        return form == WEIGHTS_WINOGRAD || form == WEIGHTS_WINOGRAD_2;
}

/* By panels of output channels. A row of the filter is a tap of one input channel or, Winograd's
 * way, an input channel. */
typedef struct Filling {
        const ConvPack *p;
        int64_t rows;
        int64_t group; /* panels that are filled together */
} Filling;

/* Of columns [first, end) of some rows; NaN and infinity stay. */
HOT static void add_sizes(const ConvPack *p, int64_t row, int64_t rows, int64_t first, int64_t end,
                          float *sum)
{
        int64_t n = p->channels;
        const float *f = p->filter + row * n, *scale = p->scale;
        for (int64_t r = 0; r < rows; r++, f += n)
                if (scale)
                        for (int64_t i = first; i < end; i++)
                                sum[i] += fabsf(f[i] * scale[i]);
                else
                        for (int64_t i = first; i < end; i++)
                                sum[i] += fabsf(f[i]);
}

/* Has lines of columns [first, end) of some rows fetched, which come from memory. */
static void ask_for(const ConvPack *p, int64_t row, int64_t rows, int64_t first, int64_t end)
{
        int64_t n = p->channels;
        const float *f = p->filter + row * n;
        for (int64_t r = 0; r < rows; r++, f += n)
                for (int64_t i = first; i < end; i += LANES)
                        __builtin_prefetch(f + i, 0, 2);
}

/* Rows [row, end) of panels [from, to). */
static void fill_rows(const Filling *j, int64_t row, int64_t end, int64_t from, int64_t to)
{
        const ConvPack *p = j->p;
        const float *f = p->filter;
        int64_t n = p->channels, first = from * PANEL, last = MIN(to * PANEL, n);
        for (int64_t at = end; end < j->rows && at < p->count / n; at += j->rows) /* each tap */
                ask_for(p, at, MIN((int64_t)ROWS, j->rows - end), first, last);
        for (int64_t at = row; p->sum && at < p->count / n; at += j->rows)
                add_sizes(p, at, end - row, first, last, p->sum);
        if (is_winograd(p->form)) {
                WinogradSource s = { .conv = p->conv,
                                     .tile = p->form == WEIGHTS_WINOGRAD_2 ? 2 : 4,
                                     .f = f,
                                     .scale = p->scale,
                                     .narrow = p->narrow };
                winograd_filter(&s, row, end, from, to, p->to);
        } else if (p->form == WEIGHTS_PANELS) {
                PanelsSource s = { f, p->scale, j->rows, n, p->narrow };
                panels_pack(&s, row, end, from, to, p->to);
        } else if (p->form == WEIGHTS_PLAIN && p->to) {
                conv_pack_scaled(f + row * n, end - row, n, p->scale, first, last,
                                 (float *)p->to + row * n);
        }
}

static void fill_panels(void *arg, int64_t from, int64_t to)
{
        const Filling *j = arg;
        for (int64_t k = from; k < to; k += j->group)
                for (int64_t row = 0; row < j->rows; row += ROWS)
                        fill_rows(j, row, MIN(row + ROWS, j->rows), k, MIN(k + j->group, to));
}

/* How many huge pages lie within a piece of memory. */
static int64_t pages_of(char *p, size_t n, char **ret_first)
{
        size_t before = -(uintptr_t)p & (HUGE_PAGE - 1);
        *ret_first = p + before;
        return n > before ? (int64_t)((n - before) / HUGE_PAGE) : 0;
}

static void populate(void *arg, int64_t from, int64_t to)
{
        char *first = arg;
        mem_populate(first + from * (int64_t)HUGE_PAGE, (size_t)(to - from) * HUGE_PAGE);
}

/* New pages are had from the system before, each by one thread: two that write into the same one at
 * the same time both have it clear one, and one of these is thrown away. */
void conv_pack(OpCtx *c, const ConvPack *p)
{
        Filling j = { .p = p };
        int64_t panels = (p->channels + PANEL - 1) / PANEL, pages = 0;
        char *first = NULL;
        j.rows = is_winograd(p->form) ? p->conv->in_c : p->count / p->channels;
        j.group = MAX(GROUP_BYTES / (j.rows * PANEL * (int64_t)sizeof(float)), (int64_t)1);
        if (p->to && p->lasting)
                pages = lasting_fresh(p->lasting, ctx_threads(c), &first);
        else if (p->to)
                pages = pages_of(p->to, p->bytes, &first);
        ctx_parallel_all(c, pages, 1, populate, first);
        ctx_parallel_all(c, panels, MIN(panels, panels * SHARED / p->count + 1), fill_panels, &j);
}
