// SPDX-License-Identifier: Apache-2.0
/* The records of files, as other datasets take them apart. */
#pragma once
#include "engine/kernels/data/csv_state.h"
#include "engine/kernels/data/dataset.h"

/* A dataset of the CSV records, as they stand in the files of input 0 but without the line ends
 * behind them; inputs 1 and 2 are compression and buffer size. header: the first record of each
 * file is left out. */
Status *files_of_csv(OpCtx *c, const CsvFormat *format, bool header, Dataset **ret) MUST_USE;
