/* The kernels for neon: AArch64, always there. */
#if defined __aarch64__
#define UNIT neon
#define TARGET
#define TARGET_SMALL TARGET
#define LANE 16
#define LANE_SHORT 16

#include <arm_neon.h>
#include <stddef.h>

#define HAS_LOOKUP
typedef uint8x16_t vec;
#define VEC static inline __attribute__((always_inline))

VEC vec vec_of(uint8_t byte)
{
    return vdupq_n_u8(byte);
}

VEC vec vec_load(const uint8_t *at)
{
    return vld1q_u8(at);
}

/* The first vector of a text, `back` bytes later: what lies before is zero. */
VEC vec vec_first(const uint8_t *at, int back)
{
    vec here = vld1q_u8(at), zero = vdupq_n_u8(0);
    return back == 1   ? vextq_u8(zero, here, 15)
           : back == 2 ? vextq_u8(zero, here, 14)
                       : vextq_u8(zero, here, 13);
}

/* There is no load of a part. */
#define VEC_PART 0
#define vec_part(at, size, back) vec_of(0)

VEC vec vec_lookup_low(const uint8_t table[16], vec index)
{
    return vqtbl1q_u8(vld1q_u8(table), vandq_u8(index, vdupq_n_u8(15)));
}

VEC vec vec_lookup_high(const uint8_t table[16], vec index)
{
    return vqtbl1q_u8(vld1q_u8(table), vshrq_n_u8(index, 4));
}

/* Minus `byte`, not below zero. */
VEC vec vec_less(vec a, uint8_t byte)
{
    return vqsubq_u8(a, vdupq_n_u8(byte));
}

VEC int vec_any(vec a)
{
    return vmaxvq_u8(a) != 0;
}

VEC int vec_any_high(vec a)
{
    return vmaxvq_u8(a) >= 0x80;
}

#include "simd_level.h"
#else
typedef int no_such_unit; /* a file must not be empty */
#endif
