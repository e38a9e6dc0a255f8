// SPDX-License-Identifier: Apache-2.0
/* What one request may take. Every bound of the HTTP side stands here. */
#pragma once
#include <stddef.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

enum {
        LIMIT_NAME = 128,         /* characters of a session's, graph's or callable's name */
        LIMIT_TARGET = 8192,      /* bytes of a request target */
        LIMIT_HEADERS = 100,      /* header fields of a request */
        LIMIT_SEGMENTS = 64,      /* parts of a path */
        LIMIT_ARGS = 4,           /* named parts of a route's path */
        LIMIT_REQUEST_ID = 128,   /* characters of a client's own X-Request-Id */
        LIMIT_FETCH_DEPTH = 32,   /* nesting of fetches */
        LIMIT_PARTS = 1024,       /* of a multipart body */
        LIMIT_LABELS = 64,        /* labels of a session */
        LIMIT_PAGE = 1000,        /* sessions of a page at most; */
        LIMIT_PAGE_DEFAULT = 100, /* unless asked for less or more */
        LIMIT_IDLE_CONNECTIONS = 20000,
        LIMIT_START_MS = 600000,      /* each step that makes a model's session ready; */
        LIMIT_START_AGAIN_MS = 60000, /* the same while the daemon starts */
};
#define LIMIT_HEADER_BYTES (16 * KIB)
#define LIMIT_ANSWER       ((size_t)2 << 30) /* bytes of an answer */
#define LIMIT_ARENA        (256 * MIB)       /* of a request's small objects */
#define LIMIT_DISCARD      (8 * MIB) /* of a refused body that is read so that the answer arrives */
#define LIMIT_BODY         (1024 * MIB)      /* default of the largest body */
#define LIMIT_PROMISED     ((size_t)4 << 30) /* addresses set aside for bodies that are coming */
#define LIMIT_RAW_COMING   (64 * MIB) /* memory of tensors that are coming as raw bytes, together */
#define LIMIT_TENSOR       (1024 * MIB) /* one tensor of a request */
