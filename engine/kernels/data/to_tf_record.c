// SPDX-License-Identifier: Apache-2.0
/* DatasetToTFRecord, ExperimentalDatasetToTFRecord: the strings of a dataset into a file, a record
 * each, packed by zlib when asked for. The file is written piece by piece: the dataset may be
 * larger than memory. */
#include "engine/kernels/data/single.h"
#include "engine/kernels/io/bundle.h"
#include "engine/kernels/io/tfrecord.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

enum { RECORD_MAX = 1 << 30, PIECE = 1 << 16 };

typedef struct Writing {
        Dataset base; /* values->t: the file's name, how to pack */
} Writing;

typedef struct WritingIter {
        Iter base;
        int fd; /* plus one; 0: not open */
        bool packs;
        z_stream z;
        Buf out;
} WritingIter;

static Status *flush(WritingIter *w, size_t least)
{
        if (w->out.len < least)
                return NULL;
        TRY(buf_status(&w->out));
        TRY(bundle_write_all(w->fd - 1, w->out.data, w->out.len, "TFRecord file"));
        buf_reset(&w->out);
        return NULL;
}

/* Through zlib, if it packs, into what is to be written. */
static Status *put(WritingIter *w, const void *data, size_t n, int mode)
{
        if (!w->packs) {
                buf_append(&w->out, data, n);
                return flush(w, PIECE);
        }
        w->z.next_in = (Bytef *)data;
        w->z.avail_in = (uInt)n;
        do {
                char *room = buf_reserve(&w->out, PIECE);
                if (!room)
                        return status_oom();
                w->z.next_out = (Bytef *)room;
                w->z.avail_out = PIECE;
                deflate(&w->z, mode);
                w->out.len += PIECE - w->z.avail_out;
                TRY(flush(w, PIECE));
        } while (!w->z.avail_out);
        return NULL;
}

static bool is_word(const TString *s, const char *word)
{
        return s->len == strlen(word) && (!s->len || !memcmp(s->data, word, s->len));
}

/* GZIP is zlib's format with another head: 16 more bits of window. */
static Status *begin(WritingIter *w, const OpCtx *c)
{
        const TString *name = tensor_strings(w->base.ds->values->t[0]);
        const TString *pack = tensor_strings(w->base.ds->values->t[1]);
        int fd, bits = is_word(pack, "GZIP") ? 31 : 15;
        w->out = BUF(RECORD_MAX);
        if (!is_word(pack, "") && !is_word(pack, "ZLIB") && !is_word(pack, "GZIP"))
                return invalid_argument("Unsupported compression_type.");
        TRY(ctx_open_file(c, name->data ? name->data : "", name->len, O_WRONLY | O_CREAT | O_TRUNC,
                          &fd));
        w->fd = fd + 1;
        if (!pack->len)
                return NULL;
        if (deflateInit2(&w->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY))
                return status_oom();
        w->packs = true;
        return NULL;
}

static Status *write_row(WritingIter *w, const Row *row)
{
        autobuf record = BUF(RECORD_MAX);
        if (row->n != 1 || tensor_dtype(row->t[0]) != DT_STRING || tensor_rank(row->t[0]))
                return invalid_argument("TFRecordWriter accepts only scalar strings");
        const TString *s = tensor_strings(row->t[0]);
        tfrecord_append(&record, s->data, s->len);
        TRY(buf_status(&record));
        return put(w, record.data, record.len, Z_NO_FLUSH);
}

static Status *end(WritingIter *w, Pull *p)
{
        Row *none = NULL;
        TRY(put(w, NULL, 0, Z_FINISH));
        TRY(flush(w, 1));
        TRY(row_new(0, &none));
        return pull_give(p, none);
}

static Status *next(Iter *it, Pull *p)
{
        WritingIter *w = (WritingIter *)it;
        if (pull_event(p) == PULL_ASKED)
                TRY(begin(w, pull_ctx(p)));
        if (pull_event(p) == PULL_END)
                return end(w, p);
        if (pull_event(p) == PULL_ROW) {
                autoptr(Row) row = pull_row(p);
                TRY(write_row(w, row));
        }
        return pull_input(p, it);
}

static void close_file(Iter *it)
{
        WritingIter *w = (WritingIter *)it;
        if (w->packs)
                deflateEnd(&w->z);
        if (w->fd)
                close(w->fd - 1);
        buf_done(&w->out);
}

static const DatasetKind writing_kind = { .name = "ToTFRecord",
                                          .size = sizeof(Writing),
                                          .iter_size = sizeof(WritingIter),
                                          .next = next,
                                          .close = close_file };

static Status *writing_new(OpCtx *c, Dataset **ret)
{
        const TString *text;
        autoptr(Dataset) d = NULL;
        TRY(scalar_string(c, 1, "filename", &text));
        TRY(scalar_string(c, 2, "compression_type", &text));
        TRY(dataset_unary(c, &writing_kind, &d));
        TRY(row_of(c->in + 1, 2, &d->values));
        d->n = 0;
        *ret = steal(&d);
        return NULL;
}

static Status *nothing(OpCtx *c UNUSED, const Row *row UNUSED)
{
        return NULL;
}

static void start(OpCtx *c)
{
        Dataset *d = NULL;
        Status *s = writing_new(c, &d);
        single_run(c, s, d, nothing);
}

#define TO_TFRECORD(op)                                                                     \
        OP(op, .inputs = "input_dataset:variant; filename:string; compression_type:string", \
           .flags = "stateful", .shape = shape_none, .start = start)
TO_TFRECORD(DatasetToTFRecord);
TO_TFRECORD(ExperimentalDatasetToTFRecord);
