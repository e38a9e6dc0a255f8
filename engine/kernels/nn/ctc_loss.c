// SPDX-License-Identifier: Apache-2.0
/* CTCLoss, CTCLossV2: minus the log probability of the labels, summed over all ways to spell them
 * with blanks in between (Graves 2012, 7.3), and its gradient. The blank is the last class, in V2
 * the first. Everything is computed in double, as logarithms. */
#include "engine/kernels/nn/ctc.h"
#include "engine/kernels/sparse/sparse.h"

typedef struct Loss {
        const Tensor *x;
        int64_t classes, blank;
        bool collapse, merge, ignore;
        int32_t *labels; /* scratch: those of one entry */
        int64_t n_labels;
        int64_t *spelled; /* labels with blanks around them, u of them */
        int64_t u, time;
        double *y, *alpha, *beta; /* log softmax [time, classes], forward and backward [time, u] */
} Loss;

/* ---- what is to be spelled ---- */

static void collect(Loss *v, const Tensor *indices, const Tensor *values, int64_t b)
{
        v->n_labels = 0;
        for (int64_t i = 0; i < tensor_count(values); i++)
                if (((const int64_t *)tensor_data(indices))[2 * i] == b)
                        v->labels[v->n_labels++] = ((const int32_t *)tensor_data(values))[i];
}

static bool is_null(const Loss *v, int64_t label)
{
        return v->blank ? label >= v->classes - 1 : label == 0;
}

/* Puts blanks around the labels, up to the first that stands for none. */
static Status *spell(Loss *v, int64_t b)
{
        bool ended = false;
        v->u = 0;
        if (!v->n_labels)
                return invalid_argument("Labels length is zero in batch %lld", (long long)b);
        for (int64_t i = 0; i < v->n_labels; i++) {
                int64_t label = v->labels[i];
                if (i && v->collapse && label == v->labels[i - 1])
                        continue;
                if (is_null(v, label)) {
                        ended = true;
                        continue;
                }
                if (ended)
                        return invalid_argument("Saw a non-null label (index >= num_classes - 1) "
                                                "following a null label, batch: %lld num_classes: "
                                                "%lld",
                                                (long long)b, (long long)v->classes);
                if (label < 0 || label >= v->classes)
                        return invalid_argument("All labels must be nonnegative integers, batch: "
                                                "%lld",
                                                (long long)b);
                v->spelled[v->u++] = v->blank;
                v->spelled[v->u++] = label;
        }
        v->spelled[v->u++] = v->blank;
        if (!v->ignore && v->n_labels > v->time)
                return invalid_argument("Not enough time for target transition sequence (required: "
                                        "%lld, available: %lld)%lldYou can turn this error into a "
                                        "warning by using the flag "
                                        "ignore_longer_outputs_than_inputs",
                                        (long long)v->n_labels, (long long)v->time, (long long)b);
        return NULL;
}

/* ---- forward and backward ---- */

static double seen(const Loss *v, int64_t t, int64_t u)
{
        return v->y[t * v->classes + v->spelled[u]];
}

/* May the path skip the blank between u and the label two places on, in either direction? */
static bool may_skip(const Loss *v, int64_t u, int64_t other)
{
        return v->spelled[u] != v->blank && !(v->merge && v->spelled[u] == v->spelled[other]);
}

/* alpha(t, u): all ways that end at u after t. Positions from which the end, or to which the start,
 * cannot be reached are left at log 0. Without merging a label cannot stay. */
static void forward(const Loss *v)
{
        for (int64_t i = 0; i < v->time * v->u; i++)
                v->alpha[i] = -INFINITY;
        for (int64_t u = 0; u < MIN(v->u, 2); u++)
                v->alpha[u] = seen(v, 0, u);
        for (int64_t t = 1; t < v->time; t++) {
                const double *last = v->alpha + (t - 1) * v->u;
                for (int64_t u = MAX(0, v->u - 2 * (v->time - t)); u < MIN(v->u, 2 * (t + 1));
                     u++) {
                        double sum = v->merge || v->spelled[u] == v->blank ? last[u] : -INFINITY;
                        if (u > 0)
                                sum = ctc_log_add(sum, last[u - 1]);
                        if (u > 1 && may_skip(v, u, u - 2))
                                sum = ctc_log_add(sum, last[u - 2]);
                        v->alpha[t * v->u + u] = seen(v, t, u) + sum;
                }
        }
}

/* beta(t, u): all ways from u to the end, without the step t itself, so that alpha * beta counts
 * each probability once. */
static void backward(const Loss *v)
{
        for (int64_t i = 0; i < v->time * v->u; i++)
                v->beta[i] = -INFINITY;
        for (int64_t u = MAX(0, v->u - 2); u < v->u; u++)
                v->beta[(v->time - 1) * v->u + u] = 0;
        for (int64_t t = v->time - 2; t >= 0; t--) {
                const double *next = v->beta + (t + 1) * v->u;
                for (int64_t u = MAX(0, v->u - 2 * (v->time - t)); u < MIN(v->u, 2 * (t + 1));
                     u++) {
                        double sum = -INFINITY;
                        if (v->merge || v->spelled[u] == v->blank)
                                sum = next[u] + seen(v, t + 1, u);
                        if (u + 1 < v->u)
                                sum = ctc_log_add(sum, next[u + 1] + seen(v, t + 1, u + 1));
                        if (u + 2 < v->u && may_skip(v, u, u + 2))
                                sum = ctc_log_add(sum, next[u + 2] + seen(v, t + 1, u + 2));
                        v->beta[t * v->u + u] = sum;
                }
        }
}

/* ---- outputs ---- */

static void put(Tensor *t, int64_t i, double v)
{
        if (tensor_dtype(t) == DT_FLOAT)
                ((float *)tensor_fill(t))[i] = (float)v;
        else
                ((double *)tensor_fill(t))[i] = v;
}

/* Softmax less how likely the paths are at this class. part: scratch, one per class. */
static void put_gradient(const Loss *v, int64_t b, double all, double *part, Tensor *gradient)
{
        for (int64_t t = 0; t < v->time; t++) {
                int64_t at = (t * tensor_dim(v->x, 1) + b) * v->classes;
                for (int64_t k = 0; k < v->classes; k++)
                        part[k] = -INFINITY;
                for (int64_t u = 0; u < v->u; u++) {
                        double *sum = &part[v->spelled[u]];
                        *sum = ctc_log_add(*sum, v->alpha[t * v->u + u] + v->beta[t * v->u + u]);
                }
                for (int64_t k = 0; k < v->classes; k++) {
                        double y = exp(v->y[t * v->classes + k]);
                        put(gradient, at + k, all == -INFINITY ? y : y - exp(part[k] - all));
                }
        }
}

/* Entry b, whose labels were collected. */
static Status *run_entry(OpCtx *c, Loss *v, int64_t b)
{
        TRY(spell(v, b));
        if (!v->time || (v->ignore && v->n_labels > v->time))
                return NULL;
        autoptr(Arena) arena = NULL;
        TRY(arena_new(SIZE_MAX, &arena));
        size_t cells = (size_t)(v->time * v->u) * sizeof(double);
        v->y = arena_alloc(arena, (size_t)(v->time * v->classes) * sizeof(double));
        v->alpha = arena_alloc(arena, cells);
        v->beta = arena_alloc(arena, cells);
        double *part = arena_alloc(arena, (size_t)v->classes * sizeof *part), all = -INFINITY;
        if (!v->y || !v->alpha || !v->beta || !part)
                return status_oom();
        for (int64_t t = 0; t < v->time; t++) {
                double sum = ctc_log_sum(v->x, t, b);
                for (int64_t k = 0; k < v->classes; k++)
                        v->y[t * v->classes + k] = ctc_input(v->x, t, b, k) - sum;
        }
        forward(v);
        backward(v);
        for (int64_t u = 0; u < v->u; u++)
                all = ctc_log_add(all, v->alpha[u] + v->beta[u]);
        put(ctx_output(c, 0), b, -all);
        put_gradient(v, b, all, part, ctx_output(c, 1));
        return NULL;
}

/* The batch index chooses where labels go: checked before it does. Rows rise, without repeats. */
static Status *check_labels(const Tensor *indices, int64_t batch)
{
        int64_t dims[] = { batch, 0 }, n = tensor_dim(indices, 0);
        const int64_t *at = tensor_data(indices);
        for (int64_t i = 0; i < n; i++)
                if (at[2 * i + 1] < INT64_MAX)
                        dims[1] = MAX(dims[1], at[2 * i + 1] + 1);
        for (int64_t i = 0; i < n; i++, at += 2) {
                bool inside = at[0] >= 0 && at[0] < batch && at[1] >= 0 && at[1] < dims[1];
                bool rises = !i || at[0] > at[-2] || (at[0] == at[-2] && at[1] > at[-1]);
                bool same = i && at[0] == at[-2] && at[1] == at[-1];
                if (!inside || !rises)
                        return status_wrap(sparse_bad_index(!inside ? SPARSE_OUTSIDE
                                                            : same  ? SPARSE_REPEATED
                                                                    : SPARSE_UNORDERED,
                                                            i, at, dims, 2),
                                           "label SparseTensor is not valid: ");
        }
        return NULL;
}

/* Steps beyond an entry's length have no loss and no gradient: zeros. Entries are independent,
 * cancellation is asked for between them. */
static Status *ctc_loss(OpCtx *c)
{
        const Node *n = ctx_node(c);
        const Tensor *x = ctx_input(c, 0), *indices = ctx_input(c, 1), *values = ctx_input(c, 2);
        const int32_t *steps = tensor_data(ctx_input(c, 3));
        int64_t count = tensor_count(values);
        Loss v = { .x = x,
                   .classes = tensor_dim(x, 2),
                   .blank = strcmp(n->def->op, "CTCLossV2") ? tensor_dim(x, 2) - 1 : 0,
                   .collapse = node_bool(n, "preprocess_collapse_repeated", false),
                   .merge = node_bool(n, "ctc_merge_repeated", true),
                   .ignore = node_bool(n, "ignore_longer_outputs_than_inputs", false) };
        if (tensor_dim(x, 0) && tensor_dim(x, 1))
                TRY(check_labels(indices, tensor_dim(x, 1)));
        TRY(ctc_check_lengths(c, 3));
        v.labels = ctx_scratch(c, (size_t)count * sizeof *v.labels);
        v.spelled = ctx_scratch(c, (size_t)(2 * count + 1) * sizeof *v.spelled);
        if (!v.labels || !v.spelled)
                return status_oom();
        for (int i = 0; i < 2; i++)
                memset(tensor_fill(ctx_output(c, i)), 0, tensor_bytes(ctx_output(c, i)));
        for (int64_t b = 0; b < tensor_dim(x, 1); b++) {
                if (steps[b] < 0)
                        return invalid_argument("seq_len(%lld) < 0", (long long)b);
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                v.time = steps[b];
                collect(&v, indices, values, b);
                TRY(run_entry(c, &v, b));
        }
        return NULL;
}

static Status *loss_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *indices = shape_in(c, 1), *values = shape_in(c, 2);
        TRY(ctc_lengths_shape(c, 3));
        if (indices->rank >= 0 &&
            (indices->rank != 2 || (indices->dim[1] >= 0 && indices->dim[1] != 2)))
                return invalid_argument("labels_indices is not a matrix");
        if (values->rank >= 0 && values->rank != 1)
                return invalid_argument("labels_values is not a vector");
        if (indices->rank == 2 && values->rank == 1 && indices->dim[0] >= 0 &&
            values->dim[0] >= 0 && indices->dim[0] != values->dim[0])
                return invalid_argument("labels_indices and labels_values must contain the same "
                                        "number of rows, but saw shapes: %s vs. %s",
                                        shape_text(indices).s, shape_text(values).s);
        c->out[0] = SHAPE(x->rank < 0 ? -1 : x->dim[1]);
        c->out[1] = x->rank < 0 ? shape_of_rank(3) : *x;
        return NULL;
}

OP(CTCLoss, .inputs = "inputs:T; labels_indices:int64; labels_values:int32; sequence_length:int32",
   .outputs = "loss:T; gradient:T",
   .attrs = "preprocess_collapse_repeated:bool = false; ctc_merge_repeated:bool = true; "
            "ignore_longer_outputs_than_inputs:bool = false; T:type in [float,double] = float",
   .shape = loss_shape, .compute = ctc_loss, .costly = true);
OP(CTCLossV2,
   .inputs = "inputs:float; labels_indices:int64; labels_values:int32; sequence_length:int32",
   .outputs = "loss:float; gradient:float",
   .attrs = "preprocess_collapse_repeated:bool = false; ctc_merge_repeated:bool = true; "
            "ignore_longer_outputs_than_inputs:bool = false",
   .shape = loss_shape, .compute = ctc_loss, .costly = true);
