// SPDX-License-Identifier: Apache-2.0
/* GRUBlockCell: one step of a gated recurrent unit (Cho et al. 2014); and its gradient.
 *     [r, u] = sigmoid([x, h_prev] w_ru + b_ru)
 *     c = tanh([x, h_prev * r] w_c + b_c),  h = u * h_prev + (1 - u) * c */
#include "engine/kernels/nn/rnn.h"
#include "engine/ops/pattern.h"

static Status *gru_shape(ShapeCtx *c)
{
        TRY(rnn_want_rank(c, 0, RNN_GRU, "x", 2));
        TRY(rnn_want_rank(c, 1, RNN_GRU, "h_prev", 2));
        int64_t in = rnn_dim(shape_in(c, 0), 1);
        RnnSize batch = { "batch_size", rnn_dim(shape_in(c, 0), 0) };
        RnnSize cell = { "cell_size", rnn_dim(shape_in(c, 1), 1) };
        RnnSize both = { "input_size + cell_size", rnn_plus(in, cell.size) };
        RnnSize two = { "cell_size * 2", rnn_times(2, cell.size) };
        TRY(rnn_want_small(in, cell.size));
        TRY(RNN_WANT(c, 1, RNN_GRU, "h_prev", ".dims", { batch, cell }));
        TRY(RNN_WANT(c, 2, RNN_GRU, "w_ru", ".dim_size", { both, two }));
        TRY(RNN_WANT(c, 3, RNN_GRU, "w_c", ".dim_size", { both, cell }));
        TRY(RNN_WANT(c, 4, RNN_GRU, "b_ru", ".dim_size", { two }));
        TRY(RNN_WANT(c, 5, RNN_GRU, "b_c", ".dim_size", { cell }));
        for (int i = 0; i < 4; i++)
                c->out[i] = SHAPE(batch.size, cell.size);
        return NULL;
}

HOT static void reset(const float *h_prev, const float *r, float *h, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                h[i] = h_prev[i] * r[i];
}

HOT static void update(const float *u, const float *h_prev, const float *cand, float *h, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                h[i] = u[i] * h_prev[i] + (1 - u[i]) * cand[i];
}

typedef struct Gru {
        int64_t batch, cell;
        const float *h_prev, *w_ru, *w_c; /* the weights' lines for h_prev */
        const float *b_ru, *b_c;
        float *ru;            /* scratch: the part of x, [batch, 2 cell] */
        float *reset;         /* scratch: h_prev * r, which all threads read while h is made */
        RnnGates first, last; /* the layers */
        float *r, *u, *c, *h; /* results, [batch, cell]; c begins with the part of x */
} Gru;

static void reset_units(void *arg, int64_t row, int64_t from, int64_t to)
{
        const Gru *v = arg;
        int64_t at = row * v->cell + from;
        reset(v->h_prev + at, v->r + at, v->reset + at, to - from);
}

static void update_units(void *arg, int64_t row, int64_t from, int64_t to)
{
        const Gru *v = arg;
        int64_t at = row * v->cell + from;
        update(v->u + at, v->h_prev + at, v->c + at, v->h + at, to - from);
}

static void gru_step(OpCtx *c, Gru *v)
{
        v->first.arg = v->last.arg = v;
        rnn_gates(c, &v->first);
        rnn_gates(c, &v->last);
}

/* v's two layers from what else it has. */
static void gru_layers(const OpCtx *c, Gru *v)
{
        int64_t n = v->cell;
        v->first = (RnnGates){ .a = v->h_prev,
                               .w = v->w_ru,
                               .b = v->b_ru,
                               .sums = v->ru,
                               .packed = rnn_kept(c, 0, v->batch, v->w_ru),
                               .rows = v->batch,
                               .n = n,
                               .units = n,
                               .count = 2,
                               .gate = { { .to = v->r, .line = n }, { .to = v->u, .line = n } },
                               .end = reset_units };
        v->last = (RnnGates){ .a = v->reset,
                              .w = v->w_c,
                              .b = v->b_c,
                              .sums = v->c,
                              .packed = rnn_kept(c, 1, v->batch, v->w_c),
                              .rows = v->batch,
                              .n = n,
                              .units = n,
                              .count = 1,
                              .gate = { { .tanh = true, .to = v->c, .line = n } },
                              .end = update_units };
}

/* Inputs h_prev, w_ru, w_c, b_ru and b_c by their numbers; size: of x. Outputs are there. */
static Status *gru_begin(OpCtx *c, const int at[5], int64_t size, Gru *ret)
{
        const Tensor *h_prev = ctx_input(c, at[0]);
        int64_t n = tensor_dim(h_prev, 1);
        Gru v = { .batch = tensor_dim(h_prev, 0),
                  .cell = n,
                  .h_prev = tensor_data(h_prev),
                  .w_ru = (const float *)tensor_data(ctx_input(c, at[1])) + size * 2 * n,
                  .w_c = (const float *)tensor_data(ctx_input(c, at[2])) + size * n,
                  .b_ru = tensor_data(ctx_input(c, at[3])),
                  .b_c = tensor_data(ctx_input(c, at[4])),
                  .r = tensor_fill(ctx_output(c, 0)),
                  .u = tensor_fill(ctx_output(c, 1)),
                  .c = tensor_fill(ctx_output(c, 2)),
                  .h = tensor_fill(ctx_output(c, 3)) };
        v.ru = ctx_scratch(c, (size_t)(3 * v.batch * n) * sizeof *v.ru);
        if (!v.ru)
                return status_oom();
        v.reset = v.ru + 2 * v.batch * n;
        gru_layers(c, &v);
        *ret = v;
        return NULL;
}

/* w_ru and w_c are read in two parts, for x and h_prev, so that these need not be joined. */
static Status *gru(OpCtx *c)
{
        static const int at[] = { 1, 2, 3, 4, 5 };
        const float *x = tensor_data(ctx_input(c, 0));
        int64_t size = tensor_dim(ctx_input(c, 0), 1);
        Gru v;
        TRY(gru_begin(c, at, size, &v));
        rnn_layer(c, x, v.batch, size, tensor_data(ctx_input(c, 2)), 2 * v.cell, 0, v.ru);
        rnn_layer(c, x, v.batch, size, tensor_data(ctx_input(c, 3)), v.cell, 0, v.c);
        gru_step(c, &v);
        return NULL;
}

static Status *gru_prepare(PrepareCtx *p)
{
        TRY(rnn_keep(p, 0, 2, 2));
        return rnn_keep(p, 1, 3, 1);
}

OP(GRUBlockCell, .inputs = "x:T; h_prev:T; w_ru:T; w_c:T; b_ru:T; b_c:T",
   .outputs = "r:T; u:T; c:T; h:T", .attrs = "T:type in [float]", .shape = gru_shape,
   .prepare = gru_prepare, .compute = gru);

/* ---- a cell in a loop, with the read of its input: see rnn_input.c ---- */

static bool read_fits(const OpCtx *c, const RnnInput *x, const int at[5])
{
        const Tensor *h = ctx_input(c, at[0]);
        if (tensor_rank(h) != 2)
                return false;
        int64_t n = tensor_dim(h, 1), limit = INT32_MAX / 8;
        return n > 0 && n < limit && x->size < limit && rnn_is(h, SHAPE(x->rows, n)) &&
               rnn_is(ctx_input(c, at[1]), SHAPE(x->size + n, 2 * n)) &&
               rnn_is(ctx_input(c, at[2]), SHAPE(x->size + n, n)) &&
               rnn_is(ctx_input(c, at[3]), SHAPE(2 * n)) && rnn_is(ctx_input(c, at[4]), SHAPE(n));
}

static Status *read_run(OpCtx *c, RnnInput *x, const int at[5])
{
        const char *key = (const char *)ctx_node(c);
        int64_t n = tensor_dim(ctx_input(c, at[0]), 1);
        Tensor *t;
        Gru v;
        for (int i = 0; i < 4; i++)
                TRY(ctx_alloc(c, i, &SHAPE(x->rows, n), &t));
        TRY(gru_begin(c, at, x->size, &v));
        TRY(rnn_input_product(c, x, 0, key, c->in[at[1]], &v.first));
        TRY(rnn_input_product(c, x, 1, key + 1, c->in[at[2]], &v.last));
        TRY(rnn_input_read(x));
        gru_step(c, &v);
        return NULL;
}

static Status *read_and_cell(OpCtx *c, bool *ret_done)
{
        return rnn_read_and_cell(c, "hwvbe", read_fits, read_run, ret_done);
}

static Status *read_prepare(PrepareCtx *p)
{
        TRY(rnn_keep(p, 0, pattern_input(p->node, 'w'), 2));
        return rnn_keep(p, 1, pattern_input(p->node, 'v'), 1);
}

PATTERN(gru_block_cell, .steps = { { "TensorArrayReadV3", "rif" }, { "GRUBlockCell", "A0hwvbe" } },
        .prepare = read_prepare, .compute = read_and_cell);

/* ---- the gradient ---- */

static Status *gru_grad_shape(ShapeCtx *c)
{
        static const char *const names[] = { "r", "u", "c", "d_h" };
        TRY(gru_shape(c));
        int64_t batch = rnn_dim(shape_in(c, 0), 0), cell = rnn_dim(shape_in(c, 1), 1);
        for (int i = 0; i < 4; i++)
                TRY(RNN_WANT(c, 6 + i, RNN_GRU, names[i], ".dims",
                             { { "batch_size", batch }, { "cell_size", cell } }));
        c->out[0] = *shape_in(c, 0);
        c->out[1] = c->out[2] = SHAPE(batch, cell);
        c->out[3] = SHAPE(batch, cell < 0 ? -1 : 2 * cell);
        return NULL;
}

static Status *gru_grad(OpCtx *c)
{
        const float *h_prev = tensor_data(ctx_input(c, 1)), *w_ru = tensor_data(ctx_input(c, 2));
        const float *w_c = tensor_data(ctx_input(c, 3)), *r = tensor_data(ctx_input(c, 6));
        const float *u = tensor_data(ctx_input(c, 7)), *cand = tensor_data(ctx_input(c, 8));
        const float *d_h = tensor_data(ctx_input(c, 9));
        float *d_x = tensor_fill(ctx_output(c, 0)), *d_prev = tensor_fill(ctx_output(c, 1));
        float *d_c = tensor_fill(ctx_output(c, 2)), *d_ru = tensor_fill(ctx_output(c, 3));
        int64_t batch = tensor_dim(ctx_input(c, 0), 0), in = tensor_dim(ctx_input(c, 0), 1);
        int64_t cell = tensor_dim(ctx_input(c, 1), 1);
        float *d_hr = ctx_scratch(c, (size_t)(batch * cell) * sizeof *d_hr);
        if (!d_hr)
                return status_oom();
        memset(d_x, 0, (size_t)(batch * in) * sizeof *d_x);
        memset(d_hr, 0, (size_t)(batch * cell) * sizeof *d_hr);
        for (int64_t i = 0; i < batch * cell; i++)
                d_c[i] = d_h[i] * (1 - u[i]) * (1 - cand[i] * cand[i]);
        rnn_back(c, d_c, batch, cell, w_c, in, 1, d_x);
        rnn_back(c, d_c, batch, cell, w_c + in * cell, cell, 1, d_hr); /* of h_prev * r */
        for (int64_t i = 0; i < batch * cell; i++) {
                float *to = d_ru + i / cell * 2 * cell + i % cell;
                to[0] = d_hr[i] * h_prev[i] * r[i] * (1 - r[i]);
                to[cell] = d_h[i] * (h_prev[i] - cand[i]) * u[i] * (1 - u[i]);
                d_prev[i] = d_hr[i] * r[i] + d_h[i] * u[i];
        }
        rnn_back(c, d_ru, batch, 2 * cell, w_ru, in, 1, d_x);
        rnn_back(c, d_ru, batch, 2 * cell, w_ru + in * 2 * cell, cell, 1, d_prev);
        return NULL;
}

OP(GRUBlockCellGrad, .inputs = "x:T; h_prev:T; w_ru:T; w_c:T; b_ru:T; b_c:T; r:T; u:T; c:T; d_h:T",
   .outputs = "d_x:T; d_h_prev:T; d_c_bar:T; d_r_bar_u_bar:T", .attrs = "T:type in [float]",
   .shape = gru_grad_shape, .compute = gru_grad);
