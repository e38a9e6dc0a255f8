// SPDX-License-Identifier: Apache-2.0
/* Ops that find, draw and cut out boxes of images, or bend images. */
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#define PAIR  F32((1, 1, 2, 1), 0, 4)
#define WHOLE F32((1, 4), 0, 0, 0, 1)

static const OpCase boxes[] = {
        { "gives crops' changes to the image", "CropAndResizeGradImage", "T: float",
          .in = { F32((1, 1, 3, 1), 1, 1, 1), WHOLE, I32((1)), I32((4), 1, 1, 2, 1) },
          .out = { F32((1, 1, 2, 1), 1.5f, 1.5f) } },
        { "gives them to the nearest", "CropAndResizeGradImage", "T: half, method: \"nearest\"",
          .in = { F32((1, 1, 2, 1), 1, 2), F32((1, 4), 0, 0.2f, 0, 0.8f), I32((1)),
                  I32((4), 1, 1, 2, 1) },
          .out = { F16((1, 1, 2, 1), 1, 2) } },
        { "gives nothing for what is outside", "CropAndResizeGradImage", "T: double",
          .in = { F32((1, 1, 1, 1), 1), F32((1, 4), 0, 2, 0, 3), I32((1)), I32((4), 1, 1, 2, 1) },
          .out = { F64((1, 1, 2, 1), 0, 0) } },
        { "refuses boxes of no image", "CropAndResizeGradImage", "T: float",
          .in = { F32((1, 1, 1, 1), 1), WHOLE, I32((1), 1), I32((4), 1, 1, 2, 1) },
          .fails = SR_OUT_OF_RANGE, .message = "box_index has values outside [0, batch_size)" },
        { "refuses another depth", "CropAndResizeGradImage", "T: float",
          .in = { F32((1, 1, 1, 1), 1), WHOLE, I32((1)), I32((4), 1, 1, 2, 3) },
          .fails = SR_INVALID_ARGUMENT, .message = "image_size and grads are incompatible" },
        { "refuses sizes below zero", "CropAndResizeGradImage", "T: float",
          .in = { F32((1, 1, 1, 1), 1), WHOLE, I32((1)), I32((4), 1, -2, 2, 1) },
          .fails = SR_INVALID_ARGUMENT },
        { "gives crops' changes to the corners", "CropAndResizeGradBoxes",
          .in = { F32((1, 1, 3, 1), 1, 1, 1), PAIR, WHOLE, I32((1)) },
          .out = { F32((1, 4), 0, 2, 0, 2) } },
        { "moves both edges with one pixel", "CropAndResizeGradBoxes",
          .in = { F32((1, 1, 1, 1), 2), U8((1, 1, 2, 1), 0, 4), WHOLE, I32((1)) },
          .out = { F32((1, 4), 0, 4, 0, 4) } },
        { "survives boxes that are nowhere", "CropAndResizeGradBoxes",
          .in = { F32((1, 1, 1, 1), 1), PAIR, F32((1, 4), NAN, INFINITY, 0, 1e38f), I32((1)) },
          .out = { F32((1, 4), 0, 0, 0, 0) } },
        { "leaves out what overlaps, as told", "NonMaxSuppressionWithOverlaps",
          .in = { F32((3, 3), 1, 0.8f, 0.1f, 0.8f, 1, 0.2f, 0.1f, 0.2f, 1),
                  F32((3), 0.5f, 0.9f, 0.7f), I32((), 3), F32((), 0.5f), F32((), 0) },
          .out = { I32((2), 1, 2) } },
        { "wants square overlaps", "NonMaxSuppressionWithOverlaps",
          .in = { F32((2, 3)), F32((2)), I32((), 3), F32((), 0.5f), F32((), 0) },
          .fails = SR_INVALID_ARGUMENT, .message = "overlaps must be square[2,3]" },
        { "picks for each class, then the best", "CombinedNonMaxSuppression",
          .in = { F32((1, 3, 1, 4), 0, 0, 1, 1, 0, 0, 1, 0.9f, 2, 2, 3, 3),
                  F32((1, 3, 2), 0.5f, 0.1f, 0.9f, 0.2f, 0.7f, 0.8f), I32((), 3), I32((), 4),
                  F32((), 0.5f), F32((), 0.15f) },
          .out = { F32((1, 4, 4), 0, 0, 1, 0.9f, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0.9f),
                   F32((1, 4), 0.9f, 0.8f, 0.7f, 0.2f), F32((1, 4), 0, 1, 0, 1), I32((1), 4) } },
        { "has boxes for each class, pads", "CombinedNonMaxSuppression", "clip_boxes: false",
          .in = { F32((1, 1, 2, 4), 0, 0, 1, 1, 0, 0, 2, 2), F32((1, 1, 2), 0.5f, 0.6f), I32((), 1),
                  I32((), 3), F32((), 0.5f), F32((), 0) },
          .out = { F32((1, 3, 4), 0, 0, 2, 2, 0, 0, 1, 1), F32((1, 3), 0.6f, 0.5f),
                   F32((1, 3), 1, 0), I32((1), 2) } },
        { "pads to what classes can give", "CombinedNonMaxSuppression", "pad_per_class: true",
          .in = { F32((1, 1, 1, 4), 0, 0, 1, 1), F32((1, 1, 1), 0.5f), I32((), 2), I32((), 30),
                  F32((), 0.5f), F32((), 0) },
          .out = { F32((1, 2, 4), 0, 0, 1, 1), F32((1, 2), 0.5f), F32((1, 2)), I32((1), 1) } },
        { "wants room", "CombinedNonMaxSuppression",
          .in = { F32((1, 1, 1, 4)), F32((1, 1, 1)), I32((), 2), I32((), 0), F32((), 0.5f),
                  F32((), 0) },
          .fails = SR_INVALID_ARGUMENT, .message = "max_total_size must be > 0" },
        { "wants boxes per class, or one", "CombinedNonMaxSuppression",
          .in = { F32((1, 1, 2, 4)), F32((1, 1, 3)), I32((), 2), I32((), 2), F32((), 0.5f),
                  F32((), 0) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "third dimension of boxes must be either 1 or num classes" },
        { "takes the whole image when nothing fits", "StatelessSampleDistortedBoundingBox",
          "aspect_ratio_range: [9.0, 9.0]",
          .in = { U8((3), 4, 5, 3), F32((1, 1, 4), 0, 0, 1, 1), F32((), 1), I32((2), 1, 2) },
          .out = { U8((3), 0, 0, 0), U8((3), 4, 5, 255), F32((1, 1, 4), 0, 0, 1, 1) } },
        { "survives an image of no size", "SampleDistortedBoundingBox",
          "use_image_if_no_bounding_boxes: true", .in = { I32((3)), F32((1, 0, 4)) },
          .out = { I32((3)), I32((3), 0, 0, -1), ANY(FLOAT, 1, 1, 4) } },
        { "survives ratios beyond all", "SampleDistortedBoundingBox",
          "use_image_if_no_bounding_boxes: true, aspect_ratio_range: [1e-38, 1e38]",
          .in = { I32((3), 2147483646, 2147483646, 3), F32((1, 0, 4)) }, .random = true,
          .out = { ANY(INT32, 3), ANY(INT32, 3), ANY(FLOAT, 1, 1, 4) } },
        { "wants a box", "SampleDistortedBoundingBox", .in = { I32((3), 4, 5, 3), F32((1, 0, 4)) },
          .fails = SR_INVALID_ARGUMENT, .message = "No bounding boxes provided as input." },
        { "wants boxes inside", "SampleDistortedBoundingBox",
          .in = { I32((3), 4, 5, 3), F32((1, 1, 4), 0, 0, NAN, 1) }, .fails = SR_INVALID_ARGUMENT,
          .message = "All bounding box coordinates must be in [0.0, 1.0]" },
        { "wants areas that there are", "SampleDistortedBoundingBox", "area_range: [0.5, 1.5]",
          .in = { I32((3), 4, 5, 3), F32((1, 1, 4)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Area range must be less then or equal to 1.0" },
        { "cuts a part from anywhere", "RandomCrop", .random = true,
          .in = { I32((4, 5, 1)), I64((2), 2, 3) }, .out = { ANY(INT32, 2, 3, 1) } },
        { "cuts nothing off", "RandomCrop", .in = { F32((1, 1, 2), 1, 2), I64((2), 1, 1) },
          .out = { F32((1, 1, 2), 1, 2) } },
        { "cannot cut more than there is", "RandomCrop",
          .in = { F32((1, 1, 2), 1, 2), I64((2), 1, 2) }, .fails = SR_INVALID_ARGUMENT,
          .message = "width must be >= target_width: width = 1, target_width = 2" },
};
OP_CASES(boxes, boxes)

/* One fetch of the first step of a graph. */
static Tensor *first(const char *graph, const char *fetch)
{
        autoptr(TestSession) s = NULL;
        Tensor *t;
        expect_ok(test_session_text(graph, &s));
        expect_ok(test_session_fetch(s, fetch, &t));
        return t;
}

/* The values are those of TensorFlow's algorithm, written down once more in Python. */
Test(boxes, seeds_give_the_crops_of_TensorFlow)
{
        static const char *const any =
                "size = Const int32 [3] { 40, 50, 3 }\n"
                "box = Const float [1, 1, 4] { 0, 0, 1, 1 }\n"
                "y = SampleDistortedBoundingBox(size, box) seed: 7, seed2: 3, area_range: [0.1, "
                "0.3]\n";
        static const char *const covered =
                "size = Const int64 [3] { 40, 50, 3 }\n"
                "box = Const float [1, 1, 4] { 0.25, 0.25, 0.5, 0.75 }\nc = Const float [] { 0.9 "
                "}\n"
                "y = SampleDistortedBoundingBoxV2(size, box, c) seed: 7, seed2: 3, "
                "area_range: [0.1, 0.5]\n";
        autoptr(Tensor) begin = first(any, "y:0");
        autoptr(Tensor) size = first(any, "y:1");
        autoptr(Tensor) box = first(any, "y:2");
        autoptr(Tensor) begin2 = first(covered, "y:0");
        autoptr(Tensor) size2 = first(covered, "y:1");
        expect_tensor(begin, I32((3), 0, 18, 0));
        expect_tensor(size, I32((3), 20, 20, -1));
        expect_tensor(box, F32((1, 1, 4), 0, 0.36f, 0.5f, 0.76f));
        expect_tensor(begin2, I64((3), 8, 14, 0));
        expect_tensor(size2, I64((3), 27, 33, -1));
}

Test(boxes, a_seed_gives_the_random_crop_of_TensorFlow)
{
        autoptr(Tensor) y =
                first("x = Const int32 [4, 5, 1] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, "
                      "14, 15, 16, 17, 18, 19 }\n"
                      "s = Const int64 [2] { 2, 3 }\ny = RandomCrop(x, s) seed: 5\n",
                      "y:0");
        expect_tensor(y, I32((2, 3, 1), 5, 6, 7, 10, 11, 12));
}

#define ROW   F32((1, 1, 3, 1), 1, 2, 3)
#define SHIFT F32((1, 8), 1, 0, 1, 0, 1, 0, 0, 0)

static const OpCase bend[] = {
        { "shifts, fills with zero", "ImageProjectiveTransformV2", "interpolation: \"NEAREST\"",
          .in = { ROW, SHIFT, I32((2), 1, 3) }, .out = { F32((1, 1, 3, 1), 2, 3, 0) } },
        { "shifts, folds back", "ImageProjectiveTransformV2",
          "interpolation: \"NEAREST\", fill_mode: \"REFLECT\"",
          .in = { ROW, SHIFT, I32((2), 1, 5) }, .out = { F32((1, 1, 5, 1), 2, 3, 3, 2, 1) } },
        { "shifts, begins anew", "ImageProjectiveTransformV2",
          "interpolation: \"NEAREST\", fill_mode: \"WRAP\"",
          .in = { U8((1, 1, 3, 1), 1, 2, 3), SHIFT, I32((2), 1, 3) },
          .out = { U8((1, 1, 3, 1), 2, 3, 1) } },
        { "shifts, repeats the edge", "ImageProjectiveTransformV2",
          "interpolation: \"NEAREST\", fill_mode: \"NEAREST\"",
          .in = { ROW, SHIFT, I32((2), 1, 3) }, .out = { F32((1, 1, 3, 1), 2, 3, 3) } },
        { "shifts, fills as told", "ImageProjectiveTransformV3", "interpolation: \"NEAREST\"",
          .in = { I32((1, 1, 3, 1), 1, 2, 3), SHIFT, I32((2), 1, 3), F32((), 9) },
          .out = { I32((1, 1, 3, 1), 2, 3, 9) } },
        { "mixes neighbours", "ImageProjectiveTransformV2", "interpolation: \"BILINEAR\"",
          .in = { ROW, F32((1, 8), 0.5f, 0, 0, 0, 1, 0, 0, 0), I32((2), 1, 4) },
          .out = { F32((1, 1, 4, 1), 1, 1.5f, 2, 2.5f) } },
        { "survives places that are none", "ImageProjectiveTransformV2",
          "interpolation: \"BILINEAR\", fill_mode: \"WRAP\"",
          .in = { ROW, F32((1, 8), NAN, 0, 1, 1e38f, 1e38f, INFINITY, 0, -1), I32((2), 2, 2) },
          .out = { ANY(FLOAT, 1, 2, 2, 1) } },
        { "wants eight numbers", "ImageProjectiveTransformV2", "interpolation: \"NEAREST\"",
          .in = { ROW, F32((1, 7)), I32((2), 1, 3) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Input transform should be num_images x 8 or 1 x 8" },
        { "knows two ways", "ImageProjectiveTransformV2", "interpolation: \"CUBIC\"",
          .in = { ROW, SHIFT, I32((2), 1, 3) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Invalid interpolation CUBIC" },
        { "shrinks without aliases", "ScaleAndTranslate",
          .in = { F32((1, 6, 1, 1), 1, 2, 3, 4, 5, 6), I32((2), 3, 1), F32((2), 0.5f, 1),
                  F32((2), 0, 0) },
          .out = { F32((1, 3, 1, 1), 1.4845359f, 3.5f, 5.5154641f) }, .tol = 1e-5 },
        { "grows and moves", "ScaleAndTranslate",
          .in = { U8((1, 1, 3, 1), 1, 2, 4), I32((2), 1, 4), F32((2), 1, 1.5f),
                  F32((2), 0, 0.25f) },
          .out = { F32((1, 1, 4, 1), 0.9243969f, 1.0917714f, 2, 3.5613943f) }, .tol = 1e-5 },
        { "knows Keys' cubic", "ScaleAndTranslate", "kernel_type: \"keyscubic\"",
          .in = { F32((1, 1, 3, 1), 1, 2, 4), I32((2), 1, 4), F32((2), 1, 1.5f),
                  F32((2), 0, 0.25f) },
          .out = { F32((1, 1, 4, 1), 0.8947368f, 1.2068966f, 2, 3.4827586f) }, .tol = 1e-5 },
        { "knows Mitchell's cubic", "ScaleAndTranslate", "kernel_type: \"mitchellcubic\"",
          .in = { F32((1, 1, 3, 1), 1, 2, 4), I32((2), 1, 4), F32((2), 1, 1.5f),
                  F32((2), 0, 0.25f) },
          .out = { F32((1, 1, 4, 1), 0.9513678f, 1.2689243f, 2.0555556f, 3.3964143f) },
          .tol = 1e-5 },
        { "knows Gauss's bell", "ScaleAndTranslate", "kernel_type: \"gaussian\"",
          .in = { F32((1, 1, 3, 1), 1, 2, 4), I32((2), 1, 4), F32((2), 1, 1.5f),
                  F32((2), 0, 0.25f) },
          .out = { F32((1, 1, 4, 1), 1.0344452f, 1.3392436f, 2.1065070f, 3.3215125f) },
          .tol = 1e-5 },
        { "knows the box", "ScaleAndTranslate", "kernel_type: \"box\"",
          .in = { F32((1, 1, 3, 1), 1, 2, 4), I32((2), 1, 4), F32((2), 1, 1.5f),
                  F32((2), 0, 0.25f) },
          .out = { F32((1, 1, 4, 1), 1, 1, 2, 4) } },
        { "knows a wide sinc", "ScaleAndTranslate", "kernel_type: \"lanczos5\"",
          .in = { F32((1, 1, 3, 1), 1, 2, 4), I32((2), 1, 4), F32((2), 1, 1.5f),
                  F32((2), 0, 0.25f) },
          .out = { F32((1, 1, 4, 1), 1.0794588f, 0.9918573f, 2, 3.6383214f) }, .tol = 1e-5 },
        { "knows the hat", "ScaleAndTranslate", "kernel_type: \"triangle\"",
          .in = { PAIR, I32((2), 1, 4), F32((2), 1, 2), F32((2), 0, 0) },
          .out = { F32((1, 1, 4, 1), 0, 1, 3, 4) } },
        { "shows nothing of what is far", "ScaleAndTranslate",
          .in = { PAIR, I32((2), 1, 2), F32((2), 1, 1), F32((2), 0, 100) },
          .out = { F32((1, 1, 2, 1), 0, 0) } },
        { "survives scales beyond all", "ScaleAndTranslate",
          .in = { PAIR, I32((2), 1, 2), F32((2), 1e-38f, INFINITY), F32((2), NAN, -1e38f) },
          .out = { ANY(FLOAT, 1, 1, 2, 1) } },
        { "wants a scale", "ScaleAndTranslate",
          .in = { PAIR, I32((2), 1, 2), F32((2), 1, 0), F32((2)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Scale must be greater than zero." },
        { "knows no other kernel", "ScaleAndTranslate", "kernel_type: \"sinc\"",
          .in = { PAIR, I32((2), 1, 2), F32((2), 1, 1), F32((2)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Unrecognized kernel type: sinc" },
        { "gives shares back", "ScaleAndTranslateGrad",
          .in = { F32((1, 1, 4, 1), 1, 1, 1, 1), F32((1, 1, 3, 1)), F32((2), 1, 1.5f),
                  F32((2), 0, 0.25f) },
          .out = { F32((1, 1, 3, 1), 1.8181330f, 1.4840192f, 0.6978478f) }, .tol = 1e-5 },
        { "gives cubic shares back", "ResizeBicubicGrad",
          .in = { F32((1, 1, 4, 1), 1, 10, 100, 1000), PAIR },
          .out = { F32((1, 1, 2, 1), -87.75f, 1198.75f) }, .tol = 1e-5 },
        { "gives cubic shares back in doubles", "ResizeBicubicGrad", "half_pixel_centers: true",
          .in = { F32((1, 1, 2, 1), 5, 7), F64((1, 1, 2, 1)) },
          .out = { F64((1, 1, 2, 1), 5, 7) } },
        { "wants images of one depth", "ResizeBicubicGrad",
          .in = { F32((1, 1, 2, 2)), F64((1, 1, 2, 1)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Dimensions must be equal, but are 2 and 1" },
};
OP_CASES(bend, bend)

#define NINE F32((1, 3, 3, 1), 1, 2, 3, 4, 5, 6, 7, 8, 9)
#define ZERO "uniform_noise: false, noise: \"zero\""

static const OpCase glimpse[] = {
        { "looks at the middle", "ExtractGlimpse", .in = { NINE, I32((2), 1, 1), F32((1, 2)) },
          .out = { F32((1, 1, 1, 1), 5) } },
        { "looks beyond the edge", "ExtractGlimpse", "centered: false, normalized: false, " ZERO,
          .in = { NINE, I32((2), 3, 3), F32((1, 2), 0, 0) },
          .out = { F32((1, 3, 3, 1), 0, 0, 0, 0, 1, 2, 0, 4, 5) } },
        { "counts from the corner", "ExtractGlimpseV2", "centered: false, normalized: false, " ZERO,
          .in = { NINE, I32((2), 2, 2), F32((1, 2), 2, 1) },
          .out = { F32((1, 2, 2, 1), 8, 9, 0, 0) } },
        { "counts from the middle", "ExtractGlimpseV2", ZERO,
          .in = { NINE, I32((2), 1, 3), F32((1, 2), 0, 0) },
          .out = { F32((1, 1, 3, 1), 4, 5, 6) } },
        { "sees noise", "ExtractGlimpse", .random = true,
          .in = { NINE, I32((2), 2, 2), F32((1, 2), 5, 5) }, .out = { ANY(FLOAT, 1, 2, 2, 1) } },
        { "sees normal noise", "ExtractGlimpse", "uniform_noise: false, noise: \"gaussian\"",
          .random = true, .in = { NINE, I32((2), 2, 2), F32((1, 2), NAN, -INFINITY) },
          .out = { ANY(FLOAT, 1, 2, 2, 1) } },
        { "looks at nothing", "ExtractGlimpse",
          .in = { F32((2, 0, 3, 1)), I32((2), 1, 0), F32((2, 2)) }, .out = { F32((2, 1, 0, 1)) } },
        { "wants one noise", "ExtractGlimpse", "noise: \"zero\"",
          .in = { NINE, I32((2), 1, 1), F32((1, 2)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "The uniform_noise and noise could not be specified at the same time" },
        { "wants an offset per image", "ExtractGlimpse",
          .in = { NINE, I32((2), 1, 1), F32((2, 2)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "first dimension should be batch[2,2]" },
        { "wants a size", "ExtractGlimpse", .in = { NINE, I32((2), -1, 1), F32((1, 2)) },
          .fails = SR_INVALID_ARGUMENT },
};
OP_CASES(glimpse, glimpse)

#define SCORES  F32((1, 1, 3, 1), 0.9f, 0.8f, 0.7f)
#define DELTAS  F32((1, 1, 3, 4), 0, 0, 0, 0, 0, 0, 0, 0, 0.1f, -0.1f, 0.6931472f, 0)
#define INFO    F32((1, 5), 32, 64, 1, 0, 0)
#define ANCHORS F32((1, 3, 4), 0, 0, 10, 10, 0, 1, 10, 11, 20, 20, 30, 30)

static const OpCase proposals[] = {
        { "moves anchors, picks the best", "GenerateBoundingBoxProposals", "post_nms_topn: 3",
          .in = { SCORES, DELTAS, INFO, ANCHORS, F32((), 0.5f), I32((), 10), F32((), 1) },
          .out = { F32((1, 3, 4), 0, 0, 10, 10, 16, 19, 32, 29, 0, 0, 0, 0),
                   F32((1, 3), 0.9f, 0.7f, 0) } },
        { "looks at few", "GenerateBoundingBoxProposals", "post_nms_topn: 2",
          .in = { SCORES, DELTAS, INFO, ANCHORS, F32((), 0.5f), I32((), 2), F32((), 1) },
          .out = { F32((1, 2, 4), 0, 0, 10, 10), F32((1, 2), 0.9f, 0) } },
        { "wants no small ones", "GenerateBoundingBoxProposals", "post_nms_topn: 1",
          .in = { SCORES, DELTAS, INFO, ANCHORS, F32((), 0.5f), I32((), 9), F32((), 11) },
          .out = { F32((1, 1, 4)), F32((1, 1)) } },
        { "leaves out what has no score", "GenerateBoundingBoxProposals", "post_nms_topn: 2",
          .in = { F32((1, 1, 3, 1), NAN, 0.8f, NAN), DELTAS, INFO, ANCHORS, F32((), 0.5f),
                  I32((), 9), F32((), 1) },
          .out = { F32((1, 2, 4), 0, 1, 10, 11), F32((1, 2), 0.8f, 0) } },
        { "proposes nothing of nothing", "GenerateBoundingBoxProposals", "post_nms_topn: 1",
          .in = { F32((2, 0, 3, 1)), F32((2, 0, 3, 4)), F32((2, 5)), F32((0, 3, 4)), F32((), 0.5f),
                  I32((), 9), F32((), 1) },
          .out = { F32((2, 1, 4)), F32((2, 1)) } },
        { "wants an overlap of less than all", "GenerateBoundingBoxProposals",
          .in = { SCORES, DELTAS, INFO, ANCHORS, F32((), 1.5f), I32((), 9), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "nms_threshold should be between 0 and 1" },
        { "wants some to look at", "GenerateBoundingBoxProposals",
          .in = { SCORES, DELTAS, INFO, ANCHORS, F32((), 0.5f), I32((), 0), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "pre_nms_topn should be greater than 0" },
        { "wants some to propose", "GenerateBoundingBoxProposals", "post_nms_topn: 0",
          .in = { SCORES, DELTAS, INFO, ANCHORS, F32((), 0.5f), I32((), 9), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "post_nms_topn can't be 0 or less" },
        { "wants four deltas an anchor", "GenerateBoundingBoxProposals",
          .in = { SCORES, F32((1, 1, 3, 3)), INFO, ANCHORS, F32((), 0.5f), I32((), 9), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "want deltas of" },
        { "wants to know each image", "GenerateBoundingBoxProposals",
          .in = { SCORES, DELTAS, F32((1, 2)), ANCHORS, F32((), 0.5f), I32((), 9), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "image_info of 5 numbers" },
};
OP_CASES(image_proposals, proposals)
