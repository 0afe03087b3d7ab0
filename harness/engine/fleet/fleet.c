/* See fleet.h. */
#include "engine/fleet/fleet.h"

#include "net/descriptors.h"
#include "wire/handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_DESCRIPTORS 32u /* for everything else */
#define TURN_NS (5 * NS_PER_MS) /* of the ramp */
#define PARTS 16u
#define PER_SOURCE 8000u /* clients per address of ours, on the loopback */

enum stage { STAGE_AWAY, STAGE_WAITING, STAGE_TRYING, STAGE_OPEN };

struct client {
    struct fleet *fleet;
    struct layer *layer;
    struct timer *timer;    /* until the next try, or until this one is given up */
    struct buf head;        /* of the answer, while it comes */
    struct ws_frame_parser parser;
    uint64_t began;
    enum stage stage;
    unsigned tries;         /* since it lost its connection */
};

struct fleet {
    struct fleet_config config;
    struct client *clients;
    size_t started, trying, open;
    struct timer *ramp, *most;
    struct diag first_trouble;
    struct prng keys, waits;
    bool running;           /* the loop, for who waits */

    const struct backoff *policy; /* NULL: who is lost stays away */
    struct measure *measure;
    uint64_t storm_began;
    struct ws_head answer;  /* scratch */
};

static uint64_t now(const struct fleet *f)
{
    return loop_now(f->config.testee->loop);
}

/* In a storm: and each of them has come back. */
static bool all_there(const struct fleet *f)
{
    return f->open == f->config.clients && (f->measure == NULL || f->measure->back >= f->config.clients);
}

/* ---- one client ---- */

static void try_connect(void *arg);

static void let_go(struct client *c, bool reset)
{
    timer_stop(c->timer);
    c->timer = NULL;
    buf_free(&c->head);
    if (c->layer != NULL && reset)
        layer_reset(c->layer);
    layer_release(c->layer);
    c->layer = NULL;
}

/* Without a connection, whatever it had. In a storm it comes back. */
static void lose(struct client *c, const char *why, bool reset)
{
    struct fleet *f = c->fleet;
    bool tried = c->stage == STAGE_TRYING;
    f->open -= c->stage == STAGE_OPEN;
    f->trying -= tried;
    if (tried && f->measure != NULL)
        measure_end(f->measure, c->began - f->storm_began, now(f) - f->storm_began, false);
    if (f->first_trouble.kind == DIAG_NONE)
        diag_set(&f->first_trouble, DIAG_TROUBLE, "%s", why);
    let_go(c, reset);
    c->stage = STAGE_AWAY;
    if (f->policy == NULL && f->running && f->started == f->config.clients && f->trying == 0)
        loop_stop(f->config.testee->loop); /* nobody is left who could come */
    if (f->policy == NULL)
        return;
    c->tries = tried ? c->tries + 1 : 1;
    c->stage = STAGE_WAITING;
    c->timer = timer_start(f->config.testee->loop, backoff_wait(f->policy, c->tries, &f->waits), try_connect, c);
}

static void on_opened(void *owner)
{
    struct client *c = owner;
    const struct testee *testee = c->fleet->config.testee;
    uint8_t nonce[16];
    char key[WS_KEY_SIZE + 1], out[WS_HEAD_BYTES_MAX];
    struct buf extra;
    prng_fill(&c->fleet->keys, nonce, sizeof nonce);
    ws_key_make(nonce, key);
    buf_init(&extra, WS_HEAD_BYTES_MAX / 2);
    for (const char *const *header = testee->headers; header != NULL && *header != NULL; header++)
        buf_printf(&extra, "%s\r\n", *header);
    struct ws_request request = {.host = testee->url.authority, .target = testee->url.resource, .key = key,
                                 .origin = testee->origin, .extra = buf_text(&extra)};
    size_t size = ws_request_write(&request, out, sizeof out);
    buf_free(&extra);
    if (size == 0)
        lose(c, "the request is too large", true);
    else
        layer_write(c->layer, out, size);
}

static void become_open(struct client *c)
{
    struct fleet *f = c->fleet;
    timer_stop(c->timer);
    c->timer = NULL;
    c->stage = STAGE_OPEN;
    f->trying--;
    ws_frame_parser_init(&c->parser, WS_CLIENT);
    f->open++;
    if (f->measure != NULL)
        measure_end(f->measure, c->began - f->storm_began, now(f) - f->storm_began, true);
    if (f->running && all_there(f))
        loop_stop(f->config.testee->loop);
}

/* A ping is answered with what was read of it; a Close ends it. */
static void read_frames(struct client *c, uint8_t *bytes, size_t size)
{
    while (size != 0 && c->layer != NULL) {
        struct ws_frame_part parts[PARTS];
        size_t count = 0, used = ws_frame_parse(&c->parser, bytes, size, parts, PARTS, &count);
        for (size_t i = 0; i < count && c->layer != NULL; i++) {
            if (parts[i].head.opcode == WS_CLOSE) {
                lose(c, "the server closed it", false);
            } else if (parts[i].head.opcode == WS_PING && parts[i].ends && parts[i].offset == 0) {
                static const uint8_t key[4];
                struct ws_frame_head head = ws_frame_head_make(WS_PONG, parts[i].length, key);
                uint8_t out[WS_FRAME_HEAD_MAX];
                layer_write(c->layer, out, ws_frame_head_write(&head, out));
                layer_write(c->layer, parts[i].payload, parts[i].length);
            }
        }
        bytes += used;
        size -= used;
    }
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct client *c = owner;
    struct ws_head *answer = &c->fleet->answer;
    if (c->stage == STAGE_OPEN) {
        read_frames(c, bytes, size);
        return;
    }
    size_t seen = c->head.size;
    if (!buf_append(&c->head, bytes, size)) {
        lose(c, "an endless answer", true);
        return;
    }
    struct ws_head_scan scan = ws_head_parse(answer, true, buf_text(&c->head), c->head.size, seen, 0);
    if (scan.answer == WS_SCAN_MORE)
        return;
    if (scan.answer == WS_SCAN_BROKEN || answer->status != 101) {
        lose(c, "the opening handshake was refused", true);
        return;
    }
    size_t head_size = answer->size;
    struct buf rest = c->head; /* frames may stand right behind it */
    buf_init(&c->head, WS_HEAD_BYTES_MAX);
    become_open(c);
    read_frames(c, rest.data + head_size, rest.size - head_size);
    buf_free(&rest);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    lose(owner, end == LAYER_ERROR && why != NULL ? why->text : "the connection ended", end != LAYER_ERROR);
}

static void on_late(void *arg)
{
    struct client *c = arg;
    c->timer = NULL;
    lose(c, "no answer to the opening handshake in time", true);
}

static void try_connect(void *arg)
{
    static const struct layer_sink sink = {.opened = on_opened, .data = on_data, .ended = on_ended};
    struct client *c = arg;
    struct fleet *f = c->fleet;
    const struct testee *testee = f->config.testee;
    struct net_address to = {.port = testee->url.port};
    memcpy(to.host, testee->url.host, sizeof testee->url.host);
    if (strncmp(to.host, "127.", 4) == 0) /* so that the kernel finds a free port at once */
        snprintf(to.from, sizeof to.from, "127.0.1.%u", 1 + (unsigned)((size_t)(c - f->clients) / PER_SOURCE % 250));
    c->stage = STAGE_TRYING;
    f->trying++;
    c->began = now(f);
    if (f->measure != NULL)
        measure_try(f->measure, c->began - f->storm_began);
    buf_init(&c->head, WS_HEAD_BYTES_MAX);
    c->timer = timer_start(testee->loop, f->config.patience_ns, on_late, c);
    c->layer = loop_connect(testee->loop, &to, &sink, c);
    if (testee->tls != NULL)
        c->layer = tls_layer(testee->tls, c->layer, testee->url.host, &sink, c);
}

/* ---- all of them ---- */

struct fleet *fleet_new(const struct fleet_config *config, struct diag *why)
{
    size_t wanted = (config->both_ends ? 2 : 1) * config->clients + SPARE_DESCRIPTORS;
    size_t descriptors = descriptors_want(wanted);
    if (descriptors < wanted) {
        diag_set(why, DIAG_USAGE, "%zu clients%s need %zu open files, and this process may have %zu: %s",
                 config->clients, config->both_ends ? " and the built-in peer" : "", wanted, descriptors,
                 config->both_ends ? "name another server" : "raise `ulimit -Hn`, or play in parts: --shard 1/2");
        return NULL;
    }
    struct fleet *f = calloc(1, sizeof *f);
    if (f != NULL)
        f->clients = calloc(config->clients, sizeof *f->clients);
    if (f == NULL || f->clients == NULL) {
        free(f);
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return NULL;
    }
    f->config = *config;
    f->keys = prng_stream(config->seed, "key");
    f->waits = prng_stream(config->seed, "backoff");
    for (size_t i = 0; i < config->clients; i++)
        f->clients[i] = (struct client){.fleet = f};
    return f;
}

void fleet_free(struct fleet *f)
{
    if (f == NULL)
        return;
    f->policy = NULL;
    timer_stop(f->ramp);
    timer_stop(f->most);
    for (size_t i = 0; i < f->config.clients; i++)
        let_go(&f->clients[i], true);
    free(f->clients);
    free(f);
}

static void on_most(void *arg)
{
    struct fleet *f = arg;
    f->most = NULL;
    loop_stop(f->config.testee->loop);
}

static void run(struct fleet *f, uint64_t most_ns)
{
    if (all_there(f))
        return;
    f->most = timer_start(f->config.testee->loop, most_ns, on_most, f);
    f->running = true;
    loop_run(f->config.testee->loop);
    f->running = false;
    timer_stop(f->most);
    f->most = NULL;
}

static void on_ramp(void *arg)
{
    struct fleet *f = arg;
    size_t due = f->config.ramp == 0 ? f->config.clients : (size_t)(f->config.ramp * TURN_NS / NS_PER_S) + 1;
    f->ramp = NULL;
    for (; due > 0 && f->started < f->config.clients; due--)
        try_connect(&f->clients[f->started++]);
    if (f->started < f->config.clients)
        f->ramp = timer_start(f->config.testee->loop, TURN_NS, on_ramp, f);
}

size_t fleet_open(struct fleet *f, uint64_t most_ns, struct diag *why)
{
    f->ramp = timer_start(f->config.testee->loop, 0, on_ramp, f);
    run(f, most_ns);
    timer_stop(f->ramp);
    f->ramp = NULL;
    if (f->open < f->config.clients)
        diag_set(why, DIAG_TROUBLE, "%zu of %zu clients are open: %s", f->open, f->config.clients,
                 f->first_trouble.kind == DIAG_NONE ? "time is over" : f->first_trouble.text);
    return f->open;
}

void fleet_begin_storm(struct fleet *f, const struct backoff *policy, struct measure *measure)
{
    f->policy = policy;
    f->measure = measure;
    f->storm_began = now(f);
}

void fleet_drop(struct fleet *f, enum fleet_drop how)
{
    for (size_t i = 0; i < f->config.clients; i++)
        if (f->clients[i].stage == STAGE_OPEN)
            lose(&f->clients[i], "dropped", how == FLEET_RESET);
}

size_t fleet_wait(struct fleet *f, uint64_t most_ns)
{
    uint64_t spent = now(f) - f->storm_began;
    if (spent < most_ns)
        run(f, most_ns - spent);
    return f->open;
}

size_t fleet_count(const struct fleet *f)
{
    return f->open;
}
