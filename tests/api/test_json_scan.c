// SPDX-License-Identifier: Apache-2.0
/* Cutting bodies into spans. */
#include "api/json_scan.h"
#include "api/json_string.h"
#include "engine/base/mem.h"
#include "tests/api/json_fixture.h"

TestSuite(json_scan, .timeout = 30);

static JsonSpan span(const char *text)
{
        return (JsonSpan){ text, strlen(text) };
}

static bool is(JsonSpan s, const char *text)
{
        return s.at && s.len == strlen(text) && !memcmp(s.at, text, s.len);
}

Test(json_scan, a_run_body_falls_into_its_pieces)
{
        autoptr(Arena) a = NULL;
        fine(arena_new(1 << 16, &a));
        JsonObject body, feeds;
        fine(scan_object(
                a,
                span(" {\"fetches\" : [\"a\",{\"b\":\"}\"}] ,\n\"feeds\":{\"x:0\":[[1,2],[3,4]],"
                     "\"y\":{\"data\":[\"]\"]}},\"n\":1}\n"),
                &body));
        cr_assert(body.n == 3);
        cr_expect(is(scan_get(&body, "fetches"), "[\"a\",{\"b\":\"}\"}]"));
        cr_expect(is(scan_get(&body, "n"), "1"));
        cr_expect(scan_get(&body, "nothing").at == NULL);
        fine(scan_object(a, scan_get(&body, "feeds"), &feeds));
        cr_assert(feeds.n == 2 && !strcmp(feeds.members[0].key, "x:0"));
        cr_expect(is(feeds.members[0].value, "[[1,2],[3,4]]"));
        cr_expect(is(feeds.members[1].value, "{\"data\":[\"]\"]}"));
        JsonArray items;
        fine(scan_array(a, span("[ 1 ,\"a,]\", [2,{}], null]"), &items));
        cr_assert(items.n == 4);
        cr_expect(is(items.items[1], "\"a,]\"") && is(items.items[2], "[2,{}]") &&
                  is(items.items[3], "null"));
}

/* Whatever stands before it, the end of a value is found, also where whole blocks are skipped. */
Test(json_scan, long_values_end_where_they_end)
{
        for (int pad = 0; pad < 200; pad++) {
                autobuf text = BUF(1 << 16);
                buf_putc(&text, '[');
                for (int i = 0; i < pad; i++)
                        buf_puts(&text, i % 7 == 3 ? "\"[\\\"\"," : i % 5 ? "1," : "[2,{}],");
                buf_puts(&text, "0]");
                size_t n = text.len;
                buf_puts(&text, ",[[[[[[\"");
                cr_expect(scan_value(text.data, text.data + text.len) == text.data + n, "%d", pad);
        }
}

Test(json_scan, members_are_checked_strictly)
{
        static const struct {
                const char *text, *part;
        } rows[] = {
                { "", "an object" },
                { "[]", "an object at byte 0, found '['" },
                { "{", "found the end" },
                { "{}x", "expected the end at byte 2" },
                { "{\"a\":1,}", "member name" },
                { "{\"a\":1 \"b\":2}", "',' or '}'" },
                { "{\"a\"}", "':'" },
                { "{\"a\":}", "a value" },
                { "{\"a\":,}", "a value" },
                { "{\"a", "'\"'" },
                { "{\"a\":1]", "',' or '}' at byte 6" },
                { "{\"a\":1,\"\\u0061\":2}", "Duplicate member \"a\"" },
                { "{\"\\u0000\":1}", "NUL" },
                { "{\"\\ud800\":1}", "surrogate" },
                { "{\"\xff\":1}", "UTF-8" },
                { "{\x01}", "found byte 0x01" },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Arena) a = NULL;
                JsonObject o;
                autofree char *text = exact_copy(rows[i].text, strlen(rows[i].text));
                fine(arena_new(1 << 16, &a));
                autoptr(Status) s = scan_object(a, (JsonSpan){ text, strlen(rows[i].text) }, &o);
                cr_expect(status_code(s) == SR_INVALID_ARGUMENT &&
                                  strstr(status_message(s), rows[i].part),
                          "%s: %s", rows[i].text, status_message(s));
        }
}

Test(json_scan, unknown_members_are_named_with_the_nearest)
{
        autoptr(Arena) a = NULL;
        JsonObject o;
        fine(arena_new(1 << 16, &a));
        fine(scan_object(a, span("{\"feeds\":1,\"fetch/es\":2}"), &o));
        autoptr(Status) s = scan_only(&o, (const char *const[]){ "feeds", "fetches", NULL });
        cr_assert(s);
        cr_expect(!strcmp(status_pointer(s), "/fetch~1es"), "%s", status_pointer(s));
        cr_expect(status_hints(s) == 1 && !strcmp(status_hint(s, 0), "fetches"));
        fine(scan_only(&o, (const char *const[]){ "feeds", "fetch/es", NULL }));
}

Test(json_scan, the_arena_bounds_hostile_numbers_of_members)
{
        autoptr(Arena) a = NULL;
        autobuf text = BUF(1 << 22);
        JsonArray items;
        buf_putc(&text, '[');
        for (int i = 0; i < 200000; i++)
                buf_puts(&text, "0,");
        buf_puts(&text, "0]");
        fine(arena_new(1 << 18, &a));
        autoptr(Status) s = scan_array(a, (JsonSpan){ text.data, text.len }, &items);
        cr_expect(status_code(s) == SR_RESOURCE_EXHAUSTED);
}

Test(json_scan, envelopes_are_small_or_refused)
{
        static const struct {
                const char *text, *part;
        } rows[] = {
                { "{\"a\":1,\"a\":2}", "duplicate" },
                { "[1,]", "Invalid JSON" },
                { "", "Invalid JSON" },
                { "\"\\ud800\"", "Invalid JSON" },
                { "1e400", "Invalid JSON" },
                { "[1] 2", "Invalid JSON" },
                { "\"a", "Invalid JSON" },
                { "\"\xff\"", "Invalid JSON" },
                { "nul", "Invalid JSON" },
        };
        json_t *j = NULL;
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Status) s = scan_envelope(span(rows[i].text), &j);
                cr_expect(status_code(s) == SR_INVALID_ARGUMENT &&
                                  strstr(status_message(s), rows[i].part),
                          "%s: %s", rows[i].text, status_message(s));
        }
        autoptr(Status) none = scan_envelope((JsonSpan){ NULL, 0 }, &j);
        cr_expect(status_code(none) == SR_INVALID_ARGUMENT);
        fine(scan_envelope(span("{\"a\":[1,\"b\"]}"), &j));
        cr_expect(json_object_size(j) == 1);
        json_decref(j);
}

Test(json_scan, deep_and_long_envelopes_never_reach_jansson)
{
        autobuf deep = BUF(1 << 20);
        autobuf lengthy = BUF(1 << 23);
        json_t *j;
        for (int i = 0; i < JSON_MAX_DEPTH + 1; i++)
                buf_putc(&deep, '[');
        for (int i = 0; i < JSON_MAX_DEPTH + 1; i++)
                buf_putc(&deep, ']');
        autoptr(Status) s = scan_envelope((JsonSpan){ deep.data, deep.len }, &j);
        cr_expect(status_code(s) == SR_INVALID_ARGUMENT &&
                  strstr(status_message(s), "deeper than 32"));
        fine(scan_envelope((JsonSpan){ deep.data + 1, deep.len - 2 }, &j));
        json_decref(j);
        for (int i = 0; i <= JSON_MAX_TOKENS; i++)
                buf_puts(&lengthy, i ? ",{}" : "[{}");
        buf_putc(&lengthy, ']');
        autoptr(Status) t = scan_envelope((JsonSpan){ lengthy.data, lengthy.len }, &j);
        cr_expect(status_code(t) == SR_RESOURCE_EXHAUSTED);
}

Test(json_scan, strings_are_written_so_that_they_read_back)
{
        static const struct {
                const char *bytes;
                size_t n;
                const char *text;
        } rows[] = {
                { "", 0, "\"\"" },
                { "a\"\\/\b\f\n\r\t", 9, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\"" },
                { "\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"" },
                { "\xc3\xa9", 2, "\"\xc3\xa9\"" },
                { "\xff\0", 2, "{\"b64\":\"/wA=\"}" },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autobuf out = BUF(1 << 10);
                json_string_write(rows[i].bytes, rows[i].n, &out);
                cr_expect(!strcmp(buf_cstr(&out), rows[i].text), "%s, not %s", buf_cstr(&out),
                          rows[i].text);
                if (*rows[i].text == '{')
                        continue;
                autofree char *back = NULL;
                size_t n;
                fine(json_string_unescape((JsonSpan){ rows[i].text + 1, strlen(rows[i].text) - 2 },
                                          &back, &n));
                cr_expect(n == rows[i].n && !memcmp(back, rows[i].bytes, n));
        }
}

/* Processors have several ways to the end of a value: wherever it is, and whatever stands in it. */
Test(json_scan, all_ways_to_the_end_of_a_value_are_one)
{
        static const char some[] = "[]{}\"\\,1x";
        char text[300];
        unsigned seed = 1;
        for (int round = 0; round < 20000; round++) {
                size_t n = 2 + (size_t)round % (sizeof text - 2), odd = 1 + (size_t)round % 40;
                for (size_t i = 0; i < n; i++) {
                        seed = seed * 1103515245 + 12345;
                        text[i] = seed >> 16 & 63 ? "1,[]"[seed >> 24 & 3]
                                                  : some[(seed >> 24) % (sizeof some - 1)];
                }
                memset(text, '[', odd < n ? odd : 1);
                const char *want = scan_container(text, text + n, 0), *got;
                for (int way = 1; (got = scan_container(text, text + n, way)); way++)
                        cr_assert_eq(got, want, "%.*s: way %d, %td, not %td", (int)n, text, way,
                                     got - text, want - text);
        }
}
