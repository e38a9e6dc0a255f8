// SPDX-License-Identifier: Apache-2.0
/* The walk behind every reduction: neighbouring dimensions that are both kept or both reduced are
 * merged; the input is read once, in order, one innermost row at a time. */
#include "engine/kernels/math/reduce.h"

#include "engine/kernels/math/short_lanes.h"

/* Rows of so few elements are not worth a call each: where they are kept, where they are reduced,
 * of which at least one must fit into a block of short floats.
 */
enum { SHORT_KEPT = 32, SHORT_REDUCED = SHORT_BLOCK };

typedef struct ReduceWalk {
        const ReduceFns *fns;
        const char *x;
        char *acc;
        size_t size; /* of an element */
        DType widen; /* the short type that is read as floats, or DT_INVALID */
        DType round; /* the short type that results are rounded to, or DT_INVALID */
        int rank;    /* of the merged dims, outermost first */
        int64_t dim[SHAPE_MAX_RANK],
                stride[SHAPE_MAX_RANK]; /* stride in accumulators; 0: reduced */
        int64_t inner;                  /* elements below dim[0] */
} ReduceWalk;

/* Dims of size 1 count as neither kept nor reduced. Reduced ones have stride 0 in the result. */
static void walk_plan(ReduceWalk *w, const Shape *x, unsigned axes)
{
        bool kept[SHAPE_MAX_RANK];
        for (int i = 0; i < x->rank; i++) {
                bool keep = !(axes >> i & 1);
                if (x->dim[i] == 1)
                        continue;
                if (w->rank > 0 && kept[w->rank - 1] == keep) {
                        w->dim[w->rank - 1] *= x->dim[i];
                        continue;
                }
                kept[w->rank] = keep;
                w->dim[w->rank++] = x->dim[i];
        }
        if (w->rank == 0) {
                kept[0] = true;
                w->dim[w->rank++] = 1;
        }
        int64_t below = 1;
        for (int i = w->rank - 1; i >= 0; i--) {
                w->stride[i] = kept[i] ? below : 0;
                if (kept[i])
                        below *= w->dim[i];
        }
        w->inner = 1;
        for (int i = 1; i < w->rank; i++)
                w->inner *= w->dim[i];
}

/* n elements as what the loops take. */
static const void *walk_read(const ReduceWalk *w, const char *x, int64_t n, float *block)
{
        if (!w->widen)
                return x;
        short_widen(w->widen, x, block, n);
        return block;
}

/* One row of the innermost dimension. */
static void walk_row(const ReduceWalk *w, const char *x, char *acc, int64_t n)
{
        float block[SHORT_BLOCK] __attribute__((aligned(64)));
        bool kept = w->stride[w->rank - 1];
        int64_t step = w->widen ? SHORT_BLOCK : n;
        for (int64_t i = 0; i < n; i += step) {
                int64_t m = MIN(step, n - i);
                const void *v = walk_read(w, x + (size_t)i * w->size, m, block);
                if (kept)
                        w->fns->across(v, m, acc + (size_t)i * w->fns->size);
                else
                        w->fns->along(v, m, acc);
        }
}

/* Short rows that are kept are summed as if they were one of WIDE elements, which joins itself in
 * the end. */
static void walk_fold(const ReduceWalk *w, const char *x, char *acc, int64_t rows, int64_t n)
{
        enum { WIDE = 256 };
        double complex wide[WIDE]; /* the largest accumulator */
        float block[WIDE] __attribute__((aligned(64)));
        int64_t count = MIN(rows, WIDE / n) * n;
        w->fns->init(wide, count);
        for (int64_t i = 0; i < rows * n; i += count) {
                int64_t m = MIN(count, rows * n - i);
                w->fns->across(walk_read(w, x + (size_t)i * w->size, m, block), m, wide);
        }
        for (int64_t i = 0; i < count; i += n)
                w->fns->join((char *)wide + (size_t)i * w->fns->size, n, acc);
}

/* How long rows are that are reduced together: of short floats no longer than a block. */
static int64_t walk_together(const ReduceWalk *w)
{
        return w->round ? MIN((int64_t)SHORT_BLOCK, (int64_t)SHORT_REDUCED) : SHORT_REDUCED;
}

/* Short rows that are reduced, each to one accumulator. */
static void walk_short(const ReduceWalk *w, const char *x, char *acc, int64_t rows, int64_t n)
{
        float block[SHORT_BLOCK] __attribute__((aligned(64)));
        int64_t step = w->widen ? SHORT_BLOCK / n : rows;
        for (int64_t r = 0; r < rows; r += step) {
                int64_t m = MIN(step, rows - r);
                const void *v = walk_read(w, x + (size_t)(r * n) * w->size, m * n, block);
                w->fns->rows(v, n, m, acc + (size_t)r * w->fns->size);
        }
}

/* Rows of the two innermost dimensions (rows is 1 where there is but one). How a row is reduced
 * depends on its length alone, not on how threads share the rows. */
static void walk_rows(const ReduceWalk *w, const char *x, char *acc, int64_t rows, int64_t n)
{
        bool kept = w->stride[w->rank - 1];
        if (!kept && w->rank > 1 && n <= walk_together(w))
                walk_short(w, x, acc, rows, n);
        else if (kept && rows > 1)
                walk_fold(w, x, acc, rows, n);
        else
                walk_row(w, x, acc, n);
}

/* Slices [from, to) of the outermost dimension. Short rows go together. */
static void walk_slices(void *arg, int64_t from, int64_t to)
{
        const ReduceWalk *w = arg;
        const char *x = w->x + (size_t)(from * w->inner) * w->size;
        int64_t at[SHAPE_MAX_RANK] = { from }, offset = from * w->stride[0],
                n = w->dim[w->rank - 1];
        bool kept = w->stride[w->rank - 1];
        bool together = w->rank > 1 && n <= (kept ? SHORT_KEPT : walk_together(w));
        int outer = w->rank - (together ? 2 : 1);
        if (outer == 0) {
                walk_rows(w, x, w->acc + (size_t)offset * w->fns->size, together ? to - from : 1,
                          together ? n : to - from);
                return;
        }
        int64_t rows = together ? w->dim[outer] : 1, count = (to - from) * (w->inner / n / rows);
        for (int64_t r = 0; r < count; r++, x += (size_t)(rows * n) * w->size) {
                walk_rows(w, x, w->acc + (size_t)offset * w->fns->size, rows, n);
                for (int d = outer - 1; d >= 0; d--) {
                        offset += w->stride[d];
                        if (++at[d] < w->dim[d] || d == 0)
                                break;
                        at[d] = 0;
                        offset -= w->stride[d] * w->dim[d];
                }
        }
}

/* A matrix whose columns are reduced: columns [from, to). */
static void walk_columns(void *arg, int64_t from, int64_t to)
{
        const ReduceWalk *w = arg;
        if (w->fns->down) {
                w->fns->down(w->x + (size_t)from * w->size, to - from, w->dim[0], w->dim[1],
                             w->acc + (size_t)from * w->fns->size);
                return;
        }
        for (int64_t r = 0; r < w->dim[0]; r++)
                walk_row(w, w->x + (size_t)(r * w->dim[1] + from) * w->size,
                         w->acc + (size_t)from * w->fns->size, to - from);
}

/* Threads must not share a result: either the outermost dimension is kept and cut, or the columns
 * are. All else runs on one thread. */
static void walk_all(OpCtx *c, ReduceWalk *w, int64_t n)
{
        if (n < MATH_GRAIN)
                walk_slices(w, 0, w->dim[0]);
        else if (w->stride[0])
                ctx_parallel(c, w->dim[0], MATH_GRAIN / 2 / w->inner + 1, walk_slices, w);
        else if (w->rank == 2 && w->dim[1] > SHORT_KEPT)
                ctx_parallel(c, w->dim[1], MATH_GRAIN / 2 / w->dim[0] + 16, walk_columns, w);
        else
                walk_slices(w, 0, w->dim[0]);
}

/* The shape function has checked the axes. */
static unsigned axes_mask(const Tensor *axes, int rank)
{
        unsigned mask = 0;
        for (int64_t i = 0; i < tensor_count(axes); i++) {
                int64_t a = tensor_int(axes, i);
                mask |= 1u << (a < 0 ? a + rank : a);
        }
        return mask;
}

/* Results of a short type are rounded last. */
static void walk_finish(const ReduceWalk *w, int64_t m, int64_t count, char *y)
{
        float block[SHORT_BLOCK] __attribute__((aligned(64)));
        if (!w->round) {
                w->fns->finish(w->acc, m, count, y);
                return;
        }
        for (int64_t i = 0; i < m; i += SHORT_BLOCK) {
                int64_t k = MIN(m - i, (int64_t)SHORT_BLOCK);
                w->fns->finish(w->acc + (size_t)i * w->fns->size, k, count, block);
                short_narrow(w->round, block, y + (size_t)i * w->size, k);
        }
}

/* An empty input gives what the empty sum, product and so on are: init and finish without a step
 * between. */
Status *reduce_apply(OpCtx *c, const ReduceFns *by_type, const Tensor *x, const Shape *shape,
                     unsigned axes, Tensor *y)
{
        DType t = tensor_dtype(x);
        bool widens = dtype_is_short(t) && !(by_type[t].size && short_lanes_usable());
        const ReduceFns *fns = &by_type[widens ? DT_FLOAT : t];
        int64_t n = tensor_count(x), m = tensor_count(y);
        if (!fns->size)
                return internal_error("no kernel for %s", dtype_name(t));
        if (m == 0)
                return NULL;
        ReduceWalk w = { .fns = fns,
                         .x = tensor_data(x),
                         .size = dtype_size(t),
                         .widen = widens ? t : DT_INVALID,
                         .round = widens || fns->rounds ? t : DT_INVALID };
        if (__builtin_mul_overflow((size_t)m, fns->size, &(size_t){ 0 }))
                return status_oom();
        w.acc = ctx_scratch(c, (size_t)m * fns->size);
        if (!w.acc)
                return status_oom();
        fns->init(w.acc, m);
        if (n > 0) {
                walk_plan(&w, shape, axes);
                walk_all(c, &w, n);
        }
        walk_finish(&w, m, n / m, tensor_fill(y));
        return NULL;
}

Status *reduce_run(OpCtx *c, const ReduceFns *by_type)
{
        const Tensor *x = ctx_input(c, 0);
        return reduce_apply(c, by_type, x, tensor_shape(x),
                            axes_mask(ctx_input(c, 1), tensor_rank(x)), ctx_output(c, 0));
}
