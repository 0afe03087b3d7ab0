/* A case with hints has a port of its own, so that whatever URL its client is
 * given, and whatever it asks for there, it is this case that it comes to. */
#include "engine/serve/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct step *line_of(const struct test_case *test, enum form form)
{
    const struct step *line = test->hints;
    while (line != NULL && line->form != form)
        line = line->next;
    return line;
}

/* The text of a `hint address` line; NULL: there is none. */
static const char *address_of(const struct test_case *test, struct buf *text)
{
    const struct step *line = line_of(test, FORM_HINT_ADDRESS);
    const struct setting *address = line == NULL ? NULL : step_setting(line, SLOT_TITLE);
    if (address == NULL || !payload_bytes(address->value.bytes, &(struct payload_scope){0}, text, NULL))
        return NULL;
    return buf_text(text);
}

/* As the driver calls us: "localhost:9001". */
static struct ws_span called(const struct call *call)
{
    size_t from = 0;
    const struct ws_header *host = ws_head_next(&call->serve->head, WS_HEADER_HOST, &from);
    return host == NULL || host->value.size == 0 || host->value.size > WS_HOST_MAX ? (struct ws_span){"127.0.0.1", 9}
                                                                                   : host->value;
}

/* Without its port. */
static size_t name_size(struct ws_span host)
{
    size_t size = host.size;
    while (size != 0 && strchr("0123456789", host.at[size - 1]) != NULL)
        size--;
    return size > 1 && host.at[size - 1] == ':' ? size - 1 : host.size;
}

static bool listen_there(struct own_port *own, const struct call *call, const struct test_case *test,
                         const char *address, struct diag *why)
{
    const struct serve_config *config = &call->serve->config;
    struct net_address at = config->at;
    struct tls_context *tls = config->tls;
    bool behind_proxy = line_of(test, FORM_HINT_PROXY) != NULL;
    at.port = 0;
    if (address != NULL)
        snprintf(at.host, sizeof at.host, "%s", address);
    if (tls != NULL && line_of(test, FORM_HINT_UNTRUSTED) != NULL)
        tls = own->untrusted = tls_server_new(&(struct tls_server_options){.alpn = "http/1.1"}, why);
    if (config->tls != NULL && tls == NULL)
        return false;
    if (behind_proxy)
        own->hinted.tunnel_tls = tls;
    own->share = listener_share_new(config->loop, &at, behind_proxy ? NULL : tls, why);
    return own->share != NULL;
}

struct own_port *own_port_new(const struct call *call, const struct test_case *test, struct diag *why)
{
    struct own_port *own = calloc(1, sizeof *own);
    struct ws_span host = called(call);
    const char *letter = call->serve->config.tls != NULL ? "s" : "";
    struct buf text;
    if (own == NULL)
        return NULL;
    buf_init(&text, WS_HOST_MAX);
    const char *address = address_of(test, &text);
    bool fine = listen_there(own, call, test, address, why);
    if (fine) {
        unsigned port = listener_share_port(own->share);
        bool brackets = address != NULL && strchr(address, ':') != NULL;
        snprintf(own->port, sizeof own->port, "%u", port);
        if (address != NULL)
            snprintf(own->here, sizeof own->here, brackets ? "[%s]:%u" : "%s:%u", address, port);
        else
            snprintf(own->here, sizeof own->here, "%.*s:%u", (int)name_size(host), host.at, port);
        snprintf(own->page, sizeof own->page, "http%s://%.*s", letter, (int)host.size, host.at);
        own->hinted.here = own->here;
        own->hinted.port = own->port;
        own->hinted.page = own->page;
        own->hinted.scheme = *letter ? "wss" : "ws";
    } else {
        own_port_free(own);
        own = NULL;
    }
    buf_free(&text);
    return own;
}

void own_port_free(struct own_port *own)
{
    listener_share_free(own->share);
    tls_context_free(own->untrusted);
    free(own);
}
