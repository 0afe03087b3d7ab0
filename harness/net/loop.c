/* See loop.h: what both backends share. The timers are a heap of our own, so
 * that timers of equal time fire in the order of their start everywhere. */
#include "net/loop_backend.h"

#include <assert.h>
#include <stdlib.h>

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void heap_put(struct timers *t, size_t at, struct timer *timer)
{
    t->heap[at] = timer;
    timer->index = at;
}

static void heap_up(struct timers *t, size_t at, struct timer *timer)
{
    while (at != 0 && earlier(timer, t->heap[(at - 1) / 2])) {
        heap_put(t, at, t->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(t, at, timer);
}

static void heap_down(struct timers *t, size_t at, struct timer *timer)
{
    for (size_t child; (child = 2 * at + 1) < t->count; at = child) {
        if (child + 1 < t->count && earlier(t->heap[child + 1], t->heap[child]))
            child++;
        if (!earlier(t->heap[child], timer))
            break;
        heap_put(t, at, t->heap[child]);
    }
    heap_put(t, at, timer);
}

static void heap_remove(struct timers *t, size_t at)
{
    struct timer *last = t->heap[--t->count];
    if (at == t->count)
        return;
    heap_up(t, at, last);
    heap_down(t, last->index, last);
}

struct timer *timers_first(const struct timers *timers)
{
    return timers->count == 0 ? NULL : timers->heap[0];
}

void timers_fire(struct timers *timers)
{
    struct timer *first = timers->heap[0];
    loop_fn *fn = first->fn;
    void *arg = first->arg;
    heap_remove(timers, 0);
    free(first);
    fn(arg);
}

static void tell_changed(struct loop *loop)
{
    if (loop->ops->timers_changed != NULL)
        loop->ops->timers_changed(loop);
}

struct timer *timer_start(struct loop *loop, uint64_t delay_ns, loop_fn *fn, void *arg)
{
    struct timers *t = &loop->timers;
    if (t->count == t->room) {
        t->room = t->room == 0 ? 64 : t->room * 2;
        t->heap = realloc(t->heap, t->room * sizeof *t->heap);
        if (t->heap == NULL)
            net_no_memory();
    }
    struct timer *timer = net_alloc(sizeof *timer);
    uint64_t now = loop_now(loop);
    uint64_t due = delay_ns > UINT64_MAX - now ? UINT64_MAX : now + delay_ns;
    *timer = (struct timer){.loop = loop, .due = due, .order = t->started++, .fn = fn, .arg = arg};
    heap_up(t, t->count++, timer);
    if (timer->index == 0)
        tell_changed(loop);
    return timer;
}

void timer_stop(struct timer *timer)
{
    if (timer == NULL)
        return;
    struct loop *loop = timer->loop;
    size_t index = timer->index;
    heap_remove(&loop->timers, index);
    free(timer);
    if (index == 0)
        tell_changed(loop);
}

bool listener_hand(const struct listener *listener, struct layer *fresh)
{
    layer_enter(fresh);
    listener->fn(listener->arg, fresh);
    assert(fresh->released || fresh->sink != NULL);
    layer_say_opened(fresh);
    return layer_leave(fresh);
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    assert(loop->timers.count == 0);
    free(loop->timers.heap);
    loop->ops->free(loop);
}

uint64_t loop_now(const struct loop *loop)
{
    return loop->running || loop->ops->clock == NULL ? loop->now : loop->ops->clock(loop);
}

void loop_run(struct loop *loop)
{
    assert(!loop->running);
    loop->running = true;
    loop->ops->run(loop);
    loop->running = false;
}

void loop_stop(struct loop *loop)
{
    loop->ops->stop(loop);
}

struct loop_hearer loop_on_interrupt(struct loop *loop, loop_fn *fn, void *arg)
{
    struct loop_hearer before = loop->hearer;
    loop->hearer = (struct loop_hearer){fn, arg};
    if ((before.fn != NULL) != (fn != NULL))
        loop->ops->hear(loop, fn != NULL);
    return before;
}

struct layer *loop_connect(struct loop *loop, const struct net_address *to,
                           const struct layer_sink *sink, void *owner)
{
    return loop->ops->connect(loop, to, sink, owner);
}

struct listener *loop_listen(struct loop *loop, const struct net_address *at, accept_fn *fn,
                             void *arg, struct diag *why)
{
    return loop->ops->listen(loop, at, fn, arg, why);
}

uint16_t listener_port(const struct listener *listener)
{
    return listener->port;
}

void listener_close(struct listener *listener)
{
    if (listener != NULL)
        listener->loop->ops->unlisten(listener);
}

uint16_t loop_free_port(struct loop *loop, struct diag *why)
{
    return loop->ops->free_port(loop, why);
}
