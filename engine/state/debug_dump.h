// SPDX-License-Identifier: Apache-2.0
/* DebugDump: files that TensorFlow's debugger (tfdbg) reads: Event messages, one a file, below a
 * dump folder, which must lie below the roots that may be written to:
 *
 *     _tfdbg_core_metadata_sessionrunN_TIME          a run: its names and numbers, in JSON
 *     _tfdbg_device_,job_localhost,...,device_CPU_0/
 *         _tfdbg_graph_hashH_TIME                    a partition
 *         NODE_SLOT_OP_TIME                          a value; TIME in microseconds
 *
 * Errors are those of the file roots. */
#pragma once
#include "engine/state/debug_log.h"
#include "engine/state/roots.h"

/* The folder of a "file://" URL (any case), or NULL for another scheme. */
const char *debug_url_folder(const char *url);
bool debug_url_is_grpc(const char *url);
/* UNIMPLEMENTED, with what to do instead. */
Status *debug_url_refuse_grpc(const char *url) MUST_USE;

/* RESOURCE_EXHAUSTED beyond the bytes that all dumps of this process may take: 100 GiB, or
 * TFDBG_DISK_BYTES_LIMIT of the environment. */
Status *debug_dump_value(const FileRoots *r, const char *folder, const DebugKey *k,
                         const Tensor *value, int64_t wall_us) MUST_USE;
void debug_dump_reset_bytes(void); /* begins to count anew */

/* A packed GraphDef. */
Status *debug_dump_graph(const FileRoots *r, const char *folder, const char *device,
                         const void *graph, size_t n) MUST_USE;
/* The numbers and names of a run, as a JSON text; run is its number. */
Status *debug_dump_run(const FileRoots *r, const char *folder, int64_t run,
                       const char *json) MUST_USE;
