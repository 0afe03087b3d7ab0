/* The reference peer: right answers at any segmentation, bounded patience and
 * memory with hostile clients, and every deliberate defect to be seen. */
#include "stimuli.h"

#include "base/limits.h"
#include "base/prng.h"
#include "engine/suite/embedded.h"
#include "engine/peer/client.h"
#include "engine/peer/peer_conn.h"
#include "wire/deflate.h"

#include <inttypes.h>

static const char *const protocols[] = {"chat.v1", NULL};

static struct peer_config peer_usual(void)
{
    return (struct peer_config){.deflate = {.enabled = true}, .protocols = protocols, .message_max = 1u << 20};
}

static struct loop *sim(uint32_t segment_max)
{
    return loop_sim_new(9, &(struct sim_options){.latency_ns = NS_PER_MS, .segment_max = segment_max});
}

/* One conversation from its beginning until nothing more can happen. */
struct talk {
    struct loop *loop;
    struct peer *peer;
    struct caller caller;
    struct buf said;
};

static void talk_begin(struct talk *t, const struct peer_config *config, struct loop *loop)
{
    struct diag why = {0};
    t->loop = loop;
    t->peer = peer_start(t->loop, config, &why);
    ck_assert_msg(t->peer != NULL, "%s", why.text);
    caller_init(&t->caller, t->loop);
    buf_init(&t->said, 0);
}

static const char *talk_run(struct talk *t)
{
    caller_connect(&t->caller, peer_port(t->peer));
    loop_run(t->loop);
    caller_say(&t->caller, &t->said);
    return buf_text(&t->said);
}

static void talk_end(struct talk *t)
{
    caller_free(&t->caller);
    loop_run(t->loop);
    ck_assert_uint_eq(peer_connections(t->peer), 0);
    peer_stop(t->peer);
    buf_free(&t->said);
    loop_free(t->loop);
}

static void put_open(struct buf *out)
{
    put_stimulus(out, &(struct stimulus){0});
}

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static void answers_rightly(uint32_t segment_max)
{
    struct peer_config config = peer_usual();
    for (size_t i = 0; i < STIMULI; i++) {
        struct talk t;
        talk_begin(&t, &config, sim(segment_max));
        put_stimulus(&t.caller.to_send, &stimuli[i]);
        const char *said = talk_run(&t), *expected = stimuli[i].expected;
        bool open_end = expected[strlen(expected) - 1] == '(' || strstr(expected, "(" HELLO_PACKED) != NULL;
        ck_assert_msg(open_end ? begins_with(said, expected) : strcmp(said, expected) == 0,
                      "stimulus %zu: expected '%s', said '%s'", i, expected, said);
        talk_end(&t);
    }
}

START_TEST(answers_in_one_segment)
{
    answers_rightly(0);
}
END_TEST

START_TEST(answers_byte_by_byte)
{
    answers_rightly(1);
}
END_TEST

START_TEST(answers_in_random_segments)
{
    answers_rightly(37);
}
END_TEST

/* ---- hostile and lame clients ---- */

START_TEST(slow_head)
{
    struct peer_config config = peer_usual();
    for (int silent = 0; silent < 2; silent++) {
        struct talk t;
        talk_begin(&t, &config, sim(0));
        if (!silent)
            buf_append_text(&t.caller.to_send, "GET / HTTP/1.1\r\nHost: loc");
        ck_assert_str_eq(talk_run(&t), "408 eof");
        ck_assert_uint_ge(t.caller.ended_at, 10 * NS_PER_S);
        ck_assert_uint_lt(t.caller.ended_at, 11 * NS_PER_S);
        talk_end(&t);
    }
}
END_TEST

START_TEST(the_other_side_never_ends)
{
    struct peer_config config = peer_usual();
    static const struct stimulus ends[] = {{.frames = {CLOSE}}, {.frames = {F(0x83, "")}}, {.line = "GET / HTTP/1.0"}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct talk t;
        talk_begin(&t, &config, sim(0));
        t.caller.stays = true;
        put_stimulus(&t.caller.to_send, &ends[i]);
        talk_run(&t);
        ck_assert_str_eq(t.caller.end, "eof");
        ck_assert_uint_eq(peer_connections(t.peer), 0);
        ck_assert_uint_lt(loop_now(t.loop), 5 * NS_PER_S);
        talk_end(&t);
    }
}
END_TEST

START_TEST(half_closed)
{
    struct peer_config config = peer_usual();
    struct talk t;
    talk_begin(&t, &config, sim(0));
    put_open(&t.caller.to_send);
    PUT(&t.caller.to_send, 0x81, "hi");
    ck_assert_str_eq(talk_run(&t), "101 text(hi)");
    layer_finish(t.caller.layer, FINISH_CLEAN);
    loop_run(t.loop);
    ck_assert_str_eq(t.caller.end, "eof");
    ck_assert_uint_eq(peer_connections(t.peer), 0);
    talk_end(&t);
}
END_TEST

START_TEST(reset_in_the_middle)
{
    struct peer_config config = peer_usual();
    struct talk t;
    talk_begin(&t, &config, sim(0));
    put_open(&t.caller.to_send);
    PUT(&t.caller.to_send, 0x01, "unfinished");
    talk_run(&t);
    ck_assert_uint_eq(peer_connections(t.peer), 1);
    layer_reset(t.caller.layer);
    loop_run(t.loop);
    ck_assert_uint_eq(peer_connections(t.peer), 0);
    talk_end(&t);
}
END_TEST

/* A client that sends and does not read: the peer stops reading, so that what
 * waits stays with the client; when it reads again everything comes. */
START_TEST(flood_without_reading)
{
    enum { PINGS = 200000 };
    struct peer_config config = peer_usual();
    struct talk t;
    struct buf ping;
    talk_begin(&t, &config, sim(0));
    t.caller.deaf = true;
    put_open(&t.caller.to_send);
    buf_init(&ping, 0);
    PUT(&ping, 0x89, TEXT_64);
    for (int i = 0; i < PINGS; i++)
        buf_append(&t.caller.to_send, ping.data, ping.size);
    talk_run(&t);
    ck_assert_uint_eq(t.caller.in.size, 0);
    size_t taken = t.caller.to_send.size - layer_queued(t.caller.layer);
    ck_assert_uint_lt(taken, 2u << 20);
    layer_pause(t.caller.layer, false);
    loop_run(t.loop);
    ck_assert_uint_gt(t.caller.in.size, PINGS * (2 + 64));
    ck_assert_uint_lt(t.caller.in.size, PINGS * (2 + 64) + 1000);
    buf_free(&ping);
    talk_end(&t);
}
END_TEST

/* Behind its end a client that does not read is given up, whatever is queued. */
START_TEST(deaf_at_the_end)
{
    struct peer_config config = peer_usual();
    struct talk t;
    static uint8_t big[1 << 20];
    talk_begin(&t, &config, sim(0));
    t.caller.deaf = true;
    put_open(&t.caller.to_send);
    put_frame(&t.caller.to_send, 0x82, big, sizeof big);
    PUT(&t.caller.to_send, 0x88, "");
    talk_run(&t);
    layer_finish(t.caller.layer, FINISH_CLEAN);
    loop_run(t.loop);
    ck_assert_uint_lt(loop_now(t.loop), 200 * NS_PER_S);
    talk_end(&t);
}
END_TEST

START_TEST(messages_up_to_the_limit)
{
    struct peer_config config = peer_usual();
    static uint8_t big[(1 << 20) + 1];
    memset(big, 'x', sizeof big);
    for (size_t over = 0; over < 2; over++) {
        struct talk t;
        talk_begin(&t, &config, sim(0));
        put_open(&t.caller.to_send);
        put_frame(&t.caller.to_send, 0x02, big, 1 << 19);
        put_frame(&t.caller.to_send, 0x80, big, (1 << 19) + over);
        ck_assert_str_eq(talk_run(&t), over ? FAILED(1009) : "101 binary(x.. 1048576)");
        talk_end(&t);
    }
}
END_TEST

/* A deflate bomb costs the limit, not what it would inflate to. */
START_TEST(bomb)
{
    struct peer_config config = peer_usual();
    struct talk t;
    static uint8_t packed[1 << 16], zeros[1 << 16];
    struct ws_deflater *deflater = ws_deflater_new(15, true, 9);
    size_t size = 0;
    for (int i = 0; i < 64; i++) {
        struct ws_codec_step step = {.in = zeros, .in_size = sizeof zeros,
                                     .out = packed + size, .out_size = sizeof packed - size};
        ck_assert_int_eq(ws_deflater_step(deflater, &step, i == 63 ? WS_PIECE_LAST : WS_PIECE_GOES_ON), WS_CODEC_OK);
        size += step.out_made;
    }
    ws_deflater_free(deflater);
    talk_begin(&t, &config, sim(0));
    put_stimulus(&t.caller.to_send, &(struct stimulus){.more = DEFLATE "\r\n"});
    put_frame(&t.caller.to_send, 0xc2, packed, size);
    ck_assert_str_eq(talk_run(&t), FAILED(1009));
    talk_end(&t);
}
END_TEST

START_TEST(garbage)
{
    struct peer_config config = peer_usual();
    struct prng random = prng_stream(1, "garbage");
    for (int i = 0; i < 300; i++) {
        struct talk t;
        uint8_t bytes[3000];
        prng_fill(&random, bytes, sizeof bytes);
        talk_begin(&t, &config, sim(500));
        if (i % 2)
            put_stimulus(&t.caller.to_send, &(struct stimulus){.more = i % 4 == 1 ? DEFLATE "\r\n" : NULL});
        buf_append(&t.caller.to_send, bytes, sizeof bytes);
        talk_run(&t);
        ck_assert_uint_gt(t.caller.in.size, 0); /* an answer, at the latest when the head is too slow */
        talk_end(&t);
    }
}
END_TEST

/* ---- defects ---- */

static void put_window_stimulus(struct buf *out)
{
    static uint8_t text[3000];
    struct prng random = prng_stream(1, "window");
    struct ws_deflater *deflater = ws_deflater_new(15, false, 6);
    uint8_t packed[8000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i < 1500 ? (uint8_t)('a' + prng_below(&random, 26)) : text[i - 1500];
    struct ws_codec_step step = {.in = text, .in_size = sizeof text, .out = packed, .out_size = sizeof packed};
    ck_assert_int_eq(ws_deflater_step(deflater, &step, WS_PIECE_LAST), WS_CODEC_OK);
    ws_deflater_free(deflater);
    put_stimulus(out, &(struct stimulus){.more = DEFLATE "; server_max_window_bits=9\r\n"});
    put_frame(out, 0xc1, packed, step.out_made);
}

/* A stored block of 32 KiB, and a message that refers to its first bytes. */
static void put_far_stimulus(struct buf *out)
{
    static uint8_t stored[5 + 32768 + 1] = {0x00, 0x00, 0x80, 0xff, 0x7f};
    put_stimulus(out, &(struct stimulus){.more = DEFLATE "\r\n"});
    put_frame(out, 0xc2, stored, sizeof stored);
    PUT(out, 0xc2, "\x42\xbf\xff\x1f\x00");
}

static void put_long_stimulus(struct buf *out)
{
    static uint8_t text[70000];
    memset(text, 'x', sizeof text);
    put_open(out);
    put_frame(out, 0x81, text, sizeof text);
}

/* All stimuli, and some that are too long for the table. */
static void put_nth(struct buf *out, size_t n)
{
    if (n < STIMULI)
        put_stimulus(out, &stimuli[n]);
    else if (n == STIMULI)
        put_window_stimulus(out);
    else if (n == STIMULI + 1)
        put_far_stimulus(out);
    else
        put_long_stimulus(out);
}
#define ALL_STIMULI (STIMULI + 3)

/* Everything that came and how it ended, byte for byte. */
static void record(const struct peer_fault *fault, size_t n, struct buf *out)
{
    struct peer_config config = peer_usual();
    struct talk t;
    config.fault = fault;
    talk_begin(&t, &config, sim(0));
    put_nth(&t.caller.to_send, n);
    talk_run(&t);
    buf_clear(out);
    buf_append(out, t.caller.in.data, t.caller.in.size);
    buf_append_text(out, t.caller.end);
    talk_end(&t);
}

/* That each shows is what test_conformance tells. */
START_TEST(no_defect_breaks_everything)
{
    static struct buf right[ALL_STIMULI];
    struct buf wrong;
    size_t count;
    const struct peer_fault *faults = peer_faults(&count);
    buf_init(&wrong, 0);
    for (size_t n = 0; n < ALL_STIMULI; n++)
        record(NULL, n, &right[n]);
    for (size_t f = 0; f < count; f++) {
        size_t shown = 0;
        for (size_t n = 0; n < ALL_STIMULI; n++) {
            record(&faults[f], n, &wrong);
            shown += wrong.size != right[n].size || memcmp(wrong.data, right[n].data, wrong.size) != 0;
        }
        ck_assert_msg(shown != ALL_STIMULI, "%s breaks everything", faults[f].name);
    }
    for (size_t n = 0; n < ALL_STIMULI; n++)
        buf_free(&right[n]);
    buf_free(&wrong);
}
END_TEST

static bool is_requirement(const char *requirements, const char *id)
{
    char line[80];
    snprintf(line, sizeof line, "\n%s\t", id);
    return strstr(requirements, line) != NULL;
}

static bool is_rule(const char *name)
{
    size_t count;
    const struct ws_handshake_rule *rules = ws_handshake_rules(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].name, name) == 0)
            return true;
    return false;
}

/* The case itself, or a family of that name. */
static bool is_case(const char *id)
{
    char line[80];
    snprintf(line, sizeof line, "\ncase %s ", id);
    for (const struct embedded_file *file = embedded_files; file->path != NULL; file++)
        if (strstr(file->text, line) != NULL)
            return true;
    return false;
}

START_TEST(the_table_is_sound)
{
    size_t count, size;
    const struct peer_fault *faults = peer_faults(&count);
    char *requirements = unit_file("scenarios/requirements.tsv", &size);
    struct buf list;
    ck_assert_uint_ge(count, 36);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(peer_fault_find(faults[i].name), &faults[i]); /* names are unique */
        ck_assert_msg(is_requirement(requirements, faults[i].requirement), "%s: no requirement %s",
                      faults[i].name, faults[i].requirement);
        ck_assert_msg(is_case(faults[i].caught_by), "%s: no case %s", faults[i].name, faults[i].caught_by);
        ck_assert_int_eq(faults[i].needs_deflate, begins_with(faults[i].section, "RFC 7692"));
        if (faults[i].hooks->overlooks != NULL)
            ck_assert_msg(is_rule(faults[i].hooks->overlooks), "%s", faults[i].name);
    }
    ck_assert_ptr_null(peer_fault_find("no such"));
    buf_init(&list, 0);
    peer_fault_list(&list);
    ck_assert_ptr_nonnull(strstr(buf_text(&list), "accept-key-wrong "));
    buf_free(&list);
    free(requirements);
}
END_TEST

/* Written by `make defects`, which takes its time: at least no row is missing, and none says what is no longer so. */
START_TEST(the_page_of_defects_has_every_row)
{
    static peer_fault_table *const tables[] = {peer_faults, client_faults};
    size_t count, size;
    char *page = unit_file("docs/defects.md", &size), line[300];
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        const struct peer_fault *faults = tables[t](&count);
        for (size_t i = 0; i < count; i++) {
            snprintf(line, sizeof line, "\n| `%s` | %s%s | %s | ", faults[i].name,
                     strchr(faults[i].section, ' ') != NULL ? "" : "RFC 6455 ", faults[i].section, faults[i].summary);
            ck_assert_msg(strstr(page, line) != NULL, "docs/defects.md lacks: %s", line + 1);
        }
    }
    free(page);
}
END_TEST

/* ---- the real loop ---- */

static void echo_on_uv(bool tls)
{
    struct peer_config config = peer_usual();
    struct diag why = {0};
    struct talk t;
    struct tls_context *server = NULL, *client = NULL;
    if (tls) {
        server = tls_server_new(&(struct tls_server_options){0}, &why);
        client = tls_client_new(&(struct tls_client_options){.insecure = true}, &why);
        ck_assert_msg(server != NULL && client != NULL, "%s", why.text);
    }
    config.tls = server;
    struct loop *loop = loop_uv_new(&why);
    ck_assert_msg(loop != NULL, "%s", why.text);
    talk_begin(&t, &config, loop);
    put_open(&t.caller.to_send);
    PUT(&t.caller.to_send, 0x81, "Hello");
    PUT(&t.caller.to_send, 0x88, "\x03\xe8");
    caller_connect(&t.caller, peer_port(t.peer));
    if (tls)
        t.caller.layer = tls_layer(client, t.caller.layer, "localhost", &caller_sink, &t.caller);
    t.caller.stop_at = SIZE_MAX; /* its end stops the loop: the listener would keep it running */
    loop_run(loop);
    caller_say(&t.caller, &t.said);
    ck_assert_str_eq(buf_text(&t.said), "101 text(Hello) close(1000) eof");
    caller_free(&t.caller);
    peer_stop(t.peer);
    buf_free(&t.said);
    loop_run(loop);
    loop_free(loop);
    tls_context_free(server);
    tls_context_free(client);
}

START_TEST(echoes_on_the_real_loop)
{
    echo_on_uv(false);
}
END_TEST

START_TEST(echoes_over_tls)
{
    echo_on_uv(true);
}
END_TEST

START_TEST(a_taken_port_is_said)
{
    struct peer_config config = peer_usual();
    struct diag why = {0};
    struct loop *loop = sim(0);
    struct peer *first = peer_start(loop, &config, &why);
    config.at.port = peer_port(first);
    ck_assert_ptr_null(peer_start(loop, &config, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "in use"));
    peer_stop(first);
    loop_free(loop);
}
END_TEST

UNIT_MAIN("peer", answers_in_one_segment, answers_byte_by_byte, answers_in_random_segments, slow_head,
          the_other_side_never_ends, half_closed, reset_in_the_middle, flood_without_reading, deaf_at_the_end,
          messages_up_to_the_limit, bomb, garbage, no_defect_breaks_everything, the_table_is_sound,
          the_page_of_defects_has_every_row, echoes_on_the_real_loop, echoes_over_tls, a_taken_port_is_said)
