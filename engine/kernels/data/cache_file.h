// SPDX-License-Identifier: Apache-2.0
/* The file of a cached dataset: a checkpoint whose keys are the numbers of element and component,
 * as TensorFlow's CacheDataset writes it. */
#pragma once
#include "engine/kernels/data/row.h"

/* Appends all elements of n components. *ret is false when there is no such file. DATA_LOSS and
 * what else bundle_open() says. */
Status *cache_file_read(const OpCtx *c, const TString *name, int n, Rows *rows, bool *ret) MUST_USE;
/* Writes them all; the file is there as a whole or not at all. */
Status *cache_file_write(const OpCtx *c, const TString *name, const Rows *rows) MUST_USE;
