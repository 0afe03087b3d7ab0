/* The wall clock and true randomness: asked once, here, for what a run is named
 * by. Everything else takes its time from the loop and its randomness from the seed. */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

#include "base/moment.h"

#define CLOCK_STAMP_SIZE 32u

/* Now, in UTC: "2026-01-31T12:00:00Z". */
void clock_stamp(char out[CLOCK_STAMP_SIZE]);
/* Now, for what is told in milliseconds. */
struct moment clock_moment(void);
/* A seed nobody chose; 32 bits, short enough to be typed again. */
uint64_t clock_seed(void);
/* Nanoseconds since some moment, never back: how long a campaign has lasted, whose loop may be a simulated one. */
uint64_t clock_monotonic(void);

#endif
