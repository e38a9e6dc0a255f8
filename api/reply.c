// SPDX-License-Identifier: Apache-2.0
#include "api/reply.h"

#include "api/limits.h"

/* An answer is 200 without a body until somebody says otherwise. */
void reply_init(Reply *r)
{
        r->status = 200;
        r->type = NULL;
        r->body = BUF(LIMIT_ANSWER);
        r->location[0] = r->etag[0] = r->detail[0] = 0;
        r->allow = NULL;
        r->json_length = 0;
        r->close = false;
        r->code = SR_OK;
}

void reply_reset(Reply *r)
{
        bool close = r->close;
        const char *allow = r->allow;
        buf_done(&r->body);
        reply_init(r);
        r->close = close;
        r->allow = allow;
}

void reply_done(Reply *r)
{
        buf_done(&r->body);
}
