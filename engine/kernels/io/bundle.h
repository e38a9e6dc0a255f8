// SPDX-License-Identifier: Apache-2.0
/* Checkpoints in TensorFlow's TensorBundle format: PREFIX.index is a sorted string table of
 * BundleEntryProtos by tensor name (and a header under ""), PREFIX.data-KKKKK-of-NNNNN hold the
 * tensors' bytes.
 *
 * A tensor that was saved in parts has an entry of its own that lists them; each part lies under
 * slice_key(). Nothing read is believed: offsets and sizes are held against the files' lengths,
 * checksums are verified before a value is used. */
#pragma once
#include "engine/kernels/io/slice.h"
#include "engine/kernels/io/sstable.h"
#include "engine/ops/op.h"
#include "tensorflow/core/protobuf/tensor_bundle.pb-c.h"

typedef Tensorflow__BundleEntryProto BundleEntry;

/* ---- reading ---- */

typedef struct Bundle Bundle;

/* Opens a checkpoint and reads its index. NOT_FOUND in RestoreV2's words when there is none;
 * DATA_LOSS for a damaged one, UNIMPLEMENTED for one of a big-endian machine. */
Status *bundle_open(const OpCtx *c, const char *prefix, size_t len, Bundle **ret) MUST_USE;
void bundle_close(Bundle *b);
AUTOPTR_DEFINE(Bundle, bundle_close)
/* A tensor's entry, living as long as the bundle. NOT_FOUND "Key X not found in checkpoint". */
Status *bundle_find(Bundle *b, const char *name, size_t len, const BundleEntry **ret) MUST_USE;
/* All entries but the header. */
const Sstable *bundle_table(const Bundle *b);
/* Reads a table entry's message. */
Status *bundle_entry(Bundle *b, const SstEntry *e, const BundleEntry **ret) MUST_USE;
int bundle_shards(const Bundle *b);
/* The shape of an entry's tensor, complete. */
Status *bundle_shape(const BundleEntry *e, Shape *ret) MUST_USE;
/* The whole tensor, put together from its parts if need be. *ret: one owner. */
Status *bundle_read(Bundle *b, const char *name, size_t len, const BundleEntry *e,
                    Tensor **ret) MUST_USE;

/* ---- writing ---- */

typedef struct BundleWriter BundleWriter;

/* Begins a checkpoint: writes go to temporary files beside the final ones. */
Status *bundle_writer_new(const OpCtx *c, const char *prefix, size_t len,
                          BundleWriter **ret) MUST_USE;
/* Gives up what was not finished: removes the temporary files. */
void bundle_writer_free(BundleWriter *w);
AUTOPTR_DEFINE(BundleWriter, bundle_writer_free)
/* Adds a tensor. INVALID_ARGUMENT "Adding duplicate key: X"; UNIMPLEMENTED for resources. */
Status *bundle_writer_add(BundleWriter *w, const char *name, size_t len, const Tensor *t) MUST_USE;
/* Adds a part of a tensor of shape `whole`. */
Status *bundle_writer_add_slice(BundleWriter *w, const char *name, size_t len, const Shape *whole,
                                const TensorSlice *s, const Tensor *t) MUST_USE;
/* Flushes to the disk and renames, data first: either the old checkpoint is there or the new one.
 */
Status *bundle_writer_finish(BundleWriter *w) MUST_USE;

/* ---- shared ---- */

/* One prefix and a vector of names are inputs 0 and 1, of SaveV2 and RestoreV2. */
Status *bundle_check_names(const ShapeCtx *c) MUST_USE;

/* "PREFIX.index", "PREFIX.data-00000-of-00001"; mem_free() it; NULL without memory. */
char *bundle_index_name(const char *prefix) MUST_USE;
char *bundle_data_name(const char *prefix, int shard, int shards) MUST_USE;
/* Packs entries into an index file at `path`, by way of a temporary file and rename. The entries'
 * values are packed BundleEntryProtos; they must be sorted, the header is added here. */
Status *bundle_write_index(const OpCtx *c, const char *path, const SstEntry *entries, size_t count,
                           int shards) MUST_USE;
/* Writes all of n bytes / reads exactly n at an offset. errors name the path. */
Status *bundle_write_all(int fd, const void *p, size_t n, const char *path) MUST_USE;
Status *bundle_read_all(int fd, void *p, size_t n, uint64_t offset, const char *path) MUST_USE;
