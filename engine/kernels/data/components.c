// SPDX-License-Identifier: Apache-2.0
/* Types and shapes of elements: what is declared, what comes, whether they fit. */
#include "engine/kernels/data/dataset.h"

static Status *fits_number(int want, int got, const char *what)
{
        if (want != got)
                return invalid_argument(
                        "Number of components does not match: expected %d %s but got %d.", want,
                        what, got);
        return NULL;
}

static Status *fits_type(int i, DType want, DType got)
{
        if (want != got)
                return invalid_argument("Data type mismatch at component %d: expected %s but got "
                                        "%s.",
                                        i, dtype_name(want), dtype_name(got));
        return NULL;
}

static Status *fits_shape(int i, const Shape *want, const Shape *got)
{
        if (!shape_compatible(want, got))
                return invalid_argument(
                        "Incompatible shapes at component %d: expected %s but got %s.", i,
                        shape_text(want).s, shape_text(got).s);
        return NULL;
}

Status *components_fit(int n, const DType *types, const Shape *shapes, int n_got,
                       const DType *got_types, const Shape *got_shapes)
{
        TRY(fits_number(n, n_got, "types"));
        for (int i = 0; i < n; i++)
                TRY(fits_type(i, types[i], got_types[i]));
        for (int i = 0; i < n; i++)
                TRY(fits_shape(i, &shapes[i], &got_shapes[i]));
        return NULL;
}

void components_text(const Dataset *d, Buf *ret)
{
        for (int i = 0; i < d->n; i++)
                buf_printf(ret, "%s%s", i ? ", " : "", dtype_name(d->types[i]));
}

Status *row_fits(const Row *r, int n, const DType *types, const Shape *shapes)
{
        TRY(fits_number(n, r->n, "types"));
        for (int i = 0; i < n; i++)
                TRY(fits_type(i, types[i], tensor_dtype(r->t[i])));
        for (int i = 0; shapes && i < n; i++)
                TRY(fits_shape(i, &shapes[i], tensor_shape(r->t[i])));
        return NULL;
}

/* ---- the outputs of ops that give elements ---- */

Status *component_shapes(ShapeCtx *c)
{
        int n = 0;
        TRY(node_attr_shapes(c->node, "output_shapes", &n));
        if (n != c->n_out)
                return invalid_argument(
                        "`output_shapes` must be the same length as `output_types` (%d vs. %d)", n,
                        c->n_out);
        for (int i = 0; i < n; i++)
                TRY(node_attr_shape_at(c->node, "output_shapes", i, &c->out[i]));
        return NULL;
}

static void set_outputs(OpCtx *c, const Row *row)
{
        for (int i = 0; i < row->n; i++)
                ctx_set_output(c, i, tensor_ref(row->t[i]));
}

Status *row_put(OpCtx *c, const Row *row)
{
        TRY(row_fits(row, ctx_outputs(c), ctx_node(c)->out_types, NULL));
        for (int i = 0; i < row->n; i++) {
                Shape want;
                TRY(node_attr_shape_at(ctx_node(c), "output_shapes", i, &want));
                TRY(fits_shape(i, &want, tensor_shape(row->t[i])));
        }
        set_outputs(c, row);
        return NULL;
}

static Status *unexpected(const char *who, const char *what, int i, const char *want,
                          const char *got)
{
        return invalid_argument("%s does not match the expected %s for component %d. Expected: %s. "
                                "Actual: %s.",
                                who, what, i, want, got);
}

Status *row_matches(const OpCtx *c, const Row *row, const char *who)
{
        const AttrValue *types = node_attr(ctx_node(c), "output_types");
        int n = dataset_list_len(ctx_node(c), "output_types");
        if (row->n != n)
                return invalid_argument("%s has %d components, expected %d", who, row->n, n);
        for (int i = 0; i < n; i++) {
                Shape want;
                DType type = (DType)types->list->type[i];
                if (tensor_dtype(row->t[i]) != type)
                        return unexpected(who, "type", i, dtype_name(type),
                                          dtype_name(tensor_dtype(row->t[i])));
                TRY(node_attr_shape_at(ctx_node(c), "output_shapes", i, &want));
                if (!shape_compatible(&want, tensor_shape(row->t[i])))
                        return unexpected(who, "shape", i, shape_text(&want).s,
                                          shape_text(tensor_shape(row->t[i])).s);
        }
        return NULL;
}

Status *row_put_matching(OpCtx *c, const Row *row, const char *who)
{
        TRY(row_matches(c, row, who));
        set_outputs(c, row);
        return NULL;
}
