// SPDX-License-Identifier: Apache-2.0
/* Lend: the large values of one bytes field stay in the bytes that a message came in.
 *
 * protobuf-c copies whatever it unpacks. So it is given a skeleton: the same bytes, with a marker
 * in the place of each large value; afterwards the markers are put right. For bytes that the
 * scanner of wire.c has passed only. */
#pragma once
#include "engine/base/buf.h"
#include "proto/message.h"

/* Values from this size on are lent. A marker is just as long, so that what is in a skeleton and
 * is as long is one: nothing that a client sends can be taken for it. */
#define LEND_LEAST 4096
/* From so many bytes on, half of them are moved by a thread of their own. */
#define LEND_HALVES ((size_t)16 << 20)

typedef struct Lending {
        const ProtoField *field;
        Buf skeleton;
        Buf places; /* a Place for each large value, in their order */
} Lending;

typedef struct Place {
        uint8_t *at;
        size_t n;
} Place;

/* Writes the skeleton of n bytes and notes where large values are. */
Status *lend_skeleton(const ProtoType *type, uint8_t *bytes, size_t n, Lending *l) MUST_USE;
/* Aligns each value to MEM_ALIGN by moving it towards the front, over what the message no longer
 * needs; one that finds no room there is copied into the arena. */
Status *lend_align(Lending *l, uint8_t *bytes, Arena *arena) MUST_USE;
/* Puts the values in the places of their markers, everywhere below m, whose depth is bounded. */
void lend_settle(const Lending *l, ProtobufCMessage *m);
