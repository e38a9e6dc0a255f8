// SPDX-License-Identifier: Apache-2.0
/* What the files of an exchange share: exchange.c (from head to handler), exchange_body.c (what
 * comes), answer.c (sending), stream.c (answers that go on). */
#pragma once
#include "api/big_body.h"
#include "api/exchange.h"
#include "api/gzip.h"
#include "api/http_loop.h"
#include "api/raw_body.h"

#define LONG_BODY (4 * MIB) /* takes milliseconds to read */
enum {
        KEEP_ALIVE_S = 60,      /* for the next request's head to be complete */
        SLOWEST_BODY = 4096,    /* bytes per second, once the grace is over */
        SLOWEST_ANSWER = 16384, /* bytes per second that a client must take */
};
#define SECOND INT64_C(1000000000)

typedef enum State { RUNNING, SUSPENDED, ANSWERED, ABANDONED } State;
typedef enum Phase { PHASE_HEAD, PHASE_BODY, PHASE_ANSWER } Phase;

struct Exchange {
        Request request; /* first: a Request * is an Exchange * */
        Exchanges *all;
        struct MHD_Connection *mhd;
        HttpLoop *loop; /* which serves it */
        Conn *conn;
        Phase phase;
        bool counted;    /* in context.inflight */
        bool refused;    /* the answer is known; the body is only read to be polite */
        bool takes_gzip; /* the client does */
        size_t received;
        BigBody big;
        RawBody raw;
        Gunzip *gunzip; /* of a body that comes packed, or NULL */
        int64_t body_start_ns;
        atomic_int refs, state;
        uint64_t ticket; /* of the watch; valid while suspended and watched */
        bool watched;
        Exchange *prev, *next; /* guarded by all->lock */
        Job job;
        void (*go_on)(Request *); /* of request_on_worker() */
        void (*more)(Request *);  /* of request_stream(); NULL once its end is known */
        size_t sent;              /* of the piece of a stream that is being sent */
};

void exchange_ref(Exchange *x);
void exchange_unref(Exchange *x);
/* When the connection is cut unless something happens before; 0: never. */
void exchange_deadline(Exchange *x, int64_t ns);
/* Holds the connection until somebody answers, without a thread. */
void exchange_suspend(Exchange *x);

/* exchange_body.c: a body of that length begins (-1: not known). */
void body_expect(Exchange *x, int64_t length);
/* The next n bytes of it. */
Status *body_add(Exchange *x, const char *data, size_t n) MUST_USE;
/* No more come. */
void body_whole(Exchange *x);
/* Its memory goes, unless somebody took it over. */
void body_end(Exchange *x);

/* answer.c: hands the reply to libmicrohttpd. */
enum MHD_Result answer_send(Exchange *x);
/* The same of one that owes nothing to the request, whose reply somebody may still be writing. */
enum MHD_Result answer_send_abandoned(Exchange *x);
/* stream.c: a response that takes its bytes from x as they come; NULL without memory. */
struct MHD_Response *stream_response(Exchange *x);
