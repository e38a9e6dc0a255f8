// SPDX-License-Identifier: Apache-2.0
/* The part of a cell's product that needs no state: x w. In a loop over a TensorArray it is made
 * for many steps at once, by one product that reads the weights once. What was made stays right: an
 * array's elements are written once, and a tensor that somebody holds never changes. */
#include "engine/kernels/data_flow/tensor_array.h"
#include "engine/kernels/nn/rnn.h"
#include "engine/ops/pattern.h"

/* Rows that are multiplied at once. */
enum { ROWS_AHEAD = 512 };

bool rnn_input_find(OpCtx *c, int at, RnnInput *ret)
{
        RnnInput v = { .x = at < 0 ? NULL : c->in[at] };
        if (at < 0) {
                const Tensor *index = ctx_input(c, 1);
                Status *s = tensor_array_of(c, &v.array, &v.held);
                status_free(s);
                if (s || tensor_dtype(index) != DT_INT32 || tensor_count(index) != 1) {
                        rnn_input_done(&v);
                        return false;
                }
                v.index = tensor_int(index, 0);
                v.x = tensor_array_peek(v.array, v.index);
        }
        if (!v.x || tensor_dtype(v.x) != DT_FLOAT || tensor_rank(v.x) != 2) {
                rnn_input_done(&v);
                return false;
        }
        v.rows = tensor_dim(v.x, 0);
        v.size = tensor_dim(v.x, 1);
        *ret = v;
        return true;
}

void rnn_input_done(RnnInput *v)
{
        if (v->array)
                tensor_unref(v->x);
        for (int i = 0; i < RNN_KEPT_MAX; i++)
                tensor_unref(v->sums[i]);
        if (v->held)
                resource_unref(v->held);
}

Status *rnn_input_read(const RnnInput *v)
{
        Tensor *x = NULL;
        if (!v->array)
                return NULL;
        TRY(tensor_array_read(v->array, v->index, &x));
        tensor_unref(x);
        return NULL;
}

/* Copies the elements from v's on into x, while they look like it and are not too many. Returns how
 * many there are. */
static int64_t gather(const RnnInput *v, int64_t most, float *x)
{
        int64_t n = 0, size = v->rows * v->size;
        for (; n < most; n++) {
                autoptr(Tensor) t = tensor_array_peek(v->array, v->index + n);
                if (!t || !rnn_is(t, SHAPE(v->rows, v->size)))
                        break;
                memcpy(x + n * size, tensor_data(t), (size_t)size * sizeof *x);
        }
        return n;
}

/* gather() without copying, where the elements lie one behind the other, as those of a tensor that
 * was spread over the array do. The first one's buffer is that of all. 0: they do not. */
static int64_t in_a_row(const RnnInput *v, int64_t most)
{
        const char *at = tensor_data(v->x);
        int64_t n = 1;
        for (; n < most; n++) {
                autoptr(Tensor) t = tensor_array_peek(v->array, v->index + n);
                if (!t || !rnn_is(t, SHAPE(v->rows, v->size)))
                        break;
                if (t->buffer != v->x->buffer ||
                    (const char *)tensor_data(t) != at + (size_t)n * tensor_bytes(t))
                        return 0;
        }
        return n;
}

/* *x and *n: the elements to be multiplied at once. */
static Status *find_rows(OpCtx *c, const RnnInput *v, const float **x, int64_t *n)
{
        int64_t most = MAX(ROWS_AHEAD / v->rows, (int64_t)1);
        *x = tensor_data(v->x);
        *n = in_a_row(v, most);
        if (*n)
                return NULL;
        float *copy = ctx_scratch(c, (size_t)(most * v->rows * v->size) * sizeof *copy);
        if (!copy)
                return status_oom();
        *n = gather(v, most, copy);
        *x = copy;
        return NULL;
}

static Status *make_ahead(OpCtx *c, const RnnInput *v, const void *key, Tensor *w,
                          const RnnGates *g, Tensor **ret)
{
        autoptr(Tensor) rows = NULL;
        const float *x;
        int64_t n, cols = g->count * g->units;
        TRY(find_rows(c, v, &x, &n));
        TRY(tensor_new(DT_FLOAT, &SHAPE(n * v->rows, cols), &rows));
        rnn_ahead(c, x, n, v->rows, v->size, tensor_data(w), g->count, g->units, tensor_fill(rows));
        Ahead a = { .key = key, .with = w, .rows = rows, .from = v->index, .count = n };
        TRY(tensor_array_keep(v->array, &a));
        *ret = steal(&rows);
        return NULL;
}

Status *rnn_input_product(OpCtx *c, RnnInput *v, int which, const void *key, Tensor *w, RnnGates *g)
{
        int64_t from = v->index, cols = g->count * g->units;
        if (!v->array || !v->rows) {
                rnn_layer(c, tensor_data(v->x), v->rows, v->size, tensor_data(w), cols, 0, g->sums);
                return NULL;
        }
        Tensor **rows = &v->sums[which];
        *rows = tensor_array_ahead(v->array, key, w, v->index, &from);
        if (!*rows)
                TRY(make_ahead(c, v, key, w, g, rows));
        g->from = (const float *)tensor_data(*rows) + (v->index - from) * v->rows * cols;
        return NULL;
}

Status *rnn_read_and_cell(OpCtx *c, const char *letters, RnnFits fits, RnnRun run, bool *ret_done)
{
        int at[RNN_LETTERS_MAX], n = (int)strlen(letters);
        RnnInput x;
        assert(n <= RNN_LETTERS_MAX);
        for (int i = 0; i < n; i++)
                at[i] = pattern_input(ctx_node(c), letters[i]);
        if (!rnn_input_find(c, -1, &x))
                return NULL;
        *ret_done = fits(c, &x, at);
        Status *s = *ret_done ? run(c, &x, at) : NULL;
        rnn_input_done(&x);
        return s;
}
