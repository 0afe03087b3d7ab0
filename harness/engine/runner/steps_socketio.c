/* Steps that send packets of Socket.IO and Engine.IO, and what such a step says:
 * a namespace, JSON, attachments. */
#include "engine/runner/play.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a step says ---- */

bool link_namespace(struct runner *r, const struct step *step, const char *otherwise, struct buf *out)
{
    return runner_option(r, step_setting(step, SLOT_NAMESPACE), otherwise, out);
}

unsigned link_attachments(const struct step *step)
{
    unsigned count = 0;
    for (const struct setting *s = step_setting(step, SLOT_ATTACH); s; s = step_next_setting(s))
        count++;
    return count;
}

/* The arguments: what is written, or the attachments. */
static bool put_arguments(struct runner *r, const struct step *step, unsigned attachments, struct buf *out)
{
    const struct setting *json = step_setting(step, SLOT_JSON);
    if (json)
        return runner_payload(r, json->value.bytes, out);
    for (unsigned i = 0; i < attachments; i++)
        buf_printf(out, "%s{\"_placeholder\":true,\"num\":%u}", i ? "," : "", i);
    return true;
}

static bool put_event_name(struct runner *r, const struct setting *event, struct buf *out)
{
    struct buf name;
    buf_init(&name, 0);
    bool fine = runner_payload(r, event->value.bytes, &name);
    json_t *text = fine ? json_stringn(buf_text(&name), name.size) : NULL;
    char *json = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
    if (fine && !json)
        end_case(r, VERDICT_ERROR, "", "", "line %d: an event's name is UTF-8", r->step->line);
    if (json)
        buf_append_text(out, json);
    free(json);
    json_decref(text);
    buf_free(&name);
    return json != NULL;
}

bool link_json(struct runner *r, const struct step *step, unsigned attachments, struct buf *out, json_t **value)
{
    const struct setting *event = step_setting(step, SLOT_EVENT), *json = step_setting(step, SLOT_JSON);
    bool array = event || step->form == FORM_SEND_SIO_ACK || step->form == FORM_EXPECT_SIO_ACK;
    *value = NULL;
    if (!array && !json)
        return true;
    struct buf arguments;
    buf_init(&arguments, LIMIT_PAYLOAD_BYTES);
    bool fine = put_arguments(r, step, attachments, &arguments);
    if (array)
        buf_append_byte(out, '[');
    fine = fine && (!event || put_event_name(r, event, out));
    if (event && arguments.size)
        buf_append_byte(out, ',');
    fine = fine && buf_append(out, arguments.data, arguments.size) && (!array || buf_append_byte(out, ']'));
    buf_free(&arguments);
    if (fine)
        *value = sio_json_read(buf_text(out), out->size);
    if (!*value && !r->decided)
        end_case(r, VERDICT_ERROR, "", "", "line %d: this is no JSON: %.200s", step->line, buf_text(out));
    return *value != NULL;
}

/* ---- sending ---- */

static const enum sio_type sent_types[FORMS] = {
    [FORM_SEND_SIO_CONNECT] = SIO_CONNECT,   [FORM_SEND_SIO_DISCONNECT] = SIO_DISCONNECT,
    [FORM_SEND_SIO_EVENT] = SIO_EVENT,       [FORM_SEND_SIO_ACK] = SIO_ACK,
    [FORM_SEND_SIO_ERROR] = SIO_CONNECT_ERROR,
};
static const enum eio_type engine_types[FORMS] = {
    [FORM_SEND_SIO_PING] = EIO_PING, [FORM_SEND_SIO_PONG] = EIO_PONG, [FORM_SEND_SIO_CLOSE] = EIO_CLOSE};

/* One message into the pump. */
static bool put_message(struct conn *c, const struct eio_packet *packet)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    bool fine = eio_encode(c->link->judge.version, packet, &bytes);
    struct frame_order order = {.opcode = packet->binary ? WS_BINARY : WS_TEXT, .payload = bytes.data,
                                .size = bytes.size};
    fine = fine && endpoint_frame_bytes(c->endpoint, &order, &c->runner->pump.bytes);
    buf_free(&bytes);
    return fine;
}

static bool put_attachments(struct conn *c, const struct step *step)
{
    bool fine = true;
    for (const struct setting *s = step_setting(step, SLOT_ATTACH); s && fine; s = step_next_setting(s)) {
        struct buf bytes;
        buf_init(&bytes, LIMIT_PAYLOAD_BYTES);
        fine = runner_payload(c->runner, s->value.bytes, &bytes) &&
               put_message(c, &(struct eio_packet){.type = EIO_MESSAGE, .binary = true, .data = bytes.data,
                                                    .size = bytes.size});
        buf_free(&bytes);
    }
    return fine;
}

void link_keep_name(char kept[static SIO_NAMESPACE_MAX + 1], const struct sio_packet *packet)
{
    size_t size = sio_bare_size(packet);
    memcpy(kept, packet->name, size);
    kept[size] = '\0';
}

static void fill_id(const struct step *step, struct sio_link *link, struct sio_packet *packet)
{
    const struct setting *asks = step_setting(step, SLOT_ACK), *answers = step_setting(step, SLOT_ACK_ID);
    bool ack = packet->type == SIO_ACK;
    packet->has_id = asks || ack;
    packet->id = asks ? asks->value.number : answers ? answers->value.number : link->asked_id;
    if (asks) {
        link->our_id = packet->id;
        link_keep_name(link->our_in, packet);
    }
}

/* A sid of ours, where a server's CONNECT says nothing else. */
static void default_connect(struct runner *r, struct sio_link *link, struct buf *json)
{
    if (r->config.role == WS_SERVER && link->judge.version == EIO_4 && json->size == 0)
        buf_printf(json, "{\"sid\":\"%016llx-%u-%u\"}", (unsigned long long)r->seed, link->conn->number, ++link->sids);
}

/* With Engine.IO 3 the main namespace is connected unasked, and there is no auth. */
static bool is_unsaid(struct runner *r, const struct sio_link *link, const struct sio_packet *packet)
{
    bool old = packet->type == SIO_CONNECT && link->judge.version == EIO_3;
    if (old && packet->json)
        end_case(r, VERDICT_ERROR, "", "",
                 "line %d: with Engine.IO 3 a CONNECT has no data: namespace \"/chat?token=abc\"", r->step->line);
    return r->decided || (old && packet->name_size == 1);
}

static bool put_packet(struct runner *r, struct conn *c, const struct step *step, struct buf *name, struct buf *json)
{
    struct sio_link *link = c->link;
    unsigned attachments = link_attachments(step);
    struct sio_packet packet = {.type = sent_types[step->form], .attachments = attachments};
    const char *otherwise = packet.type == SIO_ACK ? link->asked_in : "/";
    json_t *value = NULL;
    bool said = link_namespace(r, step, otherwise, name) && link_json(r, step, attachments, json, &value);
    json_decref(value);
    if (!said)
        return false;
    bool named = name->size > 0 && name->data[0] == '/' && name->size <= SIO_NAMESPACE_MAX;
    if (!named || attachments > SIO_ATTACHMENTS_MAX) {
        end_case(r, VERDICT_ERROR, "", "",
                 "line %d: a namespace begins with / and has at most %u bytes; %u attachments at most", step->line,
                 SIO_NAMESPACE_MAX, SIO_ATTACHMENTS_MAX);
        return false;
    }
    if (packet.type == SIO_CONNECT)
        default_connect(r, link, json);
    packet.name = buf_text(name);
    packet.name_size = name->size;
    packet.json = json->size ? buf_text(json) : NULL;
    packet.json_size = json->size;
    if (packet.type == SIO_ACK && !link->asked && !step_setting(step, SLOT_ACK_ID)) {
        end_case(r, VERDICT_ERROR, "", "", "line %d: no event that asks for an ack was expected before", step->line);
        return false;
    }
    fill_id(step, link, &packet);
    if (attachments)
        packet.type = packet.type == SIO_EVENT ? SIO_BINARY_EVENT : SIO_BINARY_ACK;
    if (is_unsaid(r, link, &packet))
        return !r->decided;
    struct buf text;
    buf_init(&text, 0);
    bool fine = sio_encode(&packet, &text) &&
                put_message(c, &(struct eio_packet){.type = EIO_MESSAGE, .data = text.data, .size = text.size}) &&
                put_attachments(c, step);
    buf_free(&text);
    sio_judge_sent(&link->judge, &packet);
    return fine;
}

static bool put_engine(struct runner *r, struct conn *c, const struct step *step)
{
    const struct setting *payload = step_setting(step, SLOT_PAYLOAD);
    struct buf data;
    buf_init(&data, LIMIT_PAYLOAD_BYTES);
    bool fine = (!payload || runner_payload(r, payload->value.bytes, &data)) &&
                put_message(c, &(struct eio_packet){.type = engine_types[step->form], .data = data.data,
                                                     .size = data.size});
    buf_free(&data);
    return fine;
}

static bool put_step(struct runner *r, struct conn *c, const struct step *step)
{
    struct buf name, json;
    if (engine_types[step->form])
        return put_engine(r, c, step);
    buf_init(&name, 0);
    buf_init(&json, LIMIT_PAYLOAD_BYTES);
    bool fine = put_packet(r, c, step, &name, &json);
    buf_free(&name);
    buf_free(&json);
    return fine;
}

/* Nothing goes out before the open packet came. DONE: it has. */
static enum progress await_open(struct runner *r, struct conn *c)
{
    uint64_t deadline = r->step_ns + runner_patience(r);
    if (c->link->judge.opened || r->config.role == WS_SERVER)
        return STEP_DONE;
    if (!c->end && runner_now(r) < deadline)
        return wait_until(r, deadline);
    return end_case(r, VERDICT_FAIL, "the open packet of Engine.IO", c->end ? end_words(r, c) : "nothing",
                    "the testee does not begin with an open packet");
}

enum progress link_missing(struct runner *r, const struct step *step)
{
    return end_case(r, VERDICT_ERROR, "", "", "line %d: this is no Socket.IO connection: `%s socketio` comes first",
                    step->line, r->config.role == WS_CLIENT ? "open" : "accept");
}

enum progress step_send_packet(struct runner *r, struct conn *c, const struct step *step)
{
    if (!c->link)
        return link_missing(r, step);
    if (!c->endpoint)
        return STEP_DONE;
    if (r->phase == 0) {
        enum progress progress = await_open(r, c);
        if (progress != STEP_DONE)
            return progress;
        r->phase = 1;
        pump_begin(r, step);
        if (!put_step(r, c, step))
            return end_case(r, VERDICT_ERROR, "", "", "no memory for a packet");
    }
    return pump_drain(r, c);
}

enum progress step_heartbeat(struct runner *r, struct conn *c, const struct step *step)
{
    (void)r;
    link_heartbeat(c, step->form == FORM_HEARTBEAT_ON);
    return STEP_DONE;
}
