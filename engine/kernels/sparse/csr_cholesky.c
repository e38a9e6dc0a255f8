// SPDX-License-Identifier: Apache-2.0
/* SparseMatrixSparseCholesky: the lower L with L L^H = A, its rows and columns put in an order.
 * SparseMatrixOrderingAMD: an order in which L has few entries. Only A's lower triangle is read. */
#include "engine/kernels/sparse/csr.h"
#include "engine/kernels/sparse/sparse.h"

static Status *want_square(const Csr *m)
{
        if (m->rows != m->cols)
                return invalid_argument("sparse matrix must be square; got: %lld != %lld",
                                        (long long)m->rows, (long long)m->cols);
        return NULL;
}

static Status *numbers(OpCtx *c, int64_t n, int64_t **ret)
{
        *ret = ctx_scratch(c, (size_t)n * sizeof **ret);
        return *ret ? NULL : status_oom();
}

/* Counts at i + 1 become where list i starts. */
static void sum_up(int64_t *start, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                start[i + 1] += start[i];
}

/* ---- order ---- */

/* A as a graph: node i's neighbours are near[start[i]] up to near[start[i + 1]]. */
typedef struct Graph {
        int64_t n, *start, *near, *sorted, *next, *degree, *order, *spare;
} Graph;

/* Who is next to whom, of A read as symmetric: an entry below the diagonal links both ways. Twice
 * over the entries, first to count, then to fill. */
static void link_nodes(Graph *g, const Csr *m, int64_t b)
{
        int64_t from, to;
        memset(g->start, 0, (size_t)(g->n + 1) * sizeof *g->start);
        for (int pass = 0; pass < 2; pass++) {
                for (int64_t i = 0; i < g->n; i++) {
                        csr_row(m, b * g->n + i, &from, &to);
                        for (; from < to; from++) {
                                int64_t j = csr_col(m, from);
                                if (j < i && !pass) {
                                        g->start[i + 1]++;
                                        g->start[j + 1]++;
                                } else if (j < i) {
                                        g->near[g->next[i]++] = j;
                                        g->near[g->next[j]++] = i;
                                }
                        }
                }
                if (!pass)
                        sum_up(g->start, g->n);
                memcpy(g->next, g->start, (size_t)g->n * sizeof *g->next);
        }
}

/* Neighbours with few neighbours first; order: all nodes so. */
static void sort_nodes(Graph *g)
{
        for (int64_t i = 0; i < g->n; i++)
                g->degree[i] = g->start[i + 1] - g->start[i];
        sparse_sort(g->degree, g->n, g->order, g->spare);
        for (int64_t k = 0; k < g->n; k++)
                for (int64_t e = g->start[g->order[k]]; e < g->start[g->order[k] + 1]; e++)
                        g->sorted[g->next[g->near[e]]++] = g->order[k];
}

/* Cuthill and McKee's: breadth first, and then backwards. TensorFlow's order is another. */
static void walk(Graph *g, int32_t *y)
{
        int64_t head = 0, tail = 0, *seen = g->next;
        memset(seen, 0, (size_t)g->n * sizeof *seen);
        for (int64_t k = 0; k < g->n; k++) {
                if (seen[g->order[k]]++)
                        continue;
                for (y[tail++] = (int32_t)g->order[k]; head < tail; head++)
                        for (int64_t e = g->start[y[head]]; e < g->start[y[head] + 1]; e++)
                                if (!seen[g->sorted[e]]++)
                                        y[tail++] = (int32_t)g->sorted[e];
        }
        for (int64_t i = 0; i < g->n / 2; i++) {
                int32_t t = y[i];
                y[i] = y[g->n - 1 - i];
                y[g->n - 1 - i] = t;
        }
}

static Status *ordering_shape(ShapeCtx *c)
{
        return shape_want_rank(c, 0, 0);
}

/* Every entry makes two links at most, which bounds the arrays before any work. */
static Status *ordering(OpCtx *c)
{
        const Csr *m;
        Tensor *y;
        TRY(csr_in(c, 0, DT_INVALID, NULL, &m));
        TRY(want_square(m));
        TRY(ctx_alloc(c, 0, m->rank == 3 ? &SHAPE(m->batch, m->rows) : &SHAPE(m->rows), &y));
        Graph g = { .n = m->rows };
        int64_t **node[] = { &g.next, &g.degree, &g.order, &g.spare };
        for (size_t i = 0; i < COUNTOF(node); i++)
                TRY(numbers(c, g.n, node[i]));
        TRY(numbers(c, g.n + 1, &g.start));
        TRY(numbers(c, 2 * tensor_count(m->at), &g.near));
        TRY(numbers(c, 2 * tensor_count(m->at), &g.sorted));
        for (int64_t b = 0; b < m->batch && !ctx_cut(c); b++) {
                link_nodes(&g, m, b);
                sort_nodes(&g);
                walk(&g, (int32_t *)tensor_fill(y) + b * g.n);
        }
        return NULL;
}

OP(SparseMatrixOrderingAMD, .inputs = "input:variant", .outputs = "output:int32",
   .shape = ordering_shape, .compute = ordering, .late_shape = true);

/* ---- factor ---- */

/* One matrix in its new order, and its factor's columns as they grow. Row i of its lower triangle
 * has the entries from start[i] on: the columns col, the values at `at` in A, conjugate if ~at. */
typedef struct Factor {
        const Csr *m;
        int64_t n, *place, *start, *next, *col, *at;
        int64_t *parent, *above, *mark; /* the elimination tree; a walk's marks */
        int64_t n_found, *found, *order, *spare;
        int64_t *column, *end, *row; /* entries of column k: row[column[k]] up to row[end[k]] */
        void *values;
} Factor;

/* place: where each row goes. */
static Status *read_order(Factor *f, const int32_t *order)
{
        for (int64_t i = 0; i < f->n; i++)
                f->place[i] = -1;
        for (int64_t i = 0; i < f->n; i++) {
                if (order[i] < 0 || order[i] >= f->n || f->place[order[i]] >= 0)
                        return invalid_argument("permutation must contain each of [0, %lld) once",
                                                (long long)f->n);
                f->place[order[i]] = i;
        }
        return NULL;
}

/* Rows and columns take their places in the order. An entry that comes to lie above the diagonal
 * stands for its mirror image and is marked (~) as to be conjugated. */
static void read_rows(Factor *f, int64_t b)
{
        int64_t from, to;
        memset(f->start, 0, (size_t)(f->n + 1) * sizeof *f->start);
        for (int pass = 0; pass < 2; pass++) {
                for (int64_t r = 0; r < f->n; r++) {
                        csr_row(f->m, b * f->n + r, &from, &to);
                        for (int64_t e = from; e < to && csr_col(f->m, e) <= r; e++) {
                                int64_t i = f->place[r], j = f->place[csr_col(f->m, e)];
                                if (!pass) {
                                        f->start[MAX(i, j) + 1]++;
                                        continue;
                                }
                                int64_t to_e = f->next[MAX(i, j)]++;
                                f->col[to_e] = MIN(i, j);
                                f->at[to_e] = i < j ? ~e : e;
                        }
                }
                if (!pass)
                        sum_up(f->start, f->n);
                memcpy(f->next, f->start, (size_t)f->n * sizeof *f->next);
        }
}

/* The elimination tree (Liu 1990): parent is the first later row that a column has an influence on.
 * above[] shortens the paths that were walked before. */
static void grow_tree(Factor *f)
{
        for (int64_t i = 0; i < f->n; i++) {
                f->parent[i] = f->above[i] = f->mark[i] = -1;
                for (int64_t e = f->start[i]; e < f->start[i + 1]; e++)
                        for (int64_t j = f->col[e], up; j >= 0 && j < i; j = up) {
                                up = f->above[j];
                                f->above[j] = i;
                                if (up < 0)
                                        f->parent[j] = i;
                        }
        }
}

/* Finds the columns left of the diagonal in which row i of the factor has entries; order is theirs.
 */
static void find_row(Factor *f, int64_t i, bool sorted)
{
        f->n_found = 0;
        f->mark[i] = i;
        for (int64_t e = f->start[i]; e < f->start[i + 1]; e++)
                for (int64_t j = f->col[e]; j >= 0 && f->mark[j] != i; j = f->parent[j]) {
                        f->mark[j] = i;
                        f->found[f->n_found++] = j;
                }
        if (sorted)
                sparse_sort(f->found, f->n_found, f->order, f->spare);
}

/* Makes everything ready for the numbers; returns how many there will be. */
static int64_t analyze(Factor *f, int64_t b)
{
        int64_t n = 0;
        read_rows(f, b);
        grow_tree(f);
        memset(f->column, 0, (size_t)(f->n + 1) * sizeof *f->column);
        for (int64_t i = 0; i < f->n; i++) {
                find_row(f, i, false);
                n += f->n_found + 1;
                for (int64_t k = 0; k < f->n_found; k++)
                        f->column[f->found[k] + 1]++;
        }
        sum_up(f->column, f->n);
        memcpy(f->end, f->column, (size_t)f->n * sizeof *f->end);
        for (int64_t i = 0; i < f->n; i++)
                f->mark[i] = -1;
        return n;
}

static Status *not_positive(int64_t b)
{
        return invalid_argument("Sparse Cholesky factorization failed for batch index %lld. The "
                                "input might not be valid.",
                                (long long)b);
}

/* x: n zeros, and n for the diagonal. *at: how many entries y has. False: A is not positive. */
#define FACTOR(ID, T, W, GET, PUT)                                                            \
        static bool row_##ID(Factor *f, int64_t i, T *x, T *diagonal, int64_t *at, Csr *y,    \
                             int64_t above)                                                   \
        {                                                                                     \
                const T *a = tensor_data(f->m->values);                                       \
                T *values = f->values, *out = tensor_fill(y->values);                         \
                for (int64_t e = f->start[i]; e < f->start[i + 1]; e++)                       \
                        x[f->col[e]] += f->at[e] < 0 ? CONJ_##ID(a[~f->at[e]]) : a[f->at[e]]; \
                T rest = REAL_##ID(x[i]);                                                     \
                x[i] = 0;                                                                     \
                for (int64_t s = 0; s < f->n_found; s++) {                                    \
                        int64_t k = f->found[f->order[s]];                                    \
                        T v = x[k] / diagonal[k];                                             \
                        x[k] = 0;                                                             \
                        for (int64_t e = f->column[k]; e < f->end[k]; e++)                    \
                                x[f->row[e]] -= v * CONJ_##ID(values[e]);                     \
                        rest -= v * CONJ_##ID(v);                                             \
                        f->row[f->end[k]] = i;                                                \
                        values[f->end[k]++] = v;                                              \
                        out[*at] = v;                                                         \
                        csr_entry(y, (*at)++, above + i, k);                                  \
                }                                                                             \
                if (!(REAL_##ID(rest) > 0))                                                   \
                        return false;                                                         \
                out[*at] = diagonal[i] = sqrt(REAL_##ID(rest));                               \
                csr_entry(y, (*at)++, above + i, i);                                          \
                return true;                                                                  \
        }                                                                                     \
        static Status *factor_##ID(OpCtx *c, Factor *f, int64_t b, T *x, int64_t *at, Csr *y) \
        {                                                                                     \
                memset(x, 0, (size_t)f->n * 2 * sizeof *x);                                   \
                for (int64_t i = 0; i < f->n && !ctx_cut(c); i++) {                           \
                        find_row(f, i, true);                                                 \
                        if (!row_##ID(f, i, x, x + f->n, at, y, b * f->n))                    \
                                return not_positive(b);                                       \
                }                                                                             \
                return NULL;                                                                  \
        }
LINALG_TYPES(FACTOR)
#undef FACTOR

static Status *factor(OpCtx *c, Factor *f, int64_t b, void *x, int64_t *at, Csr *y)
{
        DISPATCH_RETURN(LINALG_TYPES, tensor_dtype(y->values), factor, c, f, b, x, at, y);
}

/* One set of arrays for the whole batch: all matrices have one size. */
static Status *make_factor(OpCtx *c, const Csr *m, Factor *ret)
{
        Factor f = { .m = m, .n = m->rows };
        int64_t **node[] = { &f.place, &f.next,  &f.parent, &f.above, &f.mark,
                             &f.found, &f.order, &f.spare,  &f.end };
        for (size_t i = 0; i < COUNTOF(node); i++)
                TRY(numbers(c, f.n, node[i]));
        TRY(numbers(c, f.n + 1, &f.start));
        TRY(numbers(c, f.n + 1, &f.column));
        TRY(numbers(c, tensor_count(m->at), &f.col));
        TRY(numbers(c, tensor_count(m->at), &f.at));
        *ret = f;
        return NULL;
}

/* The matrix is a variant, so its sizes are compared with the permutation's now, in TensorFlow's
 * words. */
static Status *check_order(const Csr *m, const Tensor *order)
{
        TRY(want_square(m));
        if (tensor_rank(order) + 1 != m->rank)
                return invalid_argument("sparse matrix must have the same rank as permutation; "
                                        "got: %d != %d + 1.",
                                        m->rank, tensor_rank(order));
        if (tensor_dim(order, m->rank - 2) != m->rows)
                return invalid_argument("permutation must have the same number of elements in each "
                                        "batch as the number of rows in sparse matrix; got: %lld "
                                        "!= %lld",
                                        (long long)tensor_dim(order, m->rank - 2),
                                        (long long)m->rows);
        if (m->rank == 3 && tensor_dim(order, 0) != m->batch)
                return invalid_argument("permutation must have the same batch size as sparse "
                                        "matrix; got: %lld != %lld",
                                        (long long)tensor_dim(order, 0), (long long)m->batch);
        return NULL;
}

/* All matrices are analyzed first: the result is one allocation, whose size is that of all factors
 * together. */
static Status *factor_all(OpCtx *c, Factor *f, const int32_t *order, Csr **ret)
{
        const Csr *m = f->m;
        int64_t all = 0, most = 0, at = 0;
        autoptr(Csr) y = NULL;
        for (int64_t b = 0; b < m->batch && !ctx_cut(c); b++) {
                TRY(read_order(f, order + b * f->n));
                int64_t n = analyze(f, b);
                all += n;
                most = MAX(most, n);
        }
        TRY(csr_new(tensor_dtype(m->values), 3, (int64_t[]){ m->batch, f->n, f->n }, all, &y));
        y->rank = m->rank;
        TRY(numbers(c, most, &f->row));
        f->values = ctx_scratch(c, (size_t)most * LINALG_ELEMENT);
        void *x = ctx_scratch(c, (size_t)f->n * 2 * LINALG_ELEMENT);
        if (!f->values || !x)
                return status_oom();
        for (int64_t b = 0; b < m->batch; b++) {
                if (ctx_cut(c))
                        return cancelled("Step was cancelled");
                TRY(read_order(f, order + b * f->n));
                analyze(f, b);
                TRY(factor(c, f, b, x, &at, y));
        }
        csr_close(y);
        *ret = steal(&y);
        return NULL;
}

static Status *cholesky_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE_SCALAR;
        return shape_want_rank(c, 0, 0);
}

static Status *sparse_cholesky(OpCtx *c)
{
        const Csr *m;
        Factor f;
        autoptr(Csr) y = NULL;
        TRY(csr_in(c, 0, node_type(ctx_node(c), "type", DT_INVALID), NULL, &m));
        TRY(check_order(m, ctx_input(c, 1)));
        TRY(make_factor(c, m, &f));
        TRY(factor_all(c, &f, tensor_data(ctx_input(c, 1)), &y));
        csr_out(c, &y);
        return NULL;
}

OP(SparseMatrixSparseCholesky, .inputs = "input:variant; permutation:int32",
   .outputs = "output:variant", .attrs = "type:type in [float,double,complex64,complex128]",
   .shape = cholesky_shape, .compute = sparse_cholesky, .costly = true);
