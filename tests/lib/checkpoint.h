// SPDX-License-Identifier: Apache-2.0
/* A reader of TensorFlow's V2 checkpoints that knows nothing but the format: a table of the kind of
 * LevelDB (sorted keys in blocks with prefixes left out, an index of the blocks, a footer), whose
 * values are BundleHeaderProto and BundleEntryProto, and files of the tensors' bytes. It uses no
 * code of the daemon's and checks every checksum. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { CHECKPOINT_RANK = 8 };

typedef struct CheckpointTensor {
        char name[1000];
        int dtype; /* number of a DataType */
        int rank;
        int64_t dim[CHECKPOINT_RANK];
        const unsigned char *bytes; /* as in the file */
        size_t n;
} CheckpointTensor;

/* Calls fn for every tensor, in the order of their names; returns NULL, or what is wrong. */
const char *checkpoint_walk(const char *prefix, void (*fn)(void *arg, const CheckpointTensor *t),
                            void *arg);
