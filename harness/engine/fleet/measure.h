/* What a reconnect storm does, in numbers: who comes when, how many at once, and
 * when they are back. Filled by a real fleet and by one on paper alike. */
#ifndef ENGINE_FLEET_MEASURE_H
#define ENGINE_FLEET_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEASURE_BIN_NS 100000000ull /* 100 ms */
#define MEASURE_BINS_MAX 36000u     /* an hour; what comes later is counted in the last */

struct measure_bin {
    uint32_t arrivals;  /* tries that begin in it */
    uint32_t failed;    /* tries that come to nothing in it */
    uint32_t under_way; /* the most handshakes at once */
};

struct measure {
    size_t clients;
    struct measure_bin *bins; /* since the storm began */
    size_t bin_count;         /* used */
    uint64_t *back_ns;        /* when each that is back came back, in that order */
    uint64_t *handshake_ns;   /* how long its last handshake took */
    size_t back;
    uint64_t tries, failures;
    size_t under_way, peak_under_way; /* handshakes at once */
};

/* False without memory. Freed with measure_free in either case. */
bool measure_init(struct measure *measure, size_t clients);
/* From the beginning, with the same clients. */
void measure_clear(struct measure *measure);
void measure_free(struct measure *measure);

/* Times are nanoseconds since the storm began, and never go back. */
void measure_try(struct measure *measure, uint64_t at);
/* The handshake of a try is over, this way or that. */
void measure_answered(struct measure *measure, uint64_t at);
/* A try came to nothing, by its handshake or behind it. */
void measure_failed(struct measure *measure, uint64_t at);
/* One more client is back, its handshake took so long. */
void measure_back(struct measure *measure, uint64_t at, uint64_t handshake_ns);

/* When so many percent of all clients were back; UINT64_MAX: they never were. percent 1 .. 100 */
uint64_t measure_back_at(const struct measure *measure, unsigned percent);
/* That percentile of the handshakes of those that came back; 0 without any. */
uint64_t measure_handshake(const struct measure *measure, unsigned percent);
/* The handshakes in the order of their length, to be freed; NULL without any, or without memory. */
uint64_t *measure_handshakes(const struct measure *measure);
/* A percentile of those; 0 for NULL. */
uint64_t measure_percentile(const uint64_t *sorted, size_t count, unsigned percent);
/* The most arrivals in one bin. */
uint32_t measure_peak(const struct measure *measure);

#endif
