// SPDX-License-Identifier: Apache-2.0
/* Big graphs: written before they are looked at, taken without a copy. */
#include "tests/storage/fixture.h"
#include <stdio.h>
#include <string.h>

TestSuite(big_blobs, .init = fixture_make_dir, .fini = fixture_remove_dir, .timeout = 60);

/* Bytes of 5 MiB, told apart by their first. */
static StoreBlob big_blob(char *bytes, char first)
{
        enum { N = 5 << 20 };
        memset(bytes, 'x', N);
        bytes[0] = first;
        return (StoreBlob){ .data = bytes, .n = N };
}

static Status *take_twice(const SessionRow *row UNUSED, const SessionGraph *graphs, int n,
                          void *arg)
{
        for (int i = 0; i < 2 * n; i++) {
                autofree void *data = NULL;
                size_t size;
                TRY(store_version_take(&graphs[i % n], &data, &size));
                buf_printf(arg, "%c%d ", *(char *)data, (int)size);
                memset(data, 0, size); /* nobody else's */
        }
        return NULL;
}

static Status *take_or_say(const SessionRow *row UNUSED, const SessionGraph *graphs, int n,
                           void *arg)
{
        autofree void *data = NULL;
        size_t size;
        cr_assert_eq(n, 1);
        autoptr(Status) e = store_version_take(&graphs[0], &data, &size);
        if (e)
                buf_printf(arg, "%s ", status_code_name(status_code(e)));
        else
                buf_printf(arg, "%c ", *(char *)data);
        return NULL;
}

Test(big_blobs, bytes_of_a_version_may_be_kept_and_asked_for_again)
{
        static char bytes[5 << 20];
        Store *s = fixture_open();
        StoreBlob small = { .data = "small", .n = 5 }, big = big_blob(bytes, 'b');
        SessionRow a = fixture_session("a"), b = fixture_session("b"), c = fixture_session("c");
        expect_ok(store_create_session(s, &a, &big));
        expect_ok(store_create_session(s, &b, &small));
        expect_ok(store_create_session(s, &c, &big));
        autobuf out = BUF(1000);
        expect_ok(store_restore(s, take_twice, &out));
        cr_expect_str_eq(buf_cstr(&out), "b5242880 b5242880 s5 s5 b5242880 b5242880 ");
        store_close(s);
}

/* More of them than are read at once, one of which is damaged; and one that nobody takes. */
Test(big_blobs, what_is_read_ahead_comes_back_as_it_was)
{
        static char bytes[5 << 20];
        static const char *const names[] = { "a", "b", "c", "d", "e" };
        Store *s = fixture_open();
        for (size_t i = 0; i < COUNTOF(names); i++) {
                StoreBlob big = big_blob(bytes, *names[i]);
                SessionRow row = fixture_session(names[i]);
                char digest[STORE_DIGEST_SIZE];
                big.ret_digest = digest;
                expect_ok(store_create_session(s, &row, &big));
                if (*names[i] == 'd')
                        fixture_shell("printf x | dd of=%s/blobs/%.2s/%s conv=notrunc 2>/dev/null",
                                      fixture_dir, digest, digest);
        }
        SessionRow again = fixture_session("f");
        StoreBlob first = big_blob(bytes, 'a');
        expect_ok(store_create_session(s, &again, &first));
        for (int round = 0; round < 2; round++) {
                autobuf out = BUF(1000);
                store_restore_ahead(s);
                store_restore_ahead(s);
                expect_ok(store_restore(s, take_or_say, &out));
                cr_expect_str_eq(buf_cstr(&out), "a b c DATA_LOSS e a ");
        }
        store_restore_ahead(s);
        store_close(s);
}

typedef struct Checked {
        int n;
        bool spare;
        Status *answer;
} Checked;

static Status *checked(void *arg, bool spare)
{
        Checked *c = arg;
        c->n++;
        c->spare = spare;
        return steal(&c->answer);
}

/* What has been written is forgotten when the caller finds fault with it. */
Test(big_blobs, big_bytes_are_looked_at_between_disk_and_name)
{
        static char bytes[5 << 20];
        Store *s = fixture_open();
        GraphPut how;
        char digest[STORE_DIGEST_SIZE], want[STORE_DIGEST_SIZE];
        Checked c = { .answer = invalid_argument("no graph") };
        GraphRow row = { .name = "g", .format = "pb" };
        StoreBlob blob = big_blob(bytes, 'b');
        blob.checked = checked;
        blob.arg = &c;
        blob.ret_digest = digest;
        expect_error(store_put_graph(s, &row, &blob, false, &how), SR_INVALID_ARGUMENT, "no graph");
        cr_expect(c.n == 1 && c.spare);
        cr_expect_eq(fixture_blob_files(), 0);
        expect_ok(store_put_graph(s, &row, &blob, false, &how));
        store_digest(bytes, sizeof bytes, want);
        cr_expect_str_eq(digest, want);
        cr_expect(c.n == 2 && how == GRAPH_CREATED);
        cr_expect_eq(fixture_blob_files(), 1);
        expect_ok(store_put_graph(s, &row, &blob, false, &how));
        cr_expect(c.n == 3 && how == GRAPH_SAME);
        cr_expect_eq(fixture_blob_files(), 1);
        expect_ok(store_check(s));
        store_close(s);
}

/* Lengths around whole pages and whole pieces, from any address: what bypasses the page cache must
 * come back to the last byte. */
Test(big_blobs, of_any_length_come_back_as_they_were)
{
        enum { LEAST = 4 << 20, ROOM = LEAST * 2 + 100000 };
        static const int lengths[] = { LEAST - 1,    LEAST,         LEAST + 1,        LEAST + 4095,
                                       LEAST + 4096, LEAST + 4097,  2 * LEAST - 4096, 2 * LEAST - 1,
                                       2 * LEAST,    2 * LEAST + 1, ROOM - 1 };
        autofree char *bytes = mem_alloc(ROOM);
        Store *s = fixture_open();
        GraphPut how;
        for (size_t i = 0; i < ROOM; i++)
                bytes[i] = (char)(i * 2654435761u >> 11);
        for (size_t i = 0; i < COUNTOF(lengths); i++) {
                autoptr(GraphRow) row = NULL;
                autofree void *data = NULL;
                const char *from = bytes + i % 2;
                GraphRow put = { .name = "g", .format = "pb" };
                StoreBlob blob = { .data = from, .n = (size_t)lengths[i] };
                expect_ok(store_put_graph(s, &put, &blob, true, &how));
                expect_ok(store_get_graph(s, "g", &row, &data));
                cr_assert_eq(row->bytes, lengths[i]);
                cr_assert(memcmp(data, from, (size_t)lengths[i]) == 0, "%d bytes", lengths[i]);
        }
        expect_ok(store_check(s));
        store_close(s);
}
