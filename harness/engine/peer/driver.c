/* See driver.h. Each call is a connection of its own; so many cases as wanted
 * are under way at once. */
#include "engine/peer/driver.h"

#include "engine/peer/outing.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE_MAX 256u

/* One case after another. One with hints takes three turns: what they are, what they ask for, how it went. */
struct lane {
    struct driver *driver;
    struct peer_conn *client; /* a call under way; NULL: none */
    struct outing *outing;    /* what a case's hints ask for, under way; NULL: none */
    size_t number;            /* of the case */
    enum { LANE_IDLE, LANE_PLAYS, LANE_ASKS, LANE_GOES, LANE_TELLS } stage;
};

struct driver {
    struct loop *loop;
    struct driver_config config;
    struct buf agent;         /* percent-encoded */
    unsigned calls;           /* connections so far */
    size_t count, next;       /* cases: how many, and the next to be called for (from 1) */
    size_t under_way;
    json_t *hinted;           /* the numbers of the cases that have hints; NULL: none */
    char page[WS_HOST_MAX + 20];
    struct client_config outings; /* what their clients have in common */
    enum { ASKING, ASKING_HINTS, PLAYING, UPDATING, OVER } stage;
    struct timer *turn;
    struct diag why;
    unsigned lane_count;
    struct lane lanes[];
};

static void on_over(void *arg, bool opened, const char *kept);

static struct client_config config_of(const struct driver *d)
{
    return (struct client_config){.tls = d->config.tls, .seed = d->config.seed, .deflate = d->config.deflate,
                                  .protocols = d->config.protocols, .fault = d->config.fault,
                                  .message_max = d->config.message_max};
}

/* False: there is no memory, or the URL is too long. `plays`: as the client under test. */
static bool call(struct lane *lane, bool plays, const char *format, ...)
{
    struct driver *d = lane->driver;
    struct ws_url url = *d->config.base;
    size_t size = strlen(url.resource);
    struct client_config config = plays ? config_of(d) : (struct client_config){.tls = d->config.tls, .keeps = true,
                                                                               .seed = d->config.seed};
    va_list args;
    if (size != 0 && url.resource[size - 1] == '/')
        size--;
    va_start(args, format);
    int more = vsnprintf(url.resource + size, sizeof url.resource - size, format, args);
    va_end(args);
    if (more < 0 || (size_t)more >= sizeof url.resource - size)
        return false;
    config.url = &url;
    config.number = ++d->calls;
    config.over = on_over;
    config.arg = lane;
    lane->client = client_start(d->loop, &config);
    d->under_way += lane->client != NULL;
    return lane->client != NULL;
}

static void finish(struct driver *d)
{
    d->stage = OVER;
    d->config.done(d->config.arg, d->why.kind == DIAG_NONE ? NULL : &d->why);
}

static bool has_hints(const struct driver *d, size_t number)
{
    for (size_t i = 0; i < json_array_size(d->hinted); i++)
        if (json_integer_value(json_array_get(d->hinted, i)) == (json_int_t)number)
            return true;
    return false;
}

static bool begin_case(struct lane *lane)
{
    struct driver *d = lane->driver;
    bool hints = has_hints(d, d->next);
    lane->number = d->next++;
    lane->stage = hints ? LANE_ASKS : LANE_PLAYS;
    return call(lane, !hints, hints ? "/getCaseHint?case=%zu&agent=%s" : "/runCase?case=%zu&agent=%s", lane->number,
                buf_text(&d->agent));
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
        fine = call(&d->lanes[0], false, "/getCaseCount");
    else if (d->stage == ASKING_HINTS && d->under_way == 0)
        fine = call(&d->lanes[0], false, "/getCaseHints");
    for (unsigned i = 0; fine && d->stage == PLAYING && i < d->lane_count && d->next <= d->count; i++)
        if (d->lanes[i].stage == LANE_IDLE)
            fine = begin_case(&d->lanes[i]);
    if (fine && d->stage == PLAYING && d->under_way == 0 && d->next > d->count) {
        d->stage = UPDATING;
        fine = call(&d->lanes[0], false, "/updateReports?agent=%s", buf_text(&d->agent));
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

/* ---- a case with hints ---- */

static void give_up(struct driver *d)
{
    diag_set(&d->why, DIAG_TROUBLE, "no memory for a connection, or too long a URL");
    turn_soon(d);
}

static void on_outing_over(void *arg, bool opened)
{
    struct lane *lane = arg;
    struct driver *d = lane->driver;
    outing_stop(lane->outing);
    lane->outing = NULL;
    d->under_way--;
    lane->stage = LANE_TELLS;
    if (!call(lane, false, "/tellCase?case=%zu&agent=%s&outcome=%s", lane->number, buf_text(&d->agent),
              opened ? "opened" : "failed"))
        give_up(d);
}

/* The hints have come; a case that we cannot do so is called for as others are. */
static void go_out(struct lane *lane, const char *hints)
{
    struct driver *d = lane->driver;
    if (strcmp(hints, "null") == 0) { /* the case needs something else, and is over */
        lane->stage = LANE_IDLE;
        return;
    }
    const struct outing_config config = {
        .client = &d->outings, .any_tls = d->config.any_tls, .verifies = d->config.verifies, .page = d->page,
        .over = on_outing_over, .arg = lane};
    d->outings.number = ++d->calls;
    lane->outing = outing_start(d->loop, &config, hints);
    lane->stage = lane->outing != NULL ? LANE_GOES : LANE_PLAYS;
    d->under_way += lane->outing != NULL;
    if (lane->outing == NULL &&
        !call(lane, true, "/runCase?case=%zu&agent=%s", lane->number, buf_text(&d->agent)))
        give_up(d);
}

static void read_count(struct driver *d, bool opened, const char *kept)
{
    char *end;
    d->count = strtoul(kept, &end, 10);
    if (!opened || *kept == 0 || *end != 0)
        diag_set(&d->why, DIAG_TROUBLE, "ws%s://%s: /getCaseCount %s", d->config.base->secure ? "s" : "",
                 d->config.base->authority, opened ? "does not answer with a number" : "is not answered");
    d->stage = ASKING_HINTS;
    d->next = 1;
}

static void on_over(void *arg, bool opened, const char *kept)
{
    struct lane *lane = arg;
    struct driver *d = lane->driver;
    lane->client = NULL;
    d->under_way--;
    if (d->stage == ASKING) {
        read_count(d, opened, kept);
    } else if (d->stage == ASKING_HINTS) {
        d->hinted = json_loads(kept, 0, NULL); /* Autobahn's fuzzingserver knows nothing of them */
        d->stage = PLAYING;
    } else if (lane->stage == LANE_ASKS) {
        go_out(lane, kept);
    } else {
        lane->stage = LANE_IDLE;
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
    buf_append_encoded(&d->agent, config->agent, "");
    snprintf(d->page, sizeof d->page, "http%s://%s", config->base->secure ? "s" : "", config->base->authority);
    d->outings = config_of(d);
    turn_soon(d);
    return d;
}

size_t driver_count(const struct driver *d) { return d->count; }

void driver_stop(struct driver *d)
{
    if (d == NULL)
        return;
    timer_stop(d->turn);
    for (unsigned i = 0; i < d->lane_count; i++) {
        if (d->lanes[i].client != NULL)
            client_stop(d->lanes[i].client);
        outing_stop(d->lanes[i].outing);
    }
    json_decref(d->hinted);
    buf_free(&d->agent);
    free(d);
}
