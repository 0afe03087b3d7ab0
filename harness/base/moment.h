/* A moment as a person knows it and as the machine counts it: what is counted later can be told in UTC. */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdint.h>

struct moment {
    uint64_t unix_ms;    /* 0: nobody asked the clock */
    uint64_t machine_ns; /* CLOCK_MONOTONIC at the same time */
};

#define MOMENT_SIZE 40u
/* "2026-01-31T12:00:00.123Z"; "" when it is 0 or beyond any calendar. */
void moment_print(uint64_t unix_ms, char out[MOMENT_SIZE]);

#endif
