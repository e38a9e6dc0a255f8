// SPDX-License-Identifier: Apache-2.0
/* CSVDataset(V2): the records of files with comma separated values, a component for each column. */
#include "engine/kernels/data/csv_state.h"
#include "engine/kernels/data/files.h"
#include "engine/kernels/data/pull.h"
#include "engine/ops/number.h"

/* Rising column numbers. */
typedef struct Columns {
        int64_t *at;
        int n;
} Columns;

typedef struct Csv {
        Dataset base; /* values: the defaults */
        CsvFormat format;
        char *na;
        size_t na_len;
        Columns select, exclude; /* one of them, or neither */
} Csv;

typedef struct CsvIter {
        Iter base;
        Buf field;
} CsvIter;

/* A record on the way. */
typedef struct Record {
        const Csv *d;
        Buf *field;
        int64_t column; /* the present field's */
        int passed;     /* columns of select or exclude that are behind */
        Row *row;
        int n;      /* components that are there */
        bool sound; /* the present field's quotes are as they should be */
        Status *status;
} Record;

static Status *open(Iter *it)
{
        ((CsvIter *)it)->field = BUF((size_t)1 << 31);
        return NULL;
}

static void close(Iter *it)
{
        buf_done(&((CsvIter *)it)->field);
}

/* The first error of a record counts, but the record is read to its end. */
static void note(Record *r, Status *s)
{
        if (r->status)
                status_free(s);
        else
                r->status = s;
}

static Status *put_value(const Csv *d, int k, const char *text, size_t len, Tensor *t)
{
        const Tensor *fallback = d->base.values->t[k];
        DType type = d->base.types[k];
        bool absent = !len || (len == d->na_len && !memcmp(text, d->na, len));
        if (absent && !tensor_count(fallback))
                return invalid_argument("Field %d is required but missing in record!", k);
        if (absent)
                return tensor_copy_elements(t, 0, fallback, 0, 1);
        if (type == DT_STRING)
                return tensor_set_string(t, 0, text, len);
        if (!number_parse(text, len, type, tensor_fill(t)))
                return invalid_argument("Field %d in record is not a valid %s: %.*s", k,
                                        dtype_name(type), (int)MIN(len, (size_t)1000), text);
        return NULL;
}

/* Is the present column one of those that are wanted? */
static bool included(Record *r)
{
        const Columns *c = r->d->select.n ? &r->d->select : &r->d->exclude;
        bool listed = r->passed < c->n && c->at[r->passed] == r->column;
        r->passed += listed;
        return !c->n || listed == (c == &r->d->select);
}

static Status *put_field(Record *r)
{
        Tensor **t = r->row->t + r->n;
        if (!r->sound)
                return NULL;
        if (r->n == r->row->n)
                return invalid_argument("Expect %d fields but have more in record", r->n);
        TRY(buf_status(r->field));
        TRY(tensor_new(r->d->base.types[r->n], &SHAPE_SCALAR, t));
        r->n++;
        return put_value(r->d, r->n - 1, r->field->data ? r->field->data : "", r->field->len, *t);
}

static void end_field(Record *r)
{
        if (included(r))
                note(r, put_field(r));
        r->column++;
        r->sound = true;
        buf_reset(r->field);
}

static void bad_quote(Record *r)
{
        note(r, invalid_argument("Quote inside a string has to be escaped by another quote"));
        r->sound = false;
}

/* What byte c is to the present field, when it brings from one state to another. */
static void take_byte(Record *r, CsvState from, CsvState to, char c)
{
        if (to == CSV_START)
                end_field(r);
        else if (from == CSV_CLOSED && c != '"')
                bad_quote(r);
        else if (to == CSV_BARE || (from != CSV_START && to == CSV_QUOTED))
                buf_putc(r->field, c);
        if (to == CSV_BARE && c == '"' && r->d->format.quotes)
                note(r, invalid_argument("Unquoted fields cannot have quotes inside"));
}

static void take_end(Record *r, CsvState state)
{
        if (state == CSV_QUOTED)
                note(r, invalid_argument("Reached end of file without closing quoted field in "
                                         "record"));
        else
                end_field(r);
        if (r->n != r->row->n)
                note(r,
                     invalid_argument("Expect %d fields but have %d in record", r->row->n, r->n));
}

static Status *parse(CsvIter *it, const TString *text, Row **ret)
{
        const Csv *d = (Csv *)it->base.ds;
        autoptr(Row) row = NULL;
        CsvState state = CSV_START;
        TRY(row_new(d->base.n, &row));
        Record r = { .d = d, .field = &it->field, .row = row, .sound = true };
        buf_reset(&it->field);
        for (size_t i = 0; i < text->len; i++) {
                CsvState to = csv_next(&d->format, state, text->data[i]);
                take_byte(&r, state, to, text->data[i]);
                state = to;
        }
        take_end(&r, state);
        if (!r.status)
                *ret = steal(&row);
        return r.status;
}

static Status *next(Iter *it, Pull *p)
{
        Row *row = NULL;
        if (pull_event(p) != PULL_ROW)
                return pull_event(p) == PULL_END ? pull_end(p) : pull_input(p, it);
        autoptr(Row) text = pull_row(p);
        TRY(parse((CsvIter *)it, tensor_strings(text->t[0]), &row));
        return pull_give(p, row);
}

static void csv_free(Dataset *d)
{
        mem_free(((Csv *)d)->na);
        mem_free(((Csv *)d)->select.at);
        mem_free(((Csv *)d)->exclude.at);
}

static const DatasetKind csv_kind = { .name = "CSV",
                                      .size = sizeof(Csv),
                                      .iter_size = sizeof(CsvIter),
                                      .open = open,
                                      .next = next,
                                      .close = close,
                                      .free = csv_free };

/* ---- the op ---- */

enum { FILENAMES, COMPRESSION, BUFFER, HEADER, DELIM, QUOTES, NA, SELECT, DEFAULTS };

static Status *read_defaults(const OpCtx *c, Dataset *d)
{
        for (int k = 0; k < d->n; k++) {
                const Tensor *t = ctx_input(c, DEFAULTS + k);
                if (tensor_rank(t) > 1)
                        return invalid_argument("Each record default should be at most rank 1");
                if (tensor_count(t) > 1)
                        return invalid_argument("There should only be 1 default per field but "
                                                "field %d has %lld",
                                                k, (long long)tensor_count(t));
                d->types[k] = tensor_dtype(t);
                d->shapes[k] = SHAPE_SCALAR;
        }
        return row_of(c->in + DEFAULTS, d->n, &d->values);
}

static Status *copy_columns(const Tensor *t, const char *name, Columns *ret)
{
        if (tensor_count(t) > INT16_MAX)
                return invalid_argument("%s are too many", name);
        for (int64_t k = 1; k < tensor_count(t); k++)
                if (tensor_int(t, k) <= tensor_int(t, k - 1))
                        return invalid_argument("%s should be strictly increasing indices", name);
        if (!tensor_count(t))
                return NULL;
        if (tensor_int(t, 0) < 0)
                return invalid_argument("%s should be non-negative indices", name);
        ret->at = mem_dup(tensor_data(t), tensor_bytes(t));
        ret->n = (int)tensor_count(t);
        return ret->at ? NULL : status_oom();
}

static Status *read_columns(const OpCtx *c, Csv *d)
{
        int i = DEFAULTS + d->base.n;
        const Tensor *select = ctx_input(c, SELECT);
        const Tensor *exclude = i < ctx_inputs(c) ? ctx_input(c, i) : NULL;
        if (tensor_count(select) && tensor_count(select) != d->base.n)
                return invalid_argument("select_cols should match output size");
        TRY(copy_columns(select, "select_cols", &d->select));
        if (!exclude)
                return NULL;
        if (d->select.n && tensor_count(exclude))
                return invalid_argument("Either select_cols or exclude_cols should be empty");
        return copy_columns(exclude, "exclude_cols", &d->exclude);
}

static Status *check_ranks(const OpCtx *c, int exclude)
{
        if (tensor_rank(ctx_input(c, FILENAMES)) > 1)
                return invalid_argument("`filenames` must be a scalar or a vector.");
        if (tensor_rank(ctx_input(c, SELECT)) != 1)
                return invalid_argument("`select_cols` must be a vector.");
        if (exclude < ctx_inputs(c) && tensor_rank(ctx_input(c, exclude)) != 1)
                return invalid_argument("`exclude_cols` must be a vector");
        return NULL;
}

/* How fields are written. */
static Status *read_format(const OpCtx *c, Csv *d, int64_t *ret_header)
{
        const TString *delim = NULL, *na = NULL;
        int64_t quotes, buffer;
        TRY(scalar_int(c, BUFFER, "buffer_size", &buffer));
        if (buffer <= 0)
                return invalid_argument("buffer_size should be positive");
        TRY(scalar_string(c, DELIM, "field_delim", &delim));
        if (delim->len != 1)
                return invalid_argument("field_delim should be only 1 char");
        TRY(scalar_int(c, HEADER, "header", ret_header));
        TRY(scalar_int(c, QUOTES, "use_quote_delim", &quotes));
        TRY(scalar_string(c, NA, "na_value", &na));
        d->format = (CsvFormat){ .delim = delim->data[0], .quotes = quotes };
        d->na = mem_strndup(na->data ? na->data : "", na->len);
        d->na_len = na->len;
        return d->na ? NULL : status_oom();
}

static Status *csv(OpCtx *c)
{
        int64_t header;
        int n = dataset_list_len(ctx_node(c), "output_types");
        autoptr(Dataset) d = NULL;
        TRY(dataset_new(&csv_kind, 1, n, &d));
        TRY(check_ranks(c, DEFAULTS + n));
        TRY(read_defaults(c, d));
        TRY(read_format(c, (Csv *)d, &header));
        TRY(files_of_csv(c, &((Csv *)d)->format, header, &d->input[0]));
        TRY(read_columns(c, (Csv *)d));
        return dataset_output(c, steal(&d));
}

#define CSV_IN                                                                           \
        "filenames:string; compression_type:string; buffer_size:int64; header:bool; "    \
        "field_delim:string; use_quote_delim:bool; na_value:string; select_cols:int64; " \
        "record_defaults:output_types[]"
#define CSV_ATTRS                                                            \
        "output_types:list(type) in [float,double,int32,int64,string] >=1; " \
        "output_shapes:list(shape) >=1"

DATASET_OP(CSVDataset, CSV_IN, CSV_ATTRS, .flags = "stateful", .compute = csv);
DATASET_OP(CSVDatasetV2, CSV_IN "; exclude_cols:int64", CSV_ATTRS, .flags = "stateful",
           .compute = csv);
DATASET_OP(ExperimentalCSVDataset, CSV_IN, CSV_ATTRS, .flags = "stateful", .compute = csv);
