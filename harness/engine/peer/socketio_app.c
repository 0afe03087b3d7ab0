/* The application behind the reference peer's Socket.IO: the events that
 * docs/socketio.md asks of a server under test. */
#include "engine/peer/socketio_peer.h"

#include <stdlib.h>
#include <string.h>

/* An event under way to its answer. */
struct call {
    struct sio_session *session;
    struct sio_state *state;
    const struct sio_whole *whole;
    json_t *arguments; /* without the name; borrowed */
};

/* ---- answers ---- */

static void spoil_arguments(const struct call *call, json_t *arguments, bool ack)
{
    enum sio_fault fault = call->session->fault;
    json_t *first = json_array_get(arguments, 0);
    if (json_array_size(arguments) == 0 && fault == (ack ? SIO_FAULT_ACK_NULL : SIO_FAULT_EVENT_NULL))
        json_array_append_new(arguments, json_null());
    if (fault == SIO_FAULT_EVENT_TEXT && json_is_integer(first))
        json_array_set_new(arguments, 0, json_string("12"));
    if (fault == SIO_FAULT_EVENT_ASCII && json_is_string(first) && (json_string_value(first)[0] & 0x80))
        json_array_set_new(arguments, 0, json_string("?"));
    if (fault == SIO_FAULT_EVENT_FLAT && json_is_array(first)) {
        json_t *inner = json_copy(first);
        json_array_clear(arguments);
        json_array_extend(arguments, inner);
        json_decref(inner);
    }
    while (fault == SIO_FAULT_EVENT_FIRST && json_array_size(arguments) > 1)
        json_array_remove(arguments, 1);
}

static void acknowledge(const struct call *call, json_t *arguments)
{
    enum sio_fault fault = call->session->fault;
    const struct sio_packet *asked = &call->whole->packet;
    uint64_t id = fault == SIO_FAULT_ACK_ID_SHORT ? (uint32_t)asked->id : asked->id;
    const char *name = fault == SIO_FAULT_ACK_NAMESPACE ? "/" : call->state->name;
    if (!asked->has_id || fault == SIO_FAULT_ACK_NEVER || (fault == SIO_FAULT_ACK_ID_ZERO && id == 0))
        return;
    json_t *sent = json_copy(arguments);
    spoil_arguments(call, sent, true);
    if (fault == SIO_FAULT_ACK_WRAPPED) {
        json_t *wrapped = json_array();
        json_array_append_new(wrapped, sent);
        sent = wrapped;
    }
    char *json = json_dumps(sent, JSON_COMPACT);
    struct sio_packet packet = {.type = SIO_ACK, .attachments = asked->attachments, .name = name,
                                .name_size = strlen(name), .has_id = true, .id = id, .json = json,
                                .json_size = json != NULL ? strlen(json) : 0};
    for (int times = fault == SIO_FAULT_ACK_TWICE ? 2 : 1; times > 0 && json != NULL; times--)
        sio_session_send(call->session, &packet, call->whole->attachments);
    free(json);
    json_decref(sent);
}

static void emit(const struct call *call, struct sio_state *state, const char *name, json_t *arguments,
                 unsigned attachments)
{
    json_t *data = json_array();
    json_array_append_new(data, json_string(name));
    json_array_extend(data, arguments);
    sio_state_emit(call->session->hub, state, data, call->whole->attachments, attachments);
    json_decref(data);
}

/* ---- the events ---- */

/* A defect holds every first event back until the next one has gone. */
static bool hold(const struct call *call, json_t *arguments)
{
    struct sio_hub *hub = call->session->hub;
    if (call->session->fault != SIO_FAULT_EVENT_SWAPPED)
        return false;
    if (hub->held == NULL) {
        hub->held = json_dumps(arguments, JSON_COMPACT);
        return true;
    }
    json_t *held = json_loads(hub->held, 0, NULL);
    free(hub->held);
    hub->held = NULL;
    emit(call, call->state, "echo", arguments, 0);
    emit(call, call->state, "echo", held, 0);
    json_decref(held);
    return true;
}

static void on_echo(const struct call *call)
{
    unsigned count = call->whole->packet.attachments;
    if (call->session->fault == SIO_FAULT_BINARY_FEW && count > 4) {
        peer_conn_close(call->session->conn, 0);
        return;
    }
    if (call->whole->packet.has_id) {
        acknowledge(call, call->arguments);
        return;
    }
    json_t *arguments = json_copy(call->arguments);
    spoil_arguments(call, arguments, false);
    bool nested = json_is_object(json_object_get(json_array_get(arguments, 0), "a"));
    bool flat = call->session->fault == SIO_FAULT_BINARY_FLAT && nested && count != 0;
    if (!hold(call, arguments))
        emit(call, call->state, "echo", arguments, flat ? 0 : count);
    json_decref(arguments);
}

static void on_ask(const struct call *call)
{
    struct sio_session *session = call->session;
    json_t *data = json_array();
    json_array_append_new(data, json_string("question"));
    json_array_extend(data, call->arguments);
    char *json = json_dumps(data, JSON_COMPACT);
    struct sio_packet packet = {.type = SIO_EVENT, .name = call->state->name, .name_size = strlen(call->state->name),
                                .has_id = session->fault != SIO_FAULT_QUESTION_PLAIN, .id = ++session->hub->numbers,
                                .json = json, .json_size = json != NULL ? strlen(json) : 0};
    if (json != NULL)
        sio_session_send(session, &packet, NULL);
    free(json);
    json_decref(data);
}

static void on_answer(const struct call *call)
{
    json_t *arguments = json_copy(call->arguments);
    enum sio_fault fault = call->session->fault;
    if (json_array_size(arguments) == 0 && fault == SIO_FAULT_ANSWER_NULL)
        json_array_append_new(arguments, json_null());
    unsigned count = fault == SIO_FAULT_BINARY_ANSWER ? 0 : call->whole->packet.attachments;
    if (fault == SIO_FAULT_BINARY_ANSWER && call->whole->packet.attachments != 0)
        json_array_clear(arguments);
    if (fault != SIO_FAULT_ANSWER_LOST)
        emit(call, call->state, "answer", arguments, count);
    json_decref(arguments);
}

static void on_kick(const struct call *call)
{
    struct sio_session *session = call->session;
    bool transport = json_is_true(json_array_get(call->arguments, 0));
    struct sio_packet packet = {.type = SIO_DISCONNECT, .name = call->state->name,
                                .name_size = strlen(call->state->name)};
    if (session->fault != (transport ? SIO_FAULT_KICK_ABRUPT : SIO_FAULT_KICK_SILENT))
        sio_session_send(session, &packet, NULL);
    sio_state_drop(session->hub, call->state);
    if (transport)
        peer_conn_close(session->conn, 0);
}

static void on_whoami(const struct call *call)
{
    json_t *token = call->state->token != NULL ? json_loads(call->state->token, JSON_DECODE_ANY, NULL) : json_null();
    json_t *arguments = json_array();
    json_array_append_new(arguments, json_string(call->state->sid));
    json_array_append_new(arguments, token);
    acknowledge(call, arguments);
    json_decref(arguments);
}

static void on_tell(const struct call *call)
{
    const char *sid = json_string_value(json_array_get(call->arguments, 0));
    bool reaches = sid != NULL && call->session->fault != SIO_FAULT_TELL_NOBODY;
    struct sio_state *other = reaches ? call->session->hub->states : NULL;
    while (other != NULL && (strcmp(other->sid, sid) != 0 || strcmp(other->name, call->state->name) != 0))
        other = other->next;
    json_t *arguments = json_copy(call->arguments), *none = json_array();
    json_array_remove(arguments, 0);
    if (other != NULL)
        emit(call, other, "told", arguments, 0);
    acknowledge(call, none);
    json_decref(arguments);
    json_decref(none);
}

static const struct {
    const char *name;
    void (*fn)(const struct call *call);
} events[] = {
    {"echo", on_echo}, {"ask", on_ask}, {"kick", on_kick}, {"whoami", on_whoami}, {"tell", on_tell},
};

static bool is_stained(const struct call *call)
{
    json_t *first = json_array_get(call->arguments, 0);
    bool deep = json_is_array(json_array_get(json_array_get(json_array_get(first, 0), 0), 0)) &&
                call->session->fault == SIO_FAULT_W_DEEP;
    return deep || (json_object_get(first, "__proto__") != NULL && call->session->fault == SIO_FAULT_W_PROTO);
}

static void on_event(const struct call *call, const json_t *name)
{
    const char *text = json_string_value(name);
    if (is_stained(call)) {
        call->session->conn->stays = true;
        sio_state_drop(call->session->hub, call->state);
        return;
    }
    for (size_t i = 0; text != NULL && i < sizeof events / sizeof *events; i++) {
        if (strcmp(events[i].name, text) != 0)
            continue;
        events[i].fn(call);
        return;
    }
    if (call->session->fault == SIO_FAULT_EVENT_UNKNOWN)
        peer_conn_close(call->session->conn, 0);
}

void sio_app_packet(struct sio_session *session, struct sio_state *state, const struct sio_whole *whole)
{
    struct call call = {.session = session, .state = state, .whole = whole,
                        .arguments = json_copy(whole->packet.data)};
    bool ack = whole->packet.type == SIO_ACK || whole->packet.type == SIO_BINARY_ACK;
    json_t *name = json_incref(json_array_get(call.arguments, 0));
    if (!ack)
        json_array_remove(call.arguments, 0);
    if (call.arguments != NULL && ack)
        on_answer(&call);
    else if (call.arguments != NULL)
        on_event(&call, name);
    json_decref(name);
    json_decref(call.arguments);
}
