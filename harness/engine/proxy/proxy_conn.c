/* A connection of the proxy: a client's end, a server's end, two ways between
 * them. Everything that is told from outside goes through conn_enter/conn_leave,
 * so that a fault may end the connection at any point. */
#include "engine/proxy/inside.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE (5 * NS_PER_S)

/* ---- life ---- */

void conn_enter(struct proxy_conn *conn)
{
    conn->calls++;
}

static void conn_free(struct proxy_conn *conn)
{
    play_end_all(conn, NULL);
    way_release(&conn->up);
    way_release(&conn->down);
    free(conn);
}

bool conn_leave(struct proxy_conn *conn)
{
    bool alive = !conn->over;
    if (--conn->calls == 0 && conn->over)
        conn_free(conn);
    return alive;
}

void conn_note(struct proxy_conn *conn, enum proxy_event_kind kind, const char *format, ...)
{
    char text[LIMIT_DIAG_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    proxy_say(conn->proxy, (struct proxy_event){.kind = kind, .connection = conn->number, .text = text});
}

static void end_side(struct proxy_end *side, enum conn_end how)
{
    struct layer *layer = side->layer;
    side->layer = side->fault = NULL;
    if (layer == NULL)
        return;
    if (how == CONN_RESET)
        layer_reset(layer);
    layer_release(layer);
}

static void add_flow(struct proxy_flow *sum, const struct proxy_flow *flow)
{
    sum->bytes += flow->bytes;
    sum->frames += flow->frames;
    sum->messages += flow->messages;
}

void conn_end(struct proxy_conn *conn, enum conn_end client, enum conn_end server, const char *how)
{
    struct proxy *proxy = conn->proxy;
    if (conn->over)
        return;
    conn_enter(conn);
    conn->over = true;
    play_stop_all(conn);
    timer_stop(conn->patience);
    end_side(&conn->client, client);
    end_side(&conn->server, server);
    *conn->link = conn->next;
    if (conn->next != NULL)
        conn->next->link = conn->link;
    proxy->count--;
    add_flow(&proxy->up, &conn->up.flow);
    add_flow(&proxy->down, &conn->down.flow);
    conn_note(conn, PROXY_OVER, "%s", how);
    conn_leave(conn);
}

static void patience_over(void *arg)
{
    struct proxy_conn *conn = arg;
    conn->patience = NULL;
    conn_end(conn, CONN_FIN, CONN_FIN, "ended by the proxy; not every side had ended");
}

void conn_end_soon(struct proxy_conn *conn)
{
    if (conn->patience == NULL)
        conn->patience = timer_start(conn->proxy->loop, PATIENCE, patience_over, conn);
}

void conn_finish_client(struct proxy_conn *conn)
{
    if (conn->down.finished || conn->client.layer == NULL)
        return;
    conn->down.shut = conn->down.finished = true;
    layer_finish(conn->client.layer, FINISH_CLEAN);
    conn_end_soon(conn);
}

void conn_settle(struct proxy_conn *conn)
{
    if (conn->over)
        return;
    bool client_done = conn->down.finished && layer_queued(conn->client.layer) == 0;
    bool server_done = conn->server.layer == NULL || (conn->up.finished && layer_queued(conn->server.layer) == 0);
    bool sources_done = conn->up.ended && (conn->server.layer == NULL || conn->down.ended);
    if (sources_done && client_done && server_done)
        conn_end(conn, CONN_FIN, CONN_FIN, "closed");
}

/* ---- the two ends ---- */

struct layer *way_sink(const struct proxy_way *way)
{
    return way->up ? way->conn->server.layer : way->conn->client.layer;
}

struct layer *way_source(const struct proxy_way *way)
{
    return way->up ? way->conn->client.layer : way->conn->server.layer;
}

static void end_opened(struct proxy_conn *conn, bool client)
{
    conn_enter(conn);
    (client ? &conn->client : &conn->server)->opened = true;
    if (!client)
        conn_note(conn, PROXY_CONNECTED, "connected to %s:%u", conn->proxy->config.to.host,
                  conn->proxy->config.to.port);
    conn_leave(conn);
}

static void end_ended(struct proxy_conn *conn, bool client, enum layer_end end, const struct diag *why)
{
    struct proxy_way *way = conn_way(conn, client);
    bool opened = client ? conn->client.opened : conn->server.opened;
    conn_enter(conn);
    proxy_say(conn->proxy, (struct proxy_event){.kind = PROXY_ENDED, .connection = conn->number, .upstream = client,
                                                .end = end, .text = why->text});
    if (end == LAYER_EOF || end == LAYER_CUT) {
        way_end(way, end);
        conn_settle(conn);
    } else {
        /* The other side hears the same: RST. Whom nobody answered it looks like a server that is not there. */
        if (end == LAYER_ERROR && why->text[0] != 0)
            conn_note(conn, PROXY_NOTE, "%s: %s", client ? "client" : "server", why->text);
        conn_end(conn, CONN_RESET, CONN_RESET, client    ? "reset by the client"
                                               : opened ? "reset by the server"
                                                        : "the server could not be reached");
    }
    conn_leave(conn);
}

static void end_data(struct proxy_conn *conn, bool client, const uint8_t *bytes, size_t size)
{
    conn_enter(conn);
    way_feed(conn_way(conn, client), bytes, size);
    conn_leave(conn);
}

static void end_drained(struct proxy_conn *conn, bool client)
{
    conn_enter(conn);
    way_drained(conn_way(conn, !client));
    conn_settle(conn);
    conn_leave(conn);
}

static void client_opened(void *owner) { end_opened(owner, true); }
static void server_opened(void *owner) { end_opened(owner, false); }
static void client_data(void *owner, uint8_t *bytes, size_t size) { end_data(owner, true, bytes, size); }
static void server_data(void *owner, uint8_t *bytes, size_t size) { end_data(owner, false, bytes, size); }
static void client_drained(void *owner) { end_drained(owner, true); }
static void server_drained(void *owner) { end_drained(owner, false); }
static void client_ended(void *owner, enum layer_end end, const struct diag *why) { end_ended(owner, true, end, why); }
static void server_ended(void *owner, enum layer_end end, const struct diag *why) { end_ended(owner, false, end, why); }

static const struct layer_sink client_ears = {client_opened, client_data, client_ended, client_drained};
static const struct layer_sink server_ears = {server_opened, server_data, server_ended, server_drained};

struct layer *way_faults(struct proxy_way *way)
{
    struct proxy_conn *conn = way->conn;
    struct proxy_end *end = way->up ? &conn->server : &conn->client;
    if (end->layer == NULL || end->fault != NULL)
        return end->fault;
    struct prng random =
        prng_stream_n(conn->proxy->config.seed, way->up ? "upstream" : "downstream", conn->number);
    end->fault = fault_layer(end->layer, random, way->up ? &server_ears : &client_ears, conn);
    if (!end->opened)
        fault_unopened(end->fault);
    return end->layer = end->fault;
}

/* ---- the beginning ---- */

static void dial(struct proxy_conn *conn)
{
    const struct proxy_config *config = &conn->proxy->config;
    struct layer *layer = loop_connect(conn->proxy->loop, &config->to, NULL, NULL);
    if (config->to_tls != NULL)
        layer = tls_layer(config->to_tls, layer, config->to.host, NULL, NULL);
    layer_listen(layer, &server_ears, conn);
    conn->server.layer = layer;
    play_dialled(conn);
}

void conn_accept(struct proxy *proxy, struct layer *fresh)
{
    struct proxy_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        layer_reset(fresh);
        layer_release(fresh);
        return;
    }
    conn->proxy = proxy;
    conn->number = ++proxy->number;
    conn->since_ns = loop_now(proxy->loop);
    conn->random = prng_stream_n(proxy->config.seed, "proxy", conn->number);
    conn->up = (struct proxy_way){.conn = conn, .up = true};
    conn->down = (struct proxy_way){.conn = conn};
    conn->link = &proxy->conns;
    conn->next = proxy->conns;
    if (conn->next != NULL)
        conn->next->link = &conn->next;
    proxy->conns = conn;
    proxy->count++;
    conn_enter(conn);
    conn->client.layer = proxy->config.tls == NULL ? fresh : tls_layer(proxy->config.tls, fresh, NULL, NULL, NULL);
    layer_listen(conn->client.layer, &client_ears, conn);
    conn_note(conn, PROXY_ACCEPTED, "accepted");
    for (const struct proxy_script *script = proxy->scripts; script != NULL && !conn->over; script = script->next)
        play_begin_all(conn, script);
    if (!conn->over && conn->own == NULL)
        dial(conn);
    conn_leave(conn);
}
