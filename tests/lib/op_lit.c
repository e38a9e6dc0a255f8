// SPDX-License-Identifier: Apache-2.0
/* Literals as tensors, and tensors against literals. */
#include "tests/lib/op_lit.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "tests/lib/kernel_log.h"
#include <stdio.h>

/* Quantized elements are the integers that they are. */
static DType plain_type(DType t)
{
        switch ((int)t) {
        case DT_QINT8: return DT_INT8;
        case DT_QUINT8: return DT_UINT8;
        case DT_QINT16: return DT_INT16;
        case DT_QUINT16: return DT_UINT16;
        case DT_QINT32: return DT_INT32;
        default: return t;
        }
}

/* The literal's value i as a complex number, which holds all but the largest 64-bit integers. */
static double complex lit_value(const Lit *lit, int i)
{
        if (i >= lit->n)
                return 0;
#define VALUE(ID, T, W, GET, PUT) \
        case DT_##ID: return (double complex)((const T *)lit->values)[i];
        switch ((int)plain_type(lit->dtype)) {
                TYPE_FLOAT(VALUE)
                TYPE_DOUBLE(VALUE)
                INT_TYPES(VALUE)
                COMPLEX_TYPES(VALUE)
                TYPE_BOOL(VALUE)
        case DT_HALF:
        case DT_BFLOAT16: return ((const float *)lit->values)[i];
        default: return 0;
        }
#undef VALUE
}

static void put_value(Tensor *t, int64_t i, double complex v)
{
        void *data = tensor_fill(t);
        switch ((int)tensor_dtype(t)) {
        case DT_HALF: ((Half *)data)[i] = half_from_float((float)creal(v)); break;
        case DT_BFLOAT16: ((BFloat16 *)data)[i] = bfloat16_from_float((float)creal(v)); break;
        case DT_COMPLEX64: ((float complex *)data)[i] = (float complex)v; break;
        case DT_COMPLEX128: ((double complex *)data)[i] = v; break;
        case DT_FLOAT: ((float *)data)[i] = (float)creal(v); break;
        case DT_DOUBLE: ((double *)data)[i] = creal(v); break;
        case DT_BOOL: ((bool *)data)[i] = v != 0; break;
        case DT_STRING: {
                char text[32];
                int n = snprintf(text, sizeof text, "%g", creal(v));
                expect_ok(tensor_set_string(t, i, text, (size_t)n));
                break;
        }
        default: {
                int64_t n = (int64_t)creal(v);
                memcpy((char *)data + (size_t)i * dtype_size(tensor_dtype(t)), &n,
                       dtype_size(tensor_dtype(t)));
        }
        }
}

static void put_string(Tensor *t, const Lit *lit, int i)
{
        if (lit->kind == LIT_TEXT) {
                const char *s = ((const char *const *)lit->values)[i];
                expect_ok(tensor_set_string(t, i, s, strlen(s)));
        } else {
                const LitBytes *b = (const LitBytes *)lit->values + i;
                expect_ok(tensor_set_string(t, i, b->s, b->n));
        }
}

Tensor *lit_tensor_as(const Lit *lit, DType dtype)
{
        Tensor *t = NULL;
        expect_ok(tensor_new(dtype, &lit->shape, &t));
        cr_assert(lit->n <= tensor_count(t), "a literal of shape %s has %d values",
                  shape_text(&lit->shape).s, lit->n);
        bool same = dtype == lit->dtype && dtype != DT_HALF && dtype != DT_BFLOAT16;
        if (lit->kind == LIT_PLAIN && same) {
                memset(tensor_fill(t), 0, tensor_bytes(t));
                if (lit->n)
                        memcpy(tensor_fill(t), lit->values, (size_t)lit->n * dtype_size(dtype));
                return t;
        }
        for (int i = 0; i < (int)tensor_count(t); i++) {
                if (lit->kind == LIT_PLAIN)
                        put_value(t, i, lit_value(lit, i));
                else if (dtype != DT_STRING)
                        put_value(t, i, 0);
                else if (i < lit->n)
                        put_string(t, lit, i);
        }
        return t;
}

Tensor *lit_tensor(const Lit *lit)
{
        return lit_tensor_as(lit, lit->dtype);
}

/* ---- comparison ---- */

static double default_tol(DType t)
{
        switch ((int)t) {
        case DT_HALF: return 2e-3;
        case DT_BFLOAT16: return 1.6e-2;
        case DT_FLOAT:
        case DT_COMPLEX64: return 1e-6;
        case DT_DOUBLE:
        case DT_COMPLEX128: return 1e-13;
        default: return 0;
        }
}

static bool near_real(double want, double got, double tol)
{
        if (want != want || got != got)
                return want != want && got != got;
        if (want == got)
                return true;
        return isfinite(want) && isfinite(got) && fabs(want - got) <= tol + tol * fabs(want);
}

static double complex number_at(const Tensor *t, int64_t i)
{
        if (tensor_dtype(t) == DT_COMPLEX64)
                return ((const float complex *)tensor_data(t))[i];
        if (tensor_dtype(t) == DT_COMPLEX128)
                return ((const double complex *)tensor_data(t))[i];
        return tensor_double(t, i);
}

static bool element_equal(const Tensor *want, const Tensor *got, int64_t i, double tol, Buf *why)
{
        DType t = tensor_dtype(want);
        if (t == DT_STRING) {
                const TString *a = tensor_strings(want) + i, *b = tensor_strings(got) + i;
                if (a->len == b->len && (a->len == 0 || !memcmp(a->data, b->data, a->len)))
                        return true;
                buf_printf(why, "element %lld is \"%.*s\", not \"%.*s\"", (long long)i, (int)b->len,
                           b->len ? b->data : "", (int)a->len, a->len ? a->data : "");
                return false;
        }
        if (!dtype_is_floating(t) && !dtype_is_complex(t)) {
                if (tensor_int(want, i) == tensor_int(got, i))
                        return true;
                buf_printf(why, "element %lld is %lld, not %lld", (long long)i,
                           (long long)tensor_int(got, i), (long long)tensor_int(want, i));
                return false;
        }
        double complex a = number_at(want, i), b = number_at(got, i);
        if (near_real(creal(a), creal(b), tol) && near_real(cimag(a), cimag(b), tol))
                return true;
        buf_printf(why, "element %lld is %.9g%+.9gi, not %.9g%+.9gi", (long long)i, creal(b),
                   cimag(b), creal(a), cimag(a));
        return false;
}

static bool same_kind(const Lit *want, DType dtype, const Tensor *got, Buf *why)
{
        if (!got) {
                buf_puts(why, "there is no value");
                return false;
        }
        if (tensor_dtype(got) != dtype) {
                buf_printf(why, "type is %s, not %s", dtype_name(tensor_dtype(got)),
                           dtype_name(dtype));
                return false;
        }
        if (want->kind != LIT_ANY_SHAPE && !shape_equal(&want->shape, tensor_shape(got))) {
                buf_printf(why, "shape is %s, not %s", shape_text(tensor_shape(got)).s,
                           shape_text(&want->shape).s);
                return false;
        }
        return true;
}

bool lit_equal_as(const Lit *want, DType dtype, const Tensor *got, double tol, char **ret_why)
{
        autobuf why = BUF(4096);
        bool same = same_kind(want, dtype, got, &why);
        if (same && want->kind != LIT_ANY && want->kind != LIT_ANY_SHAPE) {
                autoptr(Tensor) t = lit_tensor_as(want, dtype);
                double least = default_tol(dtype);
                for (int64_t i = 0; same && i < tensor_count(t); i++)
                        same = element_equal(t, got, i, tol > 0 ? tol : least, &why);
        }
        if (!same)
                *ret_why = mem_strdup(buf_cstr(&why));
        return same;
}

bool lit_equal(const Lit *want, const Tensor *got, double tol, char **ret_why)
{
        return lit_equal_as(want, want->dtype, got, tol, ret_why);
}

void expect_lit(const char *file, int line, const Tensor *got, const Lit *want)
{
        autofree char *why = NULL;
        bool same = lit_equal(want, got, 0, &why);
        cr_assert(same, "%s:%d: %s", file, line, why ? why : "");
}

void expect_error(Status *s, StatusCode code, const char *part)
{
        autoptr(Status) owned UNUSED = s;
        cr_assert(s, "it succeeds; expected was %s \"%s\"", status_code_name(code), part);
        cr_assert(status_code(s) == code && strstr(status_message(s), part),
                  "the error is %s \"%s\", expected was %s \"%s\"",
                  status_code_name(status_code(s)), status_message(s), status_code_name(code),
                  part);
        kernel_log_error(NULL, s);
}

void expect_ok(Status *s)
{
        autoptr(Status) owned UNUSED = s;
        cr_assert(!s, "error %s: %s", s ? status_code_name(status_code(s)) : "",
                  s ? status_message(s) : "");
}
