// SPDX-License-Identifier: Apache-2.0
/* RestoreV2: reads tensors, or parts of them, from a checkpoint of either version. */
#include "engine/kernels/io/bundle.h"
#include "engine/kernels/io/tensor_slice.h"

/* A constant shape_and_slice tells the output's shape before the file is seen; an empty one means
 * the whole tensor, of any shape. */
static Status *restore_shape(ShapeCtx *c)
{
        const Shape *names = shape_in(c, 1);
        const Tensor *spec = shape_value(c, 2);
        if (names->rank == 1 && names->dim[0] >= 0 && names->dim[0] != c->n_out)
                return invalid_argument("Got %lld tensor names, but %d expected dtypes.",
                                        (long long)names->dim[0], c->n_out);
        TRY(bundle_check_names(c));
        for (int i = 0; spec && i < c->n_out && i < tensor_count(spec); i++) {
                const TString *s = &tensor_strings(spec)[i];
                Shape whole;
                TensorSlice slice;
                if (!s->len)
                        continue;
                TRY(slice_parse(s->data, s->len, &whole, &slice));
                slice_fits(&slice, &whole, &c->out[i]);
        }
        return NULL;
}

/* The spec repeats the whole shape, so that a checkpoint of another model is noticed. */
Status *slice_cut(const TString *spec, const TString *name, Tensor *whole, Tensor **ret)
{
        autoptr(Tensor) part = NULL;
        Shape expected, own;
        TensorSlice s;
        TRY(slice_parse(spec->data, spec->len, &expected, &s));
        if (!shape_equal(&expected, tensor_shape(whole)))
                return invalid_argument("Shape in shape_and_slice spec %s does not match the shape "
                                        "stored in checkpoint: %s",
                                        shape_text(&expected).s, shape_text(tensor_shape(whole)).s);
        if (!slice_fits(&s, &expected, &own))
                return invalid_argument("Slice of %.*s does not fit",
                                        (int)MIN(name->len, (size_t)200), name->data);
        TRY(tensor_new(tensor_dtype(whole), &own, &part));
        TRY(slice_copy(whole, &s, part, false));
        *ret = steal(&part);
        return NULL;
}

/* The checkpoint's type must be the op's: nothing is converted. */
static Status *restore_one(OpCtx *c, Bundle *b, int i, const TString *name, const TString *spec)
{
        DType want = dtype_base(ctx_node(c)->out_types[i]);
        const BundleEntry *e;
        autoptr(Tensor) t = NULL;
        autoptr(Tensor) part = NULL;
        TRY(bundle_find(b, name->data ? name->data : "", name->len, &e));
        if ((int)e->dtype != (int)want)
                return invalid_argument(
                        "tensor_name = %.*s; expected dtype %s does not equal "
                        "original dtype %s",
                        (int)MIN(name->len, (size_t)1000), name->data, dtype_name(want),
                        dtype_valid((int)e->dtype) ? dtype_name((DType)e->dtype) : "INVALID");
        TRY(bundle_read(b, name->data, name->len, e, &t));
        if (spec->len)
                TRY(slice_cut(spec, name, t, &part));
        ctx_set_output(c, i, part ? steal(&part) : steal(&t));
        return NULL;
}

static Status *restore_bundle(OpCtx *c, Bundle *b)
{
        const TString *names = tensor_strings(ctx_input(c, 1));
        const TString *specs = tensor_strings(ctx_input(c, 2));
        for (int i = 0; i < ctx_outputs(c); i++)
                TRY(restore_one(c, b, i, &names[i], &specs[i]));
        return NULL;
}

/* The same from a checkpoint of version 1. */
static Status *restore_slices(OpCtx *c, SliceReader *r)
{
        const TString *names = tensor_strings(ctx_input(c, 1));
        const TString *specs = tensor_strings(ctx_input(c, 2));
        for (int i = 0; i < ctx_outputs(c); i++) {
                autoptr(Tensor) t = NULL;
                autoptr(Tensor) part = NULL;
                TRY(slice_reader_read(r, &names[i], dtype_base(ctx_node(c)->out_types[i]), &t));
                if (specs[i].len)
                        TRY(slice_cut(&specs[i], &names[i], t, &part));
                ctx_set_output(c, i, part ? steal(&part) : steal(&t));
        }
        return NULL;
}

/* A checkpoint without an index may be of version 1; when it is not there either, that reader's
 * error counts, as in TensorFlow. */
static Status *restore(OpCtx *c)
{
        const TString *prefix = tensor_strings(ctx_input(c, 0));
        const char *path = prefix->data ? prefix->data : "";
        autoptr(Bundle) b = NULL;
        autoptr(SliceReader) r = NULL;
        Status *s = bundle_open(c, path, prefix->len, &b);
        if (!s)
                return restore_bundle(c, b);
        if (status_code(s) != SR_NOT_FOUND)
                return s;
        status_free(s);
        TRY(slice_reader_open(c, path, prefix->len, &r));
        return restore_slices(c, r);
}

OP(RestoreV2, .inputs = "prefix:string; tensor_names:string; shape_and_slices:string",
   .outputs = "tensors:dtypes[]", .attrs = "dtypes:list(type) >=1", .flags = "stateful",
   .shape = restore_shape, .compute = restore, .late_shape = true);
