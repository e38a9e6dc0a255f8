// SPDX-License-Identifier: Apache-2.0
/* Making a convolution primitive: the data stays in TensorFlow's layout, the filter may take the
 * one that the kernel prefers. */
#include "engine/kernels/nn/onednn_prim.h"

#include <pthread.h>

/* libgomp's, under oneDNN; the setting is the calling thread's own. */
void omp_set_num_threads(int n);

/* oneDNN's OpenMP is to stay on this thread: the executor shares work out itself. Cheap to repeat.
 */
static void openmp_stay_here(void)
{
        static _Thread_local bool told;
        if (!told)
                omp_set_num_threads(1);
        told = true;
}

Status *onednn_check(dnnl_status_t s, const char *what)
{
        if (s == dnnl_success)
                return NULL;
        return s == dnnl_out_of_memory ? status_oom()
                                       : internal_error("oneDNN: %s failed (%d)", what, (int)s);
}

void onednn_prim_free(OnednnPrim *p)
{
        if (p->prim)
                dnnl_primitive_destroy(p->prim);
        mem_free(p);
}

static dnnl_engine_t cpu;
/* Without a profiler: oneDNN looks for one's library in eighty places. */
static void cpu_init(void)
{
        dnnl_set_jit_profiling_flags(0);
        if (dnnl_engine_create(&cpu, dnnl_cpu, 0) != dnnl_success)
                cpu = NULL;
}

Status *onednn_engine(dnnl_engine_t *ret)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, cpu_init);
        openmp_stay_here(); /* primitives are made for as many threads as there are then */
        if (!cpu)
                return internal_error("oneDNN: there is no CPU engine");
        *ret = cpu;
        return NULL;
}

/* Memory objects only wrap our buffers, so making them for each run is cheap and keeps primitives
 * free of data: one can run in many threads. */
Status *onednn_execute(dnnl_primitive_t prim, const OnednnArg *args, int n)
{
        dnnl_exec_arg_t exec[8];
        dnnl_stream_t stream = NULL;
        dnnl_engine_t engine = NULL;
        int made = 0;
        TRY(onednn_engine(&engine));
        dnnl_status_t s = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
        for (; s == dnnl_success && made < n; made++) {
                exec[made].arg = args[made].name;
                s = dnnl_memory_create(&exec[made].memory, args[made].desc, engine,
                                       args[made].data);
                if (s != dnnl_success)
                        break;
        }
        if (s == dnnl_success)
                s = dnnl_primitive_execute(prim, stream, n, exec);
        if (s == dnnl_success)
                s = dnnl_stream_wait(stream);
        for (int i = 0; i < made; i++)
                dnnl_memory_destroy(exec[i].memory);
        if (stream)
                dnnl_stream_destroy(stream);
        return onednn_check(s, "running");
}

/* The windows as oneDNN wants them: without the trivial axis; dilation 0 is none. */
typedef struct Taps {
        dnnl_dims_t stride, dilation, before, after;
} Taps;

static void describe(const Conv *v, OnednnPrim *p, Taps *t, dnnl_memory_desc_t *any)
{
        int n = (int)v->spatial, skip = WINDOW_AXES - n;
        dnnl_dims_t x = { v->batch, v->in_c }, y = { v->batch, v->out_c };
        dnnl_dims_t f = { v->out_c, v->in_c }, g = { v->in_c, 1, 1 };
        for (int i = 0; i < n; i++) {
                const Window *w = &v->w[i + skip];
                x[2 + i] = w->in;
                y[2 + i] = w->out;
                f[2 + i] = g[3 + i] = w->size;
                t->stride[i] = w->stride;
                t->dilation[i] = w->dilation - 1;
                t->before[i] = w->before;
                /* what the last window really reaches: SAME may ask for less than it counts */
                t->after[i] = (w->out - 1) * w->stride + (w->size - 1) * w->dilation + 1 - w->in -
                              w->before;
        }
        dnnl_format_tag_t data = n == 2 ? dnnl_nhwc : dnnl_ndhwc;
        dnnl_memory_desc_init_by_tag(&p->x, n + 2, x, dnnl_f32, data);
        dnnl_memory_desc_init_by_tag(&p->y, n + 2, y, dnnl_f32, data);
        dnnl_memory_desc_init_by_tag(&p->shift, 1, (dnnl_dims_t){ v->out_c }, dnnl_f32, dnnl_a);
        int fn = v->depthwise ? n + 3 : n + 2;
        dnnl_format_tag_t tag = v->depthwise ? dnnl_hwigo : n == 2 ? dnnl_hwio : dnnl_dhwio;
        dnnl_memory_desc_init_by_tag(&p->f, fn, v->depthwise ? g : f, dnnl_f32, tag);
        dnnl_memory_desc_init_by_tag(any, fn, v->depthwise ? g : f, dnnl_f32, dnnl_format_tag_any);
}

/* "any" lets oneDNN choose the filter's layout; the data's is fixed. The bias is only there in the
 * forward pass. */
static dnnl_status_t describe_pass(ConvPass pass, const OnednnPrim *p, const Taps *t,
                                   const dnnl_memory_desc_t *any, dnnl_convolution_desc_t *d)
{
        const dnnl_memory_desc_t *shift = p->tail.shift ? &p->shift : NULL;
        dnnl_alg_kind_t alg = dnnl_convolution_direct;
        if (pass == CONV_BACK_INPUT)
                return dnnl_dilated_convolution_backward_data_desc_init(
                        d, alg, &p->x, any, &p->y, t->stride, t->dilation, t->before, t->after);
        if (pass == CONV_BACK_FILTER)
                return dnnl_dilated_convolution_backward_weights_desc_init(
                        d, alg, &p->x, any, NULL, &p->y, t->stride, t->dilation, t->before,
                        t->after);
        return dnnl_dilated_convolution_forward_desc_init(d, dnnl_forward_training, alg, &p->x, any,
                                                          shift, &p->y, t->stride, t->dilation,
                                                          t->before, t->after);
}

/* The tail as oneDNN's post-operations; its relu makes zeros of NaNs: the caller sees to it that
 * there are none. */
static dnnl_status_t set_tail(dnnl_primitive_attr_t attr, const ConvTail *tail)
{
        dnnl_post_ops_t ops;
        dnnl_status_t s = dnnl_post_ops_create(&ops);
        if (s != dnnl_success)
                return s;
        if (tail->sum)
                s = dnnl_post_ops_append_sum(ops, 1);
        if (s == dnnl_success && tail->act == CONV_ACT_RELU)
                s = dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
        if (s == dnnl_success && tail->act == CONV_ACT_RELU6)
                s = dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_clip, 0, 6);
        if (s == dnnl_success)
                s = dnnl_primitive_attr_set_post_ops(attr, ops);
        dnnl_post_ops_destroy(ops);
        return s;
}

typedef struct dnnl_primitive_desc PrimDesc;
static void prim_desc_free(PrimDesc *d)
{
        dnnl_primitive_desc_destroy(d);
}
AUTOPTR_DEFINE(PrimDesc, prim_desc_free)

/* Backward passes want the forward description as a hint. The scratchpad is ours, since oneDNN's
 * own would not be thread safe. */
static Status *make_desc(const OnednnPrim *p, const Taps *t, const dnnl_memory_desc_t *any,
                         dnnl_engine_t engine, PrimDesc **ret)
{
        dnnl_convolution_desc_t d;
        dnnl_primitive_attr_t attr;
        autoptr(PrimDesc) forward = NULL;
        if (p->pass != CONV_FORWARD) {
                TRY(onednn_check(describe_pass(CONV_FORWARD, p, t, any, &d),
                                 "describing a convolution"));
                TRY(onednn_check(dnnl_primitive_desc_create(&forward, &d, NULL, engine, NULL),
                                 "choosing a convolution"));
        }
        TRY(onednn_check(describe_pass(p->pass, p, t, any, &d), "describing a convolution"));
        TRY(onednn_check(dnnl_primitive_attr_create(&attr), "making attributes"));
        dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
        dnnl_status_t s = set_tail(attr, &p->tail);
        if (s == dnnl_success)
                s = dnnl_primitive_desc_create(ret, &d, attr, engine, forward);
        dnnl_primitive_attr_destroy(attr);
        return onednn_check(s, "choosing a convolution");
}

Status *onednn_reorder(const dnnl_memory_desc_t *from_desc, const void *from,
                       const dnnl_memory_desc_t *to_desc, void *to)
{
        autoptr(PrimDesc) d = NULL;
        dnnl_engine_t engine = NULL;
        dnnl_primitive_t prim = NULL;
        OnednnArg args[] = { { DNNL_ARG_FROM, from_desc, (void *)from },
                             { DNNL_ARG_TO, to_desc, to } };
        TRY(onednn_engine(&engine));
        TRY(onednn_check(
                dnnl_reorder_primitive_desc_create(&d, from_desc, engine, to_desc, engine, NULL),
                "choosing a reorder"));
        TRY(onednn_check(dnnl_primitive_create(&prim, d), "making a reorder"));
        Status *s = onednn_execute(prim, args, 2);
        dnnl_primitive_destroy(prim);
        return s;
}

/* What was chosen is asked for afterwards: the layout of the filter and the bytes of scratch. The
 * number of threads is chosen here, too. */
Status *onednn_prim_new(ConvPass pass, const Conv *v, const ConvTail *tail, OnednnPrim **ret)
{
        autoptr(OnednnPrim) p = mem_calloc(1, sizeof *p);
        autoptr(PrimDesc) d = NULL;
        dnnl_engine_t engine = NULL;
        dnnl_memory_desc_t any;
        Taps t;
        if (!p)
                return status_oom();
        openmp_stay_here();
        TRY(onednn_engine(&engine));
        p->pass = pass;
        p->conv = *v;
        p->tail = *tail;
        describe(v, p, &t, &any);
        TRY(make_desc(p, &t, &any, engine, &d));
        p->f_inside = *dnnl_primitive_desc_query_md(
                d, pass == CONV_BACK_FILTER ? dnnl_query_diff_weights_md : dnnl_query_weights_md,
                0);
        p->scratch = dnnl_memory_desc_get_size(
                dnnl_primitive_desc_query_md(d, dnnl_query_scratchpad_md, 0));
        TRY(onednn_check(dnnl_primitive_create(&p->prim, d), "making a convolution"));
        *ret = steal(&p);
        return NULL;
}
