/* See socketio_peer.h: the transport, the namespaces, and what is kept for who comes back. */
#include "engine/peer/socketio_peer.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MS 500u
#define TIMEOUT_MS  400u
#define CONNECT_MS  1000u
#define MAX_PAYLOAD (1u << 20)

static const char *const overlooked[SIO_FAULTS] = {
#define FAULT(id, name, caught_by, eio, summary, overlooks) [SIO_FAULT_##id] = overlooks,
#include "engine/peer/socketio_faults.def"
#undef FAULT
};

/* ---- the target ---- */

static bool has(struct ws_span target, const char *part) { return eio_target_has(target.at, target.size, part); }

bool sio_target_fine(struct ws_span target, enum sio_fault fault, enum eio_version *version)
{
    static const char path[] = "/socket.io/?";
    bool three = has(target, "EIO=3"), four = has(target, "EIO=4");
    bool here = target.size > sizeof path - 1 && memcmp(target.at, path, sizeof path - 1) == 0;
    bool transport = has(target, "transport=websocket") || fault == SIO_FAULT_TRANSPORT_ANY;
    bool sid = memmem(target.at, target.size, "sid=", 4) != NULL && fault != SIO_FAULT_SID_ANY;
    bool more = memmem(target.at, target.size, "token=", 6) != NULL && fault == SIO_FAULT_QUERY_REFUSED;
    *version = three ? EIO_3 : EIO_4;
    return here && (three || four || fault == SIO_FAULT_VERSION_ANY) && transport && !sid && !more;
}

/* ---- sending ---- */

static void send_message(struct sio_session *session, const struct eio_packet *packet)
{
    struct buf bytes;
    bool bare = packet->binary && session->fault == SIO_FAULT_BINARY_BARE;
    buf_init(&bytes, 0);
    if (eio_encode(bare ? EIO_4 : session->judge.version, packet, &bytes) && session->conn->stage == PEER_OPEN)
        peer_conn_send(session->conn, &(struct frame_order){.opcode = packet->binary ? WS_BINARY : WS_TEXT,
                                                            .payload = bytes.data, .size = bytes.size});
    buf_free(&bytes);
}

static void send_engine(struct sio_session *session, enum eio_type type, const uint8_t *data, size_t size)
{
    send_message(session, &(struct eio_packet){.type = type, .data = data, .size = size});
}

static void send_attachment(struct sio_session *session, const struct buf *bytes)
{
    size_t size = session->fault == SIO_FAULT_BINARY_CUT && bytes->size > 64u << 10 ? 64u << 10 : bytes->size;
    bool padded = session->fault == SIO_FAULT_BINARY_EMPTY && size == 0;
    send_message(session, &(struct eio_packet){.type = EIO_MESSAGE, .binary = true, .size = padded ? 1 : size,
                                               .data = padded ? (const uint8_t *)"" : bytes->data});
}

void sio_session_send(struct sio_session *session, const struct sio_packet *packet, const struct buf *attachments)
{
    struct sio_packet sent = *packet;
    struct buf text;
    unsigned count = packet->attachments;
    bool plain = packet->type == SIO_ACK && session->fault == SIO_FAULT_BINARY_ACK_PLAIN;
    if (count != 0 && !plain)
        sent.type = packet->type == SIO_EVENT ? SIO_BINARY_EVENT : SIO_BINARY_ACK;
    buf_init(&text, 0);
    if (sio_encode(&sent, &text))
        send_engine(session, EIO_MESSAGE, text.data, text.size);
    buf_free(&text);
    bool swapped = session->fault == SIO_FAULT_BINARY_SWAPPED;
    for (unsigned i = 0; i < count && session->fault != SIO_FAULT_BINARY_LOST; i++)
        send_attachment(session, &attachments[swapped ? count - 1 - i : i]);
    sio_judge_sent(&session->judge, packet);
}

static void send_json(struct sio_session *session, enum sio_type type, const char *name, const char *json)
{
    sio_session_send(session, &(struct sio_packet){.type = type, .name = name, .name_size = strlen(name), .json = json,
                                                   .json_size = json != NULL ? strlen(json) : 0}, NULL);
}

/* ---- what is kept ---- */

/* The oldest event goes. */
static void past_drop(struct sio_hub *hub, struct sio_state *state)
{
    hub->kept -= strlen(state->past[0].json);
    free(state->past[0].json);
    memmove(state->past, state->past + 1, --state->past_count * sizeof *state->past);
}

void sio_state_drop(struct sio_hub *hub, struct sio_state *state)
{
    struct sio_state **at = &hub->states;
    while (*at != state)
        at = &(*at)->next;
    *at = state->next;
    hub->count--;
    while (state->past_count != 0)
        past_drop(hub, state);
    free(state->token);
    free(state);
}

void sio_hub_free(struct sio_hub *hub)
{
    while (hub->states != NULL)
        sio_state_drop(hub, hub->states);
    free(hub->held);
    hub->held = NULL;
}

struct sio_state *sio_state_of(struct sio_session *session, const char *name, size_t size)
{
    for (struct sio_state *state = session->hub->states; state != NULL; state = state->next)
        if (state->live == session && strlen(state->name) == size && memcmp(state->name, name, size) == 0)
            return state;
    return NULL;
}

/* The client that was lost first is forgotten. False: there is none. */
static bool forget_lost(struct sio_hub *hub)
{
    struct sio_state *oldest = NULL;
    for (struct sio_state *state = hub->states; state != NULL; state = state->next)
        oldest = state->live == NULL ? state : oldest;
    if (oldest != NULL)
        sio_state_drop(hub, oldest);
    return oldest != NULL;
}

static struct sio_state *state_new(struct sio_session *session, const char *name, size_t size)
{
    struct sio_hub *hub = session->hub;
    bool room = hub->count < SIO_STATES_MAX || forget_lost(hub);
    struct sio_state *state = room ? calloc(1, sizeof *state) : NULL;
    if (state == NULL)
        return NULL;
    memcpy(state->name, name, size);
    unsigned long long number = ++hub->numbers;
    bool shared = session->fault == SIO_FAULT_CONNECT_SID_SHARED;
    snprintf(state->sid, sizeof state->sid, "s-%llu", shared ? 1 : number);
    snprintf(state->pid, sizeof state->pid, "p-%llu", number);
    if (session->fault == SIO_FAULT_CONNECT_SID_TRANSPORT)
        memcpy(state->sid, session->sid, sizeof state->sid);
    state->live = session;
    state->next = hub->states;
    hub->states = state;
    hub->count++;
    return state;
}

/* An event that is too much for what may be kept is not: who comes back for it is somebody new. */
static void past_add(struct sio_hub *hub, struct sio_state *state, const char *offset, const char *json)
{
    size_t size = strlen(json);
    while (state->past_count != 0 && (state->past_count == SIO_HISTORY_MAX || hub->kept + size > SIO_KEPT_MAX))
        past_drop(hub, state);
    char *copy = hub->kept + size <= SIO_KEPT_MAX ? strdup(json) : NULL;
    if (copy == NULL)
        return;
    struct sio_past *past = &state->past[state->past_count++];
    snprintf(past->offset, sizeof past->offset, "%s", offset);
    past->json = copy;
    hub->kept += size;
}

static void send_event(struct sio_state *state, const char *json, const struct buf *attachments, unsigned count)
{
    bool main = state->live->fault == SIO_FAULT_EVENT_NAMESPACE ||
                (count != 0 && state->live->fault == SIO_FAULT_BINARY_NAMESPACE);
    const char *name = main ? "/" : state->name;
    sio_session_send(state->live, &(struct sio_packet){.type = SIO_EVENT, .attachments = count, .name = name,
                                                       .name_size = strlen(name), .json = json,
                                                       .json_size = strlen(json)}, attachments);
}

void sio_state_emit(struct sio_hub *hub, struct sio_state *state, json_t *data, const struct buf *attachments,
                    unsigned count)
{
    char offset[24] = "";
    json_t *sent = json_copy(data);
    if (state->live == NULL || state->live->judge.version == EIO_4) {
        snprintf(offset, sizeof offset, "o-%llu", (unsigned long long)++hub->numbers);
        json_array_append_new(sent, json_string(offset));
    }
    char *json = json_dumps(sent, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(sent);
    if (json != NULL && *offset && count == 0)
        past_add(hub, state, offset, json);
    if (json != NULL && state->live != NULL)
        send_event(state, json, attachments, count);
    free(json);
}

/* ---- namespaces ---- */

static void refuse(struct sio_session *session, const char *name, const char *message, const char *data)
{
    char json[160];
    bool text = session->judge.version == EIO_3 || session->fault == SIO_FAULT_ERROR_TEXT;
    bool bare = *data == '\0' || session->fault == SIO_FAULT_ERROR_DATA_LOST;
    if (text)
        snprintf(json, sizeof json, "\"%s\"", message);
    else
        snprintf(json, sizeof json, "{\"message\":\"%s\"%s%s}", message, bare ? "" : ",\"data\":", bare ? "" : data);
    session->refused = true;
    send_json(session, SIO_CONNECT_ERROR, name, json);
}

static void welcome(struct sio_session *session, const struct sio_state *state)
{
    char json[96];
    if (session->judge.version == EIO_3)
        send_json(session, SIO_CONNECT, state->name, NULL);
    else if (session->fault == SIO_FAULT_CONNECT_SID_MISSING)
        send_json(session, SIO_CONNECT, state->name, "{}");
    else {
        snprintf(json, sizeof json, "{\"sid\":\"%s\",\"pid\":\"%s\"}", state->sid, state->pid);
        send_json(session, SIO_CONNECT, session->fault == SIO_FAULT_CONNECT_TO_MAIN ? "/" : state->name, json);
    }
}

/* Is its connection there? One that is ending is as good as lost. */
static bool is_live(const struct sio_state *state)
{
    return state->live != NULL && state->live->conn->stage == PEER_OPEN;
}

/* The one that comes back, and behind which event; NULL: nobody. */
static struct sio_state *find_lost(struct sio_session *session, const json_t *auth, size_t *from)
{
    const char *pid = json_string_value(json_object_get(auth, "pid"));
    const char *offset = json_string_value(json_object_get(auth, "offset"));
    struct sio_state *state = session->hub->states;
    if (pid == NULL || offset == NULL)
        return NULL;
    while (state != NULL && (is_live(state) || strcmp(state->pid, pid) != 0))
        state = state->next;
    for (size_t i = 0; state != NULL && i < state->past_count; i++) {
        *from = i + 1;
        if (strcmp(state->past[i].offset, offset) == 0)
            return state;
    }
    *from = state != NULL ? state->past_count : 0;
    return session->fault == SIO_FAULT_RECOVERY_ANY_OFFSET ? state : NULL;
}

static void restore(struct sio_session *session, struct sio_state *state, size_t from)
{
    size_t end = state->past_count - (session->fault == SIO_FAULT_RECOVERY_LOSES && from < state->past_count);
    state->live = session;
    if (session->fault == SIO_FAULT_RECOVERY_NEW)
        snprintf(state->sid, sizeof state->sid, "s-%llu", (unsigned long long)++session->hub->numbers);
    if (session->fault == SIO_FAULT_RECOVERY_ONCE)
        strcpy(state->pid, "p-gone");
    if (session->fault == SIO_FAULT_RECOVERY_LATE)
        welcome(session, state);
    for (size_t i = from; i < end; i++)
        send_event(state, state->past[i].json, NULL, 0);
    if (session->fault != SIO_FAULT_RECOVERY_LATE)
        welcome(session, state);
}

/* Of the object, or of a namespace's query. */
static char *read_token(const struct sio_session *session, const struct sio_packet *packet)
{
    const json_t *token = json_object_get(packet->data, "token");
    const char *query = memmem(packet->name, packet->name_size, "?token=", 7);
    json_t *text = NULL;
    if (session->fault == SIO_FAULT_AUTH_LOST || session->fault == SIO_FAULT_QUERY_LOST)
        return NULL;
    if (query != NULL)
        text = json_stringn(query + 7, packet->name_size - 7 - (size_t)(query - packet->name));
    char *json = token != NULL || text != NULL ? json_dumps(text != NULL ? text : token, JSON_ENCODE_ANY) : NULL;
    json_decref(text);
    return json;
}

static bool is_known(const char *name)
{
    return strcmp(name, "/") == 0 || strcmp(name, "/chat") == 0 || strcmp(name, "/locked") == 0;
}

static void connect_to(struct sio_session *session, const struct sio_packet *packet)
{
    char name[SIO_NAMESPACE_MAX + 1];
    size_t size = sio_bare_size(packet), from = 0;
    enum sio_fault fault = session->fault;
    memcpy(name, packet->name, size);
    name[size] = '\0';
    if (!is_known(name) && fault != SIO_FAULT_NAMESPACE_ANY) {
        refuse(session, name, "Invalid namespace", "");
        return;
    }
    if ((fault == SIO_FAULT_MAIN_FIRST && size > 1 && sio_state_of(session, "/", 1) == NULL) ||
        (fault == SIO_FAULT_REFUSED_FOR_GOOD && session->refused)) {
        refuse(session, name, "Invalid namespace", "");
        return;
    }
    for (const struct sio_state *one = session->hub->states; one != NULL; one = one->next)
        if (fault == SIO_FAULT_RECOVERY_DEAF && one->live == NULL)
            return;
    struct sio_state *lost = find_lost(session, packet->data, &from);
    if (lost != NULL && strcmp(lost->name, name) == 0) {
        restore(session, lost, from);
        return;
    }
    char *token = read_token(session, packet);
    if (strcmp(name, "/locked") == 0 && (token == NULL || strcmp(token, "\"secret\"") != 0)) {
        free(token);
        refuse(session, name, "not authorized", "{\"code\":42}");
        return;
    }
    struct sio_state *state = fault == SIO_FAULT_CONNECT_SILENT ? NULL : state_new(session, name, size);
    if (state == NULL) {
        free(token);
        return;
    }
    state->token = token;
    const char *pid = json_string_value(json_object_get(packet->data, "pid"));
    if (fault == SIO_FAULT_RECOVERY_ANY_PID && pid != NULL)
        snprintf(state->pid, sizeof state->pid, "%s", pid);
    welcome(session, state);
}

static void disconnect_from(struct sio_session *session, struct sio_state *state)
{
    if (session->fault == SIO_FAULT_LEAVE_ENDS_ALL)
        peer_conn_close(session->conn, 0);
    session->refused |= session->fault == SIO_FAULT_LEAVE_STICKS;
    if (state != NULL && session->fault == SIO_FAULT_RECOVERY_LEFT)
        state->live = NULL;
    else if (state != NULL)
        sio_state_drop(session->hub, state);
    if (session->fault == SIO_FAULT_LEAVE_STICKS)
        session->fault = SIO_FAULT_REFUSED_FOR_GOOD;
}

/* ---- the heartbeat ---- */

static void on_beat(void *arg);

static void beat_after(struct sio_session *session, uint64_t ms)
{
    timer_stop(session->beat);
    session->beat = timer_start(session->conn->loop, ms * NS_PER_MS, on_beat, session);
}

static void on_beat(void *arg)
{
    struct sio_session *session = arg;
    bool old = session->judge.version == EIO_3;
    session->beat = NULL;
    bool kept = session->fault == SIO_FAULT_PONG_UNNEEDED || session->fault == SIO_FAULT_SILENCE_KEPT;
    if ((session->pinged || old) && !kept) {
        peer_conn_close(session->conn, 0);
        return;
    }
    session->pinged = !old;
    if (!old && session->fault != SIO_FAULT_PING_NEVER)
        send_engine(session, EIO_PING, NULL, 0);
    if (session->fault != SIO_FAULT_PING_NEVER)
        beat_after(session, session->fault == SIO_FAULT_PONG_AT_ONCE ? 20 : TIMEOUT_MS);
}

static void on_connects(void *arg)
{
    struct sio_session *session = arg;
    session->connects = NULL;
    if (session->fault != SIO_FAULT_WAITS_FOR_EVER)
        peer_conn_close(session->conn, 0);
}

static void hear_engine(struct sio_session *session, const struct eio_packet *packet)
{
    bool old = session->judge.version == EIO_3;
    if (packet->type == EIO_PING && old && session->fault != SIO_FAULT_PING_UNANSWERED)
        send_engine(session, EIO_PONG, packet->data, session->fault == SIO_FAULT_PONG_BARE ? 0 : packet->size);
    if (packet->type == EIO_PING && session->fault != SIO_FAULT_SILENCE_ENDED)
        beat_after(session, INTERVAL_MS + TIMEOUT_MS);
    if (packet->type == EIO_PONG && session->fault != SIO_FAULT_PONG_UNHEARD) {
        session->pinged = false;
        beat_after(session, INTERVAL_MS);
    }
    if (packet->type == EIO_CLOSE)
        peer_conn_close(session->conn, 0);
}

/* ---- what comes ---- */

static void hear_packet(struct sio_session *session)
{
    struct sio_whole whole = sio_judge_take(&session->judge);
    const struct sio_packet *packet = &whole.packet;
    struct sio_state *state = sio_state_of(session, packet->name, sio_bare_size(packet));
    timer_stop(session->connects);
    session->connects = NULL;
    if (packet->type == SIO_CONNECT)
        connect_to(session, packet);
    else if (packet->type == SIO_DISCONNECT)
        disconnect_from(session, state);
    else if (state != NULL)
        sio_app_packet(session, state, &whole);
    sio_whole_free(&whole);
}

static void end_all(struct sio_session *session)
{
    for (struct sio_state *state = session->hub->states; state != NULL; state = state->next)
        if (state->live != NULL && state->live != session)
            peer_conn_close(state->live->conn, 0);
}

/* What a defect passes over; some of them do as if it were right. */
static void overlook(struct sio_session *session, const char *why, const uint8_t *bytes, size_t size)
{
    enum sio_fault fault = session->fault;
    bool needless = strcmp(why, "sends an ack that nobody asked for") == 0;
    bool its_bytes = fault == SIO_FAULT_W_PLACE && strcmp(why, "sends a binary message that no packet announced") == 0;
    if (fault == SIO_FAULT_NONE || (strcmp(overlooked[fault], why) != 0 && !its_bytes)) {
        if (fault == SIO_FAULT_W_NEIGHBOUR)
            end_all(session);
        if (!needless || fault == SIO_FAULT_ANSWER_STRICT) /* a client may be late with one */
            peer_conn_close(session->conn, 0);
        return;
    }
    if (fault == SIO_FAULT_PING_ANSWERED)
        send_engine(session, EIO_PONG, bytes + 1, size - 1);
    if (fault == SIO_FAULT_REFUSED_SERVED)
        send_json(session, SIO_EVENT, "/locked", "[\"echo\",1]");
    if (fault == SIO_FAULT_ANSWER_TWICE)
        send_json(session, SIO_EVENT, "/", "[\"answer\",2]");
}

void sio_session_message(struct sio_session *session, bool binary, const uint8_t *bytes, size_t size)
{
    bool amid = session->judge.whole.packet.attachments != 0 && !binary && size == 1;
    if (amid && session->fault == SIO_FAULT_BINARY_BEAT)
        sio_whole_free(&session->judge.whole);
    if (session->fault == SIO_FAULT_EVENT_SMALL && size > 64u << 10) {
        peer_conn_close(session->conn, 0);
        return;
    }
    struct sio_heard heard = sio_judge_message(&session->judge, binary, bytes, size);
    switch (heard.kind) {
    case SIO_HEARD_WRONG:
        overlook(session, heard.why, bytes, size);
        break;
    case SIO_HEARD_ENGINE:
        hear_engine(session, &heard.engine);
        break;
    case SIO_HEARD_PACKET:
        hear_packet(session);
        break;
    case SIO_HEARD_PART:
        break;
    }
}

/* ---- life ---- */

static void send_open(struct sio_session *session)
{
    struct eio_open open = {.interval_ms = INTERVAL_MS, .timeout_ms = TIMEOUT_MS};
    struct buf text;
    enum sio_fault fault = session->fault;
    snprintf(open.sid, sizeof open.sid, "%s", session->sid);
    open.max_payload = session->judge.version == EIO_4 && fault != SIO_FAULT_OPEN_PAYLOAD_UNSAID ? MAX_PAYLOAD : 0;
    buf_init(&text, 0);
    if (fault == SIO_FAULT_OPEN_INTERVAL_TEXT)
        buf_printf(&text, "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":\"500\",\"pingTimeout\":400}");
    else if (fault == SIO_FAULT_OPEN_UPGRADES)
        buf_printf(&text, "0{\"sid\":\"x\",\"upgrades\":[\"websocket\"],\"pingInterval\":500,\"pingTimeout\":400}");
    else
        eio_open_write(&open, &text);
    if (fault != SIO_FAULT_OPEN_MISSING)
        peer_conn_send(session->conn,
                       &(struct frame_order){.opcode = WS_TEXT, .payload = text.data, .size = text.size});
    buf_free(&text);
}

struct sio_session *sio_session_new(struct peer_conn *conn, struct sio_hub *hub, enum eio_version version,
                                    enum sio_fault fault)
{
    struct sio_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    *session = (struct sio_session){.conn = conn, .hub = hub, .fault = fault};
    sio_judge_init(&session->judge, version, false);
    unsigned long long number = ++hub->numbers;
    snprintf(session->sid, sizeof session->sid, "e-%llu", fault == SIO_FAULT_OPEN_SID_SAME ? 1 : number);
    send_open(session);
    bool unasked = version == EIO_3 ? fault != SIO_FAULT_CONNECT_ASKED : fault == SIO_FAULT_CONNECT_UNASKED;
    if (unasked)
        connect_to(session, &(struct sio_packet){.name = "/", .name_size = 1});
    else
        session->connects = timer_start(conn->loop, CONNECT_MS * NS_PER_MS, on_connects, session);
    beat_after(session, version == EIO_3 ? INTERVAL_MS + TIMEOUT_MS : INTERVAL_MS);
    return session;
}

void sio_session_free(struct sio_session *session)
{
    if (session == NULL)
        return;
    for (struct sio_state *state = session->hub->states; state != NULL; state = state->next)
        if (state->live == session)
            state->live = NULL;
    timer_stop(session->beat);
    timer_stop(session->connects);
    sio_judge_free(&session->judge);
    free(session);
}
