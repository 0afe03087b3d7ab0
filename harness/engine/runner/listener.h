/* Server role: one port for all cases, or connections brought by somebody else;
 * each goes to whoever waits longest, or is kept until somebody waits. */
#ifndef ENGINE_LISTENER_H
#define ENGINE_LISTENER_H

#include "engine/runner/runner.h"

struct listener_waiter {
    /* Takes the layer (TLS on it, when the port speaks TLS). False: it could not, and released it. */
    bool (*fresh)(void *arg, struct layer *layer);
    void *arg;
    bool waiting;
    bool kept;    /* what it got had been waiting, unread, and may be dead by now */
    struct listener_waiter *next;
};

/* `fresh` is called once; at once when a connection is there already. */
void listener_share_wait(struct listener_share *share, struct listener_waiter *waiter);
void listener_share_forget(struct listener_share *share, struct listener_waiter *waiter);
bool listener_share_secure(const struct listener_share *share);

#endif
