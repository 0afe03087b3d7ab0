/* See fleet.h. */
#include "engine/fleet/inside.h"

#include "net/descriptors.h"

#include <stdlib.h>
#include <string.h>

#define SPARE_DESCRIPTORS 32u   /* for everything else */
#define TURN_NS (5 * NS_PER_MS) /* of the ramp */

void fleet_changed(struct fleet *f)
{
    if (f->config.changed != NULL)
        f->config.changed(f->config.arg);
}

/* ---- its life ---- */

static bool enough_descriptors(const struct fleet_config *config, struct diag *why)
{
    if (loop_is_simulated(config->testee->loop))
        return true;
    size_t wanted = (config->both_ends ? 2 : 1) * config->clients + SPARE_DESCRIPTORS;
    size_t descriptors = descriptors_want(wanted);
    return descriptors >= wanted ||
           diag_set(why, DIAG_USAGE, "%zu clients%s need %zu open files, and this process may have %zu: %s",
                    config->clients, config->both_ends ? " and the built-in peer" : "", wanted, descriptors,
                    "raise `ulimit -Hn`, or let `wsgauntlet storm` share them among several processes");
}

/* One text with all of them, each behind the other with its NUL. */
static bool read_protocols(struct fleet *f, struct diag *why)
{
    const struct step *open = f->config.block.open;
    size_t ends[FLEET_PROTOCOLS_MAX], count = 0;
    for (const struct setting *s = step_setting(open, SLOT_PROTOCOL); s != NULL; s = step_next_setting(s)) {
        if (count == FLEET_PROTOCOLS_MAX)
            return diag_set(why, DIAG_USAGE, "line %d: more than 8 subprotocols in a fleet", open->line);
        if (!fleet_block_bytes(&f->config.block, open, s, 0, f->config.seed, &f->protocol_text, why))
            return false;
        buf_append_byte(&f->protocol_text, 0);
        ends[count++] = f->protocol_text.size;
    }
    for (size_t i = 0; i < count; i++)
        f->protocols[i] = buf_text(&f->protocol_text) + (i == 0 ? 0 : ends[i - 1]);
    return !f->protocol_text.failed || diag_set(why, DIAG_TROUBLE, "out of memory");
}

struct fleet *fleet_new(const struct fleet_config *config, struct diag *why)
{
    if (!enough_descriptors(config, why))
        return NULL;
    struct fleet *f = calloc(1, sizeof *f);
    if (f == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return NULL;
    }
    f->config = *config;
    f->clients = calloc(config->clients, sizeof *f->clients);
    bool memory = measure_init(&f->measure, config->clients) && f->clients != NULL;
    for (size_t i = 0; memory && i < config->clients; i++)
        f->clients[i] = (struct client){.fleet = f};
    f->keys = prng_stream_n(config->seed, "key", config->first);
    f->waits = prng_stream_n(config->seed, "backoff", config->first);
    f->masks = prng_stream_n(config->seed, "mask", config->first);
    buf_init(&f->protocol_text, 0);
    if (!memory)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    if (memory && read_protocols(f, why))
        return f;
    fleet_free(f);
    return NULL;
}

void fleet_free(struct fleet *f)
{
    if (f == NULL)
        return;
    timer_stop(f->ramp);
    for (size_t i = 0; f->clients != NULL && i < f->config.clients; i++)
        client_free(&f->clients[i]);
    measure_free(&f->measure);
    buf_free(&f->protocol_text);
    free(f->clients);
    free(f);
}

static void on_ramp(void *arg)
{
    struct fleet *f = arg;
    uint64_t rate = f->config.block.ramp;
    size_t due = rate == 0 ? f->config.clients : (size_t)(rate * TURN_NS / NS_PER_S) + 1;
    f->ramp = NULL;
    for (; due > 0 && f->started < f->config.clients; due--)
        client_connect(&f->clients[f->started++]);
    if (f->started < f->config.clients) {
        uint64_t turn = rate > NS_PER_S / TURN_NS ? TURN_NS : NS_PER_S / rate; /* a slow one: client by client */
        f->ramp = timer_start(f->config.testee->loop, turn, on_ramp, f);
    }
}

void fleet_begin(struct fleet *f)
{
    if (f->ramp == NULL && f->started < f->config.clients)
        f->ramp = timer_start(f->config.testee->loop, 0, on_ramp, f);
}

size_t fleet_count(const struct fleet *f)
{
    return f->ready;
}

bool fleet_settled(const struct fleet *f)
{
    return f->started == f->config.clients && f->busy == 0;
}

const struct fleet_trouble *fleet_trouble(const struct fleet *f)
{
    return &f->trouble;
}

/* ---- storms ---- */

void fleet_begin_storm(struct fleet *f, const struct backoff *policy)
{
    f->policy = policy != NULL ? policy : f->config.block.again != NULL ? &f->config.block.policy : NULL;
    f->storming = true;
    f->unasked = f->full = false;
    f->storm_began = fleet_now(f);
    measure_clear(&f->measure);
    for (size_t i = 0; i < f->config.clients; i++)
        f->clients[i].back = false;
}

void fleet_end_storm(struct fleet *f)
{
    f->policy = NULL;
    f->storming = false;
}

void fleet_drop(struct fleet *f, enum fleet_drop how)
{
    for (size_t i = 0; i < f->config.clients; i++)
        if (f->clients[i].stage == CLIENT_READY || f->clients[i].stage == CLIENT_TALKING)
            client_lose(&f->clients[i], "dropped", how == FLEET_RESET);
}

bool fleet_unasked(const struct fleet *f)
{
    return f->unasked;
}

bool fleet_storming(const struct fleet *f)
{
    return f->storming;
}

bool fleet_recovered(const struct fleet *f)
{
    return f->ready == f->config.clients && f->measure.back == f->config.clients;
}

const struct measure *fleet_measure(const struct fleet *f)
{
    return &f->measure;
}

uint64_t fleet_storm_began(const struct fleet *f)
{
    return f->storm_began;
}
