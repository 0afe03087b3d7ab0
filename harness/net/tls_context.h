/* The inside of a tls_context, for the TLS layer. */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include "base/buf.h"
#include "net/tls.h"

#include <openssl/ssl.h>

#define TLS_ALPN_MAX 255u

struct tls_context {
    SSL_CTX *ssl;
    bool server;
    struct buf pem;
    uint8_t alpn[1 + TLS_ALPN_MAX]; /* as on the wire: length, name */
};

/* The first reason in OpenSSL's error queue, in its words; empties the queue. */
const char *tls_reason(void);

#endif
