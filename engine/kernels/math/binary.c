// SPDX-License-Identifier: Apache-2.0
/* The walk behind every broadcasting binary op: neighbouring dimensions in which both operands
 * advance alike are merged, the innermost is left to the op's loop, the others are counted. */
#include "engine/kernels/math/binary.h"

typedef struct BinaryWalk {
        BinaryFn fn;
        const char *x, *y;
        char *z;
        size_t size, z_size;
        int rank; /* of the merged dims, innermost first */
        int64_t dim[SHAPE_MAX_RANK], xs[SHAPE_MAX_RANK], ys[SHAPE_MAX_RANK]; /* elements */
} BinaryWalk;

static int64_t dim_from_end(const Shape *s, int i)
{
        return i < s->rank ? s->dim[s->rank - 1 - i] : 1;
}

/* From the last dimension on; a stride of 0 repeats an operand. The rest is done with as few loops
 * as the shapes allow. */
static void walk_plan(BinaryWalk *w, const Shape *x, const Shape *y, const Shape *z)
{
        int64_t xn = 1, yn = 1;
        for (int i = 0; i < z->rank; i++) {
                int64_t d = dim_from_end(z, i), xd = dim_from_end(x, i), yd = dim_from_end(y, i);
                int64_t xs = xd == 1 ? 0 : xn, ys = yd == 1 ? 0 : yn;
                xn *= xd;
                yn *= yd;
                if (d == 1)
                        continue;
                int l = w->rank - 1;
                if (l >= 0 && xs == w->xs[l] * w->dim[l] && ys == w->ys[l] * w->dim[l]) {
                        w->dim[l] *= d;
                        continue;
                }
                w->dim[w->rank] = d;
                w->xs[w->rank] = xs;
                w->ys[w->rank++] = ys;
        }
}

/* One dimension, cut anywhere. */
static void walk_row(void *arg, int64_t from, int64_t to)
{
        const BinaryWalk *w = arg;
        w->fn(w->x + (size_t)(from * w->xs[0]) * w->size, w->xs[0],
              w->y + (size_t)(from * w->ys[0]) * w->size, w->ys[0], w->z + (size_t)from * w->z_size,
              to - from);
}

/* Rows [from, to) of the outer dimensions. */
static void walk_rows(void *arg, int64_t from, int64_t to)
{
        const BinaryWalk *w = arg;
        int64_t at[SHAPE_MAX_RANK] = { 0 }, xo = 0, yo = 0, left = from;
        for (int d = 1; d < w->rank; d++) {
                at[d] = left % w->dim[d];
                left /= w->dim[d];
                xo += at[d] * w->xs[d];
                yo += at[d] * w->ys[d];
        }
        for (int64_t row = from; row < to; row++) {
                w->fn(w->x + (size_t)xo * w->size, w->xs[0], w->y + (size_t)yo * w->size, w->ys[0],
                      w->z + (size_t)(row * w->dim[0]) * w->z_size, w->dim[0]);
                for (int d = 1; d < w->rank; d++) {
                        xo += w->xs[d];
                        yo += w->ys[d];
                        if (++at[d] < w->dim[d])
                                break;
                        at[d] = 0;
                        xo -= w->xs[d] * w->dim[d];
                        yo -= w->ys[d] * w->dim[d];
                }
        }
}

/* An operand that stands still is widened once. */
void binary_short(BinaryFn fn, DType t, size_t out, const void *x_, int64_t xs, const void *y_,
                  int64_t ys, void *z_, int64_t n)
{
        float a[SHORT_BLOCK] __attribute__((aligned(64))),
                b[SHORT_BLOCK] __attribute__((aligned(64)));
        const char *x = x_, *y = y_;
        char *z = z_;
        if (!xs)
                short_widen(t, x, a, 1);
        if (!ys)
                short_widen(t, y, b, 1);
        for (int64_t m; n > 0; n -= m) {
                m = MIN(n, (int64_t)SHORT_BLOCK);
                if (xs)
                        short_widen(t, x, a, m);
                if (ys)
                        short_widen(t, y, b, m);
                float *r = xs ? a : b;
                fn(a, xs, b, ys, out ? (void *)z : r, m);
                if (!out)
                        short_narrow(t, r, z, m);
                x += (size_t)(m * xs) * dtype_size(t);
                y += (size_t)(m * ys) * dtype_size(t);
                z += (size_t)m * (out ? out : dtype_size(t));
        }
}

/* The plain cases, equal shapes and scalars, do without a plan. Small tensors stay on one thread.
 */
void binary_apply(OpCtx *c, BinaryFn fn, const Tensor *x, const Tensor *y, Tensor *z)
{
        int64_t n = tensor_count(z), xn = tensor_count(x), yn = tensor_count(y);
        if (n == 0)
                return;
        bool flat = (xn == n || xn == 1) && (yn == n || yn == 1);
        if (flat && n < MATH_GRAIN) {
                fn(tensor_data(x), xn > 1 || n == 1, tensor_data(y), yn > 1 || n == 1,
                   tensor_fill(z), n);
                return;
        }
        BinaryWalk w = { .fn = fn,
                         .x = tensor_data(x),
                         .y = tensor_data(y),
                         .z = tensor_fill(z),
                         .size = dtype_size(tensor_dtype(x)),
                         .z_size = dtype_size(tensor_dtype(z)) };
        walk_plan(&w, tensor_shape(x), tensor_shape(y), tensor_shape(z));
        if (w.rank == 1 && n >= MATH_GRAIN)
                ctx_parallel(c, n, MATH_GRAIN / 2, walk_row, &w);
        else if (w.rank == 1)
                walk_row(&w, 0, n);
        else if (n >= MATH_GRAIN)
                ctx_parallel(c, n / w.dim[0], MATH_GRAIN / 2 / w.dim[0] + 1, walk_rows, &w);
        else
                walk_rows(&w, 0, n / w.dim[0]);
}

Status *binary_run(OpCtx *c, const BinaryFn *by_type)
{
        const Tensor *x = ctx_input(c, 0);
        BinaryFn fn = by_type[tensor_dtype(x)];
        if (!fn)
                return internal_error("no kernel for %s", dtype_name(tensor_dtype(x)));
        binary_apply(c, fn, x, ctx_input(c, 1), ctx_output(c, 0));
        return NULL;
}

#define ANY(ID, T, W, GET, PUT)                          \
        static bool any_zero_##ID(const T *x, int64_t n) \
        {                                                \
                bool any = false;                        \
                for (int64_t i = 0; i < n; i++)          \
                        any |= x[i] == 0;                \
                return any;                              \
        }
INT_TYPES(ANY)
#undef ANY

/* For integer division, which fails on a zero before it computes anything. */
bool binary_any_zero(const Tensor *t)
{
        bool any = false;
#define CASE(ID, T, W, GET, PUT) \
        case DT_##ID: any = any_zero_##ID(tensor_data(t), tensor_count(t)); break;
        switch ((int)tensor_dtype(t)) {
                INT_TYPES(CASE)
        default: break;
        }
#undef CASE
        return any;
}

bool binary_any_negative(const Tensor *t)
{
        for (int64_t i = 0; i < tensor_count(t); i++)
                if (tensor_int(t, i) < 0)
                        return true;
        return false;
}
