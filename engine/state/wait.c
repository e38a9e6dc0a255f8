// SPDX-License-Identifier: Apache-2.0
/* Who ends a wait: the resource, or the token that fires. Both may try at once; the last to let go
 * calls `done`. */
#include "engine/state/wait.h"

static void list_append(WaitList *list, Wait *w)
{
        w->prev = list->last;
        w->next = NULL;
        *(list->last ? &list->last->next : &list->first) = w;
        list->last = w;
        list->n++;
}

static void list_remove(WaitList *list, Wait *w)
{
        *(w->prev ? &w->prev->next : &list->first) = w->next;
        *(w->next ? &w->next->prev : &list->last) = w->prev;
        w->prev = w->next = NULL;
        list->n--;
}

void wait_init(Wait *w, const WaitKind *kind, pthread_mutex_t *lock)
{
        *w = (Wait){ .kind = kind, .lock = lock };
        atomic_init(&w->refs, 1);
}

void wait_begin(Wait *w, WaitList *list)
{
        list_append(list, w);
        w->list = list;
}

void wait_move(Wait *w, WaitList *list)
{
        list_remove(w->list, w);
        wait_begin(w, list);
}

void wait_end(Wait *w, Status *s, WaitList *ended)
{
        if (w->list)
                list_remove(w->list, w);
        w->list = NULL;
        w->status = s;
        list_append(ended, w);
}

/* ---- delivery ---- */

static _Thread_local WaitList pending; /* of this thread's outermost delivery */
static _Thread_local bool delivering;

/* Answers run one after the other on this thread, however they call each other: no recursion by a
 * chain of waits. */
static void deliver(Wait *w)
{
        list_append(&pending, w);
        if (delivering)
                return;
        delivering = true;
        while (pending.first) {
                w = pending.first;
                list_remove(&pending, w);
                w->kind->done(w);
        }
        delivering = false;
}

/* Lets go of w: the last one to do so delivers it. */
static void let_go(Wait *w)
{
        if (atomic_fetch_sub(&w->refs, 1) != 1)
                return;
        if (w->cancel)
                cancel_unref(w->cancel);
        deliver(w);
}

/* Takes the hook out and lets go. When the hook is running, it lets go last. */
static void settle(Wait *w)
{
        if (w->cancel && cancel_try_remove(w->cancel, &w->hook))
                atomic_fetch_sub(&w->refs, 1);
        let_go(w);
}

void waits_deliver(WaitList *ended)
{
        while (ended->first) {
                Wait *w = ended->first;
                list_remove(ended, w);
                settle(w);
        }
}

/* ---- cancellation ---- */

/* Comes from any thread; the wait may have ended meanwhile. */
static void on_cancel(CancelHook *h)
{
        Wait *w = CONTAINER_OF(h, Wait, hook);
        WaitList ended = { 0 };
        pthread_mutex_lock(w->lock);
        if (w->list)
                w->kind->cancel(w, &ended);
        pthread_mutex_unlock(w->lock);
        waits_deliver(&ended);
        let_go(w);
}

/* Two references from here: the list's and the hook's. False: the token had fired before. */
bool wait_hook(Wait *w, Cancel *cancel)
{
        if (!cancel)
                return true;
        w->hook = (CancelHook){ .fn = on_cancel };
        w->cancel = cancel_ref(cancel);
        atomic_store(&w->refs, 2);
        if (cancel_add(cancel, &w->hook))
                return true;
        atomic_store(&w->refs, 1);
        w->cancel = NULL;
        cancel_unref(cancel); /* the caller holds one, too */
        return false;
}
