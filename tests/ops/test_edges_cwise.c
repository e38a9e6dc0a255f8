// SPDX-License-Identifier: Apache-2.0
/* What ops that work element by element do with no elements, with NaN, at the ends of the integers,
 * and with types and shapes that they do not take. */
#include "tests/lib/op_case.h"

/* X(op) for each op of a kind. */
/* clang-format off */
/* Of floats, and of complex numbers, some of them. */
#define UNARY_FLOAT(X) \
        X(Acosh) X(Asinh) X(Atanh) X(BesselI0) X(BesselI0e) X(BesselI1) X(BesselI1e) \
        X(BesselJ0) X(BesselJ1) X(BesselK0) X(BesselK0e) X(BesselK1) X(BesselK1e) X(BesselY0) \
        X(BesselY1) X(Ceil) X(Cos) X(Cosh) X(Dawsn) X(Digamma) X(Erf) X(Erfc) X(Erfinv) X(Exp) \
        X(Expint) X(Expm1) X(Floor) X(FresnelCos) X(FresnelSin) X(Lgamma) X(Log) X(Log1p) \
        X(Ndtri) X(Rint) X(Rsqrt) X(Sigmoid) X(Sin) X(Sinh) X(Spence) X(Sqrt) X(Tanh) X(Elu) \
        X(Selu) X(Softplus) X(Softsign) X(LeakyRelu) X(Softmax) X(LogSoftmax)
/* Whose signatures say integers, too. */
#define UNARY_NUMBER(X) \
        X(Acos) X(Asin) X(Atan) X(Tan) X(Abs) X(Inv) X(Neg) X(Reciprocal) X(Round) X(Sign) \
        X(Square) X(Relu) X(Relu6)
#define UNARY_COMPLEX(X) \
        X(Angle) X(ComplexAbs) X(Imag) X(Real)
#define UNARY_TEST(X) \
        X(IsFinite) X(IsInf) X(IsNan)
/* Gradients of y and dy; only the number of elements must agree. */
#define GRAD_COUNT(X) \
        X(InvGrad) X(ReciprocalGrad) X(RsqrtGrad) X(SigmoidGrad) X(SqrtGrad) X(TanhGrad)
/* Gradients whose arguments must be of one shape. */
#define GRAD_SHAPE(X) \
        X(EluGrad) X(LeakyReluGrad) X(ReluGrad) X(Relu6Grad) X(SeluGrad) X(SoftplusGrad) \
        X(SoftsignGrad)
#define BINARY_FLOAT(X) \
        X(Add) X(AddV2) X(Atan2) X(Div) X(DivNoNan) X(FloorDiv) X(FloorMod) X(Igamma) \
        X(IgammaGradA) X(Igammac) X(Maximum) X(Minimum) X(Mod) X(Mul) X(MulNoNan) X(NextAfter) \
        X(Polygamma) X(Pow) X(RandomGammaGrad) X(RealDiv) X(SquaredDifference) X(Sub) \
        X(TruncateMod) X(Xdivy) X(Xlog1py) X(Xlogy) X(Zeta)
#define BINARY_INT(X) \
        X(BitwiseAnd) X(BitwiseOr) X(BitwiseXor) X(LeftShift) X(RightShift) X(TruncateDiv)
#define BINARY_TEST(X) \
        X(Equal) X(Greater) X(GreaterEqual) X(Less) X(LessEqual) X(NotEqual)
#define BINARY_BOOL(X) \
        X(LogicalAnd) X(LogicalOr)
/* clang-format on */

#define KEEPS(Op)     { #Op " of nothing", #Op, .in = { F32((0, 3)) }, .out = { F32((0, 3)) } },
#define REAL_PART(Op) { #Op " of nothing", #Op, .in = { C64((0, 3)) }, .out = { F32((0, 3)) } },
#define TESTS(Op)     { #Op " of nothing", #Op, .in = { F32((3, 0)) }, .out = { BOOL((3, 0)) } },
#define KEEPS_2(Op)   { #Op " of nothing", #Op, .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
/* A dimension of 1 shrinks to 0, as it grows. */
#define SHRINKS(Op) \
        { #Op " of nothing", #Op, .in = { F32((0, 1)), F32((1, 3)) }, .out = { F32((0, 3)) } },
#define SHRINKS_INT(Op) \
        { #Op " of nothing", #Op, .in = { I32((0, 1)), I32((3)) }, .out = { I32((0, 3)) } },
#define SHRINKS_TEST(Op) \
        { #Op " of nothing", #Op, .in = { F32((0, 1)), F32((3)) }, .out = { BOOL((0, 3)) } },
#define SHRINKS_BOOL(Op) \
        { #Op " of nothing", #Op, .in = { BOOL((0, 1)), BOOL((3)) }, .out = { BOOL((0, 3)) } },

/* clang-format off */
static const OpCase nothing[] = {
        UNARY_FLOAT(KEEPS) UNARY_NUMBER(KEEPS) UNARY_COMPLEX(REAL_PART) UNARY_TEST(TESTS)
        GRAD_COUNT(KEEPS_2) GRAD_SHAPE(KEEPS_2) BINARY_FLOAT(SHRINKS) BINARY_INT(SHRINKS_INT)
        BINARY_TEST(SHRINKS_TEST) BINARY_BOOL(SHRINKS_BOOL)
        /* clang-format on */
        { "Conj of nothing", "Conj", .in = { C64((0)) }, .out = { C64((0)) } },
        { "Invert of nothing", "Invert", .in = { I32((0)) }, .out = { I32((0)) } },
        { "PopulationCount of nothing", "PopulationCount", .in = { I64((0)) }, .out = { U8((0)) } },
        { "LogicalNot of nothing", "LogicalNot", .in = { BOOL((0)) }, .out = { BOOL((0)) } },
        { "ApproximateEqual of nothing", "ApproximateEqual", .in = { F32((0)), F32((0)) },
          .out = { BOOL((0)) } },
        { "Complex of nothing", "Complex", .in = { F32((0)), F32((0)) }, .out = { C64((0)) } },
        { "Cast of nothing", "Cast", "DstT: string", .in = { STR((0)) }, .out = { STR((0)) } },
        { "Betainc of nothing", "Betainc", .in = { F32(()), F32((0)), F32(()) },
          .out = { F32((0)) } },
        { "ClipByValue of nothing", "ClipByValue", .in = { F32((0)), F32(()), F32(()) },
          .out = { F32((0)) } },
        { "Select of nothing", "Select", .in = { BOOL((0)), F32((0)), F32((0)) },
          .out = { F32((0)) } },
        { "Select of rows that are not there", "Select",
          .in = { BOOL((0)), F32((0, 2)), F32((0, 2)) }, .out = { F32((0, 2)) } },
        { "Select of empty rows", "Select", .in = { BOOL((2)), F32((2, 0)), F32((2, 0)) },
          .out = { F32((2, 0)) } },
        { "SelectV2 of nothing", "SelectV2", .in = { BOOL((0, 1)), F32((3)), F32(()) },
          .out = { F32((0, 3)) } },
        { "AddN of nothing", "AddN", .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
        { "AccumulateNV2 of nothing", "AccumulateNV2", "shape: [0]", .in = { F32((0)), F32((0)) },
          .out = { F32((0)) } },
};
OP_CASES(edges_cwise_nothing, nothing)

#define REFUSED(Op, lit, type)                                                         \
        { #Op " takes no such type", #Op, .in = { lit }, .fails = SR_INVALID_ARGUMENT, \
          .message = "Value for attr 'T' of " type " is not in the list of allowed values: " },
#define NO_INT(Op)   REFUSED(Op, I32((1), 1), "int32")
#define NO_BOOL(Op)  REFUSED(Op, BOOL((1), true), "bool")
#define NO_FLOAT(Op) REFUSED(Op, F32((1), 1), "float")
#define COUNTS(Op)                                                                             \
        { #Op " wants as many", #Op, .in = { F32((2), 1, 2), F32((3), 1, 2, 3) },              \
          .fails = SR_INVALID_ARGUMENT,                                                        \
          .message = "The two arguments to a cwise op must have same number of elements, got " \
                     "2 and 3" },
#define SAME(Op)                                                                                 \
        { #Op " wants one shape", #Op, .in = { F32((2), 1, 2), F32((1, 2), 1, 2) },              \
          .fails = SR_INVALID_ARGUMENT,                                                          \
          .message = "Inputs to operation op of type " #Op " must have the same size and shape." \
                     "  Input 0: [2] != input 1: [1,2]" },
#define INCOMPATIBLE(Op, lit)                                            \
        { #Op " does not join these", #Op, .in = { lit((2)), lit((3)) }, \
          .fails = SR_INVALID_ARGUMENT, .message = "Incompatible shapes: [2] vs. [3]" },
#define APART(Op)      INCOMPATIBLE(Op, F32)
#define APART_INT(Op)  INCOMPATIBLE(Op, I32)
#define APART_BOOL(Op) INCOMPATIBLE(Op, BOOL)

/* clang-format off */
static const OpCase refused[] = {
        UNARY_FLOAT(NO_INT) UNARY_NUMBER(NO_BOOL) UNARY_COMPLEX(NO_FLOAT) UNARY_TEST(NO_INT)
        GRAD_COUNT(COUNTS) GRAD_SHAPE(SAME) BINARY_FLOAT(APART) BINARY_INT(APART_INT)
        BINARY_TEST(APART) BINARY_BOOL(APART_BOOL)
        NO_FLOAT(Conj) NO_FLOAT(Invert) NO_FLOAT(PopulationCount)
        /* clang-format on */
        { "LogicalNot takes bools only", "LogicalNot", .in = { F32((1), 1) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input 0 of node op was passed float from in0:0 incompatible with expected "
                     "bool." },
        { "SelectV2 wants shapes that join", "SelectV2", .in = { BOOL((2)), F32((3)), F32((3)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "condition [2], then [3], and else [3] must be broadcastable" },
        { "Betainc tells which two do not agree", "Betainc", .in = { F32(()), F32((2)), F32((3)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Shapes of b and x are inconsistent: [2] vs. [3]" },
};
OP_CASES(edges_cwise_refused, refused)

static const OpCase ends[] = {
        { "the smallest by -1 wraps", "FloorDiv",
          .in = { I32((2), INT32_MIN, -7), I32((2), -1, 2) }, .out = { I32((2), INT32_MIN, -4) } },
        { "the smallest by -1 wraps", "TruncateDiv",
          .in = { I64((2), INT64_MIN, -7), I64((2), -1, 2) }, .out = { I64((2), INT64_MIN, -3) } },
        { "the smallest by -1 leaves nothing", "FloorMod",
          .in = { I32((4), INT32_MIN, -7, 7, -7), I32((4), -1, 3, -3, -3) },
          .out = { I32((4), 0, 2, -2, -1) } },
        { "the smallest by -1 leaves nothing", "TruncateMod",
          .in = { I64((2), INT64_MIN, -7), I64((2), -1, 2) }, .out = { I64((2), 0, -1) } },
        { "the smallest has no opposite", "Neg", .in = { I32((1), INT32_MIN) },
          .out = { I32((1), INT32_MIN) } },
        { "the smallest has no opposite", "Abs", .in = { I64((1), INT64_MIN) },
          .out = { I64((1), INT64_MIN) } },
        { "shifts beyond the width are as far as it goes", "LeftShift",
          .in = { I32((2), 1, 1), I32((2), 31, 32) }, .out = { I32((2), INT32_MIN, INT32_MIN) } },
        { "nothing of NaN is nothing", "MulNoNan", .in = { F32((2), NAN, INFINITY), F32((2)) },
          .out = { F32((2)) } },
        { "nothing by nothing is nothing", "DivNoNan", .in = { F32((2), NAN, 1), F32((2)) },
          .out = { F32((2)) } },
        { "nothing passes NaN over", "Xlogy", .in = { F32((2)), F32((2), 0, NAN) },
          .out = { F32((2)) } },
        { "TanhGrad takes as many in another shape", "TanhGrad",
          .in = { F32((2, 1), 0, 0), F32((2), 3, 4) }, .out = { F32((2, 1), 3, 4) } },
        { "crossed bounds clip to the lower one", "ClipByValue",
          .in = { F32((3), -5, 0, 5), F32((), 1), F32((), -1) }, .out = { F32((3), 1, 1, 1) } },
        { "clipping keeps NaN", "ClipByValue", .in = { F32((1), NAN), F32((), -1), F32((), 1) },
          .out = { F32((1), NAN) } },
};
OP_CASES(edges_cwise_ends, ends)
