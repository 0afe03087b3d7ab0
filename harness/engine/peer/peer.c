/* See peer.h. A connection goes from its opening handshake through echoing to
 * its end, which is bounded in time whatever the other side does. */
#include "engine/peer/peer_conn.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_PATIENCE   (10 * NS_PER_S)
#define END_TICK        (2 * NS_PER_S) /* the other side has so long to end, or to take more of what is queued */
#define END_TICKS       30u
#define QUEUE_HIGH      (256u << 10)   /* bytes written and not taken: above it we do not read */
#define MESSAGE_AT_REST (64u << 10)    /* memory that a connection keeps between messages */
#define RESPONSE_MAX    4096u

struct peer {
    struct loop *loop;
    struct peer_config config;
    struct ws_server_policy policy;
    struct listener *listener;
    struct peer_conn *conns;
    size_t count;
    unsigned number; /* of connections so far */
    bool paused;
    struct ws_handshake_scratch scratch;
    struct ws_server_answer answer;
};

static void conn_release(struct peer_conn *conn)
{
    if (conn->timer != NULL)
        timer_stop(conn->timer);
    *conn->link = conn->next;
    if (conn->next != NULL)
        conn->next->link = conn->link;
    conn->peer->count--;
    endpoint_release(conn->endpoint);
    buf_free(&conn->message);
    free(conn);
}

/* ---- the end ---- */

static void conn_tick(void *arg)
{
    struct peer_conn *conn = arg;
    size_t queued = layer_queued(endpoint_layer(conn->endpoint));
    bool moves = queued != 0 && queued < conn->queued;

    conn->timer = NULL;
    conn->queued = queued;
    if (!moves || conn->patience-- == 0)
        conn_release(conn);
    else
        conn->timer = timer_start(conn->peer->loop, END_TICK, conn_tick, conn);
}

/* Ends our side of TCP and waits for the other, for a while. */
static void conn_end(struct peer_conn *conn)
{
    if (conn->stage == PEER_ENDING)
        return;
    conn->stage = PEER_ENDING;
    endpoint_discard(conn->endpoint);
    endpoint_pause(conn->endpoint, conn->peer->paused);
    if (conn->timer != NULL)
        timer_stop(conn->timer);
    conn->timer = NULL;
    if (conn->hooks->end != NULL && conn->hooks->end(conn))
        return;
    endpoint_finish(conn->endpoint, FINISH_CLEAN);
    conn->patience = END_TICKS;
    conn->queued = layer_queued(endpoint_layer(conn->endpoint));
    conn->timer = timer_start(conn->peer->loop, END_TICK, conn_tick, conn);
}

static void conn_release_if_over(struct peer_conn *conn)
{
    if (conn->stage == PEER_ENDING && conn->ended && layer_queued(endpoint_layer(conn->endpoint)) == 0)
        conn_release(conn);
}

/* ---- frames ---- */

void peer_conn_send(struct peer_conn *conn, struct frame_order *order)
{
    if (conn->hooks->send != NULL && !conn->hooks->send(conn, order))
        return;
    endpoint_send(conn->endpoint, order);
    if (layer_queued(endpoint_layer(conn->endpoint)) > QUEUE_HIGH)
        endpoint_pause(conn->endpoint, true);
}

void peer_conn_close(struct peer_conn *conn, uint16_t code)
{
    uint8_t body[] = {(uint8_t)(code >> 8), (uint8_t)code};

    peer_conn_send(conn, &(struct frame_order){
                             .opcode = WS_CLOSE,
                             .payload = body,
                             .size = code != 0 ? sizeof body : 0,
                         });
    conn_end(conn);
}

static void echo_message(struct peer_conn *conn, const struct ws_event *event)
{
    if (event->first)
        conn->opcode = event->opcode;
    conn->compressed = event->compressed;
    if (!buf_append(&conn->message, event->data, event->size)) {
        peer_conn_close(conn, 1009);
        return;
    }
    if (!event->last)
        return;
    peer_conn_send(conn, &(struct frame_order){
                             .opcode = conn->opcode,
                             .compress = conn->compressed,
                             .payload = conn->message.data,
                             .size = conn->message.size,
                         });
    conn->opcode = 0;
    if (conn->message.capacity > MESSAGE_AT_REST)
        buf_free(&conn->message);
    else
        buf_clear(&conn->message);
}

static void answer_ping(struct peer_conn *conn, const struct ws_event *event)
{
    peer_conn_send(conn, &(struct frame_order){
                             .opcode = WS_PONG,
                             .payload = event->data,
                             .size = event->size,
                         });
}

/* The same code back; but 1010 is for clients alone (RFC 6455 section 7.4.1). */
static void answer_close(struct peer_conn *conn, const struct ws_event *event)
{
    uint16_t code = event->code == 1010 ? 1000 : event->code;

    peer_conn_close(conn, code == 1005 ? 0 : code);
}

/* The reference is strict: what may be failed is failed. */
static void fail(struct peer_conn *conn, const struct ws_event *event)
{
    const struct ws_violation *violation = ws_violation_get(event->violation);

    if (violation->reaction != WS_REACT_IGNORE)
        peer_conn_close(conn, violation->codes[0]);
}

static void on_event(void *owner, const struct ws_event *event)
{
    static void (*const answers[])(struct peer_conn *, const struct ws_event *) = {
        [WS_EVENT_FRAME] = NULL,          [WS_EVENT_MESSAGE] = echo_message,
        [WS_EVENT_PING] = answer_ping,    [WS_EVENT_PONG] = NULL,
        [WS_EVENT_CLOSE] = answer_close,  [WS_EVENT_VIOLATION] = fail,
    };
    struct peer_conn *conn = owner;

    if (conn->hooks->event != NULL && conn->hooks->event(conn, event))
        return;
    if (answers[event->kind] != NULL)
        answers[event->kind](conn, event);
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
    struct ws_server_answer *answer = &conn->peer->answer;
    char head[RESPONSE_MAX];
    struct buf text;

    buf_init(&text, 0);
    buf_append(&text, head, ws_response_write(answer, NULL, head, sizeof head));
    peer_text_spoil(conn, &text);
    endpoint_write(conn->endpoint, text.data, text.size);
    buf_free(&text);
    if (!answer->accept) {
        conn_end(conn);
        return;
    }
    timer_stop(conn->timer);
    conn->timer = NULL;
    conn->stage = PEER_OPEN;
    if (answer->deflate && conn->hooks->agree != NULL)
        conn->hooks->agree(conn, &answer->deflate_params);
    if (!endpoint_begin(conn->endpoint, answer->deflate ? &answer->deflate_params : NULL))
        peer_conn_close(conn, 1011);
}

static void on_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    struct peer_conn *conn = owner;
    struct ws_server_answer *answer = &conn->peer->answer;

    if (conn->stage != PEER_HEAD)
        return;
    if (head == NULL) {
        ws_request_broken(scan, answer);
    } else {
        ws_request_validate(head, &conn->peer->policy, &conn->peer->scratch, answer);
        if (conn->hooks->overlooks != NULL && !answer->accept && overlooked(conn, answer))
            accept_anyway(head, answer);
        if (conn->hooks->answer != NULL)
            conn->hooks->answer(conn, head, answer);
    }
    conn_answer(conn);
}

static void head_too_slow(void *arg)
{
    struct peer_conn *conn = arg;

    conn->timer = NULL;
    conn->peer->answer = (struct ws_server_answer){.status = 408};
    conn_answer(conn);
}

/* ---- the transport ---- */

static void on_opened(void *owner)
{
    (void)owner; /* the head is awaited already */
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct peer_conn *conn = owner;

    (void)why;
    if (end == LAYER_RESET || end == LAYER_ERROR) {
        conn_release(conn);
        return;
    }
    conn->ended = true;
    conn_end(conn);
    conn_release_if_over(conn);
}

static void on_drained(void *owner)
{
    struct peer_conn *conn = owner;

    endpoint_pause(conn->endpoint, conn->peer->paused);
    conn_release_if_over(conn);
}

/* No memory is a dropped connection, nothing worse. */
static void on_accept(void *arg, struct layer *fresh)
{
    static const struct endpoint_sink sink = {
        .opened = on_opened,
        .head = on_head,
        .event = on_event,
        .ended = on_ended,
        .drained = on_drained,
    };
    static const struct peer_hooks correct;
    struct peer *peer = arg;
    struct peer_conn *conn = peer->count < LIMIT_CONNECTIONS ? calloc(1, sizeof *conn) : NULL;

    if (conn == NULL) {
        layer_release(fresh);
        return;
    }
    conn->peer = peer;
    conn->hooks = peer->config.fault != NULL ? peer->config.fault->hooks : &correct;
    if (peer->config.tls != NULL)
        fresh = tls_layer(peer->config.tls, fresh, NULL, NULL, NULL);
    struct endpoint_config config = {
        .role = WS_SERVER,
        .seed = peer->config.seed,
        .connection = ++peer->number,
        .message_max = peer->config.message_max,
        .deflate_level = 1, /* what it packs is an echo: sooner is better than smaller */
        .reader = conn->hooks->read_head != NULL || conn->hooks->read_payload != NULL ? peer_reader : NULL,
    };
    conn->endpoint = endpoint_new(fresh, &config, &sink, conn);
    if (conn->endpoint == NULL) {
        free(conn);
        return;
    }
    peer_reader_init(conn);
    buf_init(&conn->message, 0);
    conn->timer = timer_start(peer->loop, HEAD_PATIENCE, head_too_slow, conn);
    conn->next = peer->conns;
    conn->link = &peer->conns;
    if (conn->next != NULL)
        conn->next->link = &conn->next;
    peer->conns = conn;
    peer->count++;
    endpoint_pause(conn->endpoint, peer->paused);
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
    peer->listener = loop_listen(loop, &config->at, on_accept, peer, why);
    if (peer->listener == NULL) {
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

void peer_pause(struct peer *peer, bool paused)
{
    peer->paused = paused;
    /* To go on may end a connection, and its neighbour in the list is then another. */
    for (struct peer_conn *conn = peer->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        endpoint_pause(conn->endpoint, paused);
    }
}

void peer_stop(struct peer *peer)
{
    if (peer == NULL)
        return;
    while (peer->conns != NULL)
        conn_release(peer->conns);
    listener_close(peer->listener);
    free(peer);
}
