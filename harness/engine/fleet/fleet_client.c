/* One client of a fleet: it connects, opens, plays its steps, answers pings, and
 * comes back when it has lost its connection. Small, since there are thousands:
 * what it sends is made when it is sent, what it expects when it comes. */
#include "engine/fleet/inside.h"

#include "base/limits.h"
#include "wire/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_SOURCE 8000u /* clients per address of ours, on the loopback */
#define SHOWN 60u        /* bytes of a message, in a sentence */

static bool expects_message(const struct step *step)
{
    return step->form == FORM_EXPECT_TEXT || step->form == FORM_EXPECT_BINARY || step->form == FORM_EXPECT_MESSAGE ||
           step->form == FORM_EXPECT_ECHO;
}

/* ---- how it ends ---- */

static void let_go(struct client *c, bool reset)
{
    timer_stop(c->timer);
    c->timer = NULL;
    buf_free(&c->in);
    ws_judge_free(c->judge);
    c->judge = NULL;
    if (c->layer != NULL && reset)
        layer_reset(c->layer);
    layer_release(c->layer);
    c->layer = NULL;
}

void client_free(struct client *c)
{
    let_go(c, true);
}

/* The first one that nobody wanted to happen. */
static void keep_trouble(struct client *c, const char *why)
{
    struct fleet_trouble *trouble = &c->fleet->trouble;
    if (trouble->client != 0 || c->stage == CLIENT_READY || c->fleet->storming)
        return;
    trouble->client = client_number(c);
    trouble->step = c->stage == CLIENT_TALKING ? c->step : c->fleet->config.block.open;
    trouble->unreachable = c->stage == CLIENT_TRYING && c->in.limit == 0;
    snprintf(trouble->seen, sizeof trouble->seen, "%s", why);
}

static void wait_for_next(struct client *c)
{
    struct fleet *f = c->fleet;
    uint64_t most = f->config.block.tries;
    c->stage = CLIENT_AWAY;
    if (f->policy == NULL || (most != 0 && c->tries > most))
        return;
    c->stage = CLIENT_WAITING;
    f->busy++;
    c->timer = timer_start(f->config.testee->loop, backoff_wait(f->policy, c->tries, &f->waits), client_connect, c);
}

void client_lose(struct client *c, const char *why, bool reset)
{
    struct fleet *f = c->fleet;
    bool tried = c->stage == CLIENT_TRYING || c->stage == CLIENT_TALKING;
    if (c->reading) { /* the judge must not go under its own feet */
        c->lost = c->lost == NULL ? why : c->lost;
        return;
    }
    keep_trouble(c, why);
    if (f->config.by_itself && f->full) {
        fleet_begin_storm(f, NULL);
        f->unasked = true;
    }
    f->full = false;
    f->ready -= c->stage == CLIENT_READY;
    f->busy -= tried;
    if (f->storming && c->stage == CLIENT_TRYING)
        measure_answered(&f->measure, storm_now(f));
    if (f->storming && tried)
        measure_failed(&f->measure, storm_now(f));
    let_go(c, reset);
    c->tries = tried ? c->tries + 1 : 1;
    wait_for_next(c);
    fleet_changed(f);
}

static void on_late(void *arg)
{
    struct client *c = arg;
    c->timer = NULL;
    client_lose(c, c->stage == CLIENT_TRYING ? "no answer to the opening handshake in time" : "nothing in time", true);
}

/* ---- its steps ---- */

static void become_ready(struct client *c)
{
    struct fleet *f = c->fleet;
    timer_stop(c->timer);
    c->timer = NULL;
    buf_free(&c->in);
    c->stage = CLIENT_READY;
    f->busy--;
    f->ready++;
    if (f->storming && !c->back)
        measure_back(&f->measure, storm_now(f), c->handshake_ns);
    c->back = true;
    f->full = f->full || (f->ready == f->config.clients);
    fleet_changed(f);
}

static void send_frame(struct client *c, enum ws_opcode opcode, uint8_t *bytes, size_t size)
{
    uint8_t key[4], head_bytes[WS_FRAME_HEAD_MAX];
    prng_fill(&c->fleet->masks, key, sizeof key);
    struct ws_frame_head head = ws_frame_head_make(opcode, size, key);
    ws_mask(bytes, size, key, 0);
    layer_write(c->layer, head_bytes, ws_frame_head_write(&head, head_bytes));
    layer_write(c->layer, bytes, size);
}

static bool payload_of_step(const struct client *c, const struct step *step, struct buf *out)
{
    const struct fleet_config *config = &c->fleet->config;
    buf_init(out, LIMIT_PAYLOAD_BYTES);
    return fleet_block_bytes(&config->block, step, step_setting(step, SLOT_PAYLOAD), client_number(c), config->seed,
                             out, NULL);
}

static void send_step(struct client *c, const struct step *step)
{
    enum ws_opcode opcode = step->form == FORM_SEND_TEXT ? WS_TEXT : step->form == FORM_SEND_PING ? WS_PING : WS_BINARY;
    struct buf payload;
    if (!payload_of_step(c, step, &payload))
        client_lose(c, "its payload cannot be made", true);
    else if (opcode == WS_PING && payload.size > 125)
        client_lose(c, "a ping of more than 125 bytes", true);
    else
        send_frame(c, opcode, payload.data, payload.size);
    buf_free(&payload);
}

static void begin_waiting(struct client *c, const struct step *step)
{
    const struct fleet_config *config = &c->fleet->config;
    const struct setting *within = step_setting(step, SLOT_WITHIN);
    uint64_t wait = within == NULL ? config->expect_ns : (uint64_t)((double)within->value.to * config->stretch);
    uint8_t ping[] = "fence";
    timer_stop(c->timer);
    c->timer = timer_start(config->testee->loop, wait, on_late, c);
    if (step->form == FORM_FENCE)
        send_frame(c, WS_PING, ping, sizeof ping - 1);
}

/* From the step it is at to the next one that waits for something. */
static void play(struct client *c)
{
    for (; c->layer != NULL && c->lost == NULL && !fleet_block_ends(c->step); c->step = c->step->next) {
        if (c->step->verb != VERB_SEND) {
            begin_waiting(c, c->step);
            return;
        }
        send_step(c, c->step);
    }
    if (c->layer != NULL && c->lost == NULL)
        become_ready(c);
}

/* What it waited for is there. */
static void go_on(struct client *c)
{
    timer_stop(c->timer);
    c->timer = NULL;
    c->step = c->step->next;
    play(c);
}

/* ---- what comes ---- */

static void mismatch(struct client *c, const char *what, const uint8_t *bytes, size_t size)
{
    struct fleet_trouble *trouble = &c->fleet->trouble;
    struct buf words;
    bool first = trouble->client == 0;
    buf_init(&words, 0);
    buf_append_text(&words, what);
    if (size != 0) {
        buf_append_byte(&words, ' ');
        bytes_print(bytes, size < SHOWN ? size : SHOWN, &words);
        buf_append_text(&words, size > SHOWN ? " ..." : "");
    }
    keep_trouble(c, buf_text(&words));
    first = first && trouble->client != 0;
    buf_free(&words);
    client_lose(c, first ? trouble->seen : "not what was expected", true);
}

static void on_message(struct client *c, uint8_t opcode)
{
    const struct step *step = c->step, *sent = NULL;
    if (c->stage != CLIENT_TALKING)
        return; /* it has nothing to say, and may be told anything */
    struct buf wanted;
    bool kind = expects_message(step), fits = false;
    if (kind && step->form == FORM_EXPECT_ECHO)
        sent = fleet_block_sent(&c->fleet->config.block, step);
    bool text = step->form == FORM_EXPECT_TEXT || (sent != NULL && sent->form == FORM_SEND_TEXT);
    uint8_t opcode_wanted = step->form == FORM_EXPECT_MESSAGE ? opcode : text ? WS_TEXT : WS_BINARY;
    const struct step *of = sent == NULL ? step : sent;
    bool any = step_setting(of, SLOT_PAYLOAD) == NULL && sent == NULL;
    buf_init(&wanted, 0);
    if (kind && opcode == opcode_wanted)
        fits = any || (payload_of_step(c, of, &wanted) && wanted.size == c->in.size &&
                       (wanted.size == 0 || memcmp(wanted.data, c->in.data, wanted.size) == 0));
    buf_free(&wanted);
    if (!fits) {
        mismatch(c, ws_opcode_name(opcode), c->in.data, c->in.size);
        return;
    }
    buf_free(&c->in);
    go_on(c);
}

static void on_violation(struct client *c, const struct ws_event *event)
{
    const struct ws_violation *violation = ws_violation_get(event->violation);
    if (violation->certainty != WS_MUST)
        return;
    if (c->fleet->trouble.violation == NULL)
        c->fleet->trouble.violation = violation;
    client_lose(c, violation->sentence, true);
}

static void on_event(void *context, const struct ws_event *event)
{
    struct client *c = context;
    uint8_t copy[125];
    if (c->lost != NULL)
        return;
    switch (event->kind) {
    case WS_EVENT_MESSAGE:
        if (event->first)
            buf_free(&c->in);
        c->in.limit = LIMIT_MESSAGE_LEAST;
        if (c->stage == CLIENT_TALKING && !buf_append(&c->in, event->data, event->size))
            client_lose(c, "a message larger than 4 MiB", true);
        else if (event->last)
            on_message(c, event->opcode);
        break;
    case WS_EVENT_PING:
        if (layer_queued(c->layer) > LIMIT_PONG_BYTES) /* RFC 6455 section 5.5.3: not each needs one */
            break;
        memcpy(copy, event->size == 0 ? copy : event->data, event->size);
        send_frame(c, WS_PONG, copy, event->size);
        break;
    case WS_EVENT_PONG:
        if (c->stage == CLIENT_TALKING && c->step->form == FORM_FENCE)
            go_on(c);
        break;
    case WS_EVENT_CLOSE:
        client_lose(c, "the server closed it", false);
        break;
    case WS_EVENT_VIOLATION:
        on_violation(c, event);
        break;
    case WS_EVENT_FRAME:
        break;
    }
}

static void read_frames(struct client *c, uint8_t *bytes, size_t size)
{
    if (c->layer == NULL || size == 0)
        return;
    c->reading = true;
    ws_judge_feed(c->judge, bytes, size);
    c->reading = false;
    const char *lost = c->lost;
    c->lost = NULL;
    if (lost != NULL)
        client_lose(c, lost, true);
}

/* ---- the opening handshake ---- */

static void on_opened(void *owner)
{
    struct client *c = owner;
    struct fleet *f = c->fleet;
    const struct testee *testee = f->config.testee;
    const struct step *open = f->config.block.open;
    char key[WS_KEY_SIZE + 1], out[WS_HEAD_BYTES_MAX];
    struct buf extra, path, origin;
    prng_fill(&f->keys, c->nonce, sizeof c->nonce);
    ws_key_make(c->nonce, key);
    buf_init(&extra, WS_HEAD_BYTES_MAX / 2);
    buf_init(&path, WS_HEAD_BYTES_MAX / 2);
    buf_init(&origin, WS_HEAD_BYTES_MAX / 2);
    c->in.limit = WS_HEAD_BYTES_MAX;
    for (const char *const *header = testee->headers; header != NULL && *header != NULL; header++)
        buf_printf(&extra, "%s\r\n", *header);
    bool fine = true;
    for (const struct setting *s = open->settings; s != NULL; s = s->next) {
        struct buf *to = s->slot == SLOT_PATH ? &path : s->slot == SLOT_ORIGIN ? &origin : &extra;
        if (s->slot == SLOT_PROTOCOL)
            continue;
        fine = fine && fleet_block_bytes(&f->config.block, open, s, client_number(c), f->config.seed, to, NULL);
        buf_append_text(&extra, to == &extra ? "\r\n" : "");
    }
    struct ws_request request = {.host = testee->url.authority, .key = key, .extra = buf_text(&extra),
                                 .target = path.size != 0 ? buf_text(&path) : testee->url.resource,
                                 .origin = origin.size != 0 ? buf_text(&origin) : testee->origin,
                                 .protocols = f->protocols[0] != NULL ? f->protocols : testee->protocols};
    size_t size = fine ? ws_request_write(&request, out, sizeof out) : 0;
    buf_free(&extra);
    buf_free(&path);
    buf_free(&origin);
    if (size == 0)
        client_lose(c, "the request cannot be made, or is too large", true);
    else
        layer_write(c->layer, out, size);
}

static void become_open(struct client *c)
{
    struct fleet *f = c->fleet;
    struct ws_judge_config judge = {.receiver = WS_CLIENT, .message_max = LIMIT_MESSAGE_LEAST, .event = on_event,
                                    .context = c};
    timer_stop(c->timer);
    c->timer = NULL;
    c->handshake_ns = fleet_now(f) - c->began;
    if (f->storming)
        measure_answered(&f->measure, storm_now(f));
    c->stage = CLIENT_TALKING;
    c->step = c->tries == 0 ? f->config.block.open->next
              : f->config.block.again != NULL ? f->config.block.again->next : NULL;
    c->judge = ws_judge_new(&judge);
    if (c->judge == NULL)
        client_lose(c, "no memory", true);
    else
        play(c);
}

/* The next head in what came, and what to think of it once it is whole. */
static struct ws_head_scan read_head(struct client *c, size_t seen, struct ws_client_answer *verdict)
{
    struct fleet *f = c->fleet;
    char key[WS_KEY_SIZE + 1];
    struct ws_head_scan scan = ws_head_parse(&f->answer, true, buf_text(&c->in), c->in.size, seen, 0);
    ws_key_make(c->nonce, key);
    const char *const *protocols = f->protocols[0] != NULL ? f->protocols : f->config.testee->protocols;
    struct ws_client_offer offer = {.key = key, .protocols = protocols};
    *verdict = (struct ws_client_answer){0};
    if (scan.answer == WS_SCAN_DONE)
        ws_response_validate(&f->answer, &offer, &f->scratch, verdict);
    return scan;
}

/* NULL: the answer is what it should be. */
static const char *refused(struct fleet *f, const struct ws_client_answer *verdict)
{
    if (verdict->accept)
        return NULL;
    if (f->answer.status != 101 || verdict->breach_count == 0)
        snprintf(f->why, sizeof f->why, "status %d", f->answer.status);
    else
        snprintf(f->why, sizeof f->why, "an answer that %s", verdict->breaches[0].rule->sentence);
    return f->why;
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct client *c = owner;
    struct ws_head *answer = &c->fleet->answer;
    if (c->judge != NULL) {
        read_frames(c, bytes, size);
        return;
    }
    size_t seen = c->in.size;
    if (!buf_append(&c->in, bytes, size)) {
        client_lose(c, "an endless answer", true);
        return;
    }
    struct ws_client_answer verdict;
    struct ws_head_scan scan = read_head(c, seen, &verdict);
    while (verdict.interim) {
        buf_consume(&c->in, answer->size);
        scan = read_head(c, 0, &verdict);
    }
    if (scan.answer == WS_SCAN_MORE)
        return;
    const char *why = scan.answer == WS_SCAN_BROKEN ? "bytes that are no HTTP head" : refused(c->fleet, &verdict);
    if (why != NULL) {
        client_lose(c, why, true);
        return;
    }
    size_t head_size = answer->size;
    struct buf rest = c->in; /* frames may stand right behind it */
    buf_init(&c->in, 0);
    become_open(c);
    read_frames(c, rest.data + head_size, rest.size - head_size);
    buf_free(&rest);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    client_lose(owner, end == LAYER_ERROR && why != NULL ? why->text : "the end of the connection",
                end != LAYER_ERROR);
}

void client_connect(void *arg)
{
    static const struct layer_sink sink = {.opened = on_opened, .data = on_data, .ended = on_ended};
    struct client *c = arg;
    struct fleet *f = c->fleet;
    const struct testee *testee = f->config.testee;
    struct net_address to = {.port = testee->url.port};
    memcpy(to.host, testee->url.host, sizeof testee->url.host);
    if (strncmp(to.host, "127.", 4) == 0) /* so that the kernel finds a free port at once */
        snprintf(to.from, sizeof to.from, "127.0.1.%u", 1 + (unsigned)(client_number(c) / PER_SOURCE % 250));
    f->busy += c->stage != CLIENT_WAITING;
    c->stage = CLIENT_TRYING;
    c->began = fleet_now(f);
    if (f->storming)
        measure_try(&f->measure, storm_now(f));
    buf_init(&c->in, 0);
    c->timer = timer_start(testee->loop, f->config.patience_ns, on_late, c);
    c->layer = loop_connect(testee->loop, &to, &sink, c);
    if (testee->tls != NULL)
        c->layer = tls_layer(testee->tls, c->layer, testee->url.host, &sink, c);
}
