/* See client.h: the client's side of the opening handshake; what follows it is
 * in peer_conn.c. A handshake that fails ends TCP without a Close (RFC 6455 section 7.1.7). */
#include "engine/peer/client.h"

#include "base/prng.h"
#include "engine/peer/peer_conn.h"
#include "net/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_PATIENCE (10 * NS_PER_S)
#define REQUEST_MAX     8192u

/* One connection; its peer_conn's owner. */
struct client {
    struct client_config config;
    struct ws_url url; /* config's */
    char key[WS_KEY_SIZE + 1];
    bool opened, stopped, redirected;
    struct ws_handshake_scratch scratch;
    struct ws_client_answer answer;
};

static struct client *client_of(const struct peer_conn *conn) { return conn->owner; }

unsigned client_ways(const struct peer_fault *fault) { return fault == NULL ? 0 : fault->hooks->ways; }

static bool goes_wrong(const struct client *client, enum client_way way)
{
    return (client_ways(client->config.fault) & way) != 0;
}

/* A defect: once more, without TLS. */
static bool follow(struct peer_conn *conn, const struct client *client)
{
    struct ws_url url = client->url;
    struct client_config config = client->config;

    config.url = &url;
    config.number++;
    url.secure = false;
    return client_start(conn->loop, &config) != NULL;
}

static void on_released(struct peer_conn *conn)
{
    struct client *client = conn->owner;
    struct client_config config = client->config;
    bool opened = client->opened, stopped = client->stopped;
    bool goes_on = client->redirected && !stopped && follow(conn, client);

    free(client);
    if (!stopped && !goes_on && config.over != NULL)
        config.over(config.arg, opened, buf_text(&conn->message));
}

/* ---- the request ---- */

static void on_opened(void *owner)
{
    struct peer_conn *conn = owner;
    struct client *client = client_of(conn);
    const struct client_config *config = &client->config;
    char head[REQUEST_MAX];
    uint8_t nonce[16];
    struct prng random = prng_stream_n(config->seed, "key", config->number);
    struct buf text;

    prng_fill(&random, nonce, sizeof nonce);
    ws_key_make(nonce, client->key);
    struct ws_request request = {
        .host = config->url->authority,
        .target = config->url->resource,
        .origin = config->origin,
        .key = client->key,
        .protocols = config->protocols,
        .deflate = config->offers,
        .deflate_count = config->offer_count,
    };
    buf_init(&text, 0);
    buf_append(&text, head, ws_request_write(&request, head, sizeof head));
    if (goes_wrong(client, WAY_PROXY_SECRET_KEPT) && config->proxy != NULL) {
        snprintf(head, sizeof head, "Proxy-Authorization: Basic %s\r\n", config->proxy->credentials);
        peer_line_add(&text, head);
    }
    peer_text_spoil(conn, &text);
    endpoint_write(conn->endpoint, text.data, text.size);
    buf_free(&text);
    if (conn->hooks->requested != NULL)
        conn->hooks->requested(conn);
}

static void too_slow(void *arg)
{
    struct peer_conn *conn = arg;

    conn->timer = NULL;
    peer_conn_release(conn);
}

/* ---- the answer ---- */

/* Is that the only rule that was broken? */
static bool overlooked(const struct peer_conn *conn, const struct ws_client_answer *answer)
{
    for (size_t i = 0; i < answer->breach_count; i++) {
        const struct ws_handshake_rule *rule = answer->breaches[i].rule;
        if (rule->refused && strncmp(rule->name, conn->hooks->overlooks, strlen(conn->hooks->overlooks)) != 0)
            return false;
    }
    return true;
}

static bool accepts(struct peer_conn *conn, const struct ws_head *head, struct ws_head_scan scan)
{
    struct client *client = client_of(conn);
    struct ws_client_answer *answer = &client->answer;
    struct ws_client_offer offer = {
        .key = client->key,
        .protocols = client->config.protocols,
        .deflate = client->config.offers,
        .deflate_count = client->config.offer_count,
    };

    if (head == NULL)
        ws_response_broken(scan, answer);
    else
        ws_response_validate(head, &offer, &client->scratch, answer);
    if (!answer->accept && conn->hooks->overlooks != NULL && overlooked(conn, answer))
        return true;
    return answer->accept && (head == NULL || conn->hooks->refuses == NULL || !conn->hooks->refuses(conn, head));
}

/* RFC 6455 section 7.1.2: the closing handshake is ours to begin. What still comes is not read. */
static void close_with(struct peer_conn *conn, uint16_t code, const char *reason)
{
    uint8_t body[125] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t size = reason == NULL ? 0 : strlen(reason);

    size = size > sizeof body - 2 ? sizeof body - 2 : size;
    if (size != 0)
        memcpy(body + 2, reason, size);
    peer_conn_send(conn, &(struct frame_order){.opcode = WS_CLOSE, .payload = body, .size = size + 2});
    peer_conn_end(conn);
}

static void on_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    struct peer_conn *conn = owner;
    struct client *client = client_of(conn);
    struct ws_client_answer *answer = &client->answer;

    if (conn->stage != PEER_HEAD)
        return;
    bool accept = accepts(conn, head, scan);
    if (!accept && answer->interim)
        return;
    if (!accept) {
        client->redirected = goes_wrong(client, WAY_REDIRECT_PLAIN) && client->url.secure && head != NULL &&
                             head->status >= 300 && head->status < 400;
        if (conn->hooks->fails == NULL || !conn->hooks->fails(conn))
            peer_conn_release(conn);
        return;
    }
    timer_stop(conn->timer);
    conn->timer = NULL;
    conn->stage = PEER_OPEN;
    client->opened = true;
    if (answer->deflate && conn->hooks->agree != NULL)
        conn->hooks->agree(conn, &answer->deflate_params);
    bool deflate = answer->deflate && !conn->plain;
    if (!endpoint_begin(conn->endpoint, deflate ? &answer->deflate_params : NULL))
        peer_conn_close(conn, 1011);
    else if (client->config.requires_deflate && !deflate && !goes_wrong(client, WAY_NOT_REQUIRED))
        close_with(conn, 1010, "permessage-deflate");
    else if (client->config.close_code != 0)
        close_with(conn, goes_wrong(client, WAY_CLOSE_CODE_OWN) ? 1000 : client->config.close_code,
                   client->config.close_reason);
    else if (conn->hooks->welcomed != NULL)
        conn->hooks->welcomed(conn);
    if (client->config.opened != NULL)
        client->config.opened(client->config.arg);
}

/* ---- life ---- */

/* The proxy's part of the way: CONNECT host:port (RFC 9110 section 9.3.6). */
static struct layer *through_proxy(const struct client *client, struct layer *layer)
{
    const struct client_proxy *proxy = client->config.proxy;
    const struct ws_url *url = &client->url;
    bool mixed = goes_wrong(client, WAY_PROXY_PORTS_MIXED) && url->default_port;
    unsigned port = !mixed ? url->port : url->secure ? 80 : 443;
    struct buf request;

    buf_init(&request, 0);
    buf_printf(&request, url->ipv6 ? "CONNECT [%s]" : "CONNECT %s", url->host);
    if (!goes_wrong(client, WAY_PROXY_NO_PORT) || !url->default_port)
        buf_printf(&request, ":%u", port);
    buf_printf(&request, " HTTP/1.1\r\nHost: %s:%u\r\n", url->host, port);
    if (proxy->credentials != NULL)
        buf_printf(&request, "Proxy-Authorization: Basic %s\r\n", proxy->credentials);
    buf_append_text(&request, "\r\n");
    layer = tunnel_layer(layer, buf_text(&request), goes_wrong(client, WAY_PROXY_STATUS_UNREAD), NULL, NULL);
    buf_free(&request);
    return layer;
}

/* TCP to the server or the proxy, and what lies on it. */
static struct layer *way_there(struct loop *loop, const struct client *client)
{
    const struct client_config *config = &client->config;
    const struct ws_url *url = &client->url;
    struct net_address to = {.port = url->port};
    bool proxied = config->proxy != NULL && !goes_wrong(client, WAY_PROXY_PASSED_BY);

    snprintf(to.host, sizeof to.host, "%s", url->host);
    struct layer *layer = loop_connect(loop, proxied ? &config->proxy->at : &to, NULL, NULL);
    if (proxied)
        layer = through_proxy(client, layer);
    if (url->secure)
        layer = tls_layer(config->tls, layer, goes_wrong(client, WAY_NO_SERVER_NAME) ? "127.0.0.1" : url->host, NULL,
                          NULL);
    return layer;
}

/* What most clients offer. */
static const struct ws_deflate_params common_offer = {.client_max_window_bits_bare = true};

struct peer_conn *client_start(struct loop *loop, const struct client_config *config)
{
    static const struct endpoint_sink sink = {
        .opened = on_opened,
        .head = on_head,
        .event = peer_conn_event,
        .ended = peer_conn_ended,
        .drained = peer_conn_drained,
    };
    static const struct peer_hooks correct;
    struct client *client = calloc(1, sizeof *client);

    if (client == NULL)
        return NULL;
    client->config = *config;
    client->url = *config->url;
    client->config.url = &client->url;
    if (config->offers == NULL && config->deflate) {
        client->config.offers = &common_offer;
        client->config.offer_count = 1;
    }
    struct peer_conn_config of = {
        .role = WS_CLIENT,
        .hooks = config->fault != NULL ? config->fault->hooks : &correct,
        .seed = config->seed,
        .number = config->number,
        .message_max = config->message_max,
        .released = on_released,
        .owner = client,
    };
    struct peer_conn *conn = peer_conn_new(way_there(loop, client), &of, &sink);
    if (conn == NULL) {
        free(client);
        return NULL;
    }
    conn->keeps = config->keeps;
    conn->timer = timer_start(loop, ANSWER_PATIENCE, too_slow, conn);
    return conn;
}

void client_stop(struct peer_conn *conn)
{
    client_of(conn)->stopped = true;
    peer_conn_release(conn);
}
