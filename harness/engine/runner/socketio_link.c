/* See socketio_link.h: what comes, the heartbeat, and the opening. */
#include "engine/runner/play.h"

#include <stdlib.h>
#include <string.h>

#define INTERVAL_MS 25000u
#define TIMEOUT_MS  20000u
#define MAX_PAYLOAD 1000000u

/* ---- life ---- */

/* The version that the run is about, where a step says no other. */
static enum eio_version eio_spoken(const struct runner *r) { return r->config.eio == EIO_3 ? EIO_3 : EIO_4; }

bool link_begin(struct conn *c, const struct step *step)
{
    bool client = c->runner->config.role == WS_CLIENT;
    if (step->form != FORM_OPEN_SOCKETIO && step->form != FORM_ACCEPT_SOCKETIO)
        return true;
    c->link = calloc(1, sizeof *c->link);
    if (!c->link) {
        end_case(c->runner, VERDICT_ERROR, "", "", "no memory for a connection");
        return false;
    }
    uint64_t version = step_number(step, SLOT_EIO, eio_spoken(c->runner));
    c->link->conn = c;
    c->link->interval_ms = step_number(step, SLOT_INTERVAL, INTERVAL_MS * NS_PER_MS) / NS_PER_MS;
    c->link->timeout_ms = step_number(step, SLOT_BEAT_TIMEOUT, TIMEOUT_MS * NS_PER_MS) / NS_PER_MS;
    strcpy(c->link->asked_in, "/");
    strcpy(c->link->our_in, "/");
    sio_judge_init(&c->link->judge, version == EIO_3 ? EIO_3 : EIO_4, client);
    return true;
}

void link_free(struct sio_link *link)
{
    if (!link)
        return;
    timer_stop(link->beat);
    sio_judge_free(&link->judge);
    free(link);
}

void item_packet_free(struct item_packet *packet)
{
    if (packet)
        sio_whole_free(&packet->whole);
    free(packet);
}

/* ---- sending by ourselves ---- */

static bool can_say(const struct conn *c)
{
    return c->endpoint && c->phase == CONN_FRAMES && !c->close_sent && !c->fin_sent && !c->end &&
           layer_queued(endpoint_layer(c->endpoint)) <= LIMIT_PONG_BYTES;
}

static void say(struct conn *c, enum eio_type type, const uint8_t *data, size_t size)
{
    struct eio_packet packet = {.type = type, .data = data, .size = size};
    struct buf text;
    buf_init(&text, 0);
    if (can_say(c) && eio_encode(c->link->judge.version, &packet, &text))
        endpoint_send_message(c->endpoint, WS_TEXT, text.data, text.size, false);
    buf_free(&text);
}

/* ---- the heartbeat ---- */

static void on_beat(void *arg);

static void beat_later(struct sio_link *link)
{
    uint64_t ms = link->judge.of_server ? link->judge.open.interval_ms : link->interval_ms;
    link->beat = timer_start(link->conn->runner->config.loop, ms * NS_PER_MS, on_beat, link);
}

static void on_beat(void *arg)
{
    struct sio_link *link = arg;
    beat_later(link);
    say(link->conn, EIO_PING, NULL, 0);
}

static void beat_begin(struct sio_link *link)
{
    if (!sio_judge_pings(&link->judge) && !link->conn->heartbeat_off && !link->beat)
        beat_later(link);
}

void link_heartbeat(struct conn *c, bool on)
{
    struct sio_link *link = c->link;
    c->heartbeat_off = !on;
    if (!link)
        return;
    if (!on) {
        timer_stop(link->beat);
        link->beat = NULL;
    } else if (link->judge.of_server ? link->judge.opened : c->phase == CONN_FRAMES) {
        beat_begin(link);
    }
}

/* ---- the opening ---- */

static const struct setting *need_of(const struct runner *r, enum form form, enum slot slot)
{
    const struct step *s = r->test->needs[form] ? r->test->head->next : NULL;
    for (; s && step_is_of_head(s); s = s->next)
        if (s->form == form)
            return step_setting(s, slot);
    return NULL;
}

static bool link_needs(struct runner *r, const struct sio_judge *judge)
{
    const struct setting *beat = need_of(r, FORM_NEEDS_HEARTBEAT, SLOT_DURATION);
    uint64_t ms = judge->open.interval_ms + judge->open.timeout_ms;
    if (!beat || !judge->of_server || ms <= beat->value.number / NS_PER_MS)
        return true;
    end_case(r, VERDICT_UNIMPLEMENTED, "a heartbeat within some seconds",
             runner_text(r, "pingInterval and pingTimeout of %llu ms together", (unsigned long long)ms),
             "the case needs a server with a quicker heartbeat");
    return false;
}

void link_check_needs(struct runner *r)
{
    const struct setting *eio = need_of(r, FORM_NEEDS_EIO, SLOT_EIO_VERSION);
    enum eio_version spoken = eio_spoken(r);
    if (eio && r->config.role == WS_CLIENT && eio->value.number != (unsigned)spoken)
        end_case(r, VERDICT_UNIMPLEMENTED, runner_text(r, "Engine.IO %u", (unsigned)eio->value.number),
                 runner_text(r, "a run for Engine.IO %d", (int)spoken), "the case is about the other version: --eio %u",
                 (unsigned)eio->value.number);
}

bool link_target(struct runner *r, const struct conn *c, const struct step *step, struct buf *out)
{
    const struct setting *path = step_setting(step, SLOT_PATH), *query = step_setting(step, SLOT_QUERY);
    const char *own = r->config.testee->url.resource;
    bool bare = own[1] == '\0' || own[1] == '?'; /* of a URL without a path, or with "/" alone */
    bool fine = path || !bare ? runner_option(r, path, own, out) : buf_printf(out, "/socket.io/%s", own + 1);
    const char *joint = fine && strchr(buf_text(out), '?') ? "&" : "?";
    fine = fine && buf_printf(out, "%sEIO=%d&transport=websocket", joint, (int)c->link->judge.version);
    return fine && (!query || (buf_append_byte(out, '&') && runner_payload(r, query->value.bytes, out)));
}

/* The version that a client's request names. */
static bool read_version(struct conn *c)
{
    struct ws_span target = c->head.head.target;
    bool three = eio_target_has(target.at, target.size, "EIO=3");
    bool four = eio_target_has(target.at, target.size, "EIO=4");
    struct runner *r = c->runner;
    if (three != four && eio_target_has(target.at, target.size, "transport=websocket")) {
        sio_judge_free(&c->link->judge);
        sio_judge_init(&c->link->judge, three ? EIO_3 : EIO_4, false);
        return true;
    }
    r->hard = true;
    end_case(r, VERDICT_FAIL, "a target with EIO=4 (or 3) and transport=websocket",
             runner_text(r, "%.*s", (int)(target.size < 200 ? target.size : 200), target.at),
             "the testee does not ask for Engine.IO over WebSocket");
    return false;
}

#define JSON_WEIGHT 16u /* a value of two bytes of text is a node of the tree */

static size_t weight_of(const struct sio_whole *whole)
{
    size_t bytes = whole->text.size * (1 + JSON_WEIGHT);
    for (unsigned i = 0; i < whole->packet.attachments; i++)
        bytes += whole->attachments[i].size;
    return bytes;
}

/* The data are those of a packet of Engine.IO; a MESSAGE has none beside the whole that the judge holds. */
static void add_item(struct conn *c, enum item_kind kind, enum eio_type type, const uint8_t *bytes, size_t size)
{
    struct item *item = inbox_item(c, kind, bytes, size, NULL);
    if (!item)
        return;
    item->frame = c->frames ? c->frames : 1; /* 0 would be behind what was taken */
    item->packet = calloc(1, sizeof *item->packet);
    if (!item->packet) {
        end_case(c->runner, VERDICT_ERROR, "", "", "no memory for a packet");
    } else {
        item->packet->engine = type;
        if (type == EIO_MESSAGE)
            item->packet->whole = sio_judge_take(&c->link->judge);
        item->held = weight_of(&item->packet->whole);
    }
    inbox_add(c, item);
}

/* With Engine.IO 3 the main namespace counts as asked for: an expect may say so, as with 4. */
static void main_asked(struct conn *c)
{
    struct sio_whole *whole = &c->link->judge.whole;
    const char *why;
    buf_append_text(&whole->text, "0");
    if (sio_decode(EIO_3, whole->text.data, whole->text.size, &whole->packet, &why))
        add_item(c, ITEM_PACKET, EIO_MESSAGE, NULL, 0);
}

void link_opened(struct conn *c)
{
    struct runner *r = c->runner;
    if (!c->link || r->decided || !read_version(c))
        return;
    const struct setting *eio = need_of(r, FORM_NEEDS_EIO, SLOT_EIO_VERSION);
    if (eio && eio->value.number != c->link->judge.version) {
        end_case(r, VERDICT_UNIMPLEMENTED, runner_text(r, "Engine.IO %u", (unsigned)eio->value.number),
                 runner_text(r, "a client of Engine.IO %d", (int)c->link->judge.version),
                 "the case is about the other version");
        return;
    }
    struct eio_open open = {.interval_ms = c->link->interval_ms, .timeout_ms = c->link->timeout_ms};
    struct buf text;
    buf_init(&text, 0);
    snprintf(open.sid, sizeof open.sid, "wsgauntlet-%016llx-%u", (unsigned long long)r->seed, c->number);
    open.max_payload = c->link->judge.version == EIO_4 ? MAX_PAYLOAD : 0;
    if (eio_open_write(&open, &text) && can_say(c))
        endpoint_send_message(c->endpoint, WS_TEXT, text.data, text.size, false);
    buf_free(&text);
    if (c->link->judge.version == EIO_3) {
        say(c, EIO_MESSAGE, (const uint8_t *)"0", 1);
        main_asked(c);
    }
    beat_begin(c->link);
}

/* ---- what comes ---- */

/* Does a step of the case ask for such packets of Engine.IO? Others are passed over. */
static bool is_awaited(const struct runner *r, enum eio_type type)
{
    return type == EIO_CLOSE || (r->uses_engine & 1u << type) != 0;
}

static void hear_engine(struct conn *c, const struct eio_packet *packet)
{
    struct sio_link *link = c->link;
    if (packet->type == EIO_OPEN) {
        if (!link_needs(c->runner, &link->judge))
            return;
        beat_begin(link);
    }
    if (packet->type == EIO_PING && !c->heartbeat_off)
        say(c, EIO_PONG, packet->data, packet->size);
    if (is_awaited(c->runner, packet->type))
        add_item(c, packet->type == EIO_CLOSE ? ITEM_PACKET : ITEM_BEAT, packet->type, packet->data, packet->size);
}

static void breach(struct conn *c, const char *why, const uint8_t *bytes, size_t size)
{
    struct runner *r = c->runner;
    struct buf words;
    buf_init(&words, 0);
    bytes_print(bytes, size < PREVIEW_BYTES ? size : PREVIEW_BYTES, &words);
    r->hard = true;
    end_case(r, VERDICT_FAIL, r->step ? expected_words(r, r->step) : "packets that keep to the protocol",
             runner_words(r, &words), "the testee %s (Socket.IO over Engine.IO %d)", why, (int)c->link->judge.version);
}

/* A server that restores connections says so in its CONNECT. */
static bool recovery_met(struct conn *c, const struct sio_packet *packet)
{
    struct runner *r = c->runner;
    bool answer = packet->type == SIO_CONNECT && c->link->judge.of_server;
    if (answer)
        c->recovers = json_is_string(json_object_get(packet->data, "pid"));
    bool lacks = answer && !c->recovers && r->test->needs[FORM_NEEDS_RECOVERY];
    if (lacks)
        end_case(r, VERDICT_UNIMPLEMENTED, "connection state recovery", "a CONNECT without a pid",
                 "the case needs a server that restores connections");
    return !lacks;
}

void link_message(struct conn *c, uint8_t opcode, const uint8_t *bytes, size_t size)
{
    struct sio_heard heard = sio_judge_message(&c->link->judge, opcode == WS_BINARY, bytes, size);
    switch (heard.kind) {
    case SIO_HEARD_WRONG:
        breach(c, heard.why, bytes, size);
        break;
    case SIO_HEARD_ENGINE:
        hear_engine(c, &heard.engine);
        break;
    case SIO_HEARD_PACKET:
        if (recovery_met(c, &c->link->judge.whole.packet))
            add_item(c, ITEM_PACKET, EIO_MESSAGE, NULL, 0);
        break;
    case SIO_HEARD_PART:
        break;
    }
}

void link_sent_text(struct conn *c, const uint8_t *bytes, size_t size)
{
    struct sio_packet packet;
    const char *why;
    if (!c->link || size < 2 || bytes[0] != '4' ||
        !sio_decode(c->link->judge.version, bytes + 1, size - 1, &packet, &why))
        return;
    sio_judge_sent(&c->link->judge, &packet);
    sio_packet_free(&packet);
}
