/* RFC 3629: UTF-8 as it arrives. An automaton whose state is a shift count: each
 * byte selects a row, a 64-bit word holding the next state of each state in a
 * field of six bits, and the state picks its field with one shift. Where there
 * is a vector unit it goes ahead, and leaves the ends and mistakes to this. */
#include "utf8.h"

#include "simd.h"

#include <string.h>

/* States, as the position of their field. */
enum {
    START = 0,       /* between characters */
    TAIL_1 = 6,      /* one continuation byte to come */
    TAIL_2 = 12,
    TAIL_3 = 18,
    AFTER_E0 = 24,   /* A0..BF, then one: no overlong */
    AFTER_ED = 30,   /* 80..9F, then one: no surrogate */
    AFTER_F0 = 36,   /* 90..BF, then two: no overlong */
    AFTER_F4 = 42,   /* 80..8F, then two: not over 10FFFF */
    DEAD = 48,
    FIELD = 63,
};

#define GO(from, to) ((uint64_t)(to) << (from))
#define LEAD(to)                                                                         \
    (GO(START, to) | GO(TAIL_1, DEAD) | GO(TAIL_2, DEAD) | GO(TAIL_3, DEAD) |             \
     GO(AFTER_E0, DEAD) | GO(AFTER_ED, DEAD) | GO(AFTER_F0, DEAD) | GO(AFTER_F4, DEAD) |  \
     GO(DEAD, DEAD))
#define TAIL(e0, ed, f0, f4)                                                             \
    (GO(START, DEAD) | GO(TAIL_1, START) | GO(TAIL_2, TAIL_1) | GO(TAIL_3, TAIL_2) |      \
     GO(AFTER_E0, e0) | GO(AFTER_ED, ed) | GO(AFTER_F0, f0) | GO(AFTER_F4, f4) |          \
     GO(DEAD, DEAD))

static const uint64_t rows[256] = {
    [0x00 ... 0x7f] = LEAD(START),
    [0x80 ... 0x8f] = TAIL(DEAD, TAIL_1, DEAD, TAIL_2),
    [0x90 ... 0x9f] = TAIL(DEAD, TAIL_1, TAIL_2, DEAD),
    [0xa0 ... 0xbf] = TAIL(TAIL_1, DEAD, TAIL_2, DEAD),
    [0xc0 ... 0xc1] = LEAD(DEAD),
    [0xc2 ... 0xdf] = LEAD(TAIL_1),
    [0xe0] = LEAD(AFTER_E0),
    [0xe1 ... 0xec] = LEAD(TAIL_2),
    [0xed] = LEAD(AFTER_ED),
    [0xee ... 0xef] = LEAD(TAIL_2),
    [0xf0] = LEAD(AFTER_F0),
    [0xf1 ... 0xf3] = LEAD(TAIL_3),
    [0xf4] = LEAD(AFTER_F4),
    [0xf5 ... 0xff] = LEAD(DEAD),
};

#define HIGH_BITS 0x8080808080808080u

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static bool all_ascii_16(const uint8_t *bytes)
{
    return ((word_at(bytes) | word_at(bytes + 8)) & HIGH_BITS) == 0;
}

/* 8 .. 32 bytes, without a branch on how many. */
static bool short_ascii(const uint8_t *bytes, size_t size)
{
    size_t last = size - 8, second = last < 8 ? last : 8, third = last < 16 ? last : 16;
    return ((word_at(bytes) | word_at(bytes + second) | word_at(bytes + third) | word_at(bytes + last)) &
            HIGH_BITS) == 0;
}

/* The automaton over a piece, without a branch on its state inside of 16
 * bytes. Returns where it died, or size. */
static size_t walk(struct ws_utf8 *u, const uint8_t *bytes, size_t size)
{
    uint64_t state = u->state;
    size_t at = 0;

    for (; at + 16 <= size; at += 16) {
        uint64_t before = state;
        if ((state & FIELD) == START && all_ascii_16(bytes + at))
            continue;
        for (size_t i = 0; i < 16; i++)
            state = rows[bytes[at + i]] >> (state & FIELD);
        if ((state & FIELD) == DEAD) {
            state = before;
            break;
        }
    }
    for (; at < size; at++) {
        state = rows[bytes[at]] >> (state & FIELD);
        if ((state & FIELD) == DEAD)
            break;
    }
    u->state = (uint32_t)(state & FIELD);
    return at;
}

size_t ws_utf8_feed(struct ws_utf8 *u, const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    if (u->state == START && size >= 8 && size <= 32 && short_ascii(bytes, size))
        return size;
    for (; u->state != START && at < size; at++)
        if (walk(u, bytes + at, 1) == 0)
            return at;
    at += ws_simd()->utf8_skip(bytes + at, size - at);
    return at == size ? size : at + walk(u, bytes + at, size - at);
}

bool ws_utf8_complete(const struct ws_utf8 *u)
{
    return u->state == START;
}

bool ws_utf8_valid(const uint8_t *bytes, size_t size, size_t *bad_at)
{
    struct ws_utf8 u = {0};
    size_t good = ws_utf8_feed(&u, bytes, size);

    if (bad_at)
        *bad_at = good;
    return good == size && ws_utf8_complete(&u);
}
