/* What a loop backend implements, behind the opaque structures of loop.h. The
 * timers are the same heap for both backends; only who waits differs. */
#ifndef NET_LOOP_BACKEND_H
#define NET_LOOP_BACKEND_H

#include "net/loop.h"
#include "net/stage.h"

struct timer {
    struct loop *loop;
    uint64_t due;   /* loop time */
    uint64_t order; /* of being started: equal times fire in this order */
    size_t index;   /* in the heap */
    loop_fn *fn;
    void *arg;
};

/* A binary heap of timers, the earliest first. */
struct timers {
    struct timer **heap;
    size_t count, room;
    uint64_t started;
};

struct loop_ops {
    void (*run)(struct loop *loop);
    void (*stop)(struct loop *loop);
    uint64_t (*clock)(const struct loop *loop); /* time outside of callbacks; NULL: `now` */
    void (*timers_changed)(struct loop *loop); /* another timer is the first; NULL: no need to know */
    void (*hear)(struct loop *loop, bool signals); /* catches signals from here on, for `hearer`; or no more */
    struct layer *(*connect)(struct loop *loop, const struct net_address *to,
                             const struct layer_sink *sink, void *owner);
    struct listener *(*listen)(struct loop *loop, const struct net_address *at, accept_fn *fn,
                               void *arg, struct diag *why);
    void (*unlisten)(struct listener *listener);
    uint16_t (*free_port)(struct loop *loop, struct diag *why);
    void (*free)(struct loop *loop);
};

/* The first member of a backend's own structures. */
struct loop {
    const struct loop_ops *ops;
    uint64_t now; /* of the callback that is running */
    bool running;
    struct loop_hearer hearer;
    struct timers timers;
};

struct listener {
    struct loop *loop;
    uint16_t port;
    accept_fn *fn;
    void *arg;
};

/* Earliest timer; NULL when there is none. */
struct timer *timers_first(const struct timers *timers);
/* Takes the earliest out, frees it and calls its function. */
void timers_fire(struct timers *timers);

/* Hands a fresh connection to its listener, then tells it `opened`. False: it is gone or over. */
bool listener_hand(const struct listener *listener, struct layer *fresh);

#endif
