// SPDX-License-Identifier: Apache-2.0
/* LSTMBlockCell, and BlockLSTM over a sequence: a long short-term memory with peepholes.
 *     gates = [x, h_prev] w + b
 *     i = sigmoid(gates.i + cs_prev wci), f = sigmoid(gates.f + cs_prev wcf + forget_bias)
 *     ci = tanh(gates.c), cs = clip(ci i + cs_prev f), o = sigmoid(gates.o + cs wco)
 *     co = tanh(cs), h = o co
 * The gates lie as i, c, f, o; in BlockLSTMV2 as i, f, c, o. */
#include "engine/kernels/math/types.h"
#include "engine/kernels/nn/rnn.h"
#include "engine/ops/pattern.h"

enum { OUTPUTS = 7, OUTPUT_H = OUTPUTS - 1 };

/* Rows of x that are multiplied at once, ahead of the steps that need them; steps from which on it
 * pays to pack the weights. */
enum { ROWS_AHEAD = 512, STEPS_PACKED = 8 };

typedef struct Lstm {
        int64_t batch, in, cell;
        const float *w, *wci, *wcf, *wco, *b;
        const float *packed; /* w's lines for h_prev, see RnnGates; NULL: those that are kept */
        float forget_bias, clip;
        bool v2, peephole;
        float *gates; /* scratch: of as many steps as are made ahead, [batch, 4 cell] each */
} Lstm;

/* y += a b */
HOT static void add_products(const float *a, const float *b, float *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] += a[i] * b[i];
}

/* cs = clip(ci i + prev f) */
HOT static void new_state(const float *ci, const float *i, const float *prev, const float *f,
                          float clip, float *cs, int64_t n)
{
        for (int64_t k = 0; k < n; k++)
                cs[k] = ci[k] * i[k] + prev[k] * f[k];
        for (int64_t k = 0; clip > 0 && k < n; k++) {
                float low = cs[k] > -clip ? cs[k] : -clip;
                cs[k] = low < clip ? low : clip;
        }
}

/* co = tanh(cs), h = o co */
HOT static void new_output(const float *cs, const float *o, float *co, float *h, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                co[i] = tanh(cs[i]);
        for (int64_t i = 0; i < n; i++)
                h[i] = o[i] * co[i];
}

typedef struct LstmEnd {
        const Lstm *v;
        const float *prev;
        float *gates;
        float *const *out;
} LstmEnd;

/* Where the gates lie within a row's 4 cell numbers. */
static int64_t candidate_at(const Lstm *v)
{
        return v->v2 ? 2 : 1;
}
static int64_t forget_at(const Lstm *v)
{
        return v->v2 ? 1 : 2;
}

/* Units [from, to) of a row of a step from their gates. Peepholes come between sums and gates. */
static void end_units(void *arg, int64_t row, int64_t from, int64_t to)
{
        const LstmEnd *e = arg;
        const Lstm *v = e->v;
        int64_t cell = v->cell, at = row * cell + from, n = to - from;
        const float *prev = e->prev + at, *b = v->b + from;
        float *g = e->gates + row * 4 * cell + from, *i = e->out[0] + at, *cs = e->out[1] + at,
              *f = e->out[2] + at, *o = e->out[3] + at, *ci = e->out[4] + at, *co = e->out[5] + at;
        int64_t f_at = forget_at(v) * cell, c_at = candidate_at(v) * cell;
        if (v->peephole) {
                add_products(prev, v->wci + from, g, n);
                add_products(prev, v->wcf + from, g + f_at, n);
                rnn_sigmoid(g, b, 0, i, n);
                rnn_sigmoid(g + f_at, b + f_at, v->forget_bias, f, n);
                rnn_tanh(g + c_at, b + c_at, ci, n);
        }
        new_state(ci, i, prev, f, v->clip, cs, n);
        if (v->peephole) {
                add_products(cs, v->wco + from, g + 3 * cell, n);
                rnn_sigmoid(g + 3 * cell, b + 3 * cell, 0, o, n);
        }
        new_output(cs, o, co, e->out[6] + at, n);
}

/* What the gates of a step are. */
static RnnGates gates_of(const OpCtx *c, const Lstm *v, const float *h_prev,
                         float *const out[OUTPUTS])
{
        int64_t n = v->cell;
        const float *w = v->w + v->in * 4 * n;
        RnnGates g = { .a = h_prev,
                       .w = w,
                       .b = v->b,
                       .sums = v->gates,
                       .packed = v->packed ? v->packed : rnn_kept(c, 0, v->batch, w),
                       .rows = v->batch,
                       .n = n,
                       .units = n,
                       .count = 4,
                       .raw = v->peephole,
                       .gate = { { .to = out[0], .line = n }, [3] = { .to = out[3], .line = n } } };
        g.gate[forget_at(v)] = (RnnGate){ .more = v->forget_bias, .to = out[2], .line = n };
        g.gate[candidate_at(v)] = (RnnGate){ .tanh = true, .to = out[4], .line = n };
        return g;
}

/* One step, whose gates' sums have what comes from x; out are the outputs i, cs, f, o, ci, co, h,
 * each [batch, cell]. */
static void lstm_step(OpCtx *c, const Lstm *v, RnnGates *g, const float *cs_prev,
                      float *const out[OUTPUTS])
{
        LstmEnd end = { v, cs_prev, g->sums, out };
        g->end = end_units;
        g->arg = &end;
        rnn_gates(c, g);
}

/* x is input `first`; the rest follows it. */
static Status *shape_from(ShapeCtx *c, int first)
{
        int sequence = first; /* BlockLSTM's x has time in front */
        const Shape *x = shape_in(c, first);
        TRY(rnn_want_lstm(c, first, sequence ? RNN_BLOCK : RNN_CELL));
        int64_t batch = rnn_dim(x, sequence), cell = rnn_dim(shape_in(c, first + 1), 1);
        for (int i = 0; i < OUTPUTS; i++)
                c->out[i] = sequence ? SHAPE(rnn_dim(x, 0), batch, cell) : SHAPE(batch, cell);
        return NULL;
}

/* The inputs of a cell by their names below, and what its attributes say. V2 is known by the
 * attribute that it lacks. */
static Lstm lstm_of(const OpCtx *c, const Node *n, const int at[7])
{
        return (Lstm){ .cell = tensor_dim(ctx_input(c, at[0]), 1),
                       .w = tensor_data(ctx_input(c, at[2])),
                       .wci = tensor_data(ctx_input(c, at[3])),
                       .wcf = tensor_data(ctx_input(c, at[4])),
                       .wco = tensor_data(ctx_input(c, at[5])),
                       .b = tensor_data(ctx_input(c, at[6])),
                       .forget_bias = node_float(n, "forget_bias", 0),
                       .clip = node_float(n, "cell_clip", 0),
                       .v2 = !node_attr(n, "forget_bias"),
                       .peephole = node_bool(n, "use_peephole", false) };
}

/* BlockLSTM has seq_len_max in front, hence first. */
static Status *begin(OpCtx *c, int first, int64_t ahead, Lstm *ret)
{
        const Tensor *x = ctx_input(c, first);
        const int at[] = { first + 1, first + 2, first + 3, first + 4,
                           first + 5, first + 6, first + 7 };
        Lstm v = lstm_of(c, ctx_node(c), at);
        v.batch = tensor_dim(x, first);
        v.in = tensor_dim(x, first + 1);
        v.gates = ctx_scratch(c, (size_t)(ahead * 4 * v.batch * v.cell) * sizeof(float));
        if (!v.gates)
                return status_oom();
        *ret = v;
        return NULL;
}

static Status *cell_shape(ShapeCtx *c)
{
        return shape_from(c, 0);
}

static Status *cell(OpCtx *c)
{
        float *out[OUTPUTS];
        Lstm v;
        TRY(begin(c, 0, 1, &v));
        for (int i = 0; i < OUTPUTS; i++)
                out[i] = tensor_fill(ctx_output(c, i));
        rnn_layer(c, tensor_data(ctx_input(c, 0)), v.batch, v.in, v.w, 4 * v.cell, 0, v.gates);
        RnnGates g = gates_of(c, &v, tensor_data(ctx_input(c, 2)), out);
        lstm_step(c, &v, &g, tensor_data(ctx_input(c, 1)), out);
        return NULL;
}

static Status *cell_prepare(PrepareCtx *p)
{
        return rnn_keep(p, 0, 3, 4);
}

/* ---- a cell in a loop, with the read of its input: see rnn_input.c ---- */

static bool read_fits(const OpCtx *c, const RnnInput *x, const int at[7])
{
        const Tensor *cs = ctx_input(c, at[0]);
        if (tensor_rank(cs) != 2)
                return false;
        int64_t n = tensor_dim(cs, 1), limit = INT32_MAX / 8;
        bool fits = n > 0 && n < limit && x->size < limit && rnn_is(cs, SHAPE(x->rows, n)) &&
                    rnn_is(ctx_input(c, at[1]), SHAPE(x->rows, n)) &&
                    rnn_is(ctx_input(c, at[2]), SHAPE(x->size + n, 4 * n)) &&
                    rnn_is(ctx_input(c, at[6]), SHAPE(4 * n));
        for (int i = 3; i < 6; i++)
                fits &= rnn_is(ctx_input(c, at[i]), SHAPE(n));
        return fits;
}

/* The outputs, of which a loop takes h and cs alone, mostly: the others lie in `spare` then, which
 * has room for all, and h is in their place. */
static Status *read_outputs(OpCtx *c, const Lstm *v, float *spare, float *out[OUTPUTS])
{
        Tensor *h, *t;
        TRY(ctx_alloc(c, OUTPUT_H, &SHAPE(v->batch, v->cell), &h));
        out[OUTPUT_H] = tensor_fill(h);
        for (int i = 0; i < OUTPUT_H; i++) {
                out[i] = spare + i * v->batch * v->cell;
                if (!pattern_wants(c, i)) {
                        ctx_set_output(c, i, tensor_ref(h));
                        continue;
                }
                TRY(ctx_alloc(c, i, &SHAPE(v->batch, v->cell), &t));
                out[i] = tensor_fill(t);
        }
        return NULL;
}

static Status *read_run(OpCtx *c, RnnInput *x, const int at[7])
{
        float *out[OUTPUTS];
        const PatternNode *f = pattern_node(ctx_node(c));
        Lstm v = lstm_of(c, f->member[1].node, at);
        v.batch = x->rows;
        v.in = x->size;
        v.gates = ctx_scratch(c, (size_t)((4 + OUTPUT_H) * v.batch * v.cell) * sizeof(float));
        if (!v.gates)
                return status_oom();
        TRY(read_outputs(c, &v, v.gates + 4 * v.batch * v.cell, out));
        RnnGates g = gates_of(c, &v, tensor_data(ctx_input(c, at[1])), out);
        TRY(rnn_input_product(c, x, 0, f, c->in[at[2]], &g));
        TRY(rnn_input_read(x));
        lstm_step(c, &v, &g, tensor_data(ctx_input(c, at[0])), out);
        return NULL;
}

static Status *read_and_cell(OpCtx *c, bool *ret_done)
{
        return rnn_read_and_cell(c, "chwpqtb", read_fits, read_run, ret_done);
}

static Status *read_prepare(PrepareCtx *p)
{
        return rnn_keep(p, 0, pattern_input(p->node, 'w'), 4);
}

PATTERN(lstm_block_cell,
        .steps = { { "TensorArrayReadV3", "rif" }, { "LSTMBlockCell", "A0chwpqtb" } },
        .prepare = read_prepare, .compute = read_and_cell);

/* ---- a sequence ---- */

static Status *block_shape(ShapeCtx *c)
{
        TRY(rnn_want_scalar(c));
        return shape_from(c, 1);
}

static Status *block_prepare(PrepareCtx *p)
{
        return rnn_keep(p, 0, 4, 4);
}

/* Constants stay packed from call to call. */
static const float *pack(OpCtx *c, const Lstm *v)
{
        const float *w = v->w + v->in * 4 * v->cell, *kept = rnn_kept(c, 0, v->batch, w);
        return kept ? kept : rnn_pack(c, v->batch, w, v->cell, 4 * v->cell);
}

/* What comes from x needs no state: some steps' are made at once. Each step reads its state out of
 * the outputs of the one before. Steps beyond seq_len_max are zeros. */
static Status *block(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 1);
        const float *cs = tensor_data(ctx_input(c, 2)), *h = tensor_data(ctx_input(c, 3));
        int64_t time = tensor_dim(x, 0), steps = tensor_int(ctx_input(c, 0), 0);
        float *out[OUTPUTS];
        Lstm v;
        if (steps < 0 || steps > time)
                return invalid_argument("seq_len_max must be between 0 and %lld but is %lld",
                                        (long long)time, (long long)steps);
        int64_t ahead =
                MIN(ROWS_AHEAD / MAX(tensor_dim(x, 1), (int64_t)1) + 1, MAX(steps, (int64_t)1));
        TRY(begin(c, 1, ahead, &v));
        int64_t size = v.batch * v.cell;
        if (steps >= STEPS_PACKED && v.cell)
                v.packed = pack(c, &v);
        for (int i = 0; i < OUTPUTS; i++) {
                out[i] = tensor_fill(ctx_output(c, i));
                memset(out[i] + steps * size, 0, (size_t)((time - steps) * size) * sizeof(float));
        }
        for (int64_t t = 0; t < steps; t++) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                if (t % ahead == 0)
                        rnn_ahead(c, (const float *)tensor_data(x) + t * v.batch * v.in,
                                  MIN(ahead, steps - t), v.batch, v.in, v.w, 4, v.cell, v.gates);
                RnnGates g = gates_of(c, &v, h, out);
                g.sums += t % ahead * 4 * size;
                lstm_step(c, &v, &g, cs, out);
                cs = out[1];
                h = out[6];
                for (int i = 0; i < OUTPUTS; i++)
                        out[i] += size;
        }
        return NULL;
}

OP(LSTMBlockCell, .inputs = "x:T; cs_prev:T; h_prev:T; w:T; wci:T; wcf:T; wco:T; b:T",
   .outputs = "i:T; cs:T; f:T; o:T; ci:T; co:T; h:T",
   .attrs = "forget_bias:float = 1.0; cell_clip:float = 3.0; use_peephole:bool = false; T:type in "
            "[half,float]",
   .kernels = "T:type in [float]", .shape = cell_shape, .prepare = cell_prepare, .compute = cell);
OP(BlockLSTM,
   .inputs = "seq_len_max:int64; x:T; cs_prev:T; h_prev:T; w:T; wci:T; wcf:T; wco:T; b:T",
   .outputs = "i:T; cs:T; f:T; o:T; ci:T; co:T; h:T",
   .attrs = "forget_bias:float = 1.0; cell_clip:float = 3.0; use_peephole:bool = false; T:type in "
            "[half,float]",
   .kernels = "T:type in [float]", .shape = block_shape, .prepare = block_prepare,
   .compute = block);
OP(BlockLSTMV2,
   .inputs = "seq_len_max:int64; x:T; cs_prev:T; h_prev:T; w:T; wci:T; wcf:T; wco:T; b:T",
   .outputs = "i:T; cs:T; f:T; o:T; ci:T; co:T; h:T",
   .attrs = "cell_clip:float = 0.0; use_peephole:bool = false; T:type in [half,float]",
   .kernels = "T:type in [float]", .shape = block_shape, .prepare = block_prepare,
   .compute = block);
