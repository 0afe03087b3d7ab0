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

/* What a client does wrongly around a connection, where a defect is no hook of one (peer_hooks.ways). */
enum client_way {
    WAY_SCHEME_CASE = 1u << 0,       /* knows the schemes in lower case alone */
    WAY_URL_UNCHECKED = 1u << 1,     /* leaves out of a URL what cannot be in one, and goes on */
    WAY_FRAGMENT = 1u << 2,          /* asks for a fragment, too */
    WAY_QUERY_EMPTY = 1u << 3,       /* keeps a "?" with nothing behind it */
    WAY_USER_IN_HOST = 1u << 4,      /* sends user information in Host */
    WAY_OCTETS_RAW = 1u << 5,        /* sends what is not ASCII as it stands */
    WAY_AT_ONCE = 1u << 6,           /* makes all its connections at once */
    WAY_ORDER_LOST = 1u << 7,        /* offers the least wanted first */
    WAY_PROXY_PASSED_BY = 1u << 8,   /* uses no proxy */
    WAY_PROXY_NO_PORT = 1u << 9,     /* names no port to the proxy, where it is the default one */
    WAY_PROXY_PORTS_MIXED = 1u << 10, /* takes the default ports for one another */
    WAY_PROXY_SECRET_KEPT = 1u << 11, /* sends the proxy's credentials to the server, too */
    WAY_PROXY_STATUS_UNREAD = 1u << 12, /* goes on whatever the proxy answers */
    WAY_CERTIFICATE_UNREAD = 1u << 13, /* takes any certificate */
    WAY_NO_SERVER_NAME = 1u << 14,   /* sends no SNI */
    WAY_REDIRECT_PLAIN = 1u << 15,   /* follows a redirect from wss to ws */
    WAY_TELLS_OPEN = 1u << 16,       /* says that it is open when it has failed */
    WAY_CLOSE_CODE_OWN = 1u << 17,   /* closes with 1000, whatever its user says */
    WAY_LIMIT_NONE = 1u << 18,       /* takes larger messages than its user wants */
    WAY_LIMIT_LESS = 1u << 19,       /* and one that does not take the largest */
    WAY_NOT_REQUIRED = 1u << 20,     /* goes on without an extension that its user requires */
    WAY_WINDOW_UNTOLD = 1u << 21,    /* does not say that its window is small */
};

struct client_proxy {
    struct net_address at;
    const char *credentials;        /* "user:secret" in base64; NULL: none */
};

struct client_config {
    const struct ws_url *url;       /* where; its resource is what is asked for */
    struct tls_context *tls;        /* client context, for wss */
    bool deflate;                   /* offer permessage-deflate, with client_max_window_bits */
    const char *const *protocols;   /* to offer, NULL-terminated; may be NULL */
    const struct peer_fault *fault; /* NULL: none */
    const struct ws_deflate_params *offers; /* to offer, instead of what `deflate` says; NULL: as it says */
    size_t offer_count;
    bool requires_deflate;          /* without permessage-deflate it closes with 1010 */
    const char *origin;             /* NULL: none */
    const struct client_proxy *proxy; /* NULL: none */
    uint16_t close_code;            /* it closes with this code as soon as it is open; 0: the server ends it */
    const char *close_reason;
    bool keeps;                     /* does not echo: keeps the last message for `over` */
    uint64_t seed;
    unsigned number;                /* of the connection: its keys and masks come from seed and number */
    uint64_t message_max;           /* 0: LIMIT_MESSAGE_BYTES */
    void (*opened)(void *arg);      /* may be NULL */
    /* The connection has ended. `opened`: its opening handshake had succeeded. `kept`: the last message, a string. */
    void (*over)(void *arg, bool opened, const char *kept);
    void *arg;
};

/* What a defect does wrongly around connections; 0: nothing. */
unsigned client_ways(const struct peer_fault *fault);
/* The config and its URL are copied; what else it points to has to last. NULL without memory; else
 * `over` is called once, never before this returns. */
struct peer_conn *client_start(struct loop *loop, const struct client_config *config);
/* Ends it (FIN), `over` is not called. */
void client_stop(struct peer_conn *client);

#endif
