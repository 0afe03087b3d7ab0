/* Server role: one port for all cases, or connections brought by somebody else;
 * each goes to whoever waits longest, or is kept until somebody waits. */
#ifndef ENGINE_LISTENER_H
#define ENGINE_LISTENER_H

#include "engine/runner/runner.h"

struct listener_waiter {
    /* Takes the layer (TLS on it, when the port speaks TLS). False: it could not, and released it. */
    bool (*fresh)(void *arg, struct layer *layer);
    void *arg;
    bool waiting;
    bool kept;    /* what it got had been waiting, unread, and may be dead by now */
    size_t ticket; /* what the watch called the connection; 0: nobody watches */
    struct listener_waiter *next;
};

/* `fresh` is called once; at once when a connection is there already. */
void listener_share_wait(struct listener_share *share, struct listener_waiter *waiter);
void listener_share_forget(struct listener_share *share, struct listener_waiter *waiter);
bool listener_share_secure(const struct listener_share *share);

/* Hears of every connection as it comes, whoever gets it and when; for a port with one case only. */
struct listener_watch {
    size_t (*came)(void *arg);              /* its ticket, from 1 */
    void (*gone)(void *arg, size_t ticket); /* it ended before anybody waited for it */
    /* Nobody shall have it, and why: "expired certificate"; it went on in spite of that. */
    void (*spoilt)(void *arg, size_t ticket, const char *why);
    void (*taken)(void *arg, size_t ticket);
    void *arg;
};
/* NULL: no longer. */
void listener_share_watch(struct listener_share *share, const struct listener_watch *watch);
/* Closes the port, so that the system refuses who comes, and resets those who wait; or opens it again. False with a
 * diag when it cannot be had again. */
void listener_share_off(struct listener_share *share);
bool listener_share_on(struct listener_share *share, struct diag *why);
/* Until `on`, who comes is kept from everybody: shown a certificate with this flaw, or (TLS_FLAWLESS) reset in the
 * middle of the TLS handshake. False with a diag where that cannot be: without TLS, or with a certificate of the
 * user's. */
bool listener_share_spoil(struct listener_share *share, enum tls_flaw flaw, struct diag *why);

#endif
