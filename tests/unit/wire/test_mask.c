/* Masking against a byte loop: every small size, alignment and offset, on
 * every vector unit, and never a byte beside the payload. */
#include "unit.h"

#include <stdbool.h>

#include "base/prng.h"
#include "simd_levels.h"

enum { ROOM = 64, LARGEST = 300 };
static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

static void mask_bytewise(uint8_t *bytes, size_t size, uint64_t offset)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] ^= key[(i + offset) % 4];
}

/* In the middle of random bytes, so that a byte changed beside it shows. */
static void check_one(size_t size, size_t alignment, uint64_t offset)
{
    static uint8_t seen[ROOM + 70000 + 2 * ROOM] __attribute__((aligned(64)));
    static uint8_t expected[sizeof seen];
    static uint8_t noise[sizeof seen];
    static bool ready;
    size_t whole = alignment + size + 2 * ROOM;

    if (!ready) {
        struct prng random = prng_stream(1, "mask");
        prng_fill(&random, noise, sizeof noise);
        ready = true;
    }
    memcpy(seen, noise, whole);
    memcpy(expected, noise, whole);
    mask_bytewise(expected + ROOM + alignment, size, offset);
    ws_mask(seen + ROOM + alignment, size, key, offset);
    if (memcmp(seen, expected, whole) != 0)
        ck_abort_msg("%s: size %zu alignment %zu offset %llu", ws_simd_name(), size, alignment,
                     (unsigned long long)offset);
}

START_TEST(like_the_byte_loop)
{
    FOR_EACH_SIMD_LEVEL(level)
    for (size_t size = 0; size <= LARGEST; size++)
        for (size_t alignment = 0; alignment < 64; alignment++)
            for (uint64_t offset = 0; offset < 4; offset++)
                check_one(size, alignment, offset);
    ws_simd_force(NULL);
}
END_TEST

START_TEST(large_ones)
{
    static const size_t sizes[] = {511, 512, 513, 1024, 1031, 4096, 16385, 65536, 65599};

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t alignment = 0; alignment < 64; alignment += 7)
            for (uint64_t offset = 0; offset < 4; offset++)
                check_one(sizes[i], alignment, offset + (UINT64_MAX - 3));
    ws_simd_force(NULL);
}
END_TEST

static void check_guarded(struct guard g, uint64_t offset)
{
    ws_mask(g.bytes, g.size, key, offset);
    for (size_t i = 0; i < g.size; i++)
        if (g.bytes[i] != key[(i + offset) % 4])
            ck_abort_msg("%s: size %zu at %zu", ws_simd_name(), g.size, i);
    guard_free(&g);
}

START_TEST(never_beside_the_payload)
{
    static const uint8_t zeros[1100];

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t size = 0; size <= sizeof zeros; size += size < LARGEST ? 1 : 89) {
        check_guarded(guard_end(zeros, size), size);
        check_guarded(guard_begin(zeros, size), size + 1);
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(in_pieces)
{
    uint8_t bytes[200], expected[200];
    struct prng random = prng_stream(2, "mask");

    prng_fill(&random, expected, sizeof expected);
    FOR_EACH_SIMD_LEVEL(level)
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        memcpy(bytes, expected, sizeof bytes);
        mask_bytewise(bytes, sizeof bytes, 0);
        ws_mask(bytes, cut, key, 0);
        ws_mask(bytes + cut, sizeof bytes - cut, key, cut);
        ck_assert_mem_eq(bytes, expected, sizeof bytes);
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(the_unit_can_be_forced)
{
    ck_assert(ws_simd_force("plain"));
    ck_assert_str_eq(ws_simd_name(), "plain");
    ck_assert(!ws_simd_force("abacus"));
    ck_assert_str_eq(ws_simd_name(), "plain");
    ck_assert(ws_simd_force(NULL));
    const char *best = ws_simd_name();
    ck_assert(ws_simd_force(best));
    ck_assert_str_eq(ws_simd_name(), best);
    ck_assert(ws_simd_force(NULL));
}
END_TEST

UNIT_MAIN("mask", like_the_byte_loop, large_ones, never_beside_the_payload, in_pieces,
          the_unit_can_be_forced)
