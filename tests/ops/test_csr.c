// SPDX-License-Identifier: Apache-2.0
/* Sparse matrices by compressed rows, which live in variants: graphs that make and read them. */
#include "tests/lib/session_case.h"

#include <stdio.h>

/* a: [[1, 0, 2], [0, 0, 3]]; batch: [[[0, 5]], [[7, 0]]] */
static const char matrices[] =
        "at = Const int64 [3, 2] { 1, 2, 0, 0, 0, 2 }\n"
        "v = Const float [3] { 3, 1, 2 }\n"
        "s = Const int64 [2] { 2, 3 }\n"
        "a = SparseTensorToCSRSparseMatrix(at, v, s) T: float\n"
        "batch_at = Const int64 [2, 3] { 0, 0, 1, 1, 0, 0 }\n"
        "batch_v = Const double [2] { 5, 7 }\n"
        "batch_s = Const int64 [3] { 2, 1, 2 }\n"
        "batch = SparseTensorToCSRSparseMatrix(batch_at, batch_v, batch_s) T: double\n"
        "zero = Const int32 [] { 0 }\n"
        "one = Const int32 [] { 1 }\n"
        "two = Const int32 [] { 2 }\n"
        "none = SparseMatrixZeros(batch_s) type: float\n";

static void start(const char *more, TestSession **ret)
{
        char text[4096];
        snprintf(text, sizeof text, "%s%s", matrices, more);
        expect_ok(test_session_text(text, ret));
}

Test(csr, holds_what_sparse_tensors_hold_in_order)
{
        autoptr(TestSession) s = NULL;
        start("dense = CSRSparseMatrixToDense(a) type: float\n"
              "back = CSRSparseMatrixToSparseTensor(a) type: float\n"
              "parts = CSRSparseMatrixComponents(a, zero) type: float\n"
              "n = SparseMatrixNNZ(a)\n"
              "outside = CSRSparseMatrixComponents(a, one) type: float\n"
              "other = CSRSparseMatrixToDense(a) type: double\n",
              &s);
        EXPECT(s, "dense:0", F32((2, 3), 1, 0, 2, 0, 0, 3));
        EXPECT(s, "back:0", I64((3, 2), 0, 0, 0, 2, 1, 2));
        EXPECT(s, "back:1", F32((3), 1, 2, 3));
        EXPECT(s, "back:2", I64((2), 2, 3));
        EXPECT(s, "parts:0", I32((3), 0, 2, 3));
        EXPECT(s, "parts:1", I32((3), 0, 2, 2));
        EXPECT(s, "parts:2", F32((3), 1, 2, 3));
        EXPECT(s, "n:0", I32((), 3));
        EXPECT_ERROR(s, "outside:0", SR_INVALID_ARGUMENT, "index (1) not in [0, 1)");
        EXPECT_ERROR(s, "other:0", SR_INVALID_ARGUMENT,
                     "Expected a CSRSparseMatrix of type double but saw type: float");
}

Test(csr, holds_batches_and_nothing)
{
        autoptr(TestSession) s = NULL;
        start("dense = CSRSparseMatrixToDense(batch) type: double\n"
              "back = CSRSparseMatrixToSparseTensor(batch) type: double\n"
              "parts = CSRSparseMatrixComponents(batch, one) type: double\n"
              "n = SparseMatrixNNZ(batch)\n"
              "zeros = CSRSparseMatrixToDense(none) type: float\n"
              "no = SparseMatrixNNZ(none)\n",
              &s);
        EXPECT(s, "dense:0", F64((2, 1, 2), 0, 5, 7, 0));
        EXPECT(s, "back:0", I64((2, 3), 0, 0, 1, 1, 0, 0));
        EXPECT(s, "back:2", I64((3), 2, 1, 2));
        EXPECT(s, "parts:0", I32((2), 0, 1));
        EXPECT(s, "parts:1", I32((1), 0));
        EXPECT(s, "parts:2", F64((1), 7));
        EXPECT(s, "n:0", I32((2), 1, 1));
        EXPECT(s, "zeros:0", F32((2, 1, 2)));
        EXPECT(s, "no:0", I32((2), 0, 0));
}

Test(csr, picks_entries_of_dense_matrices)
{
        autoptr(TestSession) s = NULL;
        start("x = Const float [2, 2] { 1, 2, 3, 4 }\n"
              "i = Const int64 [2, 2] { 1, 0, 0, 1 }\n"
              "m = DenseToCSRSparseMatrix(x, i) T: float\n"
              "y = CSRSparseMatrixToDense(m) type: float\n"
              "far = Const int64 [1, 2] { 0, 2 }\n"
              "bad = DenseToCSRSparseMatrix(x, far) T: float\n"
              "z = SparseMatrixNNZ(bad)\n",
              &s);
        EXPECT(s, "y:0", F32((2, 2), 0, 2, 3, 0));
        EXPECT_ERROR(s, "z:0", SR_INVALID_ARGUMENT,
                     "indices[0] does not index into param shape [2,2]");
}

Test(csr, multiplies_with_dense_matrices)
{
        autoptr(TestSession) s = NULL;
        start("d = Const float [3, 2] { 1, 2, 3, 4, 5, 6 }\n"
              "e = Const float [2, 1] { 1, 2 }\n"
              "f = Const float [1, 3] { 1, 2, 3 }\n"
              "g = Const double [2, 2, 1] { 1, 2, 3, 4 }\n"
              "plain = SparseMatrixMatMul(a, d) T: float\n"
              "turned = SparseMatrixMatMul(a, d) T: float, transpose_output: true\n"
              "left = SparseMatrixMatMul(a, e) T: float, transpose_a: true\n"
              "right = SparseMatrixMatMul(a, f) T: float, adjoint_b: true\n"
              "many = SparseMatrixMatMul(batch, g) T: double\n"
              "both = SparseMatrixMatMul(a, d) T: float, transpose_a: true, adjoint_a: true\n"
              "long = SparseMatrixMatMul(a, e) T: float\n"
              "flat = SparseMatrixMatMul(none, e) T: float\n",
              &s);
        EXPECT(s, "plain:0", F32((2, 2), 11, 14, 15, 18));
        EXPECT(s, "turned:0", F32((2, 2), 11, 15, 14, 18));
        EXPECT(s, "left:0", F32((3, 1), 1, 0, 8));
        EXPECT(s, "right:0", F32((2, 1), 7, 9));
        EXPECT(s, "many:0", F64((2, 1, 1), 10, 21));
        EXPECT_ERROR(s, "both:0", SR_INVALID_ARGUMENT,
                     "Only one of adjoint_a and transpose_a may be true.");
        EXPECT_ERROR(s, "long:0", SR_INVALID_ARGUMENT,
                     "Inner product dimensions of A and B do not agree.");
        EXPECT_ERROR(s, "flat:0", SR_INVALID_ARGUMENT,
                     "Ranks of a and b must match, saw: 3 vs. 2.");
}

Test(csr, multiplies_with_sparse_matrices)
{
        autoptr(TestSession) s = NULL;
        start("at_b = Const int64 [3, 2] { 0, 0, 1, 1, 2, 0 }\n"
              "v_b = Const float [3] { 1, 4, 5 }\n"
              "s_b = Const int64 [2] { 3, 2 }\n"
              "b = SparseTensorToCSRSparseMatrix(at_b, v_b, s_b) T: float\n"
              "m = SparseMatrixSparseMatMul(a, b) type: float\n"
              "y = CSRSparseMatrixToDense(m) type: float\n"
              "n = SparseMatrixNNZ(m)\n"
              "m2 = SparseMatrixSparseMatMul(b, a) type: float, transpose_a: true, transpose_b: "
              "true\n"
              "y2 = CSRSparseMatrixToDense(m2) type: float\n"
              "m3 = SparseMatrixSparseMatMul(batch, batch) type: double, adjoint_b: true\n"
              "y3 = CSRSparseMatrixToDense(m3) type: double\n"
              "m4 = SparseMatrixSparseMatMul(a, a) type: float\n"
              "n4 = SparseMatrixNNZ(m4)\n",
              &s);
        EXPECT(s, "y:0", F32((2, 2), 11, 0, 15, 0));
        EXPECT(s, "n:0", I32((), 2));
        EXPECT(s, "y2:0", F32((2, 2), 11, 15, 0, 0));
        EXPECT(s, "y3:0", F64((2, 1, 1), 25, 49));
        EXPECT_ERROR(s, "n4:0", SR_INVALID_ARGUMENT,
                     "Inner product dimensions of A and B do not agree.");
}

Test(csr, turns_matrices_over)
{
        autoptr(TestSession) s = NULL;
        start("t = SparseMatrixTranspose(a) type: float\n"
              "y = CSRSparseMatrixToDense(t) type: float\n"
              "i = CSRSparseMatrixToSparseTensor(t) type: float\n"
              "re = Const float [2, 2] { 1, 2, 0, 0 }\n"
              "im = Const float [2, 2] { 3, 4, 0, 0 }\n"
              "z = Complex(re, im)\n"
              "at_z = Const int64 [2, 2] { 0, 0, 0, 1 }\n"
              "c = DenseToCSRSparseMatrix(z, at_z) T: complex64\n"
              "h = SparseMatrixTranspose(c) type: complex64, conjugate: true\n"
              "hy = CSRSparseMatrixToDense(h) type: complex64\n"
              "p = SparseMatrixMatMul(c, z) T: complex64, adjoint_a: true\n"
              "q = SparseMatrixMatMul(c, z) T: complex64, adjoint_b: true, conjugate_output: "
              "true\n",
              &s);
        EXPECT(s, "y:0", F32((3, 2), 1, 0, 0, 0, 2, 3));
        EXPECT(s, "i:0", I64((3, 2), 0, 0, 2, 0, 2, 1));
        EXPECT(s, "hy:0", C64((2, 2), 1 - 3 * I, 0, 2 - 4 * I, 0));
        EXPECT(s, "p:0", C64((2, 2), 10, 14 - 2 * I, 14 + 2 * I, 20));
        EXPECT(s, "q:0", C64((2, 2), 30, 0, 0, 0));
}

Test(csr, refuses_sizes_that_no_int32_counts)
{
        autoptr(TestSession) s = NULL;
        start("no = Const int64 [0, 3] { }\n"
              "nov = Const float [0] { }\n"
              "rows = Const int64 [3] { 2, 2147483647, 1 }\n"
              "many = Const int64 [3] { 2147483647, 0, 1 }\n"
              "cols = Const int64 [3] { 1, 1, 4294967296 }\n"
              "less = Const int64 [3] { 1, -1, 1 }\n"
              "most = Const int64 [3] { 4611686018427387904, 0, 4611686018427387904 }\n"
              "four = Const int64 [4] { 1, 1, 1, 1 }\n"
              "flat = Const int64 [0, 4] { }\n"
              "m1 = SparseTensorToCSRSparseMatrix(no, nov, rows) T: float\n"
              "m2 = SparseTensorToCSRSparseMatrix(no, nov, many) T: float\n"
              "m3 = SparseTensorToCSRSparseMatrix(no, nov, cols) T: float\n"
              "m4 = SparseMatrixZeros(less) type: float\n"
              "m5 = SparseMatrixZeros(most) type: float\n"
              "m6 = SparseTensorToCSRSparseMatrix(flat, nov, four) T: float\n"
              "n1 = SparseMatrixNNZ(m1)\nn2 = SparseMatrixNNZ(m2)\nn3 = SparseMatrixNNZ(m3)\n"
              "n4 = SparseMatrixNNZ(m4)\nn5 = SparseMatrixNNZ(m5)\nn6 = SparseMatrixNNZ(m6)\n",
              &s);
        EXPECT_ERROR(s, "n1:0", SR_INVALID_ARGUMENT, "must be <= Int32Max");
        EXPECT_ERROR(s, "n2:0", SR_INVALID_ARGUMENT, "dense_shape batch_size must be < Int32Max");
        EXPECT_ERROR(s, "n3:0", SR_INVALID_ARGUMENT, "dense_shape columns must be <= Int32Max");
        EXPECT_ERROR(s, "n4:0", SR_INVALID_ARGUMENT, "must not have negative sizes");
        EXPECT_ERROR(s, "n5:0", SR_INVALID_ARGUMENT, "must be < Int32Max");
        EXPECT_ERROR(s, "n6:0", SR_INVALID_ARGUMENT, "SparseTensor must have rank 2 or 3");
}

Test(csr, takes_nothing_else_for_a_matrix)
{
        autoptr(TestSession) s = NULL;
        start("sizes = Const int32 [0] { }\n"
              "list = EmptyTensorList(sizes, one) element_dtype: float, shape_type: int32\n"
              "n = SparseMatrixNNZ(list)\n",
              &s);
        EXPECT_ERROR(s, "n:0", SR_INVALID_ARGUMENT,
                     "Could not retrieve a CSRSparseMatrix from input 0");
}

/* The numbers are numpy's. */
Test(csr, factors_a_matrix_in_a_given_order)
{
        autoptr(TestSession) s = NULL;
        start("at6 = Const int64 [11, 2] { 0, 0, 1, 0, 1, 1, 2, 2, 3, 1, 3, 3, 4, 0, 4, 4, 5, 2, "
              "5, 4, "
              "5, 5 }\n"
              "v6 = Const double [11] { 6, 1, 5, 4, 1, 7, 2, 6, 1, 1, 5 }\n"
              "s6 = Const int64 [2] { 6, 6 }\n"
              "m = SparseTensorToCSRSparseMatrix(at6, v6, s6) T: double\n"
              "p = Const int32 [6] { 4, 0, 2, 5, 1, 3 }\n"
              "l = SparseMatrixSparseCholesky(m, p) type: double\n"
              "y = CSRSparseMatrixToDense(l) type: double\n"
              "n = SparseMatrixNNZ(l)\n"
              "twice = Const int32 [6] { 4, 0, 2, 5, 1, 4 }\n"
              "l2 = SparseMatrixSparseCholesky(m, twice) type: double\nn2 = SparseMatrixNNZ(l2)\n"
              "far = Const int32 [6] { 4, 0, 2, 5, 1, 6 }\n"
              "l3 = SparseMatrixSparseCholesky(m, far) type: double\nn3 = SparseMatrixNNZ(l3)\n"
              "few = Const int32 [5] { 4, 0, 2, 3, 1 }\n"
              "l4 = SparseMatrixSparseCholesky(m, few) type: double\nn4 = SparseMatrixNNZ(l4)\n"
              "l5 = SparseMatrixSparseCholesky(a, p) type: float\nn5 = SparseMatrixNNZ(l5)\n"
              "l6 = SparseMatrixSparseCholesky(m, one) type: double\nn6 = SparseMatrixNNZ(l6)\n",
              &s);
        EXPECT(s, "y:0",
               F64((6, 6), 2.44948974278318, 0, 0, 0, 0, 0, 0.816496580927726, 2.3094010767585, 0,
                   0, 0, 0, 0, 0, 2, 0, 0, 0, 0.408248290463863, -0.144337567297406, 0.5,
                   2.13600093632938, 0, 0, 0, 0.433012701892219, 0, 0.0292602867990327,
                   2.1935459501949, 0, 0, 0, 0, 0, 0.455882859399936, 2.60617935271258));
        EXPECT(s, "n:0", I32((), 13));
        EXPECT_ERROR(s, "n2:0", SR_INVALID_ARGUMENT,
                     "permutation must contain each of [0, 6) once");
        EXPECT_ERROR(s, "n3:0", SR_INVALID_ARGUMENT,
                     "permutation must contain each of [0, 6) once");
        EXPECT_ERROR(s, "n4:0", SR_INVALID_ARGUMENT,
                     "permutation must have the same number of elements in each batch");
        EXPECT_ERROR(s, "n5:0", SR_INVALID_ARGUMENT, "sparse matrix must be square; got: 2 != 3");
        EXPECT_ERROR(s, "n6:0", SR_INVALID_ARGUMENT,
                     "sparse matrix must have the same rank as permutation");
}

Test(csr, factors_batches_of_complex_matrices)
{
        autoptr(TestSession) s = NULL;
        start("re = Const double [2, 2, 2] { 3, 99, 1, 4, 9, 0, 0, 4 }\n"
              "im = Const double [2, 2, 2] { 0, 99, 1, 0, 0, 0, 0, 0 }\n"
              "z = Complex(re, im) Tout: complex128\n"
              "i = Const int64 [6, 3] { 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1 }\n"
              "m = DenseToCSRSparseMatrix(z, i) T: complex128\n"
              "p = Const int32 [2, 2] { 1, 0, 0, 1 }\n"
              "l = SparseMatrixSparseCholesky(m, p) type: complex128\n"
              "y = CSRSparseMatrixToDense(l) type: complex128\n"
              "e = SparseMatrixZeros(batch_at_square) type: float\n"
              "batch_at_square = Const int64 [3] { 2, 2, 2 }\n"
              "bad = SparseMatrixSparseCholesky(e, p) type: float\n"
              "n = SparseMatrixNNZ(bad)\n",
              &s);
        EXPECT(s, "y:0", C128((2, 2, 2), 2, 0, 0.5 - 0.5 * I, 1.5811388300841898, 3, 0, 0, 2));
        EXPECT_ERROR(s, "n:0", SR_INVALID_ARGUMENT,
                     "Sparse Cholesky factorization failed for batch index 0.");
}

Test(csr, finds_an_order_that_fills_little)
{
        autoptr(TestSession) s = NULL;
        start("i = Const int64 [7, 2] { 0, 0, 1, 0, 1, 1, 2, 0, 2, 2, 3, 0, 3, 3 }\n"
              "v7 = Const float [7] { 4, 1, 3, 1, 3, 1, 3 }\n"
              "s4 = Const int64 [2] { 4, 4 }\n"
              "m = SparseTensorToCSRSparseMatrix(i, v7, s4) T: float\n"
              "p = SparseMatrixOrderingAMD(m)\n"
              "l = SparseMatrixSparseCholesky(m, p) type: float\n"
              "n = SparseMatrixNNZ(l)\n"
              "flat = Const int32 [4] { 0, 1, 2, 3 }\n"
              "l2 = SparseMatrixSparseCholesky(m, flat) type: float\n"
              "n2 = SparseMatrixNNZ(l2)\n"
              "no = SparseMatrixOrderingAMD(a)\n"
              "s9 = Const int64 [3] { 2, 0, 0 }\n"
              "e = SparseMatrixZeros(s9) type: float\n"
              "ep = SparseMatrixOrderingAMD(e)\n",
              &s);
        EXPECT(s, "p:0", I32((4), 3, 2, 0, 1));
        EXPECT(s, "n:0", I32((), 7));
        EXPECT(s, "n2:0", I32((), 10));
        EXPECT(s, "ep:0", I32((2, 0)));
        EXPECT_ERROR(s, "no:0", SR_INVALID_ARGUMENT, "sparse matrix must be square; got: 2 != 3");
}

Test(csr, works_element_by_element)
{
        autoptr(TestSession) s = NULL;
        start("x = Const float [2, 3] { 5, 6, 0, 0, 0, 7 }\n"
              "xi = Const int64 [3, 2] { 0, 0, 0, 1, 1, 2 }\n"
              "b = DenseToCSRSparseMatrix(x, xi) T: float\n"
              "plus = Const float [] { 1 }\n"
              "less = Const float [] { -2 }\n"
              "sum = SparseMatrixAdd(a, b, plus, less) T: float\n"
              "y = CSRSparseMatrixToDense(sum) type: float\n"
              "n = SparseMatrixNNZ(sum)\n"
              "m = SparseMatrixMul(a, less) T: float\n"
              "y2 = CSRSparseMatrixToDense(m) type: float\n"
              "each = Const double [2, 1, 1] { 10, 100 }\n"
              "m3 = SparseMatrixMul(batch, each) T: double\n"
              "y3 = CSRSparseMatrixToDense(m3) type: double\n"
              "soft = SparseMatrixSoftmax(a) type: float\n"
              "y4 = CSRSparseMatrixToDense(soft) type: float\n"
              "grad = SparseMatrixSoftmaxGrad(soft, b) type: float\n"
              "y5 = CSRSparseMatrixToDense(grad) type: float\n"
              "no = SparseMatrixAdd(a, none, plus, less) T: float\nn6 = SparseMatrixNNZ(no)\n"
              "no2 = SparseMatrixMul(a, x) T: float\nn7 = SparseMatrixNNZ(no2)\n"
              "cube = Const float [2, 1, 1] { 1, 2 }\n"
              "no3 = SparseMatrixMul(a, cube) T: float\nn8 = SparseMatrixNNZ(no3)\n"
              "no4 = SparseMatrixSoftmaxGrad(a, none) type: float\nn9 = SparseMatrixNNZ(no4)\n",
              &s);
        EXPECT(s, "y:0", F32((2, 3), -9, -12, 2, 0, 0, -11));
        EXPECT(s, "n:0", I32((), 4));
        EXPECT(s, "y2:0", F32((2, 3), -2, 0, -4, 0, 0, -6));
        EXPECT(s, "y3:0", F64((2, 1, 2), 0, 50, 700, 0));
        EXPECT(s, "y4:0", F32((2, 3), 0.26894142f, 0, 0.73105858f, 0, 0, 1));
        EXPECT(s, "y5:0", F32((2, 3), 0.98305967f, 0, -0.98305967f, 0, 0, 0));
        EXPECT_ERROR(s, "n6:0", SR_INVALID_ARGUMENT, "Incompatible shapes of a and b");
        EXPECT_ERROR(s, "n8:0", SR_INVALID_ARGUMENT, "If b is a rank-3 tensor");
        EXPECT_ERROR(s, "n9:0", SR_INVALID_ARGUMENT,
                     "Ranks of softmax and grad_softmax matrices differ");
        Tensor *t = NULL;
        expect_error(test_session_fetch(s, "n7:0", &t), SR_UNIMPLEMENTED,
                     "Multiplying by a 2D+ dense tensor is not currently supported");
}

Test(csr, works_with_matrices_of_nothing)
{
        autoptr(TestSession) s = NULL;
        start("no = Const int64 [0, 2] { }\nnov = Const float [0] { }\n"
              "m = SparseTensorToCSRSparseMatrix(no, nov, s) T: float\n"
              "i = CSRSparseMatrixToSparseTensor(m) type: float\n"
              "c = CSRSparseMatrixComponents(m, zero) type: float\n"
              "x = Const float [2, 3] { 1, 2, 3, 4, 5, 6 }\n"
              "d = DenseToCSRSparseMatrix(x, no) T: float\n"
              "y = CSRSparseMatrixToDense(d) type: float\n"
              "s0 = Const int64 [2] { 0, 3 }\n"
              "z = SparseMatrixZeros(s0) type: float\n"
              "y0 = CSRSparseMatrixToDense(z) type: float\n"
              "wide = Const float [3, 0] { }\n"
              "p = SparseMatrixMatMul(m, wide) T: float\n"
              "sb = Const int64 [3] { 0, 1, 2 }\n"
              "zb = SparseMatrixZeros(sb) type: float\n"
              "each = Const float [0, 1, 1] { }\n"
              "mul = SparseMatrixMul(zb, each) T: float\n"
              "yb = CSRSparseMatrixToDense(mul) type: float\n"
              "ss = Const int64 [2] { 0, 0 }\n"
              "zs = SparseMatrixZeros(ss) type: float\n"
              "perm = Const int32 [0] { }\n"
              "l = SparseMatrixSparseCholesky(zs, perm) type: float\n"
              "yl = CSRSparseMatrixToDense(l) type: float\n"
              "t = SparseMatrixTranspose(z) type: float\n"
              "sum = SparseMatrixAdd(t, t, f, f) T: float\n"
              "soft = SparseMatrixSoftmax(sum) type: float\n"
              "grad = SparseMatrixSoftmaxGrad(soft, sum) type: float\n"
              "both = SparseMatrixSparseMatMul(grad, z) type: float\n"
              "yt = CSRSparseMatrixToDense(both) type: float\n"
              "f = Const float [] { 1 }\n",
              &s);
        EXPECT(s, "i:0", I64((0, 2)));
        EXPECT(s, "i:2", I64((2), 2, 3));
        EXPECT(s, "c:0", I32((3), 0, 0, 0));
        EXPECT(s, "c:1", I32((0)));
        EXPECT(s, "y:0", F32((2, 3)));
        EXPECT(s, "y0:0", F32((0, 3)));
        EXPECT(s, "p:0", F32((2, 0)));
        EXPECT(s, "yb:0", F32((0, 1, 2)));
        EXPECT(s, "yl:0", F32((0, 0)));
        EXPECT(s, "yt:0", F32((3, 3)));
}

Test(csr, has_one_type)
{
        autoptr(TestSession) s = NULL;
        start("i = CSRSparseMatrixToSparseTensor(a) type: double\n"
              "c = CSRSparseMatrixComponents(a, zero) type: double\n"
              "t = SparseMatrixTranspose(a) type: double\n"
              "l = SparseMatrixSoftmax(a) type: double\n"
              "g = SparseMatrixSoftmaxGrad(a, a) type: double\n"
              "m = SparseMatrixSparseMatMul(a, a) type: double\n"
              "one64 = Const double [] { 1 }\n"
              "p = SparseMatrixMul(a, one64) T: double\n",
              &s);
        EXPECT_ERROR(s, "i:0", SR_INVALID_ARGUMENT,
                     "Expected a CSRSparseMatrix of type double but saw type: float");
        EXPECT_ERROR(s, "c:0", SR_INVALID_ARGUMENT,
                     "dtype of input is not equal to 'type': float vs. double");
        EXPECT_ERROR(s, "t:0", SR_INVALID_ARGUMENT,
                     "dtype of input is not equal to 'type': float vs. double");
        EXPECT_ERROR(s, "l:0", SR_INVALID_ARGUMENT,
                     "dtype of logits is not equal to 'type': float vs. double");
        EXPECT_ERROR(s, "g:0", SR_INVALID_ARGUMENT,
                     "dtype of softmax is not equal to 'type': float vs. double");
        EXPECT_ERROR(s, "m:0", SR_INVALID_ARGUMENT,
                     "dtype of a is not equal to 'type': float vs. double");
        EXPECT_ERROR(s, "p:0", SR_INVALID_ARGUMENT,
                     "Input types don't match.  a.dtype == float vs. b.dtype == double");
}
