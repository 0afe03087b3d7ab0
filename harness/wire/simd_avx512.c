/* The kernels for avx512: x86-64 with AVX-512. Small payloads go by AVX2: wider
 * vectors only add branches there. */
#if defined __x86_64__
#define UNIT avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi,bmi2")))
#define TARGET_SMALL __attribute__((target("avx2,bmi,bmi2")))
#define LANE 64
#define LANE_SHORT 32
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define HAS_LOOKUP
typedef uint8_t vec __attribute__((vector_size(64)));
#define VEC static inline TARGET __attribute__((always_inline))

VEC vec vec_of(uint8_t byte)
{
    return (vec)_mm512_set1_epi8((char)byte);
}

VEC vec vec_load(const uint8_t *at)
{
    return (vec)_mm512_loadu_si512(at);
}

/* The first vector of a text, `back` bytes later: what lies before is zero
 * (and not read). */
VEC vec vec_first(const uint8_t *at, int back)
{
    return (vec)_mm512_maskz_loadu_epi8(~(__mmask64)0 << back, (const void *)((uintptr_t)at - (unsigned)back));
}

/* A text shorter than a vector, as vec_first; zero behind. */
#define VEC_PART 1
VEC vec vec_part(const uint8_t *at, size_t size, int back)
{
    __mmask64 within = _bzhi_u64(~(uint64_t)0, (unsigned)size);
    return (vec)_mm512_maskz_loadu_epi8(within & ~(__mmask64)0 << back, (const void *)((uintptr_t)at - (unsigned)back));
}

/* Only the low six bits of the index count, so the table stands there four times. */
VEC vec vec_lookup_low(const uint8_t table[16], vec index)
{
    __m512i rows = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table));
    return (vec)_mm512_permutexvar_epi8((__m512i)index, rows);
}

VEC vec vec_lookup_high(const uint8_t table[16], vec index)
{
    return vec_lookup_low(table, (vec)_mm512_srli_epi16((__m512i)index, 4));
}

/* Minus `byte`, not below zero. */
VEC vec vec_less(vec a, uint8_t byte)
{
    return (vec)_mm512_subs_epu8((__m512i)a, _mm512_set1_epi8((char)byte));
}

VEC int vec_any(vec a)
{
    return _mm512_test_epi8_mask((__m512i)a, (__m512i)a) != 0;
}

VEC int vec_any_high(vec a)
{
    return _mm512_movepi8_mask((__m512i)a) != 0;
}

#define ascii_32(v) (_mm256_movemask_epi8((__m256i)*(v)) == 0)
#define ascii_64(v) (_mm512_movepi8_mask((__m512i)*(v)) == 0)
/* A bit for each byte that is `byte`; that is below it as a signed number. */
#define HAS_BITS
VEC uint64_t vec_bits_equal(vec a, char byte)
{
    return _mm512_cmpeq_epi8_mask((__m512i)a, _mm512_set1_epi8(byte));
}

VEC uint64_t vec_bits_below(vec a, char byte)
{
    return _mm512_cmplt_epi8_mask((__m512i)a, _mm512_set1_epi8(byte));
}

#include "simd_level.h"
#else
typedef int no_such_unit; /* a file must not be empty */
#endif
