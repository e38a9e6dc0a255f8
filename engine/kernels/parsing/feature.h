// SPDX-License-Identifier: Apache-2.0
/* Examples as they lie in their bytes: nothing is unpacked, values are found, counted, and copied
 * where they belong.
 *
 * What is an Example, is what TensorFlow's own scanner takes for one, not what protobuf does:
 * entries have a key and a value and nothing else; the length of a message ends with the message
 * that it is in, that of a text must not; of a feature's lists, and of a list's packed pieces, the
 * first one counts; features that nobody asks for are not looked at. */
#pragma once
#include "engine/tensor/tensor.h"

/* What is left of a message. */
typedef struct Wire {
        const uint8_t *at, *end;
} Wire;

static inline size_t wire_left(const Wire *w)
{
        return (size_t)(w->end - w->at);
}
/* All functions return false for bytes that are not what they want; w is then good for nothing. */
/* A number of ten bytes at most. */
bool wire_varint(Wire *w, uint64_t *ret) MUST_USE;
/* Goes over that tag of one byte, if it comes next. */
bool wire_tag(Wire *w, uint8_t tag) MUST_USE;
/* The message that comes next, behind its length; w goes on behind it. */
bool wire_message(Wire *w, Wire *ret) MUST_USE;
/* A map's next entry: a text and the bytes of a value. */
bool wire_entry(Wire *w, Wire *ret_key, Wire *ret_value) MUST_USE;
/* Goes over a field that is not known. */
bool wire_skip(Wire *w) MUST_USE;

/* A field of the kinds that examples are made of. */
#define WIRE_TAG_OF_BYTES(field) ((uint8_t)((field) << 3 | 2))

/* A list of values. */
typedef struct Feature {
        const uint8_t *at; /* the first of them */
        uint32_t bytes, n; /* up to the end of the last; how many they are */
        DType type;        /* float, int64, string; DT_INVALID: no list at all */
        bool tagged;       /* each has a tag before it */
} Feature;

/* What list a feature has, by its bytes: DT_INVALID when there are none. False when it is of no
 * known kind. */
bool feature_type(const Wire *value, DType *ret) MUST_USE;
/* Finds and counts the values. */
bool feature_read(Wire value, Feature *ret) MUST_USE;
/* Copies them into t from element `at` on; texts go to *room, of t, which moves on. */
void feature_copy(const Feature *f, Tensor *t, int64_t at, char **room);
