// SPDX-License-Identifier: Apache-2.0
/* Runs rows: writes the graph for a dtype, feeds x and s, compares what comes back. */
#include "tests/ops/every_dtype.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "tests/lib/graph_builder.h"
#include "tests/lib/op_session.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const char library[] =
        "library {\n"
        "function { signature { name: 'same'\n"
        "  input_arg { name: 'a' type: $D } output_arg { name: 'b' type: $D } }\n"
        "  ret { key: 'b' value: 'a' } }\n"
        "function { signature { name: 'indexed' input_arg { name: 'i' type: DT_INT32 }\n"
        "  input_arg { name: 'a' type: $D } output_arg { name: 'b' type: $D } }\n"
        "  ret { key: 'b' value: 'a' } }\n"
        "function { signature { name: 'never'\n"
        "  input_arg { name: 'a' type: $D } output_arg { name: 'b' type: DT_BOOL } }\n"
        "  node_def { name: 'no' op: 'Const' attr { key: 'dtype' value { type: DT_BOOL } }\n"
        "    attr { key: 'value' value { tensor { dtype: DT_BOOL tensor_shape { } bool_val: false "
        "} } } }\n"
        "  ret { key: 'b' value: 'no:output:0' } } }\n";

/* The lines that make x and s. */
static void put_inputs(Buf *b, DType t)
{
        if (t == DT_RESOURCE)
                buf_puts(b, "s = VarHandleOp dtype: float, shape: []\nx = Pack(s, s)\n");
        else if (t == DT_VARIANT)
                buf_puts(b, "sn = Const int32 [0] { }\nsm = Const int32 [] { 3 }\n"
                            "s = EmptyTensorList(sn, sm) element_dtype: float\nx = Pack(s, s)\n");
        else
                buf_puts(b, "s = Placeholder dtype: $T, shape: []\n"
                            "x = Placeholder dtype: $T, shape: [2]\n");
}

static void put_enum(Buf *to, DType t)
{
        buf_puts(to, "DT_");
        for (const char *p = dtype_name(t); *p; p++)
                buf_putc(to, (char)toupper((unsigned char)*p));
}

/* $T, $D and $F replaced. */
static void expand(const Buf *from, DType t, Buf *to)
{
        for (size_t i = 0; i < from->len; i++) {
                bool word = from->data[i] == '$' && i + 1 < from->len;
                if (word && from->data[i + 1] == 'T')
                        buf_puts(to, dtype_name(t));
                else if (word && from->data[i + 1] == 'D')
                        put_enum(to, t);
                else if (word)
                        buf_printf(to, "%s/%s", test_data_root, dtype_name(t));
                else
                        buf_putc(to, from->data[i]);
                i += word;
        }
}

static Tensor *value(DType t, int n)
{
        Tensor *v = NULL;
        expect_ok(tensor_new(t, n == 1 ? &SHAPE_SCALAR : &SHAPE(n), &v));
        for (int i = 0; i < n; i++) {
                if (t == DT_STRING)
                        expect_ok(tensor_set_string(v, i, i ? "b" : "", (size_t)i));
                else
                        memset((char *)tensor_fill(v) + (size_t)i * dtype_size(t), i ? 1 : 0,
                               dtype_size(t));
        }
        return v;
}

static bool same(const Tensor *a, const Tensor *b)
{
        if (tensor_dtype(a) != tensor_dtype(b) || !shape_equal(tensor_shape(a), tensor_shape(b)))
                return false;
        if (tensor_dtype(a) != DT_STRING)
                return !tensor_bytes(a) || !memcmp(tensor_data(a), tensor_data(b), tensor_bytes(a));
        for (int64_t i = 0; i < tensor_count(a); i++) {
                const TString *p = tensor_strings(a) + i, *q = tensor_strings(b) + i;
                if (p->len != q->len || (p->len && memcmp(p->data, q->data, p->len) != 0))
                        return false;
        }
        return true;
}

static void run_plain(const Row *row, TestSession *s, DType t)
{
        autoptr(Tensor) x = value(t, 2);
        autoptr(Tensor) scalar = value(t, 1);
        autoptr(Tensor) y = NULL;
        Feed feeds[] = { { "x", x }, { "s", scalar } };
        const char *fetch = "y:0";
        RunRequest r = { .fetches = &fetch, .n_fetches = 1, .feeds = feeds, .n_feeds = 2 };
        autoptr(Status) why = test_session_run(s, &r, &y);
        cr_assert(!why, "%s of %s: %s", row->name, dtype_name(t), why ? status_message(why) : "");
        cr_assert(!row->gives || same(y, row->gives == 'x' ? x : scalar),
                  "%s of %s give other values", row->name, dtype_name(t));
}

/* A session with the library, extended by the row's graph. */
static Status *open_row(const Row *row, DType t, TestSession **ret)
{
        autobuf text = BUF(1 << 16), graph = BUF(1 << 16), functions = BUF(1 << 16);
        Buf from = { .data = (char *)library, .len = sizeof library - 1 };
        put_inputs(&text, t);
        buf_puts(&text, row->graph);
        expand(&text, t, &graph);
        expand(&from, t, &functions);
        TRY(test_session_library(buf_cstr(&functions), ret));
        return test_session_extend(*ret, buf_cstr(&graph));
}

static void run_dtype(const Row *row, DType t)
{
        autoptr(TestSession) s = NULL;
        autoptr(Status) why = open_row(row, t, &s);
        cr_assert(!why, "%s of %s: %s", row->name, dtype_name(t), why ? status_message(why) : "");
        if (t == DT_RESOURCE || t == DT_VARIANT) {
                autoptr(Status) run = test_session_target(s, "y");
                cr_assert(!run, "%s of %s: %s", row->name, dtype_name(t),
                          run ? status_message(run) : "");
        } else {
                run_plain(row, s, t);
        }
}

static bool takes(Kinds kinds, DType t)
{
        if (t == DT_RESOURCE)
                return kinds == ALL;
        if (kinds == NUMBERS && (t == DT_STRING || t == DT_BOOL))
                return false;
        if (kinds == FIELDS)
                return t == DT_FLOAT || t == DT_DOUBLE || dtype_is_complex(t);
        if (kinds == PIXELS)
                return t == DT_UINT8 || t == DT_HALF || t == DT_FLOAT || t == DT_DOUBLE;
        if (kinds == ORDERED)
                return dtype_is_floating(t) || dtype_is_integer(t);
        if (kinds == REAL)
                return dtype_is_floating(t);
        if (kinds == OLD && (t == DT_BFLOAT16 || t == DT_UINT32 || t == DT_UINT64 ||
                             t == DT_QINT16 || t == DT_QUINT16))
                return false;
        return t != DT_VARIANT || kinds == ALL || kinds == HELD;
}

void every_dtype_run(const Row *rows, int i)
{
        for (int t = 1; t <= DT_MAX; t++)
                if (takes(rows[i].kinds, (DType)t))
                        run_dtype(&rows[i], (DType)t);
}

/* GetSessionTensor is a step of its own, after the one that made the handle. */
Test(every_dtype, tensors_are_found_by_their_handles_in_later_steps)
{
        for (int t = 1; t <= DT_MAX; t++) {
                char text[256];
                autoptr(TestSession) s = NULL;
                autoptr(Tensor) handle = NULL;
                autoptr(Tensor) y = NULL;
                if (!takes(PLAIN, (DType)t))
                        continue;
                autoptr(Tensor) x = value((DType)t, 2);
                snprintf(text, sizeof text,
                         "x = Placeholder dtype: %s\nh = GetSessionHandle(x)\n"
                         "k = Placeholder dtype: string\ny = GetSessionTensor(k) dtype: %s\n",
                         dtype_name((DType)t), dtype_name((DType)t));
                expect_ok(test_session_text(text, &s));
                const char *fetches[] = { "h:0", "y:0" };
                RunRequest put = { .fetches = &fetches[0],
                                   .n_fetches = 1,
                                   .feeds = &(Feed){ "x", x },
                                   .n_feeds = 1 };
                expect_ok(test_session_run(s, &put, &handle));
                RunRequest get = { .fetches = &fetches[1],
                                   .n_fetches = 1,
                                   .feeds = &(Feed){ "k", handle },
                                   .n_feeds = 1 };
                expect_ok(test_session_run(s, &get, &y));
                cr_assert(same(x, y), "%s", dtype_name((DType)t));
        }
}
