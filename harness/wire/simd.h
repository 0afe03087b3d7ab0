/* Private to wire: the kernels that exist once per vector unit, and the choice
 * among them at run time. Each unit's set is made by wire/simd_UNIT.c from the
 * same sources (mask_lanes.inc, frame_parse.inc, utf8_lanes.inc, head_lanes.inc). */
#ifndef WS_SIMD_H
#define WS_SIMD_H

#include "frame.h"
#include "head_lines.h"

#include <stdatomic.h>

struct ws_simd {
    const char *name;
    /* XORs with the key; `key` is its four bytes as they lie in memory, turned
     * so that the first belongs to bytes[0]. */
    void (*mask)(uint8_t *bytes, size_t size, uint32_t key);
    /* ws_frame_parse. */
    size_t (*frame_parse)(struct ws_frame_parser *parser, uint8_t *data, size_t size,
                          struct ws_frame_part *parts, size_t capacity, size_t *count);
    /* A length of bytes[0 .. size), which begin a character, that is valid
     * UTF-8 and ends between characters: near the end or the first mistake,
     * from where the automaton goes on. */
    size_t (*utf8_skip)(const uint8_t *bytes, size_t size);
    /* ws_head_lines_find. */
    void (*head_lines)(struct ws_head_lines *lines, const char *text, size_t size);
};

/* The key as seen from `bytes` further on. */
static inline uint32_t ws_key_turn(uint32_t key, uint64_t bytes)
{
    unsigned bits = (unsigned)bytes * 8;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return key >> (bits & 31) | key << (-bits & 31);
#else
    return key << (bits & 31) | key >> (-bits & 31);
#endif
}

/* What the two first bytes of a head say, as it lies in struct ws_frame_head
 * from `faults` on: one word, so that the parser joins both bytes' share by one
 * OR and stores it at once. */
union ws_frame_marks {
    struct {
        uint16_t faults;
        uint8_t opcode, rsv, fin, masked, head_length, length_form;
    };
    uint64_t word;
};
_Static_assert(sizeof(union ws_frame_marks) == 8, "one word");
_Static_assert(offsetof(struct ws_frame_head, length_form) - offsetof(struct ws_frame_head, faults) ==
                   offsetof(union ws_frame_marks, length_form), "the same order");
extern const union ws_frame_marks ws_frame_first[256];       /* by the first byte */
extern const union ws_frame_marks ws_frame_second[2][2];     /* by receiver and mask bit, length of 7 bits */

/* The set in use: NULL until it was chosen. */
extern _Atomic(const struct ws_simd *) ws_simd_chosen;
const struct ws_simd *ws_simd_choose(const char *name);
static inline const struct ws_simd *ws_simd(void)
{
    const struct ws_simd *set = atomic_load_explicit(&ws_simd_chosen, memory_order_relaxed);
    return __builtin_expect(set != NULL, 1) ? set : ws_simd_choose(NULL);
}

extern const struct ws_simd ws_simd_plain;
#if defined __x86_64__
extern const struct ws_simd ws_simd_sse2, ws_simd_avx2, ws_simd_avx512;
#elif defined __aarch64__
extern const struct ws_simd ws_simd_neon;
#endif

#endif
