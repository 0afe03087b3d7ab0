/* See client.h: the client's side of the opening handshake; what follows it is
 * in peer_conn.c. A handshake that fails ends TCP without a Close (RFC 6455 section 7.1.7). */
#include "engine/peer/client.h"

#include "base/prng.h"
#include "engine/peer/peer_conn.h"

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
    struct ws_deflate_params offer;
    bool opened, stopped;
    struct ws_handshake_scratch scratch;
    struct ws_client_answer answer;
};

static struct client *client_of(const struct peer_conn *conn) { return conn->owner; }

static void on_released(struct peer_conn *conn)
{
    struct client *client = conn->owner;
    struct client_config config = client->config;
    bool opened = client->opened, stopped = client->stopped;

    free(client);
    if (!stopped && config.over != NULL)
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
    client->offer = (struct ws_deflate_params){.client_max_window_bits_bare = true};
    struct ws_request request = {
        .host = config->url->authority,
        .target = config->url->resource,
        .key = client->key,
        .protocols = config->protocols,
        .deflate = &client->offer,
        .deflate_count = config->deflate,
    };
    buf_init(&text, 0);
    buf_append(&text, head, ws_request_write(&request, head, sizeof head));
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
        .deflate = &client->offer,
        .deflate_count = client->config.deflate,
    };

    if (head == NULL)
        ws_response_broken(scan, answer);
    else
        ws_response_validate(head, &offer, &client->scratch, answer);
    if (!answer->accept && conn->hooks->overlooks != NULL && overlooked(conn, answer))
        return true;
    return answer->accept && (head == NULL || conn->hooks->refuses == NULL || !conn->hooks->refuses(conn, head));
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
    else if (conn->hooks->welcomed != NULL)
        conn->hooks->welcomed(conn);
}

/* ---- life ---- */

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
    struct net_address to = {.port = config->url->port};

    if (client == NULL)
        return NULL;
    client->config = *config;
    client->url = *config->url;
    client->config.url = &client->url;
    snprintf(to.host, sizeof to.host, "%s", config->url->host);
    struct layer *layer = loop_connect(loop, &to, NULL, NULL);
    if (config->url->secure)
        layer = tls_layer(config->tls, layer, config->url->host, NULL, NULL);
    struct peer_conn_config of = {
        .role = WS_CLIENT,
        .hooks = config->fault != NULL ? config->fault->hooks : &correct,
        .seed = config->seed,
        .number = config->number,
        .message_max = config->message_max,
        .released = on_released,
        .owner = client,
    };
    struct peer_conn *conn = peer_conn_new(layer, &of, &sink);
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
