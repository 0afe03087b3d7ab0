/* A reconnect storm on paper: the same clients and policies, and a server that is
 * nothing but a rate and a queue. A million clients take a second. */
#ifndef ENGINE_FLEET_PAPER_H
#define ENGINE_FLEET_PAPER_H

#include "engine/fleet/backoff.h"
#include "engine/fleet/measure.h"

struct paper {
    size_t clients;
    struct backoff policy;
    uint64_t seed;
    uint64_t outage_ns;     /* how long nobody listens: a try is refused, a round trip later */
    uint64_t handshake_ns;  /* what one handshake costs the server, one behind the other */
    size_t queue;           /* handshakes that may wait; a try beyond is not heard, and times out */
    uint64_t patience_ns;   /* of a client, for one try: then it gives it up; the server does its work all the same */
    uint64_t most_ns;       /* the end, whoever is back */
};

/* Plays it into `measure` (initialised for as many clients). False without memory. */
bool paper_play(const struct paper *paper, struct measure *measure);

#endif
