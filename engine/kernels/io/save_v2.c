// SPDX-License-Identifier: Apache-2.0
/* SaveV2: writes tensors, or parts of them, as a checkpoint. */
#include "engine/kernels/io/bundle.h"

enum { FIRST_TENSOR = 3 };

/* One name and one slice for each tensor that follows. */
static Status *save_shape(ShapeCtx *c)
{
        const Shape *names = shape_in(c, 1);
        TRY(bundle_check_names(c));
        if (names->rank == 1 && names->dim[0] >= 0 && names->dim[0] != c->n_in - FIRST_TENSOR)
                return invalid_argument("Got %lld tensor names but %d tensors.",
                                        (long long)names->dim[0], c->n_in - FIRST_TENSOR);
        return NULL;
}

/* An empty spec saves the tensor whole, another one as a slice of a larger one. */
static Status *add(BundleWriter *w, const TString *name, const TString *spec, const Tensor *t)
{
        Shape whole;
        TensorSlice s;
        if (!spec->len)
                return bundle_writer_add(w, name->data ? name->data : "", name->len, t);
        TRY(slice_parse_saved(spec, t, &whole, &s));
        return bundle_writer_add_slice(w, name->data ? name->data : "", name->len, &whole, &s, t);
}

static Status *save(OpCtx *c)
{
        const TString *prefix = tensor_strings(ctx_input(c, 0));
        const TString *names = tensor_strings(ctx_input(c, 1));
        const TString *specs = tensor_strings(ctx_input(c, 2));
        autoptr(BundleWriter) w = NULL;
        TRY(bundle_writer_new(c, prefix->data ? prefix->data : "", prefix->len, &w));
        for (int i = FIRST_TENSOR; i < ctx_inputs(c); i++)
                TRY(add(w, &names[i - FIRST_TENSOR], &specs[i - FIRST_TENSOR], ctx_input(c, i)));
        return bundle_writer_finish(w);
}

OP(SaveV2,
   .inputs = "prefix:string; tensor_names:string; shape_and_slices:string; tensors:dtypes[]",
   .attrs = "dtypes:list(type) >=1", .flags = "stateful", .shape = save_shape, .compute = save);
