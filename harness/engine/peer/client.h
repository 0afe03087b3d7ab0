/* The reference peer in the client role: connects, and echoes until the server
 * ends it. Correct by default, with exactly one deliberate defect on request
 * (client_faults.def), so that the cases for clients can be tested. */
#ifndef ENGINE_CLIENT_H
#define ENGINE_CLIENT_H

#include "engine/peer/peer.h"
#include "wire/url.h"

struct peer_conn;

/* The rows of client_faults.def, as peer_faults. */
const struct peer_fault *client_faults(size_t *count);

struct client_config {
    const struct ws_url *url;       /* where; its resource is what is asked for */
    struct tls_context *tls;        /* client context, for wss */
    bool deflate;                   /* offer permessage-deflate, with client_max_window_bits */
    const char *const *protocols;   /* to offer, NULL-terminated; may be NULL */
    const struct peer_fault *fault; /* NULL: none */
    bool keeps;                     /* does not echo: keeps the last message for `over` */
    uint64_t seed;
    unsigned number;                /* of the connection: its keys and masks come from seed and number */
    uint64_t message_max;           /* 0: LIMIT_MESSAGE_BYTES */
    /* The connection has ended. `opened`: its opening handshake had succeeded. `kept`: the last message, a string. */
    void (*over)(void *arg, bool opened, const char *kept);
    void *arg;
};

/* The config and its URL are copied; what else it points to has to last. NULL without memory; else
 * `over` is called once, never before this returns. */
struct peer_conn *client_start(struct loop *loop, const struct client_config *config);
/* Ends it (FIN), `over` is not called. */
void client_stop(struct peer_conn *client);

#endif
