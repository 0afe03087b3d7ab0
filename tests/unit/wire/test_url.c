/* WebSocket URLs: RFC 6455 section 3, row by row, and hostile ones. */
#include "wire/url.h"

#include "base/prng.h"
#include "unit.h"

#include <arpa/inet.h>

static const struct good {
    const char *text, *host, *authority, *resource;
    unsigned port;
    bool secure, ipv6;
} goods[] = {
    {"ws://example.com", "example.com", "example.com", "/", 80, false, false},
    {"wss://example.com", "example.com", "example.com", "/", 443, true, false},
    {"WSS://Example.COM/Chat", "example.com", "example.com", "/Chat", 443, true, false},
    {"ws://h:8080/a/b", "h", "h:8080", "/a/b", 8080, false, false},
    {"ws://h:80/", "h", "h", "/", 80, false, false},
    {"ws://h:443/", "h", "h:443", "/", 443, false, false},
    {"wss://h:443", "h", "h", "/", 443, true, false},
    {"ws://h:/x", "h", "h", "/x", 80, false, false},
    {"ws://h:00080/", "h", "h", "/", 80, false, false},
    {"ws://h:65535", "h", "h:65535", "/", 65535, false, false},
    {"ws://h?a=b", "h", "h", "/?a=b", 80, false, false},
    {"ws://h:1?a=b", "h", "h:1", "/?a=b", 1, false, false},
    {"ws://h/p?", "h", "h", "/p", 80, false, false},
    {"ws://h?", "h", "h", "/", 80, false, false},
    {"ws://h/p?x=1&y=2?/:@", "h", "h", "/p?x=1&y=2?/:@", 80, false, false},
    {"ws://h/a%23b%2f?%3F", "h", "h", "/a%23b%2f?%3F", 80, false, false},
    {"ws://h/a:b@c;d=e,f!$&'()*+~._-", "h", "h", "/a:b@c;d=e,f!$&'()*+~._-", 80, false, false},
    {"ws://h//", "h", "h", "//", 80, false, false},
    {"ws://127.0.0.1:9001/", "127.0.0.1", "127.0.0.1:9001", "/", 9001, false, false},
    {"ws://[::1]:9001/", "::1", "[::1]:9001", "/", 9001, false, true},
    {"wss://[2001:DB8::1]", "2001:db8::1", "[2001:db8::1]", "/", 443, true, true},
    {"ws://xn--bcher-kva.example/", "xn--bcher-kva.example", "xn--bcher-kva.example", "/", 80, false, false},
    {"ws://h%41/", "h%41", "h%41", "/", 80, false, false},
};

static const struct bad {
    const char *text, *reason; /* a part of it */
} bads[] = {
    {"", "no scheme"},
    {"example.com", "no scheme"},
    {"ws:/h", "no scheme"},
    {"ws:h", "no scheme"},
    {"://h", "unknown scheme"},
    {"w://h", "unknown scheme"},
    {"wsss://h", "unknown scheme"},
    {"http://h", "unknown scheme"},
    {"ftp://h", "unknown scheme"},
    {"ws://", "no host"},
    {"ws:///path", "no host"},
    {"ws://:80/", "no host"},
    {"ws://?q", "no host"},
    {"ws://u:p@h/", "user information"},
    {"ws://u@h/", "user information"},
    {"ws://h:0/", "not within 1 to 65535"},
    {"ws://h:65536/", "not within 1 to 65535"},
    {"ws://h:99999999999999999999/", "not within 1 to 65535"},
    {"ws://h:8o/", "cannot hold"},
    {"ws://h:-1/", "cannot hold"},
    {"ws://h:80:80/", "cannot hold"},
    {"ws://h h/", "cannot hold"},
    {"ws://h\t/", "cannot hold"},
    {"ws://h\r\nX: y/", "cannot hold"},
    {"ws://h%/", "cannot hold"},
    {"ws://h\xc3\xbc/", "cannot hold"},
    {"ws://h\\x/", "cannot hold"},
    {"ws://::1/", "no host"},
    {"ws://[::1/", "no ']'"},
    {"ws://[]/", "no host"},
    {"ws://[1.2.3.4]/", "bad IPv6"},
    {"ws://[::1%25lo]/", "bad IPv6"},
    {"ws://[::g]/", "bad IPv6"},
    {"ws://[v1.x]/", "bad IPv6"},
    {"ws://[::1]x/", "cannot hold"},
    {"ws://h/p#f", "fragment"},
    {"ws://h#", "fragment"},
    {"ws://h?q#f", "fragment"},
    {"ws://h/a b", "percent-encoded"},
    {"ws://h/a\nb", "percent-encoded"},
    {"ws://h/\x7f", "percent-encoded"},
    {"ws://h/\x01", "percent-encoded"},
    {"ws://h/\xff", "percent-encoded"},
    {"ws://h/[x]", "percent-encoded"},
    {"ws://h/?a|b", "percent-encoded"},
    {"ws://h/%", "hexadecimal"},
    {"ws://h/%4", "hexadecimal"},
    {"ws://h/%4g", "hexadecimal"},
    {"ws://h/?%zz", "hexadecimal"},
};

/* The text ends at an unreadable page. */
static bool parse(struct ws_url *url, const char *text, bool http_too, const char **reason)
{
    struct guard g = guard_end(text, strlen(text) + 1);
    bool ok = ws_url_parse(url, (const char *)g.bytes, http_too, reason);
    guard_free(&g);
    return ok;
}

START_TEST(good_ones)
{
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        const struct good *g = &goods[i];
        struct ws_url url;
        const char *reason = "";
        ck_assert_msg(parse(&url, g->text, false, &reason), "%s: %s", g->text, reason);
        ck_assert_str_eq(url.host, g->host);
        ck_assert_str_eq(url.authority, g->authority);
        ck_assert_str_eq(url.resource, g->resource);
        ck_assert_uint_eq(url.port, g->port);
        ck_assert_msg(url.secure == g->secure && url.ipv6 == g->ipv6, "%s", g->text);
        ck_assert_msg(url.default_port == (g->port == (g->secure ? 443 : 80)), "%s", g->text);
    }
}
END_TEST

START_TEST(bad_ones_and_why)
{
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        struct ws_url url;
        const char *reason = "";
        ck_assert_msg(!parse(&url, bads[i].text, false, &reason), "%s", bads[i].text);
        ck_assert_msg(strstr(reason, bads[i].reason) != NULL, "%s: %s", bads[i].text, reason);
    }
}
END_TEST

START_TEST(http_when_asked)
{
    struct ws_url url;
    const char *reason;
    ck_assert(parse(&url, "http://h/", true, &reason) && !url.secure && url.port == 80);
    ck_assert(parse(&url, "HTTPS://h/", true, &reason) && url.secure && url.port == 443);
    ck_assert(!parse(&url, "httpx://h/", true, &reason));
}
END_TEST

START_TEST(lengths_at_their_limits)
{
    static char text[WS_RESOURCE_MAX + WS_HOST_MAX + 100];
    struct ws_url url;
    const char *reason = "";
    for (unsigned host = WS_HOST_MAX - 1; host <= WS_HOST_MAX + 1; host++) {
        snprintf(text, sizeof text, "ws://%0*d:65535/", (int)host, 1);
        ck_assert_msg(parse(&url, text, false, &reason) == (host <= WS_HOST_MAX), "%u", host);
    }
    ck_assert_str_eq(reason, "the host is too long");
    for (unsigned size = WS_RESOURCE_MAX - 6; size <= WS_RESOURCE_MAX + 2; size++) {
        /* "/p?" and the rest of `size` bytes */
        snprintf(text, sizeof text, "ws://h/p?%0*d", (int)size - 3, 1);
        bool ok = parse(&url, text, false, &reason);
        ck_assert(ok || size > WS_RESOURCE_MAX - 3);
        ck_assert(!ok || strlen(url.resource) == size);
        ck_assert(!ok || size < WS_RESOURCE_MAX);
    }
    ck_assert_str_eq(reason, "path and query are too long");
}
END_TEST

/* The C library's reader of addresses is the judge. */
START_TEST(ipv6_addresses)
{
    static const char *const pieces[] = {":", "::", "0", "ffff", "1:2:3", "1.2.3.4",
                                         "a:b:c:d", "256", "01.2.3.4", "12345"};
    struct prng random = prng_stream(12, "ipv6");
    unsigned taken = 0;
    for (int round = 0; round < 50000; round++) {
        char text[128] = "ws://[", address[96] = "";
        for (uint64_t n = 1 + prng_below(&random, 8); n != 0; n--)
            strcat(address, pieces[prng_below(&random, sizeof pieces / sizeof *pieces)]);
        strcat(strcat(text, address), "]");
        struct ws_url url;
        struct in6_addr bytes;
        const char *reason = "";
        bool good = inet_pton(AF_INET6, address, &bytes) == 1;
        if (ws_url_parse(&url, text, false, &reason) != good)
            ck_abort_msg("%s: %s", text, reason);
        taken += good;
    }
    ck_assert_uint_gt(taken, 500);
}
END_TEST

/* Never reads beyond its text, never writes beyond its fields; what it takes reads the same again. */
START_TEST(random_texts)
{
    static const char alphabet[] = "ws://ah[]:1@%2f?#.~ \x7f\xff\\";
    struct prng random = prng_stream(11, "url");
    unsigned taken = 0;
    for (int round = 0; round < 20000; round++) {
        char text[64] = "wss://";
        size_t at = prng_below(&random, 8) == 0 ? 0 : 5 + prng_below(&random, 2);
        size_t size = at + prng_below(&random, 12);
        for (; at < size; at++)
            text[at] = alphabet[prng_below(&random, sizeof alphabet - 1)];
        text[at] = 0;
        struct ws_url url, again;
        const char *reason = NULL;
        if (!parse(&url, text, true, &reason)) {
            ck_assert_ptr_nonnull(reason);
            continue;
        }
        char whole[sizeof url.authority + sizeof url.resource + 8];
        snprintf(whole, sizeof whole, "%s://%s%s", url.secure ? "wss" : "ws", url.authority, url.resource);
        ck_assert_msg(parse(&again, whole, false, &reason), "%s from %s: %s", whole, text, reason);
        ck_assert(memcmp(&url, &again, sizeof url) == 0);
        taken++;
    }
    ck_assert_uint_gt(taken, 500);
}
END_TEST

UNIT_MAIN("wire/url", good_ones, bad_ones_and_why, http_when_asked, lengths_at_their_limits,
          ipv6_addresses, random_texts)
