// SPDX-License-Identifier: Apache-2.0
/* Products and activations of the recurrent cells. A product is cut by columns where its
 * rows, the batch, are few, so that each thread reads its own part of the weights; else by rows. */
#include "engine/kernels/nn/rnn.h"

#include "engine/kernels/math/gemm.h"
#include "engine/ops/lanes.h"
#include "engine/ops/sgemm_lanes.h"

/* Multiplications from which on another thread pays, which costs a microsecond while it looks out
 * for work: for one row, which waits for the weights, and for more. */
enum { ROW_GRAIN = 1 << 16, PRODUCT_GRAIN = 1 << 18 };
/* Numbers of a row's end that pay; rows of a step for each thread from which on they are cut, and
 * bytes of weights up to which. */
enum { END_GRAIN = 2048, ROWS_LEAST = 4, WEIGHTS_NEAR = 5 << 18 };

static void columns(void *arg, int64_t from, int64_t to)
{
        const Sgemm *all = arg;
        Sgemm g = *all;
        g.n = to - from;
        g.b += all->trans_b ? from * g.ldb : from;
        g.c += from;
        g.packed = all->packed ? all->packed + from * g.k : NULL;
        sgemm_run(&g);
}

/* Calls fn over the columns of a product: as many pieces as there are threads, if that pays. */
static void share_columns(OpCtx *c, const Sgemm *g, RangeFn fn, void *arg)
{
        int64_t each = g->m * g->k, grain = g->m == 1 ? ROW_GRAIN : PRODUCT_GRAIN;
        int64_t threads = ctx_threads(c), share = (g->n + threads - 1) / threads;
        if (each && threads > 1 && each * g->n >= 2 * grain)
                share = (MAX(share, grain / each) + PANEL - 1) / PANEL * PANEL;
        else
                share = g->n;
        if (share <= g->n / 2)
                ctx_parallel(c, g->n, share, fn, arg);
        else
                fn(arg, 0, g->n);
}

void rnn_product(OpCtx *c, Sgemm g)
{
        share_columns(c, &g, columns, &g);
}

const float *rnn_pack(OpCtx *c, int64_t rows, const float *w, int64_t n, int64_t cols)
{
        float *packed = NULL;
        if (rows > 1 && sgemm_lanes_usable(&(Sgemm){ .m = rows, .n = cols, .k = n }))
                packed = ctx_scratch(c, (size_t)sgemm_pack_bytes(n, cols));
        if (packed)
                sgemm_pack(w, false, n, cols, packed);
        return packed;
}

typedef struct RnnKept {
        KeptMatrix *of[RNN_KEPT_MAX];
} RnnKept;

Status *rnn_keep(PrepareCtx *p, int which, int at, int64_t count)
{
        Tensor *w = p->constant && at >= 0 ? p->constant[at] : NULL;
        int64_t units = w && tensor_rank(w) == 2 ? tensor_dim(w, 1) / count : 0;
        if (!units || units > tensor_dim(w, 0))
                return NULL;
        if (!p->state && !(p->state = arena_calloc(p->arena, 1, sizeof(RnnKept))))
                return status_oom();
        RnnKept *k = p->state;
        return kept_new(p, w, false, tensor_dim(w, 0) - units, &k->of[which]);
}

const float *rnn_kept(const OpCtx *c, int which, int64_t rows, const float *w)
{
        const RnnKept *k = ctx_state(c);
        return k ? kept_lines(k->of[which], rows, w) : NULL;
}

static Sgemm layer(const float *a, int64_t rows, int64_t n, const float *w, int64_t cols,
                   float beta, float *y)
{
        return (Sgemm){ .m = rows,
                        .n = cols,
                        .k = n,
                        .a = a,
                        .b = w,
                        .c = y,
                        .lda = n,
                        .ldb = cols,
                        .ldc = cols,
                        .beta = beta };
}

/* How many panels of units a piece gets; 0: it does not pay to cut the units. Every piece has a
 * size that gets the same kernel; two for each thread let one wait less for the other. A single row
 * reads w faster by long lines, unless it is packed. */
static int64_t unit_panels(const OpCtx *c, const Sgemm *g, int64_t units)
{
        int64_t threads = ctx_threads(c), panels = units / PANEL, each = g->m * g->k * PANEL;
        int64_t share = panels / threads;
        if (threads == 1 || units % PANEL || share * threads != panels)
                return 0;
        if (g->m == 1)
                return g->packed && g->n * g->k >= 2 * ROW_GRAIN ? share : 0;
        if (each * share < PRODUCT_GRAIN)
                return 0;
        return share % 2 == 0 && each * share / 2 >= PRODUCT_GRAIN ? share / 2 : share;
}

static bool lanes_take(int64_t m, int64_t n, int64_t k)
{
        return n && k && sgemm_lanes_usable(&(Sgemm){ .m = m, .n = n, .k = k });
}

/* Are a step's rows cut, where n numbers of each are multiplied by w[n, cols]? Each thread has its
 * own from step to step then, and never waits for a state that another one made; but all of them
 * read all the weights, so those must fit its cache. Every piece gets the same kernel. */
static bool cuts_rows(const OpCtx *c, int64_t rows, int64_t n, int64_t cols)
{
        int64_t each = rows / ctx_threads(c);
        return ctx_threads(c) > 1 && each >= ROWS_LEAST && lanes_take(each, cols, n) &&
               n * cols * (int64_t)sizeof(float) <= WEIGHTS_NEAR;
}

/* The product that is made ahead. */
typedef struct AheadJob {
        Sgemm product; /* of all rows of all steps */
        int64_t units, rows;
        int64_t pieces; /* of the rows, where they are cut */
} AheadJob;

/* These pieces of each step's rows: step by step, or each row in all steps, whichever multiplies
 * more of them at once. */
static void ahead_rows(void *arg, int64_t from, int64_t to)
{
        const AheadJob *j = arg;
        int64_t lo = j->rows * from / j->pieces, n = j->rows * to / j->pieces - lo;
        int64_t steps = j->product.m / j->rows;
        bool by_steps = n > steps;
        int64_t apart = by_steps ? 1 : j->rows, next = by_steps ? j->rows : 1;
        Sgemm g = j->product;
        g.m = MAX(n, steps);
        g.lda *= apart;
        g.ldc *= apart;
        for (int64_t i = 0; i < MIN(n, steps); i++) {
                g.a = j->product.a + (lo + i * next) * j->product.lda;
                g.c = j->product.c + (lo + i * next) * j->product.ldc;
                sgemm_run(&g);
        }
}

static void unit_columns(void *arg, int64_t from, int64_t to)
{
        const AheadJob *j = arg;
        for (int64_t k = 0; k < j->product.n; k += j->units)
                columns((void *)&j->product, k + from * PANEL, k + to * PANEL);
}

void rnn_ahead(OpCtx *c, const float *a, int64_t steps, int64_t rows, int64_t n, const float *w,
               int64_t count, int64_t units, float *y)
{
        AheadJob j = { layer(a, steps * rows, n, w, count * units, 0, y), units, rows,
                       ctx_threads(c) };
        int64_t panels = unit_panels(c, &j.product, units);
        if (cuts_rows(c, rows, units, count * units) &&
            lanes_take(MAX(steps, rows / j.pieces), count * units, n))
                ctx_parallel(c, j.pieces, 1, ahead_rows, &j);
        else if (panels)
                ctx_parallel(c, units / PANEL, panels, unit_columns, &j);
        else
                rnn_product(c, j.product);
}

void rnn_layer(OpCtx *c, const float *a, int64_t rows, int64_t n, const float *w, int64_t cols,
               float beta, float *y)
{
        rnn_product(c, layer(a, rows, n, w, cols, beta, y));
}

void rnn_back(OpCtx *c, const float *g, int64_t rows, int64_t cols, const float *w, int64_t n,
              float beta, float *y)
{
        rnn_product(c, (Sgemm){ .m = rows,
                                .n = n,
                                .k = cols,
                                .trans_b = true,
                                .a = g,
                                .b = w,
                                .c = y,
                                .lda = cols,
                                .ldb = cols,
                                .ldc = n,
                                .beta = beta });
}

/* The arrays are one or apart, which the compiler need not check. */
HOT void rnn_sigmoid(const float *x, const float *b, float more, float *y, int64_t n)
{
        SAME_OR_APART
        for (int64_t i = 0; i < n; i++)
                y[i] = 1 / (1 + exp(-(x[i] + b[i] + more)));
}

HOT void rnn_tanh(const float *x, const float *b, float *y, int64_t n)
{
        SAME_OR_APART
        for (int64_t i = 0; i < n; i++)
                y[i] = tanh(x[i] + b[i]);
}

/* A part of a product: of its rows and its columns, which may be of several gates. */
typedef struct Part {
        int64_t row, row_end, col, col_end;
} Part;

static void finish_part(const RnnGates *g, Part p)
{
        int64_t cols = g->count * g->units;
        for (int64_t k = p.col / g->units, lo = p.col, hi; lo < p.col_end && !g->raw;
             k++, lo = hi) {
                const RnnGate *gate = &g->gate[k];
                hi = MIN(p.col_end, (k + 1) * g->units);
                for (int64_t row = p.row; row < p.row_end; row++) {
                        const float *x = g->sums + row * cols + lo;
                        float *y = gate->to + row * gate->line + lo - k * g->units;
                        if (gate->tanh)
                                rnn_tanh(x, g->b + lo, y, hi - lo);
                        else
                                rnn_sigmoid(x, g->b + lo, gate->more, y, hi - lo);
                }
        }
}

typedef struct GatesJob {
        Sgemm product;
        const RnnGates *gates;
        int64_t pieces; /* of rows, where they are cut */
} GatesJob;

/* What sums begin with is brought by the thread that goes on with them. */
static void begin_part(const RnnGates *g, Part p)
{
        int64_t cols = g->count * g->units;
        for (int64_t row = p.row; g->from && row < p.row_end; row++)
                memcpy(g->sums + row * cols + p.col, g->from + row * cols + p.col,
                       (size_t)(p.col_end - p.col) * sizeof *g->sums);
}

static void gate_columns(void *arg, int64_t from, int64_t to)
{
        GatesJob *j = arg;
        Part p = { 0, j->gates->rows, from, to };
        begin_part(j->gates, p);
        columns(&j->product, from, to);
        finish_part(j->gates, p);
}

static void end_rows(void *arg, int64_t from, int64_t to)
{
        const RnnGates *g = arg;
        for (int64_t row = from; row < to; row++)
                g->end(g->arg, row, 0, g->units);
}

/* All that becomes of these pieces of the rows. */
static void gate_rows(void *arg, int64_t from, int64_t to)
{
        GatesJob *j = arg;
        const RnnGates *g = j->gates;
        Part p = { g->rows * from / j->pieces, g->rows * to / j->pieces, 0, g->count * g->units };
        Sgemm product = j->product;
        product.m = p.row_end - p.row;
        product.a += p.row * product.lda;
        product.c += p.row * product.ldc;
        begin_part(g, p);
        sgemm_run(&product);
        finish_part(g, p);
        end_rows((void *)g, p.row, p.row_end);
}

/* All that becomes of units [from, to) panels on. */
static void gate_units(void *arg, int64_t from, int64_t to)
{
        GatesJob *j = arg;
        const RnnGates *g = j->gates;
        from *= PANEL;
        to *= PANEL;
        for (int64_t k = 0; k < g->count; k++)
                gate_columns(j, k * g->units + from, k * g->units + to);
        for (int64_t row = 0; row < g->rows; row++)
                g->end(g->arg, row, from, to);
}

/* The columns of the gates, and when all are there, the step's end. */
static void gates_then_end(OpCtx *c, GatesJob *j)
{
        const RnnGates *g = j->gates;
        share_columns(c, &j->product, gate_columns, j);
        if (g->rows * g->units < 2 * END_GRAIN)
                end_rows((void *)g, 0, g->rows);
        else
                ctx_parallel(c, g->rows, END_GRAIN / g->units + 1, end_rows, (void *)g);
}

/* Where rows are cut, or a unit's columns out of panels, each thread goes on with its own to the
 * end of the step, instead of waiting for the others' gates first. */
void rnn_gates(OpCtx *c, const RnnGates *g)
{
        GatesJob j = { layer(g->a, g->rows, g->n, g->w, g->count * g->units, 1, g->sums), g,
                       ctx_threads(c) };
        j.product.packed = g->packed;
        int64_t panels = unit_panels(c, &j.product, g->units);
        if (cuts_rows(c, g->rows, g->n, j.product.n))
                ctx_parallel(c, j.pieces, 1, gate_rows, &j);
        else if (panels)
                ctx_parallel(c, g->units / PANEL, panels, gate_units, &j);
        else
                gates_then_end(c, &j);
}

/* ---- what shape functions check ---- */

Status *rnn_want_rank(const ShapeCtx *c, int i, RnnWords words, const char *name, int rank)
{
        int is = shape_in(c, i)->rank;
        if (is < 0 || is == rank)
                return NULL;
        switch (words) {
        case RNN_CELL:
                return invalid_argument("%s_tensor must be rank %d but is rank %d.", name, rank,
                                        is);
        case RNN_BLOCK: return invalid_argument("%s must be %dD", name, rank);
        case RNN_BLOCK_GRAD:
                return invalid_argument("%s must be rank %d but is rank %d", name, rank, is);
        case RNN_GATE: return invalid_argument("%s must be rank %d. Received: %d", name, rank, is);
        default: return invalid_argument("Rank of %s must be %d, got %d", name, rank, is);
        }
}

Status *rnn_want(const ShapeCtx *c, int i, const RnnWant *want)
{
        const Shape *s = shape_in(c, i);
        int rank = 0;
        while (rank < RNN_RANK_MAX && want->size[rank].text)
                rank++;
        TRY(rnn_want_rank(c, i, want->words, want->name, rank));
        for (int k = 0; k < s->rank; k++)
                if (s->dim[k] >= 0 && want->size[k].size >= 0 && s->dim[k] != want->size[k].size)
                        return invalid_argument("%s%s(%d) != %s: %lld vs. %lld", want->name,
                                                want->dims, k, want->size[k].text,
                                                (long long)s->dim[k],
                                                (long long)want->size[k].size);
        return NULL;
}

/* The sequence's gradient knows its cell by its weights. */
static Status *want_grad_weights(const ShapeCtx *c, int first)
{
        const Shape *w = shape_in(c, first + 3), *b = shape_in(c, first + 7);
        int64_t in = rnn_dim(shape_in(c, first), 2), rows = rnn_dim(w, 0), cols = rnn_dim(w, 1);
        TRY(rnn_want_rank(c, first + 3, RNN_BLOCK_GRAD, "w", 2));
        if (cols == 0 || (cols > 0 && cols % 4))
                return invalid_argument("w matrix columns must be a positive multiple of 4, but "
                                        "got %lld",
                                        (long long)cols);
        if (in >= 0 && rows >= 0 && cols >= 0 && rows != in + cols / 4)
                return invalid_argument("w matrix rows don't match: %lld vs. %lld",
                                        (long long)(in + cols / 4), (long long)rows);
        TRY(rnn_want_rank(c, first + 7, RNN_BLOCK_GRAD, "b", 1));
        if (cols >= 0 && b->rank == 1 && b->dim[0] >= 0 && b->dim[0] / 4 != cols / 4)
                return invalid_argument("w and b cell_size don't match: %lld vs. %lld",
                                        (long long)(cols / 4), (long long)b->dim[0]);
        return NULL;
}

Status *rnn_want_lstm(const ShapeCtx *c, int first, RnnWords words)
{
        static const char *const peephole[] = { "wci", "wcf", "wco" };
        bool sequence = first;
        TRY(rnn_want_rank(c, first, words, "x", 2 + sequence));
        if (words == RNN_BLOCK_GRAD)
                TRY(want_grad_weights(c, first));
        TRY(rnn_want_rank(c, first + 1, words, "cs_prev", 2));
        int64_t in = rnn_dim(shape_in(c, first), 1 + sequence);
        RnnSize batch = { "batch_size", rnn_dim(shape_in(c, first), sequence) };
        RnnSize cell = { "cell_size", rnn_dim(shape_in(c, first + 1), 1) };
        RnnSize both = { "input_size + cell_size", rnn_plus(in, cell.size) };
        RnnSize four = { "cell_size * 4", rnn_times(4, cell.size) };
        TRY(rnn_want_small(in, cell.size));
        TRY(RNN_WANT(c, first + 1, words, "cs_prev", ".dims", { batch, cell }));
        TRY(RNN_WANT(c, first + 2, words, "h_prev", ".dims", { batch, cell }));
        TRY(RNN_WANT(c, first + 3, words, "w", ".dim_size", { both, four }));
        for (int i = 0; i < 3; i++)
                TRY(RNN_WANT(c, first + 4 + i, words, peephole[i], ".dim_size", { cell }));
        return RNN_WANT(c, first + 7, words, "b", ".dim_size", { four });
}
