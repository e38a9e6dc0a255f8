// SPDX-License-Identifier: Apache-2.0
/* Datasets in sessions of tests. */
#include "tests/engine/data_fixture.h"

#include "engine/base/buf.h"
#include "engine/ops/summarize.h"
#include "tests/lib/kernel_log.h"
#include <stdio.h>
#include <string.h>

void data_setup(void)
{
        autobuf b = BUF(1 << 16);
        session_setup();
        grow_file("tests/data/datasets.pbtxt");
        for (int i = 0; i <= 10; i++)
                buf_printf(&b, "c%d = Const int64 [] { %d }\n", i, i);
        buf_puts(&b, "cm1 = Const int64 [] { -1 }\n"
                     "yes = Const bool [] { true }\nno = Const bool [] { false }\n"
                     "none = Const string [] { \"\" }\n");
        for (int i = 0; i <= 5; i++)
                buf_printf(&b, "r%d = RangeDataset(c0, c%d, c1) " INT64S "\n", i, i);
        grow_ok(buf_cstr(&b));
}

void data_files_setup(void)
{
        folder_setup();
        data_setup();
}

void data_files_teardown(void)
{
        session_teardown();
        folder_teardown();
}

void grow_iterator(const char *types)
{
        autobuf b = BUF(1 << 16);
        autobuf shapes = BUF(1 << 10);
        for (const char *p = types; p; p = strchr(p, ','), p += p != NULL)
                buf_puts(&shapes, shapes.len ? ", ?" : "?");
        buf_printf(&b,
                   "it = IteratorV2 shared_name: \"\", container: \"\", output_types: [%s], "
                   "output_shapes: [%s]\n"
                   "init = MakeIterator(d, it)\n"
                   "next = IteratorGetNext(it) output_types: [%s], output_shapes: [%s]\n",
                   types, buf_cstr(&shapes), types, buf_cstr(&shapes));
        grow_ok(buf_cstr(&b));
}

static void print_row(Buf *b)
{
        for (int i = 0; i < n_got; i++) {
                if (i)
                        buf_putc(b, '/');
                if (tensor_rank(got[i]) == 1 && tensor_count(got[i]) != 0)
                        buf_putc(b, '[');
                summarize(b, got[i], -1);
                if (tensor_rank(got[i]) == 1 && tensor_count(got[i]) != 0)
                        buf_putc(b, ']');
        }
}

/* Draws until the end, which is NULL, or an error; what came is in b. */
static Status *draw_rows(const char *next, int components, int max, Buf *b)
{
        char fetches[256] = "";
        for (int i = 0; i < components; i++)
                snprintf(fetches + strlen(fetches), sizeof fetches - strlen(fetches), "%s%s:%d",
                         i ? " " : "", next, i);
        for (int i = 0; i < max; i++) {
                autoptr(Status) s = finish(start(fetches, "", ""));
                if (status_code(s) == SR_OUT_OF_RANGE && strstr(status_message(s), "End of seq"))
                        break;
                if (b->len)
                        buf_putc(b, ' ');
                if (s)
                        return steal(&s);
                print_row(b);
        }
        return NULL;
}

char *draw_all(const char *next, int components, int max)
{
        autobuf b = BUF(1 << 20);
        autoptr(Status) s = draw_rows(next, components, max, &b);
        if (s)
                buf_printf(&b, "!%s", status_message(s));
        return mem_strdup(buf_cstr(&b));
}

/* The same up to the "!", behind which want may be a part of what there is. */
static bool as_wanted(const char *is, const char *want)
{
        const char *error = strchr(want, '!');
        if (!error)
                return !strcmp(is, want);
        size_t n = (size_t)(error - want) + 1;
        return !strncmp(is, want, n) && strstr(is + n, error + 1);
}

/* An error that comes with an element is IteratorGetNext's: the dataset is noted as well. */
static void note_error(const char *nodes, const Status *s)
{
        char op[64];
        const char *d = strstr(nodes, "\nd = ");
        if (sscanf(d ? d + 1 : nodes, "d = %63[A-Za-z0-9]", op) == 1)
                kernel_log_error(op, s);
}

static void expect(const char *name, const char *text, const char *types, const char *want)
{
        autobuf is = BUF(1 << 20);
        int n = 1;
        for (const char *p = types; (p = strchr(p, ',')); p++)
                n++;
        grow_ok(text);
        grow_iterator(types);
        autoptr(Status) s = finish(start("", "", "init"));
        if (!s)
                s = draw_rows("next", n, 100, &is);
        if (s)
                buf_printf(&is, "!%s", status_message(s));
        cr_assert(as_wanted(buf_cstr(&is), want), "%s: got '%s', want '%s'", name, buf_cstr(&is),
                  want);
        if (s)
                note_error(text, s);
}

void data_expect(const char *text, const char *types, const char *want)
{
        expect("the dataset", text, types, want);
}

void data_case_run(const DataCase *rows, int i)
{
        const DataCase *row = &rows[i];
        expect(row->name, row->text, row->types ? row->types : "int64", row->want);
}
