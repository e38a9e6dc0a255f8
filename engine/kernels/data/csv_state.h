// SPDX-License-Identifier: Apache-2.0
/* What a byte of comma separated values means where it stands. Line ends are values within quotes,
 * and end a record elsewhere. */
#pragma once
#include <stdbool.h>

typedef struct CsvFormat {
        char delim;
        bool quotes; /* fields may be quoted */
} CsvFormat;

typedef enum CsvState {
        CSV_START,  /* of a field */
        CSV_BARE,   /* in a field without quotes */
        CSV_QUOTED, /* in one with quotes */
        CSV_CLOSED, /* behind a quote in it: its end, or the first of two that mean one */
        CSV_END     /* behind the record */
} CsvState;

static inline CsvState csv_next(const CsvFormat *f, CsvState s, char c)
{
        if (s == CSV_QUOTED)
                return c == '"' ? CSV_CLOSED : CSV_QUOTED;
        if (c == f->delim)
                return CSV_START;
        if (c == '\n' || c == '\r')
                return CSV_END;
        if (s == CSV_CLOSED)
                return CSV_QUOTED;
        return s == CSV_START && f->quotes && c == '"' ? CSV_QUOTED : CSV_BARE;
}
