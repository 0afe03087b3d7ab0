/* The two addresses of a proxy as a person writes them, and their certificates. */
#ifndef ENGINE_PROXY_ADDRESS_H
#define ENGINE_PROXY_ADDRESS_H

#include "base/buf.h"
#include "net/loop.h"
#include "net/tls.h"

struct proxy_address {
    struct net_address net;
    bool secure; /* wss:// */
};

/* "8080", ":8080", "localhost:8080", "[::1]:8080", each with ws:// or wss:// before it; port 0
 * is any free one to listen on. A server needs a host (a number alone is a port of the loopback). */
bool proxy_address_read(const char *text, bool server, struct proxy_address *address, struct diag *why);
/* "wss://[::1]:8080"; `scheme` false: without. */
void proxy_address_print(const struct net_address *address, bool secure, bool scheme, struct buf *out);

struct proxy_certificates {
    const char *certificate_file, *key_file; /* towards clients; NULL: a fresh self-signed one */
    const char *certificate_out;             /* the one in use is written there; may be NULL */
    const char *ca_file;                     /* of the server; NULL: the system's store */
    bool insecure;
};
/* For one that does not listen at wss://: see tls_certificate_unused. */
bool proxy_certificates_unused(const struct proxy_certificates *certificates, const char *how, struct diag *why);
/* Contexts for those of the two sides that are secure; the caller frees both in either case. */
bool proxy_contexts(const struct proxy_certificates *certificates, bool clients, bool server,
                    struct tls_context **clients_tls, struct tls_context **server_tls, struct diag *why);

#endif
