// SPDX-License-Identifier: Apache-2.0
/* What the recurrent cells share. */
#pragma once
#include "engine/ops/op.h"
#include "engine/ops/sgemm.h"

/* c = a b + beta c of these plain or transposed matrices, on several threads when it is much. */
void rnn_product(OpCtx *c, Sgemm g);
/* The same for y[rows, cols] = a[rows, n] w[n, cols] + beta y. */
void rnn_layer(OpCtx *c, const float *a, int64_t rows, int64_t n, const float *w, int64_t cols,
               float beta, float *y);
/* y[steps, rows, count * units] = a[steps, rows, n] w for `count` gates one after the other: cut as
 * rnn_gates() cuts each step, so that a thread finds sums that it made itself. */
void rnn_ahead(OpCtx *c, const float *a, int64_t steps, int64_t rows, int64_t n, const float *w,
               int64_t count, int64_t units, float *y);
/* w[n, cols] once more, for Sgemm.packed of that many rows; as scratch. NULL: it does not pay. */
const float *rnn_pack(OpCtx *c, int64_t rows, const float *w, int64_t n, int64_t cols);
/* For OpDef.prepare: where input `at` is constant, the weights of a layer of `count` gates on
 * [x, h], its lines for h are kept packed, as number `which` of the node's. */
enum { RNN_KEPT_MAX = 2 };
Status *rnn_keep(PrepareCtx *p, int which, int at, int64_t count) MUST_USE;
/* These lines, if they are those at w, for RnnGates.packed; NULL: there is only w. */
const float *rnn_kept(const OpCtx *c, int which, int64_t rows, const float *w);
/* Its gradient: y[rows, n] = g[rows, cols] w[n, cols]' + beta y. */
void rnn_back(OpCtx *c, const float *g, int64_t rows, int64_t cols, const float *w, int64_t n,
              float beta, float *y);
/* What becomes of one gate's sums: sigmoid(x + b + more) or tanh(x + b). */
typedef struct RnnGate {
        bool tanh;
        float more;
        float *to;    /* [rows, units]; may be where the sums are */
        int64_t line; /* from row to row of it */
} RnnGate;
/* What comes after the gates: units [from, to) of a row. It reads no other units' gates. */
typedef void (*RnnEnd)(void *arg, int64_t row, int64_t from, int64_t to);
/* The gates of a cell. Columns of the product are those of one gate after the other. */
enum { RNN_GATES_MAX = 4 };
typedef struct RnnGates {
        const float *a, *w, *b; /* [rows, n], [n, count * units], [count * units] */
        float *sums;            /* [rows, count * units]: a w is added to what is there */
        const float *from;      /* or to this, which is like it; NULL: to what is there */
        const float *packed;    /* w once more, for Sgemm.packed; NULL: there is only w */
        int64_t rows, n, units;
        int count;
        bool raw; /* gates are left as sums, without b */
        RnnGate gate[RNN_GATES_MAX];
        RnnEnd end;
        void *arg;
} RnnGates;
/* Computes them, and then the step's end: each thread that of its units, where that pays. */
void rnn_gates(OpCtx *c, const RnnGates *g);

/* y = sigmoid(x + b + more) and y = tanh(x + b), n numbers each; y may be x. */
void rnn_sigmoid(const float *x, const float *b, float more, float *y, int64_t n);
void rnn_tanh(const float *x, const float *b, float *y, int64_t n);

/* What a fused cell multiplies first: a tensor, or an element of an array that it reads. */
typedef struct RnnInput {
        struct TensorArray *array; /* NULL: x is an input */
        struct Resource *held;
        int64_t index;
        Tensor *x; /* [rows, size], float; of an array: a reference */
        int64_t rows, size;
        Tensor *sums[RNN_KEPT_MAX]; /* references to products that are in use */
} RnnInput;

/* Finds it: input `at`, or if that is -1 the element of the array in input 0 that input 1 names.
 * False when there is none to be had like that; else rnn_input_done() must follow. */
bool rnn_input_find(OpCtx *c, int at, RnnInput *ret);
void rnn_input_done(RnnInput *v);
/* What g's sums begin with, as product number `which` of the node's: x w, where w's first lines are
 * meant; g has its sizes and sums. Of an array, products of later elements are made at once and
 * kept with it under the key: there g->from is, which lasts until rnn_input_done(). */
Status *rnn_input_product(OpCtx *c, RnnInput *v, int which, const void *key, Tensor *w,
                          RnnGates *g) MUST_USE;
/* Reads the element for good, which nothing may follow that could decline. */
Status *rnn_input_read(const RnnInput *v) MUST_USE;

/* A pattern of a read of an array and the cell that takes what it gives. `letters` are the cell's
 * other inputs in the pattern (see engine/ops/pattern.h); at[i] is where the i-th of them comes in.
 * Runs `run` if the element is to be had and `fits` says so; else *ret_done is left false. */
enum { RNN_LETTERS_MAX = 8 };
typedef bool (*RnnFits)(const OpCtx *c, const RnnInput *x, const int *at);
typedef Status *(*RnnRun)(OpCtx *c, RnnInput *x, const int *at);
Status *rnn_read_and_cell(OpCtx *c, const char *letters, RnnFits fits, RnnRun run,
                          bool *ret_done) MUST_USE;

/* Is a tensor float and of that shape? */
UNUSED static bool rnn_is(const Tensor *t, Shape want)
{
        return tensor_dtype(t) == DT_FLOAT && shape_equal(tensor_shape(t), &want);
}
/* How kernels speak of an input of the wrong rank. */
typedef enum RnnWords {
        RNN_CELL,       /* "x_tensor must be rank 2 but is rank 1." */
        RNN_BLOCK,      /* "x must be 3D" */
        RNN_BLOCK_GRAD, /* "x must be rank 3 but is rank 1" */
        RNN_GATE,       /* "i must be rank 3. Received: 1" */
        RNN_GRU,        /* "Rank of x must be 2, got 1" */
} RnnWords;
/* A size as a message names it; -1: unknown. */
typedef struct RnnSize {
        const char *text;
        int64_t size;
} RnnSize;
enum { RNN_RANK_MAX = 3 };
typedef struct RnnWant {
        RnnWords words;
        const char *name, *dims; /* "h_prev" and ".dims": "h_prev.dims(0) != batch_size: 2 vs. 1" */
        RnnSize size[RNN_RANK_MAX]; /* as many as have a text */
} RnnWant;
Status *rnn_want_rank(const ShapeCtx *c, int i, RnnWords words, const char *name,
                      int rank) MUST_USE;
Status *rnn_want(const ShapeCtx *c, int i, const RnnWant *want) MUST_USE;
#define RNN_WANT(c, i, ...) rnn_want(c, i, &(const RnnWant){ __VA_ARGS__ })
/* x, cs_prev, h_prev, w, wci, wcf, wco and b of a long short-term memory, from input `first` on,
 * fit each other. x has time in front unless it is the first input. */
Status *rnn_want_lstm(const ShapeCtx *c, int first, RnnWords words) MUST_USE;
/* seq_len_max, the first input of a sequence. */
UNUSED static Status *rnn_want_scalar(const ShapeCtx *c)
{
        if (shape_in(c, 0)->rank > 0)
                return invalid_argument("`seq_len_max_tensor` must be rank 0 but is rank %d",
                                        shape_in(c, 0)->rank);
        return NULL;
}
/* Sizes that BLAS takes: 32 bits. */
UNUSED static Status *rnn_want_small(int64_t a, int64_t b)
{
        if (a > INT32_MAX / 8 || b > INT32_MAX / 8)
                return invalid_argument("a cell of %lld by %lld is too large", (long long)a,
                                        (long long)b);
        return NULL;
}
/* Dimension i of a shape, -1 when unknown. */
UNUSED static int64_t rnn_dim(const Shape *s, int i)
{
        return s->rank > i ? s->dim[i] : -1;
}
/* Sums and products of sizes, -1 when unknown. */
UNUSED static int64_t rnn_plus(int64_t a, int64_t b)
{
        return a < 0 || b < 0 ? -1 : a + b;
}
UNUSED static int64_t rnn_times(int64_t n, int64_t a)
{
        return a < 0 ? -1 : n * a;
}
