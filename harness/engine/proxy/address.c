/* See address.h. */
#include "engine/proxy/address.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static bool wrong(const char *text, const char *mend, struct diag *why)
{
    return diag_set(why, DIAG_USAGE, "'%.80s' is no address: %s", text, mend);
}

static bool read_port(const char *digits, size_t size, uint16_t *port)
{
    unsigned long value = 0;
    if (size == 0 || size > 5)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (unsigned long)(digits[i] - '0');
    }
    *port = (uint16_t)value;
    return value <= 65535;
}

/* Where the host ends: at the last colon, or behind the brackets. */
static const char *host_end(const char *at, const char *end)
{
    if (*at == '[') {
        const char *bracket = memchr(at, ']', (size_t)(end - at));
        return bracket == NULL ? NULL : bracket + 1;
    }
    const char *colon = memrchr(at, ':', (size_t)(end - at));
    return colon == NULL ? end : colon;
}

bool proxy_address_read(const char *text, bool server, struct proxy_address *address, struct diag *why)
{
    const char *at = text;
    bool scheme = strncmp(at, "ws://", 5) == 0 || strncmp(at, "wss://", 6) == 0;
    *address = (struct proxy_address){.secure = strncmp(at, "wss://", 6) == 0};
    at += scheme ? (address->secure ? 6 : 5) : 0;
    const char *end = at + strcspn(at, "/");
    if (*end == '/' && end[1] != 0)
        return wrong(text, "it has a path; the client's goes through as it is, so leave it out", why);
    if (!scheme && strstr(at, "://") != NULL)
        return wrong(text, "ws:// or wss://, or host:port alone", why);
    if (read_port(at, (size_t)(end - at), &address->net.port)) {
        strcpy(address->net.host, server ? "127.0.0.1" : "");
    } else {
        const char *behind = host_end(at, end);
        bool bracket = *at == '[';
        if (behind == NULL || (behind != end && *behind != ':'))
            return wrong(text, "[IPv6]:port", why);
        size_t size = (size_t)(behind - at) - (bracket ? 2 : 0);
        if (size >= sizeof address->net.host)
            return wrong(text, "its host is too long", why);
        memcpy(address->net.host, at + bracket, size);
        if (behind != end && !read_port(behind + 1, (size_t)(end - behind - 1), &address->net.port))
            return wrong(text, "the port is a number up to 65535", why);
        if (behind == end && !(scheme && server))
            return wrong(text, "host:port", why);
        if (behind == end)
            address->net.port = address->secure ? 443 : 80;
        if (size == 0 && server)
            return wrong(text, "the server has a host: localhost:8080", why);
    }
    return !server || address->net.port != 0 || wrong(text, "the server has a port other than 0", why);
}

void proxy_address_print(const struct net_address *address, bool secure, bool scheme, struct buf *out)
{
    const char *host = address->host[0] != 0 ? address->host : "127.0.0.1";
    bool six = strchr(host, ':') != NULL;
    buf_printf(out, "%s%s%s%s:%u", !scheme ? "" : secure ? "wss://" : "ws://", six ? "[" : "", host, six ? "]" : "",
               address->port);
}

static struct tls_context *for_clients(const struct proxy_certificates *c, struct diag *why)
{
    struct tls_server_options options = {
        .certificate_file = c->certificate_file, .key_file = c->key_file, .alpn = "http/1.1"};
    struct tls_context *tls = tls_server_new(&options, why);
    if (tls == NULL || tls_certificate_save(tls, c->certificate_out, why))
        return tls;
    tls_context_free(tls);
    return NULL;
}

bool proxy_certificates_unused(const struct proxy_certificates *c, const char *how, struct diag *why)
{
    return tls_certificate_unused(c->certificate_file, c->key_file, c->certificate_out, how, why);
}

bool proxy_contexts(const struct proxy_certificates *certificates, bool clients, bool server,
                    struct tls_context **clients_tls, struct tls_context **server_tls, struct diag *why)
{
    struct tls_client_options options = {
        .ca_file = certificates->ca_file, .insecure = certificates->insecure, .alpn = "http/1.1"};
    *clients_tls = *server_tls = NULL;
    if (clients && (*clients_tls = for_clients(certificates, why)) == NULL)
        return false;
    return !server || (*server_tls = tls_client_new(&options, why)) != NULL;
}
