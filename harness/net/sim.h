/* The simulated loop's inside: loop_sim.c has clock and ports, sim_link.c the connections. */
#ifndef NET_SIM_H
#define NET_SIM_H

#include "base/prng.h"
#include "net/loop_backend.h"

#include <signal.h>

#define SIM_SIGNALS 2u

struct sim_listener {
    struct listener base;
    struct sim_listener *next;
};

struct sim {
    struct loop base;
    struct sim_options options;
    struct prng random; /* stream "net" */
    struct sim_listener *listeners;
    uint16_t last_port; /* given for port 0 */
    bool stopping;
    struct sigaction before[SIM_SIGNALS]; /* what they did before */
};

/* NULL when nobody listens there. */
const struct listener *sim_listener_at(const struct sim *sim, uint16_t port);
/* See loop_connect. */
struct layer *sim_connect(struct loop *loop, const struct net_address *to,
                          const struct layer_sink *sink, void *owner);

#endif
