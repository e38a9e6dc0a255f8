// SPDX-License-Identifier: Apache-2.0
/* Feeds together, one run, fetches apart. Whatever goes wrong with the whole is tried again with
 * each request alone, so that no request meets another's error. */
#include "engine/session/batch.h"

#include "engine/base/mem.h"

/* One item by itself, as if nobody else had been there. */
static void run_alone(const Batch *b, const BatchItem *it)
{
        RunRequest r = b->request;
        r.feeds = it->feeds;
        r.cancel = it->cancel;
        session_run(b->session, &r, it->done, it->arg);
}

static bool fits_rows(const Batch *b, const RunResult *r)
{
        for (int i = 0; i < r->n; i++)
                if (!r->values[i] || tensor_rank(r->values[i]) < 1 ||
                    tensor_dim(r->values[i], 0) != b->rows)
                        return false;
        return true;
}

/* Rows [from, from + n) of each fetch; slices share the batch's bytes. */
static Status *cut(const RunResult *r, int64_t from, int64_t n, Tensor **ret)
{
        for (int i = 0; i < r->n; i++) {
                Shape s = *tensor_shape(r->values[i]);
                int64_t inner = shape_product(&s, 1, s.rank);
                s.dim[0] = n;
                TRY(tensor_slice(r->values[i], from * inner, &s, &ret[i]));
        }
        return NULL;
}

/* Each call gets its rows of every fetch, as slices that share the step's memory. */
static void hand_out(const Batch *b, const RunResult *r)
{
        int64_t from = 0;
        for (BatchItem *it = b->first; it; from += it->rows, it = it->next) {
                Tensor **values = mem_calloc((size_t)r->n + 1, sizeof *values);
                Status *s = values ? cut(r, from, it->rows, values) : status_oom();
                RunResult mine = { .n = r->n, .values = values, .step_id = r->step_id };
                it->done(it->arg, s, s ? NULL : &mine);
                for (int i = 0; values && i < r->n; i++)
                        tensor_unref(values[i]);
                mem_free(values);
        }
}

/* A step that failed, or whose results are not by rows, says nothing about the single calls: they
 * run alone. */
static void batch_done(void *arg, Status *s, const RunResult *r)
{
        Batch *b = arg;
        if (!s && fits_rows(b, r)) {
                hand_out(b, r);
        } else {
                status_free(s);
                for (BatchItem *it = b->first; it; it = it->next)
                        run_alone(b, it);
        }
        batch_ended(b);
}

/* Feed i of all items, one behind the other. */
static Status *put_together(const Batch *b, int i, Tensor **ret)
{
        autoptr(Tensor) all = NULL;
        const Tensor *one = b->first->feeds[i].value;
        Shape s = *tensor_shape(one);
        int64_t inner = shape_product(&s, 1, s.rank), at = 0;
        s.dim[0] = b->rows;
        TRY(tensor_new(tensor_dtype(one), &s, &all));
        for (const BatchItem *it = b->first; it; at += it->rows * inner, it = it->next)
                TRY(tensor_copy_elements(all, at, it->feeds[i].value, 0, it->rows * inner));
        *ret = steal(&all);
        return NULL;
}

static Status *put_all_together(const Batch *b, Feed *ret)
{
        for (int i = 0; i < b->request.n_feeds; i++) {
                ret[i].key = b->first->feeds[i].key;
                TRY(put_together(b, i, &ret[i].value));
        }
        return NULL;
}

/* The rows of all calls, feed by feed, in the order they came. */
static void run_together(Batch *b)
{
        int n = b->request.n_feeds;
        Feed *feeds = mem_calloc((size_t)n, sizeof *feeds);
        Status *s = feeds ? put_all_together(b, feeds) : status_oom();
        RunRequest r = b->request;
        r.feeds = feeds;
        if (s)
                batch_done(b, s, NULL);
        else
                session_run(b->session, &r, batch_done, b);
        for (int i = 0; feeds && i < n; i++)
                tensor_unref(feeds[i].value);
        mem_free(feeds);
}

/* Those whose clients have gone are not worth a row. */
static void drop_cancelled(Batch *b)
{
        BatchItem **at = &b->first;
        while (*at) {
                BatchItem *it = *at;
                if (!it->cancel || !cancel_fired(it->cancel)) {
                        at = &it->next;
                        continue;
                }
                *at = it->next;
                b->rows -= it->rows;
                b->n--;
                Status *why = cancel_reason(it->cancel);
                it->done(it->arg, why ? why : cancelled("Run call was cancelled"), NULL);
                batch_item_free(it, b->request.n_feeds);
        }
        b->last = at;
}

static void single_done(void *arg, Status *s, const RunResult *r)
{
        Batch *b = arg;
        b->first->done(b->first->arg, s, r);
        batch_ended(b);
}

/* Calls that were cancelled while they waited drop out before. */
void batch_run(Batch *b)
{
        drop_cancelled(b);
        if (b->n == 0) {
                batch_ended(b);
        } else if (b->n == 1) {
                RunRequest r = b->request;
                r.feeds = b->first->feeds;
                r.cancel = b->first->cancel;
                session_run(b->session, &r, single_done, b);
        } else {
                run_together(b);
        }
}
