/* See url.h. RFC 6455 section 3 takes host, port, path and query from RFC 3986,
 * and has neither user information nor a fragment. */
#include "url.h"

#include "chars.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    bool secure, http;
} schemes[] = {
    {"ws", false, false}, {"wss", true, false}, {"http", false, true}, {"https", true, true}};

static bool is_digit(char c)
{
    return ws_char_is(c, WS_CHAR_DIGIT);
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* How many bytes at `at` may stand there as they are (RFC 3986: unreserved, sub-delims,
 * percent escapes; and those of `more`). */
static size_t span_of(const char *at, const char *more)
{
    size_t n = 0;
    for (;; n++) {
        char c = at[n];
        if (c == '%' && is_hex(at[n + 1]) && is_hex(at[n + 2]))
            n += 2;
        else if (c == 0 || c == '%' || (!ws_char_is(c, WS_CHAR_HOST) && strchr(more, c) == NULL))
            return n;
    }
}

static bool fail(const char **reason, const char *why)
{
    *reason = why;
    return false;
}

/* Sets url->secure; *at moves behind "://". */
static bool parse_scheme(struct ws_url *url, const char **at, bool http_too, const char **reason)
{
    const char *colon = strchr(*at, ':');
    if (colon == NULL || strncmp(colon, "://", 3) != 0)
        return fail(reason, "no scheme: begin with ws:// or wss://");
    const struct ws_span name = {*at, (size_t)(colon - *at)};
    *at = colon + 3;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (ws_span_is_nocase(name, schemes[i].name) && (http_too || !schemes[i].http)) {
            url->secure = schemes[i].secure;
            return true;
        }
    return fail(reason, "unknown scheme: begin with ws:// or wss://");
}

static bool take_host(struct ws_url *url, const char *at, size_t size, const char **reason)
{
    if (size == 0)
        return fail(reason, "no host");
    if (size > WS_HOST_MAX)
        return fail(reason, "the host is too long");
    for (size_t i = 0; i < size; i++)
        url->host[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 0x20) : at[i];
    url->host[size] = 0;
    return true;
}

/* RFC 3986 section 3.2.2, IPv4address: no leading zeros. */
static bool is_ipv4(const char *at)
{
    for (int octet = 0; octet < 4; octet++) {
        unsigned value = 0;
        size_t n = 0;
        for (; n < 3 && is_digit(at[n]); n++)
            value = value * 10 + (unsigned)(at[n] - '0');
        if (n == 0 || value > 255 || (n > 1 && at[0] == '0') || at[n] != (octet == 3 ? 0 : '.'))
            return false;
        at += n + 1;
    }
    return true;
}

/* IPv6address: eight groups; "::" once, for one or more that are 0; the last two may be an IPv4address. */
static bool is_ipv6(const char *at)
{
    bool gap = at[0] == ':' && at[1] == ':';
    unsigned groups = gap; /* a gap is one, at least */
    at += gap ? 2 : 0;
    if (gap && *at == 0)
        return true;
    while (groups < 8) {
        size_t n = 0;
        while (n < 4 && is_hex(at[n]))
            n++;
        groups++;
        if (at[n] == '.')
            return is_ipv4(at) && (gap ? groups < 8 : groups == 7);
        if (n == 0)
            return false;
        if (at[n] == 0)
            return gap || groups == 8;
        if (at[n] != ':')
            return false;
        at += n + 1;
        if (*at != ':')
            continue;
        if (gap || groups++ == 8)
            return false;
        gap = true;
        if (*++at == 0)
            return true;
    }
    return false;
}

static bool parse_host(struct ws_url *url, const char **at, const char **reason)
{
    url->ipv6 = **at == '[';
    if (!url->ipv6) {
        size_t size = span_of(*at, "");
        if (!take_host(url, *at, size, reason))
            return false;
        *at += size;
        return true;
    }
    const char *end = strchr(*at, ']');
    if (end == NULL)
        return fail(reason, "no ']' behind the IPv6 address");
    if (!take_host(url, *at + 1, (size_t)(end - *at) - 1, reason))
        return false;
    *at = end + 1;
    return is_ipv6(url->host) || fail(reason, "bad IPv6 address");
}

static bool parse_port(struct ws_url *url, const char **at, const char **reason)
{
    uint16_t usual = url->secure ? 443 : 80;
    uint32_t port = 0;
    bool given = **at == ':' && is_digit((*at)[1]); /* RFC 3986 lets it be empty */
    *at += **at == ':';
    for (; is_digit(**at); ++*at)
        if (port <= UINT16_MAX)
            port = port * 10 + (uint32_t)(**at - '0');
    if (given && (port == 0 || port > UINT16_MAX))
        return fail(reason, "the port is not within 1 to 65535");
    url->port = given ? (uint16_t)port : usual;
    url->default_port = url->port == usual;
    return true;
}

static bool parse_resource(struct ws_url *url, const char *at, const char **reason)
{
    size_t path = span_of(at, ":@/");
    const char *query = at[path] == '?' ? at + path + 1 : at + path;
    size_t query_size = at[path] == '?' ? span_of(query, ":@/?") : 0;
    const char *end = query + query_size;
    if (*end == '#')
        return fail(reason, "a fragment is not part of a WebSocket URL: write %23 for '#'");
    if (*end == '%')
        return fail(reason, "'%' without two hexadecimal digits behind it");
    if (*end != 0)
        return fail(reason, "a character that must be percent-encoded");
    size_t most = sizeof url->resource - 3; /* "/", "?" and NUL */
    if (path > most || query_size > most - path)
        return fail(reason, "path and query are too long");
    /* Section 3: "/" when the path is empty, and "?" only before a query that is not. */
    snprintf(url->resource, sizeof url->resource, "%s%.*s%s%s", path == 0 ? "/" : "", (int)path, at,
             query_size == 0 ? "" : "?", query);
    return true;
}

bool ws_url_parse(struct ws_url *url, const char *text, bool http_too, const char **reason)
{
    const char *at = text;
    *url = (struct ws_url){0};
    if (!parse_scheme(url, &at, http_too, reason))
        return false;
    const char *authority = at;
    size_t size = 0;
    while (authority[size] != 0 && strchr("/?#", authority[size]) == NULL)
        size++;
    if (memchr(authority, '@', size) != NULL)
        return fail(reason, "user information is not part of a WebSocket URL: leave out what stands before '@'");
    if (!parse_host(url, &at, reason) || !parse_port(url, &at, reason))
        return false;
    if (at != authority + size)
        return fail(reason, "a character that host or port cannot hold");
    int written = snprintf(url->authority, sizeof url->authority, url->ipv6 ? "[%s]" : "%s", url->host);
    if (!url->default_port)
        snprintf(url->authority + written, sizeof url->authority - (size_t)written, ":%u", url->port);
    return parse_resource(url, at, reason);
}
