// SPDX-License-Identifier: Apache-2.0
/* Words for tests of queues: what a queue holds and who waits at it. */
#pragma once
#include "tests/engine/session_fixture.h"

/* What can be done with a queue `q` of float scalars: put x, get one, n or up to n, close it, and
 * how many there are. */
#define QUEUE_OPS                                                      \
        "x = Placeholder dtype: float\n"                               \
        "put = QueueEnqueueV2(q, x)\n"                                 \
        "get = QueueDequeueV2(q) component_types: [float]\n"           \
        "n = Placeholder dtype: float\n"                               \
        "n32 = Cast(n) DstT: int32\n"                                  \
        "getn = QueueDequeueManyV2(q, n32) component_types: [float]\n" \
        "size = QueueSizeV2(q)\n"                                      \
        "shut = QueueCloseV2(q)\n"
/* And three at once, closing with what waits, whether it is closed. */
#define MORE_QUEUE_OPS                                                 \
        "many = Const float [3] { 11, 12, 13 }\n"                      \
        "put3 = QueueEnqueueManyV2(q, many)\n"                         \
        "upto = QueueDequeueUpToV2(q, n32) component_types: [float]\n" \
        "kill = QueueCloseV2(q) cancel_pending_enqueues: true\n"       \
        "closed = QueueIsClosedV2(q)\n"                                \
        "is = Cast(closed) DstT: float\n"

/* The queue as it stands; ends the test when there is none. */
QueueInfo queue_now(const char *name);
/* Until that many enqueues and dequeues wait; ends the test after 10 s. */
void wait_for(const char *name, int64_t enqueues, int64_t dequeues);
/* The run ends well; its first value's elements are n floats. */
void finish_floats(Call *c, int n, const float *want);
#define FINISH_FLOATS(c, ...) \
        finish_floats(c, sizeof((float[]){ __VA_ARGS__ }) / sizeof(float), (float[]){ __VA_ARGS__ })
/* The run ends with that error, whose message begins with text. */
void finish_fails(Call *c, StatusCode code, const char *text);
/* Runs targets, one after another. */
void enqueue_all(const char *target, const char *feed, int n, const float *values);
#define ENQUEUE(target, feed, ...)                                                  \
        enqueue_all(target, feed, sizeof((float[]){ __VA_ARGS__ }) / sizeof(float), \
                    (float[]){ __VA_ARGS__ })
