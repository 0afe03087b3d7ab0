/* See clock.h. */
#include "cli/clock.h"

#include <sys/random.h>
#include <time.h>

void clock_stamp(const struct moment *moment, char out[CLOCK_STAMP_SIZE])
{
    struct tm utc;
    time_t seconds = (time_t)(moment->unix_ms / 1000);
    strftime(out, CLOCK_STAMP_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
}

struct moment clock_moment(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct moment){.unix_ms = (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u,
                           .machine_ns = clock_monotonic()};
}

uint64_t clock_seed(void)
{
    uint32_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint32_t)time(NULL);
    return seed;
}

uint64_t clock_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
