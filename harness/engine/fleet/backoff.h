/* When a client that lost its connection tries again: the options of `reconnect`
 * in a scenario, and the policies of a storm. One rule for both. */
#ifndef ENGINE_FLEET_BACKOFF_H
#define ENGINE_FLEET_BACKOFF_H

#include "base/prng.h"
#include "engine/language/script.h"

struct backoff {
    uint64_t after_ns;         /* before the first try */
    bool grows;                /* further waits: from the first to the longest; else none */
    uint64_t first_ns, longest_ns;
    double factor;             /* from one wait to the next */
    double jitter;             /* each wait is longer or shorter by up to this part of it, 0 .. 1 */
};

/* Of a `reconnect` step. */
struct backoff backoff_of(const struct step *step);
/* Reads what may stand behind `reconnect`: "after 1s backoff 2s..30s factor 2 jitter 50%". False with one line. */
bool backoff_parse(const char *text, struct backoff *backoff, struct diag *why);
/* The wait before try number `tries` (1 is the first), in nanoseconds. */
uint64_t backoff_wait(const struct backoff *backoff, unsigned tries, struct prng *random);

#endif
