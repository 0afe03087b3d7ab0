/* Randomness from one 64-bit seed: named sub-streams, so that adding a draw in
 * one place does not shift the draws of another. Not for secrets.
 * xoshiro256** seeded by splitmix64 over seed and name. */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state[4];
};

/* The stream `name` of `seed`; equal arguments give equal streams for ever. */
struct prng prng_stream(uint64_t seed, const char *name);
/* A stream of its own for the n-th thing of that name (connection, case ...). */
struct prng prng_stream_n(uint64_t seed, const char *name, uint64_t n);
uint64_t prng_next(struct prng *p);
/* Uniform in 0 .. below-1, without modulo bias; below >= 1. */
uint64_t prng_below(struct prng *p, uint64_t below);
/* Uniform in [0, 1). */
double prng_unit(struct prng *p);
void prng_fill(struct prng *p, void *bytes, size_t size);

#endif
