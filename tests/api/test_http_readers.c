// SPDX-License-Identifier: Apache-2.0
/* Readers: records out of files whose names come through a queue, with the keys, counts and errors
 * that TensorFlow's documentation tells. Files are found below the server's roots only. */
#include "tests/api/story.h"
#include "tests/lib/folder.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Records of which the third is broken; good ones, plain and packed by zlib and gzip. */
static void put_records(void)
{
        unsigned char bytes[128], packed[256];
        char path[100];
        size_t n = tfrecord(bytes, "hello");
        n += tfrecord(bytes + n, "");
        size_t good = n;
        n += tfrecord(bytes + n, "broken");
        bytes[n - 6] ^= 1;
        uLongf len = sizeof packed;
        cr_assert_eq(compress(packed, &len, bytes, good), Z_OK);
        write_file("records", bytes, good);
        write_file("damaged", bytes, n);
        write_file("short", bytes, good - 2);
        write_file("records.zlib", packed, len);
        snprintf(path, sizeof path, "%s/records.gz", folder);
        gzFile f = gzopen(path, "wb");
        cr_assert_eq(gzwrite(f, bytes, (unsigned)good), (int)good);
        gzclose(f);
}

static void begin(void)
{
        char path[100];
        folder_setup();
        test_root = folder;
        write_text("lines", "head\none\r\ntwo\n\nlast");
        write_text("more", "only the head\n");
        write_text("fixed", "HHabcdefF");
        write_text("odd", "HHabcdeF");
        write_text("empty", "");
        put_records();
        snprintf(path, sizeof path, "%s/link", folder);
        cr_assert_eq(symlink("/etc/passwd", path), 0);
        server_begin();
}

static void end(void)
{
        server_end();
        test_root = NULL;
        folder_teardown();
}

TestSuite(http_readers, .init = begin, .fini = end, .timeout = 60);

#define READER(kind, attrs)                                                                  \
        "work = FIFOQueue$(component_types=[string], shapes=[[]], shared_name=\\'work\\'); " \
        "name = Placeholder(dtype=string); add = QueueEnqueueMany$(work, [name]); "          \
        "shut = QueueClose$(work); r = " kind "Reader$(" attrs "); "                         \
        "read = ReaderRead$(r, work); n = Placeholder(dtype=int64); "                        \
        "upto = ReaderReadUpTo$(r, work, n); made = ReaderNumRecordsProduced$(r); "          \
        "done = ReaderNumWorkUnitsCompleted$(r); save = ReaderSerializeState$(r); "          \
        "reset = ReaderReset$(r); state = Placeholder(dtype=string); "                       \
        "load = ReaderRestoreState$(r, state); again = ReaderRestoreState$(r, save)"
#define ADD(names)                                                       \
        {                                                                \
                "'targets':['add'],'feeds':{'name':[" names "]}", "null" \
        }
#define FILE_(name) "'{root}/" name "'"
#define READ        "'fetches':['read:0','read:1']"
#define READS(key, value)                                  \
        {                                                  \
                READ, "[\"{root}/" key "\",\"" value "\"]" \
        }
#define UPTO(n) "'fetches':'upto:1','feeds':{'n':" #n "}"
#define MADE(n)                          \
        {                                \
                "'fetches':'made:0'", #n \
        }
#define DONE(n)                          \
        {                                \
                "'fetches':'done:0'", #n \
        }
#define DO(node)                                 \
        {                                        \
                "'targets':['" node "']", "null" \
        }
#define NO_MORE                                                                                 \
        "OUT_OF_RANGE: FIFOQueue 'work' is closed and has insufficient elements (requested 1, " \
        "current size 0)"

/* clang-format off */
static const Story stories[] = {
        { "a whole file is one record, named by the file", READER("WholeFile", ""), STEPS(
                ADD(FILE_("empty") "," FILE_("more")), READS("empty", ""), READS("more", "only the head\\n"), MADE(2)) },
        { "lines are counted from 1, headers too; their ends are stripped", READER("TextLine", "skip_header_lines=1"), STEPS(
                ADD(FILE_("more") "," FILE_("lines")), READS("lines:2", "one"), DONE(1), READS("lines:3", "two"), READS("lines:4", ""), READS("lines:5", "last"),
                MADE(4), DO("shut"), { READ, NO_MORE }, DONE(2)) },
        { "records of one length are counted from 0, between header and footer", READER("FixedLengthRecord", "header_bytes=2, record_bytes=3, footer_bytes=1"), STEPS(
                ADD(FILE_("fixed")), READS("fixed:0", "abc"), READS("fixed:1", "def"), DO("shut"), { READ, NO_MORE }, DONE(1)) },
        { "they may overlap", READER("FixedLengthRecord", "record_bytes=3, hop_bytes=2, header_bytes=2, footer_bytes=1"), STEPS(
                ADD(FILE_("fixed")), READS("fixed:0", "abc"), READS("fixed:1", "cde")) },
        { "tfrecords are named by where they begin, and checked", READER("TFRecord", ""), STEPS(
                ADD(FILE_("damaged") "," FILE_("short")), READS("damaged:0", "hello"), READS("damaged:21", ""), { READ, "DATA_LOSS: corrupted record at 37" },
                DO("reset"), READS("short:0", "hello"), { READ, "DATA_LOSS: truncated record at 21" }) },
        { "tfrecords may be packed by zlib", READER("TFRecord", "compression_type=\\'ZLIB\\'"), STEPS(
                ADD(FILE_("records.zlib") "," FILE_("records")), READS("records.zlib:0", "hello"), READS("records.zlib:21", ""), { READ, "DATA_LOSS: inflate() failed" }) },
        { "and by gzip", READER("TFRecord", "compression_type=\\'GZIP\\'"), STEPS(
                ADD(FILE_("records.gz")), READS("records.gz:0", "hello"), READS("records.gz:21", "")) },
        { "an identity reader gives its work back, completed at once", READER("Identity", ""), STEPS(
                ADD("'a','b'"), { READ, "[\"a\",\"a\"]" }, DONE(1), { UPTO(9), "[\"b\"]" }, MADE(2), DONE(2)) },
        { "reading up to a number ends early at the end of a file", READER("TextLine", ""), STEPS(
                ADD(FILE_("lines") "," FILE_("more")), { UPTO(3), "[\"head\",\"one\",\"two\"]" }, { UPTO(3), "[\"\",\"last\"]" }, { UPTO(3), "[\"only the head\"]" } ) },
        { "a read waits for work; those behind it wait for the reader", READER("Identity", ""), STEPS(
                DO("r"), { "&" READ }, { "&" READ }, MADE(0), ADD("'a'"), { ">0", "[\"a\",\"a\"]" }, ADD("'b'"), { ">1", "[\"b\",\"b\"]" }) },
        { "a read that is given up leaves reader and queue usable", READER("Identity", ""), STEPS(
                DO("r"), { "&" READ }, { "&" READ }, { "c0" }, { ">0", "CANCELLED: " }, { "x1" },
                { "ms=20 " READ, "DEADLINE_EXCEEDED: Timed out waiting for notification" }, ADD("'a'"), { READ, "[\"a\",\"a\"]" }) },
        { "state is kept by readers that can, and reset", READER("Identity", "shared_name=\\'id\\'"), STEPS(
                ADD("'a'"), { READ, "[\"a\",\"a\"]" }, DO("again"), MADE(1), DO("reset"), MADE(0),
                { "'targets':['load'],'feeds':{'state':'nonsense'}", "INVALID_ARGUMENT: Could not parse state for IdentityReader 'id': " }) },
        { "others have none", READER("TextLine", ""), STEPS(
                { "'fetches':'save:0'", "UNIMPLEMENTED: Reader SerializeState" }, { "'targets':['load'],'feeds':{'state':'x'}", "UNIMPLEMENTED: Reader RestoreState" }) },
        { "files are there, and below the roots, not through links either", READER("WholeFile", ""), STEPS(
                ADD(FILE_("none") ",'/etc/passwd'," FILE_("../../etc/passwd") "," FILE_("link") "," FILE_("more")),
                { READ, "NOT_FOUND: {root}/none; No such file or directory" }, { READ, "PERMISSION_DENIED: /etc/passwd; " },
                { READ, "PERMISSION_DENIED: {root}/../../etc/passwd; " }, { READ, "PERMISSION_DENIED: {root}/link; " }, READS("more", "only the head\\n")) },
        { "the queue holds single strings", "r = IdentityReader$(); q = FIFOQueue$(component_types=[string, string]); f = FIFOQueue$(component_types=[float32]); "
          "s = FIFOQueue$(component_types=[string]); put = QueueEnqueue$(s, [[\\'x\\', \\'y\\']]); two = ReaderRead$(r, q); one = ReaderRead$(r, f); list = ReaderRead$(r, s)", STEPS(
                { "'fetches':'two:0'", "INVALID_ARGUMENT: Expected single component queue" }, { "'fetches':'one:0'", "INVALID_ARGUMENT: Expected queue with single string component" },
                DO("put"), { "'fetches':'list:0'", "INVALID_ARGUMENT: Expected to dequeue a one-element string tensor" }) },
};

static const Story lmdb = { "a database is read in the order of its keys", READER("LMDB", ""), STEPS(
        ADD(FILE_("db")), { READ, "[\"key1\",\"one\"]" }, { READ, "[\"key2\",\"two\"]" }, DO("shut"), { READ, NO_MORE }, DONE(1)) };

static const Story input = { "each record comes once an epoch, in batches", "in = RecordInput(file_pattern=\\'{root}/records*d*\\', batch_size=2, file_random_seed=1)\\n"
        "few = RecordInput(file_pattern=\\'{root}/rec*ds\\', batch_size=2)\\nnone = RecordInput(file_pattern=\\'{root}/nothing*\\')\\nbad = RecordInput(file_pattern=\\'{root}/short\\')\\n"
        "n = StringLength(few)\\nsum = Sum(n, 0)", STEPS(
        { "'fetches':'sum:0'", "5" }, { "'fetches':'sum:0'", "5" }, { "'fetches':'none:0'", "NOT_FOUND: Found no files at " }, { "'fetches':'bad:0'", "DATA_LOSS: truncated record at 21" }) };
/* clang-format on */

/* Most first versions are for graphs of old only. */
Test(http_readers, give_records_with_keys_and_counts)
{
        tell_all(stories, COUNTOF(stories), "V2");
}

Test(http_readers, databases_are_read_too)
{
        lmdb_load("db", false, LMDB_HEAD " key2\n two\n key1\n one\nDATA=END\n");
        tell(&lmdb, "");
}

Test(http_readers, record_input_reads_without_a_queue)
{
        tell(&input, "");
}

/* They hold none of the threads that ops run on, of which there is one. */
Test(http_readers, blocked_reads_do_not_stop_enqueues)
{
        enum { BLOCKED = 3 };
        int fd[BLOCKED];
        char script[1500];
        size_t n = 0;
        for (const char *p = READER("Identity", ""); *p && n < sizeof script - 2; p++) {
                if (*p == '$')
                        script[n++] = 'V';
                script[n++] = *p == '$' ? '2' : *p;
        }
        script[n] = 0;
        expect(post("/v1/sessions",
                    "{'name':'s','config':{'use_per_session_threads':true,"
                    "'inter_op_parallelism_threads':1},'graph':{'script':'%s'}}",
                    script),
               201, NULL, NULL);
        for (int i = 0; i < BLOCKED; i++)
                fd[i] = begin_post("/v1/sessions/s:run", "{'fetches':'read:0'}");
        while (strcmp(text_at(http("GET", "/v1/sessions/s", NULL), "/running"), "3") != 0)
                usleep(1000);
        expect(post("/v1/sessions/s:run", "{'targets':['add'],'feeds':{'name':['a','a','a']}}"),
               200, NULL, NULL);
        for (int i = 0; i < BLOCKED; i++)
                expect(hear(fd[i]), 200, "/result", "a");
}
