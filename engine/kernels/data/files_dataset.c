// SPDX-License-Identifier: Apache-2.0
/* TFRecordDataset, TextLineDataset, FixedLengthRecordDataset(V2): the records of files, file after
 * file. A file that cannot be read is an error once; the next draw goes on with the next file. */
#include "engine/kernels/data/files.h"

#include "engine/kernels/data/pull.h"
#include "engine/kernels/io/tfrecord.h"

enum { RECORD_MAX = 1 << 30 };

typedef struct Files Files;
typedef struct FilesIter FilesIter;

/* One record into `record`; *ret is false at the end of the file. */
typedef Status *(*ReadRecord)(FilesIter *f, bool *ret);

struct Files {
        Dataset base; /* values->t[0]: the names */
        ReadRecord read;
        char compression[8];
        int64_t header, record, footer;
        CsvFormat csv;
        bool skip_first; /* of CSV */
};

struct FilesIter {
        Iter base;
        int64_t i; /* the present file */
        Input *in; /* open; NULL: is to be opened */
        Buf record;
        Buf line; /* of CSV: what is read, up to line_at taken */
        size_t line_at;
};

static Status *read_tfrecord(FilesIter *f, bool *ret)
{
        bool end = false;
        TRY(tfrecord_read(f->in, &f->record, &end));
        *ret = !end;
        return NULL;
}

static Status *read_line(FilesIter *f, bool *ret)
{
        return input_line(f->in, &f->record, ret);
}

/* Adds to the record what of the line belongs to it; *state is where the record is then. */
static Status *take_of_line(FilesIter *f, CsvState *state)
{
        const CsvFormat *format = &((Files *)f->base.ds)->csv;
        size_t from = f->line_at;
        while (f->line_at < f->line.len && *state != CSV_END)
                *state = csv_next(format, *state, f->line.data[f->line_at++]);
        buf_append(&f->record, f->line.data + from, f->line_at - from - (*state == CSV_END));
        bool crlf = *state == CSV_END && f->line.data[f->line_at - 1] == '\r' &&
                    f->line_at < f->line.len && f->line.data[f->line_at] == '\n';
        f->line_at += crlf;
        return buf_status(&f->record);
}

/* Lines up to the one where a record ends. */
static Status *read_csv(FilesIter *f, bool *ret)
{
        CsvState state = CSV_START;
        bool more = true;
        *ret = false;
        while (state != CSV_END) {
                if (f->line_at == f->line.len) {
                        f->line_at = 0;
                        TRY(input_raw_line(f->in, &f->line, &more));
                }
                if (!more)
                        break;
                *ret = true;
                TRY(take_of_line(f, &state));
        }
        return NULL;
}

/* The end of a packed file is not known before it is there: what is read last is the footer. */
static Status *read_fixed(FilesIter *f, bool *ret)
{
        const Files *d = (Files *)f->base.ds;
        size_t n = (size_t)d->record, want = n + (size_t)d->footer, got = 0;
        bool packed = *d->compression;
        if (!packed && input_offset(f->in) + d->record > input_file_size(f->in) - d->footer) {
                *ret = false;
                return NULL;
        }
        char *room = buf_reserve(&f->record, packed ? want : n);
        if (!room)
                return buf_status(&f->record);
        TRY(input_read(f->in, room, packed ? want : n, &got));
        *ret = got == (packed ? want : n);
        f->record.len = *ret ? n : 0;
        return *ret && packed && d->footer ? input_unread(f->in, room + n, (size_t)d->footer)
                                           : NULL;
}

/* A body that is not so many whole records is an error from the start. */
static Status *check_body(const FilesIter *f, const char *name)
{
        const Files *d = (Files *)f->base.ds;
        int64_t body = input_file_size(f->in) - d->header - d->footer;
        if (*d->compression || (body >= 0 && body % d->record == 0))
                return NULL;
        return invalid_argument("Excluding the header (%lld bytes) and footer (%lld bytes), input "
                                "file \"%s\" has body length %lld bytes, which is not an exact "
                                "multiple of the record length (%lld bytes).",
                                (long long)d->header, (long long)d->footer, name, (long long)body,
                                (long long)d->record);
}

/* Opens the present file and passes over its header. */
static Status *open_file(FilesIter *f, const OpCtx *c)
{
        const Files *d = (Files *)f->base.ds;
        const TString *s = &tensor_strings(d->base.values->t[0])[f->i];
        autofree char *name = mem_strndup(s->data ? s->data : "", s->len);
        if (!name)
                return status_oom();
        TRY(input_open(c, name, d->compression, &f->in));
        if (d->skip_first) {
                bool there = false;
                TRY(d->read(f, &there));
        }
        if (!d->record)
                return NULL;
        TRY(check_body(f, name));
        return input_skip(f->in, (uint64_t)d->header);
}

static void close_file(FilesIter *f)
{
        input_free(f->in);
        f->in = NULL;
        buf_reset(&f->line);
        f->line_at = 0;
}

/* The next record, of this file or a later one. */
static Status *read_next(FilesIter *f, const OpCtx *c, bool *ret)
{
        const Files *d = (Files *)f->base.ds;
        *ret = false;
        for (; f->i < tensor_count(d->base.values->t[0]); f->i++, close_file(f)) {
                if (!f->in)
                        TRY(open_file(f, c));
                buf_reset(&f->record);
                TRY(d->read(f, ret));
                TRY(buf_status(&f->record));
                if (*ret)
                        return NULL;
                if (ctx_cancelled(c))
                        return cancelled("Operation was cancelled");
        }
        return NULL;
}

static Status *open(Iter *it)
{
        ((FilesIter *)it)->record = ((FilesIter *)it)->line = BUF(RECORD_MAX);
        return NULL;
}

static void close(Iter *it)
{
        close_file((FilesIter *)it);
        buf_done(&((FilesIter *)it)->record);
        buf_done(&((FilesIter *)it)->line);
}

static Status *next(Iter *it, Pull *p)
{
        FilesIter *f = (FilesIter *)it;
        bool there = false;
        Tensor *t = NULL;
        Row *row = NULL;
        Status *s = read_next(f, pull_ctx(p), &there);
        if (s) {
                f->i++;
                close_file(f);
                return s;
        }
        if (!there)
                return pull_end(p);
        TRY(tensor_string(f->record.data, f->record.len, &t));
        TRY(row_single(t, &row));
        return pull_give(p, row);
}

static const DatasetKind files_kind = { .name = "Files",
                                        .size = sizeof(Files),
                                        .iter_size = sizeof(FilesIter),
                                        .open = open,
                                        .next = next,
                                        .close = close };

/* ---- ops ---- */

static Status *read_compression(const OpCtx *c, int i, Files *d)
{
        const TString *s = NULL;
        TRY(scalar_string(c, i, "compression_type", &s));
        bool known = !s->len ||
                     (s->len == 4 && (!memcmp(s->data, "ZLIB", 4) || !memcmp(s->data, "GZIP", 4)));
        if (!known)
                return invalid_argument("Unsupported compression_type.");
        if (s->len)
                memcpy(d->compression, s->data, s->len);
        return NULL;
}

/* The last inputs: buffer_size, which must not be negative, and compression_type. 0: there is none.
 */
static Status *files(OpCtx *c, ReadRecord read, int compression, int buffer, Files **ret)
{
        autoptr(Dataset) d = NULL;
        int64_t bytes;
        TRY(dataset_new(&files_kind, 0, 1, &d));
        if (tensor_rank(ctx_input(c, 0)) > 1)
                return invalid_argument("`filenames` must be a scalar or a vector.");
        TRY(scalar_int(c, buffer, "buffer_size", &bytes));
        if (bytes < 0)
                return invalid_argument("`buffer_size` must be >= 0 (0 == no buffering)");
        if (compression)
                TRY(read_compression(c, compression, (Files *)d));
        TRY(row_of(c->in, 1, &d->values));
        d->types[0] = DT_STRING;
        d->shapes[0] = SHAPE_SCALAR;
        ((Files *)d)->read = read;
        *ret = (Files *)steal(&d);
        return NULL;
}

static Status *tfrecords(OpCtx *c)
{
        Files *d = NULL;
        TRY(files(c, read_tfrecord, 1, 2, &d));
        return dataset_output(c, &d->base);
}

static Status *lines(OpCtx *c)
{
        Files *d = NULL;
        TRY(files(c, read_line, 1, 2, &d));
        return dataset_output(c, &d->base);
}

Status *files_of_csv(OpCtx *c, const CsvFormat *format, bool header, Dataset **ret)
{
        Files *d = NULL;
        TRY(files(c, read_csv, 1, 2, &d));
        d->csv = *format;
        d->skip_first = header;
        *ret = &d->base;
        return NULL;
}

static Status *fixed(OpCtx *c)
{
        int64_t header, record, footer;
        Files *d = NULL;
        TRY(scalar_int(c, 1, "header_bytes", &header));
        TRY(scalar_int(c, 2, "record_bytes", &record));
        TRY(scalar_int(c, 3, "footer_bytes", &footer));
        if (header < 0)
                return invalid_argument("`header_bytes` must be >= 0");
        if (record <= 0)
                return invalid_argument("`record_bytes` must be > 0");
        if (footer < 0)
                return invalid_argument("`footer_bytes` must be >= 0");
        if (header > RECORD_MAX / 2 || record > RECORD_MAX / 2 || footer > RECORD_MAX / 2)
                return resource_exhausted("Records, headers and footers may have %d bytes",
                                          RECORD_MAX / 2);
        TRY(files(c, read_fixed, ctx_inputs(c) > 5 ? 5 : 0, 4, &d));
        d->header = header;
        d->record = record;
        d->footer = footer;
        return dataset_output(c, &d->base);
}

#define FILES(op, in, fn) \
        DATASET_OP(op, in, "metadata:string = \"\"", .flags = "stateful", .compute = fn)
#define FIXED                                                                            \
        "filenames:string; header_bytes:int64; record_bytes:int64; footer_bytes:int64; " \
        "buffer_size:int64"

FILES(TFRecordDataset, "filenames:string; compression_type:string; buffer_size:int64", tfrecords);
FILES(TextLineDataset, "filenames:string; compression_type:string; buffer_size:int64", lines);
FILES(FixedLengthRecordDataset, FIXED, fixed);
FILES(FixedLengthRecordDatasetV2, FIXED "; compression_type:string", fixed);
