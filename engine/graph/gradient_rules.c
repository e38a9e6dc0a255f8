// SPDX-License-Identifier: Apache-2.0
/* The gradients of ops, in words of a few: i0.. are the op's inputs, o0.. its outputs, d0.. the
 * gradients of those, last is the last input; g0.. become the gradients of the inputs. d* are all
 * gradients, v* the inputs of the op's list argument, and g* = ... gives each of those its own (or
 * the same) gradient.
 *
 *     g0 = Mul(d0, Cos(i0)); s = Split[num_split=3](0, d0); g1 = s.2
 *
 * Numbers have the type of the first argument beside them, [1, 2] is a vector of int32. In brackets
 * behind an op are attributes: name=value, name=NAME for the value that the node itself has for
 * NAME, a name alone for the node's own of that name. The rest follows from the inputs.
 *
 * Variants: "+a" and "+b" are transposed arguments of products, "+c" is T complex. */
#include "engine/graph/gradient_body.h"

#include "engine/base/auto.h"
#include <string.h>

typedef struct Rule {
        const char *op, *text;
} Rule;

#define BINARY    "r = BroadcastGradientArgs(Shape(i0), Shape(i1));"
#define REDUCED_0 "; g0 = Reshape(Sum(a, r.0), Shape(i0));"
#define REDUCED_1 "g1 = Reshape(Sum(b, r.1), Shape(i1))"
#define REDUCED   REDUCED_0 REDUCED_1

/* y: the shape of the result with the reduced dimensions kept */
#define REDUCTION                                                    \
        "x = Shape(i0); n = Size(x);"                                \
        "i = FloorMod(Add(Cast[DstT=int32](i1), n), n);"             \
        "y = DynamicStitch[N=2](Range(0, n, 1), i, x, OnesLike(i));" \
        "s = BroadcastTo(Reshape(d0, y), x);"
#define EXTREME                                                                  \
        REDUCTION "m = Cast[DstT=T](Equal(BroadcastTo(Reshape(o0, y), x), i0));" \
                  "g0 = Mul(Div(m, BroadcastTo(Reshape(Sum(m, i), y), x)), s)"

#define SAME_SHAPE "g0 = Reshape(d0, Shape(i0))"
#define ALIKE      "g0 = d0"
#define CONV       "strides, padding, data_format, dilations, explicit_paddings"
#define POOL       "ksize, strides, padding, data_format"
#define STRIDED    "begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask"
#define BATCHES                                                                    \
        "x = Shape(i0); y = Shape(i1);"                                            \
        "r = BroadcastGradientArgs(StridedSlice[begin_mask=1](x, [0], [-2], [1])," \
        "StridedSlice[begin_mask=1](y, [0], [-2], [1]));"
#define BATCHES_END "; g0 = Reshape(Sum(a, r.0), x); g1 = Reshape(Sum(b, r.1), y)"
#define CONCAT(axis)                                                           \
        "n = Rank(d0); s = Pack(ShapeN(v*));"                                  \
        "z = GatherV2(s, FloorMod(Add(Cast[DstT=int32](" axis "), n), n), 1);" \
        "g* = SplitV[num_split=N](d0, z, Cast[DstT=int32](" axis "))"

static const Rule rules[] = {
        /* ---- of one number ---- */
        { "Abs", "g0 = Mul(d0, Sign(i0))" },
        { "Neg", "g0 = Neg(d0)" },
        { "Reciprocal", "g0 = Neg(Mul(d0, Square(o0)))" },
        { "Inv", "g0 = Neg(Mul(d0, Square(o0)))" },
        { "Square", "g0 = Mul(d0, Mul(i0, 2))" },
        { "Square+c", "g0 = Mul(d0, Mul(Conj(i0), 2))" },
        { "Sqrt", "g0 = Mul(d0, RealDiv(0.5, o0))" },
        { "Rsqrt", "g0 = Mul(d0, Mul(RealDiv(o0, i0), -0.5))" },
        { "Exp", "g0 = Mul(d0, o0)" },
        { "Expm1", "g0 = Mul(d0, Exp(i0))" },
        { "Log", "g0 = Mul(d0, Reciprocal(i0))" },
        { "Log1p", "g0 = Mul(d0, Reciprocal(Add(i0, 1)))" },
        { "Sinh", "g0 = Mul(d0, Cosh(i0))" },
        { "Cosh", "g0 = Mul(d0, Sinh(i0))" },
        { "Tanh", "g0 = Mul(d0, Sub(1, Square(o0)))" },
        { "Asinh", "g0 = RealDiv(d0, Cosh(o0))" },
        { "Acosh", "g0 = RealDiv(d0, Sinh(o0))" },
        { "Atanh", "g0 = Mul(d0, Reciprocal(Sub(1, Square(i0))))" },
        { "Sigmoid", "g0 = Mul(d0, Mul(o0, Sub(1, o0)))" },
        { "Sin", "g0 = Mul(d0, Cos(i0))" },
        { "Cos", "g0 = Mul(d0, Neg(Sin(i0)))" },
        { "Acos", "g0 = Neg(Mul(d0, Rsqrt(Sub(1, Square(i0)))))" },
        { "Asin", "g0 = Mul(d0, Rsqrt(Sub(1, Square(i0))))" },
        { "Atan", "g0 = Mul(d0, Reciprocal(Add(1, Square(i0))))" },
        { "Tan", "g0 = Mul(d0, Square(Reciprocal(Cos(i0))))" },
        { "Real", "g0 = Complex(d0, ZerosLike(d0))" },
        { "Imag", "g0 = Complex(ZerosLike(d0), d0)" },
        { "Angle", "r = Reciprocal(Complex(Imag(i0), Real(i0)));"
                   "g0 = Mul(Neg(r), Complex(d0, ZerosLike(d0)))" },
        { "Conj", "g0 = Conj(d0)" },
        { "Cast", "g0 = Cast[DstT=SrcT](d0)" },
        { "Erf", "g0 = Mul(d0, Mul(1.1283791670955126, Exp(Neg(Square(i0)))))" },
        { "Erfc", "g0 = Mul(d0, Mul(-1.1283791670955126, Exp(Neg(Square(i0)))))" },
        { "Lgamma", "g0 = Mul(d0, Digamma(i0))" },

        /* ---- of two ---- */
        { "Add", BINARY "a = d0; b = d0" REDUCED },
        { "AddV2", BINARY "a = d0; b = d0" REDUCED },
        { "Sub", BINARY "a = d0; b = Neg(d0)" REDUCED },
        { "Mul", BINARY "a = Mul(d0, i1); b = Mul(i0, d0)" REDUCED },
        { "Mul+c", BINARY "a = Mul(d0, Conj(i1)); b = Mul(Conj(i0), d0)" REDUCED },
        { "MulNoNan", BINARY "a = MulNoNan(i1, d0); b = MulNoNan(i0, d0)" REDUCED },
        { "Div", BINARY "a = Div(d0, i1); b = Mul(d0, Div(Neg(i0), Square(i1)))" REDUCED },
        { "RealDiv",
          BINARY "a = RealDiv(d0, i1); b = Mul(d0, RealDiv(Neg(i0), Square(i1)))" REDUCED },
        { "DivNoNan",
          BINARY "a = DivNoNan(d0, i1); b = Mul(d0, DivNoNan(Neg(i0), Square(i1)))" REDUCED },
        { "Pow", BINARY "a = Mul(Pow(i0, Sub(i1, 1)), Mul(d0, i1));"
                        "b = Mul(Select(Greater(i0, 0), Log(i0), ZerosLike(i0)), "
                        "Mul(d0, o0))" REDUCED },
        { "Pow+c", BINARY "a = Mul(Pow(i0, Sub(i1, 1)), Mul(d0, i1));"
                          "b = Mul(Select(NotEqual(i0, 0), Log(i0), ZerosLike(i0)), "
                          "Mul(d0, o0))" REDUCED },
        { "Xlogy", BINARY "n = Cast[DstT=T](NotEqual(i0, 0));"
                          "a = Mul(Xlogy(n, i1), d0); b = Mul(Xdivy(i0, i1), d0)" REDUCED },
        { "Xlog1py", BINARY "n = Cast[DstT=T](NotEqual(i0, 0));"
                            "a = Mul(Xlog1py(n, i1), d0);"
                            "b = Mul(Xdivy(i0, Add(i1, 1)), d0)" REDUCED },
        { "Xdivy", BINARY "n = Cast[DstT=T](NotEqual(i0, 0));"
                          "a = Mul(Xdivy(n, i1), d0);"
                          "b = Mul(Xdivy(i0, Neg(Square(i1))), d0)" REDUCED },
        { "SquaredDifference", BINARY "a = Mul(Mul(2, Sub(i0, i1)), d0); b = Neg(a)" REDUCED },
        { "Maximum",
          BINARY "a = Mul(d0, Cast[DstT=T](GreaterEqual(i0, i1))); b = Sub(d0, a)" REDUCED },
        { "Minimum",
          BINARY "a = Mul(d0, Cast[DstT=T](LessEqual(i0, i1))); b = Sub(d0, a)" REDUCED },
        { "Complex", BINARY "a = Real(d0); b = Imag(d0)" REDUCED },
        { "Select", "z = ZerosLike(d0); g1 = Select(i0, d0, z); g2 = Select(i0, z, d0)" },
        { "SelectV2", "z = ZerosLike(d0); a = SelectV2(i0, d0, z); b = SelectV2(i0, z, d0);"
                      "r = BroadcastGradientArgs(Shape(i1), Shape(o0));"
                      "s = BroadcastGradientArgs(Shape(i2), Shape(o0));"
                      "g1 = Reshape(Sum(a, r.0), Shape(i1));"
                      "g2 = Reshape(Sum(b, s.0), Shape(i2))" },

        /* ---- of many ---- */
        { "AddN", "g* = d0" },
        { "Sum", REDUCTION "g0 = s" },
        { "Mean", REDUCTION "g0 = Div(s, Cast[DstT=T]"
                            "(FloorDiv(Size(i0), Maximum(Size(o0), 1))))" },
        { "Max", EXTREME },
        { "Min", EXTREME },
        { "L2Loss", "g0 = Mul(i0, d0)" },

        /* ---- products ---- */
        { "MatMul",
          "g0 = MatMul[transpose_b=true](d0, i1); g1 = MatMul[transpose_a=true](i0, d0)" },
        { "MatMul+a", "g0 = MatMul[transpose_b=true](i1, d0); g1 = MatMul(i0, d0)" },
        { "MatMul+b", "g0 = MatMul(d0, i1); g1 = MatMul[transpose_a=true](d0, i0)" },
        { "MatMul+a+b", "g0 = MatMul[transpose_a=true, transpose_b=true](i1, d0);"
                        "g1 = MatMul[transpose_a=true, transpose_b=true](d0, i0)" },
        { "BatchMatMul",
          "g0 = BatchMatMul[adj_y=true](d0, i1); g1 = BatchMatMul[adj_x=true](i0, d0)" },
        { "BatchMatMul+a", "g0 = BatchMatMul[adj_y=true](i1, d0); g1 = BatchMatMul(i0, d0)" },
        { "BatchMatMul+b", "g0 = BatchMatMul(d0, i1); g1 = BatchMatMul[adj_x=true](d0, i0)" },
        { "BatchMatMul+a+b", "g0 = BatchMatMul[adj_x=true, adj_y=true](i1, d0);"
                             "g1 = BatchMatMul[adj_x=true, adj_y=true](d0, i0)" },
        { "BatchMatMulV2", BATCHES "a = BatchMatMulV2[adj_y=true](d0, i1);"
                                   "b = BatchMatMulV2[adj_x=true](i0, d0)" BATCHES_END },
        { "BatchMatMulV2+a", BATCHES "a = BatchMatMulV2[adj_y=true](i1, d0);"
                                     "b = BatchMatMulV2(i0, d0)" BATCHES_END },
        { "BatchMatMulV2+b", BATCHES "a = BatchMatMulV2(d0, i1);"
                                     "b = BatchMatMulV2[adj_x=true](d0, i0)" BATCHES_END },
        { "BatchMatMulV2+a+b",
          BATCHES "a = BatchMatMulV2[adj_x=true, adj_y=true](i1, d0);"
                  "b = BatchMatMulV2[adj_x=true, adj_y=true](d0, i0)" BATCHES_END },

        /* ---- passed on, moved about ---- */
        { "Identity", ALIKE },
        { "Snapshot", ALIKE },
        { "CheckNumerics", ALIKE },
        { "IdentityN", "g* = d*" },
        { "Reshape", SAME_SHAPE },
        { "ExpandDims", SAME_SHAPE },
        { "Squeeze", SAME_SHAPE },
        { "Concat", CONCAT("i0") },
        { "ConcatV2", CONCAT("last") },
        { "Pack", "g* = Unpack[num=N, axis](d0)" },
        { "Unpack", "g0 = Pack[axis](d*)" },
        { "Split", "g1 = ConcatV2(d*, i0)" },
        { "SplitV", "g0 = ConcatV2(d*, i2)" },
        { "Fill", "g1 = Sum(d0, Range(0, Rank(d0), 1))" },
        { "BroadcastTo", "r = BroadcastGradientArgs(Shape(i0), Shape(o0));"
                         "g0 = Reshape(Sum(d0, r.0), Shape(i0))" },
        { "Transpose", "g0 = Transpose(d0, InvertPermutation(i1))" },
        { "ConjugateTranspose", "g0 = ConjugateTranspose(d0, InvertPermutation(i1))" },
        { "Reverse", "g0 = Reverse(d0, i1)" },
        { "ReverseV2", "g0 = ReverseV2(d0, i1)" },
        { "Gather", "x = Shape(i0); g0 = Reshape(UnsortedSegmentSum(d0, i1, Gather(x, 0)), x)" },
        { "GatherNd", "g0 = ScatterNd(i1, d0, Shape[out_type=Tindices](i0))" },
        { "Slice", "a = Cast[DstT=int32](i1);"
                   "b = Sub(Sub(Shape(i0), a), Shape(o0)); g0 = Pad(d0, Pack[axis=1](a, b))" },
        { "StridedSlice", "g0 = StridedSliceGrad[" STRIDED "]"
                          "(Shape[out_type=Index](i0), i1, i2, i3, d0)" },
        { "StridedSliceGrad", "g4 = StridedSlice[" STRIDED "](d0, i1, i2, i3)" },
        { "Pad", "p = Unpack[num=2, axis=1](i1);"
                 "g0 = Slice(d0, p.0, Shape[out_type=Tpaddings](i0))" },

        /* ---- neural networks ---- */
        { "BiasAdd", "g0 = d0; g1 = BiasAddGrad[data_format](d0)" },
        { "Softmax", "g0 = Mul(Sub(d0, Sum[keep_dims=true](Mul(d0, o0), [-1])), o0)" },
        { "LogSoftmax", "g0 = Sub(d0, Mul(Sum[keep_dims=true](d0, [-1]), Exp(o0)))" },
        { "Relu", "g0 = ReluGrad(d0, i0)" },
        { "Relu6", "g0 = Relu6Grad(d0, i0)" },
        { "LeakyRelu", "g0 = LeakyReluGrad[alpha](d0, i0)" },
        { "Elu", "g0 = EluGrad(d0, o0)" },
        { "Selu", "g0 = SeluGrad(d0, o0)" },
        { "Softplus", "g0 = SoftplusGrad(d0, i0)" },
        { "Softsign", "g0 = SoftsignGrad(d0, i0)" },
        { "SoftmaxCrossEntropyWithLogits", "e = ExpandDims(d0, [-1]); g0 = Mul(e, o1);"
                                           "g1 = Neg(Mul(e, LogSoftmax(i0)))" },
        { "SparseSoftmaxCrossEntropyWithLogits", "g0 = Mul(ExpandDims(d0, [-1]), o1)" },
        { "Conv2D", "g0 = Conv2DBackpropInput[" CONV "](Shape(i0), i1, d0);"
                    "g1 = Conv2DBackpropFilter[" CONV "](i0, Shape(i1), d0)" },
        { "DepthwiseConv2dNative",
          "g0 = DepthwiseConv2dNativeBackpropInput[" CONV "](Shape(i0), i1, d0);"
          "g1 = DepthwiseConv2dNativeBackpropFilter[" CONV "](i0, Shape(i1), d0)" },
        { "MaxPool", "g0 = MaxPoolGrad[" POOL ", explicit_paddings](i0, o0, d0)" },
        { "AvgPool", "g0 = AvgPoolGrad[" POOL "](Shape(i0), d0)" },
        { "MaxPoolGrad", "g2 = MaxPoolGradGrad[" POOL "](i0, i1, d0)" },

        /* ---- nothing flows back ---- */
        { "Ceil", "" },
        { "Const", "" },
        { "EditDistance", "" },
        { "Equal", "" },
        { "Floor", "" },
        { "FloorDiv", "" },
        { "FloorMod", "" },
        { "Greater", "" },
        { "GreaterEqual", "" },
        { "Less", "" },
        { "LessEqual", "" },
        { "LinSpace", "" },
        { "LogicalAnd", "" },
        { "LogicalNot", "" },
        { "LogicalOr", "" },
        { "NotEqual", "" },
        { "OnesLike", "" },
        { "RandomUniform", "" },
        { "Range", "" },
        { "Rank", "" },
        { "Rint", "" },
        { "Round", "" },
        { "Shape", "" },
        { "Sign", "g0 = ZerosLike(i0)" },
        { "Size", "" },
        { "StopGradient", "" },
        { "TruncateDiv", "" },
        { "ZerosLike", "" },
};

/* The rule of the op, or of its variant (an op whose rule depends on an attribute). */
const char *gradient_rule(const char *op, const char *variant)
{
        size_t len = strlen(op);
        const char *plain = NULL;
        for (size_t i = 0; i < COUNTOF(rules); i++) {
                if (strncmp(rules[i].op, op, len) != 0)
                        continue;
                if (!strcmp(rules[i].op + len, variant))
                        return rules[i].text;
                if (!rules[i].op[len])
                        plain = rules[i].text;
        }
        return plain;
}
