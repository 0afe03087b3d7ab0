/* See outing.h. One connection after another is opened: RFC 6455 section 4.1
 * wants one at a time to be on its way to a host. */
#include "engine/peer/outing.h"

#include "engine/peer/peer_conn.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URLS_MAX 16u
#define OFFERS_MAX 8u

struct trip {
    struct outing *outing;
    struct peer_conn *client; /* NULL: not begun, or over */
    struct ws_url url;
    bool over;
};

struct outing {
    struct loop *loop;
    struct outing_config config;
    struct client_config client;
    struct timer *turn;
    json_t *hints;             /* the strings below are its */
    unsigned ways;
    const char *protocols[URLS_MAX + 1];
    struct ws_deflate_params offers[OFFERS_MAX];
    size_t offer_count;
    struct client_proxy proxy;
    char credentials[256];
    bool opened;
    size_t count, begun;       /* of trips */
    struct trip trips[URLS_MAX];
};

static bool wrong(const struct outing *o, enum client_way way) { return (o->ways & way) != 0; }

/* ---- URLs ---- */

/* RFC 6455 section 11.1.1: what is not ASCII goes as percent-encoded UTF-8; but for the host. */
static void encode_octets(const char *text, struct buf *out)
{
    const char *host = strstr(text, "://"), *path = host == NULL ? NULL : strpbrk(host + 3, "/?");
    for (const char *c = text; *c != 0; c++) {
        if ((*c & 0x80) != 0 && path != NULL && c > path)
            buf_printf(out, "%%%02X", (unsigned char)*c);
        else
            buf_append_byte(out, (uint8_t)*c);
    }
}

/* What a careless client makes of a URL: only what it can use stays. */
static void mend_carelessly(const struct outing *o, struct buf *text)
{
    struct buf mended;
    const char *at = buf_text(text), *host = strstr(at, "://"), *user = host == NULL ? NULL : strchr(host, '@');
    buf_init(&mended, 0);
    if (wrong(o, WAY_URL_UNCHECKED) && host != NULL) {
        buf_append_text(&mended, "ws");
        at = host;
    }
    for (; *at != 0; at++) {
        if (wrong(o, WAY_FRAGMENT) && *at == '#')
            break;
        if (wrong(o, WAY_USER_IN_HOST) && user != NULL && at >= host + 3 && at <= user)
            continue;
        if (*at != ' ' || !wrong(o, WAY_URL_UNCHECKED))
            buf_append_byte(&mended, (uint8_t)*at);
    }
    buf_free(text);
    *text = mended;
}

/* What it sends of it, wrongly. */
static void spoil_url(const struct outing *o, const char *text, struct ws_url *url)
{
    const char *mark = strchr(text, '#'), *host = strstr(text, "://") + 3, *path = strpbrk(host, "/?");
    const char *user = strchr(host, '@');
    size_t size = strlen(url->resource), length = strlen(text);
    char authority[sizeof url->authority];
    if (wrong(o, WAY_FRAGMENT) && mark != NULL)
        snprintf(url->resource + size, sizeof url->resource - size, "%s", mark);
    if (wrong(o, WAY_QUERY_EMPTY) && text[length - 1] == '?')
        snprintf(url->resource + size, sizeof url->resource - size, "?");
    if (wrong(o, WAY_OCTETS_RAW) && path != NULL)
        snprintf(url->resource, sizeof url->resource, "%s", path);
    if (wrong(o, WAY_USER_IN_HOST) && user != NULL) {
        snprintf(authority, sizeof authority, "%.*s%s", (int)(user + 1 - host), host, url->authority);
        memcpy(url->authority, authority, sizeof authority);
    }
}

static bool read_url(const struct outing *o, const char *text, struct ws_url *url)
{
    struct buf encoded;
    const char *reason;
    if (wrong(o, WAY_SCHEME_CASE) && *text >= 'A' && *text <= 'Z')
        return false;
    buf_init(&encoded, 0);
    encode_octets(text, &encoded);
    mend_carelessly(o, &encoded);
    bool fine = !encoded.failed && ws_url_parse(url, buf_text(&encoded), false, &reason);
    buf_free(&encoded);
    if (fine)
        spoil_url(o, text, url);
    return fine;
}

/* ---- the other hints ---- */

static bool read_protocols(struct outing *o, const json_t *list)
{
    size_t count = json_array_size(list);
    if (count > URLS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t to = wrong(o, WAY_ORDER_LOST) ? count - 1 - i : i;
        if ((o->protocols[to] = json_string_value(json_array_get(list, i))) == NULL)
            return false;
    }
    o->client.protocols = o->protocols;
    return true;
}

static bool read_extensions(struct outing *o, const json_t *list)
{
    size_t count = json_array_size(list);
    struct ws_extension_list *read = calloc(1, sizeof *read);
    bool fine = read != NULL && count <= OFFERS_MAX;
    for (size_t i = 0; fine && i < count; i++) {
        size_t to = wrong(o, WAY_ORDER_LOST) ? count - 1 - i : i;
        const char *text = json_string_value(json_array_get(list, i));
        read->count = 0;
        if (text != NULL)
            ws_extension_parse(read, (struct ws_span){text, strlen(text)});
        fine = read->count == 1 && ws_deflate_offer_read(&read->items[0], &o->offers[to], NULL);
    }
    free(read);
    o->offer_count = count;
    return fine;
}

static bool read_proxy(struct outing *o, const json_t *value)
{
    const char *text = json_string_value(value), *user = text == NULL ? NULL : strchr(text, '@'), *reason;
    struct ws_url url;
    char plain[256];
    if (text == NULL || strncmp(text, "http://", 7) != 0)
        return false;
    snprintf(plain, sizeof plain, "http://%s", user == NULL ? text + 7 : user + 1);
    if (!ws_url_parse(&url, plain, true, &reason))
        return false;
    if (user != NULL) {
        size_t size = (size_t)(user - text) - 7;
        if (size > 3 * sizeof o->credentials / 4 - 4)
            return false;
        EVP_EncodeBlock((unsigned char *)o->credentials, (const unsigned char *)text + 7, (int)size);
        o->proxy.credentials = o->credentials;
    }
    snprintf(o->proxy.at.host, sizeof o->proxy.at.host, "%s", url.host);
    o->proxy.at.port = url.port;
    o->client.proxy = &o->proxy;
    return true;
}

static bool read_close(struct outing *o, const json_t *value)
{
    json_int_t code = json_integer_value(json_object_get(value, "code"));
    o->client.close_code = (uint16_t)code;
    o->client.close_reason = json_string_value(json_object_get(value, "reason"));
    return code >= 1000 && code <= 4999;
}

static bool read_limit(struct outing *o, const json_t *value)
{
    json_int_t limit = json_integer_value(value);
    o->client.message_max = wrong(o, WAY_LIMIT_NONE) ? 0 : (uint64_t)limit - wrong(o, WAY_LIMIT_LESS);
    return limit > 1;
}

static bool read_window(struct outing *o, const json_t *value)
{
    bool told = !wrong(o, WAY_WINDOW_UNTOLD);
    json_int_t bits = json_integer_value(value);
    o->offers[0] = (struct ws_deflate_params){.server_max_window_bits = told ? (uint8_t)bits : 0};
    o->offer_count = 1;
    return bits >= 8 && bits <= 15;
}

static bool read_requires(struct outing *o, const json_t *value)
{
    const char *name = json_string_value(value);
    o->client.requires_deflate = o->client.deflate = true;
    return name != NULL && strcmp(name, "permessage-deflate") == 0;
}

static bool read_page(struct outing *o, const json_t *value)
{
    o->client.origin = o->config.page;
    return json_is_true(value);
}

static bool read_untrusted(struct outing *o, const json_t *value)
{
    if (wrong(o, WAY_CERTIFICATE_UNREAD))
        o->client.tls = o->config.any_tls;
    return json_is_true(value) && o->config.verifies;
}

static bool read_urls(struct outing *o, const json_t *list)
{
    o->count = json_array_size(list);
    return o->count != 0 && o->count <= URLS_MAX;
}

/* A hint that we do not know is one that we cannot follow. */
static bool read_hints(struct outing *o)
{
    static const struct { const char *name; bool (*read)(struct outing *o, const json_t *value); } members[] = {
        {"urls", read_urls},   {"protocols", read_protocols}, {"extensions", read_extensions},
        {"proxy", read_proxy}, {"close", read_close},         {"limit", read_limit},
        {"window", read_window}, {"requires", read_requires}, {"page", read_page}, {"untrusted", read_untrusted}};
    const char *name;
    json_t *value;
    json_object_foreach(o->hints, name, value) {
        size_t i = 0;
        while (i < sizeof members / sizeof *members && strcmp(members[i].name, name) != 0)
            i++;
        if (i == sizeof members / sizeof *members || !members[i].read(o, value))
            return false;
    }
    if (o->offer_count != 0) {
        o->client.offers = o->offers;
        o->client.offer_count = o->offer_count;
    }
    return o->count != 0;
}

/* ---- the trips ---- */

static void turn(void *arg);

static void turn_soon(struct outing *o)
{
    if (o->turn == NULL)
        o->turn = timer_start(o->loop, 0, turn, o);
}

static void on_opened(void *arg)
{
    struct trip *trip = arg;
    trip->outing->opened = true;
    turn_soon(trip->outing);
}

static void on_over(void *arg, bool opened, const char *kept)
{
    struct trip *trip = arg;
    (void)opened, (void)kept;
    trip->client = NULL;
    trip->over = true;
    turn_soon(trip->outing);
}

static void begin(struct outing *o, struct trip *trip)
{
    const char *text = json_string_value(json_array_get(json_object_get(o->hints, "urls"), o->begun));
    trip->outing = o;
    o->begun++;
    if (text != NULL && read_url(o, text, &trip->url)) {
        struct client_config config = o->client;
        config.url = &trip->url;
        config.number += (unsigned)o->begun << 20; /* each has its own keys */
        config.arg = trip;
        trip->client = client_start(o->loop, &config);
    }
    trip->over = trip->client == NULL;
}

static bool is_connecting(const struct trip *trip)
{
    return trip->client != NULL && trip->client->stage == PEER_HEAD;
}

static void turn(void *arg)
{
    struct outing *o = arg;
    size_t over = 0;
    o->turn = NULL;
    while (o->begun < o->count && (o->begun == 0 || wrong(o, WAY_AT_ONCE) || !is_connecting(&o->trips[o->begun - 1])))
        begin(o, &o->trips[o->begun]);
    while (over < o->count && o->trips[over].over)
        over++;
    if (over == o->count)
        o->config.over(o->config.arg, o->opened || wrong(o, WAY_TELLS_OPEN));
}

struct outing *outing_start(struct loop *loop, const struct outing_config *config, const char *hints)
{
    struct outing *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->loop = loop;
    o->config = *config;
    o->client = *config->client;
    o->client.opened = on_opened;
    o->client.over = on_over;
    o->ways = client_ways(config->client->fault);
    o->hints = json_loads(hints, 0, NULL);
    if (!json_is_object(o->hints) || !read_hints(o)) {
        outing_stop(o);
        return NULL;
    }
    turn_soon(o);
    return o;
}

void outing_stop(struct outing *o)
{
    if (o == NULL)
        return;
    timer_stop(o->turn);
    for (size_t i = 0; i < o->begun; i++)
        if (o->trips[i].client != NULL)
            client_stop(o->trips[i].client);
    json_decref(o->hints);
    free(o);
}
