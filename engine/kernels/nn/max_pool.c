// SPDX-License-Identifier: Apache-2.0
/* MaxPool, MaxPoolV2, MaxPool3D: the largest element under each window; also across channels. */
#include "engine/kernels/nn/pool.h"

#include <math.h>

/* Where a window's maximum begins, as TensorFlow's does: NaNs never win against it. Of the 3D op,
 * windows that padding cuts begin with the padding. */
typedef struct Least {
        double whole, cut;
} Least;

static Least least_of(DType t, int spatial)
{
        bool endless = spatial == 3 && dtype_is_floating(t);
        return (Least){ endless ? -(double)INFINITY : pool_least(t), pool_least(t) };
}

/* x[b, z, y, x, :] to y[b, oz, oy, ox, :]; a whole pixel's channels at a time. */
#define LOOP(ID, T, W, GET, PUT)                                                               \
        HOT static void max_into_##ID(T *y, const T *x, int64_t n)                             \
        {                                                                                      \
                for (int64_t i = 0; i < n; i++)                                                \
                        y[i] = GET(x[i]) > GET(y[i]) ? x[i] : y[i];                            \
        }                                                                                      \
        HOT static void begin_##ID(T *y, const T *x, T start, int64_t n)                       \
        {                                                                                      \
                for (int64_t i = 0; i < n; i++)                                                \
                        y[i] = GET(x[i]) > GET(start) ? x[i] : start;                          \
        }                                                                                      \
        static void pixel_##ID(const PoolShape *p, Least least, const T *x, T *y,              \
                               const int64_t o[3])                                             \
        {                                                                                      \
                Span z = window_span(&p->w[0], o[0]), r = window_span(&p->w[1], o[1]),         \
                     s = window_span(&p->w[2], o[2]);                                          \
                bool cut = z.to - z.from < p->w[0].size || r.to - r.from < p->w[1].size ||     \
                           s.to - s.from < p->w[2].size;                                       \
                T start = PUT((W)(cut ? least.cut : least.whole));                             \
                bool first = true;                                                             \
                for (int64_t i = z.from; i < z.to; i++)                                        \
                        for (int64_t j = r.from; j < r.to; j++)                                \
                                for (int64_t k = s.from; k < s.to; k++, first = false) {       \
                                        const T *at = x + ((i * p->w[1].in + j) * p->w[2].in + \
                                                           k) * p->depth;                      \
                                        if (first)                                             \
                                                begin_##ID(y, at, start, p->depth);            \
                                        else                                                   \
                                                max_into_##ID(y, at, p->depth);                \
                                }                                                              \
                for (int64_t i = 0; first && i < p->depth; i++)                                \
                        y[i] = start;                                                          \
        }                                                                                      \
        static void across_##ID(const PoolShape *p, const T *x, T *y, int64_t pixels)          \
        {                                                                                      \
                for (int64_t i = 0; i < pixels * p->depth_out; i++, x += p->depth_size) {      \
                        y[i] = x[0];                                                           \
                        for (int64_t k = 1; k < p->depth_size; k++)                            \
                                y[i] = GET(x[k]) > GET(y[i]) ? x[k] : y[i];                    \
                }                                                                              \
        }                                                                                      \
        /* Rows [from, to) of all batches and planes. */                                       \
        static void rows_##ID(const PoolShape *p, Least least, const T *x, T *y, int64_t from, \
                              int64_t to)                                                      \
        {                                                                                      \
                const Window *w = p->w;                                                        \
                int64_t image = w[0].in * w[1].in * w[2].in * p->depth;                        \
                for (int64_t row = from; row < to; row++)                                      \
                        for (int64_t k = 0; k < w[2].out; k++)                                 \
                                pixel_##ID(p, least, x + row / w[1].out / w[0].out * image,    \
                                           y + (row * w[2].out + k) * p->depth,                \
                                           (int64_t[3]){ row / w[1].out % w[0].out,            \
                                                         row % w[1].out, k });                 \
        }
REAL_TYPES(LOOP)
#undef LOOP

typedef struct Job {
        PoolShape p;
        Least least;
        const Tensor *x;
        Tensor *y;
} Job;

static void run_rows(void *arg, int64_t from, int64_t to)
{
        Job *j = arg;
        DISPATCH(REAL_TYPES, tensor_dtype(j->x), rows, &j->p, j->least, tensor_data(j->x),
                 tensor_fill(j->y), from, to);
}

/* Work is cut by rows of the output; the grain follows from what a row costs. */
static Status *run(OpCtx *c, int spatial, int from)
{
        autoptr(Tensor) x = NULL;
        autoptr(Tensor) y = NULL;
        TRY(layout_begin(ctx_node(c), c->in[0], true, &x));
        TRY(layout_begin(ctx_node(c), ctx_output(c, 0), false, &y));
        Job j = { .least = least_of(tensor_dtype(x), spatial), .x = x, .y = y };
        TRY(pool_begin(c, spatial, from, tensor_shape(x), &j.p));
        const Window *w = j.p.w;
        if (!tensor_count(y))
                return NULL;
        if (j.p.depth_size > 1) {
                DISPATCH(REAL_TYPES, tensor_dtype(x), across, &j.p, tensor_data(x), tensor_fill(y),
                         tensor_count(x) / j.p.depth);
        } else {
                int64_t cost = w[2].out * j.p.depth * w[0].size * w[1].size * w[2].size;
                int64_t grain = 65536 / MAX(1, cost);
                ctx_parallel(c, j.p.batch * w[0].out * w[1].out, MAX(1, grain), run_rows, &j);
        }
        layout_end(y, ctx_output(c, 0));
        return NULL;
}

static Status *max_pool_shape(ShapeCtx *c)
{
        return pool_shape(c, 2, -1);
}

static Status *max_pool(OpCtx *c)
{
        return run(c, 2, -1);
}

static Status *max_pool_v2_shape(ShapeCtx *c)
{
        return pool_shape(c, 2, 1);
}

static Status *max_pool_v2(OpCtx *c)
{
        return run(c, 2, 1);
}

static Status *max_pool_3d_shape(ShapeCtx *c)
{
        return pool_shape(c, 3, -1);
}

static Status *max_pool_3d(OpCtx *c)
{
        return run(c, 3, -1);
}

#define POOL_TYPES "T:type in [half,bfloat16,float,double,int32,int64,uint8,int16,int8,uint16]"

OP(MaxPool, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type in [half,bfloat16,float,double,int32,int64,uint8,int16,int8,uint16,qint8] = "
            "float; ksize:list(int) >=4; strides:list(int) >=4; padding:string in "
            "[SAME,VALID,EXPLICIT]; explicit_paddings:list(int) = []; data_format:string in "
            "[NHWC,NCHW,NCHW_VECT_C] = \"NHWC\"",
   .kernels = POOL_TYPES, .shape = max_pool_shape, .compute = max_pool);
OP(MaxPoolV2, .inputs = "input:T; ksize:int32; strides:int32", .outputs = "output:T",
   .attrs = "T:type in [half,bfloat16,float,double,int32,int64,uint8,int16,int8,uint16,qint8] = "
            "float; padding:string in [SAME,VALID]; data_format:string in [NHWC,NCHW,NCHW_VECT_C] "
            "= \"NHWC\"",
   .kernels = POOL_TYPES, .shape = max_pool_v2_shape, .compute = max_pool_v2);
OP(MaxPool3D, .inputs = "input:T", .outputs = "output:T",
   .attrs = "ksize:list(int) >=5; strides:list(int) >=5; padding:string in [SAME,VALID]; "
            "data_format:string in [NDHWC,NCDHW] = \"NDHWC\"; T:type in [half,bfloat16,float]",
   .shape = max_pool_3d_shape, .compute = max_pool_3d);
