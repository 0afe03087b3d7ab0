/* Is the testee there, and does it still do the plainest thing? Comes first,
 * last, and whenever a case did not go well, so that a lost testee is named as
 * such instead of failing everything behind it. */
#ifndef ENGINE_SANITY_H
#define ENGINE_SANITY_H

#include "engine/runner/runner.h"

enum sanity_state {
    SANITY_FINE,
    SANITY_NO_ECHO, /* takes connections, but a plain open and echo fails */
    SANITY_REFUSED, /* answers the plainest opening handshake with a status of 300 or more */
    SANITY_GONE,    /* takes no connection */
};

/* Called once, from the loop; the check is over and freed. why: a sentence unless FINE. */
typedef void sanity_fn(void *arg, enum sanity_state state, const struct diag *why);

struct sanity;
/* A connection of its own (with TLS, when the URL says so); with `echo` then
 * open, echo and close on another one, else it must not be reset within
 * stays_ns: of a server that is being killed the kernel ends the connections first,
 * and takes new ones until it comes to the listener. NULL only without memory. */
struct sanity *sanity_start(const struct runner_config *config, bool echo, uint64_t stays_ns, sanity_fn *done,
                            void *arg);
/* Gives up, without a callback. NULL is fine. */
void sanity_release(struct sanity *sanity);

#endif
