// SPDX-License-Identifier: Apache-2.0
/* LSTMBlockCellGrad, BlockLSTMGrad: the equations of lstm_block_cell.c, backwards. Clipping and the
 * forget bias do not enter. The gates lie as i, c, f, o; in BlockLSTMGradV2 as i, f, c, o. */
#include "engine/kernels/nn/rnn.h"

/* Inputs of one step, all [batch, cell] but the peephole weights [cell]. */
typedef struct Step {
        int64_t batch, cell;
        bool v2, peephole;
        const float *cs_prev, *wci, *wcf, *wco, *i, *cs, *f, *o, *ci, *co;
} Step;

/* The gates' gradients [batch, 4 cell] and that of cs_prev from those of cs and h. The peepholes'
 * are added to wci, wcf and wco. */
static void step_back(const Step *s, const float *cs_grad, const float *h_grad, float *gates,
                      float *cs_prev_grad, float *wci, float *wcf, float *wco)
{
        int64_t n = s->cell, c_at = s->v2 ? 2 * n : n, f_at = s->v2 ? n : 2 * n;
        for (int64_t at = 0; at < s->batch * n; at++) {
                int64_t k = at % n;
                float *g = gates + at / n * 4 * n + k;
                float i = s->i[at], f = s->f[at], o = s->o[at], ci = s->ci[at], co = s->co[at];
                float d_o = o * (1 - o) * h_grad[at] * co;
                float d_cs = (1 - co * co) * h_grad[at] * o + cs_grad[at];
                if (s->peephole)
                        d_cs += d_o * s->wco[k];
                float d_i = i * (1 - i) * d_cs * ci, d_f = f * (1 - f) * d_cs * s->cs_prev[at];
                g[0] = d_i;
                g[c_at] = (1 - ci * ci) * d_cs * i;
                g[f_at] = d_f;
                g[3 * n] = d_o;
                cs_prev_grad[at] = d_cs * f;
                if (!s->peephole)
                        continue;
                wci[k] += d_i * s->cs_prev[at];
                wcf[k] += d_f * s->cs_prev[at];
                wco[k] += d_o * s->cs[at];
                cs_prev_grad[at] += d_i * s->wci[k] + d_f * s->wcf[k];
        }
}

static void zero(Tensor *t)
{
        memset(tensor_fill(t), 0, tensor_bytes(t));
}

/* Inputs at `first` are x, cs_prev, h_prev, w, wci, wcf, wco, b; then, of each cell, i, cs, f, o,
 * ci, co, of a sequence h, and the gradients. */
static Status *check(ShapeCtx *c, int first)
{
        static const char *const of_cell[] = {
                "i", "cs", "f", "o", "ci", "co", "cs_grad", "h_grad"
        };
        static const char *const of_steps[] = { "i",  "cs", "f",       "o",     "ci",
                                                "co", "h",  "cs_grad", "h_grad" };
        const Shape *x = shape_in(c, first);
        TRY(rnn_want_lstm(c, first, first ? RNN_BLOCK_GRAD : RNN_CELL));
        RnnSize time = { "timelen", rnn_dim(x, 0) }, batch = { "batch_size", rnn_dim(x, !!first) };
        RnnSize cell = { "cell_size", rnn_dim(shape_in(c, first + 1), 1) };
        const char *const *names = first ? of_steps : of_cell;
        int n = first ? COUNTOF(of_steps) : COUNTOF(of_cell);
        for (int k = 0; k < n; k++) {
                int i = first + 8 + k;
                const char *name = names[k];
                const char *dims = strstr(name, "_grad") ? "_tensor.dims" : ".dim_size";
                if (first)
                        TRY(RNN_WANT(c, i, RNN_GATE, name, dims, { time, batch, cell }));
                else
                        TRY(RNN_WANT(c, i, RNN_CELL, name, dims, { batch, cell }));
        }
        return NULL;
}

/* The first eight inputs are shared by all steps, the others move on with the step. */
static Step step_at(const OpCtx *c, int first, int64_t at)
{
        const float *v[14];
        for (int i = 0; i < 14; i++)
                v[i] = (const float *)tensor_data(ctx_input(c, first + i)) + (i < 8 ? 0 : at);
        return (Step){ .batch = tensor_dim(ctx_input(c, first), first),
                       .cell = tensor_dim(ctx_input(c, first + 1), 1),
                       .v2 = strstr(ctx_node(c)->def->op, "V2"),
                       .peephole = node_bool(ctx_node(c), "use_peephole", false),
                       .cs_prev = v[1],
                       .wci = v[4],
                       .wcf = v[5],
                       .wco = v[6],
                       .i = v[8],
                       .cs = v[9],
                       .f = v[10],
                       .o = v[11],
                       .ci = v[12],
                       .co = v[13] };
}

/* ---- one cell ---- */

static Status *cell_shape(ShapeCtx *c)
{
        TRY(check(c, 0));
        int64_t batch = rnn_dim(shape_in(c, 1), 0), cell = rnn_dim(shape_in(c, 1), 1);
        c->out[0] = SHAPE(batch, cell);
        c->out[1] = SHAPE(batch, cell < 0 ? -1 : 4 * cell);
        for (int i = 2; i < 5; i++)
                c->out[i] = SHAPE(cell);
        return NULL;
}

static Status *cell(OpCtx *c)
{
        Step s = step_at(c, 0, 0);
        for (int i = 2; i < 5; i++)
                zero(ctx_output(c, i));
        step_back(&s, tensor_data(ctx_input(c, 14)), tensor_data(ctx_input(c, 15)),
                  tensor_fill(ctx_output(c, 1)), tensor_fill(ctx_output(c, 0)),
                  tensor_fill(ctx_output(c, 2)), tensor_fill(ctx_output(c, 3)),
                  tensor_fill(ctx_output(c, 4)));
        return NULL;
}

/* ---- a sequence ---- */

static Status *block_shape(ShapeCtx *c)
{
        TRY(rnn_want_scalar(c));
        TRY(check(c, 1));
        for (int i = 0; i < 8; i++) /* like x, cs_prev, h_prev, w, wci, wcf, wco and b */
                c->out[i] = *shape_in(c, i + 1);
        return NULL;
}

/* w[n, cols] += a[rows, n]' g[rows, cols] */
static void add_transposed(OpCtx *c, const float *a, int64_t rows, int64_t n, const float *g,
                           int64_t cols, float *w)
{
        rnn_product(c, (Sgemm){ .m = n,
                                .n = cols,
                                .k = rows,
                                .trans_a = true,
                                .a = a,
                                .b = g,
                                .c = w,
                                .lda = n,
                                .ldb = cols,
                                .ldc = cols,
                                .beta = 1 });
}

/* What goes from a step to the one before, and the gates' gradients. */
typedef struct Carry {
        float *cs, *h, *cs_sum, *h_sum, *gates;
} Carry;

/* Step t, whose gradients of cs and h are added to what comes from the step behind. */
static void block_step(OpCtx *c, int64_t t, const Carry *v)
{
        const Tensor *x = ctx_input(c, 1);
        int64_t batch = tensor_dim(x, 1), in = tensor_dim(x, 2);
        Step s = step_at(c, 1, 0);
        int64_t n = s.cell, size = batch * n, at = t * size;
        s = step_at(c, 1, at);
        const float *h_prev = tensor_data(ctx_input(c, 3)), *w = tensor_data(ctx_input(c, 4));
        const float *cs_grad = tensor_data(ctx_input(c, 16)),
                    *h_grad = tensor_data(ctx_input(c, 17));
        if (t > 0) {
                s.cs_prev = (const float *)tensor_data(ctx_input(c, 10)) + at - size;
                h_prev = (const float *)tensor_data(ctx_input(c, 15)) + at - size;
        }
        for (int64_t i = 0; i < size; i++) {
                v->cs_sum[i] = cs_grad[at + i] + v->cs[i];
                v->h_sum[i] = h_grad[at + i] + v->h[i];
        }
        step_back(&s, v->cs_sum, v->h_sum, v->gates, v->cs, tensor_fill(ctx_output(c, 4)),
                  tensor_fill(ctx_output(c, 5)), tensor_fill(ctx_output(c, 6)));
        float *w_grad = tensor_fill(ctx_output(c, 3)), *b_grad = tensor_fill(ctx_output(c, 7));
        rnn_back(c, v->gates, batch, 4 * n, w, in, 0,
                 (float *)tensor_fill(ctx_output(c, 0)) + t * batch * in);
        rnn_back(c, v->gates, batch, 4 * n, w + in * 4 * n, n, 0, v->h);
        add_transposed(c, (const float *)tensor_data(x) + t * batch * in, batch, in, v->gates,
                       4 * n, w_grad);
        add_transposed(c, h_prev, batch, n, v->gates, 4 * n, w_grad + in * 4 * n);
        for (int64_t i = 0; i < 4 * size; i++)
                b_grad[i % (4 * n)] += v->gates[i];
}

/* Backwards from the last step that ran; later ones have gradient 0. */
static Status *block(OpCtx *c)
{
        int64_t time = tensor_dim(ctx_input(c, 1), 0), steps = tensor_int(ctx_input(c, 0), 0);
        int64_t size = tensor_count(ctx_input(c, 2));
        if (steps < 0 || steps > time)
                return invalid_argument("seq_len_max must be between 0 and %lld but is %lld",
                                        (long long)time, (long long)steps);
        float *scratch = ctx_scratch(c, (size_t)size * 6 * sizeof *scratch);
        if (!scratch)
                return status_oom();
        for (int i = 0; i < 8; i++)
                zero(ctx_output(c, i));
        Carry v = { .cs = tensor_fill(ctx_output(c, 1)),
                    .h = tensor_fill(ctx_output(c, 2)),
                    .cs_sum = scratch,
                    .h_sum = scratch + size,
                    .gates = scratch + 2 * size };
        for (int64_t t = steps - 1; t >= 0 && size; t--) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                block_step(c, t, &v);
        }
        return NULL;
}

OP(LSTMBlockCellGrad,
   .inputs = "x:T; cs_prev:T; h_prev:T; w:T; wci:T; wcf:T; wco:T; b:T; i:T; cs:T; f:T; o:T; "
             "ci:T; co:T; cs_grad:T; h_grad:T",
   .outputs = "cs_prev_grad:T; dicfo:T; wci_grad:T; wcf_grad:T; wco_grad:T",
   .attrs = "use_peephole:bool; T:type in [half,float]", .kernels = "T:type in [float]",
   .shape = cell_shape, .compute = cell);
OP(BlockLSTMGrad,
   .inputs = "seq_len_max:int64; x:T; cs_prev:T; h_prev:T; w:T; wci:T; wcf:T; wco:T; b:T; i:T; "
             "cs:T; f:T; o:T; ci:T; co:T; h:T; cs_grad:T; h_grad:T",
   .outputs = "x_grad:T; cs_prev_grad:T; h_prev_grad:T; w_grad:T; wci_grad:T; wcf_grad:T; "
              "wco_grad:T; b_grad:T",
   .attrs = "use_peephole:bool; T:type in [half,float]", .kernels = "T:type in [float]",
   .shape = block_shape, .compute = block, .costly = true);
OP(BlockLSTMGradV2,
   .inputs = "seq_len_max:int64; x:T; cs_prev:T; h_prev:T; w:T; wci:T; wcf:T; wco:T; b:T; i:T; "
             "cs:T; f:T; o:T; ci:T; co:T; h:T; cs_grad:T; h_grad:T",
   .outputs = "x_grad:T; cs_prev_grad:T; h_prev_grad:T; w_grad:T; wci_grad:T; wcf_grad:T; "
              "wco_grad:T; b_grad:T",
   .attrs = "use_peephole:bool; T:type in [half,float]", .kernels = "T:type in [float]",
   .shape = block_shape, .compute = block, .costly = true);
