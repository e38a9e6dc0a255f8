// SPDX-License-Identifier: Apache-2.0
/* Everything around the store fails: the disk, memory, the files themselves. Nothing is
 * acknowledged that is not there afterwards, and nothing crashes. */
#include "tests/storage/faults.h"
#include "tests/storage/fixture.h"
#include "tests/storage/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(faults, .init = fixture_make_dir, .fini = fixture_remove_dir, .timeout = 300);

static const ModelOp scenario[] = {
        { OP_CREATE, 0, 1, false }, { OP_EXTEND, 0, 2, false }, { OP_CREATE, 1, 1, false },
        { OP_CLOSE, 0, 0, false },  { OP_EXTEND, 1, 3, false }, { OP_DELETE, 0, 0, false },
        { OP_CREATE, 0, 4, false }, { OP_DELETE, 1, 0, false },
};

/* Runs the scenario to its first failure; returns the operation that failed, or NULL. */
static const ModelOp *play(Store *s, Model *m, StatusCode *ret)
{
        for (size_t i = 0; i < COUNTOF(scenario); i++) {
                autoptr(Status) e = model_perform(s, &scenario[i]);
                *ret = status_code(e);
                if (e)
                        return &scenario[i];
                model_apply(m, &scenario[i]);
        }
        return NULL;
}

/* One turn of a sweep: the n-th disk call fails with the error. False when there were fewer calls.
 */
static bool disk_turn(int n, int error)
{
        fixture_shell("rm -rf %s/*", fixture_dir);
        Model m = { 0 };
        StatusCode code;
        char when[80];
        Store *s = fixture_open();
        faults_arm(n, error);
        const ModelOp *failed = play(s, &m, &code);
        bool was_ok = store_ok(s);
        ModelOp later = { OP_CREATE, 7, 0, false };
        Status *refused = was_ok ? NULL : model_perform(s, &later);
        bool enough = faults_disarm() >= n;
        snprintf(when, sizeof when, "call %d (%s) with %s", n, faults_hit() ? faults_hit() : "none",
                 strerror(error));
        cr_assert(was_ok || status_code(refused) == SR_UNAVAILABLE,
                  "%s: a failed store took a change", when);
        cr_assert(!failed || code == SR_UNAVAILABLE || code == SR_RESOURCE_EXHAUSTED, "%s: code %d",
                  when, code);
        status_free(refused);
        store_close(s);
        s = fixture_open();
        model_compare(&m, failed, s, when);
        store_close(s);
        return enough;
}

static void disk_sweep(int error, int at_least)
{
        int n = 1;
        while (disk_turn(n, error))
                n++;
        cr_assert_gt(n, at_least, "only %d calls were counted", n);
}

Test(faults, acknowledges_nothing_false_when_the_disk_errs)
{
        disk_sweep(EIO, 40);
}

Test(faults, acknowledges_nothing_false_when_the_disk_is_full)
{
        disk_sweep(ENOSPC, 40);
}

Test(faults, goes_on_after_an_interrupted_call)
{
        disk_sweep(EINTR, 40);
}

Test(faults, stays_failed_after_a_sync_failed)
{
        Store *s = fixture_open();
        SessionRow row = fixture_session("a"), other = fixture_session("b");
        expect_ok(store_create_session(s, &row, NULL));
        int n = 0;
        do { /* the first sync within a create */
                faults_arm(++n, EIO);
                Status *e = store_create_session(s, &other, NULL);
                faults_disarm();
                if (!e)
                        expect_ok(store_delete_session(s, "b"));
                status_free(e);
        } while (store_ok(s) && n < 100);
        cr_assert_not(store_ok(s));
        expect_error(store_create_session(s, &other, NULL), SR_UNAVAILABLE, "the store has failed");
        expect_error(store_close_session(s, "a", 1), SR_UNAVAILABLE, "the store has failed");
        autoptr(SessionRow) r = NULL;
        expect_ok(store_get_session(s, "a", &r));
        store_close(s);
}

/* ---- big blobs, which go past the page cache ---- */

/* Is the graph there as a whole, or not at all? */
static bool whole_or_absent(Store *s, const char *bytes, size_t n, const char *when)
{
        autoptr(GraphRow) row = NULL;
        autofree void *data = NULL;
        Status *e = store_get_graph(s, "g", &row, &data);
        StatusCode code = status_code(e);
        status_free(e);
        cr_assert(code == SR_OK || code == SR_NOT_FOUND, "%s: %d", when, code);
        cr_assert(code || ((size_t)row->bytes == n && memcmp(data, bytes, n) == 0), "%s", when);
        return code == SR_OK;
}

/* False when there were fewer than n disk calls. */
static bool big_turn(int n, int error, const char *bytes, size_t size)
{
        char when[80];
        GraphPut how;
        GraphRow row = { .name = "g", .format = "pb" };
        StoreBlob blob = { .data = bytes, .n = size };
        fixture_shell("rm -rf %s/*", fixture_dir);
        Store *s = fixture_open();
        faults_arm(n, error);
        Status *e = store_put_graph(s, &row, &blob, false, &how);
        bool enough = faults_disarm() >= n, stored = !e;
        StatusCode code = status_code(e);
        status_free(e);
        snprintf(when, sizeof when, "call %d (%s) with %s", n, faults_hit() ? faults_hit() : "none",
                 strerror(error));
        cr_assert(stored || code == SR_UNAVAILABLE || code == SR_RESOURCE_EXHAUSTED, "%s: code %d",
                  when, code);
        store_close(s);
        s = fixture_open();
        cr_assert(whole_or_absent(s, bytes, size, when) || !stored, "%s: lost", when);
        expect_ok(store_check(s));
        store_close(s);
        return enough;
}

Test(faults, leaves_a_big_graph_whole_or_absent)
{
        enum { SIZE = (9 << 20) + 7 };
        static const int errors[] = { EIO, ENOSPC, EINTR, EINVAL };
        autofree char *bytes = mem_alloc(SIZE);
        for (size_t i = 0; i < SIZE; i++)
                bytes[i] = (char)(i * 2654435761u >> 13);
        for (size_t k = 0; k < COUNTOF(errors); k++) {
                int n = 1;
                while (big_turn(n, errors[k], bytes, SIZE))
                        n++;
                cr_assert_gt(n, 6, "only %d calls were counted", n);
        }
}

/* ---- memory ---- */

static bool memory_turn(int64_t n)
{
        fixture_shell("rm -rf %s/*", fixture_dir);
        Model m = { 0 };
        StatusCode code;
        char when[40];
        Store *s = fixture_open();
        mem_fail_at(n);
        const ModelOp *failed = play(s, &m, &code);
        bool enough = mem_fail_count() >= n;
        mem_fail_at(0);
        snprintf(when, sizeof when, "allocation %d", (int)n);
        cr_assert(!failed || code == SR_RESOURCE_EXHAUSTED, "%s: code %d", when, code);
        cr_assert(store_ok(s), "%s: the store failed", when);
        model_compare(&m, failed, s, when);
        store_close(s);
        return enough;
}

Test(faults, survives_each_allocation_that_fails)
{
        int64_t n = 1;
        while (memory_turn(n))
                n += n < 300 ? 1 : 7;
        cr_assert_gt(n, 300);
}

Test(faults, survives_each_allocation_that_fails_at_open)
{
        Store *s = fixture_open();
        store_close(s);
        for (int64_t n = 1;; n++) {
                mem_fail_at(n);
                Status *e = store_open(fixture_dir, &s);
                bool enough = mem_fail_count() >= n;
                mem_fail_at(0);
                if (!e)
                        store_close(s);
                else
                        expect_error(e, SR_RESOURCE_EXHAUSTED, NULL);
                if (!enough)
                        break;
        }
}

/* ---- files that are not what we wrote ---- */

static void expect_open(StatusCode code, const char *part)
{
        Store *s = NULL;
        expect_error(store_open(fixture_dir, &s), code, part);
        cr_assert_null(s);
}

Test(faults, tells_garbage_from_a_database)
{
        fixture_shell("head -c 100000 /dev/urandom > %s/sessrun.db", fixture_dir);
        expect_open(SR_DATA_LOSS, "damaged");
}

Test(faults, tells_a_damaged_database)
{
        Store *s = fixture_open();
        char name[16];
        for (int i = 0; i < 300; i++) {
                snprintf(name, sizeof name, "s%d", i);
                SessionRow row = fixture_session(name);
                expect_ok(store_create_session(s, &row, NULL));
        }
        store_close(s);
        fixture_shell("dd if=/dev/urandom of=%s/sessrun.db bs=1 seek=9000 count=20000 conv=notrunc "
                      "status=none",
                      fixture_dir);
        expect_open(SR_DATA_LOSS, "damaged");
}

Test(faults, refuses_the_database_of_a_newer_version)
{
        Store *s = fixture_open();
        store_close(s);
        fixture_shell("sqlite3 %s/sessrun.db 'PRAGMA user_version = 99' || true", fixture_dir);
        if (fixture_shell("command -v sqlite3 >/dev/null") != 0)
                cr_skip_test("there is no sqlite3 program");
        expect_open(SR_FAILED_PRECONDITION, "newer");
}

Test(faults, refuses_the_database_of_another_program)
{
        if (fixture_shell("sqlite3 %s/sessrun.db 'CREATE TABLE t (x)' 2>/dev/null", fixture_dir) !=
            0)
                cr_skip_test("there is no sqlite3 program");
        expect_open(SR_FAILED_PRECONDITION, "not one of sessrun's");
}

Test(faults, refuses_a_folder_that_is_in_use)
{
        Store *s = fixture_open();
        expect_open(SR_FAILED_PRECONDITION, "in use");
        store_close(s);
        s = fixture_open();
        store_close(s);
}

Test(faults, refuses_a_folder_where_it_may_not_write)
{
        uid_t me = geteuid();
        fixture_shell("chmod 555 %s", fixture_dir);
        if (me == 0)
                cr_assert(seteuid(65534) == 0); /* root may write everywhere */
        expect_open(SR_UNAVAILABLE, "cannot write");
        cr_assert(seteuid(me) == 0);
}

Test(faults, refuses_a_state_directory_that_is_a_file)
{
        fixture_shell("rmdir %s; touch %s", fixture_dir, fixture_dir);
        expect_open(SR_UNAVAILABLE, fixture_dir);
}

Test(faults, removes_rubbish_that_a_crash_left)
{
        Store *s = fixture_open();
        store_close(s);
        fixture_shell("cd %s/blobs; mkdir aa; touch tmp-7 "
                      "aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                      fixture_dir);
        cr_assert_eq(fixture_blob_files(), 2);
        s = fixture_open();
        cr_assert_eq(fixture_blob_files(), 0);
        store_close(s);
}
