// SPDX-License-Identifier: Apache-2.0
/* What a store promises when nothing goes wrong, and its answers to wrong questions. */
#include "tests/storage/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

TestSuite(store, .init = fixture_make_dir, .fini = fixture_remove_dir, .timeout = 60);

static StoreBlob text(const char *s)
{
        return (StoreBlob){ .data = s, .n = strlen(s) };
}

static void put_graph(Store *s, const char *name, const char *bytes)
{
        GraphPut how;
        GraphRow row = { .name = name, .format = "pb", .nodes = 3, .created_us = 77 };
        expect_ok(store_put_graph(s, &row, &(StoreBlob){ .data = bytes, .n = strlen(bytes) }, false,
                                  &how));
}

Test(store, gives_a_graph_back_after_reopening)
{
        Store *s = fixture_open();
        put_graph(s, "inception", "some bytes");
        store_close(s);
        s = fixture_open();
        autoptr(GraphRow) row = NULL;
        autofree void *data = NULL;
        expect_ok(store_get_graph(s, "inception", &row, &data));
        cr_assert_str_eq(row->name, "inception");
        cr_assert_str_eq(row->format, "pb");
        cr_assert_eq(row->bytes, 10);
        cr_assert_eq(row->nodes, 3);
        cr_assert_eq(row->created_us, 77);
        cr_assert_arr_eq(data, "some bytes", 10);
        expect_ok(store_check(s));
        store_close(s);
}

Test(store, tells_the_same_bytes_from_others_under_one_name)
{
        Store *s = fixture_open();
        GraphPut how;
        GraphRow row = { .name = "g", .format = "pb" };
        StoreBlob one = text("one"), two = text("two");
        expect_ok(store_put_graph(s, &row, &one, false, &how));
        cr_assert_eq(how, GRAPH_CREATED);
        expect_ok(store_put_graph(s, &row, &one, false, &how));
        cr_assert_eq(how, GRAPH_SAME);
        expect_error(store_put_graph(s, &row, &two, false, &how), SR_ALREADY_EXISTS, "'g'");
        cr_assert_eq(fixture_blob_files(), 1);
        expect_ok(store_put_graph(s, &row, &two, true, &how));
        cr_assert_eq(how, GRAPH_REPLACED);
        cr_assert_eq(fixture_blob_files(), 1);
        expect_ok(store_check(s));
        store_close(s);
}

Test(store, takes_an_empty_graph)
{
        Store *s = fixture_open();
        put_graph(s, "empty", "");
        autoptr(GraphRow) row = NULL;
        autofree void *data = NULL;
        expect_ok(store_get_graph(s, "empty", &row, &data));
        cr_assert_eq(row->bytes, 0);
        cr_assert_not_null(data);
        store_close(s);
}

Test(store, knows_no_graph_that_was_never_put)
{
        Store *s = fixture_open();
        GraphRow *row = NULL;
        expect_error(store_get_graph(s, "nope", &row, NULL), SR_NOT_FOUND, "'nope'");
        expect_error(store_delete_graph(s, "nope"), SR_NOT_FOUND, "'nope'");
        store_close(s);
}

static Status *join_graphs(const GraphRow *row, void *arg)
{
        buf_printf(arg, "%s ", row->name);
        return NULL;
}

Test(store, lists_graphs_by_name_in_pages)
{
        Store *s = fixture_open();
        put_graph(s, "b", "1");
        put_graph(s, "a", "2");
        put_graph(s, "c", "1");
        autobuf all = BUF(1000), page = BUF(1000);
        expect_ok(store_each_graph(s, NULL, 0, join_graphs, &all));
        cr_assert_str_eq(buf_cstr(&all), "a b c ");
        expect_ok(store_each_graph(s, "a", 1, join_graphs, &page));
        cr_assert_str_eq(buf_cstr(&page), "b ");
        store_close(s);
}

Test(store, keeps_shared_bytes_until_their_last_user_goes)
{
        Store *s = fixture_open();
        put_graph(s, "a", "shared");
        put_graph(s, "b", "shared");
        SessionRow row = fixture_session("s");
        StoreBlob blob = text("shared");
        expect_ok(store_create_session(s, &row, &blob));
        cr_assert_eq(fixture_blob_files(), 1);
        expect_ok(store_delete_graph(s, "a"));
        expect_ok(store_delete_graph(s, "b"));
        cr_assert_eq(fixture_blob_files(), 1);
        expect_ok(store_close_session(s, "s", 5));
        cr_assert_eq(fixture_blob_files(), 0);
        expect_ok(store_check(s));
        store_close(s);
}

Test(store, takes_a_digest_for_bytes_that_it_knows)
{
        Store *s = fixture_open();
        put_graph(s, "g", "known");
        char digest[STORE_DIGEST_SIZE];
        store_digest("known", 5, digest);
        cr_assert_eq(strlen(digest), 64);
        SessionRow row = fixture_session("s"), other = fixture_session("t");
        expect_ok(store_create_session(s, &row, &(StoreBlob){ .digest = digest }));
        store_digest("unknown", 7, digest);
        expect_error(store_create_session(s, &other, &(StoreBlob){ .digest = digest }),
                     SR_NOT_FOUND, NULL);
        expect_error(store_create_session(s, &other, &(StoreBlob){ .digest = "../../etc/passwd" }),
                     SR_INVALID_ARGUMENT, "digest");
        store_close(s);
}

Test(store, digests_are_sha_256)
{
        char digest[STORE_DIGEST_SIZE];
        store_digest("abc", 3, digest);
        cr_assert_str_eq(digest,
                         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        store_digest(NULL, 0, digest);
        cr_assert_str_eq(digest,
                         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(store, gives_every_member_of_a_session_back)
{
        Store *s = fixture_open();
        SessionRow row = { .name = "s",
                           .id = "x1",
                           .target = "engine:a",
                           .container = "c",
                           .config = "{\"a\":1}",
                           .labels = "{\"k\":\"v\"}",
                           .graph = "g",
                           .durable = true,
                           .idle_ttl_s = 60,
                           .created_us = 9,
                           .steps = 4,
                           .last_run_us = 8 };
        expect_ok(store_create_session(s, &row, NULL));
        store_close(s);
        s = fixture_open();
        autoptr(SessionRow) r = NULL;
        expect_ok(store_get_session(s, "s", &r));
        cr_assert_str_eq(r->id, "x1");
        cr_assert_str_eq(r->target, "engine:a");
        cr_assert_str_eq(r->container, "c");
        cr_assert_str_eq(r->config, "{\"a\":1}");
        cr_assert_str_eq(r->labels, "{\"k\":\"v\"}");
        cr_assert_str_eq(r->graph, "g");
        cr_assert(r->durable && r->state == SESSION_ACTIVE);
        cr_assert_eq(r->idle_ttl_s, 60);
        cr_assert_eq(r->created_us, 9);
        cr_assert_eq(r->closed_us, 0);
        cr_assert_eq(r->steps, 4);
        cr_assert_eq(r->last_run_us, 8);
        store_close(s);
}

Test(store, refuses_a_session_name_twice_even_when_closed)
{
        Store *s = fixture_open();
        SessionRow row = fixture_session("s");
        expect_ok(store_create_session(s, &row, NULL));
        expect_error(store_create_session(s, &row, NULL), SR_ALREADY_EXISTS, "'s'");
        expect_ok(store_close_session(s, "s", 5));
        expect_error(store_create_session(s, &row, NULL), SR_ALREADY_EXISTS, "'s'");
        expect_ok(store_delete_session(s, "s"));
        expect_ok(store_create_session(s, &row, NULL));
        store_close(s);
}

Test(store, numbers_the_versions_of_a_session_from_zero)
{
        Store *s = fixture_open();
        SessionRow with = fixture_session("with"), without = fixture_session("without");
        StoreBlob blob = text("v0"), more = text("v1");
        int64_t version = -1;
        expect_ok(store_create_session(s, &with, &blob));
        expect_ok(store_create_session(s, &without, NULL));
        expect_ok(store_extend_session(s, "with", &more, &version));
        cr_assert_eq(version, 1);
        expect_ok(store_extend_session(s, "without", &more, &version));
        cr_assert_eq(version, 0);
        store_close(s);
}

Test(store, extends_neither_closed_nor_missing_sessions)
{
        Store *s = fixture_open();
        SessionRow row = fixture_session("s");
        StoreBlob blob = text("v");
        int64_t version = -7;
        expect_ok(store_create_session(s, &row, NULL));
        expect_ok(store_close_session(s, "s", 5));
        expect_error(store_extend_session(s, "s", &blob, &version), SR_FAILED_PRECONDITION,
                     "Attempted to use a closed Session.");
        expect_error(store_extend_session(s, "t", &blob, &version), SR_NOT_FOUND, "'t'");
        expect_error(store_close_session(s, "t", 5), SR_NOT_FOUND, "'t'");
        expect_error(store_delete_session(s, "t"), SR_NOT_FOUND, "'t'");
        cr_assert_eq(version, -7);
        cr_assert_eq(fixture_blob_files(), 0);
        store_close(s);
}

Test(store, keeps_the_first_time_of_a_close)
{
        Store *s = fixture_open();
        SessionRow row = fixture_session("s");
        expect_ok(store_create_session(s, &row, NULL));
        expect_ok(store_close_session(s, "s", 5));
        expect_ok(store_close_session(s, "s", 6));
        autoptr(SessionRow) r = NULL;
        expect_ok(store_get_session(s, "s", &r));
        cr_assert_eq(r->closed_us, 5);
        cr_assert_eq(r->state, SESSION_CLOSED);
        store_close(s);
}

static Status *join_sessions(const SessionRow *row, void *arg)
{
        buf_printf(arg, "%s ", row->name);
        return NULL;
}

static void expect_sessions(Store *s, SessionFilter filter, const char *names)
{
        autobuf b = BUF(1000);
        expect_ok(store_each_session(s, &filter, join_sessions, &b));
        cr_assert_str_eq(buf_cstr(&b), names);
}

Test(store, lists_sessions_by_label_state_and_page)
{
        Store *s = fixture_open();
        static const char *const labels[] = { "{\"team\":\"x\"}", "{\"team\":\"y\",\"n\":1}",
                                              "{}" };
        static const char *const names[] = { "a", "b", "c" };
        for (int i = 0; i < 3; i++) {
                SessionRow row = fixture_session(names[i]);
                row.labels = labels[i];
                expect_ok(store_create_session(s, &row, NULL));
        }
        expect_ok(store_close_session(s, "c", 5));
        expect_sessions(s, (SessionFilter){ 0 }, "a b c ");
        expect_sessions(s, (SessionFilter){ .label_key = "team" }, "a b ");
        expect_sessions(s, (SessionFilter){ .label_key = "team", .label_value = "y" }, "b ");
        expect_sessions(s, (SessionFilter){ .label_key = "n", .label_value = "1" }, "b ");
        expect_sessions(s, (SessionFilter){ .label_key = "te'am\"" }, "");
        expect_sessions(s, (SessionFilter){ .state = SESSION_CLOSED }, "c ");
        expect_sessions(s, (SessionFilter){ .state = SESSION_ACTIVE, .limit = 1 }, "a ");
        expect_sessions(s, (SessionFilter){ .after = "a", .limit = 2 }, "b c ");
        store_close(s);
}

static Status *stop(const SessionRow *row, void *arg UNUSED)
{
        return aborted("enough at %s", row->name);
}

Test(store, ends_a_walk_with_the_callers_error)
{
        Store *s = fixture_open();
        SessionRow row = fixture_session("s");
        expect_ok(store_create_session(s, &row, NULL));
        expect_error(store_each_session(s, NULL, stop, NULL), SR_ABORTED, "enough at s");
        expect_ok(store_delete_session(s, "s"));
        store_close(s);
}

Test(store, writes_counters_at_close)
{
        Store *s = fixture_open();
        SessionRow row = fixture_session("s");
        expect_ok(store_create_session(s, &row, NULL));
        for (int i = 1; i <= 1000; i++)
                store_touch_session(s, "s", i, 50 + i);
        store_touch_session(s, "nobody", 1, 1);
        store_close(s);
        s = fixture_open();
        autoptr(SessionRow) r = NULL;
        expect_ok(store_get_session(s, "s", &r));
        cr_assert_eq(r->steps, 1000);
        cr_assert_eq(r->last_run_us, 1050);
        store_close(s);
}

Test(store, writes_counters_within_seconds_and_none_to_a_namesake)
{
        Store *s = fixture_open();
        SessionRow row = fixture_session("s"), other = fixture_session("t");
        expect_ok(store_create_session(s, &row, NULL));
        expect_ok(store_create_session(s, &other, NULL));
        store_touch_session(s, "s", 9, 9);
        store_touch_session(s, "t", 7, 7);
        expect_ok(store_delete_session(s, "s"));
        expect_ok(store_create_session(s, &row, NULL));
        int64_t steps = 0;
        for (int i = 0; i < 50 && steps == 0; i++) {
                nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
                autoptr(SessionRow) t = NULL;
                expect_ok(store_get_session(s, "t", &t));
                steps = t->steps;
        }
        cr_assert_eq(steps, 7);
        autoptr(SessionRow) r = NULL;
        expect_ok(store_get_session(s, "s", &r));
        cr_assert_eq(r->steps, 0);
        store_close(s);
}

static Status *note_answer(const IdempotencyRow *row, void *arg)
{
        buf_printf(arg, "%d %.*s %s", row->status, (int)row->response_len,
                   (const char *)row->response, row->body_digest);
        return NULL;
}

Test(store, remembers_an_answer_until_it_expires)
{
        Store *s = fixture_open();
        IdempotencyRow row = { .scope = "POST /v1/sessions",
                               .key = "k",
                               .body_digest = "d",
                               .status = 201,
                               .response = "body",
                               .response_len = 4,
                               .created_us = 10,
                               .expires_us = 20 };
        expect_ok(store_put_idempotency(s, &row));
        row.created_us = 15;
        expect_error(store_put_idempotency(s, &row), SR_ALREADY_EXISTS, NULL);
        autobuf b = BUF(100);
        expect_ok(store_get_idempotency(s, row.scope, "k", 19, note_answer, &b));
        cr_assert_str_eq(buf_cstr(&b), "201 body d");
        expect_error(store_get_idempotency(s, row.scope, "k", 20, note_answer, &b), SR_NOT_FOUND,
                     NULL);
        expect_error(store_get_idempotency(s, "other", "k", 19, note_answer, &b), SR_NOT_FOUND,
                     NULL);
        row.created_us = 30;
        row.expires_us = 40;
        row.response = NULL;
        row.response_len = 0;
        expect_ok(store_put_idempotency(s, &row));
        expect_ok(store_expire_idempotency(s, 40));
        expect_error(store_get_idempotency(s, row.scope, "k", 35, note_answer, &b), SR_NOT_FOUND,
                     NULL);
        store_close(s);
}

/* ---- restore ---- */

static Status *note_restored(const SessionRow *row, const SessionGraph *graphs, int n, void *arg)
{
        buf_printf(arg, "%s%s:", row->name, row->state == SESSION_CLOSED ? "(closed)" : "");
        for (int i = 0; i < n; i++) {
                const void *data = "";
                size_t size = 0;
                autoptr(Status) lost = store_version_look(&graphs[i], &data, &size);
                buf_printf(arg, " %d=%.*s%s", (int)graphs[i].version, (int)size, (const char *)data,
                           lost ? status_message(lost) : "");
        }
        buf_puts(arg, "; ");
        return NULL;
}

Test(store, restores_sessions_with_their_graphs_in_order)
{
        Store *s = fixture_open();
        static const char *const names[] = { "d", "b", "c", "a" };
        StoreBlob first = text("first"), second = text("second");
        int64_t version;
        for (int i = 0; i < 4; i++) {
                SessionRow row = fixture_session(names[i]);
                expect_ok(store_create_session(s, &row, i == 1 ? NULL : &first));
        }
        expect_ok(store_extend_session(s, "d", &second, &version));
        expect_ok(store_extend_session(s, "d", &first, &version));
        expect_ok(store_close_session(s, "c", 9));
        store_close(s);
        s = fixture_open();
        autobuf b = BUF(1000);
        expect_ok(store_restore(s, note_restored, &b));
        cr_assert_str_eq(buf_cstr(&b), "a: 0=first; b:; c(closed):; d: 0=first 1=second 2=first; ");
        store_close(s);
}

Test(store, restores_the_others_when_one_graph_is_damaged)
{
        Store *s = fixture_open();
        SessionRow bad = fixture_session("bad"), gone = fixture_session("gone"),
                   good = fixture_session("good");
        StoreBlob one = text("one"), two = text("two"), three = text("three");
        expect_ok(store_create_session(s, &bad, &one));
        expect_ok(store_create_session(s, &gone, &two));
        expect_ok(store_create_session(s, &good, &three));
        store_close(s);
        cr_assert_eq(
                fixture_shell("cd %s/blobs; printf 0ne > $(grep -lr one .); rm $(grep -lr two .)",
                              fixture_dir),
                0);
        s = fixture_open();
        autobuf b = BUF(1000);
        expect_ok(store_restore(s, note_restored, &b));
        const char *all = buf_cstr(&b);
        cr_assert(strstr(all, "bad: 0=graph data") && strstr(all, "is damaged"), "%s", all);
        cr_assert(strstr(all, "cannot be read") != NULL, "%s", all);
        cr_assert(strstr(all, "good: 0=three") != NULL, "%s", all);
        expect_error(store_check(s), SR_DATA_LOSS, "graph data");
        store_close(s);
}

static Status *count_bytes(const SessionRow *row UNUSED, const SessionGraph *graphs, int n,
                           void *arg)
{
        for (int i = 0; i < n; i++) {
                const void *data;
                size_t size;
                TRY(store_version_look(&graphs[i], &data, &size));
                *(int64_t *)arg += (int64_t)size;
        }
        return NULL;
}

Test(store, restores_ten_thousand_sessions_that_share_the_bytes_of_one_graph)
{
        fixture_shell("mkdir -p %s", fixture_dir);
        Store *s = fixture_open();
        static char graph[1 << 20];
        StoreBlob blob = { .data = graph, .n = sizeof graph };
        char digest[STORE_DIGEST_SIZE], name[32];
        store_digest(graph, sizeof graph, digest);
        for (int i = 0; i < 10000; i++) {
                snprintf(name, sizeof name, "s%d", i);
                SessionRow row = fixture_session(name);
                expect_ok(store_create_session(s, &row, &blob));
                blob = (StoreBlob){ .digest = digest };
        }
        store_close(s);
        s = fixture_open();
        int64_t bytes = 0;
        expect_ok(store_restore(s, count_bytes, &bytes));
        cr_assert_eq(bytes, 10000 * (int64_t)sizeof graph);
        store_close(s);
}
