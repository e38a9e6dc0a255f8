// SPDX-License-Identifier: Apache-2.0
/* MatrixDiag: matrices from their diagonals; MatrixDiagPart and MatrixSetDiag read and replace
 * them. */
#include "engine/kernels/array/diagonals.h"

/* ---- MatrixDiag ---- */

/* Rows and columns: what was asked for (-1: as few as will do), checked against the diagonals. */
static Status *matrix_size(const Diagonals *d, int64_t longest, int64_t *rows, int64_t *cols)
{
        int64_t min_rows = longest - MIN(d->upper, 0), min_cols = longest + MAX(d->lower, 0);
        if (*rows == -1 && *cols == -1)
                *rows = *cols = MAX(min_rows, min_cols);
        else if (*rows == -1)
                *rows = min_rows;
        else if (*cols == -1)
                *cols = min_cols;
        if (*rows < min_rows)
                return invalid_argument("The number of rows is too small.");
        if (*cols < min_cols)
                return invalid_argument("The number of columns is too small.");
        if (*rows != min_rows && *cols != min_cols)
                return invalid_argument("The number of rows or columns is not consistent with the "
                                        "specified d_lower, d_upper, and diagonal.");
        return NULL;
}

/* The first version makes square matrices of the main diagonal. */
static Status *matrix_diag_v1_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        if (s.rank == 0)
                return invalid_argument("input must be at least 1-dim, received shape: []");
        if (s.rank < 0)
                return NULL;
        if (s.rank == SHAPE_MAX_RANK)
                return shape_make(NULL, s.rank + 1, &s);
        shape_append(&s, s.dim[s.rank - 1]);
        c->out[0] = s;
        return NULL;
}

/* Several diagonals come as a band, whose rows are as long as the longest. rows and cols may be
 * left to be worked out. */
static Status *matrix_diag_v2_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        int64_t rows, cols;
        Diagonals d;
        if (x->rank == 0)
                return invalid_argument("diagonal must be at least 1-dim, received shape: []");
        if (shape_in(c, 4)->rank > 0)
                return invalid_argument("padding_value must be a scalar, received shape: %s",
                                        shape_text(shape_in(c, 4)).s);
        if (x->rank < 0 || !shape_value(c, 1))
                return NULL;
        TRY(diagonals_read(c->node, shape_value(c, 1), &d));
        bool band = d.upper > d.lower;
        if (band && (x->rank < 2 ||
                     (x->dim[x->rank - 2] >= 0 && x->dim[x->rank - 2] != d.upper - d.lower + 1)))
                return invalid_argument("The number of diagonals provided in the input does not "
                                        "match the lower_diag_index and upper_diag_index range.");
        Shape s = *x;
        int64_t longest = s.dim[s.rank - 1];
        s.rank -= band ? 2 : 1;
        if (s.rank + 2 > SHAPE_MAX_RANK)
                return shape_make(NULL, s.rank + 2, &s);
        bool known = shape_int_value(c, 2, &rows) && shape_int_value(c, 3, &cols) && longest >= 0;
        if (known)
                TRY(matrix_size(&d, longest, &rows, &cols));
        shape_append(&s, known ? rows : -1);
        shape_append(&s, known ? cols : -1);
        c->out[0] = s;
        return NULL;
}

/* Filled with padding_value (0 in the first version), then each diagonal is copied to its place. */
static Status *matrix_diag(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        bool v1 = ctx_inputs(c) == 1;
        Tensor *y = ctx_output(c, 0);
        Diagonals d;
        TRY(diagonals_read(ctx_node(c), v1 ? NULL : ctx_input(c, 1), &d));
        if (!v1)
                TRY(box_fill(y, 0, tensor_count(y), ctx_input(c, 4), 0));
        else if (dtype_is_plain(tensor_dtype(y)) && tensor_count(y))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        for (int64_t k = d.lower; k <= d.upper && tensor_count(y) && tensor_count(x); k++) {
                Box b = diagonals_box(&d, k, tensor_shape(y), tensor_dim(x, tensor_rank(x) - 1),
                                      true);
                TRY(box_copy(&b, y, x));
        }
        return NULL;
}

/* ---- MatrixDiagPart ---- */

/* What a band of these diagonals looks like; SHAPE_UNKNOWN while k or the input is not known. */
static Status *matrix_band(ShapeCtx *c, const Tensor *k, bool known, Diagonals *ret,
                           Shape *ret_band)
{
        const Shape *x = shape_in(c, 0);
        *ret_band = SHAPE_UNKNOWN;
        if (x->rank >= 0 && x->rank < 2)
                return invalid_argument("input must be at least 2-dim, received shape: %s",
                                        shape_text(x).s);
        if (x->rank < 0 || !known)
                return NULL;
        TRY(diagonals_read(c->node, k, ret));
        if (x->dim[x->rank - 2] >= 0 && x->dim[x->rank - 1] >= 0)
                TRY(diagonals_check(ret, x->dim[x->rank - 2], x->dim[x->rank - 1]));
        *ret_band = diagonals_shape(ret, x);
        return NULL;
}

static Status *matrix_diag_part_shape(ShapeCtx *c)
{
        Diagonals d;
        bool v1 = c->n_in == 1;
        const Tensor *k = v1 ? NULL : shape_value(c, 1);
        if (!v1 && shape_in(c, 2)->rank > 0)
                return invalid_argument("padding_value must be a scalar, received shape: %s",
                                        shape_text(shape_in(c, 2)).s);
        return matrix_band(c, k, v1 || k, &d, &c->out[0]);
}

/* Diagonals shorter than the longest keep the padding value at one end. */
static Status *matrix_diag_part(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        bool v1 = ctx_inputs(c) == 1;
        Tensor *y = ctx_output(c, 0);
        Diagonals d;
        TRY(diagonals_read(ctx_node(c), v1 ? NULL : ctx_input(c, 1), &d));
        if (!v1)
                TRY(box_fill(y, 0, tensor_count(y), ctx_input(c, 2), 0));
        for (int64_t k = d.lower; k <= d.upper && tensor_count(y); k++) {
                Box b = diagonals_box(&d, k, tensor_shape(x), tensor_dim(y, tensor_rank(y) - 1),
                                      false);
                TRY(box_copy(&b, y, x));
        }
        return NULL;
}

/* ---- MatrixSetDiag ---- */

/* The band must have just the size that MatrixDiagPart would give. */
static Status *matrix_set_diag_shape(ShapeCtx *c)
{
        Diagonals d;
        Shape band;
        bool v1 = c->n_in == 2;
        const Tensor *k = v1 ? NULL : shape_value(c, 2);
        TRY(matrix_band(c, k, v1 || k, &d, &band));
        if (!shape_compatible(&band, shape_in(c, 1)))
                return invalid_argument(
                        "Either first dimensions of diagonal don't match input.shape[:-2], or "
                        "diagonal.shape[:-1] is not equal to the longests diagonal in range "
                        "[lower_diag_index:upper_diag_index].\nInput shape: %s\nDiagonal shape: "
                        "%s\nExpected diagonal shape: %s",
                        shape_text(shape_in(c, 0)).s, shape_text(shape_in(c, 1)).s,
                        shape_text(&band).s);
        return shape_unchanged(c);
}

/* Written into the input when nobody else needs that. */
static Status *matrix_set_diag(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *diagonal = ctx_input(c, 1);
        Tensor *y = ctx_output(c, 0);
        Diagonals d;
        TRY(diagonals_read(ctx_node(c), ctx_inputs(c) == 2 ? NULL : ctx_input(c, 2), &d));
        if (tensor_data(y) != tensor_data(x))
                TRY(tensor_copy_elements(y, 0, x, 0, tensor_count(x)));
        for (int64_t k = d.lower; k <= d.upper && tensor_count(y); k++) {
                Box b = diagonals_box(&d, k, tensor_shape(y),
                                      tensor_dim(diagonal, tensor_rank(diagonal) - 1), true);
                TRY(box_copy(&b, y, diagonal));
        }
        return NULL;
}

OP(MatrixDiag, .inputs = "diagonal:T", .outputs = "output:T", .attrs = "T:type",
   .kernels = "T:type in [" VALUE_TYPES "]", .shape = matrix_diag_v1_shape, .compute = matrix_diag);
OP(MatrixDiagV2, .inputs = "diagonal:T; k:int32; num_rows:int32; num_cols:int32; padding_value:T",
   .outputs = "output:T", .attrs = "T:type", .kernels = "T:type in [" PLAIN_TYPES "]",
   .shape = matrix_diag_v2_shape, .compute = matrix_diag);
OP(MatrixDiagV3, .inputs = "diagonal:T; k:int32; num_rows:int32; num_cols:int32; padding_value:T",
   .outputs = "output:T",
   .attrs =
           "T:type; align:string in [LEFT_RIGHT,RIGHT_LEFT,LEFT_LEFT,RIGHT_RIGHT] = \"RIGHT_LEFT\"",
   .kernels = "T:type in [" VALUE_TYPES "]", .shape = matrix_diag_v2_shape, .compute = matrix_diag);
OP(BatchMatrixDiag, .inputs = "diagonal:T", .outputs = "output:T", .attrs = "T:type",
   .kernels = "T:type in [" VALUE_TYPES "]", .flags = "deprecated@14",
   .shape = matrix_diag_v1_shape, .compute = matrix_diag);
OP(MatrixDiagPart, .inputs = "input:T", .outputs = "diagonal:T", .attrs = "T:type",
   .kernels = "T:type in [" VALUE_TYPES "]", .shape = matrix_diag_part_shape,
   .compute = matrix_diag_part);
OP(MatrixDiagPartV2, .inputs = "input:T; k:int32; padding_value:T", .outputs = "diagonal:T",
   .attrs = "T:type", .kernels = "T:type in [" VALUE_TYPES "]", .shape = matrix_diag_part_shape,
   .compute = matrix_diag_part);
OP(MatrixDiagPartV3, .inputs = "input:T; k:int32; padding_value:T", .outputs = "diagonal:T",
   .attrs =
           "T:type; align:string in [LEFT_RIGHT,RIGHT_LEFT,LEFT_LEFT,RIGHT_RIGHT] = \"RIGHT_LEFT\"",
   .kernels = "T:type in [" VALUE_TYPES "]", .shape = matrix_diag_part_shape,
   .compute = matrix_diag_part);
OP(BatchMatrixDiagPart, .inputs = "input:T", .outputs = "diagonal:T", .attrs = "T:type",
   .kernels = "T:type in [" VALUE_TYPES "]", .flags = "deprecated@14",
   .shape = matrix_diag_part_shape, .compute = matrix_diag_part);
OP(MatrixSetDiag, .inputs = "input:T; diagonal:T", .outputs = "output:T", .attrs = "T:type",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = matrix_set_diag_shape,
   .compute = matrix_set_diag, .inplace = 1);
OP(MatrixSetDiagV2, .inputs = "input:T; diagonal:T; k:int32", .outputs = "output:T",
   .attrs = "T:type", .kernels = "T:type in [" PLAIN_TYPES "]", .shape = matrix_set_diag_shape,
   .compute = matrix_set_diag, .inplace = 1);
OP(MatrixSetDiagV3, .inputs = "input:T; diagonal:T; k:int32", .outputs = "output:T",
   .attrs =
           "T:type; align:string in [LEFT_RIGHT,RIGHT_LEFT,LEFT_LEFT,RIGHT_RIGHT] = \"RIGHT_LEFT\"",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = matrix_set_diag_shape,
   .compute = matrix_set_diag, .inplace = 1);
OP(BatchMatrixSetDiag, .inputs = "input:T; diagonal:T", .outputs = "output:T", .attrs = "T:type",
   .kernels = "T:type in [" PLAIN_TYPES "]", .flags = "deprecated@14",
   .shape = matrix_set_diag_shape, .compute = matrix_set_diag, .inplace = 1);
