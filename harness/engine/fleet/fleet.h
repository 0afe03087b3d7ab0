/* Many clients in one process, each with an open connection and nothing to say:
 * they come at a rate, answer pings, and come back by a policy when they lose it.
 * A client costs some hundred bytes beside its socket. */
#ifndef ENGINE_FLEET_FLEET_H
#define ENGINE_FLEET_FLEET_H

#include "engine/fleet/backoff.h"
#include "engine/fleet/measure.h"
#include "engine/testee.h"

struct fleet_config {
    const struct testee *testee; /* where they connect to, and on which loop */
    size_t clients;
    bool both_ends;              /* the server is in this process too: two descriptors for each */
    uint64_t ramp;               /* so many begin in a second, at first; 0: all at once */
    uint64_t patience_ns;        /* for one connection, opening handshake and all */
    uint64_t seed;
};

struct fleet;

/* NULL with a diag: no memory, or not as many descriptors (each client needs one). */
struct fleet *fleet_new(const struct fleet_config *config, struct diag *why);
void fleet_free(struct fleet *fleet); /* closes all */

/* Runs the loop until all are open, or cannot be within most_ns. How many are; why of the first that is not.
 * The loop's interrupt handler is the caller's: it may stop the loop. */
size_t fleet_open(struct fleet *fleet, uint64_t most_ns, struct diag *why);

/* From now on who loses his connection comes back by the policy, and is measured. */
void fleet_begin_storm(struct fleet *fleet, const struct backoff *policy, struct measure *measure);
enum fleet_drop { FLEET_RESET, FLEET_FIN };
/* All lose their connection, by our hand. */
void fleet_drop(struct fleet *fleet, enum fleet_drop how);
/* Runs the loop until all are back, or most_ns since the storm began are over. How many are. */
size_t fleet_wait(struct fleet *fleet, uint64_t most_ns);

/* Open right now. */
size_t fleet_count(const struct fleet *fleet);

#endif
