// SPDX-License-Identifier: Apache-2.0
/* Long texts, read and written by several threads: tensors, texts and errors are those of one
 * thread. */
#include "engine/base/mem.h"
#include "tests/api/json_fixture.h"

#include <pthread.h>
#include <stdlib.h>

TestSuite(json_parts, .timeout = 300);

/* ---- who helps ---- */

typedef void Fn(void *, int64_t, int64_t);

typedef struct Part {
        pthread_t thread;
        int64_t from, to;
        Fn *fn;
        void *arg;
} Part;

static void *run_part(void *arg)
{
        Part *p = arg;
        p->fn(p->arg, p->from, p->to);
        return NULL;
}

/* Threads that are new each time. */
static void by_threads(void *with UNUSED, int64_t n, int64_t grain UNUSED, Fn *fn, void *arg)
{
        enum { THREADS = 4 };
        Part parts[THREADS];
        for (int i = 0; i < THREADS; i++) {
                parts[i] = (Part){ 0, n * i / THREADS, n * (i + 1) / THREADS, fn, arg };
                cr_assert_eq(pthread_create(&parts[i].thread, NULL, run_part, &parts[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
                pthread_join(parts[i].thread, NULL);
}

static int64_t calls;

/* One after the other, the last one first. */
static void backwards(void *with UNUSED, int64_t n, int64_t grain UNUSED, Fn *fn, void *arg)
{
        calls++;
        for (int64_t i = n - 1; i >= 0; i--)
                fn(arg, i, i + 1);
}

static const TensorLimits helped[] = {
        { .max_bytes = (size_t)1 << 30, .help = { .run = backwards } },
        { .max_bytes = (size_t)1 << 30, .help = { .run = by_threads } },
};

/* ---- texts ---- */

static uint64_t seed = 88172645463325252u;

static unsigned pick(unsigned n)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (unsigned)(seed >> 33) % n;
}

typedef enum Numbers { SMALL, FLOATS, ODD, NUMBERS } Numbers;

static void put_number(Buf *b, Numbers kind)
{
        static const char *const odd[] = { "\"NaN\"", "\"-Infinity\"",
                                           "1e3",     "-0",
                                           "0.5e-3",  "123456789012345678901234567890",
                                           "7" };
        if (kind == ODD && pick(20) == 0)
                buf_puts(b, odd[pick(COUNTOF(odd))]);
        else if (kind == SMALL)
                buf_printf(b, "%u", pick(256));
        else
                buf_printf(b, "%.*g", (int)pick(17) + 1, (pick(1000000) - 500000.0) / 1234.5);
}

static void put_blanks(Buf *b, unsigned blanks)
{
        static const char *const some[] = { " ", "\n", "\t ", "  " };
        if (blanks && pick(blanks) == 0)
                buf_puts(b, some[pick(COUNTOF(some))]);
}

/* One in `blanks` places has some (0: none). */
static void put_nested(Buf *b, const Shape *s, int level, Numbers kind, unsigned blanks)
{
        if (level == s->rank) {
                put_number(b, kind);
                return;
        }
        buf_putc(b, '[');
        for (int64_t i = 0; i < s->dim[level]; i++) {
                put_blanks(b, blanks);
                put_nested(b, s, level + 1, kind, blanks);
                put_blanks(b, blanks);
                buf_puts(b, i + 1 < s->dim[level] ? "," : "");
        }
        buf_putc(b, ']');
}

static const Shape shapes[] = {
        SHAPE(120000),
        SHAPE(40000, 3),
        SHAPE(1, 200, 200, 3),
        SHAPE(3, 120, 120, 3),
        SHAPE(100, 1200),
        SHAPE(2, 60000),
        SHAPE(1, 1, 1, 1, 90000),
        SHAPE(90000, 1, 1),
        SHAPE(7, 5, 3, 11, 13, 2, 4),
        SHAPE(2, 2, 30000),
        SHAPE(1, 60000, 1, 2, 1),
        SHAPE(11, 10001),
};

/* ---- comparing ---- */

typedef struct Outcome {
        Status *s;
        Tensor *t;
} Outcome;

static Outcome read_by(const TensorLimits *limits, const Buf *text, DType dtype)
{
        Outcome o = { 0 };
        autofree char *copy = exact_copy(text->data, text->len);
        o.s = json_tensor_parse((JsonSpan){ copy, text->len }, dtype, NULL, NULL, limits, &o.t);
        return o;
}

static const char *pointer(const Status *s)
{
        return status_pointer(s) ? status_pointer(s) : "";
}

static void drop(Outcome *o)
{
        status_free(o->s);
        if (o->t)
                tensor_unref(o->t);
}

static void same_outcome(const Outcome *a, const Outcome *b, const char *what)
{
        cr_assert_eq(!a->s, !b->s, "%s: %s", what, status_message(a->s ? a->s : b->s));
        if (a->s) {
                cr_expect(status_code(a->s) == status_code(b->s) &&
                                  !strcmp(status_message(a->s), status_message(b->s)) &&
                                  !strcmp(pointer(a->s), pointer(b->s)),
                          "%s: %s at %s, not %s at %s", what, status_message(b->s), pointer(b->s),
                          status_message(a->s), pointer(a->s));
                return;
        }
        cr_expect(a->t->dtype == b->t->dtype && shape_equal(&a->t->shape, &b->t->shape), "%s",
                  what);
        cr_expect(memcmp(tensor_data(a->t), tensor_data(b->t), tensor_bytes(a->t)) == 0, "%s",
                  what);
}

static void compare(const Buf *text, DType dtype, const char *what)
{
        Outcome alone = read_by(&roomy, text, dtype);
        for (size_t i = 0; i < COUNTOF(helped); i++) {
                Outcome with = read_by(&helped[i], text, dtype);
                same_outcome(&alone, &with, what);
                drop(&with);
        }
        drop(&alone);
}

static const DType dtypes[] = { DT_FLOAT, DT_DOUBLE, DT_INT32, DT_UINT8, DT_HALF, DT_INVALID };

Test(json_parts, what_is_right_is_read_as_by_one_thread)
{
        for (size_t i = 0; i < COUNTOF(shapes); i++) {
                autobuf b = BUF((size_t)1 << 26);
                put_nested(&b, &shapes[i], 0, (Numbers)(i % NUMBERS), pick(3) * 50);
                compare(&b, DT_FLOAT, shape_text(&shapes[i]).s);
                compare(&b, dtypes[pick(COUNTOF(dtypes))], shape_text(&shapes[i]).s);
        }
}

/* Else this file would show nothing. */
Test(json_parts, long_texts_are_shared)
{
        autobuf b = BUF((size_t)1 << 26);
        put_nested(&b, &SHAPE(1, 200, 200, 3), 0, FLOATS, 0);
        Outcome o = read_by(&helped[0], &b, DT_FLOAT);
        cr_expect(!o.s && calls >= 2);
        drop(&o);
}

/* One or more places of a text changed for something else. */
static void damage(Buf *b)
{
        static const char *const words[] = {
                "[",   "]",  ",",    "\"",    "],[",     "[]",  "]]",         "[[", "\"NaN\"",
                "NaN", "-",  ".",    "e",     "0",       "1,2", "\"],[1,2\"", "{",  "}",
                " ",   "\\", "\x01", "[1,2]", "\"a,b\"", ",,",  "1e999",      "],", ",["
        };
        for (unsigned n = pick(3) + 1; n; n--) {
                const char *word = words[pick(COUNTOF(words))];
                size_t len = strlen(word), at = pick((unsigned)b->len - 20);
                memcpy(b->data + at, word, len);
        }
        if (pick(8) == 0)
                b->len = pick((unsigned)b->len);
}

Test(json_parts, what_is_wrong_is_refused_as_by_one_thread)
{
        for (int round = 0; round < 30; round++) {
                const Shape *s = &shapes[pick(COUNTOF(shapes))];
                autobuf b = BUF((size_t)1 << 26);
                put_nested(&b, s, 0, (Numbers)pick(NUMBERS), pick(3) * 50);
                damage(&b);
                compare(&b, dtypes[pick(COUNTOF(dtypes))], shape_text(s).s);
        }
}

static void repeat(Buf *b, const char *word, int n)
{
        for (int i = 0; i < n; i++)
                buf_puts(b, word);
}

/* Regular in its own way, so that what is supposed of it is wrong. */
Test(json_parts, odd_texts_are_read_as_by_one_thread)
{
        static const char *const words[] = { "[],",
                                             "[[],[]],",
                                             "[[1],[]],",
                                             "[1,2],[3],",
                                             "1,",
                                             ",",
                                             "[",
                                             "],",
                                             "[1,[2]],",
                                             " ,",
                                             "[1],",
                                             "\"1\",",
                                             "\"],[\",",
                                             "[1,\n2],",
                                             "true,",
                                             "[,],",
                                             "{\"b64\":\"\"},",
                                             "[[1,2],[3,4]],",
                                             "[1,2,3",
                                             "\"a\"," };
        static const char *const ends[] = { "", "]", "1]", "[]]", "[1]]", "[1,2]]", "true]", "]]" };
        static const DType more[] = { DT_FLOAT,  DT_INT64,     DT_BOOL,
                                      DT_STRING, DT_COMPLEX64, DT_INVALID };
        for (size_t i = 0; i < COUNTOF(words); i++) {
                autobuf b = BUF((size_t)1 << 26);
                buf_putc(&b, '[');
                repeat(&b, words[i], 150000);
                buf_puts(&b, ends[pick(COUNTOF(ends))]);
                compare(&b, DT_FLOAT, words[i]);
                compare(&b, more[pick(COUNTOF(more))], words[i]);
        }
}

/* ---- writing ---- */

static void fill(Tensor *t)
{
        uint8_t *p = tensor_fill(t);
        for (size_t i = 0; i < tensor_bytes(t); i++)
                p[i] = t->dtype == DT_BOOL ? pick(2) : (uint8_t)pick(256);
}

static void same_text(const Tensor *t, JsonTensorStyle style, const char *what)
{
        autobuf alone = BUF((size_t)1 << 28);
        json_tensor_write(t, style, false, &alone, NULL);
        for (size_t i = 0; i < COUNTOF(helped); i++) {
                autobuf with = BUF((size_t)1 << 28);
                buf_puts(&with, "x");
                json_tensor_write_with(t, style, false, &helped[i].help, &with, NULL);
                cr_assert(with.len == alone.len + 1 &&
                                  memcmp(with.data + 1, alone.data, alone.len) == 0,
                          "%s", what);
        }
}

Test(json_parts, what_is_written_is_the_text_of_one_thread)
{
        static const DType all[] = { DT_FLOAT, DT_INT64, DT_BOOL, DT_COMPLEX64, DT_BFLOAT16 };
        for (size_t i = 0; i < COUNTOF(shapes) * 2; i++) {
                const Shape *s = &shapes[i / 2];
                autoptr(Tensor) t = NULL;
                fine(tensor_new(i % 2 ? all[pick(COUNTOF(all))] : DT_FLOAT, s, &t));
                fill(t);
                same_text(t, i % 4 ? JSON_PLAIN : JSON_TYPED, shape_text(s).s);
        }
}

Test(json_parts, a_text_that_has_no_room_is_refused)
{
        autoptr(Tensor) t = NULL;
        fine(tensor_new(DT_FLOAT, &SHAPE(100, 1200), &t));
        fill(t);
        for (size_t room = 1; room < (size_t)1 << 20; room *= 4) {
                autobuf out = BUF(room);
                json_tensor_write_with(t, JSON_PLAIN, false, &helped[1].help, &out, NULL);
                autoptr(Status) s = buf_status(&out);
                cr_expect_eq(status_code(s), SR_RESOURCE_EXHAUSTED);
        }
}
