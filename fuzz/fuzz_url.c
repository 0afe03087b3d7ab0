/* ws_url_parse (RFC 6455 section 3). Oracles: what is accepted keeps the
 * contract of url.h, and the URL made from its parts is read as the same; http
 * is only more than ws, never something else. */
#include "fuzz.h"

#include "wire/url.h"

FUZZ_TARGET("url");

static void check_parts(const struct ws_url *url)
{
    size_t host = strlen(url->host), authority = strlen(url->authority);
    must(host > 0 && host <= WS_HOST_MAX, "a host of %zu bytes", host);
    for (const char *c = url->host; *c; c++)
        must(*c > ' ' && *c < 0x7f && !(*c >= 'A' && *c <= 'Z') && !strchr("/?#@[]", *c), "the host %s", url->host);
    must(url->default_port == (url->port == (url->secure ? 443 : 80)), "port %u is %sthe default", url->port,
         url->default_port ? "" : "not ");
    must(url->port != 0, "port 0");
    must(url->resource[0] == '/', "the resource %s", url->resource);
    must(strchr(url->resource, '#') == NULL, "a fragment in %s", url->resource);
    for (const char *c = url->resource; *c; c++)
        must(*c > ' ' && *c != 0x7f, "a resource with the byte %02x", (unsigned)(uint8_t)*c);
    for (const char *c = url->authority; *c; c++)
        must(*c > ' ' && *c < 0x7f, "an authority with the byte %02x", (unsigned)(uint8_t)*c);
    must(authority >= host, "the authority %s", url->authority);
}

static void read_back(const struct ws_url *url)
{
    char text[sizeof url->authority + sizeof url->resource + 8];
    struct ws_url again;
    const char *reason = "";
    snprintf(text, sizeof text, "%s://%s%s", url->secure ? "wss" : "ws", url->authority, url->resource);
    must(ws_url_parse(&again, text, false, &reason), "%s is refused: %s", text, reason);
    must(again.secure == url->secure && again.port == url->port && again.ipv6 == url->ipv6 &&
             strcmp(again.host, url->host) == 0 && strcmp(again.resource, url->resource) == 0 &&
             strcmp(again.authority, url->authority) == 0,
         "%s is read as another", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool http_too = fuzz_take(&data, &size) & 1;
    char *text = fuzz_text(data, size);
    struct ws_url url, other;
    const char *reason = NULL, *other_reason = NULL;
    bool good = ws_url_parse(&url, text, http_too, &reason);
    bool other_good = ws_url_parse(&other, text, !http_too, &other_reason);
    must(good || (reason != NULL && *reason), "refused without a reason");
    must(good == other_good || (good ? http_too : !http_too), "http alone makes it right");
    must(!good || !other_good || strcmp(url.authority, other.authority) == 0, "http makes another of it");
    if (good) {
        check_parts(&url);
        read_back(&url);
    }
    free(text);
    return 0;
}
