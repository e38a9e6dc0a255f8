// SPDX-License-Identifier: Apache-2.0
/* A binary heap of deadlines under one lock. */
#include "engine/exec/timer.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include <pthread.h>
#include <time.h>

struct Timers {
        pthread_mutex_t lock; /* guards: everything below */
        pthread_cond_t changed, ran;
        Timer **heap;
        int n, cap;
        Timer *running;
        bool stopping;
        pthread_t thread;
};

static void place(Timers *ts, int i, Timer *t)
{
        ts->heap[i] = t;
        t->index = i;
}

static void sift_up(Timers *ts, int i, Timer *t)
{
        for (; i > 0 && ts->heap[(i - 1) / 2]->at_ns > t->at_ns; i = (i - 1) / 2)
                place(ts, i, ts->heap[(i - 1) / 2]);
        place(ts, i, t);
}

/* Each timer knows its place in the heap, to be taken out from the middle. */
static void sift_down(Timers *ts, int i, Timer *t)
{
        for (int child; (child = 2 * i + 1) < ts->n; i = child) {
                if (child + 1 < ts->n && ts->heap[child + 1]->at_ns < ts->heap[child]->at_ns)
                        child++;
                if (ts->heap[child]->at_ns >= t->at_ns)
                        break;
                place(ts, i, ts->heap[child]);
        }
        place(ts, i, t);
}

/* The last one fills the gap and finds its own place from there. */
static void take_out(Timers *ts, Timer *t)
{
        int i = t->index;
        Timer *last = ts->heap[--ts->n];
        t->index = -1;
        if (last == t)
                return;
        if (i > 0 && ts->heap[(i - 1) / 2]->at_ns > last->at_ns)
                sift_up(ts, i, last);
        else
                sift_down(ts, i, last);
}

/* On the monotonic clock, as the condition is set up. */
static void sleep_until(Timers *ts, int64_t at_ns)
{
        int64_t left = MAX(at_ns - clock_ns(), (int64_t)0);
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        int64_t ns = t.tv_nsec + left % 1000000000;
        t.tv_sec += left / 1000000000 + ns / 1000000000;
        t.tv_nsec = ns % 1000000000;
        pthread_cond_timedwait(&ts->changed, &ts->lock, &t);
}

/* Functions run without the lock; timer_stop() waits for one that is running. */
static void *timer_thread(void *arg)
{
        Timers *ts = arg;
        pthread_mutex_lock(&ts->lock);
        while (!ts->stopping) {
                if (!ts->n) {
                        pthread_cond_wait(&ts->changed, &ts->lock);
                        continue;
                }
                Timer *t = ts->heap[0];
                if (t->at_ns > clock_ns()) {
                        sleep_until(ts, t->at_ns);
                        continue;
                }
                take_out(ts, t);
                ts->running = t;
                pthread_mutex_unlock(&ts->lock);
                t->fn(t);
                pthread_mutex_lock(&ts->lock);
                ts->running = NULL;
                pthread_cond_broadcast(&ts->ran);
        }
        pthread_mutex_unlock(&ts->lock);
        return NULL;
}

/* The thread starts at once. */
Status *timers_new(Timers **ret)
{
        Timers *ts = mem_calloc(1, sizeof *ts);
        if (!ts)
                return status_oom();
        pthread_mutex_init(&ts->lock, NULL);
        pthread_condattr_t monotonic;
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&ts->changed, &monotonic);
        pthread_condattr_destroy(&monotonic);
        pthread_cond_init(&ts->ran, NULL);
        if (pthread_create(&ts->thread, NULL, timer_thread, ts)) {
                mem_free(ts);
                return resource_exhausted("cannot start the timer thread");
        }
        *ret = ts;
        return NULL;
}

/* Timers that are still set never fire. */
void timers_free(Timers *ts)
{
        if (!ts)
                return;
        pthread_mutex_lock(&ts->lock);
        ts->stopping = true;
        pthread_cond_signal(&ts->changed);
        pthread_mutex_unlock(&ts->lock);
        pthread_join(ts->thread, NULL);
        pthread_cond_destroy(&ts->changed);
        pthread_cond_destroy(&ts->ran);
        pthread_mutex_destroy(&ts->lock);
        mem_free(ts->heap);
        mem_free(ts);
}

/* Here timer_set() can fail, and nowhere else. */
static Status *make_room(Timers *ts)
{
        if (ts->n < ts->cap)
                return NULL;
        int cap = ts->cap ? ts->cap * 2 : 64;
        Timer **heap = mem_realloc(ts->heap, (size_t)cap * sizeof *heap);
        if (!heap)
                return status_oom();
        ts->heap = heap;
        ts->cap = cap;
        return NULL;
}

/* The thread is woken only when this one is now the first. */
Status *timer_set(Timers *ts, Timer *t, int64_t at_ns, void (*fn)(Timer *))
{
        pthread_mutex_lock(&ts->lock);
        Status *s = make_room(ts);
        if (!s) {
                t->fn = fn;
                t->at_ns = at_ns;
                ts->n++;
                sift_up(ts, ts->n - 1, t);
                if (t->index == 0)
                        pthread_cond_signal(&ts->changed);
        }
        pthread_mutex_unlock(&ts->lock);
        return s;
}

void timer_clear(Timers *ts, Timer *t)
{
        pthread_mutex_lock(&ts->lock);
        while (ts->running == t && !pthread_equal(ts->thread, pthread_self()))
                pthread_cond_wait(&ts->ran, &ts->lock);
        if (ts->n && t->index >= 0 && t->index < ts->n && ts->heap[t->index] == t)
                take_out(ts, t);
        pthread_mutex_unlock(&ts->lock);
}
