/* See peer.h: listening, and the server's side of the opening handshake; what
 * follows it is in peer_conn.c. */
#include "engine/peer/peer_conn.h"
#include "engine/peer/socketio_peer.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_PATIENCE   (10 * NS_PER_S)
#define GUESS_PATIENCE  (20 * NS_PER_MS)
#define RESPONSE_MAX    4096u

struct peer {
    struct loop *loop;
    struct peer_config config;
    struct ws_server_policy policy;
    struct listener *listener;
    struct tls_door *door; /* of a TLS port with a defect; else NULL */
    struct peer_conn *conns;
    size_t count;
    unsigned number; /* of connections so far */
    unsigned mark;
    bool paused;
    loop_fn *gone; /* it leaves: for when nobody is there any more */
    void *gone_arg;
    struct sio_hub hub;
    enum eio_version eio; /* of the request that is answered */
    struct ws_handshake_scratch scratch;
    struct ws_server_answer answer;
};

static void on_released(struct peer_conn *conn)
{
    struct peer *peer = conn->owner;

    *conn->link = conn->next;
    if (conn->next != NULL)
        conn->next->link = conn->link;
    peer->count--;
    if (peer->count == 0 && peer->gone != NULL)
        peer->gone(peer->gone_arg);
}

static struct peer *peer_of(const struct peer_conn *conn)
{
    return conn->owner;
}

/* ---- the opening handshake ---- */

/* Is that the only rule that was broken? */
static bool overlooked(const struct peer_conn *conn, const struct ws_server_answer *answer)
{
    for (size_t i = 0; i < answer->breach_count; i++) {
        const struct ws_handshake_rule *rule = answer->breaches[i].rule;
        if (rule->refused && strcmp(rule->name, conn->hooks->overlooks) != 0)
            return false;
    }
    return true;
}

static void accept_anyway(const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *key = ws_head_next(head, WS_HEADER_KEY, &from);

    answer->accept = true;
    answer->status = 101;
    ws_accept_key(key != NULL ? key->value.at : "", key != NULL ? key->value.size : 0, answer->accept_key);
}

/* Writes the answer; what follows it is frames, or the end. */
static void conn_answer(struct peer_conn *conn)
{
    struct ws_server_answer *answer = &peer_of(conn)->answer;
    char head[RESPONSE_MAX];
    struct buf text;

    buf_init(&text, 0);
    buf_append(&text, head, ws_response_write(answer, NULL, head, sizeof head));
    peer_text_spoil(conn, &text);
    endpoint_write(conn->endpoint, text.data, text.size);
    buf_free(&text);
    if (!answer->accept) {
        peer_conn_end(conn);
        return;
    }
    if (conn->timer != NULL)
        timer_stop(conn->timer);
    conn->timer = NULL;
    conn->stage = PEER_OPEN;
    if (answer->deflate && conn->hooks->agree != NULL)
        conn->hooks->agree(conn, &answer->deflate_params);
    if (!endpoint_begin(conn->endpoint, answer->deflate ? &answer->deflate_params : NULL))
        peer_conn_close(conn, 1011);
    else if (peer_of(conn)->config.socketio)
        conn->session = sio_session_new(conn, &peer_of(conn)->hub, peer_of(conn)->eio, conn->hooks->socketio);
}

static void on_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    struct peer_conn *conn = owner;
    struct ws_server_answer *answer = &peer_of(conn)->answer;

    if (conn->stage != PEER_HEAD)
        return;
    if (head == NULL) {
        ws_request_broken(scan, answer);
    } else {
        ws_request_validate(head, &peer_of(conn)->policy, &peer_of(conn)->scratch, answer);
        if (conn->hooks->overlooks != NULL && !answer->accept && overlooked(conn, answer))
            accept_anyway(head, answer);
        if (conn->hooks->answer != NULL)
            conn->hooks->answer(conn, head, answer);
        bool elsewhere = peer_of(conn)->config.socketio &&
                         !sio_target_fine(head->target, conn->hooks->socketio, &peer_of(conn)->eio);
        if (answer->accept && elsewhere)
            *answer = (struct ws_server_answer){.status = 400};
    }
    conn_answer(conn);
}

/* The head will not come to its end. */
static void give_head_up(struct peer_conn *conn)
{
    struct ws_server_answer *answer = &peer_of(conn)->answer;

    *answer = (struct ws_server_answer){.status = 408};
    if (conn->hooks->guesses) {
        *answer = (struct ws_server_answer){.accept = true, .status = 101};
        ws_accept_key("", 0, answer->accept_key);
    }
    conn_answer(conn);
}

static void head_too_slow(void *arg)
{
    struct peer_conn *conn = arg;

    conn->timer = NULL;
    give_head_up(conn);
}

/* What its defects make of an end comes first. */
static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct peer_conn *conn = owner;

    if (conn->hooks->lost != NULL && conn->stage != PEER_ENDING)
        conn->hooks->lost(conn);
    if (conn->hooks->guesses && conn->stage == PEER_HEAD && end == LAYER_EOF)
        give_head_up(conn);
    peer_conn_ended(conn, end, why);
}

/* No memory is a dropped connection, nothing worse. */
static void enter(void *arg, struct layer *fresh, bool tls)
{
    static const struct endpoint_sink sink = {
        .opened = peer_conn_opened,
        .head = on_head,
        .event = peer_conn_event,
        .ended = on_ended,
        .drained = peer_conn_drained,
    };
    static const struct peer_hooks correct;
    struct peer *peer = arg;

    if (peer->count == LIMIT_CONNECTIONS) {
        layer_release(fresh);
        return;
    }
    if (tls)
        fresh = tls_layer(peer->config.tls, fresh, NULL, NULL, NULL);
    struct peer_conn_config config = {
        .role = WS_SERVER,
        .hooks = peer->config.fault != NULL ? peer->config.fault->hooks : &correct,
        .seed = peer->config.seed,
        .number = ++peer->number,
        .message_max = peer->config.message_max,
        .released = on_released,
        .owner = peer,
    };
    struct peer_conn *conn = peer_conn_new(fresh, &config, &sink);
    if (conn == NULL)
        return;
    conn->paused = peer->paused;
    double factor = peer->config.patience > 1 ? peer->config.patience : 1;
    uint64_t patience = conn->hooks->guesses ? GUESS_PATIENCE : (uint64_t)(factor * HEAD_PATIENCE);
    conn->timer = timer_start(peer->loop, patience, head_too_slow, conn);
    conn->next = peer->conns;
    conn->link = &peer->conns;
    if (conn->next != NULL)
        conn->next->link = &conn->next;
    peer->conns = conn;
    peer->count++;
    endpoint_pause(conn->endpoint, peer->paused);
}

static void on_accept(void *arg, struct layer *fresh)
{
    struct peer *peer = arg;

    if (peer->door != NULL)
        tls_door_watch(peer->door, fresh);
    else
        enter(peer, fresh, peer->config.tls != NULL);
}

struct peer *peer_start(struct loop *loop, const struct peer_config *config, struct diag *why)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (peer == NULL) {
        diag_set(why, DIAG_TROUBLE, "no memory for the peer");
        return NULL;
    }
    peer->loop = loop;
    peer->config = *config;
    peer->policy = (struct ws_server_policy){.protocols = config->protocols, .deflate = config->deflate};
    enum tls_door_defect defect = config->fault != NULL ? config->fault->hooks->door : DOOR_RIGHT;
    bool watched = config->tls != NULL && defect != DOOR_RIGHT;
    peer->door = watched ? tls_door_new(defect, enter, peer) : NULL;
    if (watched && peer->door == NULL)
        diag_set(why, DIAG_TROUBLE, "no memory for the peer");
    else
        peer->listener = loop_listen(loop, &config->at, on_accept, peer, why);
    if (peer->listener == NULL) {
        tls_door_free(peer->door);
        free(peer);
        return NULL;
    }
    return peer;
}

uint16_t peer_port(const struct peer *peer)
{
    return listener_port(peer->listener);
}

size_t peer_connections(const struct peer *peer)
{
    return peer->count;
}

uint64_t peer_memory(const struct peer *peer)
{
    uint64_t bytes = sizeof *peer;

    for (const struct peer_conn *conn = peer->conns; conn != NULL; conn = conn->next)
        bytes += sizeof *conn + conn->message.capacity + layer_queued(endpoint_layer(conn->endpoint)) +
                 conn->memory.reserved;
    return bytes;
}

unsigned *peer_mark(struct peer *peer)
{
    return &peer->mark;
}

void peer_deafen(struct peer *peer)
{
    if (peer->listener != NULL)
        listener_close(peer->listener);
    peer->listener = NULL;
}

void peer_pause(struct peer *peer, bool paused)
{
    peer->paused = paused;
    /* To go on may end a connection, and its neighbour in the list is then another. */
    for (struct peer_conn *conn = peer->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        conn->paused = paused;
        endpoint_pause(conn->endpoint, paused);
    }
}

void peer_leave(struct peer *peer, loop_fn *gone, void *arg)
{
    peer_deafen(peer);
    for (struct peer_conn *conn = peer->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->stage == PEER_OPEN && !conn->hooks->leaves_mute)
            peer_conn_close(conn, 1001);
        else if (conn->stage != PEER_ENDING)
            peer_conn_end(conn);
    }
    peer->gone = gone;
    peer->gone_arg = arg;
    if (peer->count == 0 && gone != NULL)
        gone(arg);
}

void peer_stop(struct peer *peer)
{
    if (peer == NULL)
        return;
    peer->gone = NULL;
    while (peer->conns != NULL)
        peer_conn_release(peer->conns);
    tls_door_free(peer->door);
    sio_hub_free(&peer->hub);
    peer_deafen(peer);
    free(peer);
}
