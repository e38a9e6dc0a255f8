// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/file.h"

#include <stdio.h>
#include <unistd.h>

Status *file_read(const char *path, Buf *ret)
{
        FILE *f = fopen(path, "rbe");
        if (!f)
                return not_found("cannot read %s", path);
        char part[16384];
        for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;)
                buf_append(ret, part, n);
        bool bad = ferror(f);
        fclose(f);
        return bad ? not_found("cannot read %s", path) : buf_status(ret);
}

bool file_exists(const char *path)
{
        return access(path, R_OK) == 0;
}

void buf_quoted(Buf *out, const char *text)
{
        for (; *text; text++)
                buf_putc(out, *text == '\'' ? '"' : *text);
}
