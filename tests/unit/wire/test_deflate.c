/* Messages through DEFLATE and back: every window, level and kind of data, cut
 * anywhere; and what a sender may do that zlib alone would not take. */
#include "plain_inflate.h"

#include "base/prng.h"
#include "wire/deflate.h"

enum { MESSAGES = 3, MESSAGE_SIZE = 6000 };

/* ---- helpers ---- */

static void fill(uint8_t *out, size_t size, unsigned kind, struct prng *p)
{
    static const char *const words[] = {"alpha ", "beta ", "gamma ", "delta ", "epsilon\n"};
    for (size_t at = 0; at < size;) {
        uint64_t draw = prng_next(p);
        if (kind == 0) {
            const char *word = words[draw % 5];
            for (; *word != 0 && at < size; word++)
                out[at++] = (uint8_t)*word;
        } else {
            out[at] = kind == 1 ? (uint8_t)(at * at >> 4) : kind == 2 ? (uint8_t)draw : 0;
            at++;
        }
    }
}

/* Either direction. */
struct codec {
    struct ws_deflater *deflater;
    struct ws_inflater *inflater;
};

static enum ws_codec_status codec_step(struct codec c, struct ws_codec_step *step, bool last)
{
    return c.deflater != NULL ? ws_deflater_step(c.deflater, step, last ? WS_PIECE_LAST : WS_PIECE_GOES_ON)
                              : ws_inflater_step(c.inflater, step, last);
}

/* One message through it, in pieces of at most `in_max` bytes into rooms of at
 * most `out_max`; appended to `out`. The status that ended it. */
static enum ws_codec_status run_message(struct codec c, const uint8_t *bytes, size_t size, size_t in_max,
                                        size_t out_max, struct prng *p, struct buf *out)
{
    uint8_t room[9000];
    size_t at = 0;
    for (;;) {
        size_t piece = 1 + prng_below(p, in_max);
        bool last = piece >= size - at;
        if (last)
            piece = size - at;
        enum ws_codec_status status = WS_CODEC_MORE_ROOM;
        for (size_t end = at + piece; status == WS_CODEC_MORE_ROOM;) {
            struct ws_codec_step step = {.in = bytes == NULL ? NULL : bytes + at,
                                         .in_size = end - at, .out = room,
                                         .out_size = 1 + prng_below(p, out_max)};
            status = codec_step(c, &step, last);
            if (step.in_used > step.in_size || step.out_made > step.out_size)
                ck_abort_msg("counters beyond their sizes");
            at += step.in_used;
            buf_append(out, room, step.out_made);
        }
        if (status == WS_CODEC_OK && last)
            ck_assert_uint_eq(at, size);
        if (status != WS_CODEC_OK || last)
            return status;
    }
}

static void deflate_message(struct ws_deflater *d, const uint8_t *bytes, size_t size, size_t in_max,
                            size_t out_max, struct prng *p, struct buf *wire)
{
    ck_assert_int_eq(run_message((struct codec){.deflater = d}, bytes, size, in_max, out_max, p, wire),
                     WS_CODEC_OK);
}

static enum ws_codec_status inflate_message(struct ws_inflater *i, const uint8_t *bytes, size_t size,
                                            size_t in_max, size_t out_max, struct prng *p,
                                            struct buf *message)
{
    return run_message((struct codec){.inflater = i}, bytes, size, in_max, out_max, p, message);
}

/* Whole, and once more in random pieces: both must agree. */
static enum ws_codec_status inflate_both_ways(int bits, const struct buf *wire, struct buf *message)
{
    struct prng p = prng_stream(1, "both ways");
    struct buf again;
    enum ws_codec_status status[2];
    bool truncated[2];
    buf_init(&again, 0);
    for (int way = 0; way < 2; way++) {
        struct ws_inflater *i = ws_inflater_new(bits, true);
        status[way] = inflate_message(i, wire->data, wire->size, way ? 3 : SIZE_MAX, way ? 5 : 9000,
                                      &p, way ? &again : message);
        truncated[way] = ws_inflater_truncated(i);
        ws_inflater_free(i);
    }
    ck_assert_int_eq(status[0], status[1]);
    ck_assert_int_eq(truncated[0], truncated[1]);
    ck_assert_uint_eq(message->size, again.size);
    ck_assert(message->size == 0 || memcmp(message->data, again.data, again.size) == 0);
    buf_free(&again);
    return status[0];
}

static void check_text(struct ws_inflater *i, const char *wire, size_t size, const char *expected,
                       bool truncated)
{
    struct buf message;
    struct prng p = prng_stream(1, "check text");
    buf_init(&message, 0);
    ck_assert_int_eq(inflate_message(i, (const uint8_t *)wire, size, SIZE_MAX, 100, &p, &message),
                     WS_CODEC_OK);
    ck_assert_str_eq(buf_text(&message), expected);
    ck_assert_int_eq(ws_inflater_truncated(i), truncated);
    buf_free(&message);
}
#define CHECK_TEXT(i, wire, expected, truncated) \
    check_text((i), (wire), sizeof(wire) - 1, (expected), (truncated))

/* ---- round trips ---- */

static void check_round_trip(int bits, bool takeover, int level, unsigned kind)
{
    static uint8_t bytes[MESSAGE_SIZE];
    struct prng p = prng_stream_n(7, "round trip", (uint64_t)(bits * 1000 + level * 10) + kind);
    struct ws_deflater *d = ws_deflater_new(bits, takeover, level);
    struct ws_inflater *i = ws_inflater_new(bits, takeover);
    struct buf wire, plain, message;
    size_t farthest = 0;
    buf_init(&wire, 0);
    buf_init(&plain, 0);
    buf_init(&message, 0);

    for (int n = 0; n < MESSAGES; n++) {
        size_t size = n == 1 ? prng_below(&p, 20) : MESSAGE_SIZE;
        fill(bytes, size, kind, &p);
        buf_clear(&wire);
        buf_clear(&message);
        deflate_message(d, bytes, size, 700, 300, &p, &wire);
        ck_assert_int_eq(
            inflate_message(i, wire.data, wire.size, 100, 500, &p, &message), WS_CODEC_OK);
        ck_assert(!ws_inflater_truncated(i));
        ck_assert_uint_eq(message.size, size);
        ck_assert(size == 0 || memcmp(message.data, bytes, size) == 0);

        if (!takeover)
            buf_clear(&plain);
        buf_append(&wire, "\0\0\xff\xff", 4);
        ck_assert(plain_inflate(wire.data, wire.size, &plain, &farthest));
        ck_assert(size == 0 || memcmp(plain.data + plain.size - size, bytes, size) == 0);
    }
    ck_assert_msg(farthest <= (size_t)1 << bits, "%d bits: distance %zu", bits, farthest);
    buf_free(&wire);
    buf_free(&plain);
    buf_free(&message);
    ws_deflater_free(d);
    ws_inflater_free(i);
}

START_TEST(round_trips)
{
    static const int levels[] = {0, 1, 6, 9};
    for (int bits = 8; bits <= 15; bits++)
        for (int takeover = 0; takeover < 2; takeover++)
            for (size_t level = 0; level < 4; level++)
                for (unsigned kind = 0; kind < 4; kind++)
                    check_round_trip(bits, takeover, levels[level], kind);
}
END_TEST

/* However input and room are cut, the wire is a message without a second mark. */
START_TEST(output_does_not_depend_on_room)
{
    static uint8_t bytes[MESSAGE_SIZE];
    struct prng p = prng_stream(3, "room");
    struct buf whole, cut;
    buf_init(&whole, 0);
    buf_init(&cut, 0);
    for (size_t size = 0; size < MESSAGE_SIZE; size = size * 3 / 2 + 1) {
        fill(bytes, size, (unsigned)(size % 3), &p);
        for (size_t out_max = 1; out_max < 16; out_max++) {
            struct ws_deflater *a = ws_deflater_new(15, true, 6), *b = ws_deflater_new(15, true, 6);
            buf_clear(&whole);
            buf_clear(&cut);
            for (int n = 0; n < 2; n++) {
                deflate_message(a, bytes, size, SIZE_MAX, 9000, &p, &whole);
                deflate_message(b, bytes, size, 1 + size / 3, out_max, &p, &cut);
            }
            ck_assert_uint_eq(whole.size, cut.size);
            ck_assert_int_eq(memcmp(whole.data, cut.data, cut.size), 0);
            ws_deflater_free(a);
            ws_deflater_free(b);
        }
    }
    buf_free(&whole);
    buf_free(&cut);
}
END_TEST

/* Messages whose output ends at and around the edge of the deflater's own buffer. */
START_TEST(output_that_fills_the_buffer)
{
    static uint8_t bytes[8250];
    struct prng p = prng_stream(9, "edge");
    struct buf wire, message;
    buf_init(&wire, 0);
    buf_init(&message, 0);
    fill(bytes, sizeof bytes, 2, &p);
    for (size_t size = 4050; size < sizeof bytes; size += size == 4120 ? 4020 : 1) {
        for (int level = 0; level < 7; level += 6) {
            struct ws_deflater *d = ws_deflater_new(15, true, level);
            struct ws_inflater *i = ws_inflater_new(15, true);
            for (int n = 0; n < 2; n++) {
                buf_clear(&wire);
                buf_clear(&message);
                deflate_message(d, bytes, size, 3000, 9000, &p, &wire);
                ck_assert_int_eq(
                    inflate_message(i, wire.data, wire.size, 3000, 9000, &p, &message), WS_CODEC_OK);
                ck_assert(message.size == size && memcmp(message.data, bytes, size) == 0);
                ck_assert(!ws_inflater_truncated(i));
            }
            ws_deflater_free(d);
            ws_inflater_free(i);
        }
    }
    buf_free(&wire);
    buf_free(&message);
}
END_TEST

START_TEST(an_empty_message_is_one_byte)
{
    struct prng p = prng_stream(1, "empty");
    for (int takeover = 0; takeover < 2; takeover++) {
        struct ws_deflater *d = ws_deflater_new(15, takeover, 6);
        for (int n = 0; n < 3; n++) {
            struct buf wire;
            buf_init(&wire, 0);
            deflate_message(d, NULL, 0, 1, 100, &p, &wire);
            ck_assert_uint_eq(wire.size, 1);
            ck_assert_uint_eq(wire.data[0], 0);
            if (n == 1) /* and so it is behind one that is not */
                deflate_message(d, (const uint8_t *)"text", 4, 4, 100, &p, &wire);
            buf_free(&wire);
        }
        ws_deflater_free(d);
    }
}
END_TEST

/* ---- what a sender may do ---- */

/* RFC 7692 section 7.2.3. */
/* Messages in flushed pieces, some of them empty: what is out says all of a piece, before the next one is known. */
START_TEST(flushed_pieces_are_whole)
{
    static uint8_t bytes[MESSAGE_SIZE], wire[2 * MESSAGE_SIZE], back[MESSAGE_SIZE + 1];
    static const size_t pieces[] = {1, 0, 0, 5, 300, 0, 5000, 1, 0};
    for (int way = 0; way < 12; way++) {
        int bits = 8 + way % 8;
        bool takeover = way < 8;
        struct prng p = prng_stream_n(1, "flushed", (uint64_t)way);
        struct ws_deflater *d = ws_deflater_new(bits, takeover, 6);
        struct ws_inflater *i = ws_inflater_new(bits, takeover);
        for (int message = 0; message < 3; message++) {
            fill(bytes, sizeof bytes, (unsigned)message, &p);
            size_t at = 0;
            for (size_t n = 0; n < sizeof pieces / sizeof *pieces; n++) {
                bool last = n + 1 == sizeof pieces / sizeof *pieces;
                struct ws_codec_step out = {
                    .in = bytes + at, .in_size = pieces[n], .out = wire, .out_size = sizeof wire};
                ck_assert_int_eq(ws_deflater_step(d, &out, last ? WS_PIECE_LAST : WS_PIECE_FLUSH), WS_CODEC_OK);
                ck_assert_uint_eq(out.in_used, pieces[n]);
                struct ws_codec_step in = {.in = wire, .in_size = out.out_made, .out = back, .out_size = sizeof back};
                ck_assert_int_eq(ws_inflater_step(i, &in, last), WS_CODEC_OK);
                ck_assert_uint_eq(in.out_made, pieces[n]);
                ck_assert(pieces[n] == 0 || memcmp(back, bytes + at, pieces[n]) == 0);
                at += pieces[n];
            }
            ck_assert(!ws_inflater_truncated(i));
        }
        ws_deflater_free(d);
        ws_inflater_free(i);
    }
}
END_TEST

START_TEST(examples_of_the_rfc)
{
    struct ws_inflater *i = ws_inflater_new(15, true);
    CHECK_TEXT(i, "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello", false);
    CHECK_TEXT(i, "\xf2\x00\x11\x00\x00", "Hello", false);
    CHECK_TEXT(i, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello", false);
    CHECK_TEXT(i, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello", false);
    CHECK_TEXT(i, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello", false);
    CHECK_TEXT(i, "\x00", "", false);
    CHECK_TEXT(i, "\x02\x00", "", false);
    ws_inflater_free(i);
}
END_TEST

/* A BFINAL block ends a stream, not the message and not the window. */
START_TEST(final_blocks)
{
    struct ws_inflater *i = ws_inflater_new(15, true);
    CHECK_TEXT(i, "\xf3\x48\x05\x00" "\xca\xc9\xc9\x07\x00", "Hello", false);
    CHECK_TEXT(i, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello", false);
    CHECK_TEXT(i, "\xf2\x00\x11\x00\x00", "Hello", false); /* refers across the BFINAL */
    CHECK_TEXT(i, "\x03\x00\x03\x00\x03\x00\xf3\x00\x11\x00\x03\x00\x00", "Hello", false);
    ws_inflater_free(i);
}
END_TEST

/* What was inflated stands, and the next message begins anew with the window. */
START_TEST(truncated_messages)
{
    struct ws_inflater *i = ws_inflater_new(15, true);
    CHECK_TEXT(i, "\xf3\x48\xcd\xc9\xc9\x07\x00", "Hello", true); /* BFINAL, nothing behind it */
    CHECK_TEXT(i, "\xf2\x00\x11\x00\x00", "Hello", false);
    CHECK_TEXT(i, "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", "Hello", true); /* tail not removed */
    CHECK_TEXT(i, "\xf2\x00\x11\x00\x00", "Hello", false);
    CHECK_TEXT(i, "", "", true);
    CHECK_TEXT(i, "\xf2\x00\x11\x00\x00", "Hello", false);
    ws_inflater_free(i);
}
END_TEST

START_TEST(corrupt_messages)
{
    static const struct {
        const char *wire;
        size_t size;
        enum ws_inflate_fault fault;
    } cases[] = {
        {"\x06", 1, WS_INFLATE_NOT_DEFLATE},                             /* block type 3 */
        {"\x00\x05\x00\x00\x00Hello", 10, WS_INFLATE_NOT_DEFLATE},       /* NLEN */
        {"\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5", 13, WS_INFLATE_NOT_DEFLATE},
        {"\xf2\x00\x11\x00\x00", 5, WS_INFLATE_BEFORE_START},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct ws_inflater *i = ws_inflater_new(15, true);
        for (int again = 0; again < 2; again++) {
            uint8_t out[64];
            struct ws_codec_step step = {.in = (const uint8_t *)cases[n].wire, .in_size = cases[n].size,
                                         .out = out, .out_size = sizeof out};
            ck_assert_int_eq(ws_inflater_step(i, &step, true), WS_CODEC_CORRUPT);
            ck_assert_int_eq(ws_inflater_fault(i), cases[n].fault);
        }
        ws_inflater_reset(i);
        CHECK_TEXT(i, "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello", false);
        ws_inflater_free(i);
    }
}
END_TEST

START_TEST(takeover_that_was_not_agreed)
{
    struct ws_inflater *i = ws_inflater_new(15, false);
    uint8_t out[64];
    struct ws_codec_step step = {.in = (const uint8_t *)"\xf2\x00\x11\x00\x00", .in_size = 5,
                                 .out = out, .out_size = sizeof out};
    CHECK_TEXT(i, "\x00", "", false);
    CHECK_TEXT(i, "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello", false);
    ck_assert_int_eq(ws_inflater_step(i, &step, true), WS_CODEC_CORRUPT);
    ck_assert_int_eq(ws_inflater_fault(i), WS_INFLATE_BEFORE_MESSAGE);
    ws_inflater_reset(i);
    ck_assert_int_eq(ws_inflater_step(i, &step, true), WS_CODEC_CORRUPT);
    ck_assert_int_eq(ws_inflater_fault(i), WS_INFLATE_BEFORE_START);
    ws_inflater_free(i);
}
END_TEST

/* ---- windows ---- */

/* `letters` of them, then a match at `distance`. */
static void write_match(struct plain_writer *w, unsigned letters, unsigned distance)
{
    buf_init(&w->bytes, 0);
    w->held = w->held_bits = 0;
    plain_begin_block(w, false);
    for (unsigned n = 0; n < letters; n++)
        plain_put_letter(w, (uint8_t)(n % 251));
    plain_put_match(w, distance);
    plain_end_block(w);
    plain_align(w, true);
}

START_TEST(distances_up_to_the_window_and_no_further)
{
    for (int bits = 8; bits <= 15; bits++) {
        unsigned window = 1u << bits;
        struct plain_writer w;
        struct buf message;
        buf_init(&message, 0);
        write_match(&w, window + 100, window);
        ck_assert_int_eq(inflate_both_ways(bits, &w.bytes, &message), WS_CODEC_OK);
        ck_assert_uint_eq(message.size, window + 103);
        ck_assert_int_eq(memcmp(message.data + window + 100, message.data + 100, 3), 0);
        buf_free(&w.bytes);

        for (unsigned further = 1; bits < 15 && further < 300; further += 149) {
            buf_clear(&message);
            write_match(&w, window + 400, window + further);
            ck_assert_int_eq(inflate_both_ways(bits, &w.bytes, &message), WS_CODEC_CORRUPT);
            ck_assert_uint_eq(message.size, window + 400);
            buf_free(&w.bytes);
        }
        for (unsigned more = 0; bits < 15 && more <= window; more += window / 8 - 1) {
            unsigned distances[] = {window / 2, window / 2 + 1, window - 1, window, window + 1};
            for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
                buf_clear(&message);
                write_match(&w, window + more + 1, distances[i]);
                bool fine = inflate_both_ways(bits, &w.bytes, &message) == WS_CODEC_OK;
                ck_assert_msg(fine == (distances[i] <= window), "%d bits, %u behind %u", bits, distances[i],
                              window + more);
                buf_free(&w.bytes);
            }
        }
        buf_clear(&message);
        write_match(&w, 200, 201); /* before the start */
        ck_assert_int_eq(inflate_both_ways(bits, &w.bytes, &message), WS_CODEC_CORRUPT);
        buf_free(&w.bytes);
        buf_free(&message);
    }
}
END_TEST

START_TEST(the_window_fault_is_told_from_the_others)
{
    struct plain_writer w;
    uint8_t out[1000];
    write_match(&w, 300, 257);
    struct ws_inflater *i = ws_inflater_new(8, true);
    struct ws_codec_step step = {.in = w.bytes.data, .in_size = w.bytes.size, .out = out,
                                 .out_size = sizeof out};
    ck_assert_int_eq(ws_inflater_step(i, &step, true), WS_CODEC_CORRUPT);
    ck_assert_int_eq(ws_inflater_fault(i), WS_INFLATE_PAST_WINDOW);
    ws_inflater_free(i);
    buf_free(&w.bytes);
}
END_TEST

/* ---- bounds ---- */

START_TEST(arguments_that_are_off)
{
    ck_assert_ptr_null(ws_deflater_new(7, true, 6));
    ck_assert_ptr_null(ws_deflater_new(16, true, 6));
    ck_assert_ptr_null(ws_deflater_new(15, true, -1));
    ck_assert_ptr_null(ws_deflater_new(15, true, 10));
    ck_assert_ptr_null(ws_inflater_new(7, true));
    ck_assert_ptr_null(ws_inflater_new(16, true));
    ws_deflater_free(NULL);
    ws_inflater_free(NULL);
}
END_TEST

/* A weapon against inflaters that copy their window at each BFINAL: half a
 * million streams in one message. */
START_TEST(a_train_of_final_blocks)
{
    struct ws_inflater *i = ws_inflater_new(15, true);
    struct buf wire, message;
    struct prng p = prng_stream(1, "train");
    buf_init(&wire, 0);
    buf_init(&message, 0);
    CHECK_TEXT(i, "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello", false);
    for (int n = 0; n < 500000; n++)
        buf_append(&wire, "\x03\x00", 2);
    buf_append(&wire, "\xf2\x00\x11\x00\x00", 5);
    ck_assert_int_eq(
        inflate_message(i, wire.data, wire.size, 4096, 9000, &p, &message), WS_CODEC_OK);
    ck_assert_str_eq(buf_text(&message), "Hello");
    buf_free(&wire);
    buf_free(&message);
    ws_inflater_free(i);
}
END_TEST

START_TEST(allocations_that_fail)
{
    int tries = 0;
    for (unsigned long n = 1;; n++) {
        nomem_at(n, n % 2);
        struct ws_deflater *d = ws_deflater_new(12, true, 6);
        struct ws_inflater *i = d == NULL ? NULL : ws_inflater_new(12, true);
        bool hit = nomem_hit();
        nomem_at(0, 0);
        bool both = d != NULL && i != NULL;
        ws_deflater_free(d);
        ws_inflater_free(i);
        if (!hit)
            break;
        ck_assert(!both);
        tries++;
    }
    ck_assert_int_ge(tries, 6);
}
END_TEST

START_TEST(steps_allocate_nothing)
{
    static uint8_t bytes[MESSAGE_SIZE], wire[2 * MESSAGE_SIZE], back[MESSAGE_SIZE];
    struct prng p = prng_stream(1, "steps");
    fill(bytes, sizeof bytes, 0, &p);
    struct ws_deflater *d = ws_deflater_new(15, true, 9);
    struct ws_inflater *i = ws_inflater_new(15, true);
    struct ws_codec_step out = {.in = bytes, .in_size = sizeof bytes, .out = wire, .out_size = sizeof wire};
    nomem_at(1, 1);
    enum ws_codec_status deflated = ws_deflater_step(d, &out, WS_PIECE_LAST);
    struct ws_codec_step in = {.in = wire, .in_size = out.out_made, .out = back, .out_size = sizeof back};
    enum ws_codec_status inflated = ws_inflater_step(i, &in, true);
    bool hit = nomem_hit();
    nomem_at(0, 0);
    ck_assert(!hit);
    ck_assert_int_eq(deflated, WS_CODEC_OK);
    /* the room was filled to the byte: the tail wants another call */
    ck_assert_int_eq(inflated, WS_CODEC_MORE_ROOM);
    ck_assert_uint_eq(in.out_made, sizeof bytes);
    ck_assert_int_eq(memcmp(back, bytes, sizeof bytes), 0);
    ws_deflater_free(d);
    ws_inflater_free(i);
}
END_TEST

/* Noise: never a crash, and cut anywhere it gives the same. */
START_TEST(noise)
{
    struct prng p = prng_stream(11, "noise");
    for (int n = 0; n < 5000; n++) {
        uint8_t bytes[40];
        struct buf wire = {0}, message;
        prng_fill(&p, bytes, sizeof bytes);
        bytes[0] = (uint8_t)((bytes[0] & 0xf8) | prng_below(&p, 6));
        buf_init(&message, 0);
        buf_append(&wire, bytes, prng_below(&p, sizeof bytes + 1));
        inflate_both_ways(8 + n % 8, &wire, &message);
        buf_free(&wire);
        buf_free(&message);
    }
}
END_TEST

UNIT_MAIN("deflate", round_trips, output_does_not_depend_on_room,
          output_that_fills_the_buffer, an_empty_message_is_one_byte, flushed_pieces_are_whole,
          examples_of_the_rfc, final_blocks, truncated_messages, corrupt_messages,
          takeover_that_was_not_agreed, distances_up_to_the_window_and_no_further,
          the_window_fault_is_told_from_the_others, arguments_that_are_off, a_train_of_final_blocks,
          allocations_that_fail, steps_allocate_nothing, noise)
