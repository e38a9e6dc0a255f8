// SPDX-License-Identifier: Apache-2.0
/* ClipByValue: bounds are scalars or of the tensor's shape. */
#include "engine/kernels/math/types.h"

static Status *clip_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *lo = shape_in(c, 1), *hi = shape_in(c, 2);
        c->out[0] = *x;
        if ((lo->rank == 0 || shape_compatible(x, lo)) &&
            (hi->rank == 0 || shape_compatible(x, hi)))
                return NULL;
        return invalid_argument("clip_value_min and clip_value_max must be either of the same "
                                "shape as input, or a scalar. input shape: %sclip_value_min "
                                "shape: %sclip_value_max shape: %s",
                                shape_text(x).s, shape_text(lo).s, shape_text(hi).s);
}

/* ls, hs: 0 for a scalar bound, else 1. Where the bounds cross, the lower one wins. */
#define CLIP_LOOP(GET, PUT, W, li, hi_)                             \
        SAME_OR_APART                                               \
        for (int64_t i = 0; i < n; i++) {                           \
                W v = GET(x[i]), l = GET(lo[li]), h = GET(hi[hi_]); \
                v = h < v ? h : v;                                  \
                y[i] = PUT(v < l ? l : v);                          \
        }
#define CLIP(ID, T, W, GET, PUT)                                                         \
        HOT_##ID static void clip_##ID(const T *x, const T *lo, int64_t ls, const T *hi, \
                                       int64_t hs, T *y, int64_t n)                      \
        {                                                                                \
                if (!ls && !hs) {                                                        \
                        CLIP_LOOP(GET, PUT, W, 0, 0)                                     \
                } else {                                                                 \
                        CLIP_LOOP(GET, PUT, W, i *ls, i *hs)                             \
                }                                                                        \
        }
CLIP(FLOAT, float, float, SAME_, SAME_)
#ifdef NATIVE_HALF
#define HOT_NATIVE NATIVE_HALF
CLIP(NATIVE, _Float16, _Float16, SAME_, SAME_)
#endif
/* Halves by blocks of floats; bounds that stand still are widened once. */
static void clip_HALF(const Half *x, const Half *lo, int64_t ls, const Half *hi, int64_t hs,
                      Half *y, int64_t n)
{
        float v[SHORT_BLOCK], l[SHORT_BLOCK], h[SHORT_BLOCK];
#ifdef NATIVE_HALF
        if (half_is_native()) {
                clip_NATIVE((const void *)x, (const void *)lo, ls, (const void *)hi, hs, (void *)y,
                            n);
                return;
        }
#endif
        short_widen(DT_HALF, lo, l, n && !ls);
        short_widen(DT_HALF, hi, h, n && !hs);
        for (int64_t i = 0, m; i < n; i += m) {
                m = MIN(n - i, (int64_t)SHORT_BLOCK);
                short_widen(DT_HALF, x + i, v, m);
                if (ls)
                        short_widen(DT_HALF, lo + i, l, m);
                if (hs)
                        short_widen(DT_HALF, hi + i, h, m);
                clip_FLOAT(v, l, ls, h, hs, v, m);
                short_narrow(DT_HALF, v, y + i, m);
        }
}
TYPE_BFLOAT16(CLIP)
TYPE_DOUBLE(CLIP)
INT_TYPES(CLIP)
#undef CLIP

static Status *clip(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *lo = ctx_input(c, 1), *hi = ctx_input(c, 2);
        DISPATCH(REAL_TYPES, tensor_dtype(x), clip, tensor_data(x), tensor_data(lo),
                 tensor_rank(lo) > 0, tensor_data(hi), tensor_rank(hi) > 0,
                 tensor_fill(ctx_output(c, 0)), tensor_count(x));
        return NULL;
}

OP(ClipByValue, .inputs = "t:T; clip_value_min:T; clip_value_max:T", .outputs = "output:T",
   .attrs = T_NUMBER, .shape = clip_shape, .compute = clip, .inplace = 1, .kernels = T_REAL);
