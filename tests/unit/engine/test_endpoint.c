/* The endpoint over a layer that the test feeds: stages, splits, pauses, ends,
 * release inside callbacks, and frames as they are ordered. */
#include "engine/endpoint.h"
#include "wirelog.h"

#include "base/prng.h"
#include "net/loop.h"

#include <inttypes.h>

#define REQUEST "GET /chat HTTP/1.1\r\nHost: x\r\n\r\n"
#define RESPONSE "HTTP/1.1 101 Switching Protocols\r\n\r\n"

enum heard { HEARD_NOTHING, HEARD_HEAD, HEARD_EVENT, HEARD_END };

struct bench {
    struct loop *loop;
    struct fake_layer *layer;
    struct endpoint *endpoint;
    struct trace trace;
    struct buf log, out;
    bool gone;              /* the layer */
    bool begin_in_head;
    enum heard pause_at, release_at;
    const struct ws_deflate_params *params;
};

static void bench_do(struct bench *b, enum heard what)
{
    if (what == b->pause_at)
        endpoint_pause(b->endpoint, true);
    if (what == b->release_at) {
        endpoint_release(b->endpoint);
        b->endpoint = NULL;
    }
}

static void heard_opened(void *owner)
{
    buf_append_text(&((struct bench *)owner)->log, "opened ");
}

static void heard_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    struct bench *b = owner;
    if (head == NULL)
        buf_printf(&b->log, "broken(%d) ", (int)scan.broken);
    else if (head->is_response)
        buf_printf(&b->log, "head(%d) ", head->status);
    else
        buf_printf(&b->log, "head(%.*s) ", (int)head->target.size, head->target.at);
    if (b->begin_in_head && head != NULL && (!head->is_response || head->status == 101))
        ck_assert(endpoint_begin(b->endpoint, b->params));
    bench_do(b, HEARD_HEAD);
}

static void log_bytes(struct bench *b, const char *word, const struct ws_event *event)
{
    buf_printf(&b->log, "%s(%.*s) ", word, (int)event->size, event->size ? (const char *)event->data : "");
}

/* Messages are cut where segments are: the log has them joined. */
static void heard_event(void *owner, const struct ws_event *event)
{
    struct bench *b = owner;
    switch (event->kind) {
    case WS_EVENT_FRAME:
    case WS_EVENT_PONG:
        return;
    case WS_EVENT_MESSAGE:
        if (event->first)
            buf_printf(&b->log, "%s(", ws_opcode_name(event->opcode));
        buf_append(&b->log, event->data, event->size);
        if (event->last)
            buf_append_text(&b->log, ") ");
        break;
    case WS_EVENT_PING:
        log_bytes(b, "ping", event);
        break;
    case WS_EVENT_CLOSE:
        buf_printf(&b->log, "close(%u) ", event->code);
        break;
    case WS_EVENT_VIOLATION:
        buf_printf(&b->log, "violation(%s) ", ws_violation_get(event->violation)->name);
        break;
    }
    bench_do(b, HEARD_EVENT);
}

static void heard_ended(void *owner, enum layer_end end, const struct diag *why)
{
    static const char *const words[] = {"eof", "cut", "reset", "error"};
    struct bench *b = owner;
    ck_assert_ptr_nonnull(why);
    buf_printf(&b->log, "%s ", words[end]);
    bench_do(b, HEARD_END);
}

static void heard_drained(void *owner)
{
    endpoint_pause(((struct bench *)owner)->endpoint, false);
}

static const struct endpoint_sink sink = {
    .opened = heard_opened, .head = heard_head, .event = heard_event, .ended = heard_ended, .drained = heard_drained};

static void bench_begin(struct bench *b, enum ws_role role)
{
    *b = (struct bench){.loop = loop_sim_new(1, NULL), .begin_in_head = true};
    buf_init(&b->log, 0);
    buf_init(&b->out, 0);
    trace_init(&b->trace);
    b->layer = fake_layer_new(b->loop, &b->out, &b->gone);
    struct endpoint_config config = {.role = role, .seed = 5, .connection = 1, .trace = &b->trace};
    b->endpoint = endpoint_new(&b->layer->layer, &config, &sink, b);
    ck_assert_ptr_nonnull(b->endpoint);
}

static void bench_end(struct bench *b)
{
    endpoint_release(b->endpoint);
    loop_run(b->loop);
    ck_assert(b->gone);
    trace_free(&b->trace);
    buf_free(&b->log);
    buf_free(&b->out);
    loop_free(b->loop);
}

/* Hands the bytes in as a segment of their own that is gone afterwards. */
static void feed(struct bench *b, const void *bytes, size_t size)
{
    struct guard segment = guard_end(bytes, size);
    if (!b->gone)
        layer_say_data(&b->layer->layer, segment.bytes, size);
    guard_free(&segment);
}
#define FEED(b, text) feed(b, text, sizeof text - 1)

static void expect_log(const struct bench *b, const char *expected)
{
    ck_assert_str_eq(buf_text(&b->log), expected);
}

static void put_session(struct buf *bytes)
{
    buf_init(bytes, 0);
    buf_append_text(bytes, REQUEST);
    PUT(bytes, 0x01, "Hel");
    PUT(bytes, 0x89, "p");
    PUT(bytes, 0x80, "lo");
    PUT(bytes, 0x82, "");
    PUT(bytes, 0x88, "\x03\xe8");
}
/* The text's first piece comes before the ping. */
static const char session_log_cut[] = "head(/chat) text(Helping(p) lo) binary() close(1000) ";

START_TEST(every_split_gives_the_same)
{
    struct buf bytes;
    put_session(&bytes);
    for (size_t split = 0; split <= bytes.size; split++) {
        struct bench b;
        bench_begin(&b, WS_SERVER);
        if (split != 0)
            feed(&b, bytes.data, split);
        if (split != bytes.size)
            feed(&b, bytes.data + split, bytes.size - split);
        expect_log(&b, session_log_cut);
        bench_end(&b);
    }
    buf_free(&bytes);
}
END_TEST

START_TEST(bytewise_and_random_segments_give_the_same)
{
    struct buf bytes;
    struct prng random = prng_stream(3, "test");
    put_session(&bytes);
    for (int round = 0; round < 100; round++) {
        struct bench b;
        bench_begin(&b, WS_SERVER);
        for (size_t at = 0; at < bytes.size;) {
            size_t n = round == 0 ? 1 : 1 + (size_t)prng_below(&random, 12);
            n = n < bytes.size - at ? n : bytes.size - at;
            feed(&b, bytes.data + at, n);
            at += n;
        }
        expect_log(&b, session_log_cut);
        ck_assert_uint_eq(b.trace.count, 6); /* head and five frames, whatever the segments */
        bench_end(&b);
    }
    buf_free(&bytes);
}
END_TEST

START_TEST(bytes_behind_the_head_wait_for_begin)
{
    struct bench b;
    struct buf bytes;
    put_session(&bytes);
    bench_begin(&b, WS_SERVER);
    b.begin_in_head = false;
    feed(&b, bytes.data, bytes.size);
    layer_say_ended(&b.layer->layer, LAYER_EOF, NULL);
    expect_log(&b, "head(/chat) ");
    ck_assert(endpoint_begin(b.endpoint, NULL));
    expect_log(&b, "head(/chat) "); /* nothing before the loop turns */
    loop_run(b.loop);
    buf_clear(&bytes);
    buf_printf(&bytes, "%seof ", session_log_cut);
    expect_log(&b, buf_text(&bytes));
    buf_free(&bytes);
    bench_end(&b);
}
END_TEST

START_TEST(reading_stops_when_too_much_waits_for_begin)
{
    struct bench b;
    static uint8_t piece[4096];
    bench_begin(&b, WS_SERVER);
    b.begin_in_head = false;
    FEED(&b, REQUEST);
    unsigned pieces = 0;
    for (; pieces < 100 && !b.layer->layer.paused; pieces++)
        feed(&b, piece, sizeof piece);
    ck_assert_uint_eq(pieces, WS_HEAD_BYTES_MAX / sizeof piece);
    ck_assert(endpoint_begin(b.endpoint, NULL));
    loop_run(b.loop);
    ck_assert(!b.layer->layer.paused);
    bench_end(&b);
}
END_TEST

START_TEST(interim_responses_and_bodies)
{
    struct bench b;
    struct buf frames;
    buf_init(&frames, 0);
    buf_append_text(&frames, "HTTP/1.1 103 Early\r\nA: b\r\n\r\n" RESPONSE);
    buf_append(&frames, "\x81\x02hi", 4);
    bench_begin(&b, WS_CLIENT);
    for (size_t i = 0; i < frames.size; i++)
        feed(&b, frames.data + i, 1);
    expect_log(&b, "head(103) head(101) text(hi) ");
    bench_end(&b);

    bench_begin(&b, WS_CLIENT);
    FEED(&b, "HTTP/1.1 404 Not Found\r\n\r\nHTTP/1.1 101 not a head but a body\r\n\r\n");
    layer_say_ended(&b.layer->layer, LAYER_CUT, NULL);
    expect_log(&b, "head(404) cut ");
    bench_end(&b);
    buf_free(&frames);
}
END_TEST

START_TEST(broken_heads)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    FEED(&b, "\x16\x03\x01\x02\x00\x01");
    FEED(&b, "more of it");
    layer_say_ended(&b.layer->layer, LAYER_EOF, NULL);
    char expected[32];
    snprintf(expected, sizeof expected, "broken(%d) eof ", (int)WS_HEAD_NOT_HTTP);
    expect_log(&b, expected);
    bench_end(&b);

    bench_begin(&b, WS_SERVER);
    FEED(&b, "GET / HTTP/1.1\r\nHost");
    layer_say_ended(&b.layer->layer, LAYER_EOF, NULL); /* an unfinished head keeps no end back */
    expect_log(&b, "eof ");
    bench_end(&b);
}
END_TEST

START_TEST(endless_head_is_bounded)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    FEED(&b, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100000 && b.log.size == 0; i++)
        FEED(&b, "A: 0123456789abcdef\r\n");
    ck_assert(strncmp(buf_text(&b.log), "broken(", 7) == 0);
    bench_end(&b);
}
END_TEST

START_TEST(a_pause_keeps_the_rest)
{
    struct bench b;
    struct buf bytes;
    static uint8_t big[3 * ENDPOINT_SLICE];
    memset(big, 'x', sizeof big);
    buf_init(&bytes, 0);
    buf_append_text(&bytes, REQUEST);
    PUT(&bytes, 0x89, "1");
    put_frame(&bytes, 0x82, big, sizeof big);
    bench_begin(&b, WS_SERVER);
    b.pause_at = HEARD_EVENT;
    feed(&b, bytes.data, bytes.size);
    ck_assert(b.layer->layer.paused);
    ck_assert_uint_lt(b.log.size, 2 * ENDPOINT_SLICE);
    layer_say_ended(&b.layer->layer, LAYER_EOF, NULL);
    ck_assert_ptr_null(strstr(buf_text(&b.log), "eof"));
    b.pause_at = HEARD_NOTHING;
    endpoint_pause(b.endpoint, false);
    loop_run(b.loop);
    ck_assert(!b.layer->layer.paused);
    ck_assert_uint_eq(b.log.size, strlen("head(/chat) ping(1) binary() eof ") + sizeof big);
    ck_assert_ptr_nonnull(strstr(buf_text(&b.log), "x) eof "));
    buf_free(&bytes);
    bench_end(&b);
}
END_TEST

/* Back-pressure as a peer does it: paused while its answers wait, on when they are gone. */
START_TEST(goes_on_when_drained)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    b.pause_at = HEARD_HEAD;
    FEED(&b, REQUEST "\x81\x82\0\0\0\0hi");
    expect_log(&b, "head(/chat) ");
    layer_say_drained(&b.layer->layer);
    loop_run(b.loop);
    expect_log(&b, "head(/chat) text(hi) ");
    bench_end(&b);
}
END_TEST

START_TEST(a_reset_waits_for_nobody)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    b.begin_in_head = false;
    FEED(&b, REQUEST "bytes that wait");
    layer_say_ended(&b.layer->layer, LAYER_RESET, NULL);
    expect_log(&b, "head(/chat) reset ");
    bench_end(&b);
}
END_TEST

START_TEST(released_in_any_callback)
{
    static const char *const logs[] = {"head(/chat) ", "head(/chat) text(Hel", NULL};
    for (enum heard at = HEARD_HEAD; at <= HEARD_END; at++) {
        struct bench b;
        struct buf bytes;
        put_session(&bytes);
        bench_begin(&b, WS_SERVER);
        b.release_at = at;
        feed(&b, bytes.data, bytes.size);
        if (at == HEARD_END)
            layer_say_ended(&b.layer->layer, LAYER_EOF, NULL);
        else
            expect_log(&b, logs[at - HEARD_HEAD]);
        ck_assert(b.gone);
        buf_free(&bytes);
        bench_end(&b);
    }
}
END_TEST

START_TEST(violations_are_told_and_traced)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    FEED(&b, REQUEST "\x81\x02hi" "\x81\x80....");
    expect_log(&b, "head(/chat) violation(unmasked) ");
    unsigned violations = 0;
    for (size_t i = 0; i < b.trace.count; i++)
        violations += b.trace.events[i].kind == TRACE_VIOLATION;
    ck_assert_uint_eq(violations, 1);
    bench_end(&b);
}
END_TEST

START_TEST(discarded_from_now_on)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    FEED(&b, REQUEST);
    endpoint_discard(b.endpoint);
    FEED(&b, "\x81\x02hi");
    layer_say_ended(&b.layer->layer, LAYER_EOF, NULL);
    expect_log(&b, "head(/chat) eof ");
    bench_end(&b);
}
END_TEST

/* ---- frames out ---- */

struct order_row {
    enum ws_role role;
    struct frame_order order;
    const char *bytes;
    size_t size;
};
#define BYTES(text) (const uint8_t *)text, sizeof text - 1
#define WIRE(text) text, sizeof text - 1

START_TEST(frames_as_ordered)
{
    static const struct order_row rows[] = {
        {WS_SERVER, {.opcode = WS_TEXT, .payload = (const uint8_t *)"hi", .size = 2}, WIRE("\x81\x02hi")},
        {WS_SERVER, {.opcode = WS_TEXT, .more = true, .rsv = 5}, WIRE("\x51\x00")},
        {WS_SERVER, {.opcode = 11}, WIRE("\x8b\x00")},
        {WS_SERVER, {.opcode = WS_PING, .mask = MASK_KEY, .key = {1}, .payload = (const uint8_t *)"aa", .size = 2},
         WIRE("\x89\x82\x01\x00\x00\x00`a")},
        {WS_CLIENT, {.opcode = WS_PING, .mask = MASK_NONE}, WIRE("\x89\x00")},
        {WS_CLIENT, {.opcode = WS_PING, .mask = MASK_KEY}, WIRE("\x89\x80\x00\x00\x00\x00")},
        {WS_SERVER, {.opcode = WS_BINARY, .form = WS_LENGTH_16, .payload = (const uint8_t *)"x", .size = 1},
         WIRE("\x82\x7e\x00\x01x")},
        {WS_SERVER, {.opcode = WS_BINARY, .claim = true, .claimed_length = UINT64_C(1) << 63},
         WIRE("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00")},
        {WS_SERVER, {.opcode = WS_TEXT, .cut_set = true, .cut = 3, .payload = (const uint8_t *)"abc", .size = 3},
         WIRE("\x81\x03" "a")},
        {WS_SERVER, {.opcode = WS_TEXT, .cut_set = true, .cut = 99, .payload = (const uint8_t *)"a", .size = 1},
         WIRE("\x81\x01" "a")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        bench_begin(&b, rows[i].role);
        ck_assert(endpoint_begin(b.endpoint, NULL));
        ck_assert(endpoint_send(b.endpoint, &rows[i].order));
        ck_assert_uint_eq(b.out.size, rows[i].size);
        ck_assert_mem_eq(b.out.data, rows[i].bytes, rows[i].size);
        ck_assert_uint_eq(b.trace.count, 1);
        ck_assert_int_eq(b.trace.events[0].kind, rows[i].order.cut_set ? TRACE_RAW : TRACE_FRAME);
        bench_end(&b);
    }
}
END_TEST

START_TEST(writes_in_chunks)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    ck_assert(endpoint_begin(b.endpoint, NULL));
    struct frame_order order = {.opcode = WS_TEXT, .chunk = 2, .payload = (const uint8_t *)"abc", .size = 3};
    ck_assert(endpoint_send(b.endpoint, &order));
    ck_assert_uint_eq(b.layer->writes, 3);
    ck_assert_str_eq(buf_text(&b.out), "\x81\x03" "abc");
    bench_end(&b);
}
END_TEST

START_TEST(closes_and_ends)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    ck_assert(endpoint_begin(b.endpoint, NULL));
    ck_assert(endpoint_send_close(b.endpoint, 0, NULL));
    ck_assert(endpoint_send_close(b.endpoint, 1001, "bye"));
    endpoint_finish(b.endpoint, FINISH_CLEAN);
    ck_assert_uint_eq(b.out.size, 2 + 7 + 5);
    ck_assert_mem_eq(b.out.data, "\x88\x00\x88\x05\x03\xe9" "bye<fin>", 14);
    ck_assert_int_eq(b.trace.events[2].kind, TRACE_EOF);
    bench_end(&b);
}
END_TEST

/* What a client sends depends on its seed and number alone. */
START_TEST(masks_come_from_the_seed)
{
    uint64_t digests[2];
    for (int i = 0; i < 2; i++) {
        struct bench b;
        bench_begin(&b, WS_CLIENT);
        ck_assert(endpoint_begin(b.endpoint, NULL));
        for (int n = 0; n < 10; n++)
            ck_assert(endpoint_send_message(b.endpoint, WS_TEXT, "hello", 5, false));
        ck_assert(b.out.data[1] == 0x85);
        ck_assert_mem_ne(b.out.data + 2, b.out.data + 11 + 2, 4);
        digests[i] = hash_value(&b.trace.sent);
        bench_end(&b);
    }
    ck_assert_uint_eq(digests[0], digests[1]);
}
END_TEST

START_TEST(compressed_both_ways)
{
    static const struct ws_deflate_params params = {.server_max_window_bits = 9, .client_no_context_takeover = true};
    struct bench client, server;
    static char text[50000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 23);
    bench_begin(&client, WS_CLIENT);
    bench_begin(&server, WS_SERVER);
    client.params = server.params = &params;
    FEED(&client, RESPONSE);
    FEED(&server, REQUEST);
    buf_clear(&client.log);
    buf_clear(&server.log);
    ck_assert(endpoint_deflate(client.endpoint));
    for (int round = 0; round < 2; round++) {
        buf_clear(&client.out);
        ck_assert(endpoint_send_message(client.endpoint, WS_TEXT, text, sizeof text, true));
        ck_assert_uint_eq(client.out.data[0], 0xc1);
        ck_assert_uint_lt(client.out.size, sizeof text / 2);
        feed(&server, client.out.data, client.out.size);
        ck_assert_uint_eq(server.log.size, sizeof text + 7);
        ck_assert_mem_eq(server.log.data + 5, text, sizeof text);
        buf_clear(&server.log);
        buf_clear(&server.out);
        struct frame_order order = {.opcode = WS_TEXT, .compress = true, .more = true,
                                    .payload = (const uint8_t *)text, .size = sizeof text / 2};
        ck_assert(endpoint_send(server.endpoint, &order));
        order = (struct frame_order){.opcode = WS_CONTINUATION, .compress = true,
                                     .payload = (const uint8_t *)text + sizeof text / 2, .size = sizeof text / 2};
        ck_assert(endpoint_send(server.endpoint, &order));
        feed(&client, server.out.data, server.out.size);
        ck_assert_uint_eq(client.log.size, sizeof text + 7);
        ck_assert_mem_eq(client.log.data + 5, text, sizeof text);
        buf_clear(&client.log);
    }
    bench_end(&client);
    bench_end(&server);
}
END_TEST

START_TEST(compression_needs_agreement)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    ck_assert(endpoint_begin(b.endpoint, NULL));
    ck_assert(!endpoint_send_message(b.endpoint, WS_TEXT, "x", 1, true));
    ck_assert_uint_eq(b.out.size, 0);
    bench_end(&b);
}
END_TEST

/* Whatever allocation of making and beginning fails: the layer is released, nothing is lost. */
START_TEST(without_memory_to_begin)
{
    static const struct ws_deflate_params params;
    static const struct endpoint_config config = {.role = WS_SERVER, .seed = 5, .connection = 1};
    int hit = 1;
    for (unsigned long n = 1; hit; n++) {
        bool gone, begun = false;
        struct loop *loop = loop_sim_new(1, NULL);
        struct fake_layer *layer = fake_layer_new(loop, NULL, &gone);
        nomem_at(n, 0);
        struct endpoint *endpoint = endpoint_new(&layer->layer, &config, &sink, NULL);
        if (endpoint != NULL)
            begun = endpoint_begin(endpoint, &params);
        hit = nomem_hit();
        nomem_at(0, 0);
        ck_assert_int_eq(begun, !hit);
        ck_assert_int_eq(endpoint == NULL, gone);
        endpoint_release(endpoint);
        ck_assert(gone);
        loop_free(loop);
    }
}
END_TEST

START_TEST(without_memory_for_what_comes)
{
    struct bench b;
    bench_begin(&b, WS_SERVER);
    buf_reserve(&b.log, 100);
    buf_reserve(&b.out, 100);
    nomem_at(1, 0);
    layer_say_data(&b.layer->layer, (uint8_t[]){'G'}, 1);
    nomem_at(0, 0);
    expect_log(&b, "error ");
    ck_assert_str_eq(buf_text(&b.out), "<rst>");
    bench_end(&b);
}
END_TEST

UNIT_MAIN("endpoint", every_split_gives_the_same, bytewise_and_random_segments_give_the_same,
          bytes_behind_the_head_wait_for_begin, reading_stops_when_too_much_waits_for_begin,
          interim_responses_and_bodies, broken_heads, endless_head_is_bounded, a_pause_keeps_the_rest,
          goes_on_when_drained,
          a_reset_waits_for_nobody, released_in_any_callback, violations_are_told_and_traced,
          discarded_from_now_on, frames_as_ordered, writes_in_chunks, closes_and_ends,
          masks_come_from_the_seed, compressed_both_ways, compression_needs_agreement, without_memory_to_begin,
          without_memory_for_what_comes)
