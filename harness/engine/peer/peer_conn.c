/* One connection of the reference peer, in either role, once its opening
 * handshake is done: echoing, answering, failing, and an end that is bounded in
 * time whatever the other side does. */
#include "engine/peer/peer_conn.h"
#include "engine/peer/socketio_peer.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define END_TICK        (2 * NS_PER_S) /* the other side has so long to end, or to take more of what is queued */
#define END_TICKS       30u
#define STAY            (10 * NS_PER_S) /* of who does not end */
#define QUEUE_HIGH      (256u << 10)   /* bytes written and not taken: above it we do not read */
#define MESSAGE_AT_REST (64u << 10)    /* memory that a connection keeps between messages */

void peer_conn_release(struct peer_conn *conn)
{
    timer_stop(conn->timer);
    conn->timer = NULL;
    endpoint_release(conn->endpoint);
    conn->endpoint = NULL;
    sio_session_free(conn->session);
    conn->released(conn);
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
        peer_conn_release(conn);
    else
        conn->timer = timer_start(conn->loop, END_TICK, conn_tick, conn);
}

static void conn_stayed(void *arg)
{
    struct peer_conn *conn = arg;

    conn->timer = NULL;
    peer_conn_release(conn);
}

void peer_conn_stay(struct peer_conn *conn)
{
    conn->stays = true;
    conn->stage = PEER_ENDING;
    timer_stop(conn->timer);
    conn->timer = timer_start(conn->loop, STAY, conn_stayed, conn);
}

/* Ends our side of TCP and waits for the other, for a while. A client leaves it to the server to begin with it
 * (RFC 6455 section 7.1.1). */
void peer_conn_end(struct peer_conn *conn)
{
    if (conn->stage == PEER_ENDING)
        return;
    conn->stage = PEER_ENDING;
    endpoint_discard(conn->endpoint);
    endpoint_pause(conn->endpoint, conn->paused);
    if (conn->timer != NULL)
        timer_stop(conn->timer);
    conn->timer = NULL;
    conn->stays = conn->hooks->end != NULL && conn->hooks->end(conn);
    if (conn->stays && (conn->role == WS_CLIENT || conn->ended)) /* else a server hears of its client's end */
        peer_conn_stay(conn);
    if (conn->stays)
        return;
    if (conn->role == WS_SERVER)
        endpoint_finish(conn->endpoint, FINISH_CLEAN);
    conn->patience = END_TICKS;
    conn->queued = layer_queued(endpoint_layer(conn->endpoint));
    conn->timer = timer_start(conn->loop, END_TICK, conn_tick, conn);
}

static void conn_release_if_over(struct peer_conn *conn)
{
    bool stays = conn->stays && conn->timer != NULL; /* for its time */

    if (conn->stage == PEER_ENDING && conn->ended && !stays && layer_queued(endpoint_layer(conn->endpoint)) == 0)
        peer_conn_release(conn);
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
    peer_conn_end(conn);
}

static void conn_later(void *arg)
{
    struct peer_conn *conn = arg;

    conn->timer = NULL;
    conn->later(conn);
}

void peer_conn_later(struct peer_conn *conn, uint64_t after_ns, void (*fn)(struct peer_conn *conn))
{
    if (conn->stage != PEER_OPEN || conn->timer != NULL)
        return;
    conn->later = fn;
    conn->timer = timer_start(conn->loop, after_ns, conn_later, conn);
}

static void echo_message(struct peer_conn *conn, const struct ws_event *event)
{
    if (event->first)
        conn->opcode = event->opcode;
    if (event->first && conn->keeps)
        buf_clear(&conn->message);
    conn->compressed = event->compressed;
    if (!buf_append(&conn->message, event->data, event->size)) {
        peer_conn_close(conn, 1009);
        return;
    }
    if (!event->last || conn->keeps)
        return;
    if (conn->session != NULL) {
        if (conn->hooks->socketio == SIO_FAULT_FRAGMENTS_ALONE && !event->first)
            peer_conn_close(conn, 0);
        else
            sio_session_message(conn->session, conn->opcode == WS_BINARY, conn->message.data, conn->message.size);
    } else {
        peer_conn_send(conn, &(struct frame_order){
                                 .opcode = conn->opcode,
                                 .compress = conn->compressed,
                                 .payload = conn->message.data,
                                 .size = conn->message.size,
                             });
    }
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

/* The same code back; but 1010 is for clients alone (RFC 6455 section 7.4.1), and never comes from a server. */
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

void peer_conn_event(void *owner, const struct ws_event *event)
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

/* ---- the transport ---- */

void peer_conn_opened(void *owner)
{
    (void)owner; /* the head is awaited already */
}

void peer_conn_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct peer_conn *conn = owner;

    (void)why;
    if (end == LAYER_RESET || end == LAYER_ERROR) {
        peer_conn_release(conn);
        return;
    }
    conn->ended = true;
    peer_conn_end(conn);
    if (conn->role == WS_CLIENT && !conn->stays) {
        endpoint_finish(conn->endpoint, FINISH_CLEAN);
        peer_conn_release(conn); /* the server has ended: nobody reads what would still go out */
        return;
    }
    conn_release_if_over(conn);
}

void peer_conn_drained(void *owner)
{
    struct peer_conn *conn = owner;

    endpoint_pause(conn->endpoint, conn->paused);
    conn_release_if_over(conn);
}

struct peer_conn *peer_conn_new(struct layer *layer, const struct peer_conn_config *config,
                                const struct endpoint_sink *sink)
{
    struct peer_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL) {
        layer_release(layer);
        return NULL;
    }
    conn->loop = layer->loop;
    conn->role = config->role;
    conn->hooks = config->hooks;
    conn->released = config->released;
    conn->owner = config->owner;
    struct endpoint_config endpoint = {
        .role = config->role,
        .seed = config->seed,
        .connection = config->number,
        .message_max = config->message_max,
        .deflate_level = 1, /* what it packs is an echo: sooner is better than smaller */
        .reader = conn->hooks->read_head != NULL || conn->hooks->read_payload != NULL ? peer_reader : NULL,
    };
    conn->endpoint = endpoint_new(layer, &endpoint, sink, conn);
    if (conn->endpoint == NULL) {
        free(conn);
        return NULL;
    }
    peer_reader_init(conn);
    buf_init(&conn->message, 0);
    return conn;
}
