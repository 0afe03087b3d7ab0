/* The proxy in the simulation, before the reference peer: bytes stay what they
 * are however they are cut, scripts are a function of the seed, nothing is lost
 * or leaked whatever is sent. The wire itself is looked at by tests/e2e/proxy.py. */
#include "engine/peer/peer.h"
#include "engine/proxy/cutter.h"
#include "engine/proxy/proxy.h"

#include "unit.h"

/* ---- the cutter ---- */

static size_t some_frames(uint8_t *out)
{
    static const struct ws_frame_head heads[] = {
        {.opcode = 1, .fin = 1, .payload_length = 5, .masked = 1, .masking_key = {1, 2, 3, 4}},
        {.opcode = 9, .fin = 1},
        {.opcode = 2, .payload_length = 300},
        {.opcode = 0, .fin = 1, .payload_length = 7, .length_form = WS_LENGTH_64},
        {.opcode = 15, .rsv = 7, .payload_length = 126, .length_form = WS_LENGTH_16, .masked = 1},
    };
    size_t size = 0;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        size += ws_frame_head_write(&heads[i], out + size);
        for (uint64_t k = 0; k < heads[i].payload_length; k++)
            out[size++] = (uint8_t)(k * 7 + i);
    }
    return size;
}

/* What the cutter says of bytes in pieces of this size, as text. */
static void cut_up(const uint8_t *bytes, size_t size, size_t piece, struct buf *frames, struct buf *all)
{
    struct frame_cutter cutter = {0};
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        struct guard g = guard_end(bytes + at, n);
        for (size_t used = 0; used < n;) {
            struct frame_bit bit;
            size_t step = frame_cutter_next(&cutter, g.bytes + used, n - used, &bit);
            ck_assert_uint_gt(step, 0);
            used += step;
            buf_append(all, bit.bytes, bit.size);
            if (bit.size != 0 && bit.ends)
                buf_printf(frames, "%u:%u:%u ", cutter.head.opcode, cutter.head.fin,
                           (unsigned)cutter.head.payload_length);
        }
        guard_free(&g);
    }
    ck_assert(frame_cutter_idle(&cutter));
}

START_TEST(any_cut_gives_the_same_frames_and_bytes)
{
    uint8_t bytes[1024];
    size_t size = some_frames(bytes);
    for (size_t piece = 1; piece <= size; piece++) {
        struct buf frames, all;
        buf_init(&frames, 0);
        buf_init(&all, 0);
        cut_up(bytes, size, piece, &frames, &all);
        ck_assert_str_eq(buf_text(&frames), "1:1:5 9:1:0 2:0:300 0:1:7 15:0:126 ");
        ck_assert(all.size == size && memcmp(all.data, bytes, size) == 0);
        buf_free(&frames);
        buf_free(&all);
    }
}
END_TEST

/* ---- scripts ---- */

START_TEST(scripts_are_checked)
{
    static const struct { const char *text, *says; } rows[] = {
        {"scenario \"x\"\n  open\n", "begins with `connection N`"},
        {"scenario \"x\"\n  connection 1\n  send text \"a\"\n", "x:3: this is no line of a proxy script"},
        {"scenario \"x\"\n  connection 1\n  after 3\n", "x:3: of what?"},
        {"scenario \"x\"\n  connection 1\n  after 3 messages bytes\n", "x:3: of what?"},
        {"scenario \"x\"\n  connection 1\n  wait 1s\n  fault status 503\n", "x:4: this answers in place of"},
        {"scenario \"x\"\n  connection 1\n  fault stall in\n", "x:3: between a client and a server"},
        {"scenario \"x\"\n  connection 1\n  fault hang upstream\n", "x:3: this fault has no direction"},
        {"scenario \"x\"\n  connection 1\n  a: fault hang\n", "x:3: a script of the proxy has no actors"},
        {"scenario \"x\"\n  connection 1\n  repeat 2\n  fault stall\n  end\n", "x:3: nothing in this repeat"},
        {"scenario \"x\"\n  connection 0\n", "x: 1 mistake"},
        {"scenario \"x\"\n  connection 2..1\n", "x: 1 mistake"},
        {"scenario \"x\"\n  connection 1\nscenario \"y\"\n  connection 1\n", "x: a script of the proxy is one"},
        {"", "x: a script of the proxy is one scenario"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf errors;
        struct diag why = {0};
        buf_init(&errors, 0);
        ck_assert_msg(proxy_script_read("x", rows[i].text, strlen(rows[i].text), &errors, &why) == NULL, "%s",
                      rows[i].text);
        ck_assert_msg(strstr(why.text, rows[i].says) != NULL, "%s: %s", rows[i].text, why.text);
        ck_assert(why.kind == DIAG_USAGE);
        buf_free(&errors);
    }
}
END_TEST

START_TEST(the_short_form_is_the_same_language)
{
    static const char *const fine[] = {
        "latency 200ms jitter 5ms", "connection 2..; after 3 messages upstream; reset", "close 1012 \"a;b\"",
        "answer 'HTTP/1.1 200 OK;x'; wait 1s; reset", "repeat 3; stall; wait 1s; fault off; wait 1s; end", " reset ",
        "edit-message 1|3 \"x\\\";y\" downstream", "after 4KiB bytes; cut-head after 3",
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct buf errors;
        struct diag why = {0};
        buf_init(&errors, 0);
        struct proxy_script *script = proxy_script_short("--fault", fine[i], 0.25, &errors, &why);
        ck_assert_msg(script != NULL, "%s: %s\n%s", fine[i], why.text, buf_text(&errors));
        proxy_script_free(script);
        buf_free(&errors);
    }
}
END_TEST

/* ---- in the simulation ---- */

struct scene {
    struct loop *loop;
    struct peer *peer;
    struct proxy *proxy;
    struct buf log;  /* what the proxy saw */
    struct buf got;  /* what came back to the clients */
    unsigned ended;
};

struct caller {
    struct scene *scene;
    struct layer *layer;
    const uint8_t *bytes; /* all that it says, in these pieces */
    size_t size, piece, at;
    bool finished;
};

static void say_more(void *arg)
{
    struct caller *c = arg;
    size_t n = c->size - c->at < c->piece ? c->size - c->at : c->piece;
    if (c->layer == NULL || c->finished)
        return;
    layer_write(c->layer, c->bytes + c->at, n);
    c->at += n;
    c->finished = c->at == c->size;
    if (c->finished)
        layer_finish(c->layer, FINISH_CLEAN);
    else
        timer_start(c->scene->loop, NS_PER_MS, say_more, c);
}

static void caller_data(void *owner, uint8_t *bytes, size_t size)
{
    buf_append(&((struct caller *)owner)->scene->got, bytes, size);
}

static void caller_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct caller *c = owner;
    (void)why;
    buf_printf(&c->scene->got, "[%d]", (int)end);
    c->scene->ended++;
    layer_release(c->layer);
    c->layer = NULL;
}

static const struct layer_sink caller_ears = {.opened = NULL, .data = caller_data, .ended = caller_ended};

static void on_event(void *arg, const struct proxy_event *event)
{
    static const char kinds[] = "+=hf*!e-";
    struct scene *s = arg;
    buf_printf(&s->log, "%c%u@%llu%s%s ", kinds[event->kind], event->connection,
               (unsigned long long)event->at_ns / 1000, event->kind == PROXY_FRAME ? event->text : "",
               event->upstream ? ">" : "<");
}

static const char hello[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static void add_message(struct buf *out, const char *text)
{
    static const uint8_t key[4] = {0};
    uint8_t head[WS_FRAME_HEAD_MAX];
    struct ws_frame_head h = ws_frame_head_make(WS_TEXT, strlen(text), key);
    buf_append(out, head, ws_frame_head_write(&h, head));
    buf_append_text(out, text);
}

/* Plays so many callers through a proxy with these scripts (NULL-terminated). */
static void play(struct scene *s, uint64_t seed, const char *const *lines, const struct buf *says, unsigned callers)
{
    struct diag why = {0};
    struct sim_options options = {.latency_ns = NS_PER_MS, .jitter_ns = NS_PER_MS, .segment_max = 40};
    struct caller all[8] = {0};
    buf_init(&s->log, 0);
    buf_init(&s->got, 0);
    s->ended = 0;
    s->loop = loop_sim_new(seed, &options);
    s->peer = peer_start(s->loop, &(struct peer_config){.seed = seed}, &why);
    ck_assert_msg(s->peer != NULL, "%s", why.text);
    struct proxy_config config = {.to = {.host = "peer", .port = peer_port(s->peer)}, .seed = seed,
                                  .watch = {.event = on_event, .arg = s, .frames = true, .keep = 64}};
    s->proxy = proxy_new(s->loop, &config);
    for (size_t i = 0; lines[i] != NULL; i++) {
        struct buf errors;
        char name[24];
        buf_init(&errors, 0);
        snprintf(name, sizeof name, "%zu", i);
        struct proxy_script *script = proxy_script_short("x", lines[i], 1, &errors, &why);
        ck_assert_msg(script != NULL && proxy_add(s->proxy, name, script), "%s\n%s", why.text, buf_text(&errors));
        buf_free(&errors);
    }
    ck_assert_msg(proxy_enable(s->proxy, true, &why), "%s", why.text);
    for (unsigned i = 0; i < callers; i++) {
        struct net_address to = {.host = "proxy", .port = proxy_port(s->proxy)};
        all[i] = (struct caller){.scene = s, .bytes = says->data, .size = says->size, .piece = 17 + 13 * i};
        all[i].layer = loop_connect(s->loop, &to, &caller_ears, &all[i]);
        timer_start(s->loop, NS_PER_MS * (1 + i), say_more, &all[i]);
    }
    timer_start(s->loop, 100 * NS_PER_S, (loop_fn *)loop_stop, s->loop);
    loop_run(s->loop);
    for (unsigned i = 0; i < callers; i++)
        layer_release(all[i].layer);
    proxy_free(s->proxy);
    peer_stop(s->peer);
    loop_free(s->loop);
}

static void scene_free(struct scene *s)
{
    buf_free(&s->log);
    buf_free(&s->got);
}

static void three_messages(struct buf *says)
{
    buf_init(says, 0);
    buf_append_text(says, hello);
    add_message(says, "one");
    add_message(says, "two");
    add_message(says, "three");
}

static bool heard(const struct scene *s, const char *text)
{
    return memmem(s->got.data, s->got.size, text, strlen(text)) != NULL;
}

START_TEST(messages_come_as_the_script_says)
{
    static const struct { const char *fault; bool one, two, three, other; } rows[] = {
        {"latency 1ms", true, true, true, false},
        {"drop-message 2 upstream", true, false, true, false},
        {"drop-message 2.. downstream", true, false, false, false},
        {"edit-message 1 'other' downstream", false, true, true, true},
        {"after 2 messages downstream; close 1001; wait 1s", true, true, false, false},
        {"reorder-message any; slice 1; latency 3ms jitter 9ms", true, true, true, false},
        {"duplicate-message any; delay-message 3 1s", true, true, true, false},
    };
    struct buf says;
    three_messages(&says);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene s;
        play(&s, 5, (const char *const[]){rows[i].fault, NULL}, &says, 1);
        ck_assert_msg(heard(&s, "\x03one") == rows[i].one && heard(&s, "\x03two") == rows[i].two &&
                          heard(&s, "\x05three") == rows[i].three && heard(&s, "\x05other") == rows[i].other,
                      "%s: %.*s", rows[i].fault, (int)s.got.size, (const char *)s.got.data);
        ck_assert_uint_eq(s.ended, 1);
        scene_free(&s);
    }
    buf_free(&says);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_run)
{
    static const char *const lines[] = {
        "connection any chance 50%; latency 5ms jitter 20ms", "connection 2; after 1 messages; reset",
        "connection 3..; corrupt 40", "connection any chance 30%; duplicate-message any", NULL};
    struct buf says;
    three_messages(&says);
    struct scene a, b, c;
    play(&a, 11, lines, &says, 6);
    play(&b, 11, lines, &says, 6);
    play(&c, 12, lines, &says, 6);
    ck_assert_str_eq(buf_text(&a.log), buf_text(&b.log));
    ck_assert(a.got.size == b.got.size && memcmp(a.got.data, b.got.data, a.got.size) == 0);
    ck_assert_str_ne(buf_text(&a.log), buf_text(&c.log));
    scene_free(&a);
    scene_free(&b);
    scene_free(&c);
    buf_free(&says);
}
END_TEST

/* Whatever comes, under every fault: it ends, and nothing leaks (the sanitizers look). */
START_TEST(nothing_that_is_sent_harms_it)
{
    static const char *const faults[] = {
        "reset", "fin upstream", "hang", "status 429", "answer 'x'", "wrong-accept", "http-text", "close 3000 'x'",
        "cut-head after 3", "drop-message any", "delay-message any 10ms", "duplicate-message any",
        "reorder-message any",
        "edit-message any 'y'", "stall; wait 1s; fault off", "bandwidth 3KiB/s", "limit after 9", "cut after 9",
        "slow-close 1s", "after 1 messages; fin; reset", "after 5 bytes; refuse 1s", "corrupt 3"};
    struct prng random = prng_stream(3, "proxy");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (int round = 0; round < 12; round++) {
            struct buf says;
            struct scene s;
            three_messages(&says);
            size_t keep = prng_below(&random, says.size + 1);
            says.size = round % 3 == 0 ? 0 : round % 3 == 1 ? sizeof hello - 1 : keep;
            for (uint64_t n = prng_below(&random, 200) + 1; n > 0; n--)
                buf_append_byte(&says, (uint8_t)prng_next(&random));
            const char *other = faults[prng_below(&random, sizeof faults / sizeof *faults)];
            play(&s, prng_next(&random), (const char *const[]){faults[i], other, NULL}, &says, 3);
            ck_assert_uint_le(s.ended, 3);
            scene_free(&s);
            buf_free(&says);
        }
}
END_TEST

UNIT_MAIN("engine/proxy", any_cut_gives_the_same_frames_and_bytes, scripts_are_checked,
          the_short_form_is_the_same_language, messages_come_as_the_script_says, the_same_seed_gives_the_same_run,
          nothing_that_is_sent_harms_it)
