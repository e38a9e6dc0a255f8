// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/checkpoint.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SHARDS = 100, DT_STRING_NUMBER = 7 };

typedef struct Bytes {
        const unsigned char *at, *end;
} Bytes;

typedef struct Reader {
        const char *wrong; /* the first thing; NULL: nothing */
        const char *prefix;
        Bytes index, data[MAX_SHARDS];
        int shards;
        size_t blocks_end; /* of the blocks read so far: they follow each other */
        char last[1000];   /* key */
        int keys;
        void (*fn)(void *arg, const CheckpointTensor *t);
        void *arg;
} Reader;

static bool must(Reader *r, bool right, const char *what)
{
        if (!right && !r->wrong)
                r->wrong = what;
        return right && !r->wrong;
}

/* ---- numbers ---- */

static uint32_t crc32c(uint32_t crc, const unsigned char *p, size_t n)
{
        static uint32_t table[256];
        for (uint32_t i = 0; !table[1] && i < 256; i++) {
                uint32_t c = 255 - i;
                for (int k = 0; k < 8; k++)
                        c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
                table[255 - i] = c; /* entry 1 is made last but one */
        }
        crc = ~crc;
        for (size_t i = 0; i < n; i++)
                crc = crc >> 8 ^ table[(crc ^ p[i]) & 255];
        return ~crc;
}

/* Checksums are stored masked, so that a checksum of data with checksums is none of its own. */
static uint32_t mask(uint32_t crc)
{
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
}

static uint64_t fixed(const unsigned char *p, int n)
{
        uint64_t v = 0;
        for (int i = 0; i < n; i++)
                v |= (uint64_t)p[i] << 8 * i;
        return v;
}

static uint64_t varint(Reader *r, Bytes *b)
{
        uint64_t v = 0;
        for (int shift = 0; must(r, b->at < b->end && shift < 64, "a number is cut off");
             shift += 7) {
                v |= (uint64_t)(*b->at & 127) << shift;
                if (!(*b->at++ & 128))
                        return v;
        }
        return 0;
}

static Bytes take(Reader *r, Bytes *b, uint64_t n)
{
        Bytes part = { b->at, b->at };
        if (must(r, n <= (uint64_t)(b->end - b->at), "something is longer than what is there"))
                part.end = b->at += n;
        return part;
}

/* ---- protobuf ---- */

/* The next field: its number, and its value as a number or as bytes. */
static int field(Reader *r, Bytes *m, uint64_t *number, Bytes *bytes)
{
        uint64_t tag = varint(r, m);
        switch (tag & 7) {
        case 0: *number = varint(r, m); break;
        case 2: *bytes = take(r, m, varint(r, m)); break;
        case 5:
                *bytes = take(r, m, 4);
                *number = r->wrong ? 0 : fixed(bytes->at, 4);
                break;
        default: must(r, false, "a field of a message is of a strange type");
        }
        return (int)(tag >> 3);
}

static void read_shape(Reader *r, Bytes m, CheckpointTensor *t)
{
        uint64_t number = 0;
        Bytes dim;
        while (!r->wrong && m.at < m.end) {
                if (!must(r, field(r, &m, &number, &dim) == 2, "a shape has no rank") ||
                    !must(r, t->rank < CHECKPOINT_RANK, "a shape has too many dimensions"))
                        return;
                uint64_t size = 0;
                Bytes none;
                while (!r->wrong && dim.at < dim.end)
                        if (field(r, &dim, &number, &none) == 1)
                                size = number;
                t->dim[t->rank++] = (int64_t)size;
        }
}

static Bytes open_file(Reader *r, const char *path)
{
        struct stat st;
        Bytes all = { 0 };
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (must(r, fd >= 0 && !fstat(fd, &st), "a file is missing") && st.st_size) {
                void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
                if (must(r, p != MAP_FAILED, "a file cannot be read"))
                        all = (Bytes){ p, (unsigned char *)p + st.st_size };
        }
        if (fd >= 0)
                close(fd);
        return all;
}

/* BundleHeaderProto: how many data files there are, little-endian, of a version. */
static void read_header(Reader *r, Bytes m)
{
        uint64_t number = 0, shards = 0, endianness = 0, producer = 0;
        Bytes bytes, none;
        while (!r->wrong && m.at < m.end)
                switch (field(r, &m, &number, &bytes)) {
                case 1: shards = number; break;
                case 2: endianness = number; break;
                case 3:
                        while (!r->wrong && bytes.at < bytes.end)
                                if (field(r, &bytes, &number, &none) == 1)
                                        producer = number;
                }
        if (!must(r, shards > 0 && shards <= MAX_SHARDS, "the number of data files is strange") ||
            !must(r, endianness == 0, "numbers are big-endian") ||
            !must(r, producer == 1, "the version is not 1"))
                return;
        for (r->shards = 0; r->shards < (int)shards; r->shards++) {
                char path[1200];
                snprintf(path, sizeof path, "%s.data-%05d-of-%05d", r->prefix, r->shards,
                         (int)shards);
                r->data[r->shards] = open_file(r, path);
        }
}

/* Strings are their lengths, a checksum of these, and their bytes; the checksum of all counts each
 * length as four bytes. */
static uint32_t string_crc(Reader *r, const CheckpointTensor *t, int64_t count)
{
        Bytes b = { t->bytes, t->bytes + t->n };
        uint32_t crc = 0;
        uint64_t sum = 0;
        for (int64_t i = 0; i < count && !r->wrong; i++) {
                uint32_t n = (uint32_t)varint(r, &b);
                crc = crc32c(crc, (unsigned char *)&n, 4);
                sum += n;
        }
        Bytes stored = take(r, &b, 4);
        if (r->wrong || !must(r, fixed(stored.at, 4) == mask(crc), "lengths have a wrong checksum"))
                return 0;
        must(r, sum == (uint64_t)(b.end - b.at), "strings are not as long as they say");
        crc = crc32c(crc, stored.at, 4);
        return crc32c(crc, b.at, (size_t)(b.end - b.at));
}

static void check_tensor(Reader *r, const CheckpointTensor *t, uint32_t crc)
{
        int64_t count = 1;
        for (int i = 0; i < t->rank; i++)
                count *= t->dim[i];
        uint32_t is =
                t->dtype == DT_STRING_NUMBER ? string_crc(r, t, count) : crc32c(0, t->bytes, t->n);
        must(r, mask(is) == crc, "a tensor has a wrong checksum");
        must(r, t->dtype == DT_STRING_NUMBER || (count ? t->n % (size_t)count : t->n) == 0,
             "a tensor is not as large as its shape");
}

/* BundleEntryProto. */
static void read_entry(Reader *r, const char *name, Bytes m)
{
        CheckpointTensor t = { 0 };
        uint64_t number = 0, shard = 0, offset = 0, crc = 0;
        Bytes bytes;
        snprintf(t.name, sizeof t.name, "%s", name);
        while (!r->wrong && m.at < m.end)
                switch (field(r, &m, &number, &bytes)) {
                case 1: t.dtype = (int)number; break;
                case 2: read_shape(r, bytes, &t); break;
                case 3: shard = number; break;
                case 4: offset = number; break;
                case 5: t.n = number; break;
                case 6: crc = number; break;
                default: must(r, false, "a tensor is in slices, or has a strange field");
                }
        if (!must(r, shard < (uint64_t)r->shards, "there is no such data file"))
                return;
        Bytes data = r->data[shard];
        take(r, &data, offset);
        t.bytes = data.at;
        take(r, &data, t.n);
        if (!r->wrong)
                check_tensor(r, &t, (uint32_t)crc);
        if (!r->wrong)
                r->fn(r->arg, &t);
}

/* ---- the table ---- */

/* A block by its handle (offset, size); behind it stand its type and its checksum. */
static Bytes block(Reader *r, Bytes *handle)
{
        uint64_t offset = varint(r, handle), size = varint(r, handle);
        Bytes b = r->index;
        must(r, offset == r->blocks_end, "blocks do not follow each other");
        take(r, &b, offset);
        Bytes body = take(r, &b, size), type = take(r, &b, 1), crc = take(r, &b, 4);
        if (r->wrong || !must(r, *type.at == 0, "a block is packed") ||
            !must(r, fixed(crc.at, 4) == mask(crc32c(0, body.at, (size_t)size + 1)),
                  "a block has a wrong checksum"))
                return (Bytes){ 0 };
        r->blocks_end = offset + size + 5;
        return body;
}

/* Calls fn for each key and value of a block: what a key shares with the one before is left out,
 * but not at restarts, whose places stand at the end. */
static void each(Reader *r, Bytes b, void (*fn)(Reader *r, const char *key, Bytes value))
{
        char key[sizeof r->last] = "";
        const unsigned char *start = b.at;
        if (r->wrong || !must(r, b.end - b.at >= 4, "a block is too short"))
                return;
        uint64_t restarts = fixed(b.end - 4, 4), next = 0;
        if (!must(r, restarts && 4 * restarts + 4 <= (uint64_t)(b.end - b.at), "too many restarts"))
                return;
        b.end -= 4 * restarts + 4;
        const unsigned char *places = b.end;
        while (!r->wrong && b.at < b.end) {
                bool restart =
                        next < restarts && fixed(places + 4 * next, 4) == (uint64_t)(b.at - start);
                uint64_t shared = varint(r, &b), more = varint(r, &b), n = varint(r, &b);
                must(r, !restart || !shared, "a restart shares a part of its key");
                must(r, shared <= strlen(key) && shared + more < sizeof key, "a key is too long");
                Bytes rest = take(r, &b, more), value = take(r, &b, n);
                if (r->wrong)
                        return;
                next += restart;
                memcpy(key + shared, rest.at, more);
                key[shared + more] = 0;
                fn(r, key, value);
        }
        must(r, next == restarts || (restarts == 1 && !next), "restarts are not where they say");
}

static void on_entry(Reader *r, const char *key, Bytes value)
{
        must(r, r->keys++ == 0 ? !*key : strcmp(key, r->last) > 0, "keys are not in order");
        snprintf(r->last, sizeof r->last, "%s", key);
        if (!*key)
                read_header(r, value);
        else
                read_entry(r, key, value);
}

/* The index has a key for each block that is not below the block's last one. */
static void on_block(Reader *r, const char *key, Bytes handle)
{
        each(r, block(r, &handle), on_entry);
        must(r, strcmp(key, r->last) >= 0, "the index has a key below its block's");
}

static void on_meta(Reader *r, const char *key, Bytes value)
{
        (void)key, (void)value;
        must(r, false, "there is metadata");
}

static void read_table(Reader *r)
{
        static const unsigned char magic[] = { 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb };
        ptrdiff_t size = r->index.end - r->index.at;
        if (!must(r, size >= 48 && !memcmp(r->index.end - 8, magic, 8), "this is no table"))
                return;
        Bytes footer = { r->index.end - 48, r->index.end - 8 }, meta = footer, blocks;
        varint(r, &footer), varint(r, &footer);
        blocks = footer;
        /* Blocks come first, then the metadata's, then the index. */
        Reader ahead = *r;
        ahead.blocks_end = (size_t)varint(r, &footer);
        Bytes index = block(&ahead, &blocks);
        must(r, !ahead.wrong, ahead.wrong);
        each(r, index, on_block);
        each(r, block(r, &meta), on_meta);
        must(r, r->blocks_end == (size_t)(index.at - r->index.at), "something is in between");
        must(r, ahead.blocks_end == (size_t)size - 48, "the index is not last");
}

static void close_file(Bytes b)
{
        if (b.at)
                munmap((void *)b.at, (size_t)(b.end - b.at));
}

const char *checkpoint_walk(const char *prefix, void (*fn)(void *arg, const CheckpointTensor *t),
                            void *arg)
{
        Reader r = { .prefix = prefix, .fn = fn, .arg = arg };
        char path[1200];
        snprintf(path, sizeof path, "%s.index", prefix);
        r.index = open_file(&r, path);
        if (!r.wrong)
                read_table(&r);
        must(&r, r.keys > 0, "there is no header");
        close_file(r.index);
        for (int i = 0; i < r.shards; i++)
                close_file(r.data[i]);
        return r.wrong;
}
