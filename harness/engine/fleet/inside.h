/* The inside of a fleet, shared by fleet.c (all of them) and fleet_client.c (one). */
#ifndef ENGINE_FLEET_INSIDE_H
#define ENGINE_FLEET_INSIDE_H

#include "engine/fleet/fleet.h"
#include "wire/handshake.h"
#include "wire/judge.h"

enum client_stage {
    CLIENT_AWAY,    /* and does nothing about it */
    CLIENT_WAITING, /* for its next try */
    CLIENT_TRYING,  /* connecting, to the answer of its handshake */
    CLIENT_TALKING, /* open, its steps are not over */
    CLIENT_READY,
};

struct client {
    struct fleet *fleet;
    struct layer *layer;
    struct timer *timer;     /* until the next try, or until this stage is given up */
    struct ws_judge *judge;  /* of what comes, once it is open */
    struct buf in;           /* of the answer, then of the message under way */
    const struct step *step; /* that it is at, once it is open */
    const char *lost;        /* found out while the judge reads: to be lost for this reason */
    uint64_t began;          /* its try */
    uint64_t handshake_ns;
    uint8_t nonce[16];       /* of its key */
    uint32_t tries;          /* since it lost its connection */
    uint16_t stage;
    bool back;               /* in this storm */
    bool reading;            /* the judge reads */
};

#define FLEET_PROTOCOLS_MAX 8u

struct fleet {
    struct fleet_config config;
    struct client *clients;
    size_t started, busy, ready; /* busy: trying, talking, or waiting for a try */
    struct timer *ramp;
    struct fleet_trouble trouble;
    struct prng keys, waits, masks;
    const char *protocols[FLEET_PROTOCOLS_MAX + 1]; /* offered */
    struct buf protocol_text;

    const struct backoff *policy; /* NULL: who is lost stays away */
    bool storming;                /* measured */
    bool unasked;                 /* and it began by itself */
    bool full;                    /* all were ready, and nobody is lost since */
    struct measure measure;
    uint64_t storm_began;
    char why[160];                /* an answer was refused, in words */
    struct ws_head answer;        /* scratch */
    struct ws_handshake_scratch scratch;
};

static inline uint64_t fleet_now(const struct fleet *f) { return loop_now(f->config.testee->loop); }
static inline uint64_t storm_now(const struct fleet *f) { return fleet_now(f) - f->storm_began; }
static inline size_t client_number(const struct client *c)
{
    return c->fleet->config.first + (size_t)(c - c->fleet->clients);
}

/* fleet.c: tells whoever listens. */
void fleet_changed(struct fleet *fleet);

/* fleet_client.c */
void client_connect(void *client);
/* Without a connection, whatever it had; in a storm it comes back. */
void client_lose(struct client *client, const char *why, bool reset);
/* The same without a word, for ever. */
void client_free(struct client *client);

#endif
