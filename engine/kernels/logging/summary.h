// SPDX-License-Identifier: Apache-2.0
/* What the summary ops share: a Summary message becomes the op's only output. */
#pragma once
#include "engine/base/map.h"
#include "engine/ops/op.h"
#include "tensorflow/core/framework/summary.pb-c.h"

typedef Tensorflow__Summary Summary;
typedef Tensorflow__Summary__Value SummaryValue;

/* The message's bytes are output 0. */
Status *summary_put(OpCtx *c, const ProtobufCMessage *m) MUST_USE;
/* A summary of one value. */
Status *summary_one(OpCtx *c, SummaryValue *v) MUST_USE;
/* A string as a tag in the arena. */
Status *summary_tag(Arena *a, const TString *s, char **ret) MUST_USE;

/* A serialized SummaryMetadata in the arena; of what is none, as in TensorFlow, an empty one. */
Status *summary_metadata(Arena *a, const TString *s, Tensorflow__SummaryMetadata **ret) MUST_USE;

/* ---- values, made in an arena; they may borrow from the tensors that they are of ---- */
#define SUMMARY_MAX_BYTES ((size_t)1 << 30)

/* Room for n values in m, all empty. */
Status *summary_values(Arena *a, size_t n, Summary *m) MUST_USE;
/* How many values fall between limits that grow by a tenth. INVALID_ARGUMENT for NaN and
 * infinities. */
Status *summary_histogram(const OpCtx *c, Arena *a, const Tensor *x, SummaryValue *v) MUST_USE;
/* The first `max` images of a batch as PNG, tagged "TAG/image/0" and so on; pixels that are not
 * finite become `bad`. */
Status *summary_images(OpCtx *c, Arena *a, const TString *tag, const Tensor *x, const Tensor *bad,
                       int64_t max, Summary *m) MUST_USE;
/* The first `max` sounds of a batch as WAV, tagged "TAG/audio/0" and so on. */
Status *summary_sounds(const OpCtx *c, Arena *a, const TString *tag, const Tensor *x, float rate,
                       int64_t max, Summary *m) MUST_USE;
/* Shape checks of what those take: input i. */
Status *summary_images_shape(const ShapeCtx *c, int i) MUST_USE;
Status *summary_sounds_shape(const ShapeCtx *c, int i) MUST_USE;
