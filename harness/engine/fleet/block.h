/* What each client of a fleet does: the steps of a `fleet` block. Its first life
 * begins with `open`; who has lost its connection comes back by `reconnect`, and
 * plays what stands behind that line. */
#ifndef ENGINE_FLEET_BLOCK_H
#define ENGINE_FLEET_BLOCK_H

#include "engine/fleet/backoff.h"

struct fleet_block {
    const struct step *open;
    const struct step *again;  /* the `reconnect`; NULL: who is lost stays away */
    struct backoff policy;     /* of it */
    uint64_t tries;            /* then a client gives up; 0: never */
    uint64_t ramp;             /* so many begin in a second; 0: all at once */
    const struct test_case *of; /* whose ${names} stand in its payloads; may be NULL */
    const char *file_dir;      /* for file("..."); NULL: not allowed */
};

/* Of a `fleet` step, which outlives it. */
struct fleet_block fleet_block_of(const struct step *fleet, const struct test_case *of, const char *file_dir);
/* The last step of the life that begins behind `step` is over with this one: NULL, or the `reconnect`. */
bool fleet_block_ends(const struct step *step);
/* The bytes of a setting of that step for client number i. They are the same each time. False with a diag. */
bool fleet_block_bytes(const struct fleet_block *block, const struct step *step, const struct setting *setting,
                       uint64_t i, uint64_t seed, struct buf *out, struct diag *why);
/* The `send` whose echo this `expect echo` wants. */
const struct step *fleet_block_sent(const struct fleet_block *block, const struct step *echo);

#endif
