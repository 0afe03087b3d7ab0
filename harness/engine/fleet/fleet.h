/* Many small clients in one process, each with a connection of its own: they come
 * at a rate, play the steps of a `fleet` block, answer pings, and come back by its
 * `reconnect` when they have lost their connection. `wsgauntlet storm` and the
 * `fleet` step of a scenario are this. */
#ifndef ENGINE_FLEET_FLEET_H
#define ENGINE_FLEET_FLEET_H

#include "engine/fleet/block.h"
#include "engine/fleet/measure.h"
#include "engine/testee.h"

struct fleet_config {
    const struct testee *testee; /* where they connect to, and on which loop */
    struct fleet_block block;    /* what each does */
    size_t clients;
    size_t first;                /* number of the first; they are counted from 1 in all processes together */
    bool both_ends;              /* the server is in this process too: two descriptors for each */
    uint64_t patience_ns;        /* for one opening handshake, from connecting to the answer */
    uint64_t expect_ns;          /* for one expect that does not say `within` */
    double stretch;              /* factor on every `within` */
    uint64_t seed;
    bool by_itself;              /* a storm begins when one is lost and all were there */
    loop_fn *changed;            /* one is ready, or lost; may be NULL */
    void *arg;
};

struct fleet;

/* NULL with a diag: no memory, or not as many descriptors (each client needs one). Nobody comes yet. */
struct fleet *fleet_new(const struct fleet_config *config, struct diag *why);
void fleet_free(struct fleet *fleet); /* resets all */

/* They come. */
void fleet_begin(struct fleet *fleet);
/* Ready right now: open, with their steps played. */
size_t fleet_count(const struct fleet *fleet);
/* Everybody is ready, or cannot be any more: no try is under way and none will come. */
bool fleet_settled(const struct fleet *fleet);

/* What the first client that failed saw, outside of storms; client 0: none did. */
struct fleet_trouble {
    size_t client;
    const struct step *step; /* that it was at: `open`, an expect; NULL: none */
    char seen[200];
    bool unreachable;        /* it found no server */
    const struct ws_violation *violation; /* what broke the protocol, in storms too; NULL: nothing did */
};
const struct fleet_trouble *fleet_trouble(const struct fleet *fleet);

/* From now on who loses his connection is measured; policy NULL: that of the block. Must outlive the storm. */
void fleet_begin_storm(struct fleet *fleet, const struct backoff *policy);
/* Who is lost stays away. */
void fleet_end_storm(struct fleet *fleet);
enum fleet_drop { FLEET_RESET, FLEET_FIN };
/* All lose their connection, by our hand. */
void fleet_drop(struct fleet *fleet, enum fleet_drop how);
/* It began by itself: the server, or the network, did it. */
bool fleet_unasked(const struct fleet *fleet);
/* One has begun. */
bool fleet_storming(const struct fleet *fleet);
/* Every client is back and ready. */
bool fleet_recovered(const struct fleet *fleet);
/* Of the storm that began last; when it did, in loop time. */
const struct measure *fleet_measure(const struct fleet *fleet);
uint64_t fleet_storm_began(const struct fleet *fleet);

#endif
