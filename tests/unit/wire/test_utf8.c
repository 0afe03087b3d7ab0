/* UTF-8 against an independent decoder that works by code points (RFC 3629
 * section 3), on every vector unit, in every cut. */
#include "unit.h"

#include "base/prng.h"
#include "simd_levels.h"
#include "wire/utf8.h"

/* Can bytes[0 .. size) begin a valid text of one character? 1: it is one; 0: it may become one; -1: never. */
static int character(const uint8_t *bytes, size_t size)
{
    static const struct {
        uint8_t mask, lead;
        size_t length;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

    for (size_t f = 0; f < 4; f++) {
        if ((bytes[0] & forms[f].mask) != forms[f].lead)
            continue;
        uint32_t low = bytes[0] & (uint8_t)~forms[f].mask, high = low;
        for (size_t i = 1; i < forms[f].length; i++) {
            if (i < size && (bytes[i] & 0xc0) != 0x80)
                return -1;
            low = low << 6 | (i < size ? bytes[i] & 0x3fu : 0);
            high = high << 6 | (i < size ? bytes[i] & 0x3fu : 0x3fu);
        }
        /* low .. high: what the character can still become */
        if (high < forms[f].least || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff))
            return -1;
        return size >= forms[f].length;
    }
    return -1;
}

/* The first bad byte, or size; *complete: does it end between characters? */
static size_t expected_bad(const uint8_t *bytes, size_t size, bool *complete)
{
    size_t begin = 0;

    for (size_t i = 0; i < size; i++) {
        int is = character(bytes + begin, i + 1 - begin);
        if (is < 0) {
            *complete = false;
            return i;
        }
        if (is > 0)
            begin = i + 1;
    }
    *complete = begin == size;
    return size;
}

static void fail_at(const char *what, const uint8_t *bytes, size_t size, size_t bad, size_t seen)
{
    char text[3 * 80 + 1] = "";
    for (size_t i = 0; i < size && i < 80; i++)
        sprintf(text + 3 * i, "%02x ", bytes[i]);
    ck_abort_msg("%s, %s: bad at %zu, seen %zu: %s", ws_simd_name(), what, bad, seen, text);
}

static void check_text(const uint8_t *bytes, size_t size)
{
    bool complete;
    size_t bad = expected_bad(bytes, size, &complete);
    struct ws_utf8 u = {0};
    size_t seen = ws_utf8_feed(&u, bytes, size);

    if (seen != bad || ws_utf8_complete(&u) != complete)
        fail_at("whole", bytes, size, bad, seen);
}

/* Cut in three at a and b. */
static void check_cut(const uint8_t *bytes, size_t size, size_t a, size_t b)
{
    bool complete;
    size_t bad = expected_bad(bytes, size, &complete);
    const size_t cuts[4] = {0, a, b, size};
    struct ws_utf8 u = {0};
    size_t seen = 0;

    for (size_t i = 0; i < 3; i++) {
        size_t piece = cuts[i + 1] - cuts[i];
        size_t good = ws_utf8_feed(&u, bytes + cuts[i], piece);
        seen = cuts[i] + good;
        if (good != piece)
            break;
    }
    if (seen != bad || ws_utf8_complete(&u) != complete)
        fail_at("cut", bytes, size, bad, seen);
}

static void check_bytewise(const uint8_t *bytes, size_t size)
{
    bool complete;
    size_t bad = expected_bad(bytes, size, &complete), i = 0;
    struct ws_utf8 u = {0};

    while (i < size && ws_utf8_feed(&u, bytes + i, 1) == 1)
        i++;
    if (i != bad || ws_utf8_complete(&u) != complete)
        fail_at("bytewise", bytes, size, bad, i);
    if (bad < size) {
        ck_assert_uint_eq(ws_utf8_feed(&u, (const uint8_t *)"a", 1), 0);
        ck_assert(!ws_utf8_complete(&u));
    }
}

START_TEST(all_short_sequences)
{
    FOR_EACH_SIMD_LEVEL(level)
    for (uint32_t value = 0; value < 1u << 24; value++) {
        uint8_t bytes[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
        if (bytes[0] < 0x80 && value % 7 != 0)
            continue; /* ASCII first: the rest is another row of this loop */
        check_text(bytes, 3);
        if (bytes[2] == 0)
            check_text(bytes, 2);
        if (bytes[1] == 0 && bytes[2] == 0)
            check_text(bytes, 1);
    }
    ws_simd_force(NULL);
}
END_TEST

/* The bytes at which a rule changes. */
static const uint8_t corners[] = {0x00, 0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
                                  0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3,
                                  0xf4, 0xf5, 0xf7, 0xf8, 0xfb, 0xfc, 0xfe, 0xff};
enum { CORNERS = sizeof corners };

static void corner_sequence(uint8_t out[4], size_t number)
{
    for (size_t i = 0; i < 4; i++, number /= CORNERS)
        out[i] = corners[number % CORNERS];
}

START_TEST(four_bytes_at_every_offset)
{
    static const char *const fillers[] = {"a", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80"};

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t number = 0; number < CORNERS * CORNERS * CORNERS * CORNERS; number += 61) {
        uint8_t block[200];
        size_t offset = number % 137, at = 0;
        const char *filler = fillers[number / 137 % 4];
        size_t width = strlen(filler);

        for (; at + width <= offset; at += width)
            memcpy(block + at, filler, width);
        corner_sequence(block + at, number);
        for (at += 4; at + width <= sizeof block; at += width)
            memcpy(block + at, filler, width);
        check_text(block, at);
        check_text(block, at - 59);
        check_cut(block, at, offset / 2, offset);
    }
    ws_simd_force(NULL);
}
END_TEST

/* Each wrong sequence at each place of a 64-byte block, and behind it. */
START_TEST(wrong_ones_at_every_offset)
{
    static const char *const wrong[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3\xa9\xa9", "\xe4\xb8", "\xe4", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\xf0\x9f\x98\x80\x80", "\xed\xbf\xbf",
    };

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
        for (size_t size = 8; size <= 200; size += 16)
            for (size_t at = 0; at + 5 < size; at++) {
                uint8_t block[200];
                memset(block, 'x', size);
                memcpy(block + at, wrong[w], strlen(wrong[w]));
                check_text(block, size);
                check_text(block, at + strlen(wrong[w]));
            }
    ws_simd_force(NULL);
}
END_TEST

/* Text of mixed characters, damaged in one place; size bytes. */
static void random_text(struct prng *random, uint8_t *out, size_t size, bool damage)
{
    static const char *const letters[] = {"a", "z", " ", "\xc3\xa9", "\xd0\x96", "\xe4\xb8\xad", "\xe6\x96\x87",
                                          "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    uint64_t kinds = 1 + prng_below(random, sizeof letters / sizeof *letters);
    size_t at = 0;

    while (at < size) {
        const char *letter = letters[prng_below(random, kinds)];
        size_t width = strlen(letter);
        if (at + width > size)
            width = size - at;
        memcpy(out + at, letter, width);
        at += width;
    }
    if (damage)
        out[prng_below(random, size)] = (uint8_t)prng_next(random);
}

START_TEST(random_texts_in_random_cuts)
{
    FOR_EACH_SIMD_LEVEL(level)
    {
        struct prng random = prng_stream(3, "utf8");
        for (int round = 0; round < 60000; round++) {
            uint8_t text[700];
            size_t size = 1 + (size_t)prng_below(&random, round % 4 ? 150 : sizeof text);
            random_text(&random, text, size, round % 3 != 0);
            size_t a = (size_t)prng_below(&random, size + 1);
            size_t b = a + (size_t)prng_below(&random, size - a + 1);
            check_text(text, size);
            check_cut(text, size, a, b);
        }
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(every_cut_and_bytewise)
{
    FOR_EACH_SIMD_LEVEL(level)
    {
        struct prng random = prng_stream(4, "utf8");
        for (int round = 0; round < 12; round++) {
            uint8_t text[150];
            random_text(&random, text, sizeof text, round % 2 != 0);
            check_bytewise(text, sizeof text);
            for (size_t a = 0; a <= sizeof text; a++)
                for (size_t b = a; b <= sizeof text; b += 1 + b % 3)
                    check_cut(text, sizeof text, a, b);
        }
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(never_beside_the_text)
{
    FOR_EACH_SIMD_LEVEL(level)
    {
        struct prng random = prng_stream(5, "utf8");
        for (size_t size = 1; size <= 600; size++) {
            uint8_t text[600];
            random_text(&random, text, size, size % 2);
            struct guard end = guard_end(text, size), begin = guard_begin(text, size);
            check_text(end.bytes, size);
            check_text(begin.bytes, size);
            guard_free(&end);
            guard_free(&begin);
        }
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(whole_texts)
{
    size_t bad;

    ck_assert(ws_utf8_valid((const uint8_t *)"", 0, &bad));
    ck_assert_uint_eq(bad, 0);
    ck_assert(ws_utf8_valid((const uint8_t *)"\xe4\xb8\xad", 3, NULL));
    ck_assert(!ws_utf8_valid((const uint8_t *)"a\xe4\xb8", 3, &bad));
    ck_assert_uint_eq(bad, 3);
    ck_assert(!ws_utf8_valid((const uint8_t *)"a\xe4\xb8z", 4, &bad));
    ck_assert_uint_eq(bad, 3);
}
END_TEST

UNIT_MAIN("utf8", all_short_sequences, four_bytes_at_every_offset, wrong_ones_at_every_offset,
          random_texts_in_random_cuts, every_cut_and_bytewise, never_beside_the_text, whole_texts)
