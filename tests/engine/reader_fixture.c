// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/reader_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void reader_setup(void)
{
        folder_setup();
        session_setup();
}

void reader_teardown(void)
{
        session_teardown();
        folder_teardown();
}

/* The usual graph around a reader, of ops of its version. */
void grow_reader(const char *reader)
{
        const char *v = strstr(reader, "V2") ? "V2" : "";
        static const char rest[] =
                "q = FIFOQueue%1$s component_types: [string], shapes: [[]], shared_name: \"work\"\n"
                "a = Const string [] { \"a\" }\n"
                "b = Const string [] { \"b\" }\n"
                "put_a = QueueEnqueue%1$s(q, a)\n"
                "put_b = QueueEnqueue%1$s(q, b)\n"
                "shut = QueueClose%1$s(q)\n"
                "read = ReaderRead%1$s(r, q)\n"
                "two = Const int64 [] { 2 }\n"
                "upto = ReaderReadUpTo%1$s(r, q, two)\n"
                "produced = ReaderNumRecordsProduced%1$s(r)\n"
                "completed = ReaderNumWorkUnitsCompleted%1$s(r)\n"
                "save = ReaderSerializeState%1$s(r)\n"
                "junk = Const string [] { \"\\xff\\xff\" }\n"
                "load = ReaderRestoreState%1$s(r, junk)\n"
                "copy = ReaderRestoreState%1$s(r, save)\n"
                "reset = ReaderReset%1$s(r)\n"
                "r = %2$s\n";
        char text[2048];
        snprintf(text, sizeof text, rest, v, reader);
        grow_ok(text);
}

void expect_string(const Tensor *t, int64_t i, const char *want)
{
        const TString *s = &tensor_strings(t)[i];
        cr_assert(s->len == strlen(want) && !memcmp(s->data ? s->data : "", want, s->len),
                  "got '%.*s', want '%s'", (int)s->len, s->data, want);
}

void reads(const char *key, const char *value)
{
        run_ok("read:0 read:1", "", "");
        expect_string(got[0], 0, key);
        expect_string(got[1], 0, value);
}
