// SPDX-License-Identifier: Apache-2.0
/* The sparse spec that a client writes (with ellipsis and new axes) is spread over the input's
 * dimensions first, then each dimension is resolved by itself. */
#include "engine/ops/slice_spec.h"

enum { MAX_ENTRIES = 31, NEW_AXIS = -2, SHRUNK = -1 };

typedef struct Masks {
        uint64_t begin, end, ellipsis, new_axis, shrink;
} Masks;

/* The spec spread over the input's dims, and where the final shape's dims come from. */
typedef struct Dense {
        bool known[SHAPE_MAX_RANK]; /* values are there */
        bool begin_open[SHAPE_MAX_RANK], end_open[SHAPE_MAX_RANK], shrink[SHAPE_MAX_RANK];
        int64_t begin[SHAPE_MAX_RANK], end[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK];
        int from[SHAPE_MAX_RANK + MAX_ENTRIES + 1], n_from; /* an input dim, NEW_AXIS or SHRUNK */
} Dense;

static Masks read_masks(const Node *node)
{
        return (Masks){ .begin = (uint32_t)node_int(node, "begin_mask", 0),
                        .end = (uint32_t)node_int(node, "end_mask", 0),
                        .ellipsis = (uint32_t)node_int(node, "ellipsis_mask", 0),
                        .new_axis = (uint32_t)node_int(node, "new_axis_mask", 0),
                        .shrink = (uint32_t)node_int(node, "shrink_axis_mask", 0) };
}

static void take_all(Dense *d, int dim)
{
        d->known[dim] = d->begin_open[dim] = d->end_open[dim] = true;
        d->stride[dim] = 1;
        d->from[d->n_from++] = dim;
}

/* Without an ellipsis one stands at the end. */
static Status *find_ellipsis(Masks *m, int *n)
{
        m->ellipsis &= (UINT64_C(1) << *n) - 1;
        if (m->ellipsis & (m->ellipsis - 1))
                return invalid_argument("Multiple ellipses in slice spec not allowed");
        if (!m->ellipsis)
                m->ellipsis = UINT64_C(1) << (*n)++;
        return NULL;
}

/* Entries of the spec meet dimensions of the input: an ellipsis takes what the others leave
 * (TensorFlow, BuildDenseSpec). */
static Status *spread(Masks m, int n, int rank, const Tensor *begin, const Tensor *end,
                      const Tensor *strides, Dense *d)
{
        int dim = 0;
        TRY(find_ellipsis(&m, &n));
        uint64_t after = ~(m.ellipsis | (m.ellipsis - 1)) & ((UINT64_C(1) << n) - 1);
        int rest = __builtin_popcountll(after & ~m.new_axis); /* dims taken behind the ellipsis */
        for (int i = 0; i < n; i++) {
                uint64_t bit = UINT64_C(1) << i;
                if (m.ellipsis & bit) {
                        while (dim < rank - rest)
                                take_all(d, dim++);
                } else if (m.new_axis & bit) {
                        d->from[d->n_from++] = NEW_AXIS;
                } else {
                        if (dim >= rank)
                                return invalid_argument("Index out of range using input dim %d; "
                                                        "input has only %d dims",
                                                        dim, rank);
                        d->known[dim] = begin && end && strides;
                        if (d->known[dim]) {
                                d->begin[dim] = tensor_int(begin, i);
                                d->end[dim] = tensor_int(end, i);
                                d->stride[dim] = tensor_int(strides, i);
                        }
                        d->begin_open[dim] = m.begin & bit;
                        d->end_open[dim] = m.end & bit;
                        d->shrink[dim] = m.shrink & bit;
                        d->from[d->n_from++] = m.shrink & bit ? SHRUNK : dim;
                        dim++;
                }
        }
        return NULL;
}

/* A bound as counted from the front, within what a walk in that direction can touch. */
static int64_t bound(int64_t at, bool open, bool is_end, int64_t dim, int64_t stride)
{
        int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? dim : dim - 1;
        if (open)
                return (stride > 0) == is_end ? high : low;
        at = at < 0 ? at + dim : at;
        return at < low ? low : at > high ? high : at;
}

/* x[i]: one element, and the dimension goes. */
static Status *resolve_shrunk(const Dense *d, int i, int64_t dim, SliceSpec *ret)
{
        if (d->stride[i] <= 0)
                return invalid_argument("only stride 1 allowed on non-range indexing.");
        int64_t at = d->begin[i] < 0 && dim >= 0 ? d->begin[i] + dim : d->begin[i];
        if (dim >= 0 && (at < 0 || at >= dim))
                return invalid_argument("slice index %lld of dimension %d out of bounds.",
                                        (long long)d->begin[i], i);
        ret->begin[i] = at;
        return NULL;
}

/* Fills in begin, stride and size of input dimension i. */
static Status *resolve(const Dense *d, int i, int64_t dim, SliceSpec *ret)
{
        int64_t stride = d->stride[i];
        ret->stride[i] = 1;
        ret->begin[i] = 0;
        ret->size.dim[i] = d->shrink[i] ? 1 : -1;
        if (!d->known[i])
                return NULL;
        if (stride == 0)
                return invalid_argument("strides[%d] must be non-zero", i);
        if (d->shrink[i])
                return resolve_shrunk(d, i, dim, ret);
        if (dim < 0)
                return NULL;
        int64_t begin = bound(d->begin[i], d->begin_open[i], false, dim, stride);
        int64_t length = bound(d->end[i], d->end_open[i], true, dim, stride) - begin;
        bool empty = length == 0 || (length < 0) != (stride < 0);
        int64_t size = empty ? 0 : length / stride + (length % stride != 0);
        ret->begin[i] = size ? begin : 0;
        ret->stride[i] = size > 1 ? stride : 1;
        ret->size.dim[i] = size;
        return NULL;
}

/* Arity checks; the three vectors must agree. */
static Status *check_vectors(const Tensor *begin, const Tensor *end, const Tensor *strides)
{
        if (!begin || !end || !strides)
                return NULL;
        if (tensor_rank(begin) == 1 && shape_equal(tensor_shape(begin), tensor_shape(end)) &&
            shape_equal(tensor_shape(begin), tensor_shape(strides)))
                return NULL;
        return invalid_argument("Expected begin, end, and strides to be 1D equal size tensors, but "
                                "got shapes %s, %s, and %s instead.",
                                shape_text(tensor_shape(begin)).s, shape_text(tensor_shape(end)).s,
                                shape_text(tensor_shape(strides)).s);
}

/* Works with what is known: at import perhaps only ranks, at run time everything. */
Status *slice_spec(const Node *node, const Shape *in, int64_t n, const Tensor *begin,
                   const Tensor *end, const Tensor *strides, SliceSpec *ret)
{
        SliceSpec spec = { .size = SHAPE_UNKNOWN, .final = SHAPE_UNKNOWN };
        Dense d = { .n_from = 0 };
        TRY(check_vectors(begin, end, strides));
        if (n > MAX_ENTRIES)
                return invalid_argument(
                        "A slice of %lld entries is more than the %d that its masks "
                        "have room for",
                        (long long)n, MAX_ENTRIES);
        if (in->rank >= 0 && n >= 0) {
                TRY(spread(read_masks(node), (int)n, in->rank, begin, end, strides, &d));
                spec.size = shape_of_rank(in->rank);
                for (int i = 0; i < in->rank; i++)
                        TRY(resolve(&d, i, in->dim[i], &spec));
                spec.final = SHAPE_SCALAR;
                for (int i = 0; i < d.n_from; i++) {
                        if (d.from[i] == SHRUNK)
                                continue;
                        if (spec.final.rank == SHAPE_MAX_RANK)
                                return shape_make(NULL, SHAPE_MAX_RANK + 1, &spec.final);
                        shape_append(&spec.final,
                                     d.from[i] == NEW_AXIS ? 1 : spec.size.dim[d.from[i]]);
                }
        }
        *ret = spec;
        return NULL;
}

/* y = x[spec]. */
Status *slice_spec_get(const SliceSpec *spec, Tensor *y, const Tensor *x)
{
        int64_t dense[SHAPE_MAX_RANK], strides[SHAPE_MAX_RANK];
        Box b = { .rank = 0 };
        box_strides(&spec->size, dense);
        box_strides(tensor_shape(x), strides);
        for (int i = 0; i < spec->size.rank; i++) {
                b.src_at += spec->begin[i] * strides[i];
                box_add(&b, spec->size.dim[i], dense[i], spec->stride[i] * strides[i]);
        }
        return box_copy(&b, y, x);
}

/* Strides of `value` read as the final shape, spread back over the input's dims (a shrunk dim has
 * one element, so its stride does not matter; new axes are skipped). */
static Status *broadcast_strides(const SliceSpec *spec, const Tensor *value,
                                 int64_t ret[SHAPE_MAX_RANK])
{
        const Shape *to = &spec->final, *from = tensor_shape(value);
        Shape s;
        Status *failed = shape_broadcast(to, from, &s);
        if (failed || !shape_equal(&s, to)) {
                status_free(failed);
                return invalid_argument("Cannot assign a value of shape %s to a slice of shape %s",
                                        shape_text(from).s, shape_text(to).s);
        }
        int64_t own[SHAPE_MAX_RANK];
        box_strides(from, own);
        for (int i = 0; i < to->rank; i++) {
                int j = i - (to->rank - from->rank);
                ret[i] = j < 0 || from->dim[j] == 1 ? 0 : own[j];
        }
        return NULL;
}

/* x[spec] = value, with broadcasting. */
Status *slice_spec_put(const SliceSpec *spec, Tensor *x, const Tensor *value)
{
        int64_t from[SHAPE_MAX_RANK], strides[SHAPE_MAX_RANK];
        Box b = { .rank = 0 };
        TRY(broadcast_strides(spec, value, from));
        box_strides(tensor_shape(x), strides);
        for (int i = 0, f = 0; i < spec->size.rank; i++) {
                int64_t n = spec->size.dim[i];
                b.dst_at += spec->begin[i] * strides[i];
                /* dims of one element never mind the stride, so new and shrunk ones may be passed
                   over by size alone */
                while (n != 1 && spec->final.dim[f] == 1)
                        f++;
                box_add(&b, n, spec->stride[i] * strides[i], n == 1 ? 0 : from[f++]);
        }
        return box_copy(&b, x, value);
}
