// SPDX-License-Identifier: Apache-2.0
/* libarchive reads; what it may give us is decided here. */
#include "engine/model/archive.h"

#include "engine/base/mem.h"
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

typedef struct archive Reader;
UNUSED static inline void Reader_free(Reader *a)
{
        archive_read_free(a);
}
AUTOPTR_DEFINE(Reader, Reader_free)

enum { TAR_MAGIC = 257, CHUNK = 64 * 1024 };

bool archive_is(const void *bytes, size_t n)
{
        const char *p = bytes;
        if (n >= 2 && !memcmp(p, "\x1f\x8b", 2))
                return true;
        if (n >= 4 && (!memcmp(p, "PK\3\4", 4) || !memcmp(p, "PK\5\6", 4)))
                return true;
        return n >= TAR_MAGIC + 5 && !memcmp(p + TAR_MAGIC, "ustar", 5);
}

static Status *damaged(Reader *a)
{
        const char *why = archive_error_string(a);
        return invalid_argument("The archive cannot be read: %.200s", why ? why : "it is damaged");
}

/* "./a//b" as "a/b"; NULL for the root itself. Only what tar programs write is tidied: the rest is
 * for folder_begin() to refuse. */
static const char *tidy(const char *path)
{
        while (path[0] == '.' && path[1] == '/')
                path += 2;
        return !*path || !strcmp(path, ".") ? NULL : path;
}

/* One entry's bytes go over piece by piece, so that a bomb is noticed when it has filled the room
 * that is left, not after it was unpacked. */
static Status *copy_data(Reader *a, Folder *f, size_t *room)
{
        autofree char *chunk = mem_alloc(CHUNK);
        if (!chunk)
                return status_oom();
        for (;;) {
                la_ssize_t got = archive_read_data(a, chunk, CHUNK);
                if (got == 0)
                        return NULL;
                if (got < 0)
                        return damaged(a);
                if ((size_t)got > *room)
                        return resource_exhausted("The archive unpacks to more than is allowed");
                *room -= (size_t)got;
                TRY(folder_write(f, chunk, (size_t)got));
        }
}

/* Only plain files are taken: links and devices would let an archive speak of files outside of
 * it. */
static Status *unpack_entry(Reader *a, struct archive_entry *e, Folder *f, size_t *room)
{
        const char *utf8 = archive_entry_pathname_utf8(e);
        const char *raw = utf8 ? utf8 : archive_entry_pathname(e);
        const char *path = raw ? tidy(raw) : NULL;
        if (!raw)
                return invalid_argument("A file of the archive has a name that is not text");
        if (archive_entry_hardlink(e) || archive_entry_symlink(e))
                return invalid_argument("The archive's \"%.200s\" is a link", raw);
        if (archive_entry_is_encrypted(e))
                return invalid_argument("The archive's \"%.200s\" is encrypted", raw);
        if (archive_entry_filetype(e) == AE_IFDIR)
                return NULL;
        if (archive_entry_filetype(e) != AE_IFREG || !path)
                return invalid_argument("The archive's \"%.200s\" is neither file nor folder", raw);
        TRY(folder_begin(f, path));
        return copy_data(a, f, room);
}

/* The filters are named one by one: libarchive knows formats (cpio, ISO, 7z) whose readers nobody
 * needs to reach from here. */
static Status *open_bytes(const void *bytes, size_t n, Reader **ret)
{
        autoptr(Reader) a = archive_read_new();
        if (!a)
                return status_oom();
        archive_read_support_filter_gzip(a);
        archive_read_support_format_tar(a);
        archive_read_support_format_zip(a);
        if (archive_read_open_memory(a, bytes, n) != ARCHIVE_OK)
                return damaged(a);
        *ret = steal(&a);
        return NULL;
}

/* An archive may unpack to ARCHIVE_RATIO times its size, with ARCHIVE_FREE on top for small ones,
 * and never to more than ARCHIVE_MAX. The count of entries is bounded apart, for empty ones cost no
 * bytes. */
Status *archive_unpack(const void *bytes, size_t n, Folder **ret)
{
        autoptr(Reader) a = NULL;
        autoptr(Folder) f = NULL;
        size_t allowed = ARCHIVE_FREE + MIN(n, ARCHIVE_MAX) * ARCHIVE_RATIO;
        size_t room = MIN(allowed, ARCHIVE_MAX);
        TRY(folder_new(&f));
        TRY(open_bytes(bytes, n, &a));
        for (int entries = 0;; entries++) {
                struct archive_entry *e;
                int rc = archive_read_next_header(a, &e);
                if (rc == ARCHIVE_EOF)
                        break;
                if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
                        return damaged(a);
                if (entries >= 2 * FOLDER_MAX_FILES)
                        return resource_exhausted("The archive has too many entries");
                TRY(unpack_entry(a, e, f, &room));
        }
        *ret = steal(&f);
        return NULL;
}
