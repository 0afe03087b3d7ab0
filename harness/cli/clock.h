/* The wall clock and true randomness: asked once, here, for what a run is named
 * by. Everything else takes its time from the loop and its randomness from the seed. */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

#include "base/moment.h"

#define CLOCK_STAMP_SIZE 32u

struct moment clock_moment(void); /* now */
/* A moment in UTC, to the second: "2026-01-31T12:00:00Z". */
void clock_stamp(const struct moment *moment, char out[CLOCK_STAMP_SIZE]);
/* A seed nobody chose; 32 bits, short enough to be typed again. */
uint64_t clock_seed(void);
/* Nanoseconds since some moment, never back: how long a campaign has lasted, whose loop may be a simulated one. */
uint64_t clock_monotonic(void);

#endif
