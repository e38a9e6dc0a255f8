// SPDX-License-Identifier: Apache-2.0
/* The patterns of BasicLSTMCell and GRUCell as TensorFlow's Python layers write them, with the read
 * of the step's input when they stand in dynamic_rnn's loop: one kernel instead of some fifteen
 * nodes, whose products are made ahead (rnn_input.c). */
#include "engine/kernels/math/types.h"
#include "engine/kernels/nn/rnn.h"
#include "engine/ops/pattern.h"

static bool is_float(const Node *n)
{
        return node_type(n, "dtype", DT_INVALID) == DT_FLOAT;
}

static bool plain_product(const Node *n)
{
        return node_type(n, "T", DT_INVALID) == DT_FLOAT && !node_bool(n, "transpose_a", false) &&
               !node_bool(n, "transpose_b", false);
}

static bool in_two(const Node *n)
{
        return n->n_out == 2;
}

static bool in_four(const Node *n)
{
        return n->n_out == 4;
}

/* The axis of a matrix's columns? */
static bool is_last_axis(const OpCtx *c, char letter)
{
        const Tensor *t = pattern_value(c, letter);
        if (tensor_count(t) != 1 || !dtype_is_integer(tensor_dtype(t)))
                return false;
        int64_t axis = tensor_int(t, 0);
        return axis == 1 || axis == -1;
}

/* Are these the weights of a layer of `gates` gates on [x, h]? */
static bool fits(const OpCtx *c, const RnnInput *v, char h, char w, char b, int64_t gates)
{
        const Tensor *state = pattern_value(c, h);
        if (tensor_rank(state) != 2 || !v->rows)
                return false;
        int64_t n = tensor_dim(state, 1), limit = INT32_MAX / 8;
        return n > 0 && n < limit && v->size < limit && rnn_is(state, SHAPE(v->rows, n)) &&
               rnn_is(pattern_value(c, w), SHAPE(v->size + n, gates * n)) &&
               rnn_is(pattern_value(c, b), SHAPE(gates * n));
}

/* What x adds to the gates' sums, and where the weights of the state's part begin. */
static Status *begin(OpCtx *c, RnnInput *v, char w, RnnGates *g)
{
        Tensor *weights = c->in[pattern_input(ctx_node(c), w)];
        /* A letter's name within the node is nobody else's address. */
        const char *key = (const char *)ctx_node(c) + pattern_letter(w);
        int64_t cols = g->count * g->units;
        g->w = (const float *)tensor_data(weights) + v->size * cols;
        g->rows = v->rows;
        g->packed = rnn_kept(c, w == 'v', g->rows, g->w);
        g->n = g->units;
        for (int i = 0; i < g->count; i++)
                if (!g->gate[i].to) {
                        g->gate[i].to = g->sums + i * g->units;
                        g->gate[i].line = cols;
                }
        return rnn_input_product(c, v, w == 'v', key, weights, g);
}

/* ---- LSTM: the gates lie as i, j, f, o ---- */

/* cs = j i + prev f and then h = o tanh(cs), of n units. From gate to gate: `line` numbers. */
HOT static void lstm_end(const float *g, int64_t line, const float *prev, float *cs, float *h,
                         int64_t n)
{
        const float *i = g, *j = g + line, *f = g + 2 * line, *o = g + 3 * line;
        for (int64_t k = 0; k < n; k++)
                cs[k] = prev[k] * f[k] + i[k] * j[k];
        for (int64_t k = 0; k < n; k++)
                h[k] = tanh(cs[k]) * o[k];
}

typedef struct LstmEnd {
        const float *gates, *prev;
        float *cs, *h;
        int64_t n;
} LstmEnd;

static void lstm_units(void *arg, int64_t row, int64_t from, int64_t to)
{
        const LstmEnd *e = arg;
        int64_t at = row * e->n + from;
        lstm_end(e->gates + row * 4 * e->n + from, e->n, e->prev + at, e->cs + at, e->h + at,
                 to - from);
}

static Status *lstm_run(OpCtx *c, RnnInput *v, float forget)
{
        int64_t n = tensor_dim(pattern_value(c, 'h'), 1);
        float *gates = ctx_scratch(c, (size_t)(v->rows * 4 * n) * sizeof *gates);
        RnnGates g = { .a = tensor_data(pattern_value(c, 'h')),
                       .b = tensor_data(pattern_value(c, 'b')),
                       .sums = gates,
                       .units = n,
                       .count = 4,
                       .gate = { [1].tanh = true, [2].more = forget } };
        Tensor *h, *cs;
        if (!gates)
                return status_oom();
        TRY(ctx_alloc(c, 0, &SHAPE(v->rows, n), &h));
        TRY(ctx_alloc(c, 1, &SHAPE(v->rows, n), &cs));
        TRY(begin(c, v, 'w', &g));
        TRY(rnn_input_read(v));
        LstmEnd e = { gates, tensor_data(pattern_value(c, 'c')), tensor_fill(cs), tensor_fill(h),
                      n };
        g.end = lstm_units;
        g.arg = &e;
        rnn_gates(c, &g);
        return NULL;
}

static Status *lstm_prepare(PrepareCtx *p)
{
        return rnn_keep(p, 0, pattern_input(p->node, 'w'), 4);
}

static Status *lstm(OpCtx *c, bool *ret_done)
{
        RnnInput v;
        float forget;
        if (!is_last_axis(c, 'a') || !is_last_axis(c, 's') || !pattern_scalar(c, 'o', &forget) ||
            !rnn_input_find(c, pattern_input(ctx_node(c), 'A'), &v))
                return NULL;
        Status *s = NULL;
        *ret_done = fits(c, &v, 'h', 'w', 'b', 4) &&
                    rnn_is(pattern_value(c, 'c'), *tensor_shape(pattern_value(c, 'h')));
        if (*ret_done)
                s = lstm_run(c, &v, forget);
        rnn_input_done(&v);
        return s;
}

PATTERN(lstm,
        .steps = { { "TensorArrayReadV3", "rif", .fits = is_float, .optional = true },
                   { "ConcatV2", "A0ha" },
                   { "MatMul", "B0w", .fits = plain_product },
                   { "BiasAdd", "C0b" },
                   { "Split", "sD0", .fits = in_four },
                   { "~Add,AddV2", "E2o" },
                   { "Sigmoid", "F0" },
                   { "~Mul", "cG0" },
                   { "Sigmoid", "E0" },
                   { "Tanh", "E1" },
                   { "~Mul", "I0J0" },
                   { "~Add,AddV2", "H0K0", .shown = true },
                   { "Tanh", "L0" },
                   { "Sigmoid", "E3" },
                   { "~Mul", "M0N0" } },
        .prepare = lstm_prepare, .compute = lstm);

/* ---- GRU: the gates lie as r, u ---- */

HOT static void gru_reset(const float *r, const float *h, float *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = r[i] * h[i];
}

HOT static void gru_end(const float *u, const float *h, const float *candidate, float *y, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                y[i] = u[i] * h[i] + (1 - u[i]) * candidate[i];
}

typedef struct GruEnd {
        const float *ru, *h;
        float *reset, *candidate, *y;
        int64_t n;
} GruEnd;

static void gru_reset_units(void *arg, int64_t row, int64_t from, int64_t to)
{
        const GruEnd *e = arg;
        int64_t at = row * e->n + from;
        gru_reset(e->ru + 2 * row * e->n + from, e->h + at, e->reset + at, to - from);
}

static void gru_end_units(void *arg, int64_t row, int64_t from, int64_t to)
{
        const GruEnd *e = arg;
        int64_t at = row * e->n + from;
        gru_end(e->ru + (2 * row + 1) * e->n + from, e->h + at, e->candidate + at, e->y + at,
                to - from);
}

static Status *gru_run(OpCtx *c, RnnInput *v)
{
        const float *h = tensor_data(pattern_value(c, 'h'));
        int64_t n = tensor_dim(pattern_value(c, 'h'), 1), size = v->rows * n;
        float *ru = ctx_scratch(c, (size_t)(size * 4) * sizeof *ru);
        GruEnd e = { .ru = ru, .h = h, .reset = ru + 2 * size, .candidate = ru + 3 * size, .n = n };
        RnnGates g = { .a = h,
                       .b = tensor_data(pattern_value(c, 'b')),
                       .sums = ru,
                       .units = n,
                       .count = 2,
                       .end = gru_reset_units,
                       .arg = &e };
        RnnGates last = { .a = e.reset,
                          .b = tensor_data(pattern_value(c, 'e')),
                          .sums = e.candidate,
                          .units = n,
                          .count = 1,
                          .gate = { { .tanh = true } },
                          .end = gru_end_units,
                          .arg = &e };
        Tensor *y;
        if (!ru)
                return status_oom();
        TRY(ctx_alloc(c, 0, &SHAPE(v->rows, n), &y));
        TRY(begin(c, v, 'w', &g));
        TRY(begin(c, v, 'v', &last));
        TRY(rnn_input_read(v));
        e.y = tensor_fill(y);
        rnn_gates(c, &g);
        rnn_gates(c, &last);
        return NULL;
}

static Status *gru_prepare(PrepareCtx *p)
{
        TRY(rnn_keep(p, 0, pattern_input(p->node, 'w'), 2));
        return rnn_keep(p, 1, pattern_input(p->node, 'v'), 1);
}

static Status *gru(OpCtx *c, bool *ret_done)
{
        RnnInput v;
        float whole;
        if (!is_last_axis(c, 'a') || !is_last_axis(c, 's') || !is_last_axis(c, 'd') ||
            !pattern_scalar(c, 'o', &whole) || whole != 1 ||
            !rnn_input_find(c, pattern_input(ctx_node(c), 'A'), &v))
                return NULL;
        Status *s = NULL;
        *ret_done = fits(c, &v, 'h', 'w', 'b', 2) && fits(c, &v, 'h', 'v', 'e', 1);
        if (*ret_done)
                s = gru_run(c, &v);
        rnn_input_done(&v);
        return s;
}

PATTERN(gru,
        .steps = { { "TensorArrayReadV3", "rif", .fits = is_float, .optional = true },
                   { "ConcatV2", "A0ha" },
                   { "MatMul", "B0w", .fits = plain_product },
                   { "BiasAdd", "C0b" },
                   { "Sigmoid", "D0" },
                   { "Split", "sE0", .fits = in_two },
                   { "~Mul", "F0h" },
                   { "ConcatV2", "A0G0d" },
                   { "MatMul", "H0v", .fits = plain_product },
                   { "BiasAdd", "I0e" },
                   { "Tanh", "J0" },
                   { "~Mul", "F1h" },
                   { "Sub", "oF1" },
                   { "~Mul", "M0K0" },
                   { "~Add,AddV2", "L0N0" } },
        .prepare = gru_prepare, .compute = gru);
