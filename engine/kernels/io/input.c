// SPDX-License-Identifier: Apache-2.0
/* Sequential reading through one buffer, with zlib between it and the file where asked for. */
#include "engine/kernels/io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 64 << 10, ANY_WINDOW = 32 + MAX_WBITS }; /* the header says zlib or gzip */

struct Input {
        int fd;
        char *path;
        int64_t offset, file_size;
        size_t at, len; /* what is left in `out` */
        char *back;     /* bytes that were given back; NULL: none */
        size_t back_len;
        bool packed, ended;
        z_stream z;
        unsigned char raw[CHUNK]; /* of the file, when packed */
        unsigned char out[CHUNK];
};

void input_free(Input *in)
{
        if (!in)
                return;
        if (in->fd >= 0)
                close(in->fd);
        if (in->packed)
                inflateEnd(&in->z);
        mem_free(in->back);
        mem_free(in->path);
        mem_free(in);
}

/* ZLIB and GZIP are told apart by zlib itself, from the header. */
Status *input_open(const OpCtx *c, const char *path, const char *compression, Input **ret)
{
        struct stat st;
        bool packed = *compression;
        if (packed && strcmp(compression, "ZLIB") != 0 && strcmp(compression, "GZIP") != 0)
                return invalid_argument("Unsupported compression_type:%s", compression);
        autoptr(Input) in = mem_calloc(1, sizeof *in);
        if (!in)
                return status_oom();
        in->fd = -1;
        if (!(in->path = mem_strdup(path)))
                return status_oom();
        TRY(ctx_open_file(c, path, strlen(path), O_RDONLY, &in->fd));
        if (fstat(in->fd, &st))
                return unknown_error("%s; cannot tell the file's size", path);
        in->file_size = st.st_size;
        if (packed && inflateInit2(&in->z, ANY_WINDOW) != Z_OK)
                return status_oom();
        in->packed = packed;
        *ret = steal(&in);
        return NULL;
}

static Status *read_file(Input *in, void *p, size_t n, size_t *ret)
{
        ssize_t got;
        do
                got = read(in->fd, p, n);
        while (got < 0 && errno == EINTR);
        if (got < 0)
                return status_errno(errno, in->path);
        *ret = (size_t)got;
        return NULL;
}

/* Fills `out` with unpacked bytes. A file may hold several packed streams, one behind the other. */
static Status *unpack(Input *in)
{
        z_stream *z = &in->z;
        z->next_out = in->out;
        z->avail_out = sizeof in->out;
        while (z->avail_out == sizeof in->out) {
                size_t got = 0;
                if (!z->avail_in) {
                        TRY(read_file(in, in->raw, sizeof in->raw, &got));
                        z->next_in = in->raw;
                        z->avail_in = (unsigned)got;
                        if (!got) {
                                in->ended = true;
                                break;
                        }
                }
                int code = inflate(z, Z_NO_FLUSH);
                if (code == Z_STREAM_END)
                        inflateReset(z);
                else if (code != Z_OK)
                        return data_loss("inflate() failed with error %d: %s", code,
                                         z->msg ? z->msg : in->path);
        }
        in->len = sizeof in->out - z->avail_out;
        return NULL;
}

/* Sees to it that there is something in the buffer, unless the file has ended. */
static Status *refill(Input *in)
{
        if (in->at < in->len || in->ended)
                return NULL;
        in->at = in->len = 0;
        if (in->packed)
                return unpack(in);
        TRY(read_file(in, in->out, sizeof in->out, &in->len));
        in->ended = !in->len;
        return NULL;
}

/* Given back bytes go in front of those given back before. */
Status *input_unread(Input *in, const void *p, size_t n)
{
        size_t len = n + in->back_len;
        char *back = mem_alloc(len + 1);
        if (!back)
                return status_oom();
        memcpy(back, p, n);
        if (in->back_len)
                memcpy(back + n, in->back, in->back_len);
        mem_free(in->back);
        in->back = back;
        in->back_len = len;
        in->offset -= (int64_t)n;
        return NULL;
}

/* What was given back comes first. */
static size_t read_back(Input *in, char *p, size_t n)
{
        size_t k = MIN(n, in->back_len);
        if (!k)
                return 0;
        if (p)
                memcpy(p, in->back, k);
        in->back_len -= k;
        memmove(in->back, in->back + k, in->back_len);
        return k;
}

/* Fewer bytes than asked for only at the end of the file. p NULL: skip. */
Status *input_read(Input *in, void *p, size_t n, size_t *ret)
{
        size_t done = read_back(in, p, n);
        while (done < n) {
                TRY(refill(in));
                size_t k = MIN(n - done, in->len - in->at);
                if (!k)
                        break;
                if (p)
                        memcpy((char *)p + done, in->out + in->at, k);
                in->at += k;
                done += k;
        }
        in->offset += (int64_t)done;
        *ret = done;
        return NULL;
}

Status *input_skip(Input *in, uint64_t n)
{
        size_t got = 1;
        for (; n && got; n -= got)
                TRY(input_read(in, NULL, (size_t)MIN(n, (uint64_t)CHUNK), &got));
        return NULL;
}

/* The last line may lack its LF. An empty line is still a line, hence *ret. */
Status *input_raw_line(Input *in, Buf *line, bool *ret)
{
        const unsigned char *lf = NULL;
        buf_reset(line);
        while (!lf) {
                TRY(refill(in));
                size_t k = in->len - in->at;
                if (!k)
                        break;
                lf = memchr(in->out + in->at, '\n', k);
                if (lf)
                        k = (size_t)(lf - (in->out + in->at)) + 1;
                buf_append(line, in->out + in->at, k);
                in->at += k;
                in->offset += (int64_t)k;
        }
        TRY(buf_status(line));
        *ret = line->len;
        return NULL;
}

Status *input_line(Input *in, Buf *line, bool *ret)
{
        TRY(input_raw_line(in, line, ret));
        if (line->len && line->data[line->len - 1] == '\n')
                line->len--;
        if (line->len && line->data[line->len - 1] == '\r')
                line->len--;
        return NULL;
}

int64_t input_offset(const Input *in)
{
        return in->offset;
}

int64_t input_file_size(const Input *in)
{
        return in->file_size;
}
