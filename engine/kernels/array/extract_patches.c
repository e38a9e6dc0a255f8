// SPDX-License-Identifier: Apache-2.0
/* ExtractImagePatches, ExtractVolumePatches: each window of the input, flattened into the last
 * dimension. */
#include "engine/kernels/array/clip.h"
#include "engine/ops/box.h"
#include "engine/ops/op.h"

enum { MAX_SPACE = 3 };

/* Windows over the dims 1..n of a [batch, space..., depth] tensor. */
typedef struct Windows {
        int n;
        int64_t size[MAX_SPACE], stride[MAX_SPACE], rate[MAX_SPACE];
        bool same;
} Windows;

/* Batch and depth must be 1, as TensorFlow's kernel demands. */
static Status *read_list(const Node *node, const char *name, int n, int64_t *ret)
{
        const int64_t *v;
        int len;
        TRY(node_attr_ints(node, name, &v, &len));
        if (len != n + 2)
                return invalid_argument("%s must be a list of %d ints, got %d", name, n + 2, len);
        if (v[0] != 1 || v[n + 1] != 1)
                return unimplemented("Only support %s across space.", name);
        for (int i = 0; i < n; i++) {
                if (v[1 + i] < 1 || v[1 + i] > INT32_MAX)
                        return out_of_range("%s is out of range.", name);
                ret[i] = v[1 + i];
        }
        return NULL;
}

static Status *read_windows(const Node *node, Windows *ret)
{
        Windows w = { .n = node_attr(node, "rates") ? 2 : 3, .rate = { 1, 1, 1 } };
        TRY(read_list(node, "ksizes", w.n, w.size));
        TRY(read_list(node, "strides", w.n, w.stride));
        if (w.n == 2)
                TRY(read_list(node, "rates", w.n, w.rate));
        w.same = strcmp(node_string(node, "padding", "VALID"), "SAME") == 0;
        *ret = w;
        return NULL;
}

static int64_t reach(const Windows *w, int i)
{
        return (w->size[i] - 1) * w->rate[i] + 1;
}

/* The depth grows by the number of places in a window: the product is the only size here that can
 * overflow. */
static Status *extract_patches_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        Windows w;
        TRY(read_windows(c->node, &w));
        if (s.rank >= 0 && s.rank != w.n + 2)
                return invalid_argument("input must be %d-dimensional%s", w.n + 2,
                                        shape_text(&s).s);
        if (s.rank < 0)
                return NULL;
        int64_t *depth = &s.dim[w.n + 1];
        for (int i = 0; i < w.n; i++) {
                int64_t *dim = &s.dim[1 + i];
                int64_t n = *dim + (w.same ? w.stride[i] - 1 : w.stride[i] - reach(&w, i));
                n /= w.stride[i]; /* towards zero: a window less than a stride too large is none */
                if (*dim >= 0 && n < 0)
                        return invalid_argument("Computed output size would be negative: %lld "
                                                "[input_size: %lld, effective_filter_size: %lld, "
                                                "stride: %lld]",
                                                (long long)n, (long long)*dim,
                                                (long long)reach(&w, i), (long long)w.stride[i]);
                *dim = *dim < 0 ? -1 : n;
                if (*depth >= 0 && __builtin_mul_overflow(*depth, w.size[i], depth))
                        return invalid_argument("The patches are too large");
        }
        c->out[0] = s;
        return NULL;
}

/* The copy of window position r (counted over all positions of a window) of every window. */
static Box position_box(const Windows *w, int64_t r, const Shape *x, const Shape *y)
{
        int64_t xs[SHAPE_MAX_RANK], ys[SHAPE_MAX_RANK], depth = x->dim[w->n + 1], rest = r;
        Box b = { .dst_at = r * depth };
        box_strides(x, xs);
        box_strides(y, ys);
        box_add(&b, x->dim[0], ys[0], xs[0]);
        for (int i = 1; i <= w->n; i++)
                box_add(&b, 0, ys[i], w->stride[i - 1] * xs[i]);
        box_add(&b, depth, 1, 1);
        for (int i = w->n; i >= 1; i--) {
                int64_t stride = w->stride[i - 1], from, to;
                int64_t over = (y->dim[i] - 1) * stride + reach(w, i - 1) - x->dim[i];
                int64_t at = rest % w->size[i - 1] * w->rate[i - 1];
                at -= w->same ? MAX(over, 0) / 2 : 0;
                rest /= w->size[i - 1];
                clip_range(y->dim[i], at, stride, x->dim[i], &from, &to);
                b.dim[i] = to - from;
                b.src_at += (at + from * stride) * xs[i];
                b.dst_at += from * ys[i];
        }
        return b;
}

/* One strided copy for each place of the window, all windows at once. What SAME adds around the
 * image stays 0. */
static Status *extract_patches(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        Windows w;
        int64_t all = 1;
        TRY(read_windows(ctx_node(c), &w));
        if (tensor_count(y) == 0)
                return NULL;
        memset(tensor_fill(y), 0, tensor_bytes(y));
        for (int i = 0; i < w.n; i++)
                all *= w.size[i];
        for (int64_t r = 0; r < all; r++) {
                Box b = position_box(&w, r, tensor_shape(x), tensor_shape(y));
                TRY(box_copy(&b, y, x));
        }
        return NULL;
}

OP(ExtractImagePatches, .inputs = "images:T", .outputs = "patches:T",
   .attrs = "ksizes:list(int) >=4; strides:list(int) >=4; rates:list(int) >=4; T:type in "
            "[bfloat16,half,float,double,int8,int16,int32,int64,uint8,uint16,uint32,uint64,"
            "complex64,complex128,bool]; padding:string in [SAME,VALID]",
   .shape = extract_patches_shape, .compute = extract_patches);
OP(ExtractVolumePatches, .inputs = "input:T", .outputs = "patches:T",
   .attrs = "ksizes:list(int) >=5; strides:list(int) >=5; T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]; "
            "padding:string in [SAME,VALID]",
   .shape = extract_patches_shape, .compute = extract_patches);
