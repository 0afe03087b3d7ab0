/* The reference peer: a WebSocket echo server that is correct by default and
 * has exactly one deliberate defect on request (peer_faults.def). It runs on any
 * loop, so that the tool can be tested against it in its own process. */
#ifndef ENGINE_PEER_H
#define ENGINE_PEER_H

#include "base/buf.h"
#include "net/loop.h"
#include "net/tls.h"
#include "wire/extension.h"

struct peer;
struct peer_hooks;

/* A row of peer_faults.def. */
struct peer_fault {
    const char *name;        /* "accept-key-wrong" */
    const char *section;     /* of RFC 6455, or "RFC 7692 7.2.1" */
    const char *requirement; /* id of requirements.tsv that it breaks */
    const char *caught_by;   /* id of the conformance case that has to fail */
    const char *summary;     /* what the peer does */
    bool needs_deflate;      /* shows only where permessage-deflate was negotiated */
    bool needs_protocol;     /* a client: shows only where it offers subprotocols */
    bool needs_tls;          /* shows only over wss */
    const struct peer_hooks *hooks;
};
/* All of them, in the order of the table. */
const struct peer_fault *peer_faults(size_t *count);
/* Those of the peer as a Socket.IO server. */
const struct peer_fault *socketio_faults(size_t *count);
/* NULL when there is none of that name. */
const struct peer_fault *peer_fault_find(const char *name);
/* One line each, for `--fault list`. */
void peer_fault_list(struct buf *out);

/* The same for either table: peer_faults, or client_faults (client.h). */
typedef const struct peer_fault *peer_fault_table(size_t *count);
const struct peer_fault *peer_fault_in(peer_fault_table *table, const char *name);
void peer_fault_print(peer_fault_table *table, struct buf *out);
/* NULL for a name that is none, with a diag that names the nearest; and without one for NULL. */
const struct peer_fault *peer_fault_wanted(peer_fault_table *table, const char *name, struct diag *why);

struct peer_config {
    struct net_address at;           /* "" and 0: any free port of the loopback */
    struct tls_context *tls;         /* server context, for wss; NULL: ws. Outlives the peer */
    struct ws_deflate_policy deflate;
    const char *const *protocols;    /* spoken, best first, NULL-terminated; may be NULL. Outlives the peer */
    uint64_t message_max;            /* bytes; larger messages are failed with 1009. 0: LIMIT_MESSAGE_BYTES */
    const struct peer_fault *fault;  /* NULL: none */
    bool socketio;                   /* be a Socket.IO server at /socket.io/, and nothing else */
    uint64_t seed;
    double patience;                 /* factor on the time that a request may take to come; below 1: 1 */
};

/* Listens at once. NULL with a diag when the address cannot be had. */
struct peer *peer_start(struct loop *loop, const struct peer_config *config, struct diag *why);
uint16_t peer_port(const struct peer *peer);
/* Connections that are alive now. */
size_t peer_connections(const struct peer *peer);
/* Bytes that its connections hold: messages under way, and what is written and not taken. */
uint64_t peer_memory(const struct peer *peer);
/* Hangs: reads nothing and answers nobody, while its sockets stay; or goes on. */
void peer_pause(struct peer *peer, bool paused);
/* Asked to end: stops listening, and closes what is open with 1001 (RFC 6455 7.4.1). Calls gone(arg), which may be
 * NULL, when the last connection has ended: at once when there is none. */
void peer_leave(struct peer *peer, loop_fn *gone, void *arg);
/* Stops listening, ends what is open (FIN), frees. */
void peer_stop(struct peer *peer);

#endif
