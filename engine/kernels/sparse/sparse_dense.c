// SPDX-License-Identifier: Apache-2.0
/* A sparse tensor meets a dense one: added to it, multiplied as matrices, combined value by value
 * where the sparse one has entries. */
#include "engine/kernels/sparse/sparse.h"

#include <tgmath.h>

/* No broadcasting: ranks must agree, sizes are compared when the values are there. */
static Status *add_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        const Shape *dims = shape_in(c, 2), *b = shape_in(c, 3);
        if (dims->rank == 1 && dims->dim[0] >= 0 && b->rank >= 0 && dims->dim[0] != b->rank)
                return invalid_argument("Two operands have different ranks; received: %lld and %d",
                                        (long long)dims->dim[0], b->rank);
        c->out[0] = *b;
        return NULL;
}

/* Where in a tensor of shape s entry i of the indices lies. */
static Status *place(const Tensor *at, int64_t i, const Shape *s, int64_t *ret)
{
        int64_t key = 0;
        for (int d = 0; d < s->rank; d++) {
                int64_t v = tensor_int(at, i * s->rank + d);
                if (v < 0 || v >= s->dim[d])
                        return invalid_argument("Index %lld out of bounds [0, %lld)", (long long)v,
                                                (long long)s->dim[d]);
                key = key * s->dim[d] + v;
        }
        *ret = key;
        return NULL;
}

/* Each place is checked before it is written. */
#define LOOP(ID, T, W, GET, PUT)                                                               \
        static Status *add_##ID(const Tensor *at, const T *v, int64_t n, const Shape *s, T *y) \
        {                                                                                      \
                for (int64_t i = 0, to; i < n; i++) {                                          \
                        TRY(place(at, i, s, &to));                                             \
                        y[to] = PUT((W)(GET(y[to]) + GET(v[i])));                              \
                }                                                                              \
                return NULL;                                                                   \
        }
NUMBER_TYPES(LOOP)
#undef LOOP

/* The sum may be written into the dense input, when nobody else needs that. Repeated indices add
 * up. */
static Status *add(OpCtx *c)
{
        const Tensor *b = ctx_input(c, 3), *dims = ctx_input(c, 2), *v = ctx_input(c, 1);
        Tensor *y = ctx_output(c, 0);
        for (int d = 0; d < tensor_rank(b); d++)
                if (tensor_int(dims, d) != tensor_dim(b, d))
                        return invalid_argument("Dimension %d does not equal (no broadcasting is "
                                                "supported): sparse side %lld vs dense side %lld",
                                                d, (long long)tensor_int(dims, d),
                                                (long long)tensor_dim(b, d));
        if (tensor_data(y) != tensor_data(b))
                TRY(tensor_copy_elements(y, 0, b, 0, tensor_count(b)));
        DISPATCH_RETURN(NUMBER_TYPES, tensor_dtype(b), add, ctx_input(c, 0), tensor_data(v),
                        tensor_count(v), tensor_shape(y), tensor_fill(y));
}

OP(SparseTensorDenseAdd, .inputs = "a_indices:Tindices; a_values:T; a_shape:Tindices; b:T",
   .outputs = "output:T",
   .attrs = "T:type in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,"
            "bfloat16,uint16,complex128,half,uint32,uint64]; Tindices:type in [int32,int64]",
   .kernels = SPARSE_NUMBERS("T"), .shape = add_shape, .compute = add, .inplace = 1 << 3);

/* The sparse side's size is a value; adjoint swaps which of its two numbers is the inner one. */
static Status *matmul_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        TRY(shape_want_rank_as(c, 3, 2, "Tensor 'b' is not a matrix"));
        Shape a = shape_of_rank(2);
        const Shape *b = shape_in(c, 3), *dims = shape_in(c, 2);
        if (dims->rank == 1 && dims->dim[0] >= 0 && dims->dim[0] != 2)
                return invalid_argument("Tensor 'a_shape' must have 2 elements");
        TRY(shape_from_input(c, 2, &a));
        bool adjoint_a = node_bool(c->node, "adjoint_a", false);
        bool adjoint_b = node_bool(c->node, "adjoint_b", false);
        int64_t inner = a.rank < 0 ? -1 : a.dim[!adjoint_a],
                rows = a.rank < 0 ? -1 : a.dim[adjoint_a];
        int64_t want = b->rank < 0 ? -1 : b->dim[adjoint_b];
        if (inner >= 0 && want >= 0 && inner != want)
                return invalid_argument("Cannot multiply A and B because inner dimension does not "
                                        "match: %lld vs. %lld.  Did you forget a transpose?",
                                        (long long)inner, (long long)want);
        c->out[0] = SHAPE(rows, b->rank < 0 ? -1 : b->dim[!adjoint_b]);
        return NULL;
}

/* One entry of A adds a multiple of a row of op(B) to a row of the product. */
typedef struct Product {
        const Tensor *at;
        int64_t n, rows, inner, cols;
        bool adjoint_a, adjoint_b;
} Product;

/* Indices are checked one by one while multiplying: a pass of its own would read all of them twice.
 */
static Status *product_entry(const Product *p, int64_t i, int64_t *ret_row, int64_t *ret_inner)
{
        int64_t row = tensor_int(p->at, 2 * i + p->adjoint_a);
        int64_t k = tensor_int(p->at, 2 * i + !p->adjoint_a);
        if (k < 0 || k >= p->inner)
                return invalid_argument("k (%lld) from index[%lld,%d] out of bounds (>=%lld)",
                                        (long long)k, (long long)i, !p->adjoint_a,
                                        (long long)p->inner);
        if (row < 0 || row >= p->rows)
                return invalid_argument("m (%lld) from index[%lld,%d] out of bounds (>=%lld)",
                                        (long long)row, (long long)i, p->adjoint_a,
                                        (long long)p->rows);
        *ret_row = row;
        *ret_inner = k;
        return NULL;
}

#define CONJ_FLOAT(x)      (x)
#define CONJ_DOUBLE(x)     (x)
#define CONJ_INT32(x)      (x)
#define CONJ_INT64(x)      (x)
#define CONJ_COMPLEX64(x)  conjf(x)
#define CONJ_COMPLEX128(x) conj(x)
#define PRODUCT_TYPES(X, ...)        \
        TYPE_FLOAT(X, ##__VA_ARGS__) \
        TYPE_DOUBLE(X, ##__VA_ARGS__) INDEX_TYPES(X, ##__VA_ARGS__) COMPLEX_TYPES(X, ##__VA_ARGS__)
/* Entry by entry: each adds a multiple of one of b's rows (columns, when adjoint) to a row of the
 * result. */
#define LOOP(ID, T, W, GET, PUT)                                                              \
        static Status *product_##ID(OpCtx *c, const Product *p, const T *a, const T *b, T *y) \
        {                                                                                     \
                for (int64_t i = 0, row, k; i < p->n; i++) {                                  \
                        TRY(product_entry(p, i, &row, &k));                                   \
                        if (ctx_cancelled(c))                                                 \
                                return cancelled("Step was cancelled");                       \
                        T v = p->adjoint_a ? CONJ_##ID(a[i]) : a[i];                          \
                        T *to = y + row * p->cols;                                            \
                        for (int64_t j = 0; j < p->cols && !p->adjoint_b; j++)                \
                                to[j] += v * b[k * p->cols + j];                              \
                        for (int64_t j = 0; j < p->cols && p->adjoint_b; j++)                 \
                                to[j] += v * CONJ_##ID(b[j * p->inner + k]);                  \
                }                                                                             \
                return NULL;                                                                  \
        }
PRODUCT_TYPES(LOOP)
#undef LOOP

static Status *matmul(OpCtx *c)
{
        const Tensor *at = ctx_input(c, 0), *b = ctx_input(c, 3);
        Tensor *y = ctx_output(c, 0);
        Product p = { .at = at, .n = tensor_dim(at, 0), .rows = tensor_dim(y, 0) };
        p.adjoint_a = node_bool(ctx_node(c), "adjoint_a", false);
        p.adjoint_b = node_bool(ctx_node(c), "adjoint_b", false);
        p.inner = tensor_dim(b, p.adjoint_b);
        p.cols = tensor_dim(y, 1);
        if (tensor_count(y))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        DISPATCH_RETURN(PRODUCT_TYPES, tensor_dtype(b), product, c, &p,
                        tensor_data(ctx_input(c, 1)), tensor_data(b), tensor_fill(y));
}

OP(SparseTensorDenseMatMul, .inputs = "a_indices:Tindices; a_values:T; a_shape:int64; b:T",
   .outputs = "product:T",
   .attrs = "T:type; Tindices:type in [int32,int64] = int64; adjoint_a:bool = false; "
            "adjoint_b:bool = false",
   .kernels = "T:type in [float,double,int32,int64,complex64,complex128]", .shape = matmul_shape,
   .compute = matmul, .costly = true);
