// SPDX-License-Identifier: Apache-2.0
/* .npy files: what NumPy writes, and what nobody should. */
#include "api/npy.h"
#include "engine/base/mem.h"
#include "tests/api/json_fixture.h"
#include <stdio.h>

TestSuite(json_npy, .timeout = 60);

/* A file of the given version with this header and these bytes behind it; mem_free() it. */
static char *file(int major, const char *header, const void *data, size_t n, size_t *ret_n)
{
        autobuf out = BUF(1 << 20);
        size_t len = strlen(header);
        buf_puts(&out, NPY_MAGIC);
        buf_append(&out, (char[]){ (char)major, 0, (char)len, (char)(len >> 8), 0, 0 },
                   major == 1 ? 4 : 6);
        buf_append(&out, header, len);
        buf_append(&out, data, n);
        *ret_n = out.len;
        return exact_copy(out.data, out.len);
}

static Status *read_file(int major, const char *header, const void *data, size_t n, Tensor **ret)
{
        size_t len;
        autofree char *bytes = file(major, header, data, n, &len);
        return npy_read(bytes, len, 1 << 20, ret);
}

#define HEADER(descr, fortran, shape) \
        "{'descr': '" descr "', 'fortran_order': " fortran ", 'shape': " shape ", }  \n"

Test(json_npy, files_read_in_every_layout)
{
        static const struct {
                int major;
                const char *header, *data;
                size_t n;
                const char *text;
        } rows[] = {
                { 1, HEADER("<f4", "False", "(2,)"), "\0\0\x80\x3f\0\0\0\x40", 8, "[1.0,2.0]" },
                { 2, HEADER(">f4", "False", "(2,)"), "\x3f\x80\0\0\x40\0\0\0", 8, "[1.0,2.0]" },
                { 3, HEADER("|u1", "False", "(2, 3)"), "\1\2\3\4\5\6", 6, "[[1,2,3],[4,5,6]]" },
                { 1, HEADER("|u1", "True", "(2, 3)"), "\1\4\2\5\3\6", 6, "[[1,2,3],[4,5,6]]" },
                { 1, HEADER(">i2", "True", "(2, 2)"), "\0\1\0\3\0\2\0\4", 8, "[[1,2],[3,4]]" },
                { 1, HEADER("|b1", "False", "()"), "\1", 1, "true" },
                { 1, HEADER("<c8", "False", "(1,)"), "\0\0\x80\x3f\0\0\0\x40", 8, "[[1.0,2.0]]" },
                { 1, HEADER(">c8", "False", "(1,)"), "\x3f\x80\0\0\x40\0\0\0", 8, "[[1.0,2.0]]" },
                { 1, HEADER("<f2", "False", "(1,)"), "\0\x3c", 2, "[1.0]" },
                { 1, HEADER("<V2", "False", "(1,)"), "\x80\x3f", 2, "[1.0]" },
                { 1, HEADER("|S3", "False", "(3,)"), "abcd\0\0\0\0\0", 9, "[\"abc\",\"d\",\"\"]" },
                { 1, HEADER("<U2", "False", "(2,)"), "\xe9\0\0\0\0\0\0\0\x00\xf6\1\0a\0\0\0", 16,
                  "[\"é\",\"😀a\"]" },
                { 1, HEADER(">U1", "True", "(1,)"), "\0\0\0a", 4, "[\"a\"]" },
                { 1, HEADER("<i8", "False", "(0, 4)"), "", 0, "[]" },
                { 1, "{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"u1\"}", "\7", 1, "[7]" },
                { 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (1L,)}", "\7\0\0\0", 4,
                  "[7]" },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Tensor) t = NULL;
                fine(read_file(rows[i].major, rows[i].header, rows[i].data, rows[i].n, &t));
                autofree char *out = written(t, JSON_PLAIN);
                cr_expect(!strcmp(out, rows[i].text), "%s gives %s", rows[i].header, out);
        }
}

Test(json_npy, hostile_headers_are_refused)
{
        static const struct {
                const char *header;
                size_t n;
                StatusCode code;
        } rows[] = {
                { "", 0, SR_INVALID_ARGUMENT },
                { "{}", 0, SR_INVALID_ARGUMENT },
                { "{", 0, SR_INVALID_ARGUMENT },
                { "{'descr'", 0, SR_INVALID_ARGUMENT },
                { "{'descr': '<f4', 'fortran_order': False, 'shape': (", 0, SR_INVALID_ARGUMENT },
                { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } trailing", 8,
                  SR_INVALID_ARGUMENT },
                { "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", 8,
                  SR_INVALID_ARGUMENT },
                { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", 8,
                  SR_INVALID_ARGUMENT },
                { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8,
                  SR_INVALID_ARGUMENT },
                { "{'descr': 'a very long description indeed', 'shape': ()}", 8,
                  SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(3,)"), 8, SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(2,)"), 9, SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(-2,)"), 8, SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(2 3)"), 24, SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(99999999999999999999,)"), 8, SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(4611686018427387904, 4)"), 0, SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(4611686018427387904,)"), 0, SR_INVALID_ARGUMENT },
                { HEADER("|S0", "False", "(1000000000000000,)"), 0, SR_INVALID_ARGUMENT },
                { HEADER("|S0", "False", "(1000,)"), 0, SR_INVALID_ARGUMENT },
                { HEADER("|S99999999999", "False", "(1,)"), 0, SR_INVALID_ARGUMENT },
                { HEADER("|S-1", "False", "(1,)"), 1, SR_INVALID_ARGUMENT },
                { HEADER("|O", "False", "(1,)"), 8, SR_INVALID_ARGUMENT },
                { HEADER("<M8", "False", "(1,)"), 8, SR_INVALID_ARGUMENT },
                { HEADER("", "False", "(1,)"), 8, SR_INVALID_ARGUMENT },
                { HEADER("<f4", "False", "(1,1,1,1,1,1,1,1,2)"), 8, SR_UNIMPLEMENTED },
                { HEADER("|u1", "False", "(1048577,)"), 1048577, SR_INVALID_ARGUMENT },
        };
        static char zeros[64];
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Tensor) t = NULL;
                autoptr(Status) s =
                        read_file(1, rows[i].header, zeros, MIN(rows[i].n, sizeof zeros), &t);
                cr_expect(status_code(s) == rows[i].code, "%s: %s", rows[i].header,
                          status_message(s));
        }
        autoptr(Tensor) t = NULL;
        autoptr(Status) bad_bool = read_file(1, HEADER("|b1", "False", "(1,)"), "\2", 1, &t);
        cr_expect(bad_bool);
        autoptr(Status) bad_code =
                read_file(1, HEADER("<U1", "False", "(1,)"), "\0\xd8\0\0", 4, &t);
        cr_expect(bad_code);
        autoptr(Status) version = read_file(4, HEADER("|u1", "False", "(1,)"), "\2", 1, &t);
        cr_expect(version);
}

Test(json_npy, what_is_written_reads_back)
{
        static const struct {
                DType dtype;
                const char *text;
        } rows[] = { { DT_FLOAT, "[[1.5,-2.0],[0.25,\"NaN\"]]" },
                     { DT_HALF, "0.5" },
                     { DT_BFLOAT16, "[3.0]" },
                     { DT_BOOL, "[true,false]" },
                     { DT_INT64, "[[[1]]]" },
                     { DT_COMPLEX128, "[[1.0,2.0]]" },
                     { DT_STRING, "[\"a\",\"longer\",\"\"]" },
                     { DT_UINT8, "[]" } };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Tensor) t = parsed(rows[i].text, rows[i].dtype);
                autoptr(Tensor) back = NULL;
                autobuf out = BUF(1 << 16);
                fine(npy_write(t, &out));
                fine(buf_status(&out));
                cr_expect((out.len - tensor_bytes(t)) % 64 == 0 || rows[i].dtype == DT_STRING);
                fine(npy_read(out.data, out.len, 1 << 16, &back));
                autofree char *text = written(back, JSON_PLAIN);
                cr_expect(!strcmp(text, rows[i].text), "%s, not %s", text, rows[i].text);
        }
}

Test(json_npy, what_the_format_cannot_say_is_not_written)
{
        autoptr(Tensor) t = parsed("\"a\\u0000\"", DT_STRING);
        autoptr(Tensor) q = parsed("1", DT_QINT8);
        autobuf out = BUF(1 << 16);
        autoptr(Status) s = npy_write(t, &out);
        autoptr(Status) s2 = npy_write(q, &out);
        cr_expect(status_code(s) == SR_UNIMPLEMENTED && status_code(s2) == SR_UNIMPLEMENTED);
}

/* Every single-byte change of a good file is read or refused, never worse. */
Test(json_npy, damaged_files_do_no_harm)
{
        size_t n;
        autofree char *good =
                file(1, HEADER("<U2", "True", "(2, 2)"),
                     "a\0\0\0b\0\0\0c\0\0\0d\0\0\0e\0\0\0f\0\0\0g\0\0\0h\0\0\0", 32, &n);
        for (size_t i = 0; i < n; i++) {
                for (int c = 0; c < 256; c++) {
                        autofree char *bad = exact_copy(good, n);
                        autoptr(Tensor) t = NULL;
                        bad[i] = (char)c;
                        status_free(npy_read(bad, n, 1 << 16, &t));
                }
                autofree char *cut = exact_copy(good, i);
                autoptr(Tensor) t = NULL;
                autoptr(Status) s = npy_read(cut, i, 1 << 16, &t);
                cr_expect(s);
        }
}
