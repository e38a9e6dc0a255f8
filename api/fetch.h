// SPDX-License-Identifier: Apache-2.0
/* Fetch: a nesting of names becomes a flat list without repeats, and the values take the nesting's
 * place again in the answer. */
#pragma once
#include "api/json_tensor.h"
#include "api/writer.h"
#include "engine/engine.h"

typedef enum FetchKind {
        FETCH_LEAF,
        FETCH_ARRAY,
        FETCH_OBJECT,
        FETCH_HANDLE, /* a leaf that is kept in the session */
        FETCH_SPARSE, /* three leaves: indices, values, dense_shape */
} FetchKind;

typedef struct Fetch {
        FetchKind kind;
        const char *key;     /* in an object */
        int leaf;            /* index into the names */
        struct Fetch *items; /* of the others */
        size_t n;
} Fetch;

typedef struct FetchNames {
        Arena *arena;
        const char **names;
        int n, cap;
        Map seen; /* name -> index + 1 */
} FetchNames;

void fetch_names_done(FetchNames *f);

/* Reads a nesting into *ret, all in the arena of names. Pointers in errors start with pointer. */
Status *fetch_parse(JsonSpan value, const char *pointer, FetchNames *names, Fetch *ret) MUST_USE;
/* Adds the names of a list of strings (or one string), in order. */
Status *fetch_parse_names(JsonSpan value, const char *pointer, FetchNames *names) MUST_USE;

/* Puts the pointer of the leaf that an error's text names ("Fetch argument 'x:0' ..."), unless the
 * error has a pointer. s is returned. */
Status *fetch_point(const Fetch *f, const FetchNames *names, Arena *arena, Status *s) MUST_USE;

typedef struct FetchOutput {
        JsonTensorStyle style;
        bool int64_as_string;
        JsonHelp help;           /* for long texts */
        Buf *binary;             /* of JSON_BINARY */
        Session *session;        /* keeps tensors for handles; NULL: those are null */
        const FetchNames *names; /* which name those by their operations */
} FetchOutput;
/* Writes the values (NULL: an operation's) in the nesting's form. Fails when a value cannot be
 * kept. */
Status *fetch_write(const Fetch *f, Tensor *const *values, const FetchOutput *o,
                    Writer *w) MUST_USE;
