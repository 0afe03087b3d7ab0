/* What a case's hints ask of a client (docs/testing-clients.md), done by the
 * reference client: to which URLs it connects, by which proxy, what it offers,
 * how it closes; and whether that went well. */
#ifndef ENGINE_OUTING_H
#define ENGINE_OUTING_H

#include "engine/peer/client.h"

struct outing;

struct outing_config {
    const struct client_config *client; /* what hints leave open, but for url and `over`. Outlives the outing */
    struct tls_context *any_tls;        /* client context that takes any certificate; for a defect */
    bool verifies;                      /* `client`'s context does not */
    const char *page;                   /* what a browser would send as Origin: "http://127.0.0.1:9001" */
    /* All its connections are over; `opened`: at least one of them was open. Never before outing_start returns. */
    void (*over)(void *arg, bool opened);
    void *arg;
};

/* NULL: the hints are none that we know, or there is no memory. */
struct outing *outing_start(struct loop *loop, const struct outing_config *config, const char *hints);
/* Ends what is under way; `over` is not called. NULL is fine. */
void outing_stop(struct outing *outing);

#endif
