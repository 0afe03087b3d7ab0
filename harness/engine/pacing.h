/* So many connections a second at most, whoever of a play makes them: each takes its
 * turn before it begins, and waits until then. The time is a loop's. */
#ifndef ENGINE_PACING_H
#define ENGINE_PACING_H

#include <stdint.h>

struct pacing {
    uint64_t every_ns; /* between two turns on the whole */
    uint64_t ahead_ns; /* so much of it may be had at once */
    uint64_t next_ns;  /* when the next turn is due */
};

/* `rate` a second, 1 and more; of them a twentieth of a second's, and one at least, without a wait in between. */
struct pacing pacing_of(uint64_t rate);
/* Takes the next turn: when it is, `now` at the earliest. NULL: at once. A turn that is not used is not given back. */
uint64_t pacing_turn(struct pacing *pacing, uint64_t now);

#endif
