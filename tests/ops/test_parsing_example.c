// SPDX-License-Identifier: Apache-2.0
/* Examples: features by key, as sparse, dense and ragged tensors. */
#include "tests/lib/op_case.h"

/* a: [1, 2]; a: [3]; s: ["hi"]; f: [1.0]; no feature at all */
#define A12                          \
        B("\x0a\x0d\x0a\x0b\x0a\x01" \
          "a"                        \
          "\x12\x06\x1a\x04\x0a\x02\x01\x02")
#define A3                           \
        B("\x0a\x0c\x0a\x0a\x0a\x01" \
          "a"                        \
          "\x12\x05\x1a\x03\x0a\x01\x03")
#define S B("\x0a\x0d\x0a\x0b\x0a\x01s\x12\x06\x0a\x04\x0a\x02hi")
#define F                            \
        B("\x0a\x0f\x0a\x0d\x0a\x01" \
          "f"                        \
          "\x12\x08\x12\x06\x0a\x04\x00\x00\x80\x3f")
/* 33 features of one 3 each */
#define EACH(key) "\x0a\x0a\x0a\x01" key "\x12\x05\x1a\x03\x0a\x01\x03"
#define MANY                                                                                      \
        B("\x0a\x8c\x03" EACH("a") EACH("b") EACH("c") EACH("d") EACH("e") EACH("f") EACH("g")    \
                  EACH("h") EACH("i") EACH("j") EACH("k") EACH("l") EACH("m") EACH("n") EACH("o") \
                          EACH("p") EACH("q") EACH("r") EACH("s") EACH("t") EACH("u") EACH("v")   \
                                  EACH("w") EACH("x") EACH("y") EACH("z") EACH("A") EACH("B")     \
                                          EACH("C") EACH("D") EACH("E") EACH("F") EACH("G"))
// clang-format off
/* Lists of tagged values; of numbers of all lengths; a key twice; two examples with unknown fields between
 * them; odd but good ones; bad ones. */
#define TAGGED B("\012\054\012\027\012\001\141\022\022\032\020\010\001\010\254\002\010\376" \
          "\377\377\377\377\377\377\377\377\001\012\021\012\001\146\022\014\022\012" \
          "\015\000\000\300\077\015\000\000\000\300")
#define LONG_INTS B("\012\070\012\066\012\001\141\022\061\032\057\012\055\377\377\377\377\377" \
          "\377\377\377\377\001\177\200\001\205\200\200\200\200\200\200\200\100\200" \
          "\200\200\200\200\200\200\200\200\001\000\377\377\377\377\377\377\377\377" \
          "\177\200\200\001")
#define TWICE B("\012\045\012\012\012\001\141\022\005\032\003\012\001\001\012\012\012\001" \
          "\170\022\005\032\003\012\001\011\012\013\012\001\141\022\006\032\004\012" \
          "\002\002\003")
#define TWICE_EMPTY B("\012\024\012\013\012\001\141\022\006\032\004\012\002\001\002\012\005\012" \
          "\001\141\022\000")
#define JOINED B("\012\015\012\013\012\001\141\022\006\032\004\012\002\001\002\020\005\032" \
          "\002\172\172\041\061\062\063\064\065\066\067\070\055\061\062\063\064\012" \
          "\022\012\020\012\001\163\022\013\012\011\012\001\170\012\000\012\002\171" \
          "\172")
#define UNASKED B("\012\026\012\010\012\001\161\022\003\377\377\377\012\012\012\001\141\022" \
          "\005\032\003\012\001\003")
#define TURNED B("\012\014\012\012\022\005\032\003\012\001\004\012\001\141")
#define PIECES B("\012\030\012\026\012\001\141\022\021\032\007\012\002\001\002\012\001\003" \
          "\022\006\012\004\000\000\200\077")
#define BEYOND B("\012\177\012\012\012\001\141\022\005\032\003\012\001\005")
#define ENDLESS B("\012\026\012\024\012\001\141\022\017\032\015\012\013\377\377\377\377\377" \
          "\377\377\377\377\377\001")
#define CUT_INT B("\012\015\012\013\012\001\141\022\006\032\004\012\002\001\200")
#define CUT_FLOAT B("\012\020\012\016\012\001\146\022\011\022\007\012\005\000\000\000\000\000")
#define CUT_TAGGED B("\012\023\012\021\012\001\146\022\014\022\012\015\000\000\000\000\014\000" \
          "\000\000\000")
#define CUT_TEXT B("\012\015\012\013\012\001\163\022\006\012\004\012\005\141\142")
#define FOURTH B("\012\011\012\007\012\001\141\022\002\042\000")
#define THIRD_FIELD B("\012\016\012\014\012\001\141\022\005\032\003\012\001\001\032\000")
#define NO_VALUE B("\012\005\012\003\012\001\141")
#define GROUP B("\012\014\012\012\012\001\141\022\005\032\003\012\001\001\023")
// clang-format on
#define NONE B("")
#define BAD  B("\x0a\x7f\x01")

#define SPARSE_ONE "Nsparse: 1, Ndense: 0, sparse_types: [int64], Tdense: [], dense_shapes: []"
#define DENSE(shape) \
        "Nsparse: 0, Ndense: 1, sparse_types: [], Tdense: [int64], dense_shapes: [" shape "]"
#define V2(sparse, n, dense, shapes, ragged, splits)                                            \
        "sparse_types: " sparse ", num_sparse: " n ", Tdense: " dense ", dense_shapes: " shapes \
        ", ragged_value_types: " ragged ", ragged_split_types: " splits

static const OpCase parsing_example[] = {
        { "sparse values of a batch", "ParseExample", SPARSE_ONE,
          .in = { BYTES((3), A12, NONE, A3), STR((0)), STR((), "a") },
          .out = { I64((3, 2), 0, 0, 0, 1, 2, 0), I64((3), 1, 2, 3), I64((2), 3, 2) } },
        { "some of many features", "ParseExample",
          "Nsparse: 2, Ndense: 0, sparse_types: [int64, int64], Tdense: [], dense_shapes: []",
          .in = { BYTES((2), MANY, A12), STR((0)), STR((), "G"), STR((), "a") },
          .out = { I64((1, 2), 0, 0), I64((3, 2), 0, 0, 1, 0, 1, 1), I64((1), 3), I64((3), 3, 1, 2),
                   I64((2), 2, 1), I64((2), 2, 2) } },
        { "sparse values of no example", "ParseExample", SPARSE_ONE,
          .in = { BYTES((0)), STR((0)), STR((), "a") },
          .out = { I64((0, 2)), I64((0)), I64((2), 0, 0) } },
        { "dense values", "ParseExample", DENSE("[2]"),
          .in = { BYTES((2), A12, NONE), STR((0)), STR((), "a"), I64((2), 8, 9) },
          .out = { I64((2, 2), 1, 2, 8, 9) } },
        { "dense values of other lengths are filled up", "ParseExample", DENSE("[?]"),
          .in = { BYTES((3), A3, A12, NONE), STR((0)), STR((), "a"), I64((), 7) },
          .out = { I64((3, 2), 3, 7, 1, 2, 7, 7) } },
        { "with zeros, too", "ParseExample", DENSE("[?, 1]"),
          .in = { BYTES((2), A3, A12), STR((0)), STR((), "a"), I64((0)) },
          .out = { I64((2, 2, 1), 3, 0, 1, 2) } },
        { "refuses lengths that do not divide", "ParseExample", DENSE("[?, 2]"),
          .in = { BYTES((1), A3), STR((0)), STR((), "a"), I64((0)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Key: a, Index: 0.  Number of int64 values is not a multiple of stride "
                     "length. Saw 1 "
                     "values but output shape is: [?,2]" },
        { "refuses other counts", "ParseExample", DENSE("[3]"),
          .in = { BYTES((1), A12), STR((1), "n"), STR((), "a"), I64((0)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Name: n, Key: a, Index: 0.  Number of int64 values != expected.  Values "
                     "size: 2 but output shape: [3]" },
        { "refuses a missing value without default", "ParseExample", DENSE("[2]"),
          .in = { BYTES((1), NONE), STR((0)), STR((), "a"), I64((0)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Feature: a (data type: int64) is required but could not be found." },
        { "refuses other types", "ParseExample", SPARSE_ONE,
          .in = { BYTES((1), S), STR((0)), STR((), "s") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Data types don't match. Expected type: int64, Actual type: string" },
        { "refuses what is no Example", "ParseExample", SPARSE_ONE,
          .in = { BYTES((1), BAD), STR((0)), STR((), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Could not parse example input" },
        { "refuses as many names as it likes", "ParseExample", SPARSE_ONE,
          .in = { BYTES((1), A3), STR((2)), STR((), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "len(names) == len(serialized)" },
        { "refuses unknown inner sizes", "ParseExample", DENSE("[2, ?]"),
          .in = { BYTES((1), A3), STR((0)), STR((), "a"), I64((0)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "unknown inner dimensions" },
        { "all kinds at once", "ParseExampleV2",
          V2("[int64, string]", "2", "[float]", "[[]]", "[int64]", "[int32]"),
          .in = { BYTES((3), A12, S, F), STR((0)), STR((2), "a", "s"), STR((1), "f"), STR((1), "a"),
                  F32((), 5) },
          .out = { I64((2, 2), 0, 0, 0, 1), I64((1, 2), 1, 0), I64((2), 1, 2), STR((1), "hi"),
                   I64((2), 3, 2), I64((2), 3, 1), F32((3), 5, 5, 1), I64((2), 1, 2),
                   I32((4), 0, 2, 2, 2) } },
        { "one example without a batch", "ParseExampleV2",
          V2("[string]", "1", "[string]", "[[1]]", "[]", "[]"),
          .in = { BYTES((), S), STR((0)), STR((1), "s"), STR((1), "s"), STR((0)), STR((1), "x") },
          .out = { I64((1, 1), 0), STR((1), "hi"), I64((1), 1), STR((1), "hi") } },
        { "refuses as many keys as it likes", "ParseExampleV2",
          V2("[int64]", "1", "[]", "[]", "[]", "[]"),
          .in = { BYTES((1), A3), STR((0)), STR((2), "a", "b"), STR((0)), STR((0)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Expected 1 keys, got 2" },
        { "a single one", "ParseSingleExample",
          "num_sparse: 1, sparse_keys: [\"a\"], dense_keys: [\"a\"], sparse_types: [int64], "
          "Tdense: [int64], dense_shapes: [[2]]",
          .in = { BYTES((), A12), I64((0)) },
          .out = { I64((2, 1), 0, 1), I64((2), 1, 2), I64((1), 2), I64((2), 1, 2) } },
        { "refuses a single batch", "ParseSingleExample",
          "num_sparse: 0, sparse_keys: [], dense_keys: [\"a\"], sparse_types: [], "
          "Tdense: [int64], dense_shapes: [[2]]",
          .in = { BYTES((1), A12), I64((0)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Expected serialized to be a scalar, got shape: [1]" },
};
OP_CASES(ParsingExample, parsing_example)

static const OpCase wire[] = {
#define SPARSE(types, n) \
        "Nsparse: " n ", Ndense: 0, sparse_types: [" types "], Tdense: [], dense_shapes: []"
#define FLOATS "Nsparse: 0, Ndense: 1, sparse_types: [], Tdense: [float], dense_shapes: [[2]]"
        { "reads values with tags", "ParseExample", SPARSE("int64, float", "2"),
          .in = { BYTES((1), TAGGED), STR((0)), STR((), "a"), STR((), "f") },
          .out = { I64((3, 2), 0, 0, 0, 1, 0, 2), I64((2, 2), 0, 0, 0, 1), I64((3), 1, 300, -2),
                   F32((2), 1.5f, -2), I64((2), 1, 3), I64((2), 1, 2) } },
        { "reads dense values with tags", "ParseExample", FLOATS,
          .in = { BYTES((1), TAGGED), STR((0)), STR((), "f"), F32((0)) },
          .out = { F32((1, 2), 1.5f, -2) } },
        { "reads integers of all lengths", "ParseExample", DENSE("[8]"),
          .in = { BYTES((1), LONG_INTS), STR((0)), STR((), "a"), I64((0)) },
          .out = { I64((1, 8), -1, 127, 128, (1LL << 62) + 5, INT64_MIN, 0, INT64_MAX, 16384) } },
        { "takes the last of a key", "ParseExample", SPARSE("int64", "1"),
          .in = { BYTES((1), TWICE), STR((0)), STR((), "a") },
          .out = { I64((2, 2), 0, 0, 0, 1), I64((2), 2, 3), I64((2), 1, 2) } },
        { "takes the last of a key, be it empty", "ParseExample", SPARSE("int64", "1"),
          .in = { BYTES((1), TWICE_EMPTY), STR((0)), STR((), "a") },
          .out = { I64((0, 2)), I64((0)), I64((2), 1, 0) } },
        { "takes the last dense one that has values", "ParseExample", DENSE("[2]"),
          .in = { BYTES((1), TWICE_EMPTY), STR((0)), STR((), "a"), I64((2), 8, 9) },
          .out = { I64((1, 2), 1, 2) } },
        { "reads examples one behind the other", "ParseExample", SPARSE("int64, string", "2"),
          .in = { BYTES((1), JOINED), STR((0)), STR((), "a"), STR((), "s") },
          .out = { I64((2, 2), 0, 0, 0, 1), I64((3, 2), 0, 0, 0, 1, 0, 2), I64((2), 1, 2),
                   STR((3), "x", "", "yz"), I64((2), 1, 2), I64((2), 1, 3) } },
        { "does not look at what nobody asks for", "ParseExample", DENSE("[1]"),
          .in = { BYTES((2), UNASKED, TURNED), STR((0)), STR((), "a"), I64((0)) },
          .out = { I64((2, 1), 3, 4) } },
        { "reads the first piece of the first list", "ParseExample", DENSE("[2]"),
          .in = { BYTES((1), PIECES), STR((0)), STR((), "a"), I64((0)) },
          .out = { I64((1, 2), 1, 2) } },
        { "reads a message up to the end of the one that it is in", "ParseExample", DENSE("[1]"),
          .in = { BYTES((1), BEYOND), STR((0)), STR((), "a"), I64((0)) },
          .out = { I64((1, 1), 5) } },
        { "reads a key for two", "ParseExample", SPARSE("int64, int64", "2"),
          .in = { BYTES((1), A3), STR((0)), STR((), "a"), STR((), "a") },
          .out = { I64((1, 2), 0, 0), I64((1, 2), 0, 0), I64((1), 3), I64((1), 3), I64((2), 1, 1),
                   I64((2), 1, 1) } },
        { "refuses endless integers", "ParseExample", SPARSE("int64", "1"),
          .in = { BYTES((1), ENDLESS), STR((0)), STR((), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Name: <unknown>, Key: a, Index: 0.  Can't parse serialized Example." },
        { "refuses integers that are cut", "ParseExample", DENSE("[2]"),
          .in = { BYTES((2), A12, CUT_INT), STR((0)), STR((), "a"), I64((0)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Name: <unknown>, Key: a, Index: 1.  Can't parse serialized Example." },
        { "refuses floats that are cut", "ParseExample", FLOATS,
          .in = { BYTES((1), CUT_FLOAT), STR((0)), STR((), "f"), F32((0)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Can't parse serialized Example." },
        { "refuses floats with other tags", "ParseExample", FLOATS,
          .in = { BYTES((1), CUT_TAGGED), STR((0)), STR((), "f"), F32((0)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Can't parse serialized Example." },
        { "refuses texts that are cut", "ParseExample", SPARSE("string", "1"),
          .in = { BYTES((1), CUT_TEXT), STR((0)), STR((), "s") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Can't parse serialized Example." },
        { "refuses a fourth kind", "ParseExample", SPARSE("int64", "1"),
          .in = { BYTES((1), FOURTH), STR((0)), STR((), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Unsupported datatype." },
        { "refuses entries with more than key and value", "ParseExample", SPARSE("int64", "1"),
          .in = { BYTES((1), THIRD_FIELD), STR((0)), STR((), "b") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Could not parse example input, value: '\\n" },
        { "refuses entries with less", "ParseExample", SPARSE("int64", "1"),
          .in = { BYTES((1), NO_VALUE), STR((0)), STR((), "b") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Could not parse example input, value: '\\n\\005\\n\\003\\n\\001a'" },
        { "refuses groups", "ParseExample", SPARSE("int64", "1"),
          .in = { BYTES((1), GROUP), STR((0)), STR((), "b") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Could not parse example input, value: '" },
        { "refuses other sparse types", "ParseExample", SPARSE("float", "1"),
          .in = { BYTES((1), A3), STR((0)), STR((), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Data types don't match. Expected type: float, Actual type: int64" },
        { "refuses other dense types", "ParseExample", FLOATS,
          .in = { BYTES((1), A3), STR((0)), STR((), "a"), F32((0)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Data types don't match. Data type: int64 but expected type: float" },
        { "names the key of a single one", "ParseSingleExample",
          "num_sparse: 0, sparse_keys: [], dense_keys: [\"a\"], sparse_types: [], "
          "Tdense: [int64], dense_shapes: [[3]]",
          .in = { BYTES((), A12), I64((0)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Key: a.  Can't parse serialized Example." },
        { "misses the key of a single one", "ParseSingleExample",
          "num_sparse: 0, sparse_keys: [], dense_keys: [\"b\"], sparse_types: [], "
          "Tdense: [int64], dense_shapes: [[3]]",
          .in = { BYTES((), A12), I64((0)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Feature: b (data type: int64) is required but could not be found." },
};
OP_CASES(ParsingWire, wire)

/* Two messages {size: 3, name: "a"} and {}. */
#define DIM "field_names: [\"name\", \"size\"], message_type: \"tensorflow.TensorShapeProto.Dim\""
static const OpCase encoded[] = {
        { "writes fields in the order of their numbers", "EncodeProto", DIM,
          .in = { I32((2, 2), 1, 1, 0, 0), STR((2, 1), "a", ""), I64((2, 1), 3, 0) },
          .out = { STR((2), "\x08\x03\x12\x01\x61", "") } },
        { "writes no messages", "EncodeProto", DIM, .in = { I32((0, 2)), STR((0, 1)), I64((0, 1)) },
          .out = { STR((0)) } },
        { "writes messages without a field", "EncodeProto", DIM,
          .in = { I32((1, 2)), STR((1, 0)), I64((1, 0)) }, .out = { STR((1), "") } },
        { "writes no more than there is", "EncodeProto", DIM,
          .in = { I32((1, 2), 1, 2), STR((1, 1), "a"), I64((1, 1), 3) },
          .fails = SR_INVALID_ARGUMENT, .message = "Size to write must not be larger" },
        { "knows the fields of a message", "EncodeProto",
          "field_names: [\"x\"], message_type: \"tensorflow.TensorShapeProto.Dim\"",
          .in = { I32((1, 1), 1), STR((1, 1), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Unknown field: x in message type" },
        { "knows the types of fields", "EncodeProto",
          "field_names: [\"size\"], message_type: \"tensorflow.TensorShapeProto.Dim\"",
          .in = { I32((1, 1), 1), STR((1, 1), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Incompatible type for field size" },
        { "knows messages", "EncodeProto", "field_names: [\"n\"], message_type: \"p.M\"",
          .in = { I32((1, 1), 1), I32((1, 1), 1) }, .fails = SR_INVALID_ARGUMENT,
          .message = "No descriptor found for message type p.M" },
        { "reads no files", "EncodeProto",
          "field_names: [\"n\"], message_type: \"p.M\", descriptor_source: \"/etc/passwd\"",
          .in = { I32((1, 1), 1), I32((1, 1), 1) }, .fails = SR_INVALID_ARGUMENT,
          .message = "bytes:// and local:// only" },
};
OP_CASES(parsing, encoded)
