/* One actor's connection: its endpoint's life, and what it tells, put into the
 * inbox. Nothing is decided here. */
#include "engine/fleet/fleet.h"
#include "engine/runner/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the endpoint tells ---- */

static void on_opened(void *owner)
{
    struct conn *c = owner;
    c->phase = CONN_TRANSPORT;
    c->came_ns = runner_now(c->runner);
    runner_wake(c->runner);
}

static void rebase(struct ws_span *span, const char *from, const char *to)
{
    if (span->size)
        span->at = to + (span->at - from);
    else
        span->at = NULL;
}

/* The head's spans lie in one stretch of bytes, from its start line to its last header. */
static bool head_keep(struct kept_head *kept, const struct ws_head *head)
{
    const char *from = head->start_line.at, *end = from + head->start_line.size;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ws_header *h = &head->headers[i];
        if (h->name.size && h->name.at + h->name.size > end)
            end = h->name.at + h->name.size;
        if (h->value.size && h->value.at + h->value.size > end)
            end = h->value.at + h->value.size;
    }
    buf_clear(&kept->bytes);
    if (!buf_append(&kept->bytes, from, (size_t)(end - from)))
        return false;
    const char *to = buf_text(&kept->bytes);
    kept->head = *head;
    struct ws_span *spans[] = {&kept->head.start_line, &kept->head.method, &kept->head.target,
                               &kept->head.version, &kept->head.reason};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        rebase(spans[i], from, to);
    for (size_t i = 0; i < head->header_count; i++) {
        rebase(&kept->head.headers[i].name, from, to);
        rebase(&kept->head.headers[i].value, from, to);
    }
    return true;
}

static void on_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    struct conn *c = owner;
    struct runner *r = c->runner;
    bool interim = head && head->is_response && head->status >= 100 && head->status < 200 &&
                   head->status != 101; /* RFC 9110 section 15.2: the final response follows */
    if (interim)
        return;
    c->head.there = true;
    c->head.broken = !head;
    c->head.scan = scan;
    c->head.at_ns = runner_now(r);
    if (head && !head_keep(&c->head, head)) {
        end_case(r, VERDICT_ERROR, "", "", "no memory for a head of %zu bytes", head->size);
        return;
    }
    if (r->config.role == WS_CLIENT)
        opening_response(r, c);
    else
        opening_request(r, c);
    runner_wake(r);
}

static void on_behind(void *owner, const uint8_t *bytes, size_t size)
{
    struct conn *c = owner;
    if (!c->head.there || c->head.broken || c->phase == CONN_FRAMES)
        return;
    size_t room = LIMIT_BODY_BYTES - c->body.size;
    buf_append(&c->body, bytes, size < room ? size : room);
    c->body.failed |= size > room;
    runner_wake(c->runner);
}

static void on_message(struct conn *c, const struct ws_event *event)
{
    if (event->first)
        buf_clear(&c->message);
    if (!buf_append(&c->message, event->data, event->size)) { /* a larger one is a violation */
        end_case(c->runner, VERDICT_ERROR, "", "", "no memory for a message");
        return;
    }
    if (!event->last)
        return;
    if (c->link) {
        link_message(c, event->opcode, c->message.data, c->message.size);
        return;
    }
    if (c->runner->service) {
        service_message(c, event->opcode, c->message.data, c->message.size);
        return;
    }
    struct item *item = inbox_item(c, ITEM_MESSAGE, NULL, 0, &c->message);
    if (!item)
        return;
    item->opcode = event->opcode;
    inbox_add(c, item);
}

static bool answers_ping(struct conn *c, const uint8_t *payload, size_t size)
{
    uint64_t hash = hash_of(payload, size);
    for (unsigned i = 0; i < PINGS_KEPT; i++) {
        if (c->pings[i] == hash) {
            c->pings[i] = 0;
            return true;
        }
    }
    return false;
}

void conn_mark_ping(struct conn *c, const uint8_t *payload, size_t size)
{
    c->pings[c->ping_next++ % PINGS_KEPT] = hash_of(payload, size);
}

static void on_ping(struct conn *c, const struct ws_event *event)
{
    bool heard = layer_queued(endpoint_layer(c->endpoint)) <= LIMIT_PONG_BYTES; /* RFC 6455 5.5.3: not each needs one */
    if (heard && !c->auto_pong_off && !c->close_sent && !c->fin_sent)
        endpoint_send_control(c->endpoint, WS_PONG, event->data, event->size);
    if (!c->runner->uses_pings)
        return;
    struct item *item = inbox_item(c, ITEM_PING, event->data, event->size, NULL);
    if (item)
        inbox_add(c, item);
}

static void on_pong(struct conn *c, const struct ws_event *event)
{
    struct item *item = inbox_item(c, ITEM_PONG, event->data, event->size, NULL);
    if (!item)
        return;
    item->answers = answers_ping(c, event->data, event->size);
    inbox_add(c, item);
}

static void on_close(struct conn *c, const struct ws_event *event)
{
    c->close_received = true;
    c->close_code = event->code;
    struct item *item = inbox_item(c, ITEM_CLOSE, event->data, event->size, NULL);
    if (!item)
        return;
    item->code = event->code;
    inbox_add(c, item);
}

static void on_violation(struct conn *c, const struct ws_event *event)
{
    /* A server that answers our 1010 with the same code only does what 5.5.1 calls typical. */
    bool echoed = event->violation == WS_V_CLOSE_CODE_1010 && c->close_sent_code == 1010;
    if (!echoed)
        breach_frame(c->runner, ws_violation_get(event->violation));
}

static void on_frame_head(struct conn *c, const struct ws_event *event)
{
    (void)event;
    c->frames++;
}

static void on_event(void *owner, const struct ws_event *event)
{
    static void (*const handlers[])(struct conn *c, const struct ws_event *event) = {
        [WS_EVENT_FRAME] = on_frame_head, [WS_EVENT_MESSAGE] = on_message,
        [WS_EVENT_PING] = on_ping,   [WS_EVENT_PONG] = on_pong,
        [WS_EVENT_CLOSE] = on_close, [WS_EVENT_VIOLATION] = on_violation,
    };
    struct conn *c = owner;
    if (c->runner->decided || c->runner->stage == OVER)
        return;
    handlers[event->kind](c, event);
    runner_wake(c->runner);
}

/* RFC 6455 section 5.3: a key has to be fresh, and must not be predicted from those before. By chance alone a good
 * one is taken for stale less than once in ten million frames. NULL: nothing is wrong with it. */
static const char *stale_mask(struct runner *r, const struct ws_frame_head *head)
{
    const uint8_t *k = head->masking_key;
    uint32_t key = (uint32_t)k[0] << 24 | (uint32_t)k[1] << 16 | (uint32_t)k[2] << 8 | k[3];
    unsigned count = r->mask_count < MASKS_KEPT ? r->mask_count : MASKS_KEPT;
    uint32_t last = r->masks[(r->mask_count + MASKS_KEPT - 1) % MASKS_KEPT];
    uint32_t before = r->masks[(r->mask_count + MASKS_KEPT - 2) % MASKS_KEPT];
    const char *flaw = NULL;
    if (!head->masked)
        return "the frame is not masked";
    if (key == 0)
        flaw = "the masking key is zero";
    for (unsigned i = 0; i < count && !flaw; i++)
        if (r->masks[i] == key)
            flaw = "an earlier frame had the same masking key";
    if (!flaw && count >= 2 && key - last == last - before)
        flaw = "the masking key follows from the two before it";
    r->masks[r->mask_count++ % MASKS_KEPT] = key;
    return flaw;
}

static void on_frame(void *owner, const struct ws_frame_head *head, const uint8_t *kept, size_t size)
{
    struct conn *c = owner;
    if (!c->runner->uses_frames)
        return;
    struct item *item = inbox_item(c, ITEM_FRAME, kept, size, NULL);
    if (!item)
        return;
    item->head = *head;
    item->stale_mask = stale_mask(c->runner, head);
    item->frame = ++c->frames_whole;
    inbox_add(c, item);
    runner_wake(c->runner);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct conn *c = owner;
    if (!c->end) {
        const char *text = why ? why->text : "";
        c->end = inbox_item(c, ITEM_END, (const uint8_t *)text, strlen(text), NULL);
    }
    if (c->end)
        c->end->end = end;
    attempt_ended(c->runner, c->attempt);
    c->runner->lost |= !c->fin_sent && !(c->close_sent && c->close_received);
    runner_wake(c->runner);
}

static void on_drained(void *owner)
{
    runner_wake(((struct conn *)owner)->runner);
}

static const struct endpoint_sink conn_sink = {
    .opened = on_opened, .head = on_head, .behind = on_behind, .event = on_event, .frame = on_frame,
    .ended = on_ended, .drained = on_drained};

/* ---- life ---- */

static bool waiter_fresh(void *arg, struct layer *layer);

static void conn_init(struct conn *c, struct runner *r, const char *actor)
{
    *c = (struct conn){.runner = r, .actor = actor};
    c->waiter = (struct listener_waiter){.fresh = waiter_fresh, .arg = c};
    c->last = &c->first;
    c->unreturned_last = &c->unreturned;
    buf_init(&c->message, 0);
    buf_init(&c->head.bytes, 0);
    buf_init(&c->body, 0);
    buf_init(&c->sent_head, LIMIT_MESSAGE_LEAST); /* ours may be larger than what we take */
}

struct conn *conn_new(struct runner *r, const char *actor)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c) {
        end_case(r, VERDICT_ERROR, "", "", "no memory for a connection");
        return NULL;
    }
    conn_init(c, r, actor);
    return c;
}

static bool same_actor(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

struct conn *conn_of(struct runner *r, const char *actor)
{
    struct conn **at = &r->conns;
    while (*at && !same_actor((*at)->actor, actor))
        at = &(*at)->next;
    if (!*at)
        *at = conn_new(r, actor);
    return *at;
}

static void conn_empty(struct conn *c)
{
    if (c->waiter.waiting)
        listener_share_forget(c->runner->config.listener, &c->waiter);
    endpoint_release(c->endpoint);
    link_free(c->link);
    inbox_free(c);
    echo_free(c);
    buf_free(&c->message);
    buf_free(&c->head.bytes);
    buf_free(&c->body);
    buf_free(&c->sent_head);
}

void conn_free(struct conn *c)
{
    if (!c)
        return;
    conn_empty(c);
    fleet_free(c->fleet);
    free(c);
}

/* ---- limbo ---- */

static void limbo_drop(struct limbo *gone)
{
    struct limbo **at = &gone->runner->limbo;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    gone->runner->limbo_count--;
    endpoint_release(gone->endpoint);
    free(gone);
}

static void limbo_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct limbo *limbo = owner;
    (void)end;
    (void)why;
    attempt_ended(limbo->runner, limbo->attempt);
    runner_wake(limbo->runner);
    limbo_drop(limbo);
}

void limbo_reset(struct runner *r)
{
    for (struct limbo *limbo = r->limbo; limbo; limbo = limbo->next) {
        endpoint_reset(limbo->endpoint);
        attempt_failed(r, limbo->attempt, "reset");
    }
    limbo_free(r);
}

void limbo_free(struct runner *r)
{
    while (r->limbo)
        limbo_drop(r->limbo);
}

static void limbo_ignore(void *owner) { (void)owner; }

static void limbo_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    (void)owner, (void)head, (void)scan;
}

static void limbo_event(void *owner, const struct ws_event *event)
{
    (void)owner, (void)event;
}

static const struct endpoint_sink limbo_sink = {
    .opened = limbo_ignore, .head = limbo_head, .event = limbo_event, .ended = limbo_ended};

static void limbo_add(struct conn *c, bool silent)
{
    struct runner *r = c->runner;
    struct endpoint *endpoint = c->endpoint;
    struct limbo *limbo = r->limbo_count < LIMIT_CONNECTIONS ? calloc(1, sizeof *limbo) : NULL;
    c->endpoint = NULL;
    if (!limbo) {
        endpoint_release(endpoint);
        end_case(r, VERDICT_ERROR, "", "", "more than %u connections were left behind", LIMIT_CONNECTIONS);
        return;
    }
    *limbo = (struct limbo){.runner = r, .endpoint = endpoint, .attempt = c->attempt, .next = r->limbo};
    r->limbo = limbo;
    r->limbo_count++;
    endpoint_listen(endpoint, &limbo_sink, limbo);
    endpoint_discard(endpoint);
    endpoint_pause(endpoint, silent);
}

void conn_silence(struct conn *c, bool mute)
{
    if (c->endpoint && !c->end)
        limbo_add(c, !mute);
    conn_renew(c);
}

void conn_renew(struct conn *c)
{
    bool flushing = c->endpoint && !c->end && c->fin_sent;
    if (c->endpoint)
        attempt_failed(c->runner, c->attempt, "replaced");
    if (flushing)
        limbo_add(c, false);
    struct conn *next = c->next;
    const struct step *opened_by = c->opened_by;
    bool auto_pong_off = c->auto_pong_off, heartbeat_off = c->heartbeat_off, recovers = c->recovers;
    struct fault_plan plan = c->plan;
    conn_empty(c);
    conn_init(c, c->runner, c->actor);
    c->next = next;
    c->opened_by = opened_by;
    c->auto_pong_off = auto_pong_off;
    c->heartbeat_off = heartbeat_off;
    c->recovers = recovers; /* what was missed comes before the CONNECT that would say so */
    c->plan = plan;
}

/* ---- a fresh connection ---- */

static bool conn_over(struct conn *c, struct layer *layer)
{
    struct runner *r = c->runner;
    c->number = ++r->connections;
    if (r->uses_fault) {
        layer = fault_layer(layer, prng_stream_n(r->seed, "net", c->number), NULL, NULL);
        c->fault = layer;
        if (r->config.role == WS_CLIENT)
            fault_unopened(layer);
        for (unsigned i = 0; i < FAULTS; i++) {
            if (c->plan.set[i])
                fault_set(layer, &c->plan.faults[i]);
            c->plan.set[i] = false;
        }
    }
    struct endpoint_config config = {.role = r->config.role, .seed = r->seed, .connection = c->number,
                                     .message_max = r->message_max, .keep_packed = true, .trace = &r->trace};
    c->endpoint = endpoint_new(layer, &config, &conn_sink, c);
    if (!c->endpoint)
        end_case(r, VERDICT_ERROR, "", "", "no memory for a connection");
    return c->endpoint != NULL;
}

static bool waiter_fresh(void *arg, struct layer *layer)
{
    struct conn *c = arg;
    runner_wake(c->runner);
    c->attempt = c->waiter.ticket;
    return conn_over(c, layer);
}

bool conn_dial(struct conn *c)
{
    struct runner *r = c->runner;
    const struct testee *testee = r->config.testee;
    c->phase = CONN_DIALLING;
    if (r->config.role == WS_SERVER) {
        listener_share_wait(r->config.listener, &c->waiter);
        return true;
    }
    struct net_address to = {.port = testee->url.port};
    snprintf(to.host, sizeof to.host, "%s", testee->url.host);
    struct layer *layer = loop_connect(r->config.loop, &to, NULL, NULL);
    if (testee->url.secure && c->opened_by->form != FORM_CONNECT_PLAIN)
        layer = tls_layer(testee->tls, layer, testee->url.host, NULL, NULL);
    return conn_over(c, layer);
}

void conn_apply_fault(struct conn *c, const struct fault_setting *setting)
{
    if (setting->kind == FAULT_BLACK_HOLE)
        attempt_failed(c->runner, c->attempt, "black hole");
    if (c->endpoint && c->fault) {
        fault_set(c->fault, setting);
        return;
    }
    if (setting->kind == FAULT_OFF)
        memset(&c->plan, 0, sizeof c->plan);
    else
        c->plan.set[setting->kind] = true;
    c->plan.faults[setting->kind] = *setting;
}
