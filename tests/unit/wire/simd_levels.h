/* Runs a check once on each vector unit that this machine has. */
#ifndef SIMD_LEVELS_H
#define SIMD_LEVELS_H

#include "wire/mask.h"

static const char *const simd_levels[] = {"plain", "sse2", "avx2", "avx512", "neon"};

#define FOR_EACH_SIMD_LEVEL(level)                                                              \
    for (size_t level = 0; level < sizeof simd_levels / sizeof *simd_levels; level++)           \
        if (ws_simd_force(simd_levels[level]))

#endif
