/* Frames: every head there and back, every cut of the input, every vector
 * unit, and never a byte beside the input. */
#include "unit.h"

#include "base/prng.h"
#include "simd_levels.h"
#include "wire/frame.h"

static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
static const uint8_t no_key[4];

/* For inner loops: libcheck's own asserts leave a note at each step. */
#define expect(what)                                                   \
    do {                                                               \
        if (!(what))                                                   \
            ck_abort_msg("%s: not so: %s", ws_simd_name(), #what);     \
    } while (0)

/* ---- what was seen, with the parts of a frame put together ---- */

enum { SEEN_MAX = 400, PAYLOAD_MAX = 40000 };

struct seen {
    size_t frames;
    size_t bytes;
    struct {
        struct ws_frame_head head;
        size_t length; /* of its payload so far */
        bool ends;
    } frame[SEEN_MAX];
    uint8_t payload[PAYLOAD_MAX];
};

static void check_head(const struct ws_frame_head *seen, const struct ws_frame_head *expected)
{
    expect(seen->payload_length == expected->payload_length);
    expect(memcmp(seen->masking_key, expected->masking_key, 4) == 0);
    expect(seen->faults == expected->faults);
    expect(seen->opcode == expected->opcode);
    expect(seen->rsv == expected->rsv);
    expect(seen->fin == expected->fin);
    expect(seen->masked == expected->masked);
    expect(seen->head_length == expected->head_length);
    expect(seen->length_form == expected->length_form);
}

static void see(struct seen *seen, const struct ws_frame_part *part)
{
    if (part->begins) {
        expect(seen->frames == 0 || seen->frame[seen->frames - 1].ends);
        expect(seen->frames < SEEN_MAX);
        seen->frame[seen->frames].head = part->head;
        seen->frame[seen->frames].length = 0;
        seen->frame[seen->frames].ends = false;
        seen->frames++;
    }
    expect(seen->frames > 0);
    size_t last = seen->frames - 1;
    expect(!seen->frame[last].ends);
    expect(part->offset == seen->frame[last].length);
    check_head(&part->head, &seen->frame[last].head);
    expect(part->length <= PAYLOAD_MAX - seen->bytes);
    memcpy(seen->payload + seen->bytes, part->payload, part->length);
    seen->bytes += part->length;
    seen->frame[last].length += part->length;
    seen->frame[last].ends = part->ends;
}

static void parse(struct ws_frame_parser *parser, struct seen *seen, uint8_t *data, size_t size,
                  size_t capacity)
{
    struct ws_frame_part parts[64];
    size_t at = 0;

    while (at < size) {
        size_t count, used = ws_frame_parse(parser, data + at, size - at, parts, capacity, &count);
        expect(count <= capacity);
        expect(used == size - at || count == capacity);
        for (size_t i = 0; i < count; i++)
            see(seen, &parts[i]);
        at += used;
    }
}

static void check_same(const struct seen *seen, const struct seen *expected)
{
    expect(seen->frames == expected->frames);
    expect(seen->bytes == expected->bytes);
    expect(memcmp(seen->payload, expected->payload, expected->bytes) == 0);
    for (size_t i = 0; i < expected->frames; i++) {
        check_head(&seen->frame[i].head, &expected->frame[i].head);
        expect(seen->frame[i].length == expected->frame[i].length);
        expect(seen->frame[i].ends == expected->frame[i].ends);
    }
}

/* ---- streams ---- */

struct stream {
    uint8_t bytes[PAYLOAD_MAX + 16 * SEEN_MAX];
    size_t size;
    struct seen expected;
};

static uint16_t faults_of(const struct ws_frame_head *head, enum ws_role receiver)
{
    uint64_t least = head->length_form == WS_LENGTH_64 ? 65536 : head->length_form == WS_LENGTH_16 ? 126 : 0;
    unsigned faults = 0;

    if ((head->opcode > 2 && head->opcode < 8) || head->opcode > 10)
        faults |= WS_FAULT_RESERVED_OPCODE;
    if (head->rsv)
        faults |= WS_FAULT_RSV;
    if (head->payload_length < least)
        faults |= WS_FAULT_NON_MINIMAL;
    if (head->payload_length > INT64_MAX)
        faults |= WS_FAULT_LENGTH_TOP_BIT;
    if (head->opcode >= 8 && !head->fin)
        faults |= WS_FAULT_CONTROL_FRAGMENTED;
    if (head->opcode >= 8 && head->payload_length > 125)
        faults |= WS_FAULT_CONTROL_TOO_LONG;
    if (head->masked != (receiver == WS_SERVER))
        faults |= head->masked ? WS_FAULT_MASKED : WS_FAULT_UNMASKED;
    return (uint16_t)faults;
}

/* Appends a frame; of its payload only `sent` bytes. */
static void add_frame(struct stream *s, struct ws_frame_head head, size_t sent, enum ws_role receiver,
                      struct prng *random)
{
    size_t n = s->expected.frames++;

    head.head_length = (uint8_t)ws_frame_head_write(&head, s->bytes + s->size);
    head.faults = faults_of(&head, receiver);
    s->size += head.head_length;
    uint8_t *payload = s->expected.payload + s->expected.bytes;
    prng_fill(random, payload, sent);
    for (size_t i = 0; i < sent; i++)
        s->bytes[s->size + i] = payload[i] ^ head.masking_key[i % 4];
    s->size += sent;
    s->expected.frame[n].head = head;
    s->expected.frame[n].length = sent;
    s->expected.frame[n].ends = sent == head.payload_length;
    s->expected.bytes += sent;
}

static void add_random(struct stream *s, size_t most, enum ws_role receiver, struct prng *random)
{
    static const uint8_t forms[] = {WS_LENGTH_7, WS_LENGTH_16, WS_LENGTH_64};
    size_t length = (size_t)prng_below(random, most + 1);
    uint64_t strange = prng_below(random, 4);
    struct ws_frame_head head = ws_frame_head_make(WS_BINARY, length, NULL);

    if (strange == 0) {
        head.opcode = (uint8_t)prng_below(random, 16);
        head.rsv = (uint8_t)prng_below(random, 8);
        head.fin = (uint8_t)prng_below(random, 2);
        if (length < 126)
            head.length_form = forms[prng_below(random, 3)];
    }
    head.masked = (receiver == WS_SERVER) == (strange != 1);
    if (head.masked)
        prng_fill(random, head.masking_key, 4);
    add_frame(s, head, length, receiver, random);
}

static void parse_pieces(const struct stream *s, enum ws_role receiver, size_t capacity,
                         const size_t *cuts, size_t cut_count)
{
    static struct seen seen;
    static uint8_t copy[sizeof s->bytes];
    struct ws_frame_parser parser;
    size_t at = 0;

    seen.frames = seen.bytes = 0;
    memcpy(copy, s->bytes, s->size);
    ws_frame_parser_init(&parser, receiver);
    for (size_t i = 0; i <= cut_count; i++) {
        size_t end = i < cut_count ? cuts[i] : s->size;
        parse(&parser, &seen, copy + at, end - at, capacity);
        at = end;
    }
    check_same(&seen, &s->expected);
}

/* ---- heads ---- */

static void round_trip(struct ws_frame_head head, enum ws_role receiver)
{
    uint8_t bytes[WS_FRAME_HEAD_MAX];
    struct ws_frame_parser parser;
    struct ws_frame_part part;
    size_t count;

    if (!head.masked)
        memcpy(head.masking_key, no_key, 4);
    size_t size = ws_frame_head_write(&head, bytes);
    ws_frame_parser_init(&parser, receiver);
    expect(ws_frame_parser_idle(&parser));
    expect(ws_frame_parse(&parser, bytes, size - 1, &part, 1, &count) == size - 1);
    expect(count == 0);
    expect(!ws_frame_parser_idle(&parser));
    expect(ws_frame_parse(&parser, bytes + size - 1, 1, &part, 1, &count) == 1);
    expect(count == 1);
    expect(ws_frame_parser_idle(&parser) == (head.payload_length == 0));

    head.head_length = (uint8_t)size;
    head.faults = faults_of(&head, receiver);
    check_head(&part.head, &head);
    expect(part.begins == 1);
    expect(part.ends == (head.payload_length == 0));
    expect(part.length == 0);
    expect(part.offset == 0);
}

START_TEST(every_head_there_and_back)
{
    static const struct {
        uint8_t form;
        uint64_t length;
    } lengths[] = {
        {7, 0}, {7, 1}, {7, 124}, {7, 125}, {16, 0}, {16, 125}, {16, 126}, {16, 0x0102}, {16, 0xffff},
        {64, 0}, {64, 125}, {64, 126}, {64, 0xffff}, {64, 0x10000}, {64, 0x0102030405060708},
        {64, INT64_MAX}, {64, (uint64_t)1 << 63}, {64, UINT64_MAX},
    };

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (unsigned bits = 0; bits < 1u << 10; bits++) {
            struct ws_frame_head head = {.payload_length = lengths[i].length,
                                         .length_form = lengths[i].form};
            head.opcode = bits & 15u;
            head.rsv = bits >> 4 & 7u;
            head.fin = bits >> 7 & 1u;
            head.masked = bits >> 8 & 1u;
            memcpy(head.masking_key, key, 4);
            round_trip(head, bits >> 9 & 1u ? WS_CLIENT : WS_SERVER);
        }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(minimal_and_overflowing_lengths)
{
    static const struct {
        uint8_t form;
        uint64_t length;
        size_t size;
        uint8_t bytes[10];
    } rows[] = {
        {WS_LENGTH_MINIMAL, 125, 2, {0x82, 125}},
        {WS_LENGTH_MINIMAL, 126, 4, {0x82, 126, 0, 126}},
        {WS_LENGTH_MINIMAL, 65535, 4, {0x82, 126, 0xff, 0xff}},
        {WS_LENGTH_MINIMAL, 65536, 10, {0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
        {WS_LENGTH_7, 0x181, 2, {0x82, 1}},
        {WS_LENGTH_16, 0x12345, 4, {0x82, 126, 0x23, 0x45}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[WS_FRAME_HEAD_MAX];
        struct ws_frame_head head = ws_frame_head_make(WS_BINARY, rows[i].length, NULL);
        head.length_form = rows[i].form;
        ck_assert_uint_eq(ws_frame_head_write(&head, out), rows[i].size);
        ck_assert_mem_eq(out, rows[i].bytes, rows[i].size);
    }
}
END_TEST

/* RFC 6455 section 5.7. */
START_TEST(the_examples_of_the_rfc)
{
    static const uint8_t masked_hello[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    struct ws_frame_head head = ws_frame_head_make(WS_TEXT, 5, key);
    uint8_t bytes[WS_FRAME_HEAD_MAX + 5];
    struct ws_frame_parser parser;
    struct ws_frame_part part;
    size_t count;

    ck_assert_uint_eq(ws_frame_head_write(&head, bytes), 6);
    ck_assert_uint_eq(head.head_length, 6);
    ck_assert_mem_eq(bytes, masked_hello, 6);
    memcpy(bytes, masked_hello, sizeof masked_hello);
    ws_frame_parser_init(&parser, WS_SERVER);
    ck_assert_uint_eq(ws_frame_parse(&parser, bytes, sizeof masked_hello, &part, 1, &count), sizeof masked_hello);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(part.head.faults, 0);
    ck_assert_uint_eq(part.length, 5);
    ck_assert_mem_eq(part.payload, "Hello", 5);
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(ws_opcode_name(WS_TEXT), "text");
    ck_assert_str_eq(ws_opcode_name(11), "reserved 11");
    ck_assert_str_eq(ws_opcode_name(16), "not an opcode");
}
END_TEST

/* ---- streams in pieces ---- */

static void make_stream(struct stream *s, enum ws_role receiver, uint64_t seed, size_t frames, size_t most)
{
    struct prng random = prng_stream_n(seed, "frames", receiver);

    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < frames; i++)
        add_random(s, most, receiver, &random);
}

START_TEST(every_cut)
{
    static struct stream s;

    FOR_EACH_SIMD_LEVEL(level)
    for (enum ws_role receiver = WS_SERVER; receiver <= WS_CLIENT; receiver++) {
        make_stream(&s, receiver, 1, 14, 140);
        parse_pieces(&s, receiver, 64, NULL, 0);
        for (size_t a = 0; a <= s.size; a++)
            for (size_t b = a; b <= s.size; b += 1 + (b - a) / 8)
                parse_pieces(&s, receiver, 64, (const size_t[]){a, b}, 2);
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(bytewise_and_random_cuts)
{
    static struct stream s;
    static size_t cuts[sizeof s.bytes];

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t most = 0; most <= 900; most = most * 2 + 1) {
        enum ws_role receiver = most & 2 ? WS_CLIENT : WS_SERVER;
        struct prng random = prng_stream_n(7, "cuts", most);
        make_stream(&s, receiver, most, 40, most);
        for (size_t i = 0; i < s.size; i++)
            cuts[i] = i + 1;
        parse_pieces(&s, receiver, 64, cuts, s.size);
        for (int round = 0; round < 50; round++) {
            size_t count = 0;
            for (size_t at = 0; (at += (size_t)prng_below(&random, 40 + most)) <= s.size;)
                cuts[count++] = at;
            parse_pieces(&s, receiver, 1 + (size_t)prng_below(&random, 5), cuts, count);
        }
    }
    ws_simd_force(NULL);
}
END_TEST

/* Each payload length up to past the largest that one stride unmasks. */
START_TEST(each_length)
{
    static struct stream s;

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t length = 0; length <= 400; length++) {
        struct prng random = prng_stream_n(8, "length", length);
        memset(&s, 0, sizeof s);
        for (int i = 0; i < 6; i++) {
            struct ws_frame_head head = ws_frame_head_make(WS_BINARY, length, no_key);
            prng_fill(&random, head.masking_key, 4);
            add_frame(&s, head, length, WS_SERVER, &random);
        }
        parse_pieces(&s, WS_SERVER, 64, NULL, 0);
        parse_pieces(&s, WS_SERVER, 1, NULL, 0);
        parse_pieces(&s, WS_SERVER, 64, (const size_t[]){s.size / 2, s.size / 2 + 3}, 2);
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(capacity_one_like_sixty_four)
{
    static struct stream s;

    FOR_EACH_SIMD_LEVEL(level)
    for (uint64_t seed = 0; seed < 30; seed++) {
        make_stream(&s, WS_SERVER, seed, 200, 150);
        parse_pieces(&s, WS_SERVER, 1, NULL, 0);
        parse_pieces(&s, WS_SERVER, 64, NULL, 0);
    }
    ws_simd_force(NULL);
}
END_TEST

static void parse_guarded(const struct stream *s, struct guard g)
{
    static struct seen seen;
    struct ws_frame_parser parser;

    seen.frames = seen.bytes = 0;
    ws_frame_parser_init(&parser, WS_SERVER);
    parse(&parser, &seen, g.bytes, g.size, 64);
    if (g.size == s->size)
        check_same(&seen, &s->expected);
    guard_free(&g);
}

START_TEST(never_beside_the_input)
{
    static struct stream s;

    FOR_EACH_SIMD_LEVEL(level)
    for (uint64_t seed = 0; seed < 20; seed++) {
        make_stream(&s, WS_SERVER, seed, 6, 1u << seed % 10);
        for (size_t size = 1; size <= s.size; size += 1 + size / 64) {
            parse_guarded(&s, guard_end(s.bytes, size));
            parse_guarded(&s, guard_begin(s.bytes, size));
        }
        parse_guarded(&s, guard_end(s.bytes, s.size));
        parse_guarded(&s, guard_begin(s.bytes, s.size));
    }
    ws_simd_force(NULL);
}
END_TEST

/* ---- the flag for ASCII ---- */

enum { ASCII_LARGEST = 300 };

/* A payload of x, but for a byte with its high bit at `high` (none if it is not
 * inside), given in two pieces. */
static void check_ascii(unsigned opcode, bool masked, size_t length, size_t high, size_t cut)
{
    struct ws_frame_head head = ws_frame_head_make(opcode, length, masked ? key : NULL);
    uint8_t bytes[WS_FRAME_HEAD_MAX + ASCII_LARGEST];
    size_t start = ws_frame_head_write(&head, bytes), at = 0;
    size_t size = start + length, ends[] = {start + cut, size};
    struct ws_frame_parser parser;

    memset(bytes + start, 'x', length);
    if (high < length)
        bytes[start + high] = 0x80;
    if (masked)
        ws_mask(bytes + start, length, key, 0);
    ws_frame_parser_init(&parser, masked ? WS_SERVER : WS_CLIENT);
    for (size_t i = 0; i < 2 && at < size; at = ends[i++]) {
        struct ws_frame_part part;
        size_t count;
        ws_frame_parse(&parser, bytes + at, ends[i] - at, &part, 1, &count);
        expect(count == 1);
        bool inside = high >= part.offset && high - part.offset < part.length;
        expect(part.ascii == (masked && opcode <= WS_TEXT && !inside));
    }
}

START_TEST(one_high_byte_anywhere)
{
    FOR_EACH_SIMD_LEVEL(level)
    for (size_t length = 0; length <= ASCII_LARGEST; length++)
        for (size_t high = 0; high <= length; high++) {
            check_ascii(WS_TEXT, true, length, high, length);
            check_ascii(WS_CONTINUATION, true, length, high, length / 3);
        }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(a_high_byte_in_long_text)
{
    static uint8_t bytes[WS_FRAME_HEAD_MAX + 5000];

    FOR_EACH_SIMD_LEVEL(level)
    for (size_t high = 0; high <= 4096; high++) {
        size_t shift = high % 64; /* where the payload lies */
        struct ws_frame_head head = ws_frame_head_make(WS_TEXT, 4096, no_key);
        struct ws_frame_parser parser;
        struct ws_frame_part part;
        size_t count, start = ws_frame_head_write(&head, bytes + shift);

        memset(bytes + shift + start, 0x7f, 4097);
        bytes[shift + start + high] = 0xff; /* the last lies behind the payload */
        ws_frame_parser_init(&parser, WS_SERVER);
        ws_frame_parse(&parser, bytes + shift, start + 4096, &part, 1, &count);
        expect(count == 1 && part.ends);
        expect(part.ascii == (high == 4096));
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(no_flag_without_masking_or_text)
{
    FOR_EACH_SIMD_LEVEL(level)
    for (size_t length = 0; length <= ASCII_LARGEST; length++) {
        check_ascii(WS_TEXT, false, length, length, length);
        check_ascii(WS_BINARY, true, length, length, length / 2);
        check_ascii(WS_PING, true, length, length, length);
    }
    ws_simd_force(NULL);
}
END_TEST

/* A payload that never ends: 2^64-1 bytes claimed. */
START_TEST(the_largest_length)
{
    struct ws_frame_head head = ws_frame_head_make(WS_BINARY, UINT64_MAX, key);
    uint8_t bytes[WS_FRAME_HEAD_MAX + 100] = {0};
    struct ws_frame_parser parser;
    struct ws_frame_part part;
    size_t count;

    ck_assert_uint_eq(ws_frame_head_write(&head, bytes), WS_FRAME_HEAD_MAX);
    ws_frame_parser_init(&parser, WS_SERVER);
    ck_assert_uint_eq(ws_frame_parse(&parser, bytes, sizeof bytes, &part, 1, &count), sizeof bytes);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(part.length, 100);
    ck_assert_uint_eq(part.head.faults, WS_FAULT_LENGTH_TOP_BIT);
    for (uint64_t offset = 100; offset < 1000; offset += 100) {
        ck_assert_uint_eq(ws_frame_parse(&parser, bytes, 100, &part, 1, &count), 100);
        ck_assert_uint_eq(part.offset, offset);
        ck_assert(!part.begins && !part.ends);
    }
}
END_TEST

/* A caller without bytes learns nothing and breaks nothing. */
START_TEST(no_bytes)
{
    struct ws_frame_parser parser;
    struct ws_frame_part part;
    size_t count = 9;
    uint8_t head[] = {0x82, 0x01};

    ws_frame_parser_init(&parser, WS_CLIENT);
    ck_assert_uint_eq(ws_frame_parse(&parser, head, 0, &part, 1, &count), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(ws_frame_parse(&parser, head, 2, &part, 1, &count), 2);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(ws_frame_parse(&parser, head, 0, &part, 1, &count), 0);
    ck_assert_uint_eq(count, 0);
}
END_TEST

UNIT_MAIN("frame", every_head_there_and_back, minimal_and_overflowing_lengths, the_examples_of_the_rfc,
          names, every_cut, bytewise_and_random_cuts, each_length, capacity_one_like_sixty_four,
          never_beside_the_input, one_high_byte_anywhere, a_high_byte_in_long_text,
          no_flag_without_masking_or_text, the_largest_length, no_bytes)
