// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/folder.h"

#include "engine/kernels/io/crc32c.h"
#include "tests/lib/op_session.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char folder[64];

void folder_setup(void)
{
        snprintf(folder, sizeof folder, "/tmp/sessrun-test-XXXXXX");
        cr_assert_not_null(mkdtemp(folder));
        test_data_root = folder;
}

void folder_teardown(void)
{
        char command[128];
        snprintf(command, sizeof command, "rm -r '%s'", folder);
        cr_assert_eq(system(command), 0);
}

void write_file(const char *name, const void *bytes, size_t n)
{
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *f = fopen(path, "wb");
        cr_assert_not_null(f);
        cr_assert_eq(fwrite(bytes, 1, n, f), n);
        fclose(f);
}

void write_text(const char *name, const char *text)
{
        write_file(name, text, strlen(text));
}

size_t tfrecord(void *ret, const char *text)
{
        return tfrecord_of(ret, text, strlen(text));
}

size_t tfrecord_of(void *ret, const void *data, size_t n)
{
        unsigned char *p = ret;
        uint64_t len = n;
        memcpy(p, &len, 8);
        uint32_t crc = crc32c_mask(crc32c_extend(0, p, 8));
        memcpy(p + 8, &crc, 4);
        memcpy(p + 12, data, n);
        crc = crc32c_mask(crc32c_extend(0, data, n));
        memcpy(p + 12 + n, &crc, 4);
        return 16 + n;
}

void lmdb_load(const char *name, bool in_folder, const char *dump)
{
        char command[300];
        if (system("command -v mdb_load >/dev/null") != 0)
                cr_skip_test("no mdb_load: install lmdb-utils");
        write_text("dump", dump);
        snprintf(command, sizeof command,
                 "cd %s && { %s || mkdir -p %s; } && mdb_load %s -f dump %s", folder,
                 in_folder ? "false" : "true", name, in_folder ? "" : "-n", name);
        cr_assert_eq(system(command), 0);
}
