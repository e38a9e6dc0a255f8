// SPDX-License-Identifier: Apache-2.0
/* Checkpoints and files: written and read back through ops, TensorFlow's own ones read, damage
 * found, nothing touched outside the roots. */
#include "engine/kernels/io/bundle.h"
#include "engine/kernels/io/crc32c.h"
#include "engine/ops/env.h"
#include "engine/state/roots.h"
#include "tests/lib/folder.h"
#include "tests/lib/op_case.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static OpEnv env;
static OpCtx ctx = { .env = &env };

static void setup(void)
{
        FileRoots *roots;
        folder_setup();
        expect_ok(roots_new(NULL, (const char *const[]){ folder, NULL }, true, &roots));
        env.roots = roots;
}

static void teardown(void)
{
        folder_teardown();
        roots_free((FileRoots *)env.roots);
}

static char *below(const char *name)
{
        static char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        return path;
}

/* Saves one tensor under "t". */
static void save(const char *prefix, const Tensor *t)
{
        autoptr(BundleWriter) w = NULL;
        expect_ok(bundle_writer_new(&ctx, prefix, strlen(prefix), &w));
        expect_ok(bundle_writer_add(w, "t", 1, t));
        expect_ok(bundle_writer_finish(w));
}

static Status *load(const char *prefix, Tensor **ret)
{
        autoptr(Bundle) b = NULL;
        const BundleEntry *e;
        TRY(bundle_open(&ctx, prefix, strlen(prefix), &b));
        TRY(bundle_find(b, "t", 1, &e));
        return bundle_read(b, "t", 1, e, ret);
}

static const Lit round_trips[] = {
        F32((2, 2), 1, 2, 3, 4), F32(()),     F32((0, 3)),         BF16((1), 2), BOOL((1), true),
        C64((1), 1 + 2 * I),     I64((), -1), STR((2), "", "abc"), STR((0)),
};

TestSuite(bundle, .init = setup, .fini = teardown);

Test(bundle, what_is_saved_is_restored)
{
        for (size_t i = 0; i < COUNTOF(round_trips); i++) {
                autoptr(Tensor) t = lit_tensor(&round_trips[i]);
                autoptr(Tensor) back = NULL;
                save(below("some/where/ckpt"), t);
                expect_ok(load(below("some/where/ckpt"), &back));
                autofree char *why = NULL;
                cr_assert(lit_equal(&round_trips[i], back, 0, &why), "%s", why);
        }
}

Test(bundle, parts_are_put_together)
{
        autoptr(BundleWriter) w = NULL;
        autoptr(Tensor) top = lit_tensor(&(const Lit)F32((1, 2), 1, 2));
        autoptr(Tensor) rest = lit_tensor(&(const Lit)F32((2, 2), 3, 4, 5, 6));
        autoptr(Tensor) back = NULL;
        char *prefix = below("parts");
        Shape whole;
        TensorSlice s;
        expect_ok(bundle_writer_new(&ctx, prefix, strlen(prefix), &w));
        expect_ok(slice_parse("3 2 0,1:-", 9, &whole, &s));
        expect_ok(bundle_writer_add_slice(w, "t", 1, &whole, &s, top));
        expect_ok(slice_parse("3 2 1,2:-", 9, &whole, &s));
        expect_ok(bundle_writer_add_slice(w, "t", 1, &whole, &s, rest));
        expect_ok(bundle_writer_finish(w));
        expect_ok(load(prefix, &back));
        expect_tensor(back, F32((3, 2), 1, 2, 3, 4, 5, 6));
}

/* Changes one byte of a file. */
static void damage(const char *path, off_t at)
{
        char b;
        int fd = open(path, O_RDWR);
        cr_assert(fd >= 0 && pread(fd, &b, 1, at) == 1);
        b ^= 0x20;
        cr_assert(pwrite(fd, &b, 1, at) == 1);
        close(fd);
}

Test(bundle, a_changed_byte_is_found_wherever_it_is)
{
        autoptr(Tensor) t = lit_tensor(&(const Lit)F32((4), 1, 2, 3, 4));
        const char *const files[] = { "c.index", "c.data-00000-of-00001" };
        for (int f = 0; f < 2; f++) {
                struct stat st;
                save(below("c"), t);
                cr_assert(!stat(below(files[f]), &st));
                for (off_t at = 0; at < st.st_size; at++) {
                        autoptr(Tensor) back = NULL;
                        save(below("c"), t);
                        damage(below(files[f]), at);
                        Status *s = load(below("c"), &back);
                        /* padding in the footer says nothing, so it may change */
                        if (!s)
                                expect_tensor(back, F32((4), 1, 2, 3, 4));
                        status_free(s);
                }
        }
}

Test(bundle, a_file_cut_anywhere_is_refused)
{
        autoptr(Tensor) t = lit_tensor(&(const Lit)STR((2), "abc", "defg"));
        struct stat st;
        save(below("c"), t);
        cr_assert(!stat(below("c.index"), &st));
        for (off_t n = 0; n < st.st_size; n++) {
                Tensor *back;
                save(below("c"), t);
                cr_assert(!truncate(below("c.index"), n));
                expect_error(load(below("c"), &back), SR_DATA_LOSS, "");
        }
        save(below("c"), t);
        cr_assert(!truncate(below("c.data-00000-of-00001"), 3));
        Tensor *back;
        expect_error(load(below("c"), &back), SR_DATA_LOSS, "reaches beyond its file");
}

Test(bundle, missing_things_are_named_as_tensorflow_does)
{
        autoptr(Tensor) t = lit_tensor(&(const Lit)F32((1), 1));
        autoptr(Bundle) b = NULL;
        const BundleEntry *e;
        Tensor *back;
        expect_error(load(below("none"), &back), SR_NOT_FOUND,
                     "Failed to find any matching files for");
        save(below("c"), t);
        expect_ok(bundle_open(&ctx, below("c"), strlen(below("c")), &b));
        expect_error(bundle_find(b, "w2", 2, &e), SR_NOT_FOUND, "Key w2 not found in checkpoint");
}

Test(bundle, nothing_outside_the_roots_is_touched)
{
        int fd;
        cr_assert(!symlink("/etc", below("link")));
        static const char *const paths[] = { "/etc/passwd", "../etc/passwd", "link/passwd", "",
                                             "/tmp/../etc/passwd" };
        for (size_t i = 0; i < COUNTOF(paths); i++) {
                Status *s = ctx_open_file(&ctx, paths[i], strlen(paths[i]), O_RDONLY, &fd);
                cr_assert(s, "%s was opened", paths[i]);
                status_free(s);
        }
        expect_error(ctx_open_file(&ctx, "/etc/passwd", 11, O_RDONLY, &fd), SR_PERMISSION_DENIED,
                     "");
        char *inner = below("link/passwd");
        expect_error(ctx_open_file(&ctx, inner, strlen(inner), O_RDONLY, &fd), SR_PERMISSION_DENIED,
                     "");
        cr_assert(!mkfifo(below("fifo"), 0600));
        char *fifo = below("fifo");
        expect_error(ctx_open_file(&ctx, fifo, strlen(fifo), O_RDONLY, &fd), SR_FAILED_PRECONDITION,
                     "Not a regular file");
}

Test(bundle, checksums_are_castagnolis)
{
        /* RFC 3720, B.4 */
        const unsigned char zeros[32] = { 0 };
        cr_assert(crc32c_extend(0, zeros, sizeof zeros) == 0x8a9136aau);
        cr_assert(crc32c_extend(0, "123456789", 9) == 0xe3069283u);
        cr_assert(crc32c_extend(crc32c_extend(0, "1234", 4), "56789", 5) == 0xe3069283u);
}

Test(bundle, tensorflows_own_checkpoints_are_read)
{
        const char *shared = getenv("SESSRUN_SHARED");
        char dir[512];
        FileRoots *roots;
        snprintf(dir, sizeof dir, "%s/models/tf_bundle_old_string_tensors_ckpt",
                 shared ? shared : "../shared");
        if (access(dir, R_OK))
                cr_skip_test("no %s: set SESSRUN_SHARED", dir);
        expect_ok(roots_new((const char *const[]){ dir, NULL }, NULL, false, &roots));
        OpEnv other = { .roots = roots };
        OpCtx c = { .env = &other };
        autoptr(Bundle) b = NULL;
        expect_ok(bundle_open(&c, "foo", 3, &b));
        cr_assert(bundle_table(b)->count > 0);
        for (size_t i = 0; i < bundle_table(b)->count; i++) {
                const SstEntry *at = &bundle_table(b)->entries[i];
                const BundleEntry *e;
                autoptr(Tensor) t = NULL;
                expect_ok(bundle_entry(b, at, &e));
                expect_ok(bundle_read(b, at->key, at->key_len, e, &t));
        }
        roots_free(roots);
}
