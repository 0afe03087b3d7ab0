/* See driver.h. Each call is a connection of its own; so many cases as wanted
 * are under way at once. */
#include "engine/peer/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE_MAX 256u

struct lane {
    struct driver *driver;
    struct peer_conn *client; /* NULL: idle */
};

struct driver {
    struct loop *loop;
    struct driver_config config;
    struct buf agent;         /* percent-encoded */
    unsigned calls;           /* connections so far */
    size_t count, next;       /* cases: how many, and the next to be called for (from 1) */
    size_t under_way;
    enum { ASKING, PLAYING, UPDATING, OVER } stage;
    struct timer *turn;
    struct diag why;
    unsigned lane_count;
    struct lane lanes[];
};

static void encode(struct buf *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *text != 0; text++) {
        if (strchr(plain, *text) != NULL)
            buf_append_byte(out, (uint8_t)*text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

static void on_over(void *arg, bool opened, const char *kept);

/* False: there is no memory, or the URL is too long. */
static bool call(struct lane *lane, bool plays, const char *format, size_t number)
{
    struct driver *d = lane->driver;
    struct ws_url url = *d->config.base;
    size_t size = strlen(url.resource);
    if (size != 0 && url.resource[size - 1] == '/')
        size--;
    int more = snprintf(url.resource + size, sizeof url.resource - size, format, number, buf_text(&d->agent));
    if (more < 0 || (size_t)more >= sizeof url.resource - size)
        return false;
    struct client_config config = {
        .url = &url, .tls = d->config.tls, .seed = d->config.seed, .number = ++d->calls, .keeps = !plays,
        .deflate = plays && d->config.deflate, .protocols = plays ? d->config.protocols : NULL,
        .fault = plays ? d->config.fault : NULL, .message_max = d->config.message_max,
        .over = on_over, .arg = lane};
    lane->client = client_start(d->loop, &config);
    d->under_way += lane->client != NULL;
    return lane->client != NULL;
}

static void finish(struct driver *d)
{
    d->stage = OVER;
    d->config.done(d->config.arg, d->why.kind == DIAG_NONE ? NULL : &d->why);
}

/* Goes on wherever it can. */
static void turn(void *arg)
{
    struct driver *d = arg;
    bool fine = true;
    d->turn = NULL;
    if (d->why.kind != DIAG_NONE) {
        finish(d);
        return;
    }
    if (d->stage == ASKING && d->calls == 0)
        fine = call(&d->lanes[0], false, "/getCaseCount", 0);
    for (unsigned i = 0; fine && d->stage == PLAYING && i < d->lane_count && d->next <= d->count; i++)
        if (d->lanes[i].client == NULL)
            fine = call(&d->lanes[i], true, "/runCase?case=%zu&agent=%s", d->next++);
    if (fine && d->stage == PLAYING && d->under_way == 0 && d->next > d->count) {
        d->stage = UPDATING;
        fine = call(&d->lanes[0], false, "/updateReports?case=%zu&agent=%s", 1);
    } else if (d->stage == UPDATING && d->under_way == 0) {
        finish(d);
        return;
    }
    if (!fine) {
        diag_set(&d->why, DIAG_TROUBLE, "no memory for a connection, or too long a URL");
        finish(d);
    }
}

static void turn_soon(struct driver *d)
{
    if (d->turn == NULL)
        d->turn = timer_start(d->loop, 0, turn, d);
}

static void on_over(void *arg, bool opened, const char *kept)
{
    struct lane *lane = arg;
    struct driver *d = lane->driver;
    char *end;
    lane->client = NULL;
    d->under_way--;
    if (d->stage == ASKING) {
        d->count = strtoul(kept, &end, 10);
        if (!opened || *kept == 0 || *end != 0)
            diag_set(&d->why, DIAG_TROUBLE, "ws%s://%s: /getCaseCount %s", d->config.base->secure ? "s" : "",
                     d->config.base->authority, opened ? "does not answer with a number" : "is not answered");
        d->stage = PLAYING;
        d->next = 1;
    }
    turn_soon(d);
}

struct driver *driver_start(struct loop *loop, const struct driver_config *config)
{
    unsigned lanes = config->parallel == 0 ? 1 : config->parallel < AT_ONCE_MAX ? config->parallel : AT_ONCE_MAX;
    struct driver *d = calloc(1, sizeof *d + lanes * sizeof d->lanes[0]);
    if (d == NULL)
        return NULL;
    d->loop = loop;
    d->config = *config;
    d->lane_count = lanes;
    for (unsigned i = 0; i < lanes; i++)
        d->lanes[i].driver = d;
    buf_init(&d->agent, 0);
    encode(&d->agent, config->agent);
    turn_soon(d);
    return d;
}

size_t driver_count(const struct driver *d) { return d->count; }

void driver_stop(struct driver *d)
{
    if (d == NULL)
        return;
    timer_stop(d->turn);
    for (unsigned i = 0; i < d->lane_count; i++)
        if (d->lanes[i].client != NULL)
            client_stop(d->lanes[i].client);
    buf_free(&d->agent);
    free(d);
}
