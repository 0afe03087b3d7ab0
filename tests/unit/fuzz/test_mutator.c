/* The mutator and trimmer of the fuzz targets (fuzz/mutator.h): everything
 * follows from the seed, nothing grows beyond its room, units stay units. */
#include "unit.h"

#include "../../../fuzz/mutator.h"
#include "wire/frame.h"
#include "wire/mask.h"

#define ROOM 512u

static const char *const names[] = {
    "frame", "judge",  "close",   "utf8",       "head",      "response",    "extension", "deflate",
    "url",   "script", "session", "diff_frame", "diff_head", "diff_deflate"};

/* An input of each kind, behind its options. */
static size_t sample(const struct mutator_target *target, uint8_t *out)
{
    static const char head[] =
        "GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Extensions: permessage-deflate; a=1, b\r\n\r\n";
    static const char script[] = "case a \"a\"\n  open\n  send text \"Hello\" fragment 2\n  expect echo\n";
    static const char text[] = "\xce\xba\xcf\x8c\xcf\x83\xce\xbc\xce\xb5 and \xf0\x9f\x98\x80";
    static const uint8_t frames[] = {0x01, 0x83, 1,    2,   3,   4,    'H' ^ 1, 'e' ^ 2, 'l' ^ 3, 0x89,
                                     0x00, 0x80, 0x02, 'l', 'o', 0x88, 0x02,    0x03,    0xe8};
    const struct mutator_grammar *g = target->grammar;
    const void *bytes = head;
    if (g == &mutator_FRAMES)
        bytes = frames;
    else if (g == &mutator_SCRIPT)
        bytes = script;
    else if (g == &mutator_TEXT)
        bytes = text;
    size_t size = g == &mutator_FRAMES ? sizeof frames : strlen(bytes);
    memset(out, 1, target->options);
    memcpy(out + target->options, bytes, size);
    return target->options + size;
}

/* What libFuzzer would do: may use all the room. */
static size_t engine_bytes(uint8_t *data, size_t size, size_t max)
{
    if (size < max)
        data[size++] = 'x';
    return size;
}

static void check_seeds(const char *name)
{
    const struct mutator_target *target = mutator_find(name);
    uint8_t first[ROOM], again[ROOM], crossed[ROOM], crossed_again[ROOM];
    unsigned changed = 0;
    ck_assert_ptr_nonnull(target);
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint8_t before[ROOM];
        size_t size = sample(target, before), a, b;
        memcpy(first, before, size);
        memcpy(again, before, size);
        a = mutator_mutate(target, first, size, ROOM, seed, engine_bytes);
        b = mutator_mutate(target, again, size, ROOM, seed, engine_bytes);
        ck_assert_uint_eq(a, b);
        ck_assert_mem_eq(first, again, a);
        changed += a != size || memcmp(first, before, size) != 0;
        size_t c = mutator_cross(target, first, a, before, size, crossed, ROOM, seed);
        ck_assert_uint_eq(c, mutator_cross(target, first, a, before, size, crossed_again, ROOM, seed));
        ck_assert_mem_eq(crossed, crossed_again, c);
    }
    ck_assert_uint_gt(changed, 240);
}

START_TEST(follows_from_the_seed)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_seeds(names[i]);
}
END_TEST

/* In memory that ends where the room ends, grown from its own output until it is full. */
static void check_room(const char *name)
{
    const struct mutator_target *target = mutator_find(name);
    uint8_t start[ROOM];
    size_t full = 0;
    for (size_t max = 0; max <= 200; max += 1 + max / 4) {
        struct guard g;
        memset(start, 0, max);
        g = guard_end(start, max);
        size_t size = sample(target, start);
        size = size < max ? size : max;
        if (size != 0)
            memcpy(g.bytes, start, size);
        for (uint64_t seed = 0; seed < 3000; seed++) {
            size = mutator_mutate(target, g.bytes, size, max, seed, seed % 2 ? engine_bytes : NULL);
            ck_assert_uint_le(size, max);
            full += size == max;
        }
        ck_assert_uint_le(mutator_cross(target, start, max, start, max, g.bytes, max, max), max);
        guard_free(&g);
    }
    ck_assert_uint_gt(full, 0);
}

START_TEST(never_grows_beyond_its_room)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_room(names[i]);
}
END_TEST

static void check_tiles(const char *name)
{
    const struct mutator_target *target = mutator_find(name);
    uint8_t bytes[ROOM];
    size_t size = sample(target, bytes);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        size_t at = target->options;
        while (at < size) {
            size_t unit = target->grammar->first(bytes + at, size - at);
            ck_assert_msg(unit >= 1 && unit <= size - at, "a unit of %zu in %zu bytes", unit, size - at);
            at += unit;
        }
        size = mutator_mutate(target, bytes, size, ROOM, seed, NULL);
        if (size < target->options)
            size = sample(target, bytes);
    }
}

START_TEST(units_tile_the_input)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_tiles(names[i]);
}
END_TEST

/* Does the stream consist of whole frames, each with its shortest length and one mask? */
static bool consistent(const uint8_t *bytes, size_t size)
{
    struct ws_frame_parser parser;
    struct ws_frame_part parts[64];
    uint8_t copy[ROOM];
    size_t count = 0;
    memcpy(copy, bytes, size);
    ws_frame_parser_init(&parser, WS_SERVER);
    if (ws_frame_parse(&parser, copy, size, parts, 64, &count) != size || !ws_frame_parser_idle(&parser))
        return false;
    for (size_t i = 0; i < count; i++)
        if (parts[i].head.faults & (WS_FAULT_NON_MINIMAL | WS_FAULT_LENGTH_TOP_BIT))
            return false;
    return true;
}

START_TEST(frames_stay_consistent_or_break_on_purpose)
{
    const struct mutator_target *target = mutator_find("frame");
    unsigned whole = 0, broken = 0, fragments = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        uint8_t bytes[ROOM];
        size_t size = mutator_mutate(target, bytes, sample(target, bytes), ROOM, seed, NULL);
        bool is = consistent(bytes + 2, size - 2);
        whole += is;
        broken += !is;
        fragments += size > 2 && (bytes[2] & 0x8f) == 0x01;
    }
    ck_assert_msg(whole > 1400 && broken > 60 && fragments > 100, "%u whole, %u broken, %u fragmented", whole, broken,
                  fragments);
}
END_TEST

/* From nothing at all, by units alone, come frames with every opcode that has a name. */
START_TEST(frames_come_from_nothing)
{
    const struct mutator_target *target = mutator_find("judge");
    uint8_t bytes[ROOM] = {0, 0};
    size_t size = 2;
    bool seen[16] = {false};
    for (uint64_t seed = 0; seed < 4000; seed++) {
        size = mutator_mutate(target, bytes, size, ROOM, seed, NULL);
        if (size > 2)
            seen[bytes[2] & 15] = true;
    }
    ck_assert(seen[WS_CONTINUATION] && seen[WS_TEXT] && seen[WS_BINARY]);
    ck_assert(seen[WS_CLOSE] && seen[WS_PING] && seen[WS_PONG]);
}
END_TEST

static bool holds(const uint8_t *bytes, size_t size, const char *needle)
{
    return memmem(bytes, size, needle, strlen(needle)) != NULL;
}

START_TEST(crosses_at_units)
{
    const struct mutator_target *target = mutator_find("script");
    const char a[] = "case a \"a\"\n  open\n", b[] = "case b \"b\"\n  fence\n";
    uint8_t out[ROOM];
    unsigned both = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        size_t size = mutator_cross(target, (const uint8_t *)a, strlen(a), (const uint8_t *)b, strlen(b), out, ROOM,
                                    seed);
        ck_assert(size == 0 || out[size - 1] == '\n');
        both += holds(out, size, "case a") && holds(out, size, "fence\n");
    }
    ck_assert_uint_gt(both, 10);
}
END_TEST

/* Trims with "a needle is in it" for an oracle; returns the size and the tries. */
static size_t trim(const char *name, uint8_t *bytes, size_t size, const char *needle, unsigned *tries)
{
    struct trimmer t;
    ck_assert(trimmer_start(&t, mutator_find(name), bytes, size));
    for (*tries = 0; trimmer_next(&t) && *tries < 10000; ++*tries) {
        ck_assert_uint_lt(t.candidate_size, t.size);
        trimmer_tell(&t, holds(t.candidate, t.candidate_size, needle));
    }
    memcpy(bytes, t.best, t.size);
    size = t.size;
    trimmer_end(&t);
    return size;
}

START_TEST(trims_to_the_line)
{
    uint8_t bytes[4096];
    unsigned tries;
    size_t size = 0;
    for (int i = 0; i < 100; i++)
        size += (size_t)sprintf((char *)bytes + size, i == 71 ? "  drop reset\n" : "  send text \"%d\"\n", i);
    size = trim("script", bytes, size, "drop", &tries);
    ck_assert_uint_eq(size, strlen("  drop reset\n"));
    ck_assert_uint_lt(tries, 200);
}
END_TEST

/* Of a stream with a ping in it the ping is left, its payload halved until nothing but what matters is there. */
START_TEST(trims_to_the_frame)
{
    uint8_t bytes[ROOM];
    const struct mutator_target *target = mutator_find("frame");
    unsigned tries;
    size_t size = sample(target, bytes);
    struct ws_frame_head ping = ws_frame_head_make(WS_PING, 100, NULL);
    size += ws_frame_head_write(&ping, bytes + size);
    memset(bytes + size, 'z', 100);
    size = trim("frame", bytes, size + 100, "zz", &tries);
    ck_assert_uint_eq(size, 2 + 2 + 3);
    ck_assert_mem_eq(bytes + 2, "\x89\x03zzz", 5);
}
END_TEST

START_TEST(trimming_without_memory)
{
    struct trimmer t;
    const struct mutator_target *target = mutator_find("frame");
    for (unsigned long n = 1; n <= 2; n++) {
        nomem_at(n, 1);
        bool started = trimmer_start(&t, target, (const uint8_t *)"abc", 3);
        nomem_at(0, 0);
        ck_assert(!started);
    }
    ck_assert_ptr_null(mutator_find("no such target"));
    ck_assert_ptr_null(mutator_find(NULL));
}
END_TEST

UNIT_MAIN("mutator", follows_from_the_seed, never_grows_beyond_its_room, units_tile_the_input,
          frames_stay_consistent_or_break_on_purpose, frames_come_from_nothing, crosses_at_units, trims_to_the_line,
          trims_to_the_frame, trimming_without_memory)
