// SPDX-License-Identifier: Apache-2.0
/* Reading JPEG, and ExtractJpegShape. libjpeg reports errors through a handler that must not
 * return: each function that calls it catches the jump itself, and none of its locals change behind
 * setjmp(). */
#include "engine/kernels/image/codec.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

/* A progressive picture that has more scans than any encoder makes only wastes time. */
enum { JPEG_MAX_SCANS = 500 };

typedef struct Jpeg {
        struct jpeg_decompress_struct d;
        struct jpeg_error_mgr handler;
        jmp_buf jump;
        bool cut;                         /* the data ended early */
        size_t len;                       /* bytes of data, for messages */
        uint8_t *line;                    /* of what is not written as it comes, or NULL */
        int64_t top, left, height, width; /* the part that is wanted */
} Jpeg;

static void on_error(j_common_ptr d)
{
        longjmp(((Jpeg *)d->client_data)->jump, 1);
}

static void on_message(j_common_ptr d, int level)
{
        Jpeg *j = d->client_data;
        if (level < 0 && d->err->msg_code == JWRN_JPEG_EOF)
                j->cut = true;
        if (d->is_decompressor && j->d.input_scan_number > JPEG_MAX_SCANS)
                longjmp(j->jump, 1);
}

static Status *invalid(const Jpeg *j)
{
        return invalid_argument("Invalid JPEG data or crop window, data size %zu", j->len);
}

/* The first thing for each picture: libjpeg must have its handlers before any other call. */
static Status *jpeg_head(Jpeg *j, const TString *s)
{
        j->len = s->len;
        j->d.err = jpeg_std_error(&j->handler);
        j->handler.error_exit = on_error;
        j->handler.emit_message = on_message;
        j->d.client_data = j;
        if (setjmp(j->jump))
                return invalid(j);
        jpeg_create_decompress(&j->d);
        if (!s->len || s->len > ULONG_MAX)
                return invalid(j);
        jpeg_mem_src(&j->d, (const unsigned char *)s->data, s->len);
        jpeg_read_header(&j->d, TRUE);
        return NULL;
}

/* Chooses colors, scale and method. */
static Status *jpeg_begin(Jpeg *j, const JpegWish *w)
{
        bool cmyk = j->d.num_components == 4;
        if (setjmp(j->jump))
                return invalid(j);
        j->d.out_color_space = cmyk ? JCS_CMYK
                               : w->channels == 1 || (!w->channels && j->d.num_components == 1)
                                       ? JCS_GRAYSCALE
                                       : JCS_RGB;
        if ((cmyk && w->channels == 1) || (!w->channels && j->d.num_components == 2))
                return invalid(j);
        j->d.do_fancy_upsampling = w->smooth;
        j->d.scale_num = 1;
        j->d.scale_denom = w->ratio;
        j->d.dct_method = w->accurate ? JDCT_ISLOW : JDCT_IFAST;
        jpeg_start_decompress(&j->d);
        return NULL;
}

/* The part of the picture that is wanted: all, unless there is a crop window. */
static Status *jpeg_part(Jpeg *j, const Tensor *crop)
{
        int64_t h = j->d.output_height, w = j->d.output_width;
        j->height = h;
        j->width = w;
        if (!crop)
                return NULL;
        const int32_t *v = tensor_data(crop);
        j->top = v[0], j->left = v[1], j->height = v[2], j->width = v[3];
        if (j->top < 0 || j->left < 0 || j->height <= 0 || j->width <= 0 ||
            j->top + j->height > h || j->left + j->width > w)
                return invalid_argument("Invalid JPEG data or crop window, data size %zu", j->len);
        return NULL;
}

/* Inks to light; Adobe's files hold them inverted. */
static void from_cmyk(const Jpeg *j, uint8_t *to)
{
        bool adobe = j->d.saw_Adobe_marker;
        for (int64_t i = 0; i < j->width; i++, to += 3) {
                const uint8_t *ink = j->line + (size_t)(j->left + i) * 4;
                for (int k = 0; k < 3; k++)
                        to[k] = (uint8_t)(adobe ? ink[3] * ink[k] / 255
                                                : (255 - ink[3]) * (255 - ink[k]) / 255);
        }
}

/* The line that was read, where it lies in the wanted part. */
static void put_line(const Jpeg *j, uint8_t *to, int64_t channels)
{
        if (j->d.out_color_space == JCS_CMYK)
                from_cmyk(j, to);
        else if (j->line)
                memcpy(to, j->line + j->left * channels, (size_t)(j->width * channels));
}

/* A cut file yields gray rows and a warning in libjpeg; that is an error unless
 * try_recover_truncated allows it. Rows above the crop are decoded and dropped. */
static Status *jpeg_rows(OpCtx *c, Jpeg *j, bool recover, Tensor *y)
{
        size_t row = (size_t)(tensor_dim(y, 1) * tensor_dim(y, 2));
        if (setjmp(j->jump))
                return invalid(j);
        while (j->d.output_scanline < j->top + j->height) {
                int64_t at = (int64_t)j->d.output_scanline - j->top;
                uint8_t *to = (uint8_t *)tensor_fill(y) + (size_t)MAX(0, at) * row;
                JSAMPROW line = j->line ? j->line : to;
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                if (jpeg_read_scanlines(&j->d, &line, 1) != 1 || (j->cut && !recover))
                        return invalid(j);
                if (at >= 0)
                        put_line(j, to, tensor_dim(y, 2));
        }
        return NULL;
}

/* The size in the header is a claim: it is bounded before memory is taken for it. */
static Status *jpeg_read(OpCtx *c, Jpeg *j, const TString *s, const JpegWish *w, Tensor **ret)
{
        autoptr(Tensor) y = NULL;
        TRY(jpeg_head(j, s));
        if ((int64_t)j->d.image_width * j->d.image_height > PICTURE_MAX_BYTES / 8)
                return invalid_argument("JPEG image of %u by %u is too large", j->d.image_width,
                                        j->d.image_height);
        TRY(jpeg_begin(j, w));
        TRY(jpeg_part(j, w->crop));
        int64_t channels = j->d.out_color_space == JCS_GRAYSCALE ? 1 : 3;
        if (j->d.out_color_space == JCS_CMYK || w->crop) {
                j->line = ctx_scratch(c, (size_t)j->d.output_width * 4);
                if (!j->line)
                        return status_oom();
        }
        TRY(tensor_new(DT_UINT8, &SHAPE(j->height, j->width, channels), &y));
        TRY(jpeg_rows(c, j, w->recover, y));
        *ret = steal(&y);
        return NULL;
}

Status *jpeg_decode(OpCtx *c, const TString *s, const JpegWish *w, Tensor **ret)
{
        Jpeg *j = ctx_scratch(c, sizeof *j);
        if (!j)
                return status_oom();
        memset(j, 0, sizeof *j);
        Status *bad = jpeg_read(c, j, s, w, ret);
        jpeg_destroy_decompress(&j->d);
        return bad;
}

/* ---- the size alone ---- */

static Status *extract_shape(ShapeCtx *c)
{
        TRY(shape_want_rank_as(c, 0, 0, "contents must be scalar, got shape %s"));
        c->out[0] = SHAPE(3);
        return NULL;
}

/* Only the header is read. Channels are those of the file, not what decoding would give. */
static Status *extract_jpeg_shape(OpCtx *c)
{
        Jpeg *j = ctx_scratch(c, sizeof *j);
        Tensor *y = ctx_output(c, 0);
        if (!j)
                return status_oom();
        memset(j, 0, sizeof *j);
        Status *bad = jpeg_head(j, tensor_strings(ctx_input(c, 0)));
        const int64_t dims[] = { j->d.image_height, j->d.image_width, j->d.num_components };
        jpeg_destroy_decompress(&j->d);
        TRY(bad);
        for (int i = 0; i < 3; i++)
                if (tensor_dtype(y) == DT_INT32)
                        ((int32_t *)tensor_fill(y))[i] = (int32_t)dims[i];
                else
                        ((int64_t *)tensor_fill(y))[i] = dims[i];
        return NULL;
}

OP(ExtractJpegShape, .inputs = "contents:string", .outputs = "image_shape:output_type",
   .attrs = "output_type:type in [int32,int64] = int32", .shape = extract_shape,
   .compute = extract_jpeg_shape);
