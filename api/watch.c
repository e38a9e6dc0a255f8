// SPDX-License-Identifier: Apache-2.0
/* Waits are slots in a table; an epoll event carries slot and generation, so that one that comes
 * too late finds nothing. */
#include "api/watch.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, TICK_MS = 250, TICK_NS = TICK_MS * 1000000 };
#define STOP_TICKET UINT64_MAX

typedef struct Slot {
        Cancel *cancel; /* NULL: free */
        int fd;
        uint32_t generation, next_free;
} Slot;

struct Watch {
        pthread_t thread;
        pthread_mutex_t lock; /* guards: conns, slots */
        int epoll, stop;
        Conn *conns;
        Slot *slots;
        uint32_t n_slots, free; /* free: first free slot, UINT32_MAX none */
        void (*tick)(void *);
        void *arg;
        atomic_llong beat;
};

static void hang_up(Watch *w, uint64_t ticket)
{
        uint32_t i = (uint32_t)ticket;
        pthread_mutex_lock(&w->lock);
        bool live = i < w->n_slots && w->slots[i].cancel && w->slots[i].generation == ticket >> 32;
        Cancel *c = live ? cancel_ref(w->slots[i].cancel) : NULL;
        pthread_mutex_unlock(&w->lock);
        if (c)
                cancel_fire(c, cancelled("The client has disconnected."));
        cancel_unref(c);
}

/* libmicrohttpd takes a short read for the last that there is for now; when the end came with it,
 * nobody tells it again. Who is about to find the end of a body has a second for it. */
static bool broken_off(Conn *c)
{
        enum { TICKS = 1000 / TICK_MS };
        char byte;
        bool ended = atomic_load_explicit(&c->body, memory_order_relaxed) &&
                     recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
        c->ended = ended ? c->ended + 1 : 0;
        return c->ended > TICKS;
}

static void cut_late(Watch *w, int64_t now)
{
        pthread_mutex_lock(&w->lock);
        for (Conn *c = w->conns; c; c = c->next) {
                int64_t deadline = atomic_load_explicit(&c->deadline_ns, memory_order_relaxed);
                if ((deadline && now > deadline) || broken_off(c))
                        shutdown(c->fd, SHUT_RDWR);
        }
        pthread_mutex_unlock(&w->lock);
}

static void *run(void *arg)
{
        Watch *w = arg;
        int64_t next_cut = 0, next_tick = 0;
        for (;;) {
                struct epoll_event events[EVENTS];
                int n = epoll_wait(w->epoll, events, EVENTS, TICK_MS);
                for (int i = 0; i < n; i++) {
                        if (events[i].data.u64 == STOP_TICKET)
                                return NULL;
                        hang_up(w, events[i].data.u64);
                }
                int64_t now = clock_ns();
                atomic_store(&w->beat, now);
                if (now >= next_cut) {
                        cut_late(w, now);
                        next_cut = now + TICK_NS;
                }
                if (now >= next_tick) {
                        w->tick(w->arg);
                        next_tick = now + 4 * (int64_t)TICK_NS;
                }
        }
}

static Status *start(Watch *w)
{
        struct epoll_event e = { .events = EPOLLIN, .data.u64 = STOP_TICKET };
        w->epoll = epoll_create1(EPOLL_CLOEXEC);
        w->stop = eventfd(0, EFD_CLOEXEC);
        if (w->epoll < 0 || w->stop < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->stop, &e) < 0)
                return unavailable("cannot watch connections: %s", strerror(errno));
        int error = pthread_create(&w->thread, NULL, run, w);
        return error ? unavailable("cannot start a thread: %s", strerror(error)) : NULL;
}

static void destroy(Watch *w)
{
        if (w->epoll >= 0)
                close(w->epoll);
        if (w->stop >= 0)
                close(w->stop);
        pthread_mutex_destroy(&w->lock);
        mem_free(w->slots);
        mem_free(w);
}

Status *watch_new(void (*tick)(void *), void *arg, Watch **ret)
{
        Watch *w = mem_calloc(1, sizeof *w);
        if (!w)
                return status_oom();
        w->tick = tick;
        w->arg = arg;
        w->free = UINT32_MAX;
        w->epoll = w->stop = -1;
        atomic_store(&w->beat, clock_ns());
        pthread_mutex_init(&w->lock, NULL);
        Status *s = start(w);
        if (s) {
                destroy(w);
                return s;
        }
        *ret = w;
        return NULL;
}

void watch_free(Watch *w)
{
        if (!w)
                return;
        uint64_t one = 1;
        while (write(w->stop, &one, sizeof one) < 0 && errno == EINTR)
                ;
        pthread_join(w->thread, NULL);
        destroy(w);
}

int64_t watch_beat(const Watch *w)
{
        return atomic_load(&((Watch *)w)->beat);
}

Status *watch_connect(Watch *w, int fd, Conn **ret)
{
        Conn *c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        c->fd = fd;
        pthread_mutex_lock(&w->lock);
        c->next = w->conns;
        if (c->next)
                c->next->prev = c;
        w->conns = c;
        pthread_mutex_unlock(&w->lock);
        *ret = c;
        return NULL;
}

void watch_disconnect(Watch *w, Conn *c)
{
        pthread_mutex_lock(&w->lock);
        if (c->prev)
                c->prev->next = c->next;
        else
                w->conns = c->next;
        if (c->next)
                c->next->prev = c->prev;
        pthread_mutex_unlock(&w->lock);
        mem_free(c);
}

/* Makes sure that there is a free slot. Under the lock. */
static bool grow(Watch *w)
{
        if (w->free != UINT32_MAX)
                return true;
        uint32_t n = w->n_slots ? w->n_slots * 2 : 64;
        Slot *slots = mem_realloc(w->slots, n * sizeof *slots);
        if (!slots)
                return false;
        for (uint32_t i = w->n_slots; i < n; i++)
                slots[i] = (Slot){ .fd = -1, .next_free = i + 1 < n ? i + 1 : UINT32_MAX };
        w->free = w->n_slots;
        w->slots = slots;
        w->n_slots = n;
        return true;
}

void watch_wait(Watch *w, int fd, Cancel *cancel, uint64_t *ret)
{
        *ret = STOP_TICKET;
        pthread_mutex_lock(&w->lock);
        if (grow(w)) {
                uint32_t i = w->free;
                Slot *s = &w->slots[i];
                w->free = s->next_free;
                s->cancel = cancel_ref(cancel);
                s->fd = fd;
                *ret = (uint64_t)++s->generation << 32 | i;
                struct epoll_event e = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = *ret };
                epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e);
        }
        pthread_mutex_unlock(&w->lock);
}

void watch_unwait(Watch *w, uint64_t ticket)
{
        if (ticket == STOP_TICKET)
                return;
        pthread_mutex_lock(&w->lock);
        Slot *s = &w->slots[(uint32_t)ticket];
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, s->fd, NULL);
        cancel_unref(steal(&s->cancel));
        s->next_free = w->free;
        w->free = (uint32_t)ticket;
        pthread_mutex_unlock(&w->lock);
}
