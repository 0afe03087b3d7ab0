/* The kernels for sse2: x86-64, always there. */
#if defined __x86_64__
#define UNIT sse2
#define TARGET
#define TARGET_SMALL TARGET
#define LANE 16
#define LANE_SHORT 16
#include <emmintrin.h>
#include <stdint.h>

typedef uint8_t vec __attribute__((vector_size(16)));
#define VEC static inline __attribute__((always_inline))

VEC vec vec_load(const uint8_t *at)
{
    return (vec)_mm_loadu_si128((const __m128i *)at);
}

/* A bit for each byte that is `byte`; that is below it as a signed number. */
#define HAS_BITS
VEC uint64_t vec_bits_equal(vec a, char byte)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8((__m128i)a, _mm_set1_epi8(byte)));
}

VEC uint64_t vec_bits_below(vec a, char byte)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmplt_epi8((__m128i)a, _mm_set1_epi8(byte)));
}

#include "simd_level.h"
#else
typedef int no_such_unit; /* a file must not be empty */
#endif
