// SPDX-License-Identifier: Apache-2.0
/* Sparse matrices turned over, multiplied with dense ones and with each other. */
#include "engine/kernels/sparse/csr.h"
#include "engine/kernels/sparse/sparse.h"

static Status *scalar_shape(ShapeCtx *c)
{
        TRY(shape_want_rank(c, 0, 0));
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

static Status *transpose(OpCtx *c)
{
        const Csr *m;
        autoptr(Csr) t = NULL;
        TRY(csr_in(c, 0, node_type(ctx_node(c), "type", DT_INVALID), "input", &m));
        TRY(csr_transpose(m, node_bool(ctx_node(c), "conjugate", false), &t));
        csr_out(c, &t);
        return NULL;
}

OP(SparseMatrixTranspose, .inputs = "input:variant", .outputs = "output:variant",
   .attrs = "conjugate:bool = false; type:type in [float,double,complex64,complex128]",
   .shape = scalar_shape, .compute = transpose);

/* How the node wants input a or b to be read. */
typedef struct Turn {
        bool over, conjugate;
} Turn;

static Status *read_turn(const Node *node, const char *transpose, const char *adjoint, Turn *ret)
{
        bool flat = node_bool(node, transpose, false), conjugate = node_bool(node, adjoint, false);
        if (flat && conjugate)
                return invalid_argument("Only one of %s and %s may be true.", adjoint, transpose);
        *ret = (Turn){ .over = flat || conjugate, .conjugate = conjugate };
        return NULL;
}

/* *ret is m itself or *made, which the caller gives back. */
static Status *turned(const Csr *m, Turn turn, Csr **made, const Csr **ret)
{
        *ret = m;
        if (turn.over) {
                TRY(csr_transpose(m, turn.conjugate, made));
                *ret = *made;
        }
        return NULL;
}

/* ---- sparse by dense ---- */

/* B and the result lie so that both may be read as turned over. */
typedef struct Dense {
        int64_t n;                    /* columns of A B */
        int64_t b_size, b_row, b_col; /* elements from one to the next */
        int64_t y_size, y_row, y_col;
        bool conjugate_b, conjugate_y;
} Dense;

/* Strides turn b and y over; along a row of the result the additions are in the order of the
 * entries. */
#define MULTIPLY(ID, T, W, GET, PUT)                                                              \
        static void multiply_##ID(OpCtx *c, const Csr *a, const Dense *d, const T *b, T *y)       \
        {                                                                                         \
                const T *values = tensor_data(a->values);                                         \
                int64_t from, to;                                                                 \
                for (int64_t row = 0; row < a->batch * a->rows && !ctx_cut(c); row++) {           \
                        T *sum = y + row / a->rows * d->y_size + row % a->rows * d->y_row;        \
                        csr_row(a, row, &from, &to);                                              \
                        for (int64_t i = from; i < to; i++) {                                     \
                                const T *x =                                                      \
                                        b + row / a->rows * d->b_size + csr_col(a, i) * d->b_row; \
                                for (int64_t j = 0; j < d->n; j++) {                              \
                                        T f = x[j * d->b_col];                                    \
                                        sum[j * d->y_col] +=                                      \
                                                values[i] * (d->conjugate_b ? CONJ_##ID(f) : f);  \
                                }                                                                 \
                        }                                                                         \
                        for (int64_t j = 0; j < d->n && d->conjugate_y; j++)                      \
                                sum[j * d->y_col] = CONJ_##ID(sum[j * d->y_col]);                 \
                }                                                                                 \
        }
LINALG_TYPES(MULTIPLY)
#undef MULTIPLY

/* Sizes are known only now, as the matrix is a variant: no shape function could look into it. */
static Status *check_dense(const Csr *a, Turn turn_a, const Tensor *b, Turn turn_b)
{
        int rank = tensor_rank(b);
        if (a->rank != rank)
                return invalid_argument("Ranks of a and b must match, saw: %d vs. %d.", a->rank,
                                        rank);
        if (rank == 3 && a->batch != tensor_dim(b, 0))
                return invalid_argument("Batch sizes of a and b must match, saw: %lld vs. %lld.",
                                        (long long)a->batch, (long long)tensor_dim(b, 0));
        int64_t inner_a = turn_a.over ? a->rows : a->cols;
        int64_t inner_b = tensor_dim(b, turn_b.over ? rank - 1 : rank - 2);
        if (inner_a != inner_b)
                return invalid_argument("Inner product dimensions of A and B do not agree.  Shapes "
                                        "are: [%lld,%lld] vs. %s",
                                        (long long)a->rows, (long long)a->cols,
                                        shape_text(tensor_shape(b)).s);
        return NULL;
}

static Status *matmul_shape(ShapeCtx *c)
{
        const Shape *b = shape_in(c, 1);
        TRY(shape_want_rank(c, 0, 0));
        if (b->rank >= 0 && b->rank != 2 && b->rank != 3)
                return invalid_argument("Shape must be rank 2 or 3 but is rank %d", b->rank);
        return NULL;
}

/* Transposing the dense sides is done by strides; only the sparse one is really turned over. */
static Status *matmul(OpCtx *c)
{
        const Node *node = ctx_node(c);
        const Tensor *b = ctx_input(c, 1);
        int rank = tensor_rank(b);
        const Csr *a;
        Turn turn_a, turn_b;
        autoptr(Csr) made = NULL;
        Tensor *y;
        TRY(read_turn(node, "transpose_a", "adjoint_a", &turn_a));
        TRY(read_turn(node, "transpose_b", "adjoint_b", &turn_b));
        TRY(csr_in_beside(c, b, &a));
        TRY(check_dense(a, turn_a, b, turn_b));
        TRY(turned(a, turn_a, &made, &a));
        int64_t b_rows = tensor_dim(b, rank - 2), b_cols = tensor_dim(b, rank - 1);
        bool over = node_bool(node, "transpose_output", false);
        Dense d = { .n = turn_b.over ? b_rows : b_cols,
                    .b_size = b_rows * b_cols,
                    .b_row = turn_b.over ? 1 : b_cols,
                    .b_col = turn_b.over ? b_cols : 1,
                    .conjugate_b = turn_b.conjugate,
                    .conjugate_y = node_bool(node, "conjugate_output", false) };
        Shape s = *tensor_shape(b);
        s.dim[rank - 2] = over ? d.n : a->rows;
        s.dim[rank - 1] = over ? a->rows : d.n;
        TRY(ctx_alloc(c, 0, &s, &y));
        d.y_size = a->rows * d.n;
        d.y_row = over ? 1 : d.n;
        d.y_col = over ? a->rows : 1;
        memset(tensor_fill(y), 0, tensor_bytes(y));
        DISPATCH(LINALG_TYPES, tensor_dtype(b), multiply, c, a, &d, tensor_data(b), tensor_fill(y));
        return NULL;
}

OP(SparseMatrixMatMul, .inputs = "a:variant; b:T", .outputs = "output:T",
   .attrs = "T:type; transpose_a:bool = false; transpose_b:bool = false; adjoint_a:bool = false; "
            "adjoint_b:bool = false; transpose_output:bool = false; conjugate_output:bool = false",
   .kernels = LINALG_KERNELS, .shape = matmul_shape, .compute = matmul, .late_shape = true,
   .costly = true);

/* ---- sparse by sparse ---- */

/* A row of the product: n products of entries left of A and right of B, by their columns. */
typedef struct Product {
        const Csr *a, *b;
        int64_t n, *col, *left, *right, *order, *spare;
} Product;

/* How many products a row has; with collect it lists them and sorts them. */
static int64_t count_row(Product *p, int64_t row, bool collect)
{
        int64_t from, to, first, last, above = row / p->a->rows * p->b->rows;
        p->n = 0;
        csr_row(p->a, row, &from, &to);
        for (int64_t i = from; i < to; i++) {
                csr_row(p->b, above + csr_col(p->a, i), &first, &last);
                if (!collect) {
                        p->n += last - first;
                        continue;
                }
                for (int64_t j = first; j < last; j++) {
                        p->col[p->n] = csr_col(p->b, j);
                        p->left[p->n] = i;
                        p->right[p->n++] = j;
                }
        }
        if (collect)
                sparse_sort(p->col, p->n, p->order, p->spare);
        return p->n;
}

/* One past the products from i on that are of one column. */
static int64_t run_end(const Product *p, int64_t i)
{
        int64_t col = p->col[p->order[i]];
        while (i < p->n && p->col[p->order[i]] == col)
                i++;
        return i;
}

#define ADD(ID, T, W, GET, PUT)                                                         \
        static void add_##ID(const Product *p, int64_t from, int64_t to, T *y)          \
        {                                                                               \
                const T *a = tensor_data(p->a->values), *b = tensor_data(p->b->values); \
                *y = 0;                                                                 \
                for (int64_t i = from; i < to; i++)                                     \
                        *y += a[p->left[p->order[i]]] * b[p->right[p->order[i]]];       \
        }
LINALG_TYPES(ADD)
#undef ADD

static void add(const Product *p, int64_t from, int64_t to, Tensor *y, int64_t i)
{
        char *at = (char *)tensor_fill(y) + (size_t)i * dtype_size(tensor_dtype(y));
        DISPATCH(LINALG_TYPES, tensor_dtype(y), add, p, from, to, (void *)at);
}

/* Room for the richest row of the result, counted with repetitions, before any work. */
static Status *product_alloc(OpCtx *c, Product *p)
{
        int64_t most = 0;
        for (int64_t row = 0; row < p->a->batch * p->a->rows; row++)
                most = MAX(most, count_row(p, row, false));
        int64_t **part[] = { &p->col, &p->left, &p->right, &p->order, &p->spare };
        for (size_t i = 0; i < COUNTOF(part); i++) {
                *part[i] = ctx_scratch(c, (size_t)most * sizeof **part[i]);
                if (!*part[i])
                        return status_oom();
        }
        return NULL;
}

/* Row by row (Gustavson 1978), twice: the first walk counts, as the result's size depends on which
 * columns meet. */
static Status *multiply_sparse(OpCtx *c, Product *p, Csr **ret)
{
        const Csr *a = p->a;
        int64_t n = 0;
        autoptr(Csr) m = NULL;
        TRY(product_alloc(c, p));
        for (int64_t row = 0; row < a->batch * a->rows && !ctx_cut(c); row++) {
                count_row(p, row, true);
                for (int64_t i = 0; i < p->n; i = run_end(p, i))
                        n++;
        }
        TRY(csr_new(tensor_dtype(a->values), 3, (int64_t[]){ a->batch, a->rows, p->b->cols }, n,
                    &m));
        m->rank = a->rank;
        n = 0;
        for (int64_t row = 0; row < a->batch * a->rows; row++) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                count_row(p, row, true);
                for (int64_t i = 0, end; i < p->n; i = end, n++) {
                        end = run_end(p, i);
                        csr_entry(m, n, row, p->col[p->order[i]]);
                        add(p, i, end, m->values, n);
                }
        }
        csr_close(m);
        *ret = steal(&m);
        return NULL;
}

static Status *sparse_matmul_shape(ShapeCtx *c)
{
        TRY(shape_want_rank(c, 1, 0));
        return scalar_shape(c);
}

/* The result is sparse by structure: sums that cancel to 0 stay as entries. */
static Status *sparse_matmul(OpCtx *c)
{
        const Node *node = ctx_node(c);
        DType type = node_type(node, "type", DT_INVALID);
        const Csr *a, *b;
        Turn turn_a, turn_b;
        autoptr(Csr) made_a = NULL;
        autoptr(Csr) made_b = NULL;
        autoptr(Csr) y = NULL;
        TRY(read_turn(node, "transpose_a", "adjoint_a", &turn_a));
        TRY(read_turn(node, "transpose_b", "adjoint_b", &turn_b));
        TRY(csr_in(c, 0, type, "a", &a));
        TRY(csr_in(c, 1, type, "b", &b));
        if (a->rank != b->rank)
                return invalid_argument("Ranks of a and b must match, saw: %d vs. %d.", a->rank,
                                        b->rank);
        if (a->batch != b->batch)
                return invalid_argument("Batch sizes of A and B do not agree.  Batch sizes are: "
                                        "%lld vs. %lld",
                                        (long long)a->batch, (long long)b->batch);
        TRY(turned(a, turn_a, &made_a, &a));
        TRY(turned(b, turn_b, &made_b, &b));
        if (a->cols != b->rows)
                return invalid_argument("Inner product dimensions of A and B do not agree.  Shapes "
                                        "are: [%lld,%lld] vs. [%lld,%lld]",
                                        (long long)a->rows, (long long)a->cols, (long long)b->rows,
                                        (long long)b->cols);
        Product p = { .a = a, .b = b };
        TRY(multiply_sparse(c, &p, &y));
        csr_out(c, &y);
        return NULL;
}

OP(SparseMatrixSparseMatMul, .inputs = "a:variant; b:variant", .outputs = "c:variant",
   .attrs = "type:type in [float,double,complex64,complex128]; transpose_a:bool = false; "
            "transpose_b:bool = false; adjoint_a:bool = false; adjoint_b:bool = false",
   .shape = sparse_matmul_shape, .compute = sparse_matmul, .costly = true);
