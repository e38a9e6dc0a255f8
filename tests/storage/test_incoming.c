// SPDX-License-Identifier: Apache-2.0
/* Bytes that are stored while they come: whole, or not at all. */
#include "tests/storage/faults.h"
#include "tests/storage/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(incoming, .init = fixture_make_dir, .fini = fixture_remove_dir, .timeout = 300);

enum { SIZE = (9 << 20) + 7 };

/* Bytes that differ by their seed, from an address that disks like or one that they do not. */
static char *make_bytes(char **memory, size_t n, int seed, size_t offset)
{
        *memory = mem_alloc(n + 8192);
        char *p = *memory + (-(uintptr_t)*memory & 4095) + offset;
        for (size_t i = 0; i < n; i++)
                p[i] = (char)((i + (size_t)seed) * 2654435761u >> 13);
        return p;
}

static Status *put_incoming(Store *s, StoreIncoming **in, const char *bytes, size_t n)
{
        GraphPut how;
        GraphRow row = { .name = "g", .format = "pb" };
        StoreBlob blob = { .data = bytes, .n = n, .incoming = in };
        return store_put_graph(s, &row, &blob, true, &how);
}

static void expect_there(Store *s, const char *bytes, size_t n)
{
        autoptr(GraphRow) row = NULL;
        autofree void *data = NULL;
        char digest[STORE_DIGEST_SIZE];
        expect_ok(store_get_graph(s, "g", &row, &data));
        store_digest(bytes, n, digest);
        cr_assert_str_eq(row->digest, digest);
        cr_assert((size_t)row->bytes == n && memcmp(data, bytes, n) == 0);
}

/* Whatever the pieces and wherever the bytes lie: a file has them in their order. */
Test(incoming, are_stored_as_they_came)
{
        static const int lengths[] = { (4 << 20), (4 << 20) + 1, SIZE - 7, SIZE };
        static const size_t pieces[] = { 4096, 100003, 5 << 20, SIZE };
        Store *s = fixture_open();
        for (size_t i = 0; i < COUNTOF(lengths) * COUNTOF(pieces); i++) {
                size_t n = (size_t)lengths[i / COUNTOF(pieces)],
                       piece = pieces[i % COUNTOF(pieces)];
                autofree char *memory = NULL;
                char *bytes = make_bytes(&memory, n, (int)i, i % 3);
                StoreIncoming *in = store_incoming_new(s, bytes, n);
                cr_assert_not_null(in);
                for (size_t at = 0; at < n; at = MIN(at + piece, n))
                        store_incoming_go(in, MIN(at + piece, n));
                expect_ok(put_incoming(s, &in, bytes, n));
                cr_assert_null(in);
                expect_there(s, bytes, n);
                cr_assert_eq(fixture_blob_files(), 1);
        }
        expect_ok(store_check(s));
        store_close(s);
}

/* As when a client hangs up: nobody waits for the disk, and closing waits for whoever still writes.
 */
Test(incoming, leave_nothing_behind_when_they_stop_coming)
{
        Store *s = fixture_open();
        for (int i = 0; i < 12; i++) {
                char *memory, *bytes = make_bytes(&memory, SIZE, i, 0);
                StoreIncoming *in = store_incoming_new(s, bytes, SIZE);
                size_t ready = (size_t)SIZE / 11 * (size_t)i;
                if (in && i)
                        store_incoming_go(in, i == 11 ? SIZE : ready);
                if (in)
                        store_incoming_drop(in, memory, 0);
                else
                        mem_free(memory); /* too many are still on their way out */
        }
        store_close(s);
        cr_expect_eq(fixture_blob_files(), 0);
}

Test(incoming, are_few_at_a_time)
{
        enum { MANY = 40 };
        Store *s = fixture_open();
        StoreIncoming *in[MANY];
        char *memory, *bytes = make_bytes(&memory, SIZE, 1, 0);
        int n = 0;
        for (int i = 0; i < MANY; i++)
                n += (in[i] = store_incoming_new(s, bytes, SIZE)) != NULL;
        cr_expect(n > 0 && n < MANY);
        cr_expect_eq(fixture_blob_files(), n);
        StoreIncoming *none = NULL;
        expect_ok(put_incoming(s, &none, bytes, SIZE));
        for (int i = 0; i < MANY; i++)
                if (in[i])
                        store_incoming_drop(in[i], NULL, 0);
        expect_there(s, bytes, SIZE);
        store_close(s);
        mem_free(memory);
        cr_expect_eq(fixture_blob_files(), 1);
}

Test(incoming, small_ones_are_not_worth_it)
{
        Store *s = fixture_open();
        cr_expect_null(store_incoming_new(s, "abc", 3));
        store_close(s);
}

/* False when there were fewer than n disk calls. left: how much does not come, and all is dropped.
 */
static bool turn(int n, int error, char *bytes, bool left)
{
        char when[80];
        fixture_shell("rm -rf %s/*", fixture_dir);
        Store *s = fixture_open();
        faults_arm(n, error);
        StoreIncoming *in = store_incoming_new(s, bytes, SIZE);
        Status *e = NULL;
        if (in)
                store_incoming_go(in, SIZE / 2);
        if (in && !left)
                store_incoming_go(in, SIZE);
        if (in && left)
                store_incoming_drop(steal(&in), NULL, 0);
        if (!left)
                e = put_incoming(s, &in, bytes, SIZE);
        bool stored = !left && !e, went_on = store_ok(s);
        StatusCode code = status_code(e);
        if (left)
                store_close(s);
        bool enough = faults_disarm() >= n;
        snprintf(when, sizeof when, "call %d (%s) with %s", n, faults_hit() ? faults_hit() : "none",
                 strerror(error));
        cr_assert(!e || code == SR_UNAVAILABLE || code == SR_RESOURCE_EXHAUSTED, "%s: code %d",
                  when, code);
        cr_assert(went_on || code == SR_UNAVAILABLE, "%s: failed without a word", when);
        status_free(e);
        if (!left)
                store_close(s);
        s = fixture_open();
        if (stored)
                expect_there(s, bytes, SIZE);
        else if (left)
                cr_assert_eq(fixture_blob_files(), 0, "%s", when);
        expect_ok(store_check(s));
        store_close(s);
        return enough;
}

Test(incoming, are_whole_or_absent_when_the_disk_errs_or_is_full)
{
        static const int errors[] = { EIO, ENOSPC, EINTR, EINVAL };
        char *memory, *bytes = make_bytes(&memory, SIZE, 3, 0);
        for (size_t k = 0; k < 2 * COUNTOF(errors); k++) {
                int n = 1;
                while (turn(n, errors[k / 2], bytes, k % 2))
                        n++;
                cr_assert_gt(n, k % 2 ? 1 : 6, "only %d calls were counted", n);
        }
        mem_free(memory);
}

/* A full disk takes no graph, and goes on taking others. */
Test(incoming, a_full_disk_is_told_and_survived)
{
        Store *s = fixture_open();
        char *memory, *bytes = make_bytes(&memory, SIZE, 4, 0);
        StoreIncoming *in = store_incoming_new(s, bytes, SIZE);
        cr_assert_not_null(in);
        faults_arm(1, ENOSPC);
        store_incoming_go(in, SIZE);
        expect_error(put_incoming(s, &in, bytes, SIZE), SR_RESOURCE_EXHAUSTED, "cannot be stored");
        faults_disarm();
        cr_expect(store_ok(s));
        cr_expect_eq(fixture_blob_files(), 0);
        in = store_incoming_new(s, bytes, SIZE);
        cr_assert_not_null(in);
        store_incoming_go(in, SIZE);
        expect_ok(put_incoming(s, &in, bytes, SIZE));
        expect_there(s, bytes, SIZE);
        store_close(s);
        mem_free(memory);
}

/* Whichever allocation fails: stored, or an error and nothing left. */
Test(incoming, survive_each_allocation_that_fails)
{
        char *memory, *bytes = make_bytes(&memory, SIZE, 5, 0);
        bool enough = true;
        for (int n = 1; enough; n++) {
                fixture_shell("rm -rf %s/*", fixture_dir);
                Store *s = fixture_open();
                mem_fail_at(n);
                StoreIncoming *in = store_incoming_new(s, bytes, SIZE);
                if (in)
                        store_incoming_go(in, SIZE);
                Status *e = put_incoming(s, &in, bytes, SIZE);
                enough = mem_fail_count() >= n;
                mem_fail_at(0);
                if (e)
                        expect_error(e, SR_RESOURCE_EXHAUSTED, NULL);
                else
                        expect_there(s, bytes, SIZE);
                cr_assert(store_ok(s));
                store_close(s);
                s = fixture_open();
                cr_assert_eq(fixture_blob_files(), e ? 0 : 1, "allocation %d", n);
                store_close(s);
        }
        mem_free(memory);
}
