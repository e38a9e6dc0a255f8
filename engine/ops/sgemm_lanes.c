// SPDX-License-Identifier: Apache-2.0
/* c is made in tiles of up to 14 rows by a panel of 32 columns, whose sums stay in registers. A
 * panel of b and as many rows of a as fit share the second-level cache; k is cut for their sake.
 *
 * The first tile of a panel reads b where it lies, and leaves its lines behind in order for the
 * tiles below: which costs next to nothing, while arithmetic is what takes time. Only a transposed
 * b is brought into order before; and so are rows of a that are transposed, or so far apart that
 * they would drive each other out of the first-level cache. */
#include "engine/ops/sgemm_lanes.h"

#include "engine/base/mem.h"
#include "engine/ops/lanes.h"
#include "engine/ops/panels.h"
#include "engine/tensor/dtype.h"

#include <string.h>

/* Multiplications from which on preparations pay; numbers summed at a time; bytes of a that stay
 * near; lines of b that are asked for in advance; bytes after which addresses share a place in the
 * first-level cache. */
enum { LEAST = 1 << 18, DEPTH_MAX = 1536, NEAR_BYTES = 768 << 10, LINES_AHEAD = 8, SAME = 4096 };
enum { CHUNK_MAX = 256, ONE = 1 << 16 };

typedef struct Tile {
        const float *a; /* the first row */
        int64_t lda;
        const float *b; /* the first line: ldb is PANEL where they are in order */
        int64_t ldb;
        float *keep; /* where b's lines go; NULL: nobody needs them */
        int64_t depth;
        float *y;
        int64_t ldy;
        __mmask16 low, high; /* which columns there are */
        bool sum;            /* begins with what y holds */
        const char *ahead;   /* what is fetched meanwhile of the lines that come next */
        int64_t ld_ahead;    /* bytes from line to line of them; 0: nothing */
        uint64_t step;       /* how many for each line of b, in 1/ONE */
} Tile;

/* Which of 16 columns there are, when n are left. */
static inline __mmask16 lanes_mask(int64_t n)
{
        return (__mmask16)((1U << MAX(MIN(n, (int64_t)LANES), (int64_t)0)) - 1);
}

/* Sums that begin with what is there, not end with it, are the same however k is cut. */
PART void begin(const int rows, const int vectors, const Tile *t, V sum[ROWS_MAX][2])
{
        const __mmask16 mask[2] = { t->low, t->high };
        const float *y = t->y;
        int64_t ldy = t->ldy;
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++)
                for (int i = 0; i < vectors; i++)
                        sum[r][i] = (V)_mm512_maskz_loadu_ps(mask[i], y + r * ldy + i * LANES);
}

PART void finish(const int rows, const int vectors, const Tile *t, V sum[ROWS_MAX][2])
{
        const __mmask16 mask[2] = { t->low, t->high };
        float *y = t->y;
        int64_t ldy = t->ldy;
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++)
                for (int i = 0; i < vectors; i++)
                        _mm512_mask_storeu_ps(y + r * ldy + i * LANES, mask[i], (__m512)sum[r][i]);
}

PART void line_in_place(const int vectors, const Tile *t, const float *b, int64_t c, V *ret_low,
                        V *ret_high)
{
        *ret_low = (V)_mm512_maskz_loadu_ps(t->low, b);
        if (vectors > 1)
                *ret_high = (V)_mm512_maskz_loadu_ps(t->high, b + LANES);
        __builtin_prefetch(b + LINES_AHEAD * t->ldb);
        __builtin_prefetch(b + LINES_AHEAD * t->ldb + LANES);
        if (t->keep) {
                *(V *)(t->keep + c * PANEL) = *ret_low;
                *(V *)(t->keep + c * PANEL + LANES) = *ret_high;
        }
}

/* Where a tile finds the lines of b. */
typedef enum Place {
        IN_PLACE, /* as they came */
        IN_PANEL, /* in order */
} Place;

/* Lines of a are reached from every third one: there are fewer registers for addresses than lines.
 */
enum { THIRDS = (ROWS_MAX + 2) / 3 };

PART void add_line(const int rows, const int vectors, const char *const *at, int64_t lda, V u0,
                   V u1, V sum[ROWS_MAX][2])
{
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
                V x = *(const float *)(at[r / 3] + r % 3 * lda) - (V){ 0 }; /* all of them */
                sum[r][0] += x * u0;
                if (vectors > 1)
                        sum[r][1] += x * u1;
        }
}

/* rows, vectors and place are constants wherever this is inlined. */
PART void tile(const int rows, const int vectors, const Place place, const Tile *t)
{
        V sum[ROWS_MAX][2] = { 0 };
        const char *at[THIRDS];
        const float *b = t->b;
        int64_t lda = t->lda * (int64_t)sizeof(float), ldb = place == IN_PLACE ? t->ldb : PANEL;
        uint64_t line = 0, step = t->step, ld_ahead = (uint64_t)t->ld_ahead;
#pragma GCC unroll 5
        for (int i = 0; i < THIRDS; i++)
                at[i] = (const char *)t->a + 3 * i * lda;
        if (t->sum)
                begin(rows, vectors, t, sum);
        for (int64_t c = 0; c < t->depth; c++, b += ldb) {
                V u0, u1 = { 0 };
                if (place == IN_PLACE)
                        line_in_place(vectors, t, b, c, &u0, &u1);
                else
                        lanes_line(false, (const char *)b, &u0, &u1);
                const char *ahead = t->ahead + line / ONE * ld_ahead;
                __builtin_prefetch(ahead, 0, 2);
                __builtin_prefetch(ahead + 64, 0, 2);
                line += step;
                add_line(rows, vectors, at, lda, u0, u1, sum);
#pragma GCC unroll 5
                for (int i = 0; i < THIRDS; i++)
                        at[i] += sizeof(float);
        }
        finish(rows, vectors, t, sum);
}

#define KERNEL(name, vectors, place)                      \
        WIDE static void name(int rows, const Tile *t)    \
        {                                                 \
                LANES_ROWS(rows, tile, vectors, place, t) \
        }
KERNEL(wide_in_place, 2, IN_PLACE)
KERNEL(wide_in_panel, 2, IN_PANEL)
KERNEL(half_in_place, 1, IN_PLACE)
KERNEL(half_in_panel, 1, IN_PANEL)

static void (*const kernels[2][IN_PANEL + 1])(int rows, const Tile *t) = {
        { wide_in_place, wide_in_panel },
        { half_in_place, half_in_panel },
};

typedef struct Job {
        const Sgemm *g;
        int64_t from, to; /* of k */
        bool copy;        /* rows of a are copied */
        int64_t chunk;    /* lines of a panel that are multiplied by all rows in turn */
        float *panel, *lines;
        int64_t line; /* from line to line of copied ones */
        size_t bytes; /* of panel and lines */
} Job;

/* Rows [first, end) of a, from column j->from on. */
typedef struct Rows {
        int64_t first, end;
        const float *a;
        int64_t lda;
} Rows;

/* Lines [from, to) of the panel of b that begins with column col. */
typedef struct Part {
        int64_t col, from, to;
} Part;

static Part part_of(const Job *j, int64_t col, int64_t from)
{
        return (Part){ col, from, MIN(from + j->chunk, j->to) };
}

static Part next_part(const Job *j, const Part *p)
{
        return p->to < j->to ? part_of(j, p->col, p->to) : part_of(j, p->col + PANEL, j->from);
}

/* Where its lines are: as they came, or packed. */
static const float *part_at(const Job *j, const Part *p)
{
        const Sgemm *g = j->g;
        return g->packed ? g->packed + p->col * g->k + p->from * PANEL
                         : g->b + p->from * g->ldb + p->col;
}

/* Which share of the next part tile i of so many fetches while it is computed. */
static void look_ahead(const Job *j, const Part *p, int64_t i, int64_t tiles, Tile *t)
{
        const Sgemm *g = j->g;
        Part next = next_part(j, p);
        t->ahead = (const char *)t->b;
        if (next.col >= g->n || (g->trans_b && !g->packed))
                return;
        int64_t ld = g->packed ? PANEL : g->ldb;
        t->ahead = (const char *)(part_at(j, &next) + (next.to - next.from) * i / tiles * ld);
        t->ld_ahead = ld * (int64_t)sizeof(float);
        t->step = ONE / (uint64_t)tiles;
}

/* In as few tiles as possible of nearly the same size. */
static void run_part(const Job *j, const Rows *r, const Part *p)
{
        const Sgemm *g = j->g;
        int64_t n = MIN(g->n - p->col, (int64_t)PANEL), rows = r->end - r->first;
        int64_t tiles = (rows + ROWS_MAX - 1) / ROWS_MAX;
        Place place = g->packed || g->trans_b ? IN_PANEL : IN_PLACE;
        Tile t = { .lda = r->lda,
                   .b = part_at(j, p),
                   .ldb = g->ldb,
                   .keep = tiles > 1 ? j->panel : NULL,
                   .depth = p->to - p->from,
                   .ldy = g->ldc,
                   .low = lanes_mask(n),
                   .high = lanes_mask(n - LANES),
                   .sum = p->from || g->beta != 0 };
        if (g->trans_b && !g->packed) {
                lanes_turn(g->b + p->col * g->ldb + p->from, g->ldb, n, t.depth, j->panel, PANEL);
                t.b = j->panel;
        }
        for (int64_t i = 0; i < tiles; i++) {
                int64_t from = rows * i / tiles, to = rows * (i + 1) / tiles;
                t.a = r->a + from * r->lda + p->from - j->from;
                t.y = g->c + (r->first + from) * g->ldc + p->col;
                look_ahead(j, p, i, tiles, &t);
                kernels[n <= LANES][place]((int)(to - from), &t);
                if (place == IN_PLACE) {
                        t.b = j->panel;
                        place = IN_PANEL;
                }
        }
}

static void run_rows(const Job *j, int64_t first, int64_t end)
{
        const Sgemm *g = j->g;
        Rows r = { first, end, NULL, g->lda };
        r.a = g->a + (g->trans_a ? j->from * g->lda + first : first * g->lda + j->from);
        if (g->trans_a)
                lanes_turn(r.a, g->lda, j->to - j->from, end - first, j->lines, j->line);
        else
                for (int64_t i = 0; j->copy && i < end - first; i++)
                        memcpy(j->lines + i * j->line, r.a + i * g->lda,
                               (size_t)(j->to - j->from) * sizeof *r.a);
        if (j->copy) {
                r.a = j->lines;
                r.lda = j->line;
        }
        for (Part p = part_of(j, 0, j->from); p.col < g->n; p = next_part(j, &p))
                run_part(j, &r, &p);
}

/* The size of equal shares of at most so many, a multiple of `step` each. */
static int64_t share(int64_t all, int64_t most, int64_t step)
{
        int64_t parts = (all + most - 1) / most, each = (all + parts - 1) / parts;
        return (each + step - 1) / step * step;
}

bool sgemm_lanes_copies(const Sgemm *g)
{
        return g->trans_a || g->lda * (int64_t)sizeof(float) % SAME == 0;
}

bool sgemm_lanes(const Sgemm *g)
{
        int64_t depth = share(g->k, DEPTH_MAX, LANES), line = depth + LANES;
        int64_t most = MAX(NEAR_BYTES / (int64_t)sizeof(float) / depth, (int64_t)2 * ROWS_MAX);
        int64_t rows = share(g->m, most, ROWS_MAX);
        Job j = { .g = g,
                  .line = line,
                  .chunk = g->packed ? depth : share(depth, CHUNK_MAX, LANES) };
        bool worth = g->trans_a || (rows >= ROWS_MAX && g->n >= 4 * PANEL);
        j.copy = worth && sgemm_lanes_copies(g);
        j.bytes = (size_t)((g->packed ? 0 : j.chunk * PANEL) + (j.copy ? rows * line : 0)) *
                  sizeof(float);
        float *lines = j.bytes ? block_alloc(j.bytes) : NULL;
        if (j.bytes && !lines)
                return false;
        j.panel = lines + (j.copy ? rows * line : 0);
        j.lines = lines;
        for (; j.from < g->k; j.from = j.to) {
                j.to = MIN(j.from + depth, g->k);
                for (int64_t i = 0; i < g->m; i += rows)
                        run_rows(&j, i, MIN(i + rows, g->m));
        }
        block_free(lines, j.bytes);
        return true;
}

/* ---- a single row ---- */

/* Panels that are read side by side: as many sums as keep the processor busy, each of which has to
 * wait for the one before. */
enum { TOGETHER = 4 };

/* The columns from col on; panels is a constant wherever this is inlined. */
PART void row_tile(const int panels, const Sgemm *g, int64_t col)
{
        const float *b = g->packed + col * g->k, *a = g->a;
        int64_t n = MIN(g->n - col, (int64_t)panels * PANEL), apart = g->k * PANEL;
        V sum[2 * TOGETHER] = { 0 };
        for (int i = 0; i < 2 * panels && g->beta != 0; i++)
                sum[i] =
                        (V)_mm512_maskz_loadu_ps(lanes_mask(n - i * LANES), g->c + col + i * LANES);
        for (int64_t k = 0; k < g->k; k++, b += PANEL) {
                V x = a[k] - (V){ 0 }; /* all of them */
#pragma GCC unroll 4
                for (int i = 0; i < panels; i++) {
                        V u0, u1;
                        lanes_line(false, (const char *)(b + i * apart), &u0, &u1);
                        sum[2 * i] += x * u0;
                        sum[2 * i + 1] += x * u1;
                }
        }
        for (int i = 0; i < 2 * panels; i++)
                _mm512_mask_storeu_ps(g->c + col + i * LANES, lanes_mask(n - i * LANES),
                                      (__m512)sum[i]);
}

WIDE void sgemm_row(const Sgemm *g)
{
        int64_t col = 0;
        for (; col + (TOGETHER - 1) * PANEL < g->n; col += TOGETHER * PANEL)
                row_tile(TOGETHER, g, col);
        for (; col < g->n; col += PANEL)
                row_tile(1, g, col);
}

bool sgemm_lanes_usable(const Sgemm *g)
{
        return g->m * g->n >= (LEAST + g->k - 1) / g->k && lanes_usable();
}

int64_t sgemm_pack_bytes(int64_t k, int64_t n)
{
        return (int64_t)panels_bytes(k, n, false);
}

void sgemm_pack(const float *b, bool trans, int64_t k, int64_t n, float *to)
{
        if (!trans)
                panels_pack(&(PanelsSource){ .f = b, .depth = k, .width = n }, 0, k, 0,
                            (n + PANEL - 1) / PANEL, to);
        for (int64_t i = 0; trans && i < n; i += PANEL)
                lanes_turn(b + i * k, k, MIN(n - i, (int64_t)PANEL), k, to + i * k, PANEL);
}
