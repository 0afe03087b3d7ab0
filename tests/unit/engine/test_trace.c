/* Recording and printing of traces: limits, digest, and the text as a scenario that parses. */
#include "engine/trace.h"

#include "base/limits.h"
#include "engine/language/script.h"
#include "engine/trace_tap.h"
#include "unit.h"

static struct trace_event event(enum trace_kind kind, bool ours, const char *bytes, size_t size)
{
    return (struct trace_event){.kind = kind, .ours = ours, .connection = 1, .at_ns = 1500000,
                                .bytes = (const uint8_t *)bytes, .size = size, .whole = size};
}

static struct trace_event frame(bool ours, unsigned first_byte, const char *payload, size_t size)
{
    struct trace_event e = event(TRACE_FRAME, ours, payload, size);
    static const uint8_t key[4] = {1, 2, 3, 4};
    e.head = ws_frame_head_make((enum ws_opcode)(first_byte & 15u), size, ours ? key : NULL);
    e.head.fin = first_byte >> 7 & 1u;
    e.head.rsv = first_byte >> 4 & 7u;
    return e;
}
#define EVENT(kind, ours, text) event(kind, ours, text, sizeof text - 1)
#define FRAME(ours, first_byte, text) frame(ours, first_byte, text, sizeof text - 1)

static void add(struct trace *trace, struct trace_event e)
{
    trace_add(trace, &e);
}

/* The print, without times, parses without a mistake and says what is expected. */
static void expect_print(const struct trace *trace, const char *expected)
{
    struct buf out, errors;
    unsigned mistakes;
    buf_init(&out, 0);
    buf_init(&errors, 0);
    trace_print(trace, "t", &out);
    struct script *script = script_parse("trace", buf_text(&out), out.size, &errors, &mistakes);
    ck_assert_msg(mistakes == 0, "%s\n%s", buf_text(&errors), buf_text(&out));
    script_free(script);
    char *at = (char *)out.data;
    while ((at = strstr(at, "  # 1.500ms")) != NULL)
        memmove(at, at + 11, strlen(at + 11) + 1);
    ck_assert_str_eq((char *)out.data, expected);
    buf_free(&out);
    buf_free(&errors);
}

#define REQUEST "GET / HTTP/1.1\r\n\r\n"

START_TEST(a_client_session)
{
    struct trace t;
    trace_init(&t);
    add(&t, EVENT(TRACE_CONNECT, false, ""));
    add(&t, EVENT(TRACE_HEAD, true, REQUEST));
    add(&t, EVENT(TRACE_HEAD, false, "HTTP/1.1 101 S\r\n\r\n"));
    add(&t, FRAME(true, 0x01, "a"));
    add(&t, FRAME(true, 0x80, "b"));
    add(&t, FRAME(false, 0x81, "ab"));
    add(&t, FRAME(true, 0x89, ""));
    add(&t, FRAME(false, 0x8a, ""));
    add(&t, FRAME(false, 0x02, "x"));
    add(&t, FRAME(false, 0x88, "\x03\xe8" "bye"));
    add(&t, FRAME(true, 0x88, "\x03\xe8"));
    add(&t, FRAME(false, 0x88, ""));
    add(&t, EVENT(TRACE_EOF, false, ""));
    add(&t, EVENT(TRACE_EOF, true, ""));
    expect_print(&t,
                 "scenario \"t\"\n  auto-pong off\n  connect\n"
                 "  send http \"GET / HTTP/1.1\\r\\n\\r\\n\"\n  expect status 101\n"
                 "  send text \"a\" more\n  send continue \"b\"\n  expect text \"ab\"\n"
                 "  send ping\n  expect pong \"\"\n  expect frame \"x\" opcode 2 more\n"
                 "  expect close 1000 \"bye\"\n  send close 1000\n  expect close none\n"
                 "  expect eof\n  drop fin\n");
    trace_free(&t);
}
END_TEST

START_TEST(a_server_session)
{
    struct trace t;
    trace_init(&t);
    add(&t, EVENT(TRACE_CONNECT, false, ""));
    add(&t, EVENT(TRACE_HEAD, false, REQUEST));
    add(&t, EVENT(TRACE_HEAD, true, "HTTP/1.1 101 S\r\n\r\n"));
    struct trace_event plain = FRAME(true, 0x81, "hi");
    plain.head.masked = 0;
    add(&t, plain);
    add(&t, EVENT(TRACE_RESET, false, ""));
    struct trace_event second = EVENT(TRACE_HEAD, false, REQUEST);
    second.connection = 2;
    add(&t, second);
    second = EVENT(TRACE_HEAD, true, "HTTP/1.1 503 No\r\n\r\n");
    second.connection = 2;
    add(&t, second);
    expect_print(&t, "scenario \"t\"\n  auto-pong off\n  accept\n  send text \"hi\"\n"
                     "  expect reset\n  accept status 503\n");
    trace_free(&t);
}
END_TEST

START_TEST(what_is_wrong_stays_wrong)
{
    struct trace t;
    trace_init(&t);
    struct trace_event e = FRAME(true, 0xb3, "x");
    e.head.masked = 0;
    add(&t, e);
    e = FRAME(true, 0x82, "x");
    memset(e.head.masking_key, 0, 4);
    e.head.payload_length = 5;
    add(&t, e);
    e = FRAME(true, 0x82, "x");
    e.head.length_form = WS_LENGTH_64;
    add(&t, e);
    add(&t, FRAME(true, 0x88, "x"));
    add(&t, EVENT(TRACE_RAW, true, "\xff"));
    add(&t, FRAME(false, 0xc1, "\x01"));
    add(&t, FRAME(false, 0x88, "x"));
    expect_print(&t, "scenario \"t\"\n  auto-pong off\n"
                     "  send binary \"x\" opcode 3 rsv 3 mask none\n"
                     "  send binary \"x\" length 5 mask 00000000\n"
                     "  send binary \"x\" long-length 64\n"
                     "  send close \"x\"\n  send raw hex(ff)\n"
                     "  expect frame hex(01) opcode 1 rsv 4\n"
                     "  expect frame \"x\" opcode 8\n");
    trace_free(&t);
}
END_TEST

START_TEST(comments_stay_comments)
{
    struct trace t;
    trace_init(&t);
    struct trace_event e = EVENT(TRACE_NOTE, false, "");
    e.text = "two\nlines";
    add(&t, e);
    e = EVENT(TRACE_VIOLATION, false, "");
    e.text = "sends a second Close";
    add(&t, e);
    add(&t, EVENT(TRACE_RAW, false, "\n"));
    e = FRAME(false, 0x81, "ab");
    e.head.payload_length = 10;
    add(&t, e);
    expect_print(&t, "scenario \"t\"\n  auto-pong off\n  # two?lines\n  # the peer sends a second Close\n"
                     "  # no frame: \"\\n\"\n  # a text frame ends after 2 of 10 bytes;\n");
    trace_free(&t);
}
END_TEST

START_TEST(connections_that_overlap_have_names)
{
    struct trace t;
    trace_init(&t);
    for (unsigned i = 0; i < 4; i++) {
        struct trace_event e = FRAME(true, 0x89, "");
        e.connection = 26 + i % 2;
        add(&t, e);
    }
    expect_print(&t, "scenario \"t\"\n  auto-pong off\n  z: send ping\n  aa: send ping\n"
                     "  z: send ping\n  aa: send ping\n");
    trace_free(&t);
}
END_TEST

/* What was not kept is made up to the same length, and said. */
START_TEST(long_payloads)
{
    struct trace t;
    struct buf out;
    static char big[LIMIT_TRACE_BYTES + 10];
    memset(big, 'x', sizeof big);
    memcpy(big + LIMIT_TRACE_BYTES - 2, "\xe2\x82\xac", 3); /* cut within a character */
    trace_init(&t);
    add(&t, frame(true, 0x81, big, sizeof big));
    add(&t, frame(false, 0x81, big, sizeof big));
    ck_assert_uint_eq(t.events[0].size, LIMIT_TRACE_BYTES);
    ck_assert_uint_eq(t.events[0].whole, sizeof big);
    buf_init(&out, 0);
    trace_print(&t, "t", &out);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), " fill(0x2e x 12)  # 1.500ms; the dots stand for 10 bytes"));
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "expect text  # 1.500ms; of 4106 bytes"));
    buf_free(&out);
    trace_free(&t);
}
END_TEST

START_TEST(events_are_bounded)
{
    struct trace t;
    static char payload[LIMIT_TRACE_BYTES];
    for (size_t size = 0; size <= sizeof payload; size += sizeof payload) {
        const size_t all = 3 * LIMIT_TRACE_EVENTS + 7;
        size_t used = 0, left_out = 0;
        trace_init(&t);
        for (size_t i = 0; i < all; i++)
            add(&t, frame(true, 0x82, payload, size));
        for (int part = 0; part < TRACE_PARTS; part++)
            used += t.arenas[part].used;
        ck_assert_uint_le(t.count, LIMIT_TRACE_EVENTS);
        ck_assert_uint_le(used, LIMIT_TRACE_KEPT + TRACE_PARTS * LIMIT_TRACE_BYTES);
        ck_assert_uint_gt(t.count, size == 0 ? LIMIT_TRACE_EVENTS / 2 : LIMIT_TRACE_KEPT / LIMIT_TRACE_BYTES / 2);
        ck_assert_uint_eq(t.count + t.left_out, all);
        for (size_t i = 0; i < t.count; i++) {
            ck_assert_uint_eq(t.events[i].size, size); /* what is kept has its bytes */
            left_out += t.events[i].left_out;
        }
        ck_assert_uint_eq(left_out, t.left_out);
        ck_assert_uint_eq(t.counts.frames[true][WS_BINARY], all);
        trace_free(&t);
    }
}
END_TEST

/* Whatever ends a case is at its end, and stands in the trace; so does a Close in the middle of a flood. */
START_TEST(the_ends_are_kept)
{
    struct trace t;
    struct buf out;
    trace_init(&t);
    add(&t, EVENT(TRACE_CONNECT, false, ""));
    for (size_t i = 0; i < 10 * LIMIT_TRACE_EVENTS; i++) {
        if (i == 3 * LIMIT_TRACE_EVENTS)
            add(&t, FRAME(false, 0x88, "\x03\xf0" "too many"));
        add(&t, FRAME(true, 0x00, "x"));
    }
    add(&t, FRAME(true, 0x88, "\x03\xf0"));
    struct trace_event end = EVENT(TRACE_VIOLATION, false, "");
    end.text = "sends a second Close";
    add(&t, end);
    add(&t, EVENT(TRACE_EOF, false, ""));
    ck_assert_int_eq(t.events[0].kind, TRACE_CONNECT);
    ck_assert_int_eq(t.events[t.count - 1].kind, TRACE_EOF);
    ck_assert_str_eq(t.events[t.count - 2].text, "sends a second Close");
    ck_assert_mem_eq(t.events[t.count - 3].bytes, "\x03\xf0", 2);
    ck_assert_uint_eq(t.counts.frames[true][0], 10 * LIMIT_TRACE_EVENTS);
    buf_init(&out, 0);
    trace_print(&t, "t", &out);
    const char *close = strstr(buf_text(&out), "expect close 1008 \"too many\"");
    ck_assert_ptr_nonnull(close);
    ck_assert_ptr_nonnull(strstr(close, "events are left out here"));
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "events are left out here"));
    ck_assert(strstr(buf_text(&out), "events are left out here") < close);
    ck_assert_ptr_null(strstr(close + 1, "expect close"));
    buf_free(&out);
    trace_free(&t);
}
END_TEST

START_TEST(digest_is_over_every_byte_in_order)
{
    struct trace a, b;
    trace_init(&a);
    trace_init(&b);
    trace_sent(&a, "abc", 3);
    trace_sent(&b, "a", 1);
    ck_assert_uint_ne(hash_value(&a.sent), hash_value(&b.sent));
    trace_sent(&b, "bc", 2);
    ck_assert_uint_eq(hash_value(&a.sent), hash_value(&b.sent));
    trace_free(&a);
    trace_free(&b);
}
END_TEST

START_TEST(the_tap_keeps_what_is_unfinished)
{
    struct trace t;
    struct trace_tap tap;
    trace_init(&t);
    t.start_ns = 100;
    trace_tap_init(&tap, &t, 3, WS_CLIENT);
    trace_tap_feed(&tap, (const uint8_t *)"\x81\x02hi\x82\x05" "abc", 9, 300);
    trace_tap_end(&tap, 400);
    trace_tap_feed(&tap, (const uint8_t *)"\x81", 1, 500);
    trace_tap_end(&tap, 600);
    ck_assert_uint_eq(t.count, 3);
    ck_assert_uint_eq(t.events[0].at_ns, 200);
    ck_assert_uint_eq(t.events[0].connection, 3);
    ck_assert_uint_eq(t.events[1].whole, 3);
    ck_assert_uint_eq(t.events[1].head.payload_length, 5);
    ck_assert_int_eq(t.events[2].kind, TRACE_RAW);
    trace_tap_free(&tap);
    trace_free(&t);
}
END_TEST

START_TEST(without_memory)
{
    struct trace t;
    trace_init(&t);
    struct trace_event e = FRAME(true, 0x81, "hello");
    e.text = "text";
    nomem_at(1, 1);
    trace_add(&t, &e);
    nomem_at(2, 1);
    trace_add(&t, &e);
    nomem_at(0, 0);
    ck_assert_uint_eq(t.left_out, 1);
    ck_assert_uint_eq(t.count, 1);
    ck_assert_uint_eq(t.events[0].size, 0);
    ck_assert_str_eq(t.events[0].text, "");
    trace_free(&t);
}
END_TEST

UNIT_MAIN("trace", a_client_session, a_server_session, what_is_wrong_stays_wrong, comments_stay_comments,
          connections_that_overlap_have_names, long_payloads, events_are_bounded, the_ends_are_kept,
          digest_is_over_every_byte_in_order, the_tap_keeps_what_is_unfinished, without_memory)
