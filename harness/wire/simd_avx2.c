/* The kernels for avx2: x86-64 with AVX2. */
#if defined __x86_64__
#define UNIT avx2
#define TARGET __attribute__((target("avx2,bmi,bmi2")))
#define TARGET_SMALL TARGET
#define LANE 32
#define LANE_SHORT 32
#include <immintrin.h>
#include <stdint.h>

#define HAS_LOOKUP
typedef uint8_t vec __attribute__((vector_size(32)));
#define VEC static inline TARGET __attribute__((always_inline))

VEC vec vec_of(uint8_t byte)
{
    return (vec)_mm256_set1_epi8((char)byte);
}

VEC vec vec_load(const uint8_t *at)
{
    return (vec)_mm256_loadu_si256((const __m256i *)at);
}

/* The first vector of a text, `back` bytes later: what lies before is zero. */
VEC vec vec_first(const uint8_t *at, int back)
{
    __m256i here = _mm256_loadu_si256((const __m256i *)at);
    __m256i low_as_high = _mm256_permute2x128_si256(here, here, 0x08);
    return back == 1   ? (vec)_mm256_alignr_epi8(here, low_as_high, 15)
           : back == 2 ? (vec)_mm256_alignr_epi8(here, low_as_high, 14)
                       : (vec)_mm256_alignr_epi8(here, low_as_high, 13);
}

/* There is no load of a part. */
#define VEC_PART 0
#define vec_part(at, size, back) vec_of(0)

VEC vec vec_lookup_low(const uint8_t table[16], vec index)
{
    __m256i rows = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
    return (vec)_mm256_shuffle_epi8(rows, (__m256i)(index & 15));
}

VEC vec vec_lookup_high(const uint8_t table[16], vec index)
{
    return vec_lookup_low(table, (vec)_mm256_srli_epi16((__m256i)index, 4));
}

/* Minus `byte`, not below zero. */
VEC vec vec_less(vec a, uint8_t byte)
{
    return (vec)_mm256_subs_epu8((__m256i)a, _mm256_set1_epi8((char)byte));
}

VEC int vec_any(vec a)
{
    return !_mm256_testz_si256((__m256i)a, (__m256i)a);
}

VEC int vec_any_high(vec a)
{
    return _mm256_movemask_epi8((__m256i)a) != 0;
}

#define ascii_32(v) (_mm256_movemask_epi8((__m256i)*(v)) == 0)
/* A bit for each byte that is `byte`; that is below it as a signed number. */
#define HAS_BITS
VEC uint64_t vec_bits_equal(vec a, char byte)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8((__m256i)a, _mm256_set1_epi8(byte)));
}

VEC uint64_t vec_bits_below(vec a, char byte)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8(byte), (__m256i)a));
}

#include "simd_level.h"
#else
typedef int no_such_unit; /* a file must not be empty */
#endif
