/* What `expect socketio ...` says of the packet that came. */
#include "engine/runner/play.h"

#include <string.h>

static enum match no(struct outcome *outcome, const char *why)
{
    outcome->why = why;
    return MATCH_NO;
}

/* ---- packets of Engine.IO ---- */

static const enum eio_type engine_types[FORMS] = {
    [FORM_EXPECT_SIO_OPEN] = EIO_OPEN, [FORM_EXPECT_SIO_PING] = EIO_PING,
    [FORM_EXPECT_SIO_PONG] = EIO_PONG, [FORM_EXPECT_SIO_CLOSE] = EIO_CLOSE};

unsigned match_engine_wanted(enum form form)
{
    return match_wants(form) & ITEM_BEAT ? 1u << engine_types[form] : 0;
}

enum match match_engine(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                        struct outcome *outcome)
{
    (void)c;
    if (!item)
        return MATCH_WAIT;
    if (!item->packet || item->packet->engine != engine_types[step->form])
        return MATCH_NO;
    return match_payload(r, step, item->data, item->size, outcome);
}

/* ---- packets of Socket.IO ---- */

static const enum sio_type wanted_types[FORMS] = {
    [FORM_EXPECT_SIO_CONNECT] = SIO_CONNECT, [FORM_EXPECT_SIO_DISCONNECT] = SIO_DISCONNECT,
    [FORM_EXPECT_SIO_EVENT] = SIO_EVENT,     [FORM_EXPECT_SIO_ACK] = SIO_ACK,
    [FORM_EXPECT_SIO_ERROR] = SIO_CONNECT_ERROR};

/* With its attachments or without, it is the same to a step. */
static enum sio_type bare_type(enum sio_type type)
{
    return type == SIO_BINARY_EVENT ? SIO_EVENT : type == SIO_BINARY_ACK ? SIO_ACK : type;
}

static bool same_namespace(struct runner *r, struct conn *c, const struct step *step, const struct sio_packet *packet)
{
    struct buf name;
    buf_init(&name, 0);
    const char *otherwise = step->form == FORM_EXPECT_SIO_ACK ? c->link->our_in : "/";
    bool said = link_namespace(r, step, otherwise, &name);
    bool whole = memchr(buf_text(&name), '?', name.size); /* the query is looked at where one is written */
    size_t size = whole ? packet->name_size : sio_bare_size(packet);
    bool same = said && name.size == size && memcmp(buf_text(&name), packet->name, size) == 0;
    buf_free(&name);
    return same;
}

static bool same_id(const struct conn *c, const struct step *step, const struct sio_packet *packet)
{
    return packet->id == step_number(step, SLOT_ACK_ID, c->link->our_id);
}

/* The event's name, where no arguments are said. */
static bool same_name(struct runner *r, const struct step *step, const struct sio_packet *packet)
{
    const json_t *name = json_array_get(packet->data, 0);
    struct buf want;
    buf_init(&want, 0);
    bool same = runner_payload(r, step_setting(step, SLOT_EVENT)->value.bytes, &want) && json_is_string(name) &&
                json_string_length(name) == want.size &&
                memcmp(json_string_value(name), buf_text(&want), want.size) == 0;
    buf_free(&want);
    return same;
}

/* Is it the same but for the offset, a text behind its arguments? */
static bool same_but_offset(const json_t *want, const struct sio_packet *packet)
{
    size_t i, size = json_array_size(want);
    json_t *value;
    if (packet->has_id || bare_type(packet->type) != SIO_EVENT || json_array_size(packet->data) != size + 1 ||
        !json_is_string(json_array_get(packet->data, size)))
        return false;
    json_array_foreach(want, i, value)
        if (!sio_json_same(value, json_array_get(packet->data, i)))
            return false;
    return true;
}

static bool same_json(struct runner *r, const struct conn *c, const struct step *step, const struct sio_packet *packet)
{
    struct buf want;
    unsigned attachments = link_attachments(step);
    bool said = step_setting(step, SLOT_JSON) || attachments;
    if (!said)
        return step->form != FORM_EXPECT_SIO_EVENT || same_name(r, step, packet);
    buf_init(&want, LIMIT_PAYLOAD_BYTES);
    json_t *value = NULL;
    bool fine = link_json(r, step, attachments, &want, &value);
    bool same = fine && (sio_json_same(value, packet->data) || (c->recovers && same_but_offset(value, packet)));
    json_decref(value);
    buf_free(&want);
    return same;
}

static enum match same_attachments(struct runner *r, const struct step *step, const struct sio_whole *whole,
                                   struct outcome *outcome)
{
    unsigned count = link_attachments(step), i = 0;
    if (count != whole->packet.attachments)
        return no(outcome, runner_text(r, "it has %u attachments, not %u", whole->packet.attachments, count));
    for (const struct setting *s = step_setting(step, SLOT_ATTACH); s; s = step_next_setting(s), i++) {
        struct buf want;
        buf_init(&want, LIMIT_PAYLOAD_BYTES);
        bool same = runner_payload(r, s->value.bytes, &want) && want.size == whole->attachments[i].size &&
                    (want.size == 0 || memcmp(want.data, whole->attachments[i].data, want.size) == 0);
        buf_free(&want);
        if (!same)
            return no(outcome, runner_text(r, "its attachment %u is another", i + 1));
    }
    return MATCH_YES;
}

static void note_asked(struct sio_link *link, const struct sio_packet *packet)
{
    if (!packet->has_id || bare_type(packet->type) != SIO_EVENT)
        return;
    link->asked = true;
    link->asked_id = packet->id;
    link_keep_name(link->asked_in, packet);
}

enum match match_packet(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                        struct outcome *outcome)
{
    if (!item)
        return MATCH_WAIT;
    if (!item->packet || item->packet->engine != EIO_MESSAGE)
        return MATCH_NO;
    const struct sio_whole *whole = &item->packet->whole;
    const struct sio_packet *packet = &whole->packet;
    if (bare_type(packet->type) != wanted_types[step->form])
        return MATCH_NO;
    if (!same_namespace(r, c, step, packet))
        return no(outcome, "it is of another namespace");
    if (step->form == FORM_EXPECT_SIO_ACK && !same_id(c, step, packet))
        return no(outcome, "the ack has another id");
    if (step_flag(step, SLOT_ACK) && !packet->has_id)
        return no(outcome, "it asks for no ack");
    if (!same_json(r, c, step, packet))
        return no(outcome, "its data are others");
    enum match match = same_attachments(r, step, whole, outcome);
    if (match != MATCH_YES)
        return match;
    match = pattern_match(r, step, (const uint8_t *)packet->json, packet->json_size, outcome);
    if (match == MATCH_YES)
        note_asked(c->link, packet);
    return match;
}
