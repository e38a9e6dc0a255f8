// SPDX-License-Identifier: Apache-2.0
/* Where the bytes of a request's body go as they come. */
#include "api/exchange_inside.h"

/* A body whose length is known never gets more room than that; it grows as it comes, lest a promise
 * alone take memory. */
void body_expect(Exchange *x, int64_t length)
{
        Buf *body = &x->request.body;
        if (length <= 0 || x->gunzip)
                return;
        raw_body_start(&x->raw, &x->request, (size_t)length, &x->all->raw);
        if (x->request.raw)
                length = x->request.json_length;
        body->max = MIN(body->max, (size_t)length);
        big_body_start(&x->big, &x->request, (size_t)length, &x->all->promised);
        if (length >= SPARE_LEAST && !body->data)
                spares_take(&x->all->spares, body);
        buf_reserve(body, MIN((size_t)length, MIB));
}

Status *body_add(Exchange *x, const char *data, size_t n)
{
        Request *r = &x->request;
        Status *s = NULL;
        big_body_claim(&x->big, &r->body, n);
        if (x->gunzip)
                s = gunzip_add(x->gunzip, data, n, &r->body);
        else
                raw_body_add(&x->raw, r, data, n);
        big_body_came(&x->big, r);
        return s;
}

void body_whole(Exchange *x)
{
        if (!x->refused)
                big_body_whole(&x->big, &x->request, &x->all->promised);
        raw_body_whole(&x->raw, &x->all->raw);
}

/* Memory of a usual size is kept for the next request. */
void body_end(Exchange *x)
{
        big_body_end(&x->big, &x->request, &x->all->promised);
        raw_body_end(&x->raw, &x->request, &x->all->raw);
        spares_keep(&x->all->spares, &x->request.body);
        buf_done(&x->request.body);
        gunzip_free(x->gunzip);
}
