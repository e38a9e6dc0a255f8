// SPDX-License-Identifier: Apache-2.0
/* The .proto files against the table of TensorFlow's fields: each row is there, and nothing else
 * is. */
#include "proto/message.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(proto_fields, .timeout = 60);

enum {
        COL_OWNER = 1,
        COL_NAME,
        COL_NUMBER,
        COL_LABEL,
        COL_TYPE,
        COL_TYPE_NAME,
        COL_ONEOF,
        COLUMNS
};

static const char *type_word(const ProtoField *f)
{
        static const char *const words[] = { "int32",    "sint32", "sfixed32", "int64",  "sint64",
                                             "sfixed64", "uint32", "fixed32",  "uint64", "fixed64",
                                             "float",    "double", "bool",     "enum",   "string",
                                             "bytes",    "message" };
        return words[f->type];
}

/* Protobuf-c's name of a field's type, "" for scalars. */
static const char *type_name(const ProtoField *f)
{
        if (f->type == PROTOBUF_C_TYPE_MESSAGE)
                return proto_type_of(f)->name;
        if (f->type == PROTOBUF_C_TYPE_ENUM)
                return ((const ProtobufCEnumDescriptor *)f->descriptor)->name;
        return "";
}

static void check_field(char *const *col)
{
        const ProtoType *type = proto_find_message(col[COL_OWNER]);
        cr_assert_not_null(type, "no message %s", col[COL_OWNER]);
        const ProtoField *f = protobuf_c_message_descriptor_get_field_by_name(type, col[COL_NAME]);
        cr_assert_not_null(f, "%s has no %s", col[COL_OWNER], col[COL_NAME]);
        cr_expect_eq(f->id, strtoul(col[COL_NUMBER], NULL, 10), "%s.%s", type->name, f->name);
        cr_expect_eq(proto_is_repeated(f), !strcmp(col[COL_LABEL], "repeated"), "%s.%s", type->name,
                     f->name);
        cr_expect_str_eq(type_word(f), col[COL_TYPE], "%s.%s", type->name, f->name);
        cr_expect_str_eq(type_name(f), col[COL_TYPE_NAME], "%s.%s", type->name, f->name);
        cr_expect_eq(proto_is_oneof(f), *col[COL_ONEOF] != '\0', "%s.%s", type->name, f->name);
}

static void check_enum(char *const *col)
{
        const ProtobufCEnumDescriptor *type = NULL;
        for (size_t i = 0; proto_enum_at(i); i++)
                if (!strcmp(proto_enum_at(i)->name, col[COL_OWNER]))
                        type = proto_enum_at(i);
        cr_assert_not_null(type, "no enum %s", col[COL_OWNER]);
        const ProtobufCEnumValue *v =
                protobuf_c_enum_descriptor_get_value_by_name(type, col[COL_NAME]);
        cr_assert_not_null(v, "%s has no %s", col[COL_OWNER], col[COL_NAME]);
        cr_expect_eq(v->value, strtol(col[COL_NUMBER], NULL, 10), "%s.%s", type->name, v->name);
}

/* Cuts a line at its tabs; columns that are not there are "". */
static void split(char *line, char **col)
{
        for (int i = 0; i < COLUMNS; i++) {
                col[i] = line;
                line += strcspn(line, "\t\n");
                if (*line)
                        *line++ = '\0';
        }
}

/* RunMetadata.session_metadata, ConfigProto.Experimental.disable_optimize_for_static_graph and the
 * one of CompositeTensorVariantMetadata are younger than the table. */
enum { YOUNGER = 3 };

Test(proto_fields, are_those_of_the_table_and_no_others)
{
        autofree char *path = shared_path("facts/proto_fields.tsv");
        FILE *f = fopen(path, "r");
        cr_assert_not_null(f);
        char line[1024], *col[COLUMNS];
        size_t fields = 0, values = 0, have_fields = 0, have_values = 0;
        while (fgets(line, sizeof line, f)) {
                split(line, col);
                if (!strcmp(col[COL_LABEL], "enum")) {
                        check_enum(col);
                        values++;
                } else if (!strcmp(col[COL_LABEL], "optional") ||
                           !strcmp(col[COL_LABEL], "repeated")) {
                        check_field(col);
                        fields++;
                }
        }
        fclose(f);
        for (size_t i = 0; proto_message_at(i); i++)
                if (strncmp(proto_message_at(i)->name, "google.", 7))
                        have_fields += proto_message_at(i)->n_fields;
        for (size_t i = 0; proto_enum_at(i); i++)
                have_values += proto_enum_at(i)->n_value_names;
        cr_assert_gt(fields, 1000);
        cr_assert_eq(have_fields, fields + YOUNGER);
        cr_assert_eq(have_values, values);
}

Test(proto_fields, fit_the_limits_that_the_readers_rely_on)
{
        size_t maps = 0;
        for (size_t i = 0; proto_message_at(i); i++) {
                const ProtoType *type = proto_message_at(i);
                cr_expect_leq(type->n_fields, PROTO_MAX_FIELDS, "%s", type->name);
                for (unsigned j = 0; j < type->n_fields; j++) {
                        const ProtoField *f = &type->fields[j];
                        cr_expect_lt(strlen(f->name), PROTO_MAX_NAME, "%s", f->name);
                        maps += proto_is_map(f);
                }
        }
        cr_assert_eq(maps, 28);
}

Test(proto_fields, repeated_numbers_are_packed)
{
        for (size_t i = 0; proto_message_at(i); i++) {
                const ProtoType *type = proto_message_at(i);
                for (unsigned j = 0; j < type->n_fields; j++) {
                        const ProtoField *f = &type->fields[j];
                        bool packable = f->type != PROTOBUF_C_TYPE_STRING &&
                                        f->type != PROTOBUF_C_TYPE_BYTES &&
                                        f->type != PROTOBUF_C_TYPE_MESSAGE && proto_is_repeated(f);
                        cr_expect_eq(!!(f->flags & PROTOBUF_C_FIELD_FLAG_PACKED), packable, "%s.%s",
                                     type->name, f->name);
                }
        }
}

Test(proto_fields, messages_are_found_by_full_name)
{
        cr_assert_str_eq(proto_find_message("tensorflow.GraphDef")->name, "tensorflow.GraphDef");
        cr_assert_str_eq(proto_find_message("tensorflow.AttrValue.ListValue")->short_name,
                         "ListValue");
        cr_assert_null(proto_find_message("GraphDef"));
        cr_assert_null(proto_find_message(""));
}
