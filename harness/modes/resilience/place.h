/* Where the clients of the checks come to: an address, and over TLS a certificate
 * with what a client needs to trust it. */
#ifndef MODES_RESILIENCE_PLACE_H
#define MODES_RESILIENCE_PLACE_H

#include "base/buf.h"
#include "net/loop.h"
#include "net/tls.h"

struct place_options {
    const char *host;             /* NULL: the loopback */
    uint16_t port;                /* 0: each check a free one */
    bool tls;
    const char *certificate_file; /* NULL: fresh ones, signed by an authority of this run */
    const char *key_file;
    const char *certificate_out;  /* what has to be trusted is written there; NULL: to a file that goes with the run */
};

/* Zero-initialise; place_free in any case. */
struct place {
    struct net_address at;
    struct tls_context *tls;         /* NULL: ws */
    struct tls_authority *authority; /* NULL: the certificate is the user's */
    struct buf ca_file;              /* PEM, for a client to trust; empty without TLS */
    struct buf fingerprint;          /* SHA-256 of the certificate: "AB:CD:..." */
    struct buf folder;               /* of ours, to be removed; empty: none */
};

bool place_prepare(struct place *place, const struct place_options *options, struct diag *why);
/* "wss://127.0.0.1:9001/"; whoever listens on every address is at the loopback. */
void place_url(const struct net_address *at, bool secure, struct buf *out);
void place_free(struct place *place);

#endif
