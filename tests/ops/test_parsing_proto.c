// SPDX-License-Identifier: Apache-2.0
/* DecodeProtoV2. Description and messages were made by protoc from
 *
 *     message M { optional int32 i = 1 [default = -7]; repeated sint64 s = 2 [packed = true];
 *       optional string t = 3 [default = "x"]; optional float f = 4 [default = 0.5];
 *       repeated bytes b = 5; optional bool o = 6 [default = true];
 *       optional fixed64 u = 7 [default = 18446744073709551615]; repeated double d = 8; }
 *
 *     i: -3 s: 5 s: -6 s: 70000 t: "hi" b: "q" b: "" o: false u: 9 d: 1.5 d: -2
 *     i: 1 s: 1 f: 2.25 */
#include "engine/base/mem.h"
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#include <stdio.h>

TestSuite(parsing_proto, .timeout = 30);

#define DESCRIPTION                                                                  \
        "\\012\\256\\001\\012\\007m.proto\\022\\001p\\042\\237\\001\\012\\001M\\022" \
        "\\020\\012\\001i\\030\\001 \\001(\\005:\\002-7R\\001i\\022\\020\\012\\001s" \
        "\\030\\002 \\003(\\022B\\002\\020\\001R\\001s\\022\\017\\012\\001t\\030"    \
        "\\003 \\001(\\011:\\001xR\\001t\\022\\021\\012\\001f\\030\\004 \\001(\\002" \
        ":\\0030.5R\\001f\\022\\014\\012\\001b\\030\\005 \\003(\\014R\\001b\\022"    \
        "\\022\\012\\001o\\030\\006 \\001(\\010:\\004trueR\\001o\\022\\042\\012"     \
        "\\001u\\030\\007 \\001(\\006:\\02418446744073709551615R\\001u\\022\\014"    \
        "\\012\\001d\\030\\010 \\003(\\001R\\001d"
#define MESSAGE_1                                                                   \
        "\\010\\375\\377\\377\\377\\377\\377\\377\\377\\377\\001\\022\\005\\012"    \
        "\\013\\340\\305\\010\\032\\002hi*\\001q*\\0000\\0009\\011\\000\\000\\000"  \
        "\\000\\000\\000\\000A\\000\\000\\000\\000\\000\\000\\370?A\\000\\000\\000" \
        "\\000\\000\\000\\000\\300"
#define MESSAGE_2 "\\010\\001\\022\\001\\002%\\000\\000\\020@"

#define MESSAGES(dims, values)                                                                   \
        "node { name: 'x' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } } "          \
        "attr { key: 'value' value { tensor { dtype: DT_STRING tensor_shape { " dims "} " values \
        "} } } } "
#define DECODE(type, names, types, more)                                 \
        "node { name: 'y' op: 'DecodeProtoV2' input: 'x' "               \
        "attr { key: 'message_type' value { s: '" type "' } } "          \
        "attr { key: 'field_names' value { list { s: [" names "] } } } " \
        "attr { key: 'output_types' value { list { type: [" types "] } } } " more "} "
#define BY_DESCRIPTION "attr { key: 'descriptor_source' value { s: 'bytes://" DESCRIPTION "' } } "
#define AS_TEXT        "attr { key: 'message_format' value { s: 'text' } } "
#define DIM            "tensorflow.TensorShapeProto.Dim"

static TestSession *session_of(const char *text)
{
        TestSession *s;
        GraphSource *src;
        expect_ok(graph_source_parse(text, strlen(text), "graph_def_text", NULL, &src));
        expect_ok(test_session_new(src, &s));
        return s;
}

static void expect_output(TestSession *s, int i, const Lit *want)
{
        char name[16];
        autoptr(Tensor) t = NULL;
        autofree char *why = NULL;
        snprintf(name, sizeof name, "y:%d", i);
        expect_ok(test_session_fetch(s, name, &t));
        cr_assert(lit_equal(want, t, 0, &why), "%s: %s", name, why);
}

static void expect_refused(const char *text, StatusCode code, const char *message)
{
        autoptr(TestSession) s = session_of(text);
        Tensor *t = NULL;
        expect_error(test_session_fetch(s, "y:0", &t), code, message);
}

Test(parsing_proto, fields_are_padded_with_their_defaults)
{
        autoptr(TestSession) s = session_of(
                MESSAGES("dim { size: 2 } ", "string_val: ['" MESSAGE_1 "', '" MESSAGE_2 "'] ")
                        DECODE("p.M", "'u', 's', 'i', 't', 'f', 'b', 'o', 'd'",
                               "DT_UINT64, DT_INT64, DT_INT32, DT_STRING, DT_FLOAT, DT_STRING, "
                               "DT_BOOL, DT_DOUBLE",
                               BY_DESCRIPTION));
        expect_output(s, 0,
                      &(const Lit)I32((2, 8), 1, 3, 1, 1, 0, 2, 1, 2, 0, 1, 1, 0, 1, 0, 0, 0));
        expect_output(s, 2, &(const Lit)I64((2, 3), 5, -6, 70000, 1, 0, 0));
        expect_output(s, 3, &(const Lit)I32((2, 1), -3, 1));
        expect_output(s, 4, &(const Lit)STR((2, 1), "hi", "x"));
        expect_output(s, 5, &(const Lit)F32((2, 1), 0.5f, 2.25f));
        expect_output(s, 6, &(const Lit)STR((2, 2), "q", "", "", ""));
        expect_output(s, 7, &(const Lit)BOOL((2, 1), false, true));
        expect_output(s, 8, &(const Lit)F64((2, 2), 1.5, -2, 0, 0));
        autoptr(Tensor) u = NULL;
        expect_ok(test_session_fetch(s, "y:1", &u));
        cr_assert_eq(((const uint64_t *)tensor_data(u))[0], 9);
        cr_assert_eq(((const uint64_t *)tensor_data(u))[1], UINT64_MAX);
}

Test(parsing_proto, wider_types_hold_narrower_fields)
{
        autoptr(TestSession) s = session_of(MESSAGES("", "string_val: '" MESSAGE_1 "' ") DECODE(
                "p.M", "'i', 'f', 'u'", "DT_INT64, DT_DOUBLE, DT_INT64", BY_DESCRIPTION));
        expect_output(s, 0, &(const Lit)I32((3), 1, 0, 1));
        expect_output(s, 1, &(const Lit)I64((1), -3));
        expect_output(s, 2, &(const Lit)F64((1), 0.5));
        expect_output(s, 3, &(const Lit)I64((1), 9));
}

Test(parsing_proto, no_messages_are_refused)
{
        expect_refused(MESSAGES("dim { size: 0 } ", "")
                               DECODE("p.M", "'i', 's'", "DT_INT32, DT_INT64", BY_DESCRIPTION),
                       SR_INVALID_ARGUMENT, "Bufs argument must contain at least one value");
}

/* Twice the same field: the last one counts, once. */
Test(parsing_proto, messages_that_this_program_knows)
{
        autoptr(TestSession) s =
                session_of(MESSAGES("dim { size: 1 } ",
                                    "string_val: '\\010\\003\\022\\001a\\010\\004\\050\\001' ")
                                   DECODE(DIM, "'name', 'size'", "DT_STRING, DT_INT64", ""));
        expect_output(s, 0, &(const Lit)I32((1, 2), 1, 1));
        expect_output(s, 1, &(const Lit)STR((1, 1), "a"));
        expect_output(s, 2, &(const Lit)I64((1, 1), 4));
}

Test(parsing_proto, messages_as_text)
{
        autoptr(TestSession) s =
                session_of(MESSAGES("dim { size: 1 } ", "string_val: 'size: 7 name: \"b\"' ")
                                   DECODE(DIM, "'name', 'size'", "DT_STRING, DT_INT64", AS_TEXT));
        expect_output(s, 1, &(const Lit)STR((1, 1), "b"));
        expect_output(s, 2, &(const Lit)I64((1, 1), 7));
        expect_refused(MESSAGES("", "string_val: 'size: x' ")
                               DECODE(DIM, "'size'", "DT_INT64", AS_TEXT),
                       SR_DATA_LOSS, "Unable to parse text protobuf");
}

#define ONE(bytes) MESSAGES("", "string_val: '" bytes "' ")

Test(parsing_proto, damaged_messages_are_refused)
{
        static const char *const messages[] = { "\\010", "\\022\\005ab", "\\013\\013",
                                                "\\000", "\\017\\000",   "\\015\\001\\002" };
        for (size_t i = 0; i < COUNTOF(messages); i++) {
                char text[1024];
                snprintf(text, sizeof text, ONE("%s") "%s", messages[i],
                         DECODE(DIM, "'size'", "DT_INT64", ""));
                autoptr(TestSession) s = session_of(text);
                Tensor *t = NULL;
                autoptr(Status) bad = test_session_fetch(s, "y:0", &t);
                cr_assert_eq(status_code(bad), SR_DATA_LOSS, "%s", messages[i]);
        }
}

Test(parsing_proto, what_is_asked_for_must_be_there)
{
        expect_refused(ONE("") DECODE(DIM, "'x'", "DT_INT64", ""), SR_INVALID_ARGUMENT,
                       "Unknown field: x in message type " DIM);
        expect_refused(ONE("") DECODE(DIM, "'size'", "DT_STRING", ""), SR_INVALID_ARGUMENT,
                       "Unexpected output type for " DIM ".size: string");
        expect_refused(ONE("") DECODE(DIM, "'size'", "DT_INT64, DT_INT64", ""), SR_INVALID_ARGUMENT,
                       "field_names and output_types attributes must have the same length");
        expect_refused(ONE("") DECODE(DIM, "'size'", "DT_INT64",
                                      "attr { key: 'message_format' value { s: 'xml' } } "),
                       SR_INVALID_ARGUMENT, "format must be one of binary or text");
        expect_refused(MESSAGES("dim { size: 0 } ", "") DECODE(DIM, "'size'", "DT_INT64", ""),
                       SR_INVALID_ARGUMENT, "Bufs argument must contain at least one value");
}
