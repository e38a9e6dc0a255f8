// SPDX-License-Identifier: Apache-2.0
/* Gradients of max pooling: each output's gradient goes to the first element of its window that has
 * the largest value. MaxPoolGradGrad runs the same way and picks instead of adding. */
#include "engine/kernels/math/types.h"
#include "engine/kernels/nn/pool.h"

/* Channels that are looked at together; grain of threads, in elements of the input. */
enum { LANES = 64, GRAIN = 32 << 10 };

/* What one window covers: cells are numbered in the order in which the first of equals wins. */
typedef struct Cells {
        const PoolShape *p;
        Span z, r, s;
        int64_t n;
} Cells;

static Cells cells_of(const PoolShape *p, int64_t i, int64_t j, int64_t k)
{
        Cells v = { p, window_span(&p->w[0], i), window_span(&p->w[1], j), window_span(&p->w[2], k),
                    0 };
        v.n = MAX(v.z.to - v.z.from, 0) * MAX(v.r.to - v.r.from, 0) * MAX(v.s.to - v.s.from, 0);
        return v;
}

/* Where a cell's channels begin in the picture. */
static int64_t cell_at(const Cells *v, int64_t cell)
{
        int64_t rows = v->r.to - v->r.from, columns = v->s.to - v->s.from;
        int64_t k = v->s.from + cell % columns, j = v->r.from + cell / columns % rows;
        int64_t i = v->z.from + cell / columns / rows;
        return ((i * v->p->w[1].in + j) * v->p->w[2].in + k) * v->p->depth;
}

/* A picture each of the input, of what is on its side, and of what is on the output's. */
typedef struct Route {
        const PoolShape *p;
        const void *x;
        void *back, *g;
        bool pick;
} Route;

/* best: which cell has the largest value of each of n channels. spread: adds what is on the
 * output's side to its cell or, with pick, fetches it from there. */
#define LOOP(ID, T, W, GET, PUT)                                                                   \
        HOT_##ID static void best_##ID(const Cells *v, const T *x, int64_t n, int32_t *which)      \
        {                                                                                          \
                W most[LANES];                                                                     \
                for (int64_t cell = 0; cell < v->n; cell++) {                                      \
                        const T *at = x + cell_at(v, cell);                                        \
                        for (int64_t d = 0; d < n; d++) {                                          \
                                W value = GET(at[d]);                                              \
                                bool more = !cell || value > most[d];                              \
                                most[d] = more ? value : most[d];                                  \
                                which[d] = more ? (int32_t)cell : which[d];                        \
                        }                                                                          \
                }                                                                                  \
        }                                                                                          \
        HOT_##ID static void spread_##ID(const Cells *v, const int32_t *which, int64_t n, T *back, \
                                         T *g, bool pick)                                          \
        {                                                                                          \
                for (int64_t cell = 0; cell < v->n; cell++) {                                      \
                        T *at = back + cell_at(v, cell), *from = pick ? at : g,                    \
                          *to = pick ? g : at;                                                     \
                        for (int64_t d = 0; d < n; d++) {                                          \
                                T value = pick ? from[d] : PUT((W)(GET(to[d]) + GET(from[d])));    \
                                to[d] = which[d] == cell ? value : to[d];                          \
                        }                                                                          \
                }                                                                                  \
        }                                                                                          \
        static void window_##ID(const Cells *v, const T *x, T *back, T *g, bool pick)              \
        {                                                                                          \
                int32_t which[LANES];                                                              \
                for (int64_t d = 0; d < v->p->depth; d += LANES) {                                 \
                        int64_t n = MIN(v->p->depth - d, (int64_t)LANES);                          \
                        best_##ID(v, x + d, n, which);                                             \
                        if (pick && !v->n)                                                         \
                                memset(g + d, 0, (size_t)n * sizeof *g);                           \
                        spread_##ID(v, which, n, back + d, g + d, pick);                           \
                }                                                                                  \
        }                                                                                          \
        static void route_##ID(void *arg, int64_t from, int64_t to)                                \
        {                                                                                          \
                const Route *r = arg;                                                              \
                const PoolShape *p = r->p;                                                         \
                int64_t image = p->w[0].in * p->w[1].in * p->w[2].in * p->depth;                   \
                int64_t columns = p->w[2].out, rows = p->w[1].out * p->w[0].out;                   \
                T *g = (T *)r->g + from * rows * columns * p->depth;                               \
                for (int64_t b = from * rows; b < to * rows && !ctx_cut(p->c); b++)                \
                        for (int64_t k = 0; k < columns; k++, g += p->depth) {                     \
                                Cells v = cells_of(p, b % rows / p->w[1].out, b % p->w[1].out, k); \
                                window_##ID(&v, (const T *)r->x + b / rows * image,                \
                                            (T *)r->back + b / rows * image, g, r->pick);          \
                        }                                                                          \
        }
REAL_TYPES(LOOP)
#undef LOOP
#define ROW(ID, T, W, GET, PUT) [DT_##ID] = route_##ID,
static const RangeFn routes[DT_MAX + 1] = { REAL_TYPES(ROW) };
#undef ROW

/* pick: the gradient of the gradient, which reads where the gradient writes. Hence the two swap
 * places. */
static Status *run(OpCtx *c, int spatial, int from, bool pick)
{
        const Node *n = ctx_node(c);
        autoptr(Tensor) x = NULL;
        autoptr(Tensor) back = NULL;
        autoptr(Tensor) g = NULL;
        Tensor *result = ctx_output(c, 0);
        PoolShape p;
        TRY(layout_begin(n, c->in[0], true, &x));
        TRY(layout_begin(n, pick ? c->in[2] : result, pick, &back));
        TRY(layout_begin(n, pick ? result : c->in[2], !pick, &g));
        TRY(pool_begin(c, spatial, from, tensor_shape(x), &p));
        if (p.depth_size > 1)
                return unimplemented("MaxPoolingGrad is not yet supported on the depth dimension.");
        if (!pick)
                memset(tensor_fill(back), 0, tensor_bytes(back));
        Route r = { &p, tensor_data(x), tensor_fill(back), tensor_fill(g), pick };
        if (tensor_count(x) && tensor_count(g) && routes[tensor_dtype(x)])
                ctx_parallel(c, p.batch, GRAIN / (tensor_count(x) / p.batch) + 1,
                             routes[tensor_dtype(x)], &r);
        layout_end(pick ? g : back, result);
        return NULL;
}

static Status *grad_shape(ShapeCtx *c)
{
        return pool_grad_shape(c, 2, -1, true);
}

static Status *grad(OpCtx *c)
{
        return run(c, 2, -1, false);
}

static Status *grad_v2_shape(ShapeCtx *c)
{
        return pool_grad_shape(c, 2, 3, true);
}

static Status *grad_v2(OpCtx *c)
{
        return run(c, 2, 3, false);
}

static Status *grad_grad_shape(ShapeCtx *c)
{
        return pool_grad_shape(c, 2, -1, false);
}

static Status *grad_grad(OpCtx *c)
{
        return run(c, 2, -1, true);
}

static Status *grad_grad_v2_shape(ShapeCtx *c)
{
        return pool_grad_shape(c, 2, 3, false);
}

static Status *grad_grad_v2(OpCtx *c)
{
        return run(c, 2, 3, true);
}

static Status *grad_grad_3d_shape(ShapeCtx *c)
{
        return pool_grad_shape(c, 3, -1, false);
}

static Status *grad_grad_3d(OpCtx *c)
{
        return run(c, 3, -1, true);
}

static Status *grad_3d_shape(ShapeCtx *c)
{
        return pool_grad_shape(c, 3, -1, true);
}

/* T and TInput are two attributes of one type, in practice. */
static Status *grad_3d(OpCtx *c)
{
        if (tensor_dtype(ctx_input(c, 0)) != tensor_dtype(ctx_input(c, 2)))
                return unimplemented("MaxPool3DGrad of %s with gradients of %s",
                                     dtype_name(tensor_dtype(ctx_input(c, 0))),
                                     dtype_name(tensor_dtype(ctx_input(c, 2))));
        return run(c, 3, -1, false);
}

OP(MaxPoolGrad, .inputs = "orig_input:T; orig_output:T; grad:T", .outputs = "output:T",
   .attrs =
           "ksize:list(int) >=4; strides:list(int) >=4; padding:string in [SAME,VALID,EXPLICIT]; "
           "explicit_paddings:list(int) = []; data_format:string in [NHWC,NCHW] = \"NHWC\"; T:type "
           "in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64] = "
           "float",
   .shape = grad_shape, .compute = grad);
OP(MaxPoolGradV2, .inputs = "orig_input:T; orig_output:T; grad:T; ksize:int32; strides:int32",
   .outputs = "output:T",
   .attrs = "padding:string in [SAME,VALID]; data_format:string in [NHWC,NCHW] = \"NHWC\"; T:type "
            "in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64] = "
            "float",
   .shape = grad_v2_shape, .compute = grad_v2);
OP(MaxPoolGradGrad, .inputs = "orig_input:T; orig_output:T; grad:T", .outputs = "output:T",
   .attrs = "ksize:list(int) >=4; strides:list(int) >=4; padding:string in [SAME,VALID]; "
            "data_format:string in [NHWC,NCHW] = \"NHWC\"; T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = grad_grad_shape, .compute = grad_grad);
OP(MaxPool3DGrad, .inputs = "orig_input:TInput; orig_output:TInput; grad:T", .outputs = "output:T",
   .attrs = "ksize:list(int) >=5; strides:list(int) >=5; padding:string in [SAME,VALID]; "
            "data_format:string in [NDHWC,NCDHW] = \"NDHWC\"; T:type in [half,bfloat16,float] = "
            "float; TInput:type in [half,bfloat16,float] = float",
   .shape = grad_3d_shape, .compute = grad_3d);
OP(MaxPoolGradGradV2, .inputs = "orig_input:T; orig_output:T; grad:T; ksize:int32; strides:int32",
   .outputs = "output:T",
   .attrs = "padding:string in [SAME,VALID]; data_format:string in [NHWC,NCHW] = \"NHWC\"; "
            "T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = grad_grad_v2_shape, .compute = grad_grad_v2);
OP(MaxPool3DGradGrad, .inputs = "orig_input:T; orig_output:T; grad:T", .outputs = "output:T",
   .attrs = "ksize:list(int) >=5; strides:list(int) >=5; padding:string in [SAME,VALID]; "
            "data_format:string in [NDHWC,NCDHW] = \"NDHWC\"; T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = grad_grad_3d_shape, .compute = grad_grad_3d);
