// SPDX-License-Identifier: Apache-2.0
/* A session for tests, whose runs block until the step is done. */
#pragma once
#include "engine/session/sessions.h"

typedef struct TestSession TestSession;

/* The process's engine, made at the first call (which also fills the op registry): two threads. */
Status *test_engine(Engine **ret) MUST_USE;
/* EngineOptions.deterministic; to be set before the first call. */
extern bool test_deterministic;
/* The folder that its ops may touch; to be set before the first call. NULL: none. */
extern const char *test_data_root;
/* One session with that graph (NULL: empty; taken over). Errors of
 * the extend are returned. */
Status *test_session_new(GraphSource *src, TestSession **ret) MUST_USE;
/* The same from graph_text(). */
Status *test_session_text(const char *text, TestSession **ret) MUST_USE;
/* The same with a config. */
Status *test_session_with(const ConfigProto *config, const char *text, TestSession **ret) MUST_USE;
/* One session with a library of functions, a GraphDef as protobuf text. */
Status *test_session_library(const char *text, TestSession **ret) MUST_USE;
/* Extends it by graph_text(). */
Status *test_session_extend(TestSession *s, const char *text) MUST_USE;
/* Another session on its graph. */
Status *test_session_twin(TestSession *of, TestSession **ret) MUST_USE;
void test_session_free(TestSession *s);
AUTOPTR_DEFINE(TestSession, test_session_free)
Session *test_session_of(TestSession *s);

/* Runs a step; ret[i] is a new reference to fetch i's value (NULL for operations). */
Status *test_session_run(TestSession *s, const RunRequest *r, Tensor **ret) MUST_USE;
/* One fetch, nothing fed: *ret is a new reference. */
Status *test_session_fetch(TestSession *s, const char *fetch, Tensor **ret) MUST_USE;
/* One target, nothing fed. */
Status *test_session_target(TestSession *s, const char *target) MUST_USE;

/* Bytes of blocks that are handed out when nothing changes any more: what a step held goes after
 * its result has come. */
int64_t test_settled_bytes(void);
