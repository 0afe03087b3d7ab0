/* Server role: connections handed out in the order of waiting, from a port of
 * our own or from whoever feeds us. */
#include "engine/runner/listener.h"

#include "net/fault.h"
#include "net/tls.h"

#include <stdlib.h>

#define CUT_BYTES 100u /* of our first flight, a ServerHello and more */
#define HELD_MAX 256u /* connections that nobody waits for yet; further ones are turned away */

/* A connection that came before anybody waited. It is not read: its first bytes stay in the kernel. */
struct held {
    struct listener_share *share;
    struct layer *layer;
    bool opened; /* it has said so, to us */
    size_t ticket;
    struct held *next;
};

/* A connection that nobody shall have: it sees a certificate that it must not take, or is cut in our first flight. */
struct spoilt {
    struct listener_share *share;
    struct layer *layer;
    size_t ticket;
    struct spoilt *next;
};

struct listener_share {
    struct loop *loop;
    struct net_address at;
    struct listener *listener; /* NULL: it is fed, or could not be had again */
    struct listener_watch watch;
    struct tls_context *tls;
    bool secure;                     /* TLS, by us or below what we are fed */
    struct listener_waiter *waiters; /* longest first */
    struct held *held;               /* oldest first */
    unsigned held_count;
    const struct tls_authority *authority;
    bool off, spoils;
    enum tls_flaw flaw;
    struct tls_context *flawed;      /* of `flaw` */
    struct spoilt *spoilt;
    unsigned spoilt_count;
};

static void held_forget(struct held *gone)
{
    struct held **at = &gone->share->held;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    gone->share->held_count--;
    free(gone);
}

static void held_data(void *owner, uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    struct held *held = owner; /* reading was paused: bytes all the same mean that we cannot keep them */
    struct layer *layer = held->layer;
    held_forget(held);
    layer_release(layer);
}

static void held_ended(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end;
    (void)why;
    struct held *held = owner;
    struct layer *layer = held->layer;
    if (held->share->watch.gone)
        held->share->watch.gone(held->share->watch.arg, held->ticket);
    held_forget(held);
    layer_release(layer);
}

static void held_opened(void *owner) { ((struct held *)owner)->opened = true; }

static const struct layer_sink held_sink = {
    .opened = held_opened, .data = held_data, .ended = held_ended};

static bool hand_out(struct listener_share *share, struct listener_waiter *waiter, struct layer *layer, size_t ticket)
{
    waiter->waiting = false;
    waiter->ticket = ticket;
    waiter->next = NULL;
    if (share->tls)
        layer = tls_layer(share->tls, layer, NULL, NULL, NULL);
    return waiter->fresh(waiter->arg, layer);
}

static void keep(struct listener_share *share, struct layer *fresh, size_t ticket)
{
    struct held *held = share->held_count < HELD_MAX ? calloc(1, sizeof *held) : NULL;
    if (!held) {
        layer_reset(fresh);
        layer_release(fresh);
        return;
    }
    *held = (struct held){.share = share, .layer = fresh, .ticket = ticket};
    struct held **at = &share->held;
    while (*at)
        at = &(*at)->next;
    *at = held;
    share->held_count++;
    layer_listen(fresh, &held_sink, held);
    layer_pause(fresh, true);
}

/* ---- who is kept from everybody ---- */

static void spoilt_forget(struct spoilt *gone)
{
    struct spoilt **at = &gone->share->spoilt;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    gone->share->spoilt_count--;
    layer_release(gone->layer);
    free(gone);
}

/* The handshake is done, so the client has seen our certificate: it took what it must not. */
static void spoilt_opened(void *owner)
{
    struct spoilt *spoilt = owner;
    struct listener_share *share = spoilt->share;
    if (share->watch.taken)
        share->watch.taken(share->watch.arg, spoilt->ticket);
    layer_reset(spoilt->layer);
    spoilt_forget(spoilt);
}

static void spoilt_ended(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end;
    (void)why;
    struct spoilt *spoilt = owner;
    if (spoilt->share->watch.gone)
        spoilt->share->watch.gone(spoilt->share->watch.arg, spoilt->ticket);
    spoilt_forget(spoilt);
}

static const struct layer_sink spoilt_sink = {.opened = spoilt_opened, .ended = spoilt_ended};

static void spoil(struct listener_share *share, struct layer *fresh, size_t ticket)
{
    static const char *const words[] = {[TLS_FLAWLESS] = "cut in the TLS handshake",
                                        [TLS_EXPIRED] = "expired certificate",
                                        [TLS_OTHER_NAME] = "certificate for another name",
                                        [TLS_UNKNOWN] = "unknown certificate"};
    struct spoilt *spoilt = share->spoilt_count < HELD_MAX ? calloc(1, sizeof *spoilt) : NULL;
    if (share->watch.spoilt)
        share->watch.spoilt(share->watch.arg, ticket, words[share->flaw]);
    if (!spoilt) {
        layer_reset(fresh);
        layer_release(fresh);
        return;
    }
    if (share->flaw == TLS_FLAWLESS) {
        fresh = fault_layer(fresh, (struct prng){0}, NULL, NULL);
        fault_set(fresh, &(struct fault_setting){.kind = FAULT_CUT, .direction = FAULT_OUT, .amount = CUT_BYTES});
    }
    *spoilt = (struct spoilt){.share = share, .ticket = ticket, .next = share->spoilt};
    spoilt->layer = tls_layer(share->flawed, fresh, NULL, &spoilt_sink, spoilt);
    share->spoilt = spoilt;
    share->spoilt_count++;
}

static void accepted(void *arg, struct layer *fresh)
{
    struct listener_share *share = arg;
    struct listener_waiter *waiter = share->waiters;
    size_t ticket = share->watch.came ? share->watch.came(share->watch.arg) : 0;
    if (share->spoils) {
        spoil(share, fresh, ticket);
        return;
    }
    if (!waiter) {
        keep(share, fresh, ticket);
        return;
    }
    share->waiters = waiter->next;
    hand_out(share, waiter, fresh, ticket);
}

struct listener_share *listener_share_new(struct loop *loop, const struct net_address *at,
                                          struct tls_context *tls, struct diag *why)
{
    struct listener_share *share = calloc(1, sizeof *share);
    if (!share) {
        diag_set(why, DIAG_TROUBLE, "no memory");
        return NULL;
    }
    share->loop = loop;
    share->tls = tls;
    share->secure = tls != NULL;
    share->listener = loop_listen(loop, at, accepted, share, why);
    if (!share->listener) {
        free(share);
        return NULL;
    }
    share->at = *at;
    share->at.port = listener_port(share->listener);
    return share;
}

struct listener_share *listener_share_fed(bool secure)
{
    struct listener_share *share = calloc(1, sizeof *share);
    if (share)
        share->secure = secure;
    return share;
}

void listener_share_offer(struct listener_share *share, struct layer *layer) { accepted(share, layer); }

uint16_t listener_share_port(const struct listener_share *share) { return share->at.port; }

void listener_share_watch(struct listener_share *share, const struct listener_watch *watch)
{
    share->watch = watch ? *watch : (struct listener_watch){0};
}

void listener_share_off(struct listener_share *share)
{
    while (share->held) {
        layer_reset(share->held->layer);
        held_ended(share->held, LAYER_RESET, NULL);
    }
    listener_close(share->listener);
    share->off = true;
    share->listener = loop_listen(share->loop, &share->at, NULL, NULL, NULL); /* nobody else shall get it meanwhile */
}

void listener_share_authority(struct listener_share *share, const struct tls_authority *authority)
{
    share->authority = authority;
}

bool listener_share_spoil(struct listener_share *share, enum tls_flaw flaw, struct diag *why)
{
    if (!share->tls || !share->authority)
        return diag_set(why, DIAG_USAGE, "a certificate of our own authority (--tls without --cert)");
    tls_context_free(share->flawed);
    share->flawed = tls_server_new(&(struct tls_server_options){.authority = share->authority, .flaw = flaw}, why);
    share->flaw = flaw;
    share->spoils = share->flawed != NULL;
    return share->spoils;
}

bool listener_share_on(struct listener_share *share, struct diag *why)
{
    share->spoils = false;
    if (share->listener && !share->off)
        return true;
    listener_close(share->listener);
    share->listener = loop_listen(share->loop, &share->at, accepted, share, why);
    share->off = share->listener == NULL;
    return share->listener != NULL;
}

bool listener_share_secure(const struct listener_share *share) { return share->secure; }

void listener_share_free(struct listener_share *share)
{
    if (!share)
        return;
    share->watch = (struct listener_watch){0};
    while (share->held)
        held_ended(share->held, LAYER_EOF, NULL);
    while (share->spoilt)
        spoilt_forget(share->spoilt);
    tls_context_free(share->flawed);
    listener_close(share->listener);
    free(share);
}

void listener_share_wait(struct listener_share *share, struct listener_waiter *waiter)
{
    struct held *held = share->held;
    if (held) {
        struct layer *layer = held->layer;
        bool opened = held->opened;
        size_t ticket = held->ticket;
        held_forget(held);
        layer_pause(layer, false);
        waiter->kept = true;
        if (hand_out(share, waiter, layer, ticket) && opened && layer->sink->opened)
            layer->sink->opened(layer->owner); /* its own `opened` was heard by us */
        return;
    }
    struct listener_waiter **at = &share->waiters;
    while (*at)
        at = &(*at)->next;
    *at = waiter;
    waiter->next = NULL;
    waiter->waiting = true;
    waiter->kept = false;
}

void listener_share_forget(struct listener_share *share, struct listener_waiter *waiter)
{
    if (!waiter->waiting)
        return;
    struct listener_waiter **at = &share->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    waiter->waiting = false;
}
