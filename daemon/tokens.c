// SPDX-License-Identifier: Apache-2.0
#include "daemon/tokens.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_LEN 64

/* Only digests are kept: the file gives nobody access. */
static Status *read_token(char *line, TextList *list)
{
        size_t skip = strspn(line, " \t\r\n");
        char *digest = line + skip;
        if (!*digest || *digest == '#')
                return NULL;
        size_t len = strspn(digest, "0123456789abcdefABCDEF");
        if (len != DIGEST_LEN || (digest[len] && !isspace((unsigned char)digest[len])))
                return invalid_argument("expected the SHA-256 of a token in hex");
        for (size_t i = 0; i < len; i++)
                digest[i] = (char)tolower((unsigned char)digest[i]);
        return list_add(list, digest, len);
}

/* A file without a token would lock everybody out; that is a mistake. */
static Status *read_tokens(FILE *file, const char *path, TextList *list)
{
        char line[512];
        for (int number = 1; fgets(line, sizeof line, file); number++) {
                Status *e = strlen(line) == sizeof line - 1
                                    ? invalid_argument("the line is too long")
                                    : read_token(line, list);
                TRY(status_wrap(e, "%s:%d: ", path, number));
        }
        if (ferror(file))
                return unavailable("cannot read %s: %s", path, strerror(errno));
        return list->n ? NULL : invalid_argument("%s: holds no token, so nobody could call", path);
}

/* All or nothing. */
Status *tokens_load(const char *path, TextList *ret)
{
        *ret = (TextList){ 0 };
        if (!*path)
                return NULL;
        FILE *file = fopen(path, "re");
        if (!file)
                return not_found("cannot open the file of tokens %s: %s", path, strerror(errno));
        Status *e = read_tokens(file, path, ret);
        fclose(file);
        if (e)
                list_clear(ret);
        return e;
}
